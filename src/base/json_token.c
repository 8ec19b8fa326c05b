#include "base/json_token.h"

#include <stdint.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Up to the first quote, backslash or control; `high` is set when a byte above 0x7f was passed. */
static const char *plain_run(const char *p, const char *end, bool *high) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const void *)p);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes);
        __m128i both = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(low, both));
        unsigned highs = (unsigned)_mm_movemask_epi8(bytes);
        if (stops != 0) {
            unsigned first = (unsigned)__builtin_ctz(stops);
            if ((highs & ((1U << first) - 1)) != 0) *high = true;
            return p + first;
        }
        if (highs != 0) *high = true;
        p += 16;
    }
#endif
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == '"' || c == '\\') break;
        if (c >= 0x80) *high = true;
    }
    return p;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *p, const char *end) {
    if (end - p < 4) return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value << 4 | digit;
    }
    return value;
}

static size_t encode_utf8(int32_t point, char out[4]) {
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (char)(lead[n] | point);
    return n;
}

static int32_t simple_escape(char c) {
    switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return -1;
    }
}

/* Decodes the escape whose backslash stands at *at into a code point and moves past it; a message when it is bad. */
static const char *read_escape(const char **at, const char *end, int32_t *point) {
    const char *p = *at + 1;
    if (p == end) return "the text ends inside a string";
    if (*p != 'u') {
        *point = simple_escape(*p);
        *at = p + 1;
        return *point < 0 ? "a backslash is followed by what is no escape" : NULL;
    }
    int32_t unit = hex4(p + 1, end);
    if (unit < 0) return "\\u is not followed by four hexadecimal digits";
    p += 5;
    if (unit >= 0xdc00 && unit <= 0xdfff) return "a low surrogate stands alone";
    if (unit >= 0xd800 && unit <= 0xdbff) {
        int32_t low = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2, end) : -1;
        if (low < 0xdc00 || low > 0xdfff) return "a high surrogate stands alone";
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
    }
    *point = unit;
    *at = p;
    return NULL;
}

static bool check_utf8(struct json_reader *r, const char *from, const char *to) {
    struct utf8_facts facts;
    if (utf8_check(from, (size_t)(to - from), &facts)) return true;
    const char *bad = from; /* code point by code point, to say where */
    while (bad < to) {
        size_t n = 1;
        while (n < 4 && n < (size_t)(to - bad) && !utf8_check(bad, n, &facts)) n++;
        if (!utf8_check(bad, n, &facts)) break;
        bad += n;
    }
    json_fail(r, bad, "a string is not valid UTF-8");
    return false;
}

/* What stopped a run that was no quote and no backslash. */
static bool fail_in_string(struct json_reader *r, const char *p) {
    json_fail(r, p, p == r->end ? "the text ends inside a string" : "a control character stands in a string unescaped");
    return false;
}

/* The rest of a string from its first backslash on. */
static bool string_with_escapes(struct json_reader *r, const char *begin, const char *p, bool high) {
    buffer_reset(&r->unescaped);
    const char *run = begin;
    while (p < r->end && *p == '\\') {
        int32_t point = 0;
        const char *escape = p;
        buffer_append(&r->unescaped, run, (size_t)(p - run));
        const char *message = read_escape(&p, r->end, &point);
        if (message != NULL) {
            json_fail(r, escape, message);
            return false;
        }
        char bytes[4];
        buffer_append(&r->unescaped, bytes, encode_utf8(point, bytes));
        run = p;
        p = plain_run(p, r->end, &high);
    }
    if (p == r->end || *p != '"') return fail_in_string(r, p);
    if (high && !check_utf8(r, begin, p)) return false;
    buffer_append(&r->unescaped, run, (size_t)(p - run));
    if (buffer_failed(&r->unescaped)) {
        json_fail_memory(r);
        return false;
    }
    r->text = r->unescaped.data;
    r->length = r->unescaped.length;
    r->at = p + 1;
    return true;
}

bool json_token_string(struct json_reader *r) {
    bool high = false;
    const char *begin = r->at + 1;
    const char *p = plain_run(begin, r->end, &high);
    if (p == r->end) return fail_in_string(r, p);
    if (*p == '\\') return string_with_escapes(r, begin, p, high);
    if (*p != '"') return fail_in_string(r, p);
    if (high && !check_utf8(r, begin, p)) return false;
    r->text = begin;
    r->length = (size_t)(p - begin);
    r->at = p + 1;
    return true;
}

void json_token_unescape_again(const char *from, const char *end, struct buffer *out) {
    while (*from != '"') {
        if (*from != '\\') {
            buffer_put(out, *from++);
            continue;
        }
        int32_t point = 0;
        char bytes[4];
        read_escape(&from, end, &point); /* was good when it was read the first time */
        buffer_append(out, bytes, encode_utf8(point, bytes));
    }
}

/* The end of a number with a fraction or an exponent, from the byte after its integer part. */
static enum json_event read_float(struct json_reader *r, const char *p) {
    const char *end = r->end;
    if (p < end && *p == '.') {
        p++;
        if (p == end || !is_digit(*p)) return json_fail(r, p, "a number has no digit after its decimal point");
        while (p < end && is_digit(*p)) p++;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        if (p == end || !is_digit(*p)) return json_fail(r, p, "a number has no digit in its exponent");
        while (p < end && is_digit(*p)) p++;
    }
    if (!number_parse_double(r->at, (size_t)(p - r->at), &r->number)) {
        return json_fail(r, r->at, "a number is too large for a double");
    }
    r->at = p;
    return JSON_NUMBER;
}

enum json_event json_token_number(struct json_reader *r) {
    const char *p = r->at, *end = r->end;
    bool negative = *p == '-';
    if (negative) p++;
    const char *digits = p;
    uint64_t value = 0; /* may wrap beyond nineteen digits; it is not looked at then */
    while (p < end && is_digit(*p)) value = value * 10 + (uint64_t)(*p++ - '0');
    size_t count = (size_t)(p - digits);
    if (count == 0) return json_fail(r, p, "a minus sign is not followed by a digit");
    if (count > 1 && *digits == '0') return json_fail(r, digits, "a number begins with a needless zero");
    r->inexact = false;
    if (p < end && (*p == '.' || *p == 'e' || *p == 'E')) return read_float(r, p);
    if (negative && value == 0 && count == 1) return read_float(r, p);
    if (count > 19 || value > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        r->inexact = true;
        return read_float(r, p);
    }
    r->integer = negative ? (int64_t)(0 - value) : (int64_t)value;
    r->at = p;
    return JSON_INTEGER;
}
