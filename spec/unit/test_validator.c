#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/codec.h"
#include "model/type.h"
#include "model/validator.h"

static struct validator *parse(const char *text) {
    struct validator *v;
    flexdb_error err = FLEXDB_ERROR_INIT;
    if (validator_parse(&v, text, strlen(text), DEFINITION_GIVEN, &err) != 0) fail_msg("refused: %s", err.message);
    return v;
}

static void test_shape(void **state) {
    (void)state;
    struct validator *v = parse("{\"columns\":[{\"name\":\"tags\",\"dataType\":\"json\"},"
                                "{\"name\":\"age\",\"dataType\":\"integer\"}]}");
    static const char *const names[] = {"tags", "age", "id", "created_at", "updated_at", "deleted_at", "_version"};
    static const enum column_type types[] = {TYPE_JSON,     TYPE_INTEGER,  TYPE_REFERENCE, TYPE_DATETIME,
                                             TYPE_DATETIME, TYPE_DATETIME, TYPE_INTEGER};
    const flexdb_shape *shape = validator_shape(v);
    assert_int_equal(shape->columns, 2);
    assert_int_equal(shape->count, 7);
    for (size_t i = 0; i < shape->count; i++) {
        assert_string_equal(shape->fields[i].name, names[i]);
        assert_int_equal(shape->fields[i].length, strlen(names[i]));
        assert_int_equal(shape->fields[i].type, types[i]);
        assert_int_equal(shape->fields[i].system, i >= 2);
        assert_int_equal(validator_slot(v, names[i], strlen(names[i])), i);
    }
    assert_int_equal(validator_slot(v, "ages", 4), NAMES_NONE);
    assert_int_equal(validator_slot(v, "", 0), NAMES_NONE);
    validator_drop(v);
}

static void test_keys(void **state) {
    (void)state;
    struct validator *v = parse("{\"columns\":[{\"name\":\"years\",\"key\":\"age\",\"dataType\":\"integer\"},"
                                "{\"name\":\"age\",\"key\":\"age2\",\"dataType\":\"string\"}]}");
    assert_int_equal(validator_slot(v, "age", 3), 1);
    assert_int_equal(validator_slot_of_key(v, "age", 3), 0);
    assert_int_equal(validator_slot_of_key(v, "age2", 4), 1);
    assert_int_equal(validator_slot_of_key(v, "years", 5), NAMES_NONE);
    assert_int_equal(validator_slot_of_key(v, "id", 2), NAMES_NONE);
    assert_string_equal(validator_column(v, 1)->member, "\"age2\":");
    assert_int_equal(validator_column(v, 1)->member_length, 7);
    validator_drop(v);
}

static void test_no_columns(void **state) {
    (void)state;
    struct validator *v = parse("{\"columns\":[]}");
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value given[SYSTEM_SLOTS] = {{.tag = FLEXDB_ABSENT}};
    assert_int_equal(validator_shape(v)->columns, 0);
    assert_int_equal(codec_encode(v, given, &r, &err), 0);
    assert_string_equal(buffer_text(&r.document), "{}");
    assert_int_equal(codec_decode(v, "{\"old\":1}", 9, NULL, &r, &err), 0);
    record_free(&r);
    validator_drop(v);
}

static void test_every_problem(void **state) {
    (void)state;
    static const char text[] = "{\"columns\":["
                               "{\"name\":\"a\",\"dataType\":\"string\",\"validation\":{\"pattern\":\"(\",\"format\":"
                               "\"x\",\"minLength\":300}},"
                               "{\"name\":\"Bad\",\"dataType\":\"string\",\"defaultValue\":5},"
                               "{\"name\":\"c\",\"dataType\":\"integer\",\"defaultValue\":\"x\"},"
                               "{\"name\":\"d\",\"dataType\":\"string\"}]}";
    struct validator *v;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(validator_parse(&v, text, strlen(text), DEFINITION_GIVEN, &err), -FLEXDB_INVALID_SCHEMA);
    assert_null(v);
    static const char *const paths[] = {"columns[1].name", "columns[0].validation.minLength",
                                        "columns[0].validation.pattern", "columns[0].validation.format",
                                        "columns[2].defaultValue"};
    assert_int_equal(err.issue_count, sizeof paths / sizeof paths[0]);
    for (size_t i = 0; i < err.issue_count; i++) assert_string_equal(err.issues[i].path, paths[i]);
    error_clear(&err);
}

static void test_no_definition(void **state) {
    (void)state;
    struct validator *v;
    flexdb_error err = FLEXDB_ERROR_INIT;
    error_issue(&err, "columns", "required", NULL, NULL, "is missing");
    assert_int_equal(validator_new(&v, NULL, &err), -FLEXDB_INVALID_SCHEMA);
    assert_null(v);
    assert_int_equal(err.issue_count, 1);
    error_clear(&err);
    assert_int_equal(validator_parse(&v, "{\"columns\":", 11, DEFINITION_GIVEN, &err), -FLEXDB_INVALID_DOCUMENT);
    assert_null(v);
    error_clear(&err);
    assert_int_equal(validator_parse(&v, "[]", 2, DEFINITION_GIVEN, &err), -FLEXDB_INVALID_SCHEMA);
    assert_null(v);
    error_clear(&err);
}

static void test_references(void **state) {
    (void)state;
    struct validator *v = parse("{\"columns\":[]}");
    assert_ptr_equal(validator_hold(v), v);
    validator_drop(v);
    assert_int_equal(validator_definition(v)->count, 0);
    validator_drop(v);
    validator_drop(NULL);
}

/* Old records read as it, whatever has become of the rules since; the type alone holds. */
static void test_initial_default(void **state) {
    (void)state;
    struct validator *v = parse("{\"columns\":[{\"name\":\"a\",\"dataType\":\"decimal\",\"initialDefault\":\"12345.5\","
                                "\"validation\":{\"precision\":3,\"scale\":2,\"max\":5,\"enum\":[1]}}]}");
    const flexdb_value *value = &validator_column(v, 0)->initial_default;
    assert_int_equal(value->tag, FLEXDB_TEXT);
    assert_int_equal(value->length, 8);
    assert_memory_equal(value->as.text, "12345.50", 8);
    validator_drop(v);

    static const char bad[] = "{\"columns\":[{\"name\":\"a\",\"dataType\":\"integer\",\"initialDefault\":\"x\"}]}";
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(validator_parse(&v, bad, strlen(bad), DEFINITION_GIVEN, &err), -FLEXDB_INVALID_SCHEMA);
    assert_int_equal(err.issue_count, 1);
    assert_string_equal(err.issues[0].path, "columns[0].initialDefault");
    assert_string_equal(err.issues[0].message, "must be an integer, is the string \"x\"");
    error_clear(&err);
}

static void test_physical(void **state) {
    (void)state;
    static const struct {
        const char *column;
        enum physical_kind kind;
        bool may_be_long;
    } rows[] = {
        {"\"string\"", PHYSICAL_TEXT, false},
        {"\"string\",\"validation\":{\"maxLength\":256}", PHYSICAL_TEXT, true},
        {"\"text\"", PHYSICAL_TEXT, true},
        {"\"integer\"", PHYSICAL_INTEGER, false},
        {"\"decimal\"", PHYSICAL_INTEGER, false},
        {"\"decimal\",\"validation\":{\"precision\":19}", PHYSICAL_DECIMAL, false},
        {"\"boolean\"", PHYSICAL_INTEGER, false},
        {"\"date\"", PHYSICAL_DATE, false},
        {"\"datetime\"", PHYSICAL_DATETIME, false},
        {"\"json\"", PHYSICAL_NONE, false},
        {"\"reference\",\"validation\":{\"targetTable\":\"t\"}", PHYSICAL_ID, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "{\"columns\":[{\"name\":\"a\",\"dataType\":%s}]}", rows[i].column);
        struct validator *v = parse(text);
        assert_int_equal(validator_column(v, 0)->physical, rows[i].kind);
        assert_int_equal(validator_column(v, 0)->text_may_be_long, rows[i].may_be_long);
        validator_drop(v);
    }
}

static void test_wide(void **state) {
    (void)state;
    struct buffer text = BUFFER_INIT;
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    enum { COLUMNS = 1000 };
    buffer_puts(&text, "{\"columns\":[");
    for (int i = 0; i < COLUMNS; i++) {
        buffer_printf(&text, "%s{\"name\":\"c%d\",\"dataType\":\"%s\"}", i > 0 ? "," : "", i,
                      i % 2 ? "text" : "integer");
    }
    buffer_puts(&text, "]}");
    struct validator *v = parse(buffer_text(&text));
    flexdb_value *given = calloc(COLUMNS + SYSTEM_SLOTS, sizeof *given);
    assert_non_null(given);
    for (int i = 0; i < COLUMNS; i++) given[i] = i % 2 ? value_text("x", 1) : value_integer(i);
    assert_int_equal(codec_encode(v, given, &r, &err), 0);
    struct buffer document = r.document;
    r.document = BUFFER_INIT;
    assert_int_equal(codec_decode(v, document.data, document.length, NULL, &r, &err), 0);
    assert_int_equal(r.values[998].as.integer, 998);
    assert_int_equal(r.values[999].length, 1);
    buffer_free(&document);
    buffer_free(&text);
    record_free(&r);
    free(given);
    validator_drop(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),           cmocka_unit_test(test_keys),          cmocka_unit_test(test_no_columns),
        cmocka_unit_test(test_every_problem),   cmocka_unit_test(test_no_definition), cmocka_unit_test(test_references),
        cmocka_unit_test(test_initial_default), cmocka_unit_test(test_physical),      cmocka_unit_test(test_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
