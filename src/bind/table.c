/* Tables: the handle itself. Its methods are in records.c, queries.c and definitions.c. */
#include <string.h>

#include "bind/errors.h"
#include "bind/handles.h"

struct table *bind_table_new(lua_State *L, int owner) {
    const struct database *d = lua_touserdata(L, owner);
    struct table *t = lua_newuserdatauv(L, sizeof *t, SHAPED_VALUES);
    memset(t, 0, sizeof *t);
    t->root = d->root;
    luaL_setmetatable(L, TABLE_METATABLE);
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, SHAPED_OWNER);
    return t;
}

struct table *bind_table_check(lua_State *L, struct state **s) {
    struct table *t = bind_state_self(L, TABLE_METATABLE);
    *s = bind_state_enter(L);
    if (t->table == NULL) errors_raise(L, "the table is closed"); /* by the end of the Lua state, before a finalizer */
    return t;
}

static int table_gc(lua_State *L) {
    struct table *t = bind_state_self(L, TABLE_METATABLE);
    if (t->table != NULL) flexdb_table_free(t->table);
    t->table = NULL;
    return 0;
}

static int table_tostring(lua_State *L) {
    const struct table *t = bind_state_self(L, TABLE_METATABLE);
    if (t->table == NULL) {
        lua_pushliteral(L, "flexdb.table: closed");
    } else {
        lua_pushfstring(L, "flexdb.table: %s (version %I)", flexdb_table_name(t->table),
                        (LUAI_UACINT)flexdb_table_version(t->table));
    }
    return 1;
}

/* Methods, and the fields name, id, version and application. */
static int table_index(lua_State *L) {
    const struct table *t = bind_state_self(L, TABLE_METATABLE);
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(3)) != LUA_TNIL || t->table == NULL || lua_type(L, 2) != LUA_TSTRING) return 1;
    const char *name = lua_tostring(L, 2);
    if (strcmp(name, "name") == 0) lua_pushstring(L, flexdb_table_name(t->table));
    if (strcmp(name, "id") == 0) lua_pushstring(L, flexdb_table_id(t->table));
    if (strcmp(name, "version") == 0) lua_pushinteger(L, (lua_Integer)flexdb_table_version(t->table));
    if (strcmp(name, "application") == 0) lua_pushstring(L, flexdb_table_application(t->table));
    return 1;
}

void bind_table_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {{"__gc", table_gc}, {"__tostring", table_tostring}, {NULL, NULL}};
    const luaL_Reg *const methods[] = {bind_record_methods, bind_query_methods, bind_definition_methods, NULL};
    bind_class_new(L, state, TABLE_METATABLE, metamethods, methods, table_index);
}
