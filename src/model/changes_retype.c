/* Retypes: a column of another type, or of another scale, gets a key of its own, and its defaults are converted. What
 * the records hold under the old key is for src/db to convert. */
#include <string.h>

#include "base/document.h"
#include "model/changes_parts.h"
#include "model/convert.h"
#include "model/validator.h"

/* A definition of this column alone; NULL when memory is out. */
static cJSON *tree_of(const cJSON *column) {
    cJSON *tree = cJSON_CreateObject(), *list = cJSON_CreateArray(), *copy = cJSON_Duplicate(column, true);
    bool good = cJSON_AddItemToArray(list, copy);
    if (!good) cJSON_Delete(copy);
    if (object_put(tree, "columns", list) && good) return tree;
    cJSON_Delete(tree);
    return NULL;
}

/* The column in a definition of its own; NULL when it does not compile. What is wrong with its rules is said where the
 * whole is compiled; only that memory is out is said here. */
static struct validator *compile_alone(const cJSON *column, flexdb_error *err) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    struct validator *v = NULL;
    struct definition *definition = NULL;
    cJSON *tree = tree_of(column);
    if (tree == NULL) {
        error_no_memory(err);
        return NULL;
    }
    definition_parse(&definition, tree, DEFINITION_STORED, &ignored);
    validator_new(&v, definition, &ignored);
    if (ignored.code == FLEXDB_INTERNAL) error_no_memory(err);
    error_clear(&ignored);
    return v;
}

/* The value as it stands in a document; NULL when memory is out. */
static cJSON *value_tree(const struct compiled_column *c, const flexdb_value *value) {
    struct buffer text = BUFFER_INIT;
    cJSON *tree = NULL;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    c->type->write(value, &text);
    if (!buffer_failed(&text)) document_parse(&tree, text.data, text.length, &ignored);
    buffer_free(&text);
    error_clear(&ignored);
    return tree;
}

/* Puts what the value becomes under the key. False when memory is out. */
static bool put_converted(const struct conversion *c, const flexdb_value *value, cJSON *column, const char *key,
                          struct convert_outcome *outcome) {
    struct buffer scratch = BUFFER_INIT;
    flexdb_value converted;
    bool good = buffer_reserve(&scratch, conversion_room(c, value));
    if (good) *outcome = convert_value(c, value, &converted, &scratch);
    if (good) good = outcome->how != CONVERT_FAILED || outcome->reason != CONVERT_NO_MEMORY;
    if (good && outcome->how != CONVERT_FAILED) good = object_put(column, key, value_tree(c->to, &converted));
    buffer_free(&scratch);
    return good;
}

/* A default is what somebody chose: one that would lose something is to be chosen anew. */
static bool convert_default(struct draft *d, const struct conversion *c, cJSON *column) {
    const flexdb_value *value = &c->from->default_value;
    if (value_is_none(value)) return true;
    struct convert_outcome outcome = {.how = CONVERT_FAILED};
    struct reader *r = &d->reader;
    if (!put_converted(c, value, column, column_keys[COLUMN_DEFAULT_VALUE], &outcome)) return false;
    if (outcome.how == CONVERTED_EXACT) return true;
    size_t mark = issue_path_key(&r->path, "set");
    issue_path_key(&r->path, column_keys[COLUMN_DEFAULT_VALUE]);
    if (outcome.how == CONVERT_FAILED) {
        const flexdb_value none = {.tag = FLEXDB_ABSENT};
        convert_issue(c, outcome, value, &none, r->path.text, r->err);
    } else {
        issue_path_add(&r->path, "convert", NULL, NULL, r->err,
                       "must be given with the new type: converting the old one, %s", convert_loss(outcome.reason));
    }
    issue_path_pop(&r->path, mark);
    return true;
}

/* It belongs to the key; one that has no counterpart is a value of the old records like any other, which fails there.
 */
static bool convert_initial_default(const struct conversion *c, cJSON *column) {
    const char *key = column_keys[COLUMN_INITIAL_DEFAULT];
    const flexdb_value *value = &c->from->initial_default;
    cJSON_DeleteItemFromObjectCaseSensitive(column, key);
    struct convert_outcome outcome;
    return value_is_none(value) || put_converted(c, value, column, key, &outcome);
}

static bool put_origin(cJSON *column, const cJSON *before, const cJSON *parse) {
    cJSON *origin = cJSON_CreateObject();
    const char *origin_key = column_keys[COLUMN_CONVERTED_FROM];
    const cJSON *earlier = cJSON_GetObjectItemCaseSensitive(before, origin_key);
    bool good = object_put(column, origin_key, origin) &&
                object_put(origin, "key", cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(before, "key"), true));
    if (good && parse != NULL) good = object_put(origin, "parse", cJSON_Duplicate(parse, true));
    if (good && earlier != NULL) good = object_put(origin, origin_key, cJSON_Duplicate(earlier, true));
    return good;
}

void change_retype(struct draft *d, const cJSON *before, cJSON *column, const cJSON *parse, bool default_is_set) {
    struct reader *r = &d->reader;
    struct validator *from = compile_alone(before, r->err), *to = NULL;
    const cJSON *kept = default_is_set ? cJSON_GetObjectItemCaseSensitive(column, "defaultValue") : NULL;
    bool has_default = cJSON_GetObjectItemCaseSensitive(column, "defaultValue") != NULL;
    cJSON *bare = cJSON_Duplicate(column, true);
    cJSON_DeleteItemFromObjectCaseSensitive(bare, column_keys[COLUMN_DEFAULT_VALUE]);
    cJSON_DeleteItemFromObjectCaseSensitive(bare, column_keys[COLUMN_INITIAL_DEFAULT]);
    to = compile_alone(bare, r->err);
    if (to == NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(bare, column_keys[COLUMN_VALIDATION]);
        to = compile_alone(bare, r->err);
    }
    cJSON_Delete(bare);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(column, "name"), *type;
    enum column_type type_id = TYPE_STRING;
    type = cJSON_GetObjectItemCaseSensitive(column, "dataType");
    if (cJSON_IsString(type)) column_type_find(type->valuestring, &type_id);
    struct conversion c;
    bool good = r->err->code == FLEXDB_OK;
    if (good && from != NULL && to != NULL) {
        if (conversion_open(&c, validator_column(from, 0), validator_column(to, 0), parse, r->path.text, r->err)) {
            good = convert_initial_default(&c, column);
            if (good && has_default && kept == NULL) good = convert_default(d, &c, column);
        }
    }
    const char *key = good ? draft_fresh_key(d, name->valuestring, type_id) : NULL;
    good = key != NULL && put_origin(column, before, parse) && object_put(column, "key", cJSON_CreateString(key));
    if (!good) error_no_memory(r->err);
    validator_drop(from);
    validator_drop(to);
}
