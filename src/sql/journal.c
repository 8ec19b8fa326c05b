#include "sql/journal.h"

#include "sql/engine.h"

static const struct {
    const char *suffix, *event, *row;
} triggers[] = {{"_i", "INSERT", "NEW"}, {"_u", "UPDATE", "NEW"}, {"_d", "DELETE", "OLD"}};
enum { TRIGGER_COUNT = sizeof triggers / sizeof *triggers };

/* Only MariaDB can wait for less than a second. */
#define BRIEFLY "/*M!100100 SET STATEMENT max_statement_time = 0.05, lock_wait_timeout = 1 FOR */ "

static void put_trigger_name(const char *journal, size_t i, struct buffer *out) {
    buffer_printf(out, "`%s%s`", journal, triggers[i].suffix);
}

void journal_create(const struct dialect *d, const char *journal, struct buffer *out) {
    buffer_puts(out, "CREATE TABLE ");
    sql_name(out, journal);
    buffer_printf(out, " (n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, seq BIGINT NOT NULL)%s", d->table_options);
}

bool journal_create_trigger(const struct dialect *d, const char *journal, const char *table, size_t i,
                            struct buffer *out) {
    (void)d;
    if (i >= TRIGGER_COUNT) return false;
    buffer_puts(out, BRIEFLY "CREATE TRIGGER ");
    put_trigger_name(journal, i, out);
    buffer_printf(out, " AFTER %s ON ", triggers[i].event);
    sql_name(out, table);
    buffer_puts(out, " FOR EACH ROW INSERT INTO ");
    sql_name(out, journal);
    buffer_printf(out, " (seq) VALUES (%s.seq)", triggers[i].row);
    return true;
}

bool journal_drop_trigger(const struct dialect *d, const char *journal, size_t i, struct buffer *out) {
    (void)d;
    if (i >= TRIGGER_COUNT) return false;
    buffer_puts(out, BRIEFLY "DROP TRIGGER IF EXISTS ");
    put_trigger_name(journal, i, out);
    return true;
}

void journal_read(const struct dialect *d, const char *journal, const char *table, struct buffer *out) {
    (void)d;
    buffer_puts(out,
                "SELECT o.seq, o.id, o.data, o.version, o.created_at, o.updated_at, o.deleted_at, o.schema_version, 0, "
                "j.n, j.seq FROM (SELECT n, seq FROM ");
    sql_name(out, journal);
    buffer_puts(out, " ORDER BY n LIMIT ?) AS j LEFT JOIN ");
    sql_name(out, table);
    buffer_puts(out, " AS o ON o.seq = j.seq ORDER BY j.seq");
}

void journal_add(const struct dialect *d, const char *journal, struct buffer *out) {
    (void)d;
    buffer_puts(out, "INSERT INTO ");
    sql_name(out, journal);
    buffer_puts(out, " (seq) VALUES (?)");
}

void journal_erase(const struct dialect *d, const char *table, const char *key, size_t count, struct buffer *out) {
    (void)d;
    buffer_puts(out, "DELETE FROM ");
    sql_name(out, table);
    buffer_printf(out, " WHERE %s IN (?", key);
    for (size_t i = 1; i < count; i++) buffer_puts(out, ", ?");
    buffer_put(out, ')');
}

const char *journal_cluster(const struct dialect *d) {
    (void)d;
    return "SHOW VARIABLES LIKE 'wsrep_on'";
}

void journal_barrier(const struct dialect *d, const char *table, struct buffer *out) {
    (void)d;
    buffer_puts(out, "ALTER TABLE ");
    sql_name(out, table);
    buffer_puts(out, " COMMENT = 'a barrier of flexdb'");
}

void journal_find(const struct dialect *d, const char *table, struct buffer *out) {
    (void)d;
    buffer_puts(out, "SELECT id, version, schema_version FROM ");
    sql_name(out, table);
    buffer_puts(out, " WHERE seq = ? FOR UPDATE");
}
