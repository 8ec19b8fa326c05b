/* Arguments and options: what is wrong with them is a programmer's mistake and raises. Read raw. */
#ifndef FLEXDB_BIND_OPTIONS_H
#define FLEXDB_BIND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

/* A string, and not a number that would do for one. */
const char *options_text(lua_State *L, int argument, size_t *length);
/* An integer, or a float that is one. */
lua_Integer options_integer(lua_State *L, int argument);
/* A table; or, where `optional`, nil. False for nil. */
bool options_table(lua_State *L, int argument, bool optional);

/* Raises unless the argument is nil or a table whose keys are all among `names`, which ends with NULL. */
void options_check(lua_State *L, int argument, const char *const names[]);
bool options_boolean(lua_State *L, int argument, const char *name, bool otherwise);
/* Without NUL bytes, or NULL; it stays on the stack, where no finalizer can take it away. `length` may be NULL. */
const char *options_string(lua_State *L, int argument, const char *name, size_t *length);
/* Pushes a function; false, and nothing pushed, where there is none. */
bool options_function(lua_State *L, int argument, const char *name);
/* A version: an integer of at least 1, or 0 where there is none. */
int64_t options_version(lua_State *L, int argument, const char *name);
/* Seconds, not negative, or -1 where there are none. */
double options_seconds(lua_State *L, int argument, const char *name);

#endif
