/* The changes between two definitions, and that a diff applied is the other side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/document.h"
#include "comparable.h"
#include "outcomes.h"

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
        {"by renamedFrom before the name of a column that is called otherwise from then on",
         "{'name':'a','dataType':'date'},{'name':'b','dataType':'date'},{'name':'c','dataType':'date'}",
         "{'name':'b','dataType':'date','renamedFrom':'a'},{'name':'c','dataType':'date','renamedFrom':'b'},"
         "{'name':'d','dataType':'date','renamedFrom':'c'}",
         "rename c d rename b c rename a b"},
        {"by renamedFrom before the name of a new column, as when each was said alone",
         "{'name':'a','dataType':'date'}",
         "{'name':'b','dataType':'date','renamedFrom':'a'},{'name':'a','dataType':'date'}", "rename a b add a"},
        {"by name where both names are there, for a swap that was made would be made again",
         "{'name':'a','dataType':'date'},{'name':'b','dataType':'date'}",
         "{'name':'b','dataType':'date','renamedFrom':'a'},{'name':'a','dataType':'date','renamedFrom':'b'}", "move a"},
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

static char *show_comparable(const struct definition *d) {
    cJSON *tree = comparable(d);
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
    char *want = show_comparable(b);
    char *got = show_comparable(after);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_differences_in_both_faces),
        cmocka_unit_test(pairs_columns),
        cmocka_unit_test(a_diff_applied_gives_the_other_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
