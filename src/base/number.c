#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More digits than any double or halfway point between two has (767), so that what follows can only matter as "not
 * zero". */
enum { DIGITS_KEPT = 800, EXPONENT_BEYOND = 5000 };

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                  "4041424344454647484950515253545556575859606162636465666768697071727374757677787980"
                                  "81828384858687888990919293949596979899";

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool number_parse_integer(const char *text, size_t length, int64_t *out) {
    const char *p = text, *end = text + length;
    bool negative = length != 0 && *p == '-';
    if (negative) p++;
    if (p == end) return false;
    while (p < end - 1 && *p == '0') p++;
    if (end - p > 19) return false;
    uint64_t value = 0; /* nineteen digits fit */
    for (; p < end; p++) {
        if (!is_digit(*p)) return false;
        value = value * 10 + (uint64_t)(*p - '0');
    }
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0)) return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool number_exact_integer(double d, int64_t *out) {
    if (!(d >= -0x1p63 && d < 0x1p63)) return false;
    int64_t value = (int64_t)d;
    if ((double)value != d) return false;
    *out = value;
    return true;
}

/* Writes the digits so that they end before `end`; returns where they begin. */
static char *print_digits(uint64_t value, char *end) {
    while (value >= 100) {
        end -= 2;
        memcpy(end, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, digit_pairs + value * 2, 2);
    } else {
        *--end = (char)('0' + value);
    }
    return end;
}

size_t number_print_integer(int64_t value, char out[NUMBER_INTEGER_SIZE]) {
    char digits[20], *end = digits + sizeof digits;
    char *begin = print_digits(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, end);
    size_t sign = value < 0, count = (size_t)(end - begin);
    out[0] = '-';
    memcpy(out + sign, begin, count);
    out[sign + count] = '\0';
    return sign + count;
}

/* A JSON number taken apart: 0.00123e5 is the digits 123 and the exponent 0. */
struct parts {
    bool negative;
    bool more;        /* digits that are not zero were left out after the last one kept */
    int64_t exponent; /* of ten, for the last digit kept */
    size_t count;
    char digits[DIGITS_KEPT];
};

static void parts_digit(struct parts *parts, char c, bool fraction) {
    if (parts->count == 0 && c == '0') {
        if (fraction) parts->exponent--;
    } else if (parts->count < DIGITS_KEPT) {
        parts->digits[parts->count++] = c;
        if (fraction) parts->exponent--;
    } else {
        if (c != '0') parts->more = true;
        if (!fraction) parts->exponent++;
    }
}

static void parts_read(struct parts *parts, const char *p, const char *end) {
    parts->negative = p < end && *p == '-';
    parts->more = false, parts->exponent = 0, parts->count = 0;
    if (parts->negative) p++;
    for (; p < end && is_digit(*p); p++) parts_digit(parts, *p, false);
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++) parts_digit(parts, *p, true);
    }
    if (p < end) p++; /* e or E */
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    int64_t exponent = 0; /* kept far above any length of a text, so that the two can cancel out */
    for (; p < end; p++) {
        if (exponent < INT64_MAX / 100) exponent = exponent * 10 + (*p - '0');
    }
    parts->exponent += minus ? -exponent : exponent;
}

/* Digits and an exponent without a decimal point: strtod reads that the same in every locale. */
static double parts_to_double(const struct parts *parts) {
    char text[DIGITS_KEPT + 16];
    size_t length = parts->count;
    memcpy(text, parts->digits, length);
    int64_t exponent = parts->exponent;
    if (parts->more) {
        text[length++] = '1';
        exponent--;
    }
    if (exponent > EXPONENT_BEYOND) exponent = EXPONENT_BEYOND;
    if (exponent < -EXPONENT_BEYOND) exponent = -EXPONENT_BEYOND;
    snprintf(text + length, sizeof text - length, "e%d", (int)exponent);
    return strtod(text, NULL);
}

#if FLT_EVAL_METHOD == 0
/* Up to 15 digits and a small exponent: both are exact doubles, so one multiplication or division rounds right. */
static bool parse_short(const char *p, const char *end, double *out) {
    bool negative = p < end && *p == '-';
    if (negative) p++;
    if (end - p > 16) return false;
    int64_t digits = 0;
    int scale = 0;
    for (; p < end && is_digit(*p); p++) digits = digits * 10 + (*p - '0');
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++, scale++) digits = digits * 10 + (*p - '0');
    }
    if (p != end || digits >= INT64_C(1000000000000000)) return false;
    double value = (double)digits / exact_powers[scale];
    *out = negative ? -value : value;
    return true;
}
#else
static bool parse_short(const char *p, const char *end, double *out) {
    (void)p, (void)end, (void)out;
    return false;
}
#endif

bool number_parse_double(const char *text, size_t length, double *out) {
    if (parse_short(text, text + length, out)) return true;
    struct parts parts;
    parts_read(&parts, text, text + length);
    double value = 0;
    if (parts.count != 0) {
#if FLT_EVAL_METHOD == 0
        if (parts.count <= 15 && parts.exponent >= -22 && parts.exponent <= 22) {
            int64_t digits = 0;
            for (size_t i = 0; i < parts.count; i++) digits = digits * 10 + (parts.digits[i] - '0');
            value = parts.exponent < 0 ? (double)digits / exact_powers[-parts.exponent]
                                       : (double)digits * exact_powers[parts.exponent];
        } else
#endif
            value = parts_to_double(&parts);
        if (!isfinite(value)) return false;
    }
    *out = parts.negative ? -value : value;
    return true;
}

bool number_parse_integral(const char *text, size_t length, int64_t *out) {
    struct parts parts;
    parts_read(&parts, text, text + length);
    while (parts.count != 0 && parts.digits[parts.count - 1] == '0') parts.count--, parts.exponent++;
    if (parts.count == 0) {
        *out = 0;
        return true;
    }
    if (parts.more || parts.exponent < 0 || parts.exponent > 19 || parts.count + (size_t)parts.exponent > 19) {
        return false;
    }
    char digits[24];
    size_t n = 0;
    if (parts.negative) digits[n++] = '-';
    memcpy(digits + n, parts.digits, parts.count);
    n += parts.count;
    memset(digits + n, '0', (size_t)parts.exponent);
    return number_parse_integer(digits, n + (size_t)parts.exponent, out);
}

/* The significant digits of a positive double, and the exponent of ten of the first. */
struct shortest {
    char digits[17];
    int count, exponent;
};

static bool reads_back(const struct shortest *s, double value) {
    char text[40];
    int n = snprintf(text, sizeof text, "%.*se%d", s->count, s->digits, s->exponent - s->count + 1);
    double back = 0;
    return number_parse_double(text, (size_t)n, &back) && back == value;
}

static void drop_zeros(struct shortest *s) {
    while (s->count > 1 && s->digits[s->count - 1] == '0') s->count--;
}

static bool shortest_try(double value, int precision, struct shortest *out) {
    char text[40]; /* d.ddde±xxx, with whatever point the locale has */
    snprintf(text, sizeof text, "%.*e", precision - 1, value);
    const char *p = text;
    out->count = 0;
    for (; *p != 'e'; p++) {
        if (is_digit(*p)) out->digits[out->count++] = *p;
    }
    out->exponent = (int)strtol(p + 1, NULL, 10);
    drop_zeros(out);
    return reads_back(out, value);
}

/* The doubles above a power of two lie twice as far apart as those below it, so the next sixteen digits may read back
 * where the nearest do not. */
static bool shortest_above(double value, struct shortest *out) {
    int exponent;
    if (frexp(value, &exponent) != 0.5) return false;
    while (out->count < 16) out->digits[out->count++] = '0';
    for (int i = out->count - 1; i >= 0 && ++out->digits[i] > '9'; i--) out->digits[i] = '0';
    return out->digits[0] != '0' && reads_back(out, value);
}

/* Fifteen digits name one double only, so the first precision that reads back is the shortest; below the normal doubles
 * fewer digits may do. */
static void shortest_find(double value, struct shortest *out) {
    for (int precision = value < DBL_MIN ? 1 : 15; precision < 17; precision++) {
        if (shortest_try(value, precision, out)) return;
    }
    if (shortest_above(value, out)) return;
    shortest_try(value, 17, out);
}

#if FLT_EVAL_METHOD == 0
/* Values with a few decimals, as people write them: digits / 10^k is rounded once, so equality proves it reads back. */
static bool shortest_simple(double value, struct shortest *out) {
    enum { DECIMALS = 8 };
    if (!(value >= 1e-4 && value < 1e15)) return false;
    for (int k = 0; k <= DECIMALS; k++) {
        double scaled = value * exact_powers[k];
        if (scaled >= 1e15) return false;
        int64_t digits = (int64_t)(scaled + 0.5);
        if ((double)digits / exact_powers[k] != value) continue;
        char text[20], *end = text + sizeof text, *begin = print_digits((uint64_t)digits, end);
        out->count = (int)(end - begin);
        out->exponent = out->count - 1 - k;
        memcpy(out->digits, begin, (size_t)out->count);
        drop_zeros(out);
        return true;
    }
    return false;
}
#else
static bool shortest_simple(double value, struct shortest *out) {
    (void)value, (void)out;
    return false;
}
#endif

static char *put(char *at, const char *bytes, int count) {
    memcpy(at, bytes, (size_t)count);
    return at + count;
}

static char *put_zeros(char *at, int count) {
    memset(at, '0', (size_t)count);
    return at + count;
}

/* Lays the digits out as %g does, but never without a point or an exponent. */
static char *lay_out(char *at, const struct shortest *s) {
    int count = s->count, exponent = s->exponent;
    if (exponent < -4 || exponent >= (count > 15 ? count : 15)) {
        *at++ = s->digits[0];
        if (count > 1) {
            *at++ = '.';
            at = put(at, s->digits + 1, count - 1);
        }
        return at + snprintf(at, 8, "e%+03d", exponent);
    }
    if (exponent < 0) {
        at = put_zeros(put(at, "0.", 2), -exponent - 1);
        return put(at, s->digits, count);
    }
    if (count <= exponent + 1) {
        at = put_zeros(put(at, s->digits, count), exponent + 1 - count);
        return put(at, ".0", 2);
    }
    at = put(at, s->digits, exponent + 1);
    *at++ = '.';
    return put(at, s->digits + exponent + 1, count - exponent - 1);
}

size_t number_print_double(double value, char out[NUMBER_DOUBLE_SIZE]) {
    char *at = out;
    if (signbit(value)) {
        *at++ = '-';
        value = -value;
    }
    if (value == 0) {
        at = put(at, "0.0", 3);
    } else {
        struct shortest s;
        if (!shortest_simple(value, &s)) shortest_find(value, &s);
        at = lay_out(at, &s);
    }
    *at = '\0';
    return (size_t)(at - out);
}
