/* Methods of tables that read: get, get_many, first, find, count, each. */
#include "bind/encode.h"
#include "bind/errors.h"
#include "bind/handles.h"
#include "bind/options.h"

static int table_get(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    size_t length;
    const char *id = options_text(L, 2, &length);
    flexdb_row row;
    int found = flexdb_get(t->table, id, length, &row, &s->err);
    if (found < 0) return errors_fail(L, s);
    if (found > 0) return bind_record_result(L, s, &t->shaped, 1, t->root, &row, false);
    lua_pushnil(L);
    return 1;
}

/* The query at 2 into s->text; the empty text when there is none. */
static int take_query(lua_State *L, struct state *s) {
    buffer_reset(&s->text);
    return options_table(L, 2, true) ? encode_document(L, s, 2, FLEXDB_INVALID_QUERY, NULL, NULL) : 0;
}

/* Marks the array on the top. */
static void mark_array(lua_State *L) {
    bind_state_push(L, STATE_ARRAY);
    lua_setmetatable(L, -2);
}

/* ---- get_many ---- */

/* The ids at 2 into s->given; raises unless they are an array of strings. */
static size_t take_ids(lua_State *L, struct state *s) {
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t count = (size_t)lua_rawlen(L, 2), seen = 0;
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        if (!lua_isinteger(L, -2) || lua_type(L, -1) != LUA_TSTRING) {
            luaL_argerror(L, 2, "ids must be an array of strings");
        }
        lua_Integer key = lua_tointeger(L, -2);
        seen += key >= 1 && (size_t)key <= count ? 1 : count + 1;
        lua_pop(L, 1);
    }
    luaL_argcheck(L, seen == count, 2, "ids must be an array without holes");
    if (!bind_state_room(s, count)) return (size_t)-1;
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        size_t length;
        const char *id = lua_tolstring(L, -1, &length);
        s->given[i] = value_text(id, length); /* the table keeps it alive */
        lua_pop(L, 1);
    }
    return count;
}

/* The records by id, in a new table on the top. */
static int index_rows(lua_State *L, struct state *s, struct rows *rows, int index) {
    int rc;
    lua_newtable(L);
    while ((rc = bind_rows_push_next(L, s, rows, index)) > 0) {
        lua_pushliteral(L, "id");
        lua_rawget(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -3);
    }
    return rc;
}

static int table_get_many(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    lua_settop(L, 2);
    struct rows *rows = bind_rows_new(L, s, 1);
    size_t count = take_ids(L, s);
    if (count == (size_t)-1) return errors_no_memory(L, s);
    int rc = flexdb_get_many(&rows->rows, t->table, s->given, count, &s->err);
    if (rc == 0) rc = index_rows(L, s, rows, 3);
    bind_rows_close(rows);
    if (rc < 0) return errors_fail(L, s);
    lua_Integer found = 0;
    lua_newtable(L);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i);
        if (lua_rawget(L, 4) == LUA_TNIL)
            lua_pop(L, 1);
        else
            lua_rawseti(L, 5, ++found);
    }
    mark_array(L);
    return 1;
}

/* ---- queries ---- */

/* Adds a limit of one to the query in s->text, unless the table at 2 has one. */
static int limit_one(lua_State *L, struct state *s) {
    static const char one[] = "\"limit\":1}";
    bool limited = false;
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "limit");
        limited = lua_rawget(L, 2) != LUA_TNIL;
        lua_pop(L, 1);
    }
    struct buffer *text = &s->text;
    if (limited || (text->length != 0 && text->data[text->length - 1] != '}')) return 0;
    if (text->length == 0)
        buffer_put(text, '{');
    else if (--text->length > 1)
        buffer_put(text, ',');
    buffer_append(text, one, sizeof one - 1);
    return buffer_failed(text) ? error_no_memory(&s->err) : 0;
}

/* Opens the result of the query at 2 as the handle at 3; 0 or -code. */
static int open_rows(lua_State *L, struct state *s, struct table *t, struct rows **out, bool paged, bool one) {
    lua_settop(L, 2);
    *out = bind_rows_new(L, s, 1);
    int rc = take_query(L, s);
    if (rc == 0 && one) rc = limit_one(L, s);
    if (rc == 0) rc = flexdb_find(&(*out)->rows, t->table, s->text.data, s->text.length, paged, &s->err);
    return rc;
}

static int table_find(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    struct rows *rows;
    int rc = open_rows(L, s, t, &rows, true, false);
    lua_Integer count = 0;
    if (rc == 0) {
        lua_newtable(L);
        while ((rc = bind_rows_push_next(L, s, rows, 3)) > 0) lua_rawseti(L, 4, ++count);
    }
    buffer_reset(&s->text);
    if (rc == 0) rc = flexdb_rows_next_page(rows->rows, &s->text, &s->err);
    bind_rows_close(rows);
    if (rc < 0) return errors_fail(L, s);
    mark_array(L);
    if (s->text.length != 0) {
        lua_pushliteral(L, "next");
        lua_pushlstring(L, s->text.data, s->text.length);
        lua_rawset(L, 4);
    }
    return 1;
}

static int table_first(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    struct rows *rows;
    int rc = open_rows(L, s, t, &rows, false, true);
    if (rc == 0) rc = bind_rows_push_next(L, s, rows, 3);
    bind_rows_close(rows);
    if (rc < 0) return errors_fail(L, s);
    if (rc == 0) lua_pushnil(L);
    return 1;
}

static int table_count(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    int64_t count;
    if (take_query(L, s) != 0 || flexdb_count(t->table, s->text.data, s->text.length, &count, &s->err) != 0) {
        return errors_fail(L, s);
    }
    lua_pushinteger(L, (lua_Integer)count);
    return 1;
}

/* The iterator of each: upvalues are the state and the result. An error is raised, for nil would look like the end. */
static int each_next(lua_State *L) {
    struct state *s = bind_state_enter(L);
    struct rows *rows = lua_touserdata(L, lua_upvalueindex(2));
    int rc = rows->rows != NULL ? bind_rows_push_next(L, s, rows, lua_upvalueindex(2)) : 0;
    if (rc > 0) return 1;
    bind_rows_close(rows);
    if (rc == 0) {
        lua_pushnil(L);
        return 1;
    }
    errors_fail(L, s);
    return lua_error(L);
}

static int table_each(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    struct rows *rows;
    if (open_rows(L, s, t, &rows, false, false) != 0) return errors_fail(L, s);
    lua_pushvalue(L, STATE_UPVALUE);
    lua_pushvalue(L, 3);
    lua_pushcclosure(L, each_next, 2);
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushvalue(L, 3);
    return 4;
}

const luaL_Reg bind_query_methods[] = {{"get", table_get},   {"get_many", table_get_many}, {"first", table_first},
                                       {"find", table_find}, {"count", table_count},       {"each", table_each},
                                       {NULL, NULL}};
