/* Pieces that several statements of this folder share. */
#ifndef FLEXDB_SQL_FRAGMENTS_H
#define FLEXDB_SQL_FRAGMENTS_H

#include "base/buffer.h"
#include "model/layout.h"
#include "sql/dialect.h"

/* `seq, id, …`: the columns of enum fetch_column, one parameter where the revision is selected. */
void put_fetch_columns(const struct dialect *d, struct buffer *out);
/* `SELECT `, the same and ` FROM table`. */
void put_fetch(const struct dialect *d, const struct layout *l, struct buffer *out);

#endif
