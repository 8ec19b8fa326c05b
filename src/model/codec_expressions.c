/* What definitions say in expressions: computed columns and checks. A record is normalized first, for an expression may
 * read any of its values; then each computed column is evaluated behind those that it reads, and at last the checks. */
#include <stdlib.h>

#include "base/json_writer.h"
#include "model/codec_parts.h"
#include "model/types/rules.h"

enum {
    SCALAR_ROOM = 128,     /* for what normalizing a scalar appends, twice */
    ROOM_KEPT = 64 * 1024, /* a larger one is given back before its next use */
    GOT_LIMIT = 200,
    TOLD_LIMIT = 80
};

/* One room for each column, so that any of them has its own; the last one is for the checks. */
static bool make_rooms(struct record *r, const struct validator *v) {
    size_t needed = v->shape.columns + 1;
    if (r->room_count >= needed) return true;
    struct buffer *rooms = realloc(r->rooms, needed * sizeof *rooms);
    if (rooms == NULL) return false;
    for (size_t i = r->room_count; i < needed; i++) rooms[i] = BUFFER_INIT;
    r->rooms = rooms;
    r->room_count = needed;
    return true;
}

static bool same(const flexdb_value *a, const flexdb_value *b) {
    if (a->tag != b->tag) return false;
    switch (a->tag) {
    case FLEXDB_BOOLEAN: return a->as.boolean == b->as.boolean;
    case FLEXDB_INTEGER: return a->as.integer == b->as.integer;
    case FLEXDB_TEXT:
        return a->length == b->length && (a->length == 0 || memcmp(a->as.text, b->as.text, a->length) == 0);
    default: return true;
    }
}

/* ---- one computed column ---- */

/* Makes room for what normalizing appends behind a text that may lie in `room`. */
static bool make_scalar_room(flexdb_value *value, struct buffer *room) {
    bool inside = value->tag == FLEXDB_TEXT && room->data != NULL && value->as.text >= room->data &&
                  value->as.text <= room->data + room->length;
    size_t offset = inside ? (size_t)(value->as.text - room->data) : 0;
    if (!buffer_reserve(room, SCALAR_ROOM)) return false;
    if (inside) value->as.text = room->data + offset;
    return true;
}

/* Judges what the expression gave and leaves it normalized; what only breaks a rule too. */
static enum verdict judge_computed(const struct compiled_column *c, flexdb_value *value, struct buffer *own) {
    if (value->tag == FLEXDB_ABSENT) return c->column->required ? VERDICT_REQUIRED : VERDICT_OK;
    if (!make_scalar_room(value, own)) return VERDICT_NO_MEMORY;
    const flexdb_value result = *value;
    enum verdict verdict = c->type->check(c, value, own);
    if (verdict == VERDICT_OK || !verdict_is_rule(verdict)) return verdict;
    const struct compiled_column bare = {.column = c->column, .type = c->type, .max_length = INT64_MAX};
    *value = result;
    return c->type->check(&bare, value, own) == VERDICT_OK ? verdict : VERDICT_TYPE;
}

enum computed_result codec_compute(const struct validator *v, size_t slot, const flexdb_value *values,
                                   struct record *room, flexdb_value *out, flexdb_error *err) {
    const struct compiled_column *c = &v->columns[slot];
    const struct formula *f = v->expressions.values[slot];
    struct formula_fault fault;
    flexdb_value value;
    out->tag = FLEXDB_ABSENT;
    if (!make_rooms(room, v)) return error_no_memory(err), COMPUTED_NOTHING;
    struct buffer *own = &room->rooms[slot];
    if (own->capacity > ROOM_KEPT) buffer_free(own);
    buffer_reset(own);
    if (!formula_evaluate(f, values, own, &value, &fault)) {
        formula_issue(f, &fault, c->column->name, "computed", err);
        return COMPUTED_NOTHING;
    }
    enum verdict verdict = judge_computed(c, &value, own);
    if (verdict != VERDICT_OK) type_issue(c, verdict, &value, c->column->name, err);
    if (verdict != VERDICT_OK && !verdict_is_rule(verdict)) return COMPUTED_NOTHING;
    *out = value;
    return verdict == VERDICT_OK ? COMPUTED : COMPUTED_BREAKS_RULE;
}

/* ---- a value given for one ---- */

static void refuse_given(const struct column *column, const flexdb_value *given, const flexdb_value *computed,
                         flexdb_error *err) {
    struct buffer expected = BUFFER_INIT, got = BUFFER_INIT, message = BUFFER_INIT;
    rules_excerpt(computed, GOT_LIMIT, &expected);
    rules_excerpt(given, GOT_LIMIT, &got);
    buffer_puts(&message, "is computed, as ");
    rules_excerpt(computed, TOLD_LIMIT, &message);
    buffer_puts(&message, ", and cannot be set to ");
    rules_excerpt(given, TOLD_LIMIT, &message);
    const char *words = buffer_text(&message), *wanted = buffer_text(&expected), *had = buffer_text(&got);
    if (words == NULL || wanted == NULL || had == NULL)
        error_no_memory(err);
    else
        error_issue(err, column->name, "computed", wanted, had, "%s", words);
    buffer_free(&expected);
    buffer_free(&got);
    buffer_free(&message);
}

/* A value may be given where it is the computed one, or the one that stood there before (NULL: nothing did). */
static void judge_given(const struct validator *v, size_t slot, const flexdb_value *given, const flexdb_value *computed,
                        const flexdb_value *before, struct buffer *scratch, flexdb_error *err) {
    const struct compiled_column *c = &v->columns[slot];
    flexdb_value value = *given;
    if (given->tag == FLEXDB_ABSENT) return;
    bool good = true;
    if (codec_is_none(given))
        value.tag = FLEXDB_ABSENT;
    else
        good = c->type->check(c, &value, scratch) == VERDICT_OK;
    if (good && (same(&value, computed) || (before != NULL && same(&value, before)))) return;
    refuse_given(c->column, given, computed, err);
}

/* ---- checks ---- */

static void refuse_record(const struct check *check, flexdb_error *err) {
    struct buffer expected = BUFFER_INIT;
    json_write_string(&expected, check->expression, strlen(check->expression));
    const char *text = buffer_text(&expected);
    if (text == NULL)
        error_no_memory(err);
    else
        error_issue(err, check->name, "check", text, NULL, "%s",
                    check->message != NULL ? check->message : check->expression);
    buffer_free(&expected);
}

/* False with an issue where the record is refused. */
static bool judge_check(const struct validator *v, size_t i, const flexdb_value *values, struct buffer *scratch,
                        flexdb_error *err) {
    const struct check *check = &v->definition->checks[i];
    const struct formula *f = v->expressions.checks[i];
    struct formula_fault fault;
    flexdb_value value;
    size_t mark = scratch->length;
    bool evaluated = formula_evaluate(f, values, scratch, &value, &fault);
    if (!evaluated) formula_issue(f, &fault, check->name, "check", err);
    scratch->length = mark;
    bool refused = evaluated && value.tag == FLEXDB_BOOLEAN && !value.as.boolean;
    if (refused) refuse_record(check, err);
    return evaluated && !refused;
}

size_t codec_check_expressions(const struct validator *v, const flexdb_value *values, const bool *which,
                               struct buffer *scratch, flexdb_error *err) {
    size_t issues = 0;
    for (size_t i = 0; i < v->definition->check_count; i++)
        if ((which == NULL || which[i]) && !judge_check(v, i, values, scratch, err)) issues++;
    return issues;
}

/* ---- what is to be evaluated ---- */

static bool reads_bad(const struct formula *f, const flexdb_value *values) {
    const uint32_t *slots;
    size_t count = formula_columns(f, &slots);
    for (size_t i = 0; i < count; i++)
        if (values[slots[i]].tag == CODEC_BAD) return true;
    return false;
}

/* Whether it reads a slot that is not ABSENT in `set`. */
static bool reads_set(const struct formula *f, const flexdb_value *set) {
    const uint32_t *slots;
    size_t count = formula_columns(f, &slots);
    for (size_t i = 0; i < count; i++)
        if (set[slots[i]].tag != FLEXDB_ABSENT) return true;
    return false;
}

/* Computes one column of a record into out->values, where it may have stood before. */
static void compute(const struct validator *v, size_t slot, const flexdb_value *given, const flexdb_value *before,
                    struct record *out, flexdb_error *err) {
    flexdb_value *value = &out->values[slot];
    if (reads_bad(v->expressions.values[slot], out->values)) {
        value->tag = CODEC_BAD;
        return;
    }
    flexdb_value computed;
    if (codec_compute(v, slot, out->values, out, &computed, err) != COMPUTED) {
        value->tag = CODEC_BAD;
        return;
    }
    judge_given(v, slot, given, &computed, before, &out->scratch, err);
    *value = computed;
}

/* Computed texts may be long, and there may be many: the record ends where a document does. */
static void limit_texts(const flexdb_value *value, size_t *texts, flexdb_error *err) {
    if (value->tag != FLEXDB_TEXT) return;
    *texts += value->length;
    if (*texts > CODEC_MAX_DOCUMENT) codec_too_long(*texts, err);
}

/* The checks that `set` (NULL: everything) makes necessary. */
static void judge_checks(const struct validator *v, const flexdb_value *set, struct record *out, flexdb_error *err) {
    if (v->definition->check_count == 0 || err->code != FLEXDB_OK) return;
    if (!make_rooms(out, v)) {
        error_no_memory(err);
        return;
    }
    struct buffer *scratch = &out->rooms[v->shape.columns];
    buffer_reset(scratch);
    for (size_t i = 0; i < v->definition->check_count && err->code == FLEXDB_OK; i++) {
        const struct formula *f = v->expressions.checks[i];
        if ((set != NULL && !reads_set(f, set)) || reads_bad(f, out->values)) continue;
        judge_check(v, i, out->values, scratch, err);
    }
}

/* ---- a whole new record ---- */

/* Normalizes all that is given; what is wrong are issues. Computed columns are left to be computed. */
static void normalize(const struct validator *v, const flexdb_value *given, struct record *out, flexdb_error *err) {
    for (size_t slot = 0; slot < v->shape.columns; slot++) {
        const struct compiled_column *c = &v->columns[slot];
        if (c->column->computed != NULL) continue;
        const flexdb_value *source = given[slot].tag == FLEXDB_ABSENT ? &c->default_value : &given[slot];
        flexdb_value *value = &out->values[slot];
        enum verdict verdict = VERDICT_OK;
        *value = *source;
        if (codec_is_none(source)) {
            value->tag = FLEXDB_ABSENT;
            if (c->column->required) verdict = VERDICT_REQUIRED;
        } else if (source != &c->default_value) {
            verdict = c->type->check(c, value, &out->scratch);
        }
        if (verdict == VERDICT_OK) continue;
        type_issue(c, verdict, &given[slot], c->column->name, err);
        value->tag = CODEC_BAD;
    }
}

static size_t written_bound(const struct validator *v, const flexdb_value *values) {
    size_t bound = v->fixed_size;
    for (size_t i = v->shape.columns; i-- > 0 && v->members[i].form >= FORM_TEXT;) {
        const flexdb_value *value = &values[v->members[i].slot];
        if (value->tag == FLEXDB_JSON) bound += value->length;
        if (value->tag == FLEXDB_TEXT) bound += codec_text_bound(value->as.text, value->length);
    }
    return bound;
}

/* Writes what stands in out->values. False when memory is out. */
static bool write_normalized(const struct validator *v, struct record *out) {
    if (!buffer_reserve(&out->document, written_bound(v, out->values))) return false;
    char *begin = out->document.data, *w = begin;
    const struct member *m = v->members, *end = m + v->shape.columns;
    *w++ = '{';
    for (; m < end; m++) {
        flexdb_value *value = &out->values[m->slot];
        bool none = value->tag == FLEXDB_ABSENT;
        if (none && !m->keeps_null) continue;
        w = codec_write_member(w, m);
        if (none) {
            memcpy(w, "null", 4);
            w += 4;
        } else {
            w = codec_write_value(w, m, value, true, &out->scratch);
        }
        *w++ = ',';
    }
    if (w[-1] == ',') w--;
    *w++ = '}';
    out->document.length = (size_t)(w - begin);
    return true;
}

int codec_encode_expressions(const struct validator *v, const flexdb_value *given, struct record *out,
                             flexdb_error *err) {
    const struct expressions *e = &v->expressions;
    size_t texts = 0;
    normalize(v, given, out, err);
    for (size_t i = 0; i < e->computed && err->code == FLEXDB_OK; i++) {
        compute(v, e->order[i], &given[e->order[i]], NULL, out, err);
        limit_texts(&out->values[e->order[i]], &texts, err);
    }
    judge_checks(v, NULL, out, err);
    error_close_issues(err, FLEXDB_INVALID_RECORD);
    if (err->code != FLEXDB_OK) return -(int)err->code;
    return write_normalized(v, out) ? 0 : error_no_memory(err);
}

/* ---- a record with some of its fields set ---- */

const flexdb_value *codec_merge_expressions(const struct validator *v, const flexdb_value *given, struct record *out,
                                            flexdb_error *err) {
    flexdb_value *set = out->values + 2 * v->shape.count;
    const struct expressions *e = &v->expressions;
    size_t texts = 0;
    memcpy(set, given, v->shape.columns * sizeof *set);
    for (size_t i = 0; i < e->computed; i++) set[e->order[i]].tag = FLEXDB_ABSENT;
    for (size_t i = 0; i < e->computed && err->code == FLEXDB_OK; i++) {
        size_t slot = e->order[i];
        flexdb_value before = out->values[slot];
        if (!reads_set(e->values[slot], set)) {
            judge_given(v, slot, &given[slot], &before, NULL, &out->scratch, err);
            continue;
        }
        compute(v, slot, &given[slot], &before, out, err);
        limit_texts(&out->values[slot], &texts, err);
        set[slot] = out->values[slot];
        if (set[slot].tag == FLEXDB_ABSENT) set[slot].tag = FLEXDB_NULL;
    }
    judge_checks(v, set, out, err);
    return set;
}
