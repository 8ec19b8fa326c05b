/* The module flexdb.core: what lua/flexdb/init.lua makes `require "flexdb"` of. */
#include "bind/database.h"
#include "bind/errors.h"
#include "bind/handles.h"
#include "bind/host.h"
#include "bind/json.h"
#include "bind/validator.h"

#define MODULE_KEY "flexdb.core"

/* A table of the methods of each class that the Lua side adds to. */
static void push_classes(lua_State *L, int state) {
    lua_createtable(L, 0, 3);
    bind_database_class(L, state);
    lua_setfield(L, -2, "database");
    bind_table_class(L, state);
    lua_setfield(L, -2, "table");
    bind_view_class(L, state);
    lua_setfield(L, -2, "view");
    bind_rows_class(L, state);
    bind_batch_class(L, state);
    bind_job_class(L, state);
    bind_transaction_class(L, state);
    bind_validator_class(L, state);
    bind_sandbox_class(L, state);
    lua_setfield(L, -2, "sandbox");
}

static void push_module(lua_State *L) {
    static const luaL_Reg functions[] = {{"open", bind_database_open},
                                         {"url_scheme", bind_database_url_scheme},
                                         {"validator", bind_validator_compile},
                                         {"diff", bind_validator_diff},
                                         {"array", bind_json_array},
                                         {"error", errors_new},
                                         {"own", errors_own},
                                         {"terminal", bind_terminal_columns},
                                         {NULL, NULL}};
    bind_state_new(L);
    int state = lua_gettop(L);
    lua_newtable(L);
    bind_state_register(L, functions, state, 0);
    bind_state_register(L, bind_transaction_functions, state, 0);
    bind_state_register(L, bind_batch_functions, state, 0);
    bind_state_register(L, bind_job_functions, state, 0);
    bind_state_register(L, bind_host_functions, state, 0);
    bind_state_register(L, bind_once_functions, state, 0);
    bind_state_register(L, bind_sandbox_functions, state, 0);
    lua_newtable(L);
    bind_state_register(L, bind_json_functions, state, 0);
    lua_setfield(L, -2, "json");
    lua_getiuservalue(L, state, STATE_NULL);
    lua_setfield(L, -2, "null");
    lua_pushliteral(L, FLEXDB_VERSION);
    lua_setfield(L, -2, "version");
    errors_push_codes(L);
    lua_setfield(L, -2, "codes");
    push_classes(L, state);
    lua_setfield(L, -2, "methods");
    lua_remove(L, state);
}

__attribute__((visibility("default"))) int luaopen_flexdb_core(lua_State *L);

/* One module a Lua state, however often it is loaded: flexdb.null must stay the same value. */
int luaopen_flexdb_core(lua_State *L) {
    luaL_checkversion(L);
    if (lua_getfield(L, LUA_REGISTRYINDEX, MODULE_KEY) == LUA_TTABLE) return 1;
    push_module(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, MODULE_KEY);
    return 1;
}
