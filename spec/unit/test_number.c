#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "property.h"

static void integers_are_read_exactly(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text;
        bool good;
        int64_t value;
    } scenarios[] = {
        {"zero", "0", true, 0},
        {"minus zero is zero", "-0", true, 0},
        {"leading zeros are allowed", "0000000000000000000000000042", true, 42},
        {"the largest", "9223372036854775807", true, INT64_MAX},
        {"one beyond the largest", "9223372036854775808", false, 0},
        {"the smallest", "-9223372036854775808", true, INT64_MIN},
        {"one beyond the smallest", "-9223372036854775809", false, 0},
        {"nineteen nines", "9999999999999999999", false, 0},
        {"twenty digits", "10000000000000000000", false, 0},
        {"beyond 2^64, where a product would wrap", "18446744073709551617", false, 0},
        {"nothing", "", false, 0},
        {"a sign alone", "-", false, 0},
        {"a plus", "+1", false, 0},
        {"letters after digits", "12abc", false, 0},
        {"a space before", " 12", false, 0},
        {"a space after", "12 ", false, 0},
        {"a fraction", "1.0", false, 0},
        {"hexadecimal", "0x10", false, 0},
        {"two signs", "--1", false, 0},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        int64_t value = 0;
        bool good = number_parse_integer(scenarios[i].text, strlen(scenarios[i].text), &value);
        if (good != scenarios[i].good || value != scenarios[i].value) {
            fail_msg("%s: %d, %lld", scenarios[i].sentence, good, (long long)value);
        }
    }
    int64_t value = 0;
    assert_false(number_parse_integer("1\0", 2, &value));
}

static void integers_survive_the_round_trip(void **state) {
    (void)state;
    struct property p = property_begin("integer");
    static const int64_t edges[] = {0,   1,      -1,      9,         10,        99,           100,
                                    101, 999999, 1000000, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    for (size_t i = 0; i < 100000; i++) {
        int64_t value =
            i < sizeof edges / sizeof *edges ? edges[i] : (int64_t)property_next(&p) >> property_below(&p, 64);
        char text[NUMBER_INTEGER_SIZE], expected[32];
        size_t n = number_print_integer(value, text);
        snprintf(expected, sizeof expected, "%lld", (long long)value);
        assert_string_equal(text, expected);
        assert_int_equal(n, strlen(expected));
        int64_t back = 0;
        assert_true(number_parse_integer(text, n, &back));
        assert_true(back == value);
    }
}

static void only_integral_doubles_are_integers(void **state) {
    (void)state;
    int64_t value = 0;
    assert_true(number_exact_integer(3.0, &value) && value == 3);
    assert_true(number_exact_integer(-0.0, &value) && value == 0);
    assert_true(number_exact_integer(-0x1p63, &value) && value == INT64_MIN);
    assert_true(number_exact_integer(0x1p62, &value) && value == INT64_C(1) << 62);
    assert_false(number_exact_integer(0x1p63, &value));
    assert_false(number_exact_integer(0.5, &value));
    assert_false(number_exact_integer(1e300, &value));
    assert_false(number_exact_integer((double)NAN, &value));
    assert_false(number_exact_integer((double)INFINITY, &value));
}

static void integral_texts_are_read_exactly(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } scenarios[] = {
        {"3.0", true, 3},
        {"1e2", true, 100},
        {"-1.50e1", true, -15},
        {"0.0e9", true, 0},
        {"9007199254740993.0", true, INT64_C(9007199254740993)},
        {"9223372036854775807.000", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"1e19", false, 0},
        {"1e99999999999999999999", false, 0},
        {"0.5", false, 0},
        {"15e-1", false, 0},
        {"100e-2", true, 1},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        int64_t value = 0;
        bool good = number_parse_integral(scenarios[i].text, strlen(scenarios[i].text), &value);
        if (good != scenarios[i].good || value != scenarios[i].value) fail_msg("%s: %d", scenarios[i].text, good);
    }
}

static const struct {
    double value;
    const char *text;
} doubles[] = {
    {0.0, "0.0"},
    {-0.0, "-0.0"},
    {3.0, "3.0"},
    {-1.5, "-1.5"},
    {0.1, "0.1"},
    {0.1 + 0.2, "0.30000000000000004"},
    {9.99, "9.99"},
    {1e300, "1e+300"},
    {1e-7, "1e-07"},
    {0.0001, "0.0001"},
    {0.00012345, "0.00012345"},
    {0.00001, "1e-05"},
    {1e14, "100000000000000.0"},
    {1e15, "1e+15"},
    {123456789012345680.0, "1.2345678901234568e+17"},
    {9007199254740993.0, "9007199254740992.0"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {5e-324, "5e-324"},
    {1.0 / 3, "0.3333333333333333"},
    {0x1p-1017, "7.120236347223045e-307"}, /* a power of two, whose nearest sixteen digits name its neighbour */
    {100.0, "100.0"},
    {1234.5, "1234.5"},
};

static void doubles_have_their_shortest_text(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        char text[NUMBER_DOUBLE_SIZE];
        size_t n = number_print_double(doubles[i].value, text);
        assert_string_equal(text, doubles[i].text);
        assert_int_equal(n, strlen(text));
    }
}

static void check_round_trip(double value) {
    char text[NUMBER_DOUBLE_SIZE];
    size_t n = number_print_double(value, text);
    double back = 0;
    if (!number_parse_double(text, n, &back) || memcmp(&back, &value, sizeof value) != 0) {
        fail_msg("%a printed as %s read back as %a", value, text, back);
    }
    if (strpbrk(text, ".e") == NULL) fail_msg("%s is no float any more", text);
}

static void random_doubles_survive_the_round_trip(void **state) {
    (void)state;
    struct property p = property_begin("double");
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = property_next(&p);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) check_round_trip(value);
        check_round_trip((double)(int64_t)property_below(&p, 1000000000) / 100);
        check_round_trip((double)(int64_t)property_below(&p, UINT64_C(1) << 60) / 1e6);
    }
    for (int e = -1074; e <= 1023; e++) { /* where the gap to the neighbour below is half as wide */
        check_round_trip(ldexp(1, e));
        check_round_trip(nextafter(ldexp(1, e), 0));
    }
}

static void texts_are_read_as_the_nearest_double(void **state) {
    (void)state;
    struct property p = property_begin("nearest");
    setlocale(LC_ALL, "C");
    for (int i = 0; i < 50000; i++) {
        char text[80];
        int n = 0, whole = (int)property_below(&p, 25), fraction = (int)property_below(&p, 25);
        if (property_below(&p, 2)) text[n++] = '-';
        text[n++] = (char)('1' + property_below(&p, 9));
        while (whole-- > 0) text[n++] = (char)('0' + property_below(&p, 10));
        if (fraction > 0) text[n++] = '.';
        while (fraction-- > 0) text[n++] = (char)('0' + property_below(&p, 10));
        if (property_below(&p, 2)) n += sprintf(text + n, "e%d", (int)property_below(&p, 700) - 350);
        text[n] = '\0';
        double expected = strtod(text, NULL), value = 0;
        bool good = number_parse_double(text, (size_t)n, &value);
        assert_int_equal(good, isfinite(expected));
        if (good && memcmp(&value, &expected, sizeof value) != 0)
            fail_msg("%s read as %a, not %a", text, value, expected);
    }
}

static void long_numbers_are_read_right(void **state) {
    (void)state;
    static char text[200000];
    double value = 0;
    memset(text, '0', sizeof text); /* 0.000…1e… : zeros and exponent cancel */
    text[1] = '.';
    memcpy(text + 100001, "1e100000", 8);
    assert_true(number_parse_double(text, 100009, &value));
    assert_true(value == 1.0);
    memset(text, '9', sizeof text);
    assert_false(number_parse_double(text, 400, &value));
    assert_true(number_parse_double("1e-99999999999999999999", 23, &value) && value == 0);
    assert_false(number_parse_double("1e99999999999999999999", 22, &value));
    assert_true(number_parse_double("0e99999999999999999999", 22, &value) && value == 0);
    /* 1 + 2^-53 lies halfway; one digit, a thousand places on, decides. */
    strcpy(text, "1.00000000000000011102230246251565404236316680908203125");
    assert_true(number_parse_double(text, strlen(text), &value) && value == 1.0);
    size_t n = strlen(text);
    memset(text + n, '0', 1000);
    text[n + 1000] = '1';
    assert_true(number_parse_double(text, n + 1001, &value) && value == 1.0000000000000002);
}

static void a_decimal_comma_changes_nothing(void **state) {
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8",  "fr_FR.UTF-8",
                                          "fr_FR.utf8",  "ru_RU.UTF-8", "de_DE"};
    size_t i = 0, count = sizeof locales / sizeof *locales;
    while (i < count && setlocale(LC_ALL, locales[i]) == NULL) i++;
    if (i == count) {
        print_message(
            "skipped: no locale with a decimal comma is installed (localedef -i de_DE -f UTF-8 de_DE.UTF-8)\n");
        skip();
    }
    doubles_have_their_shortest_text(state);
    random_doubles_survive_the_round_trip(state);
    setlocale(LC_ALL, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_exactly),
        cmocka_unit_test(integers_survive_the_round_trip),
        cmocka_unit_test(only_integral_doubles_are_integers),
        cmocka_unit_test(integral_texts_are_read_exactly),
        cmocka_unit_test(doubles_have_their_shortest_text),
        cmocka_unit_test(random_doubles_survive_the_round_trip),
        cmocka_unit_test(texts_are_read_as_the_nearest_double),
        cmocka_unit_test(long_numbers_are_read_right),
        cmocka_unit_test(a_decimal_comma_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
