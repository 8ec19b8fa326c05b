/* Computing columns anew for the records of a table. */
#include <string.h>

#include "db/convert_parts.h"

void converter_want_computed(struct converter *c) {
    c->fresh = false;
    for (size_t i = 0; i < c->plan->computation_count; i++) {
        const struct plan_computation *p = &c->plan->computations[i];
        const uint32_t *reads;
        size_t count = formula_columns(validator_formula(c->to, p->to), &reads);
        c->wanted_to[p->to] = true;
        if (p->from != NAMES_NONE) c->wanted_from[p->from] = true;
        for (size_t k = 0; k < count; k++) c->wanted_to[reads[k]] = true;
    }
}

/* The record as it is once all is converted. */
static void overlay(struct converter *c) {
    memcpy(c->now, c->stored.values, validator_shape(c->to)->columns * sizeof *c->now);
    for (size_t i = 0; i < c->plan->conversion_count; i++) {
        size_t slot = c->plan->conversions[i].to;
        if (c->given[slot].tag == FLEXDB_ABSENT) continue;
        c->now[slot] = c->given[slot];
        if (value_is_none(&c->now[slot])) c->now[slot].tag = FLEXDB_ABSENT;
    }
}

static bool reads_refused(const struct converter *c, size_t slot) {
    const uint32_t *reads;
    size_t count = formula_columns(validator_formula(c->to, slot), &reads);
    for (size_t i = 0; i < count; i++)
        if (c->refused[reads[i]]) return true;
    return false;
}

/* Evaluates; `failed` where nothing comes of it that keeps the rules. */
static int evaluate(struct converter *c, size_t slot, flexdb_value *out, bool *failed, flexdb_error *why,
                    flexdb_error *err) {
    flexdb_error found = FLEXDB_ERROR_INIT, *told = c->on_invalid == FLEXDB_ON_INVALID_STOP ? why : &found;
    enum computed_result result = codec_compute(c->to, slot, c->now, &c->room, out, told);
    bool stays = result == COMPUTED_BREAKS_RULE && c->on_invalid == FLEXDB_ON_INVALID_IGNORE;
    *failed = result != COMPUTED;
    if (*failed && !stays) out->tag = FLEXDB_ABSENT;
    if (told->code != FLEXDB_OK) error_repeat(err, told);
    error_clear(&found);
    return err->code != FLEXDB_OK ? -(int)err->code : 0;
}

static int compute(struct converter *c, size_t i, const struct raw_record *raw, flexdb_error *why, flexdb_error *err) {
    const struct plan_computation *p = &c->plan->computations[i];
    struct convert_tally *tally = &c->computed[i];
    bool failed, stops = c->on_invalid == FLEXDB_ON_INVALID_STOP;
    flexdb_value out, before = {.tag = FLEXDB_ABSENT};
    int rc = evaluate(c, p->to, &out, &failed, why, err);
    if (rc != 0) return rc;
    bool none = out.tag == FLEXDB_ABSENT;
    tally->failed += failed;
    tally->exact += !failed && !none;
    tally->nulled += failed && none && !stops;
    c->refused[p->to] = failed && stops;
    c->now[p->to] = out;
    int same = value_same(validator_column(c->to, p->to)->column->type, &out, &c->stored.values[p->to], err);
    if (same < 0) return same;
    if (same == 0) c->given[p->to] = none ? value_null() : out;
    if (p->from != NAMES_NONE) before = c->old.values[p->from];
    if (!failed && none && value_is_none(&before)) return 0;
    return converter_add_sample(tally, raw, failed ? CONVERT_FAILED : CONVERTED_EXACT, &before, &out, err);
}

int converter_compute(struct converter *c, const struct raw_record *raw, flexdb_error *why, flexdb_error *err) {
    int rc = 0;
    if (c->plan->computation_count == 0) return 0;
    overlay(c);
    for (size_t i = 0; rc == 0 && i < c->plan->computation_count; i++) {
        size_t slot = c->plan->computations[i].to;
        c->given[slot].tag = FLEXDB_ABSENT;
        c->refused[slot] = reads_refused(c, slot);
        if (!c->refused[slot]) rc = compute(c, i, raw, why, err);
    }
    return rc;
}
