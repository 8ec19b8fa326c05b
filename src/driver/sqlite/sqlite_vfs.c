/* A VFS for one connection: its files are the system's, with some of their methods replaced so that the pages of a
 * transaction are written at once (sqlite_log.c) and those of a scan are read ahead (sqlite_ahead.c). */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/sqlite/sqlite_files.h"
#include "driver/sqlite/sqlite_internal.h"

enum { WRITER_LOCK = 0 /* of the locks of the shared index */ };

/* The database's file. */
struct database {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *system; /* NULL: not open */
};

struct sqlite_vfs {
    sqlite3_vfs vfs; /* opens files as `system` does, and then comes in between */
    sqlite3_vfs *system;
    struct database database;
    struct sqlite_ahead ahead;
    struct sqlite_log log;
    char name[32];
};

static struct sqlite_vfs *of(const sqlite3_file *file) {
    return (struct sqlite_vfs *)((uintptr_t)file->pMethods - offsetof(struct sqlite_vfs, database.methods));
}

static int database_read(sqlite3_file *file, void *data, int length, sqlite3_int64 at) {
    struct sqlite_vfs *v = of(file);
    return sqlite_ahead_read(&v->ahead, v->database.system, file, data, length, at);
}

static int database_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 at) {
    struct sqlite_vfs *v = of(file);
    sqlite_ahead_forget(&v->ahead);
    return v->database.system->xWrite(file, data, length, at);
}

/* Without a log this is the lock that a transaction begins with … */
static int database_lock(sqlite3_file *file, int level) {
    struct sqlite_vfs *v = of(file);
    sqlite_ahead_forget(&v->ahead);
    return v->database.system->xLock(file, level);
}

/* … and with one it is one of these. */
static int database_lock_index(sqlite3_file *file, int first, int count, int flags) {
    struct sqlite_vfs *v = of(file);
    bool writer = first == WRITER_LOCK && (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    if (writer) sqlite_log_forget(&v->log);
    sqlite_ahead_forget(&v->ahead);
    return v->database.system->xShmLock(file, first, count, flags);
}

static void come_between(struct sqlite_vfs *v, sqlite3_file *file) {
    struct database *d = &v->database;
    d->system = file->pMethods;
    d->methods = *file->pMethods;
    d->methods.xRead = database_read;
    d->methods.xWrite = database_write;
    d->methods.xLock = database_lock;
    d->methods.xShmLock = database_lock_index;
    file->pMethods = &d->methods;
}

/* Without the locks of a shared index (version 2) there is no moment to forget at. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    struct sqlite_vfs *v = (struct sqlite_vfs *)vfs;
    int rc = v->system->xOpen(v->system, name, file, flags, out);
    if (rc != SQLITE_OK) return rc;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && v->database.system == NULL && file->pMethods->iVersion >= 2) {
        come_between(v, file);
    } else if ((flags & SQLITE_OPEN_WAL) != 0 && v->database.system != NULL && v->log.system == NULL) {
        sqlite_log_come_between(&v->log, file);
    }
    return SQLITE_OK;
}

int sqlite_vfs_new(struct sqlite_vfs **out, flexdb_error *err) {
    static_assert(offsetof(struct sqlite_vfs, vfs) == 0, "open_file is given the first member");
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    *out = NULL;
    if (system == NULL || strcmp(system->zName, "unix") != 0) return 0;
    struct sqlite_vfs *v = calloc(1, sizeof *v);
    if (v == NULL) return error_no_memory(err);
    v->vfs = *system;
    v->vfs.pNext = NULL;
    v->vfs.xOpen = open_file;
    v->vfs.zName = v->name;
    v->system = system;
    snprintf(v->name, sizeof v->name, "flexdb-%llx", (unsigned long long)(uintptr_t)v);
    if (sqlite3_vfs_register(&v->vfs, 0) != SQLITE_OK) {
        free(v);
        return error_no_memory(err);
    }
    *out = v;
    return 0;
}

const char *sqlite_vfs_name(const struct sqlite_vfs *v) { return v == NULL ? NULL : v->name; }

void sqlite_vfs_free(struct sqlite_vfs *v) {
    if (v == NULL) return;
    sqlite3_vfs_unregister(&v->vfs);
    free(v);
}
