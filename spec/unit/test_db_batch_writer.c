/* The thread that writes the blocks of a batch: it takes them in the order in which they were started, and each can be
 * waited for by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "db/batch_writer.h"

enum { JOBS = 20 };

/* ---- a driver that notes what it was given, and stays in a block until it may leave ---- */

static int64_t seen[JOBS];
static atomic_int seen_count;
static atomic_int gate; /* blocks that may be left */

static int prepare(struct statement **out, struct connection *c, const char *sql, size_t length, flexdb_error *err) {
    (void)c, (void)sql, (void)length, (void)err;
    *out = NULL;
    return 0;
}
static void finalize(struct statement *s) { (void)s; }
static int run_many(struct statement *s, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                    flexdb_error *err) {
    (void)s, (void)rows, (void)width, (void)failed;
    int at = atomic_load(&seen_count);
    while (atomic_load(&gate) <= at) nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    seen[at] = values[0].as.integer;
    atomic_store(&seen_count, at + 1);
    return values[0].as.integer % 3 == 0 ? error_set(err, FLEXDB_BUSY, "block %d", at) : 0;
}
static const struct driver noting = {.prepare = prepare, .finalize = finalize, .run_many = run_many};

static void start_all(struct batch_writer *w, struct batch_job *jobs, flexdb_value *values) {
    atomic_store(&seen_count, 0);
    for (int i = 0; i < JOBS; i++) {
        values[i] = value_integer(i);
        jobs[i] = (struct batch_job){.driver = &noting, .values = &values[i], .rows = 1, .width = 1};
        batch_writer_start(w, &jobs[i]);
    }
}

static void in_order_and_each_with_its_own_end(void **state) {
    (void)state;
    struct batch_job jobs[JOBS];
    flexdb_value values[JOBS];
    struct batch_writer *w = batch_writer_new();
    atomic_store(&gate, JOBS);
    start_all(w, jobs, values);
    batch_writer_wait(w);
    assert_int_equal(seen_count, JOBS);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(seen[i], i);
        assert_int_equal(jobs[i].rc, i % 3 == 0 ? -FLEXDB_BUSY : 0);
        error_clear(&jobs[i].err);
    }
    batch_writer_free(w);
}

static void one_is_waited_for_while_others_wait(void **state) {
    (void)state;
    struct batch_job jobs[JOBS];
    flexdb_value values[JOBS];
    struct batch_writer *w = batch_writer_new();
    atomic_store(&gate, 2);
    start_all(w, jobs, values);
    batch_writer_wait_for(w, &jobs[1]);
    assert_int_equal(seen_count, 2);
    batch_writer_wait_for(w, &jobs[0]);
    atomic_store(&gate, JOBS);
    batch_writer_wait_for(w, &jobs[JOBS - 1]);
    assert_int_equal(seen_count, JOBS);
    /* One that was begun anew, behind an idle thread. */
    atomic_store(&seen_count, 0);
    for (int i = 0; i < JOBS; i++) error_clear(&jobs[i].err);
    batch_writer_start(w, &jobs[1]);
    batch_writer_wait_for(w, &jobs[1]);
    assert_int_equal(seen[0], 1);
    batch_writer_free(w);
}

static void what_waits_is_done_before_the_thread_ends(void **state) {
    (void)state;
    struct batch_job jobs[JOBS];
    flexdb_value values[JOBS];
    struct batch_writer *w = batch_writer_new();
    atomic_store(&gate, JOBS);
    start_all(w, jobs, values);
    batch_writer_free(w);
    assert_int_equal(seen_count, JOBS);
    for (int i = 0; i < JOBS; i++) error_clear(&jobs[i].err);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_order_and_each_with_its_own_end),
                                       cmocka_unit_test(one_is_waited_for_while_others_wait),
                                       cmocka_unit_test(what_waits_is_done_before_the_thread_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
