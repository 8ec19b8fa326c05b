/* SQLite's log, whose frames are held until their transaction's last one: what is in the file is right for whoever
 * reads it, another connection or one that recovers it after a power cut. */
#include "driver_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "driver/sqlite/sqlite_files.h"
#include "file_bed.h"
#include "process_io.h"
#include "property.h"

enum { IDS = 150, ROUNDS = 400, LONGEST = 3000, FEW_PAGES = 8 };

static struct place place = {.driver = &sqlite_driver, .url = file_url, .shared = true};

/* The rows that there are: how long each body is and of which letter. */
struct rows {
    struct {
        int length; /* 0: no row */
        char letter;
    } of[IDS];
};

static int make(void **state) {
    (void)state;
    if (!file_make()) return -1;
    struct connection *c = open_place(&place, 5, false);
    execute_sql(c, "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)");
    place.driver->close(c);
    return 0;
}

static int clear(void **state) {
    (void)state;
    file_remove();
    return 0;
}

/* So few pages in memory that a transaction writes some to the log before its end. */
static struct connection *open_small(void) {
    struct connection *c = open_place(&place, 5, false);
    char sql[48];
    snprintf(sql, sizeof sql, "PRAGMA cache_size=%d", FEW_PAGES);
    execute_sql(c, sql);
    return c;
}

static void put(struct connection *c, struct rows *rows, int id, int length, char letter) {
    static char body[LONGEST];
    memset(body, letter, sizeof body);
    flexdb_value values[] = {value_integer(id), value_text(body, (size_t)length)};
    if (length == 0)
        run_sql(c, "DELETE FROM t WHERE id = ?", values, 1);
    else
        run_sql(c, "INSERT OR REPLACE INTO t (id, body) VALUES (?, ?)", values, 2);
    rows->of[id].length = length;
    rows->of[id].letter = letter;
}

static void put_any(struct connection *c, struct rows *rows, struct property *p) {
    int length = property_below(p, 4) == 0 ? 0 : 1 + (int)property_below(p, LONGEST);
    put(c, rows, (int)property_below(p, IDS), length, (char)('a' + property_below(p, 26)));
}

static void expect_rows(struct connection *c, const struct rows *rows) {
    int64_t sum = 0, count = 0;
    for (int i = 0; i < IDS; i++) {
        if (rows->of[i].length == 0) continue;
        count++;
        sum += (i + 1) * (rows->of[i].length * 1000 + rows->of[i].letter);
    }
    assert_int_equal(integer_of(c, "SELECT COUNT(*) FROM t"), count);
    assert_int_equal(integer_of(c, "SELECT IFNULL(SUM((id + 1) * (LENGTH(body) * 1000 + UNICODE(body))), 0) FROM t"),
                     sum);
    assert_int_equal(integer_of(c, "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

static void copy(const char *suffix) {
    char from[320], to[320], block[4096];
    snprintf(from, sizeof from, "%s%s", file_path, suffix);
    snprintf(to, sizeof to, "%s.copy%s", file_path, suffix);
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in != NULL && out != NULL);
    for (size_t n; (n = fread(block, 1, sizeof block, in)) != 0;) assert_int_equal(fwrite(block, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* What a power cut would leave, without the shared index: it is recovered from the log. */
static void expect_recovered(const struct rows *rows) {
    char url[340], name[320];
    struct place copied = {.driver = &sqlite_driver, .url = url};
    snprintf(url, sizeof url, "%s.copy", file_url);
    copy("");
    copy("-wal");
    struct connection *c = open_place(&copied, 5, false);
    expect_rows(c, rows);
    copied.driver->close(c);
    snprintf(name, sizeof name, "%s.copy", file_path);
    unlink(name);
}

/* A part that is undone and goes on with other rows, which are written where the undone ones were. */
static void put_and_take_back(struct connection *c, struct rows *rows, struct property *p) {
    const struct driver *d = c->driver;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct rows before = *rows;
    must(d->savepoint(c, 1, &err), &err);
    for (uint64_t n = property_below(p, 30); n != 0; n--) put_any(c, rows, p);
    if (property_below(p, 2) == 0) {
        must(d->rollback_to(c, 1, &err), &err);
        *rows = before;
    }
    must(d->release(c, 1, &err), &err);
}

static void change(struct connection *c, struct rows *rows, struct property *p) {
    const struct driver *d = c->driver;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct rows before = *rows;
    must(d->begin(c, TRANSACTION_WRITE, &err), &err);
    for (uint64_t parts = 1 + property_below(p, 4); parts != 0; parts--) {
        for (uint64_t n = property_below(p, 20); n != 0; n--) put_any(c, rows, p);
        if (property_below(p, 2) == 0) put_and_take_back(c, rows, p);
        if (property_below(p, 4) == 0) expect_rows(c, rows);
    }
    if (property_below(p, 3) != 0) {
        must(d->commit(c, &err), &err);
    } else {
        must(d->rollback(c, &err), &err);
        *rows = before;
    }
}

static void any_transactions_of_two_connections_are_as_they_were_written(void **state) {
    (void)state;
    struct property p = property_begin("sqlite: the log");
    struct connection *c[] = {open_small(), open_small()};
    struct rows rows = {0};
    execute_sql(c[0], "DELETE FROM t");
    for (int round = 0; round < ROUNDS; round++) {
        change(c[property_below(&p, 2)], &rows, &p);
        expect_rows(c[property_below(&p, 2)], &rows);
        if (property_below(&p, 4) == 0) expect_recovered(&rows);
        if (property_below(&p, 50) == 0) execute_sql(c[property_below(&p, 2)], "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    for (int i = 0; i < 2; i++) place.driver->close(c[i]);
}

/* However many of its pages are held when it is undone. */
static void what_was_rolled_back_never_covers_what_another_wrote(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct connection *one = open_small(), *other = open_small();
    struct rows rows = {0};
    execute_sql(one, "DELETE FROM t");
    for (int count = 1; count < 5 * FEW_PAGES; count++) {
        struct rows undone = rows;
        /* What is undone is then read from the database, not from the log. */
        execute_sql(one, "PRAGMA wal_checkpoint(TRUNCATE)");
        must(one->driver->begin(one, TRANSACTION_WRITE, &err), &err);
        for (int i = 0; i < count; i++) put(one, &undone, i, LONGEST, 'u');
        must(one->driver->rollback(one, &err), &err);
        for (int i = 0; i < 2 * FEW_PAGES; i++) put(other, &rows, i, 1 + i * count, 'k');
        expect_rows(one, &rows);
        expect_rows(other, &rows);
        expect_recovered(&rows);
    }
    one->driver->close(one);
    other->driver->close(other);
}

static void a_transaction_is_written_at_once(void **state) {
    (void)state;
    enum { TRANSACTIONS = 100 };
    struct connection *c = open_place(&place, 5, false);
    struct rows rows = {0};
    execute_sql(c, "DELETE FROM t");
    execute_sql(c, "CREATE INDEX t_body ON t (body)");
    put(c, &rows, 0, 10, 'a');
    long before = process_io("syscw");
    for (int i = 1; i <= TRANSACTIONS; i++) put(c, &rows, i, 10, 'b');
    long after = process_io("syscw");
    if (after - before > TRANSACTIONS + 5) fail_msg("%d transactions took %ld writes", TRANSACTIONS, after - before);
    place.driver->close(c);
}

static int disk_is_full(sqlite3_file *file, const void *data, int length, sqlite3_int64 at) {
    (void)file, (void)data, (void)length, (void)at;
    return SQLITE_FULL;
}

static int disk_takes_all(sqlite3_file *file, const void *data, int length, sqlite3_int64 at) {
    (void)file, (void)data, (void)length, (void)at;
    return SQLITE_OK;
}

static int nothing_to_read(sqlite3_file *file, void *data, int length, sqlite3_int64 at) {
    (void)file, (void)data, (void)length, (void)at;
    return SQLITE_OK;
}

static int write_frame(sqlite3_file *file, int number, bool last) {
    enum { PAGE = 512 };
    unsigned char header[24] = {[4] = last}, page[PAGE] = {0};
    sqlite3_int64 at = 32 + (sqlite3_int64)number * (24 + PAGE);
    int rc = file->pMethods->xWrite(file, header, sizeof header, at);
    return rc == SQLITE_OK ? file->pMethods->xWrite(file, page, PAGE, at + (int)sizeof header) : rc;
}

/* SQLite itself ends a transaction when a write fails, but not always when a read does. */
static void frames_that_a_read_could_not_write_are_missed_by_every_later_write(void **state) {
    (void)state;
    sqlite3_io_methods disk = {.iVersion = 2, .xWrite = disk_is_full, .xRead = nothing_to_read};
    struct sqlite_log *log = calloc(1, sizeof *log);
    assert_non_null(log);
    sqlite3_file file = {.pMethods = &disk};
    char byte;
    sqlite_log_come_between(log, &file);
    sqlite_log_forget(log);
    assert_int_equal(write_frame(&file, 0, false), SQLITE_OK);
    assert_int_equal(file.pMethods->xRead(&file, &byte, 1, 32), SQLITE_FULL);
    disk.xWrite = disk_takes_all; /* somebody made room */
    assert_int_equal(file.pMethods->xRead(&file, &byte, 1, 32), SQLITE_FULL);
    assert_int_equal(file.pMethods->xRead(&file, &byte, 1, 31), SQLITE_OK); /* what others have written */
    assert_int_equal(write_frame(&file, 1, false), SQLITE_FULL);
    assert_int_equal(write_frame(&file, 1, true), SQLITE_FULL);
    sqlite_log_forget(log);
    assert_int_equal(write_frame(&file, 0, true), SQLITE_OK);
    free(log);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_that_a_read_could_not_write_are_missed_by_every_later_write),
        cmocka_unit_test(any_transactions_of_two_connections_are_as_they_were_written),
        cmocka_unit_test(what_was_rolled_back_never_covers_what_another_wrote),
        cmocka_unit_test(a_transaction_is_written_at_once),
    };
    return cmocka_run_group_tests_name("the log of SQLite", tests, make, clear);
}
