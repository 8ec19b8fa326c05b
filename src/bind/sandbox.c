/* The sandbox as the host sees it: made, run, closed. lua/flexdb/sandbox.lua makes `flexdb.sandbox` of it. */
#include "bind/sandbox.h"

#include <string.h>

#include "base/uuid.h"
#include "bind/errors.h"
#include "bind/handles.h"

#define SANDBOX_METATABLE "flexdb.sandbox"

/* ---- making one ---- */

/* A number that a script cannot know. */
static bool make_secret(uint64_t *secret) {
    struct uuid_generator g = UUID_GENERATOR_INIT;
    char text[UUID_TEXT_SIZE];
    if (uuid_next(&g, 0, text) != 0) return false;
    *secret = UINT64_C(14695981039346656037);
    for (const char *c = text; *c != '\0'; c++) *secret = (*secret ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return true;
}

static struct sandbox *push_new(lua_State *L) {
    struct sandbox *b = lua_newuserdatauv(L, sizeof *b, SANDBOX_USER_VALUES - 1);
    memset(b, 0, sizeof *b);
    b->blocks.next = b->blocks.previous = &b->blocks;
    luaL_setmetatable(L, SANDBOX_METATABLE);
    return b;
}

/* Pushes the table that holds null and the metatables of this side; the plans' is given. */
static void push_marks(lua_State *L, int plans) {
    static const int values[] = {STATE_NULL, STATE_ARRAY, STATE_ERROR};
    lua_createtable(L, SANDBOX_MARKS, 0);
    for (int i = 0; i < 3; i++) {
        bind_state_push(L, values[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushvalue(L, plans);
    lua_rawseti(L, -2, SANDBOX_MARK_PLAN);
}

/* core.sandbox(memory, steps, nanoseconds, dispatch, metatable of plans, own, share): an empty sandbox, to be filled;
 * `own` is what the Lua side knows of it. */
int sandbox_new(lua_State *L) {
    bind_state_enter(L);
    lua_Integer memory = luaL_checkinteger(L, 1), steps = luaL_checkinteger(L, 2),
                nanoseconds = luaL_checkinteger(L, 3);
    luaL_checktype(L, 4, LUA_TFUNCTION);
    luaL_checktype(L, 5, LUA_TTABLE);
    luaL_checktype(L, 6, LUA_TTABLE);
    lua_Integer share = luaL_checkinteger(L, 7);
    struct sandbox *b = push_new(L);
    b->memory = (size_t)memory;
    b->host_share = (size_t)share;
    b->step_limit = (uint64_t)steps;
    b->nanoseconds = nanoseconds;
    lua_newtable(L);
    lua_setiuservalue(L, -2, SANDBOX_REFS);
    push_marks(L, 5);
    lua_setiuservalue(L, -2, SANDBOX_MARKED);
    lua_pushvalue(L, 4);
    lua_setiuservalue(L, -2, SANDBOX_DISPATCH);
    lua_pushvalue(L, 6);
    lua_setiuservalue(L, -2, SANDBOX_OWN);
    if (!make_secret(&b->secret)) return luaL_error(L, "the system gives no randomness");
    b->main = b->thread = lua_newstate(sandbox_allocate, b);
    if (b->main == NULL) return luaL_error(L, "not enough memory");
    return 1;
}

static struct sandbox *check(lua_State *L) {
    struct sandbox *b = bind_state_self(L, SANDBOX_METATABLE);
    bind_state_enter(L);
    if (b->running) errors_raise(L, "the sandbox is running");
    return b;
}

/* Enters the sandbox with the arguments from the second on as message. */
static int enter(lua_State *L, struct sandbox *b, lua_CFunction body, void *argument, int first) {
    struct sandbox_copy c;
    int last = lua_gettop(L);
    luaL_checkstack(L, 16, "sandbox");
    sandbox_copy_outside(&c, b, L, 1);
    sandbox_write_begin(b);
    sandbox_write_all(&c, first, last);
    lua_settop(L, last);
    lua_pushvalue(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, b);
    b->running = true;
    b->callbacks = 0;
    sandbox_arm(b);
    sandbox_note_hook(b, L);
    b->host_limit = sandbox_host_bytes(L) + b->host_share;
    int status = sandbox_enter(b, L, body, argument);
    b->running = b->copying = false;
    memset(b->serials, 0, sizeof b->serials);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, b);
    if (status != LUA_OK && b->ended == SANDBOX_LIVE) b->ended = SANDBOX_MEMORY;
    if (b->ended != SANDBOX_LIVE) sandbox_free_blocks(b);
    return status;
}

static int push_ended(lua_State *L, const struct sandbox *b) {
    static const char *const reasons[] = {"closed", "memory", "steps", "time", "host", "share", "stopped"};
    lua_pushliteral(L, "ended");
    lua_pushstring(L, reasons[b->ended]);
    return 2;
}

/* sandbox:fill(classes, …), see sandbox_fill: "ok", or "ended" and why. */
static int fill(lua_State *L) {
    struct sandbox *b = check(L);
    if (enter(L, b, sandbox_fill, b, 2) != LUA_OK) return push_ended(L, b);
    lua_pushliteral(L, "ok");
    return 1;
}

static int set_body(lua_State *box) {
    const struct sandbox_run *run = lua_touserdata(box, 1);
    struct sandbox_copy c;
    sandbox_copy_inside(&c, run->b, box);
    lua_getfield(box, LUA_REGISTRYINDEX, run->name);
    sandbox_read_all(&c);
    lua_rawset(box, -3);
    return 0;
}

/* sandbox:set(name, value, pristine): a global of the script; or one of each run that begins anew, which then must be
 * nothing that a script can change. */
static int set(lua_State *L) {
    struct sandbox *b = check(L);
    struct sandbox_run run = {.b = b, .name = lua_toboolean(L, 4) ? SANDBOX_KEY_PRISTINE : SANDBOX_KEY_ENV};
    lua_settop(L, 3);
    if (b->main == NULL || enter(L, b, set_body, &run, 2) != LUA_OK) return push_ended(L, b);
    lua_pushliteral(L, "ok");
    return 1;
}

/* ---- running ---- */

static int run_body(lua_State *box) {
    struct sandbox_run *run = lua_touserdata(box, 1);
    struct sandbox_copy c;
    sandbox_return(box);
    sandbox_copy_inside(&c, run->b, box);
    if (luaL_loadbufferx(box, run->text, run->length, run->name, "t") != LUA_OK) {
        sandbox_write_error(&c, lua_gettop(box));
        run->kind = "syntax";
    } else {
        int count = sandbox_read_all(&c);
        run->kind = sandbox_call_script(box, count) ? "ok" : "error";
    }
    return 0;
}

/* Runs the text at 2 with the name at 3; the message is what stands from `first` on. */
static int run_text(lua_State *L, lua_CFunction body, lua_Integer number, int first) {
    struct sandbox *b = check(L);
    struct sandbox_run run = {.b = b, .name = luaL_checkstring(L, 3), .number = number};
    struct sandbox_copy c;
    luaL_checktype(L, 2, LUA_TSTRING);
    run.text = lua_tolstring(L, 2, &run.length);
    if (b->main == NULL || enter(L, b, body, &run, first) != LUA_OK) return push_ended(L, b);
    sandbox_copy_outside(&c, b, L, 1);
    lua_pushstring(L, run.kind);
    return 1 + sandbox_read_all(&c);
}

/* sandbox:execute(text, name, …), with the script's arguments: "ok" and the results; "error" and what was raised;
 * "syntax" and the message; "ended" and why. */
static int execute(lua_State *L) { return run_text(L, run_body, 0, 4); }

/* sandbox:anew(text, name, number, values): the same in a new environment with these globals. The text is kept compiled
 * under the number. */
static int anew(lua_State *L) {
    lua_Integer number = luaL_checkinteger(L, 4);
    luaL_checktype(L, 5, LUA_TTABLE);
    lua_settop(L, 5);
    for (lua_pushnil(L); lua_next(L, 5) != 0; lua_pushvalue(L, -2)) luaL_checkstack(L, 8, "values");
    return run_text(L, sandbox_run_anew, number, 6);
}

/* sandbox:rebind(ticket, value): what a pinned ticket, and the object that the script has of it, stand for. */
static int rebind(lua_State *L) {
    bind_state_self(L, SANDBOX_METATABLE);
    const struct sandbox_ticket *ticket = luaL_checkudata(L, 2, SANDBOX_TICKET);
    lua_settop(L, 3);
    lua_getiuservalue(L, 1, SANDBOX_REFS);
    lua_pushvalue(L, 3);
    lua_rawseti(L, -2, ticket->slot + 1);
    return 0;
}

/* sandbox:why(): what the host has stopped the script by. */
static int why(lua_State *L) {
    bind_state_self(L, SANDBOX_METATABLE);
    if (lua_getiuservalue(L, 1, SANDBOX_WHY) == LUA_TNIL) lua_pushliteral(L, SANDBOX_INTERRUPTION);
    return 1;
}

static int stop(lua_State *L) {
    bind_state_self(L, SANDBOX_METATABLE);
    return sandbox_stop(L);
}

/* sandbox:own() */
static int own(lua_State *L) {
    bind_state_self(L, SANDBOX_METATABLE);
    lua_getiuservalue(L, 1, SANDBOX_OWN);
    return 1;
}

/* sandbox:usage(): bytes and steps. */
static int usage(lua_State *L) {
    const struct sandbox *b = bind_state_self(L, SANDBOX_METATABLE);
    lua_pushinteger(L, (lua_Integer)b->used);
    lua_pushinteger(L, (lua_Integer)b->steps);
    return 2;
}

static int ticket(lua_State *L) {
    bind_state_self(L, SANDBOX_METATABLE);
    return sandbox_ticket(L);
}

/* ---- closing ---- */

static int sandbox_gc(lua_State *L) {
    struct sandbox *b = bind_state_self(L, SANDBOX_METATABLE);
    sandbox_free_blocks(b);
    buffer_free(&b->crossing);
    return 0;
}

static int sandbox_close(lua_State *L) {
    check(L);
    lua_newtable(L);
    lua_setiuservalue(L, 1, SANDBOX_REFS);
    sandbox_gc(L);
    lua_pushboolean(L, 1);
    return 1;
}

void bind_sandbox_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {{"__gc", sandbox_gc}, {"__close", sandbox_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"fill", fill},           {"set", set}, {"execute", execute}, {"anew", anew}, {"rebind", rebind},
        {"usage", usage},         {"own", own}, {"ticket", ticket},   {"why", why},   {"stop", stop},
        {"close", sandbox_close}, {NULL, NULL}};
    const luaL_Reg *const methods[] = {functions, NULL};
    luaL_newmetatable(L, SANDBOX_TICKET);
    lua_pushliteral(L, SANDBOX_TICKET);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    bind_class_new(L, state, SANDBOX_METATABLE, metamethods, methods, NULL);
}

const luaL_Reg bind_sandbox_functions[] = {{"sandbox", sandbox_new}, {NULL, NULL}};
