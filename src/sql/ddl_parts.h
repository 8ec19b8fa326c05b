/* Pieces of CREATE TABLE that stand in a file of their own. */
#ifndef FLEXDB_SQL_DDL_PARTS_H
#define FLEXDB_SQL_DDL_PARTS_H

#include "base/buffer.h"
#include "model/layout.h"

/* `, i1_digest …`: the columns on which wide unique indexes of a server stand. */
void ddl_put_digests(const struct layout *l, struct buffer *out);
/* `, KEY i1 (…), …`: a server's indexes over several columns. */
void ddl_put_keys(const struct layout *l, struct buffer *out);

#endif
