/* Entries of the stored shape, { type, column, details = { before, after } }, as the words of the same change. */
#include <string.h>

#include "base/document.h"
#include "model/changes_parts.h"

static const cJSON *member(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static bool put_copy(cJSON *object, const char *key, const cJSON *value) {
    return value == NULL || object_put(object, key, cJSON_Duplicate(value, true));
}

/* What an entry may hold that no change sets: the table's own bookkeeping. */
static bool is_bookkeeping(const char *key) {
    return strcmp(key, "name") == 0 || strcmp(key, "key") == 0 || strcmp(key, "system") == 0 ||
           strcmp(key, "initialDefault") == 0 || strcmp(key, "convertedFrom") == 0 || strcmp(key, "targetId") == 0 ||
           strcmp(key, "columns") == 0 || strcmp(key, "version") == 0;
}

/* The members of `after` that differ from `before`, and null for those that are gone. A default that stands in both
 * says that a retype shall not convert it. NULL when memory is out. */
static cJSON *difference(const cJSON *before, const cJSON *after) {
    cJSON *set = cJSON_CreateObject();
    bool good = set != NULL;
    for (const cJSON *item = after == NULL ? NULL : after->child; good && item != NULL; item = item->next) {
        const cJSON *old = member(before, item->string);
        bool kept = strcmp(item->string, "defaultValue") == 0;
        if (is_bookkeeping(item->string) || (old != NULL && !kept && document_equal(old, item))) continue;
        if (strcmp(item->string, "validation") == 0 && cJSON_IsObject(item)) {
            good = object_put(set, item->string, difference(old, item));
        } else {
            good = put_copy(set, item->string, item);
        }
    }
    for (const cJSON *item = before == NULL ? NULL : before->child; good && item != NULL; item = item->next) {
        if (is_bookkeeping(item->string) || member(after, item->string) != NULL) continue;
        good = object_put(set, item->string, cJSON_CreateNull());
    }
    if (good) return set;
    cJSON_Delete(set);
    return NULL;
}

/* Nulls of a column's own keys become its `unset`. */
static bool split_unset(cJSON *words, cJSON *set) {
    cJSON *unset = cJSON_CreateArray();
    if (!object_put(words, "unset", unset)) return false;
    for (cJSON *item = set->child, *next; item != NULL; item = next) {
        next = item->next;
        if (!cJSON_IsNull(item)) continue;
        cJSON *key = cJSON_CreateString(item->string);
        if (key == NULL || !cJSON_AddItemToArray(unset, key)) {
            cJSON_Delete(key);
            return false;
        }
        cJSON_Delete(cJSON_DetachItemViaPointer(set, item));
    }
    return true;
}

static bool add_words(cJSON *words, const cJSON *name, const cJSON *details, const cJSON *after) {
    cJSON *column = cJSON_Duplicate(after, true);
    const cJSON *position = member(details, "position");
    if (!object_put(words, "column", column)) return false;
    if (cJSON_IsObject(column) && member(column, "name") == NULL && !put_copy(column, "name", name)) return false;
    return put_copy(words, "after", member(position, "after")) && put_copy(words, "first", member(position, "first"));
}

static bool modify_words(cJSON *words, const cJSON *before, const cJSON *after) {
    if (member(after, "after") != NULL || member(after, "first") != NULL) {
        return object_put(words, "op", cJSON_CreateString("move_column")) &&
               put_copy(words, "after", member(after, "after")) && put_copy(words, "first", member(after, "first"));
    }
    cJSON *set = difference(before, after);
    return object_put(words, "set", set) && split_unset(words, set);
}

static bool fill(cJSON *words, const char *type, const cJSON *column, const cJSON *details) {
    const cJSON *before = member(details, "before"), *after = member(details, "after");
    if (!object_put(words, "op", cJSON_CreateString(type))) return false;
    if (strcmp(type, "modify_table") == 0) return object_put(words, "set", difference(before, after));
    if (strcmp(type, "add_column") == 0) return add_words(words, column, details, after);
    if (!put_copy(words, "name", column)) return false;
    if (strcmp(type, "rename_column") == 0) {
        return put_copy(words, "to", cJSON_IsObject(after) ? member(after, "name") : after);
    }
    return strcmp(type, "modify_column") != 0 || modify_words(words, before, after);
}

static bool is_object_or_null(const cJSON *item) { return item == NULL || cJSON_IsNull(item) || cJSON_IsObject(item); }

/* A column to add must be there; a rename may say the new name alone. */
static bool fits(const char *type, const cJSON *details) {
    const cJSON *before = member(details, "before"), *after = member(details, "after");
    if (!is_object_or_null(details) || !is_object_or_null(before)) return false;
    if (strcmp(type, "add_column") == 0) return cJSON_IsObject(after);
    return is_object_or_null(after) || (strcmp(type, "rename_column") == 0 && cJSON_IsString(after));
}

static bool is_known(const cJSON *type) {
    static const char *const types[] = {"add_column", "remove_column", "rename_column", "modify_column",
                                        "modify_table"};
    for (size_t i = 0; cJSON_IsString(type) && i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i], type->valuestring) == 0) return true;
    }
    return false;
}

/* An issue where the entry does not have the stored shape. */
static bool judge(struct reader *r, const cJSON *type, const cJSON *column, const cJSON *details) {
    const char *key = NULL, *what = NULL;
    const cJSON *got = NULL;
    if (!is_known(type)) {
        key = "type", got = type;
        what = "must be one of add_column, remove_column, rename_column, modify_column and modify_table";
    } else if (column != NULL && !cJSON_IsNull(column) && !cJSON_IsString(column)) {
        key = "column", got = column, what = "must be the name of a column";
    } else if (!fits(type->valuestring, details)) {
        key = "details", got = details, what = "must be { before, after }";
    }
    if (key == NULL) return true;
    size_t mark = issue_path_key(&r->path, key);
    issue_path_add(&r->path, "type", NULL, got, r->err, "%s", what);
    issue_path_pop(&r->path, mark);
    return false;
}

cJSON *changes_words(struct reader *r, const cJSON *entry) {
    static const char *const keys[] = {"type", "column", "details"};
    const cJSON *fields[3];
    size_t before = issue_count(r->err);
    reader_fields(r, entry, keys, 3, fields);
    if (issue_count(r->err) != before || !judge(r, fields[0], fields[1], fields[2])) return NULL;
    const cJSON *column = cJSON_IsString(fields[1]) ? fields[1] : NULL;
    cJSON *words = cJSON_CreateObject();
    if (words != NULL && fill(words, fields[0]->valuestring, column, fields[2])) return words;
    cJSON_Delete(words);
    error_no_memory(r->err);
    return NULL;
}
