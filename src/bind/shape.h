/* Records between Lua tables and the core's flat vectors: what a validator's shape looks like from Lua.
 *
 * A handle whose records change their shape when the definition does (a table, a result, a validator) begins with a
 * `struct shaped` and keeps the shape in two of its user values. */
#ifndef FLEXDB_BIND_SHAPE_H
#define FLEXDB_BIND_SHAPE_H

#include "bind/state.h"

/* The user values of a shaped handle. OWNER: what it came from, kept alive. */
enum { SHAPED_OWNER = 1, SHAPED_SHAPE, SHAPED_KEYS, SHAPED_VALUES = SHAPED_KEYS };

struct shape;
struct shaped {
    struct shape *shape; /* NULL until the first record; anchored by SHAPED_SHAPE */
};

/* Pushes the metatable of shapes. */
void shape_metatable(lua_State *L);

/* Makes the handle at `index` use this validator (which the shape then holds). May raise when Lua is out of memory. */
void shape_use(lua_State *L, struct state *s, struct shaped *shaped, int index, const flexdb_validator *v);

/* Lays the record at `index` (a table) out in s->given, borrowing its texts: good until Lua code may run, which is soon
 * when a result is pushed; with `keep` they are left on the stack, where no finalizer can take them away. Returns the
 * number of keys that are no field, or -1 when memory is out. Runs no Lua code and does not raise. */
int64_t shape_collect(lua_State *L, struct state *s, const struct shape *shape, int index, bool keep);

/* Whether the key below the top of the stack is no field. */
bool shape_is_unknown(lua_State *L, const struct shape *shape);

/* Pushes a new table with the values that are there; with `selected`, a bool for each field, the others are left out.
 * `echo`: they come from the record that shape_collect has laid out and kept, whose strings are used again.
 * False, with s->err set and nothing pushed, when a json value cannot be read. Only between bind_state_hold and
 * bind_state_release. */
bool shape_push(lua_State *L, struct state *s, const struct shaped *shaped, int index, const flexdb_value *values,
                const bool *selected, bool echo);

const flexdb_validator *shape_validator(const struct shape *shape);

#endif
