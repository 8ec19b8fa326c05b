/* What an evolution must look at in the records before it may happen. */
#ifndef FLEXDB_MODEL_PLAN_H
#define FLEXDB_MODEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/changes.h"
#include "model/validator.h"

struct plan {
    bool changes_anything; /* false: an evolution without effect */
    bool has_checks;
    bool *check; /* a bool for each slot of the new shape: live records must be judged under the new column */
    bool *check_references; /* a bool for each slot: the referenced records must exist */
};

/* Compares two definitions column by column (paired by key). A column is to be checked when a rule became tighter
 * (required, shorter, narrower range or enum, a pattern or format that is not the same, less precision), when it comes
 * back under a key that was used before, or when it is new and required without an initial default. */
int plan_build(struct plan *out, const struct validator *from, const struct validator *to,
               const struct key_registry *keys_before, flexdb_error *err);
void plan_clear(struct plan *p);

#endif
