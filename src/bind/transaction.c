/* Levels of transactions; lua/flexdb/transaction.lua makes db:transaction of them.
 *
 * A level is a handle that is made before it begins and that closes itself: whatever cuts a script short in between,
 * the collector ends what nobody ends. Each connection knows its levels, innermost first, so that a handle whose level
 * has ended with one around it never takes a later one for its own. */
#include <string.h>

#include "bind/database.h"
#include "bind/errors.h"
#include "bind/handles.h"

struct level {
    struct database *root; /* of the connection; anchored, through the handle, by the user value */
    struct database *via;  /* the handle */
    struct level *below;
    unsigned depth; /* 0: not begun, or it has ended */
};

/* Of a connection that was closed: 0. */
static unsigned depth_of(const struct database *root) {
    return root->db != NULL && flexdb_is_open(root->db) ? flexdb_transaction_depth(root->db) : 0;
}

void bind_transaction_settle(struct database *root) {
    unsigned depth = depth_of(root);
    for (; root->levels != NULL && root->levels->depth > depth; root->levels = root->levels->below) {
        root->levels->depth = 0;
    }
}

/* core.level(db): a level that has not begun. */
static int level_new(lua_State *L) {
    bind_state_enter(L);
    struct database *d = bind_database_check(L, 1);
    struct level *level = lua_newuserdatauv(L, sizeof *level, 1);
    memset(level, 0, sizeof *level);
    level->via = d;
    level->root = d->root;
    luaL_setmetatable(L, LEVEL_METATABLE);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    return 1;
}

/* level:begin(): true, or nil and the error. */
static int level_begin(lua_State *L) {
    struct level *level = bind_state_self(L, LEVEL_METATABLE);
    struct state *s = bind_state_enter(L);
    if (level->via->db == NULL) errors_raise(L, "the database is closed");
    bind_transaction_settle(level->root);
    if (flexdb_begin(level->via->db, &s->err) != 0) return errors_fail(L, s);
    level->depth = depth_of(level->root);
    level->below = level->root->levels;
    level->root->levels = level;
    lua_pushboolean(L, 1);
    return 1;
}

/* Raises without a position: the mistake is where the function that has ended began or ended something. */
static void check_innermost(lua_State *L, const struct level *level) {
    bind_transaction_settle(level->root);
    if (level->depth != 0 && level->depth == depth_of(level->root)) return;
    lua_pushstring(L, level->depth != 0 ? "a transaction that was begun inside this one is still open"
                                        : "the transaction has ended before its function did");
    lua_error(L);
}

static int finish(lua_State *L, int (*call)(flexdb *, flexdb_error *)) {
    struct level *level = bind_state_self(L, LEVEL_METATABLE);
    struct state *s = bind_state_enter(L);
    check_innermost(L, level);
    int rc = call(level->root->db, &s->err);
    bind_transaction_settle(level->root);
    if (rc != 0) return errors_fail(L, s);
    lua_pushboolean(L, 1);
    return 1;
}

/* level:commit(), level:rollback(): true, or nil and the error. */
static int level_commit(lua_State *L) { return finish(L, flexdb_commit); }
static int level_rollback(lua_State *L) { return finish(L, flexdb_rollback); }

/* Rolls back the level, if it is open, and what stands inside it. */
static void undo(struct level *level) {
    struct database *root = level->root;
    bind_transaction_settle(root);
    for (unsigned depth = depth_of(root); level->depth != 0 && depth >= level->depth;) {
        flexdb_error ignored = FLEXDB_ERROR_INIT;
        flexdb_rollback(root->db, &ignored);
        error_clear(&ignored);
        bind_transaction_settle(root);
        if (depth_of(root) >= depth) return;
        depth = depth_of(root);
    }
}

static void forget(struct level *level) {
    struct level **at = &level->root->levels;
    while (*at != NULL && *at != level) at = &(*at)->below;
    if (*at == level) *at = level->below;
    level->depth = 0;
}

/* level:close(), and what leaving the scope does: undoes what is open. */
static int level_close(lua_State *L) {
    struct level *level = bind_state_self(L, LEVEL_METATABLE);
    bind_state_enter(L);
    if (level->depth != 0) undo(level);
    return 0;
}

/* A coroutine that was left inside its transaction is gone. */
static int level_gc(lua_State *L) {
    struct level *level = bind_state_self(L, LEVEL_METATABLE);
    if (level->depth == 0) return 0;
    bool calling = level->root->db != NULL && flexdb_is_calling(level->root->db);
    if (calling || bind_state_postpones(L, lua_touserdata(L, STATE_UPVALUE))) {
        luaL_setmetatable(L, LEVEL_METATABLE); /* finalized once more, in the next cycle */
        return 0;
    }
    undo(level);
    forget(level);
    return 0;
}

void bind_transaction_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {{"__gc", level_gc}, {"__close", level_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"begin", level_begin},
                                         {"commit", level_commit},
                                         {"rollback", level_rollback},
                                         {"close", level_close},
                                         {NULL, NULL}};
    const luaL_Reg *const methods[] = {functions, NULL};
    bind_class_new(L, state, LEVEL_METATABLE, metamethods, methods, NULL);
    lua_pop(L, 1);
}

/* core.undoes_ddl(db) */
static int undoes_ddl(lua_State *L) {
    bind_state_enter(L);
    const struct database *d = bind_database_check(L, 1);
    lua_pushboolean(L, d->db != NULL && flexdb_undoes_ddl(d->db));
    return 1;
}

const luaL_Reg bind_transaction_functions[] = {{"level", level_new}, {"undoes_ddl", undoes_ddl}, {NULL, NULL}};
