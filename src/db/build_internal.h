/* A build while it runs, for the files build*.c. */
#ifndef FLEXDB_DB_BUILD_INTERNAL_H
#define FLEXDB_DB_BUILD_INTERNAL_H

#include "base/arena.h"
#include "db/batch_writer.h"
#include "db/build.h"
#include "db/copied_rows.h"
#include "db/write.h"

enum {
    BUILD_CHUNK = 5000,     /* records that are copied before the journal is looked at */
    BUILD_FEW = 100,        /* entries of the journal that a writer may wait for */
    BUILD_POSTPONED = 1000, /* refused records that may wait for the end of the copy */
    BUILD_ROUNDS = 1000,    /* after which writers that are faster have to wait for the rest */
    BUILD_LIMIT = 1 << 16,  /* entries that are read at once at most */
    BUILD_INSERTERS = 2,    /* that insert side by side */
    BUILD_BLOCKS = 4        /* blocks of rows that wait to be inserted */
};

/* What was read of the journal at one moment. */
struct build_set {
    struct arena texts;
    struct raw_record *records; /* that are there; by seq */
    int64_t *numbers, *seqs;    /* of all entries; of all records that these name */
    size_t record_count, entry_count, seq_count;
    bool whole; /* the journal held nothing else */
};

/* Rows that were handed over. */
struct build_block {
    struct batch_job job; /* for `rows`; waiting or under way while it is busy */
    struct copied_rows rows;
    bool busy;
};

/* A connection of its own, and a thread that inserts rows by it. */
struct build_inserter {
    struct connection *connection;
    struct batch_writer *writer;
};

/* They take the blocks in turn. */
struct build_inserters {
    struct build_inserter each[BUILD_INSERTERS];
    size_t count;
    struct build_block blocks[BUILD_BLOCKS];
    size_t next; /* the one that is handed over next, which is the oldest one */
};

struct build {
    struct evolution *ev;
    struct engine *engine;
    struct layout_build note;
    struct table_state to; /* the new definition and layout, as a state that nobody else sees */
    struct record record;  /* of a duplicate */
    struct buffer scratch;

    struct copied_rows rows;
    struct buffer insert, add;
    struct build_inserters inserters;

    int64_t cursor; /* the seq up to which the table was copied */
    bool more;      /* behind it */
    size_t postponed;

    bool reads_set; /* the records that are copied are the set's */
    struct build_set set;
};

/* The lock that a builder of the table holds as long as it lives. BUSY when somebody else has it; who has it may be
 * about to let go, having swept, which the second one waits for. */
int build_lock(struct engine *e, const char *table_id, flexdb_error *err);
int build_wait_lock(struct engine *e, const char *table_id, flexdb_error *err);
void build_unlock(struct engine *e, const char *table_id);
/* DDL that nobody should have to wait behind: again and again for a moment each; `table_id` as engine_ddl_briefly has
 * it. Frees the text. */
int build_run_briefly(struct engine *e, const char *table_id, struct buffer *sql, int64_t deadline, flexdb_error *err);
/* Makes a build ready to copy records into note->table, from what note->journal names too; build_close in every case.
 * The struct begins empty. */
int build_open(struct build *b, struct evolution *ev, const struct layout_build *note, flexdb_error *err);
void build_close(struct build *b);
/* Whether the definition that the noted build was for is in force already: the note names the old physical table. */
bool build_is_switched(const struct table_state *s, const struct layout_build *note);
/* Then: does what is left of build_gather. `now`: the table as it is. The builder's lock is the caller's. */
int build_finish(struct table_state *now, const struct layout_build *note, flexdb_error *err);
/* Writes the table's row as it is, with another layout. */
int build_write_layout(struct table_state *s, const struct layout *l, flexdb_error *err);

/* Inserts rows; those that are refused go to the journal, but for a whole set: DUPLICATE then. None waits any more. */
int build_insert(struct build *b, struct copied_rows *rows, flexdb_error *err);
/* The same for those of b->rows. */
int build_flush(struct build *b, flexdb_error *err);

/* While the table is copied other connections insert, in transactions of their own, and this one reads and converts
 * what comes next. Where none can be had build_hand_over is build_flush. */
void build_open_inserters(struct build *b);
void build_close_inserters(struct build *b);
/* Takes the rows that wait; what comes of them is told by the next call. */
int build_hand_over(struct build *b, flexdb_error *err);
/* Waits until all that was handed over is there. */
int build_settle(struct build *b, flexdb_error *err);
/* A place for records, for evolution_inspect. */
int build_store(struct evolution *ev, void *context, const struct raw_record *raw, const struct record *record,
                bool changed, flexdb_error *err);
void build_forget_set(struct build_set *set);
/* Copies the table from the cursor on, to its end. */
int build_copy(struct build *b, flexdb_error *err);
/* Copies what the journal names until it names few. */
int build_catch_up(struct build *b, flexdb_error *err);
/* Reads what the journal names into b->set, at most so many entries; deletes rows by their keys; copies the set's
 * records without counting them again. For build_cluster.c. */
int build_read_set(struct build *b, size_t limit, flexdb_error *err);
int build_erase(struct build *b, const char *table, const char *column, const int64_t *keys, size_t count,
                flexdb_error *err);
int build_copy_set(struct build *b, flexdb_error *err);
/* On a cluster: what was begun before is over on every node once it returns. */
int build_barrier(struct build *b, flexdb_error *err);
/* On a cluster, after the new definition has come into force: brings over what others have written into the old table
 * since. */
int build_gather(struct build *b, flexdb_error *err);
/* Until it is empty: only while nobody writes. */
int build_drain(struct build *b, flexdb_error *err);

#endif
