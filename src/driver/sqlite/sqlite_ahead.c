/* Reads the pages of a scan in large pieces.
 *
 * SQLite asks for each page of the database by a call of the system, and that takes as long as to judge the records on
 * it. A table's pages mostly follow each other in the file, with pages of its indexes in between. So when a few pages
 * have been asked for in this order, what follows is read along, and handed out from here.
 *
 * Within a transaction a page that is read from the file does not change there: what others commit goes to the log, and
 * nobody copies a page from it that a reader still takes from the file (https://www.sqlite.org/wal.html,
 * "Concurrency"); without a log nobody writes while there is a reader. So all of it is forgotten when a transaction
 * begins, which shows in the lock that it takes, and when this connection itself writes to the file. */
#include <string.h>

#include "driver/sqlite/sqlite_files.h"

enum {
    SMALLEST_PAGE = 512, /* what is shorter is a piece of the header, read to see whether others have written */
    IN_ORDER = 4         /* pages that make a scan */
};

void sqlite_ahead_forget(struct sqlite_ahead *ahead) { ahead->length = 0; }

static bool has(const struct sqlite_ahead *ahead, int length, sqlite3_int64 at) {
    return at >= ahead->at && at + length <= ahead->at + ahead->length;
}

/* Notes that a page is asked for; true when it goes on with a scan. */
static bool goes_on(struct sqlite_ahead *ahead, int length, sqlite3_int64 at) {
    bool near = at >= ahead->next && at - ahead->next < SQLITE_AHEAD;
    ahead->next = at + length;
    if (!near) ahead->in_order = 0;
    if (ahead->in_order < IN_ORDER) ahead->in_order++;
    return ahead->in_order == IN_ORDER;
}

int sqlite_ahead_read(struct sqlite_ahead *ahead, const sqlite3_io_methods *system, sqlite3_file *file, void *data,
                      int length, sqlite3_int64 at) {
    if (length < SMALLEST_PAGE) return system->xRead(file, data, length, at);
    bool scan = goes_on(ahead, length, at);
    if (scan && !has(ahead, length, at)) {
        ahead->at = at;
        /* At the end of the file there is less; and what else may be wrong, reading the one page tells. */
        ahead->length = system->xRead(file, ahead->bytes, SQLITE_AHEAD, at) == SQLITE_OK ? SQLITE_AHEAD : 0;
    }
    if (!has(ahead, length, at)) return system->xRead(file, data, length, at);
    memcpy(data, ahead->bytes + (at - ahead->at), (size_t)length);
    return SQLITE_OK;
}
