#include <string.h>

#include "model/query_parts.h"

struct reading {
    struct arena *arena;
    struct json_reader reader;
    flexdb_error *err;
};

static int syntax_error(struct reading *r) {
    if (r->reader.no_memory) return error_no_memory(r->err);
    return error_set(r->err, FLEXDB_INVALID_QUERY, "the query is not JSON: %s at byte %zu", r->reader.message,
                     r->reader.offset);
}

static int keep_text(struct reading *r, const char *text, size_t length, const char **out, size_t *out_length) {
    *out = arena_dup(r->arena, text, length);
    *out_length = length;
    return *out == NULL ? error_no_memory(r->err) : 0;
}

static int read_node(struct reading *r, enum json_event event, struct query_node **out);

/* The members of an object or array that was just opened. Depth is bounded by the reader. */
static int read_children(struct reading *r, struct query_node *parent) {
    struct query_node **tail = &parent->first;
    for (;;) {
        enum json_event event = json_reader_next(&r->reader);
        const char *key = NULL;
        size_t key_length = 0;
        if (event == JSON_OBJECT_END || event == JSON_ARRAY_END) return 0;
        if (event == JSON_KEY) {
            int rc = keep_text(r, r->reader.text, r->reader.length, &key, &key_length);
            if (rc != 0) return rc;
            event = json_reader_next(&r->reader);
        }
        int rc = read_node(r, event, tail);
        if (rc != 0) return rc;
        (*tail)->key = key;
        (*tail)->key_length = key_length;
        tail = &(*tail)->next;
        parent->count++;
    }
}

static int read_node(struct reading *r, enum json_event event, struct query_node **out) {
    if (event == JSON_ERROR) return syntax_error(r);
    const char *token = r->reader.token;
    struct query_node *n = *out = arena_alloc(r->arena, 1, sizeof *n);
    if (n == NULL) return error_no_memory(r->err);
    n->event = event;
    n->integer = r->reader.integer;
    n->number = r->reader.number;
    n->inexact = event == JSON_NUMBER && r->reader.inexact;
    if (event == JSON_STRING) return keep_text(r, r->reader.text, r->reader.length, &n->text, &n->length);
    if (event == JSON_OBJECT || event == JSON_ARRAY) {
        int rc = read_children(r, n);
        if (rc != 0) return rc;
    }
    n->text = token;
    n->length = (size_t)(r->reader.at - token);
    return 0;
}

int query_tree_parse(struct arena *arena, const char *text, size_t length, struct query_node **out, flexdb_error *err) {
    struct reading r = {.arena = arena, .err = err};
    json_reader_init(&r.reader, text, length, JSON_MAX_DEPTH, true);
    int rc = read_node(&r, json_reader_next(&r.reader), out);
    if (rc == 0 && json_reader_next(&r.reader) != JSON_END) rc = syntax_error(&r);
    json_reader_free(&r.reader);
    return rc;
}

bool query_node_is_list(const struct query_node *n) {
    return n->event == JSON_ARRAY || (n->event == JSON_OBJECT && n->count == 0);
}

bool query_node_is(const struct query_node *n, const char *key) {
    return n->key_length == strlen(key) && memcmp(n->key, key, n->key_length) == 0;
}

const struct query_node *query_node_member(const struct query_node *object, const char *key) {
    for (const struct query_node *n = object->first; n != NULL; n = n->next)
        if (query_node_is(n, key)) return n;
    return NULL;
}

flexdb_value query_node_value(const struct query_node *n) {
    switch (n->event) {
    case JSON_STRING: return value_text(n->text, n->length);
    case JSON_INTEGER: return value_integer(n->integer);
    case JSON_NUMBER: return value_number(n->number);
    case JSON_TRUE: return value_boolean(true);
    case JSON_FALSE: return value_boolean(false);
    case JSON_NULL: return value_null();
    default: return (flexdb_value){.tag = FLEXDB_JSON, .length = n->length, .as.text = n->text};
    }
}
