/* FlexDB's own tables: their DDL and every statement on them, as constant texts. */
#ifndef FLEXDB_SQL_CATALOG_H
#define FLEXDB_SQL_CATALOG_H

#include <stddef.h>

#include "sql/dialect.h"

enum { CATALOG_LAYOUT = 1 /* the layout that this version reads and writes; stands in flex_meta */ };

/* (parameters) → result columns. Times are text `YYYY-MM-DD HH:MM:SS` in UTC, whole seconds; flags 0 or 1; JSON text.
 */
enum catalog_statement {
    CATALOG_EXISTS,       /* () → one row when flex_meta is there: asked before anything is created */
    CATALOG_HAS_TABLES,   /* () → no row; an error when there is no flex_tables */
    CATALOG_HAS_STORAGE,  /* () → no row; an error when flex_tables is none of FlexDB's */
    CATALOG_READ_LAYOUT,  /* () → value as text */
    CATALOG_WRITE_LAYOUT, /* (value); nothing happens when it is there */
    /* All CATALOG_TABLE_* reads give the same columns:
     * id, name, display_name, schema, version, is_active, storage, revision, created_at, updated_at, deleted_at,
     * application_id */
    CATALOG_TABLE_BY_NAME, /* (application_id, name): plain read */
    CATALOG_TABLE_BY_ID,   /* (id): plain read */
    CATALOG_TABLE_LOCK,    /* (id): takes the row for writing; on a server without waiting (BUSY) */
    CATALOG_TABLE_SHARE,   /* (id): takes the row for reading until the transaction ends; a writer waits */
    CATALOG_TABLE_DROPPED, /* (application_id, original name, original name as a JSON string): soft-deleted ones of that
                              name, the last dropped first */
    CATALOG_TABLES,        /* (application_id): live, by name */
    CATALOG_TABLES_DELETED, /* (application_id): live and soft-deleted, by name */
    CATALOG_REVISION,       /* (id) → revision, is_active */
    CATALOG_INSERT_TABLE,   /* (id, application_id, name, display_name, schema, indexed_columns, version, created_at,
                               updated_at, storage) revision is 1 */
    CATALOG_UPDATE_TABLE,   /* (name, display_name, schema, indexed_columns, version, is_active, updated_at, deleted_at,
                               storage, id, revision): bumps revision; affects no row when the revision has moved */
    CATALOG_VERSIONS,       /* (table_id, from, to) → version, previous_schema, new_schema, changes, created_by,
                               created_at, message; oldest first */
    CATALOG_VERSIONS_BRIEF, /* the same with NULL for both schemas */
    CATALOG_INSERT_VERSION, /* (id, table_id, version, previous_schema, new_schema, changes, created_by, created_at,
                               message) */
    /* Keys of writes that are done once. */
    CATALOG_ONCE_CREATE, /* (): the table of the keys, where it is not there: older databases have none */
    CATALOG_ONCE_TAKE,   /* (application_id, name, step, result, created_at): DUPLICATE when somebody has it, who is
                            waited for */
    CATALOG_ONCE_FIND,   /* (application_id, name) → step, result */
    CATALOG_ONCE_SHARE,  /* the same as it is now, whatever the transaction has seen before */
    CATALOG_ONCE_KEEP,   /* (result, application_id, name) */
    CATALOG_ONCE_FORGET, /* (created_at): those from before */
    CATALOG_STATEMENT_COUNT
};

/* NUL-terminated, never NULL. */
const char *catalog_sql(const struct dialect *d, enum catalog_statement which);

/* The DDL of FlexDB's own tables, in order, each harmless when it has been done: entry i, NULL at the end. */
const char *catalog_ddl(const struct dialect *d, size_t i);

#endif
