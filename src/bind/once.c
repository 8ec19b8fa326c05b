/* Writes that are done once, for lua/flexdb/nodes/support/once.lua: core.once_find, once_begin, once_end, digest. */
#include "base/digest.h"
#include "bind/database.h"
#include "bind/decode.h"
#include "bind/errors.h"
#include "bind/handles.h"
#include "bind/options.h"

/* As in definitions.c: a version entry, with the table's id beside it. */
static const struct decode_options decode_entry = {.unique_keys = false, .absent_depth = 5};

/* (database, key, step): they stay on the stack. */
static flexdb *check(lua_State *L, struct flexdb_once *out) {
    const struct database *d = bind_database_check(L, 1);
    if (d->db == NULL) errors_raise(L, "the database is closed");
    out->key = options_text(L, 2, &out->key_length);
    out->step = options_text(L, 3, &out->step_length);
    return d->db;
}

typedef int look(flexdb *db, const struct flexdb_once *once, struct buffer *out, flexdb_error *err);

/* true and the result; false; nil and the error. A fourth argument that is true: the result is a version entry. */
static int tell(lua_State *L, look *call) {
    struct state *s = bind_state_enter(L);
    struct flexdb_once once;
    flexdb *db = check(L, &once);
    bool entry = lua_toboolean(L, 4);
    buffer_reset(&s->text);
    int rc = call(db, &once, &s->text, &s->err);
    if (rc < 0) return errors_fail(L, s);
    lua_pushboolean(L, rc == 1);
    if (rc == 0) return 1;
    int count = decode_result(L, s, &s->text, entry ? &decode_entry : &decode_plain);
    return count == 1 ? 2 : count;
}

static int once_find(lua_State *L) { return tell(L, flexdb_once_find); }
static int once_begin(lua_State *L) { return tell(L, flexdb_once_begin); }

/* (database, key, step, JSON text): true, or nil and the error. */
static int once_end(lua_State *L) {
    struct state *s = bind_state_enter(L);
    struct flexdb_once once;
    size_t length;
    flexdb *db = check(L, &once);
    const char *result = options_text(L, 4, &length);
    if (flexdb_once_end(db, &once, result, length, &s->err) != 0) return errors_fail(L, s);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.digest(text): its SHA-256, 32 bytes. */
static int digest(lua_State *L) {
    unsigned char out[DIGEST_BYTES];
    size_t length;
    const char *text = options_text(L, 1, &length);
    digest_sha256(text, length, out);
    lua_pushlstring(L, (const char *)out, sizeof out);
    return 1;
}

const luaL_Reg bind_once_functions[] = {
    {"once_find", once_find}, {"once_begin", once_begin}, {"once_end", once_end}, {"digest", digest}, {NULL, NULL}};
