/* The order of a query, and the rows behind a cursor in it. */
#include "sql/select_parts.h"

void put_order(struct builder *b) {
    for (size_t i = 0; i < b->q->order_count; i++) {
        struct operand o = operand_of(b, b->q->orders[i].slot);
        b->d->expressions->order(b, &o, b->q->orders[i].descending ? " DESC" : "");
        put(b, ", ");
    }
    put(b, "seq");
}

/* Comparing with a cursor needs the whole text. */
static struct operand cursor_operand(const struct builder *b, size_t i) {
    struct operand o = operand_of(b, b->q->orders[i].slot);
    return o.truncated ? operand_in_document(&o) : o;
}

static bool is_null_at(const struct builder *b, size_t i) { return value_is_none(&b->q->after[i]); }

static void put_equal(struct builder *b, size_t i) {
    struct operand o = cursor_operand(b, i);
    put_operand(b, &o);
    if (is_null_at(b, i)) {
        put(b, " IS NULL");
        return;
    }
    put(b, " = ");
    put_value(b, &o, &b->q->after[i]);
}

/* Behind the cursor's value in order column i, records without a value left out (a cursor without a value: those with
 * one, which is nothing when descending). */
static void put_beyond(struct builder *b, size_t i) {
    struct operand o = cursor_operand(b, i);
    bool descending = b->q->orders[i].descending;
    if (is_null_at(b, i) && descending) {
        put(b, "1 = 0");
        return;
    }
    put_operand(b, &o);
    if (is_null_at(b, i)) {
        put(b, " IS NOT NULL");
        return;
    }
    put(b, descending ? " < " : " > ");
    put_value(b, &o, &b->q->after[i]);
}

static void put_absent(struct builder *b, size_t i) {
    struct operand o = cursor_operand(b, i);
    put_operand(b, &o);
    put(b, " IS NULL");
}

/* Descending, records without a value come last. */
static bool absent_follow(const struct builder *b, size_t i) { return b->q->orders[i].descending && !is_null_at(b, i); }

/* Behind the cursor in the order columns from i on, and then in seq:
 * beyond_i OR (equal_i AND (beyond_i+1 OR … (equal_n AND seq > s))). */
static void put_tail(struct builder *b, size_t i) {
    size_t first = i;
    for (; i < b->q->order_count; i++) {
        put(b, "(");
        put_beyond(b, i);
        if (absent_follow(b, i)) {
            put(b, " OR ");
            put_absent(b, i);
        }
        put(b, " OR (");
        put_equal(b, i);
        put(b, " AND ");
    }
    put_bound(b, "seq > ?", value_integer(b->q->after_seq));
    for (; i > first; i--) put(b, "))");
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

void put_after(struct builder *b, enum after_part part) {
    switch (part) {
    case AFTER_ALL: put_tail(b, 0); break;
    case AFTER_EQUAL:
        put_equal(b, 0);
        put(b, " AND ");
        put_tail(b, 1);
        break;
    case AFTER_BEYOND: put_beyond(b, 0); break;
    case AFTER_ABSENT: put_absent(b, 0); break;
    }
}
