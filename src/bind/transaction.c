/* The three steps of a transaction; lua/flexdb/transaction.lua makes db:transaction of them. */
#include "bind/database.h"
#include "bind/errors.h"
#include "bind/handles.h"

static int step(lua_State *L, int (*call)(flexdb *, flexdb_error *)) {
    struct state *s = bind_state_enter(L);
    struct database *d = bind_database_check(L, 1);
    if (call(d->db, &s->err) != 0) return errors_fail(L, s);
    lua_pushboolean(L, 1);
    return 1;
}

static int transaction_begin(lua_State *L) { return step(L, flexdb_begin); }
static int transaction_commit(lua_State *L) { return step(L, flexdb_commit); }
static int transaction_rollback(lua_State *L) { return step(L, flexdb_rollback); }

/* 0 for a closed database: whoever unwinds must not be stopped by that. */
static int transaction_depth(lua_State *L) {
    const struct database *d = luaL_checkudata(L, 1, DATABASE_METATABLE);
    bool open = d->db != NULL && flexdb_is_open(d->db);
    lua_pushinteger(L, open ? (lua_Integer)flexdb_transaction_depth(d->db) : 0);
    return 1;
}

const luaL_Reg bind_transaction_functions[] = {{"begin", transaction_begin},
                                               {"commit", transaction_commit},
                                               {"rollback", transaction_rollback},
                                               {"depth", transaction_depth},
                                               {NULL, NULL}};
