/* The tables that reference columns are bound to. */
#ifndef FLEXDB_DB_TARGETS_H
#define FLEXDB_DB_TARGETS_H

#include <cjson/cJSON.h>

#include "db/engine.h"
#include "db/state.h"

struct target_scope {
    struct engine *engine;
    const char *application;
    const char *self_name, *self_id;
    const struct definition *before; /* NULL: a new table */
};

/* Binds the reference columns of a definition's document to the ids of the tables that they name: live ones of the same
 * application, or the table itself. A column that names what it named before stays bound. Unknown names are issues
 * (`columns[2].validation.targetTable`), for validator_new to close. */
int targets_bind(const struct target_scope *scope, cJSON *tree, flexdb_error *err);
/* The same issues of a definition that is not judged yet, so that they are told with all others. */
int targets_check(const struct target_scope *scope, const struct definition *d, flexdb_error *err);
/* Makes the table known to every table that it refers to, so that a delete there finds it; itself in `own`. The
 * targets' rows are locked. REFERENCE when a target has been dropped. */
int targets_register(struct engine *e, const char *table_id, const struct validator *v, struct layout *own,
                     flexdb_error *err);
/* Writes the current names of the targets into a document of definition_document. */
int targets_name(const struct table_state *s, cJSON *tree, flexdb_error *err);

#endif
