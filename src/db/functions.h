/* The functions that the SQL of an engine with functions calls: flex_value and flex_icontains (sql/select.h). */
#ifndef FLEXDB_DB_FUNCTIONS_H
#define FLEXDB_DB_FUNCTIONS_H

#include "db/engine.h"

/* Makes them callable; e->functions is theirs, to be freed once the connection is closed. */
int functions_register(struct engine *e, flexdb_error *err);
/* NULL is harmless. */
void functions_free(struct function_room *room);

#endif
