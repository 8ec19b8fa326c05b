#include "bind/handles.h"

void bind_class_new(lua_State *L, int state, const char *name, const luaL_Reg *metamethods,
                    const luaL_Reg *const methods[], lua_CFunction index) {
    state = lua_absindex(L, state);
    luaL_newmetatable(L, name);
    int metatable = lua_gettop(L);
    bind_state_register(L, metamethods, state, metatable);
    lua_pushstring(L, name);
    lua_setfield(L, metatable, "__metatable"); /* what scripts see of it */
    lua_newtable(L);
    for (size_t i = 0; methods[i] != NULL; i++) bind_state_register(L, methods[i], state, metatable);
    if (index == NULL) {
        lua_pushvalue(L, -1);
    } else {
        lua_pushvalue(L, state);
        lua_pushvalue(L, metatable);
        lua_pushvalue(L, -3);
        lua_pushcclosure(L, index, 3);
    }
    lua_setfield(L, metatable, "__index");
    lua_remove(L, metatable);
}
