/* What the files of query.h share. Private to src/model/query*.c. */
#ifndef FLEXDB_MODEL_QUERY_PARTS_H
#define FLEXDB_MODEL_QUERY_PARTS_H

#include "base/json_reader.h"
#include "model/issue_path.h"
#include "model/query.h"

/* ---- the document as it was given (query_tree.c) ---- */

/* Keys and strings lie in the query's arena; the JSON of other nodes in the text that is being parsed. */
struct query_node {
    enum json_event event; /* OBJECT, ARRAY, STRING, INTEGER, NUMBER, TRUE, FALSE or NULL */
    bool inexact;          /* NUMBER: an integer beyond int64; text is how it was written */
    int64_t integer;
    double number;
    const char *text; /* STRING: unescaped; else the JSON text of the node */
    size_t length;
    const char *key; /* of a member of an object */
    size_t key_length;
    struct query_node *first, *next; /* children, in their order */
    size_t count;
};

/* Strict JSON to a tree; INVALID_QUERY with the offset. */
int query_tree_parse(struct arena *arena, const char *text, size_t length, struct query_node **out, flexdb_error *err);
/* An array; or an empty object, which is what an empty table of a script looks like. */
bool query_node_is_list(const struct query_node *n);
bool query_node_is(const struct query_node *n, const char *key); /* the member's key */
/* NULL when there is none. */
const struct query_node *query_node_member(const struct query_node *object, const char *key);
/* The node as a value, borrowed; objects and arrays as JSON. */
flexdb_value query_node_value(const struct query_node *n);

/* ---- parsing ---- */

struct query_parser {
    struct query *query;
    const struct validator *v;
    flexdb_error *err;
    struct issue_path path;
    struct buffer scratch; /* of one value's conversion */
    size_t nodes;          /* of the filter */
    int depth;
};

/* Adds an issue here: its `got` is the node, said at the end of the message as well. */
void query_issue(struct query_parser *p, const char *rule, const char *expected, const struct query_node *got,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A name that a user made up, quoted and cut for a message. */
struct query_quoted {
    char text[96];
};
struct query_quoted query_quote(const char *name, size_t length);
/* Nothing more is to be found: memory is out, or something is not built yet. */
static inline bool query_stopped(const struct query_parser *p) { return p->err->code != FLEXDB_OK; }

/* The slot of a column or system field, or NAMES_NONE after an issue that names it. */
int64_t query_slot(struct query_parser *p, const char *name, size_t length);
enum column_type query_slot_type(const struct validator *v, size_t slot);

/* query_value.c: the physical form of a node as a value of the slot; of a text to search for. False after an issue. */
bool query_value(struct query_parser *p, size_t slot, const struct query_node *n, flexdb_value *out);
bool query_needle(struct query_parser *p, const struct query_node *n, flexdb_value *out);

/* query_filter.c: the condition that the node stands for; NULL after an issue. */
const struct filter *query_filter(struct query_parser *p, const struct query_node *n);

/* query_cursor.c: fills in `after` of a query whose order is known. */
void query_after(struct query_parser *p, const struct query_node *n);

#endif
