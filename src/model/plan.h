/* What an evolution must look at in the records before it may happen. */
#ifndef FLEXDB_MODEL_PLAN_H
#define FLEXDB_MODEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/changes.h"
#include "model/convert.h"
#include "model/validator.h"

/* A column whose values are converted from the key that it had to the one that it gets. Where the pair of types is
 * refused, which only a way back can come to, no conversion is open and no value converts. */
struct plan_conversion {
    size_t from, to; /* slots of the two shapes */
    /* The new key was used before: what stands under it is the value of every record that was not written since the
     * version `since`, which took the current key (1 where that is not known), and of those whose current value is what
     * it converts to. */
    bool returns;
    int64_t since;
    bool there_open, back_open;
    struct conversion there, back; /* refer to the two validators */
};

struct plan {
    bool changes_anything; /* false: an evolution without effect */
    bool has_checks;
    bool *check; /* a bool for each slot of the new shape: live records must be judged under the new column */
    bool *check_references; /* a bool for each slot: the referenced records must exist */
    size_t conversion_count;
    struct plan_conversion *conversions;
};

/* Compares two definitions column by column (paired by key, and by where a key was converted from). A column is to be
 * checked when a rule became tighter (required, shorter, narrower range or enum, a pattern or format that is not the
 * same, less precision), when it comes back under a key that was used before, or when it is new and required without an
 * initial default. */
int plan_build(struct plan *out, const struct validator *from, const struct validator *to,
               const struct key_registry *keys_before, flexdb_error *err);
void plan_clear(struct plan *p);

#endif
