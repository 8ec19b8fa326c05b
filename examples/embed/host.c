/* A program of yours that lets others' scripts work on one of its databases.
 *
 *   cc host.c $(pkg-config --cflags --libs lua5.4) -o host
 *   ./host sqlite:orders.db report.lua greedy.lua curious.lua
 *
 * The host itself is trusted and uses FlexDB as any Lua program does: it opens the database and makes its table. Each
 * script gets a sandbox of its own, with the one table that is meant for it and one function of the host's. What a
 * script returns is printed; a script that fails or exceeds its limits leaves nothing half-done. */
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* What the host does with FlexDB, in Lua, which is shorter than the same in calls of Lua's C API. The first function
 * opens the database, the second runs a script. */
static const char setup[] =
    "local flexdb = require 'flexdb'\n"
    "local discount = ...\n"
    "local function open(url)\n"
    "    local db = assert(flexdb.open(url, { application = 'shop' }))\n"
    "    assert(db:apply {\n"
    "        orders = { columns = {\n"
    "            { name = 'product', dataType = 'string', required = true },\n"
    "            { name = 'quantity', dataType = 'integer', required = true, validation = { min = 1 } },\n"
    "        } },\n"
    "        customers = { columns = { { name = 'email', dataType = 'string' } } },\n"
    "    })\n"
    "    return db\n"
    "end\n"
    "local function run(db, path)\n"
    "    local file <close> = assert(io.open(path, 'rb'))\n"
    "    local text = file:read 'a'\n"
    "    return db:transaction(function()\n"
    "        local box <close> = assert(flexdb.sandbox.new {\n"
    "            db = db, tables = { 'orders' },\n"
    "            memory = 16 << 20, steps = 20000000, seconds = 5,\n"
    "            values = { discount = discount },\n"
    "        })\n"
    "        return box:run(text, path:match '[^/]*$')\n"
    "    end)\n"
    "end\n"
    "return open, run\n";

/* A function of the host's that scripts may call: the discount for a quantity, in percent. Its arguments come from a
 * script, so it checks them as any function of Lua's does. */
static int discount(lua_State *L) {
    lua_Integer quantity = luaL_checkinteger(L, 1);
    lua_pushinteger(L, quantity >= 100 ? 10 : quantity >= 10 ? 5 : 0);
    return 1;
}

/* Prints the error at the top and takes it off. */
static void complain(lua_State *L, const char *what) {
    fprintf(stderr, "%s: %s\n", what, luaL_tolstring(L, -1, NULL));
    lua_pop(L, 2);
}

/* Runs one script; `run` and `db` are where these stand on the stack. */
static int run_script(lua_State *L, int run, int db, const char *path) {
    int top = lua_gettop(L);
    lua_pushvalue(L, run);
    lua_pushvalue(L, db);
    lua_pushstring(L, path);
    if (lua_pcall(L, 2, 2, 0) != LUA_OK) {
        complain(L, path);
        return 1;
    }
    int failed = lua_isnil(L, -2) && !lua_isnil(L, -1); /* nil and the error */
    if (failed)
        printf("%s: refused: %s\n", path, luaL_tolstring(L, -1, NULL));
    else
        printf("%s: %s\n", path, luaL_tolstring(L, -2, NULL));
    lua_settop(L, top);
    return failed;
}

int main(int count, char **arguments) {
    if (count < 2) {
        fprintf(stderr, "usage: host URL SCRIPT...\n");
        return 2;
    }
    lua_State *L = luaL_newstate();
    if (L == NULL) return 1;
    luaL_openlibs(L);
    int rc = luaL_loadbufferx(L, setup, sizeof setup - 1, "=host", "t");
    lua_pushcfunction(L, discount);
    if (rc != LUA_OK || lua_pcall(L, 1, 2, 0) != LUA_OK) {
        complain(L, "host");
        return lua_close(L), 1;
    }
    int open = lua_gettop(L) - 1, run = open + 1, db = run + 1, failed = 0;
    lua_pushvalue(L, open);
    lua_pushstring(L, arguments[1]);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        complain(L, "host");
        return lua_close(L), 1;
    }
    for (int i = 2; i < count; i++) failed += run_script(L, run, db, arguments[i]);
    lua_close(L); /* closes the database */
    return failed == 0 ? 0 : 1;
}
