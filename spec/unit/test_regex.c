#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/regex.h"
#include "base/utf8.h"

static struct regex *compiled(const char *pattern) {
    char message[REGEX_MESSAGE_SIZE] = "";
    struct regex *r = NULL;
    if (regex_compile(&r, pattern, strlen(pattern), message) != 0) fail_msg("%s: %s", pattern, message);
    return r;
}

static enum regex_result search(const struct regex *r, const char *text, size_t length) {
    struct utf8_facts facts;
    assert_true(utf8_check(text, length, &facts));
    enum regex_result result = regex_search(r, text, length, facts.ascii);
    if (facts.ascii) assert_int_equal(regex_search(r, text, length, false), result); /* both forms agree */
    return result;
}

static void patterns_are_searched_in_the_text(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *pattern, *text;
        enum regex_result result;
    } scenarios[] = {
        {"anywhere", "b+", "aabbcc", REGEX_MATCH},
        {"not there", "x", "aabbcc", REGEX_NO_MATCH},
        {"anchored", "^[a-z]+$", "abc", REGEX_MATCH},
        {"anchored, with more around", "^[a-z]+$", "abc1", REGEX_NO_MATCH},
        {"an empty text", "^$", "", REGEX_MATCH},
        {"an empty pattern", "", "anything", REGEX_MATCH},
        {"a letter of another script is a letter", "^\\w+$", "naïve", REGEX_MATCH},
        {"a dot is a code point", "^.{3}$", "añb", REGEX_MATCH},
        {"a property", "^\\p{Lu}", "Élan", REGEX_MATCH},
        {"a non-ASCII pattern on ASCII text", "^é?a$", "a", REGEX_MATCH},
        {"folding crosses into ASCII", "(?i)^\\x{212a}$", "k", REGEX_MATCH},
        {"folding crosses out of ASCII", "(?i)^k$", "\xe2\x84\xaa", REGEX_MATCH},
        {"a look-behind", "(?<=a)b", "ab", REGEX_MATCH},
        {"a back reference", "^(.)\\1$", "zz", REGEX_MATCH},
        {"\\G is the start alone", "\\Gb", "ab", REGEX_NO_MATCH},
        {"a verb", "a(*COMMIT)b|ac", "ac", REGEX_NO_MATCH},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct regex *r = compiled(scenarios[i].pattern);
        enum regex_result result = search(r, scenarios[i].text, strlen(scenarios[i].text));
        if (result != scenarios[i].result) fail_msg("%s: %d", scenarios[i].sentence, (int)result);
        regex_free(r);
    }
}

static void bad_patterns_say_why_and_where(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *pattern, *message;
    } scenarios[] = {
        {"a group that is not closed", "a(b", "missing closing parenthesis at byte 3"},
        {"a class that is not closed", "[a", "missing terminating ] for character class at byte 2"},
        {"a quantifier of nothing", "*a", "quantifier does not follow a repeatable item at byte 0"},
        {"one byte of a code point", "a\\Cb", "using \\C is disabled by the application at byte 3"},
        {"an unknown property", "\\p{Nope}", "unknown property after \\P or \\p at byte 8"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct regex *r = NULL;
        char message[REGEX_MESSAGE_SIZE] = "";
        int rc = regex_compile(&r, scenarios[i].pattern, strlen(scenarios[i].pattern), message);
        if (rc != -1 || r != NULL || strcmp(message, scenarios[i].message) != 0) {
            fail_msg("%s: %d, %s", scenarios[i].sentence, rc, message);
        }
    }
}

static void a_pattern_may_have_4096_bytes(void **state) {
    (void)state;
    static char pattern[REGEX_MAX_PATTERN + 1];
    char message[REGEX_MESSAGE_SIZE];
    struct regex *r = NULL;
    memset(pattern, 'a', sizeof pattern);
    assert_int_equal(regex_compile(&r, pattern, REGEX_MAX_PATTERN, message), 0);
    regex_free(r);
    assert_int_equal(regex_compile(&r, pattern, REGEX_MAX_PATTERN + 1, message), -1);
    assert_string_equal(message, "longer than 4096 bytes");
    assert_int_equal(regex_compile(&r, "\xff", 1, message), -1);
    regex_free(NULL);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

enum text_kind { TEXT_LETTERS, TEXT_DIGITS };

static void patterns_that_explode_end_in_an_answer(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *pattern;
        size_t length;
        enum text_kind kind;
        enum regex_result result;
    } scenarios[] = {
        {"nested quantifiers", "^(a+)+$", 255, TEXT_LETTERS, REGEX_LIMIT},
        {"nested quantifiers, not anchored", "(a+)+$", 255, TEXT_LETTERS, REGEX_LIMIT},
        {"nested quantifiers in a long text", "(a+)+$", 100000, TEXT_LETTERS, REGEX_LIMIT},
        {"alternatives that overlap", "(a|aa)+$", 255, TEXT_LETTERS, REGEX_LIMIT},
        {"a little at every place", "(?:a?){16}a{120}[bc]", 255, TEXT_LETTERS, REGEX_LIMIT},
        {"a scan from every digit of a megabyte", "(?=\\d+[xy])\\d", 1000000, TEXT_DIGITS, REGEX_LIMIT},
        {"a scan in every step", "^(?:\\d*[xy]|\\d)*$", 1000000, TEXT_DIGITS, REGEX_LIMIT},
        {"a verb and a long text", "(*NO_START_OPT)\\d+[xy]", 1000000, TEXT_DIGITS, REGEX_LIMIT},
        {"nested quantifiers and a verb", "(a+)+$(*SKIP)", 255, TEXT_LETTERS, REGEX_LIMIT},
        {"a scan from every digit and a verb", "\\d+(?:x(*COMMIT)|y)", 1000000, TEXT_DIGITS, REGEX_LIMIT},
        {"a verb that lowers the limit", "(*LIMIT_MATCH=10)(a+)+$", 255, TEXT_LETTERS, REGEX_LIMIT},
    };
    static char text[1000001];
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct regex *r = compiled(scenarios[i].pattern);
        memset(text, scenarios[i].kind == TEXT_DIGITS ? '7' : 'a', scenarios[i].length);
        text[scenarios[i].length - 1] = '!';
        double begun = seconds();
        enum regex_result result = regex_search(r, text, scenarios[i].length, true);
        double took = seconds() - begun;
        if (getenv("FLEXDB_TEST_TIMES") != NULL) print_message("%s: %.3f s, %d\n", scenarios[i].sentence, took, result);
        if (result != scenarios[i].result) fail_msg("%s: %d", scenarios[i].sentence, (int)result);
        if (took > 20) fail_msg("%s: %.3f s", scenarios[i].sentence, took); /* a valgrind run is slow */
        regex_free(r);
    }
}

struct hay {
    const char *sentence, *pattern;
    enum regex_result result;
};

/* Fills the text with hay, at least so long, and a needle at its end. Returns its length. */
static size_t make_hay(char *text, size_t least) {
    size_t length = 0;
    while (length < least) length += (size_t)sprintf(text + length, "hay ");
    return length + (size_t)sprintf(text + length, "needle");
}

static void search_hay(const struct hay *scenarios, size_t count, const char *text, size_t length) {
    for (size_t i = 0; i < count; i++) {
        struct regex *r = compiled(scenarios[i].pattern);
        enum regex_result result = search(r, text, length);
        if (result != scenarios[i].result) fail_msg("%s: %d", scenarios[i].sentence, (int)result);
        regex_free(r);
    }
}

static void long_texts_are_searched_to_their_end(void **state) {
    (void)state;
    static char text[300016];
    static const struct hay scenarios[] = {
        {"a word at the end", "needle$", REGEX_MATCH},
        {"a word that is not there", "needles", REGEX_NO_MATCH},
        {"words", "\\bne+dle\\b", REGEX_MATCH},
        {"looking back over a chunk's edge", "(?<=hay )needle", REGEX_MATCH},
        {"a look-behind that fails", "(?<=straw )needle", REGEX_NO_MATCH},
        {"the start alone", "^needle", REGEX_NO_MATCH},
        {"a start in several ways", "(?:^|\\n)needle", REGEX_NO_MATCH},
        {"letters and marks", "[A-Z]{2}", REGEX_NO_MATCH},
        {"a setting before the pattern", "(*UCP)(*ANYCRLF)needle", REGEX_MATCH},
        {"an assertion in words", "(*positive_lookahead:needle)nee", REGEX_MATCH},
        {"a class that looks like a verb", "[(*]|needle", REGEX_MATCH},
        {"a parenthesis that may be there", "\\(*needle", REGEX_MATCH},
        {"a verb that ends it at one place", "h(*PRUNE)x|needle", REGEX_MATCH},
        {"a verb that ends it for good", "hay hay(*COMMIT)x|needle", REGEX_NO_MATCH},
    };
    size_t length = make_hay(text, 300000 - 6);
    search_hay(scenarios, sizeof scenarios / sizeof *scenarios, text, length);
    struct regex *r = compiled("é$");
    length = 0;
    while (length < 60000) length += (size_t)sprintf(text + length, "é");
    assert_int_equal(search(r, text, length), REGEX_MATCH);
    regex_free(r);
}

/* These are searched in one go, and call us at each step. */
static void verbs_look_beyond_their_place(void **state) {
    (void)state;
    static char text[4096];
    static const struct hay scenarios[] = {
        {"a verb that goes on behind", "hay (*SKIP)x|needle", REGEX_MATCH},
        {"a verb that goes on behind what would match", "(?:hay ){1,3}nee(*SKIP)x|needle", REGEX_NO_MATCH},
        {"\\G is the start alone", "\\Gneedle|hay \\Gneedle", REGEX_NO_MATCH},
        {"\\G in an alternative", "\\Gneedle|needle", REGEX_MATCH},
        {"a verb that ends it at the last place", "(?:hay ){2}nee(*COMMIT)x|needle", REGEX_NO_MATCH},
    };
    size_t length = make_hay(text, 4000);
    search_hay(scenarios, sizeof scenarios / sizeof *scenarios, text, length);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_searched_in_the_text),
        cmocka_unit_test(bad_patterns_say_why_and_where),
        cmocka_unit_test(a_pattern_may_have_4096_bytes),
        cmocka_unit_test(patterns_that_explode_end_in_an_answer),
        cmocka_unit_test(long_texts_are_searched_to_their_end),
        cmocka_unit_test(verbs_look_beyond_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
