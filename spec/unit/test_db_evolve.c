/* What an evolution asks of the engine, and what it leaves when the engine does not answer. */
#include "db_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if FLEXDB_TEST_MYSQL
#include "driver/mysql/mysql_driver.h"
#endif

static int evolve(flexdb_table *t, const char *changes, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {0};
    int rc = flexdb_evolve(t, changes, strlen(changes), &options, &out, err);
    buffer_free(&out);
    return rc;
}

/* ---- how much is held at once ---- */

static size_t bytes, most_bytes; /* of texts that were read from one statement; from the longest one */
static struct driver counting;

static int count_prepare(struct statement **out, struct connection *c, const char *sql, size_t length,
                         flexdb_error *err) {
    bytes = 0;
    return sqlite_driver.prepare(out, c, sql, length, err);
}

static int count_column(struct statement *s, size_t i, flexdb_value *out, flexdb_error *err) {
    int rc = sqlite_driver.column(s, i, out, err);
    if (rc == 0 && out->tag == FLEXDB_TEXT) bytes += out->length;
    if (bytes > most_bytes) most_bytes = bytes;
    return rc;
}

static void large_records_are_read_a_few_at_a_time(void **state) {
    (void)state;
    enum { RECORDS = 40, LENGTH = 1 << 20, MOST = 6 << 20 };
    flexdb_error err = FLEXDB_ERROR_INIT;
    counting = sqlite_driver;
    counting.prepare = count_prepare;
    counting.column = count_column;
    const struct db_place place = {"memory", "sqlite::memory:", &counting};
    flexdb *db = db_open(&place, false);
    flexdb_table *t = db_create(db, "t",
                                "{\"columns\":[{\"name\":\"n\",\"dataType\":\"integer\"},"
                                "{\"name\":\"body\",\"dataType\":\"text\"}]}");
    char *body = malloc(LENGTH);
    assert_non_null(body);
    memset(body, 'b', LENGTH);
    flexdb_row row;
    for (int i = 0; i < RECORDS; i++) {
        const flexdb_validator *v = flexdb_table_validator(t);
        flexdb_value given[8] = {value_integer(i), value_text(body, LENGTH)};
        for (size_t slot = 2; slot < 8; slot++) given[slot] = (flexdb_value){.tag = FLEXDB_ABSENT};
        DB_OK(flexdb_insert(t, v, given, &row, &err));
    }
    free(body);
    most_bytes = 0;
    DB_OK(evolve(t, "[{\"op\":\"modify_column\",\"name\":\"body\",\"set\":{\"required\":true}}]", &err));
    assert_in_range(most_bytes, LENGTH, MOST);
    /* Every one of them is judged and copied all the same. */
    assert_int_equal(
        evolve(t, "[{\"op\":\"modify_column\",\"name\":\"n\",\"set\":{\"validation\":{\"max\":38}}}]", &err),
        -FLEXDB_INVALID_RECORD);
    assert_non_null(strstr(err.message, "1 record stands against the change: "));
    error_clear(&err);
    most_bytes = 0;
    DB_OK(evolve(t, "[{\"op\":\"modify_column\",\"name\":\"n\",\"set\":{\"indexed\":true}}]", &err));
    assert_in_range(most_bytes, LENGTH, MOST);
    for (int i = 0; i < RECORDS; i++) {
        char query[48];
        int64_t count = 0;
        snprintf(query, sizeof query, "{\"filter\":{\"n\":%d}}", i);
        DB_OK(flexdb_count(t, query, strlen(query), &count, &err));
        assert_int_equal(count, 1);
    }
    flexdb_table_free(t);
    flexdb_free(db);
}

/* Many small ones: the batches grow, and none is left out where one ends. */
static void every_record_is_read_whatever_the_batches(void **state) {
    (void)state;
    static const int numbers[] = {31, 32, 33, 531, 532, 533};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *db = db_open(&db_places[0], false);
        flexdb_table *t = db_create(db, "t", "{\"columns\":[{\"name\":\"n\",\"dataType\":\"integer\"}]}");
        flexdb_batch *b = NULL;
        DB_OK(flexdb_batch_begin(&b, t, false, 0, &err));
        for (int n = 0; n < numbers[i]; n++) {
            char json[32];
            snprintf(json, sizeof json, "{\"n\":%d}", n);
            const flexdb_validator *v = flexdb_table_validator(t);
            DB_OK(flexdb_batch_add(b, v, db_record(v, json), &err));
        }
        DB_OK(flexdb_batch_finish(b, &err));
        flexdb_batch_free(b);
        char expected[64];
        snprintf(expected, sizeof expected, "%d records stand against the change: ", numbers[i]);
        assert_int_equal(
            evolve(t, "[{\"op\":\"modify_column\",\"name\":\"n\",\"set\":{\"validation\":{\"max\":-1}}}]", &err),
            -FLEXDB_INVALID_RECORD);
        if (strstr(err.message, expected) != err.message) fail_msg("%s does not begin with %s", err.message, expected);
        error_clear(&err);
        flexdb_table_free(t);
        flexdb_free(db);
    }
}

/* ---- servers ---- */

#if FLEXDB_TEST_MYSQL
static const struct db_place *server(void) { return db_place_count > 1 ? &db_places[1] : NULL; }

static bool lose_answer;

/* The server commits, and the connection goes before it can say so. */
static int lost_commit(struct connection *c, flexdb_error *err) {
    if (!lose_answer) return mysql_driver.commit(c, err);
    lose_answer = false;
    int rc = mysql_driver.commit(c, err);
    if (rc != 0) return rc;
    error_set(err, FLEXDB_CONNECTION, "the connection was lost");
    err->ended = true;
    return -FLEXDB_CONNECTION;
}

static const char unique[] = "[{\"op\":\"modify_column\",\"name\":\"x\",\"set\":{\"unique\":true}}]";
static const char indexed[] = "[{\"op\":\"modify_column\",\"name\":\"x\",\"set\":{\"indexed\":true}}]";
static const char one_column[] = "{\"columns\":[{\"name\":\"x\",\"dataType\":\"integer\"}]}";

static int64_t count_all(flexdb_table *t) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t count = -1;
    DB_OK(flexdb_count(t, "{\"filter\":{\"x\":1}}", 18, &count, &err));
    return count;
}

static void a_lost_answer_to_a_commit_loses_no_records(void **state) {
    (void)state;
    if (server() == NULL) {
        print_message("skipped: no server (FLEXDB_TEST_MYSQL_URL)\n");
        skip();
    }
    flexdb_error err = FLEXDB_ERROR_INIT;
    static struct driver losing;
    losing = mysql_driver;
    losing.commit = lost_commit;
    const struct db_place place = {"server", server()->url, &losing};
    flexdb *db = db_open(&place, false), *other = db_open(server(), true);
    flexdb_table *t = db_create(db, "t", one_column), *seen = NULL;
    DB_OK(db_insert(t, "{\"x\":1}", NULL, &err));
    lose_answer = true;
    DB_FAILS(evolve(t, indexed, &err), FLEXDB_CONNECTION, "the connection was lost");
    DB_OK(flexdb_open_table(&seen, other, "t", 1, &err));
    assert_int_equal(flexdb_table_version(seen), 2);
    assert_int_equal(count_all(seen), 1);
    assert_int_equal(count_all(t), 1);
    flexdb_table_free(seen);
    flexdb_table_free(t);
    lose_answer = true;
    DB_FAILS(flexdb_create_table(&t, db, "u", 1, one_column, sizeof one_column - 1, &err), FLEXDB_CONNECTION,
             "the connection was lost");
    DB_OK(flexdb_open_table(&seen, other, "u", 1, &err));
    DB_OK(db_insert(seen, "{\"x\":1}", NULL, &err));
    assert_int_equal(count_all(seen), 1);
    flexdb_table_free(seen);
    flexdb_free(other);
    flexdb_free(db);
}

/* How many physical tables of the table are there beside the one in force. */
static int64_t orphans(flexdb *db) {
    static const char *const tables[] = {"t"};
    flexdb_error err = FLEXDB_ERROR_INIT;
    const struct flexdb_doctor_options options = {.tables = tables, .table_count = 1};
    flexdb_doctor *d;
    struct buffer report = BUFFER_INIT;
    int rc;
    DB_OK(flexdb_doctor_begin(&d, db, &options, &err));
    while ((rc = flexdb_doctor_step(d, &err)) == 1) continue;
    DB_OK(rc);
    DB_OK(flexdb_doctor_report(d, &report, &err));
    const char *count = strstr(buffer_text(&report), "\"orphan_table\":");
    int64_t found = count != NULL ? strtol(strchr(count, ':') + 1, NULL, 10) : 0;
    buffer_free(&report);
    flexdb_doctor_free(d);
    return found;
}

static void the_old_physical_table_is_not_waited_for(void **state) {
    (void)state;
    if (server() == NULL) {
        print_message("skipped: no server (FLEXDB_TEST_MYSQL_URL)\n");
        skip();
    }
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = NULL, *reader = db_open(server(), false);
    struct flexdb_options options = {.application = flexdb_application(reader), .timeout = 20, .driver = &mysql_driver};
    DB_OK(flexdb_open(&db, server()->url, strlen(server()->url), &options, &err));
    flexdb_table *t = db_create(db, "t", one_column), *read = NULL;
    DB_OK(db_insert(t, "{\"x\":1}", NULL, &err));
    DB_OK(flexdb_open_table(&read, reader, "t", 1, &err));
    /* Holds the old table's metadata until it ends. */
    DB_OK(flexdb_begin(reader, &err));
    assert_int_equal(count_all(read), 1);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    DB_OK(evolve(t, indexed, &err));
    clock_gettime(CLOCK_MONOTONIC, &end);
    /* One try of a second, beside the work; the timeout is 20. */
    assert_in_range(end.tv_sec - start.tv_sec, 0, 3);
    assert_int_equal(count_all(t), 1);
    assert_int_equal(orphans(db), 1);
    DB_OK(flexdb_commit(reader, &err));
    assert_int_equal(count_all(read), 1);
    /* The next evolution drops what that one has left. */
    DB_OK(evolve(t, unique, &err));
    assert_int_equal(orphans(db), 0);
    assert_int_equal(count_all(t), 1);
    flexdb_table_free(read);
    flexdb_table_free(t);
    flexdb_free(reader);
    flexdb_free(db);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_records_are_read_a_few_at_a_time),
        cmocka_unit_test(every_record_is_read_whatever_the_batches),
#if FLEXDB_TEST_MYSQL
        cmocka_unit_test(a_lost_answer_to_a_commit_loses_no_records),
        cmocka_unit_test(the_old_physical_table_is_not_waited_for),
#endif
    };
    return cmocka_run_group_tests(tests, db_find_places, db_clear_places);
}
