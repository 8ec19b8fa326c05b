#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "property.h"

static void strings_are_escaped_as_little_as_may_be(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text;
        size_t length;
        const char *json;
    } scenarios[] = {
        {"nothing", "", 0, "\"\""},
        {"plain", "hello", 5, "\"hello\""},
        {"quote and backslash", "a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"a slash stays", "a/b", 3, "\"a/b\""},
        {"controls with a letter", "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
        {"controls without one", "\x01\x1f\0", 3, "\"\\u0001\\u001f\\u0000\""},
        {"delete stays", "\x7f", 1, "\"\x7f\""},
        {"other scripts stay", "é€😀", 9, "\"é€😀\""},
        {"an escape after sixteen bytes", "0123456789abcdef\"", 17, "\"0123456789abcdef\\\"\""},
        {"an escape as the sixteenth byte", "0123456789abcde\nz", 17, "\"0123456789abcde\\nz\""},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct buffer b = BUFFER_INIT;
        json_write_string(&b, scenarios[i].text, scenarios[i].length);
        if (strcmp(buffer_text(&b), scenarios[i].json) != 0) fail_msg("%s: %s", scenarios[i].sentence, b.data);
        buffer_free(&b);
    }
}

/* Either it writes what json_write_string would, or nothing; and it leaves only what it says it leaves. */
static void words_are_written_in_one_step(void **state) {
    (void)state;
    for (size_t length = 0; length <= 20; length++) {
        for (size_t place = 0; place <= length; place++) { /* the last: nowhere */
            for (int c = 0; c < 256; c++) {
                char text[20];
                memset(text, 'x', sizeof text);
                if (place < length) text[place] = (char)c;
                struct buffer plain = BUFFER_INIT, whole = BUFFER_INIT;
                bool odd = place < length && (c < 0x20 || c >= 0x80 || c == '"' || c == '\\');
                assert_int_equal(json_write_plain(&plain, text, length), length >= 4 && length <= 16 && !odd);
                json_write_string(&whole, text, length);
                if (plain.length != 0) {
                    assert_int_equal(plain.length, whole.length);
                    assert_memory_equal(plain.data, whole.data, whole.length);
                }
                buffer_free(&plain);
                buffer_free(&whole);
            }
        }
    }
}

static void numbers_keep_their_kind(void **state) {
    (void)state;
    struct buffer b = BUFFER_INIT;
    json_write_integer(&b, INT64_MIN);
    buffer_put(&b, ',');
    json_write_number(&b, 3);
    buffer_put(&b, ',');
    json_write_number(&b, -0.0);
    buffer_put(&b, ',');
    json_write_number(&b, 1e300);
    assert_string_equal(buffer_text(&b), "-9223372036854775808,3.0,-0.0,1e+300");
    buffer_free(&b);
}

static size_t random_text(struct property *p, char *out, size_t limit) {
    size_t n = 0, wanted = property_below(p, limit - 4);
    uint64_t kind = property_below(p, 4);
    while (n < wanted) {
        uint64_t dice = property_next(p);
        switch (kind == 3 ? dice >> 32 & 3 : kind) {
        case 0: out[n++] = (char)(' ' + dice % 95); break;
        case 1: out[n++] = (char)(dice % 128); break;
        default: memcpy(out + n, dice & 1 ? "€" : "😀", dice & 1 ? 3 : 4); n += dice & 1 ? 3 : 4;
        }
    }
    return n;
}

static void strings_survive_the_round_trip(void **state) {
    (void)state;
    struct property p = property_begin("json string");
    struct buffer b = BUFFER_INIT;
    for (int i = 0; i < 20000; i++) {
        char text[200];
        size_t n = random_text(&p, text, sizeof text);
        buffer_reset(&b);
        json_write_string(&b, text, n);
        struct json_reader r;
        json_reader_init(&r, b.data, b.length, 1, true);
        assert_int_equal(json_reader_next(&r), JSON_STRING);
        assert_int_equal(r.length, n);
        if (n != 0) assert_memory_equal(r.text, text, n);
        assert_int_equal(json_reader_next(&r), JSON_END);
        json_reader_free(&r);
    }
    buffer_free(&b);
}

static void numbers_survive_the_round_trip(void **state) {
    (void)state;
    struct property p = property_begin("json number");
    struct buffer b = BUFFER_INIT;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = property_next(&p);
        double value;
        memcpy(&value, &bits, sizeof value);
        buffer_reset(&b);
        buffer_put(&b, '[');
        json_write_number(&b, isfinite(value) ? value : 0.25);
        buffer_put(&b, ',');
        json_write_integer(&b, (int64_t)bits);
        buffer_put(&b, ']');
        struct json_reader r;
        json_reader_init(&r, b.data, b.length, 1, true);
        assert_int_equal(json_reader_next(&r), JSON_ARRAY);
        assert_int_equal(json_reader_next(&r), JSON_NUMBER);
        if (isfinite(value)) assert_memory_equal(&r.number, &value, sizeof value);
        assert_int_equal(json_reader_next(&r), JSON_INTEGER);
        assert_true(r.integer == (int64_t)bits);
        json_reader_free(&r);
    }
    buffer_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped_as_little_as_may_be),
        cmocka_unit_test(words_are_written_in_one_step),
        cmocka_unit_test(numbers_keep_their_kind),
        cmocka_unit_test(strings_survive_the_round_trip),
        cmocka_unit_test(numbers_survive_the_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
