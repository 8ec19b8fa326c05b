#include "sql/inspect.h"

#include <assert.h>

#include "sql/engine.h"
#include "sql/fragments.h"
#include "sql/records.h"

static_assert((int)INSPECT_LIVE == (int)FETCH_COUNT, "live follows what every fetch gives");

#define STATEMENTS(INTEGRITY, TABLE_INTEGRITY, PHYSICAL, JOURNALS, HAS_TABLE, COLUMNS, INDEXES)                        \
    {                                                                                                                  \
        [INSPECT_INTEGRITY] = INTEGRITY, [INSPECT_TABLE_INTEGRITY] = TABLE_INTEGRITY, [INSPECT_PHYSICAL] = PHYSICAL,   \
        [INSPECT_JOURNALS] = JOURNALS, [INSPECT_HAS_TABLE] = HAS_TABLE, [INSPECT_COLUMNS] = COLUMNS,                   \
        [INSPECT_INDEXES] = INDEXES,                                                                                   \
        [INSPECT_TABLES] = "SELECT id, storage FROM flex_tables ORDER BY application_id, name, id",                    \
        [INSPECT_INDEXED] = "SELECT indexed_columns FROM flex_tables WHERE id = ?",                                    \
        [INSPECT_VERSIONS] = "SELECT id, version, previous_schema, new_schema, `changes`, created_by, "                \
                             "CAST(created_at AS CHAR), message FROM flex_table_versions "                             \
                             "WHERE table_id = ? ORDER BY version, id",                                                \
        [INSPECT_LOST_VERSIONS] = "SELECT v.table_id, COUNT(*) FROM flex_table_versions AS v "                         \
                                  "LEFT JOIN flex_tables AS t ON t.id = v.table_id WHERE t.id IS NULL "                \
                                  "GROUP BY v.table_id ORDER BY v.table_id",                                           \
    }

const char *const inspect_sqlite[INSPECT_STATEMENT_COUNT] = STATEMENTS(
    "SELECT integrity_check FROM pragma_integrity_check", "SELECT integrity_check FROM pragma_integrity_check(?)",
    "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 13) = 'flex_records_' "
    "ORDER BY name",
    NULL, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
    "SELECT name FROM pragma_table_info(?) ORDER BY cid",
    "SELECT l.name, l.`unique`, l.partial, i.name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) "
    "AS i ORDER BY l.seq, i.seqno");

const char *const inspect_mysql[INSPECT_STATEMENT_COUNT] = STATEMENTS(
    NULL, NULL,
    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
    "AND SUBSTR(table_name, 1, 13) = 'flex_records_' ORDER BY table_name",
    /* A trigger has the journal's name and two characters more. */
    "SELECT table_name AS journal FROM information_schema.tables WHERE table_schema = DATABASE() "
    "AND SUBSTR(table_name, 1, 13) = 'flex_journal_' UNION "
    "SELECT SUBSTR(trigger_name, 1, CHAR_LENGTH(trigger_name) - 2) FROM information_schema.triggers "
    "WHERE trigger_schema = DATABASE() AND SUBSTR(trigger_name, 1, 13) = 'flex_journal_' ORDER BY journal",
    /* By the name alone: the table is not opened, which would have to wait for who alters it, or find nothing. */
    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
    "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? "
    "ORDER BY ordinal_position",
    "SELECT index_name, CASE WHEN non_unique = 0 THEN 1 ELSE 0 END, 0, column_name "
    "FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? "
    "ORDER BY index_name, seq_in_index");

const char *inspect_sql(const struct dialect *d, enum inspect_statement which) { return d->inspect[which]; }

bool inspect_has_live(const struct dialect *d) { return !d->partial_indexes; }

static void put_entries(const struct dialect *d, const struct layout *l, struct buffer *out) {
    buffer_puts(out, "SELECT ");
    put_fetch_columns(d, out);
    buffer_puts(out, inspect_has_live(d) ? ", live" : ", NULL");
    for (size_t i = 0; i < l->count; i++) {
        if (l->columns[i].retired) continue;
        buffer_puts(out, ", ");
        sql_name(out, l->columns[i].name);
    }
    buffer_puts(out, " FROM ");
    sql_name(out, l->table);
}

void inspect_records(const struct dialect *d, const struct layout *l, struct buffer *out) {
    put_entries(d, l, out);
    buffer_puts(out, " WHERE seq > ? ORDER BY seq LIMIT ?");
}

void inspect_record(const struct dialect *d, const struct layout *l, struct buffer *out) {
    put_entries(d, l, out);
    buffer_printf(out, " WHERE seq = ?%s", d->write_lock);
}

/* `c1, c2`, each behind `before`. */
static void put_columns(const struct layout_column *const columns[], size_t count, const char *before,
                        struct buffer *out) {
    for (size_t i = 0; i < count; i++) {
        if (i != 0) buffer_puts(out, ", ");
        buffer_puts(out, before);
        sql_name(out, columns[i]->name);
    }
}

void inspect_duplicates(const struct dialect *d, const struct layout *l, const struct layout_column *const columns[],
                        size_t count, struct buffer *out) {
    (void)d;
    buffer_puts(out, "SELECT r.id, f.id FROM (SELECT MIN(seq) AS first, ");
    put_columns(columns, count, "", out);
    buffer_puts(out, " FROM ");
    sql_name(out, l->table);
    buffer_puts(out, " WHERE deleted_at IS NULL");
    for (size_t i = 0; i < count; i++) {
        buffer_puts(out, " AND ");
        sql_name(out, columns[i]->name);
        buffer_puts(out, " IS NOT NULL");
    }
    buffer_puts(out, " GROUP BY ");
    put_columns(columns, count, "", out);
    buffer_puts(out, " HAVING COUNT(*) > 1) AS twice JOIN ");
    sql_name(out, l->table);
    buffer_puts(out, " AS r ON r.seq <> twice.first AND r.deleted_at IS NULL");
    for (size_t i = 0; i < count; i++) {
        buffer_puts(out, " AND r.");
        sql_name(out, columns[i]->name);
        buffer_puts(out, " = twice.");
        sql_name(out, columns[i]->name);
    }
    buffer_puts(out, " JOIN ");
    sql_name(out, l->table);
    buffer_puts(out, " AS f ON f.seq = twice.first ORDER BY r.seq");
}

void inspect_dangling(const struct dialect *d, const struct layout *l, const struct layout_column *c,
                      const char *target, struct buffer *out) {
    (void)d;
    buffer_puts(out, "SELECT r.id, r.");
    sql_name(out, c->name);
    buffer_puts(out, " FROM ");
    sql_name(out, l->table);
    buffer_puts(out, " AS r LEFT JOIN ");
    sql_name(out, target);
    buffer_puts(out, " AS target ON target.id = r.");
    sql_name(out, c->name);
    buffer_puts(out, " AND target.deleted_at IS NULL WHERE r.deleted_at IS NULL AND r.");
    sql_name(out, c->name);
    buffer_puts(out, " IS NOT NULL AND target.id IS NULL ORDER BY r.seq");
}

void inspect_any(const struct dialect *d, const char *table, struct buffer *out) {
    (void)d;
    buffer_puts(out, "SELECT 1 FROM ");
    sql_name(out, table);
    buffer_puts(out, " LIMIT 1");
}
