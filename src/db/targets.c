/* What the reference columns of a definition are bound to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/record.h"
#include "db/targets.h"

static cJSON *validation_of(cJSON *column) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(column, "dataType");
    if (!cJSON_IsString(type) || strcmp(type->valuestring, column_type_name(TYPE_REFERENCE)) != 0) return NULL;
    cJSON *validation = cJSON_GetObjectItemCaseSensitive(column, "validation");
    return cJSON_IsObject(validation) ? validation : NULL;
}

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static int put_text(cJSON *object, const char *key, const char *text, flexdb_error *err) {
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    return cJSON_AddStringToObject(object, key, text) != NULL ? 0 : error_no_memory(err);
}

/* The column says what it said before: it stays with its table, whatever that is called by now. */
static bool stays_bound(const struct target_scope *scope, const cJSON *column, const cJSON *validation) {
    const char *key = text_of(column, "key"), *id = text_of(validation, "targetId");
    if (scope->before == NULL || key == NULL || id == NULL) return false;
    const struct column *old = definition_find_key(scope->before, key, strlen(key));
    return old != NULL && old->type == TYPE_REFERENCE && old->rules.target_id != NULL &&
           old->rules.target_table != NULL && strcmp(old->rules.target_id, id) == 0 &&
           strcmp(old->rules.target_table, text_of(validation, "targetTable")) == 0;
}

/* The live table of this name: 1 and its row, or 0. */
static int find_live(const struct target_scope *scope, const char *name, struct catalog_row *row, flexdb_error *err) {
    const char *texts[] = {scope->application, name};
    int rc = catalog_find(scope->engine, CATALOG_TABLE_BY_NAME, texts, 2, row, err);
    if (rc != 1 || row->active) return rc;
    catalog_row_clear(row);
    return 0;
}

static int say_absent(const char *name, size_t place, flexdb_error *err) {
    char path[64];
    const flexdb_value value = value_text(name, strlen(name));
    char *got = record_excerpt(&value);
    snprintf(path, sizeof path, "columns[%zu].validation.targetTable", place);
    error_issue(err, path, "targetTable", NULL, got, "there is no table \"%s\"", name);
    free(got);
    return err->code == FLEXDB_OK ? 0 : -(int)err->code;
}

int targets_check(const struct target_scope *scope, const struct definition *d, flexdb_error *err) {
    for (size_t i = 0; i < d->count; i++) {
        const struct column *c = &d->columns[i];
        const char *name = c->type == TYPE_REFERENCE ? c->rules.target_table : NULL;
        /* What can be no table's name has been said to be none. */
        flexdb_error said = FLEXDB_ERROR_INIT;
        bool sought = name != NULL && strcmp(name, scope->self_name) != 0 &&
                      definition_check_table_name(name, strlen(name), "", &said);
        error_clear(&said);
        if (!sought) continue;
        struct catalog_row row;
        int rc = find_live(scope, name, &row, err);
        if (rc == 1) catalog_row_clear(&row);
        if (rc == 0) rc = say_absent(name, c->position, err);
        if (rc < 0) return rc;
    }
    return 0;
}

static int bind_column(const struct target_scope *scope, const cJSON *column, cJSON *validation, size_t place,
                       flexdb_error *err) {
    const char *name = text_of(validation, "targetTable");
    if (name == NULL || stays_bound(scope, column, validation)) return 0;
    if (strcmp(name, scope->self_name) == 0) return put_text(validation, "targetId", scope->self_id, err);
    struct catalog_row row;
    int rc = find_live(scope, name, &row, err);
    if (rc == 0) return say_absent(name, place, err);
    if (rc < 0) return rc;
    rc = put_text(validation, "targetId", row.id, err);
    catalog_row_clear(&row);
    return rc;
}

int targets_bind(const struct target_scope *scope, cJSON *tree, flexdb_error *err) {
    cJSON *columns = cJSON_GetObjectItemCaseSensitive(tree, "columns"), *column;
    size_t place = 0;
    cJSON_ArrayForEach(column, columns) {
        cJSON *validation = validation_of(column);
        int rc = validation != NULL ? bind_column(scope, column, validation, place, err) : 0;
        if (rc != 0) return rc;
        place++;
    }
    return 0;
}

static bool knows_referrer(const struct layout *l, const char *id) {
    for (size_t i = 0; i < l->referrer_count; i++)
        if (strcmp(l->referrers[i], id) == 0) return true;
    return false;
}

static int register_at(struct table_state *target, const char *table_id, flexdb_error *err) {
    if (knows_referrer(target->layout, table_id)) return 0;
    struct layout *layout;
    int rc = catalog_copy_layout(&layout, target->layout, err);
    if (rc == 0) rc = layout_add_referrer(layout, table_id, err);
    if (rc == 0) {
        struct catalog_entry entry = state_entry(target);
        entry.layout = layout;
        rc = catalog_update(target->engine, &entry, target->revision, err);
    }
    layout_free(layout);
    if (rc != 0) return rc;
    /* What this connection changes itself it must take up itself. */
    const char *id = target->id;
    struct table_state *now;
    rc = state_find(&now, target->engine, CATALOG_TABLE_BY_ID, &id, 1, err);
    state_drop(now);
    return rc < 0 ? rc : 0;
}

/* What a restore_table goes by: it may have had another name than when the definition was written. */
static const char *name_of_dropped(const struct table_state *target, const struct column *c) {
    if (target != NULL && target->layout->original_name != NULL) return target->layout->original_name;
    return c->rules.target_table != NULL ? c->rules.target_table : c->rules.target_id;
}

int targets_register(struct engine *e, const char *table_id, const struct validator *v, struct layout *own,
                     flexdb_error *err) {
    const flexdb_shape *shape = validator_shape(v);
    flexdb_error missing = FLEXDB_ERROR_INIT;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < shape->columns; i++) {
        const struct column *c = validator_column(v, i)->column;
        const char *id = c->type == TYPE_REFERENCE ? c->rules.target_id : NULL;
        if (id == NULL) continue;
        if (strcmp(id, table_id) == 0) {
            rc = layout_add_referrer(own, table_id, err);
            continue;
        }
        struct table_state *target = NULL;
        int found = state_find(&target, e, CATALOG_TABLE_LOCK, &id, 1, err);
        if (found < 0) {
            rc = found;
        } else if (found == 0 || !target->active) {
            error_issue(&missing, c->name, "reference", NULL, NULL, "table \"%s\", which it refers to, is dropped",
                        name_of_dropped(target, c));
        } else {
            rc = register_at(target, table_id, err);
        }
        state_drop(target);
    }
    if (rc == 0) {
        rc = error_close_issues(&missing, FLEXDB_REFERENCE);
        if (rc != 0) error_move(err, &missing);
    }
    error_clear(&missing);
    return rc;
}

int targets_name(const struct table_state *s, cJSON *tree, flexdb_error *err) {
    cJSON *columns = cJSON_GetObjectItemCaseSensitive(tree, "columns"), *column;
    size_t slot = 0;
    cJSON_ArrayForEach(column, columns) {
        if (slot >= validator_shape(s->validator)->columns) break;
        const struct column *c = validator_column(s->validator, slot++)->column;
        cJSON *validation = c->type == TYPE_REFERENCE ? validation_of(column) : NULL;
        if (validation == NULL || c->rules.target_id == NULL) continue;
        struct catalog_row row;
        int rc = catalog_find(s->engine, CATALOG_TABLE_BY_ID, &c->rules.target_id, 1, &row, err);
        if (rc < 0) return rc;
        if (rc == 0) continue;
        rc = row.active ? put_text(validation, "targetTable", row.name, err) : 0;
        catalog_row_clear(&row);
        if (rc != 0) return rc;
    }
    return 0;
}
