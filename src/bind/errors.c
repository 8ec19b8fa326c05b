#include "bind/errors.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bind/decode.h"

/* Pushes the string at `key` of the table at 1, or a stand-in: whatever a script has made of the object. */
static void push_text(lua_State *L, const char *key, const char *otherwise) {
    lua_pushstring(L, key);
    lua_rawget(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) return;
    lua_pop(L, 1);
    lua_pushstring(L, otherwise);
}

static int error_tostring(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    push_text(L, "code", "internal");
    lua_pushliteral(L, ": ");
    push_text(L, "message", "an error without a message");
    lua_concat(L, 3);
    return 1;
}

int errors_concat(lua_State *L) {
    lua_settop(L, 2);
    for (int i = 1; i <= 2; i++) {
        if (lua_isstring(L, i)) continue;
        if (luaL_getmetafield(L, i, "__tostring") == LUA_TNIL)
            return luaL_error(L, "attempt to concatenate a %s value", luaL_typename(L, i));
        lua_pop(L, 1);
        luaL_tolstring(L, i, NULL);
        lua_replace(L, i);
    }
    lua_concat(L, 2);
    return 1;
}

void errors_metatable(lua_State *L) {
    lua_createtable(L, 0, 3);
    lua_pushliteral(L, "flexdb.error");
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, errors_concat);
    lua_setfield(L, -2, "__concat");
}

static void set_text(lua_State *L, const char *key, const char *text) {
    if (text == NULL) return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void set_json(lua_State *L, struct state *s, const char *key, const char *text) {
    if (text == NULL) return;
    if (decode_push(L, s, text, strlen(text), &decode_plain)) lua_setfield(L, -2, key);
}

static void push_issue(lua_State *L, struct state *s, const flexdb_issue *issue) {
    lua_createtable(L, 0, 6);
    set_text(L, "path", issue->path);
    set_text(L, "rule", issue->rule);
    set_text(L, "message", issue->message);
    set_json(L, s, "expected", issue->expected);
    set_json(L, s, "got", issue->got);
    set_text(L, "id", issue->id);
    if (issue->index == 0) return;
    lua_pushinteger(L, (lua_Integer)issue->index);
    lua_setfield(L, -2, "index");
}

static void set_metatable(lua_State *L, int which) {
    bind_state_push(L, which);
    lua_setmetatable(L, -2);
}

void errors_push(lua_State *L, struct state *s, const flexdb_error *err) {
    luaL_checkstack(L, 8, "error");
    lua_createtable(L, 0, 4);
    set_text(L, "code", error_code_name(err->code));
    set_text(L, "message", err->message);
    lua_pushboolean(L, err->retryable);
    lua_setfield(L, -2, "retryable");
    lua_createtable(L, err->issue_count <= ERROR_MAX_ISSUES ? (int)err->issue_count : 0, 0);
    for (size_t i = 0; i < err->issue_count; i++) {
        push_issue(L, s, &err->issues[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    set_metatable(L, STATE_ARRAY);
    lua_setfield(L, -2, "issues");
    set_metatable(L, STATE_ERROR);
}

/* Whether the function at this level of the stack stands in a file of FlexDB's. */
static bool is_own(lua_State *L, lua_Debug *ar) {
    bind_state_push(L, STATE_OWN);
    lua_getinfo(L, "S", ar);
    bool own = lua_getfield(L, -1, ar->source) != LUA_TNIL;
    lua_pop(L, 2);
    return own;
}

/* Pushes "file:line: " of the innermost script. */
static void push_where(lua_State *L) {
    lua_Debug ar;
    int level = 1;
    while (lua_getstack(L, level, &ar) && is_own(L, &ar)) level++;
    luaL_where(L, level);
}

int errors_own(lua_State *L) {
    int count = lua_gettop(L);
    bind_state_push(L, STATE_OWN);
    for (int i = 1; i <= count; i++) {
        lua_Debug ar;
        luaL_checktype(L, i, LUA_TFUNCTION);
        lua_pushvalue(L, i);
        lua_getinfo(L, ">S", &ar);
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, ar.source);
    }
    return 0;
}

int errors_raise(lua_State *L, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    push_where(L);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_concat(L, 2);
    lua_error(L);
    abort(); /* it does not return */
}

int errors_fail(lua_State *L, struct state *s) {
    bool misuse = s->err.code == FLEXDB_MISUSE;
    bind_state_hold(s, NULL);
    if (misuse) {
        push_where(L);
        lua_pushstring(L, s->err.message);
        lua_concat(L, 2);
    } else {
        lua_pushnil(L);
        errors_push(L, s, &s->err);
    }
    error_clear(&s->err);
    bind_state_release(s);
    return misuse ? lua_error(L) : 2;
}

int errors_no_memory(lua_State *L, struct state *s) {
    error_no_memory(&s->err);
    return errors_fail(L, s);
}

int errors_new(lua_State *L) {
    luaL_checktype(L, 1, LUA_TSTRING);
    luaL_checktype(L, 2, LUA_TSTRING);
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "code");
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "retryable");
    lua_newtable(L);
    set_metatable(L, STATE_ARRAY);
    lua_setfield(L, -2, "issues");
    set_metatable(L, STATE_ERROR);
    return 1;
}

void errors_push_codes(lua_State *L) {
    lua_newtable(L);
    for (flexdb_code code = FLEXDB_OK + 1; code < FLEXDB_MISUSE; code++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, error_code_name(code));
    }
}
