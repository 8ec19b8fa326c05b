/* The JSON of layouts: flex_tables.storage and flex_tables.indexed_columns. Physical names end up in SQL, so what is
 * read is judged to the letter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/json_writer.h"
#include "model/layout.h"

static const char *const kind_names[] = {
    [PHYSICAL_NONE] = "none", [PHYSICAL_INTEGER] = "integer",   [PHYSICAL_DECIMAL] = "decimal",
    [PHYSICAL_DATE] = "date", [PHYSICAL_DATETIME] = "datetime", [PHYSICAL_ID] = "id",
    [PHYSICAL_TEXT] = "text",
};
enum { KIND_COUNT = sizeof kind_names / sizeof *kind_names };

/* ---- printing ---- */

static void put_text(struct buffer *out, const char *text) { json_write_string(out, text, strlen(text)); }

static void put_member(struct buffer *out, const char *key, const char *text) {
    put_text(out, key);
    buffer_put(out, ':');
    put_text(out, text);
}

static void put_flag(struct buffer *out, const char *key, bool flag) {
    if (!flag) return;
    buffer_put(out, ',');
    put_text(out, key);
    buffer_puts(out, ":true");
}

static void put_column(struct buffer *out, const struct layout_column *c) {
    buffer_put(out, '{');
    put_member(out, "key", c->key);
    buffer_put(out, ',');
    put_member(out, "name", c->name);
    buffer_put(out, ',');
    put_member(out, "kind", kind_names[c->kind]);
    put_flag(out, "long", c->long_text);
    put_flag(out, "indexed", c->indexed);
    put_flag(out, "unique", c->unique);
    put_flag(out, "retired", c->retired);
    put_flag(out, "lapsed", c->lapsed);
    buffer_put(out, '}');
}

static void put_index(struct buffer *out, const struct layout *l, const struct layout_index *index) {
    buffer_put(out, '{');
    put_member(out, "name", index->name);
    buffer_puts(out, ",\"columns\":[");
    for (size_t i = 0; i < index->count; i++) {
        if (i != 0) buffer_put(out, ',');
        put_text(out, l->columns[index->columns[i]].name);
    }
    buffer_put(out, ']');
    put_flag(out, "unique", index->unique);
    put_flag(out, "retired", index->retired);
    buffer_put(out, '}');
}

static void put_indexes(struct buffer *out, const struct layout *l) {
    if (l->index_count == 0) return;
    buffer_puts(out, "],\"indexes\":[");
    for (size_t i = 0; i < l->index_count; i++) {
        if (i != 0) buffer_put(out, ',');
        put_index(out, l, &l->indexes[i]);
    }
}

static void put_build(struct buffer *out, const struct layout_build *b) {
    buffer_puts(out, ",\"build\":{");
    put_member(out, "table", b->table);
    buffer_put(out, ',');
    put_member(out, "journal", b->journal);
    buffer_puts(out, ",\"started\":");
    json_write_integer(out, b->started);
    buffer_put(out, '}');
}

int layout_print(const struct layout *l, struct buffer *out, flexdb_error *err) {
    buffer_put(out, '{');
    put_member(out, "table", l->table);
    buffer_puts(out, ",\"generation\":");
    json_write_integer(out, l->generation);
    buffer_puts(out, ",\"columns\":[");
    for (size_t i = 0; i < l->count; i++) {
        if (i != 0) buffer_put(out, ',');
        put_column(out, &l->columns[i]);
    }
    put_indexes(out, l);
    buffer_puts(out, "],\"keys\":");
    if (l->keys.keys != NULL) {
        document_print(l->keys.keys, out);
    } else {
        buffer_puts(out, "{}");
    }
    if (l->original_name != NULL) {
        buffer_put(out, ',');
        put_member(out, "originalName", l->original_name);
    }
    if (l->dropped_at != 0) {
        buffer_puts(out, ",\"droppedAt\":");
        json_write_integer(out, l->dropped_at);
    }
    if (l->kept_from > 1) {
        buffer_puts(out, ",\"keptFrom\":");
        json_write_integer(out, l->kept_from);
    }
    put_flag(out, "purging", l->purging);
    buffer_puts(out, ",\"referrers\":[");
    for (size_t i = 0; i < l->referrer_count; i++) {
        if (i != 0) buffer_put(out, ',');
        put_text(out, l->referrers[i]);
    }
    buffer_put(out, ']');
    if (l->build.table[0] != '\0') put_build(out, &l->build);
    buffer_put(out, '}');
    return buffer_failed(out) ? error_no_memory(err) : 0;
}

int layout_print_indexed(const struct layout *l, const struct validator *v, struct buffer *out, flexdb_error *err) {
    bool first = true;
    buffer_put(out, '{');
    for (size_t i = 0; i < l->count; i++) {
        const struct layout_column *c = &l->columns[i];
        int64_t slot = c->retired ? NAMES_NONE : validator_slot_of_key(v, c->key, strlen(c->key));
        if (slot == NAMES_NONE) continue;
        if (!first) buffer_put(out, ',');
        first = false;
        put_member(out, validator_column(v, (size_t)slot)->column->name, c->name);
    }
    buffer_put(out, '}');
    return buffer_failed(out) ? error_no_memory(err) : 0;
}

/* ---- reading: a NULL says what is wrong, to be told as CORRUPT ---- */

static const cJSON *member(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A flag that is left out is false. */
static bool read_flag(const cJSON *object, const char *key, bool *out) {
    const cJSON *item = member(object, key);
    *out = cJSON_IsTrue(item);
    return item == NULL || cJSON_IsBool(item);
}

/* `^[a-z][a-z0-9_]*$`, shorter than PHYSICAL_NAME_SIZE. */
static bool read_physical_name(const cJSON *item, char out[PHYSICAL_NAME_SIZE]) {
    if (!cJSON_IsString(item)) return false;
    const char *name = item->valuestring;
    size_t length = strlen(name);
    if (length == 0 || length >= PHYSICAL_NAME_SIZE || name[0] < 'a' || name[0] > 'z') return false;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != length) return false;
    memcpy(out, name, length + 1);
    return true;
}

static bool read_kind(const cJSON *item, enum physical_kind *out) {
    for (int i = PHYSICAL_INTEGER; cJSON_IsString(item) && i < KIND_COUNT; i++) {
        if (strcmp(kind_names[i], item->valuestring) == 0) {
            *out = (enum physical_kind)i;
            return true;
        }
    }
    return false;
}

static const char *read_column(const cJSON *item, struct layout *l) {
    struct layout_column *c = &l->columns[l->count];
    if (!cJSON_IsObject(item)) return "a column is not an object";
    const cJSON *key = member(item, "key");
    if (!cJSON_IsString(key)) return "a column's key is not a string";
    if (!read_physical_name(member(item, "name"), c->name)) return "a column's name is not a physical name";
    if (!read_kind(member(item, "kind"), &c->kind)) return "a column's kind is not known";
    if (!read_flag(item, "long", &c->long_text) || !read_flag(item, "indexed", &c->indexed) ||
        !read_flag(item, "unique", &c->unique) || !read_flag(item, "retired", &c->retired) ||
        !read_flag(item, "lapsed", &c->lapsed)) {
        return "a column's flag is not a boolean";
    }
    if (c->lapsed && !c->retired) return "a column has lapsed that is not retired";
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->columns[i].name, c->name) == 0) return "two columns have one physical name";
        if (strcmp(l->columns[i].key, key->valuestring) == 0) return "two columns have one key";
    }
    c->key = strdup(key->valuestring);
    if (c->key == NULL) return "";
    l->count++;
    return NULL;
}

static const char *read_columns(const cJSON *list, struct layout *l) {
    if (!cJSON_IsArray(list)) return "columns is not an array";
    int count = cJSON_GetArraySize(list);
    if (count > DEFINITION_MAX_PHYSICAL) return "there are more columns than a table may have";
    l->columns = calloc((size_t)count + 1, sizeof *l->columns);
    if (l->columns == NULL) return "";
    const char *problem = NULL;
    for (const cJSON *item = list->child; problem == NULL && item != NULL; item = item->next) {
        problem = read_column(item, l);
    }
    return problem;
}

/* The place of a physical column, or the count when there is none of that name. */
static size_t find_physical(const struct layout *l, const cJSON *name) {
    size_t i = 0;
    while (cJSON_IsString(name) && i < l->count && strcmp(l->columns[i].name, name->valuestring) != 0) i++;
    return cJSON_IsString(name) ? i : l->count;
}

static const char *read_index(const cJSON *item, struct layout *l) {
    struct layout_index *index = &l->indexes[l->index_count];
    if (!cJSON_IsObject(item)) return "an index is not an object";
    if (!read_physical_name(member(item, "name"), index->name)) return "an index's name is not a physical name";
    if (!read_flag(item, "unique", &index->unique) || !read_flag(item, "retired", &index->retired)) {
        return "an index's flag is not a boolean";
    }
    const cJSON *columns = member(item, "columns");
    int count = cJSON_IsArray(columns) ? cJSON_GetArraySize(columns) : 0;
    if (count < 1 || count > INDEX_MAX_COLUMNS) return "an index's columns are not an array of 1 to 16";
    for (const cJSON *name = columns->child; name != NULL; name = name->next) {
        size_t at = find_physical(l, name);
        if (at == l->count) return "an index names a column that is not there";
        index->columns[index->count++] = at;
    }
    for (size_t i = 0; i < l->index_count; i++) {
        if (strcmp(l->indexes[i].name, index->name) == 0) return "two indexes have one physical name";
    }
    l->index_count++;
    return NULL;
}

static const char *read_indexes(const cJSON *list, struct layout *l) {
    if (list == NULL) return NULL;
    if (!cJSON_IsArray(list)) return "indexes is not an array";
    l->indexes = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *l->indexes);
    if (l->indexes == NULL) return "";
    const char *problem = NULL;
    for (const cJSON *item = list->child; problem == NULL && item != NULL; item = item->next) {
        problem = read_index(item, l);
    }
    return problem;
}

static const char *read_referrers(const cJSON *list, struct layout *l) {
    if (list == NULL) return NULL;
    if (!cJSON_IsArray(list)) return "referrers is not an array";
    l->referrers = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *l->referrers);
    if (l->referrers == NULL) return "";
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        if (!cJSON_IsString(item)) return "a referrer is not a string";
        l->referrers[l->referrer_count] = strdup(item->valuestring);
        if (l->referrers[l->referrer_count] == NULL) return "";
        l->referrer_count++;
    }
    return NULL;
}

static const char *read_keys(cJSON *tree, struct layout *l) {
    const cJSON *keys = member(tree, "keys");
    if (!cJSON_IsObject(keys)) return "keys is not an object";
    for (const cJSON *item = keys->child; item != NULL; item = item->next) {
        enum column_type type;
        if (!cJSON_IsString(item) || !column_type_find(item->valuestring, &type)) return "a key's type is not known";
    }
    l->keys.keys = cJSON_DetachItemFromObjectCaseSensitive(tree, "keys");
    return NULL;
}

static const char *read_build(const cJSON *item, struct layout *l) {
    if (item == NULL) return NULL;
    if (!cJSON_IsObject(item)) return "build is not an object";
    if (!read_physical_name(member(item, "table"), l->build.table) ||
        !read_physical_name(member(item, "journal"), l->build.journal)) {
        return "a name of build is not a physical name";
    }
    if (strcmp(l->build.table, l->table) == 0) return "build names the table that is in use";
    if (!document_integer(member(item, "started"), &l->build.started)) return "build has no time";
    return NULL;
}

/* What is wrong, "" when memory is out, NULL when all is well. */
static const char *read_layout(cJSON *tree, struct layout *l) {
    if (!cJSON_IsObject(tree)) return "it is not an object";
    if (!read_physical_name(member(tree, "table"), l->table)) return "table is not a physical name";
    if (!document_integer(member(tree, "generation"), &l->generation) || l->generation < 1) {
        return "generation is not a positive integer";
    }
    const cJSON *name = member(tree, "originalName");
    if (name != NULL && !cJSON_IsString(name)) return "originalName is not a string";
    if (name != NULL && (l->original_name = strdup(name->valuestring)) == NULL) return "";
    const cJSON *dropped = member(tree, "droppedAt");
    if (dropped != NULL && !document_integer(dropped, &l->dropped_at)) return "droppedAt is not an integer";
    const cJSON *kept = member(tree, "keptFrom");
    l->kept_from = 1;
    if (kept != NULL && (!document_integer(kept, &l->kept_from) || l->kept_from < 1)) {
        return "keptFrom is not a positive integer";
    }
    if (!read_flag(tree, "purging", &l->purging)) return "purging is not a boolean";
    const char *problem = read_columns(member(tree, "columns"), l);
    if (problem == NULL) problem = read_indexes(member(tree, "indexes"), l);
    if (problem == NULL) problem = read_referrers(member(tree, "referrers"), l);
    if (problem == NULL) problem = read_build(member(tree, "build"), l);
    return problem != NULL ? problem : read_keys(tree, l);
}

int layout_parse(struct layout **out, const char *text, size_t length, flexdb_error *err) {
    flexdb_error bad = FLEXDB_ERROR_INIT;
    cJSON *tree = NULL;
    struct layout *l = calloc(1, sizeof *l);
    int rc = 0;
    if (l == NULL) {
        rc = error_no_memory(err);
    } else if (document_parse(&tree, text, length, &bad) != 0) {
        rc = bad.code == FLEXDB_INTERNAL
                 ? error_no_memory(err)
                 : error_set(err, FLEXDB_CORRUPT, "the stored layout of a table is damaged: %s", bad.message);
    } else {
        const char *problem = read_layout(tree, l);
        if (problem != NULL && problem[0] == '\0') rc = error_no_memory(err);
        if (problem != NULL && problem[0] != '\0') {
            rc = error_set(err, FLEXDB_CORRUPT, "the stored layout of a table is damaged: %s", problem);
        }
    }
    error_clear(&bad);
    cJSON_Delete(tree);
    if (rc != 0) {
        layout_free(l);
    } else {
        *out = l;
    }
    return rc;
}
