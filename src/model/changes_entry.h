/* The entries of a diff: each has both faces, the words that changes_apply takes and the stored shape. Private to the
 * model. */
#ifndef FLEXDB_MODEL_CHANGES_ENTRY_H
#define FLEXDB_MODEL_CHANGES_ENTRY_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
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
/* Nothing where the two say the same; names, keys and places aside. `lost`: the expression of `from` reads a column
 * that an entry before removes, and is to be said anew. */
bool entries_modify(struct entries *e, const struct column *from, const struct column *to, bool lost);

/* A definition's expressions as the entries leave them that come before. */
struct renamed {
    struct arena arena;
    const char **computed; /* by column; NULL where it is not computed */
    bool *lost;            /* by column: the expression reads one that is removed */
    struct check *checks;
    bool checks_lost;
};
/* Goes through the entries of removals and renames. `gone` has a bool for each column. False when memory is out;
 * renamed_clear either way. */
bool renamed_make(struct renamed *r, const struct entries *e, const struct definition *from, const bool *gone);
void renamed_clear(struct renamed *r);
/* `before` and `after`: the indexes, by the names that the columns have in the end; taken. */
bool entries_table(struct entries *e, const struct definition *from, const struct renamed *renamed,
                   const struct definition *to, cJSON *before, cJSON *after);

#endif
