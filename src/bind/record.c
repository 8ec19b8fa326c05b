/* One record on its way in or out, for every method that takes or gives one. */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "bind/errors.h"
#include "bind/handles.h"

/* RECORD_TRIES: how often a call is made anew because the definition has changed under it, before that is an error. */
enum { NAME_SHOWN = 100, RECORD_TRIES = 100 };

/* ---- keys that are no field ---- */

/* A name as a message can show it: one line of UTF-8, cut when it is long. */
static void show_name(struct buffer *out, const char *name, size_t length) {
    struct utf8_facts facts;
    bool valid = utf8_check(name, length, &facts);
    size_t shown = length < NAME_SHOWN ? length : NAME_SHOWN;
    while (valid && shown < length && ((unsigned char)name[shown] & 0xc0) == 0x80) shown--;
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7f || (c >= 0x80 && !valid))
            buffer_printf(out, "\\x%02x", c);
        else
            buffer_put(out, name[i]);
    }
    if (shown < length) buffer_puts(out, "…");
}

/* The key below the top: nothing that a script could have made a column of. */
static void show_key(lua_State *L, struct buffer *out) {
    char number[NUMBER_DOUBLE_SIZE];
    if (lua_isinteger(L, -2)) {
        number_print_integer((int64_t)lua_tointeger(L, -2), number);
        buffer_puts(out, number);
    } else if (lua_type(L, -2) == LUA_TBOOLEAN) {
        buffer_puts(out, lua_toboolean(L, -2) ? "true" : "false");
    } else {
        buffer_printf(out, "a %s", luaL_typename(L, -2));
    }
}

static int add_unknown(lua_State *L, struct state *s) {
    size_t length;
    bool name = lua_type(L, -2) == LUA_TSTRING;
    const char *text = name ? lua_tolstring(L, -2, &length) : NULL;
    buffer_reset(&s->path);
    if (name)
        show_name(&s->path, text, length);
    else
        show_key(L, &s->path);
    const char *key = buffer_text(&s->path);
    if (key == NULL) return error_no_memory(&s->more);
    if (name) {
        const char *path = length != 0 ? key : "[\"\"]";
        error_issue(&s->more, path, "unknown", NULL, NULL, "there is no column \"%s\"", key);
    } else {
        error_issue(&s->more, key, "unknown", NULL, NULL, "the name of a column must be a string, is %s", key);
    }
    return -(int)s->more.code;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const flexdb_issue *)a)->path, ((const flexdb_issue *)b)->path);
}

/* What the rules say of the fields that are known, to be told in the same breath. */
static int add_other_issues(struct state *s, const struct shape *shape, bool changes) {
    const flexdb_validator *v = shape_validator(shape);
    flexdb_row row;
    if (s->record == NULL && flexdb_record_new(&s->record, &s->err) != 0) return -(int)s->err.code;
    int rc = flexdb_validate(v, s->record, s->given, &row, NULL, &s->err);
    if (rc == -FLEXDB_INTERNAL) return rc;
    for (size_t i = 0; i < s->err.issue_count; i++) {
        const flexdb_issue *issue = &s->err.issues[i];
        int64_t slot = validator_slot(v, issue->path, strlen(issue->path));
        if (changes && slot >= 0 && s->given[slot].tag == FLEXDB_ABSENT) continue;
        error_issue(&s->more, issue->path, issue->rule, issue->expected, issue->got, "%s", issue->message);
    }
    error_clear(&s->err);
    return 0;
}

int bind_record_refuse(lua_State *L, struct state *s, const struct shape *shape, flexdb_table *table, int record,
                       bool changes) {
    int rc = add_other_issues(s, shape, changes);
    size_t known = s->more.issue_count;
    if (rc == 0) {
        lua_pushnil(L);
        while (rc == 0 && lua_next(L, record)) {
            if (shape_is_unknown(L, shape)) rc = add_unknown(L, s);
            lua_pop(L, 1);
        }
        if (rc != 0) lua_pop(L, 1);
    }
    if (rc != 0 && s->err.code != FLEXDB_OK) {
        error_clear(&s->more);
        return rc;
    }
    /* A table has no order; the message should have one. */
    if (s->more.issue_count > known) {
        qsort(s->more.issues + known, s->more.issue_count - known, sizeof *s->more.issues, by_path);
    }
    error_close_issues(&s->more, FLEXDB_INVALID_RECORD);
    error_move(&s->err, &s->more);
    if (table != NULL) flexdb_tell_missing(table, shape_validator(shape), s->given, &s->err);
    return -(int)s->err.code;
}

/* ---- in ---- */

static int restless(struct state *s) {
    return error_set(&s->err, FLEXDB_BUSY, "the definition of the table changes faster than a record can be written");
}

int bind_record_collect(lua_State *L, struct state *s, struct table *t, int self, int record, bool changes) {
    int top = lua_gettop(L);
    for (int i = 0; i < RECORD_TRIES; i++) {
        const flexdb_validator *v = flexdb_table_validator(t->table);
        int moved;
        if (v != NULL) {
            shape_use(L, s, &t->shaped, self, v);
            int64_t unknown = shape_collect(L, s, t->shaped.shape, record, true);
            if (unknown < 0) return error_no_memory(&s->err);
            if (unknown == 0) return 0;
        }
        lua_settop(L, top);
        moved = flexdb_table_refresh(t->table, &s->err);
        if (moved < 0) return moved;
        if (moved == 0 && v != NULL) return bind_record_refuse(L, s, t->shaped.shape, t->table, record, changes);
    }
    return restless(s);
}

bool bind_record_again(struct state *s, struct table *t, int *rc, int *tries) {
    if (*rc != -FLEXDB_STALE) return false;
    error_clear(&s->err);
    int moved = 0;
    if (flexdb_table_validator(t->table) == shape_validator(t->shaped.shape)) {
        moved = flexdb_table_refresh(t->table, &s->err);
    }
    if (moved < 0) {
        *rc = moved;
        return false;
    }
    if (++*tries < RECORD_TRIES) return true;
    *rc = restless(s);
    return false;
}

/* ---- out ---- */

int bind_record_result(lua_State *L, struct state *s, struct shaped *shaped, int index, const void *connection,
                       const flexdb_row *row, bool echo) {
    shape_use(L, s, shaped, index, row->validator);
    bind_state_hold(s, connection);
    bool good = shape_push(L, s, shaped, index, row->values, NULL, echo);
    bind_state_release(s);
    return good ? 1 : errors_fail(L, s);
}
