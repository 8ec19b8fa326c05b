/* Changes that are taken give a definition that is good in itself, and a diff leads there and back. */
#include <stdlib.h>
#include <string.h>

#include "../unit/comparable.h"
#include "base/document.h"
#include "fuzz.h"
#include "model/changes.h"

static const char before[] =
    "{'displayName':'Contacts','columns':["
    "{'name':'email','key':'email','dataType':'string','required':true,'unique':true,'validation':{'maxLength':80}},"
    "{'name':'age','key':'age','dataType':'integer','validation':{'min':0,'max':150}},"
    "{'name':'balance','key':'balance','dataType':'decimal','defaultValue':'0.00','validation':{'precision':12,"
    "'scale':2}},"
    "{'name':'born','key':'b_1','dataType':'date'},"
    "{'name':'rate','key':'rate','dataType':'decimal','validation':{'scale':2,'computed':'balance * age'}},"
    "{'name':'company','key':'company','dataType':'reference','validation':{'targetTable':'companies','targetId':"
    "'7'}}],"
    "'checks':[{'name':'grown','expression':'age >= 18 or balance == 0'}],"
    "'indexes':[{'name':'pair','keys':['age','b_1'],'unique':true},{'keys':['balance','age']}]}";

static void print(const struct definition *d, struct buffer *out) {
    cJSON *tree = comparable(d);
    document_print(tree, out);
    cJSON_Delete(tree);
}

static void must_lead(const struct definition *from, const struct definition *to, const cJSON *changes) {
    struct key_registry keys = {.keys = registry_of(from)};
    struct buffer got = BUFFER_INIT, want = BUFFER_INIT, words = BUFFER_INIT;
    struct definition *after = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *tree = NULL;
    document_print(changes, &words);
    int rc = changes_apply(&tree, from, changes, &keys, false, &err);
    FUZZ_MUST(rc == 0, "%s\n%s", err.message, buffer_text(&words));
    fuzz_done(definition_parse(&after, tree, DEFINITION_STORED, &err), &err);
    print(after, &got);
    print(to, &want);
    fuzz_must_be_text(got.data, got.length, want.data, want.length, buffer_text(&words));
    definition_free(after);
    key_registry_free(&keys);
    buffer_free(&got);
    buffer_free(&want);
    buffer_free(&words);
}

static void must_lead_there(const struct definition *from, const struct definition *to) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *diff = NULL;
    fuzz_done(changes_diff(&diff, from, to, &err), &err);
    must_lead(from, to, diff);
    cJSON *stored = changes_stored(diff);
    must_lead(from, to, stored);
    cJSON_Delete(stored);
    cJSON_Delete(diff);
}

/* Takes the tree. NULL when its rules mean nothing. */
static struct validator *compile(cJSON *tree, const cJSON *changes) {
    struct definition *d = NULL;
    struct validator *v = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *copy = cJSON_Duplicate(tree, true);
    definition_parse(&d, tree, DEFINITION_STORED, &err);
    int rc = validator_new(&v, d, &err);
    if (rc != 0) {
        changes_place(changes, copy, &err);
        fuzz_refused(rc, &err);
    }
    cJSON_Delete(copy);
    return v;
}

static void apply(const cJSON *changes, bool has_records) {
    static struct validator *from;
    if (from == NULL) from = fuzz_validator(before, DEFINITION_STORED);
    const struct definition *d = validator_definition(from);
    struct key_registry keys = {.keys = registry_of(d)};
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *tree = NULL;
    int rc = changes_apply(&tree, d, changes, &keys, has_records, &err);
    if (rc != 0) {
        FUZZ_MUST(tree == NULL && cJSON_GetArraySize(keys.keys) == (int)d->count, "a refusal leaves something");
        fuzz_refused(rc, &err);
    } else {
        struct validator *to = compile(tree, changes);
        if (to != NULL) {
            must_lead_there(d, validator_definition(to));
            must_lead_there(validator_definition(to), d);
        }
        validator_drop(to);
    }
    key_registry_free(&keys);
}

void fuzz_changes(const char *data, size_t length) {
    cJSON *changes = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    int rc = document_parse(&changes, data, length, &err);
    if (rc != 0) {
        fuzz_refused(rc, &err);
        return;
    }
    apply(changes, false);
    apply(changes, true);
    cJSON_Delete(changes);
}
