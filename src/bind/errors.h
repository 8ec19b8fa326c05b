/* The two ways out to Lua: an error returned as `nil, err`, and a programmer's mistake raised. Both are here. */
#ifndef FLEXDB_BIND_ERRORS_H
#define FLEXDB_BIND_ERRORS_H

#include "bind/state.h"

/* Pushes the metatable of error objects (`__name` flexdb.error, `__tostring` "code: message", `__concat`). */
void errors_metatable(lua_State *L);
/* The `__concat` of values that are texts by their `__tostring`. */
int errors_concat(lua_State *L);

/* Pushes { code, message, issues, retryable } for an error; only between bind_state_hold and bind_state_release, for it
 * may raise. `err` is left as it is. */
void errors_push(lua_State *L, struct state *s, const flexdb_error *err);

/* The way out of a call that failed: takes s->err. Raises for MISUSE; else pushes nil and the error and returns 2. */
int errors_fail(lua_State *L, struct state *s);

/* The same for running out of memory outside of the core. */
int errors_no_memory(lua_State *L, struct state *s);

/* Raises at the line of the script that has called FlexDB. Formats as lua_pushfstring does. */
int errors_raise(lua_State *L, const char *format, ...) __attribute__((noreturn));

/* core.own(function, …): the files of these functions are FlexDB's own, no place for a script's mistake. */
int errors_own(lua_State *L);

/* core.error(code, message): an error object for what the Lua side itself finds. */
int errors_new(lua_State *L);

/* Pushes core.codes: a set of the codes that an error object may have. */
void errors_push_codes(lua_State *L);

#endif
