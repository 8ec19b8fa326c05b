/* Pieces of CREATE TABLE that stand in a file of their own, and that others need alone. */
#ifndef FLEXDB_SQL_DDL_PARTS_H
#define FLEXDB_SQL_DDL_PARTS_H

#include "base/buffer.h"
#include "model/layout.h"

/* `, i1_digest …`: the columns on which wide unique indexes of a server stand. */
void ddl_put_digests(const struct layout *l, struct buffer *out);
/* `KEY i1 (…)`, …: a server's indexes over several columns, each with a text before it. */
void ddl_put_keys(const struct layout *l, const char *before, struct buffer *out);

/* Whether the index stands on such a column. */
bool ddl_is_digested(const struct layout *l, const struct layout_index *index);
/* `i1_digest …` */
void ddl_put_digest(const struct layout *l, const struct layout_index *index, struct buffer *out);
/* `c1, c2(1021), …`: the parts of a key that only finds. */
void ddl_put_finding_parts(const struct layout *l, const struct layout_index *index, struct buffer *out);

#endif
