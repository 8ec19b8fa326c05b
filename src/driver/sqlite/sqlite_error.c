#include <errno.h>
#include <string.h>
#include <time.h>

#include "driver/sqlite/sqlite_internal.h"

/* What the engine names behind "UNIQUE constraint failed: ": columns (`t.a, t.b`) or `index 'x'`. */
static const char *constraint_subject(const char *message) {
    static const char mark[] = "failed: ";
    const char *found = strstr(message, mark);
    return found == NULL ? message : found + sizeof mark - 1;
}

static int fail_constraint(int rc, const char *message, flexdb_error *err) {
    const char *subject = constraint_subject(message);
    switch (rc) {
    case SQLITE_CONSTRAINT_NOTNULL:
        return error_set(err, FLEXDB_STALE, "NULL was given where none may stand: %s", subject);
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: {
        int code = error_set(err, FLEXDB_DUPLICATE, "the value is already there: %s", subject);
        error_detail(err, subject, strlen(subject));
        return code;
    }
    default: return error_set(err, FLEXDB_INTERNAL, "the engine refused the row: %s", message);
    }
}

static int fail_busy(const struct sqlite_connection *c, int rc, flexdb_error *err) {
    int code;
    if (rc == SQLITE_BUSY_SNAPSHOT) {
        code = error_set(err, FLEXDB_BUSY, "another connection has written since this transaction began to read");
    } else {
        code = error_set(err, FLEXDB_BUSY, "the database '%s' is locked by another connection (timeout %g s)", c->path,
                         c->timeout);
    }
    err->retryable = true;
    return code;
}

const char *sqlite_reason(int reason, char out[SQLITE_REASON_SIZE]) {
    return reason != 0 && strerror_r(reason, out, SQLITE_REASON_SIZE) == 0 ? out : "the system gave no reason";
}

/* `last` is errno when the call came back: the engine does not keep the reason when a commit fails. */
static int fail_disk(struct sqlite_connection *c, int rc, int last, flexdb_error *err) {
    int reason = sqlite3_system_errno(c->db);
    if (reason == 0) reason = last;
    if (rc == SQLITE_FULL || reason == ENOSPC || reason == EDQUOT || reason == EFBIG) {
        return error_set(err, FLEXDB_LIMIT, "the disk is full: the database '%s' cannot grow", c->path);
    }
    if (rc == SQLITE_IOERR_NOMEM) return error_no_memory(err);
    if (rc == SQLITE_IOERR_CORRUPTFS) {
        return error_set(err, FLEXDB_CORRUPT, "the file system under '%s' is damaged", c->path);
    }
    char text[SQLITE_REASON_SIZE];
    if ((rc & 0xff) == SQLITE_CANTOPEN) {
        bool denied = reason == EACCES || reason == EROFS || reason == EPERM;
        return error_set(err, denied ? FLEXDB_READ_ONLY : FLEXDB_CONNECTION, "the database '%s' cannot be opened: %s",
                         c->path, sqlite_reason(reason, text));
    }
    return error_set(err, FLEXDB_INTERNAL, "the disk failed under the database '%s': %s", c->path,
                     sqlite_reason(reason, text));
}

static int fail_read_only(const struct sqlite_connection *c, flexdb_error *err) {
    if (c->read_only) return error_set(err, FLEXDB_READ_ONLY, "the database '%s' was opened read-only", c->path);
    return error_set(err, FLEXDB_READ_ONLY, "the database '%s' cannot be written", c->path);
}

/* Neither compiling a statement nor the functions that read JSON have codes of their own for what they miss. */
static int fail_statement(const char *message, flexdb_error *err) {
    static const char missing[] = "no such table: ", no_json[] = "malformed JSON";
    if (strcmp(message, no_json) == 0) return error_set(err, FLEXDB_CORRUPT, "the database holds malformed JSON");
    if (err->code != FLEXDB_OK || strncmp(message, missing, sizeof missing - 1) != 0)
        return error_set(err, FLEXDB_INTERNAL, "the engine refused the statement: %s", message);
    const char *name = message + sizeof missing - 1, *dot = strrchr(name, '.');
    if (dot != NULL) name = dot + 1;
    int code = error_set(err, FLEXDB_CORRUPT, "the database has no table %s", name);
    error_detail(err, name, strlen(name));
    return code;
}

static int translate(struct sqlite_connection *c, int rc, int last, flexdb_error *err) {
    const char *message = sqlite3_errmsg(c->db);
    switch (rc & 0xff) {
    case SQLITE_NOMEM: return error_no_memory(err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA: return fail_busy(c, rc, err);
    case SQLITE_CONSTRAINT: return fail_constraint(rc, message, err);
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: return fail_disk(c, rc, last, err);
    case SQLITE_READONLY: return fail_read_only(c, err);
    case SQLITE_CORRUPT: return error_set(err, FLEXDB_CORRUPT, "the database '%s' is damaged: %s", c->path, message);
    case SQLITE_NOTADB: return error_set(err, FLEXDB_CORRUPT, "the file '%s' is not an SQLite database", c->path);
    case SQLITE_TOOBIG:
        return error_set(err, FLEXDB_LIMIT, "the engine refused a text or a record as too large: %s", message);
    default: return fail_statement(message, err);
    }
}

int sqlite_fail(struct sqlite_connection *c, int rc, flexdb_error *err) {
    int last = errno;
    bool first = err->code == FLEXDB_OK;
    int code = translate(c, rc, last, err);
    if (c->transaction && sqlite3_get_autocommit(c->db) != 0) {
        c->ended = err->code;
        if (first) err->ended = true;
    }
    return code;
}

/* Nothing may run inside a transaction that should be gone. */
static int undo_again(struct sqlite_connection *c, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    sqlite_undo(c, &why);
    if (c->stuck) error_repeat(err, &why);
    error_clear(&why);
    return c->stuck ? -(int)err->code : 0;
}

/* Milliseconds of a clock that nobody sets; Linux has one that costs a third to ask. */
static int64_t clock_now(void) {
#ifdef CLOCK_MONOTONIC_COARSE
    const clockid_t clock = CLOCK_MONOTONIC_COARSE;
#else
    const clockid_t clock = CLOCK_MONOTONIC;
#endif
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is written to a file that is gone from its path nobody will find. Looking there is a quarter of what reading a
 * record costs, hence not every time. */
static int check_file(struct sqlite_connection *c, flexdb_error *err) {
    int64_t now = clock_now();
    int moved = 0;
    if (!c->moved && now - c->looked < SQLITE_LOOK_MS) return 0;
    c->looked = now;
    sqlite3_file_control(c->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    c->moved = moved != 0;
    if (!c->moved) return 0;
    return error_set(err, FLEXDB_CONNECTION,
                     "the database file '%s' was deleted or replaced while it was open: it must be opened again",
                     c->path);
}

int sqlite_check_usable(struct sqlite_connection *c, flexdb_error *err) {
    if (c->stuck && undo_again(c, err) != 0) return -(int)err->code;
    if (c->ended == FLEXDB_OK) return check_file(c, err);
    if (err->code != FLEXDB_OK) return -(int)err->code;
    int code = error_set(err, c->ended, "the engine has ended the transaction; it must be rolled back");
    err->ended = true;
    err->retryable = c->ended == FLEXDB_BUSY;
    return code;
}
