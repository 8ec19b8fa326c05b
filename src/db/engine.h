/* What the handles of one connection share: the driver's connection, the open transaction, the results and batches that
 * are being read and written, and the tables' states. Every statement of src/db goes through here, so that the end of a
 * transaction that the engine ended by itself is noticed in one place. */
#ifndef FLEXDB_DB_ENGINE_H
#define FLEXDB_DB_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/uuid.h"
#include "base/value.h"
#include "driver/driver.h"
#include "driver/url.h"
#include "flexdb.h"
#include "sql/catalog.h"
#include "sql/dialect.h"

enum { ENGINE_STATE_BUCKETS = 256 };

struct batch_job;
struct batch_writer;
struct table_state;
struct function_room;

struct engine {
    const struct driver *driver;
    const struct dialect *dialect;
    struct connection *connection; /* NULL once closed */
    bool cluster_asked, cluster;   /* whether the server is a node of a cluster, once it was asked: build.h */
    struct connection *ddl;        /* for DDL where that ends a transaction; opened when it is first needed */
    bool ddl_locked;               /* it holds the lock of a table's physical tables: engine_ddl_lock */
    struct url url;
    struct connect_options options;
    size_t references;                                /* of flexdb handles */
    unsigned depth;                                   /* of transactions: 1 the engine's, further ones savepoints */
    bool catalog_changed;                             /* inside the open transaction */
    uint64_t hold;                                    /* moves when a guard's hold on a table may have ended */
    bool unanswered;                                  /* the last commit: it may have been done or not */
    bool calling;                                     /* the caller's own function, in the middle of a call */
    bool close_wanted;                                /* it wants the connection to be closed */
    bool abandoned;                                   /* it has given up a batch around the call */
    uint64_t epoch;                                   /* moves when cached states can no longer be trusted at all */
    flexdb_error doomed;                              /* why the engine has ended the open transaction */
    struct flexdb_rows *rows;                         /* open results */
    struct flexdb_batch *batches;                     /* open batches, the innermost first */
    struct batch_writer *writer;                      /* has the connection now; NULL: this thread has it */
    struct batch_job *job;                            /* what the writer runs */
    struct table_state *states[ENGINE_STATE_BUCKETS]; /* by id; not owned: a state leaves when it is freed */
    struct uuid_generator uuids;
    struct function_room *functions;
};

enum engine_use { ENGINE_READ, ENGINE_WRITE };

/* Connects. The caller drops its reference. */
int engine_open(struct engine **out, const char *url, size_t length, const struct flexdb_options *options,
                flexdb_error *err);
struct engine *engine_hold(struct engine *e);
void engine_drop(struct engine *e);
/* Closes the connection with all that is open in it. Idempotent. */
void engine_close(struct engine *e);

static inline bool engine_has(const struct engine *e, unsigned capability) {
    return (e->driver->capabilities & capability) != 0;
}

/* Calls the caller's own function, which must leave the connection alone meanwhile. STOPPED where it says so, MISUSE
 * where it has given up what the call stands in; then the call undoes what it has done. */
int engine_call_out(struct engine *e, int (*function)(void *context, const struct flexdb_progress *at), void *context,
                    const struct flexdb_progress *at, flexdb_error *err);
/* At the end of a call that has called out: does what was put off. */
void engine_catch_up(struct engine *e);
/* MISUSE while the caller's own function runs. */
int engine_check_idle(const struct engine *e, flexdb_error *err);

/* Before a call begins: MISUSE when closed, the error of a transaction that the engine has ended, READ_ONLY. Writes
 * what batches hold back and moves results out of the way of what comes (spools them). */
int engine_enter(struct engine *e, enum engine_use use, flexdb_error *err);

/* ---- the connection ---- */

/* Waits until the connection is this thread's again, and notes a transaction that was ended meanwhile; what else came
 * of the job is told by the job. */
void engine_settle(struct engine *e);
/* The driver, for calling its slots: nothing in src/db reaches the connection, or a statement of it, but through here.
 * (What a driver can do is read from e->driver.) */
static inline const struct driver *engine_driver(struct engine *e) {
    if (e->writer != NULL) engine_settle(e);
    return e->driver;
}

/* ---- statements: the driver's slots, watched ---- */

/* Prepares, binds, and makes the first step. 1: there is a row and *out is to be finalized by the caller; 0: none. */
int engine_query(struct engine *e, struct statement **out, const char *sql, size_t length, const flexdb_value *values,
                 size_t count, flexdb_error *err);
/* The next row: 1 or 0. */
int engine_step(struct engine *e, struct statement *s, flexdb_error *err);
/* Prepares, binds, runs, finalizes. `affected` may be NULL. */
int engine_run(struct engine *e, const char *sql, size_t length, const flexdb_value *values, size_t count,
               int64_t *affected, flexdb_error *err);
int engine_run_many(struct engine *e, const char *sql, size_t length, const flexdb_value *values, size_t rows,
                    size_t width, size_t *failed, flexdb_error *err);
/* The same; what came of it stands in the job. */
void engine_run_job(struct engine *e, struct batch_job *job);
/* The same by the writer, which has the connection from here on until engine_settle. */
void engine_start_job(struct engine *e, struct batch_writer *w, struct batch_job *job);
/* NULL is harmless. */
void engine_finalize(struct engine *e, struct statement *s);
/* DDL, outside the open transaction where the engine cannot have it inside. */
int engine_ddl(struct engine *e, const char *sql, size_t length, flexdb_error *err);
/* The same on a connection of its own, giving up after a second where others stand in the way. `table_id`, or NULL:
 * holds the lock of its physical tables meanwhile. */
int engine_ddl_briefly(struct engine *e, const char *table_id, const char *sql, size_t length, flexdb_error *err);
/* Where DDL is outside the transaction the connection of engine_ddl holds a lock for as long as it makes or drops a
 * table's physical tables under names that may be had again: what one who was killed has asked the server for there is
 * over once the lock is had. One table at a time. BUSY. Nothing is to be locked elsewhere. */
int engine_ddl_lock(struct engine *e, const char *table_id, flexdb_error *err);
void engine_ddl_unlock(struct engine *e, const char *table_id);

int engine_integer(struct engine *e, struct statement *s, size_t column, int64_t *out, flexdb_error *err);
/* A text or bytes, borrowed; NULL and 0 for SQL NULL. */
int engine_text(struct engine *e, struct statement *s, size_t column, const char **text, size_t *length,
                flexdb_error *err);

/* ---- transactions: see flexdb_begin ---- */

int engine_begin(struct engine *e, flexdb_error *err);
/* Ends the innermost level whatever happens: what cannot be committed is rolled back. When the connection was lost on
 * the way the server may have committed all the same: e->unanswered, until the next transaction begins. */
int engine_commit(struct engine *e, flexdb_error *err);
void engine_rollback(struct engine *e);
/* Runs `body` inside a level of its own: committed when it returns 0 or more, else rolled back, and begun again from
 * the start while the engine refuses it only for now (BUSY) and the timeout has not passed. Returns what the body
 * returned. */
int engine_transact(struct engine *e, int (*body)(void *context, flexdb_error *err), void *context, flexdb_error *err);
/* Runs a body that only reads, inside a level of its own: no lock is taken that keeps others from writing, and on an
 * engine with one writer all of it sees one state of the database. Returns what the body returned. */
int engine_look(struct engine *e, int (*body)(void *context, flexdb_error *err), void *context, flexdb_error *err);
/* Waits a little before something is tried again; false when `deadline` has passed. */
bool engine_pause(int64_t deadline);
/* Until when a call may wait: for engine_pause, on a clock of its own. */
int64_t engine_deadline(const struct engine *e);

/* Microseconds of a clock that nobody sets. */
int64_t engine_clock(void);

/* All states are to be read again before they are used. */
void engine_forget_states(struct engine *e);

#endif
