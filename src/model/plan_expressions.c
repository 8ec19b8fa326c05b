/* What a change makes of expressions: which columns are computed anew, and which checks the records must be held
 * against. */
#include <stdlib.h>
#include <string.h>

#include "model/plan_parts.h"

/* ---- one expression and another ---- */

static bool print(const struct validator *v, const char *text, enum formula_names names, struct buffer *out) {
    buffer_reset(out);
    return formula_print(validator_definition(v), names, text, strlen(text), out);
}

bool expressions_same(const struct validator *from, const char *old, const struct validator *to, const char *new,
                      enum formula_names names, bool *same) {
    struct buffer a = BUFFER_INIT, b = BUFFER_INIT;
    bool good = print(from, old, names, &a) && print(to, new, names, &b);
    *same = good && a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
    buffer_free(&a);
    buffer_free(&b);
    return good;
}

static bool reads_anew(const struct formula *f, const bool *anew) {
    const uint32_t *slots;
    size_t count = formula_columns(f, &slots);
    for (size_t i = 0; i < count; i++)
        if (anew[slots[i]]) return true;
    return false;
}

/* ---- computed columns ---- */

static bool compute_anew(const struct validator *from, const struct validator *to, size_t slot, bool *out) {
    const struct column *new = validator_column(to, slot)->column;
    int64_t old_slot = validator_slot_of_key(from, new->key, strlen(new->key));
    const struct column *old = old_slot == NAMES_NONE ? NULL : validator_column(from, (size_t)old_slot)->column;
    bool same = false;
    if (old != NULL && old->computed != NULL &&
        !expressions_same(from, old->computed, to, new->computed, FORMULA_KEYS, &same))
        return false;
    *out = !same;
    return true;
}

static int64_t source_of(const struct validator *from, const struct validator *to, size_t slot,
                         const struct names *origins) {
    const struct column *new = validator_column(to, slot)->column;
    int64_t source = validator_slot_of_key(from, new->key, strlen(new->key));
    if (source != NAMES_NONE) return source;
    const struct definition *before = validator_definition(from);
    const struct column *old = definition_find_retyped(before, origins, new);
    return old == NULL ? NAMES_NONE : old - before->columns;
}

static bool plan_computed(struct plan *p, const struct validator *from, const struct validator *to,
                          const struct names *origins, bool *anew) {
    const uint32_t *order;
    size_t count = validator_computed(to, &order);
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = order[i];
        if (!compute_anew(from, to, slot, &anew[slot])) return false;
        anew[slot] = anew[slot] || reads_anew(validator_formula(to, slot), anew);
        if (anew[slot])
            p->computations[p->computation_count++] =
                (struct plan_computation){slot, source_of(from, to, slot, origins)};
    }
    return true;
}

/* ---- checks ---- */

static bool collect_checks(const struct validator *v, struct arena *arena, struct names *out) {
    const struct definition *d = validator_definition(v);
    struct buffer text = BUFFER_INIT;
    bool good = true;
    for (size_t i = 0; good && i < d->check_count; i++) {
        const char *copy =
            print(v, d->checks[i].expression, FORMULA_KEYS, &text) ? arena_dup(arena, text.data, text.length) : NULL;
        good = copy != NULL && names_add(out, copy, text.length, 0) >= 0;
    }
    buffer_free(&text);
    return good;
}

static bool plan_checks(struct plan *p, const struct validator *from, const struct validator *to, const bool *anew) {
    const struct definition *d = validator_definition(to);
    if (d->check_count == 0) return true;
    struct arena arena = ARENA_INIT;
    struct names old = NAMES_INIT;
    struct buffer text = BUFFER_INIT;
    bool good = collect_checks(from, &arena, &old);
    for (size_t i = 0; good && i < d->check_count; i++) {
        good = print(to, d->checks[i].expression, FORMULA_KEYS, &text);
        if (!good) break;
        p->check_expressions[i] =
            names_find(&old, text.data, text.length) == NAMES_NONE || reads_anew(validator_check(to, i), anew);
        p->has_checks = p->has_checks || p->check_expressions[i];
    }
    buffer_free(&text);
    names_free(&old);
    arena_free(&arena);
    return good;
}

bool plan_expressions(struct plan *p, const struct validator *from, const struct validator *to,
                      const struct names *origins) {
    size_t columns = validator_shape(to)->columns;
    bool *anew = calloc(columns + 1, sizeof *anew);
    p->computations = calloc(columns + 1, sizeof *p->computations);
    p->check_expressions = calloc(validator_definition(to)->check_count + 1, sizeof *p->check_expressions);
    bool good = anew != NULL && p->computations != NULL && p->check_expressions != NULL &&
                plan_computed(p, from, to, origins, anew) && plan_checks(p, from, to, anew);
    free(anew);
    return good;
}

bool plan_computes(const struct plan *p, size_t slot) {
    for (size_t i = 0; i < p->computation_count; i++)
        if (p->computations[i].to == slot) return true;
    return false;
}
