/* JSON text → Lua values. */
#ifndef FLEXDB_BIND_DECODE_H
#define FLEXDB_BIND_DECODE_H

#include "bind/state.h"

struct decode_options {
    bool unique_keys; /* refuse an object that repeats a key */
    int absent_depth; /* members of objects down to this depth (1: the outermost) that are null are left out, */
    const char *kept; /* but not within the member of this name (NULL: none) of an object at kept_depth */
    int kept_depth;
};

/* What the core wrote; and an array of changes, in whose details null says that there is nothing. */
extern const struct decode_options decode_plain, decode_changes;

/* Pushes the value: integers stay integers, floats floats, null is flexdb.null, arrays carry the mark. False, and
 * nothing pushed, when the text is not JSON: s->reader says why (no_memory, message, offset). Only between
 * bind_state_hold and bind_state_release: it may raise when Lua is out of memory. */
bool decode_push(lua_State *L, struct state *s, const char *text, size_t length, const struct decode_options *options);

/* The end of a call whose result the core has written into `text` (of the state): pushes the value and returns 1, or
 * fails with INTERNAL. */
int decode_result(lua_State *L, struct state *s, const struct buffer *text, const struct decode_options *options);

#endif
