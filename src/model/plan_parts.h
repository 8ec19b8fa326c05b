/* The parts of plans. Private to the model. */
#ifndef FLEXDB_MODEL_PLAN_PARTS_H
#define FLEXDB_MODEL_PLAN_PARTS_H

#include "model/plan.h"

/* Makes a conversion ready whose way back, if there is one, is straight. False when memory is out. */
bool plan_conversion_open(struct plan_conversion *c, const struct validator *from, size_t from_slot,
                          const struct validator *to, size_t to_slot, bool returns);
void plan_conversion_clear(struct plan_conversion *c);

/* Fills in computations and check_expressions. `origins`: where the columns of `from` began. False when memory is out.
 */
bool plan_expressions(struct plan *p, const struct validator *from, const struct validator *to,
                      const struct names *origins);

/* Whether two expressions of two definitions of one table are the same in whatever spelling: with FORMULA_KEYS under
 * whatever names too. False when memory is out. */
bool expressions_same(const struct validator *from, const char *old, const struct validator *to, const char *new,
                      enum formula_names names, bool *same);

#endif
