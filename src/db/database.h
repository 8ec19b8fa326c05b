/* The handle behind `flexdb`: one connection seen as one application and one actor. Tables, results and batches hold a
 * reference, so that handles may be freed in any order. */
#ifndef FLEXDB_DB_DATABASE_H
#define FLEXDB_DB_DATABASE_H

#include "db/engine.h"

struct flexdb {
    size_t references;
    struct engine *engine;
    char *application;
    char *actor; /* NULL: none */
    bool view;   /* made by flexdb_with: closing it closes nothing else */
    bool open;
};

flexdb *database_hold(flexdb *db);
void database_drop(flexdb *db);
/* MISUSE for an actor's name that the catalogue cannot hold. */
int database_check_actor(const char *actor, flexdb_error *err);
/* What flex_meta says: 1, 0 when it says nothing; CORRUPT, or UNSUPPORTED for a layout that is not known. */
int database_read_layout(struct engine *e, flexdb_error *err);
/* Says this one's layout, unless one is said. */
int database_write_layout(struct engine *e, flexdb_error *err);
/* engine_enter, and MISUSE for a closed view. */
int database_enter(flexdb *db, enum engine_use use, flexdb_error *err);

#endif
