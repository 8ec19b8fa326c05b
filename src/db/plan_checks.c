/* What a plan says of expressions. */
#include <string.h>

#include "db/plan_parts.h"

/* ---- computed columns ---- */

/* NULL where the column is not computed anew, or there is no record. */
static const struct convert_tally *tally_of(const struct evolution *ev, const struct column *column) {
    for (size_t i = 0; ev->converter != NULL && i < ev->plan.computation_count; i++)
        if (validator_column(ev->to, ev->plan.computations[i].to)->column == column) return &ev->converter->computed[i];
    return NULL;
}

bool plan_put_computed(cJSON *step, const struct evolution *ev, const struct column *to) {
    const struct convert_tally *t = tally_of(ev, to);
    return put_text(step, "computed", to->computed) && (t == NULL || plan_put_values(step, ev, t));
}

/* ---- checks ---- */

static bool put_failing(cJSON *step, const struct evolution *ev, const struct check *check) {
    const struct definition *to = validator_definition(ev->to);
    return !ev->has_records || put_count(step, "failed", ev->counts.failing_checks[check - to->checks]);
}

static bool is_checked(const struct compatibility_difference *d) {
    return d->change == CHANGE_CHECK_ADDED || d->change == CHANGE_CHECK_CHANGED;
}

bool plan_put_check_step(cJSON *list, const struct evolution *ev, const struct compatibility_difference *d) {
    struct buffer text = BUFFER_INIT;
    compatibility_tell(d, &text);
    cJSON *step = plan_add_step(list, is_checked(d) ? STEP_CHECK : STEP_METADATA, buffer_text(&text));
    buffer_free(&text);
    return step != NULL && put_text(step, "check", d->check->name) &&
           put_text(step, "breaking", compatibility_row(d->change)->breaking) &&
           (!is_checked(d) || put_failing(step, ev, d->check));
}

bool plan_put_checks_before(cJSON *plan, const struct evolution *ev, const struct compatibility *c) {
    bool touched = false;
    for (size_t i = 0; i < c->count; i++) touched = touched || c->differences[i].check != NULL;
    if (!touched) return true;
    const struct definition *from = validator_definition(ev->from->validator);
    cJSON *document = definition_document(from, PRINT_PUBLIC), *checks = NULL;
    if (document != NULL)
        checks =
            from->check_count == 0 ? cJSON_CreateArray() : cJSON_DetachItemFromObjectCaseSensitive(document, "checks");
    cJSON_Delete(document);
    return put(plan, "checksBefore", checks);
}

/* ---- what follows from other steps ---- */

static bool tells_computed(const struct compatibility_difference *d) {
    return (d->change >= CHANGE_RETYPE_TEXT && d->change <= CHANGE_RETYPE_REFUSED) ||
           d->change == CHANGE_ADD_COMPUTED || d->change == CHANGE_COMPUTED_ON || d->change == CHANGE_COMPUTED;
}

static bool is_told(const struct compatibility *c, const struct column *column, const struct check *check) {
    for (size_t i = 0; i < c->count; i++) {
        const struct compatibility_difference *d = &c->differences[i];
        if (column != NULL && d->to == column && tells_computed(d)) return true;
        if (check != NULL && d->check == check && is_checked(d)) return true;
    }
    return false;
}

static cJSON *add_implied(cJSON *list, enum step_kind kind, const char *what, const char *name, const char *does) {
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%s\"%s\" %s", what, name, does);
    cJSON *step = plan_add_step(list, kind, buffer_text(&text));
    buffer_free(&text);
    return step;
}

/* What the records share in a column that is unique. */
static bool put_shared(cJSON *step, size_t slot, const struct plan_duplicates *duplicates) {
    for (size_t i = 0; i < duplicates->count; i++) {
        const struct duplicates *found = &duplicates->list[i];
        if (found->count != 0 && found->rule.count == 1 && found->rule.slots[0] == slot)
            return plan_put_shared(step, found);
    }
    return true;
}

bool plan_put_implied_steps(cJSON *list, const struct evolution *ev, const struct compatibility *c,
                            const struct plan_duplicates *duplicates) {
    const struct definition *to = validator_definition(ev->to);
    for (size_t i = 0; i < ev->plan.computation_count; i++) {
        size_t slot = ev->plan.computations[i].to;
        const struct column *column = validator_column(ev->to, slot)->column;
        if (is_told(c, column, NULL)) continue;
        cJSON *step = add_implied(list, STEP_CONVERT, "", column->name, "is computed anew");
        if (step == NULL || !put_text(step, "column", column->name) || !plan_put_computed(step, ev, column) ||
            !put_shared(step, slot, duplicates))
            return false;
    }
    for (size_t i = 0; i < to->check_count; i++) {
        const struct check *check = &to->checks[i];
        if (!ev->plan.check_expressions[i] || is_told(c, NULL, check)) continue;
        cJSON *step = add_implied(list, STEP_CHECK, "check ", check->name, "is held against what is computed anew");
        if (step == NULL || !put_text(step, "check", check->name) || !put_failing(step, ev, check)) return false;
    }
    return true;
}
