/* Checks and computed columns of a definition: how they are read, printed and planned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/document.h"
#include "check_documents.h"
#include "model/compatibility.h"
#include "model/plan.h"

/* ---- reading ---- */

static char *compile(const char *document, enum definition_source source) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct definition *d = NULL;
    struct validator *v = NULL;
    definition_parse(&d, read_json(document), source, &err);
    validator_new(&v, d, &err);
    char *answer = show_error(&err);
    error_clear(&err);
    validator_drop(v);
    return answer;
}

static void run(const struct scenario *scenarios, size_t count, enum definition_source source) {
    for (size_t i = 0; i < count; i++) {
        char *answer = compile(scenarios[i].document, source);
        must_answer(scenarios[i].sentence, answer, scenarios[i].answer);
    }
}

static void reads_checks_and_computed_columns(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"a check", TABLE("", CHECKS(CHECK("order", "a < b"))), "ok"},
        {"a message", TABLE("", CHECKS("{'name':'x','expression':'a < b','message':'a comes first'}")), "ok"},
        {"no message", TABLE("", CHECKS("{'name':'x','expression':'a < b','message':null}")), "ok"},
        {"a check of the name of a column", TABLE("", CHECKS(CHECK("a", "a > 0"))), "ok"},
        {"Lua's empty table", TABLE("", ",'checks':{}"), "ok"},
        {"null for none", TABLE("", ",'checks':null"), "ok"},
        {"a computed column", TABLE(SUM("a + b"), ""), "ok"},
        {"computed before what it reads",
         "{'columns':[{'name':'c','dataType':'integer','validation':{'computed':'d'}},"
         "{'name':'d','dataType':'integer','validation':{'computed':'1'}}]}",
         "ok"},
        {"a check that reads a computed column", TABLE(SUM("a + b"), CHECKS(CHECK("small", "c < 10"))), "ok"},
        {"an integer for a decimal",
         TABLE(",{'name':'c','dataType':'decimal','validation':{'scale':2,'computed':'a'}}", ""), "ok"},
        {"an index, and rules",
         TABLE(",{'name':'c','dataType':'integer','unique':true,'required':true,'validation':"
               "{'computed':'a','max':9}}",
               ""),
         "ok"},
    };
    run(scenarios, COUNT(scenarios), DEFINITION_GIVEN);
    run(scenarios, COUNT(scenarios), DEFINITION_STORED);
}

static void refuses_what_is_no_check(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"no list", TABLE("", ",'checks':{'a':1}"), BAD "checks (type): must be an array of checks, got {'a':1}"},
        {"no objects, no name, no expression", TABLE("", CHECKS("5,{},{'name':null,'expression':7}")),
         BAD "checks[0] (type): a check must be an object, got 5\n"
             "checks[1] (required): name is missing\n"
             "checks[1] (required): expression is missing\n"
             "checks[2].name (type): must be a string, got null\n"
             "checks[2].expression (type): must be a string, got 7"},
        {"names",
         TABLE("", CHECKS(CHECK("Order", "true") "," CHECK("", "true") "," CHECK("x", "true") "," CHECK("x", "true"))),
         BAD "checks[0].name (name): the name 'Order' must begin with a lower-case letter and go on with lower-case "
             "letters, digits and _\n"
             "checks[1].name (name): the name is empty\n"
             "checks[3].name (unique): the name 'x' is taken by checks[2]"},
        {"another key, and a message that is none",
         TABLE("", CHECKS("{'name':'x','expression':'true','when':1,'message':5}")),
         BAD "checks[0].when (unknown): there is no key 'when' here\n"
             "checks[0].message (type): must be a string, got 5"},
        {"expressions that do not compile",
         TABLE("", CHECKS(CHECK("x", "a <") "," CHECK("y", "d > 1") "," CHECK("z", "a + b") "," CHECK("w", ""))),
         BAD "checks[0].expression (syntax): at 4: expected a value, got the end\n"
             "checks[1].expression (exists): at 1: there is no column 'd'\n"
             "checks[2].expression (type): the expression gives an integer, which is no value of type boolean\n"
             "checks[3].expression (syntax): at 1: the expression is empty"},
        {"what is wrong with a column is not said again",
         "{'columns':[{'name':'a','dataType':'number'}],'checks':[" CHECK("x", "a > 1") "]}",
         BAD "columns[0].dataType (enum): must be one of string, text, integer, decimal, boolean, date, datetime, json "
             "and reference, got 'number'"},
    };
    run(scenarios, COUNT(scenarios), DEFINITION_GIVEN);
}

static void refuses_what_cannot_be_computed(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"no text", TABLE(",{'name':'c','dataType':'integer','validation':{'computed':5}}", ""),
         BAD "columns[2].validation.computed (type): must be a string, got 5"},
        {"json and references",
         TABLE(",{'name':'c','dataType':'json','validation':{'computed':'a'}},"
               "{'name':'d','dataType':'reference','validation':{'targetTable':'t','computed':'a'}}",
               ""),
         BAD "columns[2].validation.computed (computed): a json column cannot be computed\n"
             "columns[3].validation.computed (computed): a reference column cannot be computed"},
        {"a default beside it",
         TABLE(",{'name':'c','dataType':'integer','defaultValue':1,'validation':{'computed':'a'}}", ""),
         BAD "columns[2].validation.computed (computed): a computed column cannot have a defaultValue"},
        {"another type", TABLE(",{'name':'c','dataType':'date','validation':{'computed':'a + b'}}", ""),
         BAD "columns[2].validation.computed (type): the expression gives an integer, which is no value of type date"},
        {"a column that is not there", TABLE(SUM("a + x"), ""),
         BAD "columns[2].validation.computed (exists): at 5: there is no column 'x'"},
        {"a circle", TABLE(SUM("a + d") ",{'name':'d','dataType':'integer','validation':{'computed':'c'}}", ""),
         BAD "columns[2].validation.computed (circle): c reads d, which reads c"},
        {"itself", TABLE(SUM("c + 1"), ""), BAD "columns[2].validation.computed (circle): c reads itself"},
        {"a constant that divides by zero", TABLE(SUM("1 // 0"), ""),
         BAD "columns[2].validation.computed (value): at 3: division by zero"},
    };
    run(scenarios, COUNT(scenarios), DEFINITION_GIVEN);
}

static void holds_checks_to_their_limits(void **state) {
    (void)state;
    struct buffer text = BUFFER_INIT;
    buffer_puts(&text, "{'columns':[],'checks':[");
    for (int i = 0; i < 1001; i++) buffer_printf(&text, "%s{'name':'c%d','expression':'true'}", i == 0 ? "" : ",", i);
    buffer_puts(&text, "]}");
    assert_text(compile(buffer_text(&text), DEFINITION_GIVEN),
                BAD "checks (limit): there are 1001 checks, 1000 are allowed");
    assert_text(compile(buffer_text(&text), DEFINITION_STORED), "ok");
    buffer_reset(&text);
    buffer_puts(&text, "{'columns':[],'checks':[{'name':'c','expression':'true','message':'");
    for (int i = 0; i < 1001; i++) buffer_puts(&text, "é");
    buffer_puts(&text, "'}]}");
    assert_text(compile(buffer_text(&text), DEFINITION_GIVEN),
                BAD "checks[0].message (maxLength): has 1001 characters, 1000 are allowed");
    buffer_free(&text);
}

static void takes_stored_checks_of_any_name(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"a name that is none", TABLE("", CHECKS("{'name':'My check','expression':'true','on':1}")), "ok"},
        {"twice it cannot be", TABLE("", CHECKS(CHECK("x", "true") "," CHECK("x", "true"))),
         BAD "checks[1].name (unique): the name 'x' is taken by checks[0]"},
    };
    run(scenarios, COUNT(scenarios), DEFINITION_STORED);
}

static void prints_what_it_read(void **state) {
    (void)state;
    const char *text = TABLE(",{'name':'c','dataType':'decimal','validation':{'scale':2,'computed':'a  /b'}}",
                             CHECKS("{'name':'x','expression':' a<b','message':'m'}," CHECK("y", "true")));
    struct definition *d = definition_of(text, DEFINITION_GIVEN);
    for (int how = PRINT_STORED; how <= PRINT_PUBLIC; how++) {
        cJSON *tree = definition_document(d, (enum definition_print)how);
        assert_text(show_json(cJSON_GetObjectItem(tree, "checks")),
                    "[{'name':'x','expression':' a<b','message':'m'},{'name':'y','expression':'true'}]");
        assert_text(show_json(cJSON_GetArrayItem(cJSON_GetObjectItem(tree, "columns"), 2)),
                    "{'name':'c','key':'c','dataType':'decimal','validation':{'scale':2,'computed':'a  /b'}}");
        cJSON_Delete(tree);
    }
    definition_free(d);
}

/* ---- plans ---- */

/* "compute c d; hold order" */
static char *show_plan(const struct plan *p, const struct validator *to) {
    struct buffer out = BUFFER_INIT;
    const struct definition *d = validator_definition(to);
    buffer_puts(&out, "compute");
    for (size_t i = 0; i < p->computation_count; i++)
        buffer_printf(&out, " %s", d->columns[p->computations[i].to].name);
    buffer_puts(&out, "; hold");
    for (size_t i = 0; i < d->check_count; i++)
        if (p->check_expressions[i]) buffer_printf(&out, " %s", d->checks[i].name);
    return buffer_take(&out);
}

/* And the differences, in words. */
static char *show_differences(const struct validator *from, const struct validator *to) {
    struct buffer out = BUFFER_INIT;
    struct compatibility c;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(compatibility_compare(&c, from, to, NULL, &err), 0);
    for (size_t i = 0; i < c.count; i++) {
        const struct compatibility_row *row = compatibility_row(c.differences[i].change);
        buffer_puts(&out, "\n");
        compatibility_tell(&c.differences[i], &out);
        buffer_printf(&out, " [%s%s%s%s]", row->backward != NULL ? "B" : "", row->forward != NULL ? "F" : "",
                      row->breaking != NULL ? "!" : "", row->destructive != NULL ? "-" : "");
    }
    compatibility_clear(&c);
    for (size_t i = 0; i < out.length; i++)
        if (out.data[i] == '"') out.data[i] = '\'';
    return buffer_take(&out);
}

static void plans_what_the_records_must_meet(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *to, *answer;
    } scenarios[] = {
        {"nothing", TABLE(SUM("a + b"), CHECKS(CHECK("order", "a < b") "," CHECK("small", "c < 100"))),
         "compute; hold"},
        {"a rename",
         "{'columns':[{'name':'x','key':'a','dataType':'integer'},{'name':'b','dataType':'integer'}" SUM(
             "x + b") "]" CHECKS(CHECK("order", "x < b") "," CHECK("small", "c < 100")) "}",
         "compute; hold\n'a' is renamed to 'x' [F!]"},
        {"another spelling", TABLE(SUM("a+b"), CHECKS(CHECK("order", "(a) < b") "," CHECK("small", "c<100"))),
         "compute; hold order\n'c' is described otherwise []\ncheck 'order' is another one [BF!]\n"
         "check 'small' is said otherwise []"},
        {"another name and message",
         TABLE(SUM("a + b"),
               CHECKS(CHECK("ordered", "a < b") ",{'name':'small','expression':'c < 100','message':'m'}")),
         "compute; hold\ncheck 'ordered' is said otherwise []\ncheck 'small' is said otherwise []"},
        {"another expression: what reads it is held against the records too",
         TABLE(SUM("a - b"), CHECKS(CHECK("order", "a < b") "," CHECK("small", "c < 100"))),
         "compute c; hold small\n'c' is computed otherwise [F]"},
        {"a column made of it is computed anew too",
         TABLE(SUM("a - b") ",{'name':'d','dataType':'integer','validation':{'computed':'c + 1'}}",
               CHECKS(CHECK("order", "a < b"))),
         "compute c d; hold\n'c' is computed otherwise [F]\n'd' is added, computed []\n"
         "check 'small' is removed [F]"},
        {"another check", TABLE(SUM("a + b"), CHECKS(CHECK("order", "a <= b") "," CHECK("small", "c < 100"))),
         "compute; hold order\ncheck 'order' is another one [BF!]"},
        {"one more",
         TABLE(SUM("a + b"), CHECKS(CHECK("order", "a < b") "," CHECK("more", "b > 0") "," CHECK("small", "c < 100"))),
         "compute; hold more\ncheck 'more' is added [B!]"},
        {"a column becomes computed",
         "{'columns':[{'name':'a','key':'a_2','dataType':'integer','convertedFrom':{'key':'a'},'validation':"
         "{'computed':'b'}},{'name':'b','dataType':'integer'}" SUM("a + b") "]" CHECKS(CHECK("small", "c < 100")) "}",
         "compute a c; hold small\n'a' becomes computed [F!-]\n'c' is computed otherwise [F]\n"
         "check 'order' is removed [F]"},
        {"and one is no more",
         "{'columns':[{'name':'a','dataType':'integer'},{'name':'b','dataType':'integer'},{'name':'c','key':'c_2',"
         "'dataType':'integer','convertedFrom':{'key':'c'}}]" CHECKS(
             CHECK("order", "a < b") "," CHECK("small", "c < 100")) "}",
         "compute; hold small\n'c' is no longer computed [F!]\ncheck 'small' is another one [BF!]"},
        {"a column that is read has another key",
         "{'columns':[{'name':'a','key':'a_2','dataType':'decimal','convertedFrom':{'key':'a'}},"
         "{'name':'b','dataType':'integer'},{'name':'c','key':'c','dataType':'integer','validation':{'computed':"
         "'floor(a) + b'}}]" CHECKS(CHECK("order", "a < b") "," CHECK("small", "c < 100")) "}",
         "compute c; hold order small\n'a' becomes decimal (was integer) [BF!]\n'c' is computed otherwise [F]\n"
         "check 'order' is another one [BF!]"},
    };
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        struct validator *from = validator_of(BASE, DEFINITION_STORED),
                         *to = validator_of(scenarios[i].to, DEFINITION_STORED);
        struct key_registry keys = {.keys = read_json("{'a':'integer','b':'integer','c':'integer'}")};
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct plan plan;
        struct buffer answer = BUFFER_INIT;
        assert_int_equal(plan_build(&plan, from, to, &keys, &err), 0);
        char *planned = show_plan(&plan, to), *differences = show_differences(from, to);
        buffer_printf(&answer, "%s%s", planned, differences != NULL ? differences : "");
        if (strcmp(buffer_text(&answer), scenarios[i].answer) != 0)
            fail_msg("%s\n  got:\n%s\n  expected:\n%s", scenarios[i].sentence, buffer_text(&answer),
                     scenarios[i].answer);
        free(planned);
        free(differences);
        buffer_free(&answer);
        plan_clear(&plan);
        key_registry_free(&keys);
        validator_drop(from);
        validator_drop(to);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_checks_and_computed_columns), cmocka_unit_test(refuses_what_is_no_check),
        cmocka_unit_test(refuses_what_cannot_be_computed),   cmocka_unit_test(holds_checks_to_their_limits),
        cmocka_unit_test(takes_stored_checks_of_any_name),   cmocka_unit_test(prints_what_it_read),
        cmocka_unit_test(plans_what_the_records_must_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
