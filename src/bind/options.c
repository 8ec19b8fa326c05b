#include "bind/options.h"

#include <string.h>

#include <lauxlib.h>

const char *options_text(lua_State *L, int argument, size_t *length) {
    luaL_checktype(L, argument, LUA_TSTRING);
    return lua_tolstring(L, argument, length);
}

lua_Integer options_integer(lua_State *L, int argument) {
    luaL_checktype(L, argument, LUA_TNUMBER);
    return luaL_checkinteger(L, argument);
}

bool options_table(lua_State *L, int argument, bool optional) {
    if (optional && lua_isnoneornil(L, argument)) return false;
    luaL_checktype(L, argument, LUA_TTABLE);
    return true;
}

static bool is_known(const char *name, size_t length, const char *const names[]) {
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) return true;
    }
    return false;
}

void options_check(lua_State *L, int argument, const char *const names[]) {
    if (!options_table(L, argument, true)) return;
    lua_pushnil(L);
    while (lua_next(L, argument)) {
        size_t length;
        if (lua_type(L, -2) != LUA_TSTRING) {
            luaL_argerror(L, argument,
                          lua_pushfstring(L, "an option's name must be a string, is a %s", luaL_typename(L, -2)));
        }
        const char *name = lua_tolstring(L, -2, &length);
        if (!is_known(name, length, names)) {
            luaL_argerror(L, argument, lua_pushfstring(L, "there is no option '%s'", name));
        }
        lua_pop(L, 1);
    }
}

/* Pushes the option; false, and nothing pushed, when it is not given. */
static bool push_option(lua_State *L, int argument, const char *name) {
    if (lua_isnoneornil(L, argument)) return false;
    lua_pushstring(L, name);
    if (lua_rawget(L, argument) != LUA_TNIL) return true;
    lua_pop(L, 1);
    return false;
}

static void refuse(lua_State *L, int argument, const char *name, const char *what) {
    luaL_argerror(L, argument, lua_pushfstring(L, "option '%s' must be %s, is a %s", name, what, luaL_typename(L, -1)));
}

bool options_boolean(lua_State *L, int argument, const char *name, bool otherwise) {
    if (!push_option(L, argument, name)) return otherwise;
    if (!lua_isboolean(L, -1)) refuse(L, argument, name, "a boolean");
    bool value = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return value;
}

const char *options_string(lua_State *L, int argument, const char *name, size_t *length) {
    size_t ignored;
    if (length == NULL) length = &ignored;
    if (!push_option(L, argument, name)) return NULL;
    if (lua_type(L, -1) != LUA_TSTRING) refuse(L, argument, name, "a string");
    const char *value = lua_tolstring(L, -1, length);
    if (strlen(value) != *length) {
        luaL_argerror(L, argument, lua_pushfstring(L, "option '%s' must not hold a NUL byte", name));
    }
    return value;
}

bool options_function(lua_State *L, int argument, const char *name) {
    if (!push_option(L, argument, name)) return false;
    if (!lua_isfunction(L, -1)) refuse(L, argument, name, "a function");
    return true;
}

int64_t options_version(lua_State *L, int argument, const char *name) {
    if (!push_option(L, argument, name)) return 0;
    int is_integer;
    lua_Integer value = lua_tointegerx(L, -1, &is_integer);
    if (lua_type(L, -1) != LUA_TNUMBER || !is_integer) refuse(L, argument, name, "an integer");
    if (value < 1) {
        luaL_argerror(L, argument,
                      lua_pushfstring(L, "option '%s' must be at least 1, is %I", name, (LUAI_UACINT)value));
    }
    lua_pop(L, 1);
    return (int64_t)value;
}

double options_seconds(lua_State *L, int argument, const char *name) {
    enum { LONGEST = 1000000 }; /* eleven days; so that milliseconds fit an int */
    if (!push_option(L, argument, name)) return -1;
    if (lua_type(L, -1) != LUA_TNUMBER) refuse(L, argument, name, "a number of seconds");
    double value = (double)lua_tonumber(L, -1);
    if (!(value >= 0)) {
        luaL_argerror(L, argument, lua_pushfstring(L, "option '%s' must be a number of seconds of at least 0", name));
    }
    lua_pop(L, 1);
    return value > LONGEST ? LONGEST : value;
}
