#include "bind/state.h"

#include <stdlib.h>
#include <string.h>

#include "bind/errors.h"
#include "bind/shape.h"

/* Buffers that a large document has blown up are given back. */
enum { KEPT_BYTES = 1 << 20 };

static int state_gc(lua_State *L) {
    struct state *s = lua_touserdata(L, 1);
    error_clear(&s->err);
    error_clear(&s->more);
    buffer_free(&s->text);
    buffer_free(&s->json);
    buffer_free(&s->path);
    json_reader_free(&s->reader);
    arena_free(&s->faults);
    free(s->given);
    free(s->kept);
    s->given = NULL;
    s->kept = NULL;
    s->laid = s->capacity = 0;
    flexdb_record_free(s->record);
    s->record = NULL;
    return 0;
}

static int null_tostring(lua_State *L) {
    lua_pushliteral(L, "null");
    return 1;
}

/* A userdata that is nothing but itself. */
static void push_null(lua_State *L, struct state *s) {
    s->null = lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, null_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "flexdb.null");
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "flexdb.null");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

static void push_named_table(lua_State *L, const char *key, const char *value) {
    lua_createtable(L, 0, 2);
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

struct state *bind_state_new(lua_State *L) {
    struct state *s = lua_newuserdatauv(L, sizeof *s, STATE_VALUES - 1);
    memset(s, 0, sizeof *s);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, state_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    push_null(L, s);
    lua_setiuservalue(L, -2, STATE_NULL);
    push_named_table(L, "__name", "flexdb.array");
    lua_setiuservalue(L, -2, STATE_ARRAY);
    lua_newtable(L);
    push_named_table(L, "__mode", "k");
    lua_setmetatable(L, -2);
    lua_setiuservalue(L, -2, STATE_MARKS);
    errors_metatable(L);
    lua_setiuservalue(L, -2, STATE_ERROR);
    shape_metatable(L);
    lua_setiuservalue(L, -2, STATE_SHAPE);
    lua_newtable(L);
    push_named_table(L, "__mode", "v");
    lua_setmetatable(L, -2);
    lua_setiuservalue(L, -2, STATE_SHAPES);
    lua_newtable(L);
    lua_setiuservalue(L, -2, STATE_OWN);
    return s;
}

/* Whether the running function was called by the garbage collector (lua_gc answers -1 there; 0 before 5.4.4). */
static bool in_finalizer(lua_State *L) {
    int running = lua_gc(L, LUA_GCISRUNNING);
#if LUA_VERSION_RELEASE_NUM >= 50404
    return running < 0;
#else
    return running <= 0;
#endif
}

/* Busy outside of a finalizer: a call was cut short by running out of memory. */
static void take_down(struct state *s) {
    bind_state_release(s);
    error_clear(&s->err);
    error_clear(&s->more);
    json_reader_free(&s->reader);
}

struct state *bind_state_enter(lua_State *L) {
    struct state *s = lua_touserdata(L, STATE_UPVALUE);
    if (s->busy) {
        if (in_finalizer(L)) luaL_error(L, "a finalizer cannot use flexdb while a record or an error is handed over");
        take_down(s);
    }
    if (s->text.capacity + s->json.capacity > KEPT_BYTES) {
        buffer_free(&s->text);
        buffer_free(&s->json);
    }
    return s;
}

bool bind_state_pins(lua_State *L, struct state *s, const void *connection) {
    return s->busy && s->pinned == connection && in_finalizer(L);
}

bool bind_state_postpones(lua_State *L, const struct state *s) {
    lua_Debug ar;
    /* Level 1 is what the collector has interrupted: nothing when the Lua state is closed. */
    if (!s->busy || !in_finalizer(L) || !lua_getstack(L, 1, &ar)) return false;
    lua_getinfo(L, "f", &ar);
    bool ours = lua_getupvalue(L, -1, 1) != NULL && lua_touserdata(L, -1) == s;
    lua_settop(L, 1);
    return ours;
}

bool bind_state_room(struct state *s, size_t count) {
    s->laid = 0;
    if (s->capacity < count) { /* at most the columns of a definition */
        flexdb_value *given = realloc(s->given, count * sizeof *given);
        if (given == NULL) return false;
        s->given = given;
        int *kept = realloc(s->kept, count * sizeof *kept);
        if (kept == NULL) return false;
        s->kept = kept;
        s->capacity = count;
    }
    memset(s->kept, 0, count * sizeof *s->kept);
    s->laid = count;
    return true;
}

void bind_state_register(lua_State *L, const luaL_Reg *functions, int state, int metatable) {
    state = lua_absindex(L, state);
    if (metatable != 0) metatable = lua_absindex(L, metatable);
    for (; functions->name != NULL; functions++) {
        lua_pushvalue(L, state);
        if (metatable != 0) lua_pushvalue(L, metatable);
        lua_pushcclosure(L, functions->func, metatable != 0 ? 2 : 1);
        lua_setfield(L, -2, functions->name);
    }
}
