/* The statements by which doctor mends: of the physical table's shape, and of one record. */
#ifndef FLEXDB_SQL_MEND_H
#define FLEXDB_SQL_MEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/layout.h"
#include "sql/dialect.h"

/* Of the name of a column or of a server's index; of an index's where it is the whole database's. */
enum { MEND_OWN_SIZE = PHYSICAL_NAME_SIZE + 8, MEND_NAME_SIZE = PHYSICAL_NAME_SIZE + MEND_OWN_SIZE };
enum { MEND_SYSTEM_COLUMNS = 9 };

/* An index that a physical table must have. */
struct index_shape {
    char name[MEND_NAME_SIZE]; /* "" where it may be called anything (the one on id) */
    size_t count;
    char columns[INDEX_MAX_COLUMNS + 1][MEND_OWN_SIZE];
    bool unique, partial;               /* partial: live records alone */
    const struct layout_column *single; /* what it is of; both NULL: id */
    const struct layout_index *several;
};

/* Number i, from 0; false behind the last. Borrows from the layout. */
bool mend_index_shape(const struct dialect *d, const struct layout *l, size_t i, struct index_shape *out);
void mend_create_index(const struct dialect *d, const struct layout *l, const struct index_shape *index,
                       struct buffer *out);
void mend_drop_index(const struct dialect *d, const struct layout *l, const struct index_shape *index,
                     struct buffer *out);
/* Number i, from 0, of the indexes that FlexDB's own tables must have; false behind the last. An index is as good that
 * is called otherwise, or is unique where that need not be. */
bool mend_own_index(size_t i, const char **table, struct index_shape *out);
void mend_create_own(const char *table, const struct index_shape *index, struct buffer *out);
void mend_drop_own(const struct dialect *d, const char *table, const struct index_shape *index, struct buffer *out);
/* An empty physical column. */
void mend_add_column(const struct dialect *d, const struct layout *l, const struct layout_column *c,
                     struct buffer *out);
/* The name of the column that the engine fills for an index (sql/ddl.h); false when the index needs none. */
bool mend_digest_name(const struct dialect *d, const struct layout *l, const struct layout_index *index,
                      char out[MEND_OWN_SIZE]);
void mend_add_digest(const struct dialect *d, const struct layout *l, const struct layout_index *index,
                     struct buffer *out);
/* Column number i, from 0, of the at most MEND_SYSTEM_COLUMNS that every physical table has; NULL behind the last. */
const char *mend_system_column(const struct dialect *d, size_t i);

/* Makes a record agree with its document: parameters: the live physical columns in the layout's order, [with `document`
 * a new one,] version, schema_version, created_at, updated_at, deleted_at (NULL or not, as it is), seq. `live` is what
 * deleted_at says. */
void mend_record(const struct dialect *d, const struct layout *l, bool document, struct buffer *out);
/* Builds all indexes anew, of one table or (NULL) of the database, where the engine checks them by itself
 * (INSPECT_INTEGRITY). */
void mend_indexes(const struct dialect *d, const char *table, struct buffer *out);

#endif
