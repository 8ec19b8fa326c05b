/* Statements of a purge, on one physical table. Those that read give enum fetch_column and take the table's id first
 * where records_selects_revision says so. */
#ifndef FLEXDB_SQL_PURGE_H
#define FLEXDB_SQL_PURGE_H

#include "base/buffer.h"
#include "model/layout.h"
#include "sql/dialect.h"

/* All records in order of seq: parameters: seq to begin behind, limit. */
void purge_walk(const struct dialect *d, const struct layout *l, struct buffer *out);
/* Those behind one seq and up to another, taken for writing until the transaction ends: parameters: seq, seq. */
void purge_take(const struct dialect *d, const struct layout *l, struct buffer *out);
/* The same of soft-deleted records alone: parameters: time before which they were deleted, then as above. */
void purge_walk_deleted(const struct dialect *d, const struct layout *l, struct buffer *out);
void purge_take_deleted(const struct dialect *d, const struct layout *l, struct buffer *out);
/* A shorter document in place of the one that stands there, with nothing left in the physical columns that have lapsed:
 * parameters: data, seq. The version stays, for nothing has changed that anybody can read. */
void purge_rewrite(const struct dialect *d, const struct layout *l, struct buffer *out);
/* parameters: seq */
void purge_erase(const struct dialect *d, const struct layout *l, struct buffer *out);

#endif
