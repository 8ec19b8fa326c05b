#include "formulas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "documents.h"

struct definition *formula_table(void) {
    return definition_of("{'columns':["
                         "{'name':'quantity','dataType':'integer'},"
                         "{'name':'price','dataType':'decimal','validation':{'precision':12,'scale':2}},"
                         "{'name':'rate','dataType':'decimal','validation':{'precision':38,'scale':30}},"
                         "{'name':'active','dataType':'boolean'},"
                         "{'name':'name','dataType':'string'},"
                         "{'name':'notes','dataType':'text'},"
                         "{'name':'born','dataType':'date'},"
                         "{'name':'seen','dataType':'datetime'},"
                         "{'name':'tags','dataType':'json'},"
                         "{'name':'company','dataType':'reference','validation':{'targetTable':'companies'}},"
                         "{'name':'no_number','dataType':'integer'},"
                         "{'name':'no_decimal','dataType':'decimal'},"
                         "{'name':'no_flag','dataType':'boolean'},"
                         "{'name':'no_text','dataType':'string'},"
                         "{'name':'no_date','dataType':'date'},"
                         "{'name':'no_time','dataType':'datetime'},"
                         "{'name':'no_json','dataType':'json'},"
                         "{'name':'end','dataType':'integer'}]}",
                         DEFINITION_GIVEN);
}

static flexdb_value text(const char *words) { return value_text(words, strlen(words)); }

void formula_record(flexdb_value values[FORMULA_COLUMNS]) {
    memset(values, 0, FORMULA_COLUMNS * sizeof *values);
    values[COLUMN_QUANTITY] = value_integer(7);
    values[COLUMN_PRICE] = text("19.90");
    values[COLUMN_RATE] = text("0.190000000000000000000000000000");
    values[COLUMN_ACTIVE] = value_boolean(true);
    values[COLUMN_NAME] = text("Ada Lovelace");
    values[COLUMN_NOTES] = text("  a caf\xc3\xa9\n ");
    values[COLUMN_BORN] = text("1815-12-10");
    values[COLUMN_SEEN] = text("2024-05-01T10:00:00.250000Z");
    values[COLUMN_TAGS] = (flexdb_value){.tag = FLEXDB_JSON, .length = 3, .as.text = "[1]"};
    values[COLUMN_COMPANY] = text("c-1");
    values[COLUMN_NO_DATE] = value_null(); /* null and absent are the same here */
    values[COLUMN_END] = value_integer(3);
}

static void show_value(const struct formula *f, const flexdb_value *value, struct buffer *out) {
    buffer_puts(out, formula_type_name(formula_type(f)));
    switch (value->tag) {
    case FLEXDB_ABSENT: buffer_puts(out, " absent"); break;
    case FLEXDB_BOOLEAN: buffer_puts(out, value->as.boolean ? " true" : " false"); break;
    case FLEXDB_INTEGER: buffer_printf(out, " %lld", (long long)value->as.integer); break;
    default: {
        const char *quote = formula_type(f) == FORMULA_TEXT ? "'" : "";
        buffer_printf(out, " %s%.*s%s", quote, (int)value->length, value->as.text, quote);
    }
    }
}

char *formula_answer(const struct definition *d, const char *words, size_t length, const flexdb_value *values) {
    struct buffer out = BUFFER_INIT, scratch = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct formula *f = NULL;
    struct formula_fault fault;
    flexdb_value value;
    if (!formula_compile(&f, d, words, length, "here", &err)) {
        assert_null(f);
        assert_true(err.issue_count > 0);
    } else if (formula_evaluate(f, values, &scratch, &value, &fault)) {
        show_value(f, &value, &out);
    } else {
        assert_int_equal(scratch.length, 0);
        formula_issue(f, &fault, "here", "fault", &err);
    }
    for (size_t i = 0; i < err.issue_count; i++) {
        assert_string_equal(err.issues[i].path, "here");
        buffer_printf(&out, "%s%s: %s", i == 0 ? "" : "\n", err.issues[i].rule, err.issues[i].message);
    }
    if (err.code != FLEXDB_OK) buffer_printf(&out, "%s: %s", error_code_name(err.code), err.message);
    formula_free(f);
    buffer_free(&scratch);
    error_clear(&err);
    char *answer = buffer_take(&out);
    assert_non_null(answer);
    return answer;
}

void formula_scenarios(const struct formula_scenario *scenarios, size_t count) {
    struct definition *d = formula_table();
    flexdb_value values[FORMULA_COLUMNS];
    size_t wrong = 0;
    formula_record(values);
    for (size_t i = 0; i < count; i++) {
        const struct formula_scenario *s = &scenarios[i];
        char *answer = formula_answer(d, s->expression, strlen(s->expression), values);
        if (strcmp(answer, s->answer) != 0) {
            print_error("%s: %s\n  got:      %s\n  expected: %s\n", s->sentence, s->expression, answer, s->answer);
            wrong++;
        }
        free(answer);
    }
    definition_free(d);
    if (wrong != 0) fail_msg("%zu of %zu scenarios", wrong, count);
}
