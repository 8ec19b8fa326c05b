/* One evolution of a table while it is made: from a locked row of the catalogue to the version row. */
#ifndef FLEXDB_DB_EVOLUTION_H
#define FLEXDB_DB_EVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "db/table.h"
#include "model/plan.h"

/* Records are read in batches of at most so many, or so many bytes and one record; the first one feels its way. */
enum { EVOLUTION_MAX_ISSUES = 20, EVOLUTION_BATCH = 500, EVOLUTION_FIRST_BATCH = 32, EVOLUTION_BATCH_BYTES = 4 << 20 };

struct evolution {
    flexdb_table *table;
    const struct flexdb_evolve_options *options;
    const cJSON *changes; /* evolve: what was asked for; NULL for a rollback */
    int64_t target;       /* rollback: the version */
    struct buffer *out;   /* the entry */
    size_t out_start;     /* where it begins, for another attempt */

    /* Made anew by each attempt. */
    struct table_state *from; /* locked */
    bool has_records;
    struct key_registry keys; /* after the change */
    cJSON *tree;              /* the new definition's document */
    struct validator *to;
    struct buffer schema;
    struct layout *layout;
    struct plan plan;
    bool rebuild;
    bool physical;                      /* the new physical table was made outside the transaction */
    char old_table[PHYSICAL_NAME_SIZE]; /* to be dropped once all is committed; "" for none */
};

/* Walks all live records (all, with `deleted`) of the state that is evolved. `visit` returns 0 to go on. */
int evolution_walk(struct evolution *ev, bool deleted,
                   int (*visit)(struct evolution *ev, void *context, const struct raw_record *raw, flexdb_error *err),
                   void *context, flexdb_error *err);
/* Holds the live records against the plan: INVALID_RECORD with the first of those that stand against it. */
int evolution_check(struct evolution *ev, flexdb_error *err);
/* Looks for every record that the live records of a table refer to, dropped as that may be: REFERENCE with the first of
 * those that refer to nothing. */
int evolution_check_references(struct table_state *s, flexdb_error *err);
/* Makes the new physical table and copies every record into it. DUPLICATE names value and record. */
int evolution_rebuild(struct evolution *ev, flexdb_error *err);
/* Bumps the revision of every table that refers to this one, whose statements name the old physical table. */
int evolution_touch_referrers(struct evolution *ev, flexdb_error *err);

#endif
