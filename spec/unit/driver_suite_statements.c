#include "driver_suite.h"

#include <stdio.h>

static void a_statement_is_bound_and_run_again(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct statement *s = prepare_sql(f->c, "INSERT INTO flexdb_t (id, name, number) VALUES (?, ?, ?)");
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        flexdb_value row[] = {value_integer(i), text_of(name), i % 3 == 0 ? value_null() : value_integer(i)};
        int64_t affected = 0;
        must(D(f)->bind(s, row, 3, &err), &err);
        if (i % 2 == 0) {
            must(D(f)->run(s, &affected, &err), &err);
            assert_int_equal(affected, 1);
        } else {
            assert_int_equal(D(f)->step(s, &err), 0);
        }
        D(f)->reset(s);
    }
    D(f)->finalize(s);
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t"), 20);
    assert_int_equal(integer_of(f->c, "SELECT COUNT(number) FROM flexdb_t"), 13);
}

static void parameters_are_forgotten_between_uses(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    insert_row(f->c, 1, "a", 1);
    struct statement *s = prepare_sql(f->c, "INSERT INTO flexdb_t (id, name, number) VALUES (?, ?, ?)");
    expect_error(D(f)->step(s, &err), &err, FLEXDB_INTERNAL, "the statement has 3 parameters and none is bound");
    D(f)->finalize(s);
}

static void parameters_need_not_outlive_the_first_row(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "keep%02d", i);
        insert_row(f->c, i, name, i);
    }
    char low[] = "keep10", high[] = "keep39";
    flexdb_value range[] = {text_of(low), text_of(high), value_integer(1)};
    struct statement *s = prepare_sql(f->c, "SELECT id FROM flexdb_t WHERE name >= ? AND name <= ? AND number + ? > 0");
    must(D(f)->bind(s, range, 3, &err), &err);
    int count = 0, rc;
    while ((rc = D(f)->step(s, &err)) == 1) {
        memset(low, 'z', sizeof low - 1);
        memset(high, '0', sizeof high - 1);
        memset(range, 0, sizeof range);
        count++;
    }
    must(rc, &err);
    assert_int_equal(count, 30);
    D(f)->finalize(s);
}

static void one_text_may_be_in_use_twice(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    static const char sql[] = "UPDATE flexdb_t SET number = ? WHERE id = ?";
    insert_row(f->c, 1, "a", 0);
    insert_row(f->c, 2, "b", 0);
    struct statement *one = prepare_sql(f->c, sql), *two = prepare_sql(f->c, sql);
    assert_ptr_not_equal(one, two);
    flexdb_value first[] = {value_integer(10), value_integer(1)}, second[] = {value_integer(20), value_integer(2)};
    must(D(f)->bind(one, first, 2, &err), &err);
    must(D(f)->bind(two, second, 2, &err), &err);
    must(D(f)->run(one, NULL, &err), &err);
    must(D(f)->run(two, NULL, &err), &err);
    D(f)->finalize(two);
    D(f)->finalize(one);
    D(f)->finalize(NULL);
    assert_int_equal(integer_of(f->c, "SELECT number FROM flexdb_t WHERE id = 1"), 10);
    assert_int_equal(integer_of(f->c, "SELECT number FROM flexdb_t WHERE id = 2"), 20);
}

static void five_hundred_texts_pass_through_the_cache(void **state) {
    struct fixture *f = *state;
    insert_row(f->c, 1, "a", 0);
    struct statement *held[20];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 500; i++) {
            char sql[96];
            snprintf(sql, sizeof sql, "UPDATE flexdb_t SET number = number + %d WHERE id = ?", i + 1);
            flexdb_value id = value_integer(1);
            if (i % 25 == 0) held[i / 25] = prepare_sql(f->c, sql);
            assert_int_equal(run_sql(f->c, sql, &id, 1), 1);
        }
        for (size_t i = 0; i < 20; i++) D(f)->finalize(held[i]);
    }
    assert_int_equal(integer_of(f->c, "SELECT number FROM flexdb_t"), 250500);
}

static void affected_counts_what_was_found(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        insert_row(f->c, i, name, 7);
    }
    flexdb_value v[] = {value_integer(7), value_integer(3)};
    assert_int_equal(run_sql(f->c, "UPDATE flexdb_t SET number = ? WHERE id < ?", v, 2), 3);
    assert_int_equal(run_sql(f->c, "UPDATE flexdb_t SET number = ? WHERE id = ?", v, 2), 1);
    v[1] = value_integer(99);
    assert_int_equal(run_sql(f->c, "UPDATE flexdb_t SET number = ? WHERE id = ?", v, 2), 0);
    assert_int_equal(run_sql(f->c, "DELETE FROM flexdb_t WHERE id >= 3", NULL, 0), 2);
    assert_int_equal(run_sql(f->c, "SELECT id FROM flexdb_t WHERE id = -1", NULL, 0), 0);
    assert_int_equal(run_sql(f->c,
                             "INSERT INTO flexdb_t (id, name) SELECT id + 10, name FROM flexdb_t "
                             "WHERE 1 = 0",
                             NULL, 0),
                     0);
}

/* What follows an error must work: the connection, and the same statement. */
static void errors_are_told_apart(void **state) {
    struct fixture *f = *state;
    insert_row(f->c, 1, "taken", 1);
    static const struct {
        const char *sentence, *sql;
        flexdb_code code;
        const char *detail;
    } scenarios[] = {
        {"a syntax error", "SELEKT 1", FLEXDB_INTERNAL, NULL},
        {"an unknown table", "SELECT * FROM flexdb_absent", FLEXDB_CORRUPT, "flexdb_absent"},
        {"an unknown column", "SELECT nothing FROM flexdb_t", FLEXDB_INTERNAL, NULL},
        {"nothing at all", "", FLEXDB_INTERNAL, NULL},
        {"two statements", "DELETE FROM flexdb_t; DELETE FROM flexdb_t", FLEXDB_INTERNAL, NULL},
        {"a taken key", "INSERT INTO flexdb_t (id, name) VALUES (1, 'free')", FLEXDB_DUPLICATE, ""},
        {"a taken name", "INSERT INTO flexdb_t (id, name) VALUES (2, 'taken')", FLEXDB_DUPLICATE, "name"},
        {"a NULL in the statement", "INSERT INTO flexdb_t (id, name) VALUES (2, NULL)", FLEXDB_STALE, NULL},
        {"a guard that finds nothing",
         "INSERT INTO flexdb_t (id, name) VALUES (2, (SELECT name FROM flexdb_t WHERE id = 99))", FLEXDB_STALE, NULL},
        {"an update to NULL", "UPDATE flexdb_t SET name = NULL WHERE id = 1", FLEXDB_STALE, NULL},
    };
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
            flexdb_error err = FLEXDB_ERROR_INIT;
            int rc = try_sql(f->c, scenarios[i].sql, NULL, 0, &err);
            const char *detail = scenarios[i].detail;
            if (rc != -(int)scenarios[i].code) fail_msg("%s: %d %s", scenarios[i].sentence, rc, err.message);
            if ((err.detail != NULL) != (detail != NULL)) fail_msg("%s: wrong detail", scenarios[i].sentence);
            if (rc == -FLEXDB_CORRUPT) assert_string_equal(err.detail, detail);
            if (detail != NULL && strstr(err.detail, detail) == NULL) {
                fail_msg("%s: detail %s", scenarios[i].sentence, err.detail);
            }
            assert_false(err.retryable);
            assert_false(err.ended);
            error_clear(&err);
        }
    }
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t"), 1);
}

static void the_first_error_stays(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    error_set(&err, FLEXDB_CONFLICT, "first");
    assert_int_equal(try_sql(f->c, "SELEKT 1", NULL, 0, &err), -FLEXDB_CONFLICT);
    assert_int_equal(D(f)->execute(f->c, "SELEKT 1", 8, &err), -FLEXDB_CONFLICT);
    assert_string_equal(err.message, "first");
    error_clear(&err);
}

/* An engine may say once that it is to be asked again. */
static struct statement *step_again(struct fixture *f, const char *sql) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct statement *s = prepare_sql(f->c, sql);
    int rc = D(f)->step(s, &err);
    if (rc == -FLEXDB_BUSY) {
        assert_true(err.retryable);
        error_clear(&err);
        D(f)->finalize(s);
        s = prepare_sql(f->c, sql);
        rc = D(f)->step(s, &err);
    }
    must(rc, &err);
    assert_int_equal(rc, 1);
    return s;
}

static void tables_change_under_a_prepared_statement(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    insert_row(f->c, 1, "a", 1);
    for (int round = 0; round < 3; round++) {
        struct statement *s = step_again(f, "SELECT * FROM flexdb_t WHERE id = 1");
        flexdb_value v;
        must(D(f)->column(s, 1, &v, &err), &err);
        assert_memory_equal(v.as.text, "a", 1);
        if (round == 2) {
            must(D(f)->column(s, 6, &v, &err), &err);
            assert_int_equal(v.tag, FLEXDB_INTEGER);
            assert_int_equal(v.as.integer, 5);
        }
        D(f)->finalize(s);
        if (round == 1) execute_sql(f->c, "ALTER TABLE flexdb_t ADD COLUMN extra BIGINT DEFAULT 5");
    }
}

/* The same column in another place: what is read must be of the new type. */
static void a_column_changes_its_type_under_a_prepared_statement(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value v;
    for (int round = 0; round < 2; round++) {
        execute_sql(f->c, "DROP TABLE IF EXISTS flexdb_other");
        execute_sql(f->c,
                    round == 0 ? "CREATE TABLE flexdb_other (a BIGINT)" : "CREATE TABLE flexdb_other (a VARCHAR(20))");
        execute_sql(f->c,
                    round == 0 ? "INSERT INTO flexdb_other VALUES (7)" : "INSERT INTO flexdb_other VALUES ('x7')");
        struct statement *s = step_again(f, "SELECT a FROM flexdb_other");
        must(D(f)->column(s, 0, &v, &err), &err);
        assert_int_equal(v.tag, round == 0 ? FLEXDB_INTEGER : FLEXDB_TEXT);
        if (round == 1) assert_memory_equal(v.as.text, "x7", 2);
        D(f)->finalize(s);
    }
    execute_sql(f->c, "DROP TABLE flexdb_other");
}

static void ddl_is_executed(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    execute_sql(f->c, "DROP TABLE IF EXISTS flexdb_other");
    execute_sql(f->c, "CREATE TABLE flexdb_other (a BIGINT)");
    execute_sql(f->c, "INSERT INTO flexdb_other (a) VALUES (1)");
    execute_sql(f->c, "SELECT a FROM flexdb_other");
    assert_int_equal(integer_of(f->c, "SELECT a FROM flexdb_other"), 1);
    execute_sql(f->c, "DROP TABLE flexdb_other");
    expect_error(D(f)->execute(f->c, "DROP TABLE flexdb_other", 23, &err), &err, FLEXDB_CORRUPT,
                 "the database has no table flexdb_other");
    expect_error(D(f)->execute(f->c, "DELETE FROM flexdb_t; SELECT 1", 30, &err), &err, FLEXDB_INTERNAL, "");
}

void suite_add_statements(struct suite *s) {
    ADD(s, a_statement_is_bound_and_run_again);
    ADD(s, parameters_are_forgotten_between_uses);
    ADD(s, parameters_need_not_outlive_the_first_row);
    ADD(s, one_text_may_be_in_use_twice);
    ADD(s, five_hundred_texts_pass_through_the_cache);
    ADD(s, affected_counts_what_was_found);
    ADD(s, errors_are_told_apart);
    ADD(s, the_first_error_stays);
    ADD(s, tables_change_under_a_prepared_statement);
    ADD(s, a_column_changes_its_type_under_a_prepared_statement);
    ADD(s, ddl_is_executed);
}
