#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "driver/sqlite/sqlite_internal.h"

/* Through the cache: each of these texts is prepared once. */
static int control(struct sqlite_connection *c, const char *sql, flexdb_error *err) {
    struct statement *s;
    int rc = sqlite_prepare(&s, &c->base, sql, strlen(sql), err);
    if (rc != 0) return rc;
    rc = sqlite_run(s, NULL, err);
    sqlite_finalize(s);
    return rc;
}

/* Before it is needed: undoing is what follows when memory is out. */
static int prepare_undo(struct sqlite_connection *c, flexdb_error *err) {
    if (c->undo != NULL) return 0;
    int rc = sqlite3_prepare_v3(c->db, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &c->undo, NULL);
    return rc == SQLITE_OK ? 0 : sqlite_fail(c, rc, err);
}

int sqlite_begin(struct connection *base, enum transaction_mode mode, flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    if (c->transaction) return error_set(err, FLEXDB_INTERNAL, "a transaction is open already");
    int rc = prepare_undo(c, err);
    if (rc == 0) rc = control(c, mode == TRANSACTION_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", err);
    if (rc == 0) c->transaction = true;
    c->runs = 0;
    return rc;
}

/* How many pages a transaction may change before some of them are written to the log ahead of its end.
 *
 * Inside a savepoint none are. Where pages have been written ahead twice, and the savepoint is rolled back, SQLite
 * forgets to make the log's checksums right at the commit: it is seen by everybody, but not by who recovers the log
 * after a crash (sqlite3WalSavepointUndo; so in 3.40.1, mended by 3.53). */
static int keep_pages(struct sqlite_connection *c, bool all, flexdb_error *err) {
    char sql[48];
    sqlite3_snprintf((int)sizeof sql, sql, "PRAGMA cache_spill=%d", all ? INT_MAX : 1);
    /* The pragma acts while it is compiled: a statement of the cache would do nothing. */
    int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sqlite_fail(c, rc, err);
}

/* After the end of a transaction. */
static void forget_savepoints(struct sqlite_connection *c) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (c->savepoints == 0) return;
    c->savepoints = 0;
    /* Pages that are kept take memory, and nothing else. */
    if (keep_pages(c, false, &ignored) != 0) error_clear(&ignored);
}

int sqlite_commit(struct connection *base, flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    if (!c->transaction) return error_set(err, FLEXDB_INTERNAL, "there is no transaction to commit");
    int rc = control(c, "COMMIT", err);
    if (rc != 0) return rc;
    c->transaction = false;
    c->runs = 0;
    forget_savepoints(c);
    sqlite_fit_cache(c);
    return 0;
}

int sqlite_undo(struct sqlite_connection *c, flexdb_error *err) {
    int rc = SQLITE_OK;
    if (sqlite3_get_autocommit(c->db) == 0) {
        sqlite3_step(c->undo);
        rc = sqlite3_reset(c->undo);
    }
    /* The engine reports what went wrong on the way and may be out of the transaction all the same. */
    c->stuck = sqlite3_get_autocommit(c->db) == 0;
    return rc == SQLITE_OK ? 0 : sqlite_fail(c, rc, err);
}

int sqlite_rollback(struct connection *base, flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    c->ended = FLEXDB_OK;
    c->transaction = false;
    int rc = sqlite_undo(c, err);
    c->runs = 0;
    forget_savepoints(c);
    sqlite_fit_cache(c);
    return rc;
}

static int control_savepoint(struct connection *base, const char *verb, unsigned number, flexdb_error *err) {
    char sql[48];
    snprintf(sql, sizeof sql, "%s flexdb_%u", verb, number);
    return control((struct sqlite_connection *)base, sql, err);
}

int sqlite_savepoint(struct connection *base, unsigned number, flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    /* The engine would begin a transaction of its own. */
    if (!c->transaction) return error_set(err, FLEXDB_INTERNAL, "there is no transaction to set a savepoint in");
    if (c->savepoints == 0 && keep_pages(c, true, err) != 0) return -(int)err->code;
    c->savepoints++;
    return control_savepoint(base, "SAVEPOINT", number, err);
}

int sqlite_release(struct connection *base, unsigned number, flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    int rc = control_savepoint(base, "RELEASE", number, err);
    if (rc == 0 && c->savepoints != 0 && --c->savepoints == 0) rc = keep_pages(c, false, err);
    return rc;
}

int sqlite_rollback_to(struct connection *base, unsigned number, flexdb_error *err) {
    return control_savepoint(base, "ROLLBACK TO", number, err);
}

bool sqlite_in_transaction(struct connection *base) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    return sqlite3_get_autocommit(c->db) == 0;
}

static int read_data_version(struct sqlite_connection *c, uint32_t *out, flexdb_error *err) {
    static const char sql[] = "PRAGMA data_version";
    struct statement *s;
    int rc = sqlite_prepare(&s, &c->base, sql, sizeof sql - 1, err);
    if (rc != 0) return rc;
    flexdb_value v = value_null();
    rc = sqlite_step(s, err);
    if (rc == 1) rc = sqlite_column(s, 0, &v, err);
    sqlite_finalize(s);
    if (rc == 0) *out = (uint32_t)v.as.integer;
    return rc;
}

/* The pager's counter costs nothing but moves with our own commits too; only when it has moved the pragma, which leaves
 * those out, is asked. */
int sqlite_change_counter(struct connection *base, uint32_t *out, flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    uint32_t pager = 0;
    int rc = sqlite3_file_control(c->db, "main", SQLITE_FCNTL_DATA_VERSION, &pager);
    if (rc != SQLITE_OK) return sqlite_fail(c, rc, err);
    if (!c->version_known || pager != c->pager_version) {
        c->version_known = false;
        if (read_data_version(c, &c->data_version, err) != 0) return -(int)err->code;
        /* Asked again: outside a transaction the pragma itself may have been the first to see a change. */
        rc = sqlite3_file_control(c->db, "main", SQLITE_FCNTL_DATA_VERSION, &c->pager_version);
        if (rc != SQLITE_OK) return sqlite_fail(c, rc, err);
        c->version_known = true;
    }
    *out = c->data_version;
    return 0;
}
