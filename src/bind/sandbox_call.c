/* Calls across the border, both ways, and what the slots hold. */
#include <string.h>

#include "bind/sandbox.h"

/* ---- slots ---- */

static int free_slot(const struct sandbox *b) {
    for (int i = 0; i < SANDBOX_SLOTS; i++) {
        if (b->holders[i] == 0) return i;
    }
    return -1;
}

/* sandbox:ticket(class, value, pinned): the value as the sandbox is to see it; nil when the script holds too much. */
int sandbox_ticket(lua_State *host) {
    struct sandbox *b = lua_touserdata(host, 1);
    int class = (int)luaL_checkinteger(host, 2);
    lua_settop(host, 4);
    struct sandbox_ticket *ticket = lua_newuserdatauv(host, sizeof *ticket, 0);
    *ticket = (struct sandbox_ticket){.class = class, .pinned = lua_toboolean(host, 4) != 0};
    luaL_setmetatable(host, SANDBOX_TICKET);
    int slot = free_slot(b);
    if (slot < 0 && b->main != NULL && b->ended == SANDBOX_LIVE) {
        lua_gc(b->thread, LUA_GCCOLLECT); /* proxies that nobody holds */
        slot = free_slot(b);
    }
    if (slot < 0) {
        lua_pushnil(host);
        return 1;
    }
    ticket->slot = slot;
    lua_getiuservalue(host, 1, SANDBOX_REFS);
    lua_pushvalue(host, 3);
    lua_rawseti(host, -2, slot + 1);
    b->holders[slot] = 1;
    lua_pushvalue(host, 5);
    return 1;
}

/* ---- the script calls the host ---- */

struct host_call {
    struct sandbox *b;
    int slot;
    const char *class, *method;
    bool raised, no_memory;
};

/* Whether an error is that the host's memory is out, which the script is not to catch either. */
static bool is_no_memory(lua_State *host, int status) {
    return status == LUA_ERRMEM ||
           (lua_type(host, -1) == LUA_TSTRING && strcmp(lua_tostring(host, -1), "not enough memory") == 0);
}

/* Whether the value at `index` is what Lua's own program raises when somebody has pressed Ctrl-C. */
static bool is_interruption(lua_State *host, int index) {
    const size_t ending = sizeof SANDBOX_INTERRUPTION - 1;
    if (lua_type(host, index) != LUA_TSTRING) return false;
    size_t length;
    const char *text = lua_tolstring(host, index, &length);
    return length >= ending && memcmp(text + length - ending, SANDBOX_INTERRUPTION, ending) == 0;
}

/* Ends the script when the call returns; the value at the top says why. */
static void stop(lua_State *host, struct sandbox *b) {
    lua_rawgetp(host, LUA_REGISTRYINDEX, b);
    lua_pushvalue(host, -2);
    lua_setiuservalue(host, -2, SANDBOX_WHY);
    lua_pop(host, 1);
    if (b->ended == SANDBOX_LIVE) b->ended = SANDBOX_STOPPED;
}

int sandbox_stop(lua_State *host) {
    struct sandbox *b = lua_touserdata(host, 1);
    luaL_checkany(host, 2);
    lua_settop(host, 2);
    if (b->running && b->border == NULL) stop(host, b);
    return 0;
}

size_t sandbox_host_bytes(lua_State *host) {
    return (size_t)lua_gc(host, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(host, LUA_GCCOUNTB);
}

/* Ends a script that makes the host keep, or make at once, more than its share. */
static void check_share(lua_State *host, struct sandbox *b) {
    if (sandbox_host_bytes(host) <= b->host_limit) return;
    lua_gc(host, LUA_GCCOLLECT);
    if (sandbox_host_bytes(host) > b->host_limit && b->ended == SANDBOX_LIVE) b->ended = SANDBOX_HOST_SHARE;
}

/* Calls dispatch(object, class, method, …) of the host, and writes what it came to. */
static int dispatch(lua_State *host) {
    struct host_call *call = lua_touserdata(host, 1);
    struct sandbox *b = call->b;
    struct sandbox_copy c;
    luaL_checkstack(host, 16, "call");
    lua_rawgetp(host, LUA_REGISTRYINDEX, b);
    sandbox_copy_outside(&c, b, host, lua_gettop(host));
    lua_getiuservalue(host, c.self, SANDBOX_DISPATCH);
    lua_rawgeti(host, c.refs, call->slot + 1);
    lua_pushstring(host, call->class);
    lua_pushstring(host, call->method);
    int base = lua_gettop(host) - 4;
    int count = sandbox_read_all(&c);
    b->copying = false;
    int status = lua_pcall(host, 3 + count, LUA_MULTRET, 0);
    call->raised = status != LUA_OK;
    call->no_memory = call->raised && is_no_memory(host, status);
    if (call->raised && is_interruption(host, -1)) stop(host, b);
    if (b->ended != SANDBOX_LIVE || call->no_memory) return 0;
    b->copying = true;
    sandbox_write_begin(b);
    if (call->raised)
        sandbox_write_error(&c, -1);
    else
        sandbox_write_all(&c, base + 1, lua_gettop(host));
    return 0;
}

static int run_dispatch(struct host_call *call) {
    lua_State *host = call->b->host;
    if (!lua_checkstack(host, 6)) return LUA_ERRMEM;
    int top = lua_gettop(host);
    lua_pushcfunction(host, dispatch);
    lua_pushlightuserdata(host, call);
    int status = lua_pcall(host, 1, 0, 0);
    if (status == LUA_ERRRUN && is_interruption(host, -1)) {
        stop(host, call->b);
    } else if (status == LUA_ERRRUN && lua_type(host, -1) == LUA_TSTRING && !is_no_memory(host, status)) {
        /* The result could not be written: it is an error of the call. */
        struct buffer *out = &call->b->crossing;
        size_t length;
        const char *text = lua_tolstring(host, -1, &length);
        char tag = 5;
        sandbox_write_begin(call->b);
        buffer_append(out, &tag, 1);
        buffer_append(out, &length, sizeof length);
        buffer_append(out, text, length);
        call->raised = true;
        status = buffer_failed(out) ? LUA_ERRMEM : LUA_OK;
    }
    lua_settop(host, top);
    sandbox_note_hook(call->b, host);
    check_share(host, call->b);
    return status;
}

/* Pushes what the call came to; raises the error of the host, with the line of the script before a text. */
static int take_results(lua_State *box, struct sandbox_copy *c, bool raised) {
    struct sandbox *b = c->b;
    c->at = 0;
    if (!raised) {
        int count = sandbox_read_all(c);
        b->copying = false;
        return count;
    }
    sandbox_read(c);
    b->copying = false;
    if (!b->raised_inside && lua_type(box, -1) == LUA_TSTRING) {
        luaL_where(box, 1);
        lua_insert(box, -2);
        lua_concat(box, 2);
    }
    return lua_error(box);
}

int sandbox_call_host(lua_State *box, int slot, const char *class, const char *method, int first) {
    struct sandbox *b = sandbox_of(box);
    struct sandbox_copy c;
    struct host_call call = {.b = b, .slot = slot, .class = class, .method = method};
    int last = lua_gettop(box);
    sandbox_charge(b, 100);
    sandbox_copy_inside(&c, b, box);
    sandbox_write_begin(b);
    sandbox_write_all(&c, first, last);
    struct sandbox_border *border = b->border;
    lua_State *thread = b->thread;
    size_t callbacks = b->callbacks;
    b->callbacks += b->new_callbacks;
    b->new_callbacks = 0;
    b->border = NULL;
    b->thread = box;
    b->copying = true;
    b->raised_inside = false;
    int status = run_dispatch(&call);
    b->border = border;
    b->thread = thread;
    for (size_t i = callbacks; i < b->callbacks; i++) b->serials[i] = 0;
    b->callbacks = callbacks;
    if (b->ended != SANDBOX_LIVE) sandbox_end(b, b->ended);
    if (status != LUA_OK || call.no_memory) sandbox_end(b, SANDBOX_HOST_MEMORY);
    sandbox_check_time(b);
    return take_results(box, &c, call.raised);
}

/* ---- the host calls the script ---- */

struct callback_call {
    struct sandbox *b;
    size_t number;
    bool raised;
};

static int write_results(lua_State *box) {
    struct sandbox *b = sandbox_of(box);
    struct sandbox_copy c;
    int last = lua_gettop(box);
    sandbox_copy_inside(&c, b, box);
    c.functions = false;
    sandbox_write_begin(b);
    sandbox_write_all(&c, 1, last);
    return 0;
}

bool sandbox_call_script(lua_State *box, int arguments) {
    struct sandbox *b = sandbox_of(box);
    struct sandbox_copy c;
    int base = lua_gettop(box) - arguments - 1;
    bool good = lua_pcall(box, arguments, LUA_MULTRET, 0) == LUA_OK;
    if (b->is_refused) sandbox_end(b, b->host_refused ? SANDBOX_HOST_MEMORY : SANDBOX_MEMORY);
    if (good) {
        luaL_checkstack(box, 1, "results");
        lua_pushcfunction(box, write_results);
        lua_insert(box, base + 1);
        good = lua_pcall(box, lua_gettop(box) - base - 1, 0, 0) == LUA_OK;
    }
    if (good) return true;
    sandbox_copy_inside(&c, b, box);
    sandbox_write_error(&c, base + 1);
    return false;
}

static int run_callback(lua_State *box) {
    struct callback_call *call = lua_touserdata(box, 1);
    struct sandbox_copy c;
    sandbox_copy_inside(&c, call->b, box);
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_CALLBACKS);
    lua_rawgeti(box, -1, (lua_Integer)call->number + 1);
    int count = sandbox_read_all(&c);
    call->b->copying = false;
    call->raised = !sandbox_call_script(box, count);
    call->b->copying = true;
    return 0;
}

/* The function that the host sees. Upvalues: the sandbox, the number, the serial. */
static int callback(lua_State *host) {
    struct sandbox *b = lua_touserdata(host, lua_upvalueindex(1));
    struct callback_call call = {.b = b, .number = (size_t)lua_tointeger(host, lua_upvalueindex(2))};
    struct sandbox_copy c;
    int last = lua_gettop(host);
    if (b->main == NULL || b->ended != SANDBOX_LIVE || b->copying || b->border != NULL ||
        b->serials[call.number] != (uint64_t)lua_tointeger(host, lua_upvalueindex(3))) {
        return luaL_error(host, "a function of a sandboxed script was called after the call that it was given to");
    }
    luaL_checkstack(host, 16, "callback");
    lua_pushvalue(host, lua_upvalueindex(1));
    sandbox_copy_outside(&c, b, host, last + 1);
    sandbox_write_begin(b);
    sandbox_write_all(&c, 1, last);
    b->copying = true;
    int status = sandbox_enter(b, host, run_callback, &call);
    if (status != LUA_OK) {
        b->copying = false;
        return luaL_error(host, "the sandboxed script was ended");
    }
    c.at = 0;
    lua_settop(host, c.refs);
    int count = sandbox_read_all(&c);
    b->copying = false;
    b->raised_inside = call.raised;
    if (!call.raised) return count;
    /* Nobody has pressed Ctrl-C, whatever the script says. */
    if (is_interruption(host, -1)) lua_pushfstring(host, "%s (says the script)", lua_tostring(host, -1));
    return lua_error(host);
}

void sandbox_push_callback(lua_State *host, int self, size_t number, uint64_t serial) {
    luaL_checkstack(host, 4, "callback");
    lua_pushvalue(host, self);
    lua_pushinteger(host, (lua_Integer)number);
    lua_pushinteger(host, (lua_Integer)serial);
    lua_pushcclosure(host, callback, 3);
}
