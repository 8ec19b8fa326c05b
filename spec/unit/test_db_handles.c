/* Handles: what two of them see of each other, in which order they may go, and what a closed one says. */
#include "db_bed.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/datetime.h"

static const char one_column[] = "{\"columns\":[{\"name\":\"x\",\"dataType\":\"integer\",\"indexed\":true}]}";

static flexdb_table *table_of(flexdb *db, const char *name) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_table *t = NULL;
    DB_OK(flexdb_open_table(&t, db, name, strlen(name), &err));
    return t;
}

static void evolve(flexdb_table *t, const char *changes) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {0};
    DB_OK(flexdb_evolve(t, changes, strlen(changes), &options, &out, &err));
    buffer_free(&out);
}

static int64_t count(flexdb_table *t, const char *query) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t n = -1;
    DB_OK(flexdb_count(t, query, strlen(query), &n, &err));
    return n;
}

/* ---- two connections ---- */

static void a_stale_handle_goes_on_with_the_new_definition(void **state) {
    (void)state;
    for (size_t p = 0; p < db_place_count; p++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *one = db_open(&db_places[p], false), *two = db_open(&db_places[p], true);
        flexdb_table *a = db_create(one, "t", one_column), *b = table_of(two, "t");
        flexdb_row row;
        DB_OK(db_insert(b, "{\"id\":\"r\",\"x\":1}", &row, &err));
        evolve(a, "[{\"op\":\"rename_column\",\"name\":\"x\",\"to\":\"y\"}]");
        assert_int_equal(flexdb_get(b, "r", 1, &row, &err), 1);
        assert_string_equal(db_field(&row, "y"), "1");
        /* A vector that was laid out before the change is not written. */
        const flexdb_validator *old = validator_hold((struct validator *)flexdb_table_validator(b));
        const flexdb_value *given = db_record(old, "{\"y\":2}");
        evolve(a, "[{\"op\":\"add_column\",\"column\":{\"name\":\"z\",\"dataType\":\"string\"}}]");
        DB_FAILS(flexdb_insert(b, old, given, &row, &err), FLEXDB_STALE, NULL);
        validator_drop((struct validator *)old);
        DB_OK(db_insert(b, "{\"y\":2,\"z\":\"new\"}", &row, &err));
        assert_string_equal(db_field(&row, "z"), "new");
        /* A new physical table stands in for the old one under the other's prepared statements. */
        evolve(a, "[{\"op\":\"modify_column\",\"name\":\"z\",\"set\":{\"indexed\":true}}]");
        assert_int_equal(count(b, "{\"filter\":{\"z\":\"new\"}}"), 1);
        evolve(a, "[{\"op\":\"modify_column\",\"name\":\"z\",\"set\":{\"unique\":true}}]");
        DB_OK(db_update(b, "r", "{\"z\":\"mine\"}", &row, &err));
        DB_FAILS(db_update(b, "r", "{\"z\":\"new\"}", &row, &err), FLEXDB_DUPLICATE, "z: \"new\" is taken");
        assert_int_equal(flexdb_table_version(b), flexdb_table_version(a));
        DB_OK(flexdb_drop_table(one, "t", 1, &err));
        DB_FAILS(flexdb_get(b, "r", 1, &row, &err), FLEXDB_NOT_FOUND, "there is no table \"t\"");
        DB_FAILS(db_insert(b, "{}", &row, &err), FLEXDB_NOT_FOUND, "there is no table \"t\"");
        flexdb_table *back = NULL;
        DB_OK(flexdb_restore_table(&back, one, "t", 1, &err));
        assert_int_equal(flexdb_get(b, "r", 1, &row, &err), 1);
        flexdb_table_free(back);
        flexdb_table_free(a);
        flexdb_table_free(b);
        flexdb_free(one);
        flexdb_free(two);
    }
}

static void a_definition_that_was_rolled_back_is_forgotten(void **state) {
    (void)state;
    for (size_t p = 0; p < db_place_count; p++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *db = db_open(&db_places[p], false);
        flexdb_table *a = db_create(db, "t", one_column), *b = table_of(db, "t");
        DB_OK(flexdb_begin(db, &err));
        evolve(a, "[{\"op\":\"rename_column\",\"name\":\"x\",\"to\":\"first\"}]");
        DB_OK(db_insert(b, "{\"first\":1}", NULL, &err));
        DB_OK(flexdb_rollback(db, &err));
        assert_int_equal(flexdb_table_version(a), 1);
        /* The same revision number, another definition. */
        evolve(b, "[{\"op\":\"rename_column\",\"name\":\"x\",\"to\":\"second\"}]");
        flexdb_row row;
        DB_OK(db_insert(a, "{\"second\":5}", &row, &err));
        assert_string_equal(db_field(&row, "second"), "5");
        assert_int_equal(count(a, ""), 1);
        flexdb_table_free(a);
        flexdb_table_free(b);
        flexdb_free(db);
    }
}

static void a_lock_is_waited_for_and_then_busy(void **state) {
    (void)state;
    for (size_t p = 0; p < db_place_count; p++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *one = db_open(&db_places[p], false), *two = db_open(&db_places[p], true);
        flexdb_table *a = db_create(one, "t", one_column), *b = table_of(two, "t");
        struct buffer out = BUFFER_INIT;
        struct flexdb_evolve_options options = {0};
        static const char change[] = "[{\"op\":\"rename_column\",\"name\":\"x\",\"to\":\"y\"}]";
        DB_OK(flexdb_begin(one, &err));
        DB_OK(db_insert(a, "{\"x\":1}", NULL, &err));
        int64_t start = datetime_now();
        assert_int_equal(flexdb_evolve(b, change, sizeof change - 1, &options, &out, &err), -FLEXDB_BUSY);
        assert_true(err.retryable);
        assert_in_range(datetime_now() - start, 800000, 4000000);
        error_clear(&err);
        DB_OK(flexdb_commit(one, &err));
        DB_OK(flexdb_evolve(b, change, sizeof change - 1, &options, &out, &err));
        assert_int_equal(count(a, "{\"filter\":{\"y\":1}}"), 1);
        buffer_free(&out);
        flexdb_table_free(a);
        flexdb_table_free(b);
        flexdb_free(one);
        flexdb_free(two);
    }
}

/* ---- results ---- */

static void a_result_stands_as_it_was_while_the_body_writes(void **state) {
    (void)state;
    for (size_t p = 0; p < db_place_count; p++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *db = db_open(&db_places[p], false);
        flexdb_table *t = db_create(db, "t", one_column);
        for (int i = 0; i < 50; i++) {
            char json[32];
            snprintf(json, sizeof json, "{\"x\":%d}", i);
            DB_OK(db_insert(t, json, NULL, &err));
        }
        flexdb_rows *rows = NULL, *other = NULL;
        flexdb_row row;
        int seen = 0;
        DB_OK(flexdb_find(&rows, t, "", 0, false, &err));
        DB_OK(flexdb_find(&other, t, "{\"orderBy\":[\"-x\"]}", 18, false, &err));
        while (flexdb_rows_step(rows, &row, &err) == 1) {
            char expected[12], id[64];
            snprintf(expected, sizeof expected, "%d", seen++);
            assert_string_equal(db_field(&row, "x"), expected);
            snprintf(id, sizeof id, "%s", db_field(&row, "id"));
            DB_OK(db_update(t, id, "{\"x\":1000}", NULL, &err));
            DB_OK(db_insert(t, "{\"x\":7}", NULL, &err));
        }
        assert_int_equal(seen, 50);
        DB_OK(flexdb_rows_step(other, &row, &err));
        assert_string_equal(db_field(&row, "x"), "49");
        flexdb_rows_free(rows);
        flexdb_rows_free(other);
        assert_int_equal(count(t, "{\"filter\":{\"x\":1000}}"), 50);
        flexdb_table_free(t);
        flexdb_free(db);
    }
}

/* How many unlinked files are open; each must be closed in a program that is started meanwhile. */
static size_t unlinked_files(void) {
    size_t count = 0;
    for (int descriptor = 3; descriptor < 256; descriptor++) {
        struct stat info;
        if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 0) continue;
        assert_int_equal(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        count++;
    }
    return count;
}

/* More than fits in memory goes to a file. */
static void a_large_result_is_spooled(void **state) {
    (void)state;
    enum { RECORDS = 60, LENGTH = 200000 };
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(&db_places[0], false);
    flexdb_table *t = db_create(db, "t", "{\"columns\":[{\"name\":\"body\",\"dataType\":\"text\"}]}");
    char *body = malloc(LENGTH);
    assert_non_null(body);
    const flexdb_validator *v = flexdb_table_validator(t);
    flexdb_value given[8] = {{.tag = FLEXDB_ABSENT}};
    flexdb_row row;
    for (int i = 0; i < RECORDS; i++) {
        memset(body, 'a' + i % 26, LENGTH);
        given[0] = value_text(body, LENGTH);
        DB_OK(flexdb_insert(t, v, given, &row, &err));
    }
    flexdb_rows *rows = NULL;
    DB_OK(flexdb_find(&rows, t, "", 0, false, &err));
    int64_t affected = 0;
    DB_OK(flexdb_delete_all(t, "", 0, true, true, &affected, &err));
    assert_int_equal(affected, RECORDS);
    assert_int_equal(unlinked_files(), 1);
    int seen = 0;
    while (flexdb_rows_step(rows, &row, &err) == 1) {
        assert_int_equal(row.values[0].length, LENGTH);
        assert_int_equal(row.values[0].as.text[LENGTH - 1], 'a' + seen++ % 26);
    }
    assert_int_equal(seen, RECORDS);
    flexdb_rows_free(rows);
    free(body);
    flexdb_table_free(t);
    flexdb_free(db);
}

static void a_result_ends_with_its_transaction(void **state) {
    (void)state;
    for (size_t p = 0; p < db_place_count; p++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *db = db_open(&db_places[p], false);
        flexdb_table *t = db_create(db, "t", one_column);
        flexdb_rows *rows = NULL;
        flexdb_row row;
        DB_OK(db_insert(t, "{\"x\":1}", NULL, &err));
        DB_OK(flexdb_begin(db, &err));
        DB_OK(flexdb_find(&rows, t, "", 0, false, &err));
        DB_OK(flexdb_commit(db, &err));
        DB_FAILS(flexdb_rows_step(rows, &row, &err), FLEXDB_MISUSE, "the result ended with its transaction");
        flexdb_rows_free(rows);
        flexdb_table_free(t);
        flexdb_free(db);
    }
}

/* ---- closing ---- */

static void handles_may_go_in_any_order(void **state) {
    (void)state;
    for (int order = 0; order < 24; order++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *db = db_open(&db_places[0], false), *view = NULL;
        DB_OK(flexdb_with(&view, db, NULL, "other", &err));
        flexdb_table *t = db_create(view, "t", one_column);
        flexdb_rows *rows = NULL;
        flexdb_batch *batch = NULL;
        flexdb_row row;
        int64_t n;
        DB_OK(db_insert(t, "{\"x\":1}", NULL, &err));
        DB_OK(flexdb_find(&rows, t, "", 0, false, &err));
        DB_OK(flexdb_batch_begin(&batch, t, false, 1, &err));
        DB_OK(flexdb_batch_add(batch, flexdb_table_validator(t), db_record(flexdb_table_validator(t), "{}"), &err));
        flexdb_close(db);
        assert_false(flexdb_is_open(view));
        DB_FAILS(flexdb_count(t, "", 0, &n, &err), FLEXDB_MISUSE, "the database is closed");
        DB_FAILS(flexdb_rows_step(rows, &row, &err), FLEXDB_MISUSE, "the database is closed");
        DB_FAILS(flexdb_begin(view, &err), FLEXDB_MISUSE, "the database is closed");
        DB_FAILS(flexdb_batch_finish(batch, &err), FLEXDB_MISUSE, "the batch ended with its database or transaction");
        for (int i = 0, left = order; i < 5; i++) {
            /* Five handles, in an order that the number tells. */
            int which = (left + i * (1 + order % 4)) % 5;
            if (which == 0) flexdb_free(db), db = NULL;
            if (which == 1) flexdb_free(view), view = NULL;
            if (which == 2) flexdb_table_free(t), t = NULL;
            if (which == 3) flexdb_rows_free(rows), rows = NULL;
            if (which == 4) flexdb_batch_free(batch), batch = NULL;
        }
        flexdb_batch_free(batch);
        flexdb_rows_free(rows);
        flexdb_table_free(t);
        flexdb_free(view);
        flexdb_free(db);
    }
}

static void a_batch_that_is_dropped_undoes_itself(void **state) {
    (void)state;
    for (size_t p = 0; p < db_place_count; p++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *db = db_open(&db_places[p], false);
        flexdb_table *t = db_create(db, "t", one_column);
        flexdb_batch *batch = NULL;
        const flexdb_validator *v = flexdb_table_validator(t);
        DB_OK(flexdb_batch_begin(&batch, t, false, 1, &err));
        DB_OK(flexdb_batch_add(batch, v, db_record(v, "{\"x\":1}"), &err));
        assert_int_equal(count(t, ""), 1);
        DB_FAILS(flexdb_commit(db, &err), FLEXDB_MISUSE, "a batch that was begun in the transaction is not finished");
        DB_OK(flexdb_begin(db, &err));
        DB_FAILS(flexdb_batch_add(batch, v, db_record(v, "{}"), &err), FLEXDB_MISUSE,
                 "a transaction that was begun inside the batch is still open");
        DB_OK(flexdb_rollback(db, &err));
        flexdb_batch_free(batch);
        assert_int_equal(flexdb_transaction_depth(db), 0);
        assert_int_equal(count(t, ""), 0);
        flexdb_table_free(t);
        flexdb_free(db);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stale_handle_goes_on_with_the_new_definition),
        cmocka_unit_test(a_definition_that_was_rolled_back_is_forgotten),
        cmocka_unit_test(a_lock_is_waited_for_and_then_busy),
        cmocka_unit_test(a_result_stands_as_it_was_while_the_body_writes),
        cmocka_unit_test(a_large_result_is_spooled),
        cmocka_unit_test(a_result_ends_with_its_transaction),
        cmocka_unit_test(handles_may_go_in_any_order),
        cmocka_unit_test(a_batch_that_is_dropped_undoes_itself),
    };
    return cmocka_run_group_tests(tests, db_find_places, db_clear_places);
}
