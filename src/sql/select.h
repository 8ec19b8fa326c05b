/* From a parsed query to one SELECT with bound values. */
#ifndef FLEXDB_SQL_SELECT_H
#define FLEXDB_SQL_SELECT_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "model/layout.h"
#include "model/query.h"
#include "sql/dialect.h"

/* A statement and its parameters, which point into the query, the layout, the validator and `scratch`. */
struct sql {
    struct buffer text;
    flexdb_value *parameters;
    size_t count, capacity;
    struct buffer *scratch_blocks; /* owned texts of long entries */
    size_t scratch_count;
};

#define SQL_INIT ((struct sql){0})
void sql_clear(struct sql *s);

enum select_what {
    /* The columns of enum fetch_column. A few records more than `limit` may follow, which are not to be given. */
    SELECT_RECORDS,
    SELECT_COUNT, /* → count [, revision]: without order and limit; offset and limit are honoured by counting a subquery
                   */
    SELECT_TARGETS /* FETCH columns in order of seq, without limit: for update_all and delete_all, locked on a server */
};

/* `table_id` is bound where FETCH_REVISION is selected. Unindexed columns are read from the document: by the function
 * `flex_value` where the dialect has functions (see below), else by the engine's JSON functions; records without the
 * key compare as the column's initial default. Ties of the order are broken by seq ascending; null is smallest. The
 * text is the same for every query of the same shape. LIMIT when a query would need more parameters than the engine
 * takes. */
int select_build(struct sql *out, const struct dialect *d, enum select_what what, const struct layout *l,
                 const struct validator *v, const struct query *q, const char *table_id, flexdb_error *err);

/* flex_value(data, member[, default]) → the physical value of a document's member: what the database layer registers
 * with drivers that have functions. `member` is `"key":` and two more bytes, '0' + an enum physical_kind and '0' + the
 * scale: the engine copies each argument for each record. */
#define SELECT_VALUE_FUNCTION "flex_value"
/* flex_icontains(text, needle) → 1 or 0, by Unicode simple case mapping. */
#define SELECT_ICONTAINS_FUNCTION "flex_icontains"

#endif
