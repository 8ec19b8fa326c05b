/* Indexes over several columns: how they are read, printed, changed and told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "documents.h"

#define COLUMNS                                                                                                        \
    "'columns':[{'name':'a','dataType':'string'},{'name':'b','key':'b_2','dataType':'integer'},"                       \
    "{'name':'c','dataType':'date'},{'name':'j','dataType':'json'},{'name':'r','dataType':'reference','validation':"   \
    "{'targetTable':'t'}}]"
#define BAD "invalid_schema\n"

/* ---- reading ---- */

static void judges_what_is_given(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *indexes, *answer;
    } scenarios[] = {
        {"none", "[]", "ok"},
        {"null is none", "null", "ok"},
        {"over one column, several, a reference; unique or not; named or not",
         "[{'columns':['a']},{'columns':['a','b'],'unique':true},{'columns':['b','a'],'unique':false,'name':'b_a'},"
         "{'columns':['r','c'],'name':null}]",
         "ok"},
        {"an object is no list", "{'columns':['a']}",
         BAD "indexes (type): must be an array of indexes, got {'columns':['a']}"},
        {"a name is no index", "['a']", BAD "indexes[0] (type): an index must be an object, got 'a'"},
        {"columns must be there", "[{}]", BAD "indexes[0] (required): columns is missing"},
        {"and be a list", "[{'columns':'a'}]",
         BAD "indexes[0].columns (type): must be an array of column names, got 'a'"},
        {"that names something", "[{'columns':[]},{'columns':{}}]",
         BAD "indexes[0].columns (required): must name at least one column\n"
             "indexes[1].columns (required): must name at least one column"},
        {"by name", "[{'columns':[1,null]}]",
         BAD "indexes[0].columns[0] (type): must be the name of a column, got 1\n"
             "indexes[0].columns[1] (type): must be the name of a column, got null"},
        {"that is there, of the table's own, and not twice", "[{'columns':['a','nope','id','a']}]",
         BAD "indexes[0].columns[1] (exists): there is no column 'nope'\n"
             "indexes[0].columns[2] (system): 'id' is a system column, which no index may hold\n"
             "indexes[0].columns[3] (unique): the column 'a' stands here twice"},
        {"not by key", "[{'columns':['b_2']}]", BAD "indexes[0].columns[0] (exists): there is no column 'b_2'"},
        {"json cannot be indexed", "[{'columns':['a','j']}]",
         BAD "indexes[0].columns[1] (indexed): a json column cannot be in an index"},
        {"unknown keys, flags and names",
         "[{'columns':['a'],'unique':1,'Unique':true,'keys':['a'],'name':'A'},{'columns':['b'],'unique':null,'name':7}"
         "]",
         BAD "indexes[0].Unique (unknown): there is no key 'Unique' here, but 'unique'\n"
             "indexes[0].keys (unknown): there is no key 'keys' here\n"
             "indexes[0].name (name): the name 'A' must begin with a lower-case letter and go on with lower-case "
             "letters, digits and _\n"
             "indexes[0].unique (type): must be true or false, got 1\n"
             "indexes[1].name (type): must be a string, got 7\n"
             "indexes[1].unique (type): must be true or false, got null"},
        {"the same twice, unique or not",
         "[{'columns':['a','b']},{'columns':['b','a']},{'columns':['a','b'],'unique':true}]",
         BAD "indexes[2] (unique): indexes[0] holds the same columns"},
        {"what cannot be read is the same as nothing", "[{'columns':['a','x']},{'columns':['a']}]",
         BAD "indexes[0].columns[1] (exists): there is no column 'x'"},
        {"two of one name", "[{'columns':['a'],'name':'x'},{'columns':['b'],'name':'x'},{'columns':['a'],'name':'x'}]",
         BAD "indexes[1].name (unique): the name 'x' is taken by indexes[0]\n"
             "indexes[2] (unique): indexes[0] holds the same columns\n"
             "indexes[2].name (unique): the name 'x' is taken by indexes[0]"},
        {"seventeen columns", "[{'columns':['a','a','a','a','a','a','a','a','a','a','a','a','a','a','a','a','a']}]",
         BAD "indexes[0].columns (limit): there are 17 columns, 16 are allowed"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct buffer text = BUFFER_INIT;
        buffer_printf(&text, "{" COLUMNS ",'indexes':%s}", scenarios[i].indexes);
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct definition *d = NULL;
        assert_int_equal(definition_parse(&d, read_json(buffer_text(&text)), DEFINITION_GIVEN, &err), 0);
        error_close_issues(&err, FLEXDB_INVALID_SCHEMA);
        char *answer = show_error(&err);
        must_answer(scenarios[i].sentence, answer, scenarios[i].answer);
        error_clear(&err);
        definition_free(d);
        buffer_free(&text);
    }
}

static void holds_sixty_indexes(void **state) {
    (void)state;
    struct buffer text = BUFFER_INIT;
    buffer_puts(&text, "{" COLUMNS ",'indexes':[");
    for (int i = 0; i < 61; i++) buffer_puts(&text, i == 0 ? "1" : ",1");
    buffer_puts(&text, "]}");
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct definition *d = NULL;
    assert_int_equal(definition_parse(&d, read_json(buffer_text(&text)), DEFINITION_GIVEN, &err), 0);
    assert_int_equal(err.issue_count, 1);
    assert_string_equal(err.issues[0].message, "there are 61 indexes, 60 are allowed");
    error_clear(&err);
    definition_free(d);
    buffer_free(&text);
}

static void judges_indexes_beside_everything_else(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct validator *v = NULL;
    static const char text[] =
        "{\"columns\":[{\"name\":\"A\",\"dataType\":\"date\"},{\"name\":\"b\",\"dataType\":\"no\"}],"
        "\"indexes\":[{\"columns\":[\"A\",\"b\",\"c\"]}]}";
    assert_int_not_equal(validator_parse(&v, text, strlen(text), DEFINITION_GIVEN, &err), 0);
    assert_int_equal(err.issue_count, 3);
    assert_string_equal(err.issues[2].path, "indexes[0].columns[2]");
    error_clear(&err);
}

/* ---- printing ---- */

static char *show_indexes(const struct definition *d, enum definition_print how) {
    cJSON *tree = definition_document(d, how);
    char *text = show_json(cJSON_GetObjectItem(tree, "indexes"));
    cJSON_Delete(tree);
    return text;
}

static void are_stored_by_key_and_shown_by_name(void **state) {
    (void)state;
    static const char given[] =
        "{" COLUMNS ",'indexes':[{'unique':true,'columns':['b','a'],'name':'x'},{'columns':['r'],'unique':false}]}";
    struct definition *d = definition_of(given, DEFINITION_GIVEN);
    assert_int_equal(d->index_count, 2);
    assert_true(d->indexes[0].unique);
    assert_int_equal(d->indexes[0].columns[0], 1);
    assert_true(d->columns[0].covered && d->columns[1].covered && d->columns[4].covered);
    assert_false(d->columns[2].covered || d->columns[3].covered);
    assert_text(show_indexes(d, PRINT_STORED), "[{'name':'x','keys':['b_2','a'],'unique':true},{'keys':['r']}]");
    assert_text(show_indexes(d, PRINT_PUBLIC), "[{'name':'x','columns':['b','a'],'unique':true},{'columns':['r']}]");

    flexdb_error err = FLEXDB_ERROR_INIT;
    struct definition *again = NULL;
    assert_int_equal(definition_parse(&again, definition_document(d, PRINT_STORED), DEFINITION_STORED, &err), 0);
    assert_int_equal(err.issue_count, 0);
    assert_text(show_indexes(again, PRINT_PUBLIC),
                "[{'name':'x','columns':['b','a'],'unique':true},{'columns':['r']}]");
    definition_free(again);
    definition_free(d);
}

/* ---- changes ---- */

#define FROM                                                                                                           \
    "{'columns':[{'name':'a','key':'a','dataType':'string'},{'name':'b','key':'b','dataType':'integer'},"              \
    "{'name':'c','key':'c','dataType':'date'}],'indexes':[{'keys':['a','b'],'unique':true},{'keys':['b','c'],"         \
    "'name':'bc'}]}"

/* The indexes after the changes, by name, or the error. */
static char *after(const char *changes) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct definition *from = definition_of(FROM, DEFINITION_STORED), *to = NULL;
    struct key_registry keys = {NULL};
    cJSON *tree = NULL, *list = read_json(changes);
    char *text;
    if (changes_apply(&tree, from, list, &keys, true, &err) == 0) {
        assert_int_equal(definition_parse(&to, tree, DEFINITION_STORED, &err), 0);
        assert_int_equal(err.issue_count, 0);
        text = show_indexes(to, PRINT_PUBLIC);
    } else {
        text = show_error(&err);
    }
    error_clear(&err);
    definition_free(from);
    definition_free(to);
    key_registry_free(&keys);
    cJSON_Delete(list);
    return text;
}

static void follow_changes(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *changes, *indexes;
    } scenarios[] = {
        {"a rename shows", "[{'op':'rename_column','name':'b','to':'bee'}]",
         "[{'columns':['a','bee'],'unique':true},{'name':'bc','columns':['bee','c']}]"},
        {"a removed column takes its indexes along", "[{'op':'remove_column','name':'a'}]",
         "[{'name':'bc','columns':['b','c']}]"},
        {"all of them", "[{'op':'remove_column','name':'b'}]", "null"},
        {"a column that is added again is another",
         "[{'op':'remove_column','name':'a'},{'op':'add_column','column':{'name':'a','dataType':'string'}}]",
         "[{'name':'bc','columns':['b','c']}]"},
        {"a name that was taken over does not redirect",
         "[{'op':'rename_column','name':'a','to':'x'},{'op':'rename_column','name':'c','to':'a'}]",
         "[{'columns':['x','b'],'unique':true},{'name':'bc','columns':['b','a']}]"},
        {"a retype keeps the column in its indexes",
         "[{'op':'modify_column','name':'b','set':{'dataType':'string'}},{'op':'rename_column','name':'b','to':'s'}]",
         "[{'columns':['a','s'],'unique':true},{'name':'bc','columns':['s','c']}]"},
        {"a list takes the place of another, by the names of then",
         "[{'op':'rename_column','name':'a','to':'x'},{'op':'modify_table','set':{'indexes':[{'columns':['c','x']}]}},"
         "{'op':'rename_column','name':'x','to':'y'}]",
         "[{'columns':['c','y']}]"},
        {"an empty one takes all away", "[{'op':'modify_table','set':{'indexes':{}}}]", "null"},
        {"so does null", "[{'op':'modify_table','set':{'indexes':null}}]", "null"},
        {"what is not said stays", "[{'op':'modify_table','set':{'displayName':'T'}}]",
         "[{'columns':['a','b'],'unique':true},{'name':'bc','columns':['b','c']}]"},
        {"a column that is added before may be named",
         "[{'op':'add_column','column':{'name':'d','dataType':'date'}},{'op':'modify_table','set':{'indexes':"
         "[{'columns':['d','a']}]}}]",
         "[{'columns':['d','a']}]"},
        {"one that is added later may not",
         "[{'op':'modify_table','set':{'indexes':[{'columns':['d','a']}]}},{'op':'add_column','column':{'name':'d',"
         "'dataType':'date'}}]",
         BAD "changes[0].set.indexes[0].columns[0] (exists): there is no column 'd'"},
        {"every problem is told at its place",
         "[{'op':'modify_table','set':{'indexes':[{'columns':['a','a']},{'columns':[],'unique':2}]}}]",
         BAD "changes[0].set.indexes[0].columns[1] (unique): the column 'a' stands here twice\n"
             "changes[0].set.indexes[1].unique (type): must be true or false, got 2\n"
             "changes[0].set.indexes[1].columns (required): must name at least one column"},
        {"a json column cannot be named",
         "[{'op':'add_column','column':{'name':'j','dataType':'json'}},{'op':'modify_table','set':{'indexes':"
         "[{'columns':['j']}]}}]",
         BAD "changes[1].set.indexes[0].columns[0] (indexed): a json column cannot be in an index"},
        {"nor may a column in an index become one",
         "[{'op':'move_column','name':'a','after':'c'},{'op':'modify_column','name':'a','set':{'dataType':'json'}}]",
         BAD "changes[1].set.dataType (indexed): a json column cannot be in an index"},
        {"unless the index goes away",
         "[{'op':'modify_column','name':'a','set':{'dataType':'json'}},{'op':'modify_table','set':{'indexes':[]}}]",
         "null"},
        {"stored entries are applied as well",
         "[{'type':'remove_column','column':'a','details':{'before':{'name':'a'},'after':null,'indexes':[1]}},"
         "{'type':'modify_table','column':null,'details':{'before':{'indexes':[]},'after':{'indexes':[{'columns':"
         "['c']}]}}}]",
         "[{'columns':['c']}]"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char *text = after(scenarios[i].changes);
        if (strcmp(text, scenarios[i].indexes) != 0) fail_msg("%s\n%s", scenarios[i].sentence, text);
        free(text);
    }
}

static void a_new_table_gives_its_columns_and_indexes_new_keys(void **state) {
    (void)state;
    /* The keys of two columns are each other's names. */
    struct definition *d = definition_of("{'columns':[{'name':'a','key':'b','dataType':'date'},{'name':'b','key':'a',"
                                         "'dataType':'date'},{'name':'c','key':'c_4','dataType':'date'}],"
                                         "'indexes':[{'columns':['a','c']},{'columns':['b','a']}]}",
                                         DEFINITION_GIVEN);
    cJSON *tree = definition_document(d, PRINT_STORED);
    struct key_registry keys = {NULL};
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_text(show_json(cJSON_GetObjectItem(tree, "indexes")), "[{'keys':['b','c_4']},{'keys':['a','b']}]");
    assert_int_equal(changes_assign_keys(tree, &keys, &err), 0);
    assert_text(show_json(cJSON_GetObjectItem(tree, "indexes")), "[{'keys':['a','c']},{'keys':['b','a']}]");
    cJSON_Delete(tree);
    key_registry_free(&keys);
    definition_free(d);
}

/* ---- diff ---- */

static void differences(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *to, *entries;
    } scenarios[] = {
        {"none where a column is called otherwise",
         "{'columns':[{'name':'a','key':'a','dataType':'string'},{'name':'bee','key':'b','dataType':'integer'},"
         "{'name':'c','key':'c','dataType':'date'}],'indexes':[{'keys':['a','b'],'unique':true},{'keys':['b','c'],"
         "'name':'bc'}]}",
         "rename_column {'before':{'name':'b'},'after':{'name':'bee'}}\n"},
        {"a removed column says which went with it",
         "{'columns':[{'name':'b','key':'b','dataType':'integer'},{'name':'c','key':'c','dataType':'date'}],"
         "'indexes':[{'keys':['b','c'],'name':'bc'}]}",
         "remove_column {'before':{'name':'a','key':'a','dataType':'string'},'after':null,'indexes':[{'columns':"
         "['a','b'],'unique':true}]}\n"},
        {"the first of two that are removed says it", "{'columns':[{'name':'c','key':'c','dataType':'date'}]}",
         "remove_column {'before':{'name':'a','key':'a','dataType':'string'},'after':null,'indexes':[{'columns':"
         "['a','b'],'unique':true}]}\n"
         "remove_column {'before':{'name':'b','key':'b','dataType':'integer'},'after':null,'indexes':[{'name':'bc',"
         "'columns':['b','c']}]}\n"},
        {"what becomes of the others is a change of the table, by the names of the end",
         "{'columns':[{'name':'bee','key':'b','dataType':'integer'},{'name':'c','key':'c','dataType':'date'}],"
         "'indexes':[{'keys':['b','c'],'name':'bc','unique':true}]}",
         "remove_column {'before':{'name':'a','key':'a','dataType':'string'},'after':null,'indexes':[{'columns':"
         "['a','b'],'unique':true}]}\n"
         "rename_column {'before':{'name':'b'},'after':{'name':'bee'}}\n"
         "modify_table {'before':{'indexes':[{'name':'bc','columns':['bee','c']}]},'after':{'indexes':[{'name':'bc',"
         "'columns':['bee','c'],'unique':true}]}}\n"},
        {"none are left",
         "{'columns':[{'name':'a','key':'a','dataType':'string'},{'name':'b','key':'b','dataType':'integer'},"
         "{'name':'c','key':'c','dataType':'date'}]}",
         "modify_table {'before':{'indexes':[{'columns':['a','b'],'unique':true},{'name':'bc','columns':['b','c']}]},"
         "'after':{}}\n"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct definition *a = definition_of(FROM, DEFINITION_STORED),
                          *b = definition_of(scenarios[i].to, DEFINITION_STORED);
        flexdb_error err = FLEXDB_ERROR_INIT;
        cJSON *diff = NULL;
        struct buffer text = BUFFER_INIT;
        assert_int_equal(changes_diff(&diff, a, b, &err), 0);
        for (const cJSON *entry = diff->child; entry != NULL; entry = entry->next) {
            char *details = show_json(cJSON_GetObjectItem(entry, "details"));
            buffer_printf(&text, "%s ", cJSON_GetObjectItem(entry, "op")->valuestring);
            buffer_puts(&text, details);
            buffer_put(&text, '\n');
            free(details);
        }
        if (strcmp(buffer_text(&text), scenarios[i].entries) != 0) {
            fail_msg("%s\n%s", scenarios[i].sentence, buffer_text(&text));
        }
        buffer_free(&text);
        cJSON_Delete(diff);
        definition_free(a);
        definition_free(b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_what_is_given),
        cmocka_unit_test(holds_sixty_indexes),
        cmocka_unit_test(judges_indexes_beside_everything_else),
        cmocka_unit_test(are_stored_by_key_and_shown_by_name),
        cmocka_unit_test(follow_changes),
        cmocka_unit_test(a_new_table_gives_its_columns_and_indexes_new_keys),
        cmocka_unit_test(differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
