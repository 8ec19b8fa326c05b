/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup */
/* Every allocation of every call fails once: an error each time that leaves nothing half done, no leak, no crash. */
#include "db_calls.h"

static long allocations_left = -1; /* -1: none fails; -2: one has failed */

static bool fails(void) {
    if (allocations_left < 0 || db_laying_out) return false;
    if (allocations_left > 0) {
        allocations_left--;
        return false;
    }
    allocations_left = -2;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *memory, size_t size) { return fails() ? NULL : __real_realloc(memory, size); }
char *__wrap_strdup(const char *text) { return fails() ? NULL : __real_strdup(text); }
char *__wrap_strndup(const char *text, size_t length) { return fails() ? NULL : __real_strndup(text, length); }

/* 1 when no allocation was left to fail. */
static int fail_at(const struct world_call *c, long at) {
    struct world w;
    flexdb_error err = FLEXDB_ERROR_INIT;
    world_build(&w, NULL);
    char *before = db_dump(w.db);
    allocations_left = at;
    int rc = c->call(&w, &err);
    bool met = allocations_left == -2;
    allocations_left = -1;
    /* What only refines a message, or is kept for speed, may be lost. */
    if (rc != 0) {
        if (!met) fail_msg("%s: %s", c->name, err.message);
        error_clear(&err);
        char *after = db_dump(w.db);
        if (!c->two_steps && strcmp(before, after) != 0)
            fail_msg("%s without allocation %ld left\n%s\nof\n%s", c->name, at, after, before);
        free(after);
        rc = c->call(&w, &err);
        if (rc != 0) fail_msg("%s after allocation %ld had failed: %s", c->name, at, err.message);
    }
    free(before);
    world_free(&w);
    return !met;
}

static void every_allocation_fails_once(void **state) {
    (void)state;
    for (const struct world_call *c = world_calls; c->name != NULL; c++) {
        long at = 0;
        /* All of the first hundred, then every seventh: definitions alone take hundreds that are all alike. */
        while (fail_at(c, at) == 0) at += at < 120 ? 1 : 7;
    }
}

static void opening_fails_and_leaves_nothing(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    for (long at = 0;; at++) {
        flexdb *db = NULL, *view = NULL;
        struct flexdb_options options = {.actor = "a", .timeout = 1};
        allocations_left = at;
        int rc = flexdb_open(&db, "sqlite::memory:", 15, &options, &err);
        if (rc == 0) rc = flexdb_with(&view, db, "other", NULL, &err);
        bool met = allocations_left == -2;
        allocations_left = -1;
        assert_true(rc == 0 || met);
        error_clear(&err);
        flexdb_free(view);
        flexdb_free(db);
        if (!met) break;
    }
}

static void reading_fails_and_goes_on(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct world w;
    world_build(&w, NULL);
    for (long at = 0;; at++) {
        static const char query[] = "{\"filter\":{\"email\":{\"iContains\":\"X\"}},\"orderBy\":[\"-age\"],\"limit\":1,"
                                    "\"select\":[\"email\"]}";
        flexdb_rows *rows = NULL;
        flexdb_row row;
        struct buffer next = BUFFER_INIT;
        int64_t count = 0;
        allocations_left = at;
        int rc = flexdb_find(&rows, w.contacts, query, sizeof query - 1, true, &err);
        if (rc == 0)
            rc = flexdb_update(w.contacts, "a", 1, 0, flexdb_table_validator(w.contacts),
                               db_record(flexdb_table_validator(w.contacts), "{\"age\":1}"), &row, &err);
        while (rc >= 0 && (rc = flexdb_rows_step(rows, &row, &err)) == 1) count++;
        if (rc == 0) rc = flexdb_rows_next_page(rows, &next, &err);
        if (rc == 0) assert_true(count == 1 && next.length > 0);
        if (rc == 0) rc = flexdb_count(w.contacts, "", 0, &count, &err);
        if (rc == 0) rc = flexdb_get(w.contacts, "b", 1, &row, &err);
        bool met = allocations_left == -2;
        allocations_left = -1;
        assert_true(rc >= 0 || met);
        error_clear(&err);
        flexdb_rows_free(rows);
        buffer_free(&next);
        if (!met) break;
    }
    world_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_fails_and_leaves_nothing),
        cmocka_unit_test(reading_fails_and_goes_on),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
