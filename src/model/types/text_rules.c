/* The rules on texts, and what else the types that are texts in a document share. */
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "model/format.h"
#include "model/types/rules.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool compile_format(struct compiled_column *c, const char *path, flexdb_error *err) {
    const char *name = c->column->rules.format;
    if (name == NULL) return true;
    c->format = format_find(name);
    if (c->format != NULL) return true;

    char where[RULES_PATH_SIZE];
    struct buffer list = BUFFER_INIT, got = BUFFER_INIT;
    flexdb_value given = value_text(name, strlen(name));
    buffer_put(&list, '[');
    for (size_t i = 0; i < FORMAT_COUNT; i++) buffer_printf(&list, "%s\"%s\"", i > 0 ? "," : "", format_list()[i].name);
    buffer_put(&list, ']');
    rules_excerpt(&given, 200, &got);
    const char *expected = buffer_text(&list), *json = buffer_text(&got);
    snprintf(where, sizeof where, "%s.format", path);
    if (expected != NULL && json != NULL) {
        error_issue(err, where, "format", expected, json,
                    "must be one of email, uri, uuid, ipv4, ipv6, hostname, slug, phone, is %s", json);
    } else {
        error_no_memory(err);
    }
    buffer_free(&list);
    buffer_free(&got);
    return false;
}

static bool compile_pattern(struct compiled_column *c, const char *path, flexdb_error *err) {
    const char *pattern = c->column->rules.pattern;
    if (pattern == NULL) return true;
    char message[REGEX_MESSAGE_SIZE], where[RULES_PATH_SIZE];
    int rc = regex_compile(&c->pattern, pattern, strlen(pattern), message);
    if (rc == 0) return true;
    if (rc == -2) return error_no_memory(err), false;

    struct buffer got = BUFFER_INIT;
    flexdb_value given = value_text(pattern, strlen(pattern));
    rules_excerpt(&given, 200, &got);
    snprintf(where, sizeof where, "%s.pattern", path);
    error_issue(err, where, "pattern", NULL, buffer_text(&got), "is not a regular expression: %s", message);
    buffer_free(&got);
    c->pattern = NULL;
    return false;
}

static bool compile_lengths(struct compiled_column *c, int64_t longest, const char *path, flexdb_error *err) {
    const struct rules *rules = &c->column->rules;
    c->min_length = (rules->given & 1u << RULE_MIN_LENGTH) != 0 ? rules->min_length : 0;
    c->max_length = (rules->given & 1u << RULE_MAX_LENGTH) != 0 ? rules->max_length : longest;
    if (c->min_length <= c->max_length) return true;

    char where[RULES_PATH_SIZE], expected[24], got[24];
    snprintf(where, sizeof where, "%s.minLength", path);
    snprintf(expected, sizeof expected, "%lld", (long long)c->max_length);
    snprintf(got, sizeof got, "%lld", (long long)c->min_length);
    error_issue(err, where, "minLength", expected, got, "must not be greater than maxLength, %s, is %s", expected, got);
    return false;
}

bool rules_text(struct compiled_column *c, int64_t longest, const char *path, flexdb_error *err) {
    bool good = rules_enum(c, path, err);
    if (!compile_lengths(c, longest, path, err)) good = false;
    if (!compile_pattern(c, path, err)) good = false;
    if (!compile_format(c, path, err)) good = false;
    return good;
}

enum verdict rules_judge_words(const struct compiled_column *c, const char *text, size_t length, bool ascii) {
    if (!rules_in_enum(c, text, length)) return VERDICT_ENUM;
    if (c->format != NULL && !c->format->match(text, length)) return VERDICT_FORMAT;
    if (c->pattern == NULL) return VERDICT_OK;
    switch (regex_search(c->pattern, text, length, ascii)) {
    case REGEX_MATCH: return VERDICT_OK;
    case REGEX_NO_MATCH: return VERDICT_PATTERN;
    default: return VERDICT_PATTERN_LIMIT;
    }
}

enum verdict rules_check_text(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch) {
    (void)scratch;
    struct utf8_facts facts;
    if (value->tag != FLEXDB_TEXT) return VERDICT_TYPE;
    if (!utf8_check(value->as.text, value->length, &facts)) return VERDICT_UTF8;
    return rules_judge_text(c, value->as.text, value->length, &facts);
}

bool rules_scratch_text(flexdb_value *value, const char *text, size_t length, struct buffer *scratch) {
    size_t begin = scratch->length;
    buffer_append(scratch, text, length);
    if (buffer_failed(scratch)) return false;
    *value = value_text(scratch->data + begin, length);
    return true;
}

void rules_write_string(const flexdb_value *value, struct buffer *out) {
    json_write_string(out, value->as.text, value->length);
}

void rules_write_plain(const flexdb_value *value, struct buffer *out) {
    buffer_put(out, '"');
    buffer_append(out, value->as.text, value->length);
    buffer_put(out, '"');
}

bool rules_physical_text(const struct compiled_column *c, const flexdb_value *value, flexdb_value *out,
                         struct buffer *scratch) {
    (void)c, (void)scratch;
    *out = *value;
    return value->tag == FLEXDB_TEXT;
}

#ifdef __SSE2__
/* Whether each byte is from `first` to `last`, both below 0x80. */
static inline __m128i are_between(__m128i bytes, char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8((char)(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8((char)(last + 1))));
}

/* Sixteen of them at once; ids are 36 bytes as a rule. */
static inline __m128i are_id_bytes(const char *text) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i letters = are_between(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    __m128i digits = are_between(bytes, '0', ':'); /* the colon stands behind 9 */
    __m128i others = _mm_or_si128(are_between(bytes, '-', '.'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
    return _mm_or_si128(letters, _mm_or_si128(digits, others));
}
#endif

bool rules_is_id(const char *text, size_t length) {
    static const bool allowed[256] = {
        ['-'] = true, ['.'] = true, ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true,
        ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true, [':'] = true, ['_'] = true, ['A'] = true, ['B'] = true,
        ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true, ['G'] = true, ['H'] = true, ['I'] = true, ['J'] = true,
        ['K'] = true, ['L'] = true, ['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true,
        ['S'] = true, ['T'] = true, ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true,
        ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true,
        ['i'] = true, ['j'] = true, ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true,
        ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true,
        ['y'] = true, ['z'] = true};
    if (length == 0 || length > ID_MAX_LENGTH) return false;
#ifdef __SSE2__
    if (length >= 16) {
        __m128i all = are_id_bytes(text + length - 16);
        for (size_t i = 0; i + 16 < length; i += 16) all = _mm_and_si128(all, are_id_bytes(text + i));
        return _mm_movemask_epi8(all) == 0xFFFF;
    }
#endif
    for (size_t i = 0; i < length; i++) {
        if (!allowed[(unsigned char)text[i]]) return false;
    }
    return true;
}
