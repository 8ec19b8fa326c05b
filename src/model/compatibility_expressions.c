/* Expressions of two definitions held against each other. */
#include <string.h>

#include "model/compatibility_parts.h"
#include "model/plan_parts.h"

static bool same_text(const char *a, const char *b) { return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0); }

/* Whether they are the same; true also when memory is out, which is remembered. */
static bool are_same(struct comparison *c, const char *old, const char *new, enum formula_names names) {
    bool same = true;
    if (!expressions_same(c->from, old, c->to, new, names, &same)) c->no_memory = true;
    return same || c->no_memory;
}

/* Whether two expressions that say the same are written otherwise, which no rename has done. */
static bool is_respelled(struct comparison *c, const char *old, const char *new) {
    return strcmp(old, new) != 0 && are_same(c, old, new, FORMULA_NAMES);
}

void compare_computed(struct comparison *c, const struct column *from, const struct column *to) {
    const char *old = from->computed, *new = to->computed;
    enum compatibility_change change;
    if (old == NULL && new == NULL) return;
    if (old == NULL)
        change = CHANGE_COMPUTED_ON;
    else if (new == NULL)
        change = CHANGE_COMPUTED_OFF;
    else if (!are_same(c, old, new, FORMULA_KEYS))
        change = CHANGE_COMPUTED;
    else if (is_respelled(c, old, new))
        change = CHANGE_WORDS;
    else
        return;
    compatibility_add(c, (struct compatibility_difference){.change = change, .from = from, .to = to});
}

/* ---- checks ---- */

/* The checks of both sides, and which became which. */
struct pairing {
    struct arena arena;
    const struct check *old, *new;
    size_t old_count, new_count;
    const char **old_texts, **new_texts; /* the expressions with field keys for names, in one spelling */
    const struct check **partners;       /* of the new ones; NULL for one that is new */
    bool *kept;                          /* of the old ones */
};

static bool print_checks(struct pairing *p, const struct definition *d, const char ***out) {
    struct buffer text = BUFFER_INIT;
    *out = arena_alloc(&p->arena, d->check_count + 1, sizeof **out);
    bool good = *out != NULL;
    for (size_t i = 0; good && i < d->check_count; i++) {
        const char *expression = d->checks[i].expression;
        buffer_reset(&text);
        good = formula_print(d, FORMULA_KEYS, expression, strlen(expression), &text);
        if (good) (*out)[i] = arena_dup(&p->arena, text.data, text.length);
        good = good && (*out)[i] != NULL;
    }
    buffer_free(&text);
    return good;
}

static void pair(struct pairing *p, size_t old, size_t new) {
    if (p->kept[old] || p->partners[new] != NULL) return;
    p->kept[old] = true;
    p->partners[new] = &p->old[old];
}

/* By their names, then by what they say. */
static void pair_checks(struct pairing *p) {
    for (int by_name = 1; by_name >= 0; by_name--) {
        for (size_t new = 0; new < p->new_count; new ++) {
            for (size_t old = 0; old < p->old_count; old++) {
                bool same = by_name ? strcmp(p->old[old].name, p->new[new].name) == 0
                                    : strcmp(p->old_texts[old], p->new_texts[new]) == 0;
                if (same) pair(p, old, new);
            }
        }
    }
}

static void add(struct comparison *c, enum compatibility_change change, const struct check *check) {
    compatibility_add(c, (struct compatibility_difference){.change = change, .check = check});
}

static void compare_check(struct comparison *c, const struct pairing *p, size_t i) {
    const struct check *new = &p->new[i], *old = p->partners[i];
    if (old == NULL)
        add(c, CHANGE_CHECK_ADDED, new);
    else if (strcmp(p->old_texts[old - p->old], p->new_texts[i]) != 0)
        add(c, CHANGE_CHECK_CHANGED, new);
    else if (strcmp(old->name, new->name) != 0 || !same_text(old->message, new->message) ||
             is_respelled(c, old->expression, new->expression))
        add(c, CHANGE_CHECK_WORDS, new);
}

void compare_checks(struct comparison *c) {
    const struct definition *from = validator_definition(c->from), *to = validator_definition(c->to);
    struct pairing p = {.arena = ARENA_INIT,
                        .old = from->checks,
                        .old_count = from->check_count,
                        .new = to->checks,
                        .new_count = to->check_count};
    if (p.old_count == 0 && p.new_count == 0) return;
    p.partners = arena_alloc(&p.arena, p.new_count + 1, sizeof *p.partners);
    p.kept = arena_alloc(&p.arena, p.old_count + 1, sizeof *p.kept);
    if (p.partners != NULL && p.kept != NULL && print_checks(&p, from, &p.old_texts) &&
        print_checks(&p, to, &p.new_texts)) {
        pair_checks(&p);
        for (size_t i = 0; i < p.new_count; i++) compare_check(c, &p, i);
        for (size_t i = 0; i < p.old_count; i++)
            if (!p.kept[i]) add(c, CHANGE_CHECK_REMOVED, &p.old[i]);
    } else {
        c->no_memory = true;
    }
    arena_free(&p.arena);
}
