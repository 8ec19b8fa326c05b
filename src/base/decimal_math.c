/* Each operation has two ways: in 128 bits where that is known to be enough, and in 256 (base/wide.h) otherwise. */
#include "base/decimal_math.h"

#include "base/wide.h"

/* Coefficients below 10^37 may be added, and their sum has at most 38 digits. */
enum { SAFE_DIGITS = DECIMAL_MAX_PRECISION - 1 };

static decimal_int magnitude(decimal_int c) { return c < 0 ? -c : c; }

/* Multiplies by 10^n, n ≥ 0, when the result stays below 10^37. */
static bool grow(decimal_int *c, int n) {
    if (*c == 0) return true;
    if (n > SAFE_DIGITS || magnitude(*c) >= decimal_power_of_ten(SAFE_DIGITS - n)) return false;
    *c *= decimal_power_of_ten(n);
    return true;
}

/* Both coefficients in the larger of the two scales. */
static bool align(const struct decimal *a, const struct decimal *b, decimal_int *x, decimal_int *y) {
    *x = a->coefficient, *y = b->coefficient;
    return grow(x, a->scale < b->scale ? b->scale - a->scale : 0) &&
           grow(y, b->scale < a->scale ? a->scale - b->scale : 0);
}

static void align_wide(const struct decimal *a, const struct decimal *b, struct wide *x, struct wide *y) {
    *x = wide_product(magnitude(a->coefficient), decimal_power_of_ten(a->scale < b->scale ? b->scale - a->scale : 0));
    *y = wide_product(magnitude(b->coefficient), decimal_power_of_ten(b->scale < a->scale ? a->scale - b->scale : 0));
}

static int larger_scale(const struct decimal *a, const struct decimal *b) {
    return a->scale > b->scale ? a->scale : b->scale;
}

/* The decimal of a magnitude, without zeros at the end of the fraction as far as they stand in the way. */
static enum decimal_status finish(struct wide *w, int scale, bool negative, struct decimal *out) {
    decimal_int c;
    if (wide_is_zero(w)) scale = 0;
    while (scale > DECIMAL_MAX_PRECISION || !wide_to(w, &c)) {
        if (scale == 0 || wide_divide_small(w, 10) != 0) return DECIMAL_PRECISION;
        scale--;
    }
    out->coefficient = negative ? -c : c;
    out->scale = scale;
    return DECIMAL_OK;
}

/* ---- sums and products ---- */

static enum decimal_status add_wide(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    struct wide x, y;
    align_wide(a, b, &x, &y);
    bool negative = a->coefficient < 0;
    if (negative == (b->coefficient < 0)) {
        wide_add(&x, &y);
    } else if (wide_compare(&x, &y) >= 0) {
        wide_subtract(&x, &y);
    } else {
        wide_subtract(&y, &x);
        x = y;
        negative = !negative;
    }
    return finish(&x, larger_scale(a, b), negative, out);
}

enum decimal_status decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    decimal_int x, y;
    if (!align(a, b, &x, &y)) return add_wide(a, b, out);
    out->scale = larger_scale(a, b);
    out->coefficient = x + y;
    return DECIMAL_OK;
}

enum decimal_status decimal_subtract(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    struct decimal minus = {-b->coefficient, b->scale};
    return decimal_add(a, &minus, out);
}

static bool fits_64_bits(decimal_int c) { return c >= INT64_MIN && c <= INT64_MAX; }

enum decimal_status decimal_multiply(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    int scale = a->scale + b->scale;
    if (scale <= DECIMAL_MAX_PRECISION && fits_64_bits(a->coefficient) && fits_64_bits(b->coefficient)) {
        out->coefficient = a->coefficient * b->coefficient; /* at most 2^126, which is less than 10^38 */
        out->scale = scale;
        return DECIMAL_OK;
    }
    struct wide product = wide_product(magnitude(a->coefficient), magnitude(b->coefficient));
    return finish(&product, scale, (a->coefficient < 0) != (b->coefficient < 0), out);
}

/* ---- quotients ---- */

/* Whether twice the remainder is the divisor or more; both are magnitudes. */
static bool is_half(decimal_int remainder, decimal_int divisor) { return remainder >= divisor - remainder; }

static decimal_int divide_rounded(decimal_int x, decimal_int y) {
    if (fits_64_bits(x) && fits_64_bits(y) && x != INT64_MIN) { /* several times as fast */
        int64_t a = (int64_t)x, b = (int64_t)y, whole = a / b;
        if (!is_half(magnitude(a % b), magnitude(b))) return whole;
        return (a < 0) == (b < 0) ? (decimal_int)whole + 1 : (decimal_int)whole - 1;
    }
    decimal_int quotient = x / y;
    if (!is_half(magnitude(x % y), magnitude(y))) return quotient;
    return (x < 0) == (y < 0) ? quotient + 1 : quotient - 1;
}

/* Digit by digit, so that nothing passes 256 bits. */
static enum decimal_status divide_wide(const struct decimal *a, const struct decimal *b, int scale,
                                       struct decimal *out) {
    struct wide rest, divisor;
    align_wide(a, b, &rest, &divisor);
    struct wide whole = wide_divide(&rest, &divisor);
    decimal_int c;
    int digits = 0;
    if (!wide_to(&whole, &c)) return DECIMAL_PRECISION;
    for (; digits < scale && c < decimal_power_of_ten(SAFE_DIGITS) && !wide_is_zero(&rest); digits++) {
        wide_multiply_small(&rest, 10);
        for (c *= 10; wide_compare(&rest, &divisor) >= 0; c++) wide_subtract(&rest, &divisor);
    }
    struct wide twice = rest;
    wide_add(&twice, &rest);
    if (wide_compare(&twice, &divisor) >= 0) c++;
    struct wide result = wide_from(c);
    return finish(&result, digits, (a->coefficient < 0) != (b->coefficient < 0), out);
}

enum decimal_status decimal_divide(const struct decimal *a, const struct decimal *b, int scale, struct decimal *out) {
    decimal_int x = a->coefficient, y = b->coefficient;
    int shift = scale + b->scale - a->scale;
    if (!grow(&x, shift > 0 ? shift : 0) || !grow(&y, shift < 0 ? -shift : 0)) return divide_wide(a, b, scale, out);
    out->coefficient = divide_rounded(x, y);
    out->scale = scale;
    return DECIMAL_OK;
}

/* Whether the quotient lies between two whole numbers, the lower of which is farther from zero. */
static bool falls_short(const struct decimal *a, const struct decimal *b, bool has_remainder) {
    return has_remainder && (a->coefficient < 0) != (b->coefficient < 0);
}

enum decimal_status decimal_floor_divide(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    decimal_int x, y;
    if (align(a, b, &x, &y)) {
        out->coefficient = x / y - (falls_short(a, b, x % y != 0) ? 1 : 0);
        out->scale = 0;
        return DECIMAL_OK;
    }
    struct wide rest, divisor;
    align_wide(a, b, &rest, &divisor);
    struct wide whole = wide_divide(&rest, &divisor);
    if (falls_short(a, b, !wide_is_zero(&rest))) wide_add_small(&whole, 1);
    return finish(&whole, 0, (a->coefficient < 0) != (b->coefficient < 0), out);
}

enum decimal_status decimal_modulo(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    decimal_int x, y;
    int scale = larger_scale(a, b);
    if (align(a, b, &x, &y)) {
        decimal_int rest = x % y;
        out->coefficient = falls_short(a, b, rest != 0) ? rest + y : rest;
        out->scale = scale;
        return DECIMAL_OK;
    }
    struct wide rest, divisor;
    align_wide(a, b, &rest, &divisor);
    wide_divide(&rest, &divisor);
    if (falls_short(a, b, !wide_is_zero(&rest))) {
        wide_subtract(&divisor, &rest);
        rest = divisor;
    }
    return finish(&rest, scale, b->coefficient < 0, out);
}

/* ---- whole numbers ---- */

struct decimal decimal_floor(const struct decimal *a) {
    decimal_int unit = decimal_power_of_ten(a->scale), whole = a->coefficient / unit;
    return (struct decimal){a->coefficient < 0 && a->coefficient % unit != 0 ? whole - 1 : whole, 0};
}

struct decimal decimal_ceil(const struct decimal *a) {
    decimal_int unit = decimal_power_of_ten(a->scale), whole = a->coefficient / unit;
    return (struct decimal){a->coefficient > 0 && a->coefficient % unit != 0 ? whole + 1 : whole, 0};
}

bool decimal_to_integer(const struct decimal *a, int64_t *out) {
    decimal_int unit = decimal_power_of_ten(a->scale), whole = a->coefficient / unit;
    if (a->coefficient % unit != 0 || !fits_64_bits(whole)) return false;
    *out = (int64_t)whole;
    return true;
}
