#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "property.h"

static const struct {
    const char *sentence, *text;
    size_t length;
    bool valid;
    size_t code_points;
    bool ascii, has_nul;
} scenarios[] = {
    {"nothing is valid", "", 0, true, 0, true, false},
    {"no text at all is nothing", NULL, 0, true, 0, true, false},
    {"ASCII", "hello", 5, true, 5, true, false},
    {"a zero byte is seen", "a\0b", 3, true, 3, true, true},
    {"a zero byte in a long text is seen", "0123456789abcdef\0bcdef0123456789", 32, true, 32, true, true},
    {"a zero byte after eight is seen", "01234567\0abcdef", 15, true, 15, true, true},
    {"two bytes", "\xc3\xa9", 2, true, 1, false, false},
    {"three bytes", "\xe2\x82\xac", 3, true, 1, false, false},
    {"four bytes", "\xf0\x9f\x98\x80", 4, true, 1, false, false},
    {"U+0080", "\xc2\x80", 2, true, 1, false, false},
    {"U+0800", "\xe0\xa0\x80", 3, true, 1, false, false},
    {"U+D7FF stands before the surrogates", "\xed\x9f\xbf", 3, true, 1, false, false},
    {"U+E000 stands after them", "\xee\x80\x80", 3, true, 1, false, false},
    {"U+10FFFF is the last", "\xf4\x8f\xbf\xbf", 4, true, 1, false, false},
    {"mixed after a long run", "0123456789abcdef0123456789abcdef\xc3\xa9z", 35, true, 34, false, false},
    {"a lone tail", "\x80", 1, false, 0, false, false},
    {"an overlong slash", "\xc0\xaf", 2, false, 0, false, false},
    {"an overlong NUL", "\xc0\x80", 2, false, 0, false, false},
    {"C1 is never a lead", "\xc1\xbf", 2, false, 0, false, false},
    {"an overlong three", "\xe0\x9f\xbf", 3, false, 0, false, false},
    {"an overlong four", "\xf0\x8f\xbf\xbf", 4, false, 0, false, false},
    {"a surrogate", "\xed\xa0\x80", 3, false, 0, false, false},
    {"above U+10FFFF", "\xf4\x90\x80\x80", 4, false, 0, false, false},
    {"F5 is never a lead", "\xf5\x80\x80\x80", 4, false, 0, false, false},
    {"FF is never a byte", "\xff", 1, false, 0, false, false},
    {"two bytes cut", "\xc3", 1, false, 0, false, false},
    {"three bytes cut", "\xe2\x82", 2, false, 0, false, false},
    {"four bytes cut", "\xf0\x9f\x98", 3, false, 0, false, false},
    {"a tail replaced by a letter", "\xe2\x28\xa1", 3, false, 0, false, false},
    {"a bad byte after a long run", "0123456789abcdef0123456789abcdef\xff", 33, false, 0, false, false},
};

static void texts_are_told_apart(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct utf8_facts facts = {.code_points = 99};
        bool valid = utf8_check(scenarios[i].text, scenarios[i].length, &facts);
        if (valid != scenarios[i].valid) fail_msg("%s: valid is %d", scenarios[i].sentence, valid);
        if (!valid) continue;
        if (facts.code_points != scenarios[i].code_points || facts.ascii != scenarios[i].ascii ||
            facts.has_nul != scenarios[i].has_nul) {
            fail_msg("%s: %zu code points, ascii %d, nul %d", scenarios[i].sentence, facts.code_points, facts.ascii,
                     facts.has_nul);
        }
    }
}

/* A byte at a time, straight from the table of RFC 3629, 4. */
static bool reference(const unsigned char *p, size_t n, size_t *points) {
    *points = 0;
    for (size_t i = 0; i < n; (*points)++) {
        unsigned char c = p[i];
        size_t more = c < 0x80                ? 0
                      : c >= 0xc2 && c < 0xe0 ? 1
                      : c >= 0xe0 && c < 0xf0 ? 2
                      : c >= 0xf0 && c < 0xf5 ? 3
                                              : 9;
        if (more == 9 || n - i <= more) return false;
        uint32_t point = more == 0 ? c : c & (0x3fU >> more);
        for (size_t j = 1; j <= more; j++) {
            if ((p[i + j] & 0xc0) != 0x80) return false;
            point = point << 6 | (p[i + j] & 0x3fU);
        }
        if ((more == 2 && point < 0x800) || (more == 3 && point < 0x10000)) return false;
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
        i += more + 1;
    }
    return true;
}

static void random_bytes_agree_with_the_definition(void **state) {
    (void)state;
    struct property p = property_begin("utf8");
    static const unsigned char likely[] = {'a', 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0xf4};
    for (int round = 0; round < 50000; round++) {
        unsigned char text[48];
        size_t n = property_below(&p, sizeof text), points, nuls = 0;
        size_t plain = property_below(&p, n + 1); /* a beginning of ASCII, then what may be anything */
        for (size_t i = 0; i < n; i++) {
            uint64_t dice = property_next(&p);
            text[i] = i < plain ? dice & 0x7f : dice & 0x300 ? likely[dice % sizeof likely] : dice & 0xff;
            nuls += text[i] == 0;
        }
        struct utf8_facts facts;
        bool valid = utf8_check((char *)text, n, &facts);
        assert_int_equal(valid, reference(text, n, &points));
        if (valid) assert_int_equal(facts.code_points, points);
        if (valid) assert_int_equal(facts.has_nul, nuls != 0);
        if (valid) assert_int_equal(facts.ascii, points == n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_told_apart),
        cmocka_unit_test(random_bytes_agree_with_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
