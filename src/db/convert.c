#include "db/convert.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- open and close ---- */

int converter_open(struct converter *c, const struct validator *from, const struct validator *to,
                   const struct plan *plan, enum flexdb_on_invalid on_invalid, flexdb_error *err) {
    size_t from_slots = validator_shape(from)->count, to_slots = validator_shape(to)->count;
    *c = (struct converter){.from = from, .to = to, .plan = plan, .on_invalid = on_invalid};
    c->wanted_from = calloc(from_slots, sizeof *c->wanted_from);
    c->wanted_to = calloc(to_slots, sizeof *c->wanted_to);
    c->given = calloc(to_slots, sizeof *c->given);
    c->tallies = calloc(plan->conversion_count + 1, sizeof *c->tallies);
    if (c->wanted_from == NULL || c->wanted_to == NULL || c->given == NULL || c->tallies == NULL)
        return error_no_memory(err);
    for (size_t i = 0; i < plan->conversion_count; i++) {
        c->wanted_from[plan->conversions[i].from] = true;
        c->wanted_to[plan->conversions[i].to] = plan->conversions[i].returns;
    }
    return 0;
}

static void clear_sample(struct convert_sample *s) {
    free(s->id);
    free(s->before);
    free(s->after);
}

void converter_close(struct converter *c) {
    for (size_t i = 0; c->tallies != NULL && i < c->plan->conversion_count; i++)
        for (size_t k = 0; k < c->tallies[i].sample_count; k++) clear_sample(&c->tallies[i].samples[k]);
    free(c->tallies);
    free(c->wanted_from);
    free(c->wanted_to);
    free(c->given);
    record_free(&c->old);
    record_free(&c->stored);
    record_free(&c->new);
    buffer_free(&c->scratch);
    *c = (struct converter){0};
}

/* ---- counting ---- */

/* The place for one more sample: free, or that of one that told less (a value that converts exactly). */
static struct convert_sample *sample_place(struct convert_tally *t, bool telling) {
    if (t->sample_count < CONVERT_SAMPLES) {
        if (!telling) t->sample_worst++;
        return &t->samples[t->sample_count++];
    }
    if (!telling || t->sample_worst == 0) return NULL;
    struct convert_sample *place = &t->samples[--t->sample_worst];
    clear_sample(place);
    return place;
}

static int add_sample(struct convert_tally *t, const struct raw_record *raw, enum convert_result how,
                      const flexdb_value *before, const flexdb_value *after, flexdb_error *err) {
    struct convert_sample *place = sample_place(t, how != CONVERTED_EXACT);
    if (place == NULL) return 0;
    bool nothing = value_is_none(after);
    *place = (struct convert_sample){.id = text_dup(raw->id, raw->id_length),
                                     .before = record_excerpt(before),
                                     .after = nothing ? NULL : record_excerpt(after)};
    bool good = place->id != NULL && place->before != NULL && (nothing || place->after != NULL);
    return good ? 0 : error_no_memory(err);
}

static void count(struct convert_tally *t, enum convert_result how) {
    t->exact += how == CONVERTED_EXACT;
    t->rounded += how == CONVERTED_ROUNDED;
    t->failed += how == CONVERT_FAILED;
}

/* ---- one value ---- */

static struct convert_outcome convert(bool open, const struct conversion *c, const flexdb_value *in, flexdb_value *out,
                                      struct buffer *scratch) {
    *out = (flexdb_value){.tag = FLEXDB_ABSENT};
    if (value_is_none(in)) return (struct convert_outcome){.how = CONVERTED_EXACT};
    if (!open) return (struct convert_outcome){.how = CONVERT_FAILED, .reason = CONVERT_VERDICT};
    return convert_value(c, in, out, scratch);
}

/* 1 when what stands under the returning key is the original of the current value, so that nothing was written since
 * that it would forget. */
static int is_original(struct converter *c, const struct plan_conversion *p, const flexdb_value *stored,
                       const flexdb_value *now, flexdb_error *err) {
    flexdb_value again;
    struct convert_outcome outcome = convert(p->back_open, &p->back, stored, &again, &c->scratch);
    if (outcome.how == CONVERT_FAILED && outcome.reason == CONVERT_NO_MEMORY) return error_no_memory(err);
    if (outcome.how == CONVERT_FAILED) again.tag = FLEXDB_ABSENT;
    return value_same(validator_column(c->from, p->from)->column->type, &again, now, err);
}

static void refuse(const struct converter *c, const struct plan_conversion *p, struct convert_outcome outcome,
                   const flexdb_value *in, const flexdb_value *out, flexdb_error *why) {
    const struct column *old = validator_column(c->from, p->from)->column,
                        *new = validator_column(c->to, p->to)->column;
    if (p->there_open) {
        convert_issue(&p->there, outcome, in, out, new->name, why);
        return;
    }
    char *got = record_excerpt(in);
    error_issue(why, new->name, "dataType", NULL, got, "%s cannot be converted to %s", column_type_name(old->type),
                column_type_name(new->type));
    free(got);
}

/* No value is written only where something else would be read. */
static void give_nothing(struct converter *c, const struct plan_conversion *p, const flexdb_value *stored) {
    bool reads_otherwise = !value_is_none(stored) || !value_is_none(&validator_column(c->to, p->to)->initial_default);
    if (reads_otherwise) c->given[p->to] = value_null();
}

static int convert_column(struct converter *c, size_t i, const struct raw_record *raw, flexdb_error *why,
                          flexdb_error *err) {
    const struct plan_conversion *p = &c->plan->conversions[i];
    struct convert_tally *tally = &c->tallies[i];
    const flexdb_value *now = &c->old.values[p->from], absent = {.tag = FLEXDB_ABSENT};
    const flexdb_value *stored = p->returns ? &c->stored.values[p->to] : &absent;
    if (p->returns) {
        int original = raw->schema_version < p->since ? 1 : is_original(c, p, stored, now, err);
        if (original < 0) return original;
        if (original == 1) {
            tally->stand += value_is_none(now) ? 0 : 1;
            return 0;
        }
    }
    flexdb_value out;
    struct convert_outcome outcome = convert(p->there_open, &p->there, now, &out, &c->scratch);
    if (outcome.how == CONVERT_FAILED && outcome.reason == CONVERT_NO_MEMORY) return error_no_memory(err);
    int rc = 0;
    if (!value_is_none(now)) {
        count(tally, outcome.how);
        rc = add_sample(tally, raw, outcome.how, now, outcome.how == CONVERT_FAILED ? &absent : &out, err);
    }
    bool stays =
        outcome.how != CONVERT_FAILED || (outcome.reason == CONVERT_RULE && c->on_invalid == FLEXDB_ON_INVALID_IGNORE);
    if (stays && !value_is_none(&out))
        c->given[p->to] = out;
    else if (stays || c->on_invalid != FLEXDB_ON_INVALID_STOP) {
        give_nothing(c, p, stored);
        tally->nulled += stays ? 0 : 1;
    } else
        refuse(c, p, outcome, now, &out, why);
    return rc != 0 ? rc : why->code != FLEXDB_OK ? error_no_memory(err) : 0;
}

/* ---- one record ---- */

/* Room for all that conversions put into scratch, so that it does not move under the values in it. */
static bool reserve_scratch(struct converter *c) {
    size_t room = 0;
    for (size_t i = 0; i < c->plan->conversion_count; i++) {
        const struct plan_conversion *p = &c->plan->conversions[i];
        size_t there = p->there_open ? conversion_room(&p->there, &c->old.values[p->from]) : 0;
        size_t back = p->back_open ? conversion_room(&p->back, &c->stored.values[p->to]) : 0;
        if (there > SIZE_MAX - back || there + back > SIZE_MAX - room) return false;
        room += there + back;
    }
    buffer_reset(&c->scratch);
    return buffer_reserve(&c->scratch, room);
}

int converter_read(struct converter *c, const struct raw_record *raw, flexdb_error *why, flexdb_error *err) {
    bool changes = false;
    size_t columns = validator_shape(c->to)->columns;
    for (size_t i = 0; i < columns; i++) c->given[i].tag = FLEXDB_ABSENT;
    int rc = codec_decode(c->from, raw->data, raw->data_length, c->wanted_from, &c->old, err);
    if (rc == 0) rc = codec_decode(c->to, raw->data, raw->data_length, c->wanted_to, &c->stored, err);
    if (rc == 0 && !reserve_scratch(c)) rc = error_no_memory(err);
    for (size_t i = 0; rc == 0 && i < c->plan->conversion_count; i++) rc = convert_column(c, i, raw, why, err);
    for (size_t i = 0; i < columns; i++) changes = changes || c->given[i].tag != FLEXDB_ABSENT;
    if (rc != 0) return rc;
    rc = changes ? codec_put(c->to, raw->data, raw->data_length, c->given, &c->new, err)
                 : codec_decode(c->to, raw->data, raw->data_length, NULL, &c->new, err);
    return rc != 0 ? rc : changes;
}
