#include "driver_suite.h"

#include <stdio.h>
#include <unistd.h>

static void fill(struct fixture *f, int rows) {
    for (int i = 0; i < rows; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%03d", i);
        insert_row(f->c, i, name, i);
    }
}

static int64_t column_integer(struct fixture *f, struct statement *s) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value v;
    must(D(f)->column(s, 0, &v, &err), &err);
    assert_int_equal(v.tag, FLEXDB_INTEGER);
    return v.as.integer;
}

static void a_result_ends_and_begins_again(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fill(f, 3);
    struct statement *s = prepare_sql(f->c, "SELECT id FROM flexdb_t ORDER BY id");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++) {
            assert_int_equal(D(f)->step(s, &err), 1);
            assert_int_equal(column_integer(f, s), i);
        }
        assert_int_equal(D(f)->step(s, &err), 0);
    }
    assert_int_equal(D(f)->step(s, &err), 1);
    D(f)->reset(s);
    D(f)->reset(s);
    assert_int_equal(D(f)->step(s, &err), 1);
    assert_int_equal(column_integer(f, s), 0);
    D(f)->finalize(s);
}

static void a_column_needs_a_row(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value v;
    fill(f, 1);
    struct statement *s = prepare_sql(f->c, "SELECT id FROM flexdb_t");
    expect_error(D(f)->column(s, 0, &v, &err), &err, FLEXDB_INTERNAL, "there is no row with a column 1");
    assert_int_equal(D(f)->step(s, &err), 1);
    expect_error(D(f)->column(s, 1, &v, &err), &err, FLEXDB_INTERNAL, "there is no row with a column 2");
    assert_int_equal(D(f)->step(s, &err), 0);
    expect_error(D(f)->column(s, 0, &v, &err), &err, FLEXDB_INTERNAL, "there is no row with a column 1");
    D(f)->finalize(s);
}

static void results_alternate_or_are_refused(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fill(f, 5);
    struct statement *up = prepare_sql(f->c, "SELECT id FROM flexdb_t ORDER BY id");
    struct statement *down = prepare_sql(f->c, "SELECT id FROM flexdb_t ORDER BY id DESC");
    bool concurrent = (D(f)->capabilities & DRIVER_CONCURRENT_READS) != 0;
    static const char refusal[] = "a result is still being read on this connection; it must be ended first";
    for (int i = 0; i < 5; i++) {
        assert_int_equal(D(f)->step(up, &err), 1);
        if (concurrent) {
            assert_int_equal(D(f)->step(down, &err), 1);
            assert_int_equal(column_integer(f, down), 4 - i);
        } else {
            expect_error(D(f)->step(down, &err), &err, FLEXDB_INTERNAL, refusal);
            expect_error(D(f)->begin(f->c, TRANSACTION_WRITE, &err), &err, FLEXDB_INTERNAL, refusal);
            expect_error(D(f)->execute(f->c, "SELECT 1", 8, &err), &err, FLEXDB_INTERNAL, refusal);
        }
        assert_int_equal(column_integer(f, up), i);
    }
    assert_int_equal(D(f)->step(up, &err), 0);
    assert_int_equal(D(f)->step(down, &err), concurrent ? 0 : 1);
    D(f)->finalize(up);
    D(f)->finalize(down);
}

/* Closing what was evicted must not end the result that is being read. */
static void statements_come_and_go_beside_a_result(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fill(f, 200);
    struct statement *spare[100], *s = prepare_sql(f->c, "SELECT id FROM flexdb_t ORDER BY id");
    for (size_t i = 0; i < 100; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT id + %zu FROM flexdb_t", i);
        spare[i] = prepare_sql(f->c, sql);
    }
    for (int i = 0; i < 200; i++) {
        assert_int_equal(D(f)->step(s, &err), 1);
        assert_int_equal(column_integer(f, s), i);
        if (i < 100) D(f)->finalize(spare[i]);
    }
    assert_int_equal(D(f)->step(s, &err), 0);
    D(f)->finalize(s);
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t"), 200);
}

static size_t resident_bytes(void) {
    unsigned long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%lu %lu", &pages, &resident) != 2) resident = 0;
    fclose(file);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void a_long_result_streams_in_flat_memory(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    char body[201];
    memset(body, 'x', sizeof body - 1), body[200] = '\0';
    fill(f, 10);
    flexdb_value text = text_of(body);
    run_sql(f->c, "UPDATE flexdb_t SET body = ?", &text, 1);
    struct statement *s =
        prepare_sql(f->c, "SELECT a.id + b.id + c.id + d.id + e.id, a.body FROM flexdb_t a, flexdb_t b, "
                          "flexdb_t c, flexdb_t d, flexdb_t e");
    assert_int_equal(D(f)->step(s, &err), 1);
    size_t before = resident_bytes();
    int64_t rows = 0, sum = 0, rc = 1;
    for (; rc == 1; rc = D(f)->step(s, &err)) {
        flexdb_value v;
        must(D(f)->column(s, 1, &v, &err), &err);
        assert_int_equal(v.length, 200);
        sum += column_integer(f, s);
        rows++;
    }
    must((int)rc, &err);
    size_t after = resident_bytes();
    D(f)->finalize(s);
    assert_int_equal(rows, 100000);
    assert_int_equal(sum, 2250000);
    if (after > before + (4 << 20)) fail_msg("the memory grew by %zu KiB", (after - before) / 1024);
}

static void a_long_result_may_be_left_early(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fill(f, 10);
    for (int way = 0; way < 3; way++) {
        struct statement *s = prepare_sql(f->c, "SELECT a.id FROM flexdb_t a, flexdb_t b, flexdb_t c, flexdb_t d");
        assert_int_equal(D(f)->step(s, &err), 1);
        assert_int_equal(D(f)->step(s, &err), 1);
        if (way == 0) D(f)->reset(s);
        if (way == 1) must(D(f)->run(s, NULL, &err), &err);
        D(f)->finalize(s);
        assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t"), 10);
    }
}

static void closing_frees_what_is_left_open(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fill(f, 10);
    prepare_sql(f->c, "SELECT name FROM flexdb_t");
    struct statement *s = prepare_sql(f->c, "SELECT a.id FROM flexdb_t a, flexdb_t b");
    must(D(f)->begin(f->c, TRANSACTION_WRITE, &err), &err);
    assert_int_equal(D(f)->step(s, &err), 1);
    D(f)->close(f->c);
    f->c = NULL;
    D(f)->close(NULL);
}

static int twice(void *context, const flexdb_value *arguments, size_t count, flexdb_value *out) {
    assert_int_equal(count, 1);
    ++*(int *)context;
    switch (arguments[0].tag) {
    case FLEXDB_INTEGER: *out = value_integer(arguments[0].as.integer * 2); return 0;
    case FLEXDB_NUMBER: *out = value_number(arguments[0].as.number * 2); return 0;
    case FLEXDB_TEXT:
    case FLEXDB_BYTES:
    case FLEXDB_NULL: *out = arguments[0]; return 0;
    default: return -FLEXDB_INTERNAL;
    }
}

static int refuse(void *context, const flexdb_value *arguments, size_t count, flexdb_value *out) {
    (void)context, (void)arguments, (void)count, (void)out;
    return -FLEXDB_CORRUPT;
}

static void functions_are_called_by_sql(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    int calls = 0;
    fill(f, 4);
    must(D(f)->function(f->c, "flexdb_twice", 1, twice, &calls, &err), &err);
    must(D(f)->function(f->c, "flexdb_refuse", 0, refuse, NULL, &err), &err);
    assert_int_equal(integer_of(f->c, "SELECT SUM(flexdb_twice(number)) FROM flexdb_t"), 12);
    assert_int_equal(calls, 4);
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t WHERE flexdb_twice(name) = name"), 4);
    assert_int_equal(integer_of(f->c, "SELECT flexdb_twice(0.5) = 1.0 AND flexdb_twice('') = '' AND "
                                      "flexdb_twice(x'00ff') = x'00ff' AND flexdb_twice(NULL) IS NULL"),
                     1);
    expect_error(try_sql(f->c, "SELECT flexdb_refuse()", NULL, 0, &err), &err, FLEXDB_CORRUPT,
                 "a document in it cannot be read");
    expect_error(D(f)->function(f->c, "flexdb_many", 99, twice, NULL, &err), &err, FLEXDB_UNSUPPORTED, "flexdb_many");
}

void suite_add_results(struct suite *s) {
    ADD(s, a_result_ends_and_begins_again);
    ADD(s, a_column_needs_a_row);
    ADD(s, results_alternate_or_are_refused);
    ADD(s, statements_come_and_go_beside_a_result);
    ADD(s, a_long_result_streams_in_flat_memory);
    ADD(s, a_long_result_may_be_left_early);
    ADD(s, closing_frees_what_is_left_open);
    if ((s->place.driver->capabilities & DRIVER_FUNCTIONS) != 0) ADD(s, functions_are_called_by_sql);
}
