/* What stands between SQLite and the files of one database. Private to sqlite_vfs.c, which puts it there, and to the
 * two that it puts there. */
#ifndef FLEXDB_DRIVER_SQLITE_FILES_H
#define FLEXDB_DRIVER_SQLITE_FILES_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { SQLITE_LOG_HELD = 64 * 1024, SQLITE_AHEAD = 64 * 1024 /* bytes */ };

/* ---- the write-ahead log (sqlite_log.c) ---- */

struct sqlite_log {
    sqlite3_io_methods methods;       /* first: what a file's methods point to is the log */
    const sqlite3_io_methods *system; /* NULL: the log is not open */
    sqlite3_int64 end;                /* behind all that this transaction has written */
    sqlite3_int64 at;                 /* where in the log what is held goes */
    int held;                         /* bytes */
    int lost;                         /* why some that were held are not in the file; SQLITE_OK: none */
    bool last;                        /* the frame whose header came last is the last one */
    unsigned char bytes[SQLITE_LOG_HELD];
};

/* `file` has just been opened. */
void sqlite_log_come_between(struct sqlite_log *log, sqlite3_file *file);
/* When the lock of the log's writer is taken or given up. */
void sqlite_log_forget(struct sqlite_log *log);

/* ---- the database (sqlite_ahead.c) ---- */

struct sqlite_ahead {
    sqlite3_int64 next; /* behind the page that was asked for last */
    sqlite3_int64 at;   /* where in the file what was read ahead stands */
    int length;         /* of it, in bytes */
    int in_order;       /* pages in a row, each of which followed closely on the one before it */
    unsigned char bytes[SQLITE_AHEAD];
};

/* The method xRead of a file whose own methods are `system`. */
int sqlite_ahead_read(struct sqlite_ahead *ahead, const sqlite3_io_methods *system, sqlite3_file *file, void *data,
                      int length, sqlite3_int64 at);
/* Before the first page of a transaction is read, and when the file is written. */
void sqlite_ahead_forget(struct sqlite_ahead *ahead);

#endif
