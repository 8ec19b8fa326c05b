/* Conversions: which pairs of types there are, which are refused, and when two values are one. */
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

struct refusal {
    const char *from, *to, *parse, *error;
};

static void refused_pairs_and_bad_formats_are_issues(void **state) {
    (void)state;
    static const struct refusal refusals[] = {
        {"integer", "date", NULL,
         "ok\na (dataType): integer cannot be converted to date: a number is no day: what it counts, and since when, "
         "would be a guess"},
        {"date", "boolean", NULL,
         "ok\na (dataType): date cannot be converted to boolean: a day is neither true nor false"},
        {"string", "date", "'%b %d'", "ok\na.parse (parse): the format '%b %d' for a date has no year (%Y or %y)"},
        {"string", "date", "['%Y-%m-%d','%Q',5]",
         "ok\na.parse[1] (parse): the format '%Q' for a date holds %Q, which is none of %Y %y %m %b %B %d %e %j %H %I "
         "%p %M %S %f %z %a %A %%\na.parse[2] (parse): must be a format such as '%b %d %Y'"},
        {"string", "date", "'%Y-%m-%d %H:%M%z'",
         "ok\na.parse (parse): the format '%Y-%m-%d %H:%M%z' for a date has an offset (%z), which could move the day: "
         "retype to datetime first"},
        {"string", "date", "[]", "ok\na.parse (parse): must hold 1 to 16 formats, holds 0"},
        {"string", "date", "{}", "ok\na.parse (parse): must be a format such as '%b %d %Y'"},
        {"string", "date", "null", "ok\na.parse (parse): must be a format such as '%b %d %Y'"},
        {"string", "integer", "'%Y-%m-%d'",
         "ok\na.parse (parse): formats are read where a string, text or json becomes a date or datetime, not where "
         "string becomes integer"},
        {"date", "string", "'%Y-%m-%d'",
         "ok\na.parse (parse): formats are read where a string, text or json becomes a date or datetime, not where "
         "date becomes string"},
    };
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct validator *from = column_of(refusals[i].from), *to = column_of(refusals[i].to);
        cJSON *parse = refusals[i].parse != NULL ? read_json(refusals[i].parse) : NULL;
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct conversion c;
        assert_false(conversion_open(&c, validator_column(from, 0), validator_column(to, 0), parse, "a", &err));
        assert_text(show_error(&err), refusals[i].error);
        error_clear(&err);
        cJSON_Delete(parse);
        validator_drop(from);
        validator_drop(to);
    }
}

/* ---- the table ---- */

/* One sentence: nothing new begins behind a point. */
static bool is_sentence(const char *text) {
    for (const char *p = strstr(text, ". "); p != NULL; p = strstr(p + 1, ". ")) {
        if (p[2] >= 'A' && p[2] <= 'Z') return false;
    }
    return text[strlen(text) - 1] == '.' && text[strlen(text) - 2] != '.';
}

static void every_pair_has_a_row(void **state) {
    (void)state;
    for (int from = 0; from < TYPE_COUNT; from++) {
        for (int to = 0; to < TYPE_COUNT; to++) {
            const struct conversion_row *row = conversion_row((enum column_type)from, (enum column_type)to);
            assert_non_null(row->rule);
            size_t length = strlen(row->rule);
            assert_in_range(length, 5, 250);
            assert_true(is_sentence(row->rule));
            assert_int_equal(row->convert == NULL, row->class == CONVERT_REFUSED);
            /* What was retyped can be retyped back. */
            const struct conversion_row *back = conversion_row((enum column_type)to, (enum column_type)from);
            assert_int_equal(row->class == CONVERT_REFUSED, back->class == CONVERT_REFUSED);
            if (from == to) assert_int_not_equal(row->class, CONVERT_REFUSED);
        }
    }
    for (int class = 0; class < CONVERT_CLASS_COUNT; class ++) {
        assert_true(strlen(convert_class_name((enum convert_class) class)) > 0);
        assert_true(strlen(convert_class_meaning((enum convert_class) class)) > 0);
    }
    assert_string_equal(convert_class_name(CONVERT_MAY_FAIL), "may fail");
}

static void precision_and_scale_sharpen_the_class(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *class;
    } scenarios[] = {
        {"string", "integer", "rounds"},
        {"string", "text", "exact"},
        {"string {'maxLength':9}", "string {'maxLength':3}", "exact"},
        {"text", "string", "may fail"},
        {"text {'maxLength':255}", "string", "exact"},
        {"text {'maxLength':256}", "string", "may fail"},
        {"date", "integer", "refused"},
        {"decimal", "decimal", "exact"},
        {"decimal {'precision':12,'scale':2}", "decimal {'precision':14,'scale':4}", "exact"},
        {"decimal {'precision':12,'scale':2}", "decimal {'precision':12,'scale':4}", "may fail"},
        {"decimal {'precision':12,'scale':2}", "decimal {'precision':20,'scale':1}", "rounds"},
        {"integer", "decimal {'precision':19,'scale':0}", "exact"},
        {"integer", "decimal {'precision':20,'scale':2}", "may fail"},
        {"decimal {'precision':18,'scale':0}", "integer", "exact"},
        {"decimal {'precision':19,'scale':0}", "integer", "may fail"},
        {"decimal {'precision':3,'scale':1}", "integer", "rounds"},
    };
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        struct validator *from = column_of(scenarios[i].from), *to = column_of(scenarios[i].to);
        const char *class =
            convert_class_name(conversion_class(validator_column(from, 0)->column, validator_column(to, 0)->column));
        if (strcmp(class, scenarios[i].class) != 0) {
            fail_msg("%s to %s: %s", scenarios[i].from, scenarios[i].to, class);
        }
        validator_drop(from);
        validator_drop(to);
    }
}

/* ---- equality ---- */

static void values_are_the_same_by_their_type(void **state) {
    (void)state;
    static const struct {
        const char *sentence;
        enum column_type type;
        flexdb_value a, b;
        bool same;
    } scenarios[] = {
        {"nothing and nothing", TYPE_STRING, NONE, {.tag = FLEXDB_ABSENT}, true},
        {"nothing and a text", TYPE_STRING, NONE, TEXT(""), false},
        {"one text", TYPE_STRING, TEXT("a"), TEXT("a"), true},
        {"two texts", TYPE_TEXT, TEXT("a"), TEXT("A"), false},
        {"texts of two lengths", TYPE_TEXT, TEXT("a"), TEXT("a "), false},
        {"one number", TYPE_INTEGER, INTEGER(5), INTEGER(5), true},
        {"two numbers", TYPE_INTEGER, INTEGER(5), INTEGER(-5), false},
        {"a number and a text", TYPE_INTEGER, INTEGER(5), TEXT("5"), false},
        {"a decimal of two scales", TYPE_DECIMAL, TEXT("1.50"), TEXT("1.5"), true},
        {"two decimals", TYPE_DECIMAL, TEXT("1.50"), TEXT("1.51"), false},
        {"the same digits as texts", TYPE_STRING, TEXT("1.50"), TEXT("1.5"), false},
        {"true and true", TYPE_BOOLEAN, BOOLEAN(true), BOOLEAN(true), true},
        {"true and false", TYPE_BOOLEAN, BOOLEAN(true), BOOLEAN(false), false},
        {"one instant", TYPE_DATETIME, TEXT("2024-05-01T10:00:00.000000Z"), TEXT("2024-05-01T10:00:00.000000Z"), true},
        {"json with other spaces and order", TYPE_JSON, SPAN("{\"a\":[1,\"\\u00e9\"],\"b\":2}"),
         SPAN("{ \"b\" : 2, \"a\": [1, \"\xC3\xA9\"] }"), true},
        {"json with other items", TYPE_JSON, SPAN("[1,2]"), SPAN("[2,1]"), false},
        {"1 and 1.0", TYPE_JSON, SPAN("1"), SPAN("1.0"), false},
        {"1.0 and 1.00", TYPE_JSON, SPAN("1.0"), SPAN("1.00"), true},
        {"a scalar and an array", TYPE_JSON, SPAN("1"), SPAN("[1]"), false},
        {"a span that is none", TYPE_JSON, SPAN("{"), SPAN("[1]"), false},
    };
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        if (value_same(scenarios[i].type, &scenarios[i].a, &scenarios[i].b, &err) != (int)scenarios[i].same ||
            value_same(scenarios[i].type, &scenarios[i].b, &scenarios[i].a, &err) != (int)scenarios[i].same) {
            fail_msg("%s", scenarios[i].sentence);
        }
        assert_int_equal(err.code, FLEXDB_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_pairs_and_bad_formats_are_issues),
        cmocka_unit_test(every_pair_has_a_row),
        cmocka_unit_test(precision_and_scale_sharpen_the_class),
        cmocka_unit_test(values_are_the_same_by_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
