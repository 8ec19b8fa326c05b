/* What needs no database: validators and diff. */
#include "bind/validator.h"

#include <string.h>

#include "bind/decode.h"
#include "bind/encode.h"
#include "bind/errors.h"
#include "bind/handles.h"

#define VALIDATOR_METATABLE "flexdb.validator"

struct checker {
    struct shaped shaped;
    flexdb_validator *validator;
};

/* flexdb.validator(definition) */
int bind_validator_compile(lua_State *L) {
    struct state *s = bind_state_enter(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    struct checker *c = lua_newuserdatauv(L, sizeof *c, SHAPED_VALUES);
    memset(c, 0, sizeof *c);
    luaL_setmetatable(L, VALIDATOR_METATABLE);
    int index = lua_gettop(L);
    if (encode_document(L, s, 1, FLEXDB_INVALID_SCHEMA, NULL, NULL) != 0 ||
        flexdb_validator_new(&c->validator, s->text.data, s->text.length, &s->err) != 0) {
        return errors_fail(L, s);
    }
    shape_use(L, s, &c->shaped, index, c->validator);
    return 1;
}

static inline struct checker *check(lua_State *L, struct state **s) {
    struct checker *c = bind_state_self(L, VALIDATOR_METATABLE);
    *s = bind_state_enter(L);
    if (c->validator == NULL) errors_raise(L, "the validator is closed");
    luaL_checktype(L, 2, LUA_TTABLE);
    return c;
}

/* 0 and the normalized record, or -code. */
static inline int judge(lua_State *L, struct state *s, struct checker *c, flexdb_row *row, flexdb_value *json) {
    if (s->record == NULL && flexdb_record_new(&s->record, &s->err) != 0) return -(int)s->err.code;
    int64_t unknown = shape_collect(L, s, c->shaped.shape, 2, json == NULL);
    if (unknown < 0) return error_no_memory(&s->err);
    if (unknown > 0) return bind_record_refuse(L, s, c->shaped.shape, NULL, 2, false);
    return flexdb_validate(c->validator, s->record, s->given, row, json, &s->err);
}

/* v:validate(record): the normalized record. */
static int validator_validate(lua_State *L) {
    struct state *s;
    struct checker *c = check(L, &s);
    flexdb_row row;
    if (judge(L, s, c, &row, NULL) != 0) return errors_fail(L, s);
    return bind_record_result(L, s, &c->shaped, 1, NULL, &row, true);
}

/* v:encode(record): its JSON text. */
static int validator_encode(lua_State *L) {
    struct state *s;
    struct checker *c = check(L, &s);
    flexdb_row row;
    flexdb_value json;
    if (judge(L, s, c, &row, &json) != 0) return errors_fail(L, s);
    lua_pushlstring(L, json.as.text, json.length);
    return 1;
}

static int validator_gc(lua_State *L) {
    struct checker *c = bind_state_self(L, VALIDATOR_METATABLE);
    validator_drop(c->validator);
    c->validator = NULL;
    return 0;
}

void bind_validator_class(lua_State *L, int state) {
    static const luaL_Reg metamethods[] = {{"__gc", validator_gc}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"validate", validator_validate}, {"encode", validator_encode}, {NULL, NULL}};
    const luaL_Reg *const methods[] = {functions, NULL};
    bind_class_new(L, state, VALIDATOR_METATABLE, metamethods, methods, NULL);
    lua_pop(L, 1);
}

/* flexdb.diff(old, new) */
int bind_validator_diff(lua_State *L) {
    struct state *s = bind_state_enter(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    if (encode_document(L, s, 1, FLEXDB_INVALID_SCHEMA, NULL, NULL) != 0) return errors_fail(L, s);
    size_t split = s->text.length;
    buffer_reset(&s->json);
    buffer_append(&s->json, s->text.data, split);
    if (encode_document(L, s, 2, FLEXDB_INVALID_SCHEMA, NULL, NULL) != 0) return errors_fail(L, s);
    if (buffer_failed(&s->json)) return errors_no_memory(L, s);
    buffer_reset(&s->path);
    if (flexdb_diff(s->json.data, split, s->text.data, s->text.length, &s->path, &s->err) != 0) {
        return errors_fail(L, s);
    }
    return decode_result(L, s, &s->path, &decode_changes);
}
