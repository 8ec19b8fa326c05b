#include "db/engine.h"

#include <stdlib.h>
#include <string.h>

#include "db/batch.h"
#include "db/batch_writer.h"
#include "db/functions.h"
#include "db/rows.h"
#include "db/state.h"
#include "sql/locks.h"

static int choose_driver(struct engine *e, const struct driver *given, flexdb_error *err) {
    if (given != NULL && given->abi == DRIVER_ABI && given->scheme != NULL &&
        strcmp(given->scheme, e->url.scheme) == 0) {
        e->driver = given;
    } else if (strcmp(e->url.scheme, sqlite_driver.scheme) == 0) {
        e->driver = &sqlite_driver;
    } else if (given != NULL) {
        int rc = driver_check(given, err);
        if (rc != 0) return rc;
        return error_set(err, FLEXDB_UNSUPPORTED, "the driver '%s' does not open '%s:' URLs", given->scheme,
                         e->url.scheme);
    } else {
        return error_set(err, FLEXDB_UNSUPPORTED, "no driver for '%s:' URLs is there", e->url.scheme);
    }
    int rc = driver_check(e->driver, err);
    if (rc != 0) return rc;
    e->dialect = dialect_find(e->driver->dialect);
    if (e->dialect == NULL)
        return error_set(err, FLEXDB_UNSUPPORTED, "the dialect '%s' of the driver '%s' is not known",
                         e->driver->dialect, e->driver->scheme);
    return 0;
}

int engine_open(struct engine **out, const char *url, size_t length, const struct flexdb_options *options,
                flexdb_error *err) {
    struct engine *e = calloc(1, sizeof *e);
    if (e == NULL) return error_no_memory(err);
    e->references = 1;
    e->uuids = UUID_GENERATOR_INIT;
    e->options.timeout = options->timeout < 0 ? 5 : options->timeout;
    e->options.read_only = options->read_only;
    e->options.create = !options->no_create && !options->read_only;
    int rc = url_parse(&e->url, url, length, err);
    if (rc == 0) rc = choose_driver(e, options->driver, err);
    if (rc == 0) rc = engine_driver(e)->open(&e->connection, &e->url, &e->options, err);
    if (rc == 0 && engine_has(e, DRIVER_FUNCTIONS)) rc = functions_register(e, err);
    if (rc != 0) {
        engine_drop(e);
        return rc;
    }
    *out = e;
    return 0;
}

struct engine *engine_hold(struct engine *e) {
    e->references++;
    return e;
}

static void close_ddl(struct engine *e) {
    if (e->ddl != NULL) engine_driver(e)->close(e->ddl);
    e->ddl = NULL;
    e->ddl_locked = false;
}

void engine_close(struct engine *e) {
    if (e->connection == NULL) return;
    if (e->calling) {
        e->close_wanted = true;
        return;
    }
    rows_end_all(e, 0, NULL);
    batch_end_from(e, 0);
    engine_driver(e)->close(e->connection);
    e->connection = NULL;
    close_ddl(e);
    e->depth = 0;
    e->epoch++;
    error_clear(&e->doomed);
    functions_free(e->functions);
    e->functions = NULL;
}

void engine_drop(struct engine *e) {
    if (e == NULL || --e->references != 0) return;
    engine_close(e);
    url_free(&e->url);
    free(e);
}

int engine_call_out(struct engine *e, int (*function)(void *context, const struct flexdb_progress *at), void *context,
                    const struct flexdb_progress *at, flexdb_error *err) {
    e->calling = true;
    bool stop = function(context, at) != 0;
    e->calling = false;
    if (stop) return error_set(err, FLEXDB_STOPPED, "stopped by on_progress");
    if (e->close_wanted) return error_set(err, FLEXDB_MISUSE, "the database is closed");
    if (e->abandoned) return error_set(err, FLEXDB_MISUSE, "on_progress has ended the transaction around the call");
    return 0;
}

void engine_catch_up(struct engine *e) {
    if (e->abandoned) batch_free_abandoned(e);
    e->abandoned = false;
    if (e->close_wanted) engine_close(e);
    e->close_wanted = false;
}

int engine_check_idle(const struct engine *e, flexdb_error *err) {
    return e->calling ? error_set(err, FLEXDB_MISUSE, "on_progress must not use the database that calls it") : 0;
}

int engine_enter(struct engine *e, enum engine_use use, flexdb_error *err) {
    if (e->connection == NULL || e->close_wanted) return error_set(err, FLEXDB_MISUSE, "the database is closed");
    if (engine_check_idle(e, err) != 0) return -(int)err->code;
    if (e->batches != NULL) batch_flush_all(e);
    if (e->doomed.code != FLEXDB_OK) {
        error_repeat(err, &e->doomed);
        return -(int)err->code;
    }
    if (use == ENGINE_WRITE && e->options.read_only) return error_set(err, FLEXDB_READ_ONLY, "the handle is read-only");
    if (e->rows != NULL && (use == ENGINE_WRITE || !engine_has(e, DRIVER_CONCURRENT_READS))) rows_spool_all(e);
    if (e->doomed.code != FLEXDB_OK) {
        error_repeat(err, &e->doomed);
        return -(int)err->code;
    }
    return 0;
}

/* ---- statements ---- */

static int watch(struct engine *e, int rc, flexdb_error *err) {
    if (rc < 0 && err->code == FLEXDB_CORRUPT && err->detail != NULL) state_name_missing(e, err);
    if (rc < 0 && err->ended && e->depth != 0 && e->doomed.code == FLEXDB_OK) error_repeat(&e->doomed, err);
    return rc;
}

static int prepare(struct engine *e, struct statement **out, const char *sql, size_t length, flexdb_error *err) {
    *out = NULL;
    return watch(e, engine_driver(e)->prepare(out, e->connection, sql, length, err), err);
}

void engine_finalize(struct engine *e, struct statement *s) {
    if (s != NULL) engine_driver(e)->finalize(s);
}

int engine_step(struct engine *e, struct statement *s, flexdb_error *err) {
    return watch(e, engine_driver(e)->step(s, err), err);
}

int engine_query(struct engine *e, struct statement **out, const char *sql, size_t length, const flexdb_value *values,
                 size_t count, flexdb_error *err) {
    int rc = prepare(e, out, sql, length, err);
    if (rc == 0) rc = engine_driver(e)->bind(*out, values, count, err);
    if (rc == 0) rc = engine_step(e, *out, err);
    if (rc <= 0) {
        engine_finalize(e, *out);
        *out = NULL;
    }
    return rc;
}

int engine_run(struct engine *e, const char *sql, size_t length, const flexdb_value *values, size_t count,
               int64_t *affected, flexdb_error *err) {
    struct statement *s;
    int rc = prepare(e, &s, sql, length, err);
    if (rc == 0) rc = engine_driver(e)->bind(s, values, count, err);
    if (rc == 0) rc = watch(e, engine_driver(e)->run(s, affected, err), err);
    engine_finalize(e, s);
    return rc;
}

void engine_run_job(struct engine *e, struct batch_job *job) {
    job->driver = engine_driver(e);
    job->connection = e->connection;
    batch_job_run(job);
    watch(e, job->rc, &job->err);
}

int engine_run_many(struct engine *e, const char *sql, size_t length, const flexdb_value *values, size_t rows,
                    size_t width, size_t *failed, flexdb_error *err) {
    struct batch_job job = {.sql = sql, .length = length, .values = values, .rows = rows, .width = width};
    engine_run_job(e, &job);
    *failed = job.failed;
    if (job.rc == 0) return 0;
    if (err->code == FLEXDB_OK) error_move(err, &job.err);
    error_clear(&job.err);
    return -(int)err->code;
}

void engine_start_job(struct engine *e, struct batch_writer *w, struct batch_job *job) {
    job->driver = engine_driver(e);
    job->connection = e->connection;
    e->writer = w;
    e->job = job;
    batch_writer_start(w, job);
}

void engine_settle(struct engine *e) {
    if (e->writer == NULL) return;
    batch_writer_wait(e->writer);
    e->writer = NULL;
    watch(e, e->job->rc, &e->job->err);
    e->job = NULL;
}

static int open_ddl(struct engine *e, flexdb_error *err) {
    return e->ddl != NULL ? 0 : engine_driver(e)->open(&e->ddl, &e->url, &e->options, err);
}

int engine_ddl(struct engine *e, const char *sql, size_t length, flexdb_error *err) {
    if (engine_has(e, DRIVER_TRANSACTIONAL_DDL))
        return watch(e, engine_driver(e)->execute(e->connection, sql, length, err), err);
    int rc = open_ddl(e, err);
    if (rc == 0) rc = engine_driver(e)->execute(e->ddl, sql, length, err);
    /* The next call opens another. */
    if (rc == -FLEXDB_CONNECTION) close_ddl(e);
    return rc;
}

/* Asks what a lock's function answers: 1 where all is well. */
static int ask_lock(struct engine *e, struct connection *c, const char *sql, const flexdb_value *values, size_t count,
                    flexdb_error *err) {
    const struct driver *d = engine_driver(e);
    struct statement *s;
    flexdb_value value = {.tag = FLEXDB_NULL};
    int rc = d->prepare(&s, c, sql, strlen(sql), err);
    if (rc != 0) return rc;
    rc = d->bind(s, values, count, err);
    if (rc == 0) rc = d->step(s, err);
    if (rc == 1) rc = d->column(s, 0, &value, err);
    bool had = rc == 0 && value.tag == FLEXDB_INTEGER && value.as.integer == 1;
    d->finalize(s);
    if (rc != 0 || had) return rc;
    err->retryable = true;
    return error_set(err, FLEXDB_BUSY, "somebody else is at the physical tables of this table");
}

static int take_lock(struct engine *e, struct connection *c, const char *table_id, double seconds, flexdb_error *err) {
    const flexdb_value values[] = {value_text(table_id, strlen(table_id)), value_number(seconds)};
    return ask_lock(e, c, locks_take_physical(e->dialect), values, 2, err);
}

/* How long one waits is settled when a connection is opened. */
int engine_ddl_briefly(struct engine *e, const char *table_id, const char *sql, size_t length, flexdb_error *err) {
    if (engine_has(e, DRIVER_TRANSACTIONAL_DDL)) return engine_ddl(e, sql, length, err);
    struct connect_options options = e->options;
    if (options.timeout > 1) options.timeout = 1;
    struct connection *c;
    int rc = engine_driver(e)->open(&c, &e->url, &options, err);
    if (rc != 0) return rc;
    if (table_id != NULL) rc = take_lock(e, c, table_id, options.timeout, err);
    if (rc == 0) rc = engine_driver(e)->execute(c, sql, length, err);
    engine_driver(e)->close(c);
    return rc;
}

/* The server may have hung up on a connection that is seldom used. */
int engine_ddl_lock(struct engine *e, const char *table_id, flexdb_error *err) {
    if (engine_has(e, DRIVER_TRANSACTIONAL_DDL)) return 0;
    for (bool used = e->ddl != NULL;; used = false) {
        int rc = open_ddl(e, err);
        if (rc == 0) rc = take_lock(e, e->ddl, table_id, e->options.timeout, err);
        e->ddl_locked = rc == 0;
        if (rc == -FLEXDB_CONNECTION) close_ddl(e);
        if (rc != -FLEXDB_CONNECTION || !used) return rc;
        error_clear(err);
    }
}

void engine_ddl_unlock(struct engine *e, const char *table_id) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    const flexdb_value id = value_text(table_id, strlen(table_id));
    /* A connection that does not let go of it is closed, which does. */
    if (e->ddl_locked && ask_lock(e, e->ddl, locks_leave_physical(e->dialect), &id, 1, &ignored) != 0) close_ddl(e);
    e->ddl_locked = false;
    error_clear(&ignored);
}

int engine_integer(struct engine *e, struct statement *s, size_t column, int64_t *out, flexdb_error *err) {
    flexdb_value value;
    int rc = engine_driver(e)->column(s, column, &value, err);
    if (rc != 0) return rc;
    if (value.tag != FLEXDB_INTEGER)
        return error_set(err, FLEXDB_CORRUPT, "column %zu of a result is not an integer", column);
    *out = value.as.integer;
    return 0;
}

int engine_text(struct engine *e, struct statement *s, size_t column, const char **text, size_t *length,
                flexdb_error *err) {
    flexdb_value value;
    int rc = engine_driver(e)->column(s, column, &value, err);
    if (rc != 0) return rc;
    *text = NULL;
    *length = 0;
    if (value.tag == FLEXDB_NULL) return 0;
    if (value.tag != FLEXDB_TEXT && value.tag != FLEXDB_BYTES)
        return error_set(err, FLEXDB_CORRUPT, "column %zu of a result is not a text", column);
    *text = value.as.text;
    *length = value.length;
    return 0;
}
