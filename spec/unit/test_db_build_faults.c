/* Every statement of an evolution that copies records on a server, while others could write, fails once: the old
 * definition is in force and the records are as they were, or the new one is; the next attempt succeeds, and nothing is
 * wrong then. FLEXDB_TEST_FAULTS=1 lets every one of them fail, else every third. */
#include <stdatomic.h>
#include <stdio.h>

#include "db_bed.h"

#if FLEXDB_TEST_MYSQL

/* ---- a driver that fails when it is told to: the server's, watched ---- */

static atomic_long countdown; /* calls until the one that fails; 0: none */
static atomic_long bulk;      /* the same, of those that carry many rows; they fail with: */
static flexdb_code bulk_code;
static const struct driver *server;
static struct driver faulty;

static bool strikes(flexdb_error *err) {
    if (countdown == 0 || --countdown != 0) return false;
    error_set(err, FLEXDB_CONNECTION, "a fault");
    return true;
}

static int prepare(struct statement **out, struct connection *c, const char *sql, size_t length, flexdb_error *err) {
    return strikes(err) ? -FLEXDB_CONNECTION : server->prepare(out, c, sql, length, err);
}
static int step(struct statement *s, flexdb_error *err) {
    return strikes(err) ? -FLEXDB_CONNECTION : server->step(s, err);
}
static int run(struct statement *s, int64_t *affected, flexdb_error *err) {
    return strikes(err) ? -FLEXDB_CONNECTION : server->run(s, affected, err);
}
static int run_many(struct statement *s, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                    flexdb_error *err) {
    if (bulk != 0 && --bulk == 0) return error_set(err, bulk_code, "a fault of many rows");
    return strikes(err) ? -FLEXDB_CONNECTION : server->run_many(s, values, rows, width, failed, err);
}
static int execute(struct connection *c, const char *sql, size_t length, flexdb_error *err) {
    return strikes(err) ? -FLEXDB_CONNECTION : server->execute(c, sql, length, err);
}
static int begin(struct connection *c, enum transaction_mode mode, flexdb_error *err) {
    return strikes(err) ? -FLEXDB_CONNECTION : server->begin(c, mode, err);
}
static int commit(struct connection *c, flexdb_error *err) {
    return strikes(err) ? -FLEXDB_CONNECTION : server->commit(c, err);
}

static struct db_place watch(void) {
    struct db_place place = db_places[1];
    server = place.driver;
    faulty = *server;
    faulty.prepare = prepare, faulty.step = step, faulty.run = run, faulty.run_many = run_many;
    faulty.execute = execute, faulty.begin = begin, faulty.commit = commit;
    place.driver = &faulty;
    return place;
}

/* ---- the test ---- */

static const char definition[] = "{\"columns\":[{\"name\":\"n\",\"dataType\":\"string\"},"
                                 "{\"name\":\"u\",\"dataType\":\"string\"}]}";
static const char changes[] = "[{\"op\":\"modify_column\",\"name\":\"n\",\"set\":{\"dataType\":\"integer\"}},"
                              "{\"op\":\"modify_column\",\"name\":\"u\",\"set\":{\"unique\":true}}]";
static const char before[] = "a n=1 u=one\nb n=22 u=two\nc n=- u=-\n", *const after = before;

static int evolve(flexdb_table *t, flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    const struct flexdb_evolve_options options = {0};
    int rc = flexdb_evolve(t, changes, strlen(changes), &options, &out, err);
    buffer_free(&out);
    return rc;
}

static void has(flexdb_table *t, int64_t version, const char *records, long at) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    DB_OK(flexdb_table_refresh(t, &err));
    char *list = db_list(t, "{\"includeDeleted\":true}");
    if (flexdb_table_version(t) != version || strcmp(list, records) != 0)
        fail_msg("after a fault at statement %ld: version %ld with\n%s", at, (long)flexdb_table_version(t), list);
    free(list);
}

/* The old table may have been left behind, which takes nothing away: doctor drops it. */
static void is_sound(flexdb *db, long at) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer report = BUFFER_INIT;
    const char *const tables[] = {"t"};
    const struct flexdb_doctor_options options = {.repair = true, .tables = tables, .table_count = 1};
    flexdb_doctor *doctor;
    int more;
    DB_OK(flexdb_doctor_begin(&doctor, db, &options, &err));
    while ((more = flexdb_doctor_step(doctor, &err)) == 1) continue;
    DB_OK(more);
    DB_OK(flexdb_doctor_report(doctor, &report, &err));
    const char *text = buffer_text(&report);
    bool left = strstr(text, "\"counts\":{\"build\":1}") != NULL;
    if (strstr(text, "\"ok\":true") == NULL || (!left && strstr(text, "\"problem_count\":0,") == NULL))
        fail_msg("after a fault at statement %ld: %s", at, buffer_text(&report));
    buffer_free(&report);
    flexdb_doctor_free(doctor);
}

/* False when there were fewer statements than that. */
static bool survives(const struct db_place *place, long at) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(place, false);
    flexdb_table *t = db_create(db, "t", definition);
    DB_OK(db_insert(t, "{\"id\":\"a\",\"n\":\"1\",\"u\":\"one\"}", NULL, &err));
    DB_OK(db_insert(t, "{\"id\":\"b\",\"n\":\"22\",\"u\":\"two\"}", NULL, &err));
    DB_OK(db_insert(t, "{\"id\":\"c\"}", NULL, &err));
    countdown = at;
    int rc = evolve(t, &err);
    bool struck = countdown == 0;
    countdown = 0;
    if (rc != 0) {
        assert_true(struck);
        assert_string_equal(err.message, "a fault");
        assert_int_equal(flexdb_transaction_depth(db), 0);
        error_clear(&err);
        has(t, 1, before, at);
        DB_OK(evolve(t, &err));
    }
    has(t, 2, after, at);
    is_sound(db, at);
    DB_FAILS(db_insert(t, "{\"id\":\"d\",\"u\":\"two\"}", NULL, &err), FLEXDB_DUPLICATE, NULL);
    flexdb_table_free(t);
    flexdb_free(db);
    return struck;
}

static void all_or_nothing(void **state) {
    (void)state;
    if (db_place_count < 2) {
        puts("skipped: needs a server in FLEXDB_TEST_MYSQL_URL");
        skip();
    }
    struct db_place place = watch();
    long stride = getenv("FLEXDB_TEST_FAULTS") != NULL ? 1 : 3, at = 1;
    setenv("FLEXDB_BUILD_FROM", "1", 1);
    while (survives(&place, at)) at += stride;
    unsetenv("FLEXDB_BUILD_FROM");
    assert_true(at > 60);
}

/* Some thousand records are copied by a thread on a connection of its own, block by block. */
static void all_or_nothing_in_the_thread(void **state) {
    (void)state;
    enum { RECORDS = 11000, BLOCKS = 6 };
    if (db_place_count < 2) {
        puts("skipped: needs a server in FLEXDB_TEST_MYSQL_URL");
        skip();
    }
    struct db_place place = watch();
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(&place, false);
    flexdb_table *t = db_create(db, "t", "{\"columns\":[{\"name\":\"n\",\"dataType\":\"string\"}]}");
    flexdb_batch *batch;
    DB_OK(flexdb_batch_begin(&batch, t, false, 0, &err));
    for (int i = 0; i < RECORDS; i++) {
        char json[32];
        snprintf(json, sizeof json, "{\"n\":\"%d\"}", i);
        const flexdb_validator *v = flexdb_table_validator(t);
        DB_OK(flexdb_batch_add(batch, v, db_record(v, json), &err));
    }
    DB_OK(flexdb_batch_finish(batch, &err));
    flexdb_batch_free(batch);
    static const char *const retypes[] = {
        "[{\"op\":\"modify_column\",\"name\":\"n\",\"set\":{\"dataType\":\"integer\"}}]",
        "[{\"op\":\"modify_column\",\"name\":\"n\",\"set\":{\"dataType\":\"string\"}}]"};
    const struct flexdb_evolve_options options = {0};
    struct buffer out = BUFFER_INIT;
    int64_t version = 1;
    for (long at = 1; at <= BLOCKS; at++) {
        for (int i = 0; i < 2; i++) {
            const char *retype = retypes[(version - 1) % 2];
            bulk_code = i == 0 ? FLEXDB_CONNECTION : FLEXDB_BUSY;
            bulk = at;
            int rc = flexdb_evolve(t, retype, strlen(retype), &options, &out, &err);
            assert_int_equal(bulk, 0);
            assert_int_equal(rc, i == 0 ? -FLEXDB_CONNECTION : 0);
            if (rc == 0) version++;
            if (rc != 0) assert_string_equal(err.message, "a fault of many rows");
            error_clear(&err);
            buffer_reset(&out);
            int64_t count;
            DB_OK(flexdb_count(t, "{}", 2, &count, &err));
            assert_int_equal(count, RECORDS);
            assert_int_equal(flexdb_table_version(t), version);
            is_sound(db, at);
        }
    }
    buffer_free(&out);
    flexdb_table_free(t);
    flexdb_free(db);
}

#else

static void all_or_nothing_in_the_thread(void **state) {
    (void)state;
    puts("skipped: the MySQL driver is left out");
    skip();
}

static void all_or_nothing(void **state) {
    (void)state;
    puts("skipped: the MySQL driver is left out");
    skip();
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_or_nothing),
                                       cmocka_unit_test(all_or_nothing_in_the_thread)};
    return cmocka_run_group_tests(tests, db_find_places, db_clear_places);
}
