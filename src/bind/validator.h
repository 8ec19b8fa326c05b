/* What needs no database. */
#ifndef FLEXDB_BIND_VALIDATOR_H
#define FLEXDB_BIND_VALIDATOR_H

#include <lua.h>

/* flexdb.validator(definition): the handle with validate and encode. */
int bind_validator_compile(lua_State *L);
/* flexdb.diff(old, new): an array of changes. */
int bind_validator_diff(lua_State *L);

#endif
