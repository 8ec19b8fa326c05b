/* Random expressions give what a walk over their trees gives, in any spelling and under any names; random bytes are
 * refused or compiled, and never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "documents.h"
#include "formula_reference.h"
#include "formulas.h"

static struct definition *d;
static flexdb_value values[FORMULA_COLUMNS];

static int set_up(void **state) {
    (void)state;
    d = formula_table();
    formula_record(values);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    definition_free(d);
    return 0;
}

/* What compiling and evaluating must answer: a value, or the beginning of an issue. */
static char *expected(struct arena *a, const struct node *n) {
    static const char *const faults[] = {"",
#define X(constant, message) message,
                                         FORMULA_FAULTS(X)
#undef X
    };
    struct buffer out = BUFFER_INIT;
    struct result r = reference_evaluate(a, n, values);
    if (reference_is_refused(a, n))
        buffer_puts(&out, "value: ");
    else if (r.outcome == OUTCOME_FAULT)
        buffer_printf(&out, "fault: %s at ", faults[r.fault]);
    else
        reference_show(n, &r, &out);
    char *text = buffer_take(&out);
    assert_non_null(text);
    return text;
}

static bool agrees(const char *answer, const char *want) {
    bool issue = strncmp(want, "value: ", 7) == 0 || strncmp(want, "fault: ", 7) == 0;
    return issue ? strncmp(answer, want, strlen(want)) == 0 : strcmp(answer, want) == 0;
}

static void random_expressions_give_what_their_trees_give(void **state) {
    (void)state;
    struct property p = property_begin("formula");
    long answered = 0, faults = 0, refused = 0;
    for (int i = 0; i < 2000; i++) {
        struct arena a = ARENA_INIT;
        struct buffer text = BUFFER_INIT;
        const struct node *n = reference_grow(&p, &a, 4);
        reference_print(&p, n, &text);
        if (text.length <= FORMULA_MAX_LENGTH) {
            char *want = expected(&a, n), *answer = formula_answer(d, text.data, text.length, values);
            if (!agrees(answer, want)) fail_msg("%s\n  got:      %s\n  expected: %s", buffer_text(&text), answer, want);
            faults += strncmp(answer, "fault: ", 7) == 0;
            refused += strncmp(answer, "value: ", 7) == 0;
            answered++;
            free(want);
            free(answer);
        }
        buffer_free(&text);
        arena_free(&a);
    }
    printf("%ld answered, %ld faults, %ld refused\n", answered, faults, refused);
    assert_true(answered > 1500 && faults > 10 && refused > 10 && faults + refused < answered / 2);
}

/* ---- spellings ---- */

static char *print(const struct definition *of, enum formula_names names, const char *text) {
    struct buffer out = BUFFER_INIT;
    if (!formula_print(of, names, text, strlen(text), &out)) fail_msg("%s", text);
    char *printed = buffer_take(&out);
    assert_non_null(printed);
    return printed;
}

/* A random expression that compiles, to be freed. */
static char *random_text(struct property *p) {
    for (;;) {
        struct arena a = ARENA_INIT;
        struct buffer text = BUFFER_INIT;
        const struct node *n = reference_grow(p, &a, 3);
        reference_print(p, n, &text);
        bool good = text.length <= FORMULA_MAX_LENGTH / 2 && !reference_is_refused(&a, n);
        arena_free(&a);
        if (good) return buffer_take(&text);
        buffer_free(&text);
    }
}

/* The answer without what a fault says of its place and text, which the spelling changes. */
static char *plain_answer(const struct definition *of, const char *text) {
    char *answer = formula_answer(of, text, strlen(text), values), *place = strstr(answer, " at ");
    if (strncmp(answer, "fault: ", 7) == 0 && place != NULL) *place = '\0';
    return answer;
}

static void printing_changes_the_spelling_alone(void **state) {
    (void)state;
    struct property p = property_begin("formula_print");
    for (int i = 0; i < 500; i++) {
        char *text = random_text(&p), *printed = print(d, FORMULA_NAMES, text);
        char *again = print(d, FORMULA_NAMES, printed), *keys = print(d, FORMULA_KEYS, text);
        char *keys_of_printed = print(d, FORMULA_KEYS, printed);
        char *answer = plain_answer(d, text), *answer_of_printed = plain_answer(d, printed);
        assert_string_equal(again, printed);
        assert_string_equal(keys_of_printed, keys);
        assert_string_equal(answer_of_printed, answer);
        free(text), free(printed), free(again), free(keys), free(keys_of_printed), free(answer);
        free(answer_of_printed);
    }
}

/* The columns of formula_table, their names turned round in a circle; keys stay. */
static struct definition *renamed_table(void) {
    struct buffer text = BUFFER_INIT;
    cJSON *tree = definition_document(d, PRINT_STORED), *columns = cJSON_GetObjectItem(tree, "columns");
    for (size_t i = 0; i < FORMULA_COLUMNS; i++) {
        cJSON *column = cJSON_GetArrayItem(columns, (int)i);
        const char *name = d->columns[(i + 1) % FORMULA_COLUMNS].name;
        cJSON_ReplaceItemInObject(column, "name", cJSON_CreateString(name));
    }
    char *json = show_json(tree);
    struct definition *renamed = definition_of(json, DEFINITION_STORED);
    free(json);
    cJSON_Delete(tree);
    buffer_free(&text);
    return renamed;
}

static char *rename_one(const char *text, const char *from, const char *to) {
    struct buffer out = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    if (!formula_rename(text, strlen(text), from, to, &out, "", &err)) fail_msg("%s", err.issues[0].message);
    char *renamed = buffer_take(&out);
    assert_non_null(renamed);
    return renamed;
}

/* Each column gets the next one's name, by way of a name that nobody has. */
static char *rename_all(const char *text) {
    char *renamed = rename_one(text, d->columns[FORMULA_COLUMNS - 1].name, "aside");
    for (size_t i = FORMULA_COLUMNS - 1; i-- > 0;) {
        char *next = rename_one(renamed, d->columns[i].name, d->columns[i + 1].name);
        free(renamed);
        renamed = next;
    }
    char *last = rename_one(renamed, "aside", d->columns[0].name);
    free(renamed);
    return last;
}

static void expressions_survive_renames(void **state) {
    (void)state;
    struct property p = property_begin("formula_rename");
    struct definition *other = renamed_table();
    for (int i = 0; i < 300; i++) {
        char *text = random_text(&p), *renamed = rename_all(text);
        char *keys = print(d, FORMULA_KEYS, text), *keys_of_renamed = print(other, FORMULA_KEYS, renamed);
        char *answer = plain_answer(d, text), *answer_of_renamed = plain_answer(other, renamed);
        assert_string_equal(keys_of_renamed, keys);
        assert_string_equal(answer_of_renamed, answer);
        for (size_t c = 0; c < FORMULA_COLUMNS; c++) {
            const char *name = d->columns[c].name, *next = d->columns[(c + 1) % FORMULA_COLUMNS].name;
            assert_int_equal(formula_reads(text, strlen(text), name), formula_reads(renamed, strlen(renamed), next));
        }
        free(text), free(renamed), free(keys), free(keys_of_renamed), free(answer), free(answer_of_renamed);
    }
    definition_free(other);
}

/* ---- bytes ---- */

/* In a block of its own size, so that reading behind it is seen. */
static void try(const char *bytes, size_t length) {
    char *text = malloc(length == 0 ? 1 : length);
    struct buffer out = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_non_null(text);
    memcpy(text, bytes, length);
    free(formula_answer(d, text, length, values));
    formula_reads(text, length, "name");
    if (formula_rename(text, length, "name", "title", &out, "", &err)) assert_true(out.length >= length);
    formula_print(d, FORMULA_KEYS, text, length, &out);
    buffer_free(&out);
    error_clear(&err);
    free(text);
}

static void random_bytes_do_no_harm(void **state) {
    (void)state;
    struct property p = property_begin("formula_bytes");
    for (int i = 0; i < 6000; i++) {
        char bytes[64];
        size_t length = property_below(&p, sizeof bytes);
        for (size_t n = 0; n < length; n++) bytes[n] = (char)property_next(&p);
        try(bytes, length);
    }
}

static void random_tokens_do_no_harm(void **state) {
    (void)state;
    static const char *const tokens[] = {"(",
                                         ")",
                                         "(",
                                         ")",
                                         ",",
                                         "+",
                                         "-",
                                         "*",
                                         "/",
                                         "//",
                                         "%",
                                         "..",
                                         "==",
                                         "~=",
                                         "<",
                                         ">=",
                                         "and",
                                         "or",
                                         "not",
                                         "nil",
                                         "true",
                                         "1",
                                         "0",
                                         "1.5",
                                         "9223372036854775807",
                                         "'a'",
                                         "\"\\",
                                         "'\\x",
                                         "name",
                                         "price",
                                         "quantity",
                                         "born",
                                         "seen",
                                         "tags",
                                         "no_number",
                                         "no_text",
                                         "len(",
                                         "round(",
                                         "min(",
                                         "max(",
                                         "coalesce(",
                                         "choose(",
                                         "date(",
                                         "days(",
                                         "matches(",
                                         "lower(",
                                         "trim(",
                                         "'('",
                                         "0x",
                                         "1e9",
                                         "\xc3\xa9",
                                         "\xff",
                                         "x",
                                         "days(1)",
                                         "hours(1)",
                                         "choose(active,",
                                         "coalesce(no_text,",
                                         "now("};
    struct property p = property_begin("formula_tokens");
    for (int i = 0; i < 6000; i++) {
        struct buffer text = BUFFER_INIT;
        for (size_t n = property_below(&p, 24); n > 0; n--) {
            buffer_puts(&text, tokens[property_below(&p, sizeof tokens / sizeof *tokens)]);
            if (property_below(&p, 3) != 0) buffer_put(&text, ' ');
        }
        try(text.data == NULL ? "" : text.data, text.length);
        buffer_free(&text);
    }
}

/* One byte of what was good is another, is gone, or the text ends there. */
static void damaged_expressions_do_no_harm(void **state) {
    (void)state;
    struct property p = property_begin("formula_damage");
    for (int i = 0; i < 2000; i++) {
        char *text = random_text(&p);
        size_t length = strlen(text), at = property_below(&p, length);
        switch (property_below(&p, 3)) {
        case 0: text[at] = (char)property_next(&p); break;
        case 1: memmove(text + at, text + at + 1, --length - at); break;
        default: length = at;
        }
        try(text, length);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_expressions_give_what_their_trees_give),
        cmocka_unit_test(printing_changes_the_spelling_alone),
        cmocka_unit_test(expressions_survive_renames),
        cmocka_unit_test(random_bytes_do_no_harm),
        cmocka_unit_test(random_tokens_do_no_harm),
        cmocka_unit_test(damaged_expressions_do_no_harm),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
