/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup */
/* Definitions, changes and layouts while memory runs out: every allocation fails once; each time the answer is an error
 * that says so, nothing is half done and nothing leaks (the sanitizers see to that). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "documents.h"
#include "failing_memory.h"
#include "model/compatibility.h"
#include "model/layout.h"
#include "model/plan.h"

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

char *__wrap_strdup(const char *text) { return memory_fails() ? NULL : __real_strdup(text); }

/* A step with all that it needs made beforehand; 0 or the error. */
typedef int step(flexdb_error *err);

static const char *const documents[] = {
    "{'displayName':'T','columns':[{'name':'a','dataType':'integer','required':true,'indexed':true,'validation':"
    "{'min':0,'enum':[1,2]}},{'name':'b','key':'bee','dataType':'string','unique':true,'defaultValue':'x'},"
    "{'name':'c','key':'cee','dataType':'date'},{'name':'gone','dataType':'json'},"
    "{'name':'sum','dataType':'integer','validation':{'computed':'a + len(b)'}}],"
    "'indexes':[{'columns':['a','b'],'unique':true},{'columns':['c']}],"
    "'checks':[{'name':'low','expression':'a < 3','message':'low'},{'name':'text','expression':'b ~= \\'y\\''},"
    "{'name':'lost','expression':'gone ~= nil'}]}",
    "{'description':'t','columns':[{'name':'new','dataType':'text'},{'name':'c','key':'bee','dataType':'string',"
    "'unique':true},{'name':'b','key':'cee','dataType':'date','displayName':'Day','indexed':true},"
    "{'name':'a','dataType':'integer','validation':{'max':5}},"
    "{'name':'sum','dataType':'integer','validation':{'computed':'a + len(c) + 1'}},"
    "{'name':'more','dataType':'integer','validation':{'computed':'sum'}}],"
    "'indexes':[{'columns':['a','c'],'unique':true},{'columns':['new','a'],'name':'x'}],"
    "'checks':[{'name':'low','expression':'a < 2'},{'name':'word','expression':'c ~= \\'y\\''},"
    "{'name':'more','expression':'sum == more'}]}",
};
static cJSON *trees[2];
static struct definition *definitions[2];
static struct validator *validators[2];
static struct layout *first;
static cJSON *changes;

static int parses(flexdb_error *err) {
    struct definition *d = NULL;
    long kept = memory_left;
    memory_left = -1;
    cJSON *copy = cJSON_Duplicate(trees[0], true);
    memory_left = kept;
    int rc = definition_parse(&d, copy, DEFINITION_GIVEN, err);
    assert_int_equal(rc == 0, d != NULL);
    definition_free(d);
    return rc;
}

static int complains(flexdb_error *err) {
    struct definition *d = NULL;
    long kept = memory_left;
    memory_left = -1;
    cJSON *copy = read_json("{'columns':[{'name':'A','dataType':'x','colour':1,'validation':{'min':[]}},{'name':'a',"
                            "'dataType':'text','validation':{'min':2}},{'name':'a','dataType':'text'}],'checks':[5,"
                            "{'name':'X'},{'name':'y','expression':'true'},{'name':'y','expression':7}]}");
    memory_left = kept;
    int rc = definition_parse(&d, copy, DEFINITION_GIVEN, err);
    definition_free(d);
    if (rc == 0 && error_close_issues(err, FLEXDB_INVALID_SCHEMA) != -FLEXDB_INVALID_SCHEMA) return -FLEXDB_INTERNAL;
    return rc;
}

static int prints(flexdb_error *err) {
    cJSON *tree = definition_document(definitions[0], PRINT_STORED);
    cJSON_Delete(tree);
    return tree == NULL ? error_no_memory(err) : 0;
}

static int diffs(flexdb_error *err) {
    cJSON *list = NULL;
    int rc = changes_diff(&list, definitions[0], definitions[1], err);
    cJSON *stored = rc == 0 ? changes_stored(list) : NULL;
    if (rc == 0 && stored == NULL) rc = error_no_memory(err);
    cJSON_Delete(stored);
    cJSON_Delete(list);
    return rc;
}

static int applies_list(const cJSON *list, flexdb_error *err) {
    long kept = memory_left;
    memory_left = -1;
    struct key_registry keys = {
        .keys = read_json("{'a':'integer','bee':'string','cee':'date','gone':'json','sum':'integer'}")};
    memory_left = kept;
    cJSON *tree = NULL;
    int rc = changes_apply(&tree, definitions[0], list, &keys, true, err);
    assert_int_equal(rc == 0, tree != NULL);
    assert_int_equal(cJSON_GetArraySize(keys.keys), rc == 0 ? 7 : 5);
    key_registry_free(&keys);
    cJSON_Delete(tree);
    return rc;
}

static int applies(flexdb_error *err) { return applies_list(changes, err); }

static int applies_stored(flexdb_error *err) {
    long kept = memory_left;
    memory_left = -1;
    cJSON *stored = changes_stored(changes);
    memory_left = kept;
    int rc = applies_list(stored, err);
    cJSON_Delete(stored);
    return rc;
}

static int assigns(flexdb_error *err) {
    long kept = memory_left;
    memory_left = -1;
    cJSON *copy = cJSON_Duplicate(trees[0], true);
    memory_left = kept;
    struct key_registry keys = {NULL};
    int rc = changes_assign_keys(copy, &keys, err);
    assert_int_equal(rc == 0, keys.keys != NULL);
    key_registry_free(&keys);
    cJSON_Delete(copy);
    return rc;
}

static int plans(flexdb_error *err) {
    struct plan plan;
    struct key_registry keys = {.keys = first->keys.keys};
    int rc = plan_build(&plan, validators[0], validators[1], &keys, err);
    if (rc == 0) plan_clear(&plan);
    return rc;
}

static int compares(flexdb_error *err) {
    struct compatibility c;
    int rc = compatibility_compare(&c, validators[0], validators[1], NULL, err);
    if (rc == 0) rc = compatibility_enforce(COMPATIBILITY_FULL, &c, err) == -FLEXDB_CONFLICT ? 0 : -FLEXDB_INTERNAL;
    if (err->code == FLEXDB_CONFLICT) error_clear(err);
    compatibility_clear(&c);
    return rc;
}

/* Leaves expressions behind, which is said. */
static int loses(flexdb_error *err) {
    long kept = memory_left;
    memory_left = -1;
    cJSON *list = read_json("[{'op':'remove_column','name':'a'},{'op':'rename_column','name':'b','to':'not'}]");
    memory_left = kept;
    cJSON *tree = NULL;
    struct key_registry keys = {NULL};
    int rc = changes_apply(&tree, definitions[0], list, &keys, true, err);
    cJSON_Delete(list);
    key_registry_free(&keys);
    return rc == -FLEXDB_INVALID_SCHEMA ? 0 : -FLEXDB_INTERNAL;
}

static int compiles(flexdb_error *err) {
    struct definition *d = NULL;
    struct validator *v = NULL;
    long kept = memory_left;
    memory_left = -1;
    cJSON *copy = cJSON_Duplicate(trees[0], true);
    memory_left = kept;
    definition_parse(&d, copy, DEFINITION_GIVEN, err);
    int rc = validator_new(&v, d, err);
    assert_int_equal(rc == 0, v != NULL);
    validator_drop(v);
    return rc;
}

static int lays_out(flexdb_error *err) {
    struct layout *made = NULL, *evolved = NULL, *read = NULL;
    struct buffer text = BUFFER_INIT;
    bool rebuild;
    int rc = layout_new(&made, "t", validators[0], first, err);
    if (rc == 0) rc = layout_evolve(&evolved, &rebuild, "t", validators[0], made, err);
    if (rc == 0) rc = layout_add_referrer(evolved, "other", err);
    if (rc == 0) rc = layout_print(evolved, &text, err);
    if (rc == 0) rc = layout_parse(&read, text.data, text.length, err);
    if (rc == 0) rc = layout_print_indexed(read, validators[0], &text, err);
    layout_free(made);
    layout_free(evolved);
    layout_free(read);
    buffer_free(&text);
    return rc;
}

static void exhaust(const char *name, step *run) {
    long count = 0;
    for (;; count++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        memory_left = count;
        int rc = run(&err);
        bool done = memory_left >= 0; /* nothing failed */
        memory_left = -1;
        if (done && rc != 0) fail_msg("%s: %s", name, err.message);
        if (!done && rc != 0 && err.code != FLEXDB_INTERNAL && err.code != FLEXDB_INVALID_SCHEMA) {
            fail_msg("%s, allocation %ld: %s", name, count, err.message);
        }
        if (!done && rc == 0 && run != complains && run != loses && run != compares)
            fail_msg("%s: allocation %ld failed unnoticed", name, count);
        error_clear(&err);
        if (done) break;
        assert_true(count < 100000);
    }
    assert_true(count > 2);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
    cJSON_InitHooks(&hooks);
    flexdb_error err = FLEXDB_ERROR_INIT;
    for (int i = 0; i < 2; i++) {
        trees[i] = read_json(documents[i]);
        definitions[i] = definition_of(documents[i], DEFINITION_GIVEN);
        validators[i] = validator_of(documents[i], DEFINITION_GIVEN);
    }
    assert_int_equal(layout_new(&first, "t", validators[0], NULL, &err), 0);
    first->keys.keys = read_json("{'a':'integer'}");
    assert_int_equal(changes_diff(&changes, definitions[0], definitions[1], &err), 0);
    static const struct {
        const char *name;
        step *run;
    } steps[] = {{"parse", parses},        {"complain", complains}, {"print", prints},
                 {"diff", diffs},          {"apply", applies},      {"apply stored", applies_stored},
                 {"assign keys", assigns}, {"plan", plans},         {"compare", compares},
                 {"lose", loses},          {"compile", compiles},   {"layout", lays_out}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) exhaust(steps[i].name, steps[i].run);
    for (int i = 0; i < 2; i++) {
        cJSON_Delete(trees[i]);
        definition_free(definitions[i]);
        validator_drop(validators[i]);
    }
    layout_free(first);
    cJSON_Delete(changes);
    cJSON_InitHooks(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
