/* The parts of plans. Private to the model. */
#ifndef FLEXDB_MODEL_PLAN_PARTS_H
#define FLEXDB_MODEL_PLAN_PARTS_H

#include "model/plan.h"

/* Makes a conversion ready whose way back, if there is one, is straight. False when memory is out. */
bool plan_conversion_open(struct plan_conversion *c, const struct validator *from, size_t from_slot,
                          const struct validator *to, size_t to_slot, bool returns);
void plan_conversion_clear(struct plan_conversion *c);

#endif
