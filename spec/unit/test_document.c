#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/document.h"

static cJSON *parsed(const char *text) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *tree = NULL;
    if (document_parse(&tree, text, strlen(text), &err) != 0) fail_msg("%s: %s", text, err.message);
    return tree;
}

static void check_print(const cJSON *tree, const char *expected) {
    struct buffer out = BUFFER_INIT;
    document_print(tree, &out);
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
}

static void documents_print_as_they_were_read(void **state) {
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "\"\"",
        "[]",
        "{}",
        "{\"b\":1,\"a\":[1,2.50,{\"c\":null}],\"\":false}",
        "[9007199254740992,-9007199254740992,9007199254740993,9223372036854775807,12345678901234567890]",
        "[1.0,-0,1e40]",
        "[\"\\\"\\\\\\n\\u0001é😀\"]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cJSON *tree = parsed(texts[i]);
        check_print(tree, texts[i]);
        cJSON_Delete(tree);
    }
}

static void numbers_lose_nothing(void **state) {
    (void)state;
    cJSON *tree = parsed("[42,9007199254740993,2.50,1e2]");
    assert_true(cJSON_IsNumber(cJSON_GetArrayItem(tree, 0)));
    assert_true(cJSON_IsRaw(cJSON_GetArrayItem(tree, 1)));
    assert_string_equal(cJSON_GetArrayItem(tree, 2)->valuestring, "2.50");
    assert_true(cJSON_IsRaw(cJSON_GetArrayItem(tree, 3)));
    cJSON_Delete(tree);
}

static void bad_documents_say_where(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text, *message;
    } scenarios[] = {
        {"nothing", "", "not valid JSON at byte 0: the text ends where a value should begin"},
        {"text behind", "{} x", "not valid JSON at byte 3: unexpected \"x\" where the text should end"},
        {"a repeated key", "{\"a\":1,\"a\":2}", "not valid JSON at byte 7: a key is repeated in one object"},
        {"U+0000 in a string", "[\"a\\u0000b\"]", "a string holds U+0000 at byte 1"},
        {"U+0000 in a key", "{\"\\u0000\":1}", "a string holds U+0000 at byte 1"},
        {"a number too large", "[1e400]", "not valid JSON at byte 1: a number is too large for a double"},
        {"an end in the middle",
         "{\"a\":[1,{\"b\":", "not valid JSON at byte 13: the text ends where a value should begin"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        cJSON *tree = NULL;
        int rc = document_parse(&tree, scenarios[i].text, strlen(scenarios[i].text), &err);
        if (rc != -FLEXDB_INVALID_DOCUMENT || strcmp(err.message, scenarios[i].message) != 0) {
            fail_msg("%s: %d, %s", scenarios[i].sentence, rc, err.message);
        }
        assert_null(tree);
        error_clear(&err);
    }
}

static void sixty_four_levels_are_read_and_no_more(void **state) {
    (void)state;
    char text[20000];
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = '\0';
    cJSON *tree = parsed(text);
    check_print(tree, text);
    cJSON_Delete(tree);
    flexdb_error err = FLEXDB_ERROR_INIT;
    memset(text, '[', sizeof text);
    assert_int_equal(document_parse(&tree, text, sizeof text, &err), -FLEXDB_INVALID_DOCUMENT);
    assert_string_equal(err.message, "not valid JSON at byte 64: nested more than 64 levels deep");
    error_clear(&err);
}

static void integers_are_told_from_other_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } scenarios[] = {
        {"0", true, 0},
        {"-7", true, -7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"255.0", true, 255},
        {"1e2", true, 100},
        {"9007199254740993.0", true, INT64_C(9007199254740993)},
        {"1.5", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
        {"null", false, 0},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        cJSON *item = parsed(scenarios[i].text);
        int64_t value = 0;
        bool good = document_integer(item, &value);
        if (good != scenarios[i].good || value != scenarios[i].value) fail_msg("%s: %d", scenarios[i].text, good);
        cJSON_Delete(item);
    }
    assert_false(document_integer(NULL, &(int64_t){0}));
}

static void new_integers_keep_every_digit(void **state) {
    (void)state;
    static const int64_t values[] = {0, -1, INT64_C(9007199254740992), INT64_C(9007199254740993), INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        cJSON *item = document_new_integer(values[i]);
        int64_t back = 1;
        char text[32];
        assert_true(document_integer(item, &back) && back == values[i]);
        snprintf(text, sizeof text, "%lld", (long long)values[i]);
        check_print(item, text);
        cJSON_Delete(item);
    }
}

static void equality_is_of_values(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *a, *b;
        bool equal;
    } scenarios[] = {
        {"the order of keys means nothing", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"the order of items does", "[1,2]", "[2,1]", false},
        {"a longer array", "[1,2]", "[1,2,3]", false},
        {"a longer object", "{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"another key", "{\"a\":1}", "{\"b\":1}", false},
        {"an empty array is no object", "[]", "{}", false},
        {"true is not false", "true", "false", false},
        {"null is not false", "null", "false", false},
        {"a number is no string", "1", "\"1\"", false},
        {"an integer is no float", "1", "1.0", false},
        {"floats by value", "1.50", "1.5", true},
        {"floats by value, one with an exponent", "150.0", "1.5e2", true},
        {"large integers by every digit", "9007199254740993", "9007199254740992", false},
        {"the same large integer", "9007199254740993", "9007199254740993", true},
        {"integers beyond int64 by every digit", "12345678901234567890", "12345678901234567891", false},
        {"a large integer is no float", "12345678901234567890", "12345678901234567890.0", false},
        {"strings", "\"a\"", "\"\\u0061\"", true},
        {"deep down", "{\"a\":[{\"b\":[1,{\"c\":\"x\"}]}]}", "{\"a\":[{\"b\":[1,{\"c\":\"y\"}]}]}", false},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        cJSON *a = parsed(scenarios[i].a), *b = parsed(scenarios[i].b);
        if (document_equal(a, b) != scenarios[i].equal || document_equal(b, a) != scenarios[i].equal) {
            fail_msg("%s", scenarios[i].sentence);
        }
        assert_true(document_equal(a, a));
        cJSON_Delete(a);
        cJSON_Delete(b);
    }
}

static void trees_made_by_hand_compare_and_print(void **state) {
    (void)state;
    cJSON *half = cJSON_CreateNumber(0.5), *raw = parsed("0.5"), *nan = cJSON_CreateNumber((double)NAN);
    cJSON *seven = document_new_integer(7), *raw_seven = cJSON_CreateRaw("7");
    assert_true(document_equal(half, raw));
    assert_true(document_equal(seven, raw_seven));
    assert_false(document_equal(half, seven));
    check_print(half, "0.5");
    check_print(nan, "null");
    cJSON_Delete(half);
    cJSON_Delete(raw);
    cJSON_Delete(nan);
    cJSON_Delete(seven);
    cJSON_Delete(raw_seven);
}

static void excerpts_are_short_json(void **state) {
    (void)state;
    char long_text[400], expected[400];
    cJSON *tree = parsed("{\"a\":[1,\"x\"]}");
    char *excerpt = document_excerpt(tree);
    assert_string_equal(excerpt, "{\"a\":[1,\"x\"]}");
    free(excerpt);
    cJSON_Delete(tree);
    memset(long_text, 'x', 300);
    memcpy(long_text + 199, "é", 2); /* two bytes, astride the cut */
    long_text[300] = '\0';
    tree = cJSON_CreateString(long_text);
    excerpt = document_excerpt(tree);
    snprintf(expected, sizeof expected, "\"%.199s…\"", long_text);
    assert_string_equal(excerpt, expected);
    free(excerpt);
    cJSON *array = cJSON_CreateArray();
    cJSON_AddItemToArray(array, tree);
    excerpt = document_excerpt(array);
    snprintf(expected, sizeof expected, "\"[\\\"%.198s…\"", long_text);
    assert_string_equal(excerpt, expected);
    free(excerpt);
    cJSON_Delete(array);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_print_as_they_were_read),
        cmocka_unit_test(numbers_lose_nothing),
        cmocka_unit_test(bad_documents_say_where),
        cmocka_unit_test(sixty_four_levels_are_read_and_no_more),
        cmocka_unit_test(integers_are_told_from_other_numbers),
        cmocka_unit_test(new_integers_keep_every_digit),
        cmocka_unit_test(equality_is_of_values),
        cmocka_unit_test(trees_made_by_hand_compare_and_print),
        cmocka_unit_test(excerpts_are_short_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
