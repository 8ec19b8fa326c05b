/* A small world, and every call that changes it: run under faults of statements and of allocations. */
#ifndef FLEXDB_SPEC_DB_CALLS_H
#define FLEXDB_SPEC_DB_CALLS_H

#include "db_bed.h"

struct world {
    flexdb *db;
    flexdb_table *companies, *contacts;
};

/* `driver` NULL: SQLite's own. */
void world_build(struct world *w, const struct driver *driver);
void world_free(struct world *w);

struct world_call {
    const char *name;
    int (*call)(struct world *w, flexdb_error *err);
    bool two_steps; /* the first of two calls may have done its work */
};

/* Up to the one without a name. */
extern const struct world_call world_calls[];

#endif
