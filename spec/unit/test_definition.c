/* Definitions: what is accepted, every issue of what is not, and that printing and reading are one another's inverse.
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

struct scenario {
    const char *sentence, *document, *answer;
};

static void run(const struct scenario *scenarios, size_t count, enum definition_source source) {
    for (size_t i = 0; i < count; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct definition *d = NULL;
        int rc = definition_parse(&d, read_json(scenarios[i].document), source, &err);
        assert_int_equal(rc == 0, d != NULL);
        error_close_issues(&err, FLEXDB_INVALID_SCHEMA);
        char *answer = show_error(&err);
        must_answer(scenarios[i].sentence, answer, scenarios[i].answer);
        error_clear(&err);
        definition_free(d);
    }
}

#define RUN(scenarios, source) run(scenarios, sizeof scenarios / sizeof *scenarios, source)
#define BAD                    "invalid_schema\n"
#define ONE(column)            "{'columns':[" column "]}"

static void accepts(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"a table without columns", "{'columns':[]}", "ok"},
        {"Lua's empty table for the columns", "{'columns':{}}", "ok"},
        {"every key of a column",
         ONE("{'name':'a','key':'b','dataType':'integer','displayName':'A','description':'x',"
             "'required':true,'unique':true,'indexed':false,'filterable':true,"
             "'searchable':false,'defaultValue':1,'initialDefault':2,'system':false,"
             "'renamedFrom':'c','validation':{'min':0}}"),
         "ok"},
        {"null for what may be left out",
         ONE("{'name':'a','dataType':'date','displayName':null,'defaultValue':null,"
             "'initialDefault':null,'description':null}"),
         "ok"},
        {"the system columns as they are printed",
         ONE("{'name':'id','dataType':'string','system':true},{'name':'created_at','dataType':'datetime',"
             "'system':true},{'name':'updated_at','system':true},{'name':'deleted_at','system':true}"),
         "ok"},
        {"what is said about later in its empty form",
         "{'columns':[],'checks':[],'indexes':{},'compatibility':'none','version':3}", "ok"},
        {"a mode of compatibility", "{'columns':[],'compatibility':'full'}", "ok"},
        {"integers that no double holds",
         ONE("{'name':'a','dataType':'integer','validation':{'min':-9223372036854775808,'max':9007199254740993}}"),
         "ok"},
        {"a name of 64 characters",
         ONE("{'name':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',"
             "'dataType':'text'}"),
         "ok"},
    };
    RUN(scenarios, DEFINITION_GIVEN);
}

static void judges_the_structure(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"a text is no definition", "'x'", BAD " (type): a definition must be an object, got 'x'"},
        {"a list is no definition", "[]", BAD " (type): a definition must be an object, got []"},
        {"columns must be there", "{}", BAD "columns (required): columns is missing (it may be empty)"},
        {"columns must be an array", "{'columns':{'a':1}}",
         BAD "columns (type): must be an array of columns, got {'a':1}"},
        {"a column must be an object", ONE("1,'x'"),
         BAD "columns[0] (type): a column must be an object, got 1\n"
             "columns[1] (type): a column must be an object, got 'x'"},
        {"name and type must be there", ONE("{}"),
         BAD "columns[0] (required): name is missing\n"
             "columns[0] (required): dataType is missing"},
        {"unknown keys are told, with what was meant",
         "{'colums':[],'columns':[{'name':'a','datatype':'text','dataType':'text','colour':1}]}",
         BAD "colums (unknown): there is no key 'colums' here\n"
             "columns[0].datatype (unknown): there is no key 'datatype' here, but 'dataType'\n"
             "columns[0].colour (unknown): there is no key 'colour' here"},
        {"texts are texts", "{'columns':[{'name':1,'key':2,'dataType':3,'displayName':4}],'description':5}",
         BAD "description (type): must be a string, got 5\n"
             "columns[0].name (type): must be a string, got 1\n"
             "columns[0].key (type): must be a string, got 2\n"
             "columns[0].displayName (type): must be a string, got 4\n"
             "columns[0].dataType (type): must be a string, got 3"},
        {"a null name is not a name", ONE("{'name':null,'dataType':'text'}"),
         BAD "columns[0].name (type): must be a string, got null"},
        {"flags are booleans", ONE("{'name':'a','dataType':'text','required':'yes','unique':1,'indexed':null}"),
         BAD "columns[0].required (type): must be true or false, got 'yes'\n"
             "columns[0].unique (type): must be true or false, got 1\n"
             "columns[0].indexed (type): must be true or false, got null"},
        {"an unknown type", ONE("{'name':'a','dataType':'varchar'}"),
         BAD "columns[0].dataType (enum): must be one of string, text, integer, decimal, boolean, date, datetime, json "
             "and reference, got 'varchar'"},
        {"a version is a number", "{'columns':[],'version':'1'}",
         BAD "version (type): must be an integer of at least 0, got '1'"},
        {"an empty key", ONE("{'name':'a','key':'','dataType':'text'}"),
         BAD "columns[0].key (minLength): must not be empty"},
        {"an invented system column", ONE("{'name':'secret','dataType':'text','system':true}"),
         BAD "columns[0].system (system): only id, created_at, updated_at and deleted_at are system columns"},
        {"a system column twice", ONE("{'name':'id','system':true},{'name':'id','system':true}"),
         BAD "columns[1].system (unique): the system column 'id' stands here twice"},
        {"json has no physical column",
         ONE("{'name':'a','dataType':'json','unique':true,'indexed':true,"
             "'filterable':true}"),
         BAD "columns[0].unique (unique): a json column cannot be unique\n"
             "columns[0].indexed (indexed): a json column cannot be indexed\n"
             "columns[0].filterable (filterable): a json column cannot be filterable"},
        {"a compatibility that is none", "{'columns':[],'compatibility':'some'}",
         BAD "compatibility (enum): must be one of none, backward, forward and full, is 'some'"},
    };
    RUN(scenarios, DEFINITION_GIVEN);
}

static void judges_names(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"a capital letter", ONE("{'name':'Name','dataType':'text'}"),
         BAD "columns[0].name (name): the name 'Name' must begin with a lower-case letter and go on with lower-case "
             "letters, digits and _"},
        {"an injection", ONE("{'name':'a`; DROP TABLE x --','dataType':'text'}"),
         BAD
         "columns[0].name (name): the name 'a`; DROP TABLE x --' must begin with a lower-case letter and go on with "
         "lower-case letters, digits and _"},
        {"letters of other alphabets", ONE("{'name':'größe','dataType':'text'}"),
         BAD "columns[0].name (name): the name 'größe' must begin with a lower-case letter and go on with lower-case "
             "letters, digits and _"},
        {"an empty name", ONE("{'name':'','dataType':'text'}"), BAD "columns[0].name (name): the name is empty"},
        {"65 characters",
         ONE("{'name':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab',"
             "'dataType':'text'}"),
         BAD "columns[0].name (name): the name 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' has "
             "65 characters, 64 are allowed"},
        {"a reserved name", ONE("{'name':'id','dataType':'text'}"),
         BAD "columns[0].name (name): the name 'id' is reserved for a system column"},
        {"a name twice",
         ONE("{'name':'id','system':true},{'name':'a','dataType':'text'},{'name':'a',"
             "'dataType':'date'}"),
         BAD "columns[2].name (unique): the name 'a' is taken by columns[1]"},
        {"a key twice", ONE("{'name':'a','key':'k','dataType':'text'},{'name':'b','key':'k','dataType':'text'}"),
         BAD "columns[1].key (unique): the key 'k' is taken by columns[0]"},
    };
    RUN(scenarios, DEFINITION_GIVEN);
}

static void judges_rules(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"rules are an object", ONE("{'name':'a','dataType':'text','validation':[1]}"),
         BAD "columns[0].validation (type): must be an object of rules, got [1]"},
        {"an unknown rule", ONE("{'name':'a','dataType':'text','validation':{'minlength':1}}"),
         BAD "columns[0].validation.minlength (unknown): there is no key 'minlength' here, but 'minLength'"},
        {"rules of other types", ONE("{'name':'a','dataType':'integer','validation':{'maxLength':1,'scale':2}}"),
         BAD "columns[0].validation.maxLength (maxLength): the rule maxLength does not fit the type integer\n"
             "columns[0].validation.scale (scale): the rule scale does not fit the type integer"},
        {"lengths are natural numbers",
         ONE("{'name':'a','dataType':'text','validation':{'minLength':-1,"
             "'maxLength':2.5}},{'name':'b','dataType':'text','validation':"
             "{'minLength':'3','maxLength':1e30}}"),
         BAD "columns[0].validation.minLength (minLength): must be an integer of at least 0, got -1\n"
             "columns[0].validation.maxLength (maxLength): must be an integer of at least 0, got 2.5\n"
             "columns[1].validation.minLength (minLength): must be an integer of at least 0, got '3'\n"
             "columns[1].validation.maxLength (maxLength): must be an integer of at least 0, got 1e30"},
        {"patterns and formats are texts",
         ONE("{'name':'a','dataType':'string','validation':{'pattern':1,"
             "'format':null}}"),
         BAD "columns[0].validation.pattern (type): must be a string, got 1\n"
             "columns[0].validation.format (format): must be a string, got null"},
        {"an enum is a list of something",
         ONE("{'name':'a','dataType':'string','validation':{'enum':'x'}},"
             "{'name':'b','dataType':'string','validation':{'enum':{}}}"),
         BAD "columns[0].validation.enum (enum): must be an array, got 'x'\n"
             "columns[1].validation.enum (enum): must hold at least one value"},
        {"bounds are numbers or texts", ONE("{'name':'a','dataType':'integer','validation':{'min':true,'max':[]}}"),
         BAD "columns[0].validation.min (min): must be a number or a string, got true\n"
             "columns[0].validation.max (max): must be a number or a string, got []"},
        {"digits have limits",
         ONE("{'name':'a','dataType':'decimal','validation':{'precision':39,'scale':31}},"
             "{'name':'b','dataType':'decimal','validation':{'precision':0,'scale':'2'}}"),
         BAD "columns[0].validation.precision (precision): must be an integer from 1 to 38, got 39\n"
             "columns[0].validation.scale (scale): must be an integer from 0 to 30, got 31\n"
             "columns[1].validation.precision (precision): must be an integer from 1 to 38, got 0\n"
             "columns[1].validation.scale (scale): must be an integer from 0 to 30, got '2'"},
        {"a scale fits its precision, said or not",
         ONE("{'name':'a','dataType':'decimal','validation':{'precision':5,'scale':6}},"
             "{'name':'b','dataType':'decimal','validation':{'precision':3}},"
             "{'name':'c','dataType':'decimal','validation':{'scale':20}}"),
         BAD "columns[0].validation.scale (scale): the scale 6 is greater than the precision 5\n"
             "columns[1].validation.scale (scale): the scale 4 (4 unless said otherwise) is greater than the precision "
             "3\n"
             "columns[2].validation.scale (scale): the scale 20 is greater than the precision 18 (18 unless said "
             "otherwise)"},
        {"a reference needs a table",
         ONE("{'name':'a','dataType':'reference'},"
             "{'name':'b','dataType':'reference','validation':{'onDelete':'cascade'}},"
             "{'name':'c','dataType':'reference','validation':{'targetTable':'No'}}"),
         BAD "columns[0].validation (targetTable): targetTable is missing: a reference needs its table\n"
             "columns[1].validation (targetTable): targetTable is missing: a reference needs its table\n"
             "columns[2].validation.targetTable (name): the name 'No' must begin with a lower-case letter and go on "
             "with lower-case letters, digits and _"},
        {"what is required cannot be cleared",
         ONE("{'name':'a','dataType':'reference','required':true,'validation':{'targetTable':'t','onDelete':'set-null'}"
             "},"
             "{'name':'b','dataType':'reference','required':true,'validation':{'targetTable':'t','onDelete':'cascade'}}"
             ","
             "{'name':'c','dataType':'reference','validation':{'targetTable':'t','onDelete':'set-null'}}"),
         BAD
         "columns[0].validation.onDelete (onDelete): a required column cannot be cleared: onDelete must be restrict "
         "or cascade, is set-null"},
        {"onDelete is one of three",
         ONE("{'name':'a','dataType':'reference','validation':{'targetTable':'t',"
             "'onDelete':'setNull'}}"),
         BAD "columns[0].validation.onDelete (onDelete): must be one of restrict, cascade and set-null, got 'setNull'"},
    };
    RUN(scenarios, DEFINITION_GIVEN);
}

static void says_what_is_not_built_yet(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"full text search", ONE("{'name':'a','dataType':'text','searchable':true}"),
         "unsupported: columns[0].searchable: full text search is not built yet"},
    };
    RUN(scenarios, DEFINITION_GIVEN);
    RUN(scenarios, DEFINITION_STORED);
}

static void reads_what_the_original_stored(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"names outside the pattern", ONE("{'name':'First Name','dataType':'string'},{'name':'id','dataType':'text'}"),
         "ok"},
        {"unknown keys, and nulls for what is not said",
         "{'columns':[{'name':'a','dataType':'string','validation':{'minLength':null,'trim':true},'required':null,"
         "'displayName':null,'width':80}],'owner':'x','version':null}",
         "ok"},
        {"system columns of any name", ONE("{'name':'applicationId','dataType':'uuid','system':true}"), "ok"},
        {"a type that is none is an issue all the same", ONE("{'name':'a','dataType':'uuid'}"),
         BAD "columns[0].dataType (enum): must be one of string, text, integer, decimal, boolean, date, datetime, json "
             "and reference, got 'uuid'"},
        {"a missing key that another column has",
         ONE("{'name':'b','key':'a','dataType':'text'},{'name':'a',"
             "'dataType':'text'}"),
         BAD "columns[1].key (unique): the key 'a' is taken by columns[0]"},
    };
    RUN(scenarios, DEFINITION_STORED);
}

static void hands_out_columns_with_their_keys(void **state) {
    (void)state;
    struct definition *d = definition_of(ONE("{'name':'id','system':true},{'name':'b','key':'a','dataType':'text'},"
                                             "{'name':'a','dataType':'decimal'}"),
                                         DEFINITION_GIVEN);
    assert_int_equal(d->count, 2);
    const struct column *a = definition_find(d, "a", 1), *b = definition_find_key(d, "a", 1);
    assert_string_equal(b->name, "b");
    assert_true(b->keyed);
    assert_string_equal(a->key, "a_2"); /* its own name is a key already */
    assert_false(a->keyed);
    assert_int_equal(a->position, 2);
    assert_int_equal(a->rules.precision, 18);
    assert_int_equal(a->rules.scale, 4);
    assert_null(definition_find(d, "id", 2));
    assert_null(definition_find_key(d, "b", 1));
    definition_free(d);
}

#define SYSTEM                                                                                                         \
    "{'name':'id','dataType':'string','required':true,'unique':true,'system':true},"                                   \
    "{'name':'created_at','dataType':'datetime','required':true,'system':true},"                                       \
    "{'name':'updated_at','dataType':'datetime','required':true,'system':true},"                                       \
    "{'name':'deleted_at','dataType':'datetime','system':true}"

static void prints_one_text_for_one_definition(void **state) {
    (void)state;
    struct definition *d =
        definition_of("{'version':2,'displayName':'T','columns':["
                      "{'validation':{'max':'9007199254740993','enum':[9007199254740993,'07'],'min':-3},'name':'n',"
                      "'dataType':'integer','required':false,'defaultValue':'0042'},"
                      "{'name':'m','dataType':'decimal','defaultValue':'0.50','validation':{'max':"
                      "123456789012345678901234567890,'scale':2}},"
                      "{'name':'r','key':'q','dataType':'reference','validation':{'targetTable':'t','targetId':'7'}},"
                      "{'name':'j','dataType':'json','initialDefault':[9007199254740993],'validation':{}}]}",
                      DEFINITION_GIVEN);
    assert_text(show_definition(d, PRINT_STORED),
                "{'columns':[{'name':'n','key':'n','dataType':'integer','defaultValue':42,'validation':{'enum':["
                "'9007199254740993',7],'min':-3,'max':'9007199254740993'}},"
                "{'name':'m','key':'m','dataType':'decimal','defaultValue':'0.50','validation':{'max':"
                "'123456789012345678901234567890','scale':2}},"
                "{'name':'r','key':'q','dataType':'reference','validation':{'targetTable':'t','targetId':'7'}},"
                "{'name':'j','key':'j','dataType':'json','initialDefault':[9007199254740993]}," SYSTEM
                "],'displayName':'T','version':2}");
    assert_text(show_definition(d, PRINT_PUBLIC),
                "{'columns':[{'name':'n','key':'n','dataType':'integer','defaultValue':42,'validation':{'enum':["
                "9007199254740993,7],'min':-3,'max':9007199254740993}},"
                "{'name':'m','key':'m','dataType':'decimal','defaultValue':'0.50','validation':{'max':"
                "'123456789012345678901234567890','scale':2}},"
                "{'name':'r','key':'q','dataType':'reference','validation':{'targetTable':'t'}},"
                "{'name':'j','key':'j','dataType':'json','initialDefault':[9007199254740993]}," SYSTEM
                "],'displayName':'T','version':2}");
    definition_free(d);
}

static void reading_undoes_printing(void **state) {
    (void)state;
    struct property p = property_begin("definition: print and read");
    for (int round = 0; round < 300; round++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct definition *first = NULL;
        assert_int_equal(definition_parse(&first, random_definition(&p, 12, round % 2), DEFINITION_GIVEN, &err), 0);
        for (int how = PRINT_STORED; how <= PRINT_PUBLIC; how++) {
            for (int source = DEFINITION_GIVEN; source <= DEFINITION_STORED; source++) {
                struct definition *again = NULL;
                /* Indexes are stored by key, and given by name. */
                if (first->index_count != 0 && (how == PRINT_STORED) != (source == DEFINITION_STORED)) continue;
                cJSON *tree = definition_document(first, (enum definition_print)how);
                assert_int_equal(definition_parse(&again, tree, (enum definition_source)source, &err), 0);
                assert_int_equal(err.issue_count, 0);
                char *stored = show_definition(first, PRINT_STORED), *public = show_definition(first, PRINT_PUBLIC);
                assert_text(show_definition(again, PRINT_STORED), stored);
                assert_text(show_definition(again, PRINT_PUBLIC), public);
                free(stored);
                free(public);
                definition_free(again);
            }
        }
        definition_free(first);
    }
}

static char *many_columns(size_t count) {
    struct buffer text = BUFFER_INIT;
    buffer_puts(&text, "{'columns':[");
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&text, "%s{'name':'c%zu','dataType':'text'}", i == 0 ? "" : ",", i);
    }
    buffer_puts(&text, "]}");
    return buffer_take(&text);
}

static void refuses_too_many_columns_with_one_issue(void **state) {
    (void)state;
    char *text = many_columns(10000);
    const struct scenario scenarios[] = {
        {"ten thousand", text, BAD "columns (limit): there are 10000 columns, 1000 are allowed"}};
    clock_t begin = clock();
    RUN(scenarios, DEFINITION_GIVEN);
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 1.0);
    free(text);
    text = many_columns(1000);
    struct definition *d = definition_of(text, DEFINITION_GIVEN);
    assert_int_equal(d->count, 1000);
    assert_non_null(definition_find(d, "c999", 4));
    definition_free(d);
    free(text);
}

static void survives_names_of_any_bytes(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_false(definition_check_table_name("a\0b\xff", 4, "", &err));
    assert_false(definition_check_name("created_at\0x", 12, "name", &err));
    assert_true(definition_check_table_name("id", 2, "", &err));
    assert_false(definition_check_name("id", 2, "", &err));
    assert_text(show_error(&err), "ok\n (name): the name 'a?b?' must begin with a lower-case letter and go on with "
                                  "lower-case letters, digits and _\n"
                                  "name (name): the name 'created_at?x' must begin with a lower-case letter and go on "
                                  "with lower-case letters, digits and _\n"
                                  " (name): the name 'id' is reserved for a system column");
    error_clear(&err);
}

static void keeps_every_word(void **state) {
    (void)state;
    for (int i = 0; i < TYPE_COUNT; i++) {
        enum column_type type;
        assert_true(column_type_find(column_type_name((enum column_type)i), &type));
        assert_int_equal(type, i);
    }
    for (int i = 0; i < RULE_COUNT; i++) {
        enum column_rule rule;
        assert_true(column_rule_find(column_rule_name((enum column_rule)i), &rule));
        assert_int_equal(rule, i);
    }
    enum column_rule rule;
    assert_false(column_rule_find("computed", &rule));
    assert_false(column_rule_find("targetId", &rule));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(judges_the_structure),
        cmocka_unit_test(judges_names),
        cmocka_unit_test(judges_rules),
        cmocka_unit_test(says_what_is_not_built_yet),
        cmocka_unit_test(reads_what_the_original_stored),
        cmocka_unit_test(hands_out_columns_with_their_keys),
        cmocka_unit_test(prints_one_text_for_one_definition),
        cmocka_unit_test(reading_undoes_printing),
        cmocka_unit_test(refuses_too_many_columns_with_one_issue),
        cmocka_unit_test(survives_names_of_any_bytes),
        cmocka_unit_test(keeps_every_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
