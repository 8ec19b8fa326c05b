#include "driver_suite.h"

#include <stdio.h>

struct connection *open_place(const struct place *p, double timeout, bool read_only) {
    struct url url;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct connect_options options = {.timeout = timeout, .read_only = read_only, .create = true};
    struct connection *c = NULL;
    must(url_parse(&url, p->url, strlen(p->url), &err), &err);
    must(p->driver->open(&c, &url, &options, &err), &err);
    url_free(&url);
    assert_ptr_equal(c->driver, p->driver);
    return c;
}

flexdb_code open_fails(const struct driver *d, const char *text, const struct connect_options *options,
                       char message[512]) {
    struct url url;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct connection *c = NULL;
    must(url_parse(&url, text, strlen(text), &err), &err);
    int rc = d->open(&c, &url, options, &err);
    snprintf(message, 512, "%s", rc == 0 ? "it opened" : err.message);
    if (rc == 0) d->close(c);
    assert_int_equal(rc, -(int)err.code);
    error_clear(&err);
    url_free(&url);
    return (flexdb_code)-rc;
}

void must(int rc, flexdb_error *err) {
    if (rc < 0) fail_msg("%s: %s", error_code_name(err->code), err->message);
    assert_int_equal(err->code, FLEXDB_OK);
}

void expect_error(int rc, flexdb_error *err, flexdb_code code, const char *part) {
    if (rc != -(int)code || err->code != code || strstr(err->message, part) == NULL) {
        fail_msg("expected %s with '%s', got %d %s: %s", error_code_name(code), part, rc, error_code_name(err->code),
                 err->code == FLEXDB_OK ? "" : err->message);
    }
    error_clear(err);
}

void execute_sql(struct connection *c, const char *sql) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    must(c->driver->execute(c, sql, strlen(sql), &err), &err);
}

struct statement *prepare_sql(struct connection *c, const char *sql) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct statement *s = NULL;
    must(c->driver->prepare(&s, c, sql, strlen(sql), &err), &err);
    assert_ptr_equal(s->connection, c);
    return s;
}

int try_sql(struct connection *c, const char *sql, const flexdb_value *values, size_t count, flexdb_error *err) {
    struct statement *s = NULL;
    int rc = c->driver->prepare(&s, c, sql, strlen(sql), err);
    if (rc == 0) rc = c->driver->bind(s, values, count, err);
    if (rc == 0) rc = c->driver->run(s, NULL, err);
    c->driver->finalize(s);
    return rc;
}

int64_t run_sql(struct connection *c, const char *sql, const flexdb_value *values, size_t count) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct statement *s = prepare_sql(c, sql);
    int64_t affected = -1;
    must(c->driver->bind(s, values, count, &err), &err);
    must(c->driver->run(s, &affected, &err), &err);
    c->driver->finalize(s);
    return affected;
}

int64_t integer_of(struct connection *c, const char *sql) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct statement *s = prepare_sql(c, sql);
    flexdb_value v = value_null();
    int rc = c->driver->step(s, &err);
    must(rc, &err);
    assert_int_equal(rc, 1);
    must(c->driver->column(s, 0, &v, &err), &err);
    assert_int_equal(v.tag, FLEXDB_INTEGER);
    c->driver->finalize(s);
    return v.as.integer;
}

void insert_row(struct connection *c, int64_t id, const char *name, int64_t number) {
    flexdb_value row[] = {value_integer(id), text_of(name), value_integer(number)};
    assert_int_equal(run_sql(c, "INSERT INTO flexdb_t (id, name, number) VALUES (?, ?, ?)", row, 3), 1);
}

static int fixture_open(void **state) {
    struct fixture *f = malloc(sizeof *f);
    assert_non_null(f);
    f->place = *state;
    f->c = open_place(f->place, 5, false);
    execute_sql(f->c, "DROP TABLE IF EXISTS flexdb_t");
    execute_sql(f->c, "CREATE TABLE flexdb_t (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, "
                      "number BIGINT, ratio DOUBLE, body LONGTEXT, raw LONGBLOB)");
    execute_sql(f->c, "CREATE UNIQUE INDEX flexdb_t_name ON flexdb_t (name)");
    *state = f;
    return 0;
}

static int fixture_close(void **state) {
    struct fixture *f = *state;
    if (f->c != NULL) D(f)->close(f->c);
    struct connection *c = open_place(f->place, 5, false);
    execute_sql(c, "DROP TABLE IF EXISTS flexdb_t");
    D(f)->close(c);
    free(f);
    return 0;
}

void suite_add(struct suite *s, const char *name, CMUnitTestFunction function) {
    assert_true(s->count < sizeof s->tests / sizeof *s->tests);
    s->tests[s->count++] = (struct CMUnitTest){.name = name,
                                               .test_func = function,
                                               .setup_func = fixture_open,
                                               .teardown_func = fixture_close,
                                               .initial_state = &s->place};
}
