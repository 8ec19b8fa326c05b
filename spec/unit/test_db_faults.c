/* Every statement of every call fails once: each call does all or nothing, and the handle works on. */
#include "db_calls.h"

/* ---- a driver that fails when it is told to: SQLite's, watched ---- */

static long countdown; /* calls until the one that fails; 0: none */
static bool ends;      /* the fault ends the transaction, as a deadlock does */
static bool harmless;  /* it struck where a savepoint was let go: after a rollback to it that says nothing */
static struct driver faulty;

static bool strikes(struct connection *c, flexdb_error *err) {
    if (countdown == 0 || --countdown != 0) return false;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    bool inside = sqlite_driver.in_transaction(c);
    if (ends && inside) sqlite_driver.rollback(c, &ignored);
    error_clear(&ignored);
    error_set(err, FLEXDB_CONNECTION, "a fault");
    err->ended = ends && inside;
    return true;
}

static int prepare(struct statement **out, struct connection *c, const char *sql, size_t length, flexdb_error *err) {
    return strikes(c, err) ? -FLEXDB_CONNECTION : sqlite_driver.prepare(out, c, sql, length, err);
}
static int step(struct statement *s, flexdb_error *err) {
    return strikes(s->connection, err) ? -FLEXDB_CONNECTION : sqlite_driver.step(s, err);
}
static int run(struct statement *s, int64_t *affected, flexdb_error *err) {
    return strikes(s->connection, err) ? -FLEXDB_CONNECTION : sqlite_driver.run(s, affected, err);
}
static int run_many(struct statement *s, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                    flexdb_error *err) {
    return strikes(s->connection, err) ? -FLEXDB_CONNECTION
                                       : sqlite_driver.run_many(s, values, rows, width, failed, err);
}
static int execute(struct connection *c, const char *sql, size_t length, flexdb_error *err) {
    return strikes(c, err) ? -FLEXDB_CONNECTION : sqlite_driver.execute(c, sql, length, err);
}
static int begin(struct connection *c, enum transaction_mode mode, flexdb_error *err) {
    return strikes(c, err) ? -FLEXDB_CONNECTION : sqlite_driver.begin(c, mode, err);
}
static int commit(struct connection *c, flexdb_error *err) {
    return strikes(c, err) ? -FLEXDB_CONNECTION : sqlite_driver.commit(c, err);
}
static int savepoint(struct connection *c, unsigned number, flexdb_error *err) {
    return strikes(c, err) ? -FLEXDB_CONNECTION : sqlite_driver.savepoint(c, number, err);
}
static int release(struct connection *c, unsigned number, flexdb_error *err) {
    harmless = strikes(c, err);
    return harmless ? -FLEXDB_CONNECTION : sqlite_driver.release(c, number, err);
}

static void build(struct world *w) {
    faulty = sqlite_driver;
    faulty.prepare = prepare, faulty.step = step, faulty.run = run, faulty.run_many = run_many;
    faulty.execute = execute, faulty.begin = begin, faulty.commit = commit;
    faulty.savepoint = savepoint, faulty.release = release;
    countdown = 0;
    world_build(w, &faulty);
}

/* ---- the tests ---- */

/* One fault at a time, from the first statement to the last. */
static void each_statement(size_t which) {
    for (long at = 1; at < 500; at++) {
        struct world w;
        flexdb_error err = FLEXDB_ERROR_INIT;
        build(&w);
        char *before = db_dump(w.db);
        countdown = at;
        harmless = false;
        int rc = world_calls[which].call(&w, &err);
        bool struck = countdown == 0;
        countdown = 0;
        if (struck && rc == 0 && !harmless)
            fail_msg("%s: a fault at statement %ld went unnoticed", world_calls[which].name, at);
        if (struck && rc != 0) {
            assert_string_equal(err.message, "a fault");
            assert_int_equal(flexdb_transaction_depth(w.db), 0);
            char *after = db_dump(w.db);
            if (!world_calls[which].two_steps && strcmp(before, after) != 0)
                fail_msg("%s: a fault at statement %ld left\n%s\nof\n%s", world_calls[which].name, at, after, before);
            free(after);
            error_clear(&err);
            rc = world_calls[which].call(&w, &err);
        }
        if (rc != 0) fail_msg("%s after a fault at statement %ld: %s", world_calls[which].name, at, err.message);
        free(before);
        world_free(&w);
        if (!struck) return;
    }
    fail_msg("%s has no end", world_calls[which].name);
}

static void all_or_nothing(void **state) {
    (void)state;
    ends = false;
    for (size_t i = 0; world_calls[i].name != NULL; i++) each_statement(i);
}

static void all_or_nothing_when_the_transaction_ends(void **state) {
    (void)state;
    ends = true;
    for (size_t i = 0; world_calls[i].name != NULL; i++) each_statement(i);
}

/* Inside a transaction a failed call undoes itself alone, and what was done before it stays. */
static void a_failed_call_leaves_the_transaction(void **state) {
    (void)state;
    ends = false;
    for (size_t i = 0; world_calls[i].name != NULL; i++) {
        for (long at = 1; at < 500; at++) {
            struct world w;
            flexdb_error err = FLEXDB_ERROR_INIT;
            build(&w);
            DB_OK(flexdb_begin(w.db, &err));
            DB_OK(db_insert(w.contacts, "{\"id\":\"first\",\"email\":\"f@x\"}", NULL, &err));
            char *before = db_dump(w.db);
            countdown = at;
            int rc = world_calls[i].call(&w, &err);
            bool struck = countdown == 0;
            countdown = 0;
            error_clear(&err);
            /* What could not be undone to a savepoint ends the whole, and says so. */
            char *after = NULL;
            if (struck && rc != 0) {
                after = db_dump(w.db);
                if (!world_calls[i].two_steps && strcmp(before, after) != 0)
                    fail_msg("%s: a fault at statement %ld left\n%s\nof\n%s", world_calls[i].name, at, after, before);
            }
            DB_OK(flexdb_commit(w.db, &err));
            free(before);
            free(after);
            world_free(&w);
            if (!struck) break;
        }
    }
}

/* The engine ends the transaction: every call says why until the outermost level ends. */
static void an_ended_transaction_is_never_continued(void **state) {
    (void)state;
    struct world w;
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t count;
    build(&w);
    ends = true;
    char *before = db_dump(w.db);
    DB_OK(flexdb_begin(w.db, &err));
    DB_OK(db_insert(w.contacts, "{\"email\":\"f@x\"}", NULL, &err));
    DB_OK(flexdb_begin(w.db, &err));
    countdown = 2;
    DB_FAILS(db_insert(w.contacts, "{\"email\":\"n@x\"}", NULL, &err), FLEXDB_CONNECTION, "a fault");
    assert_int_equal(countdown, 0);
    DB_FAILS(flexdb_count(w.contacts, "", 0, &count, &err), FLEXDB_CONNECTION, "a fault");
    DB_FAILS(db_insert(w.contacts, "{\"email\":\"n@x\"}", NULL, &err), FLEXDB_CONNECTION, "a fault");
    DB_FAILS(flexdb_begin(w.db, &err), FLEXDB_CONNECTION, "a fault");
    DB_FAILS(flexdb_commit(w.db, &err), FLEXDB_CONNECTION, "a fault");
    assert_int_equal(flexdb_transaction_depth(w.db), 1);
    DB_FAILS(flexdb_drop_table(w.db, "contacts", 8, &err), FLEXDB_CONNECTION, "a fault");
    DB_FAILS(flexdb_commit(w.db, &err), FLEXDB_CONNECTION, "a fault");
    assert_int_equal(flexdb_transaction_depth(w.db), 0);
    char *after = db_dump(w.db);
    assert_string_equal(before, after);
    free(before);
    free(after);
    DB_OK(db_insert(w.contacts, "{\"email\":\"n@x\"}", NULL, &err));
    world_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(all_or_nothing_when_the_transaction_ends),
        cmocka_unit_test(a_failed_call_leaves_the_transaction),
        cmocka_unit_test(an_ended_transaction_is_never_continued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
