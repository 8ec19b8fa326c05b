/* Reading the indexes of a definition. */
#include <string.h>

#include "model/definition_parts.h"
#include "model/type.h"

enum index_key { INDEX_NAME, INDEX_COLUMNS, INDEX_UNIQUE, INDEX_KEY_COUNT };

/* ---- the columns of one ---- */

static bool holds(const struct definition_index *index, size_t column) {
    for (size_t i = 0; i < index->count; i++) {
        if (index->columns[i] == column) return true;
    }
    return false;
}

static void read_column(struct reader *r, const cJSON *item, const struct index_scope *scope,
                        struct definition_index *out) {
    if (!cJSON_IsString(item)) {
        issue_path_add(&r->path, "type", "\"string\"", item, r->err, "must be the name of a column");
        return;
    }
    const char *name = item->valuestring;
    size_t length = strlen(name), column;
    enum column_type type;
    char quoted[QUOTED_NAME_SIZE];
    quote_name(quoted, name, length);
    if (system_name_find(name, length) >= 0) {
        issue_path_add(&r->path, "system", NULL, NULL, r->err, "%s is a system column, which no index may hold",
                       quoted);
    } else if (!scope->find(scope->context, name, length, &column, &type)) {
        issue_path_add(&r->path, "exists", NULL, NULL, r->err, "there is no column %s", quoted);
    } else if (holds(out, column)) {
        issue_path_add(&r->path, "unique", NULL, NULL, r->err, "the column %s stands here twice", quoted);
    } else if (!type_get(type)->may_be_indexed) {
        issue_path_add(&r->path, "indexed", NULL, NULL, r->err, "a %s column cannot be in an index",
                       column_type_name(type));
    } else {
        out->columns[out->count++] = column;
    }
}

static void read_columns(struct reader *r, const cJSON *list, const char *label, const struct index_scope *scope,
                         struct definition_index *out) {
    if (list == NULL) {
        issue_path_add(&r->path, "required", "\"array\"", NULL, r->err, "%s is missing", label);
        return;
    }
    size_t mark = issue_path_key(&r->path, label), count = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next) count++;
    if (!is_list(list)) {
        issue_path_add(&r->path, "type", "\"array\"", list, r->err, "must be an array of column names");
    } else if (count == 0) {
        issue_path_add(&r->path, "required", NULL, NULL, r->err, "must name at least one column");
    } else if (count > INDEX_MAX_COLUMNS) {
        issue_path_add(&r->path, "limit", "16", NULL, r->err, "there are %zu columns, %d are allowed", count,
                       INDEX_MAX_COLUMNS);
    } else {
        size_t position = 0;
        for (const cJSON *item = list->child; item != NULL; item = item->next, position++) {
            size_t item_mark = issue_path_index(&r->path, position);
            read_column(r, item, scope, out);
            issue_path_pop(&r->path, item_mark);
        }
    }
    issue_path_pop(&r->path, mark);
}

/* ---- one ---- */

static const char *read_name(struct reader *r, const cJSON *field) {
    const char *name = reader_text(r, field, "name", 0);
    if (name == NULL || r->source == DEFINITION_STORED) return name;
    size_t mark = issue_path_key(&r->path, "name");
    definition_check_table_name(name, strlen(name), r->path.text, r->err);
    issue_path_pop(&r->path, mark);
    return name;
}

static bool same_columns(const struct definition_index *a, const struct definition_index *b) {
    return a->count == b->count && memcmp(a->columns, b->columns, a->count * sizeof *a->columns) == 0;
}

/* What an index may not share with those before it. `whole`: all of its columns could be read. */
static void judge_among(struct reader *r, const struct definition_index *all, size_t i, bool whole) {
    for (size_t k = 0; k < i; k++) {
        if (whole && all[k].count != 0 && same_columns(&all[k], &all[i])) {
            issue_path_add(&r->path, "unique", NULL, NULL, r->err, "indexes[%zu] holds the same columns", k);
            whole = false;
        }
        if (all[i].name == NULL || all[k].name == NULL || strcmp(all[i].name, all[k].name) != 0) continue;
        char quoted[QUOTED_NAME_SIZE];
        size_t mark = issue_path_key(&r->path, "name");
        issue_path_add(&r->path, "unique", NULL, NULL, r->err, "the name %s is taken by indexes[%zu]",
                       quote_name(quoted, all[i].name, strlen(all[i].name)), k);
        issue_path_pop(&r->path, mark);
        return;
    }
}

static void read_index(struct reader *r, const cJSON *item, const struct index_scope *scope,
                       struct definition_index *all, size_t i) {
    const char *const keys[INDEX_KEY_COUNT] = {"name", r->source == DEFINITION_STORED ? "keys" : "columns", "unique"};
    if (!cJSON_IsObject(item)) {
        issue_path_add(&r->path, "type", "\"object\"", item, r->err, "an index must be an object");
        return;
    }
    const cJSON *fields[INDEX_KEY_COUNT];
    reader_fields(r, item, keys, INDEX_KEY_COUNT, fields);
    all[i].name = read_name(r, fields[INDEX_NAME]);
    all[i].unique = reader_flag(r, fields[INDEX_UNIQUE], "unique");
    size_t before = issue_count(r->err);
    read_columns(r, fields[INDEX_COLUMNS], keys[INDEX_COLUMNS], scope, &all[i]);
    bool whole = issue_count(r->err) == before;
    if (!whole) all[i].count = 0;
    judge_among(r, all, i, whole);
}

/* ---- the list ---- */

bool indexes_read(struct reader *r, const cJSON *field, const struct index_scope *scope, struct arena *arena,
                  struct definition_index **out, size_t *count) {
    *out = NULL;
    *count = 0;
    if (field == NULL || cJSON_IsNull(field)) return true;
    size_t mark = issue_path_key(&r->path, "indexes"), given = 0;
    for (const cJSON *item = field->child; item != NULL; item = item->next) given++;
    bool good = true;
    if (!is_list(field)) {
        issue_path_add(&r->path, "type", "\"array\"", field, r->err, "must be an array of indexes");
    } else if (given > DEFINITION_MAX_INDEXES) {
        issue_path_add(&r->path, "limit", "60", NULL, r->err, "there are %zu indexes, %d are allowed", given,
                       DEFINITION_MAX_INDEXES);
    } else if (given != 0) {
        *out = arena_alloc(arena, given, sizeof **out);
        good = *out != NULL;
        for (const cJSON *item = good ? field->child : NULL; item != NULL; item = item->next) {
            size_t item_mark = issue_path_index(&r->path, *count);
            read_index(r, item, scope, *out, *count);
            (*count)++;
            issue_path_pop(&r->path, item_mark);
        }
    }
    issue_path_pop(&r->path, mark);
    return good;
}
