/* Methods of tables about their definition: schema, history, diff, at, evolve, rollback. */
#include <string.h>

#include "bind/decode.h"
#include "bind/encode.h"
#include "bind/errors.h"
#include "bind/handles.h"
#include "bind/options.h"

/* In an entry, and in the details of its changes, null says that there is nothing. In a definition it would be a value,
 * so the depth ends above the defaults in them. */
static const struct decode_options decode_entry = {.unique_keys = false, .absent_depth = 4};
static const struct decode_options decode_entries = {.unique_keys = false, .absent_depth = 5};

static int table_schema(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    buffer_reset(&s->text);
    if (flexdb_table_schema(t->table, &s->text, &s->err) != 0) return errors_fail(L, s);
    return decode_result(L, s, &s->text, &decode_plain);
}

/* ---- progress ---- */

/* A function of the script, to be called in the middle of a call; what it raises is raised when that has ended. */
struct progress {
    lua_State *L;
    int function; /* its place on the stack; 0 for none */
    int raised;   /* where what it has raised stands; 0 for nothing */
};

/* (function, what to tell it) */
static int tell_progress(lua_State *L) {
    const struct flexdb_progress *at = lua_touserdata(L, 2);
    lua_settop(L, 1);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)at->done);
    lua_setfield(L, -2, "done");
    lua_pushinteger(L, (lua_Integer)at->total);
    lua_setfield(L, -2, "total");
    lua_pushstring(L, at->step);
    lua_setfield(L, -2, "step");
    lua_call(L, 1, 0);
    return 0;
}

/* Called by the core: nothing here raises before lua_pcall. */
static int on_progress(void *context, const struct flexdb_progress *at) {
    struct progress *p = context;
    lua_pushcfunction(p->L, tell_progress);
    lua_pushvalue(p->L, p->function);
    lua_pushlightuserdata(p->L, (void *)at);
    if (lua_pcall(p->L, 2, 0, 0) == LUA_OK) return 0;
    p->raised = lua_gettop(p->L);
    return 1;
}

static void check_progress(lua_State *L, int argument, struct progress *p, struct flexdb_evolve_options *out) {
    enum { CALL_ROOM = 8 };
    *p = (struct progress){.L = L};
    out->on_progress = NULL;
    if (!options_function(L, argument, "on_progress")) return;
    luaL_checkstack(L, CALL_ROOM, "on_progress");
    p->function = lua_gettop(L);
    out->on_progress = on_progress;
    out->progress_context = p;
}

/* The way out of a call that failed. */
static int evolution_fail(lua_State *L, struct state *s, const struct progress *p) {
    if (p->raised == 0) return errors_fail(L, s);
    error_clear(&s->err);
    lua_settop(L, p->raised);
    return lua_error(L);
}

/* ---- evolve and rollback ---- */

/* The key that the entry is to be kept under, and the text that says which step it is: of the nodes of workflows. */
static void check_once(lua_State *L, int argument, struct flexdb_once *once, struct flexdb_evolve_options *out) {
    once->key = options_string(L, argument, "once_key", &once->key_length);
    once->step = options_string(L, argument, "once_step", &once->step_length);
    out->once = once->key != NULL && once->step != NULL ? once : NULL;
}

/* The options of evolve and rollback that reach the core; what the Lua side knows of it has taken the others. */
static void check_options(lua_State *L, int argument, struct flexdb_once *once, struct flexdb_evolve_options *out) {
    static const char *const names[] = {"expect_version", "actor",    "message",   "on_invalid", "dry_run",
                                        "on_progress",    "once_key", "once_step", NULL};
    options_check(L, argument, names);
    check_once(L, argument, once, out);
    out->expect_version = options_version(L, argument, "expect_version");
    out->actor = options_string(L, argument, "actor", NULL);
    out->message = options_string(L, argument, "message", NULL);
    const char *on_invalid = options_string(L, argument, "on_invalid", NULL);
    out->on_invalid = FLEXDB_ON_INVALID_STOP;
    if (on_invalid == NULL) on_invalid = "stop";
    if (strcmp(on_invalid, "null") == 0) out->on_invalid = FLEXDB_ON_INVALID_NULL;
    if (strcmp(on_invalid, "ignore") == 0) out->on_invalid = FLEXDB_ON_INVALID_IGNORE;
    out->dry_run = options_boolean(L, argument, "dry_run", false);
}

/* An entry; or a plan, in which null is as it was given, or says that a name is free. */
static int entry_result(lua_State *L, struct state *s, const struct flexdb_evolve_options *options) {
    return decode_result(L, s, &s->json, options->dry_run ? &decode_plain : &decode_entry);
}

static int table_evolve(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    struct flexdb_evolve_options options;
    struct flexdb_once once;
    struct progress p;
    luaL_checktype(L, 2, LUA_TTABLE);
    check_options(L, 3, &once, &options);
    check_progress(L, 3, &p, &options);
    if (encode_document(L, s, 2, FLEXDB_INVALID_SCHEMA, "changes", NULL) != 0) return errors_fail(L, s);
    /* An empty table is an object to the encoder; as changes it is none of them. */
    bool none = s->text.length == 2;
    buffer_reset(&s->json);
    int rc = flexdb_evolve(t->table, none ? "[]" : s->text.data, s->text.length, &options, &s->json, &s->err);
    if (rc != 0) return evolution_fail(L, s, &p);
    return entry_result(L, s, &options);
}

static int table_rollback(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    struct flexdb_evolve_options options;
    struct flexdb_once once;
    struct progress p;
    lua_Integer version = options_integer(L, 2);
    check_options(L, 3, &once, &options);
    check_progress(L, 3, &p, &options);
    buffer_reset(&s->json);
    if (flexdb_rollback_to(t->table, (int64_t)version, &options, &s->json, &s->err) != 0)
        return evolution_fail(L, s, &p);
    return entry_result(L, s, &options);
}

static int table_history(lua_State *L) {
    static const char *const names[] = {"from", "to", "schemas", NULL};
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    options_check(L, 2, names);
    int64_t from = options_version(L, 2, "from"), to = options_version(L, 2, "to");
    bool schemas = options_boolean(L, 2, "schemas", true);
    buffer_reset(&s->json);
    if (flexdb_history(t->table, from, to, schemas, &s->json, &s->err) != 0) return errors_fail(L, s);
    return decode_result(L, s, &s->json, &decode_entries);
}

static int table_diff(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    lua_Integer from = options_integer(L, 2), to = options_integer(L, 3);
    buffer_reset(&s->json);
    if (flexdb_table_diff(t->table, (int64_t)from, (int64_t)to, &s->json, &s->err) != 0) return errors_fail(L, s);
    return decode_result(L, s, &s->json, &decode_changes);
}

/* table:at(version), of a view too: a view, which lives as long as the database that the table came from. */
static int table_at(lua_State *L) {
    struct state *s;
    struct table *t = bind_table_check(L, &s);
    lua_Integer version = options_integer(L, 2);
    lua_getiuservalue(L, 1, SHAPED_OWNER);
    struct table *view = bind_view_new(L, lua_gettop(L));
    return flexdb_table_at(&view->table, t->table, (int64_t)version, &s->err) == 0 ? 1 : errors_fail(L, s);
}

const luaL_Reg bind_definition_methods[] = {
    {"schema", table_schema}, {"history", table_history}, {"diff", table_diff}, {"at", table_at}, {NULL, NULL}};
const luaL_Reg bind_evolution_methods[] = {{"evolve", table_evolve}, {"rollback", table_rollback}, {NULL, NULL}};
