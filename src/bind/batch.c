/* A bulk insert under way: core.batch and its handle, of which lua/flexdb/insert_many.lua makes table:insert_many. */
#include <stdio.h>
#include <string.h>

#include "bind/errors.h"
#include "bind/handles.h"
#include "bind/options.h"

/* core.batch(table): a batch that has not begun. */
static int batch_new(lua_State *L) {
    bind_state_enter(L);
    struct table *t = luaL_checkudata(L, 1, TABLE_METATABLE);
    struct batch *b = lua_newuserdatauv(L, sizeof *b, 1);
    b->batch = NULL;
    b->table = t;
    luaL_setmetatable(L, BATCH_METATABLE);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    return 1;
}

static struct batch *check(lua_State *L, struct state **s) {
    struct batch *b = bind_state_self(L, BATCH_METATABLE);
    *s = bind_state_enter(L);
    if (b->batch == NULL) errors_raise(L, "the batch is closed");
    return b;
}

static int done(lua_State *L, struct state *s, int rc) {
    if (rc != 0) return errors_fail(L, s);
    lua_pushboolean(L, 1);
    return 1;
}

/* batch:begin(skip, max_errors): true, or nil and the error. */
static int batch_begin(lua_State *L) {
    struct batch *b = bind_state_self(L, BATCH_METATABLE);
    struct state *s = bind_state_enter(L);
    bool skip = lua_toboolean(L, 2) != 0;
    lua_Integer most = options_integer(L, 3);
    luaL_argcheck(L, most >= 0, 3, "must not be negative");
    if (b->batch != NULL) errors_raise(L, "the batch has begun already");
    if (b->table->table == NULL) errors_raise(L, "the table is closed");
    bind_transaction_settle(b->table->root);
    return done(L, s, flexdb_batch_begin(&b->batch, b->table->table, skip, (size_t)most, &s->err));
}

/* Hands what is wrong with a record, in s->more, to the batch, which fails or counts it. */
static int reject(struct state *s, struct batch *b) {
    int rc = flexdb_batch_reject(b->batch, &s->more, &s->err);
    error_clear(&s->more);
    return rc;
}

static int add_record(lua_State *L, struct state *s, struct batch *b) {
    int rc, tries = 0;
    lua_getiuservalue(L, 1, 1);
    do {
        rc = bind_record_collect(L, s, b->table, 3, 2, false);
        if (rc == 0) {
            rc = flexdb_batch_add(b->batch, shape_validator(b->table->shaped.shape), s->given, &s->err);
        } else if (rc == -FLEXDB_INVALID_RECORD) {
            error_move(&s->more, &s->err);
            return reject(s, b);
        }
    } while (bind_record_again(s, b->table, &rc, &tries));
    return rc;
}

/* Says what stands in a record's place. */
static void refuse_other(lua_State *L, struct state *s, int index) {
    bool null = lua_touserdata(L, index) == s->null;
    const char *name = null ? "null" : luaL_typename(L, index);
    const char *article = null || lua_isnil(L, index) ? "" : "a ";
    char got[32];
    snprintf(got, sizeof got, null ? "%s" : "\"%s\"", name);
    error_issue(&s->more, "", "type", "\"table\"", got, "a record must be a table, is %s%s", article, name);
    error_close_issues(&s->more, FLEXDB_INVALID_RECORD);
}

/* batch:add(record): true, or nil and the error that ends the batch. */
static int batch_add(lua_State *L) {
    struct state *s;
    struct batch *b = check(L, &s);
    lua_settop(L, 2);
    if (lua_istable(L, 2)) return done(L, s, add_record(L, s, b));
    refuse_other(L, s, 2);
    return done(L, s, reject(s, b));
}

/* batch:finish(): writes what is left and commits. */
static int batch_finish(lua_State *L) {
    struct state *s;
    struct batch *b = check(L, &s);
    return done(L, s, flexdb_batch_finish(b->batch, &s->err));
}

/* batch:result(): inserted, errors, how many errors there were in all. */
static int batch_result(lua_State *L) {
    struct state *s;
    struct batch *b = check(L, &s);
    const flexdb_error *err;
    lua_pushinteger(L, (lua_Integer)flexdb_batch_inserted(b->batch));
    bind_state_hold(s, b->table->root);
    lua_newtable(L);
    for (size_t i = 0; (err = flexdb_batch_error(b->batch, i)) != NULL; i++) {
        errors_push(L, s, err);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    bind_state_push(L, STATE_ARRAY);
    lua_setmetatable(L, -2);
    bind_state_release(s);
    lua_pushinteger(L, (lua_Integer)flexdb_batch_error_count(b->batch));
    return 3;
}

static void release(struct batch *b) {
    flexdb_batch_free(b->batch);
    b->batch = NULL;
}

static int batch_gc(lua_State *L) {
    struct batch *b = bind_state_self(L, BATCH_METATABLE);
    if (b->batch == NULL) return 0;
    if (bind_state_postpones(L, lua_touserdata(L, STATE_UPVALUE)))
        luaL_setmetatable(L, BATCH_METATABLE); /* finalized once more, in the next cycle */
    else
        release(b);
    return 0;
}

static int batch_close(lua_State *L) {
    struct batch *b = bind_state_self(L, BATCH_METATABLE);
    bind_state_enter(L);
    release(b);
    return 0;
}

const luaL_Reg bind_batch_functions[] = {{"batch", batch_new}, {NULL, NULL}};

void bind_batch_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {{"__gc", batch_gc}, {"__close", batch_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"begin", batch_begin},   {"add", batch_add},     {"finish", batch_finish},
                                         {"result", batch_result}, {"close", batch_close}, {NULL, NULL}};
    const luaL_Reg *const methods[] = {functions, NULL};
    bind_class_new(L, state, BATCH_METATABLE, metamethods, methods, NULL);
    lua_pop(L, 1);
}
