/* docs/expressions.md against the code: every example gives what the page says, every function stands there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "formulas.h"

/* Tests run at the top of the project. */
static char *read_text(const char *path) {
    struct buffer out = BUFFER_INIT;
    char part[4096];
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("%s cannot be read", path);
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;) buffer_append(&out, part, n);
    fclose(file);
    char *text = buffer_take(&out);
    assert_non_null(text);
    return text;
}

/* The next text between backquotes that the row goes on with after `before`; NULL when it goes on otherwise. */
static char *cell(char **row, const char *before) {
    size_t length = strlen(before);
    if (strncmp(*row, before, length) != 0) return NULL;
    char *text = *row + length, *end = strchr(text, '`');
    if (end == NULL) return NULL;
    *end = '\0';
    *row = end + 1;
    return text;
}

/* The answer without its first word, the type or the rule. */
static const char *told(const char *answer) { return strchr(answer, ' ') == NULL ? answer : strchr(answer, ' ') + 1; }

static void every_example_gives_what_the_page_says(void **state) {
    (void)state;
    struct definition *d = formula_table();
    flexdb_value values[FORMULA_COLUMNS];
    char *page = read_text("docs/expressions.md"), *next;
    size_t examples = 0;
    bool inside = false;
    formula_record(values);
    for (char *row = page; row != NULL; row = next) {
        next = strchr(row, '\n');
        if (next != NULL) *next++ = '\0';
        if (strcmp(row, "| expression | gives |") == 0) inside = true;
        if (*row != '|') inside = false;
        char *expression = inside ? cell(&row, "| `") : NULL;
        if (expression == NULL) continue;
        char *says = cell(&row, " | `"), *answer = formula_answer(d, expression, strlen(expression), values);
        const char *gives = told(answer);
        /* the page shows the first of several issues */
        if (says == NULL || strncmp(gives, says, strlen(says)) != 0 || strchr("\n", gives[strlen(says)]) == NULL) {
            fail_msg("%s: %s", expression, gives);
        }
        examples++;
        free(answer);
    }
    if (examples < 44) fail_msg("%zu examples are found", examples);
    free(page);
    definition_free(d);
}

static void every_function_stands_on_the_page(void **state) {
    (void)state;
    static const char *const rows[] = {"\n    PLAIN(\"", "\n    SPECIAL(\"", "\n    {\""};
    char *page = read_text("docs/expressions.md"), *source = read_text("src/model/formula/functions.c");
    char *table = strstr(source, "static const struct function functions[]");
    size_t count = 0;
    assert_non_null(table);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (char *at = table; (at = strstr(at, rows[i])) != NULL; count++) {
            char wanted[32];
            at += strlen(rows[i]);
            snprintf(wanted, sizeof wanted, "`%.*s(", (int)strcspn(at, "\""), at);
            if (strstr(page, wanted) == NULL) fail_msg("%s", wanted);
        }
    }
    if (count != 27) fail_msg("%zu functions are found", count);
    free(page);
    free(source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_gives_what_the_page_says),
        cmocka_unit_test(every_function_stands_on_the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
