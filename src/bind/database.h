/* Databases, for the module and for transactions. */
#ifndef FLEXDB_BIND_DATABASE_H
#define FLEXDB_BIND_DATABASE_H

#include <lua.h>

#include "bind/handles.h"

/* core.open(url, options, driver): `driver` is the light userdata of flexdb.mysql, or nil. */
int bind_database_open(lua_State *L);
/* core.url_scheme(url): "sqlite", "mysql" or nil. */
int bind_database_url_scheme(lua_State *L);

/* Raises when the argument is no database. */
struct database *bind_database_check(lua_State *L, int argument);

#endif
