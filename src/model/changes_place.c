/* Which change brought what a problem of the definition is about. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "model/changes.h"

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

/* `list[n]` at the beginning of a path: the rest behind it and n, or NULL. */
static const char *split(const char *path, const char *list, int *index) {
    size_t length = strlen(list);
    if (strncmp(path, list, length) != 0 || path[length] != '[') return NULL;
    char *end;
    long n = strtol(path + length + 1, &end, 10);
    if (*end != ']' || n < 0 || n > INT32_MAX) return NULL;
    *index = (int)n;
    return end + 1;
}

/* Whether the document holds what a path such as ".validation.min" leads to; one that ends in a list's item is held by
 * who holds the list. */
static bool holds(const cJSON *object, const char *path) {
    char key[64];
    while (*path == '.') {
        size_t length = strcspn(path + 1, ".[");
        if (length >= sizeof key) return false;
        memcpy(key, path + 1, length);
        key[length] = '\0';
        object = cJSON_GetObjectItemCaseSensitive(object, key);
        if (object == NULL) return false;
        path += 1 + length;
    }
    return true;
}

static const cJSON *op_is(const cJSON *change, const char *op) {
    return strcmp(text_of(change, "op"), op) == 0 ? change : NULL;
}

/* From the last change to the first, for a name may have become another one on the way. False: no change brought it. */
static bool place_of_column(const cJSON *changes, const char *name, const char *rest, struct buffer *out) {
    for (int i = cJSON_GetArraySize(changes) - 1; i >= 0; i--) {
        const cJSON *change = cJSON_GetArrayItem(changes, i);
        const cJSON *column = cJSON_GetObjectItemCaseSensitive(change, "column");
        if (op_is(change, "rename_column") && strcmp(text_of(change, "to"), name) == 0) {
            name = text_of(change, "name");
        } else if (op_is(change, "add_column") && strcmp(text_of(column, "name"), name) == 0) {
            buffer_printf(out, "changes[%d].column%s", i, rest);
            return true;
        } else if (op_is(change, "modify_column") && strcmp(text_of(change, "name"), name) == 0 && *rest == '.' &&
                   holds(cJSON_GetObjectItemCaseSensitive(change, "set"), rest)) {
            buffer_printf(out, "changes[%d].set%s", i, rest);
            return true;
        }
    }
    return false;
}

static bool place_of_list(const cJSON *changes, const char *list, int index, const char *rest, struct buffer *out) {
    for (int i = cJSON_GetArraySize(changes) - 1; i >= 0; i--) {
        const cJSON *change = cJSON_GetArrayItem(changes, i);
        const cJSON *set = cJSON_GetObjectItemCaseSensitive(change, "set");
        if (!op_is(change, "modify_table") || !cJSON_HasObjectItem(set, list)) continue;
        buffer_printf(out, "changes[%d].set.%s[%d]%s", i, list, index, rest);
        return true;
    }
    return false;
}

static bool place_of(const cJSON *changes, const cJSON *tree, const char *path, struct buffer *out) {
    static const char *const lists[] = {"checks", "indexes"};
    const char *rest;
    int index;
    if ((rest = split(path, "columns", &index)) != NULL) {
        const cJSON *column = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(tree, "columns"), index);
        return place_of_column(changes, text_of(column, "name"), rest, out);
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if ((rest = split(path, lists[i], &index)) != NULL) return place_of_list(changes, lists[i], index, rest, out);
    return false;
}

void changes_place(const cJSON *changes, const cJSON *tree, flexdb_error *err) {
    bool moved = false;
    if (changes->child != NULL && cJSON_HasObjectItem(changes->child, "type")) return;
    for (size_t i = 0; i < err->issue_count; i++) {
        struct buffer path = BUFFER_INIT;
        bool found = place_of(changes, tree, err->issues[i].path, &path);
        char *text = found ? buffer_take(&path) : NULL;
        buffer_free(&path);
        if (text == NULL) continue; /* where memory is out it only keeps the place that it had */
        free(err->issues[i].path);
        err->issues[i].path = text;
        moved = true;
    }
    if (moved) error_retell(err);
}
