/* A purge of one table while it goes on: batch after batch, each in a short transaction of its own. */
#ifndef FLEXDB_DB_PURGE_H
#define FLEXDB_DB_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/names.h"
#include "db/table.h"

enum { PURGE_BATCH = 500, PURGE_MAX_BATCH = 10000, PURGE_BATCH_BYTES = 4 << 20 };

enum purge_phase {
    PURGE_ERASE,   /* records that were deleted long ago */
    PURGE_MARK,    /* says which versions are no longer to be had, before any of their values goes */
    PURGE_REWRITE, /* the documents */
    PURGE_FENCE,   /* nobody writes any more what was read before the documents were rewritten */
    PURGE_SWEEP,   /* once more, for what was written in the meantime; fenced and swept again until there is nothing */
    PURGE_CLOSE,   /* says that it is done */
    PURGE_DONE
};

/* What is told of it. */
struct purge_counts {
    int64_t records, rewritten, deleted, kept, bytes;
};

struct flexdb_purge {
    flexdb_table *table;
    int64_t keep_versions; /* 0: all that are there */
    bool erases;
    int64_t deleted_before; /* microseconds */
    size_t batch;
    enum purge_phase phase;
    int64_t seq;        /* of the last record that this phase is done with */
    struct arena arena; /* of the keys */
    struct names gone;  /* field keys whose values go */
    uint32_t gone_count;
    int64_t kept_from; /* what the table's row says since PURGE_MARK */
    struct buffer texts, stripped, scratch;
    size_t items; /* records in texts */
    bool found;   /* this sweep has found something */
    struct purge_counts counts;
};

/* One batch of soft-deleted records: 1 there may be more, 0 there are none. */
int purge_erase_batch(flexdb_purge *p, flexdb_error *err);
/* Settles which keys are gone and marks the table. 1 when documents may hold values of them, 0 when not. */
int purge_mark(flexdb_purge *p, flexdb_error *err);
/* Bumps the table's revision; with `done` says that the documents hold none of the values any more. */
int purge_touch(flexdb_purge *p, bool done, flexdb_error *err);
/* One batch of documents: 1 there may be more, 0 there are none. */
int purge_rewrite_batch(flexdb_purge *p, flexdb_error *err);

#endif
