/* Databases: open, close, views, and the tables in them. */
#include <string.h>

#include "bind/database.h"
#include "bind/decode.h"
#include "bind/encode.h"
#include "bind/errors.h"
#include "bind/handles.h"
#include "bind/options.h"

static const struct decode_options decode_list = {.unique_keys = false, .absent_depth = 2};

static struct database *database_new(lua_State *L) {
    struct database *d = lua_newuserdatauv(L, sizeof *d, 1);
    memset(d, 0, sizeof *d);
    luaL_setmetatable(L, DATABASE_METATABLE);
    return d;
}

/* The open database that a method is called on, and the state, ready for a call. */
static struct database *check(lua_State *L, struct state **s) {
    struct database *d = bind_state_self(L, DATABASE_METATABLE);
    *s = bind_state_enter(L);
    if (d->db == NULL) errors_raise(L, "the database is closed");
    return d;
}

struct database *bind_database_check(lua_State *L, int argument) {
    return luaL_checkudata(L, argument, DATABASE_METATABLE);
}

/* ---- open and close ---- */

int bind_database_open(lua_State *L) {
    static const char *const names[] = {"application", "actor", "timeout", "read_only", "create", NULL};
    struct state *s = bind_state_enter(L);
    size_t length;
    lua_settop(L, 3);
    const char *url = options_text(L, 1, &length);
    options_check(L, 2, names);
    const struct flexdb_options options = {.application = options_string(L, 2, "application", NULL),
                                           .actor = options_string(L, 2, "actor", NULL),
                                           .timeout = options_seconds(L, 2, "timeout"),
                                           .read_only = options_boolean(L, 2, "read_only", false),
                                           .no_create = !options_boolean(L, 2, "create", true),
                                           .driver = lua_islightuserdata(L, 3) ? lua_touserdata(L, 3) : NULL};
    struct database *d = database_new(L);
    if (flexdb_open(&d->db, url, length, &options, &s->err) != 0) return errors_fail(L, s);
    d->root = d;
    d->scheme = flexdb_url_scheme(url, length);
    return 1;
}

int bind_database_url_scheme(lua_State *L) {
    size_t length;
    const char *url = options_text(L, 1, &length);
    const char *scheme = flexdb_url_scheme(url, length);
    if (scheme == NULL)
        lua_pushnil(L);
    else
        lua_pushstring(L, scheme);
    return 1;
}

static int database_with(lua_State *L) {
    static const char *const names[] = {"application", "actor", NULL};
    struct state *s;
    struct database *d = check(L, &s);
    luaL_checktype(L, 2, LUA_TTABLE);
    options_check(L, 2, names);
    const char *application = options_string(L, 2, "application", NULL), *actor = options_string(L, 2, "actor", NULL);
    struct database *view = database_new(L);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    view->root = d->root;
    view->scheme = d->scheme;
    if (flexdb_with(&view->db, d->db, application, actor, &s->err) != 0) return errors_fail(L, s);
    return 1;
}

/* db:close() → true; and what leaving the scope does. */
static int database_close(lua_State *L) {
    struct database *d = bind_state_self(L, DATABASE_METATABLE);
    struct state *s = lua_touserdata(L, STATE_UPVALUE);
    if (d->db != NULL) {
        if (bind_state_pins(L, s, d->root))
            return luaL_error(L, "a finalizer cannot close a database while one of its records is handed over");
        flexdb_close(d->db);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int database_gc(lua_State *L) {
    struct database *d = bind_state_self(L, DATABASE_METATABLE);
    flexdb_free(d->db);
    d->db = NULL;
    return 0;
}

static int database_tostring(lua_State *L) {
    const struct database *d = bind_state_self(L, DATABASE_METATABLE);
    if (d->db == NULL || !flexdb_is_open(d->db))
        lua_pushliteral(L, "flexdb.database: closed");
    else
        lua_pushfstring(L, "flexdb.database: %s (%s)", flexdb_application(d->db), d->scheme);
    return 1;
}

/* Methods, and the fields application and actor. */
static int database_index(lua_State *L) {
    const struct database *d = bind_state_self(L, DATABASE_METATABLE);
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(3)) != LUA_TNIL || d->db == NULL || lua_type(L, 2) != LUA_TSTRING) return 1;
    const char *name = lua_tostring(L, 2);
    if (strcmp(name, "application") == 0) lua_pushstring(L, flexdb_application(d->db));
    if (strcmp(name, "actor") == 0) lua_pushstring(L, flexdb_actor(d->db));
    return 1;
}

/* ---- tables ---- */

static int database_create_table(lua_State *L) {
    struct state *s;
    struct database *d = check(L, &s);
    size_t length;
    const char *name = options_text(L, 2, &length);
    luaL_checktype(L, 3, LUA_TTABLE);
    struct table *t = bind_table_new(L, 1);
    if (encode_document(L, s, 3, FLEXDB_INVALID_SCHEMA, NULL, NULL) != 0 ||
        flexdb_create_table(&t->table, d->db, name, length, s->text.data, s->text.length, &s->err) != 0) {
        return errors_fail(L, s);
    }
    return 1;
}

static int database_table(lua_State *L) {
    struct state *s;
    struct database *d = check(L, &s);
    size_t length;
    const char *name = options_text(L, 2, &length);
    struct table *t = bind_table_new(L, 1);
    return flexdb_open_table(&t->table, d->db, name, length, &s->err) == 0 ? 1 : errors_fail(L, s);
}

static int database_table_by_id(lua_State *L) {
    struct state *s;
    struct database *d = check(L, &s);
    size_t length;
    const char *id = options_text(L, 2, &length);
    struct table *t = bind_table_new(L, 1);
    return flexdb_open_table_by_id(&t->table, d->db, id, length, &s->err) == 0 ? 1 : errors_fail(L, s);
}

static int database_table_info(lua_State *L) {
    struct state *s;
    struct database *d = check(L, &s);
    size_t length;
    const char *id = options_text(L, 2, &length);
    buffer_reset(&s->text);
    if (flexdb_table_info(d->db, id, length, &s->text, &s->err) != 0) return errors_fail(L, s);
    return decode_result(L, s, &s->text, &decode_plain);
}

static int database_tables(lua_State *L) {
    static const char *const names[] = {"deleted", "schemas", NULL};
    struct state *s;
    struct database *d = check(L, &s);
    options_check(L, 2, names);
    bool deleted = options_boolean(L, 2, "deleted", false), schemas = options_boolean(L, 2, "schemas", false);
    buffer_reset(&s->text);
    if (flexdb_tables(d->db, deleted, schemas, &s->text, &s->err) != 0) return errors_fail(L, s);
    return decode_result(L, s, &s->text, schemas ? &decode_plain : &decode_list);
}

static int database_drop_table(lua_State *L) {
    struct state *s;
    struct database *d = check(L, &s);
    size_t length;
    const char *name = options_text(L, 2, &length);
    if (flexdb_drop_table(d->db, name, length, &s->err) != 0) return errors_fail(L, s);
    lua_pushboolean(L, 1);
    return 1;
}

static int database_restore_table(lua_State *L) {
    struct state *s;
    struct database *d = check(L, &s);
    size_t length;
    const char *name = options_text(L, 2, &length);
    struct table *t = bind_table_new(L, 1);
    return flexdb_restore_table(&t->table, d->db, name, length, &s->err) == 0 ? 1 : errors_fail(L, s);
}

static int database_rename_table(lua_State *L) {
    struct state *s;
    struct database *d = check(L, &s);
    size_t length, to_length;
    const char *name = options_text(L, 2, &length), *to = options_text(L, 3, &to_length);
    struct table *t = bind_table_new(L, 1);
    if (flexdb_rename_table(&t->table, d->db, name, length, to, to_length, &s->err) != 0) return errors_fail(L, s);
    return 1;
}

static int database_forget_idempotency_keys(lua_State *L) {
    struct state *s;
    struct database *d = check(L, &s);
    size_t length;
    int64_t forgotten;
    const char *before = options_text(L, 2, &length);
    if (flexdb_once_forget(d->db, before, length, &forgotten, &s->err) != 0) return errors_fail(L, s);
    lua_pushinteger(L, (lua_Integer)forgotten);
    return 1;
}

void bind_database_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {
        {"__gc", database_gc}, {"__close", database_close}, {"__tostring", database_tostring}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"close", database_close},
                                         {"with", database_with},
                                         {"create_table", database_create_table},
                                         {"table", database_table},
                                         {"table_by_id", database_table_by_id},
                                         {"table_info", database_table_info},
                                         {"tables", database_tables},
                                         {"drop_table", database_drop_table},
                                         {"restore_table", database_restore_table},
                                         {"rename_table", database_rename_table},
                                         {"forget_idempotency_keys", database_forget_idempotency_keys},
                                         {NULL, NULL}};
    const luaL_Reg *const methods[] = {functions, NULL};
    bind_class_new(L, state, DATABASE_METATABLE, metamethods, methods, database_index);
}
