#include "sql/engine.h"

/* No AUTOINCREMENT: a seq may come back once the last row was erased, which keeps the order of insertion all the same.
 */
const struct dialect dialect_sqlite = {
    .name = "sqlite",
    .catalog = catalog_sqlite,
    .catalog_ddl = catalog_ddl_sqlite,
    .inspect = inspect_sqlite,
    .key_columns = "seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE",
    .document_type = "TEXT",
    .document_bytes = "?",
    .column_types =
        {
            [PHYSICAL_NONE] = "BLOB",
            [PHYSICAL_INTEGER] = "INTEGER",
            [PHYSICAL_DECIMAL] = "BLOB",
            [PHYSICAL_DATE] = "TEXT",
            [PHYSICAL_DATETIME] = "TEXT",
            [PHYSICAL_ID] = "TEXT",
            [PHYSICAL_TEXT] = "TEXT",
        },
    .table_options = "",
    .partial_indexes = true,
    .live = "deleted_at IS NULL",
    .live_unindexed = "+deleted_at IS NULL",
    .insert_rows = "INSERT OR FAIL INTO ",
    .parameter_id = "?",
    .share_lock = "",
    .write_lock = "",
    .max_parameters = 32766,
    .expressions = &expressions_sqlite,
};
