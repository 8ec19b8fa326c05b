/* Compiling expressions: every issue with its place, limits, types of results, the columns that are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "documents.h"
#include "formulas.h"

static void syntax(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"nothing", "", "syntax: at 1: the expression is empty"},
        {"nothing but blanks", " \n ", "syntax: at 1: the expression is empty"},
        {"an operator alone", "+", "syntax: at 1: expected a value, got \"+\""},
        {"an operand too few", "quantity +", "syntax: at 11: expected a value, got the end"},
        {"an operator too few", "quantity price", "syntax: at 10: expected an operator or the end, got \"price\""},
        {"two comparisons at once", "1 < 2 < 3", "type: at 7: a boolean cannot be compared with an integer"},
        {"a parenthesis too few", "(quantity", "syntax: at 10: expected an operator or ), got the end"},
        {"a parenthesis too many", "quantity)", "syntax: at 9: expected an operator or the end, got \")\""},
        {"empty parentheses", "()", "syntax: at 2: expected a value, got \")\""},
        {"a call that is not closed", "len(name", "syntax: at 9: expected , or ), got the end"},
        {"a comma too many", "min(1, )", "syntax: at 8: expected a value, got \")\""},
        {"a word where a value should be", "1 + and", "syntax: at 5: expected a value, got \"and\""},
        {"an unknown character", "quantity @ 2", "syntax: at 10: unexpected \"@\""},
        {"a character of several bytes", "1 \xc3\x97 2", "syntax: at 3: unexpected \"\xc3\x97\""},
        {"the place in characters", "'\xc3\xa4\xc3\xa4' ..", "syntax: at 8: expected a value, got the end"},
        {"C's inequality", "quantity != 2", "syntax: at 10: there is no operator !=; write ~="},
        {"SQL's inequality", "quantity <> 2", "syntax: at 10: there is no operator <>; write ~="},
        {"one sign of equality", "quantity = 2", "syntax: at 10: there is no operator =; write =="},
        {"C's and", "active && active", "syntax: at 8: there is no operator &&; write and"},
        {"C's or", "active || active", "syntax: at 8: there is no operator ||; write or"},
        {"C's not", "!active", "syntax: at 1: there is no operator !; write not"},
        {"a length by its sign", "#name", "syntax: at 1: there is no operator #; write len(x)"},
        {"a power", "quantity^2", "syntax: at 9: there is no operator ^"},
        {"bits", "quantity & 1", "syntax: at 10: there is no operator &"},
        {"a field of a field", "tags.city", "syntax: at 5: there is no operator ."},
        {"an index", "tags[1]", "syntax: at 5: there is no operator ["},
        {"a method", "name:lower()", "syntax: at 5: there is no operator :"},
        {"a table", "{1}", "syntax: at 1: unexpected \"{\""},
        {"a comment", "quantity --1",
         "syntax: at 10: -- begins a comment in Lua, and an expression has none; write - - to negate twice"},
        {"a string that is not finished", "name == 'Ada", "syntax: at 9: the string is not finished"},
        {"a string over two lines", "'a\nb'", "syntax: at 1: the string is not finished"},
        {"a backslash at the end", "'a\\", "syntax: at 1: the string is not finished"},
        {"a long string", "[[a]]", "syntax: at 1: there are no long strings; write \"\xe2\x80\xa6\" or '\xe2\x80\xa6'"},
        {"an unknown escape", "'a\\q'", "syntax: at 3: there is no such escape"},
        {"a short hexadecimal escape", "'\\x1'", "syntax: at 2: \\x needs two hexadecimal digits"},
        {"a byte that is none", "'\\256'", "syntax: at 2: a byte is at most \\255"},
        {"a character without braces", "'\\u00e9'",
         "syntax: at 2: \\u needs the hexadecimal number of a character in braces"},
        {"a character that is not closed", "'\\u{e9'",
         "syntax: at 2: \\u needs the hexadecimal number of a character in braces"},
        {"a character beyond the last", "'\\u{110000}'", "syntax: at 2: the last character is \\u{10FFFF}"},
        {"bytes that are no character", "'\\xff'", "syntax: at 1: the string is not valid UTF-8"},
        {"half of a pair", "'\\u{d800}'", "syntax: at 1: the string is not valid UTF-8"},
        {"a zero byte", "'a\\0'", "syntax: at 1: the string holds U+0000, which no text may"},
        {"a number with letters", "12ab", "syntax: at 1: the number is malformed"},
        {"a number with two points", "1..2", "syntax: at 1: the number is malformed"},
        {"a hexadecimal number without digits", "0x", "syntax: at 1: the number is malformed"},
        {"a hexadecimal fraction", "0x1.8", "syntax: at 1: the number is malformed"},
        {"an exponent without digits", "1e+", "syntax: at 1: the number is malformed"},
        {"an integer that is too large", "9223372036854775808",
         "value: at 1: the number is outside the range of integers; with a point it is a decimal"},
        {"a hexadecimal one", "1 + 0x8000000000000000",
         "value: at 5: the number is outside the range of integers; with a point it is a decimal"},
        {"more than 38 digits", "123456789012345678901234567890123456789.",
         "value: at 1: the number has more than 38 digits"},
        {"an exponent that makes them", "1e38", "value: at 1: the number has more than 38 digits"},
        {"an exponent beyond counting", "1e99999999999999999999", "value: at 1: the number has more than 38 digits"},
        {"too small an exponent", "1e-39", "value: at 1: the number has more than 38 digits"},
    };
    RUN_FORMULAS(scenarios);
}

static void names(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"an unknown column", "qantity > 1", "exists: at 1: there is no column \"qantity\""},
        {"each of them", "a + b * a",
         "exists: at 1: there is no column \"a\"\nexists: at 5: there is no column \"b\"\n"
         "exists: at 9: there is no column \"a\""},
        {"a system column", "created_at < seen",
         "system: at 1: \"created_at\" is a system column, which expressions cannot read"},
        {"an unknown function", "sqrt(quantity)", "exists: at 1: there is no function \"sqrt\""},
        {"and what is wrong with its arguments", "sqrt(quantty)",
         "exists: at 1: there is no function \"sqrt\"\nexists: at 6: there is no column \"quantty\""},
        {"a column that is called", "quantity(1)", "exists: at 1: there is no function \"quantity\""},
        {"a function that is not called", "len > 3",
         "exists: at 1: there is no column \"len\"; the function is called as len(\xe2\x80\xa6)"},
        {"today", "born < today()",
         "deterministic: at 8: today() is not allowed: the result must depend on the record alone, not on when it is "
         "asked for"},
        {"now", "now() > seen",
         "deterministic: at 1: now() is not allowed: the result must depend on the record alone, not on when it is "
         "asked for"},
        {"what is not known raises nothing further", "qantity + 1 > 2 and -qantity .. 'x' == lower(qantity)",
         "exists: at 1: there is no column \"qantity\"\nexists: at 22: there is no column \"qantity\"\n"
         "exists: at 46: there is no column \"qantity\""},
    };
    RUN_FORMULAS(scenarios);
}

static void types(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"a date and a boolean", "born == active", "type: at 6: a date cannot be compared with a boolean"},
        {"a date and a text", "born > '2000-01-01'",
         "type: at 6: a date cannot be compared with a text; write date(\"YYYY-MM-DD\")"},
        {"a datetime and a text", "'2000' < seen",
         "type: at 8: a text cannot be compared with a datetime; write datetime(\"\xe2\x80\xa6Z\")"},
        {"a date and a datetime", "born < seen",
         "type: at 6: a date cannot be compared with a datetime; date(x) is the day of a datetime"},
        {"a text and a number", "name == 1", "type: at 6: a text cannot be compared with an integer"},
        {"booleans have no order", "active < true", "type: at 8: booleans can be compared by == and ~= only"},
        {"nor has nil", "quantity >= nil", "type: at 10: nil can be compared by == and ~= only"},
        {"json", "tags == no_json", "type: at 6: json can be compared with nil only"},
        {"json and a text", "tags == 'a'", "type: at 6: json can be compared with nil only"},
        {"a text as a number", "name + 1", "type: at 6: + cannot take a text and an integer"},
        {"texts are not added", "name + name", "type: at 6: + cannot take a text and a text; write .. to join them"},
        {"nil is no number", "quantity * nil", "type: at 10: * cannot take an integer and nil"},
        {"a date and a number", "born + 1",
         "type: at 6: + cannot take a date and an integer; write days(n) for that many days"},
        {"a date moves by days", "born + hours(24)",
         "type: at 6: + cannot take a date and a duration; a date moves by whole days"},
        {"a duration does not get less by a date", "days(1) - born", "type: at 9: - cannot take days and a date"},
        {"a date and a datetime have no difference", "seen - born", "type: at 6: - cannot take a datetime and a date"},
        {"durations are not multiplied", "days(1) * 2", "type: at 9: * cannot take days and an integer"},
        {"the opposite of a text", "-name", "type: at 1: the operand of - must be a number or a duration, got a text"},
        {"not of a number", "not quantity", "type: at 1: the operand of not must be a boolean, got an integer"},
        {"not binds more tightly than ==", "not quantity == 1",
         "type: at 1: the operand of not must be a boolean, got an integer\n"
         "type: at 14: a boolean cannot be compared with an integer"},
        {"and of a number", "active and quantity",
         "type: at 8: the right side of and must be a boolean, got an integer"},
        {"or as a default", "no_number or 0",
         "type: at 11: the left side of or must be a boolean (coalesce(a, b) takes the first that is present), got an "
         "integer\n"
         "type: at 11: the right side of or must be a boolean (coalesce(a, b) takes the first that is present), got an "
         "integer"},
        {"joining a boolean", "name .. active",
         "type: at 6: the right side of .. must be a text, a number, a date or a datetime, got a boolean"},
        {"joining a duration", "days(1) .. name",
         "type: at 9: the left side of .. must be a text, a number, a date or a datetime, got days"},
        {"all of them", "(born + 1) .. active == not 1",
         "type: at 7: + cannot take a date and an integer; write days(n) for that many days\n"
         "type: at 12: the right side of .. must be a text, a number, a date or a datetime, got a boolean\n"
         "type: at 25: the operand of not must be a boolean, got an integer\n"
         "type: at 22: a text cannot be compared with a boolean"},
    };
    RUN_FORMULAS(scenarios);
}

static void arguments(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"too few", "len()", "arguments: at 1: len takes 1 argument, got 0"},
        {"too many", "len(name, name)", "arguments: at 1: len takes 1 argument, got 2"},
        {"two", "contains(name)", "arguments: at 1: contains takes 2 arguments, got 1"},
        {"one or two", "round(1, 2, 3)", "arguments: at 1: round takes 1 or 2 arguments, got 3"},
        {"at least two", "coalesce(name)", "arguments: at 1: coalesce takes at least 2 arguments, got 1"},
        {"three", "choose(active, 1)", "arguments: at 1: choose takes 3 arguments, got 2"},
        {"more than three", "choose(active, 1, 2, 3, 4)", "arguments: at 1: choose takes 3 arguments, got 5"},
        {"none", "now(1)", "arguments: at 1: now takes no arguments, got 1"},
        {"the argument's place", "len(  quantity)", "type: at 7: the argument of len must be a text, got an integer"},
        {"which of two", "contains(name, 1)", "type: at 16: argument 2 of contains must be a text, got an integer"},
        {"a number", "floor(name)", "type: at 7: the argument of floor must be a number, got a text"},
        {"an integer", "days(1.5)", "type: at 6: the argument of days must be an integer, got a decimal"},
        {"a date", "year('2024-01-01')", "type: at 6: the argument of year must be a date or a datetime, got a text"},
        {"date of a number", "date(2024)",
         "type: at 6: the argument of date must be a text or a datetime, got an integer"},
        {"abs of a date", "abs(born)", "type: at 5: the argument of abs must be a number or a duration, got a date"},
        {"the digits of round are of the record", "round(price, quantity)",
         "argument: at 14: argument 2 of round must be a number from 0 to 30"},
        {"too many digits", "round(price, 31)", "argument: at 14: argument 2 of round must be a number from 0 to 30"},
        {"negative digits", "round(price, -1)", "argument: at 14: argument 2 of round must be a number from 0 to 30"},
        {"digits that are chosen", "round(price, choose(active, 1, 2))",
         "argument: at 14: argument 2 of round must be a number from 0 to 30"},
        {"a pattern of the record", "matches(name, no_text)",
         "argument: at 15: argument 2 of matches must be a text that is written there, not one of the record"},
        {"a pattern that is chosen", "matches(name, choose(active, 'a', 'b'))",
         "argument: at 15: argument 2 of matches must be a text that is written there, not one of the record"},
        {"a bad pattern", "matches(name, '(')",
         "pattern: at 15: argument 2 of matches is no pattern: missing closing parenthesis at byte 1"},
        {"kinds that do not mix", "min(1, name)", "type: at 8: argument 2 of min must be an integer, got a text"},
        {"booleans have no least", "max(active, active)",
         "type: at 5: argument 1 of max must be a number, a text, a date, a datetime or a duration, got a boolean\n"
         "type: at 13: argument 2 of max must be a number, a text, a date, a datetime or a duration, got a boolean"},
        {"coalesce of different kinds", "coalesce(no_date, name)",
         "type: at 19: argument 2 of coalesce must be a date, got a text"},
        {"coalesce of nil", "coalesce(no_date, nil)",
         "type: at 19: argument 2 of coalesce must be something that may be present, got nil"},
        {"coalesce of json", "coalesce(tags, no_json)",
         "type: at 10: argument 1 of coalesce must not be json\ntype: at 16: argument 2 of coalesce must not be json"},
        {"a choice by a number", "choose(quantity, 1, 2)",
         "type: at 8: argument 1 of choose must be a boolean, got an integer"},
        {"choices of different kinds", "choose(active, 1, 'one')",
         "type: at 19: argument 3 of choose must be an integer, got a text"},
    };
    RUN_FORMULAS(scenarios);
}

static void constants_are_worked_out(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"a division by zero is found", "quantity > 1 / 0", "value: at 14: division by zero"},
        {"also where it would not be worked out", "active or 1 // 0 == 1", "value: at 13: division by zero"},
        {"an overflow", "9223372036854775807 + 1", "value: at 21: the result is outside the range of integers"},
        {"a date that is none", "born > date('2023-02-29')",
         "value: at 8: must be a date (YYYY-MM-DD), got \"2023-02-29\""},
        {"a datetime without an offset", "seen > datetime('2023-02-28T10:00:00')",
         "value: at 8: must be a datetime with an offset (RFC 3339), got \"2023-02-28T10:00:00\""},
        {"the years", "date('9999-12-31') + days(1)", "value: at 20: the result is outside the years 0001 to 9999"},
        {"what is made of texts", "len(upper('a' .. 'b') .. 1.50 .. trim(' c '))", "integer 7"},
        {"part of an expression", "quantity + 2 * 3", "integer 13"},
        {"not the other part", "quantity * 2 + 3", "integer 17"},
    };
    RUN_FORMULAS(scenarios);
}

/* ---- limits ---- */

static char *repeat(const char *before, size_t count, const char *between, const char *after, size_t closed) {
    struct buffer out = BUFFER_INIT;
    for (size_t i = 0; i < count; i++) buffer_puts(&out, before);
    buffer_puts(&out, between);
    for (size_t i = 0; i < closed; i++) buffer_puts(&out, after);
    char *text = buffer_take(&out);
    assert_non_null(text);
    return text;
}

static void limits(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *before;
        size_t count;
        const char *between, *after;
        size_t closed;
        const char *answer;
    } scenarios[] = {
        {"a hundred parentheses", "(", 100, "1", ")", 100, "integer 1"},
        {"one more", "(", 101, "1", ")", 101, "limit: at 101: the expression nests more than 100 levels deep"},
        {"a thousand", "(", 1000, "1", ")", 1000, "limit: at 101: the expression nests more than 100 levels deep"},
        {"a thousand that are never closed", "(", 4000, "", "", 0,
         "limit: at 101: the expression nests more than 100 levels deep"},
        {"signs", "- ", 2000, "1", "", 0, "limit: at 201: the expression nests more than 100 levels deep"},
        {"nots", "not ", 1000, "true", "", 0, "limit: at 401: the expression nests more than 100 levels deep"},
        {"calls", "len(", 1000, "", "", 0, "limit: at 401: the expression nests more than 100 levels deep"},
        {"operands that wait", "1+(2*(", 50, "quantity", "))", 50, "integer 9007199254740991"},
        {"too many of them", "not no_flag or active and no_number<3 ..(", 90, "1", ")", 90,
         "limit: at 2629: the expression keeps more than 256 values at one time"},
        {"a long chain does not nest", "quantity+", 450, "1", "", 0, "integer 3151"},
        {"nor a long alternative", "name=='x'or ", 340, "active", "", 0, "boolean true"},
        {"nor a long text", "name..", 600, "''", "", 0, NULL},
        {"4096 bytes", " ", 4095, "1", "", 0, "integer 1"},
        {"4097 bytes", " ", 4096, "1", "", 0, "limit: the expression has 4097 bytes, 4096 are allowed"},
    };
    struct definition *d = formula_table();
    flexdb_value values[FORMULA_COLUMNS];
    formula_record(values);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char *text = repeat(scenarios[i].before, scenarios[i].count, scenarios[i].between, scenarios[i].after,
                            scenarios[i].closed);
        char *answer = formula_answer(d, text, strlen(text), values);
        if (scenarios[i].answer == NULL) {
            assert_int_equal(strlen(answer), strlen("text ''") + 600 * strlen("Ada Lovelace"));
        } else if (strcmp(answer, scenarios[i].answer) != 0) {
            fail_msg("%s: %s", scenarios[i].sentence, answer);
        }
        free(answer);
        free(text);
    }
    definition_free(d);
}

static void as_many_arguments_as_there_may_be(void **state) {
    (void)state;
    struct definition *d = formula_table();
    flexdb_value values[FORMULA_COLUMNS];
    formula_record(values);
    for (size_t more = 254; more <= 255; more++) {
        char *list = repeat("no_number, ", more, "quantity)", "", 0);
        struct buffer text = BUFFER_INIT;
        buffer_printf(&text, "coalesce(%s", list);
        assert_text(formula_answer(d, buffer_text(&text), text.length, values),
                    more == 254 ? "integer 7" : "arguments: at 1: coalesce takes at most 255 arguments, got 256");
        buffer_free(&text);
        free(list);
    }
    definition_free(d);
}

static void texts_that_are_none(void **state) {
    (void)state;
    struct definition *d = formula_table();
    assert_text(formula_answer(d, "1\xff", 2, NULL), "utf8: is not valid UTF-8 without U+0000");
    assert_text(formula_answer(d, "1\0", 2, NULL), "utf8: is not valid UTF-8 without U+0000");
    definition_free(d);
}

/* ---- what is known of a compiled one ---- */

static struct formula *compiled(const struct definition *d, const char *text) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct formula *f = NULL;
    if (!formula_compile(&f, d, text, strlen(text), "", &err)) fail_msg("%s: %s", text, err.issues[0].message);
    return f;
}

static void which_columns_it_reads(void **state) {
    (void)state;
    struct definition *d = formula_table();
    const uint32_t *slots;
    struct formula *f = compiled(d, "company .. name .. quantity .. name .. 'price' == '' and tags ~= nil");
    assert_int_equal(formula_columns(f, &slots), 4);
    assert_int_equal(slots[0], COLUMN_QUANTITY);
    assert_int_equal(slots[1], COLUMN_NAME);
    assert_int_equal(slots[2], COLUMN_TAGS);
    assert_int_equal(slots[3], COLUMN_COMPANY);
    formula_free(f);
    f = compiled(d, "1 + 1");
    assert_int_equal(formula_columns(f, &slots), 0);
    formula_free(f);
    formula_free(NULL);
    definition_free(d);
}

static void which_columns_it_fits(void **state) {
    (void)state;
    static const struct {
        const char *expression, *fits; /* the types, a blank behind each */
    } scenarios[] = {
        {"name", "string text "},
        {"1", "integer decimal "},
        {"1.0", "decimal "},
        {"true", "boolean "},
        {"born", "date "},
        {"seen", "datetime "},
        {"days(1)", ""},
        {"hours(1)", ""},
        {"nil", ""},
        {"tags", ""},
        {"company", "string text "},
    };
    struct definition *d = formula_table();
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct formula *f = compiled(d, scenarios[i].expression);
        struct buffer fits = BUFFER_INIT;
        for (int type = 0; type < TYPE_COUNT; type++) {
            flexdb_error err = FLEXDB_ERROR_INIT;
            if (formula_fits(f, (enum column_type)type, "p", &err)) {
                buffer_printf(&fits, "%s ", column_type_name((enum column_type)type));
                assert_int_equal(err.issue_count, 0);
            } else {
                assert_int_equal(err.issue_count, 1);
            }
            error_clear(&err);
        }
        assert_string_equal(buffer_text(&fits), scenarios[i].fits);
        buffer_free(&fits);
        formula_free(f);
    }
    struct formula *f = compiled(d, "born + days(1)");
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_false(formula_fits(f, TYPE_INTEGER, "columns[3].validation.computed", &err));
    error_close_issues(&err, FLEXDB_INVALID_SCHEMA);
    assert_text(show_error(&err), "invalid_schema\ncolumns[3].validation.computed (type): the expression gives a date, "
                                  "which is no value of type integer");
    assert_string_equal(err.issues[0].expected, "\"integer\"");
    assert_string_equal(err.issues[0].got, "\"date\"");
    error_clear(&err);
    formula_free(f);
    definition_free(d);
}

/* Issues say in JSON what was expected and what was there. */
static void issues_carry_types(void **state) {
    (void)state;
    static const struct {
        const char *expression, *expected, *got;
    } scenarios[] = {
        {"len(quantity)", "\"text\"", "\"integer\""},
        {"not price", "\"boolean\"", "\"decimal\""},
        {"born == active", NULL, "[\"date\",\"boolean\"]"},
        {"floor(born)", "[\"integer\",\"decimal\"]", "\"date\""},
        {"choose(active, 1, name)", "\"integer\"", "\"text\""},
    };
    struct definition *d = formula_table();
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct formula *f;
        assert_false(formula_compile(&f, d, scenarios[i].expression, strlen(scenarios[i].expression), "", &err));
        assert_int_equal(err.code, FLEXDB_OK); /* it is not closed */
        if (scenarios[i].expected == NULL)
            assert_null(err.issues[0].expected);
        else
            assert_string_equal(err.issues[0].expected, scenarios[i].expected);
        assert_string_equal(err.issues[0].got, scenarios[i].got);
        error_clear(&err);
    }
    definition_free(d);
}

/* A column with an issue of its own raises none here. */
static void faulty_columns_are_passed_over(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct definition *d = NULL;
    struct formula *f = NULL;
    assert_int_equal(
        definition_parse(&d, read_json("{'columns':[{'name':'a','dataType':'intger'}]}"), DEFINITION_GIVEN, &err), 0);
    assert_int_equal(err.issue_count, 1);
    assert_false(formula_compile(&f, d, "a + 'x' == nil", 14, "", &err));
    assert_int_equal(err.issue_count, 1);
    error_clear(&err);
    definition_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntax),
        cmocka_unit_test(names),
        cmocka_unit_test(types),
        cmocka_unit_test(arguments),
        cmocka_unit_test(constants_are_worked_out),
        cmocka_unit_test(limits),
        cmocka_unit_test(as_many_arguments_as_there_may_be),
        cmocka_unit_test(texts_that_are_none),
        cmocka_unit_test(which_columns_it_reads),
        cmocka_unit_test(which_columns_it_fits),
        cmocka_unit_test(issues_carry_types),
        cmocka_unit_test(faulty_columns_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
