#include "naive.h"

#include <string.h>

struct naive naive_parse(const char *text) {
    struct naive n = {.negative = *text == '-'};
    int count = 0;
    const char *point = strchr(text, '.');
    if (point != NULL) n.scale = (int)strlen(point + 1);
    for (const char *p = text + strlen(text); p-- > text;) {
        if (*p >= '0' && *p <= '9') n.digits[count++] = *p - '0';
    }
    return n;
}

static int top(const struct naive *n) {
    int i = NAIVE_DIGITS - 1;
    while (i > 0 && n->digits[i] == 0) i--;
    return i;
}

bool naive_is_zero(const struct naive *n) { return top(n) == 0 && n->digits[0] == 0; }

static struct naive shift(const struct naive *n, int by) {
    struct naive out = {.negative = n->negative, .scale = n->scale + by};
    for (int i = 0; i <= top(n); i++) out.digits[i + by] = n->digits[i];
    return out;
}

/* Drops digits behind the point. */
static struct naive cut(const struct naive *n, int by) {
    struct naive out = {.negative = n->negative, .scale = n->scale - by};
    for (int i = by; i < NAIVE_DIGITS; i++) out.digits[i - by] = n->digits[i];
    return out;
}

static struct naive trimmed(const struct naive *n) {
    struct naive out = *n;
    while (out.scale > 0 && out.digits[0] == 0) out = cut(&out, 1);
    return out;
}

void naive_print(const struct naive *n, int scale, char out[NAIVE_TEXT]) {
    struct naive value = trimmed(n);
    if (value.scale < scale) value = shift(&value, scale - value.scale);
    int i = top(&value);
    if (i < value.scale) i = value.scale;
    if (value.negative && !naive_is_zero(&value)) *out++ = '-';
    for (; i >= 0; i--) {
        *out++ = (char)('0' + value.digits[i]);
        if (i == value.scale && i != 0) *out++ = '.';
    }
    *out = '\0';
}

int naive_length(const struct naive *a) {
    struct naive value = trimmed(a);
    int digits = naive_is_zero(&value) ? 0 : top(&value) + 1;
    return digits > value.scale ? digits : value.scale;
}

/* ---- sums ---- */

static void align(struct naive *a, struct naive *b) {
    if (a->scale < b->scale) *a = shift(a, b->scale - a->scale);
    if (b->scale < a->scale) *b = shift(b, a->scale - b->scale);
}

static int compare_magnitudes(const struct naive *a, const struct naive *b) {
    for (int i = NAIVE_DIGITS - 1; i >= 0; i--) {
        if (a->digits[i] != b->digits[i]) return a->digits[i] > b->digits[i] ? 1 : -1;
    }
    return 0;
}

/* a ≥ b. */
static void take_away(struct naive *a, const struct naive *b) {
    for (int i = 0; i < NAIVE_DIGITS; i++) {
        a->digits[i] -= b->digits[i];
        if (a->digits[i] >= 0) continue;
        a->digits[i] += 10;
        a->digits[i + 1]--;
    }
}

struct naive naive_negate(const struct naive *a) {
    struct naive out = *a;
    out.negative = !a->negative && !naive_is_zero(a);
    return out;
}

struct naive naive_add(const struct naive *a, const struct naive *b) {
    struct naive x = *a, y = *b;
    align(&x, &y);
    if (x.negative == y.negative) {
        for (int i = 0, carry = 0; i < NAIVE_DIGITS; i++) {
            int sum = x.digits[i] + y.digits[i] + carry;
            x.digits[i] = sum % 10;
            carry = sum / 10;
        }
        return x;
    }
    if (compare_magnitudes(&x, &y) < 0) {
        struct naive other = x;
        x = y;
        y = other;
    }
    take_away(&x, &y);
    if (naive_is_zero(&x)) x.negative = false;
    return x;
}

int naive_compare(const struct naive *a, const struct naive *b) {
    struct naive minus = naive_negate(b), difference = naive_add(a, &minus);
    return naive_is_zero(&difference) ? 0 : difference.negative ? -1 : 1;
}

/* ---- products and quotients ---- */

struct naive naive_multiply(const struct naive *a, const struct naive *b) {
    struct naive out = {.scale = a->scale + b->scale};
    for (int i = 0; i <= top(a); i++) {
        for (int j = 0; j <= top(b); j++) out.digits[i + j] += a->digits[i] * b->digits[j];
    }
    for (int i = 0; i + 1 < NAIVE_DIGITS; i++) {
        out.digits[i + 1] += out.digits[i] / 10;
        out.digits[i] %= 10;
    }
    out.negative = a->negative != b->negative && !naive_is_zero(&out);
    return out;
}

struct naive naive_divide_down(const struct naive *a, const struct naive *b, int scale) {
    struct naive x = *a, y = *b, rest = {0}, out = {.scale = scale};
    align(&x, &y);
    x = shift(&x, scale);
    y.negative = false;
    for (int i = top(&x); i >= 0; i--) {
        rest = shift(&rest, 1);
        rest.scale = 0;
        rest.digits[0] = x.digits[i];
        for (; compare_magnitudes(&rest, &y) >= 0; out.digits[i]++) take_away(&rest, &y);
    }
    out.negative = a->negative != b->negative && !naive_is_zero(&out);
    return out;
}

struct naive naive_round(const struct naive *a, int scale) {
    if (a->scale <= scale) return *a;
    struct naive half = naive_parse("0.5"), value = *a;
    half = shift(&half, scale);
    half.digits[scale] = 0;
    half.digits[0] = 5;
    half.negative = a->negative;
    value = naive_add(&value, &half);
    value = cut(&value, value.scale - scale);
    if (naive_is_zero(&value)) value.negative = false;
    return value;
}

struct naive naive_divide(const struct naive *a, const struct naive *b, int scale) {
    /* One digit more tells a half, for more of them can only make more than a half of it. */
    struct naive quotient = naive_divide_down(a, b, scale + 1);
    return naive_round(&quotient, scale);
}

struct naive naive_floor(const struct naive *a) {
    struct naive whole = a->scale > 0 ? cut(a, a->scale) : *a;
    if (naive_is_zero(&whole)) whole.negative = false;
    if (a->negative && naive_compare(&whole, a) != 0) {
        struct naive minus = naive_parse("-1");
        whole = naive_add(&whole, &minus);
    }
    return whole;
}

struct naive naive_floor_divide(const struct naive *a, const struct naive *b) {
    struct naive whole = naive_divide_down(a, b, 0), back = naive_multiply(&whole, b);
    if (a->negative != b->negative && naive_compare(&back, a) != 0) {
        struct naive minus = naive_parse("-1");
        whole = naive_add(&whole, &minus);
    }
    return whole;
}

struct naive naive_modulo(const struct naive *a, const struct naive *b) {
    struct naive whole = naive_floor_divide(a, b), back = naive_multiply(&whole, b), minus = naive_negate(&back);
    return naive_add(a, &minus);
}
