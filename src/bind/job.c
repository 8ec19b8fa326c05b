/* Work that is done step by step, so that scripts see how far it is and Lua functions are called from Lua: core.purge
 * and the handle that it gives. */
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

const luaL_Reg bind_job_functions[] = {{"purge", purge_new}, {NULL, NULL}};

void bind_job_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {{"__gc", job_close}, {"__close", job_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"step", job_step}, {"progress", job_progress}, {"result", job_result}, {"close", job_close}, {NULL, NULL}};
    const luaL_Reg *const methods[] = {functions, NULL};
    bind_class_new(L, state, JOB_METATABLE, metamethods, methods, NULL);
    lua_pop(L, 1);
}
