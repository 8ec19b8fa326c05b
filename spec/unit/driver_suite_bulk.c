#include "driver_suite.h"

#include <stdio.h>

/* On SQLite an even number of rows goes in by the form that takes several to a statement. */
#define INSERT_ALL  "INSERT INTO flexdb_t (id, name, number, ratio, body, raw) VALUES (?, ?, ?, ?, ?, ?)"
#define INSERT_ROWS "INSERT OR FAIL INTO flexdb_t (id, name, number, ratio, body, raw) VALUES (?, ?, ?, ?, ?, ?)"
enum { WIDTH = 6, ROWS = 5000, NAME = 16, LONGEST = 20000 };

struct rows {
    flexdb_value *values;
    char *names, *body;
    size_t count;
};

/* A body's length: most are short, some empty, a few very long. */
static size_t body_length(size_t i) { return i % 97 == 0 ? LONGEST : i % 10 == 0 ? 0 : i % 300; }

static struct rows make_rows(size_t count) {
    struct rows r = {malloc(count * WIDTH * sizeof *r.values), malloc(count * NAME), malloc(LONGEST), count};
    assert_true(r.values != NULL && r.names != NULL && r.body != NULL);
    for (size_t i = 0; i < LONGEST; i++) r.body[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < count; i++) {
        char *name = r.names + i * NAME;
        snprintf(name, NAME, "row %zu", i);
        flexdb_value *row = r.values + i * WIDTH;
        row[0] = value_integer((int64_t)i);
        row[1] = text_of(name);
        row[2] = i % 3 == 1 ? value_null() : value_integer((int64_t)i);
        row[3] = i % 5 == 2 ? value_null() : value_number((double)i / 4);
        row[4] = i % 7 == 3 ? (flexdb_value){.tag = FLEXDB_ABSENT} : value_text(r.body, body_length(i));
        row[5] = i % 11 == 4 ? value_null() : value_bytes(r.body, i % 40);
    }
    return r;
}

static void free_rows(struct rows *r) {
    free(r->values);
    free(r->names);
    free(r->body);
}

static int insert_rows(struct fixture *f, const struct rows *r, size_t *failed, flexdb_error *err) {
    bool rows = strcmp(D(f)->dialect, "sqlite") == 0 && r->count % 2 == 0;
    struct statement *s = prepare_sql(f->c, rows ? INSERT_ROWS : INSERT_ALL);
    int rc = D(f)->run_many(s, r->values, r->count, WIDTH, failed, err);
    D(f)->finalize(s);
    return rc;
}

static void many_rows_arrive_whole(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    size_t failed = 0;
    struct rows r = make_rows(ROWS);
    must(D(f)->begin(f->c, TRANSACTION_WRITE, &err), &err);
    must(insert_rows(f, &r, &failed, &err), &err);
    must(D(f)->commit(f->c, &err), &err);

    struct statement *s = prepare_sql(f->c, "SELECT id, name, number, ratio, body, raw FROM flexdb_t ORDER BY id");
    for (size_t i = 0; i < ROWS; i++) {
        const flexdb_value *row = r.values + i * WIDTH;
        assert_int_equal(D(f)->step(s, &err), 1);
        for (size_t k = 0; k < WIDTH; k++) {
            flexdb_value v;
            must(D(f)->column(s, k, &v, &err), &err);
            bool same =
                value_is_none(&row[k]) ? v.tag == FLEXDB_NULL : v.tag == row[k].tag && v.length == row[k].length;
            if (same && v.tag == FLEXDB_INTEGER) same = v.as.integer == row[k].as.integer;
            if (same && v.tag == FLEXDB_NUMBER)
                same = v.as.number >= row[k].as.number && v.as.number <= row[k].as.number;
            if (same && v.length != 0) same = memcmp(v.as.text, row[k].as.text, v.length) == 0;
            if (!same) fail_msg("row %zu, column %zu came back as another", i, k);
        }
    }
    assert_int_equal(D(f)->step(s, &err), 0);
    D(f)->finalize(s);
    free_rows(&r);
}

static void a_column_may_hold_several_types(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    size_t failed = 0;
    struct rows r = make_rows(40);
    for (size_t i = 0; i < r.count; i++) {
        flexdb_value *row = r.values + i * WIDTH;
        row[3] = i % 4 == 0 ? value_integer((int64_t)i) : i % 4 == 1 ? value_boolean(true) : value_number((double)i);
    }
    must(insert_rows(f, &r, &failed, &err), &err);
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t WHERE ratio = id OR (ratio = 1 AND id % 4 = 1)"),
                     40);
    free_rows(&r);
}

static void no_row_and_one_row_are_many(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    size_t failed = 7;
    struct rows r = make_rows(1);
    must(insert_rows(f, &r, &failed, &err), &err);
    r.count = 0;
    must(insert_rows(f, &r, &failed, &err), &err);
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t"), 1);
    struct statement *s = prepare_sql(f->c, INSERT_ALL);
    expect_error(D(f)->run_many(s, r.values, 1, WIDTH - 1, &failed, &err), &err, FLEXDB_INTERNAL,
                 "the statement has 6 parameters, 5 values were given");
    D(f)->finalize(s);
    free_rows(&r);
}

static void a_bad_row_among_many_is_undone_by_a_savepoint(void **state) {
    struct fixture *f = *state;
    struct rows r = make_rows(2500);
    static const struct {
        size_t row, column;
        flexdb_code code;
    } scenarios[] = {
        {2000, 1, FLEXDB_DUPLICATE}, {1999, 1, FLEXDB_STALE}, {0, 0, FLEXDB_DUPLICATE}, {2499, 0, FLEXDB_STALE}};
    insert_row(f->c, -1, "before", 1);
    insert_row(f->c, -2, "taken", 1);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        size_t failed = 0, at = scenarios[i].row * WIDTH + scenarios[i].column;
        flexdb_value kept = r.values[at];
        bool duplicate = scenarios[i].code == FLEXDB_DUPLICATE, key = scenarios[i].column == 0;
        r.values[at] = !duplicate ? value_null() : key ? value_integer(-2) : text_of("taken");
        must(D(f)->begin(f->c, TRANSACTION_WRITE, &err), &err);
        must(D(f)->savepoint(f->c, 1, &err), &err);
        int rc = insert_rows(f, &r, &failed, &err);
        assert_true(failed == scenarios[i].row || failed == r.count);
        if (duplicate) assert_non_null(err.detail);
        assert_false(err.ended);
        expect_error(rc, &err, scenarios[i].code, "");
        must(D(f)->rollback_to(f->c, 1, &err), &err);
        must(D(f)->release(f->c, 1, &err), &err);
        r.values[at] = kept;
        assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t"), 2);
        if (i + 1 == sizeof scenarios / sizeof *scenarios) {
            must(insert_rows(f, &r, &failed, &err), &err);
            must(D(f)->commit(f->c, &err), &err);
        } else {
            must(D(f)->rollback(f->c, &err), &err);
        }
    }
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t"), 2502);
    free_rows(&r);
}

static void a_guard_holds_for_each_of_many_rows(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    size_t failed = 0;
    insert_row(f->c, 0, "guard", 3);
    flexdb_value rows[300][2];
    struct statement *s = prepare_sql(f->c, "UPDATE flexdb_t SET name = (SELECT n FROM (SELECT name AS n, number FROM "
                                            "flexdb_t) AS g WHERE g.number = ?) WHERE id = ?");
    for (size_t i = 0; i < 300; i++) rows[i][0] = value_integer(3), rows[i][1] = value_integer(0);
    must(D(f)->run_many(s, rows[0], 300, 2, &failed, &err), &err);
    rows[170][0] = value_integer(4);
    expect_error(D(f)->run_many(s, rows[0], 300, 2, &failed, &err), &err, FLEXDB_STALE, "");
    D(f)->finalize(s);
}

static void an_unbindable_row_among_many_is_named(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    size_t failed = 0;
    struct rows r = make_rows(30);
    r.values[20 * WIDTH + 2] = (flexdb_value){.tag = FLEXDB_FAULT};
    expect_error(insert_rows(f, &r, &failed, &err), &err, FLEXDB_INTERNAL, "parameter 3 is no value");
    assert_int_equal(failed, 20);
    free_rows(&r);
}

void suite_add_bulk(struct suite *s) {
    ADD(s, many_rows_arrive_whole);
    ADD(s, a_column_may_hold_several_types);
    ADD(s, no_row_and_one_row_are_many);
    ADD(s, a_bad_row_among_many_is_undone_by_a_savepoint);
    ADD(s, a_guard_holds_for_each_of_many_rows);
    ADD(s, an_unbindable_row_among_many_is_named);
}
