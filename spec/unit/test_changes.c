/* Changes that are applied: order, names and keys, modifications, and how long many take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/document.h"
#include "outcomes.h"

/* ---- what is applied ---- */

struct order_scenario {
    const char *sentence, *changes, *columns;
};

static void orders_and_names(void **state) {
    (void)state;
    static const struct order_scenario scenarios[] = {
        {"nothing", "[]", "email age balance company"},
        {"Lua's empty table is a list", "{}", "email age balance company"},
        {"a column is appended", "[{'op':'add_column','column':{'name':'vip','dataType':'boolean'}}]",
         "email age balance company vip"},
        {"a column is put behind another",
         "[{'op':'add_column','column':{'name':'vip','dataType':'boolean'},'after':'email'}]",
         "email vip age balance company"},
        {"a column is put first", "[{'op':'add_column','column':{'name':'vip','dataType':'boolean'},'first':true}]",
         "vip email age balance company"},
        {"a column is removed", "[{'op':'remove_column','name':'age'}]", "email balance company"},
        {"a rename keeps the key", "[{'op':'rename_column','name':'age','to':'years'}]",
         "email years:age balance company"},
        {"a rename to the same name is nothing", "[{'op':'rename_column','name':'age','to':'age'}]",
         "email age balance company"},
        {"a move to the front", "[{'op':'move_column','name':'company','first':true}]", "company email age balance"},
        {"a move behind a later one", "[{'op':'move_column','name':'email','after':'balance'}]",
         "age balance email company"},
        {"a move behind an earlier one", "[{'op':'move_column','name':'company','after':'email'}]",
         "email company age balance"},
        {"a move to where it is", "[{'op':'move_column','name':'age','after':'email'}]", "email age balance company"},
        {"names swap through a third",
         "[{'op':'rename_column','name':'age','to':'x'},{'op':'rename_column','name':'balance','to':'age'},"
         "{'op':'rename_column','name':'x','to':'balance'}]",
         "email balance:age age:balance company"},
        {"a name that was removed gets a fresh key",
         "[{'op':'remove_column','name':'age'},{'op':'add_column','column':{'name':'age','dataType':'integer'}}]",
         "email balance company age:age_2"},
        {"so does one that was renamed away",
         "[{'op':'rename_column','name':'age','to':'years'},"
         "{'op':'add_column','column':{'name':'age','dataType':'date'},'after':'years'}]",
         "email years:age age:age_2 balance company"},
        {"and one that was added and removed by the same changes",
         "[{'op':'add_column','column':{'name':'a','dataType':'date'}},{'op':'remove_column','name':'a'},"
         "{'op':'add_column','column':{'name':'a','dataType':'date'}},{'op':'remove_column','name':'a'},"
         "{'op':'add_column','column':{'name':'a','dataType':'date'}}]",
         "email age balance company a:a_3"},
        {"a key cannot be asked for",
         "[{'op':'remove_column','name':'age'},"
         "{'op':'add_column','column':{'name':'years','key':'age','dataType':'integer'}}]",
         "email balance company years"},
        {"stored entries are applied as well",
         "[{'type':'remove_column','column':'age','details':{'before':{'name':'age'},'after':null}},"
         "{'type':'add_column','column':'vip','details':{'before':null,'after':{'name':'vip','dataType':'boolean'},"
         "'position':{'after':'email'}}},"
         "{'type':'rename_column','column':'balance','details':{'before':{'name':'balance'},'after':{'name':'money'}}},"
         "{'type':'rename_column','column':'vip','details':{'after':'star'}},"
         "{'type':'modify_column','column':'company','details':{'before':{'after':'money'},'after':{'first':true}}}]",
         "company email star:vip money:balance"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct outcome o = outcome_of(CONTACTS, scenarios[i].changes, NULL, true);
        if (o.rc != 0) fail_msg("%s: %s", scenarios[i].sentence, o.err.message);
        char *columns = show_columns(o.after);
        if (strcmp(columns, scenarios[i].columns) != 0) fail_msg("%s: %s", scenarios[i].sentence, columns);
        free(columns);
        outcome_free(&o);
    }
}

static void registers_every_key_once(void **state) {
    (void)state;
    struct outcome o = outcome_of("{'columns':[{'name':'a','dataType':'date'}]}",
                                  "[{'op':'add_column','column':{'name':'b','dataType':'text'}},"
                                  "{'op':'add_column','column':{'name':'c','dataType':'json'}},"
                                  "{'op':'remove_column','name':'c'}]",
                                  "{'a':'date','b':'integer','b_2':'boolean'}", true);
    assert_int_equal(o.rc, 0);
    assert_text(show_json(o.keys.keys), "{'a':'date','b':'integer','b_2':'boolean','b_3':'text','c':'json'}");
    assert_text(show_columns(o.after), "a b:b_3");
    outcome_free(&o);

    o = outcome_of("{'columns':[{'name':'a','dataType':'date'}]}",
                   "[{'op':'add_column','column':{'name':'b','dataType':'text'}},{'op':'nothing'}]", "{'a':'date'}",
                   true);
    assert_int_not_equal(o.rc, 0);
    assert_text(show_json(o.keys.keys), "{'a':'date'}");
    outcome_free(&o);
}

/* The first column after one change of a table that has just this one. */
static void check_modify(const char *before, const char *change, bool has_records, const char *after) {
    struct buffer from = BUFFER_INIT, changes = BUFFER_INIT;
    buffer_printf(&from, "{'columns':[%s]}", before);
    buffer_printf(&changes, "[%s]", change);
    struct outcome o = outcome_of(buffer_text(&from), buffer_text(&changes), NULL, has_records);
    if (o.rc != 0) fail_msg("%s: %s", change, o.err.message);
    cJSON *tree = definition_document(o.after, PRINT_STORED);
    assert_text(show_json(cJSON_GetObjectItem(tree, "columns")->child), after);
    cJSON_Delete(tree);
    outcome_free(&o);
    buffer_free(&from);
    buffer_free(&changes);
}

#define AGE "{'name':'age','dataType':'integer','defaultValue':1,'initialDefault':0,'validation':{'min':0,'max':150}}"

static void modifies_a_column(void **state) {
    (void)state;
    check_modify(AGE, "{'op':'modify_column','name':'age','set':{'displayName':'Years','required':true}}", true,
                 "{'name':'age','key':'age','dataType':'integer','displayName':'Years','required':true,"
                 "'defaultValue':1,'initialDefault':0,'validation':{'min':0,'max':150}}");
    check_modify(AGE, "{'op':'modify_column','name':'age','set':{'validation':{'max':null,'min':5,'enum':[7]}}}", true,
                 "{'name':'age','key':'age','dataType':'integer','defaultValue':1,'initialDefault':0,"
                 "'validation':{'enum':[7],'min':5}}");
    check_modify(AGE, "{'op':'modify_column','name':'age','unset':['defaultValue','validation','required']}", true,
                 "{'name':'age','key':'age','dataType':'integer','initialDefault':0}");
    check_modify(AGE,
                 "{'op':'modify_column','name':'age','set':{'defaultValue':null,'validation':{'min':null,"
                 "'max':null,'computed':null}}}",
                 true, "{'name':'age','key':'age','dataType':'integer','initialDefault':0}");
    check_modify(AGE, "{'op':'modify_column','name':'age','set':{'defaultValue':2,'dataType':'integer'},'unset':{}}",
                 true,
                 "{'name':'age','key':'age','dataType':'integer','defaultValue':2,'initialDefault':0,"
                 "'validation':{'min':0,'max':150}}");
    check_modify(AGE, "{'op':'modify_column','name':'age','set':{}}", true,
                 "{'name':'age','key':'age','dataType':'integer','defaultValue':1,'initialDefault':0,"
                 "'validation':{'min':0,'max':150}}");
    check_modify(AGE,
                 "{'type':'modify_column','column':'age','details':{'before':{'validation':{'min':0,'max':150},"
                 "'defaultValue':1,'required':true},'after':{'validation':{'min':1},'description':'x'}}}",
                 true,
                 "{'name':'age','key':'age','dataType':'integer','description':'x','initialDefault':0,"
                 "'validation':{'min':1}}");
    /* Another target is bound anew, be it of the same name. */
    check_modify("{'name':'r','dataType':'reference','validation':{'targetTable':'t','targetId':'7'}}",
                 "{'op':'modify_column','name':'r','set':{'validation':{'targetTable':'t','onDelete':'cascade'}}}",
                 true,
                 "{'name':'r','key':'r','dataType':'reference','validation':{'targetTable':'t','onDelete':'cascade'}}");
}

static void gives_initial_defaults_where_there_are_records(void **state) {
    (void)state;
    static const char add[] = "{'op':'add_column','column':{'name':'vip','dataType':'boolean','defaultValue':false,"
                              "'initialDefault':true},'first':true}";
    check_modify(AGE, add, true,
                 "{'name':'vip','key':'vip','dataType':'boolean','defaultValue':false,'initialDefault':false}");
    check_modify(AGE, add, false, "{'name':'vip','key':'vip','dataType':'boolean','defaultValue':false}");
    check_modify(AGE,
                 "{'op':'add_column','column':{'name':'r','dataType':'reference','validation':{'targetTable':'t',"
                 "'targetId':'forged'}},'first':true}",
                 true, "{'name':'r','key':'r','dataType':'reference','validation':{'targetTable':'t'}}");
}

static void gives_a_retyped_column_a_key_of_its_own(void **state) {
    (void)state;
    static const char retype[] =
        "{'op':'modify_column','name':'age','set':{'dataType':'string','defaultValue':'x','validation':{'min':null,"
        "'max':null}}}";
    check_modify(
        AGE, retype, false,
        "{'name':'age','key':'age_2','dataType':'string','defaultValue':'x','initialDefault':'0','convertedFrom':"
        "{'key':'age'}}");
    /* What the new type does not know goes with the old one. */
    check_modify(
        AGE, "{'op':'modify_column','name':'age','set':{'dataType':'boolean','defaultValue':null}}", false,
        "{'name':'age','key':'age_2','dataType':'boolean','initialDefault':false,'convertedFrom':{'key':'age'}}");
    check_modify("{'name':'r','dataType':'reference','validation':{'targetTable':'t','targetId':'7'}}",
                 "{'op':'modify_column','name':'r','set':{'dataType':'text'}}", false,
                 "{'name':'r','key':'r_2','dataType':'text','convertedFrom':{'key':'r'}}");
    static const char scale[] = "{'op':'modify_column','name':'d','set':{'validation':{'scale':2}}}";
    check_modify("{'name':'d','dataType':'decimal'}", scale, false,
                 "{'name':'d','key':'d_2','dataType':'decimal','convertedFrom':{'key':'d'},'validation':{'scale':2}}");
    /* The way that values came is kept, and the formats that their dates were written in. */
    check_modify("{'name':'d','key':'d','dataType':'text','defaultValue':'Jun 12 1998','convertedFrom':{'key':'e'}}",
                 "{'op':'modify_column','name':'d','set':{'dataType':'date','parse':'%b %d %Y'}}", true,
                 "{'name':'d','key':'d_2','dataType':'date','defaultValue':'1998-06-12','convertedFrom':{'key':'d',"
                 "'origin':'e','parse':'%b %d %Y'}}");
    check_modify("{'name':'d','dataType':'decimal'}",
                 "{'op':'modify_column','name':'d','set':{'validation':{'scale':4,'precision':12}}}", true,
                 "{'name':'d','key':'d','dataType':'decimal','validation':{'precision':12,'scale':4}}");
    /* More than 18 digits have another physical form. */
    check_modify(
        "{'name':'d','dataType':'decimal'}", "{'op':'modify_column','name':'d','set':{'validation':{'precision':19}}}",
        true,
        "{'name':'d','key':'d_2','dataType':'decimal','convertedFrom':{'key':'d'},'validation':{'precision':19}"
        "}");
}

static void modifies_the_table(void **state) {
    (void)state;
    struct outcome o =
        outcome_of("{'displayName':'T','columns':[]}",
                   "[{'op':'modify_table','set':{'displayName':null,'description':'x','compatibility':'none',"
                   "'checks':{}}}]",
                   NULL, true);
    assert_int_equal(o.rc, 0);
    assert_null(o.after->display_name);
    assert_string_equal(o.after->description, "x");
    outcome_free(&o);
    o = outcome_of("{'displayName':'T','columns':[]}",
                   "[{'type':'modify_table','column':null,'details':{'before':{'displayName':'T'},'after':{}}}]", NULL,
                   true);
    assert_int_equal(o.rc, 0);
    assert_null(o.after->display_name);
    outcome_free(&o);
}

/* ---- a new table ---- */

static void assigns_the_keys_of_a_new_table(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct key_registry keys = {NULL};
    cJSON *tree =
        read_json("{'columns':[{'name':'a','key':'z','dataType':'date','initialDefault':'x','renamedFrom':'q'},"
                  "{'name':'id','dataType':'string','system':true},5,{'name':'r','dataType':'reference',"
                  "'validation':{'targetTable':'t','targetId':'7'}}]}");
    assert_int_equal(changes_assign_keys(tree, &keys, &err), 0);
    assert_text(
        show_json(tree),
        "{'columns':[{'name':'a','dataType':'date','key':'a'},{'name':'id','dataType':'string','system':true},5,"
        "{'name':'r','dataType':'reference','validation':{'targetTable':'t'},'key':'r'}]}");
    assert_text(show_json(keys.keys), "{'a':'date','r':'reference'}");
    cJSON_Delete(tree);
    key_registry_free(&keys);
}

/* ---- size ---- */

static void a_thousand_changes_of_a_thousand_columns_are_quick(void **state) {
    (void)state;
    struct buffer from = BUFFER_INIT, changes = BUFFER_INIT, to = BUFFER_INIT;
    buffer_puts(&from, "{'columns':[");
    buffer_puts(&changes, "[");
    buffer_puts(&to, "{'columns':[");
    for (int i = 0; i < 1000; i++) {
        const char *comma = i == 0 ? "" : ",";
        buffer_printf(&from, "%s{'name':'c%d','dataType':'text'}", comma, i);
        buffer_printf(&to, "%s{'name':'d%d','dataType':'text'}", comma, 999 - i);
        buffer_printf(&changes,
                      "%s{'op':'rename_column','name':'c%d','to':'d%d'},{'op':'move_column','name':'d%d',"
                      "'first':true}",
                      comma, i, i, i);
    }
    buffer_puts(&from, "]}");
    buffer_puts(&changes, "]");
    buffer_puts(&to, "]}");
    clock_t begin = clock();
    struct outcome o = outcome_of(buffer_text(&from), buffer_text(&changes), NULL, true);
    assert_int_equal(o.rc, 0);
    assert_string_equal(o.after->columns[0].name, "d999");
    outcome_free(&o);
    cJSON *diff = diff_of(from.data, buffer_text(&to));
    assert_int_equal(cJSON_GetArraySize(diff), 2000);
    cJSON_Delete(diff);
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 2.0); /* 0.1 s, but for sanitizers and valgrind */
    buffer_free(&from);
    buffer_free(&changes);
    buffer_free(&to);
}

static void a_table_holds_a_thousand_columns(void **state) {
    (void)state;
    struct buffer from = BUFFER_INIT;
    for (int i = 0; i < 1000; i++)
        buffer_printf(&from, "%s{'name':'c%d','dataType':'text'}", i == 0 ? "{'columns':[" : ",", i);
    buffer_puts(&from, "]}");
    struct outcome o =
        outcome_of(buffer_text(&from), "[{'op':'add_column','column':{'name':'x','dataType':'text'}}]", NULL, true);
    assert_text(show_error(&o.err), "invalid_schema\nchanges[0] (limit): the table has 1000 columns, 1000 are allowed");
    outcome_free(&o);
    buffer_free(&from);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_and_names),
        cmocka_unit_test(registers_every_key_once),
        cmocka_unit_test(modifies_a_column),
        cmocka_unit_test(gives_initial_defaults_where_there_are_records),
        cmocka_unit_test(gives_a_retyped_column_a_key_of_its_own),
        cmocka_unit_test(modifies_the_table),
        cmocka_unit_test(assigns_the_keys_of_a_new_table),
        cmocka_unit_test(a_thousand_changes_of_a_thousand_columns_are_quick),
        cmocka_unit_test(a_table_holds_a_thousand_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
