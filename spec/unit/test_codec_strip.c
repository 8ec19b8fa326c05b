/* Documents without some of their members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/codec.h"

struct scenario {
    const char *name, *document;
    const char *expected; /* NULL: it has none of the keys; "": it is no object */
};

/* Always without a, b, "é" and the key that is a quote. */
static const struct scenario scenarios[] = {
    {"nothing is in it", "{}", NULL},
    {"nothing is in it but space", " { } ", NULL},
    {"none of the keys", "{\"c\":1,\"d\":{\"a\":2}}", NULL},
    {"the first member", "{\"a\":1,\"c\":2}", "{\"c\":2}"},
    {"the last member", "{\"c\":2,\"a\":1}", "{\"c\":2}"},
    {"one between others", "{\"c\":2,\"a\":1,\"d\":3}", "{\"c\":2,\"d\":3}"},
    {"the only member", "{\"a\":1}", "{}"},
    {"all members", "{\"a\":1,\"b\":[1,{\"a\":2}]}", "{}"},
    {"one key twice", "{\"a\":1,\"c\":2,\"a\":3}", "{\"c\":2}"},
    {"a text that holds brackets and quotes", "{\"a\":\"}],\\\"b\\\":\",\"c\":\"{\\\\\\\"\"}", "{\"c\":\"{\\\\\\\"\"}"},
    {"the key of a nested value stays", "{\"c\":{\"a\":1},\"a\":2}", "{\"c\":{\"a\":1}}"},
    {"the key as a text stays", "{\"c\":\"a\",\"b\":null}", "{\"c\":\"a\"}"},
    {"a longer key stays", "{\"aa\":1,\"b\":2}", "{\"aa\":1}"},
    {"an escaped key", "{\"\\u0061\":1,\"c\":2}", "{\"c\":2}"},
    {"a key with a quote", "{\"\\\"\":1,\"c\":2}", "{\"c\":2}"},
    {"a key beyond ASCII", "{\"\xc3\xa9\":1,\"c\":2}", "{\"c\":2}"},
    {"the same, escaped", "{\"\\u00e9\":1,\"c\":2}", "{\"c\":2}"},
    {"values stay to the letter", "{\"a\":1,\"c\":1.50e+1,\"d\":[ 1 , 2 ]}", "{\"c\":1.50e+1,\"d\":[ 1 , 2 ]}"},
    {"the spacing of another writer", " { \"c\" : 2 , \"a\" : 1 , \"d\" : 3 } ", "{\"c\" : 2,\"d\" : 3}"},
    {"no document", "", ""},
    {"an array", "[\"a\"]", ""},
    {"a number", "1", ""},
    {"no end", "{\"a\":1", ""},
    {"no value", "{\"c\":}", ""},
    {"no colon", "{\"c\" 1}", ""},
    {"no key", "{1:2}", ""},
    {"no quote", "{\"c:1}", ""},
    {"a comma too many", "{\"a\":1,}", ""},
    {"a comma at the beginning", "{,\"a\":1}", ""},
    {"something behind it", "{\"a\":1} x", ""},
    {"a broken escape", "{\"\\ux061\":1}", ""},
    {"a nested value without end", "{\"c\":[1,2}", ""},
};

static void add(struct names *gone, const char *key) { assert_int_equal(names_add(gone, key, strlen(key), 0), 1); }

static void documents_lose_their_members(void **state) {
    (void)state;
    struct names gone = NAMES_INIT;
    struct buffer out = BUFFER_INIT, scratch = BUFFER_INIT;
    add(&gone, "a");
    add(&gone, "b");
    add(&gone, "\"");
    add(&gone, "\xc3\xa9");
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct scenario *s = &scenarios[i];
        flexdb_error err = FLEXDB_ERROR_INIT;
        /* A copy without anything behind it, so that reading too far is seen. */
        size_t length = strlen(s->document);
        char *document = malloc(length != 0 ? length : 1);
        assert_non_null(document);
        memcpy(document, s->document, length);
        buffer_reset(&out);
        buffer_puts(&out, "kept:");
        int rc = codec_strip(document, length, &gone, &out, &scratch, &err);
        int expected = s->expected == NULL ? 0 : s->expected[0] != '\0' ? 1 : -FLEXDB_CORRUPT;
        if (rc != expected) fail_msg("%s: %d instead of %d", s->name, rc, expected);
        if (rc < 0) assert_string_equal(err.message, "the stored document is not a JSON object");
        if (rc == 0) assert_int_equal(out.length, 5);
        if (rc == 1 && strcmp(buffer_text(&out) + 5, s->expected) != 0)
            fail_msg("%s: %s instead of %s", s->name, buffer_text(&out) + 5, s->expected);
        error_clear(&err);
        free(document);
    }
    names_free(&gone);
    buffer_free(&out);
    buffer_free(&scratch);
}

static int note_key(void *context, const char *key, size_t length, flexdb_error *err) {
    (void)err;
    struct buffer *out = context;
    buffer_append(out, key, length);
    buffer_put(out, ';');
    return length == 4 && memcmp(key, "stop", 4) == 0 ? 7 : 0;
}

static void documents_tell_their_keys(void **state) {
    (void)state;
    static const struct {
        const char *document, *keys; /* keys: those that are told, each with a semicolon */
        int rc;
    } cases[] = {
        {"{}", "", 0},
        {" { } ", "", 0},
        {"{\"a\":1,\"b\":{\"c\":2},\"d\":[\"e\"]}", "a;b;d;", 0},
        {"{\"caf\\u00e9\" : \"x\"}", "caf\xC3\xA9;", 0},
        {"{\"a\":1,\"stop\":2,\"b\":3}", "a;stop;", 7},
        {"{\"a\":1,", "a;", -FLEXDB_CORRUPT},
        {"{\"a\":1 \"b\":2}", "a;", -FLEXDB_CORRUPT},
        {"[1]", "", -FLEXDB_CORRUPT},
        {"", "", -FLEXDB_CORRUPT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer keys = BUFFER_INIT, scratch = BUFFER_INIT;
        flexdb_error err = FLEXDB_ERROR_INIT;
        int rc = codec_keys(cases[i].document, strlen(cases[i].document), &scratch, note_key, &keys, &err);
        assert_int_equal(rc, cases[i].rc);
        assert_string_equal(buffer_text(&keys), cases[i].keys);
        if (rc < 0) assert_string_equal(err.message, "the stored document is not a JSON object");
        error_clear(&err);
        buffer_free(&keys);
        buffer_free(&scratch);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(documents_lose_their_members),
                                       cmocka_unit_test(documents_tell_their_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
