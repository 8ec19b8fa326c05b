/* Plans: a tighter rule is held against the records, a looser one is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "documents.h"
#include "model/plan.h"

/* What the plan says about one column: "nothing", "no effect", "check", "references", "check references". */
static const char *plan_text(const struct plan *p, size_t slot) {
    assert_int_equal(p->has_checks, p->check[slot] || p->check_references[slot]);
    if (!p->changes_anything) return p->has_checks ? "checks without effect" : "no effect";
    if (p->check[slot]) return p->check_references[slot] ? "check references" : "check";
    return p->check_references[slot] ? "references" : "nothing";
}

struct scenario {
    const char *sentence, *from, *to, *answer; /* columns; NULL: none */
};

static void run(const struct scenario *scenarios, size_t count, const char *keys) {
    for (size_t i = 0; i < count; i++) {
        struct buffer from = BUFFER_INIT, to = BUFFER_INIT;
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct key_registry registry = {.keys = read_json(keys)};
        struct plan plan;
        buffer_printf(&from, "{'version':1,'columns':[%s]}", scenarios[i].from);
        buffer_printf(&to, "{'version':2,'columns':[%s]}", scenarios[i].to);
        struct validator *a = validator_of(buffer_text(&from), DEFINITION_STORED);
        struct validator *b = validator_of(buffer_text(&to), DEFINITION_STORED);
        assert_int_equal(plan_build(&plan, a, b, &registry, &err), 0);
        const char *answer = plan_text(&plan, 0);
        if (strcmp(answer, scenarios[i].answer) != 0) fail_msg("%s: %s", scenarios[i].sentence, answer);
        plan_clear(&plan);
        validator_drop(a);
        validator_drop(b);
        key_registry_free(&registry);
        buffer_free(&from);
        buffer_free(&to);
    }
}

#define RUN(scenarios, keys) run(scenarios, sizeof scenarios / sizeof *scenarios, keys)
#define COLUMN(type, rules)  "{'name':'a','dataType':'" type "','validation':{" rules "}}"

static void holds_tighter_rules_against_records(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"nothing changes", COLUMN("string", ""), COLUMN("string", ""), "no effect"},
        {"a display name", COLUMN("string", ""), "{'name':'a','dataType':'string','displayName':'A'}", "nothing"},
        {"a rename", COLUMN("string", "'maxLength':3"),
         "{'name':'b','key':'a','dataType':'string','validation':{'maxLength':3}}", "nothing"},
        {"a default", COLUMN("integer", ""), "{'name':'a','dataType':'integer','defaultValue':3}", "nothing"},
        {"required", COLUMN("integer", ""), "{'name':'a','dataType':'integer','required':true}", "check"},
        {"required no more", "{'name':'a','dataType':'integer','required':true}", COLUMN("integer", ""), "nothing"},
        {"shorter", COLUMN("string", "'maxLength':9"), COLUMN("string", "'maxLength':8"), "check"},
        {"longer", COLUMN("string", "'maxLength':9"), COLUMN("string", "'maxLength':10"), "nothing"},
        {"the length that a string has anyway", COLUMN("string", ""), COLUMN("string", "'maxLength':255"), "nothing"},
        {"less than it", COLUMN("string", ""), COLUMN("string", "'maxLength':254"), "check"},
        {"back to it from more", COLUMN("string", "'maxLength':300"), COLUMN("string", ""), "check"},
        {"back to it from less", COLUMN("string", "'maxLength':200"), COLUMN("string", ""), "nothing"},
        {"a text's first limit", COLUMN("text", ""), COLUMN("text", "'maxLength':100000"), "check"},
        {"a text's limit taken away", COLUMN("text", "'maxLength':5"), COLUMN("text", ""), "nothing"},
        {"a higher minimum length", COLUMN("text", "'minLength':1"), COLUMN("text", "'minLength':2"), "check"},
        {"a lower minimum length", COLUMN("text", "'minLength':2"), COLUMN("text", "'minLength':1"), "nothing"},
        {"a pattern", COLUMN("string", ""), COLUMN("string", "'pattern':'x'"), "check"},
        {"another pattern", COLUMN("string", "'pattern':'x'"), COLUMN("string", "'pattern':'y'"), "check"},
        {"a pattern taken away", COLUMN("string", "'pattern':'x'"), COLUMN("string", ""), "nothing"},
        {"a format", COLUMN("string", ""), COLUMN("string", "'format':'email'"), "check"},
        {"a format taken away, a length changed", COLUMN("string", "'format':'email','maxLength':3"),
         COLUMN("string", "'maxLength':4"), "nothing"},
        {"an enum", COLUMN("string", ""), COLUMN("string", "'enum':['a']"), "check"},
        {"more values, in another order", COLUMN("string", "'enum':['a','b']"),
         COLUMN("string", "'enum':['c','b','a']"), "nothing"},
        {"a value less", COLUMN("string", "'enum':['a','b']"), COLUMN("string", "'enum':['a','c','d']"), "check"},
        {"an enum taken away", COLUMN("string", "'enum':['a']"), COLUMN("string", ""), "nothing"},
        {"integers in an enum, however they are written", COLUMN("integer", "'enum':[1,'2']"),
         COLUMN("integer", "'enum':['02',3,1]"), "nothing"},
        {"an integer less", COLUMN("integer", "'enum':[1,2]"), COLUMN("integer", "'enum':[2]"), "check"},
        {"a minimum", COLUMN("integer", ""), COLUMN("integer", "'min':-9223372036854775808"), "check"},
        {"a higher minimum, beyond doubles", COLUMN("integer", "'min':9007199254740992"),
         COLUMN("integer", "'min':9007199254740993"), "check"},
        {"a lower minimum", COLUMN("integer", "'min':5"), COLUMN("integer", "'min':-5"), "nothing"},
        {"a lower maximum", COLUMN("integer", "'max':5"), COLUMN("integer", "'max':4"), "check"},
        {"a higher maximum", COLUMN("integer", "'max':5"), COLUMN("integer", "'max':6"), "nothing"},
        {"the same bound, written otherwise", COLUMN("decimal", "'max':'5.50'"), COLUMN("decimal", "'max':'5.5'"),
         "nothing"},
        {"a decimal bound that is numerically lower", COLUMN("decimal", "'max':10"), COLUMN("decimal", "'max':'9.5'"),
         "check"},
        {"a decimal bound that is numerically higher", COLUMN("decimal", "'max':'9.5'"), COLUMN("decimal", "'max':10"),
         "nothing"},
        {"a negative minimum that is nearer to zero", COLUMN("decimal", "'min':'-10'"), COLUMN("decimal", "'min':'-9'"),
         "check"},
        {"fewer digits", COLUMN("decimal", "'precision':12"), COLUMN("decimal", "'precision':11"), "check"},
        {"more digits", COLUMN("decimal", "'precision':12"), COLUMN("decimal", "'precision':13"), "nothing"},
        {"the digits that a decimal has anyway", COLUMN("decimal", ""), COLUMN("decimal", "'precision':18,'scale':4"),
         "nothing"},
        {"a later first day", COLUMN("date", "'min':'2000-01-01'"), COLUMN("date", "'min':'2000-01-02'"), "check"},
        {"a later last day", COLUMN("date", "'max':'2000-01-01'"), COLUMN("date", "'max':'2000-01-02'"), "nothing"},
        {"the same instant in another zone", COLUMN("datetime", "'min':'2000-01-01T00:00:00Z'"),
         COLUMN("datetime", "'min':'2000-01-01T01:00:00+01:00'"), "nothing"},
        {"an earlier last instant", COLUMN("datetime", "'max':'2000-01-01T00:00:00.000001Z'"),
         COLUMN("datetime", "'max':'2000-01-01T00:00:00Z'"), "check"},
        {"uniqueness is for the index to say", COLUMN("integer", ""), "{'name':'a','dataType':'integer','unique':true}",
         "nothing"},
    };
    RUN(scenarios, "{'a':'string'}");
}

static void looks_at_references(void **state) {
    (void)state;
#define TO(rules) COLUMN("reference", rules)
    static const struct scenario scenarios[] = {
        {"bound to the same table under another name", TO("'targetTable':'t','targetId':'1'"),
         TO("'targetTable':'u','targetId':'1'"), "nothing"},
        {"bound to another table of the same name", TO("'targetTable':'t','targetId':'1'"),
         TO("'targetTable':'t','targetId':'2'"), "references"},
        {"another name where no id tells", TO("'targetTable':'t'"), TO("'targetTable':'u'"), "references"},
        {"another onDelete", TO("'targetTable':'t'"), TO("'targetTable':'t','onDelete':'cascade'"), "nothing"},
    };
    RUN(scenarios, "{'a':'reference'}");
}

static void looks_at_columns_that_come(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"a new optional one", "", "{'name':'n','dataType':'integer','validation':{'min':3}}", "nothing"},
        {"a new required one", "", "{'name':'n','dataType':'integer','required':true}", "check"},
        {"a new required one that old records have a value for", "",
         "{'name':'n','dataType':'integer','required':true,'initialDefault':3,'defaultValue':3}", "nothing"},
        {"a new reference", "", "{'name':'n','dataType':'reference','validation':{'targetTable':'t'}}", "nothing"},
        {"a new reference that old records have a value for", "",
         "{'name':'n','dataType':'reference','initialDefault':'x','validation':{'targetTable':'t'}}", "references"},
        {"one that comes back", "", "{'name':'x','key':'old','dataType':'integer'}", "check"},
        {"a reference that comes back", "",
         "{'name':'x','key':'old','dataType':'reference','validation':{'targetTable':'t'}}", "check references"},
    };
    RUN(scenarios, "{'a':'string','old':'integer'}");
}

static void leaves_columns_that_go(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct plan plan;
    struct validator *a =
        validator_of("{'columns':[{'name':'a','dataType':'date','required':true}]}", DEFINITION_STORED);
    struct validator *b = validator_of("{'columns':[]}", DEFINITION_STORED);
    struct key_registry none = {NULL};
    assert_int_equal(plan_build(&plan, a, b, &none, &err), 0);
    assert_true(plan.changes_anything);
    assert_false(plan.has_checks);
    plan_clear(&plan);
    validator_drop(a);
    validator_drop(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_tighter_rules_against_records),
        cmocka_unit_test(looks_at_references),
        cmocka_unit_test(looks_at_columns_that_come),
        cmocka_unit_test(leaves_columns_that_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
