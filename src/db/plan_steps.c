/* The steps of a plan: what changes, what it costs, what the records say to it. */
#include <string.h>

#include "base/json_writer.h"
#include "db/plan_parts.h"

cJSON *plan_add_step(cJSON *list, enum step_kind kind, const char *text) {
    static const char *const names[] = {"metadata", "check", "convert", "index"};
    cJSON *step = text == NULL ? NULL : add_object(list);
    return step != NULL && put_text(step, "kind", names[kind]) && put_text(step, "text", text) ? step : NULL;
}

/* ---- one column ---- */

static size_t slot_of(const struct validator *v, const struct column *c) {
    return (size_t)(c - validator_definition(v)->columns);
}

static const struct plan_conversion *conversion_of(const struct evolution *ev,
                                                   const struct compatibility_difference *d) {
    return d->to == NULL ? NULL : plan_find_conversion(&ev->plan, slot_of(ev->to, d->to));
}

static const struct convert_tally *tally_of(const struct evolution *ev, const struct plan_conversion *p) {
    return p == NULL || ev->converter == NULL ? NULL : &ev->converter->tallies[p - ev->plan.conversions];
}

static enum step_kind kind_of(const struct evolution *ev, const struct compatibility_difference *d) {
    switch (d->change) {
    case CHANGE_RETYPE_TEXT:
    case CHANGE_RETYPE_EXACT:
    case CHANGE_RETYPE_MAY_FAIL:
    case CHANGE_RETYPE_ROUNDS:
    case CHANGE_RETYPE_REFUSED:
    case CHANGE_ADD_COMPUTED:
    case CHANGE_COMPUTED_ON:
    case CHANGE_COMPUTED_OFF:
    case CHANGE_COMPUTED: return STEP_CONVERT;
    case CHANGE_PRECISION_SMALLER: return conversion_of(ev, d) != NULL ? STEP_CONVERT : STEP_CHECK;
    case CHANGE_PRECISION_GREATER: return conversion_of(ev, d) != NULL ? STEP_CONVERT : STEP_METADATA;
    case CHANGE_ADD_REQUIRED:
    case CHANGE_REQUIRED_ON:
    case CHANGE_LENGTH_TIGHTER:
    case CHANGE_RANGE_TIGHTER:
    case CHANGE_ENUM_TIGHTER:
    case CHANGE_PATTERN_ADDED:
    case CHANGE_PATTERN_CHANGED:
    case CHANGE_TARGET: return STEP_CHECK;
    case CHANGE_UNIQUE_ON:
    case CHANGE_UNIQUE_INDEX_ON:
    case CHANGE_INDEX_ON: return STEP_INDEX;
    case CHANGE_UNIQUE_OFF:
    case CHANGE_UNIQUE_INDEX_OFF:
    case CHANGE_INDEX_OFF:
    case CHANGE_INDEX: return ev->rebuild ? STEP_INDEX : STEP_METADATA;
    default: return STEP_METADATA;
    }
}

const char *plan_destruction(const struct evolution *ev, const struct compatibility_difference *d) {
    const char *reason = compatibility_row(d->change)->destructive;
    const struct convert_tally *t = kind_of(ev, d) == STEP_CONVERT ? tally_of(ev, conversion_of(ev, d)) : NULL;
    bool recomputed = d->from != NULL && d->to != NULL && d->from->computed != NULL && d->to->computed != NULL;
    if (!ev->has_records || recomputed) return NULL;
    if (plan_goes(d) && ev->counts.carried != NULL)
        return ev->counts.carried[slot_of(ev->from->validator, d->from)] != 0 ? reason : NULL;
    if (t == NULL) return reason;
    if (t->rounded != 0) return compatibility_row(CHANGE_RETYPE_ROUNDS)->destructive;
    return t->nulled != 0 ? COMPATIBILITY_GONE : NULL;
}

/* ---- conversions ---- */

/* Which losses the rounded values had: [ { reason, count } ]. */
static bool put_losses(cJSON *object, const struct convert_tally *t) {
    if (t->rounded == 0) return true;
    cJSON *list = cJSON_CreateArray();
    bool good = put(object, "losses", list);
    for (int reason = 0; good && reason < CONVERT_REASON_COUNT; reason++) {
        if (t->lost[reason] == 0) continue;
        cJSON *loss = add_object(list);
        good = loss != NULL && put_text(loss, "reason", convert_loss((enum convert_reason)reason)) &&
               put_count(loss, "count", t->lost[reason]);
    }
    return good;
}

bool plan_put_tally(cJSON *object, const struct evolution *ev, const struct convert_tally *t) {
    bool stops = ev->options->on_invalid == FLEXDB_ON_INVALID_STOP;
    return put_count(object, "exact", t->exact) && put_count(object, "rounded", t->rounded) && put_losses(object, t) &&
           put_count(object, "failed", t->failed) && (t->kept == 0 || put_count(object, "kept", t->kept)) &&
           (stops || t->failed == 0 || put_count(object, "nulled", t->nulled));
}

/* Those that tell more come first. */
static bool put_samples(cJSON *step, const struct convert_tally *t) {
    cJSON *list = cJSON_CreateArray();
    bool good = put(step, "samples", list);
    for (int how = CONVERT_FAILED; how >= CONVERTED_EXACT; how--) {
        for (size_t i = 0; good && i < t->sample_count; i++) {
            const struct convert_sample *s = &t->samples[i];
            if (s->how != (enum convert_result)how) continue;
            cJSON *sample = add_object(list);
            good = sample != NULL && put_text(sample, "id", s->id) && put_json(sample, "before", s->before) &&
                   put_json(sample, "after", s->after);
        }
    }
    return good;
}

bool plan_put_values(cJSON *step, const struct evolution *ev, const struct convert_tally *t) {
    return plan_put_tally(step, ev, t) && put_samples(step, t);
}

static bool put_conversion(cJSON *step, const struct evolution *ev, const struct plan_conversion *p) {
    const struct column *from = validator_column(ev->from->validator, p->from)->column;
    const struct column *to = validator_column(ev->to, p->to)->column;
    const struct convert_tally *t = tally_of(ev, p);
    return put_text(step, "class", convert_class_name(conversion_class(from, to))) &&
           put_text(step, "rule", conversion_row(from->type, to->type)->rule) &&
           (t == NULL || plan_put_values(step, ev, t));
}

/* What becomes computed has a step that says so. */
static bool put_computation(cJSON *step, const struct evolution *ev, const struct compatibility_difference *d) {
    bool becomes = d->from != NULL && d->from->computed == NULL;
    return (becomes && d->change != CHANGE_COMPUTED_ON) || plan_put_computed(step, ev, d->to);
}

/* ---- duplicates ---- */

/* Whether the rule is the one that the difference brings, or that of a column whose values are converted. */
static bool is_rule_of(const struct evolution *ev, const struct compatibility_difference *d, enum step_kind kind,
                       const struct unique_rule *rule) {
    if (d->index != NULL) {
        size_t i = 0;
        if (d->change != CHANGE_UNIQUE_INDEX_ON || d->index->count != rule->count) return false;
        while (i < rule->count && rule->slots[i] == d->index->columns[i]) i++;
        return i == rule->count;
    }
    bool converted = kind == STEP_CONVERT && d->from != NULL && d->from->unique;
    bool asks = d->change == CHANGE_UNIQUE_ON || converted || d->from == NULL;
    return asks && d->to != NULL && rule->count == 1 && rule->slots[0] == slot_of(ev->to, d->to);
}

/* { values, records, shared: [ { value: as JSON, count, ids } ] } */
bool plan_put_shared(cJSON *step, const struct duplicates *found) {
    cJSON *object = cJSON_CreateObject(), *list;
    bool good = put(step, "duplicates", object) && put_count(object, "values", found->values) &&
                put_count(object, "records", found->records);
    list = good ? cJSON_CreateArray() : NULL;
    good = good && put(object, "shared", list);
    for (size_t i = 0; good && i < found->count; i++) {
        const struct duplicate_value *value = &found->kept[i];
        cJSON *shared = add_object(list), *ids = cJSON_CreateArray();
        good = put(shared, "ids", ids) && put_json(shared, "value", value->words.got) &&
               put_count(shared, "count", value->count);
        for (size_t k = 0; good && k < value->id_count; k++) {
            cJSON *id = cJSON_CreateString(value->ids[k]);
            good = id != NULL && cJSON_AddItemToArray(ids, id);
            if (!good) cJSON_Delete(id);
        }
    }
    return good;
}

static bool put_duplicates(cJSON *step, const struct evolution *ev, const struct compatibility_difference *d,
                           enum step_kind kind, const struct plan_duplicates *duplicates) {
    for (size_t i = 0; i < duplicates->count; i++) {
        const struct duplicates *found = &duplicates->list[i];
        if (found->count != 0 && is_rule_of(ev, d, kind, &found->rule)) return plan_put_shared(step, found);
    }
    return true;
}

/* ---- steps ---- */

static enum failing_rule failing_rule_of(enum compatibility_change change) {
    switch (change) {
    case CHANGE_ADD_REQUIRED:
    case CHANGE_REQUIRED_ON: return FAILING_REQUIRED;
    case CHANGE_LENGTH_TIGHTER: return FAILING_LENGTH;
    case CHANGE_RANGE_TIGHTER: return FAILING_RANGE;
    case CHANGE_ENUM_TIGHTER: return FAILING_ENUM;
    case CHANGE_PATTERN_ADDED:
    case CHANGE_PATTERN_CHANGED: return FAILING_PATTERN;
    case CHANGE_PRECISION_SMALLER: return FAILING_PRECISION;
    case CHANGE_TARGET: return FAILING_REFERENCE;
    default: return FAILING_OTHER;
    }
}

static bool put_counts(cJSON *step, const struct evolution *ev, const struct compatibility_difference *d,
                       enum step_kind kind) {
    const struct evolution_counts *counts = &ev->counts;
    const struct plan_conversion *p = conversion_of(ev, d);
    if (plan_goes(d) && counts->carried != NULL)
        return put_count(step, "carried", counts->carried[slot_of(ev->from->validator, d->from)]);
    if (plan_comes_back(ev, d) && counts->back != NULL &&
        !put_count(step, "carried", counts->back[slot_of(ev->to, d->to)]))
        return false;
    if (kind == STEP_CONVERT && d->to->computed != NULL) return put_computation(step, ev, d);
    if (kind == STEP_CONVERT && p != NULL) return put_conversion(step, ev, p);
    if (kind == STEP_CHECK && ev->has_records)
        return put_count(step, "failed", counts->failing[slot_of(ev->to, d->to)][failing_rule_of(d->change)]);
    return true;
}

static bool put_columns(cJSON *step, const struct compatibility_difference *d) {
    if (d->index == NULL) return put_text(step, "column", (d->to != NULL ? d->to : d->from)->name);
    cJSON *list = cJSON_CreateArray();
    bool good = put(step, "columns", list);
    for (size_t i = 0; good && i < d->index->count; i++) {
        cJSON *name = cJSON_CreateString(d->owner->columns[d->index->columns[i]].name);
        good = name != NULL && cJSON_AddItemToArray(list, name);
        if (!good) cJSON_Delete(name);
    }
    return good;
}

/* The change, and what it does not say: that a column was there before, and why a looser rule converts. */
static void tell(const struct evolution *ev, const struct compatibility_difference *d, struct buffer *out) {
    if (!plan_comes_back(ev, d)) {
        compatibility_tell(d, out);
        bool precision = d->change == CHANGE_PRECISION_GREATER || d->change == CHANGE_PRECISION_SMALLER;
        if (precision && conversion_of(ev, d) != NULL)
            buffer_puts(out, "; beyond 18 digits numbers are kept in another form");
        return;
    }
    json_write_string(out, d->to->name, strlen(d->to->name));
    buffer_puts(out, d->change == CHANGE_ADD_REQUIRED ? " comes back, required" : " comes back");
}

static bool put_step(cJSON *list, const struct evolution *ev, const struct compatibility_difference *d,
                     const struct plan_duplicates *duplicates) {
    if (d->check != NULL) return plan_put_check_step(list, ev, d);
    enum step_kind kind = kind_of(ev, d);
    struct buffer text = BUFFER_INIT;
    tell(ev, d, &text);
    cJSON *step = plan_add_step(list, kind, buffer_text(&text));
    bool good = step != NULL && put_columns(step, d) &&
                put_text(step, "breaking", compatibility_row(d->change)->breaking) &&
                put_text(step, "destructive", plan_destruction(ev, d)) && put_counts(step, ev, d, kind) &&
                put_duplicates(step, ev, d, kind, duplicates);
    buffer_free(&text);
    return good;
}

/* ---- the table's own words ---- */

static void tell_word(struct buffer *out, const char *word, const char *none) {
    if (word == NULL)
        buffer_puts(out, none);
    else
        json_write_string(out, word, strlen(word));
}

static bool put_word(cJSON *list, const char *key, const char *old, const char *new, const char *none) {
    if (old == new || (old != NULL && new != NULL &&strcmp(old, new) == 0)) return true;
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "the table's %s becomes ", key);
    tell_word(&text, new, none);
    buffer_puts(&text, " (was ");
    tell_word(&text, old, none);
    buffer_put(&text, ')');
    bool good = plan_add_step(list, STEP_METADATA, buffer_text(&text)) != NULL;
    buffer_free(&text);
    return good;
}

static bool put_words(cJSON *list, const struct evolution *ev) {
    const struct definition *a = validator_definition(ev->from->validator), *b = validator_definition(ev->to);
    return put_word(list, "displayName", a->display_name, b->display_name, "nothing") &&
           put_word(list, "description", a->description, b->description, "nothing") &&
           put_word(list, "compatibility", a->compatibility, b->compatibility, "\"none\"");
}

bool plan_put_steps(cJSON *list, const struct evolution *ev, const struct compatibility *c,
                    const struct plan_duplicates *duplicates) {
    bool good = true;
    for (size_t i = 0; good && i < c->count; i++) good = put_step(list, ev, &c->differences[i], duplicates);
    return good && plan_put_implied_steps(list, ev, c, duplicates) && put_words(list, ev);
}
