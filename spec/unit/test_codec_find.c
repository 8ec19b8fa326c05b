#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/codec.h"

static void test_find(void **state) {
    (void)state;
    static const struct {
        const char *document, *span; /* NULL: absent; "!": not an object */
    } rows[] = {
        {"{\"k\":1}", "1"},
        {"{\"a\":2,\"k\":-1.5e3,\"b\":3}", "-1.5e3"},
        {" { \"a\" : [ ] , \"k\" : \"x\" } ", "\"x\""},
        {"{\"a\":\"\\\"k\\\":1\"}", NULL},
        {"{\"a\":\"\\\\\",\"k\":1}", "1"},
        {"{\"a\":{\"k\":1}}", NULL},
        {"{\"a\":{\"k\":1},\"k\":2}", "2"},
        {"{\"a\":[{\"k\":1}],\"b\":\"{[\",\"k\":[2,\"]\"]}", "[2,\"]\"]"},
        {"{\"a\":\"k\",\"b\":\"k:\"}", NULL},
        {"{\"a\":\"k\",\"k\":null}", "null"},
        {"{\"kk\":1,\"ak\":2,\"k\":true}", "true"},
        {"{\"a\\\"k\":1}", NULL},
        {"{\"a\\\\\":1,\"k\":2}", "2"},
        {"{\"a long key of more than sixteen bytes\":\"a long text with \\\" and [{ in it, longer than "
         "that\",\"k\":{}}",
         "{}"},
        {"{}", NULL},
        {"{ }", NULL},
        {"", "!"},
        {"[\"k\",1]", "!"},
        {"\"k\"", "!"},
        {"null", "!"},
        {"{\"a\":1", "!"},
        {"{\"a\":\"k", "!"},
        {"{\"a\"", "!"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *span = NULL;
        size_t length = strlen(rows[i].document), span_length = 0;
        char *exact = malloc(length > 0 ? length : 1);
        assert_non_null(exact);
        memcpy(exact, rows[i].document, length);
        int found = codec_find(exact, length, "\"k\":", 4, &span, &span_length);
        int expected = rows[i].span == NULL ? 0 : rows[i].span[0] == '!' ? -1 : 1;
        if (found != expected) fail_msg("%d for %s", found, rows[i].document);
        if (found == 1) {
            assert_int_equal(span_length, strlen(rows[i].span));
            assert_memory_equal(span, rows[i].span, span_length);
        }
        free(exact);
    }
}

static void test_span_physical(void **state) {
    (void)state;
    static const struct {
        const char *span;
        enum physical_kind kind;
        int scale;
        const char *expected; /* NULL: refused */
    } rows[] = {
        {"5", PHYSICAL_INTEGER, 0, "5"},
        {"true", PHYSICAL_INTEGER, 0, "1"},
        {"false", PHYSICAL_INTEGER, 0, "0"},
        {"null", PHYSICAL_INTEGER, 0, "none"},
        {"null", PHYSICAL_TEXT, 0, "none"},
        {"\"12.50\"", PHYSICAL_INTEGER, 2, "1250"},
        {"\"12.5\"", PHYSICAL_INTEGER, 2, NULL},
        {"1.5", PHYSICAL_INTEGER, 0, NULL},
        {"[1]", PHYSICAL_INTEGER, 0, NULL},
        {"5", PHYSICAL_TEXT, 0, NULL},
        {"\"a\\nb\"", PHYSICAL_TEXT, 0, "a\nb"},
        {"\"\"", PHYSICAL_TEXT, 0, ""},
        {"\"a\\q\"", PHYSICAL_TEXT, 0, NULL},
        {"\"", PHYSICAL_TEXT, 0, NULL},
        {"", PHYSICAL_TEXT, 0, NULL},
        {"\"x\"", PHYSICAL_NONE, 0, NULL},
        {"\"2000-01-01\"", PHYSICAL_DATE, 0, "2000-01-01"},
        {"\"x\"", PHYSICAL_DECIMAL, 2, NULL},
    };
    struct buffer scratch = BUFFER_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        flexdb_value value;
        char shown[32] = "none";
        bool good =
            codec_span_physical(rows[i].span, strlen(rows[i].span), rows[i].kind, rows[i].scale, &value, &scratch);
        if (good != (rows[i].expected != NULL)) fail_msg("%s", rows[i].span);
        if (!good) continue;
        if (value.tag == FLEXDB_INTEGER) snprintf(shown, sizeof shown, "%d", (int)value.as.integer);
        if (value.tag == FLEXDB_TEXT) snprintf(shown, sizeof shown, "%.*s", (int)value.length, value.as.text);
        assert_string_equal(shown, rows[i].expected);
    }
    buffer_free(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_span_physical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
