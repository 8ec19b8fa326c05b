/* What needs no database: definitions and records judged on their own. */
#include <stdlib.h>

#include "base/document.h"
#include "flexdb.h"
#include "model/changes.h"
#include "model/codec.h"

int flexdb_validator_new(flexdb_validator **out, const char *definition, size_t length, flexdb_error *err) {
    *out = NULL;
    cJSON *tree;
    int rc = document_parse(&tree, definition, length, err);
    if (rc != 0) return rc;
    struct definition *given = NULL;
    struct validator *first = NULL;
    struct key_registry keys = {NULL};
    definition_parse(&given, tree, DEFINITION_GIVEN, err);
    rc = validator_new(&first, given, err);
    if (rc != 0) return rc;
    /* As a new table would have it: every column under its own name. */
    cJSON *own = definition_document(validator_definition(first), PRINT_STORED);
    validator_drop(first);
    rc = own != NULL ? changes_assign_keys(own, &keys, err) : error_no_memory(err);
    key_registry_free(&keys);
    if (rc != 0) {
        cJSON_Delete(own);
        return rc;
    }
    given = NULL;
    definition_parse(&given, own, DEFINITION_STORED, err);
    return validator_new(out, given, err);
}

int flexdb_record_new(flexdb_record **out, flexdb_error *err) {
    *out = calloc(1, sizeof **out);
    return *out != NULL ? 0 : error_no_memory(err);
}

void flexdb_record_free(flexdb_record *r) {
    if (r == NULL) return;
    record_free(r);
    free(r);
}

int flexdb_validate(const flexdb_validator *v, flexdb_record *room, const flexdb_value *given, flexdb_row *out,
                    flexdb_value *json, flexdb_error *err) {
    int rc = codec_encode(v, given, room, err);
    if (rc != 0) return rc;
    *out = (flexdb_row){.validator = v, .values = room->values};
    if (json == NULL) return 0;
    *json = value_text(room->document.data, room->document.length);
    json->tag = FLEXDB_JSON;
    return 0;
}

static int given_definition(struct definition **out, const char *text, size_t length, flexdb_error *err) {
    cJSON *tree;
    *out = NULL;
    int rc = document_parse(&tree, text, length, err);
    if (rc == 0) rc = definition_parse(out, tree, DEFINITION_GIVEN, err);
    return rc != 0 ? rc : error_close_issues(err, FLEXDB_INVALID_SCHEMA);
}

int flexdb_diff(const char *from, size_t from_length, const char *to, size_t to_length, struct buffer *out,
                flexdb_error *err) {
    struct definition *before = NULL, *after = NULL;
    int rc = given_definition(&before, from, from_length, err);
    if (rc == 0) rc = given_definition(&after, to, to_length, err);
    if (rc == 0) rc = changes_print_diff(before, after, out, err);
    definition_free(before);
    definition_free(after);
    return rc;
}
