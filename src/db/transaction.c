/* Transactions and savepoints. */
#include <time.h>

#include "db/batch.h"
#include "db/database.h"
#include "db/engine.h"
#include "db/rows.h"

static int begin(struct engine *e, enum transaction_mode mode, flexdb_error *err) {
    const struct driver *d = engine_driver(e);
    int rc;
    e->unanswered = false;
    if (e->depth == 0)
        rc = d->begin(e->connection, mode, err);
    else
        rc = d->savepoint(e->connection, e->depth, err);
    if (rc != 0) {
        if (e->depth != 0 && err->ended && e->doomed.code == FLEXDB_OK) error_repeat(&e->doomed, err);
        return rc;
    }
    if (e->depth++ == 0) e->hold++;
    return 0;
}

int engine_begin(struct engine *e, flexdb_error *err) {
    return begin(e, e->options.read_only ? TRANSACTION_READ : TRANSACTION_WRITE, err);
}

int engine_look(struct engine *e, int (*body)(void *context, flexdb_error *err), void *context, flexdb_error *err) {
    int rc = begin(e, TRANSACTION_READ, err);
    if (rc != 0) return rc;
    rc = body(context, err);
    if (rc < 0) {
        engine_rollback(e);
        return rc;
    }
    int ended = engine_commit(e, err);
    return ended != 0 ? ended : rc;
}

static void level_ended(struct engine *e, bool undone) {
    if (undone && e->catalog_changed) engine_forget_states(e);
    if (e->depth != 0) return;
    e->catalog_changed = false;
    error_clear(&e->doomed);
}

void engine_rollback(struct engine *e) {
    const struct driver *d = engine_driver(e);
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    rows_end_all(e, e->depth, "the result ended with its transaction");
    e->depth--;
    e->hold++;
    if (e->depth == 0) {
        d->rollback(e->connection, &ignored);
    } else if (e->doomed.code == FLEXDB_OK) {
        /* What cannot be undone to the savepoint may not be committed with the rest. */
        bool undone = d->rollback_to(e->connection, e->depth, &ignored) == 0;
        if (undone) d->release(e->connection, e->depth, &ignored);
        if (!undone || ignored.ended) error_repeat(&e->doomed, &ignored);
    }
    error_clear(&ignored);
    level_ended(e, true);
}

int engine_commit(struct engine *e, flexdb_error *err) {
    const struct driver *d = engine_driver(e);
    if (e->doomed.code != FLEXDB_OK) {
        error_repeat(err, &e->doomed);
        engine_rollback(e);
        return -(int)err->code;
    }
    rows_end_all(e, e->depth, "the result ended with its transaction");
    int rc = e->depth == 1 ? d->commit(e->connection, err) : d->release(e->connection, e->depth - 1, err);
    if (rc != 0) {
        e->unanswered = e->depth == 1 && err->code == FLEXDB_CONNECTION;
        if (err->ended && e->depth > 1 && e->doomed.code == FLEXDB_OK) error_repeat(&e->doomed, err);
        engine_rollback(e);
        return rc;
    }
    e->depth--;
    level_ended(e, false);
    return 0;
}

int64_t engine_clock(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t engine_deadline(const struct engine *e) {
    double timeout = e->options.timeout < 1e6 ? e->options.timeout : 1e6;
    return engine_clock() + (int64_t)(timeout * 1e6);
}

bool engine_pause(int64_t deadline) {
    int64_t left = deadline - engine_clock();
    if (left <= 0) return false;
    int64_t wait = left < 10000 ? left : 10000;
    nanosleep(&(struct timespec){.tv_nsec = (long)(wait * 1000)}, NULL);
    return true;
}

int engine_transact(struct engine *e, int (*body)(void *context, flexdb_error *err), void *context, flexdb_error *err) {
    int64_t deadline = engine_deadline(e);
    for (;;) {
        int rc = engine_begin(e, err);
        if (rc != 0) return rc;
        rc = body(context, err);
        int ended = 0;
        if (rc >= 0)
            ended = engine_commit(e, err);
        else
            engine_rollback(e);
        if (rc >= 0 && ended == 0) return rc;
        if (err->code != FLEXDB_BUSY || e->doomed.code != FLEXDB_OK || !engine_pause(deadline)) return -(int)err->code;
        error_clear(err);
    }
}

/* ---- the C API ---- */

int flexdb_begin(flexdb *db, flexdb_error *err) {
    /* A read-only handle may have a transaction too: its reads then see one state of the database. */
    int rc = database_enter(db, db->engine->options.read_only ? ENGINE_READ : ENGINE_WRITE, err);
    if (rc == 0) rows_spool_all(db->engine);
    return rc != 0 ? rc : engine_begin(db->engine, err);
}

static int check_open(const flexdb *db, flexdb_error *err) {
    if (!flexdb_is_open(db)) return error_set(err, FLEXDB_MISUSE, "the database is closed");
    if (db->engine->depth == 0) return error_set(err, FLEXDB_MISUSE, "no transaction is open");
    return engine_check_idle(db->engine, err);
}

int flexdb_commit(flexdb *db, flexdb_error *err) {
    struct engine *e = db->engine;
    int rc = check_open(db, err);
    if (rc != 0) return rc;
    if (batch_at_level(e, e->depth))
        return error_set(err, FLEXDB_MISUSE, "a batch that was begun in the transaction is not finished");
    batch_flush_all(e);
    return engine_commit(e, err);
}

/* Batches that nobody finished stand on levels of their own: these go with the one that flexdb_begin has opened. */
int flexdb_rollback(flexdb *db, flexdb_error *err) {
    struct engine *e = db->engine;
    int rc = check_open(db, err);
    if (rc != 0) return rc;
    unsigned level = e->depth;
    while (level > 1 && batch_at_level(e, level)) level--;
    batch_end_from(e, level);
    while (e->depth >= level) engine_rollback(e);
    return 0;
}

unsigned flexdb_transaction_depth(const flexdb *db) { return db->engine->depth; }

bool flexdb_undoes_ddl(const flexdb *db) {
    return db->engine->connection != NULL && engine_has(db->engine, DRIVER_TRANSACTIONAL_DDL);
}
