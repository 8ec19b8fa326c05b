/* Writing documents: whole records, and changes of one. */
#include "codec_bed.h"

#include <stdio.h>
#include <stdlib.h>

static void encode(struct fixture *f) {
    if (codec_encode(f->v, f->given, &f->r, &f->err) != 0) fail_msg("refused: %s", f->err.message);
}

static void merge(struct fixture *f, const char *document) {
    if (codec_merge(f->v, document, strlen(document), f->given, &f->r, &f->err) != 0)
        fail_msg("refused: %s", f->err.message);
}

/* ---- encode ---- */

static void test_order(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[TITLE] = text("t"), f.given[AGE] = text("41"), f.given[PRICE] = value_number(9.5);
    f.given[TAGS] = json("[1]"), f.given[NOTE] = text("n"), f.given[BORN] = text("2000-01-01");
    f.given[ACTIVE] = value_boolean(false), f.given[ID] = text("abc");
    encode(&f);
    assert_document(&f, "{\"age\":41,\"price\":\"9.50\",\"born\":\"2000-01-01\",\"active\":false,\"title\":\"t\","
                        "\"note\":\"n\",\"tags\":[1]}");
    assert_int_equal(f.r.values[AGE].as.integer, 41);
    assert_text(&f.r.values[PRICE], "9.50");
    assert_text(&f.r.values[ID], "abc");
    assert_int_equal(f.r.values[ID + SLOT_VERSION].tag, FLEXDB_ABSENT);
    end(&f);
}

static void test_defaults(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[TITLE] = text("t");
    encode(&f);
    assert_document(&f, "{\"age\":7,\"price\":null,\"title\":\"t\"}");
    assert_int_equal(f.r.values[AGE].as.integer, 7);
    assert_int_equal(f.r.values[PRICE].tag, FLEXDB_ABSENT);

    f.given[AGE] = value_null(), f.given[TAGS] = json("null"), f.given[NOTE] = value_null();
    encode(&f);
    assert_document(&f, "{\"price\":null,\"title\":\"t\"}");
    assert_int_equal(f.r.values[AGE].tag, FLEXDB_ABSENT);
    assert_int_equal(f.r.values[TAGS].tag, FLEXDB_ABSENT);
    end(&f);
}

static void test_every_problem(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[AGE] = value_integer(-1), f.given[PRICE] = text("1.234"), f.given[NOTE] = value_integer(5);
    f.given[BORN] = text("2000-02-30"), f.given[ACTIVE] = text("yes"), f.given[ID] = text("a b");
    assert_int_equal(codec_encode(f.v, f.given, &f.r, &f.err), -FLEXDB_INVALID_RECORD);
    static const char *const expected[][3] = {
        {"id", "pattern", "must be made of ASCII letters, digits and _ . : - alone, is \"a b\""},
        {"title", "required", "is required"},
        {"age", "min", "must be at least 0, is -1"},
        {"price", "scale", "must have at most 2 digits after the point, is 1.234"},
        {"note", "type", "must be a string, is the integer 5"},
        {"born", "type", "must be a day that exists, is \"2000-02-30\""},
        {"active", "type", "must be a boolean, is the string \"yes\""},
    };
    assert_int_equal(f.err.issue_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < f.err.issue_count; i++) {
        assert_string_equal(f.err.issues[i].path, expected[i][0]);
        assert_string_equal(f.err.issues[i].rule, expected[i][1]);
        assert_string_equal(f.err.issues[i].message, expected[i][2]);
    }
    end(&f);
}

static void test_required(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[TITLE] = value_null();
    assert_int_equal(codec_encode(f.v, f.given, &f.r, &f.err), -FLEXDB_INVALID_RECORD);
    assert_string_equal(f.err.issues[0].rule, "required");
    assert_string_equal(f.err.issues[0].got, "null");
    assert_string_equal(f.err.message, "title: is required");
    end(&f);
}

static void test_id(void **state) {
    (void)state;
    static const struct {
        flexdb_value id;
        const char *rule, *message;
    } rows[] = {
        {{.tag = FLEXDB_INTEGER, .as.integer = 5}, "type", "must be a string, is the integer 5"},
        {{.tag = FLEXDB_TEXT, .length = 0, .as.text = ""},
         "pattern",
         "must be made of ASCII letters, digits and _ . : - alone, is \"\""},
        {{.tag = FLEXDB_TEXT, .length = 3, .as.text = "a\0b"},
         "pattern",
         "must be made of ASCII letters, digits and _ . : - alone, is \"a\\u0000b\""},
        {{.tag = FLEXDB_NULL}, NULL, NULL},
        {{.tag = FLEXDB_TEXT, .length = 9, .as.text = "A-z_0.9:x"}, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = begin();
        f.given[TITLE] = text("t"), f.given[ID] = rows[i].id;
        int rc = codec_encode(f.v, f.given, &f.r, &f.err);
        if (rows[i].rule == NULL) {
            assert_int_equal(rc, 0);
        } else {
            assert_int_equal(rc, -FLEXDB_INVALID_RECORD);
            assert_string_equal(f.err.issues[0].rule, rows[i].rule);
            assert_string_equal(f.err.issues[0].message, rows[i].message);
        }
        end(&f);
    }
}

static void test_long_id(void **state) {
    (void)state;
    struct fixture f = begin();
    char id[130];
    memset(id, 'x', sizeof id);
    f.given[TITLE] = text("t"), f.given[ID] = value_text(id, 128);
    encode(&f);
    f.given[ID].length = 129;
    assert_int_equal(codec_encode(f.v, f.given, &f.r, &f.err), -FLEXDB_INVALID_RECORD);
    assert_string_equal(f.err.issues[0].rule, "maxLength");
    assert_string_equal(f.err.issues[0].message, "must be at most 128 characters long, is 129");
    end(&f);
}

static void test_limit(void **state) {
    (void)state;
    enum { LIMIT = 8 * 1024 * 1024 };
    static const char frame[] = "{\"age\":7,\"price\":null,\"title\":\"t\",\"note\":\"\"}";
    struct fixture f = begin();
    size_t most = LIMIT - (sizeof frame - 1);
    char *long_text = malloc(LIMIT + 2);
    assert_non_null(long_text);
    memset(long_text, 'x', LIMIT + 2);
    f.given[TITLE] = text("t"), f.given[NOTE] = value_text(long_text, most);
    encode(&f);
    assert_int_equal(f.r.document.length, LIMIT);

    struct buffer old = f.r.document;
    f.r.document = BUFFER_INIT;
    flexdb_value change[SLOTS] = {[TITLE] = text("tt")};
    assert_int_equal(codec_merge(f.v, old.data, old.length, change, &f.r, &f.err), -FLEXDB_LIMIT);
    assert_string_equal(f.err.message, "the record's document takes 8388609 bytes, at most 8388608 are allowed");
    error_clear(&f.err);
    buffer_free(&old);

    f.given[NOTE].length = most + 1;
    assert_int_equal(codec_encode(f.v, f.given, &f.r, &f.err), -FLEXDB_LIMIT);
    assert_string_equal(f.err.message, "the record's document takes 8388609 bytes, at most 8388608 are allowed");
    error_clear(&f.err);

    f.given[NOTE].length = LIMIT + 1;
    assert_int_equal(codec_encode(f.v, f.given, &f.r, &f.err), -FLEXDB_LIMIT);
    error_clear(&f.err);
    assert_int_equal(codec_merge(f.v, "{}", 2, f.given, &f.r, &f.err), -FLEXDB_LIMIT);
    error_clear(&f.err);

    f.given[TITLE] = value_text(long_text, LIMIT + 1); /* its own rule is what it breaks */
    assert_int_equal(codec_encode(f.v, f.given, &f.r, &f.err), -FLEXDB_INVALID_RECORD);
    assert_string_equal(f.err.message, "title: must be at most 10 characters long, is 8388609");
    free(long_text);
    end(&f);
}

/* ---- merge ---- */

static void test_merge(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *before, *after;
        size_t slot;
        flexdb_value given;
    } rows[] = {
        {"a value is set",
         "{\"age\":1,\"title\":\"t\"}",
         "{\"age\":2,\"title\":\"t\"}",
         AGE,
         {.tag = FLEXDB_INTEGER, .as.integer = 2}},
        {"a value is added in its place",
         "{\"age\":1,\"title\":\"t\",\"tags\":[]}",
         "{\"age\":1,\"title\":\"t\",\"note\":\"x\",\"tags\":[]}",
         NOTE,
         {.tag = FLEXDB_TEXT, .length = 1, .as.text = "x"}},
        {"null clears", "{\"age\":1,\"title\":\"t\"}", "{\"title\":\"t\"}", AGE, {.tag = FLEXDB_NULL}},
        {"JSON's null clears too",
         "{\"title\":\"t\",\"tags\":[1]}",
         "{\"title\":\"t\"}",
         TAGS,
         {.tag = FLEXDB_JSON, .length = 4, .as.text = "null"}},
        {"null is written where there is an initial default",
         "{\"title\":\"t\"}",
         "{\"price\":null,\"title\":\"t\"}",
         PRICE,
         {.tag = FLEXDB_NULL}},
        {"what is not given stays absent, initial default or not",
         "{\"title\":\"t\"}",
         "{\"title\":\"t\"}",
         SLOTS,
         {.tag = FLEXDB_ABSENT}},
        {"an explicit null stays",
         "{\"price\":null,\"title\":\"t\"}",
         "{\"price\":null,\"title\":\"t\"}",
         SLOTS,
         {.tag = FLEXDB_ABSENT}},
        {"defaults do not fill an update",
         "{\"title\":\"t\"}",
         "{\"title\":\"u\"}",
         TITLE,
         {.tag = FLEXDB_TEXT, .length = 1, .as.text = "u"}},
        {"unknown keys stay verbatim, nested ones behind json",
         "{\"old\":1.50,\"age\":1,\"o\\\"2\":{\"age\": 9},\"title\":\"t\",\"tags\":[1,  2]}",
         "{\"age\":3,\"title\":\"t\",\"old\":1.50,\"tags\":[1,  2],\"o\\\"2\":{\"age\": 9}}",
         AGE,
         {.tag = FLEXDB_INTEGER, .as.integer = 3}},
        {"another order and spacing",
         "{\"title\": \"t\", \"age\": 1}",
         "{\"age\":4,\"title\":\"t\"}",
         AGE,
         {.tag = FLEXDB_INTEGER, .as.integer = 4}},
        {"old text keeps its escapes",
         "{\"title\":\"\\u00e9\\n\",\"note\":\"a\\\"\"}",
         "{\"age\":1,\"title\":\"\\u00e9\\n\",\"note\":\"a\\\"\"}",
         AGE,
         {.tag = FLEXDB_INTEGER, .as.integer = 1}},
        {"a field that breaks a rule is let be when another is set",
         "{\"age\":-5,\"title\":\"far too long a title\"}",
         "{\"age\":-5,\"title\":\"far too long a title\",\"note\":\"n\"}",
         NOTE,
         {.tag = FLEXDB_TEXT, .length = 1, .as.text = "n"}},
        {"a required field that has no value is let be too",
         "{}",
         "{\"age\":1}",
         AGE,
         {.tag = FLEXDB_INTEGER, .as.integer = 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = begin();
        if (rows[i].slot < SLOTS) f.given[rows[i].slot] = rows[i].given;
        merge(&f, rows[i].before);
        if (strcmp(buffer_text(&f.r.document), rows[i].after) != 0) {
            fail_msg("%s: %s", rows[i].sentence, buffer_text(&f.r.document));
        }
        end(&f);
    }
}

static void test_merge_values(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[PRICE] = value_integer(3), f.given[TAGS] = text("x\ty"), f.given[ACTIVE] = value_null();
    merge(&f, "{\"age\":1,\"active\":true,\"title\":\"a\\nb\",\"note\":\"n\"}");
    assert_int_equal(f.r.values[AGE].as.integer, 1);
    assert_text(&f.r.values[PRICE], "3.00");
    assert_text(&f.r.values[TITLE], "a\nb");
    assert_text(&f.r.values[NOTE], "n");
    assert_int_equal(f.r.values[TAGS].tag, FLEXDB_JSON);
    assert_memory_equal(f.r.values[TAGS].as.text, "\"x\\ty\"", 6);
    assert_int_equal(f.r.values[ACTIVE].tag, FLEXDB_ABSENT);
    assert_document(&f, "{\"age\":1,\"price\":\"3.00\",\"title\":\"a\\nb\",\"note\":\"n\",\"tags\":\"x\\ty\"}");
    end(&f);
}

static void test_merge_problems(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[TITLE] = value_null(), f.given[AGE] = value_number(0.5), f.given[ID] = text("ignored here");
    assert_int_equal(codec_merge(f.v, "{}", 2, f.given, &f.r, &f.err), -FLEXDB_INVALID_RECORD);
    assert_string_equal(f.err.message, "title: is required; age: must be a whole number, is the number 0.5");
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),          cmocka_unit_test(test_defaults), cmocka_unit_test(test_every_problem),
        cmocka_unit_test(test_required),       cmocka_unit_test(test_id),       cmocka_unit_test(test_long_id),
        cmocka_unit_test(test_limit),          cmocka_unit_test(test_merge),    cmocka_unit_test(test_merge_values),
        cmocka_unit_test(test_merge_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
