#include "model/codec.h"

#include <stdlib.h>

#include "base/number.h"
#include "model/codec_parts.h"
#include "model/types/rules.h"

/* ---- the record ---- */

void record_free(struct record *r) {
    buffer_free(&r->document);
    buffer_free(&r->scratch);
    for (size_t i = 0; i < r->room_count; i++) buffer_free(&r->rooms[i]);
    free(r->rooms);
    free(r->values);
    *r = RECORD_INIT;
}

bool codec_reserve_values(struct record *r, const struct validator *v) {
    size_t needed = (v->expressions.any ? 3 : 2) * v->shape.count;
    if (r->capacity >= needed) return true;
    flexdb_value *values = realloc(r->values, needed * sizeof *values);
    if (values == NULL) return false;
    for (size_t i = r->capacity; i < needed; i++) values[i] = (flexdb_value){.tag = FLEXDB_ABSENT};
    r->values = values;
    r->capacity = needed;
    return true;
}

int codec_too_long(size_t length, flexdb_error *err) {
    return error_set(err, FLEXDB_LIMIT, "the record's document takes %zu bytes, at most %d are allowed", length,
                     (int)CODEC_MAX_DOCUMENT);
}

/* The id that a record brings along; VERDICT_OK where it brings none. */
static enum verdict check_id(const flexdb_value *id) {
    if (value_is_none(id)) return VERDICT_OK;
    if (id->tag != FLEXDB_TEXT) return VERDICT_TYPE;
    if (id->length > ID_MAX_LENGTH) return VERDICT_MAX_LENGTH;
    return rules_is_id(id->as.text, id->length) ? VERDICT_OK : VERDICT_PATTERN;
}

static void id_issue(enum verdict verdict, const flexdb_value *id, flexdb_error *err) {
    static const struct column column = {.name = "id", .key = "id", .type = TYPE_STRING};
    static const struct compiled_column c = {.column = &column, .max_length = ID_MAX_LENGTH};
    if (verdict != VERDICT_PATTERN) {
        type_issue(&c, verdict, id, "id", err);
        return;
    }
    struct buffer got = BUFFER_INIT;
    rules_excerpt(id, 200, &got);
    const char *json = buffer_text(&got);
    error_issue(err, "id", "pattern", "\"^[A-Za-z0-9_.:-]+$\"", json,
                "must be made of ASCII letters, digits and _ . : - alone, is %s", json != NULL ? json : "not");
    buffer_free(&got);
}

/* ---- writing values ---- */

/* Without a call: values are short. May not touch what lies behind the text, for it is borrowed. */
static inline char *copy_short(char *w, const char *text, size_t length) {
    if (length >= 16) {
        size_t i = 0;
        for (; i + 16 <= length; i += 16) memcpy(w + i, text + i, 16);
        memcpy(w + length - 16, text + length - 16, 16);
    } else if (length >= 8) {
        memcpy(w, text, 8);
        memcpy(w + length - 8, text + length - 8, 8);
    } else if (length >= 4) {
        memcpy(w, text, 4);
        memcpy(w + length - 4, text + length - 4, 4);
    } else {
        for (size_t i = 0; i < length; i++) w[i] = text[i];
    }
    return w + length;
}

static inline char *write_text(char *w, const struct compiled_column *c, const flexdb_value *value, bool normal) {
    struct utf8_facts facts;
    if (value->tag != FLEXDB_TEXT) return NULL;
    *w++ = '"';
    w = codec_emit_text(w, value->as.text, value->length, &facts);
    if (w == NULL) return NULL;
    *w++ = '"';
    if (!normal && rules_judge_text(c, value->as.text, value->length, &facts) != VERDICT_OK) return NULL;
    return w;
}

static char *write_boolean(char *w, bool value) {
    if (value) {
        memcpy(w, "true", 4);
        return w + 4;
    }
    memcpy(w, "false", 5);
    return w + 5;
}

static inline char *write_value(char *w, const struct member *m, flexdb_value *value, bool normal,
                                struct buffer *scratch) {
    const struct compiled_column *c = m->column;
    if (m->form == FORM_TEXT) return write_text(w, c, value, normal);
    if (!normal && c->type->check(c, value, scratch) != VERDICT_OK) return NULL;
    switch (m->form) {
    case FORM_INTEGER: return w + number_print_integer(value->as.integer, w);
    case FORM_BOOLEAN: return write_boolean(w, value->as.boolean);
    case FORM_PLAIN:
        *w++ = '"';
        w = copy_short(w, value->as.text, value->length);
        *w++ = '"';
        return w;
    default: memcpy(w, value->as.text, value->length); return w + value->length;
    }
}

char *codec_write_value(char *w, const struct member *m, flexdb_value *value, bool normal, struct buffer *scratch) {
    return write_value(w, m, value, normal, scratch);
}

/* ---- a whole new record ---- */

static inline bool is_borrowed(const flexdb_value *value) {
    return value->tag == FLEXDB_TEXT || value->tag == FLEXDB_JSON;
}

/* What the texts take at most that are looked into for that. */
static void add_bounds(const struct validator *v, const flexdb_value *given, size_t *document, size_t *scratch) {
    for (size_t i = v->first_text; i < v->shape.columns; i++) {
        const struct member *m = &v->members[i];
        const flexdb_value *value = &given[m->slot];
        if (!is_borrowed(value)) continue;
        size_t bound = value->tag == FLEXDB_JSON ? value->length : codec_text_bound(value->as.text, value->length);
        *document += bound;
        if (m->form == FORM_JSON && value->tag == FLEXDB_TEXT) *scratch += bound;
    }
}

/* Room for the worst case, so that nothing moves while it is written. `too_long`: its texts alone pass the limit. */
static bool reserve(const struct validator *v, const flexdb_value *given, struct record *out, bool *too_long) {
    size_t document = v->fixed_size, scratch = v->scratch_size, texts = 0;
    for (const struct member *m = v->members + v->first_text, *end = v->members + v->shape.columns; m < end; m++) {
        if (is_borrowed(&given[m->slot])) texts += given[m->slot].length;
    }
    *too_long = texts > CODEC_MAX_DOCUMENT;
    if (texts <= SHORT_TEXT) { /* fixed_size has the slack of each */
        document += ESCAPED_BYTES * texts;
        scratch += ESCAPED_BYTES * texts;
    } else if (!*too_long) {
        add_bounds(v, given, &document, &scratch);
    }
    buffer_reset(&out->document);
    buffer_reset(&out->scratch);
    return codec_reserve_values(out, v) && buffer_reserve(&out->document, document) &&
           buffer_reserve(&out->scratch, scratch);
}

/* The hot path: false at the first rule that is broken, and it is for report to say which. */
static bool write_record(const struct validator *v, const flexdb_value *given, struct record *out) {
    char *begin = out->document.data, *w = begin;
    const struct member *m = v->members, *end = m + v->shape.columns;
    *w++ = '{';
    for (; m < end; m++) {
        const flexdb_value *source = &given[m->slot];
        flexdb_value *value = &out->values[m->slot];
        bool is_default = source->tag == FLEXDB_ABSENT;
        if (is_default) source = &m->column->default_value;
        if (codec_is_none(source)) {
            value->tag = FLEXDB_ABSENT;
            if (m->required) return false;
            if (!m->keeps_null) continue;
            w = codec_write_member(w, m);
            memcpy(w, "null,", 5);
            w += 5;
            continue;
        }
        *value = *source;
        w = codec_write_member(w, m);
        w = write_value(w, m, value, is_default, &out->scratch);
        if (w == NULL) return false;
        *w++ = ',';
    }
    if (w[-1] == ',') w--;
    *w++ = '}';
    out->document.length = (size_t)(w - begin);
    return true;
}

/* Judges every field in the definition's order and says all that is wrong. */
static int report(const struct validator *v, const flexdb_value *given, struct record *out, flexdb_error *err) {
    const flexdb_value *id = &given[v->shape.columns + SLOT_ID];
    id_issue(check_id(id), id, err);
    for (size_t slot = 0; slot < v->shape.columns; slot++) {
        const struct compiled_column *c = &v->columns[slot];
        flexdb_value value = given[slot];
        if (c->column->computed != NULL) continue;
        if (value.tag == FLEXDB_ABSENT) value = c->default_value;
        buffer_reset(&out->scratch);
        if (codec_is_none(&value)) {
            if (c->column->required) type_issue(c, VERDICT_REQUIRED, &given[slot], c->column->name, err);
        } else {
            type_issue(c, c->type->check(c, &value, &out->scratch), &given[slot], c->column->name, err);
        }
    }
    buffer_reset(&out->document);
    error_close_issues(err, FLEXDB_INVALID_RECORD);
    return err->code != FLEXDB_OK ? -(int)err->code : 0;
}

static size_t given_length(const struct validator *v, const flexdb_value *given) {
    size_t length = 0;
    for (size_t i = 0; i < v->shape.columns; i++) {
        if (given[i].tag == FLEXDB_TEXT || given[i].tag == FLEXDB_JSON) length += given[i].length;
    }
    return length;
}

int codec_encode(const struct validator *v, const flexdb_value *given, struct record *out, flexdb_error *err) {
    bool too_long;
    const flexdb_value *id = &given[v->shape.columns + SLOT_ID];
    if (!reserve(v, given, out, &too_long)) return error_no_memory(err);
    for (size_t i = v->shape.columns; i < v->shape.count; i++) out->values[i].tag = FLEXDB_ABSENT;
    if (!value_is_none(id)) out->values[v->shape.columns + SLOT_ID] = *id;

    if (v->expressions.any && !too_long) {
        id_issue(check_id(id), id, err);
        int rc = codec_encode_expressions(v, given, out, err);
        if (rc != 0) return rc;
        return out->document.length > CODEC_MAX_DOCUMENT ? codec_too_long(out->document.length, err) : 0;
    }
    bool good = check_id(id) == VERDICT_OK && !too_long && write_record(v, given, out);
    if (!good) {
        int rc = report(v, given, out, err);
        if (rc != 0) return rc;
        if (too_long) return codec_too_long(given_length(v, given), err);
        /* Nothing is wrong now: a pattern's time limit is the one judgement that may change. */
        if (!write_record(v, given, out)) return error_set(err, FLEXDB_BUSY, "a pattern took too long to match");
    }
    return out->document.length > CODEC_MAX_DOCUMENT ? codec_too_long(out->document.length, err) : 0;
}

/* ---- judging again, and physical forms ---- */

size_t codec_check(const struct validator *v, const flexdb_value *values, const bool *which, struct buffer *scratch,
                   flexdb_error *err) {
    size_t issues = 0;
    for (size_t slot = 0; slot < v->shape.columns; slot++) {
        if (!which[slot]) continue;
        const struct compiled_column *c = &v->columns[slot];
        enum verdict verdict = VERDICT_OK;
        if (codec_is_none(&values[slot])) {
            if (c->column->required) verdict = VERDICT_REQUIRED;
        } else {
            size_t mark = scratch->length;
            flexdb_value value = values[slot];
            verdict = c->type->check(c, &value, scratch);
            scratch->length = mark;
        }
        if (verdict == VERDICT_OK) continue;
        type_issue(c, verdict, &values[slot], c->column->name, err);
        issues++;
    }
    return issues;
}

int codec_physical(const struct validator *v, size_t slot, const flexdb_value *value, flexdb_value *out,
                   struct buffer *scratch, flexdb_error *err) {
    const struct compiled_column *c = &v->columns[slot];
    *out = value_null();
    if (value_is_none(value) || c->type->physical(c, value, out, scratch)) return 0;
    if (buffer_failed(scratch)) return error_no_memory(err);
    return error_set(err, FLEXDB_INTERNAL, "a value of the column \"%s\" has no physical form", c->column->name);
}
