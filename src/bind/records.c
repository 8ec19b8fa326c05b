/* Methods of tables that write: insert, update, upsert, delete, restore, update_all, delete_all. */
#include "bind/encode.h"
#include "bind/errors.h"
#include "bind/handles.h"
#include "bind/options.h"

/* What a call that takes a record came to: `rc` is that of the last try. */
static int give(lua_State *L, struct state *s, struct table *t, int rc, const flexdb_row *row) {
    if (rc != 0) return errors_fail(L, s);
    return bind_record_result(L, s, &t->shaped, 1, t->root, row, true);
}

static int table_insert(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    luaL_checktype(L, 2, LUA_TTABLE);
    flexdb_row row;
    int rc, tries = 0;
    do {
        rc = bind_record_collect(L, s, t, 1, 2, false);
        if (rc == 0) rc = flexdb_insert(t->table, shape_validator(t->shaped.shape), s->given, &row, &s->err);
    } while (bind_record_again(s, t, &rc, &tries));
    return give(L, s, t, rc, &row);
}

static int table_update(lua_State *L) {
    static const char *const names[] = {"version", NULL};
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    size_t length;
    const char *id = options_text(L, 2, &length);
    luaL_checktype(L, 3, LUA_TTABLE);
    options_check(L, 4, names);
    int64_t version = options_version(L, 4, "version");
    flexdb_row row;
    int rc, tries = 0;
    do {
        rc = bind_record_collect(L, s, t, 1, 3, true);
        if (rc == 0) {
            const flexdb_validator *v = shape_validator(t->shaped.shape);
            rc = flexdb_update(t->table, id, length, version, v, s->given, &row, &s->err);
        }
    } while (bind_record_again(s, t, &rc, &tries));
    return give(L, s, t, rc, &row);
}

static int table_upsert(lua_State *L) {
    static const char *const names[] = {"on", NULL};
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    luaL_checktype(L, 2, LUA_TTABLE);
    options_check(L, 3, names);
    size_t length;
    const char *on = options_string(L, 3, "on", &length);
    luaL_argcheck(L, on != NULL, 3, "option 'on' must name a unique column");
    flexdb_row row;
    bool inserted;
    int rc, tries = 0;
    do {
        rc = bind_record_collect(L, s, t, 1, 2, false);
        if (rc == 0) {
            const flexdb_validator *v = shape_validator(t->shaped.shape);
            rc = flexdb_upsert(t->table, on, length, v, s->given, &row, &inserted, &s->err);
        }
    } while (bind_record_again(s, t, &rc, &tries));
    if (rc != 0) return errors_fail(L, s);
    int results = bind_record_result(L, s, &t->shaped, 1, t->root, &row, true);
    if (results != 1) return results;
    lua_pushstring(L, inserted ? "inserted" : "updated");
    return 2;
}

static int yes(lua_State *L, struct state *s, int rc) {
    if (rc != 0) return errors_fail(L, s);
    lua_pushboolean(L, 1);
    return 1;
}

static int table_delete(lua_State *L) {
    static const char *const names[] = {"hard", "version", NULL};
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    size_t length;
    const char *id = options_text(L, 2, &length);
    options_check(L, 3, names);
    bool hard = options_boolean(L, 3, "hard", false);
    int64_t version = options_version(L, 3, "version");
    return yes(L, s, flexdb_delete(t->table, id, length, version, hard, &s->err));
}

static int table_restore(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    size_t length;
    const char *id = options_text(L, 2, &length);
    return yes(L, s, flexdb_restore(t->table, id, length, &s->err));
}

/* ---- many at once ---- */

/* The query at 2, without its `all`, into s->text. `*all` is set when either says so: the query or the options at
 * `options`. */
static int take_query(lua_State *L, struct state *s, int options, bool *all) {
    *all = options_boolean(L, options, "all", false);
    buffer_reset(&s->text);
    if (!options_table(L, 2, true)) return 0;
    lua_pushliteral(L, "all");
    int type = lua_rawget(L, 2);
    if (type == LUA_TBOOLEAN && lua_toboolean(L, -1)) *all = true;
    lua_pop(L, 1);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN) {
        error_issue(&s->err, "all", "type", "\"boolean\"", NULL, "must be true or false");
        return error_close_issues(&s->err, FLEXDB_INVALID_QUERY);
    }
    return encode_document(L, s, 2, FLEXDB_INVALID_QUERY, NULL, "all");
}

static int affected_result(lua_State *L, struct state *s, int rc, int64_t affected) {
    if (rc != 0) return errors_fail(L, s);
    lua_pushinteger(L, (lua_Integer)affected);
    return 1;
}

static int table_update_all(lua_State *L) {
    static const char *const names[] = {"all", NULL};
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    options_table(L, 2, true);
    luaL_checktype(L, 3, LUA_TTABLE);
    options_check(L, 4, names);
    bool all;
    int64_t affected = 0;
    int tries = 0, rc = take_query(L, s, 4, &all);
    if (rc != 0) return errors_fail(L, s);
    do {
        rc = bind_record_collect(L, s, t, 1, 3, true);
        if (rc == 0) {
            const flexdb_validator *v = shape_validator(t->shaped.shape);
            rc = flexdb_update_all(t->table, s->text.data, s->text.length, all, v, s->given, &affected, &s->err);
        }
    } while (bind_record_again(s, t, &rc, &tries));
    return affected_result(L, s, rc, affected);
}

static int table_delete_all(lua_State *L) {
    static const char *const names[] = {"all", "hard", NULL};
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    options_table(L, 2, true);
    options_check(L, 3, names);
    bool all, hard = options_boolean(L, 3, "hard", false);
    int64_t affected = 0;
    int rc = take_query(L, s, 3, &all);
    if (rc == 0) rc = flexdb_delete_all(t->table, s->text.data, s->text.length, all, hard, &affected, &s->err);
    return affected_result(L, s, rc, affected);
}

const luaL_Reg bind_record_methods[] = {{"insert", table_insert},         {"update", table_update},
                                        {"upsert", table_upsert},         {"delete", table_delete},
                                        {"restore", table_restore},       {"update_all", table_update_all},
                                        {"delete_all", table_delete_all}, {NULL, NULL}};
