#include "model/query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/query_parts.h"
#include "model/types/rules.h"

enum { GOT_LIMIT = 80, MESSAGE_SIZE = 512 };

void query_issue(struct query_parser *p, const char *rule, const char *expected, const struct query_node *got,
                 const char *format, ...) {
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (got == NULL) {
        error_issue(p->err, p->path.text, rule, expected, NULL, "%s", message);
        return;
    }
    struct buffer excerpt = BUFFER_INIT;
    flexdb_value value = query_node_value(got);
    rules_excerpt(&value, GOT_LIMIT, &excerpt);
    const char *text = buffer_text(&excerpt);
    if (text == NULL)
        error_no_memory(p->err);
    else
        error_issue(p->err, p->path.text, rule, expected, text, "%s, got %s", message, text);
    buffer_free(&excerpt);
}

struct query_quoted query_quote(const char *name, size_t length) {
    struct query_quoted quoted = {.text = "\"…\""}; /* when memory is out */
    struct buffer excerpt = BUFFER_INIT;
    flexdb_value value = value_text(name, length);
    rules_excerpt(&value, GOT_LIMIT, &excerpt);
    const char *text = buffer_text(&excerpt);
    if (text != NULL && excerpt.length < sizeof quoted.text) memcpy(quoted.text, text, excerpt.length + 1);
    buffer_free(&excerpt);
    return quoted;
}

int64_t query_slot(struct query_parser *p, const char *name, size_t length) {
    int64_t slot = validator_slot(p->v, name, length);
    if (slot == NAMES_NONE)
        query_issue(p, "column", NULL, NULL, "there is no column %s", query_quote(name, length).text);
    return slot;
}

enum column_type query_slot_type(const struct validator *v, size_t slot) {
    return validator_shape(v)->fields[slot].type;
}

enum physical_kind query_slot_kind(const struct validator *v, size_t slot) {
    size_t columns = validator_shape(v)->columns;
    if (slot < columns) return validator_column(v, slot)->physical;
    return slot - columns == SLOT_ID ? PHYSICAL_ID : PHYSICAL_INTEGER;
}

/* ---- the members of a query ---- */

static void read_filter(struct query_parser *p, const struct query_node *n) { p->query->filter = query_filter(p, n); }

static bool read_count(struct query_parser *p, const struct query_node *n, int64_t *out) {
    bool whole = n->event == JSON_INTEGER ? (*out = n->integer, true)
                                          : n->event == JSON_NUMBER && number_exact_integer(n->number, out);
    if (whole && *out >= 0) return true;
    query_issue(p, "type", "\"integer\"", n, "must be an integer that is not negative");
    return false;
}

static void read_limit(struct query_parser *p, const struct query_node *n) {
    p->query->has_limit = read_count(p, n, &p->query->limit);
}

static void read_offset(struct query_parser *p, const struct query_node *n) {
    if (!read_count(p, n, &p->query->offset)) p->query->offset = 0;
}

static void read_include_deleted(struct query_parser *p, const struct query_node *n) {
    p->query->include_deleted = n->event == JSON_TRUE;
    if (n->event != JSON_TRUE && n->event != JSON_FALSE)
        query_issue(p, "type", "\"boolean\"", n, "must be true or false");
}

static void read_select(struct query_parser *p, const struct query_node *list) {
    const flexdb_shape *shape = validator_shape(p->v);
    if (!query_node_is_list(list)) {
        query_issue(p, "type", "\"array\"", list, "must be an array of column names");
        return;
    }
    p->query->select = arena_alloc(&p->query->arena, shape->count, sizeof *p->query->select);
    if (p->query->select == NULL) {
        error_no_memory(p->err);
        return;
    }
    p->query->select[shape->columns + SLOT_ID] = true;
    size_t index = 0;
    for (const struct query_node *n = list->first; n != NULL && !query_stopped(p); n = n->next) {
        size_t mark = issue_path_index(&p->path, index++);
        int64_t slot = NAMES_NONE;
        if (n->event == JSON_STRING)
            slot = query_slot(p, n->text, n->length);
        else
            query_issue(p, "type", "\"string\"", n, "must be the name of a column");
        if (slot != NAMES_NONE) p->query->select[slot] = true;
        issue_path_pop(&p->path, mark);
    }
}

/* ---- orderBy ---- */

static void add_order(struct query_parser *p, const char *name, size_t length, bool descending) {
    struct query *q = p->query;
    int64_t slot = query_slot(p, name, length);
    if (slot == NAMES_NONE) return;
    if (query_slot_type(p->v, (size_t)slot) == TYPE_JSON) {
        query_issue(p, "type", NULL, NULL, "%s is json, which has no order", query_quote(name, length).text);
        return;
    }
    for (size_t i = 0; i < q->order_count; i++) {
        if (q->orders[i].slot != (size_t)slot) continue;
        query_issue(p, "duplicate", NULL, NULL, "%s is ordered by already", query_quote(name, length).text);
        return;
    }
    q->orders[q->order_count++] = (struct order){.slot = (size_t)slot, .descending = descending};
}

/* { field = "age", direction = "desc" } */
static void read_order_object(struct query_parser *p, const struct query_node *object) {
    const struct query_node *field = query_node_member(object, "field");
    const struct query_node *direction = query_node_member(object, "direction");
    bool descending = direction != NULL && direction->event == JSON_STRING && strcmp(direction->text, "desc") == 0;
    bool ascending = direction == NULL || (direction->event == JSON_STRING && strcmp(direction->text, "asc") == 0);
    for (const struct query_node *n = object->first; n != NULL; n = n->next)
        if (n != field && n != direction)
            query_issue(p, "unknown", NULL, NULL, "there is no key %s here; known are field and direction",
                        query_quote(n->key, n->key_length).text);
    if (!ascending && !descending)
        query_issue(p, "enum", "[\"asc\",\"desc\"]", direction, "must be \"asc\" or \"desc\"");
    if (field == NULL)
        query_issue(p, "required", NULL, NULL, "field is missing");
    else if (field->event != JSON_STRING)
        query_issue(p, "type", "\"string\"", field, "must be the name of a column");
    else
        add_order(p, field->text, field->length, descending);
}

static void read_order(struct query_parser *p, const struct query_node *list) {
    if (!query_node_is_list(list)) {
        query_issue(p, "type", "\"array\"", list, "must be an array");
        return;
    }
    p->query->orders = arena_alloc(&p->query->arena, list->count, sizeof *p->query->orders);
    if (list->count != 0 && p->query->orders == NULL) {
        error_no_memory(p->err);
        return;
    }
    size_t index = 0;
    for (const struct query_node *n = list->first; n != NULL && !query_stopped(p); n = n->next) {
        size_t mark = issue_path_index(&p->path, index++);
        bool descending = n->event == JSON_STRING && n->length > 0 && n->text[0] == '-';
        if (n->event == JSON_STRING)
            add_order(p, n->text + descending, n->length - descending, descending);
        else if (n->event == JSON_OBJECT)
            read_order_object(p, n);
        else
            query_issue(p, "type", "\"string\"", n,
                        "must be the name of a column, or an object with field and direction");
        issue_path_pop(&p->path, mark);
    }
}

/* ---- the query ---- */

static void not_built(struct query_parser *p, const struct query_node *n) {
    error_set(p->err, FLEXDB_UNSUPPORTED, "%s: queries with %s are not built yet", p->path.text, n->key);
}

/* In this order, whatever the document's: a cursor is read against the order. */
static const struct query_key {
    const char *name;
    void (*read)(struct query_parser *p, const struct query_node *n);
} keys[] = {
    {"include", not_built},  {"search", not_built},  {"filter", read_filter},
    {"orderBy", read_order}, {"limit", read_limit},  {"offset", read_offset},
    {"select", read_select}, {"after", query_after}, {"includeDeleted", read_include_deleted},
};

static void read_key(struct query_parser *p, const struct query_key *key, const struct query_node *n) {
    if (n == NULL || n->event == JSON_NULL || query_stopped(p)) return; /* null: as if it were not there */
    size_t mark = issue_path_key(&p->path, key->name);
    key->read(p, n);
    issue_path_pop(&p->path, mark);
}

static bool is_known(const struct query_node *n) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (query_node_is(n, keys[i].name)) return true;
    return false;
}

static void read_query(struct query_parser *p, const struct query_node *root) {
    if (root->event != JSON_OBJECT && !(root->event == JSON_ARRAY && root->count == 0)) {
        query_issue(p, "type", "\"object\"", root, "a query must be an object");
        return;
    }
    for (const struct query_node *n = root->first; n != NULL; n = n->next) {
        if (is_known(n)) continue;
        size_t mark = issue_path_key(&p->path, n->key);
        query_issue(p, "unknown", NULL, NULL, "there is no key %s in a query", query_quote(n->key, n->key_length).text);
        issue_path_pop(&p->path, mark);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        read_key(p, &keys[i], query_node_member(root, keys[i].name));
}

int query_parse(struct query **out, const struct validator *v, const char *text, size_t length, flexdb_error *err) {
    struct query *q = calloc(1, sizeof *q);
    if (q == NULL) return error_no_memory(err);
    struct query_parser p = {.query = q, .v = v, .err = err};
    struct query_node *root = NULL;
    int rc = length == 0 ? 0 : query_tree_parse(&q->arena, text, length, &root, err);
    if (rc == 0 && root != NULL) {
        read_query(&p, root);
        error_close_issues(err, FLEXDB_INVALID_QUERY);
        rc = -(int)err->code;
    }
    buffer_free(&p.scratch);
    if (rc != 0)
        query_free(q);
    else
        *out = q;
    return rc;
}

void query_free(struct query *q) {
    if (q == NULL) return;
    arena_free(&q->arena);
    free(q);
}

/* ---- what a filter selects, whatever the records hold ---- */

enum constant { NEVER, SOMETIMES, ALWAYS };

/* AND is the least of its children, OR the greatest. */
static enum constant constant_of(const struct filter *f) {
    enum constant result;
    switch (f->op) {
    case FILTER_AND:
        result = ALWAYS;
        for (size_t i = 0; i < f->count; i++) {
            enum constant child = constant_of(f->children[i]);
            if (child < result) result = child;
        }
        return result;
    case FILTER_OR:
        result = NEVER;
        for (size_t i = 0; i < f->count; i++) {
            enum constant child = constant_of(f->children[i]);
            if (child > result) result = child;
        }
        return result;
    case FILTER_NOT: return (enum constant)(ALWAYS - constant_of(f->children[0]));
    case FILTER_IN: return f->count == 0 ? NEVER : SOMETIMES;
    default: return SOMETIMES;
    }
}

bool query_is_unrestricted(const struct query *q) { return q->filter == NULL || constant_of(q->filter) == ALWAYS; }
