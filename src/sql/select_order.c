/* The order of a query, and the rows behind a cursor in it. */
#include "sql/select_parts.h"

void builder_put_order(struct builder *b) {
    for (size_t i = 0; i < b->q->order_count; i++) {
        struct operand o = operand_of(b, b->q->orders[i].slot);
        b->d->expressions->order(b, &o);
        builder_put(b, b->q->orders[i].descending ? " DESC, " : ", ");
    }
    builder_put(b, "seq");
}

static bool is_number(const struct operand *o) { return o->kind == PHYSICAL_INTEGER || o->kind == PHYSICAL_DECIMAL; }

size_t sorted_texts(const struct builder *b) {
    size_t texts = 0;
    bool may_be = false;
    for (size_t i = 0; b->d->expressions->select_sorted != NULL && i < b->q->order_count; i++) {
        struct operand o = operand_of(b, b->q->orders[i].slot);
        texts += o.truncated || (o.source == OPERAND_DOCUMENT && !is_number(&o));
        may_be = may_be || may_be_long(&o);
    }
    return may_be ? texts : 0;
}

/* An order column is compared with its value in the cursor as the order compares it, so that a record stands either
 * before the cursor or behind it: by the whole text, not by its entry. */
static struct operand mark_of(const struct builder *b, size_t i) {
    struct operand o = operand_of(b, b->q->orders[i].slot);
    return o.truncated ? operand_in_document(&o) : o;
}

static void put_mark(struct builder *b, size_t i, const char *comparison) {
    struct operand o = mark_of(b, i);
    builder_put_operand(b, &o);
    builder_put(b, comparison);
    builder_put_value(b, &o, &b->q->after[i]);
}

static void put_mark_null(struct builder *b, size_t i, const char *test) {
    struct operand o = mark_of(b, i);
    builder_put_operand(b, &o);
    builder_put(b, test);
}

static bool is_null_at(const struct builder *b, size_t i) { return value_is_none(&b->q->after[i]); }

static void put_equal(struct builder *b, size_t i) {
    if (is_null_at(b, i))
        put_mark_null(b, i, " IS NULL");
    else
        put_mark(b, i, " = ");
}

/* Behind the cursor's value in order column i, records without a value left out (a cursor without a value: those with
 * one, which is nothing when descending). */
static void put_beyond(struct builder *b, size_t i) {
    bool descending = b->q->orders[i].descending;
    if (!is_null_at(b, i))
        put_mark(b, i, descending ? " < " : " > ");
    else if (descending)
        builder_put(b, "1 = 0");
    else
        put_mark_null(b, i, " IS NOT NULL");
}

static void put_absent(struct builder *b, size_t i) { put_mark_null(b, i, " IS NULL"); }

/* Descending, records without a value come last. */
static bool absent_follow(const struct builder *b, size_t i) { return b->q->orders[i].descending && !is_null_at(b, i); }

/* Behind the cursor in the order columns from i on, and then in seq:
 * beyond_i OR (equal_i AND (beyond_i+1 OR … (equal_n AND seq > s))). */
static void put_tail(struct builder *b, size_t i) {
    size_t first = i;
    for (; i < b->q->order_count; i++) {
        builder_put(b, "(");
        put_beyond(b, i);
        if (absent_follow(b, i)) {
            builder_put(b, " OR ");
            put_absent(b, i);
        }
        builder_put(b, " OR (");
        put_equal(b, i);
        builder_put(b, " AND ");
    }
    builder_put_bound(b, "seq > ?", value_integer(b->q->after_seq));
    for (; i > first; i--) builder_put(b, "))");
}

bool after_has(const struct builder *b, enum after_part part) {
    if (!b->q->has_after) return false;
    switch (part) {
    case AFTER_ALL: return true;
    case AFTER_EQUAL: return b->q->order_count != 0;
    case AFTER_BEYOND: return b->q->order_count != 0 && !(is_null_at(b, 0) && b->q->orders[0].descending);
    default: return b->q->order_count != 0 && absent_follow(b, 0);
    }
}

void builder_put_after(struct builder *b, enum after_part part) {
    switch (part) {
    case AFTER_ALL: put_tail(b, 0); break;
    case AFTER_EQUAL:
        put_equal(b, 0);
        builder_put(b, " AND ");
        put_tail(b, 1);
        break;
    case AFTER_BEYOND: put_beyond(b, 0); break;
    case AFTER_ABSENT: put_absent(b, 0); break;
    }
}
