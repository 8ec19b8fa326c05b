/* Changes: every operation with all that can be wrong with it, field keys, and that a diff applied is the other side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/document.h"
#include "documents.h"

/* What most scenarios start from. */
#define CONTACTS                                                                                                       \
    "{'displayName':'Contacts','columns':["                                                                            \
    "{'name':'email','dataType':'string','required':true,'unique':true,'validation':{'maxLength':80}},"                \
    "{'name':'age','dataType':'integer','validation':{'min':0,'max':150}},"                                            \
    "{'name':'balance','dataType':'decimal','defaultValue':'0.00','validation':{'precision':12,'scale':2}},"           \
    "{'name':'company','dataType':'reference','validation':{'targetTable':'companies','targetId':'7'}}]}"

struct outcome {
    int rc;
    flexdb_error err;
    struct definition *after; /* NULL on an error */
    struct key_registry keys;
};

static cJSON *registry_of(const struct definition *d) {
    cJSON *keys = cJSON_CreateObject();
    for (size_t i = 0; i < d->count; i++) {
        cJSON_AddStringToObject(keys, d->columns[i].key, column_type_name(d->columns[i].type));
    }
    return keys;
}

/* Applies changes to a stored definition; `keys` NULL: those of its columns. */
static struct outcome apply(const char *from, const char *changes, const char *keys, bool has_records) {
    struct definition *d = definition_of(from, DEFINITION_STORED);
    struct outcome o = {.keys.keys = keys != NULL ? read_json(keys) : registry_of(d)};
    cJSON *tree = NULL, *list = read_json(changes);
    o.rc = changes_apply(&tree, d, list, &o.keys, has_records, &o.err);
    if (o.rc == 0) {
        assert_int_equal(definition_parse(&o.after, tree, DEFINITION_STORED, &o.err), 0);
        assert_int_equal(o.err.issue_count, 0);
    } else {
        assert_null(tree);
    }
    cJSON_Delete(list);
    definition_free(d);
    return o;
}

static void outcome_free(struct outcome *o) {
    definition_free(o->after);
    error_clear(&o->err);
    key_registry_free(&o->keys);
}

/* "name:key name:key …", in order. */
static char *show_columns(const struct definition *d) {
    struct buffer out = BUFFER_INIT;
    for (size_t i = 0; i < d->count; i++) {
        buffer_printf(&out, "%s%s", i == 0 ? "" : " ", d->columns[i].name);
        if (strcmp(d->columns[i].name, d->columns[i].key) != 0) buffer_printf(&out, ":%s", d->columns[i].key);
    }
    return buffer_take(&out);
}

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
        struct outcome o = apply(CONTACTS, scenarios[i].changes, NULL, true);
        if (o.rc != 0) fail_msg("%s: %s", scenarios[i].sentence, o.err.message);
        char *columns = show_columns(o.after);
        if (strcmp(columns, scenarios[i].columns) != 0) fail_msg("%s: %s", scenarios[i].sentence, columns);
        free(columns);
        outcome_free(&o);
    }
}

static void registers_every_key_once(void **state) {
    (void)state;
    struct outcome o = apply("{'columns':[{'name':'a','dataType':'date'}]}",
                             "[{'op':'add_column','column':{'name':'b','dataType':'text'}},"
                             "{'op':'add_column','column':{'name':'c','dataType':'json'}},"
                             "{'op':'remove_column','name':'c'}]",
                             "{'a':'date','b':'integer','b_2':'boolean'}", true);
    assert_int_equal(o.rc, 0);
    assert_text(show_json(o.keys.keys), "{'a':'date','b':'integer','b_2':'boolean','b_3':'text','c':'json'}");
    assert_text(show_columns(o.after), "a b:b_3");
    outcome_free(&o);

    o = apply("{'columns':[{'name':'a','dataType':'date'}]}",
              "[{'op':'add_column','column':{'name':'b','dataType':'text'}},{'op':'nothing'}]", "{'a':'date'}", true);
    assert_int_not_equal(o.rc, 0);
    assert_text(show_json(o.keys.keys), "{'a':'date'}");
    outcome_free(&o);
}

/* The first column after one change of a table that has just this one. */
static void check_modify(const char *before, const char *change, bool has_records, const char *after) {
    struct buffer from = BUFFER_INIT, changes = BUFFER_INIT;
    buffer_printf(&from, "{'columns':[%s]}", before);
    buffer_printf(&changes, "[%s]", change);
    struct outcome o = apply(buffer_text(&from), buffer_text(&changes), NULL, has_records);
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
    struct outcome o = apply("{'displayName':'T','columns':[]}",
                             "[{'op':'modify_table','set':{'displayName':null,'description':'x','compatibility':'none',"
                             "'checks':{}}}]",
                             NULL, true);
    assert_int_equal(o.rc, 0);
    assert_null(o.after->display_name);
    assert_string_equal(o.after->description, "x");
    outcome_free(&o);
    o = apply("{'displayName':'T','columns':[]}",
              "[{'type':'modify_table','column':null,'details':{'before':{'displayName':'T'},'after':{}}}]", NULL,
              true);
    assert_int_equal(o.rc, 0);
    assert_null(o.after->display_name);
    outcome_free(&o);
}

/* ---- what is refused ---- */

struct refusal {
    const char *sentence, *changes, *answer;
};

static void refuse(const struct refusal *scenarios, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct outcome o = apply(CONTACTS, scenarios[i].changes, NULL, true);
        char *answer = show_error(&o.err);
        if (strcmp(answer, scenarios[i].answer) != 0) {
            fail_msg("%s\n  got:\n%s\n  expected:\n%s", scenarios[i].sentence, answer, scenarios[i].answer);
        }
        free(answer);
        outcome_free(&o);
    }
}

#define REFUSE(scenarios) refuse(scenarios, sizeof scenarios / sizeof *scenarios)
#define BAD               "invalid_schema\n"

static void refuses_what_is_no_change(void **state) {
    (void)state;
    static const struct refusal scenarios[] = {
        {"a text", "'x'", BAD "changes (type): must be an array of changes, got 'x'"},
        {"an object", "{'op':'remove_column','name':'age'}",
         BAD "changes (type): must be an array of changes, got {'op':'remove_column','name':'age'}"},
        {"no objects in it", "[1,null]",
         BAD "changes[0] (type): a change must be an object, got 1\n"
             "changes[1] (type): a change must be an object, got null"},
        {"no operation", "[{'name':'age'}]", BAD "changes[0] (required): op is missing"},
        {"an unknown operation", "[{'op':'drop_column','name':'age'},{'op':7}]",
         BAD
         "changes[0].op (enum): must be one of add_column, remove_column, rename_column, modify_column, move_column "
         "and modify_table, got 'drop_column'\n"
         "changes[1].op (enum): must be one of add_column, remove_column, rename_column, modify_column, move_column "
         "and modify_table, got 7"},
        {"words of no or another operation", "[{'op':'remove_column','name':'age','to':'x','force':true}]",
         BAD "changes[0].force (unknown): there is no key 'force' here\n"
             "changes[0].to (unknown): remove_column has no key 'to'"},
        {"no name", "[{'op':'remove_column'},{'op':'remove_column','name':3},{'op':'rename_column','name':'age'}]",
         BAD "changes[0] (required): name is missing\n"
             "changes[1].name (type): must be the name of a column, got 3\n"
             "changes[2] (required): to is missing"},
        {"stored entries of another shape",
         "[{'type':'move_column','column':'age'},{'type':'add_column','column':'x','details':{'after':null}},"
         "{'type':'remove_column','column':1},{'type':'rename_column','column':'age','details':{'after':{}}},"
         "{'type':'modify_column','column':'age','details':[1]}]",
         BAD "changes[0].type (type): must be one of add_column, remove_column, rename_column, modify_column and "
             "modify_table, got 'move_column'\n"
             "changes[1].details (type): must be { before, after }, got {'after':null}\n"
             "changes[2].column (type): must be the name of a column, got 1\n"
             "changes[3] (required): to is missing\n"
             "changes[4].details (type): must be { before, after }, got [1]"},
    };
    REFUSE(scenarios);
}

static void refuses_columns_that_are_not_there(void **state) {
    (void)state;
    static const struct refusal scenarios[] = {
        {"never", "[{'op':'remove_column','name':'agee'},{'op':'modify_column','name':'','set':{}}]",
         BAD "changes[0].name (exists): there is no column 'agee'\n"
             "changes[1].name (exists): there is no column ''"},
        {"any more",
         "[{'op':'remove_column','name':'age'},{'op':'rename_column','name':'age','to':'x'},"
         "{'op':'rename_column','name':'balance','to':'money'},{'op':'move_column','name':'balance','first':true},"
         "{'op':'add_column','column':{'name':'age','dataType':'date'}},{'op':'remove_column','name':'age'},"
         "{'op':'move_column','name':'money','after':'age'}]",
         BAD "changes[1].name (exists): there is no column 'age' any more: changes[0] took it away\n"
             "changes[3].name (exists): there is no column 'balance' any more: changes[2] took it away\n"
             "changes[6].after (exists): there is no column 'age' any more: changes[5] took it away"},
        {"system columns",
         "[{'op':'remove_column','name':'id'},{'op':'rename_column','name':'created_at','to':'born'},"
         "{'op':'modify_column','name':'updated_at','set':{'required':false}},"
         "{'op':'move_column','name':'deleted_at','first':true},{'op':'move_column','name':'age','after':'id'},"
         "{'op':'add_column','column':{'name':'id','dataType':'string','system':true}}]",
         BAD "changes[0].name (system): 'id' is a system column, which changes cannot touch\n"
             "changes[1].name (system): 'created_at' is a system column, which changes cannot touch\n"
             "changes[2].name (system): 'updated_at' is a system column, which changes cannot touch\n"
             "changes[3].name (system): 'deleted_at' is a system column, which changes cannot touch\n"
             "changes[4].after (system): 'id' is a system column, which changes cannot touch\n"
             "changes[5].column.name (name): the name 'id' is reserved for a system column\n"
             "changes[5].column (system): a system column cannot be added"},
    };
    REFUSE(scenarios);
}

static void refuses_names_and_places(void **state) {
    (void)state;
    static const struct refusal scenarios[] = {
        {"names that are taken",
         "[{'op':'rename_column','name':'age','to':'email'},"
         "{'op':'add_column','column':{'name':'age','dataType':'date'}}]",
         BAD "changes[0].to (unique): the name 'email' is taken\n"
             "changes[1].column.name (unique): the name 'age' is taken"},
        {"names that cannot be",
         "[{'op':'rename_column','name':'age','to':'Age'},{'op':'rename_column','name':'age','to':'deleted_at'},"
         "{'op':'rename_column','name':'age','to':''}]",
         BAD "changes[0].to (name): the name 'Age' must begin with a lower-case letter and go on with lower-case "
             "letters, digits and _\n"
             "changes[1].to (name): the name 'deleted_at' is reserved for a system column\n"
             "changes[2].to (name): the name is empty"},
        {"places that are none",
         "[{'op':'move_column','name':'age'},{'op':'move_column','name':'age','first':false},"
         "{'op':'move_column','name':'age','first':true,'after':'email'},{'op':'move_column','name':'age','first':1},"
         "{'op':'move_column','name':'age','after':'age'},{'op':'move_column','name':'age','after':'nowhere'},"
         "{'op':'add_column','column':{'name':'x','dataType':'date'},'after':'nowhere'},"
         "{'op':'move_column','name':'age','after':1}]",
         BAD "changes[0] (required): after, or first = true, is missing\n"
             "changes[1] (required): after, or first = true, is missing\n"
             "changes[2] (after): after and first exclude each other\n"
             "changes[3].first (type): must be true or false, got 1\n"
             "changes[4].after (after): 'age' cannot come after itself\n"
             "changes[5].after (exists): there is no column 'nowhere'\n"
             "changes[6].after (exists): there is no column 'nowhere'\n"
             "changes[7].after (type): must be the name of a column, got 1"},
    };
    REFUSE(scenarios);
}

static void refuses_bad_columns(void **state) {
    (void)state;
    static const struct refusal scenarios[] = {
        {"no column", "[{'op':'add_column'},{'op':'add_column','column':'vip'}]",
         BAD "changes[0] (required): column is missing\n"
             "changes[1].column (type): a column must be an object, got 'vip'"},
        {"its faults stand where it stands, and later changes find it",
         "[{'op':'add_column','column':{'name':'vip','dataType':'boolean','required':1,'colour':'red',"
         "'validation':{'min':1}}},{'op':'remove_column','name':'vip'}]",
         BAD "changes[0].column.colour (unknown): there is no key 'colour' here\n"
             "changes[0].column.required (type): must be true or false, got 1\n"
             "changes[0].column.validation.min (min): the rule min does not fit the type boolean"},
        {"what is not built yet", "[{'op':'add_column','column':{'name':'x','dataType':'text','searchable':true}}]",
         "unsupported: changes[0].column.searchable: full text search is not built yet"},
    };
    REFUSE(scenarios);
}

static void refuses_bad_modifications(void **state) {
    (void)state;
    static const struct refusal scenarios[] = {
        {"neither set nor unset", "[{'op':'modify_column','name':'age'}]",
         BAD "changes[0] (required): set or unset is missing"},
        {"other shapes",
         "[{'op':'modify_column','name':'age','set':[1],'unset':'required'},"
         "{'op':'modify_column','name':'age','set':{'validation':5},'unset':[1]}]",
         BAD "changes[0].set (type): must be an object, got [1]\n"
             "changes[0].unset (type): must be an array of keys, got 'required'\n"
             "changes[1].set.validation (type): must be an object of rules, got 5\n"
             "changes[1].unset[0] (type): must be the name of a key, got 1"},
        {"keys that are not to be set",
         "[{'op':'modify_column','name':'age','set':{'name':'years','key':'x','system':false,'initialDefault':1,"
         "'requierd':true,'validation':{'targetId':'1','maximum':3}}}]",
         BAD "changes[0].set.requierd (unknown): there is no key 'requierd' here\n"
             "changes[0].set.name (name): a name is changed by rename_column\n"
             "changes[0].set.key (key): cannot be changed\n"
             "changes[0].set.initialDefault (initialDefault): cannot be changed\n"
             "changes[0].set.validation.maximum (unknown): there is no key 'maximum' here\n"
             "changes[0].set.validation.targetId (targetId): cannot be changed\n"
             "changes[0].set.system (system): cannot be changed"},
        {"null for what cannot be null",
         "[{'op':'modify_column','name':'age','set':{'required':null,'dataType':null}}]",
         BAD "changes[0].set.dataType (type): must not be null; unset takes a key away\n"
             "changes[0].set.required (type): must not be null; unset takes a key away"},
        {"values and rules that do not fit",
         "[{'op':'modify_column','name':'age','set':{'required':'x','validation':{'maxLength':5}}},"
         "{'op':'modify_column','name':'company','set':{'validation':{'targetTable':'No Table'}}},"
         "{'op':'modify_column','name':'company','set':{'validation':{'targetTable':null}}},"
         "{'op':'modify_column','name':'balance','set':{'validation':{'precision':1}}}]",
         BAD "changes[0].set.required (type): must be true or false, got 'x'\n"
             "changes[0].set.validation.maxLength (maxLength): the rule maxLength does not fit the type integer\n"
             "changes[1].set.validation.targetTable (name): the name 'No Table' must begin with a lower-case letter "
             "and go on with lower-case letters, digits and _\n"
             "changes[2].set.validation (targetTable): targetTable is missing: a reference needs its table\n"
             "changes[3].set.validation.scale (scale): the scale 2 is greater than the precision 1"},
        {"what cannot be unset",
         "[{'op':'modify_column','name':'age','set':{'required':true},'unset':['name','dataType','required','max',"
         "'colour']}]",
         BAD "changes[0].unset[0] (unset): 'name' cannot be unset\n"
             "changes[0].unset[1] (unset): 'dataType' cannot be unset\n"
             "changes[0].unset[2] (unset): 'required' is set by the same change\n"
             "changes[0].unset[3] (unknown): 'max' is a rule: set = { validation = { max = null } } takes it away\n"
             "changes[0].unset[4] (unknown): a column has no key 'colour'"},
    };
    REFUSE(scenarios);
}

static void refuses_bad_retypes(void **state) {
    (void)state;
    static const struct refusal scenarios[] = {
        {"a pair without a conversion", "[{'op':'modify_column','name':'age','set':{'dataType':'date'}}]",
         "invalid_schema\nchanges[0] (dataType): integer cannot be converted to date: a number is no day: what it "
         "counts, and since when, would be a guess"},
        {"a default without a counterpart",
         "[{'op':'modify_column','name':'age','set':{'defaultValue':7}},"
         "{'op':'modify_column','name':'age','set':{'dataType':'boolean'}}]",
         "invalid_schema\nchanges[1].set.defaultValue (type): must be 1 or 0, is 7"},
        {"formats where the type stays", "[{'op':'modify_column','name':'age','set':{'required':true},'parse':'%Y'}]",
         "invalid_schema\nchanges[0].parse (parse): says how a retype reads dates, but the type stays as it is"},
        {"formats where none are read", "[{'op':'modify_column','name':'age','set':{'dataType':'text','parse':'%Y'}}]",
         "invalid_schema\nchanges[0].parse (parse): formats are read where a string, text or json becomes a date or "
         "datetime, not where integer becomes text"},
        {"a bad format", "[{'op':'modify_column','name':'email','set':{'dataType':'date','parse':['%Q']}}]",
         "invalid_schema\nchanges[0].parse[0] (parse): the format '%Q' for a date holds %Q, which is none of %Y %y %m "
         "%b %B %d %e %j %H %I %p %M %S %f %z %a %A %%"},
    };
    REFUSE(scenarios);
}

static void refuses_bad_tables(void **state) {
    (void)state;
    static const struct refusal scenarios[] = {
        {"other shapes and keys",
         "[{'op':'modify_table'},{'op':'modify_table','set':1},"
         "{'op':'modify_table','set':{'displayName':5,'columns':[],'version':3,'owner':'x'}}]",
         BAD "changes[0] (required): set is missing\n"
             "changes[1].set (type): must be an object, got 1\n"
             "changes[2].set.owner (unknown): there is no key 'owner' here\n"
             "changes[2].set.columns (columns): columns are changed by changes of their own\n"
             "changes[2].set.version (version): cannot be changed\n"
             "changes[2].set.displayName (type): must be a string, got 5"},
        {"no mode of compatibility", "[{'op':'modify_table','set':{'compatibility':'some'}}]",
         "invalid_schema\nchanges[0].set.compatibility (enum): must be one of none, backward, forward and full, is "
         "'some'"},
    };
    REFUSE(scenarios);
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

/* ---- diff ---- */

static cJSON *diff_of(const char *from, const char *to) {
    struct definition *a = definition_of(from, DEFINITION_GIVEN), *b = definition_of(to, DEFINITION_GIVEN);
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *changes = NULL;
    assert_int_equal(changes_diff(&changes, a, b, &err), 0);
    definition_free(a);
    definition_free(b);
    return changes;
}

static void tells_differences_in_both_faces(void **state) {
    (void)state;
    cJSON *diff = diff_of("{'displayName':'T','columns':[{'name':'a','key':'a','dataType':'date','required':true},"
                          "{'name':'b','key':'b','dataType':'integer','defaultValue':1,'validation':{'min':0,'max':9}},"
                          "{'name':'c','key':'c','dataType':'text'}]}",
                          "{'columns':[{'name':'n','key':'n','dataType':'boolean'},"
                          "{'name':'c','key':'c','dataType':'text'},"
                          "{'name':'beta','key':'b','dataType':'integer','validation':{'max':10}}]}");
    assert_text(
        show_json(diff),
        "[{'op':'remove_column','type':'remove_column','column':'a','details':{'before':{'name':'a','key':'a',"
        "'dataType':'date','required':true},'after':null},'name':'a'},"
        "{'op':'rename_column','type':'rename_column','column':'b','details':{'before':{'name':'b'},'after':"
        "{'name':'beta'}},'name':'b','to':'beta'},"
        "{'op':'modify_column','type':'modify_column','column':'beta','details':{'before':{'defaultValue':1,"
        "'validation':{'min':0,'max':9}},'after':{'validation':{'max':10}}},'name':'beta','set':{'validation':"
        "{'min':null,'max':10}},'unset':['defaultValue']},"
        "{'op':'add_column','type':'add_column','details':{'before':null,'after':{'name':'n','key':'n','dataType':"
        "'boolean'},'position':{'first':true}},'column':{'name':'n','key':'n','dataType':'boolean'},'first':true},"
        "{'op':'move_column','type':'modify_column','column':'beta','details':{'before':{'first':true},'after':"
        "{'after':'c'}},'name':'beta','after':'c'},"
        "{'op':'modify_table','type':'modify_table','column':null,'details':{'before':{'displayName':'T'},"
        "'after':{}},'set':{'displayName':null}}]");
    cJSON *stored = changes_stored(diff);
    assert_text(show_json(stored->child), "{'type':'remove_column','column':'a','details':{'before':{'name':'a','key':"
                                          "'a','dataType':'date','required':true},'after':null}}");
    assert_text(show_json(cJSON_GetArrayItem(stored, 3)),
                "{'type':'add_column','column':'n','details':{'before':null,'after':{'name':'n','key':'n','dataType':"
                "'boolean'},'position':{'first':true}}}");
    cJSON_Delete(stored);
    cJSON_Delete(diff);
}

static void pairs_columns(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *from, *to, *operations;
    } scenarios[] = {
        {"by name where no key is said", "{'name':'a','dataType':'date'}", "{'name':'a','dataType':'text'}",
         "modify a"},
        {"by renamedFrom", "{'name':'a','dataType':'date'}", "{'name':'b','dataType':'date','renamedFrom':'a'}",
         "rename a b"},
        {"by name before renamedFrom, so that it may stay in the document",
         "{'name':'a','dataType':'date'},{'name':'b','dataType':'date'}",
         "{'name':'a','dataType':'date'},{'name':'b','dataType':'date','renamedFrom':'a'}", ""},
        {"by key, whatever the names are", "{'name':'a','key':'k','dataType':'date'}",
         "{'name':'b','key':'k','dataType':'date'}", "rename a b"},
        {"not by name where the keys differ", "{'name':'a','key':'k','dataType':'date'}",
         "{'name':'a','key':'l','dataType':'date'}", "remove a add a"},
        {"by name where one side has no key", "{'name':'a','key':'k','dataType':'date'}",
         "{'name':'a','dataType':'date'}", ""},
        {"by renamedFrom where one side has no key", "{'name':'a','key':'k','dataType':'date'}",
         "{'name':'b','renamedFrom':'a','dataType':'date'}", "rename a b"},
        {"a swap goes through a third name",
         "{'name':'a','key':'a','dataType':'date'},{'name':'b','key':'b','dataType':'date'}",
         "{'name':'b','key':'a','dataType':'date'},{'name':'a','key':'b','dataType':'date'}",
         "rename a swap_1 rename b a rename swap_1 b"},
        {"two circles, one through a name that is taken",
         "{'name':'a','key':'a','dataType':'date'},{'name':'b','key':'b','dataType':'date'},"
         "{'name':'c','key':'c','dataType':'date'},{'name':'d','key':'d','dataType':'date'},"
         "{'name':'swap_1','key':'e','dataType':'date'}",
         "{'name':'b','key':'a','dataType':'date'},{'name':'a','key':'b','dataType':'date'},"
         "{'name':'swap_1','key':'c','dataType':'date'},{'name':'c','key':'d','dataType':'date'},"
         "{'name':'d','key':'e','dataType':'date'}",
         "rename a swap_2 rename b a rename swap_2 b rename c swap_3 rename d c rename swap_1 d rename swap_3 swap_1"},
        {"a chain is renamed from its end",
         "{'name':'a','key':'a','dataType':'date'},{'name':'b','key':'b','dataType':'date'}",
         "{'name':'b','key':'a','dataType':'date'},{'name':'c','key':'b','dataType':'date'}", "rename b c rename a b"},
        {"a rename into a name that is removed",
         "{'name':'a','key':'a','dataType':'date'},{'name':'b','key':'b','dataType':'date'}",
         "{'name':'b','key':'a','dataType':'date'}", "remove b rename a b"},
        {"one move where one is enough",
         "{'name':'a','dataType':'date'},{'name':'b','dataType':'date'},{'name':'c','dataType':'date'}",
         "{'name':'c','dataType':'date'},{'name':'a','dataType':'date'},{'name':'b','dataType':'date'}", "move c"},
        {"a version or a target's id is no difference",
         "{'name':'r','dataType':'reference','validation':{'targetTable':'t','targetId':'7'}}",
         "{'name':'r','dataType':'reference','validation':{'targetTable':'t'}}", ""},
        {"another target of the same name is one",
         "{'name':'r','dataType':'reference','validation':{'targetTable':'t','targetId':'7'}}",
         "{'name':'r','dataType':'reference','validation':{'targetTable':'t','targetId':'8'}}", "modify r"},
        {"a default of false that goes", "{'name':'a','dataType':'boolean','defaultValue':true}",
         "{'name':'a','dataType':'boolean'}", "modify a"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct buffer from = BUFFER_INIT, to = BUFFER_INIT, got = BUFFER_INIT;
        buffer_printf(&from, "{'version':1,'columns':[%s]}", scenarios[i].from);
        buffer_printf(&to, "{'version':2,'columns':[%s]}", scenarios[i].to);
        cJSON *diff = diff_of(buffer_text(&from), buffer_text(&to));
        for (const cJSON *e = diff->child; e != NULL; e = e->next) {
            const char *op = cJSON_GetObjectItem(e, "op")->valuestring;
            const cJSON *name = cJSON_GetObjectItem(e, "name"), *column = cJSON_GetObjectItem(e, "column");
            if (name == NULL) name = cJSON_GetObjectItem(column, "name");
            buffer_printf(&got, "%s%.*s %s", got.length == 0 ? "" : " ", (int)strcspn(op, "_"), op, name->valuestring);
            if (strcmp(op, "rename_column") == 0) buffer_printf(&got, " %s", cJSON_GetObjectItem(e, "to")->valuestring);
        }
        if (strcmp(buffer_text(&got), scenarios[i].operations) != 0) {
            fail_msg("%s: %s", scenarios[i].sentence, buffer_text(&got));
        }
        cJSON_Delete(diff);
        buffer_free(&from);
        buffer_free(&to);
        buffer_free(&got);
    }
}

/* The document without what a diff does not carry: keys, initial defaults, the version. Indexes by name. */
static char *comparable(const struct definition *d) {
    cJSON *tree = definition_document(d, PRINT_STORED), *public = definition_document(d, PRINT_PUBLIC);
    cJSON *indexes = cJSON_DetachItemFromObject(public, "indexes");
    if (indexes != NULL) cJSON_ReplaceItemInObject(tree, "indexes", indexes);
    cJSON_Delete(public);
    cJSON_DeleteItemFromObject(tree, "version");
    for (cJSON *c = cJSON_GetObjectItem(tree, "columns")->child; c != NULL; c = c->next) {
        cJSON_DeleteItemFromObject(c, "key");
        cJSON_DeleteItemFromObject(c, "initialDefault");
        cJSON_DeleteItemFromObject(c, "convertedFrom");
    }
    char *text = show_json(tree);
    cJSON_Delete(tree);
    return text;
}

static void check_applied(const struct definition *a, const struct definition *b, const cJSON *changes) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct key_registry keys = {.keys = registry_of(a)};
    struct definition *after = NULL;
    cJSON *tree = NULL;
    if (changes_apply(&tree, a, changes, &keys, false, &err) != 0) {
        char *list = show_json(changes);
        fail_msg("%s\n%s", err.message, list);
    }
    assert_int_equal(definition_parse(&after, tree, DEFINITION_STORED, &err), 0);
    assert_int_equal(err.issue_count, 0);
    char *want = comparable(b);
    char *got = comparable(after);
    size_t same = 0;
    while (got[same] != '\0' && got[same] == want[same]) same++;
    /* From the first difference on: the whole would be cut. */
    if (strcmp(got, want) != 0)
        fail_msg("…%.200s\nis not …%.200s", got + (same > 80 ? same - 80 : 0), want + (same > 80 ? same - 80 : 0));
    free(got);
    free(want);
    definition_free(after);
    key_registry_free(&keys);
}

static void a_diff_applied_gives_the_other_side(void **state) {
    (void)state;
    struct property p = property_begin("changes: diff and apply");
    for (int round = 0; round < 400; round++) {
        bool keyed = round % 2 == 0;
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct definition *a = NULL, *b = NULL;
        cJSON *diff = NULL, *none = NULL;
        assert_int_equal(definition_parse(&a, random_definition(&p, 24, keyed), DEFINITION_GIVEN, &err), 0);
        assert_int_equal(definition_parse(&b, random_definition(&p, 24, keyed), DEFINITION_GIVEN, &err), 0);
        assert_int_equal(changes_diff(&diff, a, b, &err), 0);
        check_applied(a, b, diff);
        cJSON *stored = changes_stored(diff);
        check_applied(a, b, stored);
        assert_int_equal(changes_diff(&none, b, b, &err), 0);
        assert_null(none->child);
        cJSON_Delete(none);
        cJSON_Delete(stored);
        cJSON_Delete(diff);
        definition_free(a);
        definition_free(b);
    }
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
    struct outcome o = apply(buffer_text(&from), buffer_text(&changes), NULL, true);
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
        apply(buffer_text(&from), "[{'op':'add_column','column':{'name':'x','dataType':'text'}}]", NULL, true);
    assert_text(show_error(&o.err), BAD "changes[0] (limit): the table has 1000 columns, 1000 are allowed");
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
        cmocka_unit_test(refuses_what_is_no_change),
        cmocka_unit_test(refuses_columns_that_are_not_there),
        cmocka_unit_test(refuses_names_and_places),
        cmocka_unit_test(refuses_bad_columns),
        cmocka_unit_test(refuses_bad_modifications),
        cmocka_unit_test(refuses_bad_retypes),
        cmocka_unit_test(refuses_bad_tables),
        cmocka_unit_test(assigns_the_keys_of_a_new_table),
        cmocka_unit_test(tells_differences_in_both_faces),
        cmocka_unit_test(pairs_columns),
        cmocka_unit_test(a_diff_applied_gives_the_other_side),
        cmocka_unit_test(a_thousand_changes_of_a_thousand_columns_are_quick),
        cmocka_unit_test(a_table_holds_a_thousand_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
