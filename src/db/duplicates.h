/* Live records that stand in the way of a unique rule which is to come: looked for without changing anything, so that a
 * plan can ask as well as an evolution that was refused. */
#ifndef FLEXDB_DB_DUPLICATES_H
#define FLEXDB_DB_DUPLICATES_H

#include <stddef.h>
#include <stdint.h>

#include "db/record.h"
#include "db/state.h"
#include "db/unique.h"

enum { DUPLICATES_VALUES = 20, DUPLICATES_IDS = 20 };

/* A value, or values together, that several live records hold. */
struct duplicate_value {
    struct unique_words words;
    int64_t count; /* of the records */
    size_t id_count;
    char *ids[DUPLICATES_IDS]; /* of the first of them, by seq */
};

/* What was found of one rule. */
struct duplicates {
    struct unique_rule rule; /* slots of the validator that is to come */
    int64_t values, records; /* how many values are shared, and by how many live records in all */
    size_t count;
    struct duplicate_value *kept; /* the first of them, by their first record; at most DUPLICATES_VALUES */
};

/* Where a record's values come from when they are not simply what its document says to the new validator (a retype that
 * was not made yet). `read` gives one for each slot of that validator, good until it is called again; `batch` is
 * told before of the records that will be read together. */
struct duplicates_source {
    int (*read)(void *context, const struct raw_record *raw, const flexdb_value **values, flexdb_error *err);
    int (*batch)(void *context, const struct raw_record *batch, size_t count, flexdb_error *err);
    void *context;
    const bool *changed; /* by slot of that validator: others than `from` has under the same key; NULL: none are */
};

/* Looks for what the live records of `from` share although a unique rule of `to` keeps it apart: an entry for each rule
 * that `from` does not enforce already for the same values, in the definition's order, empty ones included. `source`
 * may be NULL.
 *
 * Where physical columns of `from` hold the values, the engine groups them. Otherwise the documents are read in order
 * and counted by digests in a table of at most 48 MiB (72 while it grows), which holds 1.5 million different values;
 * with more of them the values are divided into 2, 4, … parts, and the documents read once for each. The identifiers
 * take one more reading, which ends when all are found.
 *
 * *out is the caller's, to be given back with duplicates_free. */
int duplicates_find(struct duplicates **out, size_t *count, struct table_state *from, const struct validator *to,
                    const struct duplicates_source *source, flexdb_error *err);
void duplicates_free(struct duplicates *list, size_t count);

/* DUPLICATE with an issue for each value that was kept, whose `id` is the first record after the one that held it
 * first; 0 when nothing was found. */
int duplicates_refuse(const struct duplicates *list, size_t count, const struct validator *to, flexdb_error *err);

#endif
