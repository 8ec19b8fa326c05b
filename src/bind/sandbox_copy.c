/* Values on their way between the two states, as bytes: written from one, read into the other. Tables are read raw. */
#include <string.h>

#include "bind/sandbox.h"

enum tag {
    TAG_NIL,
    TAG_FALSE,
    TAG_TRUE,
    TAG_INTEGER,
    TAG_FLOAT,
    TAG_STRING,
    TAG_TABLE,
    TAG_END,
    TAG_NULL,
    TAG_OBJECT,
    TAG_CALLBACK
};

/* About what they take in the state that they come into. */
enum { WEIGHT_TABLE = 96, WEIGHT_VALUE = 24 };

/* ---- writing ---- */

static int fail(struct sandbox_copy *c, const char *what) {
    return luaL_error(c->L, c->inside ? "%s cannot leave the sandbox" : "%s cannot enter the sandbox", what);
}

void sandbox_write_begin(struct sandbox *b) {
    buffer_reset(&b->crossing);
    b->budget = b->memory / 2;
    b->new_callbacks = 0;
}

static void put(struct sandbox_copy *c, const void *data, size_t length) {
    buffer_append(&c->b->crossing, data, length);
    if (!buffer_failed(&c->b->crossing)) return;
    if (c->inside) sandbox_end(c->b, SANDBOX_HOST_MEMORY);
    luaL_error(c->L, "not enough memory");
}

static void put_tag(struct sandbox_copy *c, enum tag tag) {
    char byte = (char)tag;
    put(c, &byte, 1);
}

static void weigh(struct sandbox_copy *c, size_t weight) {
    if (weight > c->b->budget) {
        luaL_error(c->L, "what crosses the border of the sandbox at once takes more than half of its memory");
    }
    c->b->budget -= weight;
    if (c->inside) sandbox_charge(c->b, 1 + weight / 256);
}

static void write_at(struct sandbox_copy *c, int index, int depth);

/* Which mark the table or userdata at `index` has; 0: none. */
static int mark_of(struct sandbox_copy *c, int index) {
    int mark = 0;
    if (lua_type(c->L, index) == LUA_TUSERDATA) {
        lua_rawgeti(c->L, c->marks, SANDBOX_MARK_NULL);
        if (lua_rawequal(c->L, -1, index)) mark = SANDBOX_MARK_NULL;
        lua_pop(c->L, 1);
        return mark;
    }
    if (!lua_getmetatable(c->L, index)) return 0;
    for (int i = SANDBOX_MARK_ARRAY; i < SANDBOX_MARKS && mark == 0; i++) {
        lua_rawgeti(c->L, c->marks, i);
        if (lua_rawequal(c->L, -1, -2)) mark = i;
        lua_pop(c->L, 1);
    }
    lua_pop(c->L, 1);
    return mark;
}

static void write_table(struct sandbox_copy *c, int index, int depth) {
    if (depth == SANDBOX_DEPTH) {
        luaL_error(c->L,
                   "a table that nests more than %d levels, or holds itself, cannot cross the border of the sandbox",
                   SANDBOX_DEPTH);
    }
    luaL_checkstack(c->L, 6, "table");
    weigh(c, WEIGHT_TABLE);
    put_tag(c, TAG_TABLE);
    char mark = (char)mark_of(c, index);
    put(c, &mark, 1);
    uint32_t integers = 0; /* of its keys; written once they are counted */
    size_t place = c->b->crossing.length;
    put(c, &integers, sizeof integers);
    lua_pushnil(c->L);
    while (lua_next(c->L, index) != 0) {
        int value = lua_gettop(c->L), type = lua_type(c->L, value - 1);
        integers += lua_isinteger(c->L, value - 1) != 0;
        if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN) {
            lua_pushfstring(c->L, "a table with a %s as key", lua_typename(c->L, type));
            fail(c, lua_tostring(c->L, -1));
        }
        write_at(c, value - 1, depth + 1);
        write_at(c, value, depth + 1);
        lua_settop(c->L, value - 1);
    }
    put_tag(c, TAG_END);
    memcpy(c->b->crossing.data + place, &integers, sizeof integers);
}

static void write_object(struct sandbox_copy *c, struct sandbox_ticket object) {
    put_tag(c, TAG_OBJECT);
    put(c, &object, sizeof object);
}

static void write_userdata(struct sandbox_copy *c, int index) {
    if (mark_of(c, index) == SANDBOX_MARK_NULL) {
        put_tag(c, TAG_NULL);
        return;
    }
    if (!c->inside) {
        struct sandbox_ticket *ticket = luaL_testudata(c->L, index, SANDBOX_TICKET);
        if (ticket == NULL || ticket->spent) fail(c, "a userdata");
        write_object(c, *ticket);
        ticket->spent = !ticket->pinned;
        return;
    }
    const struct sandbox_proxy *proxy = lua_touserdata(c->L, index); /* there is no other userdata inside */
    write_object(c, (struct sandbox_ticket){.slot = proxy->slot});
}

/* A function of the script is kept while the call lasts that it is given to. */
static void write_function(struct sandbox_copy *c, int index) {
    struct sandbox *b = c->b;
    if (!c->inside || !c->functions) fail(c, "a function");
    size_t number = b->callbacks + b->new_callbacks;
    if (number == SANDBOX_CALLBACKS) luaL_error(c->L, "too many functions are given to calls that are under way");
    luaL_checkstack(c->L, 3, "function");
    lua_pushvalue(c->L, index);
    lua_getfield(c->L, LUA_REGISTRYINDEX, SANDBOX_KEY_CALLBACKS);
    lua_insert(c->L, -2);
    lua_rawseti(c->L, -2, (lua_Integer)number + 1);
    lua_pop(c->L, 1);
    b->new_callbacks++;
    b->serials[number] = ++b->serial;
    put_tag(c, TAG_CALLBACK);
    put(c, &number, sizeof number);
    put(c, &b->serial, sizeof b->serial);
}

static void write_number(struct sandbox_copy *c, int index) {
    if (lua_isinteger(c->L, index)) {
        lua_Integer value = lua_tointeger(c->L, index);
        put_tag(c, TAG_INTEGER);
        put(c, &value, sizeof value);
    } else {
        lua_Number value = lua_tonumber(c->L, index);
        put_tag(c, TAG_FLOAT);
        put(c, &value, sizeof value);
    }
}

static void write_string(struct sandbox_copy *c, int index) {
    size_t length;
    const char *text = lua_tolstring(c->L, index, &length);
    weigh(c, length);
    put_tag(c, TAG_STRING);
    put(c, &length, sizeof length);
    put(c, text, length);
}

static void write_at(struct sandbox_copy *c, int index, int depth) {
    weigh(c, WEIGHT_VALUE);
    switch (lua_type(c->L, index)) {
    case LUA_TNIL: put_tag(c, TAG_NIL); break;
    case LUA_TBOOLEAN: put_tag(c, lua_toboolean(c->L, index) ? TAG_TRUE : TAG_FALSE); break;
    case LUA_TNUMBER: write_number(c, index); break;
    case LUA_TSTRING: write_string(c, index); break;
    case LUA_TTABLE: write_table(c, index, depth); break;
    case LUA_TUSERDATA: write_userdata(c, index); break;
    case LUA_TFUNCTION: write_function(c, index); break;
    default: fail(c, lua_type(c->L, index) == LUA_TTHREAD ? "a coroutine" : "a light userdata");
    }
}

void sandbox_write(struct sandbox_copy *c, int index) {
    luaL_checkstack(c->L, 8, "value");
    write_at(c, lua_absindex(c->L, index), 0);
}

void sandbox_write_all(struct sandbox_copy *c, int first, int last) {
    for (int i = first; i <= last; i++) sandbox_write(c, i);
}

void sandbox_write_error(struct sandbox_copy *c, int index) {
    index = lua_absindex(c->L, index);
    int type = lua_type(c->L, index);
    sandbox_write_begin(c->b);
    if (type == LUA_TNUMBER || (type == LUA_TSTRING && lua_rawlen(c->L, index) <= c->b->memory / 8)) {
        sandbox_write(c, index);
    } else if (type == LUA_TTABLE && mark_of(c, index) == SANDBOX_MARK_ERROR) {
        sandbox_write(c, index);
    } else {
        const char *article = type == LUA_TSTRING ? "very long " : "";
        lua_pushfstring(c->L, "(error object is a %s%s value)", article, lua_typename(c->L, type));
        sandbox_write(c, -1);
        lua_pop(c->L, 1);
    }
}

/* ---- reading ---- */

static void take(struct sandbox_copy *c, void *out, size_t length) {
    memcpy(out, c->b->crossing.data + c->at, length);
    c->at += length;
}

static enum tag take_tag(struct sandbox_copy *c) { return (enum tag)c->b->crossing.data[c->at++]; }

static void read_tagged(struct sandbox_copy *c, enum tag tag);

static void read_table(struct sandbox_copy *c) {
    char mark;
    uint32_t array;
    take(c, &mark, 1);
    take(c, &array, sizeof array);
    luaL_checkstack(c->L, 6, "table");
    lua_createtable(c->L, (int)array, 0);
    for (enum tag tag; (tag = take_tag(c)) != TAG_END;) {
        read_tagged(c, tag);
        read_tagged(c, take_tag(c));
        lua_rawset(c->L, -3);
    }
    if (mark == 0) return;
    lua_rawgeti(c->L, c->marks, mark);
    lua_setmetatable(c->L, -2);
}

/* Inside an object becomes a proxy; outside the number of a proxy becomes what it stands for. */
static void read_object(struct sandbox_copy *c) {
    struct sandbox_ticket object;
    take(c, &object, sizeof object);
    if (!c->inside) {
        lua_rawgeti(c->L, c->refs, object.slot + 1);
        return;
    }
    struct sandbox_proxy *proxy = lua_newuserdatauv(c->L, sizeof *proxy, 0);
    proxy->slot = object.slot;
    lua_rawgeti(c->L, c->refs, object.class);
    lua_getfield(c->L, -1, "wrap");
    lua_insert(c->L, -2);
    lua_getfield(c->L, -1, "metatable");
    lua_replace(c->L, -2);
    lua_pushvalue(c->L, -1);
    lua_setmetatable(c->L, -4); /* from here on it is a holder, and its finalizer counts it down */
    if (object.pinned) c->b->holders[object.slot]++;
    lua_pop(c->L, 1);
    if (lua_isnil(c->L, -1)) {
        lua_pop(c->L, 1);
        return;
    }
    lua_CFunction wrap = lua_tocfunction(c->L, -1);
    lua_pop(c->L, 1);
    lua_pushcclosure(c->L, wrap, 1); /* of the proxy */
}

static void read_string(struct sandbox_copy *c) {
    size_t length;
    take(c, &length, sizeof length);
    lua_pushlstring(c->L, c->b->crossing.data + c->at, length);
    c->at += length;
}

static void read_callback(struct sandbox_copy *c) {
    size_t number;
    uint64_t serial;
    take(c, &number, sizeof number);
    take(c, &serial, sizeof serial);
    sandbox_push_callback(c->L, c->self, number, serial);
}

static void read_tagged(struct sandbox_copy *c, enum tag tag) {
    lua_Integer integer;
    lua_Number number;
    switch (tag) {
    case TAG_NIL: lua_pushnil(c->L); break;
    case TAG_FALSE:
    case TAG_TRUE: lua_pushboolean(c->L, tag == TAG_TRUE); break;
    case TAG_INTEGER: take(c, &integer, sizeof integer), lua_pushinteger(c->L, integer); break;
    case TAG_FLOAT: take(c, &number, sizeof number), lua_pushnumber(c->L, number); break;
    case TAG_STRING: read_string(c); break;
    case TAG_TABLE: read_table(c); break;
    case TAG_NULL: lua_rawgeti(c->L, c->marks, SANDBOX_MARK_NULL); break;
    case TAG_OBJECT: read_object(c); break;
    case TAG_CALLBACK: read_callback(c); break;
    case TAG_END: break;
    }
}

void sandbox_read(struct sandbox_copy *c) {
    luaL_checkstack(c->L, 8, "value");
    read_tagged(c, take_tag(c));
}

int sandbox_read_all(struct sandbox_copy *c) {
    int count = 0;
    for (; c->at < c->b->crossing.length; count++) sandbox_read(c);
    return count;
}

/* ---- copiers ---- */

void sandbox_copy_inside(struct sandbox_copy *c, struct sandbox *b, lua_State *box) {
    *c = (struct sandbox_copy){.L = box, .b = b, .inside = true, .functions = true};
    luaL_checkstack(box, 8, "values");
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_MARKS);
    c->marks = lua_gettop(box);
    lua_getfield(box, LUA_REGISTRYINDEX, SANDBOX_KEY_CLASSES);
    c->refs = lua_gettop(box);
}

void sandbox_copy_outside(struct sandbox_copy *c, struct sandbox *b, lua_State *host, int self) {
    *c = (struct sandbox_copy){.L = host, .b = b, .self = lua_absindex(host, self)};
    luaL_checkstack(host, 8, "values");
    lua_getiuservalue(host, c->self, SANDBOX_MARKED);
    c->marks = lua_gettop(host);
    lua_getiuservalue(host, c->self, SANDBOX_REFS);
    c->refs = lua_gettop(host);
}
