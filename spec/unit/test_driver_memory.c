/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=strdup,--wrap=mysql_real_query */
/* Every allocation of the drivers fails once: an error each time, no leak, no crash. */
#include "driver_suite.h"

#include <stdio.h>

#if FLEXDB_TEST_MYSQL
#include "driver/mysql/mysql_driver.h"
#endif

static long allocations_left = -1; /* -1: none fails */

static bool fails(void) {
    if (allocations_left < 0) return false;
    if (allocations_left > 0) {
        allocations_left--;
        return false;
    }
    allocations_left = -2; /* it was met */
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }
char *__wrap_strdup(const char *text) { return fails() ? NULL : __real_strdup(text); }

enum { LONG = 100000 };
static char long_text[LONG];

static int no_function(void *context, const flexdb_value *arguments, size_t count, flexdb_value *out) {
    (void)context, (void)count;
    *out = arguments[0];
    return 0;
}

static int write_rows(struct connection *c, flexdb_error *err) {
    const struct driver *d = c->driver;
    /* On SQLite the form that takes several rows to a statement. */
    const char *sql = strcmp(d->dialect, "sqlite") == 0 ? "INSERT OR FAIL INTO flexdb_t (id, body) VALUES (?, ?)"
                                                        : "INSERT INTO flexdb_t (id, body) VALUES (?, ?)";
    flexdb_value rows[40];
    for (size_t i = 0; i < 20; i++)
        rows[2 * i] = value_integer((int64_t)i), rows[2 * i + 1] = value_text(long_text, LONG);
    struct statement *s = NULL;
    size_t failed = 0;
    int rc = d->prepare(&s, c, sql, strlen(sql), err);
    if (rc == 0) rc = d->run_many(s, rows, 20, 2, &failed, err);
    d->finalize(s);
    return rc;
}

static int read_rows(struct connection *c, flexdb_error *err) {
    static const char sql[] = "SELECT id, body FROM flexdb_t WHERE id < 1000 OR body = ?";
    const struct driver *d = c->driver;
    flexdb_value text = value_text(long_text, LONG), got;
    struct statement *s = NULL;
    int rc = d->prepare(&s, c, sql, sizeof sql - 1, err), rows = 0;
    if (rc == 0) rc = d->bind(s, &text, 1, err);
    while (rc == 0 && (rc = d->step(s, err)) == 1) {
        rc = d->column(s, 1, &got, err);
        if (rc == 0) assert_int_equal(got.length, LONG);
        rows++;
    }
    d->finalize(s);
    if (rc == 0) assert_int_equal(rows, 20);
    return rc;
}

static int work(struct connection *c, flexdb_error *err) {
    const struct driver *d = c->driver;
    int rc = d->begin(c, TRANSACTION_WRITE, err);
    if (rc == 0) rc = d->savepoint(c, 1, err);
    if (rc == 0) rc = write_rows(c, err);
    if (rc == 0) rc = read_rows(c, err);
    if (rc == 0) rc = d->rollback_to(c, 1, err);
    if (rc == 0) rc = d->release(c, 1, err);
    if (rc == 0) rc = d->commit(c, err);
    if (rc == 0 && d->function != NULL) rc = d->function(c, "flexdb_none", 1, no_function, NULL, err);
    uint32_t counter;
    if (rc == 0 && d->change_counter != NULL) rc = d->change_counter(c, &counter, err);
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (rc != 0) d->rollback(c, &ignored);
    error_clear(&ignored);
    return rc;
}

static int whole_life(const struct place *p, flexdb_error *err) {
    static const char drop[] = "DROP TABLE IF EXISTS flexdb_t",
                      create[] = "CREATE TABLE flexdb_t (id BIGINT, body LONGTEXT)";
    struct connect_options options = {1, false, true};
    struct url url = {0};
    struct connection *c = NULL;
    int rc = url_parse(&url, p->url, strlen(p->url), err);
    if (rc == 0) rc = p->driver->open(&c, &url, &options, err);
    if (rc == 0) rc = p->driver->execute(c, drop, sizeof drop - 1, err);
    if (rc == 0) rc = p->driver->execute(c, create, sizeof create - 1, err);
    if (rc == 0) rc = work(c, err);
    if (c != NULL) p->driver->close(c);
    url_free(&url);
    return rc;
}

static void every_allocation_fails_once(void **state) {
    const struct place *p = *state;
    memset(long_text, 'x', sizeof long_text);
    for (long n = 0; n < 1000; n++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        allocations_left = n;
        int rc = whole_life(p, &err);
        bool met = allocations_left == -2;
        allocations_left = -1;
        if (!met) {
            must(rc, &err);
            assert_true(n > 10);
            return;
        }
        /* A cleanup may have met it, or a message, after all had gone well. */
        if (rc != 0) expect_error(rc, &err, FLEXDB_INTERNAL, "out of memory");
    }
    fail_msg("the allocations do not end");
}

#if FLEXDB_TEST_MYSQL
static bool refuses_rollback;

int __real_mysql_real_query(void *handle, const char *sql, unsigned long length);
int __wrap_mysql_real_query(void *handle, const char *sql, unsigned long length);

int __wrap_mysql_real_query(void *handle, const char *sql, unsigned long length) {
    if (refuses_rollback && length == 8 && memcmp(sql, "ROLLBACK", 8) == 0) return 1;
    return __real_mysql_real_query(handle, sql, length);
}

/* The server would commit what is open when the next transaction begins. */
static void what_cannot_be_rolled_back_is_not_committed(void **state) {
    const struct place *p = *state;
    const struct driver *d = p->driver;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct connection *c = open_place(p, 1, false), *other = open_place(p, 1, false);
    execute_sql(c, "DROP TABLE IF EXISTS flexdb_t");
    execute_sql(c, "CREATE TABLE flexdb_t (id BIGINT)");
    must(d->begin(c, TRANSACTION_WRITE, &err), &err);
    execute_sql(c, "INSERT INTO flexdb_t VALUES (1)");
    refuses_rollback = true;
    assert_true(d->rollback(c, &err) < 0);
    error_clear(&err);
    refuses_rollback = false;
    expect_error(d->begin(c, TRANSACTION_WRITE, &err), &err, FLEXDB_CONNECTION, "was lost");
    d->close(c);
    assert_int_equal(0, integer_of(other, "SELECT count(*) FROM flexdb_t"));
    execute_sql(other, "DROP TABLE flexdb_t");
    d->close(other);
}
#endif

int main(void) {
    char folder[512], url[600], remove_all[600];
    const char *temporary = getenv("TMPDIR"), *server = getenv("FLEXDB_TEST_MYSQL_URL");
    snprintf(folder, sizeof folder, "%s/flexdb-memory-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(url, sizeof url, "sqlite:%s/a.db", folder);
    struct place file = {&sqlite_driver, url, true};
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(every_allocation_fails_once, &file)};
    int failed = cmocka_run_group_tests_name("driver on a file, out of memory", tests, NULL, NULL);
#if FLEXDB_TEST_MYSQL
    if (server != NULL && server[0] != '\0') {
        struct place place = {&mysql_driver, server, true};
        const struct CMUnitTest more[] = {
            cmocka_unit_test_prestate(every_allocation_fails_once, &place),
            cmocka_unit_test_prestate(what_cannot_be_rolled_back_is_not_committed, &place)};
        failed += cmocka_run_group_tests_name("driver on a server, out of memory", more, NULL, NULL);
    }
#else
    (void)server;
#endif
    snprintf(remove_all, sizeof remove_all, "rm -rf '%s'", folder);
    return system(remove_all) != 0 || failed != 0;
}
