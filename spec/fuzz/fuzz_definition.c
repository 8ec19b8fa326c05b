/* A definition that is taken is, printed as scripts see it or as it is stored, and read again, the same; its records
 * can be made, and a diff finds nothing between it and itself. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/document.h"
#include "fuzz.h"
#include "model/changes.h"
#include "model/codec.h"
#include "model/layout.h"

static void print(const struct validator *v, enum definition_print how, struct buffer *out) {
    cJSON *tree = definition_document(validator_definition(v), how);
    FUZZ_MUST(tree != NULL, "memory");
    document_print(tree, out);
    cJSON_Delete(tree);
}

static void must_read_back(const struct validator *v, enum definition_print how, enum definition_source source) {
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
    struct validator *again = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    print(v, how, &once);
    int rc = validator_parse(&again, once.data, once.length, source, &err);
    FUZZ_MUST(rc == 0, "%s\n%s", err.message, buffer_text(&once));
    print(again, how, &twice);
    fuzz_must_be_text(twice.data, twice.length, once.data, once.length, "a definition");
    validator_drop(again);
    buffer_free(&once);
    buffer_free(&twice);
}

static void must_be_no_difference(const struct validator *v) {
    cJSON *diff = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fuzz_done(changes_diff(&diff, validator_definition(v), validator_definition(v), &err), &err);
    FUZZ_MUST(diff->child == NULL, "a definition differs from itself");
    cJSON_Delete(diff);
}

/* What nobody gave: defaults are good, so that only what is missing can be refused. */
static void must_take_an_empty_record(const struct validator *v) {
    const uint32_t *computed;
    struct record r = RECORD_INIT, read = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value given[FUZZ_SLOTS] = {{0}};
    if (validator_shape(v)->count > FUZZ_SLOTS) return;
    int rc = codec_encode(v, given, &r, &err);
    for (size_t i = 0; i < err.issue_count && validator_computed(v, &computed) == 0; i++) {
        const char *rule = err.issues[i].rule;
        FUZZ_MUST(strcmp(rule, "required") == 0 || strcmp(rule, "check") == 0, "%s", err.message);
    }
    if (rc != 0) {
        fuzz_refused(rc, &err);
    } else {
        fuzz_done(codec_decode(v, r.document.data, r.document.length, NULL, &read, &err), &err);
        for (size_t i = 0; i < validator_shape(v)->columns; i++) fuzz_must_be_value(&read.values[i], &r.values[i]);
    }
    record_free(&r);
    record_free(&read);
}

static void must_have_a_layout(const struct validator *v) {
    struct layout *l = NULL, *again = NULL;
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    int rc = layout_new(&l, "0190a1b2-0000-7000-8000-000000000000", v, NULL, &err);
    if (rc != 0) {
        fuzz_refused(rc, &err);
        return;
    }
    fuzz_done(layout_print(l, &once, &err), &err);
    fuzz_done(layout_parse(&again, once.data, once.length, &err), &err);
    fuzz_done(layout_print(again, &twice, &err), &err);
    fuzz_must_be_text(twice.data, twice.length, once.data, once.length, "a layout");
    layout_free(l);
    layout_free(again);
    buffer_free(&once);
    buffer_free(&twice);
}

void fuzz_definition(const char *data, size_t length) {
    struct validator *v = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    /* What a database holds may be an original's, or damaged: it is read or refused. */
    int rc = validator_parse(&v, data, length, DEFINITION_STORED, &err);
    if (rc != 0) fuzz_refused(rc, &err);
    validator_drop(v);
    v = NULL;
    rc = validator_parse(&v, data, length, DEFINITION_GIVEN, &err);
    if (rc != 0) {
        fuzz_refused(rc, &err);
        return;
    }
    must_read_back(v, PRINT_PUBLIC, DEFINITION_GIVEN);
    must_read_back(v, PRINT_STORED, DEFINITION_STORED);
    must_be_no_difference(v);
    must_take_an_empty_record(v);
    must_have_a_layout(v);
    validator_drop(v);
}
