/* Writers and evolvers in several processes at once, on one file and on a server: nothing is lost, nothing twice, every
 * record reads under the last definition, versions have neither gap nor twin. */
#include "db_bed.h"

#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 4, ROUNDS = 30, EVOLUTIONS = 8 };

static const char definition[] = "{\"columns\":[{\"name\":\"n\",\"dataType\":\"integer\",\"unique\":true},"
                                 "{\"name\":\"total\",\"dataType\":\"integer\"}]}";

static flexdb_table *table_of(flexdb *db) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_table *t = NULL;
    DB_OK(flexdb_open_table(&t, db, "t", 1, &err));
    return t;
}

/* What may be met while others write: trying again is the caller's. */
static bool goes_on(flexdb_error *err, const char *what) {
    bool fine =
        err->code == FLEXDB_BUSY || err->code == FLEXDB_STALE || (err->code == FLEXDB_CONFLICT && err->retryable);
    if (!fine) fprintf(stderr, "%s: %s: %s\n", what, error_code_name(err->code), err->message);
    error_clear(err);
    return fine;
}

/* Adds one to a counter that all share, reading it first. */
static bool count_up(flexdb *db, flexdb_table *t, flexdb_error *err) {
    for (int i = 0; i < 200; i++) {
        flexdb_row row;
        char json[48];
        if (flexdb_begin(db, err) != 0) {
            if (!goes_on(err, "begin")) return false;
            continue;
        }
        /* The write comes first, so that the record is held while it is read. */
        int rc = db_update(t, "counter", "{}", &row, err);
        if (rc == 0) {
            snprintf(json, sizeof json, "{\"total\":%ld}", strtol(db_field(&row, "total"), NULL, 10) + 1);
            rc = db_update(t, "counter", json, &row, err);
        }
        flexdb_error ignored = FLEXDB_ERROR_INIT;
        if (rc == 0)
            rc = flexdb_commit(db, err);
        else
            flexdb_rollback(db, &ignored);
        error_clear(&ignored);
        if (rc == 0) return true;
        if (!goes_on(err, "count")) return false;
    }
    return false;
}

static bool write_rounds(const struct db_place *place, int process) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(place, true);
    flexdb_table *t = table_of(db);
    for (int i = 0; i < ROUNDS; i++) {
        char json[48];
        snprintf(json, sizeof json, "{\"n\":%d}", 1 + process * ROUNDS + i);
        int rc;
        while ((rc = db_insert(t, json, NULL, &err)) != 0)
            if (!goes_on(&err, "insert")) return false;
        if (i % 3 == 0 && !count_up(db, t, &err)) return false;
    }
    flexdb_table_free(t);
    flexdb_free(db);
    return true;
}

static bool evolve_rounds(const struct db_place *place, int process) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(place, true);
    flexdb_table *t = table_of(db);
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {0};
    for (int i = 0; i < EVOLUTIONS; i++) {
        char changes[128];
        snprintf(
            changes, sizeof changes,
            "[{\"op\":\"add_column\",\"column\":{\"name\":\"c%d_%d\",\"dataType\":\"integer\",\"defaultValue\":1}}]",
            process, i);
        while (flexdb_evolve(t, changes, strlen(changes), &options, &out, &err) != 0)
            if (!goes_on(&err, "evolve")) return false;
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    }
    buffer_free(&out);
    flexdb_table_free(t);
    flexdb_free(db);
    return true;
}

static void check_result(const struct db_place *place) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(place, true);
    flexdb_table *t = table_of(db);
    flexdb_row row;
    int64_t count = 0;
    DB_OK(flexdb_count(t, "", 0, &count, &err));
    assert_int_equal(count, PROCESSES * ROUNDS + 1);
    assert_int_equal(flexdb_get(t, "counter", 7, &row, &err), 1);
    assert_int_equal(strtol(db_field(&row, "total"), NULL, 10), PROCESSES * ((ROUNDS + 2) / 3));
    assert_int_equal(flexdb_table_version(t), 1 + 2 * EVOLUTIONS);
    struct buffer history = BUFFER_INIT;
    DB_OK(flexdb_history(t, 0, 0, false, &history, &err));
    const char *at = buffer_text(&history);
    for (int version = 1; version <= 1 + 2 * EVOLUTIONS; version++) {
        char text[32];
        snprintf(text, sizeof text, "{\"version\":%d,", version);
        at = strstr(at, text);
        assert_non_null(at);
    }
    /* Each new column reads as its default in every record, whenever that was written. */
    DB_OK(flexdb_count(t, "{\"filter\":{\"c0_7\":1}}", 21, &count, &err));
    assert_int_equal(count, PROCESSES * ROUNDS + 1);
    buffer_free(&history);
    flexdb_table_free(t);
    flexdb_free(db);
}

static void processes_write_and_evolve_at_once(void **state) {
    (void)state;
    for (size_t p = 0; p < db_place_count; p++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *db = db_open(&db_places[p], false);
        flexdb_table *t = db_create(db, "t", definition);
        DB_OK(db_insert(t, "{\"id\":\"counter\",\"n\":0,\"total\":0}", NULL, &err));
        /* A connection may not cross a fork. */
        flexdb_table_free(t);
        flexdb_free(db);
        pid_t children[PROCESSES + 2];
        for (int i = 0; i < PROCESSES + 2; i++) {
            children[i] = fork();
            assert_true(children[i] >= 0);
            if (children[i] == 0)
                _exit((i < PROCESSES ? write_rounds(&db_places[p], i) : evolve_rounds(&db_places[p], i - PROCESSES))
                          ? 0
                          : 1);
        }
        for (int i = 0; i < PROCESSES + 2; i++) {
            int status = -1;
            waitpid(children[i], &status, 0);
            assert_int_equal(status, 0);
        }
        check_result(&db_places[p]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(processes_write_and_evolve_at_once)};
    return cmocka_run_group_tests(tests, db_find_places, db_clear_places);
}
