/* What a script in the sandbox finds: the parts of Lua's libraries that touch nothing but the script's own values, and
 * whose work is bounded by an allocation, by the stack or by steps. */
#include <stdio.h>
#include <string.h>

#include "bind/errors.h"
#include "bind/sandbox.h"

/* ---- basic functions ---- */

/* Addresses would tell where memory lies. The same value always gives the same text. */
static uint64_t hide(const struct sandbox *b, const void *address) {
    uint64_t x = (uint64_t)(uintptr_t)address ^ b->secret;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

int sandbox_tostring(lua_State *box) {
    luaL_checkany(box, 1);
    const void *address = lua_topointer(box, 1);
    if (address == NULL || lua_type(box, 1) == LUA_TSTRING || luaL_getmetafield(box, 1, "__tostring") != LUA_TNIL) {
        luaL_tolstring(box, 1, NULL);
        return 1;
    }
    char digits[24];
    snprintf(digits, sizeof digits, "%016llx", (unsigned long long)hide(sandbox_of(box), address));
    if (luaL_getmetafield(box, 1, "__name") != LUA_TSTRING) lua_pushstring(box, luaL_typename(box, 1));
    lua_pushfstring(box, "%s: 0x%s", lua_tostring(box, -1), digits);
    return 1;
}

static bool has(lua_State *box, int table, const char *key) {
    lua_pushstring(box, key);
    bool found = lua_rawget(box, table) != LUA_TNIL;
    lua_pop(box, 1);
    return found;
}

/* Finalizers run where no limit holds, and weak tables make the collector's work grow with their square. */
static int set_metatable(lua_State *box) {
    int type = lua_type(box, 2);
    luaL_checktype(box, 1, LUA_TTABLE);
    luaL_argexpected(box, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (luaL_getmetafield(box, 1, "__metatable") != LUA_TNIL)
        return luaL_error(box, "cannot change a protected metatable");
    if (type == LUA_TTABLE && has(box, 2, "__gc"))
        return luaL_error(box, "there are no finalizers (__gc) in a sandbox");
    if (type == LUA_TTABLE && has(box, 2, "__mode"))
        return luaL_error(box, "there are no weak tables (__mode) in a sandbox");
    lua_settop(box, 2);
    lua_setmetatable(box, 1);
    return 1;
}

static int load_text(lua_State *box) {
    size_t length;
    luaL_argexpected(box, lua_type(box, 1) == LUA_TSTRING, 1, "string");
    const char *text = lua_tolstring(box, 1, &length);
    const char *name = luaL_optstring(box, 2, text), *mode = luaL_optstring(box, 3, "t");
    bool has_env = !lua_isnone(box, 4);
    if (strchr(mode, 't') == NULL) return luaL_error(box, "a sandbox loads text only");
    if (luaL_loadbufferx(box, text, length, name, "t") != LUA_OK) {
        lua_pushnil(box);
        lua_insert(box, -2);
        return 2;
    }
    if (has_env) {
        lua_pushvalue(box, 4);
        lua_setupvalue(box, -2, 1);
    }
    return 1;
}

static int collect_garbage(lua_State *box) {
    const char *what = luaL_optstring(box, 1, "collect");
    if (strcmp(what, "count") != 0) return luaL_error(box, "collectgarbage takes only 'count' in a sandbox");
    lua_pushnumber(box, (lua_Number)sandbox_of(box)->used / 1024);
    return 1;
}

/* Upvalue: the host's function that takes a line. */
static int print(lua_State *box) {
    int count = lua_gettop(box);
    luaL_Buffer line;
    for (int i = 1; i <= count; i++) {
        lua_pushcfunction(box, sandbox_tostring);
        lua_pushvalue(box, i);
        lua_call(box, 1, 1);
        lua_replace(box, i);
    }
    lua_pushvalue(box, lua_upvalueindex(1));
    luaL_buffinit(box, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1) luaL_addchar(&line, '\t');
        lua_pushvalue(box, i);
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    lua_call(box, 1, 0);
    return 0;
}

/* ---- other libraries ---- */

/* A thread begins with a count of its own. Upvalue: coroutine.create or wrap. */
static int new_thread(lua_State *box) {
    sandbox_charge(sandbox_of(box), SANDBOX_HOOK_STEPS);
    lua_pushvalue(box, lua_upvalueindex(1));
    lua_insert(box, 1);
    lua_call(box, lua_gettop(box) - 1, LUA_MULTRET);
    return lua_gettop(box);
}

/* Without an argument Lua's own answers with an address. No two seeds are alike, for each run anew asks for one.
 * Upvalue: math.randomseed. */
static int seed(lua_State *box) {
    struct sandbox *b = sandbox_of(box);
    int count = lua_gettop(box) > 2 ? 2 : lua_gettop(box);
    lua_settop(box, count);
    lua_pushvalue(box, lua_upvalueindex(1));
    lua_insert(box, 1);
    if (count == 0) {
        lua_pushinteger(box, (lua_Integer)hide(b, &b->steps));
        lua_pushinteger(box, (lua_Integer)(hide(b, NULL) + ++b->seeds));
        count = 2;
    }
    lua_call(box, count, 0);
    return 0;
}

static int mark_array(lua_State *box) {
    luaL_checktype(box, 1, LUA_TTABLE);
    lua_settop(box, 1);
    if (lua_getmetatable(box, 1)) return luaL_error(box, "the table has a metatable already");
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_MARKS);
    lua_rawgeti(box, -1, SANDBOX_MARK_ARRAY);
    lua_setmetatable(box, 1);
    lua_settop(box, 1);
    return 1;
}

static int null_tostring(lua_State *box) {
    lua_pushliteral(box, "null");
    return 1;
}

static int error_tostring(lua_State *box) {
    luaL_checktype(box, 1, LUA_TTABLE);
    static const char *const keys[] = {"code", "message"};
    for (int i = 0; i < 2; i++) {
        lua_pushstring(box, keys[i]);
        if (lua_rawget(box, 1) != LUA_TSTRING) lua_pushliteral(box, "?"), lua_replace(box, -2);
    }
    lua_pushfstring(box, "%s: %s", lua_tostring(box, -2), lua_tostring(box, -1));
    return 1;
}

/* ---- the new state ---- */

/* Pushes a closed metatable. */
static void push_metatable(lua_State *box, const char *name, lua_CFunction tostring) {
    lua_createtable(box, 0, 3);
    lua_pushstring(box, name);
    lua_pushvalue(box, -1);
    lua_setfield(box, -3, "__name");
    lua_setfield(box, -2, "__metatable");
    if (tostring == NULL) return;
    lua_pushcfunction(box, tostring);
    lua_setfield(box, -2, "__tostring");
}

static void make_marks(lua_State *box) {
    lua_createtable(box, SANDBOX_MARKS, 0);
    lua_newuserdatauv(box, 1, 0);
    push_metatable(box, "flexdb.null", null_tostring);
    lua_setmetatable(box, -2);
    lua_rawseti(box, -2, SANDBOX_MARK_NULL);
    push_metatable(box, "flexdb.array", NULL);
    lua_rawseti(box, -2, SANDBOX_MARK_ARRAY);
    push_metatable(box, "flexdb.error", error_tostring);
    lua_pushcfunction(box, errors_concat);
    lua_setfield(box, -2, "__concat");
    lua_rawseti(box, -2, SANDBOX_MARK_ERROR);
    push_metatable(box, "flexdb.plan", NULL);
    lua_rawseti(box, -2, SANDBOX_MARK_PLAN);
    lua_setfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_MARKS);
}

/* A metatable may get its __mode after it was set. Lua compares names of metamethods by identity, so the one that it
 * looks for is made into a text that no script can know; __mode is from now on a key like others. */
static void disable_weak_tables(lua_State *box, const struct sandbox *b) {
    const char *name = lua_pushlstring(box, "__mode", 6);
    uint64_t random = hide(b, b);
    memcpy((void *)(uintptr_t)name, &random, 6);
    lua_pop(box, 1);
}

/* Copies the functions of the library at the top into the table below it; takes the library off. */
static void keep(lua_State *box, const char *const names[]) {
    for (; *names != NULL; names++) {
        lua_getfield(box, -1, *names);
        lua_setfield(box, -3, *names);
    }
    lua_pop(box, 1);
}

static void open_library(lua_State *box, lua_CFunction opener) {
    lua_pushcfunction(box, opener);
    lua_call(box, 0, 1);
}

/* Puts a function around the one of this name in the table at the top. */
static void surround(lua_State *box, const char *name, lua_CFunction function) {
    lua_getfield(box, -1, name);
    lua_pushcclosure(box, function, 1);
    lua_setfield(box, -2, name);
}

static void add_base(lua_State *box) {
    static const char *const names[] = {"assert",   "error",    "getmetatable", "ipairs",   "next",   "pairs",
                                        "pcall",    "rawequal", "rawget",       "rawlen",   "rawset", "select",
                                        "tonumber", "type",     "xpcall",       "_VERSION", NULL};
    static const luaL_Reg own[] = {{"setmetatable", set_metatable},
                                   {"tostring", sandbox_tostring},
                                   {"load", load_text},
                                   {"collectgarbage", collect_garbage},
                                   {NULL, NULL}};
    open_library(box, luaopen_base);
    keep(box, names);
    luaL_setfuncs(box, own, 0);
}

static void add_libraries(lua_State *box) {
    static const char *const clocks[] = {"clock", "date", "difftime", "time", NULL};
    open_library(box, luaopen_string);
    sandbox_strings(box);
    lua_setfield(box, -2, "string");
    open_library(box, luaopen_table);
    sandbox_tables(box);
    lua_setfield(box, -2, "table");
    open_library(box, luaopen_coroutine);
    surround(box, "create", new_thread);
    surround(box, "wrap", new_thread);
    lua_setfield(box, -2, "coroutine");
    open_library(box, luaopen_math);
    surround(box, "randomseed", seed);
    lua_setfield(box, -2, "math");
    open_library(box, luaopen_utf8);
    lua_setfield(box, -2, "utf8");
    lua_newtable(box);
    open_library(box, luaopen_os);
    keep(box, clocks);
    lua_setfield(box, -2, "os");
}

/* Adds what stands for the host's functions: { name = function }; "json.encode" is a function in a table. */
static void add_host_functions(lua_State *box, int from) {
    lua_createtable(box, 0, 2);
    for (lua_pushnil(box); lua_next(box, from) != 0;) {
        const char *name = lua_tostring(box, -2);
        bool of_json = strncmp(name, "json.", 5) == 0;
        lua_setfield(box, of_json ? -3 : -4, of_json ? name + 5 : name);
    }
    lua_setfield(box, -2, "json");
}

/* The message: the host's functions, the version, and the functions of print and of plans' tostring. */
static void add_flexdb(struct sandbox_copy *c, int env) {
    lua_State *box = c->L;
    sandbox_read(c);
    int functions = lua_gettop(box);
    lua_newtable(box);
    add_host_functions(box, functions);
    sandbox_read(c);
    lua_setfield(box, -2, "version");
    lua_rawgeti(box, c->marks, SANDBOX_MARK_NULL);
    lua_setfield(box, -2, "null");
    lua_pushcfunction(box, mark_array);
    lua_setfield(box, -2, "array");
    lua_setfield(box, env, "flexdb");
    sandbox_read(c);
    lua_pushcclosure(box, print, 1);
    lua_setfield(box, env, "print");
    lua_rawgeti(box, c->marks, SANDBOX_MARK_PLAN);
    sandbox_read(c);
    lua_setfield(box, -2, "__tostring");
}

int sandbox_fill(lua_State *box) {
    struct sandbox *b = lua_touserdata(box, 1);
    struct sandbox_copy c;
    make_marks(box);
    disable_weak_tables(box, b);
    lua_newtable(box); /* the classes are not there yet */
    lua_setfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_CLASSES);
    sandbox_copy_inside(&c, b, box);
    sandbox_read(&c);
    sandbox_proxies(box, lua_gettop(box));
    lua_newtable(box);
    int env = lua_gettop(box);
    add_base(box);
    add_libraries(box);
    size_t at = c.at;
    sandbox_copy_inside(&c, b, box); /* with the classes */
    c.at = at;
    add_flexdb(&c, env);
    lua_pushvalue(box, env);
    lua_setfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_PRISTINE);
    lua_newtable(box);
    lua_setfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_TEXTS);
    sandbox_make_environment(box);
    return 0;
}
