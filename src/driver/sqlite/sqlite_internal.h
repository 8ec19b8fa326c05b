/* What the files of the SQLite driver share. */
#ifndef FLEXDB_DRIVER_SQLITE_INTERNAL_H
#define FLEXDB_DRIVER_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "driver/driver.h"
#include "driver/statement_cache.h"

enum {
    SQLITE_CACHED_STATEMENTS = 96,
    SQLITE_KEPT_SCRATCH = 64 * 1024, /* bytes of copied parameters that a cached statement may hold on to */
    SQLITE_MANY_RUNS = 256,          /* statements in one transaction that count as much writing */
    SQLITE_SCANNED_ROWS = 1024,      /* rows that one statement hands out, or goes by, which count as a scan */
    SQLITE_LOOK_MS = 10              /* between two looks whether the file is still there */
};

struct sqlite_vfs;

struct sqlite_connection {
    struct connection base;
    sqlite3 *db;
    struct sqlite_vfs *vfs; /* owned; NULL: the system's own */
    char *path;
    double timeout;
    bool read_only;
    bool moved;        /* the file was gone from its path at the last look … */
    int64_t looked;    /* … which was then */
    bool transaction;  /* one was begun and neither committed nor rolled back by the caller */
    flexdb_code ended; /* why the engine has ended it by itself; OK while it has not */
    sqlite3_stmt *undo;
    bool stuck;          /* a rollback has failed: it is tried again before anything else */
    unsigned savepoints; /* that are open */
    uint64_t runs;       /* statements run since the transaction began, 0 outside of one */
    size_t scans;        /* statements at work that go by many rows */
    int cache_kib;       /* the page cache as it was last set; 0 for the library's own default */
    struct statement_cache cache;
    bool version_known; /* pager_version and data_version are of one moment */
    uint32_t pager_version, data_version;
};

struct sqlite_statement {
    struct statement base;
    struct cache_entry entry;
    sqlite3_stmt *handle;
    size_t parameters;
    bool has_result; /* it may return rows */
    bool bound;
    bool active;   /* has been stepped, and may have more rows */
    bool scans;    /* went by many rows when it was last run */
    bool narrows;  /* is one of the connection's scans */
    uint64_t rows; /* handed out since it was run */
    char *scratch;
    size_t scratch_size;
};

/* sqlite_error.c */

/* Sets the error for the engine's (extended) result code, with the engine's last message, and notices a transaction
 * that is gone. Call before anything else touches the connection. */
int sqlite_fail(struct sqlite_connection *c, int rc, flexdb_error *err);
/* The words for an errno, in `out` or constant; 0 for none known. */
enum { SQLITE_REASON_SIZE = 128 };
const char *sqlite_reason(int reason, char out[SQLITE_REASON_SIZE]);
/* Before a statement runs. Fails when the engine has ended the open transaction: what follows must not run outside it
 * by mistake, nor inside one that could not be rolled back, which is tried again here. CONNECTION when the file is no
 * longer the one at its path. */
int sqlite_check_usable(struct sqlite_connection *c, flexdb_error *err);

/* sqlite_open.c */

/* Sets the page cache for what the connection does. Look-ups by id read two thirds of the pages with 6 MiB that they
 * read with the library's own 2; with 16 no fewer. A scan comes by each page once: with 1 MiB, which stays near the
 * processor, it takes a quarter less time, and a stream stays in flat memory. While a transaction writes much the cache
 * is large: inserting into five indexes is 1.7 times as fast when their pages stay. */
void sqlite_fit_cache(struct sqlite_connection *c);

int sqlite_open(struct connection **out, const struct url *url, const struct connect_options *options,
                flexdb_error *err);
void sqlite_close(struct connection *base);

/* sqlite_vfs.c */

/* For one connection that is to be opened with the VFS it names; it must outlive that. *out is NULL where another VFS
 * than the system's own is the default, and the name then, too. */
int sqlite_vfs_new(struct sqlite_vfs **out, flexdb_error *err);
const char *sqlite_vfs_name(const struct sqlite_vfs *v);
void sqlite_vfs_free(struct sqlite_vfs *v);

/* sqlite_statement.c */

int sqlite_prepare(struct statement **out, struct connection *base, const char *sql, size_t length, flexdb_error *err);
void sqlite_finalize(struct statement *base);
int sqlite_bind(struct statement *base, const flexdb_value *values, size_t count, flexdb_error *err);
int sqlite_step(struct statement *base, flexdb_error *err);
int sqlite_column(struct statement *base, size_t i, flexdb_value *out, flexdb_error *err);
void sqlite_reset(struct statement *base);
int sqlite_run(struct statement *base, int64_t *affected, flexdb_error *err);
int sqlite_execute(struct connection *base, const char *sql, size_t length, flexdb_error *err);
/* Notes how much the open transaction writes, for which the page cache is widened. */
void sqlite_count_runs(struct sqlite_connection *c, size_t runs);
/* Frees every statement, in use or not. */
void sqlite_finalize_all(struct sqlite_connection *c);

/* sqlite_bulk.c */

int sqlite_run_many(struct statement *base, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                    flexdb_error *err);

/* sqlite_transaction.c */

int sqlite_begin(struct connection *base, enum transaction_mode mode, flexdb_error *err);
int sqlite_commit(struct connection *base, flexdb_error *err);
int sqlite_rollback(struct connection *base, flexdb_error *err);
/* Rolls back what is open in the engine. */
int sqlite_undo(struct sqlite_connection *c, flexdb_error *err);
int sqlite_savepoint(struct connection *base, unsigned number, flexdb_error *err);
int sqlite_release(struct connection *base, unsigned number, flexdb_error *err);
int sqlite_rollback_to(struct connection *base, unsigned number, flexdb_error *err);
bool sqlite_in_transaction(struct connection *base);
int sqlite_change_counter(struct connection *base, uint32_t *out, flexdb_error *err);

/* sqlite_function.c */

int sqlite_function(struct connection *base, const char *name, int count, driver_function function, void *context,
                    flexdb_error *err);

#endif
