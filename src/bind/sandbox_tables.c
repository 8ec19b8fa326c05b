/* Functions of `table` whose work does not depend on what is in the table, or that call nothing while they work: they
 * take steps for it. They look at tables raw, as FlexDB does everywhere. */
#include "bind/sandbox.h"

/* The table at 1 and its length. */
static lua_Integer check_table(lua_State *box) {
    luaL_checktype(box, 1, LUA_TTABLE);
    return (lua_Integer)lua_rawlen(box, 1);
}

/* Moves the elements first … last by one; `by` is 1 or -1. */
static void shift(lua_State *box, lua_Integer first, lua_Integer last, int by) {
    if (first > last) return;
    sandbox_charge(sandbox_of(box), (uint64_t)(last - first) / 4);
    for (lua_Integer n = last - first + 1, i = by > 0 ? last : first; n > 0; n--, i -= by) {
        lua_rawgeti(box, 1, i);
        lua_rawseti(box, 1, i + by);
    }
}

static int insert(lua_State *box) {
    lua_Integer length = check_table(box), at = length + 1;
    int count = lua_gettop(box);
    if (count != 2 && count != 3) return luaL_error(box, "wrong number of arguments to 'insert'");
    if (count == 3) {
        at = luaL_checkinteger(box, 2);
        luaL_argcheck(box, at >= 1 && at <= length + 1, 2, "position out of bounds");
        shift(box, at, length, 1);
    }
    lua_rawseti(box, 1, at);
    return 0;
}

static int take_out(lua_State *box) {
    lua_Integer length = check_table(box), at = luaL_optinteger(box, 2, length);
    if (!lua_isnoneornil(box, 2)) {
        luaL_argcheck(box, (length + 1 == at) || (at >= 1 && at <= length) || (length == 0 && at == 0), 2,
                      "position out of bounds");
    }
    lua_settop(box, 1);
    lua_rawgeti(box, 1, at);
    shift(box, at + 1, length, -1);
    if (at >= 1 && at <= length) {
        lua_pushnil(box);
        lua_rawseti(box, 1, length);
    }
    return 1;
}

static int move(lua_State *box) {
    lua_Integer first = luaL_checkinteger(box, 2), last = luaL_checkinteger(box, 3), to = luaL_checkinteger(box, 4);
    int target = lua_isnoneornil(box, 5) ? 1 : 5;
    luaL_checktype(box, 1, LUA_TTABLE);
    luaL_checktype(box, target, LUA_TTABLE);
    lua_settop(box, 5);
    if (last >= first) {
        luaL_argcheck(box, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
        luaL_argcheck(box, to <= LUA_MAXINTEGER - (last - first), 4, "destination wrap around");
        sandbox_charge(sandbox_of(box), (uint64_t)(last - first));
        bool down = to <= first || to > last || target != 1;
        for (lua_Integer i = 0; i <= last - first; i++) {
            lua_Integer offset = down ? i : last - first - i;
            lua_rawgeti(box, 1, first + offset);
            lua_rawseti(box, target, to + offset);
        }
    }
    lua_pushvalue(box, target);
    return 1;
}

/* ---- sort: a heap, which needs no more than n log n comparisons whatever the order function answers ---- */

static bool less(lua_State *box, lua_Integer a, lua_Integer b) {
    sandbox_charge(sandbox_of(box), 2);
    if (lua_isnil(box, 2)) {
        lua_rawgeti(box, 1, a);
        lua_rawgeti(box, 1, b);
        sandbox_charge(sandbox_of(box), lua_type(box, -1) == LUA_TSTRING ? lua_rawlen(box, -1) / 256 : 0);
        bool is_less = lua_compare(box, -2, -1, LUA_OPLT) != 0;
        lua_pop(box, 2);
        return is_less;
    }
    lua_pushvalue(box, 2);
    lua_rawgeti(box, 1, a);
    lua_rawgeti(box, 1, b);
    lua_call(box, 2, 1);
    bool is_less = lua_toboolean(box, -1) != 0;
    lua_pop(box, 1);
    return is_less;
}

static void swap(lua_State *box, lua_Integer a, lua_Integer b) {
    lua_rawgeti(box, 1, a);
    lua_rawgeti(box, 1, b);
    lua_rawseti(box, 1, a);
    lua_rawseti(box, 1, b);
}

static void sift(lua_State *box, lua_Integer at, lua_Integer length) {
    for (lua_Integer child; (child = 2 * at) <= length; at = child) {
        if (child < length && less(box, child, child + 1)) child++;
        if (!less(box, at, child)) return;
        swap(box, at, child);
    }
}

static int sort(lua_State *box) {
    lua_Integer length = check_table(box);
    if (!lua_isnoneornil(box, 2)) luaL_checktype(box, 2, LUA_TFUNCTION);
    lua_settop(box, 2);
    luaL_checkstack(box, 8, "sort");
    for (lua_Integer at = length / 2; at >= 1; at--) sift(box, at, length);
    for (lua_Integer last = length; last > 1; last--) {
        swap(box, 1, last);
        sift(box, 1, last - 1);
    }
    return 0;
}

void sandbox_tables(lua_State *box) {
    static const luaL_Reg own[] = {
        {"insert", insert}, {"remove", take_out}, {"move", move}, {"sort", sort}, {NULL, NULL}};
    luaL_setfuncs(box, own, 0);
}
