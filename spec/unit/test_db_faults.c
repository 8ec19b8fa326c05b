/* Every statement of every call fails once: each call does all or nothing, and the handle works on. */
#include "db_bed.h"

#include <stdio.h>

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

/* ---- a small world ---- */

struct world {
    flexdb *db;
    flexdb_table *companies, *contacts;
};

static void build(struct world *w) {
    const struct db_place place = {"memory", "sqlite::memory:", &faulty};
    flexdb_error err = FLEXDB_ERROR_INIT;
    faulty = sqlite_driver;
    faulty.prepare = prepare, faulty.step = step, faulty.run = run, faulty.run_many = run_many;
    faulty.execute = execute, faulty.begin = begin, faulty.commit = commit;
    faulty.savepoint = savepoint, faulty.release = release;
    countdown = 0;
    w->db = db_open(&place, false);
    w->companies = db_create(w->db, "companies", "{\"columns\":[{\"name\":\"name\",\"dataType\":\"string\"}]}");
    w->contacts = db_create(w->db, "contacts",
                            "{\"columns\":[{\"name\":\"email\",\"dataType\":\"string\",\"unique\":true},"
                            "{\"name\":\"age\",\"dataType\":\"integer\",\"indexed\":true},"
                            "{\"name\":\"company\",\"dataType\":\"reference\",\"validation\":"
                            "{\"targetTable\":\"companies\"}}]}");
    DB_OK(db_insert(w->companies, "{\"id\":\"c1\",\"name\":\"Acme\"}", NULL, &err));
    DB_OK(db_insert(w->contacts, "{\"id\":\"a\",\"email\":\"a@x\",\"age\":1,\"company\":\"c1\"}", NULL, &err));
    DB_OK(db_insert(w->contacts, "{\"id\":\"b\",\"email\":\"b@x\",\"age\":2}", NULL, &err));
    DB_OK(db_insert(w->contacts, "{\"id\":\"gone\",\"email\":\"g@x\",\"age\":3}", NULL, &err));
    DB_OK(flexdb_delete(w->contacts, "gone", 4, 0, false, &err));
}

static void tear_down(struct world *w) {
    flexdb_table_free(w->companies);
    flexdb_table_free(w->contacts);
    flexdb_free(w->db);
}

/* ---- the calls ---- */

static int do_insert(struct world *w, flexdb_error *err) {
    return db_insert(w->contacts, "{\"id\":\"n\",\"email\":\"n@x\",\"company\":\"c1\"}", NULL, err);
}
static int do_update(struct world *w, flexdb_error *err) {
    return db_update(w->contacts, "b", "{\"age\":9,\"company\":\"c1\"}", NULL, err);
}
static int do_upsert(struct world *w, flexdb_error *err) {
    flexdb_row row;
    bool inserted;
    const flexdb_validator *v = flexdb_table_validator(w->contacts);
    const flexdb_value *given = db_record(v, "{\"email\":\"u@x\",\"age\":5}");
    int rc = flexdb_upsert(w->contacts, "email", 5, v, given, &row, &inserted, err);
    return rc != 0 ? rc : flexdb_upsert(w->contacts, "email", 5, v, given, &row, &inserted, err);
}
static int do_delete(struct world *w, flexdb_error *err) { return flexdb_delete(w->contacts, "a", 1, 0, false, err); }
static int do_erase(struct world *w, flexdb_error *err) { return flexdb_delete(w->contacts, "a", 1, 0, true, err); }
static int do_restore(struct world *w, flexdb_error *err) { return flexdb_restore(w->contacts, "gone", 4, err); }
static int do_update_all(struct world *w, flexdb_error *err) {
    int64_t affected;
    const flexdb_validator *v = flexdb_table_validator(w->contacts);
    return flexdb_update_all(w->contacts, "", 0, true, v, db_record(v, "{\"age\":7}"), &affected, err);
}
static int do_delete_all(struct world *w, flexdb_error *err) {
    int64_t affected;
    return flexdb_delete_all(w->contacts, "", 0, true, false, &affected, err);
}
static int insert_many(struct world *w, bool skip, flexdb_error *err) {
    flexdb_batch *b = NULL;
    int rc = flexdb_batch_begin(&b, w->contacts, skip, 10, err);
    for (int i = 0; rc == 0 && i < 5; i++) {
        char json[96];
        /* The fourth is taken where bad ones may be skipped. */
        snprintf(json, sizeof json, "{\"email\":\"%d@x\",\"company\":\"c1\"}", skip && i == 3 ? 1 : i);
        const flexdb_validator *v = flexdb_table_validator(w->contacts);
        rc = flexdb_batch_add(b, v, db_record(v, json), err);
    }
    if (rc == 0) rc = flexdb_batch_finish(b, err);
    if (rc == 0 && skip) assert_int_equal(flexdb_batch_error_count(b), 1);
    flexdb_batch_free(b);
    return rc;
}
static int do_insert_many(struct world *w, flexdb_error *err) { return insert_many(w, false, err); }
static int do_insert_many_skip(struct world *w, flexdb_error *err) { return insert_many(w, true, err); }

static int evolve(struct world *w, const char *changes, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {.message = "m"};
    int rc = flexdb_evolve(w->contacts, changes, strlen(changes), &options, &out, err);
    buffer_free(&out);
    return rc;
}
static int do_evolve(struct world *w, flexdb_error *err) {
    return evolve(w,
                  "[{\"op\":\"rename_column\",\"name\":\"age\",\"to\":\"years\"},{\"op\":\"add_column\",\"column\":"
                  "{\"name\":\"vip\",\"dataType\":\"boolean\",\"defaultValue\":false}},{\"op\":\"modify_column\","
                  "\"name\":\"email\",\"set\":{\"required\":true}}]",
                  err);
}
static int do_rebuild(struct world *w, flexdb_error *err) {
    return evolve(w, "[{\"op\":\"modify_column\",\"name\":\"age\",\"set\":{\"unique\":true}}]", err);
}
static int do_evolve_and_back(struct world *w, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {0};
    int rc = flexdb_begin(w->db, err);
    if (rc != 0) return rc;
    rc = evolve(w, "[{\"op\":\"remove_column\",\"name\":\"age\"}]", err);
    if (rc == 0) rc = flexdb_rollback_to(w->contacts, 1, &options, &out, err);
    buffer_free(&out);
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (rc == 0) return flexdb_commit(w->db, err);
    flexdb_rollback(w->db, &ignored);
    error_clear(&ignored);
    return rc;
}
static int do_create(struct world *w, flexdb_error *err) {
    static const char definition[] = "{\"columns\":[{\"name\":\"friend\",\"dataType\":\"reference\",\"validation\":"
                                     "{\"targetTable\":\"contacts\"}},{\"name\":\"n\",\"dataType\":\"integer\","
                                     "\"unique\":true}]}";
    flexdb_table *t = NULL;
    int rc = flexdb_create_table(&t, w->db, "friends", 7, definition, sizeof definition - 1, err);
    flexdb_table_free(t);
    return rc;
}
static int do_drop(struct world *w, flexdb_error *err) { return flexdb_drop_table(w->db, "contacts", 8, err); }
static int do_rename(struct world *w, flexdb_error *err) {
    flexdb_table *t = NULL;
    int rc = flexdb_rename_table(&t, w->db, "companies", 9, "firms", 5, err);
    flexdb_table_free(t);
    return rc;
}

static const struct {
    const char *name;
    int (*call)(struct world *w, flexdb_error *err);
    bool two_steps; /* the first of two calls may have done its work */
} calls[] = {
    {"insert", do_insert, false},
    {"update", do_update, false},
    {"upsert, twice", do_upsert, true},
    {"delete", do_delete, false},
    {"delete for good", do_erase, false},
    {"restore", do_restore, false},
    {"update_all", do_update_all, false},
    {"delete_all", do_delete_all, false},
    {"insert_many", do_insert_many, false},
    {"insert_many that skips", do_insert_many_skip, false},
    {"evolve", do_evolve, false},
    {"evolve with a new physical table", do_rebuild, false},
    {"evolve and roll back in a transaction", do_evolve_and_back, false},
    {"create_table", do_create, false},
    {"drop_table", do_drop, false},
    {"rename_table", do_rename, false},
};

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
        int rc = calls[which].call(&w, &err);
        bool struck = countdown == 0;
        countdown = 0;
        if (struck && rc == 0 && !harmless)
            fail_msg("%s: a fault at statement %ld went unnoticed", calls[which].name, at);
        if (struck && rc != 0) {
            assert_string_equal(err.message, "a fault");
            assert_int_equal(flexdb_transaction_depth(w.db), 0);
            char *after = db_dump(w.db);
            if (!calls[which].two_steps && strcmp(before, after) != 0)
                fail_msg("%s: a fault at statement %ld left\n%s\nof\n%s", calls[which].name, at, after, before);
            free(after);
            error_clear(&err);
            rc = calls[which].call(&w, &err);
        }
        if (rc != 0) fail_msg("%s after a fault at statement %ld: %s", calls[which].name, at, err.message);
        free(before);
        tear_down(&w);
        if (!struck) return;
    }
    fail_msg("%s has no end", calls[which].name);
}

static void all_or_nothing(void **state) {
    (void)state;
    ends = false;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) each_statement(i);
}

static void all_or_nothing_when_the_transaction_ends(void **state) {
    (void)state;
    ends = true;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) each_statement(i);
}

/* Inside a transaction a failed call undoes itself alone, and what was done before it stays. */
static void a_failed_call_leaves_the_transaction(void **state) {
    (void)state;
    ends = false;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        for (long at = 1; at < 500; at++) {
            struct world w;
            flexdb_error err = FLEXDB_ERROR_INIT;
            build(&w);
            DB_OK(flexdb_begin(w.db, &err));
            DB_OK(db_insert(w.contacts, "{\"id\":\"first\",\"email\":\"f@x\"}", NULL, &err));
            char *before = db_dump(w.db);
            countdown = at;
            int rc = calls[i].call(&w, &err);
            bool struck = countdown == 0;
            countdown = 0;
            error_clear(&err);
            /* What could not be undone to a savepoint ends the whole, and says so. */
            char *after = NULL;
            if (struck && rc != 0) {
                after = db_dump(w.db);
                if (!calls[i].two_steps && strcmp(before, after) != 0)
                    fail_msg("%s: a fault at statement %ld left\n%s\nof\n%s", calls[i].name, at, after, before);
            }
            DB_OK(flexdb_commit(w.db, &err));
            free(before);
            free(after);
            tear_down(&w);
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
    DB_FAILS(do_insert(&w, &err), FLEXDB_CONNECTION, "a fault");
    assert_int_equal(countdown, 0);
    DB_FAILS(flexdb_count(w.contacts, "", 0, &count, &err), FLEXDB_CONNECTION, "a fault");
    DB_FAILS(do_insert(&w, &err), FLEXDB_CONNECTION, "a fault");
    DB_FAILS(flexdb_begin(w.db, &err), FLEXDB_CONNECTION, "a fault");
    DB_FAILS(flexdb_commit(w.db, &err), FLEXDB_CONNECTION, "a fault");
    assert_int_equal(flexdb_transaction_depth(w.db), 1);
    DB_FAILS(do_evolve(&w, &err), FLEXDB_CONNECTION, "a fault");
    DB_FAILS(flexdb_commit(w.db, &err), FLEXDB_CONNECTION, "a fault");
    assert_int_equal(flexdb_transaction_depth(w.db), 0);
    char *after = db_dump(w.db);
    assert_string_equal(before, after);
    free(before);
    free(after);
    DB_OK(do_insert(&w, &err));
    tear_down(&w);
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
