/* A cursor is base64url of [[order …], [values …], seq]. The order names the direction, the kind of field and the field
 * key of each column, so that a cursor is bound to its query and outlives a rename. Values are the physical ones; bytes
 * stand as base64url. */
#include <string.h>

#include "base/base64.h"
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/json_writer.h"
#include "model/query_parts.h"

static const char *slot_key(const struct validator *v, size_t slot) {
    const flexdb_shape *shape = validator_shape(v);
    return slot < shape->columns ? validator_column(v, slot)->column->key : shape->fields[slot].name;
}

static void write_order(const struct query *q, const struct validator *v, struct buffer *out) {
    buffer_put(out, '[');
    for (size_t i = 0; i < q->order_count; i++) {
        const char *key = slot_key(v, q->orders[i].slot);
        bool system = q->orders[i].slot >= validator_shape(v)->columns;
        if (i != 0) buffer_put(out, ',');
        buffer_printf(out, "\"%c%c\",", q->orders[i].descending ? '-' : '+', system ? 's' : 'c');
        json_write_string(out, key, strlen(key));
    }
    buffer_put(out, ']');
}

static void write_value(const flexdb_value *value, struct buffer *out) {
    switch (value->tag) {
    case FLEXDB_INTEGER: json_write_integer(out, value->as.integer); break;
    case FLEXDB_TEXT: json_write_string(out, value->as.text, value->length); break;
    case FLEXDB_BYTES:
        buffer_put(out, '"');
        base64url_encode(out, value->as.text, value->length);
        buffer_put(out, '"');
        break;
    default: buffer_puts(out, "null");
    }
}

int query_cursor(const struct query *q, const struct validator *v, const flexdb_value *order_values, int64_t seq,
                 struct buffer *out, flexdb_error *err) {
    struct buffer json = BUFFER_INIT;
    buffer_put(&json, '[');
    write_order(q, v, &json);
    buffer_puts(&json, ",[");
    for (size_t i = 0; i < q->order_count; i++) {
        if (i != 0) buffer_put(&json, ',');
        write_value(&order_values[i], &json);
    }
    buffer_puts(&json, "],");
    json_write_integer(&json, seq);
    buffer_put(&json, ']');
    bool failed = buffer_failed(&json);
    if (!failed) base64url_encode(out, json.data, json.length);
    failed = failed || buffer_failed(out);
    buffer_free(&json);
    return failed ? error_no_memory(err) : 0;
}

/* The value that a cursor holds for an order column, if it can be one. */
static bool read_value(struct query_parser *p, size_t slot, const struct query_node *n, flexdb_value *out) {
    *out = query_node_value(n);
    if (n->event == JSON_NULL) return true;
    enum physical_kind kind = query_slot_kind(p->v, slot);
    if (kind == PHYSICAL_INTEGER) return n->event == JSON_INTEGER;
    if (n->event != JSON_STRING) return false;
    switch (kind) {
    case PHYSICAL_DATE: return n->length == DATE_TEXT_SIZE - 1;
    case PHYSICAL_DATETIME: return n->length == DATETIME_TEXT_SIZE - 1;
    case PHYSICAL_ID: return n->length <= ID_MAX_LENGTH;
    case PHYSICAL_DECIMAL: break;
    default: return true;
    }
    struct buffer bytes = BUFFER_INIT;
    bool good = base64url_decode(&bytes, n->text, n->length) && bytes.length == DECIMAL_BYTES;
    char *copy = good ? arena_dup(&p->query->arena, bytes.data, bytes.length) : NULL;
    buffer_free(&bytes);
    if (good && copy == NULL) error_no_memory(p->err);
    *out = value_bytes(copy, DECIMAL_BYTES);
    return copy != NULL;
}

static bool read_cursor(struct query_parser *p, const struct query_node *root) {
    struct query *q = p->query;
    if (root->event != JSON_ARRAY || root->count != 3) return false;
    const struct query_node *order = root->first, *values = order->next, *seq = values->next;
    struct buffer expected = BUFFER_INIT;
    write_order(q, p->v, &expected);
    if (buffer_failed(&expected)) error_no_memory(p->err);
    bool same = !buffer_failed(&expected) && order->length == expected.length &&
                memcmp(order->text, expected.data, expected.length) == 0;
    buffer_free(&expected);
    if (!same || order->event != JSON_ARRAY || values->event != JSON_ARRAY || values->count != q->order_count)
        return false;
    if (seq->event != JSON_INTEGER || seq->integer < 0) return false;
    q->after_seq = seq->integer;
    q->after = arena_alloc(&q->arena, q->order_count + 1, sizeof *q->after);
    if (q->after == NULL) return error_no_memory(p->err), false;
    size_t i = 0;
    for (const struct query_node *n = values->first; n != NULL; n = n->next, i++)
        if (!read_value(p, q->orders[i].slot, n, &q->after[i])) return false;
    return true;
}

void query_after(struct query_parser *p, const struct query_node *n) {
    if (n->event != JSON_STRING) {
        query_issue(p, "type", "\"string\"", n, "must be a cursor");
        return;
    }
    if (issue_count(p->err) != 0) return; /* the order may be one of the problems */
    struct buffer json = BUFFER_INIT;
    struct query_node *root = NULL;
    flexdb_error syntax = FLEXDB_ERROR_INIT;
    bool good = base64url_decode(&json, n->text, n->length) &&
                query_tree_parse(&p->query->arena, json.data, json.length, &root, &syntax) == 0;
    if (buffer_failed(&json) || syntax.code == FLEXDB_INTERNAL) error_no_memory(p->err);
    p->query->has_after = good && read_cursor(p, root);
    if (!p->query->has_after && !query_stopped(p))
        query_issue(p, "cursor", NULL, NULL,
                    "not a cursor of this query: it must come from a find with the same orderBy");
    error_clear(&syntax);
    buffer_free(&json);
}
