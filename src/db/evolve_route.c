/* The ways on which the values of retyped columns came, for the evolutions that lead back. */
#include <stdlib.h>
#include <string.h>

#include "db/evolution.h"
#include "db/history.h"

/* A column as it was under the keys before its own, the last first. */
struct ancestry {
    const struct column *self;
    struct validator **columns; /* each alone in a definition */
    size_t count;
};

static void forget(struct ancestry *a) {
    for (size_t i = 0; i < a->count; i++) validator_drop(a->columns[i]);
    free(a->columns);
}

/* The key at a place: 0 is the column's own. */
static const struct column *column_at(const struct ancestry *a, size_t i) {
    return i == 0 ? a->self : validator_column(a->columns[i - 1], 0)->column;
}

static size_t place_of(const struct ancestry *a, const char *key) {
    size_t i = 0;
    while (i <= a->count && strcmp(column_at(a, i)->key, key) != 0) i++;
    return i;
}

/* Follows the column back to a key that `stop` has too (NULL: to the key of `goal`). 0 where a version on the way is
 * gone. */
static int climb(struct evolution *ev, struct ancestry *a, const struct ancestry *stop, const struct column *goal,
                 flexdb_error *err) {
    for (;;) {
        const struct column *last = column_at(a, a->count);
        const char *source = column_source(last);
        if (stop != NULL ? place_of(stop, last->key) <= stop->count : strcmp(last->key, goal->key) == 0) return 1;
        if (source == NULL) return stop == NULL;
        struct validator **columns = realloc(a->columns, (a->count + 1) * sizeof *columns);
        if (columns == NULL) return error_no_memory(err);
        a->columns = columns;
        int64_t version;
        int rc = history_last_with(ev->from->engine, ev->from, source, &version, &columns[a->count], err);
        if (rc != 1) return rc;
        a->count++;
    }
}

/* From the column that returns up to where the ways meet, and down to the one that is left. */
static int connect(struct evolution *ev, struct plan_conversion *p, const struct ancestry *to,
                   const struct ancestry *from, flexdb_error *err) {
    size_t meet = place_of(from, column_at(to, to->count)->key), count = 0;
    struct validator **between = calloc(to->count + from->count + 1, sizeof *between);
    if (between == NULL) return error_no_memory(err);
    size_t up = meet == 0 && to->count != 0 ? to->count - 1 : to->count; /* where they meet may be an end itself */
    for (size_t i = 0; i < up; i++) between[count++] = validator_hold(to->columns[i]);
    for (size_t i = meet; i-- > 1;) between[count++] = validator_hold(from->columns[i - 1]);
    size_t place = meet == 0 ? count + 1 : to->count;
    int rc = plan_route(p, ev->from->validator, ev->to, between, count, place, err);
    free(between);
    return rc;
}

static bool is_made_from(const struct column *made, const struct column *from) {
    const char *source = column_source(made);
    return source != NULL && strcmp(source, from->key) == 0;
}

/* Where other keys lie between the two. A version that is gone leaves the straight way. */
static int find_route(struct evolution *ev, struct plan_conversion *p, flexdb_error *err) {
    struct ancestry from = {.self = validator_column(ev->from->validator, p->from)->column};
    struct ancestry to = {.self = validator_column(ev->to, p->to)->column};
    if (is_made_from(from.self, to.self) || is_made_from(to.self, from.self)) return 0;
    int rc = climb(ev, &from, NULL, to.self, err);
    if (rc == 1) rc = climb(ev, &to, &from, NULL, err);
    if (rc == 1) rc = connect(ev, p, &to, &from, err);
    forget(&from);
    forget(&to);
    return rc < 0 ? rc : 0;
}

/* What did not fit the rules of then may have been left out, whatever the rules are today. */
static int find_made(struct evolution *ev, struct plan_conversion *p, flexdb_error *err) {
    int rc = 0;
    p->made = calloc(p->back_count + 1, sizeof *p->made);
    if (p->made == NULL) return error_no_memory(err);
    for (size_t i = 0; rc >= 0 && i < p->back_count; i++)
        rc = history_first_with(ev->from->engine, ev->from, p->back[i].to->column->key, &p->made[i], err);
    return rc < 0 ? rc : 0;
}

/* Since when the returning key has not been in use. */
static int find_since(struct evolution *ev, struct plan_conversion *p, flexdb_error *err) {
    struct validator *column = NULL;
    int64_t version;
    const char *key = validator_column(ev->to, p->to)->column->key;
    int rc = history_last_with(ev->from->engine, ev->from, key, &version, &column, err);
    if (rc == 1) p->since = version + 1;
    validator_drop(column);
    return rc < 0 ? rc : 0;
}

/* What columns that come back hold was judged when they were last in force. A version that is gone leaves them to be
 * judged again. */
static int trust_returning(struct evolution *ev, flexdb_error *err) {
    int rc = 0;
    for (size_t slot = 0; rc == 0 && slot < validator_shape(ev->to)->columns; slot++) {
        if (!ev->plan.returns[slot]) continue;
        struct validator *last = NULL;
        int64_t version;
        const char *key = validator_column(ev->to, slot)->column->key;
        int found = history_last_with(ev->from->engine, ev->from, key, &version, &last, err);
        if (found == 1) plan_trust(&ev->plan, ev->to, slot, validator_column(last, 0));
        validator_drop(last);
        rc = found < 0 ? found : 0;
    }
    return rc;
}

int evolution_find_routes(struct evolution *ev, flexdb_error *err) {
    int rc = trust_returning(ev, err);
    for (size_t i = 0; rc == 0 && i < ev->plan.conversion_count; i++) {
        struct plan_conversion *p = &ev->plan.conversions[i];
        if (!p->returns) continue;
        rc = find_since(ev, p, err);
        if (rc == 0) rc = find_route(ev, p, err);
        if (rc == 0) rc = find_made(ev, p, err);
    }
    return rc;
}
