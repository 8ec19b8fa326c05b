#include "sql/engine.h"

/* Any server that speaks MySQL's protocol: MariaDB 10.3 and later, MySQL 8 and later. */
const struct dialect dialect_mysql = {
    .name = "mysql",
    .catalog = catalog_mysql,
    .catalog_ddl = catalog_ddl_mysql,
    .inspect = inspect_mysql,
    .key_columns = "seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
                   "id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL",
    .document_type = "JSON",
    .document_bytes = "/*!80000 CONVERT( */ ? /*!80000 USING utf8mb4) */", /* MySQL makes no JSON of bytes */
    .column_types =
        {
            [PHYSICAL_NONE] = "VARBINARY(1052)",
            [PHYSICAL_INTEGER] = "BIGINT",
            [PHYSICAL_DECIMAL] = "BINARY(16)",
            [PHYSICAL_DATE] = "VARBINARY(10)",
            [PHYSICAL_DATETIME] = "VARBINARY(27)",
            [PHYSICAL_ID] = "VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin",
            [PHYSICAL_TEXT] = "VARBINARY(1052)",
        },
    .table_options = " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC",
    .binary_entries = true,
    .live = "live = 1",
    .live_unindexed = "live = 1",
    .insert_rows = "INSERT INTO ",
    .parameter_id = "CAST(? AS BINARY)",
    .share_lock = " LOCK IN SHARE MODE",
    .write_lock = " FOR UPDATE",
    .selects_revision = true,
    .guards_by_need = true,
    .self_read_derived = true,
    .or_is_range = true,
    .max_parameters = 32766, /* a server takes 65535: as many as SQLite, so that a query means the same */
    .expressions = &expressions_mysql,
};
