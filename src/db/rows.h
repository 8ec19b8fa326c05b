/* A result that is being read. It keeps what it needs of the table, so that the handles may go; while other statements
 * run it is spooled. */
#ifndef FLEXDB_DB_ROWS_H
#define FLEXDB_DB_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/record.h"
#include "db/spool.h"
#include "db/table.h"
#include "model/query.h"

struct flexdb_rows {
    struct flexdb_rows *next, **link; /* in the engine's list */
    flexdb *db;
    struct table_state *state;
    struct statement *statement; /* NULL once spooled or at the end */
    bool pending;                /* the row that it stands on was not given yet */
    struct spool *spool;
    unsigned depth;       /* of transactions when it was opened */
    const char *ended;    /* why no more can be read; NULL while it can */
    flexdb_error failure; /* what went wrong while it was spooled */
    struct record record;
    struct record_times times;
    struct query *query; /* NULL: everything is selected */
    bool *wanted;        /* what to decode; NULL: all */
    int64_t page;        /* how many records a page has; 0: not paged */
    int64_t given;
    bool more; /* behind the page */
    struct buffer cursor;
};

/* A result without statement yet, which holds the table's state. Takes `query` (may be NULL) in every case. */
int rows_new(flexdb_rows **out, flexdb_table *t, struct query *query, flexdb_error *err);
/* Runs the statement up to its first row. *trusted tells whether the table was still the one that is known. May be
 * called for one statement after another: the results of earlier ones are spooled. */
int rows_run(flexdb_rows *r, const char *sql, size_t length, const flexdb_value *values, size_t count, bool *trusted,
             flexdb_error *err);
/* The next record as it is stored: 1 or 0. Its texts hold until the next call. */
int rows_next(flexdb_rows *r, struct raw_record *raw, flexdb_error *err);
/* Reads what is left aside and lets the statement go. */
int rows_spool(flexdb_rows *r, flexdb_error *err);

/* Spools every result that has a statement; what goes wrong is told by its next step. */
void rows_spool_all(struct engine *e);
/* Ends the results that were opened at this depth of transactions or a deeper one; `why` is a static text (NULL: the
 * database is closed). */
void rows_end_all(struct engine *e, unsigned depth, const char *why);

#endif
