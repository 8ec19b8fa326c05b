/* The entries of a diff: each has both faces, the words that changes_apply takes and the stored shape. Private to the
 * model. */
#ifndef FLEXDB_MODEL_CHANGES_ENTRY_H
#define FLEXDB_MODEL_CHANGES_ENTRY_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "model/changes.h"

struct entries {
    cJSON *list;
};

/* Where a column stands: behind `after`, or first where that is NULL. Not said: at the end. */
struct place {
    bool said;
    const char *after;
};

/* Each is false when memory is out. */
bool entries_open(struct entries *e);
bool entries_add(struct entries *e, const struct column *column, struct place place);
/* `indexes`: those that go with it, taken; may be empty. */
bool entries_remove(struct entries *e, const struct column *column, cJSON *indexes);
bool entries_rename(struct entries *e, const char *name, const char *to);
bool entries_move(struct entries *e, const char *name, struct place from, struct place to);
/* Nothing where the two say the same; names, keys and places aside. */
bool entries_modify(struct entries *e, const struct column *from, const struct column *to);
/* `before` and `after`: the indexes, by the names that the columns have in the end; taken. */
bool entries_table(struct entries *e, const struct definition *from, const struct definition *to, cJSON *before,
                   cJSON *after);

#endif
