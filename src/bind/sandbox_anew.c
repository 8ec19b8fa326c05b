/* A run that finds nothing of the runs before it: all that a script can reach and change is made new for it.
 *
 * What stays is closed to scripts: functions of C, the metatables of handles, null and marks, the proxies that the
 * pristine environment holds, and the prototypes of compiled texts. And a text that does not name a global cannot reach
 * it, unless it can get at the environment as a whole: an environment for it needs no more than what it names. */
#include "bind/sandbox.h"

#include <ctype.h>
#include <string.h>

/* ---- what a text names ---- */

static bool is_of_name(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Whether `word` stands in the text by itself. */
static bool names(const struct sandbox_run *run, const char *word) {
    size_t length = strlen(word);
    const char *end = run->text + run->length, *at = run->text;
    while ((at = memchr(at, word[0], (size_t)(end - at))) != NULL && (size_t)(end - at) >= length) {
        bool begins = at == run->text || !is_of_name(at[-1]);
        bool ends = at + length == end || !is_of_name(at[length]);
        if (begins && ends && memcmp(at, word, length) == 0) return true;
        at++;
    }
    return false;
}

/* Pushes an array of the globals of the pristine environment that the text names; nil when it may reach all of them. */
static void push_named(lua_State *box, const struct sandbox_run *run) {
    if (names(run, "_G") || names(run, "_ENV") || names(run, "load")) {
        lua_pushnil(box);
        return;
    }
    lua_Integer count = 0;
    lua_newtable(box);
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_PRISTINE);
    for (lua_pushnil(box); lua_next(box, -2) != 0; lua_pop(box, 1)) {
        if (!names(run, lua_tostring(box, -2))) continue;
        lua_pushvalue(box, -2);
        lua_rawseti(box, -5, ++count);
    }
    lua_pop(box, 1);
}

/* ---- the environment ---- */

/* Pushes a copy of the value at the top, a table's tables copied too: they are libraries. */
static void push_copy(lua_State *box) {
    int from = lua_gettop(box);
    luaL_checkstack(box, 6, "environment");
    if (lua_type(box, from) != LUA_TTABLE) {
        lua_pushvalue(box, from);
        return;
    }
    lua_createtable(box, 0, 32);
    for (lua_pushnil(box); lua_next(box, from) != 0;) {
        lua_pushvalue(box, -2);
        lua_insert(box, -2);
        push_copy(box);
        lua_remove(box, -2);
        lua_rawset(box, from + 1);
    }
}

/* Pushes an environment with the globals that the array at `named` has. */
static void push_part(lua_State *box, int named) {
    lua_Integer count = (lua_Integer)lua_rawlen(box, named);
    lua_createtable(box, 0, (int)count + 4);
    int env = lua_gettop(box);
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_PRISTINE);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(box, named, i);
        lua_pushvalue(box, -1);
        lua_rawget(box, env + 1);
        push_copy(box);
        lua_remove(box, -2);
        lua_rawset(box, env);
    }
    lua_settop(box, env);
}

static void push_whole(lua_State *box) {
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_PRISTINE);
    push_copy(box);
    lua_remove(box, -2);
    lua_pushvalue(box, -1);
    lua_setfield(box, -2, "_G");
}

/* Makes the table at `env` the globals, and the one at the top, which it takes off, the methods of texts. */
static void use(lua_State *box, int env) {
    lua_pushliteral(box, "");
    lua_getmetatable(box, -1);
    lua_pushvalue(box, -3);
    lua_setfield(box, -2, "__index");
    lua_pushvalue(box, env);
    lua_rawseti(box, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pop(box, 3);
}

static void seed_again(lua_State *box, int env) {
    if (lua_getfield(box, env, "math") != LUA_TNIL) {
        lua_getfield(box, -1, "randomseed");
        lua_call(box, 0, 0);
    }
    lua_pop(box, 1);
}

static void drop_callbacks(lua_State *box) {
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_CALLBACKS);
    if (!lua_istable(box, -1) || lua_rawlen(box, -1) > 0) {
        lua_newtable(box);
        lua_setfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_CALLBACKS);
    }
    lua_pop(box, 1);
}

/* A new environment for a text that names these; pushes it. A script may add to its `string`, and so to the methods of
 * texts; one that does not name it has those that nobody has seen. */
static void begin_anew(lua_State *box, int named) {
    if (lua_istable(box, named))
        push_part(box, named);
    else
        push_whole(box);
    int env = lua_gettop(box);
    if (lua_getfield(box, env, "string") == LUA_TNIL) {
        lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_PRISTINE);
        lua_getfield(box, -1, "string");
        lua_replace(box, -3);
        lua_pop(box, 1);
    }
    use(box, env);
    seed_again(box, env);
    drop_callbacks(box);
    sandbox_of(box)->elsewhere = true;
}

void sandbox_make_environment(lua_State *box) {
    push_whole(box);
    int env = lua_gettop(box);
    lua_pushvalue(box, env);
    lua_setfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_ENV);
    lua_getfield(box, env, "string");
    lua_pushvalue(box, -1);
    lua_setfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_METHODS);
    use(box, env);
    seed_again(box, env);
    drop_callbacks(box);
    lua_pop(box, 1);
}

void sandbox_return(lua_State *box) {
    struct sandbox *b = sandbox_of(box);
    if (!b->elsewhere) return;
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_ENV);
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_METHODS);
    use(box, lua_gettop(box) - 1);
    lua_pop(box, 1);
    b->elsewhere = false;
}

/* ---- the run ---- */

/* Pushes the text's function and what it names; false, with the message, when it is no Lua. */
static bool push_function(lua_State *box, const struct sandbox_run *run) {
    bool is_new = run->number < 0;
    lua_Integer number = is_new ? -run->number : run->number;
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_TEXTS);
    int texts = lua_gettop(box);
    if (is_new || lua_rawgeti(box, texts, number) != LUA_TFUNCTION) {
        lua_settop(box, texts);
        lua_pushnil(box);
        lua_rawseti(box, texts, number);
        if (luaL_loadbufferx(box, run->text, run->length, run->name, "t") != LUA_OK) return false;
        lua_pushvalue(box, -1);
        lua_rawseti(box, texts, number);
        push_named(box, run);
        lua_rawseti(box, texts, -number);
    }
    lua_rawgeti(box, texts, -number);
    return true;
}

int sandbox_run_anew(lua_State *box) {
    struct sandbox_run *run = lua_touserdata(box, 1);
    struct sandbox_copy c;
    sandbox_copy_inside(&c, run->b, box);
    if (!push_function(box, run)) {
        sandbox_write_error(&c, lua_gettop(box));
        run->kind = "syntax";
        return 0;
    }
    int named = lua_gettop(box), function = named - 1;
    begin_anew(box, named);
    int env = lua_gettop(box);
    while (c.at < run->b->crossing.length) {
        sandbox_read(&c);
        sandbox_read(&c);
        lua_rawset(box, env);
    }
    lua_setupvalue(box, function, 1);
    lua_settop(box, function);
    run->kind = sandbox_call_script(box, 0) ? "ok" : "error";
    return 0;
}
