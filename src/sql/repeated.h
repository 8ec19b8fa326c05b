/* Statements that find the values which several live records share, where physical columns hold them. Columns are taken
 * together; a record without a value in one of them counts for nothing. */
#ifndef FLEXDB_SQL_REPEATED_H
#define FLEXDB_SQL_REPEATED_H

#include <stddef.h>

#include "base/buffer.h"
#include "model/layout.h"
#include "sql/dialect.h"

struct repeated_columns {
    const struct layout_column *const *columns;
    size_t count;
};

/* (limit) → the first seq, how many records, the values in the columns' order: shared values by their first record. */
void repeated_values(const struct dialect *d, const struct layout *l, struct repeated_columns c, struct buffer *out);
/* () → how many values are shared, by how many records in all. */
void repeated_total(const struct dialect *d, const struct layout *l, struct repeated_columns c, struct buffer *out);
/* The live records that hold one of `count` lists of values, by seq: (the lists, one behind the other) → id, the
 * values. */
void repeated_holders(const struct dialect *d, const struct layout *l, struct repeated_columns c, size_t count,
                      struct buffer *out);

#endif
