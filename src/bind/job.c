/* Work that is done step by step, so that scripts see how far it is and Lua functions are called from Lua: core.purge,
 * core.doctor and the handle that they give. */
#include <string.h>

#include "bind/database.h"
#include "bind/decode.h"
#include "bind/errors.h"
#include "bind/handles.h"
#include "bind/options.h"

/* What a kind of work is made of. */
struct job_kind {
    int (*step)(void *work, flexdb_error *err);
    int64_t (*records)(const void *work, const char **table);
    int (*result)(const void *work, struct buffer *out, flexdb_error *err);
    void (*release)(void *work);
};

struct job {
    const struct job_kind *kind;
    void *work; /* NULL: closed */
};

/* Pushes a closed one that anchors what it works on, at `owner`. */
static struct job *job_new(lua_State *L, const struct job_kind *kind, int owner) {
    struct job *j = lua_newuserdatauv(L, sizeof *j, 1);
    j->kind = kind;
    j->work = NULL;
    luaL_setmetatable(L, JOB_METATABLE);
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 1);
    return j;
}

static struct job *check(lua_State *L, struct state **s) {
    struct job *j = bind_state_self(L, JOB_METATABLE);
    *s = bind_state_enter(L);
    if (j->work == NULL) errors_raise(L, "the work has ended");
    return j;
}

/* job:step(): true while there is more to do, false when all is done; or nil and the error. */
static int job_step(lua_State *L) {
    struct state *s;
    struct job *j = check(L, &s);
    int rc = j->kind->step(j->work, &s->err);
    if (rc < 0) return errors_fail(L, s);
    lua_pushboolean(L, rc);
    return 1;
}

/* job:progress(): how many records were looked at, and the name of the table under way, or nil. */
static int job_progress(lua_State *L) {
    struct state *s;
    const struct job *j = check(L, &s);
    const char *table;
    lua_pushinteger(L, (lua_Integer)j->kind->records(j->work, &table));
    lua_pushstring(L, table);
    return 2;
}

/* job:result(): what it has come to so far, as a table. */
static int job_result(lua_State *L) {
    struct state *s;
    const struct job *j = check(L, &s);
    buffer_reset(&s->json);
    if (j->kind->result(j->work, &s->json, &s->err) != 0) return errors_fail(L, s);
    return decode_result(L, s, &s->json, &decode_plain);
}

static int job_close(lua_State *L) {
    struct job *j = bind_state_self(L, JOB_METATABLE);
    if (j->work != NULL) j->kind->release(j->work);
    j->work = NULL;
    return 0;
}

/* ---- purge ---- */

static int purge_step(void *work, flexdb_error *err) { return flexdb_purge_step(work, err); }
static int64_t purge_records(const void *work, const char **table) {
    *table = NULL;
    return flexdb_purge_records(work);
}
static int purge_result(const void *work, struct buffer *out, flexdb_error *err) {
    return flexdb_purge_result(work, out, err);
}
static void purge_release(void *work) { flexdb_purge_free(work); }

/* core.purge(table, { keep_versions, deleted_before, batch }): the handle, or nil and the error. */
static int purge_new(lua_State *L) {
    static const struct job_kind kind = {purge_step, purge_records, purge_result, purge_release};
    static const char *const names[] = {"keep_versions", "deleted_before", "batch", NULL};
    struct state *s = bind_state_enter(L);
    lua_settop(L, 2);
    const struct table *t = luaL_checkudata(L, 1, TABLE_METATABLE);
    if (t->table == NULL) errors_raise(L, "the table is closed");
    options_check(L, 2, names);
    const struct flexdb_purge_options options = {
        .keep_versions = options_version(L, 2, "keep_versions"),
        .deleted_before = options_string(L, 2, "deleted_before", NULL),
        .batch = (size_t)options_version(L, 2, "batch"),
    };
    struct job *j = job_new(L, &kind, 1);
    flexdb_purge *purge;
    if (flexdb_purge_begin(&purge, t->table, &options, &s->err) != 0) return errors_fail(L, s);
    j->work = purge;
    return 1;
}

/* ---- doctor ---- */

static int doctor_step(void *work, flexdb_error *err) { return flexdb_doctor_step(work, err); }
static int64_t doctor_records(const void *work, const char **table) { return flexdb_doctor_records(work, table); }
static int doctor_result(const void *work, struct buffer *out, flexdb_error *err) {
    return flexdb_doctor_report(work, out, err);
}
static void doctor_release(void *work) { flexdb_doctor_free(work); }

/* The names in the array at option `tables`, in memory of Lua's that stays on the stack with them; or none. */
static void read_tables(lua_State *L, int argument, struct flexdb_doctor_options *out) {
    lua_pushliteral(L, "tables");
    if (!options_table(L, argument, true) || lua_rawget(L, argument) == LUA_TNIL) return;
    luaL_checktype(L, -1, LUA_TTABLE);
    int list = lua_gettop(L);
    size_t count = lua_rawlen(L, list);
    const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
    for (size_t i = 0; i < count; i++) {
        size_t length;
        lua_rawgeti(L, list, (lua_Integer)i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, argument, "option 'tables' must be an array of names");
        names[i] = lua_tolstring(L, -1, &length);
        luaL_argcheck(L, strlen(names[i]) == length, argument, "a table's name must not hold a NUL byte");
        lua_pop(L, 1); /* the list holds it */
    }
    out->tables = names;
    out->table_count = count;
}

/* core.doctor(database, { repair, tables }): the handle, or nil and the error. */
static int doctor_new(lua_State *L) {
    static const struct job_kind kind = {doctor_step, doctor_records, doctor_result, doctor_release};
    static const char *const names[] = {"repair", "tables", NULL};
    struct state *s = bind_state_enter(L);
    lua_settop(L, 2);
    const struct database *db = bind_database_check(L, 1);
    if (db->db == NULL) errors_raise(L, "the database is closed");
    options_check(L, 2, names);
    struct flexdb_doctor_options options = {.repair = options_boolean(L, 2, "repair", false)};
    struct job *j = job_new(L, &kind, 1);
    read_tables(L, 2, &options);
    flexdb_doctor *doctor;
    if (flexdb_doctor_begin(&doctor, db->db, &options, &s->err) != 0) return errors_fail(L, s);
    j->work = doctor;
    lua_settop(L, 3);
    return 1;
}

const luaL_Reg bind_job_functions[] = {{"purge", purge_new}, {"doctor", doctor_new}, {NULL, NULL}};

void bind_job_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {{"__gc", job_close}, {"__close", job_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"step", job_step}, {"progress", job_progress}, {"result", job_result}, {"close", job_close}, {NULL, NULL}};
    const luaL_Reg *const methods[] = {functions, NULL};
    bind_class_new(L, state, JOB_METATABLE, metamethods, methods, NULL);
    lua_pop(L, 1);
}
