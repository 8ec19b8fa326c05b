/* A table in an SQLite database in memory, for the targets that ask a database. Everything here cannot fail. */
#ifndef FLEXDB_SPEC_FUZZ_BED_H
#define FLEXDB_SPEC_FUZZ_BED_H

#include "flexdb.h"
#include "fuzz.h"

/* A new database with the table `t` of this definition and these records, JSON with ' for ". */
flexdb *fuzz_open(flexdb_table **out, const char *definition, const char *const *records, size_t count);
/* Appends the records of a query, a line each: `id name=value …`; with `ids`, the id alone. Returns how many, or -code.
 */
int fuzz_list(flexdb_table *t, const char *query, size_t length, bool ids, struct buffer *out, flexdb_error *err);

#endif
