/* Reading definitions; the columns are read in definition_column.c. */
#include "model/definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "model/compatibility.h"
#include "model/definition_parts.h"
#include "model/types/decimal.h"

bool is_list(const cJSON *tree) { return cJSON_IsArray(tree) || (cJSON_IsObject(tree) && tree->child == NULL); }

void definition_free(struct definition *d) {
    if (d == NULL) return;
    names_free(&d->by_name);
    names_free(&d->by_key);
    arena_free(&d->arena);
    cJSON_Delete(d->tree);
    free(d);
}

const struct column *definition_find(const struct definition *d, const char *name, size_t length) {
    int64_t i = names_find(&d->by_name, name, length);
    return i == NAMES_NONE ? NULL : &d->columns[i];
}

const struct column *definition_find_key(const struct definition *d, const char *key, size_t length) {
    int64_t i = names_find(&d->by_key, key, length);
    return i == NAMES_NONE ? NULL : &d->columns[i];
}

bool column_needs_key(const struct column *a, const struct column *b) {
    if (a->type != b->type || (a->computed == NULL) != (b->computed == NULL)) return true;
    if (b->type != TYPE_DECIMAL) return false;
    bool was_wide = a->rules.precision > DECIMAL_SMALL_PRECISION,
         is_wide = b->rules.precision > DECIMAL_SMALL_PRECISION;
    return a->rules.scale != b->rules.scale || was_wide != is_wide;
}

const char *column_source(const struct column *c) {
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(c->converted_from, "key");
    return cJSON_IsString(key) ? key->valuestring : NULL;
}

const char *column_origin(const struct column *c) {
    const cJSON *origin = cJSON_GetObjectItemCaseSensitive(c->converted_from, "origin");
    const char *source = column_source(c);
    if (cJSON_IsString(origin)) return origin->valuestring;
    return source != NULL ? source : c->key;
}

bool column_is_retyped(const struct column *a, const struct column *b) {
    return strcmp(a->key, b->key) != 0 && strcmp(column_origin(a), column_origin(b)) == 0;
}

bool definition_origins(const struct definition *d, struct names *out) {
    for (size_t i = 0; i < d->count; i++) {
        const char *origin = column_origin(&d->columns[i]);
        if (names_add(out, origin, strlen(origin), (uint32_t)i) < 0) return false;
    }
    return true;
}

const struct column *definition_find_retyped(const struct definition *d, const struct names *origins,
                                             const struct column *c) {
    const char *origin = column_origin(c);
    int64_t i = names_find(origins, origin, strlen(origin));
    return i != NAMES_NONE && column_is_retyped(&d->columns[i], c) ? &d->columns[i] : NULL;
}

/* ---- the table itself ---- */

const char *table_compatibility(struct reader *r, const cJSON *field) {
    const char *name = reader_text(r, field, table_keys[TABLE_COMPATIBILITY], 0);
    if (name == NULL) return NULL;
    enum compatibility_mode mode;
    size_t mark = issue_path_key(&r->path, table_keys[TABLE_COMPATIBILITY]);
    bool good = compatibility_read(&mode, name, r->path.text, r->err);
    issue_path_pop(&r->path, mark);
    return good && mode != COMPATIBILITY_NONE ? name : NULL;
}

static void read_table(struct reader *r, const cJSON *const fields[], struct definition *d) {
    d->display_name = reader_text(r, fields[TABLE_DISPLAY_NAME], "displayName", DISPLAY_NAME_MAX_LENGTH);
    d->description = reader_text(r, fields[TABLE_DESCRIPTION], "description", 0);
    const cJSON *version = fields[TABLE_VERSION];
    if (version != NULL && (!document_integer(version, &d->version) || d->version < 0)) {
        size_t mark = issue_path_key(&r->path, "version");
        issue_path_add(&r->path, "type", "\"integer\"", version, r->err, "must be an integer of at least 0");
        issue_path_pop(&r->path, mark);
        d->version = 0;
    }
    d->compatibility = table_compatibility(r, fields[TABLE_COMPATIBILITY]);
    checks_read(r, fields[TABLE_CHECKS], &d->arena, &d->checks, &d->check_count);
}

/* ---- columns ---- */

static bool is_system(const cJSON *column) { return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(column, "system")); }

/* System columns are FlexDB's own: they are recognised, and left out. `seen` holds a bit for each that was listed. */
static void judge_system(struct reader *r, const cJSON *column, unsigned *seen) {
    if (r->source == DEFINITION_STORED) return;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(column, "name");
    int i = cJSON_IsString(name) ? system_name_find(name->valuestring, strlen(name->valuestring)) : -1;
    size_t mark = issue_path_key(&r->path, "system");
    if (i < 0) {
        issue_path_add(&r->path, "system", NULL, NULL, r->err,
                       "only id, created_at, updated_at and deleted_at are system columns");
    } else if ((*seen & 1u << i) != 0) {
        issue_path_add(&r->path, "unique", NULL, NULL, r->err, "the system column \"%s\" stands here twice",
                       system_names[i]);
    } else {
        *seen |= 1u << i;
    }
    issue_path_pop(&r->path, mark);
}

/* Adds a name or key to its map; a second one is an issue. False when memory is out. */
static bool add_unique(struct reader *r, struct definition *d, struct names *map, size_t i, const char *what,
                       const char *text) {
    int added = names_add(map, text, strlen(text), (uint32_t)i);
    if (added < 0) return false;
    if (added > 0) return true;
    struct column *c = &d->columns[i];
    const struct column *first = &d->columns[names_find(map, text, strlen(text))];
    char quoted[QUOTED_NAME_SIZE];
    size_t column_mark = issue_path_key(&r->path, "columns");
    issue_path_index(&r->path, c->position);
    issue_path_key(&r->path, what);
    issue_path_add(&r->path, "unique", NULL, NULL, r->err, "the %s %s is taken by columns[%zu]", what,
                   quote_name(quoted, text, strlen(text)), first->position);
    issue_path_pop(&r->path, column_mark);
    c->faulty = true;
    return true;
}

/* A key for a column that says none: its name, or in a given document, where another column may say that key, the name
 * with a number. */
static bool derive_key(struct reader *r, struct definition *d, size_t i) {
    struct column *c = &d->columns[i];
    c->key = c->name;
    if (r->source == DEFINITION_STORED || names_find(&d->by_key, c->key, strlen(c->key)) == NAMES_NONE) return true;
    for (unsigned n = 2;; n++) {
        char text[KEY_TEXT_SIZE];
        int length = snprintf(text, sizeof text, "%.*s_%u", NAME_MAX_LENGTH, c->name, n);
        if (names_find(&d->by_key, text, (size_t)length) != NAMES_NONE) continue;
        c->key = arena_dup(&d->arena, text, (size_t)length);
        return c->key != NULL;
    }
}

/* Keys that are said come first, so that a derived one evades them. */
static int index_columns(struct reader *r, struct definition *d) {
    for (size_t i = 0; i < d->count; i++) {
        struct column *c = &d->columns[i];
        if (c->name != NULL && !add_unique(r, d, &d->by_name, i, "name", c->name)) return error_no_memory(r->err);
        if (c->keyed && !add_unique(r, d, &d->by_key, i, "key", c->key)) return error_no_memory(r->err);
    }
    for (size_t i = 0; i < d->count; i++) {
        struct column *c = &d->columns[i];
        if (c->name == NULL) c->name = "";
        if (c->keyed) continue;
        if (c->faulty) {
            c->key = c->name;
        } else if (!derive_key(r, d, i) || !add_unique(r, d, &d->by_key, i, "key", c->key)) {
            return error_no_memory(r->err);
        }
    }
    return 0;
}

static bool too_many(struct reader *r, size_t count) {
    if (r->source == DEFINITION_STORED || count <= DEFINITION_MAX_COLUMNS) return false;
    size_t mark = issue_path_key(&r->path, "columns");
    issue_path_add(&r->path, "limit", "1000", NULL, r->err, "there are %zu columns, %d are allowed", count,
                   DEFINITION_MAX_COLUMNS);
    issue_path_pop(&r->path, mark);
    return true;
}

static int read_columns(struct reader *r, const cJSON *list, struct definition *d) {
    size_t count = 0, position = 0;
    unsigned seen = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next) count += is_system(item) ? 0 : 1;
    if (count == 0 && list->child == NULL) return 0;
    bool refused = too_many(r, count);
    if (!refused) {
        d->columns = arena_alloc(&d->arena, count + 1, sizeof *d->columns);
        if (d->columns == NULL) return error_no_memory(r->err);
    }
    for (const cJSON *item = refused ? NULL : list->child; item != NULL; item = item->next, position++) {
        size_t mark = issue_path_key(&r->path, "columns");
        issue_path_index(&r->path, position);
        if (is_system(item)) {
            judge_system(r, item, &seen);
        } else {
            column_read(r, item, &d->columns[d->count]);
            d->columns[d->count++].position = position;
        }
        issue_path_pop(&r->path, mark);
        if (r->err->code != FLEXDB_OK) return -(int)r->err->code;
    }
    return index_columns(r, d);
}

/* ---- indexes ---- */

static bool find_indexed(const void *context, const char *text, size_t length, size_t *column, enum column_type *type,
                         bool by_key) {
    const struct definition *d = context;
    const struct column *c = by_key ? definition_find_key(d, text, length) : definition_find(d, text, length);
    if (c == NULL) return false;
    *column = (size_t)(c - d->columns);
    *type = c->faulty ? TYPE_STRING : c->type;
    return true;
}

static bool find_by_name(const void *context, const char *text, size_t length, size_t *column, enum column_type *type) {
    return find_indexed(context, text, length, column, type, false);
}

static bool find_by_key(const void *context, const char *text, size_t length, size_t *column, enum column_type *type) {
    return find_indexed(context, text, length, column, type, true);
}

static int read_indexes(struct reader *r, const cJSON *field, struct definition *d) {
    const struct index_scope scope = {.context = d,
                                      .find = r->source == DEFINITION_STORED ? find_by_key : find_by_name};
    if (!indexes_read(r, field, &scope, &d->arena, &d->indexes, &d->index_count)) return error_no_memory(r->err);
    for (size_t i = 0; i < d->index_count; i++) {
        for (size_t k = 0; k < d->indexes[i].count; k++) d->columns[d->indexes[i].columns[k]].covered = true;
    }
    return 0;
}

/* ---- the whole ---- */

static int read_definition(struct reader *r, struct definition *d) {
    const cJSON *fields[TABLE_KEY_COUNT];
    reader_fields(r, d->tree, table_keys, TABLE_KEY_COUNT, fields);
    read_table(r, fields, d);
    if (r->err->code != FLEXDB_OK) return -(int)r->err->code;
    const cJSON *columns = fields[TABLE_COLUMNS];
    if (columns != NULL && is_list(columns)) {
        int rc = read_columns(r, columns, d);
        return rc == 0 ? read_indexes(r, fields[TABLE_INDEXES], d) : rc;
    }
    size_t mark = issue_path_key(&r->path, "columns");
    if (columns == NULL) {
        issue_path_add(&r->path, "required", "\"array\"", NULL, r->err, "columns is missing (it may be empty)");
    } else {
        issue_path_add(&r->path, "type", "\"array\"", columns, r->err, "must be an array of columns");
    }
    issue_path_pop(&r->path, mark);
    return r->err->code == FLEXDB_OK ? 0 : -(int)r->err->code;
}

int definition_parse(struct definition **out, cJSON *tree, enum definition_source source, flexdb_error *err) {
    struct reader r = {.source = source, .err = err};
    struct definition *d = calloc(1, sizeof *d);
    int rc;
    if (err->code != FLEXDB_OK) {
        rc = -(int)err->code;
    } else if (d == NULL) {
        rc = error_no_memory(err);
    } else if (!cJSON_IsObject(tree)) {
        issue_path_add(&r.path, "type", "\"object\"", tree, err, "a definition must be an object");
        rc = error_close_issues(err, FLEXDB_INVALID_SCHEMA);
    } else {
        d->tree = tree;
        tree = NULL;
        rc = read_definition(&r, d);
    }
    cJSON_Delete(tree);
    if (rc == 0) {
        *out = d;
    } else {
        definition_free(d);
    }
    return rc;
}
