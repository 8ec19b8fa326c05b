/* A query document, parsed and typed against a definition: what is asked, before any SQL.
 *
 * { filter, orderBy, limit, offset, after, select, includeDeleted }; see the Lua contract for the language. Values are
 * converted by their column's type (its rules, such as maxLength or enum, do not apply to what is searched for). */
#ifndef FLEXDB_MODEL_QUERY_H
#define FLEXDB_MODEL_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "model/validator.h"

enum { QUERY_MAX_DEPTH = 64, QUERY_MAX_NODES = 10000 };

enum filter_op {
    FILTER_AND, /* children; none: true */
    FILTER_OR,  /* children; none: false */
    FILTER_NOT, /* one child */
    FILTER_EQ,  /* from here on: slot and values */
    FILTER_NE,
    FILTER_GT,
    FILTER_GTE,
    FILTER_LT,
    FILTER_LTE,
    FILTER_IN, /* any number of values */
    FILTER_NOT_IN,
    FILTER_BETWEEN, /* two values, both inclusive */
    FILTER_IS_NULL, /* no values */
    FILTER_NOT_NULL,
    FILTER_CONTAINS, /* texts only */
    FILTER_STARTS_WITH,
    FILTER_ENDS_WITH,
    FILTER_ICONTAINS
};

/* A comparison with an absent value is false, NE and NOT_IN included; NOT selects exactly what its child does not. */
struct filter {
    enum filter_op op;
    size_t slot;  /* of the validator's shape: columns and system fields */
    size_t count; /* of children or values */
    const struct filter *const *children;
    const flexdb_value *values; /* in physical form (codec_physical); system times as INTEGER microseconds */
};

struct order {
    size_t slot;
    bool descending;
};

struct query {
    struct arena arena;
    const struct filter *filter; /* NULL: all */
    size_t order_count;
    struct order *orders;
    bool has_limit;
    int64_t limit, offset; /* not negative */
    bool *select;          /* a bool for each slot; NULL: all */
    bool include_deleted;
    bool has_after;
    flexdb_value *after; /* order_count physical values (NULL where there was none) */
    int64_t after_seq;
};

/* Parses strict JSON (an empty text means the empty query). Every problem is an issue (`filter.age.gte`, `orderBy[1]`)
 * and the error is INVALID_QUERY; `include`, `search` and paths into json columns are UNSUPPORTED. The caller frees
 * with query_free. An unknown key of the query itself is an issue. */
int query_parse(struct query **out, const struct validator *v, const char *text, size_t length, flexdb_error *err);
void query_free(struct query *q);

/* The filter selects every record, whatever they hold (what update_all refuses without `all = true`). */
bool query_is_unrestricted(const struct query *q);

/* How the physical form of a slot compares: for columns the compiled column's; id PHYSICAL_ID; times and _version
 * PHYSICAL_INTEGER. */
enum physical_kind query_slot_kind(const struct validator *v, size_t slot);

/* The opaque cursor after a record: its physical order values and its seq. base64url, bound to the order of the query.
 */
int query_cursor(const struct query *q, const struct validator *v, const flexdb_value *order_values, int64_t seq,
                 struct buffer *out, flexdb_error *err);

#endif
