/* Tables and their views: the handle itself. Its methods are in records.c, queries.c and definitions.c. */
#include <string.h>

#include "bind/errors.h"
#include "bind/handles.h"

static struct table *new_handle(lua_State *L, int owner, const char *class) {
    const struct database *d = lua_touserdata(L, owner);
    struct table *t = lua_newuserdatauv(L, sizeof *t, SHAPED_VALUES);
    memset(t, 0, sizeof *t);
    t->root = d->root;
    luaL_setmetatable(L, class);
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, SHAPED_OWNER);
    return t;
}

struct table *bind_table_new(lua_State *L, int owner) {
    return new_handle(L, owner, TABLE_METATABLE);
}

struct table *bind_view_new(lua_State *L, int owner) {
    return new_handle(L, owner, VIEW_METATABLE);
}

/* The name of the function's class, which its metatable keeps. */
static const char *class_name(lua_State *L) {
    lua_getfield(L, METATABLE_UPVALUE, "__name");
    const char *name = lua_tostring(L, -1);
    lua_pop(L, 1);
    return name;
}

static struct table *check_self(lua_State *L) {
    struct table *t = bind_state_find_self(L);
    if (t == NULL) luaL_typeerror(L, 1, class_name(L));
    return t;
}

struct table *bind_table_check(lua_State *L, struct state **s) {
    struct table *t = check_self(L);
    *s = bind_state_enter(L);
    if (t->table == NULL) errors_raise(L, "the table is closed"); /* by the end of the Lua state, before a finalizer */
    return t;
}

static int table_gc(lua_State *L) {
    struct table *t = check_self(L);
    if (t->table != NULL) flexdb_table_free(t->table);
    t->table = NULL;
    return 0;
}

static int table_tostring(lua_State *L) {
    const struct table *t = check_self(L);
    const char *class = class_name(L);
    if (t->table == NULL) {
        lua_pushfstring(L, "%s: closed", class);
    } else {
        lua_pushfstring(L, "%s: %s (version %I)", class, flexdb_table_name(t->table),
                        (LUAI_UACINT)flexdb_table_version(t->table));
    }
    return 1;
}

/* Methods, and the fields name, id, version and application. */
static int table_index(lua_State *L) {
    const struct table *t = check_self(L);
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

/* view.refuse(self, …): what every call is that would change something. */
static int view_refuse(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    if (flexdb_table_writable(t->table, &s->err) != 0) return errors_fail(L, s);
    return errors_raise(L, "this view takes writes"); /* none does */
}

static const luaL_Reg metamethods[] = {{"__gc", table_gc}, {"__tostring", table_tostring}, {NULL, NULL}};

void bind_table_class(lua_State *L, int state) {
    const luaL_Reg *const methods[] = {bind_record_methods, bind_query_methods, bind_definition_methods,
                                       bind_evolution_methods, NULL};
    bind_class_new(L, state, TABLE_METATABLE, metamethods, methods, table_index);
}

void bind_view_class(lua_State *L, int state) {
    static const luaL_Reg refuse[] = {{"refuse", view_refuse}, {NULL, NULL}};
    const luaL_Reg *const methods[] = {bind_query_methods, bind_definition_methods, refuse, NULL};
    bind_class_new(L, state, VIEW_METATABLE, metamethods, methods, table_index);
}
