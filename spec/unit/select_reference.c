#include "select_reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fold.h"

static int compare(const flexdb_value *a, const flexdb_value *b) {
    bool no_a = value_is_none(a), no_b = value_is_none(b);
    if (no_a || no_b) return (int)no_b - (int)no_a;
    assert_int_equal(a->tag, b->tag);
    if (a->tag == FLEXDB_INTEGER) return a->as.integer < b->as.integer ? -1 : a->as.integer > b->as.integer;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = shorter == 0 ? 0 : memcmp(a->as.text, b->as.text, shorter);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static bool holds_at(const flexdb_value *text, const flexdb_value *part, size_t at) {
    return at + part->length <= text->length &&
           (part->length == 0 || memcmp(text->as.text + at, part->as.text, part->length) == 0);
}

static bool holds(const flexdb_value *text, const flexdb_value *part) {
    for (size_t at = 0; at <= text->length; at++)
        if (holds_at(text, part, at)) return true;
    return false;
}

static bool icontains(const flexdb_value *text, const flexdb_value *part) {
    struct fold fold = FOLD_INIT;
    int found = fold_contains(&fold, text->as.text, text->length, part->as.text, part->length);
    fold_free(&fold);
    assert_true(found >= 0);
    return found == 1;
}

static bool is_among(const struct filter *f, const flexdb_value *x) {
    for (size_t i = 0; i < f->count; i++)
        if (compare(x, &f->values[i]) == 0) return true;
    return false;
}

static bool compares(const struct filter *f, const flexdb_value *x) {
    const flexdb_value *y = f->values;
    if (f->op == FILTER_IS_NULL) return value_is_none(x);
    if (value_is_none(x)) return false;
    switch (f->op) {
    case FILTER_EQ: return compare(x, y) == 0;
    case FILTER_NE: return compare(x, y) != 0;
    case FILTER_GT: return compare(x, y) > 0;
    case FILTER_GTE: return compare(x, y) >= 0;
    case FILTER_LT: return compare(x, y) < 0;
    case FILTER_LTE: return compare(x, y) <= 0;
    case FILTER_IN: return is_among(f, x);
    case FILTER_NOT_IN: return !is_among(f, x);
    case FILTER_BETWEEN: return compare(x, &y[0]) >= 0 && compare(x, &y[1]) <= 0;
    case FILTER_NOT_NULL: return true;
    case FILTER_CONTAINS: return holds(x, y);
    case FILTER_STARTS_WITH: return holds_at(x, y, 0);
    case FILTER_ENDS_WITH: return y->length <= x->length && holds_at(x, y, x->length - y->length);
    default: return icontains(x, y);
    }
}

static bool selects(const struct filter *f, const struct stored *r) {
    switch (f->op) {
    case FILTER_AND:
        for (size_t i = 0; i < f->count; i++)
            if (!selects(f->children[i], r)) return false;
        return true;
    case FILTER_OR:
        for (size_t i = 0; i < f->count; i++)
            if (selects(f->children[i], r)) return true;
        return false;
    case FILTER_NOT: return !selects(f->children[0], r);
    default: return compares(f, &r->values[f->slot]);
    }
}

size_t select_expected(const struct stored records[RECORDS], const struct query *q, size_t places[RECORDS]) {
    size_t count = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        if (records[i].deleted && !q->include_deleted) continue;
        if (q->filter != NULL && !selects(q->filter, &records[i])) continue;
        size_t at = count++;
        for (; at > 0; at--) { /* insertion keeps ties in order */
            int order = 0;
            for (size_t k = 0; k < q->order_count && order == 0; k++) {
                order =
                    compare(&records[places[at - 1]].values[q->orders[k].slot], &records[i].values[q->orders[k].slot]);
                if (q->orders[k].descending) order = -order;
            }
            if (order <= 0) break;
            places[at] = places[at - 1];
        }
        places[at] = i;
    }
    return count;
}
