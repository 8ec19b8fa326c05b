/* json: any JSON value, kept as the text that it is: integers stay integers, empty arrays stay arrays. */
#include "model/types/json.h"

#include <math.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/number.h"
#include "model/types/rules.h"

static bool json_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    (void)path, (void)err;
    c->physical = PHYSICAL_NONE;
    return true;
}

/* The closing quote of the string whose inside begins at `p`, or `end`. */
static const char *string_end(const char *p, const char *end, bool *nul) {
    for (; p < end && *p != '"'; p++) {
        if (*p != '\\') continue;
        if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0) *nul = true;
        if (++p == end) break;
    }
    return p;
}

static const char *number_end(const char *p, const char *end) {
    while (p < end && ((*p >= '0' && *p <= '9') || *p == '-' || *p == '+' || *p == '.' || *p == 'e' || *p == 'E')) p++;
    return p;
}

static bool is_finite(const char *text, size_t length) {
    enum { SAFE_DIGITS = 300 }; /* fewer, without an exponent, cannot overflow */
    double ignored;
    if (length < SAFE_DIGITS && memchr(text, 'e', length) == NULL && memchr(text, 'E', length) == NULL) return true;
    return number_parse_double(text, length, &ignored);
}

size_t json_depth(const char *text, size_t length) {
    const char *end = text + length;
    size_t depth = 0, deepest = 0;
    bool nul = false;
    for (const char *p = text; p < end; p++) {
        if (*p == '"') {
            p = string_end(p + 1, end, &nul);
        } else if (*p == '[' || *p == '{') {
            if (++depth > deepest) deepest = depth;
        } else if (*p == ']' || *p == '}') {
            depth--;
        }
    }
    return deepest;
}

/* The span is well formed: its writer or a reader saw to that. What is left to judge are the limits. */
static enum verdict judge_span(const char *text, size_t length) {
    struct utf8_facts facts;
    if (!utf8_check(text, length, &facts)) return VERDICT_UTF8;
    const char *end = text + length;
    int depth = 0;
    bool nul = facts.has_nul;
    for (const char *p = text; p < end; p++) {
        if (*p == '"') {
            p = string_end(p + 1, end, &nul);
        } else if (*p == '[' || *p == '{') {
            if (++depth > FLEXDB_JSON_MAX_DEPTH) return VERDICT_DEPTH;
        } else if (*p == ']' || *p == '}') {
            depth--;
        } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
            const char *number = p;
            p = number_end(p, end) - 1;
            if (!is_finite(number, (size_t)(p + 1 - number))) return VERDICT_RANGE;
        }
    }
    return nul ? VERDICT_NUL : VERDICT_OK;
}

/* A scalar becomes its JSON. */
static enum verdict scalar_to_json(flexdb_value *value, struct buffer *scratch) {
    struct utf8_facts facts;
    size_t begin = scratch->length;
    switch (value->tag) {
    case FLEXDB_TEXT:
        if (!utf8_check(value->as.text, value->length, &facts)) return VERDICT_UTF8;
        if (facts.has_nul) return VERDICT_NUL;
        json_write_string(scratch, value->as.text, value->length);
        break;
    case FLEXDB_INTEGER: json_write_integer(scratch, value->as.integer); break;
    case FLEXDB_NUMBER:
        if (!isfinite(value->as.number)) return VERDICT_RANGE;
        json_write_number(scratch, value->as.number);
        break;
    case FLEXDB_BOOLEAN: buffer_puts(scratch, value->as.boolean ? "true" : "false"); break;
    default: return VERDICT_TYPE;
    }
    if (buffer_failed(scratch)) return VERDICT_NO_MEMORY;
    *value = value_text(scratch->data + begin, scratch->length - begin);
    value->tag = FLEXDB_JSON;
    return VERDICT_OK;
}

static enum verdict json_check(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch) {
    (void)c;
    if (value->tag != FLEXDB_JSON) return scalar_to_json(value, scratch);
    return value->judged ? VERDICT_OK : judge_span(value->as.text, value->length);
}

static void json_write(const flexdb_value *value, struct buffer *out) {
    buffer_append(out, value->as.text, value->length);
}

static bool json_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                      flexdb_value *out, struct buffer *scratch) {
    (void)c, (void)event, (void)scratch;
    *out = value_text(r->text, r->length);
    out->tag = FLEXDB_JSON;
    return true;
}

static bool json_physical(const struct compiled_column *c, const flexdb_value *value, flexdb_value *out,
                          struct buffer *scratch) {
    (void)c, (void)value, (void)out, (void)scratch;
    return false;
}

const struct type type_json = {
    .id = TYPE_JSON,
    .rules = 0,
    .may_be_indexed = false,
    .compile = json_compile,
    .check = json_check,
    .write = json_write,
    .read = json_read,
    .physical = json_physical,
};
