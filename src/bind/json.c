#include "bind/json.h"

#include "bind/decode.h"
#include "bind/encode.h"
#include "bind/errors.h"

static int json_encode(lua_State *L) {
    struct state *s = bind_state_enter(L);
    luaL_checkany(L, 1);
    if (encode_document(L, s, 1, FLEXDB_INVALID_DOCUMENT, NULL, NULL) != 0) return errors_fail(L, s);
    lua_pushlstring(L, s->text.data, s->text.length);
    return 1;
}

static int json_decode(lua_State *L) {
    static const struct decode_options strict = {.unique_keys = true, .absent_depth = 0};
    struct state *s = bind_state_enter(L);
    size_t length;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *text = lua_tolstring(L, 1, &length);
    bind_state_hold(s, NULL);
    bool good = decode_push(L, s, text, length, &strict);
    bind_state_release(s);
    if (good) return 1;
    if (s->reader.no_memory) return errors_no_memory(L, s);
    error_set(&s->err, FLEXDB_INVALID_DOCUMENT, "%s at byte %zu", s->reader.message, s->reader.offset);
    return errors_fail(L, s);
}

const luaL_Reg bind_json_functions[] = {{"encode", json_encode}, {"decode", json_decode}, {NULL, NULL}};

int bind_json_array(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    bind_state_push(L, STATE_MARKS);
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 1);
    lua_rawset(L, 2);
    lua_settop(L, 1);
    if (!lua_getmetatable(L, 1)) {
        bind_state_push(L, STATE_ARRAY);
        lua_setmetatable(L, 1);
    }
    lua_settop(L, 1);
    return 1;
}
