/* LDFLAGS: -Wl,--wrap=pthread_create,--wrap=malloc */
/* A large batch is written by a thread of its own while the next records are encoded: nothing else touches the
 * connection meanwhile, and nobody can tell. */
#include "db_calls.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "property.h"

enum { BLOCK = 1024, TEXT_ROOM = 1 << 20 };

/* ---- no thread, or no second block ---- */

enum means { ALL_MEANS, NO_THREAD, NO_BLOCK, MEANS };
static bool no_thread, no_block;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context) {
    return no_thread ? EAGAIN : __real_pthread_create(thread, attributes, start, context);
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) { return no_block && size == TEXT_ROOM ? NULL : __real_malloc(size); }

/* ---- a driver that notices who calls: SQLite's, watched ---- */

static struct driver watched;
static pthread_t home;
static atomic_bool writing; /* the writer has the connection */
static atomic_int handed;   /* blocks that it was given */
static atomic_int trespasses;
static bool slow;                     /* it takes its time, so that a trespass shows */
static flexdb_code fault = FLEXDB_OK; /* what the writer's next block fails with */
static bool unmasked;                 /* it can be interrupted by signals */

static bool is_home(void) { return pthread_equal(pthread_self(), home) != 0; }

static void look(void) {
    if (is_home() && atomic_load(&writing)) atomic_fetch_add(&trespasses, 1);
}

static void rest(long ms) { nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL); }

static int prepare(struct statement **out, struct connection *c, const char *sql, size_t length, flexdb_error *err) {
    look();
    if (!is_home()) atomic_store(&writing, true);
    return sqlite_driver.prepare(out, c, sql, length, err);
}
static void finalize(struct statement *s) {
    look();
    sqlite_driver.finalize(s);
    if (!is_home()) atomic_store(&writing, false);
}
static int run_many(struct statement *s, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                    flexdb_error *err) {
    look();
    if (is_home()) return sqlite_driver.run_many(s, values, rows, width, failed, err);
    atomic_fetch_add(&handed, 1);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    static const int disturbing[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1, SIGPROF};
    for (size_t i = 0; i < sizeof disturbing / sizeof disturbing[0]; i++)
        if (sigismember(&blocked, disturbing[i]) != 1) unmasked = true;
    if (slow) rest(20);
    if (fault != FLEXDB_OK) {
        flexdb_error ignored = FLEXDB_ERROR_INIT;
        sqlite_driver.rollback(s->connection, &ignored);
        error_clear(&ignored);
        error_set(err, fault, "a fault");
        err->ended = true;
        return -(int)fault;
    }
    return sqlite_driver.run_many(s, values, rows, width, failed, err);
}

static int bind(struct statement *s, const flexdb_value *values, size_t count, flexdb_error *err) {
    return look(), sqlite_driver.bind(s, values, count, err);
}
static int step(struct statement *s, flexdb_error *err) { return look(), sqlite_driver.step(s, err); }
static int column(struct statement *s, size_t i, flexdb_value *out, flexdb_error *err) {
    return look(), sqlite_driver.column(s, i, out, err);
}
static void reset(struct statement *s) { look(), sqlite_driver.reset(s); }
static int run(struct statement *s, int64_t *affected, flexdb_error *err) {
    return look(), sqlite_driver.run(s, affected, err);
}
static int execute(struct connection *c, const char *sql, size_t length, flexdb_error *err) {
    return look(), sqlite_driver.execute(c, sql, length, err);
}
static int begin(struct connection *c, enum transaction_mode mode, flexdb_error *err) {
    return look(), sqlite_driver.begin(c, mode, err);
}
static int commit(struct connection *c, flexdb_error *err) { return look(), sqlite_driver.commit(c, err); }
static int rollback(struct connection *c, flexdb_error *err) { return look(), sqlite_driver.rollback(c, err); }
static int savepoint(struct connection *c, unsigned number, flexdb_error *err) {
    return look(), sqlite_driver.savepoint(c, number, err);
}
static int release(struct connection *c, unsigned number, flexdb_error *err) {
    return look(), sqlite_driver.release(c, number, err);
}
static int rollback_to(struct connection *c, unsigned number, flexdb_error *err) {
    return look(), sqlite_driver.rollback_to(c, number, err);
}
static bool in_transaction(struct connection *c) { return look(), sqlite_driver.in_transaction(c); }
static int change_counter(struct connection *c, uint32_t *out, flexdb_error *err) {
    return look(), sqlite_driver.change_counter(c, out, err);
}
static void close_connection(struct connection *c) { look(), sqlite_driver.close(c); }

static void build(struct world *w) {
    watched = sqlite_driver;
    watched.prepare = prepare, watched.finalize = finalize, watched.bind = bind, watched.step = step;
    watched.column = column, watched.reset = reset, watched.run = run, watched.run_many = run_many;
    watched.execute = execute, watched.begin = begin, watched.commit = commit, watched.rollback = rollback;
    watched.savepoint = savepoint, watched.release = release, watched.rollback_to = rollback_to;
    watched.in_transaction = in_transaction, watched.change_counter = change_counter;
    watched.close = close_connection;
    home = pthread_self();
    atomic_store(&handed, 0);
    atomic_store(&trespasses, 0);
    slow = unmasked = no_thread = no_block = false;
    fault = FLEXDB_OK;
    world_build(w, &watched);
}

/* ---- batches ---- */

static flexdb_batch *begin_batch(flexdb_table *t) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_batch *b = NULL;
    DB_OK(flexdb_batch_begin(&b, t, false, 0, &err));
    return b;
}

static int add(flexdb_batch *b, flexdb_table *t, const char *json, flexdb_error *err) {
    for (;;) {
        const flexdb_validator *v = flexdb_table_validator(t);
        int rc = flexdb_batch_add(b, v, db_record(v, json), err);
        if (rc != -FLEXDB_STALE) return rc;
        error_clear(err);
    }
}

/* Records `from` to `to` of contacts. */
static void add_many(flexdb_batch *b, flexdb_table *t, int from, int to) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    for (int i = from; i <= to; i++) {
        char json[96];
        snprintf(json, sizeof json, "{\"email\":\"%d@many\",\"age\":%d,\"company\":\"c1\"}", i, 1000 + i);
        DB_OK(add(b, t, json, &err));
    }
}

/* Up to where the second block has just been handed over, and is being written. */
static flexdb_batch *begin_large(struct world *w) {
    slow = true;
    flexdb_batch *b = begin_batch(w->contacts);
    add_many(b, w->contacts, 1, 2 * BLOCK);
    for (int i = 0; i < 1000 && !atomic_load(&writing) && atomic_load(&handed) == 0; i++) rest(1);
    return b;
}

static int64_t count(flexdb_table *t) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t n = -1;
    DB_OK(flexdb_count(t, "", 0, &n, &err));
    return n;
}

/* ---- what may be called meanwhile ---- */

static void nothing(struct world *w) { (void)w; }

static void read_it(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_row row;
    assert_int_equal(count(w->contacts), 2 + 2 * BLOCK);
    assert_int_equal(flexdb_get(w->contacts, "b", 1, &row, &err), 1);
}

static flexdb_rows *left_open;
static void leave_a_result_open(struct world *w) {
    static const char query[] = "{\"orderBy\":[\"age\"]}";
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_row row;
    DB_OK(flexdb_find(&left_open, w->contacts, query, sizeof query - 1, false, &err));
    assert_int_equal(flexdb_rows_step(left_open, &row, &err), 1);
}

static void write_it(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    DB_OK(db_insert(w->companies, "{\"name\":\"new\"}", NULL, &err));
    DB_OK(db_update(w->contacts, "b", "{\"age\":50}", NULL, &err));
    DB_OK(flexdb_delete(w->contacts, "b", 1, 0, false, &err));
    DB_OK(flexdb_restore(w->contacts, "b", 1, &err));
    DB_FAILS(db_insert(w->contacts, "{\"email\":\"2000@many\"}", NULL, &err), FLEXDB_DUPLICATE,
             "email: \"2000@many\" is taken");
}

static void evolve_it(struct world *w) {
    static const char changes[] = "[{\"op\":\"add_column\",\"column\":{\"name\":\"more\",\"dataType\":\"integer\","
                                  "\"indexed\":true}},{\"op\":\"rename_column\",\"name\":\"age\",\"to\":\"years\"}]";
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {0};
    DB_OK(flexdb_evolve(w->contacts, changes, sizeof changes - 1, &options, &out, &err));
    buffer_free(&out);
}

static void make_and_drop_a_table(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_table_free(
        db_create(w->db, "t", "{\"columns\":[{\"name\":\"a\",\"dataType\":\"string\",\"unique\":true}]}"));
    DB_OK(flexdb_drop_table(w->db, "t", 1, &err));
}

static void rename_the_target(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_table *t = NULL;
    DB_OK(flexdb_rename_table(&t, w->db, "companies", 9, "firms", 5, &err));
    flexdb_table_free(t);
}

static void list_it(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    DB_OK(flexdb_tables(w->db, false, false, &out, &err));
    DB_OK(flexdb_table_schema(w->contacts, &out, &err));
    DB_OK(flexdb_history(w->contacts, 0, 0, true, &out, &err));
    DB_OK(flexdb_table_refresh(w->contacts, &err));
    buffer_free(&out);
}

static void commit_inside(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    DB_OK(flexdb_begin(w->db, &err));
    DB_OK(db_insert(w->companies, "{\"name\":\"new\"}", NULL, &err));
    DB_OK(flexdb_commit(w->db, &err));
}

static void roll_back_inside(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    DB_OK(flexdb_begin(w->db, &err));
    DB_OK(flexdb_delete(w->contacts, "a", 1, 0, true, &err));
    evolve_it(w);
    DB_OK(flexdb_rollback(w->db, &err));
}

static void fill_another(struct world *w, bool finished) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_batch *b = begin_batch(w->companies);
    for (int i = 0; i < 2 * BLOCK + 5; i++) DB_OK(add(b, w->companies, "{\"name\":\"one\"}", &err));
    if (finished) DB_OK(flexdb_batch_finish(b, &err));
    flexdb_batch_free(b);
    assert_int_equal(count(w->companies), finished ? 2 * BLOCK + 6 : 1);
}
static void finish_another(struct world *w) { fill_another(w, true); }
static void abandon_another(struct world *w) { fill_another(w, false); }

static void come_and_go(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *view = NULL;
    flexdb_table *t = NULL;
    DB_OK(flexdb_with(&view, w->db, NULL, "somebody", &err));
    DB_OK(flexdb_open_table(&t, view, "companies", 9, &err));
    flexdb_free(view);
    flexdb_table_free(t);
}

static void refuse_to_commit(struct world *w) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    DB_FAILS(flexdb_commit(w->db, &err), FLEXDB_MISUSE, "a batch that was begun in the transaction is not finished");
}

static const struct {
    const char *sentence;
    void (*call)(struct world *w);
} meanwhile[] = {
    {"nothing", nothing},
    {"the table is read", read_it},
    {"a result is left open", leave_a_result_open},
    {"records are written", write_it},
    {"the table evolves", evolve_it},
    {"a table comes and goes", make_and_drop_a_table},
    {"a referenced table is renamed", rename_the_target},
    {"the catalogue is read", list_it},
    {"a transaction is committed", commit_inside},
    {"a transaction is rolled back", roll_back_inside},
    {"another batch is finished", finish_another},
    {"another batch is abandoned", abandon_another},
    {"a view comes and goes", come_and_go},
    {"a commit is refused", refuse_to_commit},
};

static void nothing_else_touches_the_connection(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof meanwhile / sizeof meanwhile[0]; i++) {
        struct world w;
        flexdb_error err = FLEXDB_ERROR_INIT;
        build(&w);
        flexdb_batch *b = begin_large(&w);
        meanwhile[i].call(&w);
        add_many(b, w.contacts, 2 * BLOCK + 1, 4 * BLOCK + 7);
        flexdb_rows_free(left_open);
        left_open = NULL;
        DB_OK(flexdb_batch_finish(b, &err));
        assert_int_equal(flexdb_batch_inserted(b), 4 * BLOCK + 7);
        flexdb_batch_free(b);
        assert_int_equal(count(w.contacts), 4 * BLOCK + 9);
        if (atomic_load(&trespasses) != 0) fail_msg("%s: trespasses", meanwhile[i].sentence);
        if (atomic_load(&handed) != 3) fail_msg("%s: %d blocks handed", meanwhile[i].sentence, atomic_load(&handed));
        assert_false(unmasked);
        world_free(&w);
    }
}

/* ---- what ends the batch meanwhile ---- */

static void roll_it_back(struct world *w, flexdb_batch *b) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    DB_OK(flexdb_rollback(w->db, &err));
    DB_FAILS(add(b, w->contacts, "{}", &err), FLEXDB_MISUSE, "the batch ended with its database or transaction");
    flexdb_batch_free(b);
}

static void close_the_database(struct world *w, flexdb_batch *b) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_close(w->db);
    DB_FAILS(flexdb_batch_add(b, NULL, NULL, &err), FLEXDB_MISUSE, "the batch ended with its database or transaction");
    flexdb_batch_free(b);
}

static void free_the_batch_last(struct world *w, flexdb_batch *b) {
    flexdb_table_free(w->companies);
    flexdb_table_free(w->contacts);
    flexdb_free(w->db);
    flexdb_batch_free(b);
    *w = (struct world){0};
}

static void abandon_it(struct world *w, flexdb_batch *b) {
    (void)w;
    flexdb_batch_free(b);
}

static void add_a_bad_record(struct world *w, flexdb_batch *b) {
    flexdb_error err = FLEXDB_ERROR_INIT, why = FLEXDB_ERROR_INIT;
    add_many(b, w->contacts, 2 * BLOCK + 1, 2 * BLOCK + 10);
    DB_FAILS(add(b, w->contacts, "{\"age\":\"old\"}", &err), FLEXDB_INVALID_RECORD,
             "record 2059: age: must be an integer, is the string \"old\"");
    error_set(&why, FLEXDB_INVALID_RECORD, "a word");
    DB_FAILS(flexdb_batch_reject(b, &why, &err), FLEXDB_INVALID_RECORD, NULL);
    flexdb_batch_free(b);
}

static void drop_the_table(struct world *w, flexdb_batch *b) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    DB_OK(flexdb_drop_table(w->db, "contacts", 8, &err));
    DB_FAILS(add(b, w->contacts, "{}", &err), FLEXDB_NOT_FOUND, "there is no table \"contacts\"");
    flexdb_batch_free(b);
}

static void its_end_waits_for_the_block(void **state) {
    (void)state;
    static void (*const ends[])(struct world * w, flexdb_batch * b) = {
        roll_it_back, close_the_database, free_the_batch_last, abandon_it, add_a_bad_record, drop_the_table};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct world w;
        build(&w);
        flexdb_batch *b = begin_large(&w);
        ends[i](&w, b);
        assert_int_equal(atomic_load(&trespasses), 0);
        assert_int_equal(atomic_load(&handed), 1);
        if (w.db == NULL) continue;
        if (flexdb_is_open(w.db)) assert_int_equal(count(w.contacts), 2);
        world_free(&w);
    }
}

/* ---- errors ---- */

/* The engine ends the transaction under the writer: every call says why, whichever comes first. */
static void an_ended_transaction_is_told(void **state) {
    (void)state;
    for (int first = 0; first < 5; first++) {
        struct world w;
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct buffer out = BUFFER_INIT;
        build(&w);
        flexdb_batch *b = begin_batch(w.contacts);
        add_many(b, w.contacts, 1, 2 * BLOCK - 1);
        fault = FLEXDB_LIMIT;
        add_many(b, w.contacts, 2 * BLOCK, 2 * BLOCK + 10);
        int64_t n;
        if (first == 1) DB_FAILS(flexdb_count(w.contacts, "", 0, &n, &err), FLEXDB_LIMIT, "a fault");
        if (first == 2) DB_FAILS(db_insert(w.companies, "{}", NULL, &err), FLEXDB_LIMIT, "a fault");
        if (first == 3) DB_FAILS(flexdb_begin(w.db, &err), FLEXDB_LIMIT, "a fault");
        if (first == 4) DB_FAILS(flexdb_tables(w.db, false, false, &out, &err), FLEXDB_LIMIT, "a fault");
        DB_FAILS(flexdb_batch_finish(b, &err), FLEXDB_LIMIT, "a fault");
        DB_FAILS(add(b, w.contacts, "{}", &err), FLEXDB_LIMIT, "a fault");
        flexdb_batch_free(b);
        fault = FLEXDB_OK;
        buffer_free(&out);
        assert_int_equal(flexdb_transaction_depth(w.db), 0);
        assert_int_equal(count(w.contacts), 2);
        DB_OK(db_insert(w.contacts, "{\"email\":\"later\"}", NULL, &err));
        assert_int_equal(atomic_load(&trespasses), 0);
        world_free(&w);
    }
}

/* Records of which some may be bad, the same for the same `p`; the table may be looked at now and then, so that its
 * indexes stay in place. Returns the error's message, for the caller to free, or NULL. */
static char *insert_some(struct world *w, struct property p, enum means means) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_batch *b = begin_batch(w->contacts);
    no_thread = means == NO_THREAD;
    no_block = means == NO_BLOCK;
    int total = 2 * BLOCK + (int)property_below(&p, 3 * BLOCK), rc = 0;
    uint64_t bad = property_below(&p, 3), looks = property_below(&p, 2);
    for (int i = 1; rc == 0 && i <= total; i++) {
        char json[96], age[16];
        int email = i, company = 1;
        snprintf(age, sizeof age, "%d", 1000 + i);
        if (bad != 0 && property_below(&p, (uint64_t)total / bad) == 0) {
            switch (property_below(&p, 4)) {
            case 0: email = 1 + (int)property_below(&p, (uint64_t)i); break;
            case 1: email = -1; break; /* the second of these is */
            case 2: company = 2; break;
            default: strcpy(age, "\"old\""); break;
            }
        }
        snprintf(json, sizeof json, "{\"email\":\"%d@many\",\"age\":%s,\"company\":\"c%d\"}", email, age, company);
        rc = add(b, w->contacts, json, &err);
        if (rc == 0 && looks != 0 && property_below(&p, 1500) == 0) {
            int64_t seen;
            flexdb_count(w->contacts, "", 0, &seen, &err);
            error_clear(&err); /* the batch tells it too */
        }
    }
    if (rc == 0) rc = flexdb_batch_finish(b, &err);
    char *message = NULL;
    if (rc != 0) {
        message = strdup(err.message);
        for (size_t i = 0; i < err.issue_count; i++) assert_true(err.issues[i].index > 0);
    } else {
        assert_int_equal(flexdb_batch_inserted(b), total);
    }
    error_clear(&err);
    flexdb_batch_free(b);
    return message;
}

/* The first bad record is told, by the same words, however the blocks were written. */
static void the_thread_changes_nothing_that_can_be_seen(void **state) {
    (void)state;
    struct property p = property_begin("the_thread_changes_nothing_that_can_be_seen");
    int blocks = 0;
    for (int round = 0; round < 40; round++) {
        const struct property scene = {property_next(&p)};
        char *messages[MEANS];
        for (enum means means = ALL_MEANS; means < MEANS; means++) {
            struct world w;
            build(&w);
            messages[means] = insert_some(&w, scene, means);
            assert_int_equal(atomic_load(&trespasses), 0);
            if (means != ALL_MEANS) assert_int_equal(atomic_load(&handed), 0);
            blocks += atomic_load(&handed);
            if (messages[means] != NULL) assert_int_equal(count(w.contacts), 2);
            const char *one = messages[ALL_MEANS], *other = messages[means];
            if (one == NULL ? other != NULL : other == NULL || strcmp(one, other) != 0)
                fail_msg("round %d: %s, and %s", round, one != NULL ? one : "no error", other != NULL ? other : "none");
            world_free(&w);
        }
        for (enum means means = ALL_MEANS; means < MEANS; means++) free(messages[means]);
    }
    if (blocks < 10) fail_msg("only %d blocks were handed over", blocks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_else_touches_the_connection),
        cmocka_unit_test(its_end_waits_for_the_block),
        cmocka_unit_test(an_ended_transaction_is_told),
        cmocka_unit_test(the_thread_changes_nothing_that_can_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
