#include "base/decimal.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

decimal_int decimal_power_of_ten(int n) {
    static const uint64_t small[] = {UINT64_C(1),
                                     UINT64_C(10),
                                     UINT64_C(100),
                                     UINT64_C(1000),
                                     UINT64_C(10000),
                                     UINT64_C(100000),
                                     UINT64_C(1000000),
                                     UINT64_C(10000000),
                                     UINT64_C(100000000),
                                     UINT64_C(1000000000),
                                     UINT64_C(10000000000),
                                     UINT64_C(100000000000),
                                     UINT64_C(1000000000000),
                                     UINT64_C(10000000000000),
                                     UINT64_C(100000000000000),
                                     UINT64_C(1000000000000000),
                                     UINT64_C(10000000000000000),
                                     UINT64_C(100000000000000000),
                                     UINT64_C(1000000000000000000),
                                     UINT64_C(10000000000000000000)};
    return n < 20 ? (decimal_int)small[n] : (decimal_int)small[19] * (decimal_int)small[n - 19];
}

static decimal_int magnitude(decimal_int c) { return c < 0 ? -c : c; }

/* Checks `^-?[0-9]+(\.[0-9]+)?$`; `whole` and `fraction` are the spans of digits. */
struct spans {
    const char *whole, *fraction;
    size_t whole_length, fraction_length;
    bool negative;
};

static bool split(const char *text, size_t length, struct spans *out) {
    const char *p = text, *end = text + length;
    out->negative = p < end && *p == '-';
    if (out->negative) p++;
    out->whole = p;
    while (p < end && is_digit(*p)) p++;
    out->whole_length = (size_t)(p - out->whole);
    out->fraction = p;
    out->fraction_length = 0;
    if (out->whole_length == 0) return false;
    if (p == end) return true;
    if (*p++ != '.') return false;
    out->fraction = p;
    while (p < end && is_digit(*p)) p++;
    out->fraction_length = (size_t)(p - out->fraction);
    return p == end && out->fraction_length != 0;
}

static uint64_t read_digits(const char *p, size_t count, uint64_t value) {
    for (size_t i = 0; i < count; i++) value = value * 10 + (uint64_t)(p[i] - '0');
    return value;
}

/* Up to 38 digits, 18 at a time so that each step stays in 64 bits. */
static decimal_int read_long(const char *p, size_t count, decimal_int value) {
    while (count > 0) {
        size_t n = count < 18 ? count : 18;
        value = value * decimal_power_of_ten((int)n) + (decimal_int)read_digits(p, n, 0);
        p += n, count -= n;
    }
    return value;
}

enum decimal_status decimal_parse(const char *text, size_t length, struct decimal *out) {
    struct spans s;
    if (!split(text, length, &s)) return DECIMAL_SYNTAX;
    while (s.fraction_length > 0 && s.fraction[s.fraction_length - 1] == '0') s.fraction_length--;
    while (s.whole_length > 0 && *s.whole == '0') s.whole++, s.whole_length--;
    if (s.whole_length > DECIMAL_MAX_PRECISION) return DECIMAL_PRECISION;
    if (s.fraction_length > DECIMAL_MAX_PRECISION) return DECIMAL_SCALE;
    const char *digits = s.fraction;
    size_t count = s.fraction_length;
    if (s.whole_length == 0) {
        while (count > 0 && *digits == '0') digits++, count--;
    }
    if (s.whole_length + count > DECIMAL_MAX_PRECISION) return DECIMAL_PRECISION;
    decimal_int value;
    if (s.whole_length + count <= 19) {
        value = (decimal_int)read_digits(digits, count, read_digits(s.whole, s.whole_length, 0));
    } else {
        value = read_long(digits, count, read_long(s.whole, s.whole_length, 0));
    }
    out->coefficient = s.negative ? -value : value;
    out->scale = (int)s.fraction_length;
    return DECIMAL_OK;
}

void decimal_from_integer(int64_t value, struct decimal *out) {
    out->coefficient = value;
    out->scale = 0;
}

/* Digits times ten to `exponent`, in the shape that decimal_parse gives. */
static enum decimal_status from_digits(uint64_t digits, int exponent, struct decimal *out) {
    while (exponent < 0 && digits % 10 == 0) digits /= 10, exponent++;
    if (exponent < -DECIMAL_MAX_PRECISION) return DECIMAL_SCALE;
    decimal_int value = (decimal_int)digits;
    if (exponent > 0) {
        if (exponent >= DECIMAL_MAX_PRECISION) return DECIMAL_PRECISION;
        if (value >= decimal_power_of_ten(DECIMAL_MAX_PRECISION - exponent)) return DECIMAL_PRECISION;
        value *= decimal_power_of_ten(exponent);
    }
    out->coefficient = value;
    out->scale = exponent < 0 ? -exponent : 0;
    return DECIMAL_OK;
}

enum decimal_status decimal_from_double(double value, struct decimal *out) {
    if (!isfinite(value)) return DECIMAL_SYNTAX;
    char text[NUMBER_DOUBLE_SIZE];
    number_print_double(value, text);
    const char *p = text[0] == '-' ? text + 1 : text;
    uint64_t digits = 0; /* seventeen at most, or fifteen and zeros below 10^17 */
    int exponent = 0, written = 0;
    for (; is_digit(*p); p++) digits = digits * 10 + (uint64_t)(*p - '0');
    if (*p == '.') {
        for (p++; is_digit(*p); p++, exponent--) digits = digits * 10 + (uint64_t)(*p - '0');
    }
    if (*p == 'e') {
        bool minus = p[1] == '-';
        for (p += 2; is_digit(*p); p++) written = written * 10 + (*p - '0');
        exponent += minus ? -written : written;
    }
    if (digits == 0) exponent = 0;
    enum decimal_status status = from_digits(digits, exponent, out);
    if (status == DECIMAL_OK && text[0] == '-') out->coefficient = -out->coefficient;
    return status;
}

enum decimal_status decimal_rescale(struct decimal *value, int precision, int scale) {
    decimal_int coefficient = value->coefficient;
    if (scale < value->scale) {
        decimal_int divisor = decimal_power_of_ten(value->scale - scale);
        if (coefficient % divisor != 0) return DECIMAL_SCALE;
        coefficient /= divisor;
    } else if (scale > value->scale && coefficient != 0) {
        int shift = scale - value->scale;
        if (magnitude(coefficient) >= decimal_power_of_ten(DECIMAL_MAX_PRECISION - shift)) return DECIMAL_PRECISION;
        coefficient *= decimal_power_of_ten(shift);
    }
    if (magnitude(coefficient) >= decimal_power_of_ten(precision)) return DECIMAL_PRECISION;
    value->coefficient = coefficient;
    value->scale = scale;
    return DECIMAL_OK;
}

enum decimal_status decimal_round(struct decimal *value, int precision, int scale, bool *rounded) {
    *rounded = false;
    if (scale >= value->scale) return decimal_rescale(value, precision, scale);
    decimal_int divisor = decimal_power_of_ten(value->scale - scale);
    decimal_int coefficient = value->coefficient / divisor, rest = magnitude(value->coefficient % divisor);
    if (rest >= divisor - rest) coefficient += value->coefficient < 0 ? -1 : 1; /* twice the rest could overflow */
    if (magnitude(coefficient) >= decimal_power_of_ten(precision)) return DECIMAL_PRECISION;
    value->coefficient = coefficient;
    value->scale = scale;
    *rounded = rest != 0;
    return DECIMAL_OK;
}

int decimal_compare(const struct decimal *a, const struct decimal *b) {
    if (a->scale == b->scale) return (a->coefficient > b->coefficient) - (a->coefficient < b->coefficient);
    /* Whole parts first, then fractions brought to one scale: neither can overflow. Both keep the sign. */
    decimal_int a_unit = decimal_power_of_ten(a->scale), b_unit = decimal_power_of_ten(b->scale);
    decimal_int x = a->coefficient / a_unit, y = b->coefficient / b_unit;
    if (x == y) {
        x = a->coefficient % a_unit, y = b->coefficient % b_unit;
        if (a->scale < b->scale) x *= decimal_power_of_ten(b->scale - a->scale);
        if (b->scale < a->scale) y *= decimal_power_of_ten(a->scale - b->scale);
    }
    return (x > y) - (x < y);
}

/* The digits of a magnitude below 10^38, right before `end`. */
static char *print_magnitude(decimal_int value, char *end) {
    const decimal_int chunk = 1000000000000000000; /* 10^18 */
    char part[NUMBER_INTEGER_SIZE];
    char *begin = end;
    for (;;) {
        size_t n = number_print_integer((int64_t)(value % chunk), part);
        value /= chunk;
        begin -= n;
        memcpy(begin, part, n);
        if (value == 0) return begin;
        begin -= 18 - n;
        memset(begin, '0', 18 - n);
    }
}

size_t decimal_print(const struct decimal *value, char out[DECIMAL_TEXT_SIZE]) {
    char digits[2 * DECIMAL_MAX_PRECISION + 4], *end = digits + sizeof digits;
    char *begin;
    if (value->coefficient <= INT64_MAX && value->coefficient >= -INT64_MAX) {
        char small[NUMBER_INTEGER_SIZE];
        size_t n = number_print_integer((int64_t)magnitude(value->coefficient), small);
        begin = end - n;
        memcpy(begin, small, n);
    } else {
        begin = print_magnitude(magnitude(value->coefficient), end);
    }
    while (end - begin <= value->scale) *--begin = '0';
    char *at = out;
    if (value->coefficient < 0) *at++ = '-';
    size_t whole = (size_t)(end - begin) - (size_t)value->scale;
    memcpy(at, begin, whole);
    at += whole;
    if (value->scale > 0) {
        *at++ = '.';
        memcpy(at, begin + whole, (size_t)value->scale);
        at += value->scale;
    }
    *at = '\0';
    return (size_t)(at - out);
}

void decimal_to_bytes(const struct decimal *value, unsigned char out[DECIMAL_BYTES]) {
    decimal_int rest = value->coefficient;
    for (int i = DECIMAL_BYTES - 1; i >= 0; i--) {
        out[i] = (unsigned char)(rest & 0xff);
        rest >>= 8;
    }
    out[0] ^= 0x80;
}
