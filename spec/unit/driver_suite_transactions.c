#include "driver_suite.h"

#include <pthread.h>
#include <time.h>

#define COUNT "SELECT COUNT(*) FROM flexdb_t"

static void begin(struct connection *c) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    must(c->driver->begin(c, TRANSACTION_WRITE, &err), &err);
}

static void commit(struct connection *c) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    must(c->driver->commit(c, &err), &err);
}

static void roll_back(struct connection *c) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    must(c->driver->rollback(c, &err), &err);
}

static void transactions_commit_and_roll_back(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_false(D(f)->in_transaction(f->c));
    begin(f->c);
    assert_true(D(f)->in_transaction(f->c));
    insert_row(f->c, 1, "a", 1);
    commit(f->c);
    assert_false(D(f)->in_transaction(f->c));
    begin(f->c);
    insert_row(f->c, 2, "b", 1);
    assert_int_equal(integer_of(f->c, COUNT), 2);
    roll_back(f->c);
    assert_false(D(f)->in_transaction(f->c));
    assert_int_equal(integer_of(f->c, COUNT), 1);
    roll_back(f->c);
    must(D(f)->begin(f->c, TRANSACTION_READ, &err), &err);
    assert_int_equal(integer_of(f->c, COUNT), 1);
    commit(f->c);
}

static void savepoints_nest(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    begin(f->c);
    insert_row(f->c, 1, "a", 1);
    must(D(f)->savepoint(f->c, 1, &err), &err);
    insert_row(f->c, 2, "b", 1);
    must(D(f)->savepoint(f->c, 2, &err), &err);
    insert_row(f->c, 3, "c", 1);
    must(D(f)->rollback_to(f->c, 2, &err), &err);
    insert_row(f->c, 3, "d", 1);
    must(D(f)->release(f->c, 2, &err), &err);
    assert_int_equal(integer_of(f->c, COUNT), 3);
    must(D(f)->rollback_to(f->c, 1, &err), &err);
    assert_int_equal(integer_of(f->c, COUNT), 1);
    must(D(f)->release(f->c, 1, &err), &err);
    must(D(f)->savepoint(f->c, 1, &err), &err);
    insert_row(f->c, 4, "e", 1);
    must(D(f)->release(f->c, 1, &err), &err);
    commit(f->c);
    assert_int_equal(integer_of(f->c, COUNT), 2);
}

static void a_transaction_is_begun_once_and_ended_once(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    expect_error(D(f)->commit(f->c, &err), &err, FLEXDB_INTERNAL, "there is no transaction to commit");
    expect_error(D(f)->savepoint(f->c, 1, &err), &err, FLEXDB_INTERNAL,
                 "there is no transaction to set a savepoint in");
    expect_error(D(f)->release(f->c, 1, &err), &err, FLEXDB_INTERNAL, "");
    begin(f->c);
    expect_error(D(f)->begin(f->c, TRANSACTION_WRITE, &err), &err, FLEXDB_INTERNAL, "a transaction is open already");
    expect_error(D(f)->rollback_to(f->c, 5, &err), &err, FLEXDB_INTERNAL, "");
    assert_true(D(f)->in_transaction(f->c));
    commit(f->c);
}

static void an_error_leaves_the_transaction_open(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    begin(f->c);
    insert_row(f->c, 1, "a", 1);
    int rc = try_sql(f->c, "INSERT INTO flexdb_t (id, name) VALUES (2, 'b'), (3, 'a')", NULL, 0, &err);
    assert_false(err.ended);
    expect_error(rc, &err, FLEXDB_DUPLICATE, "the value is already there: ");
    assert_true(D(f)->in_transaction(f->c));
    assert_int_equal(integer_of(f->c, COUNT), 1);
    commit(f->c);
    assert_int_equal(integer_of(f->c, COUNT), 1);
}

static void ddl_rolls_back_where_it_is_promised(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    execute_sql(f->c, "DROP TABLE IF EXISTS flexdb_other");
    begin(f->c);
    execute_sql(f->c, "CREATE TABLE flexdb_other (a BIGINT)");
    bool transactional = (D(f)->capabilities & DRIVER_TRANSACTIONAL_DDL) != 0;
    assert_int_equal(D(f)->in_transaction(f->c), transactional);
    roll_back(f->c);
    int rc = try_sql(f->c, "DROP TABLE flexdb_other", NULL, 0, &err);
    if (transactional) {
        expect_error(rc, &err, FLEXDB_CORRUPT, "flexdb_other");
    } else {
        must(rc, &err);
    }
}

static void closing_rolls_back(void **state) {
    struct fixture *f = *state;
    begin(f->c);
    insert_row(f->c, 1, "a", 1);
    D(f)->close(f->c);
    f->c = open_place(f->place, 1, false);
    assert_int_equal(integer_of(f->c, COUNT), 0);
    insert_row(f->c, 1, "a", 1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A writer that finds the lock taken, at the beginning or at its first write. */
static int write_in_transaction(struct connection *c, flexdb_error *err) {
    flexdb_value v[] = {value_integer(2), value_integer(1)};
    int rc = c->driver->begin(c, TRANSACTION_WRITE, err);
    return rc != 0 ? rc : try_sql(c, "UPDATE flexdb_t SET number = ? WHERE id = ?", v, 2, err);
}

static void a_lock_that_is_not_had_in_time_is_busy(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct connection *other = open_place(f->place, 0.2, false);
    insert_row(f->c, 1, "a", 0);
    begin(f->c);
    flexdb_value one = value_integer(1);
    run_sql(f->c, "UPDATE flexdb_t SET number = 1 WHERE id = ?", &one, 1);

    double start = now();
    int rc = write_in_transaction(other, &err);
    double waited = now() - start;
    assert_true(err.retryable);
    assert_false(err.ended);
    expect_error(rc, &err, FLEXDB_BUSY, "(timeout 0.2 s)");
    assert_true(waited > 0.1 && waited < 3);

    commit(f->c);
    roll_back(other);
    must(write_in_transaction(other, &err), &err);
    commit(other);
    assert_int_equal(integer_of(f->c, "SELECT number FROM flexdb_t"), 2);
    D(f)->close(other);
}

static void readers_do_not_wait_for_a_writer(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct connection *reader = open_place(f->place, 0.2, true);
    insert_row(f->c, 1, "a", 0);
    must(D(f)->begin(reader, TRANSACTION_READ, &err), &err);
    assert_int_equal(integer_of(reader, COUNT), 1);
    begin(f->c);
    insert_row(f->c, 2, "b", 0);
    assert_int_equal(integer_of(reader, COUNT), 1);
    commit(f->c);
    assert_int_equal(integer_of(reader, COUNT), 1);
    commit(reader);
    assert_int_equal(integer_of(reader, COUNT), 2);
    D(f)->close(reader);
}

static void a_read_only_connection_reads(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    insert_row(f->c, 1, "a", 0);
    struct connection *reader = open_place(f->place, 0.2, true);
    assert_int_equal(integer_of(reader, COUNT), 1);
    expect_error(try_sql(reader, "DELETE FROM flexdb_t", NULL, 0, &err), &err, FLEXDB_READ_ONLY, "");
    expect_error(D(f)->execute(reader, "CREATE TABLE flexdb_other (a BIGINT)", 36, &err), &err, FLEXDB_READ_ONLY, "");
    insert_row(f->c, 2, "b", 0);
    assert_int_equal(integer_of(reader, COUNT), 2);
    D(f)->close(reader);
}

static uint32_t counter(struct connection *c) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    uint32_t out = 0;
    must(c->driver->change_counter(c, &out, &err), &err);
    return out;
}

static void the_change_counter_tells_of_others(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct connection *other = open_place(f->place, 1, false);
    struct statement *s = prepare_sql(f->c, COUNT);
    assert_int_equal(D(f)->step(s, &err), 1);
    uint32_t before = counter(f->c);
    D(f)->reset(s);
    insert_row(f->c, 1, "mine", 0);
    begin(f->c);
    insert_row(f->c, 2, "mine too", 0);
    assert_int_equal(counter(f->c), before);
    commit(f->c);
    assert_int_equal(D(f)->step(s, &err), 1);
    assert_int_equal(counter(f->c), before);

    insert_row(other, 3, "theirs", 0);
    assert_int_equal(counter(f->c), before); /* as the open result sees it */
    D(f)->reset(s);
    assert_int_equal(D(f)->step(s, &err), 1);
    uint32_t after = counter(f->c);
    assert_int_not_equal(after, before);
    assert_int_equal(counter(f->c), after);
    D(f)->finalize(s);
    D(f)->close(other);
}

struct update {
    struct connection *c;
    int64_t id;
    int rc;
    flexdb_error err;
};

static void *update_row(void *argument) {
    struct update *u = argument;
    flexdb_value id = value_integer(u->id);
    u->rc = try_sql(u->c, "UPDATE flexdb_t SET number = number + 1 WHERE id = ?", &id, 1, &u->err);
    return NULL;
}

/* What follows in a transaction that the engine has ended must not run, and not outside it either. */
static void a_deadlock_ends_one_of_two(void **state) {
    struct fixture *f = *state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct connection *other = open_place(f->place, 5, false);
    insert_row(f->c, 1, "a", 0);
    insert_row(f->c, 2, "b", 0);
    begin(f->c);
    begin(other);
    struct update mine = {f->c, 1, 0, FLEXDB_ERROR_INIT}, theirs = {other, 2, 0, FLEXDB_ERROR_INIT};
    update_row(&mine);
    update_row(&theirs);
    assert_true(mine.rc == 0 && theirs.rc == 0);
    mine.id = 2, theirs.id = 1;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, update_row, &mine), 0);
    update_row(&theirs);
    pthread_join(thread, NULL);

    assert_true((mine.rc == 0) != (theirs.rc == 0));
    struct update *loser = mine.rc != 0 ? &mine : &theirs, *winner = mine.rc != 0 ? &theirs : &mine;
    assert_true(loser->err.ended);
    assert_true(loser->err.retryable);
    expect_error(loser->rc, &loser->err, FLEXDB_BUSY, "");
    assert_false(D(f)->in_transaction(loser->c));
    static const char ended[] = "the server has ended the transaction; it must be rolled back";
    flexdb_value id = value_integer(1);
    int rc = try_sql(loser->c, "DELETE FROM flexdb_t WHERE id = ?", &id, 1, &err);
    assert_true(err.ended);
    expect_error(rc, &err, FLEXDB_BUSY, ended);
    expect_error(D(f)->commit(loser->c, &err), &err, FLEXDB_BUSY, ended);
    roll_back(loser->c);
    commit(winner->c);
    insert_row(loser->c, 3, "c", 0);
    assert_int_equal(integer_of(f->c, "SELECT SUM(number) = 2 FROM flexdb_t"), 1);
    assert_int_equal(integer_of(f->c, COUNT), 3);
    D(f)->close(other);
}

void suite_add_transactions(struct suite *s) {
    ADD(s, transactions_commit_and_roll_back);
    ADD(s, savepoints_nest);
    ADD(s, a_transaction_is_begun_once_and_ended_once);
    ADD(s, an_error_leaves_the_transaction_open);
    ADD(s, ddl_rolls_back_where_it_is_promised);
}

void suite_add_two_connections(struct suite *s) {
    ADD(s, closing_rolls_back);
    ADD(s, a_lock_that_is_not_had_in_time_is_busy);
    ADD(s, readers_do_not_wait_for_a_writer);
    ADD(s, a_read_only_connection_reads);
    if ((s->place.driver->capabilities & DRIVER_CHANGE_COUNTER) != 0) ADD(s, the_change_counter_tells_of_others);
    if ((s->place.driver->capabilities & DRIVER_SINGLE_WRITER) == 0) ADD(s, a_deadlock_ends_one_of_two);
}
