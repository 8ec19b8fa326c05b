/* SQLite's scans, whose pages are read ahead: a reader sees what was there when its transaction began, whatever others
 * write meanwhile and wherever its next scan begins. */
#include "driver_suite.h"

#include <sqlite3.h>
#include <stdio.h>

#include "driver/sqlite/sqlite_internal.h"
#include "file_bed.h"
#include "process_io.h"
#include "property.h"

enum { ROWS = 600, BODY = 1500 /* two rows to a page */, ROUNDS = 300, FEW_PAGES = 8, PAGES_AT_ONCE = 16 };

static struct place place = {.driver = &sqlite_driver, .url = file_url, .shared = true};

/* One connection of ours that reads, and another program's that writes. */
struct scene {
    struct connection *reader;
    sqlite3 *writer;
    bool log;        /* the journal is a write-ahead log, beside which there may be writers */
    int64_t n[ROWS]; /* of each row, as it was committed last */
    int64_t at;      /* the row that was read last */
};

static void tell(sqlite3 *db, const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", sql, message);
}

static void fill(struct connection *c) {
    char sql[200];
    execute_sql(c, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, body BLOB)");
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE i(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM i WHERE x < %d)"
             " INSERT INTO t SELECT x, 0, zeroblob(%d) FROM i",
             ROWS - 1, BODY);
    execute_sql(c, sql);
}

static struct scene open_scene(const char *journal) {
    struct scene s = {.log = strcmp(journal, "WAL") == 0};
    char sql[80];
    assert_true(file_make());
    s.reader = open_place(&place, 5, false);
    fill(s.reader);
    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", journal);
    execute_sql(s.reader, sql);
    snprintf(sql, sizeof sql, "PRAGMA cache_size=%d", FEW_PAGES);
    execute_sql(s.reader, sql);
    assert_int_equal(sqlite3_open(file_path, &s.writer), SQLITE_OK);
    return s;
}

static void close_scene(struct scene *s) {
    s->reader->driver->close(s->reader);
    assert_int_equal(sqlite3_close(s->writer), SQLITE_OK);
    file_remove();
}

/* Rows near the place where the reader stands, for there are the pages that it has read ahead. */
static void write_some(struct scene *s, struct property *p) {
    char sql[80];
    tell(s->writer, "BEGIN IMMEDIATE");
    for (uint64_t left = 1 + property_below(p, 40); left != 0; left--) {
        int64_t id = (s->at + (int64_t)property_below(p, 80)) % ROWS;
        s->n[id] += 1 + (int64_t)property_below(p, 9);
        snprintf(sql, sizeof sql, "UPDATE t SET n = %lld WHERE id = %lld", (long long)s->n[id], (long long)id);
        tell(s->writer, sql);
    }
    tell(s->writer, "COMMIT");
    if (property_below(p, 2) == 0) tell(s->writer, "PRAGMA wal_checkpoint");
}

/* A few rows from `first` on, or all that follow. */
static void read_some(struct scene *s, struct statement *rows, const int64_t expected[ROWS], uint64_t count) {
    const struct driver *d = s->reader->driver;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value id, n;
    for (; count != 0 && d->step(rows, &err) == 1; count--) {
        must(d->column(rows, 0, &id, &err), &err);
        must(d->column(rows, 1, &n, &err), &err);
        if (n.as.integer != expected[id.as.integer])
            fail_msg("row %lld reads as %lld, not as %lld", (long long)id.as.integer, (long long)n.as.integer,
                     (long long)expected[id.as.integer]);
        s->at = id.as.integer;
    }
    must(-(int)err.code, &err);
}

/* A transaction of the reader. */
static void scan(struct scene *s, struct property *p) {
    const struct driver *d = s->reader->driver;
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t before[ROWS];
    flexdb_value first = value_integer(property_below(p, 2) == 0 ? s->at : (int64_t)property_below(p, ROWS));
    must(d->begin(s->reader, TRANSACTION_READ, &err), &err);
    struct statement *rows = prepare_sql(s->reader, "SELECT id, n FROM t WHERE id >= ? ORDER BY id");
    must(d->bind(rows, &first, 1, &err), &err);
    memcpy(before, s->n, sizeof before);
    read_some(s, rows, before, 1 + property_below(p, 200));
    if (s->log && property_below(p, 2) == 0) write_some(s, p);
    if (property_below(p, 2) == 0) read_some(s, rows, before, property_below(p, ROWS));
    d->finalize(rows);
    must(d->commit(s->reader, &err), &err);
}

static void read_and_write(const char *journal, const char *name) {
    struct property p = property_begin(name);
    struct scene s = open_scene(journal);
    for (int round = 0; round < ROUNDS; round++) {
        scan(&s, &p);
        if (property_below(&p, 3) != 0) write_some(&s, &p);
    }
    close_scene(&s);
}

static void beside_a_log_a_reader_sees_what_was_committed_when_it_began(void **state) {
    (void)state;
    read_and_write("WAL", "sqlite: scans beside a log");
}

/* As on a file system that has no shared memory for the log's index. */
static void without_a_log_a_reader_sees_what_was_committed_when_it_began(void **state) {
    (void)state;
    read_and_write("DELETE", "sqlite: scans without a log");
}

/* In one transaction, with so few pages in memory that some are written to the file before its end. */
static void write_and_read(const char *journal, const char *name) {
    struct property p = property_begin(name);
    struct scene s = open_scene(journal);
    const struct driver *d = s.reader->driver;
    flexdb_error err = FLEXDB_ERROR_INIT;
    must(d->begin(s.reader, TRANSACTION_WRITE, &err), &err);
    for (int round = 0; round < ROUNDS; round++) {
        flexdb_value from = value_integer(s.at), set[2];
        struct statement *rows = prepare_sql(s.reader, "SELECT id, n FROM t WHERE id >= ? ORDER BY id");
        must(d->bind(rows, &from, 1, &err), &err);
        read_some(&s, rows, s.n, 1 + property_below(&p, 60));
        d->finalize(rows);
        for (uint64_t left = property_below(&p, 40); left != 0; left--) {
            int64_t id = (s.at + (int64_t)property_below(&p, 80)) % ROWS;
            set[0] = value_integer(++s.n[id]), set[1] = value_integer(id);
            run_sql(s.reader, "UPDATE t SET n = ? WHERE id = ?", set, 2);
        }
        if (property_below(&p, 20) == 0) s.at = (int64_t)property_below(&p, ROWS);
    }
    must(d->commit(s.reader, &err), &err);
    close_scene(&s);
}

static void a_transaction_reads_what_it_has_written_itself(void **state) {
    (void)state;
    write_and_read("WAL", "sqlite: own writes beside a log");
    write_and_read("DELETE", "sqlite: own writes without a log");
}

static void a_scan_reads_many_pages_at_once(void **state) {
    (void)state;
    struct scene s = open_scene("WAL");
    execute_sql(s.reader, "PRAGMA wal_checkpoint(TRUNCATE)");
    long before = process_io("syscr");
    assert_int_equal(integer_of(s.reader, "SELECT COUNT(*) FROM t WHERE n >= 0"), ROWS);
    long made = process_io("syscr") - before, pages = ROWS / 2;
    if (made > pages / PAGES_AT_ONCE + PAGES_AT_ONCE + 10) fail_msg("%ld pages took %ld reads", pages, made);
    close_scene(&s);
}

static int cache_of(struct connection *c) { return ((struct sqlite_connection *)c)->cache_kib; }

static void a_statement_that_goes_by_many_rows_has_a_small_page_cache_while_it_runs(void **state) {
    (void)state;
    struct scene s = open_scene("WAL");
    const struct driver *d = s.reader->driver;
    flexdb_error err = FLEXDB_ERROR_INIT;
    execute_sql(s.reader, "INSERT INTO t SELECT id + 1000, n, body FROM t");
    struct statement *found = prepare_sql(s.reader, "SELECT id FROM t WHERE n = 0 AND id % 1000 = 599");
    int wide = cache_of(s.reader);
    for (int run = 0; run < 2; run++) { /* the first tells what the statement does */
        assert_int_equal(d->step(found, &err), 1);
        assert_int_equal(cache_of(s.reader) < wide, run == 1);
        assert_int_equal(d->step(found, &err), 1);
        assert_int_equal(d->step(found, &err), 0);
        assert_int_equal(cache_of(s.reader), wide);
    }
    d->finalize(found);
    close_scene(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beside_a_log_a_reader_sees_what_was_committed_when_it_began),
        cmocka_unit_test(without_a_log_a_reader_sees_what_was_committed_when_it_began),
        cmocka_unit_test(a_transaction_reads_what_it_has_written_itself),
        cmocka_unit_test(a_scan_reads_many_pages_at_once),
        cmocka_unit_test(a_statement_that_goes_by_many_rows_has_a_small_page_cache_while_it_runs),
    };
    return cmocka_run_group_tests_name("scans of SQLite", tests, NULL, NULL);
}
