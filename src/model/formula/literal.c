/* What the literals of an expression stand for. */
#include <string.h>

#include "base/utf8.h"
#include "model/formula/token.h"

/* ---- numbers ---- */

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool token_integer(const struct token *t, bool negative, int64_t *out) {
    const char *p = t->text, *end = t->text + t->length;
    uint64_t base = 10, value = 0, limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (t->length > 2 && (p[1] == 'x' || p[1] == 'X')) base = 16, p += 2;
    for (; p < end; p++) {
        uint64_t digit = (uint64_t)hex_value(*p);
        if (value > (limit - digit) / base) return false;
        value = value * base + digit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* A decimal while its digits come in. */
struct digits {
    decimal_int coefficient;
    int scale;
    bool too_many;
};

static const char *take_digits(const char *p, const char *end, struct digits *d, int scale_step) {
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (d->coefficient >= decimal_power_of_ten(DECIMAL_MAX_PRECISION - 1)) {
            d->too_many = true;
            continue;
        }
        d->coefficient = d->coefficient * 10 + (*p - '0');
        d->scale += scale_step; /* an expression is too short for it to overflow */
    }
    return p;
}

static int read_exponent(const char *p, const char *end) {
    enum { ENOUGH = 10000 }; /* beyond what the digits of an expression can make up for */
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    int value = 0;
    for (; p < end; p++) value = value < ENOUGH ? value * 10 + (*p - '0') : ENOUGH;
    return negative ? -value : value;
}

bool token_decimal(const struct token *t, struct decimal *out) {
    struct digits d = {0};
    const char *end = t->text + t->length, *p = take_digits(t->text, end, &d, 0);
    if (p < end && *p == '.') p = take_digits(p + 1, end, &d, 1);
    if (d.too_many) return false;
    if (p < end) d.scale -= read_exponent(p + 1, end);
    for (; d.scale < 0; d.scale++) {
        if (d.coefficient == 0) d.scale = -1; /* a zero has no digits to shift */
        if (d.coefficient >= decimal_power_of_ten(DECIMAL_MAX_PRECISION - 1)) return false;
        d.coefficient *= 10;
    }
    if (d.scale > DECIMAL_MAX_PRECISION) return false;
    *out = (struct decimal){d.coefficient, d.scale};
    return true;
}

/* ---- strings ---- */

struct string_reader {
    const char *p, *end; /* behind the opening quote; at the closing one */
    struct buffer *out;
    const char *why;
};

static bool refuse(struct string_reader *r, const char *why) {
    r->why = why;
    return false;
}

static bool read_hex(struct string_reader *r) {
    if (r->end - r->p < 2 || hex_value(r->p[0]) < 0 || hex_value(r->p[1]) < 0) {
        return refuse(r, "\\x needs two hexadecimal digits");
    }
    buffer_put(r->out, (char)(hex_value(r->p[0]) * 16 + hex_value(r->p[1])));
    r->p += 2;
    return true;
}

/* Up to three digits, of which there is one. */
static bool read_decimal_byte(struct string_reader *r) {
    int value = 0;
    for (int i = 0; i < 3 && r->p < r->end && *r->p >= '0' && *r->p <= '9'; i++) value = value * 10 + (*r->p++ - '0');
    if (value > 255) return refuse(r, "a byte is at most \\255");
    buffer_put(r->out, (char)value);
    return true;
}

static void put_code_point(struct buffer *out, uint32_t c) {
    if (c < 0x80) {
        buffer_put(out, (char)c);
        return;
    }
    int tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    buffer_put(out, (char)(heads[tails] | c >> 6 * tails));
    while (tails-- > 0) buffer_put(out, (char)(0x80 | (c >> 6 * tails & 0x3f)));
}

static bool read_code_point(struct string_reader *r) {
    static const char needs[] = "\\u needs the hexadecimal number of a character in braces";
    uint32_t value = 0;
    if (r->p == r->end || *r->p++ != '{' || r->p == r->end || hex_value(*r->p) < 0) return refuse(r, needs);
    for (; r->p < r->end && hex_value(*r->p) >= 0; r->p++) {
        value = value * 16 + (uint32_t)hex_value(*r->p);
        if (value > 0x10ffff) return refuse(r, "the last character is \\u{10FFFF}");
    }
    if (r->p == r->end || *r->p++ != '}') return refuse(r, needs);
    put_code_point(r->out, value);
    return true;
}

/* A line break, however it is written, is one line feed. */
static bool read_line_break(struct string_reader *r, char first) {
    if (r->p < r->end && (*r->p == '\n' || *r->p == '\r') && *r->p != first) r->p++;
    buffer_put(r->out, '\n');
    return true;
}

static bool read_escape(struct string_reader *r) {
    static const char from[] = "abfnrtv\\\"'", to[] = "\a\b\f\n\r\t\v\\\"'";
    if (*r->p >= '0' && *r->p <= '9') return read_decimal_byte(r);
    char c = *r->p++;
    const char *simple = c == '\0' ? NULL : strchr(from, c);
    if (simple != NULL) {
        buffer_put(r->out, to[simple - from]);
        return true;
    }
    switch (c) {
    case 'x': return read_hex(r);
    case 'u': return read_code_point(r);
    case 'z':
        while (r->p < r->end && (*r->p == ' ' || (*r->p >= '\t' && *r->p <= '\r'))) r->p++;
        return true;
    case '\n':
    case '\r': return read_line_break(r, c);
    default: return refuse(r, "there is no such escape");
    }
}

bool token_string(const struct token *t, struct buffer *out, const char **why, size_t *offset) {
    struct string_reader r = {.p = t->text + 1, .end = t->text + t->length - 1, .out = out};
    size_t begin = out->length;
    struct utf8_facts facts = {0};
    bool good = true;
    while (good && r.p < r.end) {
        if (*r.p != '\\') {
            buffer_put(out, *r.p++);
            continue;
        }
        *offset = (size_t)(r.p++ - t->text);
        good = read_escape(&r);
    }
    if (good && !buffer_failed(out) && out->length > begin) {
        good =
            utf8_check(out->data + begin, out->length - begin, &facts) || refuse(&r, "the string is not valid UTF-8");
        if (good && facts.has_nul) good = refuse(&r, "the string holds U+0000, which no text may");
        *offset = good ? *offset : 0;
    }
    *why = r.why;
    return good;
}
