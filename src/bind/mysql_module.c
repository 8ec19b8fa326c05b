/* The module flexdb.mysql: hands the driver to the core, which does not link the client. */
#include <lauxlib.h>
#include <lua.h>

#include "driver/mysql/mysql_driver.h"

__attribute__((visibility("default"))) int luaopen_flexdb_mysql(lua_State *L);

int luaopen_flexdb_mysql(lua_State *L) {
    luaL_checkversion(L);
    lua_pushlightuserdata(L, (void *)&mysql_driver);
    return 1;
}
