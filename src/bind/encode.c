#include "bind/encode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/number.h"
#include "base/utf8.h"

const struct encode_options encode_column = {
    .max_depth = FLEXDB_JSON_MAX_DEPTH, .max_bytes = ENCODE_COLUMN_BYTES, .dotted = true, .no_nul = true};

/* A table that is being written, and where in it the writer is. */
struct place {
    const struct place *up;
    int table;         /* its index on the Lua stack */
    int key;           /* the index of the current key, or 0 … */
    lua_Integer index; /* … where it is an array: the 1-based index */
};

struct encoder {
    lua_State *L;
    struct state *s;
    struct buffer *out;
    const struct encode_options *options;
    struct encode_fault *fault;
};

static bool write_any(struct encoder *e, const struct place *up, int depth, int index, int type);

/* The value of this type at `index`, an absolute one; `depth` of the tables around it. Words, which most are, go a
 * short way. */
static inline bool write_value(struct encoder *e, const struct place *up, int depth, int index, int type) {
    if (type == LUA_TSTRING && e->out->length <= e->options->max_bytes) {
        size_t length;
        const char *text = lua_tolstring(e->L, index, &length);
        if (json_write_plain(e->out, text, length)) return true;
    }
    return write_any(e, up, depth, index, type);
}

/* ---- what can go wrong ---- */

static bool is_plain_key(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '_' &&
            c != '-') {
            return false;
        }
    }
    return length != 0;
}

static void write_segment(const struct encoder *e, const struct place *place) {
    struct buffer *path = &e->s->path;
    if (place->key == 0) {
        const char *format = !e->options->dotted ? "[%lld]" : path->length != 0 ? ".%lld" : "%lld";
        buffer_printf(path, format, (long long)place->index - 1);
        return;
    }
    size_t length;
    const char *text = lua_tolstring(e->L, place->key, &length);
    if (is_plain_key(text, length)) {
        if (path->length != 0) buffer_put(path, '.');
        buffer_append(path, text, length);
    } else {
        buffer_put(path, '[');
        json_write_string(path, text, length);
        buffer_put(path, ']');
    }
}

/* `place` with its current key, from the outermost table on. */
static void write_path(const struct encoder *e, const struct place *place) {
    if (place == NULL) {
        if (e->options->root != NULL) buffer_puts(&e->s->path, e->options->root);
        return;
    }
    write_path(e, place->up);
    write_segment(e, place);
}

/* Cuts a place that is too long to be read; its segments are not looked at. */
static void cut_path(struct buffer *path) {
    enum { SHOWN = 200 };
    if (buffer_failed(path) || path->length <= SHOWN) return;
    path->length = SHOWN;
    while (path->length != 0 && ((unsigned char)path->data[path->length] & 0xc0) == 0x80) path->length--;
    buffer_puts(path, "…");
}

static bool fail(struct encoder *e, const struct place *place, const char *rule, const char *got) {
    buffer_reset(&e->s->path);
    write_path(e, place);
    cut_path(&e->s->path);
    e->fault->rule = rule;
    e->fault->got = got;
    return false;
}

#define SAY(e, ...) snprintf((e)->fault->message, sizeof(e)->fault->message, __VA_ARGS__)

static bool fail_memory(struct encoder *e) {
    e->fault->no_memory = true;
    SAY(e, "out of memory");
    return fail(e, NULL, "memory", NULL);
}

/* Too deep: because it is, or because a table stands inside itself. Then the place is where it first comes again. */
static bool fail_depth(struct encoder *e, const struct place *innermost) {
    const struct place *again = NULL;
    for (const struct place *p = innermost; p != NULL; p = p->up) {
        for (const struct place *q = p->up; q != NULL; q = q->up) {
            if (lua_rawequal(e->L, p->table, q->table)) again = p;
        }
    }
    if (again != NULL) {
        SAY(e, "must not contain itself");
        return fail(e, again->up, "cycle", NULL);
    }
    SAY(e, "must nest at most %d levels deep, nests deeper", e->options->max_depth);
    return fail(e, innermost->up, "depth", NULL);
}

/* False, and why, for what is no text; `what` says in the message that it is a key. */
static bool check_text(struct encoder *e, const struct place *place, const char *what, const char *text,
                       size_t length) {
    struct utf8_facts facts;
    if (!utf8_check(text, length, &facts)) {
        SAY(e, "%smust be valid UTF-8", what);
        return fail(e, place, "utf8", NULL);
    }
    if (!e->options->no_nul || !facts.has_nul) return true;
    SAY(e, "%smust not hold U+0000", what);
    return fail(e, place, "nul", NULL);
}

/* The key on the stack below its value fits neither an object nor an array, or not the one that the table began as. */
static bool fail_key(struct encoder *e, const struct place *place, bool object) {
    lua_State *L = e->L;
    char number[NUMBER_DOUBLE_SIZE];
    int type = lua_type(L, -2);
    bool index = type == LUA_TNUMBER && lua_isinteger(L, -2);
    const char *has = "both";
    if (index && lua_tointeger(L, -2) < 1) {
        number_print_integer((int64_t)lua_tointeger(L, -2), number);
        has = number;
    } else if (type == LUA_TNUMBER && !index) {
        double key = (double)lua_tonumber(L, -2);
        if (isfinite(key)) number_print_double(key, number);
        has = isfinite(key) ? number : "an infinite one";
    } else if (type != LUA_TSTRING && !(index && object)) {
        snprintf(number, sizeof number, "a %s", lua_typename(L, type));
        has = number;
    }
    SAY(e, "must have either names or the indexes 1 to n for keys, has %s", has);
    return fail(e, place->up, "keys", NULL);
}

/* An array whose first key is none of an array's. */
static bool fail_marked(struct encoder *e, const struct place *place) {
    SAY(e, "is marked as an array and must have the indexes 1 to n for keys, has a %s",
        lua_type(e->L, -2) == LUA_TSTRING ? "name" : lua_typename(e->L, lua_type(e->L, -2)));
    return fail(e, place->up, "keys", NULL);
}

/* The word for a value that no JSON has, with its quotes; NULL for one that is fit. */
static const char *unfit(lua_State *L, const struct state *s, int index) {
    lua_Number number;
    switch (lua_type(L, index)) {
    case LUA_TNIL: return "\"nil\"";
    case LUA_TNUMBER:
        number = lua_tonumber(L, index);
        if (lua_isinteger(L, index) || isfinite(number)) return NULL;
        return isnan(number) ? "\"nan\"" : number > 0 ? "\"inf\"" : "\"-inf\"";
    case LUA_TFUNCTION: return "\"function\"";
    case LUA_TTHREAD: return "\"thread\"";
    case LUA_TLIGHTUSERDATA: return "\"userdata\"";
    case LUA_TUSERDATA: return lua_touserdata(L, index) == s->null ? NULL : "\"userdata\"";
    default: return NULL;
    }
}

void encode_say_unfit(lua_State *L, const struct state *s, int index, struct encode_fault *fault) {
    const char *got = unfit(L, s, index);
    int length = (int)strlen(got) - 2;
    lua_Number number = lua_tonumber(L, index);
    if (lua_type(L, index) == LUA_TNUMBER)
        snprintf(fault->message, sizeof fault->message, "must be a finite number, is %s",
                 isnan(number) ? "not a number"
                 : number > 0  ? "infinity"
                               : "minus infinity");
    else
        snprintf(fault->message, sizeof fault->message, lua_isnil(L, index) ? "must not be %.*s" : "must not be a %.*s",
                 length, got + 1);
    fault->rule = "type";
    fault->got = got;
    fault->no_memory = false;
}

static bool fail_unfit(struct encoder *e, const struct place *place, int index) {
    encode_say_unfit(e->L, e->s, index, e->fault);
    return fail(e, place, e->fault->rule, e->fault->got);
}

/* ---- tables ---- */

/* Whoever marks a table gives it a metatable if it has none. */
static bool is_marked(const struct encoder *e, int table) {
    lua_State *L = e->L;
    if (!lua_getmetatable(L, table)) return false;
    bind_state_push(L, STATE_ARRAY);
    bool marked = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (marked) return true;
    bind_state_push(L, STATE_MARKS);
    lua_pushvalue(L, table);
    marked = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return marked;
}

/* From the first member, key and value on the stack, on; both are gone afterwards. */
static bool write_object(struct encoder *e, struct place *place, int depth) {
    lua_State *L = e->L;
    const char *skip = depth == 1 ? e->options->skip : NULL;
    char before = '{';
    const int value = lua_gettop(L);
    do {
        size_t length;
        if (lua_type(L, -2) != LUA_TSTRING) return fail_key(e, place, true);
        const char *key = lua_tolstring(L, -2, &length);
        if (!check_text(e, place->up, "its keys ", key, length)) return false;
        if (skip == NULL || strlen(skip) != length || memcmp(skip, key, length) != 0) {
            buffer_put(e->out, before);
            before = ',';
            json_write_string(e->out, key, length);
            buffer_put(e->out, ':');
            place->key = value - 1;
            if (!write_value(e, place, depth, value, lua_type(L, value))) return false;
        }
        lua_pop(L, 1);
    } while (lua_next(L, place->table));
    if (before == '{') buffer_put(e->out, before);
    buffer_put(e->out, '}');
    return true;
}

/* Whether the keys, which do not come in order, are the indexes of an array with no hole. */
static bool check_keys(struct encoder *e, const struct place *place) {
    lua_State *L = e->L;
    lua_Integer count = 0, largest = 0;
    lua_pushnil(L);
    while (lua_next(L, place->table)) {
        if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 1) return fail_key(e, place, false);
        if (lua_tointeger(L, -2) > largest) largest = lua_tointeger(L, -2);
        count++;
        lua_pop(L, 1);
    }
    if (count == largest) return true;
    lua_Integer hole = 1;
    while (lua_rawgeti(L, place->table, hole) != LUA_TNIL) {
        lua_pop(L, 1);
        hole++;
    }
    SAY(e, "must have no holes, has nothing at index %lld and something at %lld", (long long)hole, (long long)largest);
    return fail(e, place->up, "hole", NULL);
}

/* With something at the border `count`. Almost always that is all there is, which two looks tell: nothing is nil up to
 * it, and nothing comes after it. Where something does, the keys are counted, but no item is written again: tables of
 * such tables would take twice as long with each level. */
static bool write_array(struct encoder *e, struct place *place, lua_Integer count, int depth) {
    lua_State *L = e->L;
    const int top = lua_gettop(L);
    for (lua_Integer i = 1; i <= count; i++) {
        int type = lua_rawgeti(L, place->table, i);
        if (type == LUA_TNIL) return check_keys(e, place);
        buffer_put(e->out, i == 1 ? '[' : ',');
        place->index = i;
        if (!write_value(e, place, depth, top + 1, type)) return false;
        lua_settop(L, top);
    }
    lua_pushinteger(L, count);
    if (lua_next(L, place->table) && !check_keys(e, place)) return false;
    lua_settop(L, top);
    buffer_put(e->out, ']');
    return true;
}

static bool write_table(struct encoder *e, const struct place *up, int depth, int index) {
    lua_State *L = e->L;
    struct place place = {.up = up, .table = index};
    if (depth > e->options->max_depth) return fail_depth(e, &place);
    if (!lua_checkstack(L, 6)) return fail_memory(e);
    lua_Integer count = (lua_Integer)lua_rawlen(L, place.table);
    if (count > 0) return write_array(e, &place, count, depth);
    lua_pushnil(L);
    if (lua_next(L, place.table)) {
        if (lua_type(L, -2) == LUA_TNUMBER) {
            lua_pop(L, 2);
            return check_keys(e, &place); /* nothing at 1: it says what is wrong */
        }
        return is_marked(e, place.table) ? fail_marked(e, &place) : write_object(e, &place, depth);
    }
    buffer_append(e->out, is_marked(e, place.table) ? "[]" : "{}", 2);
    return true;
}

/* ---- values ---- */

static bool write_any(struct encoder *e, const struct place *up, int depth, int index, int type) {
    lua_State *L = e->L;
    size_t length;
    const char *text;
    if (e->out->length > e->options->max_bytes) {
        SAY(e, "must be at most %zu MiB of JSON, is more", e->options->max_bytes >> 20);
        return fail(e, NULL, "limit", NULL);
    }
    switch (type) {
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &length);
        if (!check_text(e, up, "", text, length)) return false;
        json_write_string(e->out, text, length);
        return true;
    case LUA_TBOOLEAN: buffer_puts(e->out, lua_toboolean(L, index) ? "true" : "false"); return true;
    case LUA_TTABLE: return write_table(e, up, depth + 1, index);
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            json_write_integer(e->out, (int64_t)lua_tointeger(L, index));
            return true;
        }
        if (!isfinite(lua_tonumber(L, index))) break;
        json_write_number(e->out, (double)lua_tonumber(L, index));
        return true;
    case LUA_TUSERDATA:
        if (lua_touserdata(L, index) != e->s->null) break;
        buffer_append(e->out, "null", 4);
        return true;
    default: break;
    }
    return fail_unfit(e, up, index);
}

bool encode_value(lua_State *L, struct state *s, int index, struct buffer *out, const struct encode_options *options,
                  struct encode_fault *fault) {
    struct encoder e = {.L = L, .s = s, .out = out, .options = options, .fault = fault};
    size_t begin = out->length;
    int top = lua_gettop(L);
    fault->no_memory = false;
    bool good = write_any(&e, NULL, 0, index, lua_type(L, index));
    if (good && buffer_failed(out)) good = fail_memory(&e);
    if (good) return true;
    lua_settop(L, top);
    if (!buffer_failed(out)) out->length = begin;
    return false;
}

int encode_document(lua_State *L, struct state *s, int index, flexdb_code code, const char *root, const char *skip) {
    bool text = code == FLEXDB_INVALID_DOCUMENT;
    const struct encode_options options = {.max_depth = text ? ENCODE_DEPTH : ENCODE_DOCUMENT_DEPTH,
                                           .max_bytes = text ? ENCODE_TEXT_BYTES : ENCODE_DOCUMENT_BYTES,
                                           .no_nul = code == FLEXDB_INVALID_SCHEMA,
                                           .root = root,
                                           .skip = skip};
    struct encode_fault fault;
    buffer_reset(&s->text);
    if (encode_value(L, s, index, &s->text, &options, &fault)) return 0;
    const char *path = buffer_text(&s->path);
    if (fault.no_memory || path == NULL) return error_no_memory(&s->err);
    error_issue(&s->err, path, fault.rule, NULL, fault.got, "%s", fault.message);
    return error_close_issues(&s->err, code);
}
