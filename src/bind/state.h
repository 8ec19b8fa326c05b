/* One Lua state's share of the binding: the memory that calls borrow, and the values that every file needs.
 *
 * A C function of the binding has the state as its first upvalue (and its own metatable, where it is a method, as its
 * second). All memory that is not Lua's and lives across a Lua call that may raise belongs to this userdata, or to the
 * userdata of a handle: nothing is lost when Lua runs out of memory in between. See README.md. */
#ifndef FLEXDB_BIND_STATE_H
#define FLEXDB_BIND_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include <lauxlib.h>
#include <lua.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json_reader.h"
#include "flexdb.h"

#define STATE_UPVALUE      lua_upvalueindex(1)
#define METATABLE_UPVALUE  lua_upvalueindex(2)
#define DATABASE_METATABLE "flexdb.database"
#define TABLE_METATABLE    "flexdb.table"
#define VIEW_METATABLE     "flexdb.view"
#define ROWS_METATABLE     "flexdb.rows"
#define BATCH_METATABLE    "flexdb.batch"
#define LEVEL_METATABLE    "flexdb.level"
#define JOB_METATABLE      "flexdb.job"

/* User values of the state. SHAPES: those in use, by the address of their validator; weak. */
enum { STATE_NULL = 1, STATE_ARRAY, STATE_MARKS, STATE_ERROR, STATE_SHAPE, STATE_SHAPES, STATE_OWN, STATE_VALUES };

struct state {
    flexdb_error err, more;    /* of the call under way; clear when no call is */
    struct buffer text;        /* a document on its way in or out */
    struct buffer json;        /* the json values of the record that is laid out */
    struct buffer path;        /* of a fault */
    struct json_reader reader; /* of the text that is being decoded */
    struct arena faults;       /* of the record that is laid out */
    flexdb_value *given;       /* the record that is laid out */
    int *kept;                 /* where on the stack each of its values is kept; 0: nowhere */
    size_t laid, capacity;     /* the fields that are laid out, and those there is room for */
    size_t first_table;        /* the first of them that is a json value, where there is one */
    flexdb_record *record;     /* room of calls without a table; made when it is first needed */
    const void *null;          /* the address of flexdb.null */
    bool busy;                 /* something above is in use, or borrowed from the core, while Lua may collect garbage */
    const void *pinned;        /* the connection that it is borrowed from, or NULL */
};

/* Pushes a new state with its user values: flexdb.null and the metatables. */
struct state *bind_state_new(lua_State *L);

/* The first line of every function of the binding. Raises where a finalizer calls into the binding while a record is
 * being handed over: its memory is in use. (The flag that says so may be left over from a call that ran out of memory;
 * then it is taken down here.) */
struct state *bind_state_enter(lua_State *L);

/* Between these two finalizers are kept out. `connection` may be NULL. Raising in between is allowed. */
static inline void bind_state_hold(struct state *s, const void *connection) { s->busy = true, s->pinned = connection; }
static inline void bind_state_release(struct state *s) { s->busy = false, s->pinned = NULL; }

/* Whether closing this connection now would pull a record from under a call that is going on. */
bool bind_state_pins(lua_State *L, struct state *s, const void *connection);
/* For a finalizer of the binding, with its object alone on the stack: whether the collector has called it in the middle
 * of such a call, so that it must wait for another time: rolling back would do the same. */
bool bind_state_postpones(lua_State *L, const struct state *s);

/* Pushes user value `which` of the state; only in a C function of the binding. */
static inline void bind_state_push(lua_State *L, int which) { lua_getiuservalue(L, STATE_UPVALUE, which); }

/* Room for `count` values in s->given, none of them kept; false when memory is out. */
bool bind_state_room(struct state *s, size_t count);

/* Sets functions in the table on the top, each with the state at `state`, and with the metatable at `metatable` unless
 * that is 0. */
void bind_state_register(lua_State *L, const luaL_Reg *functions, int state, int metatable);

/* The self of a method, or NULL when argument 1 is not a userdata with the function's own metatable. */
static inline void *bind_state_find_self(lua_State *L) {
    void *self = lua_touserdata(L, 1);
    if (self == NULL || !lua_getmetatable(L, 1) || !lua_rawequal(L, -1, METATABLE_UPVALUE)) return NULL;
    lua_pop(L, 1);
    return self;
}

/* The same; raises in place of NULL. */
static inline void *bind_state_self(lua_State *L, const char *name) {
    void *self = bind_state_find_self(L);
    if (self == NULL) luaL_typeerror(L, 1, name);
    return self;
}

#endif
