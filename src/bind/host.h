/* What the Lua side needs of the system: files inside a folder, and a clock. */
#ifndef FLEXDB_BIND_HOST_H
#define FLEXDB_BIND_HOST_H

#include <lauxlib.h>
#include <lua.h>

/* core.read_inside(folder, path) → text and real path; else nil and an error. core.clock() → seconds that only grow. */
extern const luaL_Reg bind_host_functions[];

#endif
