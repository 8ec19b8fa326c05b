#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "driver/sqlite/sqlite_internal.h"
#include "driver/url.h"

enum {
    OLDEST_VERSION = 3035000, /* RETURNING */
    LONGEST_VALUE = 128 * 1024 * 1024,
    JOURNAL_KEPT = 64 * 1024 * 1024,
    /* What the journal may hold before it is copied into the file: a page that was written many times meanwhile is
     * copied once. A reader's look-up stays one step up to 4062 pages, which one table of the shared index holds. */
    CHECKPOINT_PAGES = 4000,
    WAL_RETRY_MS = 10,
    READING_CACHE_KIB = 6 * 1024,
    SCANNING_CACHE_KIB = 1024,
    WRITING_CACHE_KIB = 96 * 1024
};

static bool is_memory(const char *path) { return strcmp(path, ":memory:") == 0; }

static int check_library(flexdb_error *err) {
    if (sqlite3_libversion_number() < OLDEST_VERSION) {
        return error_set(err, FLEXDB_UNSUPPORTED, "SQLite %s is too old: at least 3.35 is needed",
                         sqlite3_libversion());
    }
    if (sqlite3_threadsafe() == 0) {
        return error_set(err, FLEXDB_UNSUPPORTED, "this SQLite library was built without support for threads");
    }
    return 0;
}

/* The folder of a path, for the caller to free. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    char *folder = malloc(length + 1);
    if (folder == NULL) return NULL;
    memcpy(folder, slash == NULL ? "." : path, length);
    folder[length] = '\0';
    return folder;
}

static bool allowed(const char *path, int what) { return faccessat(AT_FDCWD, path, what, AT_EACCESS) == 0; }

static int check_absent(const char *path, const char *folder, const struct connect_options *options,
                        flexdb_error *err) {
    struct stat info;
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return error_set(err, FLEXDB_NOT_FOUND, "the folder '%s' of the database file does not exist", folder);
    }
    if (options->read_only || !options->create) {
        return error_set(err, FLEXDB_NOT_FOUND, "the database file '%s' does not exist", path);
    }
    return 0;
}

static const char *kind_of(mode_t mode) {
    return S_ISDIR(mode) ? "folder" : S_ISFIFO(mode) ? "pipe" : S_ISSOCK(mode) ? "socket" : "device";
}

/* The engine says "unable to open database file" to all of these, or opens read-only without a word. */
static int check_path(const char *path, const char *folder, const struct connect_options *options, flexdb_error *err) {
    struct stat info;
    char why[SQLITE_REASON_SIZE];
    if (stat(path, &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            return error_set(err, FLEXDB_CONNECTION, "the database file '%s' cannot be reached: %s", path,
                             sqlite_reason(errno, why));
        }
        if (check_absent(path, folder, options, err) != 0) return -(int)err->code;
    } else if (!S_ISREG(info.st_mode)) {
        return error_set(err, FLEXDB_CORRUPT, "'%s' is a %s, not a database file", path, kind_of(info.st_mode));
    } else if (!allowed(path, R_OK)) {
        return error_set(err, FLEXDB_CONNECTION, "the database file '%s' cannot be read: %s", path,
                         sqlite_reason(errno, why));
    } else if (!options->read_only && !allowed(path, W_OK)) {
        return error_set(err, FLEXDB_READ_ONLY, "the database file '%s' cannot be written: %s", path,
                         sqlite_reason(errno, why));
    }
    if (!options->read_only && !allowed(folder, W_OK | X_OK)) {
        return error_set(err, FLEXDB_READ_ONLY,
                         "the folder '%s' of the database, where its journal lives, cannot be written: %s", folder,
                         sqlite_reason(errno, why));
    }
    return 0;
}

static int open_handle(struct sqlite_connection *c, const struct connect_options *options, flexdb_error *err) {
    if (!c->read_only && !is_memory(c->path) && sqlite_vfs_new(&c->vfs, err) != 0) return -(int)err->code;
    /* The library may be built to take `file:` names as URIs with parameters of their own; a path is only a path. */
    char *name = NULL;
    if (strncmp(c->path, "file:", 5) == 0) {
        size_t length = strlen(c->path);
        name = malloc(length + 3);
        if (name == NULL) return error_no_memory(err);
        memcpy(name, "./", 2);
        memcpy(name + 2, c->path, length + 1);
    }
    int flags = SQLITE_OPEN_NOMUTEX;
    if (is_memory(c->path)) {
        flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    } else if (options->read_only) {
        flags |= SQLITE_OPEN_READONLY;
    } else {
        flags |= SQLITE_OPEN_READWRITE | (options->create ? SQLITE_OPEN_CREATE : 0);
    }
    int rc = sqlite3_open_v2(name == NULL ? c->path : name, &c->db, flags, sqlite_vfs_name(c->vfs));
    free(name);
    if (c->db == NULL) return error_no_memory(err);
    sqlite3_extended_result_codes(c->db, 1);
    return rc == SQLITE_OK ? 0 : sqlite_fail(c, sqlite3_extended_errcode(c->db), err);
}

/* A database may come from anybody: nothing in its schema may do more than hold data. */
static int secure(struct sqlite_connection *c, flexdb_error *err) {
    static const struct {
        int option, value;
    } settings[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                    {SQLITE_DBCONFIG_DQS_DML, 0},
                    {SQLITE_DBCONFIG_DQS_DDL, 0},
                    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        int rc = sqlite3_db_config(c->db, settings[i].option, settings[i].value, NULL);
        if (rc != SQLITE_OK) return sqlite_fail(c, rc, err);
    }
    sqlite3_limit(c->db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM attaches one of its own */
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, LONGEST_VALUE);
    sqlite3_limit(c->db, SQLITE_LIMIT_WORKER_THREADS, 0);
    double ms = c->timeout * 1000;
    int rc = sqlite3_busy_timeout(c->db, !(ms > 0) ? 0 : ms < INT_MAX ? (int)(ms + 0.5) : INT_MAX);
    return rc == SQLITE_OK ? 0 : sqlite_fail(c, rc, err);
}

static int execute(struct sqlite_connection *c, const char *sql, flexdb_error *err) {
    int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sqlite_fail(c, rc, err);
}

void sqlite_fit_cache(struct sqlite_connection *c) {
    int wanted = c->runs >= SQLITE_MANY_RUNS ? WRITING_CACHE_KIB
                 : c->scans != 0             ? SCANNING_CACHE_KIB
                                             : READING_CACHE_KIB;
    if (c->cache_kib == wanted) return;
    char sql[48];
    sqlite3_snprintf((int)sizeof sql, sql, "PRAGMA cache_size=-%d", wanted);
    /* Only speed is at stake. */
    if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK) c->cache_kib = wanted;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int note_mode(void *wal, int count, char **values, char **names) {
    (void)names;
    if (count == 1 && values[0] != NULL) *(bool *)wal = strcmp(values[0], "wal") == 0;
    return 0;
}

/* The switch wants the file alone for a moment and does not wait for it by itself. On a file system without shared
 * memory the mode stays as it was, and commits must then reach the disk to be safe. */
static int enter_wal(struct sqlite_connection *c, flexdb_error *err) {
    bool wal = false;
    double deadline = now() + c->timeout;
    int rc;
    while ((rc = sqlite3_exec(c->db, "PRAGMA journal_mode=WAL", note_mode, &wal, NULL)) != SQLITE_OK) {
        if ((rc & 0xff) != SQLITE_BUSY || now() >= deadline) return sqlite_fail(c, rc, err);
        nanosleep(&(struct timespec){.tv_nsec = WAL_RETRY_MS * 1000000L}, NULL);
    }
    return execute(c, wal ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", err);
}

/* Reading the schema's version makes the engine look at the header, and with WAL at the shared index. */
static int probe(struct sqlite_connection *c, const char *folder, flexdb_error *err) {
    int rc = sqlite3_exec(c->db, "PRAGMA schema_version", NULL, NULL, NULL);
    if (rc == SQLITE_OK) return 0;
    if (c->read_only && ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY) && !allowed(folder, W_OK)) {
        return error_set(err, FLEXDB_READ_ONLY,
                         "the database '%s' is in WAL mode: to read it, its folder must be writable", c->path);
    }
    return sqlite_fail(c, rc, err);
}

static int set_up(struct sqlite_connection *c, const char *folder, flexdb_error *err) {
    if (secure(c, err) != 0 || execute(c, "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY", err) != 0 ||
        probe(c, folder, err) != 0) {
        return -(int)err->code;
    }
    sqlite_fit_cache(c);
    if (c->read_only) return execute(c, "PRAGMA query_only=ON", err);
    if (is_memory(c->path)) return 0;
    if (sqlite3_db_readonly(c->db, "main") != 0) return sqlite_fail(c, SQLITE_READONLY, err);
    if (enter_wal(c, err) != 0) return -(int)err->code;
    char limits[96];
    sqlite3_snprintf((int)sizeof limits, limits, "PRAGMA journal_size_limit=%d; PRAGMA wal_autocheckpoint=%d",
                     JOURNAL_KEPT, CHECKPOINT_PAGES);
    return execute(c, limits, err);
}

static int open_into(struct sqlite_connection *c, const struct connect_options *options, flexdb_error *err) {
    char *folder = folder_of(c->path);
    if (folder == NULL) return error_no_memory(err);
    int rc = 0;
    if (!is_memory(c->path)) rc = check_path(c->path, folder, options, err);
    if (rc == 0) rc = open_handle(c, options, err);
    if (rc == 0) rc = set_up(c, folder, err);
    free(folder);
    return rc;
}

int sqlite_open(struct connection **out, const struct url *url, const struct connect_options *options,
                flexdb_error *err) {
    if (check_library(err) != 0) return -(int)err->code;
    struct sqlite_connection *c = calloc(1, sizeof *c);
    if (c == NULL) return error_no_memory(err);
    *c = (struct sqlite_connection){.base.driver = &sqlite_driver,
                                    .path = strdup(url->path),
                                    .timeout = options->timeout,
                                    .read_only = options->read_only,
                                    .cache.bound = SQLITE_CACHED_STATEMENTS};
    int rc = c->path == NULL ? error_no_memory(err) : open_into(c, options, err);
    if (rc != 0) {
        sqlite_close(&c->base);
        return rc;
    }
    *out = &c->base;
    return 0;
}

void sqlite_close(struct connection *base) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    if (c == NULL) return;
    sqlite_finalize_all(c);
    sqlite3_finalize(c->undo);
    /* With every statement gone closing succeeds, and rolls back. */
    sqlite3_close_v2(c->db);
    sqlite_vfs_free(c->vfs);
    free(c->path);
    free(c);
}
