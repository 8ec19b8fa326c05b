/* The two ways to look for duplicates of one rule. Private to duplicates*.c. */
#ifndef FLEXDB_DB_DUPLICATES_PARTS_H
#define FLEXDB_DB_DUPLICATES_PARTS_H

#include "db/duplicates.h"

enum { DUPLICATES_SLOTS = 1 << 21 };

struct duplicates_search {
    struct table_state *from;
    const struct validator *to;
    const struct duplicates_source *source; /* NULL: the documents, as `to` reads them */
    struct duplicates *found;               /* its rule is set, the rest empty with room for DUPLICATES_VALUES */
    size_t most_slots;          /* of the table that counts: a power of two, DUPLICATES_SLOTS but for tests */
    const flexdb_value *values; /* of the record that was read last */
    struct record record;
    struct buffer scratch;
};

/* Before a batch's records are read. */
int duplicates_batch(struct duplicates_search *s, const struct raw_record *batch, size_t count, flexdb_error *err);
/* Reads the record's values into s->values. */
int duplicates_read(struct duplicates_search *s, const struct raw_record *raw, flexdb_error *err);
/* Adds the record to a value's; the first one lends s->values to the words. */
int duplicates_add(struct duplicates_search *s, struct duplicate_value *value, const char *id, size_t length,
                   flexdb_error *err);

/* By physical columns. 1 when they hold every column of the rule, and all was found; 0 when they do not. */
int duplicates_by_columns(struct duplicates_search *s, flexdb_error *err);
/* By the documents. */
int duplicates_by_documents(struct duplicates_search *s, flexdb_error *err);

/* Whether the source has other values for the rule than the state. */
bool duplicates_change(const struct duplicates_source *source, const struct unique_rule *rule);

#endif
