/* Results that are being read: the closing value of each, and what find and first step through. */
#include <string.h>

#include "bind/errors.h"
#include "bind/handles.h"

/* A result shares the shape of its table, which outlives it, so that a small one need not make its own. */
static void take_shape(lua_State *L, struct state *s, struct rows *rows, struct table *t, int owner) {
    const flexdb_validator *v = flexdb_table_validator(t->table);
    if (v == NULL) return;
    shape_use(L, s, &t->shaped, owner, v);
    shape_use(L, s, &rows->shaped, lua_gettop(L), v);
}

struct rows *bind_rows_new(lua_State *L, struct state *s, int owner) {
    struct table *t = lua_touserdata(L, owner);
    struct rows *rows = lua_newuserdatauv(L, sizeof *rows, SHAPED_VALUES);
    memset(rows, 0, sizeof *rows);
    rows->root = t->root;
    luaL_setmetatable(L, ROWS_METATABLE);
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, SHAPED_OWNER);
    take_shape(L, s, rows, t, owner);
    return rows;
}

void bind_rows_close(struct rows *rows) {
    if (rows->rows != NULL) flexdb_rows_free(rows->rows);
    rows->rows = NULL;
}

int bind_rows_push_next(lua_State *L, struct state *s, struct rows *rows, int index) {
    flexdb_row row;
    int rc = flexdb_rows_step(rows->rows, &row, &s->err);
    if (rc <= 0) return rc;
    shape_use(L, s, &rows->shaped, index, row.validator);
    const bool *selected = flexdb_rows_selected(rows->rows);
    bind_state_hold(s, rows->root);
    bool good = shape_push(L, s, &rows->shaped, index, row.values, selected, false);
    bind_state_release(s);
    return good ? 1 : -(int)s->err.code;
}

static int rows_gc(lua_State *L) {
    bind_rows_close(bind_state_self(L, ROWS_METATABLE));
    return 0;
}

/* At the end of a loop, however it ends. */
static int rows_leave(lua_State *L) {
    struct rows *rows = bind_state_self(L, ROWS_METATABLE);
    bind_state_enter(L);
    bind_rows_close(rows);
    lua_pushboolean(L, 1);
    return 1;
}

static int rows_tostring(lua_State *L) {
    const struct rows *rows = bind_state_self(L, ROWS_METATABLE);
    lua_pushstring(L, rows->rows != NULL ? "flexdb.rows: open" : "flexdb.rows: closed");
    return 1;
}

void bind_rows_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {
        {"__gc", rows_gc}, {"__close", rows_leave}, {"__tostring", rows_tostring}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"close", rows_leave}, {NULL, NULL}};
    const luaL_Reg *const methods[] = {functions, NULL};
    bind_class_new(L, state, ROWS_METATABLE, metamethods, methods, NULL);
    lua_pop(L, 1);
}
