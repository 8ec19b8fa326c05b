/* Printing definitions. What is the default is left out, so that one definition has one text. */
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/number.h"
#include "model/definition_parts.h"

#define GIVEN(c, rule) (((c)->rules.given & 1u << (rule)) != 0)

static const int64_t double_integers = INT64_C(1) << 53;

bool object_put(cJSON *object, const char *key, cJSON *item) {
    if (item == NULL) return false;
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    if (cJSON_AddItemToObject(object, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

/* As object_put, for an object that is known not to have the key. */
static bool add(cJSON *object, const char *key, cJSON *item) {
    if (item == NULL) return false;
    if (cJSON_AddItemToObjectCS(object, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

static bool add_text(cJSON *object, const char *key, const char *text) {
    return text == NULL || add(object, key, cJSON_CreateString(text));
}

static bool add_flag(cJSON *object, const char *key, bool flag) {
    return !flag || add(object, key, cJSON_CreateTrue());
}

/* ---- values: one text for one value, whatever it was given as ---- */

static cJSON *integer_document(const cJSON *value, enum definition_print how) {
    int64_t integer;
    if (!document_integer(value, &integer) &&
        !(cJSON_IsString(value) && number_parse_integer(value->valuestring, strlen(value->valuestring), &integer))) {
        return cJSON_Duplicate(value, true);
    }
    if (how == PRINT_PUBLIC || (integer >= -double_integers && integer <= double_integers)) {
        return document_new_integer(integer);
    }
    char text[NUMBER_INTEGER_SIZE];
    number_print_integer(integer, text);
    return cJSON_CreateString(text);
}

/* Digits that no double holds become a string. */
static cJSON *decimal_document(const cJSON *value) {
    if (!cJSON_IsRaw(value)) return cJSON_Duplicate(value, true);
    const char *text = value->valuestring;
    size_t digits = strspn(text + (*text == '-'), "0123456789");
    return text[(*text == '-') + digits] == '\0' ? cJSON_CreateString(text) : cJSON_Duplicate(value, true);
}

static cJSON *value_document(const struct column *c, const cJSON *value, enum definition_print how) {
    switch (c->type) {
    case TYPE_INTEGER: return integer_document(value, how);
    case TYPE_DECIMAL: return decimal_document(value);
    default: return cJSON_Duplicate(value, true);
    }
}

static bool add_value(cJSON *object, const char *key, const struct column *c, const cJSON *value,
                      enum definition_print how) {
    return value == NULL || add(object, key, value_document(c, value, how));
}

static cJSON *enum_document(const struct column *c, enum definition_print how) {
    cJSON *list = cJSON_CreateArray();
    if (list == NULL) return NULL;
    for (const cJSON *value = c->rules.enumeration->child; value != NULL; value = value->next) {
        cJSON *item = value_document(c, value, how);
        if (item == NULL || !cJSON_AddItemToArray(list, item)) {
            cJSON_Delete(item);
            cJSON_Delete(list);
            return NULL;
        }
    }
    return list;
}

/* ---- a column ---- */

static bool add_length(cJSON *object, const struct column *c, enum column_rule rule, int64_t value) {
    return !GIVEN(c, rule) || add(object, rule_keys[rule], document_new_integer(value));
}

static cJSON *rules_document(const struct column *c, enum definition_print how) {
    const struct rules *r = &c->rules;
    cJSON *o = cJSON_CreateObject();
    bool good = o != NULL && add_length(o, c, RULE_MIN_LENGTH, r->min_length) &&
                add_length(o, c, RULE_MAX_LENGTH, r->max_length) && add_text(o, "pattern", r->pattern) &&
                add_text(o, "format", r->format) && (r->enumeration == NULL || add(o, "enum", enum_document(c, how))) &&
                add_value(o, "min", c, r->min, how) && add_value(o, "max", c, r->max, how) &&
                add_length(o, c, RULE_PRECISION, r->precision) && add_length(o, c, RULE_SCALE, r->scale) &&
                add_text(o, "targetTable", r->target_table) &&
                (how == PRINT_PUBLIC || add_text(o, "targetId", r->target_id)) &&
                (!GIVEN(c, RULE_ON_DELETE) || add_text(o, "onDelete", on_delete_name(r->on_delete))) &&
                add_text(o, rule_keys[RULE_KEY_COMPUTED], c->computed);
    if (good) return o;
    cJSON_Delete(o);
    return NULL;
}

static bool add_rules(cJSON *object, const struct column *c, enum definition_print how) {
    if (c->rules.given == 0 && c->rules.target_id == NULL && c->computed == NULL) return true;
    return add(object, "validation", rules_document(c, how));
}

cJSON *column_document(const struct column *c, enum definition_print how) {
    cJSON *o = cJSON_CreateObject();
    bool good = o != NULL && add_text(o, "name", c->name) && add_text(o, "key", c->key) &&
                add_text(o, "dataType", column_type_name(c->type)) && add_text(o, "displayName", c->display_name) &&
                add_text(o, "description", c->description) && add_flag(o, "required", c->required) &&
                add_flag(o, "unique", c->unique) && add_flag(o, "indexed", c->indexed) &&
                add_flag(o, "filterable", c->filterable) && add_flag(o, "searchable", c->searchable) &&
                add_value(o, "defaultValue", c, c->default_value, how) &&
                add_value(o, "initialDefault", c, c->initial_default, how) &&
                (c->converted_from == NULL || add(o, "convertedFrom", cJSON_Duplicate(c->converted_from, true))) &&
                add_rules(o, c, how);
    if (good) return o;
    cJSON_Delete(o);
    return NULL;
}

/* ---- indexes ---- */

static cJSON *words_document(const char *const words[], size_t count) {
    cJSON *list = cJSON_CreateArray();
    bool good = list != NULL;
    for (size_t i = 0; good && i < count; i++) {
        cJSON *word = cJSON_CreateString(words[i]);
        good = word != NULL && cJSON_AddItemToArray(list, word);
        if (!good) cJSON_Delete(word);
    }
    if (good) return list;
    cJSON_Delete(list);
    return NULL;
}

cJSON *index_document(const struct definition_index *index, const char *label, const char *const words[]) {
    cJSON *o = cJSON_CreateObject();
    if (o != NULL && add_text(o, "name", index->name) && add(o, label, words_document(words, index->count)) &&
        add_flag(o, "unique", index->unique)) {
        return o;
    }
    cJSON_Delete(o);
    return NULL;
}

/* The words of its columns; false where one is to be left out, or `column` is not among them. */
static bool find_words(const struct definition_index *index, const char *const texts[], size_t column,
                       const char *words[INDEX_MAX_COLUMNS]) {
    bool named = column == SIZE_MAX;
    for (size_t i = 0; i < index->count; i++) {
        words[i] = texts[index->columns[i]];
        if (words[i] == NULL) return false;
        named = named || index->columns[i] == column;
    }
    return named;
}

cJSON *indexes_document(const struct definition *d, const char *label, const char *const texts[], size_t column) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < d->index_count; i++) {
        const char *words[INDEX_MAX_COLUMNS];
        if (!find_words(&d->indexes[i], texts, column, words)) continue;
        cJSON *index = index_document(&d->indexes[i], label, words);
        if (index != NULL && cJSON_AddItemToArray(list, index)) continue;
        cJSON_Delete(index);
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

static bool add_indexes(cJSON *object, const struct definition *d, enum definition_print how) {
    if (d->index_count == 0) return true;
    const char **texts = malloc(d->count * sizeof *texts);
    for (size_t i = 0; texts != NULL && i < d->count; i++) {
        texts[i] = how == PRINT_STORED ? d->columns[i].key : d->columns[i].name;
    }
    bool good = texts != NULL &&
                add(object, "indexes", indexes_document(d, how == PRINT_STORED ? "keys" : "columns", texts, SIZE_MAX));
    free(texts);
    return good;
}

/* ---- a definition ---- */

static bool add_system_column(cJSON *list, const char *name, const char *type, bool required, bool unique) {
    cJSON *o = cJSON_CreateObject();
    if (o != NULL && add_text(o, "name", name) && add_text(o, "dataType", type) && add_flag(o, "required", required) &&
        add_flag(o, "unique", unique) && add_flag(o, "system", true) && cJSON_AddItemToArray(list, o)) {
        return true;
    }
    cJSON_Delete(o);
    return false;
}

static cJSON *columns_document(const struct definition *d, enum definition_print how) {
    cJSON *list = cJSON_CreateArray();
    bool good = list != NULL;
    for (size_t i = 0; good && i < d->count; i++) {
        cJSON *column = column_document(&d->columns[i], how);
        good = column != NULL && cJSON_AddItemToArray(list, column);
        if (!good) cJSON_Delete(column);
    }
    good = good && add_system_column(list, "id", "string", true, true) &&
           add_system_column(list, "created_at", "datetime", true, false) &&
           add_system_column(list, "updated_at", "datetime", true, false) &&
           add_system_column(list, "deleted_at", "datetime", false, false);
    if (good) return list;
    cJSON_Delete(list);
    return NULL;
}

cJSON *checks_document(const struct check *checks, size_t count) {
    cJSON *list = cJSON_CreateArray();
    bool good = list != NULL;
    for (size_t i = 0; good && i < count; i++) {
        const struct check *check = &checks[i];
        cJSON *o = cJSON_CreateObject();
        good = o != NULL && cJSON_AddItemToArray(list, o);
        if (!good) cJSON_Delete(o);
        good = good && add_text(o, "name", check->name) && add_text(o, "expression", check->expression) &&
               add_text(o, "message", check->message);
    }
    if (good) return list;
    cJSON_Delete(list);
    return NULL;
}

cJSON *definition_document(const struct definition *d, enum definition_print how) {
    cJSON *o = cJSON_CreateObject();
    bool good = o != NULL && add(o, "columns", columns_document(d, how)) &&
                add_text(o, "displayName", d->display_name) && add_text(o, "description", d->description) &&
                (d->check_count == 0 || add(o, table_keys[TABLE_CHECKS], checks_document(d->checks, d->check_count))) &&
                add_text(o, "compatibility", d->compatibility) && add_indexes(o, d, how) &&
                (d->version == 0 || add(o, "version", document_new_integer(d->version)));
    if (good) return o;
    cJSON_Delete(o);
    return NULL;
}
