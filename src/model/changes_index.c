/* The indexes of a table while changes are applied to it: by field key, so that a rename finds them as they are. */
#include <string.h>

#include "model/changes_parts.h"
#include "model/type.h"

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static cJSON *list_of(const cJSON *table) { return cJSON_GetObjectItemCaseSensitive(table, table_keys[TABLE_INDEXES]); }

static cJSON *keys_of(const cJSON *index) { return cJSON_GetObjectItemCaseSensitive(index, "keys"); }

/* The item of the index that is this key, or NULL. */
static cJSON *find_key(const cJSON *index, const char *key) {
    const cJSON *keys = keys_of(index);
    cJSON *item = keys == NULL ? NULL : keys->child;
    while (item != NULL && strcmp(item->valuestring, key) != 0) item = item->next;
    return item;
}

static bool put_key(cJSON *keys, cJSON *old, const char *key) {
    cJSON *item = cJSON_CreateString(key);
    if (item == NULL) return false;
    cJSON_ReplaceItemViaPointer(keys, old, item);
    return true;
}

/* ---- modify_table ---- */

static bool find_column(const void *context, const char *text, size_t length, size_t *column, enum column_type *type) {
    const struct draft *d = context;
    (void)length;
    int64_t at = draft_find(d, text);
    if (at == NAMES_NONE) return false;
    *column = (size_t)at;
    *type = TYPE_STRING;
    column_type_find(text_of(d->columns[at].tree, "dataType"), type);
    return true;
}

static cJSON *stored_list(const struct draft *d, const struct definition_index *indexes, size_t count) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < count; i++) {
        const char *words[INDEX_MAX_COLUMNS];
        for (size_t k = 0; k < indexes[i].count; k++) {
            words[k] = text_of(d->columns[indexes[i].columns[k]].tree, "key");
        }
        cJSON *index = index_document(&indexes[i], "keys", words);
        if (index != NULL && cJSON_AddItemToArray(list, index)) continue;
        cJSON_Delete(index);
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

void change_set_indexes(struct draft *d, const cJSON *field) {
    if (field == NULL) return;
    const struct index_scope scope = {.context = d, .find = find_column};
    struct reader *r = &d->reader;
    size_t before = issue_count(r->err), count;
    struct definition_index *indexes;
    bool good = indexes_read(r, field, &scope, &d->arena, &indexes, &count);
    if (good && issue_count(r->err) == before) {
        good = object_put(d->table, table_keys[TABLE_INDEXES], stored_list(d, indexes, count));
    }
    if (!good) error_no_memory(r->err);
}

/* ---- columns that go away or change ---- */

void draft_forget_indexes(struct draft *d, const cJSON *column) {
    const char *key = text_of(column, "key");
    cJSON *list = list_of(d->table), *next;
    for (cJSON *index = list == NULL ? NULL : list->child; index != NULL; index = next) {
        next = index->next;
        if (find_key(index, key) != NULL) cJSON_Delete(cJSON_DetachItemViaPointer(list, index));
    }
}

bool draft_rekey_indexes(struct draft *d, const cJSON *before, const char *key, enum column_type type) {
    const cJSON *list = list_of(d->table);
    for (cJSON *index = list == NULL ? NULL : list->child; index != NULL; index = index->next) {
        cJSON *item = find_key(index, text_of(before, "key"));
        if (item == NULL) continue;
        if (!put_key(keys_of(index), item, key)) return false;
        if (!type_get(type)->may_be_indexed) d->unfit = d->change;
    }
    return true;
}

/* A later change may have taken the index away. */
void draft_judge_indexes(struct draft *d) {
    const cJSON *list = list_of(d->table);
    struct reader *r = &d->reader;
    for (size_t i = 0; i < d->count; i++) {
        const cJSON *column = d->columns[i].tree, *index = list == NULL ? NULL : list->child;
        enum column_type type;
        if (!column_type_find(text_of(column, "dataType"), &type) || type_get(type)->may_be_indexed) continue;
        while (index != NULL && find_key(index, text_of(column, "key")) == NULL) index = index->next;
        if (index == NULL) continue;
        size_t mark = issue_path_index(&r->path, d->unfit);
        issue_path_key(&r->path, "set");
        issue_path_key(&r->path, "dataType");
        issue_path_add(&r->path, "indexed", NULL, NULL, r->err, "a %s column cannot be in an index",
                       column_type_name(type));
        issue_path_pop(&r->path, mark);
    }
}

/* ---- a new table ---- */

static const char *name_of_key(const cJSON *columns, const char *key) {
    for (const cJSON *column = columns == NULL ? NULL : columns->child; column != NULL; column = column->next) {
        if (strcmp(text_of(column, "key"), key) == 0) return text_of(column, "name");
    }
    return NULL;
}

bool indexes_take_names(cJSON *tree) {
    const cJSON *list = list_of(tree), *columns = cJSON_GetObjectItemCaseSensitive(tree, "columns");
    for (cJSON *index = list == NULL ? NULL : list->child; index != NULL; index = index->next) {
        cJSON *keys = keys_of(index);
        for (cJSON *item = keys == NULL ? NULL : keys->child, *next; item != NULL; item = next) {
            next = item->next;
            const char *name = name_of_key(columns, item->valuestring);
            if (name != NULL && !put_key(keys, item, name)) return false;
        }
    }
    return true;
}
