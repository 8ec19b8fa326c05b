#include "bind/decode.h"

#include <string.h>

#include "bind/errors.h"

/* A guess that saves the usual small container from growing step by step. */
enum { FEW = 4 };
/* In `places`: the innermost container is an object; otherwise the number of items so far. */
#define IN_OBJECT UINT32_MAX

const struct decode_options decode_plain = {.unique_keys = false, .absent_depth = 0};
/* In what a change sets, and among its rules, a null takes something away. */
const struct decode_options decode_changes = {.unique_keys = false, .absent_depth = 3, .kept_depth = 2, .kept = "set"};

struct decoder {
    lua_State *L;
    struct json_reader *reader;
    const struct decode_options *options;
    int depth;
    bool keeps;                          /* within the member whose nulls are kept */
    uint32_t places[JSON_MAX_DEPTH + 1]; /* [depth] */
};

static bool next_closes(const struct json_reader *r, char close) { return r->at < r->end && *r->at == close; }

static void open_container(struct decoder *d, bool object) {
    luaL_checkstack(d->L, 6, "JSON nests too deep");
    if (object)
        lua_createtable(d->L, 0, next_closes(d->reader, '}') ? 0 : FEW);
    else
        lua_createtable(d->L, next_closes(d->reader, ']') ? 0 : FEW, 0);
    d->places[++d->depth] = object ? IN_OBJECT : 0;
}

static void mark_array(lua_State *L) {
    bind_state_push(L, STATE_ARRAY);
    lua_setmetatable(L, -2);
}

static void close_container(struct decoder *d) {
    if (d->places[d->depth--] != IN_OBJECT) mark_array(d->L);
}

/* Pushes a scalar; false when the event is none. */
static bool push_scalar(struct decoder *d, enum json_event event) {
    lua_State *L = d->L;
    switch (event) {
    case JSON_STRING: lua_pushlstring(L, d->reader->text, d->reader->length); return true;
    case JSON_INTEGER: lua_pushinteger(L, (lua_Integer)d->reader->integer); return true;
    case JSON_NUMBER: lua_pushnumber(L, (lua_Number)d->reader->number); return true;
    case JSON_TRUE:
    case JSON_FALSE: lua_pushboolean(L, event == JSON_TRUE); return true;
    case JSON_NULL: bind_state_push(L, STATE_NULL); return true;
    default: return false;
    }
}

/* Puts the value on the top into the container below it. */
static void attach(struct decoder *d, enum json_event event) {
    if (d->depth == 0) return;
    uint32_t *place = &d->places[d->depth];
    if (*place != IN_OBJECT) {
        lua_rawseti(d->L, -2, (lua_Integer)++ * place);
    } else if (event == JSON_NULL && d->depth <= d->options->absent_depth && !d->keeps) {
        lua_pop(d->L, 2);
    } else {
        lua_rawset(d->L, -3);
    }
}

static void note_kept(struct decoder *d) {
    const struct decode_options *o = d->options;
    if (o->kept == NULL || d->depth != o->kept_depth) return;
    d->keeps = d->reader->length == strlen(o->kept) && memcmp(d->reader->text, o->kept, d->reader->length) == 0;
}

static bool decode(struct decoder *d) {
    for (;;) {
        enum json_event event = json_reader_next(d->reader);
        switch (event) {
        case JSON_ERROR: return false;
        case JSON_END: return true;
        case JSON_OBJECT:
        case JSON_ARRAY: open_container(d, event == JSON_OBJECT); continue;
        case JSON_KEY:
            note_kept(d);
            lua_pushlstring(d->L, d->reader->text, d->reader->length);
            continue;
        case JSON_OBJECT_END:
        case JSON_ARRAY_END: close_container(d); break;
        default: push_scalar(d, event); break;
        }
        attach(d, event);
    }
}

/* The quote behind the word that begins at p; where it does not stand before `end`, or the word is not plain ASCII,
 * NULL.
 */
static const char *word_end(const char *p, const char *end) {
    while (p < end && (signed char)*p >= ' ' && *p != '"' && *p != '\\') p++;
    return p < end && *p == '"' ? p : NULL;
}

/* What most json values are: a few words in an array. False, with nothing pushed, for all others. */
static bool push_words(lua_State *L, const char *p, size_t length) {
    enum { SHORT = 256 }; /* so that little is read twice */
    if (length < 4 || length > SHORT || p[0] != '[' || p[1] != '"') return false;
    const char *bracket = p + length - 1, *quote;
    int top = lua_gettop(L);
    lua_createtable(L, FEW, 0);
    for (lua_Integer i = 1; bracket - p >= 3 && p[1] == '"'; i++) { /* p is at the byte before a quote */
        if ((quote = word_end(p + 2, bracket)) == NULL) break;
        lua_pushlstring(L, p + 2, (size_t)(quote - p - 2));
        lua_rawseti(L, -2, i);
        p = quote + 1;
        if (p == bracket && *p == ']') return true;
        if (*p != ',') break;
        if (p[1] == ' ') p++; /* MySQL's spacing */
    }
    lua_settop(L, top);
    return false;
}

bool decode_push(lua_State *L, struct state *s, const char *text, size_t length, const struct decode_options *options) {
    struct decoder d; /* not initialized as a whole: `places` is large and this is called for every json value */
    d.L = L, d.reader = &s->reader, d.options = options, d.depth = 0, d.keeps = false;
    int top = lua_gettop(L);
    luaL_checkstack(L, 6, "JSON");
    if (push_words(L, text, length)) {
        mark_array(L);
        return true;
    }
    json_reader_free(&s->reader);
    json_reader_init(&s->reader, text, length, JSON_MAX_DEPTH, options->unique_keys);
    if (decode(&d)) return true;
    lua_settop(L, top);
    return false;
}

int decode_result(lua_State *L, struct state *s, const struct buffer *text, const struct decode_options *options) {
    if (buffer_failed(text)) return errors_no_memory(L, s);
    bind_state_hold(s, NULL);
    bool good = decode_push(L, s, text->data, text->length, options);
    bind_state_release(s);
    if (good) return 1;
    if (s->reader.no_memory) return errors_no_memory(L, s);
    error_set(&s->err, FLEXDB_INTERNAL, "a document of the core is not JSON: %s at byte %zu", s->reader.message,
              s->reader.offset);
    return errors_fail(L, s);
}
