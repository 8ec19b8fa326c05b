#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/find.h"
#include "property.h"

static void texts_are_found(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text, *needle;
        bool found;
    } scenarios[] = {
        {"at the beginning", "abc", "ab", true},
        {"in the middle", "abcd", "bc", true},
        {"at the end", "abcd", "cd", true},
        {"all of it", "abcd", "abcd", true},
        {"not there", "abcd", "ac", false},
        {"longer than the text", "abc", "abcd", false},
        {"nothing in something", "abc", "", true},
        {"nothing in nothing", "", "", true},
        {"something in nothing", "", "a", false},
        {"one byte", "abc", "c", true},
        {"one byte that is not there", "abc", "d", false},
        {"a period", "aabaabaac", "aabaac", true},
        {"almost a period", "aabaabaab", "aabaac", false},
        {"bytes above 127", "caf\xc3\xa9", "\xc3\xa9", true},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        bool found = find_contains(scenarios[i].text, strlen(scenarios[i].text), scenarios[i].needle,
                                   strlen(scenarios[i].needle));
        if (found != scenarios[i].found) fail_msg("%s", scenarios[i].sentence);
    }
}

static bool contains(const char *text, size_t length, const char *needle, size_t needle_length) {
    for (size_t i = 0; i + needle_length <= length; i++) {
        if (memcmp(text + i, needle, needle_length) == 0) return true;
    }
    return false;
}

static void random_text(struct property *p, char *out, size_t length, uint64_t letters) {
    for (size_t i = 0; i < length; i++) out[i] = (char)('a' + property_below(p, letters));
}

static void finds_what_a_plain_search_finds(void **state) {
    (void)state;
    struct property p = property_begin("find");
    long found = 0;
    for (int i = 0; i < 100000; i++) {
        char text[40], needle[14];
        size_t length = property_below(&p, sizeof text), needle_length = property_below(&p, sizeof needle);
        uint64_t letters = 1 + property_below(&p, 3);
        random_text(&p, text, length, letters);
        random_text(&p, needle, needle_length, letters);
        bool want = contains(text, length, needle, needle_length);
        found += want;
        if (find_contains(text, length, needle, needle_length) != want) {
            fail_msg("%.*s in %.*s", (int)needle_length, needle, (int)length, text);
        }
    }
    assert_true(found > 10000 && found < 90000);
}

/* 8 MiB times 4 MiB steps would take days. */
static void takes_linear_time(void **state) {
    (void)state;
    const size_t length = 8 * 1024 * 1024, half = length / 2;
    char *text = malloc(length), *needle = malloc(half);
    assert_true(text != NULL && needle != NULL);
    memset(text, 'a', length);
    for (size_t at = 0; at < half; at += half / 8) {
        memset(needle, 'a', half);
        needle[at] = 'b';
        clock_t begun = clock();
        assert_false(find_contains(text, length, needle, half));
        assert_true(clock() - begun < 5 * CLOCKS_PER_SEC);
    }
    free(text);
    free(needle);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_found),
        cmocka_unit_test(finds_what_a_plain_search_finds),
        cmocka_unit_test(takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
