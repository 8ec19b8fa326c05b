/* From a stored document to values. */
#include "base/json_reader.h"
#include "base/number.h"
#include "model/codec_parts.h"
#include "model/codec_scan.h"
#include "model/types/rules.h"

/* Marks a slot whose member was not met yet; never seen outside. */
#define NOT_MET FLEXDB_FAULT

/* ---- tokens ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static const char *skip_digits(const char *p, const char *end) {
    const char *begin = p;
    while (p < end && is_digit(*p)) p++;
    return p > begin ? p : NULL;
}

/* The rest of a number that is no integer; its value is never asked for, since only json columns hold such numbers. */
static const char *read_fraction(const char *p, const char *end) {
    if (*p == '.') p = skip_digits(p + 1, end);
    if (p == NULL || p == end || (*p != 'e' && *p != 'E')) return p;
    if (++p < end && (*p == '+' || *p == '-')) p++;
    return skip_digits(p, end);
}

/* RFC 8259, 6. */
static const char *read_number(const char *p, const char *end, struct json_reader *r, enum json_event *event) {
    const char *begin = p;
    bool negative = *p == '-';
    if (negative) p++;
    const char *digits = p;
    uint64_t value = 0;
    while (p < end && is_digit(*p)) value = value * 10 + (uint64_t)(*p++ - '0');
    ptrdiff_t count = p - digits;
    if (count == 0 || (count > 1 && digits[0] == '0')) return NULL;
    *event = JSON_NUMBER;
    if (p < end && (*p == '.' || *p == 'e' || *p == 'E')) return read_fraction(p, end);
    if (count <= 18) {
        r->integer = negative ? -(int64_t)value : (int64_t)value;
        if (!negative || value != 0) *event = JSON_INTEGER;
    } else if (number_parse_integer(begin, (size_t)(p - begin), &r->integer)) {
        *event = JSON_INTEGER;
    }
    return p;
}

static const char *read_word(const char *p, const char *end, enum json_event *event) {
    if (end - p >= 4 && memcmp(p, "true", 4) == 0) return *event = JSON_TRUE, p + 4;
    if (end - p >= 5 && memcmp(p, "false", 5) == 0) return *event = JSON_FALSE, p + 5;
    if (end - p >= 4 && memcmp(p, "null", 4) == 0) return *event = JSON_NULL, p + 4;
    return NULL;
}

/* A string of a document that is `length` bytes long: scratch grows once, before anything points into it. */
static const char *read_string(const char *p, const char *end, size_t length, struct json_reader *r,
                               struct buffer *scratch) {
    unsigned flags = 0;
    struct utf8_facts facts;
    const char *quote = scan_string(p + 1, end, &flags);
    if (quote == NULL || (flags & SCAN_CONTROL) != 0) return NULL;
    r->text = p + 1;
    r->length = (size_t)(quote - r->text);
    if ((flags & SCAN_HIGH) != 0 && !utf8_check(r->text, r->length, &facts)) return NULL;
    if ((flags & SCAN_ESCAPED) == 0) return quote + 1;
    if (scratch->length == 0 && !buffer_reserve(scratch, length)) return NULL;
    char *copy = scratch->data + scratch->length, *copy_end = scan_unescape(copy, r->text, quote);
    if (copy_end == NULL) return NULL;
    r->text = copy;
    r->length = (size_t)(copy_end - copy);
    scratch->length += r->length;
    return quote + 1;
}

static const char *read_token(const char *p, const char *end, size_t length, struct json_reader *r,
                              enum json_event *event, struct buffer *scratch) {
    switch (*p) {
    case '"': *event = JSON_STRING; return read_string(p, end, length, r, scratch);
    case '{': *event = JSON_OBJECT; return scan_nested(p, end);
    case '[': *event = JSON_ARRAY; return scan_nested(p, end);
    case 't':
    case 'f':
    case 'n': return read_word(p, end, event);
    default: return *p == '-' || is_digit(*p) ? read_number(p, end, r, event) : NULL;
    }
}

/* ---- the document ---- */

static int malformed(const char *document, const struct scan *s, const struct buffer *scratch, flexdb_error *err) {
    if (buffer_failed(scratch)) return error_no_memory(err);
    return error_set(err, FLEXDB_CORRUPT, "a stored document is not well formed at byte %zu",
                     (size_t)(s->at - document));
}

static int misfit(const struct member *m, const char *value, const char *end, flexdb_error *err) {
    struct buffer text = BUFFER_INIT;
    flexdb_value span = value_text(value, (size_t)(end - value));
    span.tag = FLEXDB_JSON;
    rules_excerpt(&span, 80, &text);
    const char *got = buffer_text(&text);
    error_set(err, FLEXDB_CORRUPT,
              "a stored document holds %s under \"%s\", which is not what a column of type %s writes",
              got != NULL ? got : "a value", m->column->column->key, column_type_name(m->column->column->type));
    buffer_free(&text);
    return -(int)err->code;
}

/* The value of a member that is wanted; the place behind it, or NULL with the error set or not well formed. */
static const char *read_member(struct scan *s, size_t length, struct json_reader *r, struct record *out,
                               flexdb_error *err) {
    const struct member *m = s->member;
    flexdb_value *value = &out->values[m->slot];
    enum json_event event = JSON_ERROR;
    s->at = s->value;
    const char *end = m->form == FORM_JSON && *s->value == '"'
                          ? scan_value(s->value, s->end)
                          : read_token(s->value, s->end, length, r, &event, &out->scratch);
    if (end == NULL) return NULL;
    if (value->tag != NOT_MET) {
        error_set(err, FLEXDB_CORRUPT, "a stored document holds the key \"%s\" twice", m->column->column->key);
        return NULL;
    }
    if (event == JSON_NULL) {
        value->tag = FLEXDB_ABSENT;
        return end;
    }
    if (m->form == FORM_JSON) r->text = s->value, r->length = (size_t)(end - s->value);
    if (m->column->type->read(m->column, r, event, value, &out->scratch)) return end;
    misfit(m, s->value, end, err);
    return NULL;
}

int codec_read(const struct validator *v, const char *document, size_t length, const bool *wanted, struct record *out,
               flexdb_value *spans, bool *strangers, flexdb_error *err) {
    struct scan s;
    struct json_reader r;
    r.start = document, r.end = document + length;
    size_t left = 0;
    for (size_t slot = 0; slot < v->shape.columns; slot++) {
        bool want = wanted == NULL || wanted[slot];
        out->values[slot].tag = want ? NOT_MET : FLEXDB_ABSENT;
        left += want;
    }
    if (!scan_begin(&s, v, document, length)) return malformed(document, &s, &out->scratch, err);
    while (wanted == NULL || left > 0) {
        enum scan_step step = scan_next(&s, &out->scratch);
        if (step == SCAN_END) break;
        if (step == SCAN_BAD) return malformed(document, &s, &out->scratch, err);
        const struct member *m = s.member;
        bool want = m != NULL && (wanted == NULL || wanted[m->slot]);
        const char *end = want ? read_member(&s, length, &r, out, err) : scan_value(s.value, s.end);
        if (end == NULL) return err->code != FLEXDB_OK ? -(int)err->code : malformed(document, &s, &out->scratch, err);
        if (m == NULL && strangers != NULL) *strangers = true;
        if (m != NULL && spans != NULL) spans[m->slot] = value_text(s.value, (size_t)(end - s.value));
        left -= want;
        s.at = end;
    }
    for (size_t slot = 0; left > 0 && slot < v->shape.columns; slot++) {
        if (out->values[slot].tag != NOT_MET) continue;
        out->values[slot] = v->columns[slot].initial_default;
        left--;
    }
    return 0;
}

int codec_decode(const struct validator *v, const char *document, size_t length, const bool *wanted, struct record *out,
                 flexdb_error *err) {
    if (!codec_reserve_values(out, v)) return error_no_memory(err);
    buffer_reset(&out->scratch);
    return codec_read(v, document, length, wanted, out, NULL, NULL, err);
}
