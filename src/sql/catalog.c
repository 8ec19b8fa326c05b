#include "sql/catalog.h"

#include "sql/engine.h"

/* `ID` is a parameter that is compared with text, `TIME(c)` a time as text, STAMP when a table was dropped, to
 * the microsecond; SHARE and NOWAIT end a locking read. The statements are otherwise the same on every engine. */
#define TABLE_COLUMNS(TIME)                                                                                            \
    "id, name, display_name, `schema`, version, is_active, storage, revision, " TIME("created_at") ", " TIME(          \
        "updated_at") ", " TIME("deleted_at") ", application_id"
#define SELECT_TABLES(TIME) "SELECT " TABLE_COLUMNS(TIME) " FROM flex_tables "
#define VERSIONS(SCHEMAS, ID, TIME)                                                                                    \
    "SELECT version, " SCHEMAS                                                                                         \
    ", `changes`, created_by, " TIME("created_at") ", message FROM flex_table_versions "                               \
                                                   "WHERE table_id = " ID                                              \
                                                   " AND version BETWEEN ? AND ? ORDER BY version"

#define ONCE_FIND(ID) "SELECT step, result FROM flex_once WHERE application_id = " ID " AND name = " ID

#define STATEMENTS(EXISTS, IGNORE, ORIGINAL, STAMP, ID, TIME, SHARE, NOWAIT, ONCE)                                     \
    {                                                                                                                  \
        [CATALOG_EXISTS] = EXISTS, [CATALOG_HAS_TABLES] = "SELECT 1 FROM flex_tables WHERE 1 = 0",                     \
        [CATALOG_HAS_STORAGE] = "SELECT storage, revision FROM flex_tables WHERE 1 = 0",                               \
        [CATALOG_READ_LAYOUT] = "SELECT value FROM flex_meta WHERE name = 'layout'",                                   \
        [CATALOG_WRITE_LAYOUT] = "INSERT INTO flex_meta (name, value) VALUES ('layout', ?) " IGNORE,                   \
        [CATALOG_TABLE_BY_NAME] = SELECT_TABLES(TIME) "WHERE application_id = " ID " AND name = " ID,                  \
        [CATALOG_TABLE_BY_ID] = SELECT_TABLES(TIME) "WHERE id = " ID,                                                  \
        [CATALOG_TABLE_LOCK] = SELECT_TABLES(TIME) "WHERE id = " ID NOWAIT,                                            \
        [CATALOG_TABLE_SHARE] = SELECT_TABLES(TIME) "WHERE id = " ID SHARE,                                            \
        [CATALOG_TABLE_DROPPED] = SELECT_TABLES(TIME) "WHERE application_id = " ID " AND deleted_at IS NOT NULL "      \
                                                      "AND (name = " ID " OR " ORIGINAL ") "                           \
                                                      "ORDER BY flex_tables.deleted_at DESC, " STAMP " DESC, id DESC", \
        [CATALOG_TABLES] = SELECT_TABLES(TIME) "WHERE application_id = " ID " AND is_active AND deleted_at IS NULL "   \
                                               "ORDER BY name",                                                        \
        [CATALOG_TABLES_DELETED] = SELECT_TABLES(TIME) "WHERE application_id = " ID " ORDER BY name",                  \
        [CATALOG_REVISION] = "SELECT revision, is_active FROM flex_tables WHERE id = " ID,                             \
        [CATALOG_INSERT_TABLE] = "INSERT INTO flex_tables (id, application_id, name, display_name, `schema`, "         \
                                 "indexed_columns, version, created_at, updated_at, storage, revision) "               \
                                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",                                           \
        [CATALOG_UPDATE_TABLE] = "UPDATE flex_tables SET name = ?, display_name = ?, `schema` = ?, "                   \
                                 "indexed_columns = ?, version = ?, is_active = ?, updated_at = ?, deleted_at = ?, "   \
                                 "storage = ?, revision = revision + 1 WHERE id = " ID " AND revision = ?",            \
        [CATALOG_VERSIONS] = VERSIONS("previous_schema, new_schema", ID, TIME),                                        \
        [CATALOG_VERSIONS_BRIEF] = VERSIONS("NULL, NULL", ID, TIME),                                                   \
        [CATALOG_INSERT_VERSION] = "INSERT INTO flex_table_versions (id, table_id, version, previous_schema, "         \
                                   "new_schema, `changes`, created_by, created_at, message) "                          \
                                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",                                               \
        [CATALOG_ONCE_CREATE] = ONCE,                                                                                  \
        [CATALOG_ONCE_TAKE] = "INSERT INTO flex_once (application_id, name, step, result, created_at) "                \
                              "VALUES (?, ?, ?, ?, ?)",                                                                \
        [CATALOG_ONCE_FIND] = ONCE_FIND(ID), [CATALOG_ONCE_SHARE] = ONCE_FIND(ID) SHARE,                               \
        [CATALOG_ONCE_KEEP] = "UPDATE flex_once SET result = ? WHERE application_id = " ID " AND name = " ID,          \
        [CATALOG_ONCE_FORGET] = "DELETE FROM flex_once WHERE created_at < ?",                                          \
    }

/* Keys compare byte by byte, which text on a server does not: there 'a' = 'a '. */
#define ONCE_SQLITE                                                                                                    \
    "CREATE TABLE IF NOT EXISTS flex_once (application_id VARCHAR(128) NOT NULL, name VARCHAR(255) NOT NULL, "         \
    "step CHAR(64) NOT NULL, result JSON, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "                   \
    "PRIMARY KEY (application_id, name))"
#define MYSQL_OPTIONS " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC"
#define ONCE_MYSQL                                                                                                     \
    "CREATE TABLE IF NOT EXISTS flex_once (application_id VARBINARY(128) NOT NULL, name VARBINARY(255) NOT NULL, "     \
    "step CHAR(64) NOT NULL, result JSON NULL, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "              \
    "PRIMARY KEY (application_id, name))" MYSQL_OPTIONS

#define SQLITE_TIME(column) column
#define MYSQL_TIME(column)  "CAST(" column " AS CHAR)"

const char *const catalog_sqlite[CATALOG_STATEMENT_COUNT] =
    STATEMENTS("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'flex_meta'", "ON CONFLICT DO NOTHING",
               "json_extract(storage, '$.originalName') = json_extract(?, '$')", "json_extract(storage, '$.droppedAt')",
               "?", SQLITE_TIME, "", "", ONCE_SQLITE);

/* CAST(… AS BINARY): the columns' collation pads, so that 'a' = 'a '; a binary parameter does not, and still finds its
 * way through the index. */
const char *const catalog_mysql[CATALOG_STATEMENT_COUNT] =
    STATEMENTS("SELECT table_name FROM information_schema.tables "
               "WHERE table_schema = DATABASE() AND table_name = 'flex_meta'",
               "ON DUPLICATE KEY UPDATE name = name",
               "JSON_UNQUOTE(JSON_EXTRACT(storage, '$.originalName')) = CAST(JSON_UNQUOTE(?) AS BINARY)",
               "CAST(JSON_UNQUOTE(JSON_EXTRACT(storage, '$.droppedAt')) AS SIGNED)", "CAST(? AS BINARY)", MYSQL_TIME,
               " LOCK IN SHARE MODE", " FOR UPDATE NOWAIT", ONCE_MYSQL);

const char *const catalog_ddl_sqlite[] = {
    "CREATE TABLE IF NOT EXISTS flex_tables ("
    "id VARCHAR(128) NOT NULL PRIMARY KEY, application_id VARCHAR(128) NOT NULL, name VARCHAR(255) NOT NULL, "
    "display_name VARCHAR(255), `schema` JSON NOT NULL, indexed_columns JSON, version INT NOT NULL DEFAULT 1, "
    "is_active BOOLEAN NOT NULL DEFAULT TRUE, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
    "updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, deleted_at TIMESTAMP, "
    "storage JSON, revision BIGINT NOT NULL DEFAULT 1, UNIQUE (application_id, name))",
    "CREATE INDEX IF NOT EXISTS flex_tables_application_id ON flex_tables (application_id)",
    "CREATE INDEX IF NOT EXISTS flex_tables_is_active ON flex_tables (is_active)",
    "CREATE TABLE IF NOT EXISTS flex_table_versions ("
    "id VARCHAR(128) NOT NULL PRIMARY KEY, table_id VARCHAR(128) NOT NULL, version INT NOT NULL, "
    "previous_schema JSON, new_schema JSON NOT NULL, `changes` JSON NOT NULL, created_by VARCHAR(128), "
    "created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, message TEXT)",
    "CREATE INDEX IF NOT EXISTS flex_table_versions_table_id_version ON flex_table_versions (table_id, version)",
    "CREATE INDEX IF NOT EXISTS flex_table_versions_table_id ON flex_table_versions (table_id)",
    "CREATE TABLE IF NOT EXISTS flex_meta (name VARCHAR(64) NOT NULL PRIMARY KEY, value VARCHAR(255) NOT NULL)",
    ONCE_SQLITE,
    NULL,
};

const char *const catalog_ddl_mysql[] = {
    "CREATE TABLE IF NOT EXISTS flex_tables ("
    "id VARCHAR(128) NOT NULL PRIMARY KEY, application_id VARCHAR(128) NOT NULL, name VARCHAR(255) NOT NULL, "
    "display_name VARCHAR(255) NULL, `schema` JSON NOT NULL, indexed_columns JSON NULL, "
    "version INT NOT NULL DEFAULT 1, is_active BOOLEAN NOT NULL DEFAULT TRUE, "
    "created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
    "updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, deleted_at TIMESTAMP NULL DEFAULT NULL, "
    "storage JSON NULL, revision BIGINT NOT NULL DEFAULT 1, "
    "UNIQUE KEY flex_tables_application_id_name (application_id, name), "
    "KEY flex_tables_application_id (application_id), KEY flex_tables_is_active (is_active))" MYSQL_OPTIONS,
    "CREATE TABLE IF NOT EXISTS flex_table_versions ("
    "id VARCHAR(128) NOT NULL PRIMARY KEY, table_id VARCHAR(128) NOT NULL, version INT NOT NULL, "
    "previous_schema JSON NULL, new_schema JSON NOT NULL, `changes` JSON NOT NULL, created_by VARCHAR(128) NULL, "
    "created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, message TEXT NULL, "
    "KEY flex_table_versions_table_id_version (table_id, version), "
    "KEY flex_table_versions_table_id (table_id))" MYSQL_OPTIONS,
    "CREATE TABLE IF NOT EXISTS flex_meta (name VARCHAR(64) NOT NULL PRIMARY KEY, "
    "value VARCHAR(255) NOT NULL)" MYSQL_OPTIONS,
    ONCE_MYSQL,
    NULL,
};

const char *catalog_sql(const struct dialect *d, enum catalog_statement which) { return d->catalog[which]; }

const char *catalog_ddl(const struct dialect *d, size_t i) { return d->catalog_ddl[i]; }
