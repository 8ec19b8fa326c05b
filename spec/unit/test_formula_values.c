/* What expressions give on a record: every operator and function, absent operands, faults with their places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formulas.h"

static void literals(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"an integer", "42", "integer 42"},
        {"leading zeros", "007", "integer 7"},
        {"a hexadecimal integer", "0xFf", "integer 255"},
        {"the greatest integer", "9223372036854775807", "integer 9223372036854775807"},
        {"the least, of which the sign is a part", "-9223372036854775808", "integer -9223372036854775808"},
        {"a decimal keeps its digits", "0.10", "decimal 0.10"},
        {"a decimal without digits before the point", ".5", "decimal 0.5"},
        {"a decimal without digits behind it", "3.", "decimal 3"},
        {"an exponent", "1.5e3", "decimal 1500"},
        {"a negative exponent", "25E-3", "decimal 0.025"},
        {"an exponent that leaves digits", "1.250e+1", "decimal 12.50"},
        {"zero has no digits to shift", "0e999", "decimal 0"},
        {"38 digits", "12345678901234567890123456789012345678.", "decimal 12345678901234567890123456789012345678"},
        {"38 fraction digits", "0.00000000000000000000000000000000000001",
         "decimal 0.00000000000000000000000000000000000001"},
        {"double quotes", "\"it's\"", "text 'it's'"},
        {"single quotes", "'say \"a\"'", "text 'say \"a\"'"},
        {"Lua's escapes", "'\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"'", "text '\a\b\f\n\r\t\v\\'\"'"},
        {"bytes by number", "'\\x41\\66\\067\\195\\169'", "text 'ABC\xc3\xa9'"},
        {"a character by number", "'\\u{e9}\\u{20AC}\\u{1F600}'", "text '\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'"},
        {"blanks that \\z skips", "'a\\z \n\t b'", "text 'ab'"},
        {"a line break behind a backslash", "'a\\\r\nb\\\nc'", "text 'a\nb\nc'"},
        {"an empty text", "''", "text ''"},
        {"true and false", "true ~= false", "boolean true"},
        {"nil alone", "nil", "nil absent"},
        {"blanks of every kind", "\t1\n\v+\f\r 2 ", "integer 3"},
    };
    RUN_FORMULAS(scenarios);
}

static void columns(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"an integer", "quantity", "integer 7"},
        {"a decimal, with its column's digits", "price", "decimal 19.90"},
        {"a decimal of thirty digits", "rate", "decimal 0.190000000000000000000000000000"},
        {"a boolean", "active", "boolean true"},
        {"a string", "name", "text 'Ada Lovelace'"},
        {"a text", "notes", "text '  a caf\xc3\xa9\n '"},
        {"a date", "born", "date 1815-12-10"},
        {"a datetime", "seen", "datetime 2024-05-01T10:00:00.250000Z"},
        {"a reference is a text", "company", "text 'c-1'"},
        {"a name that is a keyword of Lua alone", "end + 1", "integer 4"},
        {"an absent integer", "no_number", "integer absent"},
        {"an absent text", "no_text", "text absent"},
        {"null", "no_date", "date absent"},
    };
    RUN_FORMULAS(scenarios);
}

static void integers(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"precedence", "1 + 2 * 3 - 4", "integer 3"},
        {"parentheses", "(1 + 2) * (3 - 4)", "integer -3"},
        {"from left to right", "10 - 4 - 3", "integer 3"},
        {"a sign binds more tightly", "-quantity + 10", "integer 3"},
        {"two signs", "- -quantity", "integer 7"},
        {"whole division rounds down", "7 // 2", "integer 3"},
        {"also below zero", "-7 // 2", "integer -4"},
        {"and so with a negative divisor", "7 // -2", "integer -4"},
        {"the remainder has the sign of the divisor", "-7 % 3", "integer 2"},
        {"the same the other way", "7 % -3", "integer -2"},
        {"no remainder", "6 % -3", "integer 0"},
        {"a remainder that Lua has too", "-9223372036854775808 % -1", "integer 0"},
        {"a quotient is a decimal of ten digits", "quantity / 2", "decimal 3.5000000000"},
        {"rounded to the nearest", "2 / 3", "decimal 0.6666666667"},
        {"halves away from zero", "-1 / 20000000000", "decimal -0.0000000001"},
        {"too large", "quantity + 9223372036854775807",
         "fault: the result is outside the range of integers at 10 of \"quantity + 9223372036854775807\""},
        {"too small", "-9223372036854775807 - quantity",
         "fault: the result is outside the range of integers at 22 of \"-9223372036854775807 - quantity\""},
        {"a product that is too large", "quantity * 9223372036854775807",
         "fault: the result is outside the range of integers at 10 of \"quantity * 9223372036854775807\""},
        {"the opposite of the least", "-(quantity - 7 - 9223372036854775807 - 1)",
         "fault: the result is outside the range of integers at 1 of \"-(quantity - 7 - 9223372036854775807 - 1)\""},
        {"its quotient by -1", "(quantity - 7 - 9223372036854775807 - 1) // -1",
         "fault: the result is outside the range of integers at 42 of \"(quantity - 7 - 9223372036854775807 - 1) // "
         "-1\""},
        {"its absolute value", "abs(quantity - 7 - 9223372036854775807 - 1)",
         "fault: the result is outside the range of integers at 1 of \"abs(quantity - 7 - 9223372036854775807 - "
         "1)\""},
        {"division by zero", "1 / (quantity - 7)", "fault: division by zero at 3 of \"1 / (quantity - 7)\""},
        {"whole division by zero", "1 // (quantity - 7)", "fault: division by zero at 3 of \"1 // (quantity - 7)\""},
        {"a remainder by zero", "1 % (quantity - 7)", "fault: division by zero at 3 of \"1 % (quantity - 7)\""},
        {"places count characters, not bytes", "len('caf\xc3\xa9') / (quantity - 7)",
         "fault: division by zero at 13 of \"len('caf\xc3\xa9') / (quantity - 7)\""},
    };
    RUN_FORMULAS(scenarios);
}

static void decimals(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"0.1 is a decimal and no double", "0.1 + 0.2 == 0.3", "boolean true"},
        {"a sum has the digits of the longer", "price + 0.001", "decimal 19.901"},
        {"a difference", "price - 20", "decimal -0.10"},
        {"a product has the digits of both", "price * 0.19", "decimal 3.7810"},
        {"with an integer", "quantity * price", "decimal 139.30"},
        {"a quotient has ten digits at least", "price / 3", "decimal 6.6333333333"},
        {"more where an operand has more", "1 / rate", "decimal 5.263157894736842105263157894737"},
        {"as many as 38 leave room for", "10000000000000000000000000000000000. / 3",
         "decimal 3333333333333333333333333333333333.3333000000"},
        {"whole division", "price // 3", "decimal 6"},
        {"whole division below zero", "-price // 3", "decimal -7"},
        {"a remainder", "price % 3", "decimal 1.90"},
        {"a remainder below zero", "-price % 3", "decimal 1.10"},
        {"the opposite", "-price", "decimal -19.90"},
        {"minus zero is zero", "-0.00", "decimal 0.00"},
        {"comparison is of the values", "1.50 == 1.5 and 2 < 2.01", "boolean true"},
        {"in 38 digits", "99999999999999999999999999999999999999. + 0.0 > 9999999999999999999999999999999999999.9",
         "boolean true"},
        {"more than 38 digits", "price + 0.00000000000000000000000000000000000001",
         "fault: the result needs more than 38 digits at 7 of \"price + "
         "0.00000000000000000000000000000000000001\""},
        {"a product of more than 38 digits", "price * 99999999999999999999999999999999999999.",
         "fault: the result needs more than 38 digits at 7 of \"price * "
         "99999999999999999999999999999999999999.\""},
        {"a sum that fits without the zeros at its end", "rate * rate + 100000000000000000000000000000000.",
         "decimal 100000000000000000000000000000000.03610000000000000000000000000000000000"},
        {"division by zero", "price / (price - price)", "fault: division by zero at 7 of \"price / (price - price)\""},
    };
    RUN_FORMULAS(scenarios);
}

static void dates(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"a date that is written there", "date('2024-02-29')", "date 2024-02-29"},
        {"a datetime that is written there, in UTC", "datetime('2024-05-01T12:00:00+02:00')",
         "datetime 2024-05-01T10:00:00.000000Z"},
        {"days later", "date('2024-02-28') + days(2)", "date 2024-03-01"},
        {"the other way round", "days(2) + date('2024-02-28')", "date 2024-03-01"},
        {"days earlier", "born - days(10)", "date 1815-11-30"},
        {"days between dates", "date('2024-01-01') - born", "integer 75993"},
        {"dates compare", "born < date('1900-01-01') and born ~= date('1815-12-11')", "boolean true"},
        {"a datetime moves by any duration", "seen + days(1) - hours(1.5) + minutes(30) + seconds(0.75)",
         "datetime 2024-05-02T09:00:01.000000Z"},
        {"a duration comes first", "hours(2) + seen", "datetime 2024-05-01T12:00:00.250000Z"},
        {"durations compare", "seen - datetime('2024-05-01T00:00:00Z') > hours(10)", "boolean true"},
        {"days are durations", "days(1) == hours(24) and -days(1) < hours(0)", "boolean true"},
        {"a duration in hours", "(seen - datetime('2024-05-01T00:00:00Z')) / hours(1)", "decimal 10.0000694444"},
        {"absolute durations", "abs(datetime('2024-05-01T00:00:00Z') - seen) < hours(11)", "boolean true"},
        {"durations add up", "seen + (days(1) + days(1) - hours(24) + (days(2) - days(2)))",
         "datetime 2024-05-02T10:00:00.250000Z"},
        {"the parts of a date", "year(born) * 10000 + month(born) * 100 + day(born)", "integer 18151210"},
        {"the parts of a datetime", "year(seen) .. '/' .. month(seen) .. '/' .. day(seen)", "text '2024/5/1'"},
        {"the day of a datetime", "date(seen)", "date 2024-05-01"},
        {"the day of a datetime before 1970", "date(datetime('1969-12-31T23:59:59.999999Z'))", "date 1969-12-31"},
        {"a date from a text of the record", "date('2024-0' .. 5 .. '-01') == date(seen)", "boolean true"},
        {"after the last day", "born + days(3000000)",
         "fault: the result is outside the years 0001 to 9999 at 6 of \"born + days(3000000)\""},
        {"before the first", "born - days(999999)",
         "fault: the result is outside the years 0001 to 9999 at 6 of \"born - days(999999)\""},
        {"after the last instant", "seen + days(3000000)",
         "fault: the result is outside the years 0001 to 9999 at 6 of \"seen + days(3000000)\""},
        {"a duration that no number of microseconds holds", "seen + days(quantity * 100000000)",
         "fault: the duration is too long at 8 of \"seen + days(quantity * 100000000)\""},
        {"also of a decimal", "hours(price * 1000000000000000000000000.)",
         "fault: the duration is too long at 1 of \"hours(price * 1000000000000000000000000.)\""},
        {"durations that add up to one", "days(quantity * 10000000) + days(quantity * 10000000)",
         "fault: the duration is too long at 27 of \"days(quantity * 10000000) + days(quantity * 10000000)\""},
        {"less than a microsecond", "seconds(price / 3)",
         "fault: the duration is finer than a microsecond at 1 of \"seconds(price / 3)\""},
        {"no date", "date(name)", "fault: must be a date (YYYY-MM-DD), got \"Ada Lovelace\" at 1 of \"date(name)\""},
        {"no such day", "date(lower(upper('2023-02-') .. quantity * 4 + 1))",
         "fault: must be a date (YYYY-MM-DD), got \"2023-02-29\" at 1 of \"date(lower(upper('2023-02-') .. quantity * "
         "4 + 1))\""},
        {"no datetime", "datetime(name)",
         "fault: must be a datetime with an offset (RFC 3339), got \"Ada Lovelace\" at 1 of \"datetime(name)\""},
    };
    RUN_FORMULAS(scenarios);
}

static void texts(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"joined", "name .. '/' .. company", "text 'Ada Lovelace/c-1'"},
        {"a chain in parentheses", "'a' .. ('b' .. (name .. 'c')) .. 'd'", "text 'abAda Lovelacecd'"},
        {"numbers are joined as they are printed", "quantity .. ' x ' .. price .. ' = ' .. quantity * price",
         "text '7 x 19.90 = 139.30'"},
        {"dates too", "born .. ' ' .. seen", "text '1815-12-10 2024-05-01T10:00:00.250000Z'"},
        {"the empty text joins", "'' .. name .. ''", "text 'Ada Lovelace'"},
        {"two empty texts", "trim(' ') .. ''", "text ''"},
        {"length in characters", "len(notes)", "integer 10"},
        {"the length of an empty text", "len('')", "integer 0"},
        {"lower case, of ASCII alone", "lower('\xc3\x84 Zone [A]')", "text '\xc3\x84 zone [a]'"},
        {"upper case", "upper(name .. '{z}')", "text 'ADA LOVELACE{Z}'"},
        {"a text that is made is changed in place", "upper(lower(trim('  ' .. name .. '  ')))", "text 'ADA LOVELACE'"},
        {"trimmed at both ends", "'<' .. trim(notes) .. '>'", "text '<a caf\xc3\xa9>'"},
        {"nothing but blanks", "trim(' \\t\\n\\v\\f\\r')", "text ''"},
        {"contains", "contains(name, 'Love') and not contains(name, 'love')", "boolean true"},
        {"the empty text is in every text", "contains('', '') and starts_with(name, '') and ends_with(name, '')",
         "boolean true"},
        {"starts_with", "starts_with(name, 'Ada') and not starts_with(name, 'Ada Lovelace!')", "boolean true"},
        {"ends_with", "ends_with(name, 'lace') and not ends_with(name, 'Ada')", "boolean true"},
        {"matches searches, as a column's pattern does", "matches(name, '^A.* L') and not matches(name, '\\\\d')",
         "boolean true"},
        {"matches knows characters", "matches(notes, 'caf.\\n')", "boolean true"},
        {"order is that of the bytes", "'Z' < 'a' and 'a' < 'ab' and 'z' < '\xc3\xa4'", "boolean true"},
        {"equality of texts that are made", "lower(name) == 'ada ' .. lower('LOVELACE')", "boolean true"},
        {"an operand that is made behind one of the record", "name == 'Ada' .. ' Lovelace'", "boolean true"},
        {"made texts beside each other",
         "lower(name) .. upper(name) .. trim(notes) == lower(name .. '') .. "
         "(upper(name) .. trim(notes))",
         "boolean true"},
        {"a right side that is made in steps", "name .. trim(lower(upper(notes)) .. ' ') .. '|'",
         "text 'Ada Lovelacea caf\xc3\xa9|'"},
        {"a pattern that takes too long",
         "matches('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' .. name, "
         "'^(a+)+$')",
         "fault: the pattern needs too many steps on this text at 1 of \"matches("
         "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' .. name, '^(a+)+$')\""},
    };
    RUN_FORMULAS(scenarios);
}

static void functions_of_numbers(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"round to an integer", "round(price)", "integer 20"},
        {"halves away from zero", "round(2.5) - round(-2.5)", "integer 6"},
        {"round to digits", "round(price / 3, 2)", "decimal 6.63"},
        {"to more digits than there are", "round(price, 4)", "decimal 19.9000"},
        {"an integer to digits is a decimal", "round(quantity, 2)", "decimal 7.00"},
        {"the digits may be worked out there", "round(1.239, 1 + 1)", "decimal 1.24"},
        {"up to thirty", "round(2 / rate, 30)", "decimal 10.526315789473684210526315789474"},
        {"floor", "floor(price) .. ' ' .. floor(-price) .. ' ' .. floor(quantity)", "text '19 -20 7'"},
        {"ceil", "ceil(price) .. ' ' .. ceil(-price) .. ' ' .. ceil(quantity)", "text '20 -19 7'"},
        {"beyond integers", "floor(price * 10000000000000000000.)",
         "fault: the result is outside the range of integers at 1 of \"floor(price * 10000000000000000000.)\""},
        {"abs", "abs(-quantity) .. ' ' .. abs(-price)", "text '7 19.90'"},
        {"min and max", "min(quantity, 3, 5) .. ' ' .. max(quantity, 3, 5)", "text '3 7'"},
        {"of integers and decimals it is a decimal", "max(quantity, price, 3)", "decimal 19.90"},
        {"an integer among decimals has their digits", "max(quantity, 6.5)", "decimal 7.0"},
        {"of texts",
         "min(name, lower(name), upper(name)) .. '|' .. max(upper(name), lower(name), name) .. '|' .. "
         "max(name, lower(name))",
         "text 'ADA LOVELACE|ada lovelace|ada lovelace'"},
        {"of dates", "max(born, date('1900-01-01'), date(seen))", "date 2024-05-01"},
        {"of durations", "min(hours(25), days(1)) == days(1)", "boolean true"},
    };
    RUN_FORMULAS(scenarios);
}

static void absent_values(void **state) {
    (void)state;
    static const struct formula_scenario scenarios[] = {
        {"arithmetic with an absent operand", "quantity + no_number", "integer absent"},
        {"whichever side", "no_decimal * price", "decimal absent"},
        {"no division by an absent zero", "1 / no_number", "decimal absent"},
        {"a sign", "-no_decimal", "decimal absent"},
        {"a comparison", "no_number == 1", "boolean absent"},
        {"also of two absent values", "no_number == no_number", "boolean absent"},
        {"a function", "len(no_text)", "integer absent"},
        {"joining", "name .. no_text", "text absent"},
        {"joining what is made", "lower(name) .. upper(no_text) .. lower(name)", "text absent"},
        {"comparing what is made", "lower(name) == no_text", "boolean absent"},
        {"the least of some", "min(1, no_number, 3)", "integer absent"},
        {"a date moved by nothing", "born + days(no_number)", "date absent"},
        {"asked with nil", "no_number == nil and no_text == nil and no_date == nil", "boolean true"},
        {"asked with nil, present", "quantity ~= nil and not (name == nil) and nil ~= born", "boolean true"},
        {"asked of json", "tags ~= nil and no_json == nil", "boolean true"},
        {"asked of what is worked out", "(quantity + no_number) == nil and lower(name) ~= nil", "boolean true"},
        {"nil is nil", "nil == nil", "boolean true"},
        {"not", "not no_flag", "boolean absent"},
        {"true and absent", "active and no_flag", "boolean absent"},
        {"absent and true", "no_flag and active", "boolean absent"},
        {"false and absent", "not active and no_flag", "boolean false"},
        {"absent and false", "no_flag and not active", "boolean false"},
        {"absent and absent", "no_flag and no_flag", "boolean absent"},
        {"true or absent", "active or no_flag", "boolean true"},
        {"absent or true", "no_flag or active", "boolean true"},
        {"false or absent", "not active or no_flag", "boolean absent"},
        {"absent or false", "no_flag or not active", "boolean absent"},
        {"absent or absent", "no_flag or no_flag", "boolean absent"},
        {"true and true", "active and active", "boolean true"},
        {"false or false", "not active or not active", "boolean false"},
        {"a guard", "quantity ~= 7 and 1 / (quantity - 7) > 0", "boolean false"},
        {"the other guard", "quantity == 7 or 1 / (quantity - 7) > 0", "boolean true"},
        {"no guard where the left side does not settle it", "no_flag and 1 / (quantity - 7) > 0",
         "fault: division by zero at 15 of \"no_flag and 1 / (quantity - 7) > 0\""},
        {"the first that is present", "coalesce(no_number, no_number, quantity, 1)", "integer 7"},
        {"all are absent", "coalesce(no_number, no_number)", "integer absent"},
        {"what comes behind it is not worked out", "coalesce(quantity, 1 // (quantity - 7))", "integer 7"},
        {"integers and decimals", "coalesce(no_decimal, quantity)", "decimal 7.0000"},
        {"texts that are made", "coalesce(lower(no_text), upper(name)) .. coalesce(lower(name), upper(no_text))",
         "text 'ADA LOVELACEada lovelace'"},
        {"a choice", "choose(quantity > 5, 'many', 'few')", "text 'many'"},
        {"the other", "choose(quantity > 50, 'many', 'few')", "text 'few'"},
        {"an absent condition", "choose(no_number > 5, 'many', 'few')", "text absent"},
        {"only one of the two is worked out", "choose(quantity ~= 7, 1 // (quantity - 7), 0)", "integer 0"},
        {"nil as a choice", "choose(quantity > 50, price, nil)", "decimal absent"},
        {"nil as the other", "choose(quantity > 50, nil, price)", "decimal 19.90"},
        {"integers and decimals to choose from", "choose(active, quantity, price)", "decimal 7.00"},
        {"choices in choices", "choose(active, choose(no_flag == nil, choose(not active, 1, 2), 3), 4)", "integer 2"},
    };
    RUN_FORMULAS(scenarios);
}

static void scratch_takes_texts_at_its_end(void **state) {
    (void)state;
    struct definition *d = formula_table();
    flexdb_value values[FORMULA_COLUMNS], out;
    struct buffer scratch = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct formula *f = NULL;
    struct formula_fault fault;
    static const char expression[] = "choose(contains(lower(name), 'ada'), upper(name) .. '!', '')";
    formula_record(values);
    buffer_puts(&scratch, "kept");
    assert_true(formula_compile(&f, d, expression, sizeof expression - 1, "", &err));
    assert_true(formula_evaluate(f, values, &scratch, &out, &fault));
    assert_int_equal(scratch.length, 4 + 13); /* what the condition made is gone */
    assert_memory_equal(scratch.data, "keptADA LOVELACE!", 17);
    assert_ptr_equal(out.as.text, scratch.data + 4);
    formula_free(f);
    definition_free(d);
    buffer_free(&scratch);
}

/* A definition's author could otherwise make a record take gigabytes. */
static void texts_are_bounded(void **state) {
    (void)state;
    struct definition *d = formula_table();
    flexdb_value values[FORMULA_COLUMNS];
    const size_t length = 3 * 1024 * 1024;
    char *large = malloc(length);
    assert_non_null(large);
    memset(large, 'x', length);
    formula_record(values);
    values[COLUMN_NOTES] = value_text(large, length);
    static const struct formula_scenario scenarios[] = {
        {"six", "len(notes .. notes)", "integer 6291456"},
        {"nine", "len(notes .. notes .. notes)",
         "fault: the texts of the expression are longer than 8 MiB at 20 of \"len(notes .. notes .. notes)\""},
        {"one after the other", "len(lower(notes)) + len(lower(notes)) + len(notes .. notes) + len(trim(upper(notes)))",
         "integer 15728640"},
        {"beside each other", "max(lower(notes), lower(notes) .. '', upper(notes), lower(notes)) == notes",
         "boolean true"},
        {"one in the place of another", "len(min(lower(notes), upper(notes), lower(notes), trim(lower(notes))))",
         "integer 3145728"},
        {"compared with what is absent",
         "coalesce(lower(notes) == no_text, lower(notes) == no_text, lower(notes) == no_text, len(lower(notes)) > 0)",
         "boolean true"},
        {"asked whether they are there", "lower(notes) == nil or lower(notes) == nil or lower(notes) ~= nil",
         "boolean true"},
        {"found and not found",
         "contains(lower(notes), 'y') or starts_with(lower(notes), lower('Y')) or "
         "matches(lower(notes), '^y') or matches(lower(notes), '^y') or ends_with(lower(notes), 'x')",
         "boolean true"},
        {"read as a date", "coalesce(no_date, date(trim(lower(notes) .. '')))",
         "fault: must be a date (YYYY-MM-DD), got "
         "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxxxxxxxxxxxxxxxxxxxxx…\" at 19 of \"coalesce(no_date, date(trim(lower(notes) .. '')))\""},
        {"inside each other", "min(lower(notes), min(lower(notes), lower(notes)))",
         "fault: the texts of the expression are longer than 8 MiB at 37 of \"min(lower(notes), min(lower(notes), "
         "lower(notes)))\""},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const char *expression = scenarios[i].expression;
        char *answer = formula_answer(d, expression, strlen(expression), values);
        assert_string_equal(answer, scenarios[i].answer);
        free(answer);
    }
    free(large);
    definition_free(d);
}

/* What no codec leaves behind: an error of the core, no crash. */
static void values_must_be_normalized(void **state) {
    (void)state;
    struct definition *d = formula_table();
    static const struct {
        const char *expression;
        flexdb_value value;
    } scenarios[] = {
        {"quantity", {.tag = FLEXDB_TEXT, .length = 1, .as.text = "7"}},
        {"active", {.tag = FLEXDB_INTEGER, .as.integer = 1}},
        {"price", {.tag = FLEXDB_INTEGER, .as.integer = 1}},
        {"price", {.tag = FLEXDB_TEXT, .length = 1, .as.text = "x"}},
        {"name", {.tag = FLEXDB_BOOLEAN}},
        {"born", {.tag = FLEXDB_TEXT, .length = 4, .as.text = "2024"}},
        {"seen", {.tag = FLEXDB_TEXT, .length = 10, .as.text = "2024-05-01"}},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        flexdb_value values[FORMULA_COLUMNS];
        char wanted[96];
        for (size_t n = 0; n < FORMULA_COLUMNS; n++) values[n] = scenarios[i].value;
        snprintf(wanted, sizeof wanted, "internal: here: a value is not normalized at 1 of \"%s\"",
                 scenarios[i].expression);
        char *answer = formula_answer(d, scenarios[i].expression, strlen(scenarios[i].expression), values);
        assert_string_equal(answer, wanted);
        free(answer);
    }
    definition_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals),
        cmocka_unit_test(columns),
        cmocka_unit_test(integers),
        cmocka_unit_test(decimals),
        cmocka_unit_test(dates),
        cmocka_unit_test(texts),
        cmocka_unit_test(functions_of_numbers),
        cmocka_unit_test(absent_values),
        cmocka_unit_test(scratch_takes_texts_at_its_end),
        cmocka_unit_test(texts_are_bounded),
        cmocka_unit_test(values_must_be_normalized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
