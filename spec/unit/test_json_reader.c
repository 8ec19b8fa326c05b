#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "property.h"

/* Reads a text from a block of exactly its size, so that a sanitizer sees a byte too many. */
struct exact {
    struct json_reader r;
    char *copy;
};

static void exact_open(struct exact *e, const char *text, size_t length, int depth, bool unique) {
    e->copy = malloc(length + (length == 0));
    assert_non_null(e->copy);
    if (length != 0) memcpy(e->copy, text, length);
    json_reader_init(&e->r, e->copy, length, depth, unique);
}

static void exact_close(struct exact *e) {
    json_reader_free(&e->r);
    free(e->copy);
}

/* The events as a text: `{ k"a" i1 ] …`. */
static void trace(struct json_reader *r, struct buffer *out) {
    for (;;) {
        enum json_event event = json_reader_next(r);
        if (out->length != 0) buffer_put(out, ' ');
        switch (event) {
        case JSON_ERROR: buffer_printf(out, "error %zu: %s", r->offset, r->message); return;
        case JSON_END: buffer_puts(out, "end"); return;
        case JSON_OBJECT: buffer_put(out, '{'); break;
        case JSON_OBJECT_END: buffer_put(out, '}'); break;
        case JSON_ARRAY: buffer_put(out, '['); break;
        case JSON_ARRAY_END: buffer_put(out, ']'); break;
        case JSON_KEY:
        case JSON_STRING:
            buffer_put(out, event == JSON_KEY ? 'k' : 's');
            json_write_string(out, r->text, r->length);
            break;
        case JSON_INTEGER: buffer_printf(out, "i%lld", (long long)r->integer); break;
        case JSON_NUMBER:
            buffer_puts(out, r->inexact ? "~" : "n");
            json_write_number(out, r->number);
            break;
        case JSON_TRUE: buffer_puts(out, "true"); break;
        case JSON_FALSE: buffer_puts(out, "false"); break;
        case JSON_NULL: buffer_puts(out, "null"); break;
        }
    }
}

struct scenario {
    const char *sentence, *text, *events;
};

static void check_scenarios(const struct scenario *scenarios, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct exact e;
        struct buffer events = BUFFER_INIT;
        exact_open(&e, scenarios[i].text, strlen(scenarios[i].text), 5, true);
        trace(&e.r, &events);
        if (strcmp(buffer_text(&events), scenarios[i].events) != 0)
            fail_msg("%s: %s", scenarios[i].sentence, events.data);
        enum json_event again = json_reader_next(&e.r);
        assert_true(again == JSON_END || again == JSON_ERROR); /* it stays where it ended */
        buffer_free(&events);
        exact_close(&e);
    }
}

static void values_come_as_events(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"an object", "{\"a\":1,\"b\":[true,null]}", "{ k\"a\" i1 k\"b\" [ true null ] } end"},
        {"white space everywhere", " \t\r\n{ \"a\" : [ ] , \"b\" : { } } \n", "{ k\"a\" [ ] k\"b\" { } } end"},
        {"a bare string", "\"x\"", "s\"x\" end"},
        {"a bare false", "false", "false end"},
        {"an empty key", "{\"\":0}", "{ k\"\" i0 } end"},
        {"the same key in two objects", "[{\"a\":1},{\"a\":{\"a\":2}}]",
         "[ { k\"a\" i1 } { k\"a\" { k\"a\" i2 } } ] end"},
        {"five levels", "[[[[[]]]]]", "[ [ [ [ [ ] ] ] ] ] end"},
    };
    check_scenarios(scenarios, sizeof scenarios / sizeof *scenarios);
}

static void numbers_keep_their_kind(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"zero", "0", "i0 end"},
        {"minus zero stays a float", "-0", "n-0.0 end"},
        {"the largest integer", "9223372036854775807", "i9223372036854775807 end"},
        {"the smallest integer", "-9223372036854775808", "i-9223372036854775808 end"},
        {"beyond int64", "9223372036854775808", "~9.223372036854776e+18 end"},
        {"beyond 2^64", "18446744073709551617", "~1.8446744073709552e+19 end"},
        {"a fraction", "1.0", "n1.0 end"},
        {"an exponent", "1E+2", "n100.0 end"},
        {"everything", "-12.5e-1", "n-1.25 end"},
        {"too small is zero", "1e-999", "n0.0 end"},
        {"a float after an inexact one", "[9223372036854775808,1.5]", "[ ~9.223372036854776e+18 n1.5 ] end"},
        {"too large for a double", "1e999", "error 0: a number is too large for a double"},
        {"a leading zero", "01", "error 0: a number begins with a needless zero"},
        {"a negative leading zero", "-012", "error 1: a number begins with a needless zero"},
        {"no digit", "-", "error 1: a minus sign is not followed by a digit"},
        {"a plus", "+1", "error 0: unexpected \"+\" where a value should begin"},
        {"no digit before the point", ".5", "error 0: unexpected \".\" where a value should begin"},
        {"no digit after the point", "1.", "error 2: a number has no digit after its decimal point"},
        {"no digit in the exponent", "1e+", "error 3: a number has no digit in its exponent"},
        {"hexadecimal", "0x1", "i0 error 1: unexpected \"x\" where the text should end"},
        {"NaN", "NaN", "error 0: unexpected \"N\" where a value should begin"},
        {"infinity", "-Infinity", "error 1: a minus sign is not followed by a digit"},
    };
    check_scenarios(scenarios, sizeof scenarios / sizeof *scenarios);
}

static void strings_are_unescaped(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"every escape", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "s\"\\\"\\\\/\\b\\f\\n\\r\\tA\" end"},
        {"U+0000", "\"a\\u0000b\"", "s\"a\\u0000b\" end"},
        {"two and three bytes", "\"\\u00e9\\u20AC\"", "s\"é€\" end"},
        {"a pair of surrogates", "\"\\uD83D\\ude00!\"", "s\"😀!\" end"},
        {"an escape after sixteen bytes", "\"0123456789abcdef\\n\"", "s\"0123456789abcdef\\n\" end"},
        {"other scripts", "\"0123456789abcdefé\"", "s\"0123456789abcdefé\" end"},
        {"an escaped key", "{\"\\u0061\":1}", "{ k\"a\" i1 } end"},
        {"a lone high surrogate", "\"\\ud83d\"", "error 1: a high surrogate stands alone"},
        {"a high surrogate and a letter", "\"\\ud83d\\u0041\"", "error 1: a high surrogate stands alone"},
        {"a lone low surrogate", "\"x\\ude00\"", "error 2: a low surrogate stands alone"},
        {"an unknown escape", "\"\\x41\"", "error 1: a backslash is followed by what is no escape"},
        {"too few digits", "\"\\u12\"", "error 1: \\u is not followed by four hexadecimal digits"},
        {"a sign among the digits", "\"\\u+123\"", "error 1: \\u is not followed by four hexadecimal digits"},
        {"a newline as it is", "\"a\nb\"", "error 2: a control character stands in a string unescaped"},
        {"a newline after an escape", "\"\\ta\n\"", "error 4: a control character stands in a string unescaped"},
        {"a byte that is not UTF-8", "\"ab\xff\"", "error 3: a string is not valid UTF-8"},
        {"a surrogate in UTF-8", "\"é\xed\xa0\x80\"", "error 3: a string is not valid UTF-8"},
        {"a cut code point", "\"\xe2\x82\"", "error 1: a string is not valid UTF-8"},
        {"a bad byte after an escape", "\"\\n\xc0\xaf\"", "error 3: a string is not valid UTF-8"},
        {"no closing quote", "\"abc", "error 4: the text ends inside a string"},
        {"an end after a backslash", "\"abc\\", "error 4: the text ends inside a string"},
        {"single quotes", "'a'", "error 0: unexpected \"'\" where a value should begin"},
    };
    check_scenarios(scenarios, sizeof scenarios / sizeof *scenarios);
}

static void what_is_not_json_is_refused(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"nothing", "", "error 0: the text ends where a value should begin"},
        {"white space alone", "  ", "error 2: the text ends where a value should begin"},
        {"a byte order mark", "\xef\xbb\xbf{}", "error 0: a byte order mark stands before the value"},
        {"a bracket for a value", "[1,]", "[ i1 error 3: unexpected \"]\" where a value should begin"},
        {"a comma first", "[,1]", "[ error 1: unexpected \",\" where a value should begin"},
        {"no comma", "[1 2]", "[ i1 error 3: unexpected \"2\" where \",\" or \"]\" should follow a value"},
        {"no comma between members", "{\"a\":1 \"b\":2}",
         "{ k\"a\" i1 error 7: unexpected string where \",\" or \"}\" should follow a value"},
        {"the wrong bracket", "[1}", "[ i1 error 2: unexpected \"}\" where \",\" or \"]\" should follow a value"},
        {"a comma before the brace", "{\"a\":1,}", "{ k\"a\" i1 error 7: unexpected \"}\" where a key should begin"},
        {"a key without quotes", "{a:1}", "{ error 1: unexpected \"a\" where a key or \"}\" should begin"},
        {"a number as key", "{1:1}", "{ error 1: unexpected \"1\" where a key or \"}\" should begin"},
        {"no colon", "{\"a\" 1}", "{ error 5: unexpected \"1\" where a colon should follow a key"},
        {"no value", "{\"a\":}", "{ k\"a\" error 5: unexpected \"}\" where a value should begin"},
        {"an open array", "[1", "[ i1 error 2: the text ends where \",\" or \"]\" should follow a value"},
        {"an open object", "{", "{ error 1: the text ends where a key or \"}\" should begin"},
        {"an open key", "{\"a\"", "{ error 4: the text ends where a colon should follow a key"},
        {"text behind", "{} x", "{ } error 3: unexpected \"x\" where the text should end"},
        {"two values", "1 2", "i1 error 2: unexpected \"2\" where the text should end"},
        {"a comment", "/* */ 1", "error 0: unexpected \"/\" where a value should begin"},
        {"half a word", "tru", "error 0: unexpected \"t\" where a value should begin"},
        {"a capital", "True", "error 0: unexpected \"T\" where a value should begin"},
        {"a longer word", "nullx", "null error 4: unexpected \"x\" where the text should end"},
        {"a control character", "[\x01]", "[ error 1: unexpected byte 0x01 where a value should begin"},
        {"a vertical tab is no white space", "\v1", "error 0: unexpected byte 0x0b where a value should begin"},
        {"six levels where five may be", "[[[[[{", "[ [ [ [ [ error 5: nested more than 5 levels deep"},
        {"a repeated key", "{\"a\":1,\"a\":2}", "{ k\"a\" i1 error 7: a key is repeated in one object"},
        {"a key repeated with an escape", "{\"\\u0061\":1,\"a\":2}",
         "{ k\"a\" i1 error 12: a key is repeated in one object"},
        {"a key repeated by an escape", "{\"a\":1,\"\\u0061\":2}",
         "{ k\"a\" i1 error 7: a key is repeated in one object"},
        {"two escaped keys", "{\"\\n\":1,\"\\u000a\":2}", "{ k\"\\n\" i1 error 8: a key is repeated in one object"},
        {"a key repeated around an object", "{\"a\":{\"b\":1,\"c\":2},\"a\":3}",
         "{ k\"a\" { k\"b\" i1 k\"c\" i2 } error 19: a key is repeated in one object"},
    };
    check_scenarios(scenarios, sizeof scenarios / sizeof *scenarios);
}

static void a_nul_byte_is_no_end(void **state) {
    (void)state;
    struct exact e;
    struct buffer events = BUFFER_INIT;
    exact_open(&e, "1\0", 2, 5, true);
    trace(&e.r, &events);
    assert_string_equal(buffer_text(&events), "i1 error 1: unexpected byte 0x00 where the text should end");
    buffer_free(&events);
    exact_close(&e);
}

static void repeated_keys_pass_where_they_are_not_asked_for(void **state) {
    (void)state;
    struct exact e;
    struct buffer events = BUFFER_INIT;
    exact_open(&e, "{\"a\":1,\"a\":2}", 13, 5, false);
    trace(&e.r, &events);
    assert_string_equal(buffer_text(&events), "{ k\"a\" i1 k\"a\" i2 } end");
    buffer_free(&events);
    exact_close(&e);
}

static void many_keys_are_told_apart(void **state) {
    (void)state;
    enum { KEYS = 20000 };
    struct buffer text = BUFFER_INIT;
    for (int last = 0; last < 2; last++) {
        buffer_reset(&text);
        buffer_put(&text, '{');
        for (int i = 0; i < KEYS; i++) buffer_printf(&text, "\"k%d\":{\"k%d\":0,\"\\t\":0},", i, i);
        buffer_printf(&text, "\"k%d\":1}", last == 0 ? KEYS : 77);
        struct exact e;
        exact_open(&e, text.data, text.length, 2, true);
        enum json_event event = JSON_NULL;
        while (event != JSON_END && event != JSON_ERROR) event = json_reader_next(&e.r);
        assert_int_equal(event, last == 0 ? JSON_END : JSON_ERROR);
        if (last == 1) assert_string_equal(e.r.message, "a key is repeated in one object");
        assert_int_equal(last == 0 ? e.r.keys.length : 0, 0);
        exact_close(&e);
    }
    buffer_free(&text);
}

static void skipping_gives_the_span(void **state) {
    (void)state;
    const char *text = "{\"a\": [1, {\"x\":[]}] ,\"b\":\"q\\n\", \"c\": -1.5 }";
    static const char *const spans[] = {"[1, {\"x\":[]}]", "\"q\\n\"", "-1.5"};
    for (int after_key = 0; after_key < 2; after_key++) {
        struct exact e;
        exact_open(&e, text, strlen(text), 5, true);
        assert_int_equal(json_reader_next(&e.r), JSON_OBJECT);
        for (size_t i = 0; i < 3; i++) {
            const char *span = NULL;
            size_t length = 0;
            assert_int_equal(json_reader_next(&e.r), JSON_KEY);
            if (!after_key) json_reader_next(&e.r);
            assert_true(json_reader_skip(&e.r, &span, &length));
            assert_int_equal(length, strlen(spans[i]));
            assert_memory_equal(span, spans[i], length);
        }
        assert_int_equal(json_reader_next(&e.r), JSON_OBJECT_END);
        assert_int_equal(json_reader_next(&e.r), JSON_END);
        exact_close(&e);
    }
}

static void skipping_stops_at_an_error(void **state) {
    (void)state;
    const char *span = NULL;
    size_t length = 0;
    struct exact e;
    exact_open(&e, "[1,[2,}", 7, 5, true);
    assert_int_equal(json_reader_next(&e.r), JSON_ARRAY);
    assert_false(json_reader_skip(&e.r, &span, &length));
    assert_int_equal(e.r.offset, 6);
    assert_false(json_reader_skip(&e.r, &span, &length));
    exact_close(&e);
}

static void a_depth_bomb_is_refused(void **state) {
    (void)state;
    static char text[100000];
    memset(text, '[', sizeof text);
    struct exact e;
    exact_open(&e, text, sizeof text, JSON_MAX_DEPTH, true);
    for (int i = 0; i < JSON_MAX_DEPTH; i++) assert_int_equal(json_reader_next(&e.r), JSON_ARRAY);
    assert_int_equal(json_reader_next(&e.r), JSON_ERROR);
    assert_string_equal(e.r.message, "nested more than 1000 levels deep");
    exact_close(&e);
}

/* Good JSON with bytes changed: any answer will do, as long as nothing is read out of bounds. */
static void damaged_texts_do_no_harm(void **state) {
    (void)state;
    static const char good[] = "{\"name\":\"Ada \\u00e9\\ud83d\\ude00\",\"n\":[1,-2.5e3,true,null,{}],\"long key of "
                               "it\":\"0123456789abcdef é\"}";
    struct property p = property_begin("damaged json");
    for (int i = 0; i < 20000; i++) {
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        size_t length = sizeof good - 1 - (property_below(&p, 3) == 0 ? property_below(&p, sizeof good - 1) : 0);
        for (uint64_t n = property_below(&p, 4); n > 0; n--) {
            char byte = (char)property_next(&p);
            if (property_below(&p, 2)) byte = good[property_below(&p, sizeof good - 1)];
            text[property_below(&p, sizeof good - 1)] = byte;
        }
        struct exact e;
        exact_open(&e, text, length, 4, property_below(&p, 2));
        enum json_event event = JSON_NULL;
        for (int steps = 0; event != JSON_END && event != JSON_ERROR; steps++) {
            event = json_reader_next(&e.r);
            assert_true(steps < 200);
        }
        exact_close(&e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_as_events),      cmocka_unit_test(numbers_keep_their_kind),
        cmocka_unit_test(strings_are_unescaped),      cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(a_nul_byte_is_no_end),       cmocka_unit_test(repeated_keys_pass_where_they_are_not_asked_for),
        cmocka_unit_test(many_keys_are_told_apart),   cmocka_unit_test(skipping_gives_the_span),
        cmocka_unit_test(skipping_stops_at_an_error), cmocka_unit_test(a_depth_bomb_is_refused),
        cmocka_unit_test(damaged_texts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
