/* Pieces that several statements of this folder share. */
#ifndef FLEXDB_SQL_FRAGMENTS_H
#define FLEXDB_SQL_FRAGMENTS_H

#include <stddef.h>

#include "base/buffer.h"
#include "model/layout.h"
#include "sql/dialect.h"

/* `SELECT seq, id, … FROM table`: the columns of enum fetch_column, one parameter where the revision is selected. */
void put_fetch(const struct dialect *d, const struct layout *l, struct buffer *out);
/* `prefix` and then `count` times `item`, comma-separated in parentheses. */
void put_list(struct buffer *out, const char *item, size_t count);

#endif
