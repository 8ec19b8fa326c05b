#include "db/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/text.h"
#include "db/history.h"
#include "db/table.h"
#include "model/types/decimal.h"

/* ---- physical columns ---- */

static bool same_value(const cJSON *a, const cJSON *b) {
    return a == b || (a != NULL && b != NULL && document_equal(a, b));
}

/* The physical column in which every record has the value that it has under the version's column; NULL where only the
 * document is right. Records without the key stand in it with the initial default of now. */
static const struct layout_column *find_entry(const struct table_state *base, const struct column *c) {
    const struct layout_column *entry = layout_find(base->layout, c->key);
    const struct column *now = definition_find_key(validator_definition(base->validator), c->key, strlen(c->key));
    return now != NULL && same_value(now->initial_default, c->initial_default) ? entry : NULL;
}

/* A layout in which those that the view cannot use are retired: they are not looked at. */
static int make_layout(struct table_state *s, flexdb_error *err) {
    int rc = catalog_copy_layout(&s->layout, s->base->layout, err);
    for (size_t i = 0; rc == 0 && i < s->layout->count; i++) {
        struct layout_column *entry = &s->layout->columns[i];
        const struct column *c = definition_find_key(s->viewed, entry->key, strlen(entry->key));
        if (c == NULL || find_entry(s->base, c) == NULL) entry->retired = true;
    }
    return rc;
}

/* ---- the definition to read by ---- */

static bool put_number(cJSON *object, const char *key, int64_t value) {
    cJSON *number = document_new_integer(value);
    if (number != NULL && cJSON_AddItemToObject(object, key, number)) return true;
    cJSON_Delete(number);
    return false;
}

bool view_widen(const struct column *c, int64_t digits, cJSON *column) {
    cJSON_DeleteItemFromObjectCaseSensitive(column, "defaultValue");
    if (c->type == TYPE_REFERENCE) return true;
    cJSON_DeleteItemFromObjectCaseSensitive(column, "validation");
    if (c->type != TYPE_STRING && c->type != TYPE_DECIMAL) return true;
    cJSON *rules = cJSON_AddObjectToObject(column, "validation");
    if (rules == NULL || c->type == TYPE_STRING) return rules != NULL && put_number(rules, "maxLength", INT32_MAX);
    return put_number(rules, "precision", digits) && put_number(rules, "scale", c->rules.scale);
}

/* The digits that fit into the physical column where a decimal can be found, but at least those of its version. */
static int64_t digits_of(const struct table_state *base, const struct column *c) {
    const struct layout_column *entry = c->type == TYPE_DECIMAL ? find_entry(base, c) : NULL;
    bool small = entry != NULL && entry->kind == PHYSICAL_INTEGER && c->rules.precision <= DECIMAL_SMALL_PRECISION;
    return small ? DECIMAL_SMALL_PRECISION : DECIMAL_MAX_PRECISION;
}

/* The document of a definition that reads by the keys of the version, and judges nothing. NULL when memory is out. */
static cJSON *reading_document(const struct table_state *s) {
    cJSON *whole = definition_document(s->viewed, PRINT_STORED), *out = cJSON_CreateObject();
    cJSON *columns = cJSON_DetachItemFromObjectCaseSensitive(whole, "columns");
    cJSON_Delete(whole);
    bool good = columns != NULL && out != NULL && cJSON_AddItemToObject(out, "columns", columns);
    if (!good) cJSON_Delete(columns);
    /* System columns stand behind the others. */
    cJSON *column = good ? columns->child : NULL;
    for (size_t i = 0; good && i < s->viewed->count; i++, column = column->next)
        good = view_widen(&s->viewed->columns[i], digits_of(s->base, &s->viewed->columns[i]), column);
    if (good) return out;
    cJSON_Delete(out);
    return NULL;
}

static int compile(struct table_state *s, flexdb_error *err) {
    cJSON *tree = reading_document(s);
    if (tree == NULL) return error_no_memory(err);
    struct definition *definition = NULL;
    definition_parse(&definition, tree, DEFINITION_STORED, err);
    int rc = validator_new(&s->validator, definition, err);
    if (err->code != FLEXDB_INVALID_SCHEMA) return rc;
    err->code = FLEXDB_CORRUPT;
    error_prefix(err, "stored definition: ");
    return -FLEXDB_CORRUPT;
}

/* ---- the view ---- */

static int name_view(struct table_state *s, flexdb_error *err) {
    const struct table_state *base = s->base;
    s->id = text_dup(base->id, strlen(base->id));
    s->application = text_dup(base->application, strlen(base->application));
    s->name = text_dup(base->name, strlen(base->name));
    return s->id != NULL && s->application != NULL && s->name != NULL ? 0 : error_no_memory(err);
}

int view_state(struct table_state **out, struct table_state *base, int64_t version, flexdb_error *err) {
    struct table_state *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL) return error_no_memory(err);
    s->holders = 1;
    s->engine = base->engine;
    s->base = state_hold(base);
    s->version = version;
    s->active = true;
    int rc = name_view(s, err);
    if (rc == 0) rc = history_read(base->engine, base, version, &s->viewed, err);
    if (rc == 0) rc = make_layout(s, err);
    if (rc == 0) rc = compile(s, err);
    if (rc != 0) {
        state_drop(s);
        return rc;
    }
    *out = s;
    return 0;
}

int view_refuse(const struct table_state *s, flexdb_error *err) {
    return error_set(err, FLEXDB_READ_ONLY, "the view of table \"%s\" at version %lld is read-only", s->name,
                     (long long)s->version);
}

int flexdb_table_at(flexdb_table **out, flexdb_table *table, int64_t version, flexdb_error *err) {
    struct table_state *own, *state;
    *out = NULL;
    int rc = database_enter(table->db, ENGINE_READ, err);
    if (rc == 0) rc = table_find_own(&own, table, false, err);
    if (rc != 0) return rc;
    rc = view_state(&state, own, version, err);
    state_drop(own);
    return rc == 0 ? table_new(out, table->db, state, err) : rc;
}
