/* What differs between the SQL of the engines: a constant table for each, chosen by the driver's `dialect`. Everything
 * else of src/sql asks this table and never the engine's name. */
#ifndef FLEXDB_SQL_DIALECT_H
#define FLEXDB_SQL_DIALECT_H

struct dialect;

/* "sqlite" or "mysql"; NULL for any other. */
const struct dialect *dialect_find(const char *name);

#endif
