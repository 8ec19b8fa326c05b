/* Checks and computed columns of a definition: how they are changed and compared, and how long many take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/document.h"
#include "check_documents.h"
#include "model/compatibility.h"
#include "model/plan.h"

static char *apply(const char *from, const char *changes, struct definition **after) {
    struct definition *d = definition_of(from, DEFINITION_STORED);
    struct key_registry keys = {.keys = read_json("{'a':'integer','b':'integer','c':'integer'}")};
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *tree = NULL, *list = read_json(changes);
    if (changes_apply(&tree, d, list, &keys, true, &err) == 0) {
        assert_int_equal(definition_parse(after, tree, DEFINITION_STORED, &err), 0);
    }
    char *answer = show_error(&err);
    error_clear(&err);
    key_registry_free(&keys);
    cJSON_Delete(list);
    definition_free(d);
    return answer;
}

/* "c:key=expression …; check: expression …" */
static char *show_expressions(const struct definition *d) {
    struct buffer out = BUFFER_INIT;
    for (size_t i = 0; i < d->count; i++) {
        const struct column *c = &d->columns[i];
        if (c->computed != NULL) buffer_printf(&out, "%s:%s=%s ", c->name, c->key, c->computed);
    }
    for (size_t i = 0; i < d->check_count; i++)
        buffer_printf(&out, "; %s: %s", d->checks[i].name, d->checks[i].expression);
    return buffer_take(&out);
}

static void changes_expressions(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"nothing", "[]", "c:c=a + b ; order: a < b; small: c < 100"},
        {"a rename is written everywhere", "[{'op':'rename_column','name':'a','to':'amount'}]",
         "c:c=amount + b ; order: amount < b; small: c < 100"},
        {"a rename of the computed column itself", "[{'op':'rename_column','name':'c','to':'sum'}]",
         "sum:c=a + b ; order: a < b; small: sum < 100"},
        {"a swap through a third name",
         "[{'op':'rename_column','name':'a','to':'x'},{'op':'rename_column','name':'b','to':'a'},"
         "{'op':'rename_column','name':'x','to':'b'}]",
         "c:c=b + a ; order: b < a; small: c < 100"},
        {"another expression", "[{'op':'modify_column','name':'c','set':{'validation':{'computed':'a * b'}}}]",
         "c:c=a * b ; order: a < b; small: c < 100"},
        {"a column that is computed from now on has another key",
         "[{'op':'modify_column','name':'a','set':{'validation':{'computed':'b * 2'}}}]",
         "a:a_2=b * 2 c:c=a + b ; order: a < b; small: c < 100"},
        {"one that is computed no more too",
         "[{'op':'modify_column','name':'c','set':{'validation':{'computed':null}}}]",
         "; order: a < b; small: c < 100"},
        {"a retype keeps the expression",
         "[{'op':'modify_column','name':'c','set':{'dataType':'decimal','validation':{'scale':0}}}]",
         "c:c_2=a + b ; order: a < b; small: c < 100"},
        {"a computed column is added",
         "[{'op':'add_column','column':{'name':'d','dataType':'integer','validation':{'computed':'c'}}}]",
         "c:c=a + b d:d=c ; order: a < b; small: c < 100"},
        {"other checks", "[{'op':'modify_table','set':{'checks':[" CHECK("one", "a == 1") "]}}]",
         "c:c=a + b ; one: a == 1"},
        {"no checks", "[{'op':'modify_table','set':{'checks':null}}]", "c:c=a + b "},
        {"no checks, as Lua's empty table", "[{'op':'modify_table','set':{'checks':{}}}]", "c:c=a + b "},
        {"a column is removed with all that read it, in any order",
         "[{'op':'remove_column','name':'a'},{'op':'remove_column','name':'c'},"
         "{'op':'modify_table','set':{'checks':[]}}]",
         ""},
        {"or that is said anew",
         "[{'op':'remove_column','name':'a'},{'op':'modify_column','name':'c','set':{'validation':{'computed':'b'}}},"
         "{'op':'modify_table','set':{'checks':[" CHECK("order", "b < 7") "]}}]",
         "c:c=b ; order: b < 7"},
        {"the stored face",
         "[{'type':'modify_table','column':null,'details':{'before':{},'after':{'checks':[" CHECK(
             "x",
             "true") "]}}},"
                     "{'type':'modify_column','column':'c','details':{'before':{'validation':{'computed':'a + b'}},"
                     "'after':{'validation':{'computed':'b'}}}}]",
         "c:c=b ; x: true"},
        {"the stored face of what is gone",
         "[{'type':'modify_table','column':null,'details':{'before':{'checks':[1]},'after':{}}},"
         "{'type':'modify_column','column':'c','details':{'before':{'validation':{'computed':'a + b'}},"
         "'after':{}}}]",
         ""},
    };
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        struct definition *after = NULL;
        char *answer = apply(BASE, scenarios[i].document, &after);
        if (strcmp(answer, "ok") != 0) fail_msg("%s: %s", scenarios[i].sentence, answer);
        free(answer);
        answer = show_expressions(after);
        if (strcmp(answer != NULL ? answer : "", scenarios[i].answer) != 0)
            fail_msg("%s: %s", scenarios[i].sentence, answer);
        free(answer);
        definition_free(after);
    }
}

static void refuses_changes_that_leave_expressions_behind(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"a removed column that is read", "[{'op':'remove_column','name':'a'}]",
         BAD "changes[0].name (expression): the check 'order' reads 'a'\n"
             "changes[0].name (expression): the computed column 'c' reads 'a'"},
        {"each removal is told, at its place",
         "[{'op':'modify_table','set':{'displayName':'T'}},{'op':'remove_column','name':'a'},"
         "{'op':'remove_column','name':'c'}]",
         BAD "changes[1].name (expression): the check 'order' reads 'a'\n"
             "changes[2].name (expression): the check 'small' reads 'c'"},
        {"the name means another column by then",
         "[{'op':'remove_column','name':'a'},{'op':'rename_column','name':'b','to':'a'},"
         "{'op':'remove_column','name':'c'}]",
         BAD "changes[0].name (expression): the check 'order' reads 'a'\n"
             "changes[2].name (expression): the check 'small' reads 'c'"},
        {"a word of the language", "[{'op':'rename_column','name':'b','to':'not'}]",
         BAD "changes[0].to (name): the check 'order' reads the column, which therefore cannot be called 'not' there\n"
             "changes[0].to (name): the computed column 'c' reads the column, which therefore cannot be called 'not' "
             "there"},
        {"checks that are none", "[{'op':'modify_table','set':{'checks':[{'name':'X','expression':5}]}}]",
         BAD "changes[0].set.checks[0].expression (type): must be a string, got 5\n"
             "changes[0].set.checks[0].name (name): the name 'X' must begin with a lower-case letter and go on with "
             "lower-case letters, digits and _"},
        {"a default for a computed column", "[{'op':'modify_column','name':'c','set':{'defaultValue':1}}]",
         BAD "changes[0].set.validation.computed (computed): a computed column cannot have a defaultValue"},
        {"a type that cannot be computed", "[{'op':'modify_column','name':'c','set':{'dataType':'json'}}]",
         BAD "changes[0].set.validation.computed (computed): a json column cannot be computed"},
        {"formats for what is computed", "[{'op':'modify_column','name':'c','set':{'dataType':'text'},'parse':'%Y'}]",
         BAD "changes[0].parse (parse): says how a retype reads dates, but the column is computed"},
    };
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        struct definition *after = NULL;
        char *answer = apply(BASE, scenarios[i].document, &after);
        must_answer(scenarios[i].sentence, answer, scenarios[i].answer);
        definition_free(after);
    }
}

/* ---- diff ---- */

/* Columns a to f of random keys, some computed of earlier ones, and checks. */
static cJSON *random_table(struct property *p) {
    static const char *const names[] = {"a", "b", "d", "e", "f", "g"};
    static const char *const shapes[] = {"%s + %s", "%s * 2 + %s", "coalesce(%s, %s)"};
    static const char *const tests[] = {"%s < %s", "%s ~= 1 and %s > 0"};
    struct buffer text = BUFFER_INIT;
    const char *used[COUNT(names)];
    char expression[64];
    size_t count = 0;
    buffer_puts(&text, "{'columns':[");
    for (size_t i = 0; i < COUNT(names); i++) {
        if (property_below(p, 5) == 0) continue;
        bool computed = count > 0 && property_below(p, 2) == 0;
        buffer_printf(&text, "%s{'name':'%s','key':'%s%s','dataType':'integer'", count == 0 ? "" : ",", names[i],
                      names[(i + property_below(p, 2)) % COUNT(names)], property_below(p, 2) == 0 ? "" : "x");
        if (computed) {
            snprintf(expression, sizeof expression, shapes[property_below(p, COUNT(shapes))],
                     used[property_below(p, count)], used[property_below(p, count)]);
            buffer_printf(&text, ",'validation':{'computed':'%s'}", expression);
        }
        buffer_put(&text, '}');
        used[count++] = names[i];
    }
    buffer_puts(&text, "],'checks':[");
    for (size_t i = 0, said = 0; count > 0 && i < 3; i++) {
        if (property_below(p, 2) == 0) continue;
        snprintf(expression, sizeof expression, tests[property_below(p, COUNT(tests))], used[property_below(p, count)],
                 used[property_below(p, count)]);
        buffer_printf(&text, "%s{'name':'k%zu','expression':'%s'}", said++ == 0 ? "" : ",", i, expression);
    }
    buffer_puts(&text, "]}");
    cJSON *tree = read_json(buffer_text(&text));
    buffer_free(&text);
    return tree;
}

/* One whose keys are all different. */
static struct definition *random_definition_of(struct property *p) {
    for (;;) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct definition *d = NULL;
        definition_parse(&d, random_table(p), DEFINITION_STORED, &err);
        bool good = err.issue_count == 0 && err.code == FLEXDB_OK;
        error_clear(&err);
        if (good) return d;
        definition_free(d);
    }
}

static void check_applied(const struct definition *a, const struct definition *b, const cJSON *changes) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct key_registry keys = {.keys = cJSON_CreateObject()};
    struct definition *after = NULL;
    cJSON *tree = NULL;
    if (changes_apply(&tree, a, changes, &keys, true, &err) != 0) {
        char *from = show_definition(a, PRINT_STORED), *to = show_definition(b, PRINT_STORED),
             *list = show_json(changes);
        fail_msg("%s\n%s\n%s\n%s", err.message, from, to, list);
    }
    assert_int_equal(definition_parse(&after, tree, DEFINITION_STORED, &err), 0);
    for (size_t i = 0; i < b->count; i++) {
        const struct column *want = &b->columns[i], *got = &after->columns[i];
        assert_string_equal(got->name, want->name);
        assert_int_equal(got->computed == NULL, want->computed == NULL);
        if (want->computed != NULL) assert_string_equal(got->computed, want->computed);
    }
    assert_int_equal(after->check_count, b->check_count);
    for (size_t i = 0; i < b->check_count; i++) {
        assert_string_equal(after->checks[i].name, b->checks[i].name);
        assert_string_equal(after->checks[i].expression, b->checks[i].expression);
    }
    definition_free(after);
    key_registry_free(&keys);
}

static void a_diff_applied_gives_the_other_side(void **state) {
    (void)state;
    struct property p = property_begin("checks: diff and apply");
    for (int round = 0; round < 1000; round++) {
        struct definition *a = random_definition_of(&p), *b = random_definition_of(&p);
        flexdb_error err = FLEXDB_ERROR_INIT;
        cJSON *diff = NULL;
        assert_int_equal(changes_diff(&diff, a, b, &err), 0);
        check_applied(a, b, diff);
        cJSON *stored = changes_stored(diff);
        check_applied(a, b, stored);
        cJSON_Delete(stored);
        cJSON_Delete(diff);
        assert_int_equal(changes_diff(&diff, b, b, &err), 0);
        assert_null(diff->child);
        cJSON_Delete(diff);
        definition_free(a);
        definition_free(b);
    }
}

static void a_rename_alone_is_told_alone(void **state) {
    (void)state;
    struct definition *a = NULL, *b = NULL; /* both with their keys */
    free(apply(BASE, "[]", &a));
    free(apply(BASE, "[{'op':'rename_column','name':'a','to':'amount'}]", &b));
    cJSON *diff = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(changes_diff(&diff, a, b, &err), 0);
    assert_int_equal(cJSON_GetArraySize(diff), 1);
    assert_string_equal(cJSON_GetObjectItem(diff->child, "op")->valuestring, "rename_column");
    cJSON_Delete(diff);
    definition_free(a);
    definition_free(b);
}

/* ---- size ---- */

static void a_thousand_of_each_are_quick(void **state) {
    (void)state;
    struct buffer text = BUFFER_INIT;
    buffer_puts(&text, "{'columns':[{'name':'a','dataType':'integer'}");
    for (int i = 1; i < 1000; i++)
        buffer_printf(&text, ",{'name':'c%d','dataType':'integer','validation':{'computed':'%s%d + 1'}}", i,
                      i == 1 ? "a + " : "c", i == 1 ? 0 : i - 1);
    buffer_puts(&text, "],'checks':[");
    for (int i = 0; i < 1000; i++)
        buffer_printf(&text, "%s{'name':'k%d','expression':'c%d ~= %d'}", i == 0 ? "" : ",", i, 1 + i % 999, i);
    buffer_puts(&text, "]}");
    clock_t begin = clock();
    struct validator *v = validator_of(buffer_text(&text), DEFINITION_GIVEN);
    struct key_registry keys = {.keys = cJSON_CreateObject()};
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct plan plan;
    struct compatibility c;
    assert_int_equal(plan_build(&plan, v, v, &keys, &err), 0);
    assert_false(plan.has_checks);
    assert_int_equal(plan.computation_count, 0);
    plan_clear(&plan);
    assert_int_equal(compatibility_compare(&c, v, v, NULL, &err), 0);
    assert_int_equal(c.count, 0);
    compatibility_clear(&c);
    struct definition *before = NULL, *after = NULL;
    assert_text(apply(text.data, "[]", &before), "ok");
    assert_text(apply(text.data, "[{'op':'rename_column','name':'a','to':'b'}]", &after), "ok");
    cJSON *diff = NULL;
    assert_int_equal(changes_diff(&diff, before, after, &err), 0);
    assert_int_equal(cJSON_GetArraySize(diff), 1);
    cJSON_Delete(diff);
    definition_free(before);
    definition_free(after);
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 3.0); /* 0.2 s, but for sanitizers and valgrind */
    key_registry_free(&keys);
    validator_drop(v);
    buffer_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_expressions),
        cmocka_unit_test(refuses_changes_that_leave_expressions_behind),
        cmocka_unit_test(a_diff_applied_gives_the_other_side),
        cmocka_unit_test(a_rename_alone_is_told_alone),
        cmocka_unit_test(a_thousand_of_each_are_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
