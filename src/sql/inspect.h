/* What a database says of itself: the statements of doctor that only read. */
#ifndef FLEXDB_SQL_INSPECT_H
#define FLEXDB_SQL_INSPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/layout.h"
#include "sql/dialect.h"

/* (parameters) → result columns. */
enum inspect_statement {
    INSPECT_INTEGRITY,       /* () → a line each of what the engine finds wrong with the whole database, or `ok` */
    INSPECT_TABLE_INTEGRITY, /* (physical table) → the same of one table */
    INSPECT_PHYSICAL,        /* () → names of all physical tables of records */
    INSPECT_JOURNALS,        /* () → names of all journals that are there, or that triggers write to */
    INSPECT_HAS_TABLE,       /* (physical table) → a row when it is there, whoever is altering it */
    INSPECT_COLUMNS,         /* (physical table) → column name; no row when the table is not there */
    INSPECT_INDEXES,  /* (physical table) → index name, unique (0, 1), partial (0, 1), column name; the columns of
                         an index together and in their order */
    INSPECT_TABLES,   /* () → id, storage of every row of flex_tables, ordered by application and name */
    INSPECT_INDEXED,  /* (table id) → indexed_columns of its row */
    INSPECT_VERSIONS, /* (table id) → id, version, previous_schema, new_schema, changes, created_by, created_at as
                         text, message; ordered by version */
    INSPECT_LOST_VERSIONS, /* () → table id, number of its rows in flex_table_versions; of tables that are not there */
    INSPECT_STATEMENT_COUNT
};

/* NUL-terminated; NULL where the engine has no such thing (the two of integrity; journals). */
const char *inspect_sql(const struct dialect *d, enum inspect_statement which);

/* Behind enum fetch_column: `live` (NULL where the dialect has none), then the live physical columns in the layout's
 * order. */
enum { INSPECT_LIVE = 9, INSPECT_FIRST_ENTRY };

/* All records in order of seq: parameters: [table id, see records_selects_revision,] seq to begin behind, limit. */
void inspect_records(const struct dialect *d, const struct layout *l, struct buffer *out);
/* One of them, taken for writing: parameters: [table id,] seq. */
void inspect_record(const struct dialect *d, const struct layout *l, struct buffer *out);
/* Live records that have the same values in these physical columns as an older live one, where all have a value: () →
 * id, the older one's id; in order of insertion. */
void inspect_duplicates(const struct dialect *d, const struct layout *l, const struct layout_column *const columns[],
                        size_t count, struct buffer *out);
/* Live records whose reference in a physical column leads to no live record of the physical table `target`: () → id,
 * reference. */
void inspect_dangling(const struct dialect *d, const struct layout *l, const struct layout_column *c,
                      const char *target, struct buffer *out);
/* Whether a physical table holds anything: () → one row or none. */
void inspect_any(const struct dialect *d, const char *table, struct buffer *out);
/* `live` is there, and must be 1 for a live record and NULL for another. */
bool inspect_has_live(const struct dialect *d);

#endif
