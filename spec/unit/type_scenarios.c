#include "type_scenarios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/codec.h"
#include "model/type.h"

struct row {
    const char *data_type;
    const struct value_scenario *value;
    const struct column_scenario *column;
};

static void parse_column(struct validator **out, const char *data_type, const char *rest, flexdb_error *err) {
    char text[16384];
    const char *target = strcmp(data_type, "reference") == 0 && strstr(rest, "validation") == NULL
                             ? ",\"validation\":{\"targetTable\":\"others\"}"
                             : "";
    int length = snprintf(text, sizeof text, "{\"columns\":[{\"name\":\"x\",\"dataType\":\"%s\"%s%s%s}]}", data_type,
                          target, rest[0] != '\0' ? "," : "", rest);
    assert_in_range(length, 1, sizeof text - 1);
    validator_parse(out, text, (size_t)length, DEFINITION_GIVEN, err);
}

static void print_physical(const flexdb_value *value, char *out, size_t size) {
    switch (value->tag) {
    case FLEXDB_INTEGER: snprintf(out, size, "%lld", (long long)value->as.integer); break;
    case FLEXDB_TEXT: snprintf(out, size, "%.*s", (int)value->length, value->as.text); break;
    case FLEXDB_BYTES:
        snprintf(out, size, "0x");
        for (size_t i = 0; i < value->length; i++) {
            snprintf(out + 2 + 2 * i, size - 2 - 2 * i, "%02x", (unsigned)(unsigned char)value->as.text[i]);
        }
        break;
    default: snprintf(out, size, "nothing");
    }
}

/* The codec's form, and the one that is read from the document's span, which must be the same. */
static void check_physical(const struct validator *v, const struct record *r, const char *expected) {
    const struct compiled_column *c = validator_column(v, 0);
    struct buffer scratch = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value value, other;
    const char *span;
    size_t length;
    char text[256], again[256];
    assert_true(buffer_reserve(&scratch, CODEC_PHYSICAL_SCRATCH));
    assert_int_equal(codec_physical(v, 0, &r->values[0], &value, &scratch, &err), 0);
    print_physical(&value, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(codec_find(r->document.data, r->document.length, c->member, c->member_length, &span, &length), 1);
    assert_true(codec_span_physical(span, length, c->physical, c->column->rules.scale, &other, &scratch));
    print_physical(&other, again, sizeof again);
    assert_string_equal(again, expected);
    buffer_free(&scratch);
}

static void check_good(const struct validator *v, const struct value_scenario *row) {
    struct record r = RECORD_INIT, again = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value given[1 + SYSTEM_SLOTS] = {row->given};
    char document[1024];
    if (codec_encode(v, given, &r, &err) != 0) fail_msg("refused: %s", err.message);
    snprintf(document, sizeof document, "{\"x\":%s}", row->json);
    assert_string_equal(buffer_text(&r.document), document);

    assert_int_equal(codec_decode(v, r.document.data, r.document.length, NULL, &again, &err), 0);
    assert_int_equal(again.values[0].tag, r.values[0].tag);
    if (r.values[0].tag == FLEXDB_TEXT || r.values[0].tag == FLEXDB_JSON) {
        assert_int_equal(again.values[0].length, r.values[0].length);
        assert_memory_equal(again.values[0].as.text, r.values[0].as.text, r.values[0].length);
    }
    struct buffer written = BUFFER_INIT;
    validator_column(v, 0)->type->write(&again.values[0], &written);
    assert_string_equal(buffer_text(&written), row->json);
    if (row->physical != NULL) check_physical(v, &r, row->physical);
    buffer_free(&written);
    record_free(&r);
    record_free(&again);
}

static void check_issue(const flexdb_error *err, const char *path, const char *rule, const char *message,
                        const char *expected, const char *got) {
    assert_int_equal(err->issue_count, 1);
    const flexdb_issue *issue = &err->issues[0];
    assert_string_equal(issue->message, message);
    assert_string_equal(issue->path, path);
    assert_string_equal(issue->rule, rule);
    if (expected != NULL) assert_string_equal(issue->expected, expected);
    if (got != NULL) assert_string_equal(issue->got, got);
}

static void check_refused(const struct validator *v, const struct value_scenario *row) {
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value given[1 + SYSTEM_SLOTS] = {row->given};
    assert_int_equal(codec_encode(v, given, &r, &err), -FLEXDB_INVALID_RECORD);
    const char *below = row->given.tag == FLEXDB_FAULT ? row->given.as.fault->path : "";
    char path[64];
    snprintf(path, sizeof path, "x%s%s", below[0] != '\0' ? "." : "", below);
    check_issue(&err, path, row->rule, row->message, row->expected, row->got);
    error_clear(&err);

    /* An update says the same. */
    assert_int_equal(codec_merge(v, "{}", 2, given, &r, &err), -FLEXDB_INVALID_RECORD);
    check_issue(&err, path, row->rule, row->message, row->expected, row->got);
    error_clear(&err);
    record_free(&r);
}

static void test_value(void **state) {
    const struct row *row = *state;
    const struct value_scenario *s = row->value;
    struct validator *v;
    flexdb_error err = FLEXDB_ERROR_INIT;
    char rest[8192] = "";
    if (s->validation != NULL) snprintf(rest, sizeof rest, "\"validation\":%s", s->validation);
    parse_column(&v, row->data_type, rest, &err);
    if (v == NULL) fail_msg("the column is refused: %s", err.message);
    if (s->json != NULL)
        check_good(v, s);
    else
        check_refused(v, s);
    validator_drop(v);
}

static void test_column(void **state) {
    const struct row *row = *state;
    const struct column_scenario *s = row->column;
    struct validator *v;
    flexdb_error err = FLEXDB_ERROR_INIT;
    parse_column(&v, row->data_type, s->column, &err);
    if (s->message == NULL) {
        if (v == NULL) fail_msg("refused: %s", err.message);
        validator_drop(v);
        return;
    }
    assert_null(v);
    assert_int_equal(err.code, FLEXDB_INVALID_SCHEMA);
    check_issue(&err, s->path, s->rule, s->message, s->expected, s->got);
    error_clear(&err);
}

int run_type_scenarios(const char *data_type, const struct value_scenario *values, size_t value_count,
                       const struct column_scenario *columns, size_t column_count) {
    size_t count = value_count + column_count;
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    struct row *rows = calloc(count, sizeof *rows);
    if (tests == NULL || rows == NULL) abort();
    for (size_t i = 0; i < count; i++) {
        bool is_value = i < value_count;
        rows[i] = (struct row){data_type, is_value ? &values[i] : NULL, is_value ? NULL : &columns[i - value_count]};
        tests[i].name = is_value ? values[i].sentence : columns[i - value_count].sentence;
        tests[i].test_func = is_value ? test_value : test_column;
        tests[i].initial_state = &rows[i];
    }
    int failed = _cmocka_run_group_tests(data_type, tests, count, NULL, NULL);
    free(tests);
    free(rows);
    return failed;
}
