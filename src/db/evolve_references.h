/* Which of the records that a batch of evolved records refers to are missing: looked up together, before the batch is
 * converted and judged. */
#ifndef FLEXDB_DB_EVOLVE_REFERENCES_H
#define FLEXDB_DB_EVOLVE_REFERENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/names.h"
#include "db/evolution.h"

struct reference_check {
    size_t columns;                      /* of the new shape */
    size_t *slots, slot_count;           /* those that are looked at */
    bool *wanted;                        /* the same, but for those that are converted */
    bool *converted;                     /* by conversion: whether it makes references */
    char (*targets)[PHYSICAL_NAME_SIZE]; /* by slot: where the referenced records are; "" for nowhere */
    struct names *missing;               /* by slot, of the last batch */
    struct arena arena;                  /* the ids in it */
    struct record record;
    flexdb_value *values; /* by conversion */
};

/* Looks at the columns of ev->plan.check_references. To be closed also where it fails. */
int reference_check_open(struct reference_check *r, struct evolution *ev, flexdb_error *err);
void reference_check_close(struct reference_check *r);
/* Looks for everything that live records of the batch refer to after the change. */
int reference_check_batch(struct reference_check *r, struct evolution *ev, const struct raw_record *batch, size_t count,
                          flexdb_error *err);
/* Whether the record that the value of a slot names was looked for and is not there. */
bool reference_is_missing(const struct reference_check *r, size_t slot, const flexdb_value *value);

#endif
