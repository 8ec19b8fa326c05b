/* Expressions as texts: renaming, one spelling, and the order in which computed columns depend on each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "documents.h"
#include "formulas.h"

/* ---- renaming ---- */

static void a_rename_touches_the_column_alone(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text, *from, *to, *result;
    } scenarios[] = {
        {"each mention", "age>1 and age < 9", "age", "years", "years>1 and years < 9"},
        {"blanks stay as they were", " age\n  +\t1 ", "age", "a", " a\n  +\t1 "},
        {"not a longer name", "age + age_2 + page", "age", "a", "a + age_2 + page"},
        {"not a string", "name == 'name' or name == \"name\"", "name", "n", "n == 'name' or n == \"name\""},
        {"not a string with a hidden quote", "'\\'name' .. name", "name", "n", "'\\'name' .. n"},
        {"not a function", "min(min, 2) + min (min, 1)", "min", "low", "min(low, 2) + min (low, 1)"},
        {"not an exponent", "e + 1e3", "e", "f", "f + 1e3"},
        {"a keyword of Lua as a name", "end - begin", "begin", "function", "end - function"},
        {"nothing to rename", "quantity", "name", "not", "quantity"},
        {"nothing at all", "", "name", "n", ""},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct buffer out = BUFFER_INIT;
        flexdb_error err = FLEXDB_ERROR_INIT;
        const char *text = scenarios[i].text;
        bool good = formula_rename(text, strlen(text), scenarios[i].from, scenarios[i].to, &out, "", &err);
        if (!good || strcmp(buffer_text(&out), scenarios[i].result) != 0) {
            fail_msg("%s: %s", scenarios[i].sentence, good ? buffer_text(&out) : err.issues[0].message);
        }
        buffer_free(&out);
    }
}

static char *rename_issue(const char *text, const char *from, const char *to) {
    struct buffer out = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_false(formula_rename(text, strlen(text), from, to, &out, "checks[0].expression", &err));
    error_close_issues(&err, FLEXDB_INVALID_SCHEMA);
    char *answer = show_error(&err);
    error_clear(&err);
    buffer_free(&out);
    return answer;
}

static void names_that_an_expression_cannot_say_are_refused(void **state) {
    (void)state;
    assert_text(rename_issue("age > 1", "age", "not"),
                "invalid_schema\nchecks[0].expression (name): reads the column, which therefore cannot be called 'not' "
                "there");
    assert_text(rename_issue("age > 1", "age", "First Name"),
                "invalid_schema\nchecks[0].expression (name): reads the column, which therefore cannot be called "
                "'First Name' there");
    char text[FORMULA_MAX_LENGTH + 1];
    memset(text, ' ', FORMULA_MAX_LENGTH);
    memcpy(text, "a", 1);
    text[FORMULA_MAX_LENGTH] = '\0';
    assert_text(rename_issue(text, "a", "bc"), "invalid_schema\nchecks[0].expression (limit): with the new name the "
                                               "expression has 4097 bytes, 4096 are allowed");
}

static void what_an_expression_names(void **state) {
    (void)state;
    static const struct {
        const char *text, *name;
        bool reads;
    } scenarios[] = {
        {"age + 1", "age", true},  {"1 + age", "age", true}, {"page + 1", "age", false},
        {"'age'", "age", false},   {"len(x)", "len", false}, {"len(len)", "len", true},
        {"not (a)", "not", false}, {"", "age", false},       {"1 @ age", "age", false},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const char *text = scenarios[i].text;
        if (formula_reads(text, strlen(text), scenarios[i].name) != scenarios[i].reads) fail_msg("%s", text);
    }
}

/* ---- one spelling ---- */

static void one_spelling(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text, *names, *keys;
    } scenarios[] = {
        {"blanks", "quantity+1  <\n2", "quantity + 1 < 2", "`quantity` + 1 < 2"},
        {"calls", "max ( quantity,1 ,  len( name ) )", "max(quantity, 1, len(name))",
         "max(`quantity`, 1, len(`name`))"},
        {"signs", "- quantity - -1 - (- - 2)", "-quantity - -1 - (- -2)", "-`quantity` - -1 - (- -2)"},
        {"integers", "0x10 + 007 - 00", "16 + 7 - 0", "16 + 7 - 0"},
        {"the least integer", "-  9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
        {"decimals keep their digits", "1.50 + .5 + 25e-1 + 5. + 1e3", "1.50 + 0.5 + 2.5 + 5e0 + 1000e0",
         "1.50 + 0.5 + 2.5 + 5e0 + 1000e0"},
        {"quotes and escapes", "'a\"b' .. \"\\65\\n\\\\\" .. ''", "\"a\\\"b\" .. \"A\\x0a\\\\\" .. \"\"",
         "\"a\\\"b\" .. \"A\\x0a\\\\\" .. \"\""},
        {"parentheses stay", "((quantity)) == (1)", "((quantity)) == (1)", "((`quantity`)) == (1)"},
        {"words", "not(active)and not active or nil==name", "not (active) and not active or nil == name",
         "not (`active`) and not `active` or nil == `name`"},
        {"a word is not a function", "active and(active)", "active and (active)", "`active` and (`active`)"},
    };
    struct definition *d = formula_table();
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct buffer names = BUFFER_INIT, keys = BUFFER_INIT;
        const char *text = scenarios[i].text;
        assert_true(formula_print(d, FORMULA_NAMES, text, strlen(text), &names));
        assert_true(formula_print(d, FORMULA_KEYS, text, strlen(text), &keys));
        if (strcmp(buffer_text(&names), scenarios[i].names) != 0 || strcmp(buffer_text(&keys), scenarios[i].keys) != 0)
            fail_msg("%s: %s and %s", scenarios[i].sentence, buffer_text(&names), buffer_text(&keys));
        buffer_free(&names);
        buffer_free(&keys);
    }
    struct buffer out = BUFFER_INIT;
    assert_false(formula_print(d, FORMULA_NAMES, "nobody", 6, &out));
    assert_int_equal(out.length, 0);
    definition_free(d);
}

static void keys_tell_expressions_apart(void **state) {
    (void)state;
    struct definition *before = definition_of("{'columns':[{'name':'a','key':'a','dataType':'integer'},"
                                              "{'name':'b','key':'b','dataType':'integer'}]}",
                                              DEFINITION_STORED);
    struct definition *after = definition_of("{'columns':[{'name':'b','key':'a','dataType':'integer'},"
                                             "{'name':'a','key':'b_2','dataType':'integer'}]}",
                                             DEFINITION_STORED);
    struct buffer old = BUFFER_INIT, renamed = BUFFER_INIT, same = BUFFER_INIT;
    assert_true(formula_print(before, FORMULA_KEYS, "a+b", 3, &old));
    assert_true(formula_print(after, FORMULA_KEYS, "b + a", 5, &renamed));
    assert_true(formula_print(after, FORMULA_KEYS, "a+b", 3, &same));
    assert_string_equal(buffer_text(&old), "`a` + `b`");
    assert_string_equal(buffer_text(&renamed), "`a` + `b_2`"); /* b was retyped: not the same expression any more */
    assert_string_equal(buffer_text(&same), "`b_2` + `a`");
    buffer_free(&old);
    buffer_free(&renamed);
    buffer_free(&same);
    definition_free(before);
    definition_free(after);
}

/* ---- the order of computed columns ---- */

enum { COLUMNS = 12 };

/* Columns a, b, c … of which `expressions[i]` (NULL: none) is the i-th one's: the names in order, or the issues. */
static char *order_of(const char *const expressions[COLUMNS]) {
    struct buffer text = BUFFER_INIT, answer = BUFFER_INIT;
    struct formula *formulas[COLUMNS] = {NULL};
    uint32_t order[COLUMNS];
    size_t count = 0;
    flexdb_error err = FLEXDB_ERROR_INIT;
    buffer_puts(&text, "{'columns':[");
    for (int i = 0; i < COLUMNS; i++)
        buffer_printf(&text, "%s{'name':'%c','dataType':'integer'}", i == 0 ? "" : ",", 'a' + i);
    buffer_puts(&text, "]}");
    struct definition *d = definition_of(buffer_text(&text), DEFINITION_GIVEN);
    for (int i = 0; i < COLUMNS; i++) {
        const char *expression = expressions[i];
        if (expression == NULL) continue;
        assert_true(formula_compile(&formulas[i], d, expression, strlen(expression), "", &err));
    }
    if (formula_order(d, (const struct formula *const *)formulas, order, &count, &err)) {
        for (size_t i = 0; i < count; i++) buffer_printf(&answer, "%s", d->columns[order[i]].name);
        buffer_puts(&answer, "");
    } else {
        error_close_issues(&err, FLEXDB_INVALID_SCHEMA);
        char *issues = show_error(&err);
        buffer_puts(&answer, issues);
        free(issues);
    }
    for (int i = 0; i < COLUMNS; i++) formula_free(formulas[i]);
    buffer_free(&text);
    definition_free(d);
    error_clear(&err);
    return buffer_take(&answer);
}

static void computed_columns_come_behind_what_they_read(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *expressions[COLUMNS], *answer;
    } scenarios[] = {
        {"none", {NULL}, ""},
        {"one", {NULL, "a + 1"}, "b"},
        {"independent ones in the order of the columns", {"c", "c", NULL, "c"}, "abd"},
        {"a chain, from its end", {"b", "c", "d", "1"}, "dcba"},
        {"one that many read, once", {"d", "d", "d", "1"}, "dabc"},
        {"a diamond", {"b + c", "d", "d", "e"}, "dbca"},
        {"itself", {"a + 1"}, "invalid_schema\ncolumns[0].validation.computed (circle): a reads itself"},
        {"each other",
         {NULL, "c", "b"},
         "invalid_schema\ncolumns[1].validation.computed (circle): b reads c, which reads b"},
        {"in a circle, reached from outside",
         {"b", "c", "d", "b"},
         "invalid_schema\ncolumns[1].validation.computed (circle): b reads c, which reads d, which reads b"},
        {"two circles",
         {"a", "c", "b", "1"},
         "invalid_schema\ncolumns[0].validation.computed (circle): a reads itself\n"
         "columns[1].validation.computed (circle): b reads c, which reads b"},
        {"a long circle",
         {"b", "c", "d", "e", "f", "g", "h", "i", "j", "a"},
         "invalid_schema\ncolumns[0].validation.computed (circle): a reads b, which reads c, which reads d, which "
         "reads "
         "e, which reads f, which reads g, which reads h, which reads 2 more, of which the last reads a"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char *answer = order_of(scenarios[i].expressions);
        const char *got = answer == NULL ? "" : answer;
        if (strcmp(got, scenarios[i].answer) != 0) fail_msg("%s: %s", scenarios[i].sentence, got);
        free(answer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rename_touches_the_column_alone),
        cmocka_unit_test(names_that_an_expression_cannot_say_are_refused),
        cmocka_unit_test(what_an_expression_names),
        cmocka_unit_test(one_spelling),
        cmocka_unit_test(keys_tell_expressions_apart),
        cmocka_unit_test(computed_columns_come_behind_what_they_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
