/* Retypes: a column of another type, or of another scale, gets a key of its own, and its defaults are converted; so
 * does one that becomes computed, or is no more. What the records hold under the old key is for src/db to convert. */
#include <string.h>

#include "base/document.h"
#include "model/changes_parts.h"
#include "model/convert.h"
#include "model/validator.h"

struct retype {
    struct draft *draft;
    const cJSON *before, *parse;
    cJSON *column; /* as it is to be */
    struct validator *from, *to;
    struct conversion conversion;
};

/* ---- a column alone ---- */

enum compiled { COMPILED_WHOLE, COMPILED_WITHOUT_DEFAULTS, COMPILED_WITHOUT_RULES };

/* *out stays NULL where the column's rules do not compile: that is said where the whole is. False when memory is out.
 */
static bool compile_alone(struct validator **out, const cJSON *column, enum compiled how, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    cJSON *copy = cJSON_Duplicate(column, true);
    if (how != COMPILED_WHOLE) {
        cJSON_DeleteItemFromObjectCaseSensitive(copy, column_keys[COLUMN_DEFAULT_VALUE]);
        cJSON_DeleteItemFromObjectCaseSensitive(copy, column_keys[COLUMN_INITIAL_DEFAULT]);
    }
    if (how == COMPILED_WITHOUT_RULES) cJSON_DeleteItemFromObjectCaseSensitive(copy, column_keys[COLUMN_VALIDATION]);
    validator_of_document(out, copy, &why);
    bool good = why.code != FLEXDB_INTERNAL;
    if (!good) error_no_memory(err);
    error_clear(&why);
    return good;
}

/* ---- defaults ---- */

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
static bool put_converted(const struct retype *r, const flexdb_value *value, enum column_key key,
                          struct convert_outcome *outcome) {
    const struct conversion *c = &r->conversion;
    struct buffer scratch = BUFFER_INIT;
    flexdb_value converted;
    bool good = buffer_reserve(&scratch, conversion_room(c, value));
    if (good) *outcome = convert_value(c, value, &converted, &scratch);
    if (good && outcome->how != CONVERT_FAILED) {
        good = object_put(r->column, column_keys[key], value_tree(c->to, &converted));
    } else if (outcome->reason == CONVERT_NO_MEMORY) {
        good = false;
    }
    buffer_free(&scratch);
    return good;
}

/* A default is what somebody chose: one that would lose something is to be chosen anew. */
static bool convert_default(const struct retype *r) {
    const flexdb_value *value = &r->conversion.from->default_value, none = {.tag = FLEXDB_ABSENT};
    struct convert_outcome outcome = {.how = CONVERT_FAILED};
    struct reader *reader = &r->draft->reader;
    if (value_is_none(value)) return true;
    if (!put_converted(r, value, COLUMN_DEFAULT_VALUE, &outcome)) return false;
    if (outcome.how == CONVERTED_EXACT) return true;
    size_t mark = issue_path_key(&reader->path, "set");
    issue_path_key(&reader->path, column_keys[COLUMN_DEFAULT_VALUE]);
    if (outcome.how == CONVERT_FAILED) {
        convert_issue(&r->conversion, outcome, value, &none, reader->path.text, reader->err);
    } else {
        issue_path_add(&reader->path, "convert", NULL, NULL, reader->err,
                       "must be given with the new type: converting the old one, %s", convert_loss(outcome.reason));
    }
    issue_path_pop(&reader->path, mark);
    return true;
}

/* It belongs to the key; one that has no counterpart is a value of the old records like any other, which fails there.
 */
static bool convert_initial_default(const struct retype *r) {
    const flexdb_value *value = &r->conversion.from->initial_default;
    struct convert_outcome outcome = {.how = CONVERTED_EXACT};
    cJSON_DeleteItemFromObjectCaseSensitive(r->column, column_keys[COLUMN_INITIAL_DEFAULT]);
    return value_is_none(value) || put_converted(r, value, COLUMN_INITIAL_DEFAULT, &outcome);
}

/* ---- the key ---- */

/* Where the values come from: { key, origin: where retypes of the column began, unless that is the key, parse }. */
static bool put_origin(const struct retype *r) {
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(r->before, "key");
    const cJSON *earlier = cJSON_GetObjectItemCaseSensitive(r->before, column_keys[COLUMN_CONVERTED_FROM]);
    const cJSON *first = cJSON_GetObjectItemCaseSensitive(earlier, "origin");
    if (first == NULL) first = cJSON_GetObjectItemCaseSensitive(earlier, "key");
    cJSON *origin = cJSON_CreateObject();
    return object_put(r->column, column_keys[COLUMN_CONVERTED_FROM], origin) &&
           object_put(origin, "key", cJSON_Duplicate(key, true)) &&
           (first == NULL || object_put(origin, "origin", cJSON_Duplicate(first, true))) &&
           (r->parse == NULL || object_put(origin, "parse", cJSON_Duplicate(r->parse, true)));
}

static bool give_key(const struct retype *r) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(r->column, "name");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(r->column, "dataType");
    enum column_type type_id = TYPE_STRING;
    column_type_find(type->valuestring, &type_id); /* column_read has found both good */
    const char *key = draft_fresh_key(r->draft, name->valuestring, type_id);
    return key != NULL && put_origin(r) && draft_rekey_indexes(r->draft, r->before, key, type_id) &&
           object_put(r->column, "key", cJSON_CreateString(key));
}

/* ---- the whole ---- */

/* The records are converted once: from the type that they have to the last one. */
static bool is_retyped_already(const struct draft *d, const cJSON *before) {
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(before, "key");
    return cJSON_IsString(key) && cJSON_GetObjectItemCaseSensitive(d->new_keys, key->valuestring) != NULL &&
           cJSON_GetObjectItemCaseSensitive(before, column_keys[COLUMN_CONVERTED_FROM]) != NULL;
}

static bool convert_defaults(struct retype *r, bool default_is_set) {
    struct reader *reader = &r->draft->reader;
    const struct compiled_column *from = validator_column(r->from, 0), *to = validator_column(r->to, 0);
    if (!conversion_open(&r->conversion, from, to, r->parse, reader->path.text, reader->err)) return true;
    bool has_default = cJSON_GetObjectItemCaseSensitive(r->column, column_keys[COLUMN_DEFAULT_VALUE]) != NULL;
    return convert_initial_default(r) && (default_is_set || !has_default || convert_default(r));
}

/* Every record gets a value where it is computed: nothing is read that is not there. */
static void forget_initial_default(cJSON *column) {
    const cJSON *rules = cJSON_GetObjectItemCaseSensitive(column, column_keys[COLUMN_VALIDATION]);
    if (cJSON_GetObjectItemCaseSensitive(rules, rule_keys[RULE_KEY_COMPUTED]) != NULL)
        cJSON_DeleteItemFromObjectCaseSensitive(column, column_keys[COLUMN_INITIAL_DEFAULT]);
}

void change_retype(struct draft *d, const cJSON *before, cJSON *column, const cJSON *parse, bool default_is_set) {
    struct retype r = {.draft = d, .before = before, .parse = parse, .column = column};
    flexdb_error *err = d->reader.err;
    if (is_retyped_already(d, before)) {
        issue_path_add(&d->reader.path, "dataType", NULL, NULL, err,
                       "the column was given another type by an earlier change of the list: say the last type alone");
        return;
    }
    bool good = compile_alone(&r.from, before, COMPILED_WHOLE, err) &&
                compile_alone(&r.to, column, COMPILED_WITHOUT_DEFAULTS, err) &&
                (r.to != NULL || compile_alone(&r.to, column, COMPILED_WITHOUT_RULES, err));
    if (good && r.from != NULL && r.to != NULL) good = convert_defaults(&r, default_is_set);
    if (good) forget_initial_default(column);
    if (good) good = give_key(&r);
    if (!good) error_no_memory(err);
    validator_drop(r.from);
    validator_drop(r.to);
}
