/* A definition in the making: the list of columns that changes are applied to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/changes_parts.h"

static const char *const word_keys[WORD_COUNT] = {
#define X(constant, key) key,
    CHANGE_WORDS(X)
#undef X
};

static const char *column_name(const cJSON *column) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(column, "name");
    return cJSON_IsString(name) ? name->valuestring : "";
}

/* ---- opening and closing ---- */

static bool use_key(struct draft *d, const char *key) { return names_add(&d->keys, key, strlen(key), 0) >= 0; }

static bool use_keys(struct draft *d, const struct definition *from, const struct key_registry *keys) {
    for (const cJSON *key = keys->keys == NULL ? NULL : keys->keys->child; key != NULL; key = key->next) {
        if (!use_key(d, key->string)) return false;
    }
    for (size_t i = 0; i < from->count; i++) {
        if (!use_key(d, from->columns[i].key)) return false;
    }
    return true;
}

static bool take_columns(struct draft *d, const struct definition *from) {
    cJSON *list = cJSON_GetObjectItemCaseSensitive(d->table, "columns");
    for (size_t i = 0; i < from->count; i++) {
        if (!draft_insert(d, i, cJSON_DetachItemViaPointer(list, list->child))) return false;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(d->table, "columns");
    return true;
}

bool draft_open(struct draft *d, const struct definition *from, const struct key_registry *keys, bool has_records,
                flexdb_error *err) {
    *d = (struct draft){.reader = {.source = DEFINITION_GIVEN, .err = err}, .has_records = has_records};
    d->table = definition_document(from, PRINT_STORED);
    d->new_keys = cJSON_CreateObject();
    bool good = d->table != NULL && d->new_keys != NULL && use_keys(d, from, keys) && take_columns(d, from);
    if (!good) error_no_memory(err);
    return good;
}

void draft_close(struct draft *d) {
    for (size_t i = 0; i < d->count; i++) cJSON_Delete(d->columns[i].tree);
    free(d->columns);
    free(d->gone_by);
    names_free(&d->keys);
    names_free(&d->gone);
    cJSON_Delete(d->table);
    cJSON_Delete(d->new_keys);
    arena_free(&d->arena);
}

cJSON *draft_take(struct draft *d) {
    cJSON *list = cJSON_CreateArray();
    if (!object_put(d->table, "columns", list)) return NULL;
    for (size_t i = 0; i < d->count; i++) cJSON_AddItemToArray(list, d->columns[i].tree);
    d->count = 0;
    cJSON *table = d->table;
    d->table = NULL;
    return table;
}

/* ---- columns ---- */

int64_t draft_find(const struct draft *d, const char *name) {
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->columns[i].name, name) == 0) return (int64_t)i;
    }
    return NAMES_NONE;
}

bool draft_insert(struct draft *d, size_t at, cJSON *column) {
    if (d->count == d->capacity) {
        size_t capacity = d->capacity == 0 ? 16 : d->capacity * 2;
        struct draft_column *columns = realloc(d->columns, capacity * sizeof *columns);
        if (columns == NULL) {
            cJSON_Delete(column);
            return false;
        }
        d->columns = columns;
        d->capacity = capacity;
    }
    memmove(d->columns + at + 1, d->columns + at, (d->count - at) * sizeof *d->columns);
    d->columns[at] = (struct draft_column){.tree = column, .name = column_name(column)};
    d->count++;
    return true;
}

cJSON *draft_remove(struct draft *d, size_t at) {
    cJSON *column = d->columns[at].tree;
    d->count--;
    memmove(d->columns + at, d->columns + at + 1, (d->count - at) * sizeof *d->columns);
    return column;
}

void draft_replace(struct draft *d, size_t at, cJSON *column) {
    if (column != d->columns[at].tree) cJSON_Delete(d->columns[at].tree);
    d->columns[at] = (struct draft_column){.tree = column, .name = column_name(column)};
}

bool draft_note_gone(struct draft *d, const char *name) {
    size_t length = strlen(name), count = d->gone.count;
    int64_t known = names_find(&d->gone, name, length);
    if (known != NAMES_NONE) {
        d->gone_by[known] = d->change;
        return true;
    }
    if ((count & (count - 1)) == 0) { /* full at every power of two */
        size_t *gone_by = realloc(d->gone_by, (count == 0 ? 1 : 2 * count) * sizeof *gone_by);
        if (gone_by == NULL) return false;
        d->gone_by = gone_by;
    }
    const char *copy = arena_dup(&d->arena, name, length);
    if (copy == NULL || names_add(&d->gone, copy, length, (uint32_t)count) < 0) return false;
    d->gone_by[count] = d->change;
    return true;
}

const char *draft_fresh_key(struct draft *d, const char *name, enum column_type type) {
    char numbered[KEY_TEXT_SIZE];
    const char *key = name;
    for (unsigned n = 2; names_find(&d->keys, key, strlen(key)) != NAMES_NONE; n++) {
        snprintf(numbered, sizeof numbered, "%.*s_%u", NAME_MAX_LENGTH, name, n);
        key = numbered;
    }
    key = arena_dup(&d->arena, key, strlen(key));
    if (key == NULL || !use_key(d, key)) return NULL;
    return object_put(d->new_keys, key, cJSON_CreateString(column_type_name(type))) ? key : NULL;
}

/* ---- the words of a change ---- */

bool draft_text(struct draft *d, const cJSON *const fields[], enum change_word word, const char **out) {
    const cJSON *field = fields[word];
    struct reader *r = &d->reader;
    if (field == NULL) {
        issue_path_add(&r->path, "required", NULL, NULL, r->err, "%s is missing", word_keys[word]);
        return false;
    }
    if (cJSON_IsString(field)) {
        *out = field->valuestring;
        return true;
    }
    size_t mark = issue_path_key(&r->path, word_keys[word]);
    issue_path_add(&r->path, "type", "\"string\"", field, r->err, "must be the name of a column");
    issue_path_pop(&r->path, mark);
    return false;
}

/* The place of the column that the word names; an issue where there is none. */
static bool find_named(struct draft *d, const char *name, enum change_word word, size_t *at) {
    int64_t found = draft_find(d, name);
    if (found != NAMES_NONE) {
        *at = (size_t)found;
        return true;
    }
    struct reader *r = &d->reader;
    char quoted[QUOTED_NAME_SIZE];
    quote_name(quoted, name, strlen(name));
    size_t mark = issue_path_key(&r->path, word_keys[word]);
    int64_t gone = names_find(&d->gone, name, strlen(name));
    if (system_name_find(name, strlen(name)) >= 0) {
        issue_path_add(&r->path, "system", NULL, NULL, r->err, "%s is a system column, which changes cannot touch",
                       quoted);
    } else if (gone != NAMES_NONE) {
        issue_path_add(&r->path, "exists", NULL, NULL, r->err,
                       "there is no column %s any more: changes[%zu] took it away", quoted, d->gone_by[gone]);
    } else {
        issue_path_add(&r->path, "exists", NULL, NULL, r->err, "there is no column %s", quoted);
    }
    issue_path_pop(&r->path, mark);
    return false;
}

bool draft_resolve(struct draft *d, const cJSON *const fields[], size_t *at) {
    const char *name;
    return draft_text(d, fields, WORD_NAME, &name) && find_named(d, name, WORD_NAME, at);
}

bool draft_place(struct draft *d, const cJSON *const fields[], const char *self, size_t *at) {
    struct reader *r = &d->reader;
    size_t before = issue_count(r->err);
    bool first = reader_flag(r, fields[WORD_FIRST], "first");
    if (issue_count(r->err) != before) return false;
    const char *after = NULL;
    if (fields[WORD_AFTER] != NULL && !draft_text(d, fields, WORD_AFTER, &after)) return false;
    if (first && after != NULL) {
        issue_path_add(&r->path, "after", NULL, NULL, r->err, "after and first exclude each other");
        return false;
    }
    if (first || after == NULL) {
        *at = first ? 0 : d->count;
        if (first || self == NULL) return true;
        issue_path_add(&r->path, "required", NULL, NULL, r->err, "after, or first = true, is missing");
        return false;
    }
    if (self != NULL && strcmp(self, after) == 0) {
        size_t mark = issue_path_key(&r->path, "after");
        char quoted[QUOTED_NAME_SIZE];
        issue_path_add(&r->path, "after", NULL, NULL, r->err, "%s cannot come after itself",
                       quote_name(quoted, self, strlen(self)));
        issue_path_pop(&r->path, mark);
        return false;
    }
    if (!find_named(d, after, WORD_AFTER, at)) return false;
    bool self_before = self != NULL && draft_find(d, self) < (int64_t)*at;
    *at += self_before ? 0 : 1;
    return true;
}
