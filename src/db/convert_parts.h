/* The parts of a converter. Private to src/db/convert*.c. */
#ifndef FLEXDB_DB_CONVERT_PARTS_H
#define FLEXDB_DB_CONVERT_PARTS_H

#include "db/convert.h"

/* Keeps what became of a value, as far as there is room. */
int converter_add_sample(struct convert_tally *t, const struct raw_record *raw, enum convert_result how,
                         const flexdb_value *before, const flexdb_value *after, flexdb_error *err);

/* The part of converter_open for what is computed: which slots are read. */
void converter_want_computed(struct converter *c);
/* Computes what the plan says, once all is converted, into c->given. */
int converter_compute(struct converter *c, const struct raw_record *raw, flexdb_error *why, flexdb_error *err);

#endif
