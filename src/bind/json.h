/* flexdb.json. */
#ifndef FLEXDB_BIND_JSON_H
#define FLEXDB_BIND_JSON_H

#include <lauxlib.h>
#include <lua.h>

/* encode(value) → text, decode(text) → value; else nil and INVALID_DOCUMENT. */
extern const luaL_Reg bind_json_functions[];
/* flexdb.array(t): marks the table. */
int bind_json_array(lua_State *L);

#endif
