#include "bind/host.h"

#include <string.h>
#include <time.h>

#include "base/confined.h"
#include "bind/errors.h"

/* As much as a document may have. */
#define MAX_FILE ((size_t)8 << 20)

static int host_read_inside(lua_State *L) {
    struct state *s = bind_state_enter(L);
    size_t length;
    const char *root = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, strlen(root) == length, 1, "must not hold a NUL byte");
    const char *path = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, strlen(path) == length, 2, "must not hold a NUL byte");
    buffer_reset(&s->text);
    buffer_reset(&s->path);
    if (confined_read(root, path, MAX_FILE, &s->text, &s->path, &s->err) != 0) return errors_fail(L, s);
    lua_pushlstring(L, s->text.data, s->text.length);
    lua_pushlstring(L, s->path.data, s->path.length);
    return 2;
}

static int host_clock(lua_State *L) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

const luaL_Reg bind_host_functions[] = {{"read_inside", host_read_inside}, {"clock", host_clock}, {NULL, NULL}};
