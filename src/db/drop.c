/* Dropping, restoring and renaming tables. */
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "db/evolution.h"
#include "db/references.h"
#include "db/table.h"
#include "db/tables.h"
#include "db/targets.h"

/* A call on one table by name. */
struct action {
    flexdb *db;
    const char *name;    /* NUL-terminated */
    const char *to;      /* rename: the new name */
    flexdb_table *table; /* as it stands afterwards; made before all is committed, for then nothing may fail */
};

static int find_live(struct action *a, struct table_state **out, flexdb_error *err) {
    const char *texts[] = {a->db->application, a->name};
    struct catalog_row row;
    int rc = catalog_find(a->db->engine, CATALOG_TABLE_BY_NAME, texts, 2, &row, err);
    if (rc < 0) return rc;
    if (rc == 0) return table_no_such(a->name, strlen(a->name), err);
    rc = row.active ? tables_lock(out, a->db->engine, row.id, a->name, err)
                    : table_no_such(a->name, strlen(a->name), err);
    catalog_row_clear(&row);
    /* Renamed between the two reads. */
    if (rc == 0 && strcmp((*out)->name, a->name) != 0) {
        state_drop(*out);
        *out = NULL;
        rc = table_no_such(a->name, strlen(a->name), err);
    }
    return rc;
}

/* Takes the state. */
static int replace_table(struct action *a, struct table_state *state, flexdb_error *err) {
    flexdb_table_free(a->table);
    a->table = NULL;
    return table_new(&a->table, a->db, state, err);
}

static int finish(struct action *a, const struct table_state *before, const struct catalog_entry *entry,
                  flexdb_error *err) {
    struct engine *e = a->db->engine;
    int rc = catalog_update(e, entry, before->revision, err);
    if (rc == -FLEXDB_DUPLICATE) {
        return tables_exists(entry->name, err);
    }
    struct table_state *state = NULL;
    if (rc == 0) rc = tables_read_back(&state, e, entry->id, err);
    return rc == 0 ? replace_table(a, state, err) : rc;
}

/* Runs an action whose name comes with a length. */
static int run_action(struct action *a, int (*body)(void *, flexdb_error *), const char *name, size_t length,
                      flexdb_error *err) {
    int rc = database_enter(a->db, ENGINE_WRITE, err);
    if (rc != 0) return rc;
    char *text = text_dup(name, length);
    if (text == NULL) return error_no_memory(err);
    a->name = text;
    rc = strlen(text) == length ? engine_transact(a->db->engine, body, a, err) : table_no_such(name, length, err);
    free(text);
    return rc;
}

static int take_table(struct action *a, flexdb_table **out, int rc) {
    if (rc == 0)
        *out = a->table;
    else
        flexdb_table_free(a->table);
    return rc;
}

/* ---- drop ---- */

static int drop_once(void *context, flexdb_error *err) {
    struct action *a = context;
    struct table_state *before = NULL;
    struct layout *layout = NULL;
    struct buffer name = BUFFER_INIT;
    char now[CATALOG_TIME_SIZE];
    int rc = find_live(a, &before, err);
    if (rc == 0) rc = references_check_dropped(before, err);
    if (rc == 0) rc = catalog_copy_layout(&layout, before->layout, err);
    if (rc == 0) {
        buffer_printf(&name, "%s~%s", before->name, before->id);
        free(layout->original_name);
        layout->original_name = strdup(before->name);
        layout->dropped_at = datetime_now();
        if (layout->original_name == NULL || buffer_text(&name) == NULL) rc = error_no_memory(err);
    }
    if (rc == 0) {
        catalog_now(now);
        struct catalog_entry entry = state_entry(before);
        entry.name = name.data;
        entry.layout = layout;
        entry.active = false;
        entry.deleted_at = now;
        rc = finish(a, before, &entry, err);
    }
    buffer_free(&name);
    layout_free(layout);
    state_drop(before);
    return rc;
}

int flexdb_drop_table(flexdb *db, const char *name, size_t length, flexdb_error *err) {
    struct action a = {.db = db};
    int rc = run_action(&a, drop_once, name, length, err);
    flexdb_table_free(a.table);
    return rc;
}

/* ---- restore ---- */

/* The id of the last dropped table of this name, or of the dropped table with this id; for the caller to free. */
static int find_dropped(struct action *a, char **id, flexdb_error *err) {
    struct engine *e = a->db->engine;
    struct buffer json = BUFFER_INIT;
    json_write_string(&json, a->name, strlen(a->name));
    const char *texts[] = {a->db->application, a->name, buffer_text(&json)};
    struct catalog_row row;
    int rc = texts[2] == NULL ? error_no_memory(err) : catalog_find(e, CATALOG_TABLE_DROPPED, texts, 3, &row, err);
    if (rc == 0) rc = catalog_find(e, CATALOG_TABLE_BY_ID, &a->name, 1, &row, err);
    buffer_free(&json);
    if (rc < 0) return rc;
    if (rc == 1) {
        bool right = row.deleted_at != NULL && strcmp(row.application, a->db->application) == 0;
        *id = right ? strdup(row.id) : NULL;
        rc = right && *id == NULL ? error_no_memory(err) : 0;
        catalog_row_clear(&row);
        if (right) return rc;
    }
    char shown[SHOWN_SIZE];
    return error_set(err, FLEXDB_NOT_FOUND, "there is no dropped table %s",
                     record_shown(shown, a->name, strlen(a->name)));
}

static int restore_row(struct action *a, struct table_state *before, flexdb_error *err) {
    struct layout *layout;
    int rc = catalog_copy_layout(&layout, before->layout, err);
    if (rc != 0) return rc;
    const char *tilde = strrchr(before->name, '~');
    char *name = layout->original_name;
    layout->original_name = NULL;
    layout->dropped_at = 0;
    if (name == NULL)
        name = text_dup(before->name, tilde != NULL ? (size_t)(tilde - before->name) : strlen(before->name));
    if (name == NULL) rc = error_no_memory(err);
    if (rc == 0) rc = tables_check_free(a->db, name, err);
    if (rc == 0) rc = targets_register(a->db->engine, before->id, before->validator, layout, err);
    /* What its records refer to may have been deleted while nobody saw them. */
    if (rc == 0) rc = evolution_check_references(before, err);
    if (rc == 0) {
        struct catalog_entry entry = state_entry(before);
        entry.name = name;
        entry.layout = layout;
        entry.active = true;
        entry.deleted_at = NULL;
        rc = finish(a, before, &entry, err);
    }
    free(name);
    layout_free(layout);
    return rc;
}

static int restore_once(void *context, flexdb_error *err) {
    struct action *a = context;
    char *id = NULL;
    struct table_state *before = NULL;
    int rc = find_dropped(a, &id, err);
    const char *texts[] = {id};
    if (rc == 0) rc = state_find(&before, a->db->engine, CATALOG_TABLE_LOCK, texts, 1, err);
    if (rc == 1)
        rc = before->active ? error_set(err, FLEXDB_EXISTS, "table \"%s\" exists already", before->name)
                            : restore_row(a, before, err);
    state_drop(before);
    free(id);
    return rc;
}

int flexdb_restore_table(flexdb_table **out, flexdb *db, const char *name_or_id, size_t length, flexdb_error *err) {
    *out = NULL;
    struct action a = {.db = db};
    return take_table(&a, out, run_action(&a, restore_once, name_or_id, length, err));
}

/* ---- rename ---- */

static int rename_once(void *context, flexdb_error *err) {
    struct action *a = context;
    struct table_state *before = NULL;
    int rc = find_live(a, &before, err);
    if (rc == 0 && strcmp(a->name, a->to) == 0) {
        return replace_table(a, before, err);
    }
    if (rc == 0) rc = tables_check_free(a->db, a->to, err);
    if (rc == 0) {
        struct catalog_entry entry = state_entry(before);
        entry.name = a->to;
        rc = finish(a, before, &entry, err);
    }
    state_drop(before);
    return rc;
}

int flexdb_rename_table(flexdb_table **out, flexdb *db, const char *name, size_t length, const char *to,
                        size_t to_length, flexdb_error *err) {
    *out = NULL;
    struct action a = {.db = db};
    int rc = database_enter(db, ENGINE_WRITE, err);
    if (rc != 0) return rc;
    if (!definition_check_table_name(to, to_length, "name", err)) return error_close_issues(err, FLEXDB_INVALID_SCHEMA);
    char *text = text_dup(to, to_length);
    if (text == NULL) return error_no_memory(err);
    a.to = text;
    rc = take_table(&a, out, run_action(&a, rename_once, name, length, err));
    free(text);
    return rc;
}
