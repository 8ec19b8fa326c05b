/* Reading documents, and holding what was read against tighter rules. */
#include "codec_bed.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/type.h"

/* ---- decode ---- */

static void decode(struct fixture *f, const char *document) {
    if (codec_decode(f->v, document, strlen(document), NULL, &f->r, &f->err) != 0)
        fail_msg("refused: %s", f->err.message);
}

static void test_initial_default(void **state) {
    (void)state;
    struct fixture f = begin();
    decode(&f, "{}");
    assert_text(&f.r.values[PRICE], "1.50");
    assert_int_equal(f.r.values[AGE].tag, FLEXDB_ABSENT);
    decode(&f, "{\"price\":null,\"age\":null}");
    assert_int_equal(f.r.values[PRICE].tag, FLEXDB_ABSENT);
    assert_int_equal(f.r.values[AGE].tag, FLEXDB_ABSENT);
    decode(&f, "{\"price\":\"2.00\"}");
    assert_text(&f.r.values[PRICE], "2.00");
    end(&f);
}

static void test_other_writers(void **state) {
    (void)state;
    struct fixture f = begin();
    decode(&f,
           " {\"tags\" : [1, {\"age\": 3}, \"]\"], \"unknown\": {\"title\": [\"}\"]}, \"price\": \"2.00\", \"title\":"
           " \"a\\\"b\\u00e9\\ud83d\\ude00\\/\", \"age\": -3, \"x\\u0041\": 1.5e3 } \n");
    assert_int_equal(f.r.values[AGE].as.integer, -3);
    assert_text(&f.r.values[TITLE], "a\"b\xC3\xA9\xF0\x9F\x98\x80/");
    assert_int_equal(f.r.values[TAGS].tag, FLEXDB_JSON);
    assert_memory_equal(f.r.values[TAGS].as.text, "[1, {\"age\": 3}, \"]\"]", 20);
    decode(&f, "{\"\\u0061ge\":5}");
    assert_int_equal(f.r.values[AGE].as.integer, 5);
    end(&f);
}

static void test_wanted(void **state) {
    (void)state;
    struct fixture f = begin();
    static const bool wanted[COLUMNS] = {[NOTE] = true, [PRICE] = true};
    static const char document[] = "{\"age\":5,\"title\":\"t\",\"note\":\"n\",\"tags\":[]}";
    assert_int_equal(codec_decode(f.v, document, strlen(document), wanted, &f.r, &f.err), 0);
    assert_text(&f.r.values[NOTE], "n");
    assert_text(&f.r.values[PRICE], "1.50");
    assert_int_equal(f.r.values[AGE].tag, FLEXDB_ABSENT);
    assert_int_equal(f.r.values[TITLE].tag, FLEXDB_ABSENT);
    assert_int_equal(f.r.values[TAGS].tag, FLEXDB_ABSENT);
    end(&f);
}

static void test_corrupt(void **state) {
    (void)state;
    static const char *const documents[] = {
        "",
        " ",
        "[]",
        "null",
        "{",
        "}",
        "{\"age\"",
        "{\"age\":",
        "{\"age\":1",
        "{\"age\":1,",
        "{\"age\":1,}",
        "{,}",
        "{\"age\":1}x",
        "{\"age\":1}}",
        "{\"age\" 1}",
        "{age:1}",
        "{\"age\":01}",
        "{\"age\":-}",
        "{\"age\":1.0}",
        "{\"age\":1.}",
        "{\"age\":1e}",
        "{\"age\":-0}",
        "{\"age\":9223372036854775808}",
        "{\"age\":\"1\"}",
        "{\"age\":true}",
        "{\"age\":[1]}",
        "{\"age\":1 2}",
        "{\"age\":1,\"age\":2}",
        "{\"age\":nul}",
        "{\"age\":nulll}",
        "{\"price\":1.50}",
        "{\"price\":\"1.5\"}",
        "{\"price\":\"01.50\"}",
        "{\"price\":\"-0.00\"}",
        "{\"price\":\"1.5x\"}",
        "{\"price\":\"\"}",
        "{\"born\":\"2000-02-30\"}",
        "{\"born\":\"2000-1-1\"}",
        "{\"born\":20000101}",
        "{\"active\":1}",
        "{\"active\":tru}",
        "{\"title\":5}",
        "{\"title\":\"a}",
        "{\"title\":\"a\\\"}",
        "{\"title\":\"a\\x\"}",
        "{\"title\":\"a\\u12\"}",
        "{\"title\":\"\\u0000\"}",
        "{\"title\":\"\\ud800\"}",
        "{\"title\":\"\\udc00\"}",
        "{\"title\":\"\\ud800\\u0041\"}",
        "{\"title\":\"a\nb\"}",
        "{\"title\":\"\xff\"}",
        "{\"title\":{}}",
        "{\"tags\":[}",
        "{\"tags\":[1,\"]}",
        "{\"tags\":tru}",
        "{\"tags\":1.}",
        "{\"unknown\":}",
        "{\"unknown\":[}",
        "{\"a\\\":1}",
        "{\"un\nknown\":1}",
    };
    struct fixture f = begin();
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        size_t length = strlen(documents[i]);
        char *exact = malloc(length > 0 ? length : 1);
        assert_non_null(exact);
        memcpy(exact, documents[i], length);
        int rc = codec_decode(f.v, exact, length, NULL, &f.r, &f.err);
        if (rc != -FLEXDB_CORRUPT) fail_msg("taken: %s", documents[i]);
        error_clear(&f.err);
        flexdb_value nothing[SLOTS] = {{.tag = FLEXDB_ABSENT}};
        assert_int_equal(codec_merge(f.v, exact, length, nothing, &f.r, &f.err), -FLEXDB_CORRUPT);
        error_clear(&f.err);
        free(exact);
    }
    end(&f);
}

static void test_corrupt_messages(void **state) {
    (void)state;
    static const struct {
        const char *document, *message;
    } rows[] = {
        {"{\"age\":1,}", "a stored document is not well formed at byte 9"},
        {"{\"age\":\"x\"}",
         "a stored document holds \"x\" under \"age\", which is not what a column of type integer writes"},
        {"{\"age\":1,\"age\":2}", "a stored document holds the key \"age\" twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = begin();
        assert_int_equal(codec_decode(f.v, rows[i].document, strlen(rows[i].document), NULL, &f.r, &f.err),
                         -FLEXDB_CORRUPT);
        assert_string_equal(f.err.message, rows[i].message);
        end(&f);
    }
}

/* ---- check ---- */

static void test_check(void **state) {
    (void)state;
    struct fixture f = begin();
    struct buffer scratch = BUFFER_INIT;
    bool which[COLUMNS] = {[TITLE] = true, [AGE] = true, [TAGS] = true};
    decode(&f, "{\"age\":-5,\"price\":\"100.00\",\"title\":\"far too long a title\"}");
    assert_int_equal(codec_check(f.v, f.r.values, which, &scratch, &f.err), 2);
    assert_int_equal(f.err.code, FLEXDB_OK);
    assert_string_equal(f.err.issues[0].message, "must be at most 10 characters long, is 20");
    assert_string_equal(f.err.issues[1].message, "must be at least 0, is -5");
    which[TITLE] = false, which[AGE] = false;
    assert_int_equal(codec_check(f.v, f.r.values, which, &scratch, &f.err), 0);
    decode(&f, "{}");
    which[TITLE] = true;
    assert_int_equal(codec_check(f.v, f.r.values, which, &scratch, &f.err), 1);
    assert_string_equal(f.err.issues[2].rule, "required");
    buffer_free(&scratch);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initial_default), cmocka_unit_test(test_other_writers),    cmocka_unit_test(test_wanted),
        cmocka_unit_test(test_corrupt),         cmocka_unit_test(test_corrupt_messages), cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
