#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal_math.h"
#include "naive.h"
#include "property.h"

#define NINES_38 "99999999999999999999999999999999999999"

static struct decimal parse(const char *text) {
    struct decimal value;
    if (decimal_parse(text, strlen(text), &value) != DECIMAL_OK) fail_msg("%s", text);
    return value;
}

/* As `a op b`; a quotient has `scale` digits. */
static enum decimal_status calculate(char op, const struct decimal *a, const struct decimal *b, int scale,
                                     struct decimal *out) {
    switch (op) {
    case '+': return decimal_add(a, b, out);
    case '-': return decimal_subtract(a, b, out);
    case '*': return decimal_multiply(a, b, out);
    case '/': return decimal_divide(a, b, scale, out);
    case '\\': return decimal_floor_divide(a, b, out);
    case '%': return decimal_modulo(a, b, out);
    case 'f': *out = decimal_floor(a); return DECIMAL_OK;
    default: *out = decimal_ceil(a); return DECIMAL_OK;
    }
}

static void arithmetic(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *a;
        char op;
        const char *b;
        int scale;
        const char *result; /* NULL: more than 38 digits */
    } scenarios[] = {
        {"a sum", "19.90", '+', "0.1", 0, "20"},
        {"of different scales", "1", '+', "0.00000000000000000001", 0, "1.00000000000000000001"},
        {"of 38 digits", NINES_38, '+', "-1", 0, "99999999999999999999999999999999999998"},
        {"of 39", NINES_38, '+', "1", 0, NULL},
        {"of 39 across the point", "10000000000000000000000000000000000000", '+', "0.1", 0, NULL},
        {"zeros at the end of a fraction do not count", "9999999999999999999999999999999999999.5", '+', "0.5", 0,
         "10000000000000000000000000000000000000"},
        {"what lies between may pass 128 bits", NINES_38, '+', "-" NINES_38, 0, "0"},
        {"a difference", "0.3", '-', "0.1", 0, "0.2"},
        {"a product", "19.90", '*', "0.19", 0, "3.781"},
        {"of 38 digits each", "0." NINES_38, '*', "0", 0, "0"},
        {"that has 38", "10000000000000000000", '*', "9999999999999999999", 0,
         "99999999999999999990000000000000000000"},
        {"that has 39", "10000000000000000000", '*', "10000000000000000000", 0, NULL},
        {"that has too many behind the point", "0.00000000000000000001", '*', "0.0000000000000000001", 0, NULL},
        {"that has them for zeros alone", "0.000000000000000005", '*', "200000000000000000", 0, "1"},
        {"a quotient", "2", '/', "3", 10, "0.6666666667"},
        {"halves go away from zero", "-0.5", '/', "10", 1, "-0.1"},
        {"below a half", "0.49", '/', "10", 1, "0"},
        {"of large numbers", NINES_38, '/', NINES_38, 38, "1"},
        {"of a large by a small one", NINES_38, '/', "0.1", 0, NULL},
        {"rounded to what 38 digits leave room for", NINES_38, '/', "2", 10, "50000000000000000000000000000000000000"},
        {"by something below one", "1", '/', "0.00000000000000000000000000000000000003", 0,
         "33333333333333333333333333333333333333"},
        {"a floor", "-7", '\\', "2", 0, "-4"},
        {"a floor of large numbers", NINES_38, '\\', "-0." NINES_38, 0, NULL},
        {"a floor between", "-" NINES_38, '\\', "3.7", 0, "-27027027027027027027027027027027027027"},
        {"a remainder", "-7.5", '%', "2", 0, "0.5"},
        {"a remainder of a large number", NINES_38, '%', "-0.7", 0, "-0.4"},
        {"a remainder that is too long", "-0.00000000000000000000000000000000000001", '%', "10", 0, NULL},
        {"floor", "-2.1", 'f', "0", 0, "-3"},
        {"ceil", "2.1", 'c', "0", 0, "3"},
        {"ceil below zero", "-2.9", 'c', "0", 0, "-2"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct decimal a = parse(scenarios[i].a), b = parse(scenarios[i].b), out = {-1, 0};
        char text[DECIMAL_TEXT_SIZE] = "";
        enum decimal_status status = calculate(scenarios[i].op, &a, &b, scenarios[i].scale, &out);
        if (status != DECIMAL_OK) {
            assert_int_equal(status, DECIMAL_PRECISION);
            assert_true(out.coefficient == -1 && out.scale == 0);
            if (scenarios[i].result != NULL) fail_msg("%s: too many digits", scenarios[i].sentence);
            continue;
        }
        decimal_print(&out, text);
        struct decimal again = parse(text);
        decimal_print(&again, text); /* without the zeros at the end */
        if (scenarios[i].result == NULL || strcmp(text, scenarios[i].result) != 0) {
            fail_msg("%s: %s", scenarios[i].sentence, text);
        }
    }
}

static void to_integer(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } scenarios[] = {
        {"12.000", true, 12},
        {"-12", true, -12},
        {"12.5", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct decimal value = parse(scenarios[i].text);
        int64_t out = 0;
        assert_int_equal(decimal_to_integer(&value, &out), scenarios[i].good);
        assert_int_equal(out, scenarios[i].value);
    }
}

/* ---- against a reckoning digit by digit ---- */

/* Often with as many digits as there may be, often with few, often all nines or ones followed by zeros. */
static void random_decimal(struct property *p, char out[DECIMAL_TEXT_SIZE]) {
    int count = 1 + (int)property_below(p, property_below(p, 2) == 0 ? 38 : 6), kind = (int)property_below(p, 4);
    int point = (int)property_below(p, (uint64_t)count + 1);
    if (property_below(p, 3) == 0) point = count;
    if (property_below(p, 2) == 0) *out++ = '-';
    for (int i = 0; i < count; i++) {
        if (i == point) {
            if (i == 0) *out++ = '0';
            *out++ = '.';
        }
        *out++ = kind == 0 ? '9' : kind == 1 ? (i == 0 ? '1' : '0') : (char)('0' + property_below(p, 10));
    }
    *out = '\0';
}

/* The same by the other way. The digits of a quotient are those that 38 leave room for. */
static struct naive reckon(char op, const struct naive *a, const struct naive *b, int *scale) {
    struct naive minus = naive_negate(b), other, whole;
    switch (op) {
    case '+': return naive_add(a, b);
    case '-': return naive_add(a, &minus);
    case '*': return naive_multiply(a, b);
    case '/':
        whole = naive_divide_down(a, b, 0);
        if (naive_length(&whole) + *scale > 38 && naive_length(&whole) <= 38) *scale = 38 - naive_length(&whole);
        return naive_divide(a, b, *scale);
    case '\\': return naive_floor_divide(a, b);
    case '%': return naive_modulo(a, b);
    case 'f': return naive_floor(a);
    default:
        other = naive_negate(a);
        other = naive_floor(&other);
        return naive_negate(&other);
    }
}

static void arithmetic_is_that_of_digits(void **state) {
    (void)state;
    static const char ops[] = "+-*/\\%fc";
    struct property p = property_begin("decimal_math");
    long good = 0, refused = 0;
    for (int i = 0; i < 10000; i++) {
        char x[DECIMAL_TEXT_SIZE], y[DECIMAL_TEXT_SIZE], got[DECIMAL_TEXT_SIZE], want[NAIVE_TEXT];
        random_decimal(&p, x);
        random_decimal(&p, y);
        char op = ops[property_below(&p, sizeof ops - 1)];
        int scale = (int)property_below(&p, 39), digits = scale;
        struct decimal a = parse(x), b = parse(y), out = {0};
        struct naive na = naive_parse(x), nb = naive_parse(y);
        if (b.coefficient == 0 && strchr("/\\%", op) != NULL) continue;
        struct naive result = reckon(op, &na, &nb, &digits);
        enum decimal_status status = calculate(op, &a, &b, scale, &out);
        bool fits = naive_length(&result) <= 38;
        if (fits != (status == DECIMAL_OK)) fail_msg("%s %c %s (%d): status %d", x, op, y, scale, (int)status);
        if (!fits) {
            refused++;
            continue;
        }
        good++;
        decimal_print(&out, got);
        struct decimal again = parse(got);
        decimal_print(&again, got);
        naive_print(&result, 0, want);
        if (strcmp(got, want) != 0) fail_msg("%s %c %s (%d): %s, should be %s", x, op, y, scale, got, want);
    }
    if (good < 5000 || refused < 50) fail_msg("%ld results, %ld of too many digits", good, refused);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(to_integer),
        cmocka_unit_test(arithmetic_is_that_of_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
