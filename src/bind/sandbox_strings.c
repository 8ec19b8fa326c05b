/* Functions of `string` that could work for long, or tell an address: find, match, gmatch, gsub, rep, format. */
#include <string.h>

#include "bind/sandbox_match.h"

typedef const unsigned char *place;

/* ---- captures ---- */

static void match_begin(struct match *m, lua_State *box, place subject, size_t length, place stop) {
    *m = (struct match){.L = box, .subject = subject, .end = subject + length, .stop = stop};
}

static void match_again(struct match *m) { m->depth = m->count = 0; }

/* Pushes capture `i`; the whole match where the pattern has none and `i` is 0. */
static void push_capture(struct match *m, int i, place from, place to) {
    if (i >= m->count) {
        if (i != 0) luaL_error(m->L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(m->L, (const char *)from, (size_t)(to - from));
    } else if (m->captures[i].length == MATCH_POSITION) {
        lua_pushinteger(m->L, m->captures[i].at - m->subject + 1);
    } else {
        if (m->captures[i].length == MATCH_OPEN) luaL_error(m->L, "unfinished capture");
        lua_pushlstring(m->L, (const char *)m->captures[i].at, (size_t)m->captures[i].length);
    }
}

static int push_captures(struct match *m, place from, place to) {
    int count = m->count == 0 && from != NULL ? 1 : m->count;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++) push_capture(m, i, from, to);
    return count;
}

/* Where a search begins, from 0, by the argument; beyond the end: length + 1. */
static size_t start_of(lua_State *box, int argument, size_t length) {
    lua_Integer at = luaL_optinteger(box, argument, 1);
    if (at > 0) return (lua_Unsigned)at - 1 > length ? length + 1 : (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)length) return 0;
    return length - (size_t)-at;
}

/* ---- find and match ---- */

static bool is_plain(place p, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (p[i] != 0 && strchr("^$*+?.([%-", p[i]) != NULL) return false;
    }
    return true;
}

static int find_plain(lua_State *box, place s, size_t length, size_t start, place p, size_t p_length) {
    place found = match_plain(box, s + start, length - start, p, p_length);
    if (found == NULL) return luaL_pushfail(box), 1;
    lua_pushinteger(box, found - s + 1);
    lua_pushinteger(box, found - s + (lua_Integer)p_length);
    return 2;
}

static int search(lua_State *box, bool find) {
    size_t length, p_length;
    place s = (place)luaL_checklstring(box, 1, &length), p = (place)luaL_checklstring(box, 2, &p_length);
    size_t start = start_of(box, 3, length);
    struct match m;
    if (start > length) return luaL_pushfail(box), 1;
    sandbox_charge(sandbox_of(box), 1 + p_length / 64);
    if (find && (lua_toboolean(box, 4) || is_plain(p, p_length))) return find_plain(box, s, length, start, p, p_length);
    bool anchored = p_length > 0 && *p == '^';
    match_begin(&m, box, s, length, p + p_length);
    for (place at = s + start; at <= m.end; at++) {
        match_again(&m);
        place end = match_at(&m, at, p + anchored);
        if (end != NULL && find) {
            lua_pushinteger(box, at - s + 1);
            lua_pushinteger(box, end - s);
            return 2 + push_captures(&m, NULL, NULL);
        }
        if (end != NULL) return push_captures(&m, at, end);
        if (anchored) break;
    }
    return luaL_pushfail(box), 1;
}

static int string_find(lua_State *box) { return search(box, true); }
static int string_match(lua_State *box) { return search(box, false); }

/* Upvalues: the text, the pattern, where the search goes on, and where the last match ended (-1: none yet). */
static int next_match(lua_State *box) {
    size_t length, p_length;
    place s = (place)lua_tolstring(box, lua_upvalueindex(1), &length);
    place p = (place)lua_tolstring(box, lua_upvalueindex(2), &p_length);
    lua_Integer start = lua_tointeger(box, lua_upvalueindex(3)), last = lua_tointeger(box, lua_upvalueindex(4));
    struct match m;
    match_begin(&m, box, s, length, p + p_length);
    for (size_t at = (size_t)start; at <= length; at++) {
        match_again(&m);
        place end = match_at(&m, s + at, p);
        if (end == NULL || end - s == last) continue;
        lua_pushinteger(box, end - s);
        lua_pushvalue(box, -1);
        lua_replace(box, lua_upvalueindex(3));
        lua_replace(box, lua_upvalueindex(4));
        return push_captures(&m, s + at, end);
    }
    return 0;
}

static int string_gmatch(lua_State *box) {
    size_t length;
    luaL_checklstring(box, 1, &length);
    luaL_checkstring(box, 2);
    size_t start = start_of(box, 3, length);
    lua_settop(box, 2);
    lua_pushinteger(box, (lua_Integer)start);
    lua_pushinteger(box, -1);
    lua_pushcclosure(box, next_match, 4);
    return 1;
}

/* ---- gsub ---- */

/* Adds the replacement text, with its %0 to %9. */
static void add_text(struct match *m, luaL_Buffer *out, place from, place to) {
    size_t length;
    const char *text = lua_tolstring(m->L, 3, &length);
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '%') {
            luaL_addchar(out, text[i]);
            continue;
        }
        char letter = ++i < length ? text[i] : '\0';
        if (letter == '%') {
            luaL_addchar(out, '%');
        } else if (letter == '0') {
            luaL_addlstring(out, (const char *)from, (size_t)(to - from));
        } else if (letter >= '1' && letter <= '9') {
            push_capture(m, letter - '1', from, to);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(out);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
    sandbox_charge(sandbox_of(m->L), length / 16);
}

/* Adds what the match is replaced by. */
static void add_replacement(struct match *m, luaL_Buffer *out, place from, place to, int type) {
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(m->L, 3);
        lua_call(m->L, push_captures(m, from, to), 1);
    } else if (type == LUA_TTABLE) {
        push_capture(m, 0, from, to);
        lua_gettable(m->L, 3);
    } else {
        add_text(m, out, from, to);
        return;
    }
    if (!lua_toboolean(m->L, -1)) {
        lua_pop(m->L, 1);
        luaL_addlstring(out, (const char *)from, (size_t)(to - from));
    } else if (!lua_isstring(m->L, -1)) {
        luaL_error(m->L, "invalid replacement value (a %s)", luaL_typename(m->L, -1));
    } else {
        luaL_addvalue(out);
    }
}

static int string_gsub(lua_State *box) {
    size_t length, p_length;
    place s = (place)luaL_checklstring(box, 1, &length), p = (place)luaL_checklstring(box, 2, &p_length), last = NULL;
    int type = lua_type(box, 3);
    lua_Integer most = luaL_optinteger(box, 4, (lua_Integer)length + 1), count = 0;
    luaL_argexpected(box, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                     "string/function/table");
    bool anchored = p_length > 0 && *p == '^';
    struct match m;
    luaL_Buffer out;
    if (type == LUA_TNUMBER) luaL_tolstring(box, 3, NULL), lua_replace(box, 3);
    match_begin(&m, box, s, length, p + p_length);
    luaL_buffinit(box, &out);
    place at = s;
    while (count < most) {
        match_again(&m);
        place end = match_at(&m, at, p + anchored);
        if (end != NULL && end != last) {
            count++;
            add_replacement(&m, &out, at, end, type);
            at = last = end;
        } else if (at < m.end) {
            luaL_addchar(&out, (char)*at++);
        } else {
            break;
        }
        if (anchored) break;
    }
    luaL_addlstring(&out, (const char *)at, (size_t)(m.end - at));
    luaL_pushresult(&out);
    lua_pushinteger(box, count);
    return 2;
}

/* ---- rep and format ---- */

static int string_rep(lua_State *box) {
    size_t length, between;
    const char *text = luaL_checklstring(box, 1, &length);
    lua_Integer count = luaL_checkinteger(box, 2);
    const char *separator = luaL_optlstring(box, 3, "", &between);
    struct sandbox *b = sandbox_of(box);
    if (count <= 0 || length + between == 0) return lua_pushliteral(box, ""), 1;
    if ((size_t)count > b->memory / (length + between)) sandbox_end(b, SANDBOX_MEMORY);
    sandbox_charge(b, 1 + (uint64_t)count / 16);
    luaL_Buffer out;
    size_t total = (size_t)count * length + (size_t)(count - 1) * between;
    char *to = luaL_buffinitsize(box, &out, total);
    for (lua_Integer i = 0; i < count; i++) {
        if (i > 0 && between > 0) memcpy(to, separator, between), to += between;
        memcpy(to, text, length);
        to += length;
    }
    luaL_pushresultsize(&out, total);
    return 1;
}

/* Upvalue: Lua's string.format. A value that it would show by its address becomes a text first; %p is not there. */
static int string_format(lua_State *box) {
    int count = lua_gettop(box), argument = 1;
    size_t length;
    const char *text = luaL_checklstring(box, 1, &length);
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '%') continue;
        if (++i < length && text[i] == '%') continue;
        while (i < length && text[i] != '\0' && strchr("-+ #0123456789.", text[i]) != NULL) i++;
        if (++argument > count || i >= length) break;
        if (text[i] == 'p') return luaL_error(box, "string.format has no '%%p' in a sandbox");
        if (text[i] != 's') continue;
        lua_pushcfunction(box, sandbox_tostring);
        lua_pushvalue(box, argument);
        lua_call(box, 1, 1);
        lua_replace(box, argument);
    }
    lua_pushvalue(box, lua_upvalueindex(1));
    lua_insert(box, 1);
    if (lua_pcall(box, count, 1, 0) == LUA_OK) return 1;
    luaL_where(box, 1); /* which Lua's own does not see from below this one */
    lua_insert(box, -2);
    lua_concat(box, 2);
    return lua_error(box);
}

void sandbox_strings(lua_State *box) {
    static const luaL_Reg own[] = {{"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch},
                                   {"gsub", string_gsub}, {"rep", string_rep},     {NULL, NULL}};
    luaL_setfuncs(box, own, 0);
    lua_pushnil(box);
    lua_setfield(box, -2, "dump");
    lua_getfield(box, -1, "format");
    lua_pushcclosure(box, string_format, 1);
    lua_setfield(box, -2, "format");
    lua_pushliteral(box, "");
    lua_getmetatable(box, -1);
    lua_pushliteral(box, "string");
    lua_setfield(box, -2, "__metatable");
    lua_pop(box, 2);
}
