/* The inside of a batch, for the files batch*.c. */
#ifndef FLEXDB_DB_BATCH_INTERNAL_H
#define FLEXDB_DB_BATCH_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/batch.h"
#include "db/batch_writer.h"
#include "db/table.h"

enum { BATCH_ROWS = 1024, BATCH_TEXT = 1 << 20, BATCH_FIXED = 4 /* id, data, created_at, updated_at */ };

struct batch_error {
    int64_t index;
    flexdb_error error;
};

/* A reference to a record of the same table that may yet come. */
struct batch_promise {
    int64_t index;
    struct table_state *state; /* held: the one under which it was given, */
    size_t reference;          /* and which of its references it is */
    char *id;
};

/* Records that wait: `width` values a row, whose texts stand in `text`, which does not move while rows wait. */
struct batch_block {
    flexdb_value *values;
    int64_t *indexes;
    size_t rows;
    char *text;
    size_t text_length, text_capacity;
};

struct flexdb_batch {
    struct flexdb_batch *next, **link; /* in the engine's list */
    flexdb_table *table;               /* held */
    struct table_state *state;         /* held: what waits was laid out by it, whatever the table has come to since */
    unsigned level;                    /* of transactions, that it has begun */
    bool skip;
    bool done, dead;
    bool abandoned;       /* to be freed when the call that goes on has ended */
    bool deferred;        /* the table's indexes are built when all rows are in */
    bool looked_at;       /* others have looked at the table, and may have written to it, since the batch began */
    int64_t base;         /* the seq behind which the batch's rows stand; -1 until it is asked for */
    flexdb_error failure; /* after which nothing more is taken */
    int64_t seen, inserted;

    /* One block fills; the other is made when a block is written meanwhile for the first time. */
    struct batch_block blocks[2], *block;
    size_t row_limit, width;
    struct batch_block *written; /* under way: `job` of `writer`; NULL: none. What came of it is not told yet */
    struct batch_job job;
    struct batch_writer *writer; /* NULL until it is first needed */
    bool alone;                  /* no writer can be had */

    /* For what is read back: a record that is about to wait stands in the table's own while others are written. */
    struct record record;
    struct buffer scratch;

    struct batch_promise *promises;
    size_t promise_count, promise_capacity;

    struct batch_error *errors;
    size_t error_kept, error_capacity, error_limit;
    int64_t error_count;
};

/* Room for `rows` rows of `width` values. Nothing may wait in it. */
int batch_block_make(struct batch_block *k, size_t rows, size_t width, flexdb_error *err);
void batch_block_free(struct batch_block *k);

/* Writes what waits. On failure nothing waits any more and the batch is to be given up. */
int batch_flush(flexdb_batch *b, flexdb_error *err);
/* The same for a block that is full: it may still be written when this returns, while the next one fills. What came of
 * it is told by the next of these calls, just as it would have been told now. */
int batch_hand_over(flexdb_batch *b, flexdb_error *err);
/* Waits for the block that is being written, and tells what came of it. */
int batch_collect(flexdb_batch *b, flexdb_error *err);
/* Before rows are written: whether the batch has come to bring more rows than the table held, and nobody else looks at
 * it, so that building the indexes at the end costs less than keeping them up row by row. Takes them away then. */
int batch_defer_indexes(flexdb_batch *b, flexdb_error *err);
/* Builds them, if they were taken away. A value that is there twice fails as it would have failed row by row: with the
 * first record that repeats one. */
int batch_build_indexes(flexdb_batch *b, flexdb_error *err);
/* batch_flush, and the indexes: whoever looks at the table now finds it whole. */
int batch_settle(flexdb_batch *b, flexdb_error *err);
/* Looks for the records that were promised. */
int batch_keep_promises(flexdb_batch *b, flexdb_error *err);
/* Puts the record's place into an error: into every issue, and before the message. */
void batch_place_error(flexdb_error *err, int64_t index);
/* Skip: keeps the error (taken) and counts it. */
int batch_keep_error(flexdb_batch *b, int64_t index, flexdb_error *why, flexdb_error *err);
/* Whether an error is about one record, so that others may still be good. */
bool batch_is_record_error(const flexdb_error *err);

#endif
