/* Listing the tables of an application, and telling all that the catalogue knows of them. */
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/json_writer.h"
#include "db/catalog.h"
#include "db/database.h"
#include "db/state.h"
#include "db/table.h"
#include "db/targets.h"

struct listed {
    struct catalog_row row;
    const char *name; /* the one that it had, when it is dropped */
};

static int by_name(const void *a, const void *b) {
    const struct listed *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->row.id, y->row.id);
}

static int original_name(struct listed *l, flexdb_error *err) {
    l->name = l->row.name;
    if (l->row.active || l->row.storage == NULL) return 0;
    struct layout *layout;
    int rc = layout_parse(&layout, l->row.storage, l->row.storage_length, err);
    if (rc != 0) return rc;
    if (layout->original_name != NULL) l->name = arena_strdup(&l->row.arena, layout->original_name);
    layout_free(layout);
    return l->name != NULL ? 0 : error_no_memory(err);
}

static int collect(flexdb *db, bool deleted, struct listed **list, size_t *count, flexdb_error *err) {
    struct engine *e = db->engine;
    const char *sql = catalog_sql(e->dialect, deleted ? CATALOG_TABLES_DELETED : CATALOG_TABLES);
    const flexdb_value application = value_text(db->application, strlen(db->application));
    struct statement *s;
    size_t capacity = 0;
    int rc = engine_query(e, &s, sql, strlen(sql), &application, 1, err);
    while (rc == 1) {
        if (*count == capacity) {
            capacity = capacity == 0 ? 16 : capacity * 2;
            struct listed *more = realloc(*list, capacity * sizeof **list);
            if (more == NULL) {
                rc = error_no_memory(err);
                break;
            }
            *list = more;
        }
        struct listed *l = &(*list)[*count];
        rc = catalog_row_read(e, s, &l->row, err);
        if (rc != 0) break;
        ++*count;
        rc = original_name(l, err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

static void put_member(struct buffer *out, const char *key, const char *text) {
    if (text == NULL || text[0] == '\0') return;
    buffer_printf(out, ",\"%s\":", key);
    json_write_string(out, text, strlen(text));
}

static void put_time(struct buffer *out, const char *key, const char *text) {
    char time[DATETIME_TEXT_SIZE];
    catalog_time(text, text != NULL ? strlen(text) : 0, time);
    put_member(out, key, time);
}

/* The definition as scripts see it, and where its columns lie. */
static int put_definition(flexdb *db, struct buffer *out, const struct listed *l, flexdb_error *err) {
    struct table_state *state;
    int rc = state_of_row(&state, db->engine, &l->row, err);
    if (rc != 0) return rc;
    cJSON *tree = definition_document(state_definition(state), PRINT_PUBLIC);
    rc = tree != NULL ? targets_name(state, tree, err) : error_no_memory(err);
    if (rc == 0) {
        buffer_puts(out, ",\"schema\":");
        document_print(tree, out);
        buffer_puts(out, ",\"indexedColumns\":");
        rc = layout_print_indexed(state->layout, state->validator, out, err);
    }
    cJSON_Delete(tree);
    state_drop(state);
    return rc;
}

static int put_listed(flexdb *db, struct buffer *out, const struct listed *l, bool whole, flexdb_error *err) {
    int rc = 0;
    buffer_puts(out, "{\"name\":");
    json_write_string(out, l->name, strlen(l->name));
    put_member(out, "id", l->row.id);
    buffer_printf(out, ",\"version\":%lld", (long long)l->row.version);
    put_member(out, "displayName", l->row.display_name);
    put_time(out, "createdAt", l->row.created_at);
    put_time(out, "updatedAt", l->row.updated_at);
    put_time(out, "deletedAt", l->row.deleted_at);
    if (whole) {
        put_member(out, "applicationId", l->row.application);
        buffer_printf(out, ",\"isActive\":%s", l->row.active ? "true" : "false");
        rc = put_definition(db, out, l, err);
    }
    buffer_put(out, '}');
    return rc == 0 && buffer_failed(out) ? error_no_memory(err) : rc;
}

int flexdb_tables(flexdb *db, bool deleted, bool whole, struct buffer *out, flexdb_error *err) {
    int rc = database_enter(db, ENGINE_READ, err);
    if (rc != 0) return rc;
    struct listed *list = NULL;
    size_t count = 0;
    rc = collect(db, deleted, &list, &count, err);
    if (rc == 0) {
        if (count != 0) qsort(list, count, sizeof *list, by_name);
        buffer_put(out, '[');
        for (size_t i = 0; rc == 0 && i < count; i++) {
            if (i != 0) buffer_put(out, ',');
            rc = put_listed(db, out, &list[i], whole, err);
        }
        buffer_put(out, ']');
        if (rc == 0 && buffer_failed(out)) rc = error_no_memory(err);
    }
    for (size_t i = 0; i < count; i++) catalog_row_clear(&list[i].row);
    free(list);
    return rc;
}

int flexdb_table_info(flexdb *db, const char *id, size_t length, struct buffer *out, flexdb_error *err) {
    int rc = database_enter(db, ENGINE_READ, err);
    if (rc != 0) return rc;
    struct listed l;
    rc = table_find_row(db, id, length, &l.row, err);
    if (rc != 0) return rc;
    rc = original_name(&l, err);
    if (rc == 0) rc = put_listed(db, out, &l, true, err);
    catalog_row_clear(&l.row);
    return rc;
}
