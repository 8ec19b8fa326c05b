#include "db/convert.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/convert_parts.h"
#include "db/evolve_references.h"
#include "db/references.h"

/* ---- open and close ---- */

int converter_open(struct converter *c, const struct table_state *table, const struct validator *to,
                   const struct plan *plan, enum flexdb_on_invalid on_invalid, flexdb_error *err) {
    const struct validator *from = table->validator;
    size_t from_slots = validator_shape(from)->count, to_slots = validator_shape(to)->count;
    *c = (struct converter){
        .table = table, .from = from, .to = to, .plan = plan, .on_invalid = on_invalid, .fresh = true};
    c->wanted_from = calloc(from_slots, sizeof *c->wanted_from);
    c->wanted_to = calloc(to_slots, sizeof *c->wanted_to);
    c->given = calloc(to_slots, sizeof *c->given);
    c->now = calloc(to_slots, sizeof *c->now);
    c->refused = calloc(to_slots, sizeof *c->refused);
    c->tallies = calloc(plan->conversion_count + 1, sizeof *c->tallies);
    c->texts = calloc(plan->conversion_count + 1, sizeof *c->texts);
    c->computed = calloc(plan->computation_count + 1, sizeof *c->computed);
    if (c->wanted_from == NULL || c->wanted_to == NULL || c->given == NULL || c->now == NULL || c->refused == NULL ||
        c->tallies == NULL || c->texts == NULL || c->computed == NULL)
        return error_no_memory(err);
    for (size_t i = 0; i < plan->conversion_count; i++) {
        const struct plan_conversion *p = &plan->conversions[i];
        c->wanted_from[p->from] = true;
        c->wanted_to[p->to] = p->returns;
        c->fresh = c->fresh && !p->returns;
    }
    if (plan->computation_count != 0) converter_want_computed(c);
    return 0;
}

static void clear_sample(struct convert_sample *s) {
    free(s->id);
    free(s->before);
    free(s->after);
}

static void free_tallies(struct convert_tally *tallies, size_t count) {
    for (size_t i = 0; tallies != NULL && i < count; i++)
        for (size_t k = 0; k < tallies[i].sample_count; k++) clear_sample(&tallies[i].samples[k]);
    free(tallies);
}

void converter_close(struct converter *c) {
    if (c->plan != NULL) {
        free_tallies(c->tallies, c->plan->conversion_count);
        free_tallies(c->computed, c->plan->computation_count);
        for (size_t i = 0; c->texts != NULL && i < c->plan->conversion_count; i++) buffer_free(&c->texts[i]);
    }
    free(c->texts);
    free(c->wanted_from);
    free(c->wanted_to);
    free(c->given);
    free(c->now);
    free(c->refused);
    record_free(&c->old);
    record_free(&c->stored);
    record_free(&c->new);
    record_free(&c->room);
    record_free(&c->between);
    buffer_free(&c->probes[0]);
    buffer_free(&c->probes[1]);
    buffer_free(&c->probes[2]);
    *c = (struct converter){0};
}

/* ---- counting ---- */

/* Takes out the last sample of the result that has the most, where that is at least two more than `how` has: failures
 * and losses are seen although they come late, and what converts although they are many. */
static bool make_room(struct convert_tally *t, enum convert_result how) {
    size_t counts[] = {0, 0, 0}, last[] = {0, 0, 0};
    enum convert_result most = how;
    for (size_t i = 0; i < t->sample_count; i++) {
        enum convert_result result = t->samples[i].how;
        counts[result]++;
        last[result] = i;
        if (counts[result] > counts[most]) most = result;
    }
    if (counts[most] < counts[how] + 2) return false;
    clear_sample(&t->samples[last[most]]);
    memmove(&t->samples[last[most]], &t->samples[last[most] + 1],
            (--t->sample_count - last[most]) * sizeof *t->samples);
    return true;
}

int converter_add_sample(struct convert_tally *t, const struct raw_record *raw, enum convert_result how,
                         const flexdb_value *before, const flexdb_value *after, flexdb_error *err) {
    bool fresh = value_is_none(before), nothing = how == CONVERT_FAILED || value_is_none(after);
    if (t->sample_count == CONVERT_SAMPLES && !make_room(t, how)) return 0;
    struct convert_sample *sample = &t->samples[t->sample_count++];
    *sample = (struct convert_sample){.id = text_dup(raw->id, raw->id_length),
                                      .before = fresh ? NULL : record_excerpt(before),
                                      .after = nothing ? NULL : record_excerpt(after),
                                      .how = how};
    bool good = sample->id != NULL && (fresh || sample->before != NULL) && (nothing || sample->after != NULL);
    return good ? 0 : error_no_memory(err);
}

static void count(struct convert_tally *t, const struct convert_outcome *outcome) {
    t->exact += outcome->how == CONVERTED_EXACT;
    t->rounded += outcome->how == CONVERTED_ROUNDED;
    t->failed += outcome->how == CONVERT_FAILED;
    t->lost[outcome->reason] += outcome->how == CONVERTED_ROUNDED;
}

/* ---- one value ---- */

/* What a value of today becomes, before it is settled. */
struct resolved {
    bool stands; /* `value` is the one that stands under the returning key */
    struct convert_outcome outcome;
    flexdb_value value;
};

/* Where the next of the values on their way goes: not where the last one lies, which a step may have passed on as it
 * was. */
static struct buffer *next_probe(struct converter *c, const flexdb_value *value) {
    const struct buffer *first = &c->probes[0];
    bool text = value->tag == FLEXDB_TEXT || value->tag == FLEXDB_JSON;
    bool taken =
        text && first->data != NULL && value->as.text >= first->data && value->as.text < first->data + first->capacity;
    struct buffer *probe = &c->probes[taken ? 1 : 0];
    buffer_reset(probe);
    return probe;
}

/* 1 when a step makes a reference that leads nowhere: it may have been left out when it was made. */
static int leads_nowhere(const struct converter *c, const struct conversion *step, const flexdb_value *id,
                         flexdb_error *err) {
    if (step->to->column->type != TYPE_REFERENCE || id->tag != FLEXDB_TEXT) return 0;
    char target[PHYSICAL_NAME_SIZE];
    bool found;
    int rc = references_target(c->table, step->to->column->rules.target_id, target, err);
    if (rc == 0) rc = references_look(c->table->engine, target, id, 1, false, &found, err);
    return rc == 0 ? !found : rc;
}

/* 1 when a step of the way back refuses a value under the rules that its column was made with. */
static int was_refused(struct converter *c, const struct plan_conversion *p, size_t i, const flexdb_value *value,
                       flexdb_error *err) {
    if (p->made == NULL || p->made[i] == NULL) return 0;
    struct conversion step = p->back[i];
    flexdb_value ignored;
    step.to = validator_column(p->made[i], 0);
    buffer_reset(&c->probes[2]);
    struct convert_outcome outcome = convert_value(&step, value, &ignored, &c->probes[2]);
    if (outcome.how != CONVERT_FAILED) return 0;
    return outcome.reason == CONVERT_NO_MEMORY ? error_no_memory(err) : outcome.reason == CONVERT_RULE;
}

/* Whether the document says something under the returning key. */
static bool has_original(const struct converter *c, const struct plan_conversion *p, const struct raw_record *raw) {
    const struct compiled_column *to = validator_column(c->to, p->to);
    const char *span;
    size_t length;
    return codec_find(raw->data, raw->data_length, to->member, to->member_length, &span, &length) == 1;
}

/* What the way back begins with; no value where there is no way. */
static int begin_way(struct converter *c, const struct plan_conversion *p, const struct raw_record *raw,
                     const flexdb_value *stored, flexdb_value *out, flexdb_error *err) {
    *out = (flexdb_value){.tag = FLEXDB_ABSENT};
    if (p->back_count == 0) return 0;
    *out = *stored;
    if (p->computed == NULL) return 0;
    int rc = record_decode(p->computed, raw, NULL, &c->between, err);
    if (rc == 0) *out = c->between.values[0];
    return rc;
}

/* 1 when `now` is what `stored` becomes on the way that the values came, or could be: where a value broke a rule, of
 * today or of then, it may have been kept, or left out, and so where it referred to nothing. Nothing was written since
 * then that going back to `stored` would forget. What was computed on the way did not come from `stored`, but nobody
 * has written it either. */
static int is_original(struct converter *c, const struct plan_conversion *p, const struct raw_record *raw,
                       const flexdb_value *stored, const flexdb_value *now, flexdb_error *err) {
    flexdb_value value;
    bool broken = false;
    if (p->computed != NULL && !has_original(c, p, raw)) return 0;
    int rc = begin_way(c, p, raw, stored, &value, err);
    if (rc != 0) return rc;
    for (size_t i = 0; i < p->back_count && !value_is_none(&value); i++) {
        flexdb_value next;
        struct convert_outcome outcome = convert_value(&p->back[i], &value, &next, next_probe(c, &value));
        if (outcome.how == CONVERT_FAILED && outcome.reason == CONVERT_NO_MEMORY) return error_no_memory(err);
        broken = broken || (outcome.how == CONVERT_FAILED && outcome.reason == CONVERT_RULE);
        if (!broken && outcome.how != CONVERT_FAILED && value_is_none(now)) {
            int left_out = was_refused(c, p, i, &value, err);
            if (left_out == 0) left_out = leads_nowhere(c, &p->back[i], &next, err);
            if (left_out < 0) return left_out;
            broken = left_out == 1;
        }
        value = next;
    }
    if (broken && value_is_none(now)) return 1;
    return value_same(validator_column(c->from, p->from)->column->type, &value, now, err);
}

static bool is_missing(const struct converter *c, const struct plan_conversion *p, const flexdb_value *value) {
    return c->references != NULL && reference_is_missing(c->references, p->to, value);
}

/* Through the keys between, whose rules are nobody's any more: it fails only where a value has no counterpart, or at
 * the end. What comes out stands in `text`. */
static void go_there(struct converter *c, const struct plan_conversion *p, const flexdb_value *now,
                     struct resolved *out, struct buffer *text) {
    flexdb_value value = *now;
    enum convert_reason lost = CONVERT_WHOLE;
    for (size_t i = 0; i < p->there_count; i++) {
        bool last = i + 1 == p->there_count;
        out->outcome = convert_value(&p->there[i], &value, &out->value, next_probe(c, &value));
        if (out->outcome.how == CONVERT_FAILED && (last || out->outcome.reason != CONVERT_RULE)) return;
        if (lost == CONVERT_WHOLE && out->outcome.how == CONVERTED_ROUNDED) lost = out->outcome.reason;
        value = out->value;
    }
    out->outcome.how = lost == CONVERT_WHOLE ? CONVERTED_EXACT : CONVERTED_ROUNDED;
    out->outcome.reason = lost;
    if (value.tag != FLEXDB_TEXT && value.tag != FLEXDB_JSON) return;
    buffer_append(text, value.as.text, value.length);
    out->value.as.text = text->data;
    if (!buffer_failed(text)) return;
    out->outcome = (struct convert_outcome){.how = CONVERT_FAILED, .reason = CONVERT_NO_MEMORY};
}

static int convert(struct converter *c, const struct plan_conversion *p, const flexdb_value *now, struct resolved *out,
                   flexdb_error *err) {
    struct buffer *text = &c->texts[p - c->plan->conversions];
    buffer_reset(text);
    out->outcome = (struct convert_outcome){.how = CONVERT_FAILED, .reason = CONVERT_VERDICT};
    if (p->there_count != 0) go_there(c, p, now, out, text);
    if (out->outcome.how == CONVERT_FAILED && out->outcome.reason != CONVERT_NO_MEMORY && p->is_open)
        out->outcome = convert_value(&p->straight, now, &out->value, text);
    bool failed = out->outcome.how == CONVERT_FAILED;
    if (!failed && is_missing(c, p, &out->value))
        out->outcome = (struct convert_outcome){.how = CONVERT_FAILED, .reason = CONVERT_NO_RECORD};
    return failed && out->outcome.reason == CONVERT_NO_MEMORY ? error_no_memory(err) : 0;
}

/* Whether something was written by hand under the returning key, which nobody can have written over since: the column
 * has been computed, whatever became of what it reads. */
static bool was_written(const struct converter *c, const struct plan_conversion *p, const struct raw_record *raw) {
    return validator_column(c->from, p->from)->column->computed != NULL &&
           validator_column(c->to, p->to)->column->computed == NULL && has_original(c, p, raw);
}

/* Sets out->stands where the value is what stands under the returning key, or has come back to it. */
static int resolve_return(struct converter *c, const struct plan_conversion *p, const struct raw_record *raw,
                          struct resolved *out, flexdb_error *err) {
    const flexdb_value *now = &c->old.values[p->from], *stored = &c->stored.values[p->to];
    bool untouched = raw->schema_version < p->since || was_written(c, p, raw);
    int same = untouched ? 1 : is_original(c, p, raw, stored, now, err);
    if (same == 0 && !value_is_none(now)) {
        int rc = convert(c, p, now, out, err);
        if (rc != 0) return rc;
        if (out->outcome.how != CONVERT_FAILED)
            same = value_same(validator_column(c->to, p->to)->column->type, &out->value, stored, err);
    }
    out->stands = same == 1;
    if (out->stands) out->value = *stored;
    return same < 0 ? same : 0;
}

static int resolve(struct converter *c, const struct plan_conversion *p, const struct raw_record *raw,
                   struct resolved *out, flexdb_error *err) {
    const flexdb_value *now = &c->old.values[p->from];
    *out = (struct resolved){.outcome = {.how = CONVERTED_EXACT}, .value = {.tag = FLEXDB_ABSENT}};
    if (p->returns) return resolve_return(c, p, raw, out, err);
    return value_is_none(now) ? 0 : convert(c, p, now, out, err);
}

/* ---- what becomes of it ---- */

static int refuse(struct converter *c, const struct plan_conversion *p, const struct resolved *r, flexdb_error *why,
                  flexdb_error *err) {
    const struct column *old = validator_column(c->from, p->from)->column,
                        *new = validator_column(c->to, p->to)->column;
    const flexdb_value *now = &c->old.values[p->from];
    c->refused[p->to] = true;
    if (p->is_open) {
        convert_issue(&p->straight, r->outcome, now, &r->value, new->name, why);
    } else {
        char *got = record_excerpt(now);
        error_issue(why, new->name, "dataType", NULL, got, "%s cannot be converted to %s", column_type_name(old->type),
                    column_type_name(new->type));
        free(got);
    }
    return why->code != FLEXDB_OK ? error_no_memory(err) : 0;
}

/* No value is written only where something else would be read. */
static void give_nothing(struct converter *c, const struct plan_conversion *p) {
    bool stored = p->returns && !value_is_none(&c->stored.values[p->to]);
    bool initial = !value_is_none(&validator_column(c->to, p->to)->initial_default);
    if (stored || initial) c->given[p->to] = value_null();
}

static bool may_stay(const struct converter *c, const struct convert_outcome *outcome) {
    if (outcome->how != CONVERT_FAILED) return true;
    bool has_value = outcome->reason == CONVERT_RULE || outcome->reason == CONVERT_NO_RECORD;
    return has_value && c->on_invalid == FLEXDB_ON_INVALID_IGNORE;
}

static int settle(struct converter *c, size_t i, const struct raw_record *raw, const struct resolved *r,
                  flexdb_error *why, flexdb_error *err) {
    const struct plan_conversion *p = &c->plan->conversions[i];
    struct convert_tally *tally = &c->tallies[i];
    const flexdb_value *now = &c->old.values[p->from];
    if (r->stands) {
        tally->kept += value_is_none(&r->value) ? 0 : 1;
        return 0;
    }
    if (value_is_none(now)) {
        give_nothing(c, p);
        return 0;
    }
    count(tally, &r->outcome);
    int rc = converter_add_sample(tally, raw, r->outcome.how, now, &r->value, err);
    if (rc != 0) return rc;
    if (may_stay(c, &r->outcome)) {
        if (value_is_none(&r->value))
            give_nothing(c, p);
        else
            c->given[p->to] = r->value;
    } else if (c->on_invalid == FLEXDB_ON_INVALID_STOP) {
        rc = refuse(c, p, r, why, err);
    } else {
        tally->nulled++;
        give_nothing(c, p);
    }
    return rc;
}

/* ---- one record ---- */

/* The values of today, and where keys return those that stand under them. */
static int load(struct converter *c, const struct raw_record *raw, flexdb_error *err) {
    int rc = record_decode(c->from, raw, c->wanted_from, &c->old, err);
    if (rc == 0 && !c->fresh) rc = record_decode(c->to, raw, c->wanted_to, &c->stored, err);
    return rc;
}

/* Writes the document anew where something was given, and reads what is needed of it. */
static int put(struct converter *c, const struct raw_record *raw, flexdb_error *err) {
    bool changes = false;
    for (size_t i = 0; i < c->plan->conversion_count; i++)
        changes = changes || c->given[c->plan->conversions[i].to].tag != FLEXDB_ABSENT;
    for (size_t i = 0; i < c->plan->computation_count; i++)
        changes = changes || c->given[c->plan->computations[i].to].tag != FLEXDB_ABSENT;
    const char *document = raw->data;
    size_t length = raw->data_length;
    int rc = 0;
    if (changes) {
        rc = c->fresh ? codec_insert(c->to, document, length, c->given, &c->new, err)
                      : codec_put(c->to, document, length, c->given, &c->new, err);
        document = c->new.document.data;
        length = c->new.document.length;
    }
    if (rc == 0 && (!changes || c->fresh)) rc = codec_decode(c->to, document, length, c->needed, &c->new, err);
    return rc != 0 ? rc : changes;
}

int converter_read(struct converter *c, const struct raw_record *raw, flexdb_error *why, flexdb_error *err) {
    int rc = load(c, raw, err);
    for (size_t i = 0; rc == 0 && i < c->plan->conversion_count; i++) {
        const struct plan_conversion *p = &c->plan->conversions[i];
        struct resolved r;
        c->given[p->to].tag = FLEXDB_ABSENT;
        c->refused[p->to] = false;
        rc = resolve(c, p, raw, &r, err);
        if (rc == 0) rc = settle(c, i, raw, &r, why, err);
    }
    if (rc == 0) rc = converter_compute(c, raw, why, err);
    return rc == 0 ? put(c, raw, err) : rc;
}

int converter_peek(struct converter *c, const struct raw_record *raw, const bool *which, flexdb_value *values,
                   flexdb_error *err) {
    int rc = load(c, raw, err);
    for (size_t i = 0; rc == 0 && i < c->plan->conversion_count; i++) {
        struct resolved r = {.value = {.tag = FLEXDB_ABSENT}};
        if (which[i]) rc = resolve(c, &c->plan->conversions[i], raw, &r, err);
        values[i] = r.value;
    }
    return rc;
}
