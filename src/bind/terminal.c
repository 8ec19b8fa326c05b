/* Whether a program's standard streams are a terminal, and how wide it is: what Lua cannot ask by itself. */
#include "bind/handles.h"
#include "bind/options.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <lauxlib.h>

/* terminal(descriptor): the terminal's columns, or nil where the descriptor (0 to 2) is none. 0 where it does not say.
 */
int bind_terminal_columns(lua_State *L) {
    lua_Integer descriptor = options_integer(L, 1);
    luaL_argcheck(L, descriptor >= 0 && descriptor <= 2, 1, "a descriptor must be 0, 1 or 2");
    if (!isatty((int)descriptor)) {
        lua_pushnil(L);
        return 1;
    }
    lua_Integer columns = 0;
#ifdef TIOCGWINSZ
    struct winsize size;
    if (ioctl((int)descriptor, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
#endif
    lua_pushinteger(L, columns);
    return 1;
}
