/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc */
/* At which change a problem of the definition is told, and what becomes of that while memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "documents.h"
#include "failing_memory.h"

static const char tree_text[] = "{'columns':[{'name':'a'},{'name':'z'},{'name':'deep'}]}";

struct scenario {
    const char *sentence, *changes, *path, *placed;
};

static const struct scenario scenarios[] = {
    {"of a column that was added", "[{'op':'remove_column','name':'q'},{'op':'add_column','column':{'name':'z'}}]",
     "columns[1].validation.min", "changes[1].column.validation.min"},
    {"of the column as a whole", "[{'op':'add_column','column':{'name':'z'}}]", "columns[1]", "changes[0].column"},
    {"of one that was renamed afterwards, twice",
     "[{'op':'add_column','column':{'name':'y'}},{'op':'rename_column','name':'y','to':'x'},"
     "{'op':'rename_column','name':'x','to':'z'}]",
     "columns[1].dataType", "changes[0].column.dataType"},
    {"of a name that was another column's before",
     "[{'op':'add_column','column':{'name':'z'}},"
     "{'op':'rename_column','name':'z','to':'y'},"
     "{'op':'rename_column','name':'q','to':'z'}]",
     "columns[1].dataType", "columns[1].dataType"},
    {"of a rule that was set", "[{'op':'modify_column','name':'a','set':{'validation':{'min':1}}}]",
     "columns[0].validation.min", "changes[0].set.validation.min"},
    {"of an item of a rule that was set", "[{'op':'modify_column','name':'a','set':{'validation':{'enum':[1]}}}]",
     "columns[0].validation.enum[3]", "changes[0].set.validation.enum[3]"},
    {"of what was set last",
     "[{'op':'modify_column','name':'a','set':{'defaultValue':1}},"
     "{'op':'modify_column','name':'a','set':{'defaultValue':2}}]",
     "columns[0].defaultValue", "changes[1].set.defaultValue"},
    {"not of a rule that stands beside one that was set",
     "[{'op':'modify_column','name':'a','set':{'validation':{'max':1}}}]", "columns[0].validation.min",
     "columns[0].validation.min"},
    {"not of another column's", "[{'op':'modify_column','name':'b','set':{'defaultValue':1}}]",
     "columns[0].defaultValue", "columns[0].defaultValue"},
    {"of a check", "[{'op':'modify_table','set':{'checks':[]}}]", "checks[2].expression",
     "changes[0].set.checks[2].expression"},
    {"of an index", "[{'op':'modify_table','set':{'indexes':[]}}]", "indexes[0].columns[1]",
     "changes[0].set.indexes[0].columns[1]"},
    {"not of checks that were there", "[{'op':'modify_table','set':{'indexes':[]}}]", "checks[0].expression",
     "checks[0].expression"},
    {"not of a column that is not there", "[{'op':'add_column','column':{'name':'z'}}]", "columns[7].dataType",
     "columns[7].dataType"},
    {"not of what is no list's", "[{'op':'add_column','column':{'name':'z'}}]", "columns.z", "columns.z"},
    {"not where a number is none", "[{'op':'add_column','column':{'name':'z'}}]", "columns[1x].z", "columns[1x].z"},
    {"not behind a key that is too long to be one", "[{'op':'modify_column','name':'a','set':{'k':{}}}]",
     "columns[0].kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
     "columns[0].kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"},
    {"nor where the changes are none", "[5,{'op':7},{'op':'add_column','column':'z'}]", "columns[1].dataType",
     "columns[1].dataType"},
    {"nor where a diff has made them", "[{'op':'add_column','type':'add_column','column':{'name':'z'}}]",
     "columns[1].dataType", "columns[1].dataType"},
};

static void place(const struct scenario *s, const cJSON *changes, const cJSON *tree, bool may_stay) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    long left = memory_left;
    memory_left = -1;
    error_issue(&err, s->path, "rule", NULL, NULL, "is wrong");
    error_close_issues(&err, FLEXDB_INVALID_SCHEMA);
    memory_left = left;
    changes_place(changes, tree, &err);
    const char *path = err.issues[0].path;
    assert_int_equal(err.code, FLEXDB_INVALID_SCHEMA);
    if (strcmp(path, s->placed) != 0 && !(may_stay && strcmp(path, s->path) == 0))
        fail_msg("%s: %s, not %s", s->sentence, path, s->placed);
    assert_non_null(strstr(err.message, ": is wrong"));
    if (!may_stay) {
        assert_memory_equal(err.message, s->placed, strlen(s->placed));
        assert_string_equal(err.message + strlen(s->placed), ": is wrong");
    }
    error_clear(&err);
}

static void a_problem_is_told_at_the_change_that_brought_it(void **state) {
    (void)state;
    cJSON *tree = read_json(tree_text);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        cJSON *changes = read_json(scenarios[i].changes);
        place(&scenarios[i], changes, tree, false);
        cJSON_Delete(changes);
    }
    cJSON_Delete(tree);
}

static void without_memory_it_keeps_a_place_that_is_right_too(void **state) {
    (void)state;
    cJSON *tree = read_json(tree_text);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        cJSON *changes = read_json(scenarios[i].changes);
        long count = 0;
        do {
            memory_left = count;
            place(&scenarios[i], changes, tree, true);
        } while (memory_left < 0 && count++ < 100);
        assert_true(count < 100);
        memory_left = -1;
        cJSON_Delete(changes);
    }
    cJSON_Delete(tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_is_told_at_the_change_that_brought_it),
        cmocka_unit_test(without_memory_it_keeps_a_place_that_is_right_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
