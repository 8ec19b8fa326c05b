/* Conversions: what each pair of types makes of a value, to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "documents.h"
#include "model/convert.h"
#include "type_scenarios.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void print_issue(const flexdb_error *err, struct buffer *out) {
    assert_int_equal(err->code, FLEXDB_OK);
    assert_int_equal(err->issue_count, 1);
    assert_string_equal(err->issues[0].path, "a");
    assert_non_null(err->issues[0].got);
    buffer_printf(out, "%s: %s", err->issues[0].rule, err->issues[0].message);
}

/* What became of the value: `= json` exact, `~ json, the loss`, `! rule: message`, and `! json, rule: message` where a
 * rule alone is broken. */
static void show_outcome(const struct conversion *c, struct convert_outcome outcome, const flexdb_value *in,
                         const flexdb_value *out, struct buffer *text) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    static const char signs[] = {[CONVERTED_EXACT] = '=', [CONVERTED_ROUNDED] = '~', [CONVERT_FAILED] = '!'};
    buffer_printf(text, "%c ", signs[outcome.how]);
    if (out->tag == FLEXDB_NULL) {
        buffer_puts(text, "null");
    } else if (out->tag != FLEXDB_ABSENT) {
        c->to->type->write(out, text);
    }
    if (outcome.how == CONVERTED_ROUNDED) buffer_printf(text, ", %s", convert_loss(outcome.reason));
    if (outcome.how == CONVERT_FAILED) {
        convert_issue(c, outcome, in, out, "a", &err);
        assert_int_equal(out->tag != FLEXDB_ABSENT, outcome.reason == CONVERT_RULE);
        if (out->tag != FLEXDB_ABSENT) buffer_puts(text, ", ");
        print_issue(&err, text);
        error_clear(&err);
    }
}

struct scenario {
    const char *from, *to, *parse; /* parse: JSON with ', NULL for none */
    flexdb_value given;
    const char *outcome;
};

static void run(const struct scenario *s) {
    struct validator *from = column_of(s->from), *to = column_of(s->to);
    cJSON *parse = s->parse != NULL ? read_json(s->parse) : NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer scratch = BUFFER_INIT, text = BUFFER_INIT;
    struct conversion c;
    flexdb_value out;
    if (!conversion_open(&c, validator_column(from, 0), validator_column(to, 0), parse, "a", &err)) {
        fail_msg("%s to %s: %s", s->from, s->to, err.issues[0].message);
    }
    struct convert_outcome outcome = convert_value(&c, &s->given, &out, &scratch);
    assert_in_range(scratch.length, 0, conversion_room(&c, &s->given));
    show_outcome(&c, outcome, &s->given, &out, &text);
    if (strcmp(buffer_text(&text), s->outcome) != 0) {
        fail_msg("%s to %s\n is     %s\n not    %s", s->from, s->to, buffer_text(&text), s->outcome);
    }
    buffer_free(&scratch);
    buffer_free(&text);
    cJSON_Delete(parse);
    validator_drop(from);
    validator_drop(to);
}

#define RUN(scenarios)                                                                                                 \
    for (size_t i_ = 0; i_ < COUNT(scenarios); i_++) run(&(scenarios)[i_])

static void texts_convert_when_all_of_them_is_one(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"string", "string {'maxLength':2}", NULL, TEXT("ab"), "= \"ab\""},
        {"string", "string {'maxLength':2}", NULL, TEXT("abc"),
         "! \"abc\", maxLength: must be at most 2 characters long, is 3"},
        {"string", "text", NULL, TEXT("\xC3\xA9\n"), "= \"\xC3\xA9\\n\""},
        {"text", "string {'maxLength':1}", NULL, TEXT("\xC3\xA9"), "= \"\xC3\xA9\""},
        {"text", "string {'maxLength':1}", NULL, TEXT("\xC3\xA9\xC3\xA9"),
         "! \"\xC3\xA9\xC3\xA9\", maxLength: must be at most 1 character long, is 2"},
        {"text", "text", NULL, TEXT(""), "= \"\""},
        {"text", "string {'pattern':'^x'}", NULL, TEXT("ab"),
         "! \"ab\", pattern: must match the pattern ^x, is \"ab\""},

        {"string", "integer", NULL, TEXT("42"), "= 42"},
        {"string", "integer", NULL, TEXT("-42"), "= -42"},
        {"string", "integer", NULL, TEXT("0"), "= 0"},
        {"string", "integer", NULL, TEXT("-0"), "= 0"},
        {"string", "integer", NULL, TEXT("9223372036854775807"), "= 9223372036854775807"},
        {"string", "integer", NULL, TEXT("-9223372036854775808"), "= -9223372036854775808"},
        {"string", "integer", NULL, TEXT("00501"), "~ 501, leading zeros are lost"},
        {"string", "integer", NULL, TEXT("-007"), "~ -7, leading zeros are lost"},
        {"string", "integer", NULL, TEXT(" 42"), "! type: must be an integer, is the string \" 42\""},
        {"string", "integer", NULL, TEXT("42 "), "! type: must be an integer, is the string \"42 \""},
        {"string", "integer", NULL, TEXT("42abc"), "! type: must be an integer, is the string \"42abc\""},
        {"string", "integer", NULL, TEXT(""), "! type: must be an integer, is the string \"\""},
        {"string", "integer", NULL, TEXT("-"), "! type: must be an integer, is the string \"-\""},
        {"string", "integer", NULL, TEXT("+42"), "! type: must be an integer, is the string \"+42\""},
        {"string", "integer", NULL, TEXT("42.0"), "! type: must be an integer, is the string \"42.0\""},
        {"string", "integer", NULL, TEXT("4e1"), "! type: must be an integer, is the string \"4e1\""},
        {"string", "integer", NULL, TEXT("0x2A"), "! type: must be an integer, is the string \"0x2A\""},
        {"text", "integer", NULL, TEXT("9223372036854775808"),
         "! type: must be from -9223372036854775808 to 9223372036854775807, is the string \"9223372036854775808\""},
        {"text", "integer {'max':41}", NULL, TEXT("42"), "! 42, max: must be at most 41, is 42"},

        {"string", "decimal", NULL, TEXT("12.5"), "= \"12.5000\""},
        {"string", "decimal {'scale':2}", NULL, TEXT("-12"), "= \"-12.00\""},
        {"string", "decimal {'scale':2}", NULL, TEXT("0.10"), "= \"0.10\""},
        {"string", "decimal {'scale':2}", NULL, TEXT("1.500000"), "= \"1.50\""},
        {"string", "decimal {'scale':2}", NULL, TEXT("1.505"), "~ \"1.51\", digits after the point are rounded"},
        {"string", "decimal {'scale':2}", NULL, TEXT("-1.505"), "~ \"-1.51\", digits after the point are rounded"},
        {"string", "decimal {'scale':2}", NULL, TEXT("1.5049999"), "~ \"1.50\", digits after the point are rounded"},
        {"string", "decimal {'scale':2}", NULL, TEXT("-0.001"), "~ \"0.00\", digits after the point are rounded"},
        {"string", "decimal {'scale':2}", NULL, TEXT("007.50"), "~ \"7.50\", leading zeros are lost"},
        {"string", "decimal {'scale':2}", NULL, TEXT("1,50"),
         "! type: must be a decimal number, is the string \"1,50\""},
        {"string", "decimal {'scale':2}", NULL, TEXT(".5"), "! type: must be a decimal number, is the string \".5\""},
        {"string", "decimal {'scale':2}", NULL, TEXT("$5"), "! type: must be a decimal number, is the string \"$5\""},
        {"string", "decimal {'scale':2}", NULL, TEXT("1e2"), "! type: must be a decimal number, is the string \"1e2\""},
        {"string", "decimal {'precision':4,'scale':2}", NULL, TEXT("100"),
         "! precision: must have at most 2 digits before the point, is 100"},
        {"string", "decimal {'precision':4,'scale':2}", NULL, TEXT("99.995"),
         "! precision: must have at most 2 digits before the point once it is rounded to 2 behind it, is \"99.995\""},
        {"text", "decimal", NULL, TEXT("123456789012345678901234567890123456789"),
         "! type: must have at most 38 digits, is \"123456789012345678901234567890123456789\""},
        {"text", "decimal {'precision':38,'scale':0}", NULL, TEXT("99999999999999999999999999999999999999"),
         "= \"99999999999999999999999999999999999999\""},
        {"text", "decimal {'min':'2'}", NULL, TEXT("1"), "! \"1.0000\", min: must be at least 2.0000, is 1.0000"},

        {"string", "boolean", NULL, TEXT("true"), "= true"},
        {"text", "boolean", NULL, TEXT("false"), "= false"},
        {"string", "boolean", NULL, TEXT("True"), "! type: must be \"true\" or \"false\", is \"True\""},
        {"string", "boolean", NULL, TEXT("yes"), "! type: must be \"true\" or \"false\", is \"yes\""},
        {"string", "boolean", NULL, TEXT("1"), "! type: must be \"true\" or \"false\", is \"1\""},
        {"string", "boolean", NULL, TEXT(""), "! type: must be \"true\" or \"false\", is \"\""},

        {"string", "json", NULL, TEXT("[1]"), "= \"[1]\""},
        {"text", "json", NULL, TEXT("a\"\\\n\x01"), "= \"a\\\"\\\\\\n\\u0001\""},
        {"string", "reference", NULL, TEXT("a-1_B.c:d"), "= \"a-1_B.c:d\""},
        {"string", "reference", NULL, TEXT("a b"), "! type: must be the id of a record, is the string \"a b\""},
        {"string", "reference", NULL, TEXT(""), "! type: must be the id of a record, is the string \"\""},
        {"string", "integer", NULL, NONE, "= null"},
    };
    RUN(scenarios);
}

static void texts_become_dates_by_their_own_form_or_by_formats(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"string", "date", NULL, TEXT("2024-02-29"), "= \"2024-02-29\""},
        {"string", "date", NULL, TEXT("2023-02-29"), "! type: must be a day that exists, is \"2023-02-29\""},
        {"string", "date", NULL, TEXT("2024-5-1"),
         "! type: must be a date of the form YYYY-MM-DD, is the string \"2024-5-1\""},
        {"string", "date", NULL, TEXT("Jun 12 1998"),
         "! type: must be a date of the form YYYY-MM-DD, is the string \"Jun 12 1998\""},
        {"string", "date {'min':'2025-01-01'}", NULL, TEXT("2024-02-29"),
         "! \"2024-02-29\", min: must not be before 2025-01-01, is 2024-02-29"},
        {"string", "datetime", NULL, TEXT("2024-05-01T10:00:00+02:00"), "= \"2024-05-01T08:00:00.000000Z\""},
        {"string", "datetime", NULL, TEXT("2024-05-01 10:00:00.5Z"), "= \"2024-05-01T10:00:00.500000Z\""},
        {"string", "datetime", NULL, TEXT("2024-05-01T10:00:00"),
         "! type: must have an offset or Z, is \"2024-05-01T10:00:00\""},
        {"string", "datetime", NULL, TEXT("2024-05-01"),
         "! type: must be a date and time of the form of RFC 3339, like 2024-05-01T10:00:00Z, is the string "
         "\"2024-05-01\""},

        {"string", "date", "'%b %d %Y'", TEXT("Jun 12 1998"), "= \"1998-06-12\""},
        {"text", "date", "'%b %d %Y'", TEXT("Feb 30 1998"), "! type: must be a day that exists, is \"Feb 30 1998\""},
        {"text", "date", "'%b %d %Y'", TEXT("1998-06-12"),
         "! parse: must be of the form \"%b %d %Y\", is \"1998-06-12\""},
        {"text", "date", "['%b %d %Y','%Y-%m-%d','%d.%m.%Y']", TEXT("1998"),
         "! parse: must be of the form \"%b %d %Y\", \"%Y-%m-%d\" or \"%d.%m.%Y\", is \"1998\""},
        {"text", "date", "['%b %d %Y','%Y-%m-%d']", TEXT("1998-06-12"), "= \"1998-06-12\""},
        {"text", "date", "['%d/%m/%Y','%m/%d/%Y']", TEXT("13/04/2024"), "= \"2024-04-13\""},
        {"text", "date", "['%d/%m/%Y','%m/%d/%Y']", TEXT("04/04/2024"), "= \"2024-04-04\""},
        {"text", "date", "['%d/%m/%Y','%m/%d/%Y']", TEXT("03/04/2024"),
         "! parse: must have one reading, is \"03/04/2024\": 2024-04-03 by \"%d/%m/%Y\", 2024-03-04 by \"%m/%d/%Y\""},
        {"text", "date", "['%d/%m/%Y','%m/%d/%Y']", TEXT("13/13/2024"),
         "! type: must be a day that exists, is \"13/13/2024\""},
        {"text", "date", "'%m/%d/%Y %H:%M:%S'", TEXT("6/12/1998 0:00:00"), "= \"1998-06-12\""},
        {"text", "date", "'%m/%d/%Y %H:%M:%S'", TEXT("6/12/1998 0:00:01"),
         "! type: must be a day without a time of day, is \"6/12/1998 0:00:01\""},
        {"text", "date", "'%m/%d/%Y %H:%M'", TEXT("12/31/1969 23:59"),
         "! type: must be a day without a time of day, is \"12/31/1969 23:59\""},
        {"text", "date {'max':'1998-01-01'}", "'%b %d %Y'", TEXT("Jun 12 1998"),
         "! \"1998-06-12\", max: must not be after 1998-01-01, is 1998-06-12"},
        {"string", "datetime", "'%m/%d/%Y %I:%M %p %z'", TEXT("6/12/1998 1:30 AM +0200"),
         "= \"1998-06-11T23:30:00.000000Z\""},
        {"string", "datetime", "'%Y-%m-%d'", TEXT("1998-06-12"), "= \"1998-06-12T00:00:00.000000Z\""},
        {"string", "datetime", "'%Y-%m-%d'", TEXT("1998-06-31"),
         "! type: must be a day and a time that exist, is \"1998-06-31\""},
        {"json", "date", "'%b %d %Y'", SPAN("\"Jun 12 1998\""), "= \"1998-06-12\""},
        {"json", "date", "'%b %d %Y'", SPAN("\"Jun\\u002012 1998\""), "= \"1998-06-12\""},
        {"json", "date", "'%b %d %Y'", SPAN("\"Jun\""), "! parse: must be of the form \"%b %d %Y\", is \"Jun\""},
        {"json", "date", "['%d/%m/%Y','%m/%d/%Y']", SPAN("\"03/04/2024\""),
         "! parse: must have one reading, is \"03/04/2024\": 2024-04-03 by \"%d/%m/%Y\", 2024-03-04 by \"%m/%d/%Y\""},
    };
    RUN(scenarios);
}

static void numbers_convert(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"integer", "string", NULL, INTEGER(-42), "= \"-42\""},
        {"integer", "text", NULL, INTEGER(INT64_MIN), "= \"-9223372036854775808\""},
        {"integer", "string {'maxLength':2}", NULL, INTEGER(100),
         "! \"100\", maxLength: must be at most 2 characters long, is 3"},
        {"integer", "integer {'min':1}", NULL, INTEGER(0), "! 0, min: must be at least 1, is 0"},
        {"integer", "integer", NULL, INTEGER(7), "= 7"},
        {"integer", "decimal {'scale':2}", NULL, INTEGER(-7), "= \"-7.00\""},
        {"integer", "decimal {'precision':4,'scale':2}", NULL, INTEGER(99), "= \"99.00\""},
        {"integer", "decimal {'precision':4,'scale':2}", NULL, INTEGER(100),
         "! precision: must have at most 2 digits before the point, is 100"},
        {"integer", "boolean", NULL, INTEGER(1), "= true"},
        {"integer", "boolean", NULL, INTEGER(0), "= false"},
        {"integer", "boolean", NULL, INTEGER(2), "! type: must be 1 or 0, is 2"},
        {"integer", "boolean", NULL, INTEGER(-1), "! type: must be 1 or 0, is -1"},
        {"integer", "json", NULL, INTEGER(42), "= 42"},
        {"integer", "reference", NULL, INTEGER(42), "= \"42\""},

        {"decimal {'scale':2}", "string", NULL, TEXT("12.50"), "= \"12.50\""},
        {"decimal {'scale':2}", "text", NULL, TEXT("-0.05"), "= \"-0.05\""},
        {"decimal {'scale':2}", "integer", NULL, TEXT("12.00"), "= 12"},
        {"decimal {'scale':2}", "integer", NULL, TEXT("12.49"), "~ 12, digits after the point are rounded"},
        {"decimal {'scale':2}", "integer", NULL, TEXT("12.50"), "~ 13, digits after the point are rounded"},
        {"decimal {'scale':2}", "integer", NULL, TEXT("13.50"), "~ 14, digits after the point are rounded"},
        {"decimal {'scale':2}", "integer", NULL, TEXT("-12.50"), "~ -13, digits after the point are rounded"},
        {"decimal {'scale':2}", "integer", NULL, TEXT("-0.49"), "~ 0, digits after the point are rounded"},
        {"decimal {'scale':2}", "integer", NULL, TEXT("9223372036854775807.49"),
         "~ 9223372036854775807, digits after the point are rounded"},
        {"decimal {'scale':2}", "integer", NULL, TEXT("9223372036854775807.50"),
         "! type: must be from -9223372036854775808 to 9223372036854775807, is the string "
         "\"9223372036854775807.50\""},
        {"decimal {'precision':38,'scale':0}", "integer", NULL, TEXT("-99999999999999999999999999999999999999"),
         "! type: must be from -9223372036854775808 to 9223372036854775807, is the string "
         "\"-99999999999999999999999999999999999999\""},
        {"decimal {'scale':2}", "integer {'max':12}", NULL, TEXT("12.50"), "! 13, max: must be at most 12, is 13"},
        {"decimal {'scale':2}", "decimal {'scale':4}", NULL, TEXT("12.50"), "= \"12.5000\""},
        {"decimal {'scale':2}", "decimal {'scale':1}", NULL, TEXT("12.50"), "= \"12.5\""},
        {"decimal {'scale':2}", "decimal {'scale':1}", NULL, TEXT("12.55"),
         "~ \"12.6\", digits after the point are rounded"},
        {"decimal {'scale':2}", "decimal {'scale':0}", NULL, TEXT("-2.50"),
         "~ \"-3\", digits after the point are rounded"},
        {"decimal {'scale':2}", "decimal {'precision':3,'scale':2}", NULL, TEXT("12.50"),
         "! precision: must have at most 1 digit before the point, is 12.50"},
        {"decimal {'precision':38,'scale':30}", "decimal {'precision':38,'scale':0}", NULL,
         TEXT("99999999.999999999999999999999999999999"), "~ \"100000000\", digits after the point are rounded"},
        {"decimal {'precision':38,'scale':0}", "decimal {'precision':38,'scale':30}", NULL, TEXT("100000000"),
         "! precision: must have at most 8 digits before the point, is 100000000"},
        {"decimal {'scale':2}", "json", NULL, TEXT("12.50"), "= \"12.50\""},

        {"boolean", "string", NULL, BOOLEAN(true), "= \"true\""},
        {"boolean", "text", NULL, BOOLEAN(false), "= \"false\""},
        {"boolean", "integer", NULL, BOOLEAN(true), "= 1"},
        {"boolean", "integer", NULL, BOOLEAN(false), "= 0"},
        {"boolean", "boolean", NULL, BOOLEAN(false), "= false"},
        {"boolean", "json", NULL, BOOLEAN(true), "= true"},
        {"boolean", "string {'enum':['true']}", NULL, BOOLEAN(false),
         "! \"false\", enum: must be \"true\", is \"false\""},
    };
    RUN(scenarios);
}

static void days_and_ids_convert(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"date", "string", NULL, TEXT("2024-05-01"), "= \"2024-05-01\""},
        {"date", "text", NULL, TEXT("2024-05-01"), "= \"2024-05-01\""},
        {"date", "date", NULL, TEXT("2024-05-01"), "= \"2024-05-01\""},
        {"date", "datetime", NULL, TEXT("0001-01-01"), "= \"0001-01-01T00:00:00.000000Z\""},
        {"date", "json", NULL, TEXT("2024-05-01"), "= \"2024-05-01\""},
        {"datetime", "string", NULL, TEXT("2024-05-01T10:00:00.000000Z"), "= \"2024-05-01T10:00:00.000000Z\""},
        {"datetime", "text", NULL, TEXT("2024-05-01T10:00:00.000000Z"), "= \"2024-05-01T10:00:00.000000Z\""},
        {"datetime", "date", NULL, TEXT("2024-05-01T00:00:00.000000Z"), "= \"2024-05-01\""},
        {"datetime", "date", NULL, TEXT("2024-05-01T23:59:59.999999Z"), "~ \"2024-05-01\", the time of day is lost"},
        {"datetime", "datetime", NULL, TEXT("2024-05-01T10:00:00.000000Z"), "= \"2024-05-01T10:00:00.000000Z\""},
        {"datetime", "json", NULL, TEXT("2024-05-01T10:00:00.000000Z"), "= \"2024-05-01T10:00:00.000000Z\""},
        {"reference", "string", NULL, TEXT("a-1"), "= \"a-1\""},
        {"reference", "text", NULL, TEXT("a-1"), "= \"a-1\""},
        {"reference", "integer", NULL, TEXT("42"), "= 42"},
        {"reference", "integer", NULL, TEXT("042"), "~ 42, leading zeros are lost"},
        {"reference", "integer", NULL, TEXT("a-1"), "! type: must be an integer, is the string \"a-1\""},
        {"reference", "json", NULL, TEXT("a-1"), "= \"a-1\""},
        {"reference", "reference {'targetTable':'those'}", NULL, TEXT("a-1"), "= \"a-1\""},
    };
    RUN(scenarios);
}

static void json_converts_when_it_is_that_scalar(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"json", "string", NULL, SPAN("\"a\\u00e9\\n\\ud83d\\ude00\""), "= \"a\xC3\xA9\\n\xF0\x9F\x98\x80\""},
        {"json", "text", NULL, SPAN("\"\""), "= \"\""},
        {"json", "string", NULL, SPAN("5"), "! type: must be a string, is 5"},
        {"json", "string", NULL, SPAN("true"), "! type: must be a string, is true"},
        {"json", "string", NULL, SPAN("[\"a\"]"), "! type: must be a string, is an array"},
        {"json", "string", NULL, SPAN("{\"a\":1}"), "! type: must be a string, is an object"},
        {"json", "string {'maxLength':1}", NULL, SPAN("\"ab\""),
         "! \"ab\", maxLength: must be at most 1 character long, is 2"},
        {"json", "string", NULL, SPAN("null"), "= null"},
        {"json", "integer", NULL, SPAN("null"), "= null"},
        {"json", "integer", NULL, SPAN("42"), "= 42"},
        {"json", "integer", NULL, SPAN("-9223372036854775808"), "= -9223372036854775808"},
        {"json", "integer", NULL, SPAN("42.0"), "= 42"},
        {"json", "integer", NULL, SPAN("4.5"), "! type: must be an integer, is 4.5"},
        {"json", "integer", NULL, SPAN("\"42\""), "! type: must be an integer, is \"42\""},
        {"json", "integer", NULL, SPAN("true"), "! type: must be an integer, is true"},
        {"json", "integer", NULL, SPAN("-9223372036854775809"),
         "! type: must be from -9223372036854775808 to 9223372036854775807, is -9223372036854775809"},
        {"json", "integer", NULL, SPAN("42 43"), "! type: must be an integer, is 42 43"},
        {"json", "decimal {'scale':2}", NULL, SPAN("42"), "= \"42.00\""},
        {"json", "decimal {'scale':2}", NULL, SPAN("9.99"), "= \"9.99\""},
        {"json", "decimal {'scale':1}", NULL, SPAN("9.99"), "~ \"10.0\", digits after the point are rounded"},
        {"json", "decimal {'scale':2}", NULL, SPAN("\"12.50\""), "= \"12.50\""},
        {"json", "decimal {'scale':2}", NULL, SPAN("\"12.50 \""), "! type: must be a decimal number, is \"12.50 \""},
        {"json", "decimal {'scale':2}", NULL, SPAN("1e300"), "! type: must have at most 38 digits, is 1e300"},
        {"json", "decimal {'scale':2}", NULL, SPAN("12345678901234567890"),
         "! type: must be from -9223372036854775808 to 9223372036854775807, is 12345678901234567890"},
        {"json", "decimal {'scale':2}", NULL, SPAN("false"), "! type: must be a decimal number, is false"},
        {"json", "boolean", NULL, SPAN("true"), "= true"},
        {"json", "boolean", NULL, SPAN("false"), "= false"},
        {"json", "boolean", NULL, SPAN("1"), "! type: must be a boolean, is 1"},
        {"json", "boolean", NULL, SPAN("\"true\""), "! type: must be a boolean, is \"true\""},
        {"json", "date", NULL, SPAN("\"2024-05-01\""), "= \"2024-05-01\""},
        {"json", "date", NULL, SPAN("\"2024-02-30\""), "! type: must be a day that exists, is \"2024-02-30\""},
        {"json", "date", NULL, SPAN("20240501"), "! type: must be a date of the form YYYY-MM-DD, is 20240501"},
        {"json", "datetime", NULL, SPAN("\"2024-05-01T10:00:00+02:00\""), "= \"2024-05-01T08:00:00.000000Z\""},
        {"json", "reference", NULL, SPAN("\"a-1\""), "= \"a-1\""},
        {"json", "reference", NULL, SPAN("1"), "! type: must be the id of a record, is 1"},
        {"json", "json", NULL, SPAN("{\"a\":[1]}"), "= {\"a\":[1]}"},
    };
    RUN(scenarios);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_convert_when_all_of_them_is_one),
        cmocka_unit_test(texts_become_dates_by_their_own_form_or_by_formats),
        cmocka_unit_test(numbers_convert),
        cmocka_unit_test(days_and_ids_convert),
        cmocka_unit_test(json_converts_when_it_is_that_scalar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
