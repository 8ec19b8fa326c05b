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
 * refused, which only a way back can come to, no conversion is open and no value converts.
 *
 * Where the new key was used before it `returns`: what stands under it is the original of every record that was not
 * written since the version `since`, in which the key was in use no more, and of those whose value of today is what the
 * original becomes on its way through the keys between. Other values go the way that retypes have gone before, or
 * straight where that leads nowhere. */
struct plan_conversion {
    size_t from, to; /* slots of the two shapes */
    bool is_open;
    struct conversion straight; /* refers to the two validators, as all others do */
    bool returns;
    int64_t since;                    /* 1, no record is trusted, until it is found out */
    size_t back_count;                /* 0 where there is no such way */
    struct conversion *back;          /* from the returning key to the one that is left, */
    const struct validator *computed; /* or from this one between, alone in a definition: NULL, or the last that was
                                       * computed, not made of what had stood before it */
    struct validator **made; /* by step of `back`: its column alone, as it was made; NULL where that is not known */
    size_t there_count;      /* 0 where it would be the straight way */
    struct conversion *there;
    struct validator **between;
    size_t between_count;
};

/* A column whose values are computed anew for every record. */
struct plan_computation {
    size_t to;    /* its slot in the new shape */
    int64_t from; /* the slot of the column of the old shape that it is, or is made from; NAMES_NONE where it is new */
};

struct plan {
    bool changes_anything; /* false: an evolution without effect */
    bool has_checks;
    bool *check;   /* a bool for each slot of the new shape: live records must be judged under the new column */
    bool *returns; /* a bool for each slot: the column comes back under a key that no column has now */
    bool *check_references;  /* a bool for each slot: the referenced records must exist */
    bool *check_expressions; /* a bool for each of the new definition's checks: live records must be held against it */
    size_t computation_count;
    struct plan_computation *computations; /* each behind those that it reads */
    size_t conversion_count;
    struct plan_conversion *conversions; /* by the slots that they fill */
};

/* Compares two definitions column by column (paired by key, and by where a key was converted from). A column is to be
 * checked when a rule became tighter (required, shorter, narrower range or enum, a pattern or format that is not the
 * same, less precision), when it comes back under a key that was used before, or when it is new and required without an
 * initial default.
 *
 * A column is computed anew when it was not computed before under this key, when its expression is another one than it
 * was (under whatever names), or when it reads a column that is computed anew; the same goes for what a check is held
 * against. Nothing is converted into a computed column. */
int plan_build(struct plan *out, const struct validator *from, const struct validator *to,
               const struct key_registry *keys_before, flexdb_error *err);
void plan_clear(struct plan *p);
/* Spares the records of a column that returns a check that can find nothing: its values obey the rules of the last
 * version that had it, which `last` is, so that only tighter rules than those, or records that came without a value
 * that is required, can stand against it. */
void plan_trust(struct plan *p, const struct validator *to, size_t slot, const struct compiled_column *last);
/* Whether the values of a slot of the new shape are computed anew. */
bool plan_computes(const struct plan *p, size_t slot);
/* The conversion that fills a slot of the new shape, or NULL. */
const struct plan_conversion *plan_find_conversion(const struct plan *p, size_t slot);

/* The way of a conversion that returns, where retypes have made other keys between its two: `between` holds one
 * definition for each of them, of that column alone, from the returning key to the one that is left. They are taken in
 * every case. `meet` is the place of the key that all of them were made from: 0 the returning one, 1 the first between,
 * count + 1 the one that is left. */
int plan_route(struct plan_conversion *c, const struct validator *from, const struct validator *to,
               struct validator *const *between, size_t count, size_t meet, flexdb_error *err);

#endif
