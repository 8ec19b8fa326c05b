/* Proxies: what a script has in place of the host's handles. */
#include <string.h>

#include "bind/sandbox.h"

static int proxy_gc(lua_State *box) {
    const struct sandbox_proxy *proxy = lua_touserdata(box, 1);
    sandbox_of(box)->holders[proxy->slot]--;
    return 0;
}

/* A method. Upvalues: its name, the name of the class, the metatable. */
static int call_method(lua_State *box) {
    const char *method = lua_tostring(box, lua_upvalueindex(1)), *class = lua_tostring(box, lua_upvalueindex(2));
    const struct sandbox_proxy *self = lua_touserdata(box, 1);
    if (self == NULL || !lua_getmetatable(box, 1) || !lua_rawequal(box, -1, lua_upvalueindex(3))) {
        bool named = luaL_getmetafield(box, 1, "__name") == LUA_TSTRING;
        return luaL_error(box, "calling '%s' on bad self (flexdb.%s expected, got %s)", method, class,
                          named ? lua_tostring(box, -1) : luaL_typename(box, 1));
    }
    lua_settop(box, strcmp(method, "close") == 0 ? 1 : lua_gettop(box) - 1); /* which may get an error of any kind */
    return sandbox_call_host(box, self->slot, class, method, 2);
}

/* Upvalues: the methods, the fields, the name of the class. */
static int proxy_index(lua_State *box) {
    const struct sandbox_proxy *self = lua_touserdata(box, 1);
    lua_settop(box, 2);
    lua_pushvalue(box, 2);
    if (lua_rawget(box, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    lua_pushvalue(box, 2);
    if (lua_rawget(box, lua_upvalueindex(2)) == LUA_TNIL || self == NULL) return 1;
    lua_settop(box, 2);
    return sandbox_call_host(box, self->slot, lua_tostring(box, lua_upvalueindex(3)), "field", 2);
}

/* A function of the host. Upvalue: its proxy. */
static int call_function(lua_State *box) {
    const struct sandbox_proxy *self = lua_touserdata(box, lua_upvalueindex(1));
    return sandbox_call_host(box, self->slot, "function", "call", 1);
}

static void push_method(lua_State *box, const char *method, const char *class, int metatable) {
    lua_pushstring(box, method);
    lua_pushstring(box, class);
    lua_pushvalue(box, metatable);
    lua_pushcclosure(box, call_method, 3);
}

/* A class by its description at the top: { name =, methods = { name = true }, fields = { … }, metamethods = { … } }.
 * Replaces it by { metatable =, wrap = }. */
static void make_class(lua_State *box) {
    int spec = lua_gettop(box);
    lua_createtable(box, 0, 2);
    lua_newtable(box);
    int metatable = lua_gettop(box);
    lua_getfield(box, spec, "name");
    const char *name = lua_tostring(box, -1);
    lua_pushfstring(box, "flexdb.%s", name);
    lua_pushvalue(box, -1);
    lua_setfield(box, metatable, "__name");
    lua_setfield(box, metatable, "__metatable");
    lua_pushcfunction(box, proxy_gc);
    lua_setfield(box, metatable, "__gc");
    lua_newtable(box);
    lua_getfield(box, spec, "methods");
    for (lua_pushnil(box); lua_next(box, -2) != 0; lua_pop(box, 1)) {
        push_method(box, lua_tostring(box, -2), name, metatable);
        lua_setfield(box, -5, lua_tostring(box, -3));
    }
    lua_pop(box, 1);
    lua_getfield(box, spec, "fields");
    lua_pushstring(box, name);
    lua_pushcclosure(box, proxy_index, 3);
    lua_setfield(box, metatable, "__index");
    lua_getfield(box, spec, "metamethods");
    for (lua_pushnil(box); lua_next(box, -2) != 0; lua_pop(box, 1)) {
        push_method(box, lua_tostring(box, -1), name, metatable);
        lua_setfield(box, metatable, lua_tostring(box, -3));
    }
    lua_settop(box, metatable);
    lua_setfield(box, spec + 1, "metatable");
    lua_replace(box, spec);
}

void sandbox_proxies(lua_State *box, int spec) {
    lua_newtable(box);
    int classes = lua_gettop(box), count = (int)lua_rawlen(box, spec);
    for (int i = 0; i <= count; i++) {
        lua_rawgeti(box, spec, i);
        make_class(box);
        if (i == 0) {
            lua_pushcfunction(box, call_function);
            lua_setfield(box, -2, "wrap");
        }
        lua_rawseti(box, classes, i);
    }
    lua_setfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_CLASSES);
}
