/* Writes the pages of a transaction to the write-ahead log in a few large pieces.
 *
 * SQLite writes each page of a commit by two calls of the system, 24 bytes and the page: fifteen for a record with five
 * indexes, most of what its insert takes. Nobody reads a frame before its transaction's last one, which says so in its
 * header, is written and the shared index tells of it (https://www.sqlite.org/walformat.html). So until then frames
 * that follow each other in the log are held here, and with the last one they are written at once; its write reports
 * what went wrong, as SQLite expects of any of them.
 *
 * Only what a transaction adds is held. A frame that it writes anew in its place goes straight to the file, behind what
 * is held. What is held is written before the log is read, measured, cut or synced, and forgotten when the lock of the
 * log's writer is given up: after a rollback these places are another writer's.
 *
 * In between come copies of the system's methods for the two files with some of them replaced; the files stay the
 * system's own. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/sqlite/sqlite_internal.h"

enum {
    FRAME_HEADER = 24,
    LAST_FRAME = 4,  /* where in the header stands the size of the database, 0 in all but a transaction's last frame */
    WRITER_LOCK = 0, /* of the locks of the shared index */
    HELD = 64 * 1024
};

struct sqlite_log {
    sqlite3_vfs vfs; /* opens files as `system` does, and then comes in between */
    sqlite3_vfs *system;
    sqlite3_io_methods database, log;
    const sqlite3_io_methods *system_database, *system_log; /* NULL: not open */
    sqlite3_int64 end;                                      /* behind all that this transaction has written */
    sqlite3_int64 at;                                       /* where in the log what is held goes */
    int held;                                               /* bytes */
    bool last;                                              /* the frame whose header came last is the last one */
    char name[32];
    unsigned char bytes[HELD];
};

/* The log whose member `methods` a file's methods are. */
static struct sqlite_log *log_of(const sqlite3_io_methods *methods, size_t member) {
    return (struct sqlite_log *)((uintptr_t)methods - member);
}

static struct sqlite_log *of_log(const sqlite3_file *file) {
    return log_of(file->pMethods, offsetof(struct sqlite_log, log));
}

static int write_held(struct sqlite_log *log, sqlite3_file *file) {
    if (log->held == 0) return SQLITE_OK;
    int length = log->held;
    log->held = 0;
    return log->system_log->xWrite(file, log->bytes, length, log->at);
}

static bool is_last(const unsigned char *header) {
    static const unsigned char none[4];
    return memcmp(header + LAST_FRAME, none, sizeof none) != 0;
}

static int log_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 at) {
    struct sqlite_log *log = of_log(file);
    bool header = length == FRAME_HEADER && at >= log->end;
    bool goes_on = log->held != 0 && at == log->at + log->held;
    if (!goes_on || length > HELD - log->held) {
        int rc = write_held(log, file);
        if (rc != SQLITE_OK) return rc;
    }
    if (at + length > log->end) log->end = at + length;
    if (length > HELD || !(header || goes_on)) return log->system_log->xWrite(file, data, length, at);
    if (log->held == 0) log->at = at;
    memcpy(log->bytes + log->held, data, (size_t)length);
    log->held += length;
    if (header) log->last = is_last(data);
    return log->last && !header ? write_held(log, file) : SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *data, int length, sqlite3_int64 at) {
    struct sqlite_log *log = of_log(file);
    int rc = write_held(log, file);
    return rc == SQLITE_OK ? log->system_log->xRead(file, data, length, at) : rc;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size) {
    struct sqlite_log *log = of_log(file);
    int rc = write_held(log, file);
    return rc == SQLITE_OK ? log->system_log->xTruncate(file, size) : rc;
}

static int log_sync(sqlite3_file *file, int flags) {
    struct sqlite_log *log = of_log(file);
    int rc = write_held(log, file);
    return rc == SQLITE_OK ? log->system_log->xSync(file, flags) : rc;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size) {
    struct sqlite_log *log = of_log(file);
    int rc = write_held(log, file);
    return rc == SQLITE_OK ? log->system_log->xFileSize(file, size) : rc;
}

/* Its transaction is over by now. */
static int log_close(sqlite3_file *file) {
    struct sqlite_log *log = of_log(file);
    const sqlite3_io_methods *methods = log->system_log;
    log->held = 0;
    log->system_log = NULL;
    return methods->xClose(file);
}

static int database_lock(sqlite3_file *file, int first, int count, int flags) {
    struct sqlite_log *log = log_of(file->pMethods, offsetof(struct sqlite_log, database));
    bool writer = first == WRITER_LOCK && (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    if (writer) log->held = 0, log->end = 0;
    return log->system_database->xShmLock(file, first, count, flags);
}

static void come_between_database(struct sqlite_log *log, sqlite3_file *file) {
    log->system_database = file->pMethods;
    log->database = *file->pMethods;
    log->database.xShmLock = database_lock;
    file->pMethods = &log->database;
}

static void come_between_log(struct sqlite_log *log, sqlite3_file *file) {
    log->system_log = file->pMethods;
    log->log = *file->pMethods;
    log->log.xClose = log_close;
    log->log.xRead = log_read;
    log->log.xWrite = log_write;
    log->log.xTruncate = log_truncate;
    log->log.xSync = log_sync;
    log->log.xFileSize = log_size;
    file->pMethods = &log->log;
}

/* Without the lock of a shared index (version 2) there is no moment to forget at. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    struct sqlite_log *log = (struct sqlite_log *)vfs;
    int rc = log->system->xOpen(log->system, name, file, flags, out);
    if (rc != SQLITE_OK) return rc;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && log->system_database == NULL && file->pMethods->iVersion >= 2) {
        come_between_database(log, file);
    } else if ((flags & SQLITE_OPEN_WAL) != 0 && log->system_database != NULL && log->system_log == NULL) {
        come_between_log(log, file);
    }
    return SQLITE_OK;
}

int sqlite_log_new(struct sqlite_log **out, flexdb_error *err) {
    static_assert(offsetof(struct sqlite_log, vfs) == 0, "open_file is given the first member");
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    *out = NULL;
    if (system == NULL || strcmp(system->zName, "unix") != 0) return 0;
    struct sqlite_log *log = calloc(1, sizeof *log);
    if (log == NULL) return error_no_memory(err);
    log->vfs = *system;
    log->vfs.pNext = NULL;
    log->vfs.xOpen = open_file;
    log->vfs.zName = log->name;
    log->system = system;
    snprintf(log->name, sizeof log->name, "flexdb-%llx", (unsigned long long)(uintptr_t)log);
    if (sqlite3_vfs_register(&log->vfs, 0) != SQLITE_OK) {
        free(log);
        return error_no_memory(err);
    }
    *out = log;
    return 0;
}

const char *sqlite_log_vfs(const struct sqlite_log *log) { return log == NULL ? NULL : log->name; }

void sqlite_log_free(struct sqlite_log *log) {
    if (log == NULL) return;
    sqlite3_vfs_unregister(&log->vfs);
    free(log);
}
