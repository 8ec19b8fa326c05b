/* One evolution of a table while it is made: from a locked row of the catalogue to the version row. */
#ifndef FLEXDB_DB_EVOLUTION_H
#define FLEXDB_DB_EVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "db/convert.h"
#include "db/table.h"
#include "db/write.h"
#include "model/plan.h"

/* Records are read in batches of at most so many, or so many bytes and one record; the first one feels its way. */
enum { EVOLUTION_MAX_ISSUES = 20, EVOLUTION_BATCH = 500, EVOLUTION_FIRST_BATCH = 32, EVOLUTION_BATCH_BYTES = 4 << 20 };

struct duplicates;

/* What a record stands against: the rule of an issue, as far as a change can make it tighter. */
enum failing_rule {
    FAILING_REQUIRED,
    FAILING_LENGTH,
    FAILING_RANGE,
    FAILING_ENUM,
    FAILING_PATTERN,
    FAILING_PRECISION,
    FAILING_REFERENCE,
    FAILING_OTHER,
    FAILING_RULES
};

/* What a plan tells about the records. */
struct evolution_counts {
    int64_t live, deleted;
    int64_t reported, called_at;       /* what on_progress was told last, and when */
    int64_t total;                     /* of the records that are walked */
    int64_t failed;                    /* that stand against the change */
    int64_t (*failing)[FAILING_RULES]; /* for each slot of the new shape: of those, by the rule that they break there */
    int64_t *failing_checks;           /* for each of the new definition's checks: of those, the ones that it refuses */
    int64_t *carried; /* for each slot of the old shape: records that have a value; NULL when nobody asks */
    bool *going;      /* which slots those are */
    int64_t *back;    /* the same of the new shape, for columns that come back */
    bool *coming;
    struct record record;
};

struct build;

struct evolution {
    flexdb_table *table;
    const struct flexdb_evolve_options *options;
    const cJSON *changes; /* evolve: what was asked for; NULL for a rollback */
    int64_t target;       /* rollback: the version */
    bool dry;             /* the plan is asked for, and nothing is to happen */
    bool cluster;         /* the server is a node of one, where locks of rows are the node's own */
    bool blocking;        /* there is no way to build while others write: build.h */
    struct buffer *out;   /* the entry, or the plan */
    size_t out_start;     /* where it begins, for another attempt */

    /* Made anew by each attempt. */
    struct table_state *from; /* locked */
    bool has_records;
    int64_t last;             /* the seq of the last one */
    struct key_registry keys; /* after the change */
    cJSON *tree;              /* the new definition's document */
    struct validator *to;
    struct buffer schema;
    struct layout *layout;
    struct plan plan;
    bool judges;                 /* live records are held against what plan.check and its kin say */
    bool *needed;                /* slots of the new shape whose values are asked for */
    struct converter *converter; /* NULL when nothing is converted */
    bool counted;                /* the records were read for the plan */
    struct evolution_counts counts;
    bool rebuild;
    bool met;                           /* the table is being built anew by somebody, or was */
    bool noted;                         /* all else is left to build_run */
    struct build *build;                /* while it runs: where the walk takes the records from */
    bool quiet;                         /* records are met again: on_progress has been told of them */
    bool physical;                      /* the new physical table was made outside the transaction */
    char old_table[PHYSICAL_NAME_SIZE]; /* to be dropped once all is committed; "" for none */
};

/* Walks all live records (all, with `deleted`) of the state that is evolved, in the order of their seq, some at a time.
 * `visit` returns 0 to go on. */
typedef int (*evolution_visit)(struct evolution *ev, void *context, const struct raw_record *batch, size_t count,
                               flexdb_error *err);
int evolution_walk(struct evolution *ev, bool deleted, evolution_visit visit, void *context, flexdb_error *err);
/* The same from behind *seq, which moves along, until at least so many were visited: *more tells whether there may be
 * more. */
int evolution_walk_on(struct evolution *ev, bool deleted, int64_t *seq, size_t count, bool *more, evolution_visit visit,
                      void *context, flexdb_error *err);
/* Where a record goes that nothing stands against: `record` as it is after the change, whose document is another one
 * than raw's when it has changed. */
struct evolution_store {
    int (*record)(struct evolution *ev, void *context, const struct raw_record *raw, const struct record *record,
                  bool changed, flexdb_error *err);
    void *context;
};

/* Reads every record once: converts it, holds it against the plan, counts, and hands it to `store` (NULL: none).
 * INVALID_RECORD with the first of those that stand against the change; what was stored then is to be undone. */
int evolution_inspect(struct evolution *ev, const struct evolution_store *store, flexdb_error *err);
/* Makes ready what the records are held against, and converted by. */
int evolution_meet_records(struct evolution *ev, flexdb_error *err);
/* Finds out for each conversion that returns which way its values came, and which records it need not look at. */
int evolution_find_routes(struct evolution *ev, flexdb_error *err);
/* Tells on_progress, where there is one, how many records evolution_inspect has come to: once more after the last of
 * them. */
int evolution_report(struct evolution *ev, flexdb_error *err);
/* Writes the records whose documents change, in the table that there is. */
int evolution_convert(struct evolution *ev, flexdb_error *err);
/* Looks for every record that the live records of a table refer to, dropped as that may be: REFERENCE with the first of
 * those that refer to nothing. */
int evolution_check_references(struct table_state *s, flexdb_error *err);
/* Makes the new physical table and copies every record into it. DUPLICATE names values and records: duplicates.h. */
int evolution_rebuild(struct evolution *ev, flexdb_error *err);
/* Undoes what an attempt that failed has made outside the transaction, and lets others at it. */
void evolution_end_rebuild(struct evolution *ev);
/* Looks for the live records that stand in the way of unique rules which are to come, as their values will be: for a
 * plan (duplicates.h). Those that do not convert have none. */
int evolution_find_duplicates(struct evolution *ev, struct duplicates **out, size_t *count, flexdb_error *err);
/* After an engine's DUPLICATE, `err`: those records in place of the engine's words. */
int evolution_explain_duplicates(struct evolution *ev, flexdb_error *err);
/* The parameters of records_copy for a record as it is after the change, so many and one for each physical column; `to`
 * is the new layout. */
enum { EVOLUTION_COPIED = 8 };
int evolution_copied(struct evolution *ev, const struct table_state *to, const struct raw_record *raw,
                     const struct record *record, bool changed, struct parameters *p, struct buffer *scratch,
                     flexdb_error *err);
/* Once the records are as they are to be: brings the new definition into force, ev->from being held. */
int evolution_finish(struct evolution *ev, flexdb_error *err);
/* Bumps the revision of every table that refers to this one, whose statements name the old physical table. */
int evolution_touch_referrers(struct evolution *ev, flexdb_error *err);

#endif
