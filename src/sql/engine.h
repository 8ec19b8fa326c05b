/* The table behind `struct dialect`: for the files of this folder only. */
#ifndef FLEXDB_SQL_ENGINE_H
#define FLEXDB_SQL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/type.h"
#include "sql/catalog.h"
#include "sql/dialect.h"

enum { ENGINE_KINDS = PHYSICAL_TEXT + 1 };

/* Identifiers are quoted with backticks throughout, which both engines take. */
struct dialect {
    const char *name;
    const char *const *catalog;     /* by enum catalog_statement */
    const char *const *catalog_ddl; /* NULL at the end */
    const char *const *inspect;     /* by enum inspect_statement */

    /* Physical tables. */
    const char *key_columns;    /* seq and id, whose unique index is apart where indexes are part of CREATE TABLE */
    const char *document_type;  /* of `data`, */
    const char *document_bytes; /* and a parameter for it that takes bytes as well */
    const char *const column_types[ENGINE_KINDS];
    const char *table_options;
    bool partial_indexes; /* else `live` stands in unique indexes, and indexes are part of CREATE TABLE */
    bool binary_entries;  /* physical columns of texts are binary and bounded: see ddl_text_entry */

    /* Statements. */
    const char *live;           /* the predicate of a live record, in the words of its unique indexes */
    const char *live_unindexed; /* the same in words that no partial index answers */
    const char *insert_rows;    /* begins the INSERT whose row is given many times over: see driver.h, run_many */
    const char *parameter_id;   /* a parameter that is compared with an id, without padding */
    const char *share_lock;     /* ends a SELECT: waits for writers, and makes them wait */
    const char *write_lock;
    bool selects_revision;  /* there is no change counter: a read brings the catalogue's revision along */
    bool guards_by_need;    /* see records_guards_by_need */
    bool self_read_derived; /* a statement may read the table that it writes only through a derived table */
    bool or_is_range;       /* `k > ? OR (k = ? AND seq > ?)` is one range of the index on k */
    size_t max_parameters;

    /* The value of a document's member, and what texts are asked for: see select_parts.h. */
    const struct engine_expressions *expressions;
};

extern const struct dialect dialect_sqlite, dialect_mysql;
extern const char *const catalog_sqlite[], *const catalog_mysql[];
extern const char *const catalog_ddl_sqlite[], *const catalog_ddl_mysql[];
extern const char *const inspect_sqlite[], *const inspect_mysql[];
extern const struct engine_expressions expressions_sqlite, expressions_mysql;

/* A quoted identifier. */
void sql_name(struct buffer *out, const char *name);

#endif
