#include "bind/shape.h"

#include "bind/decode.h"
#include "bind/encode.h"

enum { SHAPE_KEYS = 1 /* its user value */ };

/* Where a key leads; SLOT_MISSED: what its address says nothing of. */
enum { SLOT_UNKNOWN = -1, SLOT_IGNORED = -2, SLOT_MISSED = -3 };

/* Short strings are interned: the address of a key that is kept alive tells the field. Longer keys miss here and are
 * looked up by their content. */
struct entry {
    const void *key; /* NULL: free, with SLOT_MISSED for its slot */
    int32_t slot;
};

struct shape {
    flexdb_validator *validator; /* held */
    const flexdb_shape *fields;
    size_t mask;
    struct entry entries[];
};

const flexdb_validator *shape_validator(const struct shape *shape) { return shape->validator; }

static int shape_gc(lua_State *L) {
    struct shape *shape = lua_touserdata(L, 1);
    validator_drop(shape->validator);
    shape->validator = NULL;
    return 0;
}

void shape_metatable(lua_State *L) {
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, shape_gc);
    lua_setfield(L, -2, "__gc");
}

static inline size_t hash(const void *key) {
    uintptr_t bits = (uintptr_t)key >> 4; /* what malloc gives is aligned by sixteen */
    return (size_t)(bits ^ bits >> 7);
}

static void add_entry(struct shape *shape, const void *key, int32_t slot) {
    size_t i = hash(key) & shape->mask;
    while (shape->entries[i].key != NULL) i = (i + 1) & shape->mask;
    shape->entries[i] = (struct entry){.key = key, .slot = slot};
}

static int32_t slot_of(const flexdb_shape *fields, size_t slot) {
    return slot <= fields->columns + SLOT_ID ? (int32_t)slot : SLOT_IGNORED;
}

/* For handles that are made anew for every call. Weak: a shape is forgotten before it is finalized, but for when the
 * Lua state closes, and as long as it is not no other validator has this address. */
static void share(lua_State *L, const flexdb_validator *v) {
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, -3, SHAPE_KEYS);
    bind_state_push(L, STATE_SHAPES);
    lua_pushvalue(L, -3);
    lua_rawsetp(L, -2, v);
    lua_pop(L, 1);
}

/* Pushes the shape that another handle uses for this validator, and its table of keys; NULL and nothing where there is
 * none. */
static struct shape *find_shared(lua_State *L, const flexdb_validator *v) {
    bind_state_push(L, STATE_SHAPES);
    lua_rawgetp(L, -1, v);
    lua_remove(L, -2);
    struct shape *shape = lua_touserdata(L, -1);
    if (shape == NULL || shape->validator != v) { /* none, or finalized already */
        lua_pop(L, 1);
        return NULL;
    }
    lua_getiuservalue(L, -1, SHAPE_KEYS);
    return shape;
}

/* Pushes a new shape and its table of keys. */
static struct shape *shape_new(lua_State *L, const flexdb_validator *v) {
    const flexdb_shape *fields = validator_shape(v);
    size_t capacity = 16;
    while (capacity < fields->count * 4) capacity *= 2;
    struct shape *shape = lua_newuserdatauv(L, sizeof *shape + capacity * sizeof *shape->entries, SHAPE_KEYS);
    shape->validator = NULL;
    shape->fields = fields;
    shape->mask = capacity - 1;
    for (size_t i = 0; i < capacity; i++) shape->entries[i] = (struct entry){.slot = SLOT_MISSED};
    bind_state_push(L, STATE_SHAPE);
    lua_setmetatable(L, -2);
    shape->validator = validator_hold((flexdb_validator *)v);
    lua_createtable(L, (int)fields->count, 0);
    for (size_t i = 0; i < fields->count; i++) {
        lua_pushlstring(L, fields->fields[i].name, fields->fields[i].length);
        add_entry(shape, lua_topointer(L, -1), slot_of(fields, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    share(L, v);
    return shape;
}

void shape_use(lua_State *L, struct state *s, struct shaped *shaped, int index, const flexdb_validator *v) {
    if (shaped->shape != NULL && shaped->shape->validator == v) return;
    bind_state_hold(s, NULL); /* a finalizer could take up another definition, and this validator would be gone */
    struct shape *shape = find_shared(L, v);
    if (shape == NULL) shape = shape_new(L, v);
    lua_setiuservalue(L, index, SHAPED_KEYS);
    lua_setiuservalue(L, index, SHAPED_SHAPE);
    shaped->shape = shape;
    bind_state_release(s);
}

/* ---- Lua → core ---- */

/* The field of the key below the top, by its content. */
static int32_t find_slow(lua_State *L, const struct shape *shape) {
    size_t length;
    if (lua_type(L, -2) != LUA_TSTRING) return SLOT_UNKNOWN;
    const char *name = lua_tolstring(L, -2, &length);
    int64_t slot = validator_slot(shape->validator, name, length);
    if (slot >= 0) return slot_of(shape->fields, (size_t)slot);
    return length != 0 && name[0] == '_' ? SLOT_IGNORED : SLOT_UNKNOWN;
}

/* From an entry on that is another key's. */
static __attribute__((noinline)) int32_t find_on(const struct shape *shape, const void *key, size_t i) {
    while (shape->entries[i].key != key && shape->entries[i].key != NULL) i = (i + 1) & shape->mask;
    return shape->entries[i].slot;
}

/* The same by its address, which may say nothing of it. */
static inline int32_t find(lua_State *L, const struct shape *shape) {
    const void *key = lua_topointer(L, -2); /* NULL for a number, which misses as well */
    size_t i = hash(key) & shape->mask;
    return shape->entries[i].key == key ? shape->entries[i].slot : find_on(shape, key, i);
}

bool shape_is_unknown(lua_State *L, const struct shape *shape) {
    int32_t slot = find(L, shape);
    return (slot != SLOT_MISSED ? slot : find_slow(L, shape)) == SLOT_UNKNOWN;
}

static bool set_fault(struct state *s, flexdb_value *value, const struct encode_fault *fault, const char *path) {
    flexdb_fault *kept = arena_alloc(&s->faults, 1, sizeof *kept);
    char *message = arena_strdup(&s->faults, fault->message);
    char *place = path != NULL ? arena_strdup(&s->faults, path) : NULL;
    if (kept == NULL || message == NULL || place == NULL) return false;
    *kept = (flexdb_fault){.rule = fault->rule, .message = message, .path = place, .got = fault->got};
    value->tag = FLEXDB_FAULT;
    value->as.fault = kept;
    return true;
}

/* A table becomes JSON in s->json; `value` keeps the offset, for the buffer may still move. */
static bool collect_table(lua_State *L, struct state *s, int index, flexdb_value *value) {
    struct encode_fault fault;
    size_t begin = s->json.length;
    if (!encode_value(L, s, index, &s->json, &encode_column, &fault)) {
        return !fault.no_memory && set_fault(s, value, &fault, buffer_text(&s->path));
    }
    if (begin == 0) s->first_table = (size_t)(value - s->given);
    value->tag = FLEXDB_JSON;
    value->judged = true;
    value->length = s->json.length - begin;
    value->as.integer = (int64_t)begin;
    return true;
}

static bool collect_other(lua_State *L, struct state *s, int index, flexdb_value *value) {
    struct encode_fault fault = {.rule = "type"};
    if (lua_touserdata(L, index) == s->null) {
        value->tag = FLEXDB_NULL;
        return true;
    }
    encode_say_unfit(L, s, index, &fault);
    return set_fault(s, value, &fault, "");
}

/* False when memory is out. */
static inline bool collect_value(lua_State *L, struct state *s, int index, flexdb_value *value) {
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        value->tag = FLEXDB_TEXT;
        value->as.text = lua_tolstring(L, index, &value->length);
        return true;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            value->tag = FLEXDB_INTEGER;
            value->as.integer = (int64_t)lua_tointeger(L, index);
        } else {
            value->tag = FLEXDB_NUMBER;
            value->as.number = (double)lua_tonumber(L, index);
        }
        return true;
    case LUA_TBOOLEAN:
        value->tag = FLEXDB_BOOLEAN;
        value->as.boolean = lua_toboolean(L, index) != 0;
        return true;
    case LUA_TTABLE: return collect_table(L, s, index, value);
    default: return collect_other(L, s, index, value);
    }
}

/* Leaves the values of the record's fields on the stack above `top`, each above its key; s->kept says where. None is
 * looked into yet: so that one need not wait for the other's memory, nor the walk for either. */
static int64_t gather(lua_State *L, int *kept, const struct shape *shape, int index, int top) {
    int64_t unknown = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        int32_t slot = find(L, shape);
        if (slot == SLOT_MISSED) slot = find_slow(L, shape);
        if (slot >= 0) {
            kept[slot] = top += 2;
            lua_pushvalue(L, -2);
        } else {
            unknown += slot == SLOT_UNKNOWN;
            lua_pop(L, 1);
        }
    }
    return unknown;
}

/* Reads what is kept: false when memory is out. */
static bool collect_kept(lua_State *L, struct state *s, size_t count) {
    const int *kept = s->kept;
    flexdb_value *given = s->given;
    for (size_t i = 0; i < count; i++) {
        given[i].tag = FLEXDB_ABSENT;
        given[i].judged = false;
        if (kept[i] != 0 && !collect_value(L, s, kept[i], &given[i])) return false;
    }
    if (s->json.length == 0) return true;
    for (size_t i = s->first_table; i < count; i++) { /* the buffer does not move any more */
        if (given[i].tag == FLEXDB_JSON) given[i].as.text = s->json.data + given[i].as.integer;
    }
    return true;
}

int64_t shape_collect(lua_State *L, struct state *s, const struct shape *shape, int index, bool keep) {
    size_t count = shape->fields->count;
    if (s->faults.blocks != NULL) arena_free(&s->faults);
    buffer_reset(&s->json);
    if (!bind_state_room(s, count) || !lua_checkstack(L, 2 * (int)count + LUA_MINSTACK)) return -1;
    int top = lua_gettop(L);
    int64_t unknown = gather(L, s->kept, shape, index, top);
    if (!collect_kept(L, s, count)) return -1;
    if (!keep) {
        s->laid = 0;
        lua_settop(L, top);
    }
    return unknown;
}

/* ---- core → Lua ---- */

static bool push_json(lua_State *L, struct state *s, const struct shape *shape, size_t slot,
                      const flexdb_value *value) {
    if (decode_push(L, s, value->as.text, value->length, &decode_plain)) return true;
    if (s->reader.no_memory) {
        error_no_memory(&s->err);
    } else {
        error_set(&s->err, FLEXDB_CORRUPT, "the stored value of the column %s is not JSON: %s at byte %zu",
                  shape->fields->fields[slot].name, s->reader.message, s->reader.offset);
    }
    return false;
}

static inline bool is_there(const flexdb_value *values, const bool *selected, size_t i) {
    return values[i].tag > FLEXDB_NULL && (selected == NULL || selected[i]);
}

/* A text that Lua has already is not made again: to hash or to allocate it costs more than all the rest. */
static inline void push_text(lua_State *L, const struct state *s, const flexdb_value *value, size_t i, bool echo) {
    bool same = echo && i < s->laid && s->kept[i] != 0 && value->as.text == s->given[i].as.text &&
                value->length == s->given[i].length;
    if (same)
        lua_pushvalue(L, s->kept[i]);
    else
        lua_pushlstring(L, value->as.text, value->length);
}

/* Most records were never updated: then the two times are one text, and this is the slot of the second. */
static size_t same_time(const struct shape *shape, const flexdb_value *values, const bool *selected) {
    size_t created = shape->fields->columns + SLOT_CREATED_AT, updated = shape->fields->columns + SLOT_UPDATED_AT;
    bool same = values[updated].tag == FLEXDB_TEXT && values[updated].as.text == values[created].as.text;
    return same && is_there(values, selected, created) ? updated : SIZE_MAX;
}

/* The first of them once more; the table of keys is below the key on the top. */
static void push_same_time(lua_State *L, const struct shape *shape) {
    lua_rawgeti(L, -2, (lua_Integer)(shape->fields->columns + SLOT_CREATED_AT) + 1);
    lua_rawget(L, -4);
}

/* Anything but a text; false with s->err set. */
static bool push_other(lua_State *L, struct state *s, const struct shape *shape, size_t i, const flexdb_value *value) {
    switch (value->tag) {
    case FLEXDB_BYTES: lua_pushlstring(L, value->as.text, value->length); return true;
    case FLEXDB_INTEGER: lua_pushinteger(L, (lua_Integer)value->as.integer); return true;
    case FLEXDB_NUMBER: lua_pushnumber(L, (lua_Number)value->as.number); return true;
    case FLEXDB_BOOLEAN: lua_pushboolean(L, value->as.boolean); return true;
    case FLEXDB_JSON: return push_json(L, s, shape, i, value);
    default:
        error_set(&s->err, FLEXDB_INTERNAL, "the column %s came back as a fault", shape->fields->fields[i].name);
        return false;
    }
}

bool shape_push(lua_State *L, struct state *s, const struct shaped *shaped, int index, const flexdb_value *values,
                const bool *selected, bool echo) {
    const struct shape *shape = shaped->shape;
    size_t count = shape->fields->count, there = 0, same = same_time(shape, values, selected);
    for (size_t i = 0; i < count; i++) there += is_there(values, selected, i);
    lua_createtable(L, 0, (int)there);
    lua_getiuservalue(L, index, SHAPED_KEYS);
    for (size_t i = 0; i < count; i++) {
        const flexdb_value *value = &values[i];
        if (!is_there(values, selected, i)) continue;
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        if (i == same) {
            push_same_time(L, shape);
        } else if (value->tag == FLEXDB_TEXT) {
            push_text(L, s, value, i, echo);
        } else if (!push_other(L, s, shape, i, value)) {
            lua_pop(L, 3);
            return false;
        }
        lua_rawset(L, -4);
    }
    lua_pop(L, 1);
    return true;
}
