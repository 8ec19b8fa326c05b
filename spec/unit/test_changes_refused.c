/* Changes that are refused, with all that is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outcomes.h"

struct refusal {
    const char *sentence, *changes, *answer;
};

static void refuse(const struct refusal *scenarios, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct outcome o = outcome_of(CONTACTS, scenarios[i].changes, NULL, true);
        char *answer = show_error(&o.err);
        must_answer(scenarios[i].sentence, answer, scenarios[i].answer);
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
        {"a required reference that would be cleared",
         "[{'op':'modify_column','name':'company','set':{'required':true,'validation':{'onDelete':'set-null'}}},"
         "{'op':'modify_column','name':'email','set':{'dataType':'reference','validation':{'maxLength':null,"
         "'targetTable':'companies','onDelete':'set-null'}}}]",
         BAD "changes[0].set.required (onDelete): a required column cannot be cleared: onDelete must be restrict or "
             "cascade, is set-null\n"
             "changes[1].set.validation.onDelete (onDelete): a required column cannot be cleared: onDelete must be "
             "restrict or cascade, is set-null"},
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_change), cmocka_unit_test(refuses_columns_that_are_not_there),
        cmocka_unit_test(refuses_names_and_places),  cmocka_unit_test(refuses_bad_columns),
        cmocka_unit_test(refuses_bad_modifications), cmocka_unit_test(refuses_bad_retypes),
        cmocka_unit_test(refuses_bad_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
