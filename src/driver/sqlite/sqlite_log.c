/* Writes the pages of a transaction to the write-ahead log in a few large pieces.
 *
 * SQLite writes each page of a commit by two calls of the system, 24 bytes and the page: fifteen for a record with five
 * indexes, most of what its insert takes. Nobody reads a frame before its transaction's last one, which says so in its
 * header, is written and the shared index tells of it (https://www.sqlite.org/walformat.html). So until then frames
 * that follow each other in the log are held here, and with the last one they are written at once; its write reports
 * what went wrong, as SQLite expects of any of them.
 *
 * Only what a transaction adds is held. A frame that it writes anew in its place goes straight to the file, behind what
 * is held. What is held is written before it is read, and before the log is measured, cut or synced, and forgotten when
 * the lock of the log's writer is given up: after a rollback these places are another writer's. */
#include <string.h>

#include "driver/sqlite/sqlite_files.h"

enum {
    FRAME_HEADER = 24,
    LAST_FRAME = 4 /* where in the header stands the size of the database, 0 in all but a transaction's last frame */
};

static struct sqlite_log *of(const sqlite3_file *file) { return (struct sqlite_log *)(uintptr_t)file->pMethods; }

/* Frames that could not be written are gone: SQLite, which was told before that they had been, may see the failure of a
 * read or of a look at the size, after which a transaction goes on. This one must not. */
static int write_held(struct sqlite_log *log, sqlite3_file *file) {
    if (log->held == 0) return log->lost;
    int length = log->held;
    log->held = 0;
    log->lost = log->system->xWrite(file, log->bytes, length, log->at);
    return log->lost;
}

static bool is_last(const unsigned char *header) {
    static const unsigned char none[4];
    return memcmp(header + LAST_FRAME, none, sizeof none) != 0;
}

static int log_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 at) {
    struct sqlite_log *log = of(file);
    bool header = length == FRAME_HEADER && at >= log->end;
    bool goes_on = log->held != 0 && at == log->at + log->held;
    if (!goes_on || length > SQLITE_LOG_HELD - log->held) {
        int rc = write_held(log, file);
        if (rc != SQLITE_OK) return rc;
    }
    if (at + length > log->end) log->end = at + length;
    if (length > SQLITE_LOG_HELD || !(header || goes_on)) return log->system->xWrite(file, data, length, at);
    if (log->held == 0) log->at = at;
    memcpy(log->bytes + log->held, data, (size_t)length);
    log->held += length;
    if (header) log->last = is_last(data);
    return log->last && !header ? write_held(log, file) : SQLITE_OK;
}

/* What stands before the frames that are held, or were lost, is in the file: a rollback reads it. */
static int log_read(sqlite3_file *file, void *data, int length, sqlite3_int64 at) {
    struct sqlite_log *log = of(file);
    int rc = at + length <= log->at ? SQLITE_OK : write_held(log, file);
    return rc == SQLITE_OK ? log->system->xRead(file, data, length, at) : rc;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size) {
    struct sqlite_log *log = of(file);
    int rc = write_held(log, file);
    return rc == SQLITE_OK ? log->system->xTruncate(file, size) : rc;
}

static int log_sync(sqlite3_file *file, int flags) {
    struct sqlite_log *log = of(file);
    int rc = write_held(log, file);
    return rc == SQLITE_OK ? log->system->xSync(file, flags) : rc;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size) {
    struct sqlite_log *log = of(file);
    int rc = write_held(log, file);
    return rc == SQLITE_OK ? log->system->xFileSize(file, size) : rc;
}

/* Its transaction is over by now. */
static int log_close(sqlite3_file *file) {
    struct sqlite_log *log = of(file);
    const sqlite3_io_methods *methods = log->system;
    sqlite_log_forget(log);
    log->system = NULL;
    return methods->xClose(file);
}

void sqlite_log_forget(struct sqlite_log *log) { log->held = 0, log->lost = SQLITE_OK, log->end = 0; }

void sqlite_log_come_between(struct sqlite_log *log, sqlite3_file *file) {
    log->system = file->pMethods;
    log->methods = *file->pMethods;
    log->methods.xClose = log_close;
    log->methods.xRead = log_read;
    log->methods.xWrite = log_write;
    log->methods.xTruncate = log_truncate;
    log->methods.xSync = log_sync;
    log->methods.xFileSize = log_size;
    file->pMethods = &log->methods;
}
