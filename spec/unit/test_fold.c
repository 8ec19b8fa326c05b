/* Searching without regard to case: one character for one, by Unicode's simple case mapping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fold.h"

static void folds_one_character_to_one(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text, *needle;
        int found;
    } scenarios[] = {
        {"ASCII", "Hello World", "LO wO", 1},
        {"not there", "Hello", "hellos", 0},
        {"an empty needle", "x", "", 1},
        {"an empty text", "", "x", 0},
        {"umlauts", "ÄRGER", "ärg", 1},
        {"Greek, with the final sigma", "ΟΔΥΣΣΕΥΣ", "οδυσσευς", 1},
        {"Cyrillic", "ПРИВЕТ", "привет", 1},
        {"the Kelvin sign is a k", "300\xE2\x84\xAA", "300k", 1},
        {"sharp s is not ss", "STRASSE", "straße", 0},
        {"sharp s has a capital",
         "STRA\xE1\xBA\x9E"
         "E",
         "straße", 1},
        {"a dotted capital I is no i", "\xC4\xB0", "i", 0},
        {"accents matter", "resume", "résumé", 0},
        {"what a pattern would mean is data", "a.b[c](d)\\E*", "A.B[C](D)\\e*", 1},
        {"a point is a point", "axb", "a.b", 0},
        {"over lines", "one\ntwo", "E\nT", 1},
    };
    struct fold fold = FOLD_INIT;
    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
            int found = fold_contains(&fold, scenarios[i].text, strlen(scenarios[i].text), scenarios[i].needle,
                                      strlen(scenarios[i].needle));
            if (found != scenarios[i].found) fail_msg("%s: %d", scenarios[i].sentence, found);
        }
    fold_free(&fold);
}

static void refuses_what_is_no_text(void **state) {
    (void)state;
    static char needle[FOLD_MAX_NEEDLE + 1];
    struct fold fold = FOLD_INIT;
    memset(needle, 'x', sizeof needle);
    assert_int_equal(fold_contains(&fold, "x", 1, needle, sizeof needle), -1);
    assert_int_equal(fold_contains(&fold, needle, sizeof needle, needle, sizeof needle - 1), 1);
    assert_int_equal(fold_contains(&fold, "x\xFF", 2, "x", 1), -1);
    assert_int_equal(fold_contains(&fold, "x", 1, "\xFF", 1), -1);
    assert_int_equal(fold_contains(&fold, "x", 1, "X", 1), 1);
    fold_free(&fold);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_one_character_to_one),
        cmocka_unit_test(refuses_what_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
