#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"
#include "property.h"

#define NINES_38 "99999999999999999999999999999999999999"

static void texts_are_read_exactly(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text;
        enum decimal_status status;
        const char *printed;
    } scenarios[] = {
        {"a price", "12.50", DECIMAL_OK, "12.5"},
        {"an integer", "42", DECIMAL_OK, "42"},
        {"leading zeros", "007.5", DECIMAL_OK, "7.5"},
        {"zeros after the point go", "3.000", DECIMAL_OK, "3"},
        {"zeros before the point stay", "1200", DECIMAL_OK, "1200"},
        {"minus zero is zero", "-0.00", DECIMAL_OK, "0"},
        {"a negative below one", "-0.05", DECIMAL_OK, "-0.05"},
        {"nineteen digits", "9223372036854775808.5", DECIMAL_OK, "9223372036854775808.5"},
        {"thirty-eight digits", NINES_38, DECIMAL_OK, NINES_38},
        {"thirty-eight digits, negative", "-" NINES_38, DECIMAL_OK, "-" NINES_38},
        {"zeros around thirty-eight digits", "000" NINES_38 ".000", DECIMAL_OK, NINES_38},
        {"thirty-nine digits", NINES_38 "9", DECIMAL_PRECISION, NULL},
        {"thirty-nine digits across the point", NINES_38 ".9", DECIMAL_PRECISION, NULL},
        {"thirty-eight decimals", "0.00000000000000000000000000000000000001", DECIMAL_OK,
         "0.00000000000000000000000000000000000001"},
        {"thirty-nine decimals", "0.000000000000000000000000000000000000001", DECIMAL_SCALE, NULL},
        {"nothing", "", DECIMAL_SYNTAX, NULL},
        {"a sign alone", "-", DECIMAL_SYNTAX, NULL},
        {"no digit before the point", ".5", DECIMAL_SYNTAX, NULL},
        {"no digit after the point", "5.", DECIMAL_SYNTAX, NULL},
        {"two points", "1.2.3", DECIMAL_SYNTAX, NULL},
        {"a comma", "1,5", DECIMAL_SYNTAX, NULL},
        {"an exponent", "1e3", DECIMAL_SYNTAX, NULL},
        {"a plus", "+1", DECIMAL_SYNTAX, NULL},
        {"a space", " 1", DECIMAL_SYNTAX, NULL},
        {"letters after digits", "12abc", DECIMAL_SYNTAX, NULL},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct decimal value;
        char text[DECIMAL_TEXT_SIZE] = "";
        enum decimal_status status = decimal_parse(scenarios[i].text, strlen(scenarios[i].text), &value);
        size_t printed = status == DECIMAL_OK ? decimal_print(&value, text) : 0;
        assert_int_equal(printed, strlen(text));
        if (status != scenarios[i].status || (status == DECIMAL_OK && strcmp(text, scenarios[i].printed) != 0)) {
            fail_msg("%s: status %d, %s", scenarios[i].sentence, (int)status, text);
        }
    }
}

static void rescaling_never_rounds(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text;
        int precision, scale;
        enum decimal_status status;
        const char *printed;
    } scenarios[] = {
        {"zeros are added", "12.5", 12, 2, DECIMAL_OK, "12.50"},
        {"an integer gets its decimals", "7", 18, 4, DECIMAL_OK, "7.0000"},
        {"zero too", "0", 3, 3, DECIMAL_OK, "0.000"},
        {"a digit that would be lost", "12.505", 12, 2, DECIMAL_SCALE, NULL},
        {"as many digits as the precision", "9999999999.99", 12, 2, DECIMAL_OK, "9999999999.99"},
        {"one digit more", "10000000000.00", 12, 2, DECIMAL_PRECISION, NULL},
        {"one digit more, negative", "-10000000000", 12, 2, DECIMAL_PRECISION, NULL},
        {"more than 38 digits once scaled", NINES_38, 38, 1, DECIMAL_PRECISION, NULL},
        {"a scale as large as the precision", "0.5", 2, 2, DECIMAL_OK, "0.50"},
        {"no room before the point", "1", 2, 2, DECIMAL_PRECISION, NULL},
        {"the widest", "-1", 38, 30, DECIMAL_OK, "-1.000000000000000000000000000000"},
        {"scale 0", "5.0", 1, 0, DECIMAL_OK, "5"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct decimal value;
        char text[DECIMAL_TEXT_SIZE] = "";
        assert_int_equal(decimal_parse(scenarios[i].text, strlen(scenarios[i].text), &value), DECIMAL_OK);
        enum decimal_status status = decimal_rescale(&value, scenarios[i].precision, scenarios[i].scale);
        if (status == DECIMAL_OK) decimal_print(&value, text);
        if (status != scenarios[i].status || (status == DECIMAL_OK && strcmp(text, scenarios[i].printed) != 0)) {
            fail_msg("%s: status %d, %s", scenarios[i].sentence, (int)status, text);
        }
    }
}

static void doubles_mean_their_shortest_decimal(void **state) {
    (void)state;
    static const struct {
        double value;
        enum decimal_status status;
        const char *printed;
    } scenarios[] = {
        {9.99, DECIMAL_OK, "9.99"},
        {0.1 + 0.2, DECIMAL_OK, "0.30000000000000004"},
        {-0.0, DECIMAL_OK, "0"},
        {3.0, DECIMAL_OK, "3"},
        {-1.5e-7, DECIMAL_OK, "-0.00000015"},
        {1e22, DECIMAL_OK, "10000000000000000000000"},
        {1e37, DECIMAL_OK, "10000000000000000000000000000000000000"},
        {1e38, DECIMAL_PRECISION, NULL},
        {1e300, DECIMAL_PRECISION, NULL},
        {1e-38, DECIMAL_OK, "0.00000000000000000000000000000000000001"},
        {1e-39, DECIMAL_SCALE, NULL},
        {5e-324, DECIMAL_SCALE, NULL},
        {(double)NAN, DECIMAL_SYNTAX, NULL},
        {-(double)INFINITY, DECIMAL_SYNTAX, NULL},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct decimal value;
        char text[DECIMAL_TEXT_SIZE] = "";
        enum decimal_status status = decimal_from_double(scenarios[i].value, &value);
        if (status == DECIMAL_OK) decimal_print(&value, text);
        if (status != scenarios[i].status || (status == DECIMAL_OK && strcmp(text, scenarios[i].printed) != 0)) {
            fail_msg("%g: status %d, %s", scenarios[i].value, (int)status, text);
        }
    }
}

static struct decimal random_decimal(struct property *p) {
    char text[64];
    size_t n = 0, digits = 1 + property_below(p, 38), point = property_below(p, 38);
    if (property_below(p, 2)) text[n++] = '-';
    for (size_t i = 0; i < digits; i++) {
        text[n++] = (char)('0' + property_below(p, 10));
        if (i == point && i + 1 < digits) text[n++] = '.';
    }
    struct decimal value;
    assert_int_equal(decimal_parse(text, n, &value), DECIMAL_OK);
    return value;
}

static void printed_decimals_read_back(void **state) {
    (void)state;
    struct property p = property_begin("decimal");
    for (int i = 0; i < 20000; i++) {
        struct decimal value = random_decimal(&p), back;
        char text[DECIMAL_TEXT_SIZE];
        size_t n = decimal_print(&value, text);
        assert_int_equal(n, strlen(text));
        assert_int_equal(decimal_parse(text, n, &back), DECIMAL_OK);
        assert_true(back.coefficient == value.coefficient && back.scale == value.scale);
        int64_t integer = (int64_t)property_next(&p);
        char expected[32];
        decimal_from_integer(integer, &value);
        decimal_print(&value, text);
        snprintf(expected, sizeof expected, "%lld", (long long)integer);
        assert_string_equal(text, expected);
    }
}

static int sign(int x) { return (x > 0) - (x < 0); }

static void bytes_order_as_values_do(void **state) {
    (void)state;
    struct property p = property_begin("decimal bytes");
    for (int i = 0; i < 20000; i++) {
        struct decimal a = random_decimal(&p), b = random_decimal(&p);
        if (property_below(&p, 4) == 0) {
            b = a;
            b.coefficient += (int)property_below(&p, 3) - 1;
        }
        int order = decimal_compare(&a, &b);
        assert_int_equal(order, -decimal_compare(&b, &a));
        int scale = a.scale > b.scale ? a.scale : b.scale;
        struct decimal x = a, y = b;
        if (decimal_rescale(&x, 38, scale) != DECIMAL_OK || decimal_rescale(&y, 38, scale) != DECIMAL_OK) continue;
        assert_int_equal(order, (x.coefficient > y.coefficient) - (x.coefficient < y.coefficient));
        unsigned char x_bytes[DECIMAL_BYTES], y_bytes[DECIMAL_BYTES];
        decimal_to_bytes(&x, x_bytes);
        decimal_to_bytes(&y, y_bytes);
        assert_int_equal(order, sign(memcmp(x_bytes, y_bytes, DECIMAL_BYTES)));
    }
}

static void comparing_the_widest_does_not_overflow(void **state) {
    (void)state;
    struct decimal large, tiny, one;
    decimal_parse(NINES_38, 38, &large);
    decimal_parse("0.00000000000000000000000000000000000001", 40, &tiny);
    decimal_from_integer(1, &one);
    assert_int_equal(decimal_compare(&large, &tiny), 1);
    assert_int_equal(decimal_compare(&tiny, &large), -1);
    assert_int_equal(decimal_compare(&tiny, &one), -1);
    one.coefficient = -1;
    tiny.coefficient = -1;
    assert_int_equal(decimal_compare(&tiny, &one), 1);
}

static void rounding_goes_half_away_from_zero(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int precision, scale;
        enum decimal_status status;
        const char *printed; /* what it was where it does not fit */
        bool rounded;
    } scenarios[] = {
        {"0.5", 38, 0, DECIMAL_OK, "1", true},
        {"-0.5", 38, 0, DECIMAL_OK, "-1", true},
        {"1.5", 38, 0, DECIMAL_OK, "2", true},
        {"0.49999", 38, 0, DECIMAL_OK, "0", true},
        {"-0.001", 38, 2, DECIMAL_OK, "0.00", true},
        {"1.25", 38, 1, DECIMAL_OK, "1.3", true},
        {"7", 38, 2, DECIMAL_OK, "7.00", false},
        {"7.10", 38, 1, DECIMAL_OK, "7.1", false},
        {"99.995", 4, 2, DECIMAL_PRECISION, "99.995", false},
        {"99.994", 4, 2, DECIMAL_OK, "99.99", true},
        {"100", 4, 2, DECIMAL_PRECISION, "100", false},
        {"0." NINES_38, 38, 0, DECIMAL_OK, "1", true},
        {"-0." NINES_38, 38, 30, DECIMAL_OK, "-1.000000000000000000000000000000", true},
        {NINES_38, 38, 0, DECIMAL_OK, NINES_38, false},
        {NINES_38, 38, 1, DECIMAL_PRECISION, NINES_38, false},
        {"9999999999999999999999999999999999999.5", 37, 0, DECIMAL_PRECISION, "9999999999999999999999999999999999999.5",
         false},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct decimal value;
        char text[DECIMAL_TEXT_SIZE];
        bool rounded = true;
        assert_int_equal(decimal_parse(scenarios[i].text, strlen(scenarios[i].text), &value), DECIMAL_OK);
        enum decimal_status status = decimal_round(&value, scenarios[i].precision, scenarios[i].scale, &rounded);
        decimal_print(&value, text);
        if (status != scenarios[i].status || rounded != scenarios[i].rounded ||
            strcmp(text, scenarios[i].printed) != 0) {
            fail_msg("%s: status %d, %s", scenarios[i].text, (int)status, text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_goes_half_away_from_zero),
        cmocka_unit_test(texts_are_read_exactly),
        cmocka_unit_test(rescaling_never_rounds),
        cmocka_unit_test(doubles_mean_their_shortest_decimal),
        cmocka_unit_test(printed_decimals_read_back),
        cmocka_unit_test(bytes_order_as_values_do),
        cmocka_unit_test(comparing_the_widest_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
