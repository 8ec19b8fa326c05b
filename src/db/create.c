/* Creating tables and opening them. */
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/text.h"
#include "db/table.h"
#include "db/tables.h"
#include "db/targets.h"

/* ---- creating ---- */

struct creation {
    flexdb *db;
    const char *name;
    size_t name_length;
    char id[UUID_TEXT_SIZE];
    cJSON *tree; /* with keys, not bound yet */
    struct key_registry keys;
    /* Made anew by each attempt. */
    char *name_text;
    struct validator *validator;
    struct layout *layout;
    struct buffer schema;
    flexdb_table *table; /* made before all is committed: afterwards nothing may fail */
    bool physical;       /* created outside the transaction, to be dropped when that fails */
};

static struct target_scope scope_of(const struct creation *c) {
    return (struct target_scope){
        .engine = c->db->engine, .application = c->db->application, .self_name = c->name_text, .self_id = c->id};
}

/* Judges the definition as a user wrote it, its name too, and gives its columns their keys. */
static int read_definition(struct creation *c, const char *text, size_t length, flexdb_error *err) {
    cJSON *given;
    int rc = document_parse(&given, text, length, err);
    if (rc != 0) return rc;
    struct definition *definition = NULL;
    struct validator *v = NULL;
    const struct target_scope scope = scope_of(c);
    definition_check_table_name(c->name, c->name_length, "name", err);
    definition_parse(&definition, given, DEFINITION_GIVEN, err);
    if (definition != NULL) targets_check(&scope, definition, err);
    rc = validator_new(&v, definition, err);
    if (rc != 0) return rc;
    c->tree = definition_document(validator_definition(v), PRINT_STORED);
    rc = c->tree != NULL ? changes_assign_keys(c->tree, &c->keys, err) : error_no_memory(err);
    validator_drop(v);
    return rc;
}

static void forget_attempt(struct creation *c) {
    if (c->physical) tables_undo_physical(c->db->engine, c->layout->table);
    c->physical = false;
    validator_drop(c->validator);
    layout_free(c->layout);
    flexdb_table_free(c->table);
    c->validator = NULL;
    c->layout = NULL;
    c->table = NULL;
    buffer_reset(&c->schema);
}

/* The layout with the keys that are in use. */
static int lay_out(struct creation *c, flexdb_error *err) {
    int rc = layout_new(&c->layout, c->id, c->validator, NULL, err);
    if (rc != 0) return rc;
    key_registry_free(&c->layout->keys);
    c->layout->keys.keys = cJSON_Duplicate(c->keys.keys, true);
    return c->layout->keys.keys != NULL ? 0 : error_no_memory(err);
}

static int write_rows(struct creation *c, flexdb_error *err) {
    const struct catalog_entry entry = {
        .id = c->id,
        .application = c->db->application,
        .name = c->name_text,
        .validator = c->validator,
        .schema = c->schema.data,
        .schema_length = c->schema.length,
        .layout = c->layout,
        .version = 1,
        .active = true,
    };
    struct engine *e = c->db->engine;
    int rc = catalog_insert(e, &entry, err);
    if (rc == -FLEXDB_DUPLICATE) return tables_exists(c->name_text, err);
    cJSON *none = rc == 0 ? cJSON_CreateArray() : NULL;
    if (rc == 0 && none == NULL) rc = error_no_memory(err);
    if (rc == 0) rc = catalog_insert_version(e, &entry, NULL, 0, none, c->db->actor, NULL, err);
    cJSON_Delete(none);
    return rc;
}

static int create_once(void *context, flexdb_error *err) {
    struct creation *c = context;
    struct engine *e = c->db->engine;
    forget_attempt(c);
    const struct target_scope scope = scope_of(c);
    cJSON *tree = cJSON_Duplicate(c->tree, true);
    if (tree == NULL) return error_no_memory(err);
    struct table_state *state = NULL;
    int rc = tables_check_free(c->db, c->name_text, err);
    if (rc == 0) rc = targets_bind(&scope, tree, err);
    if (rc == 0) rc = tables_compile(tree, 1, &c->validator, &c->schema, err);
    if (rc == 0) rc = lay_out(c, err);
    if (rc == 0) {
        c->physical = !engine_has(e, DRIVER_TRANSACTIONAL_DDL);
        rc = tables_create_physical(e, c->layout, err);
    }
    if (rc == 0) rc = targets_register(e, c->id, c->validator, c->layout, err);
    if (rc == 0) rc = write_rows(c, err);
    if (rc == 0) rc = tables_read_back(&state, e, c->id, err);
    if (rc == 0) rc = table_new(&c->table, c->db, state, err);
    cJSON_Delete(tree);
    return rc;
}

static int create_table(struct creation *c, flexdb_table **out, const char *definition, size_t length,
                        flexdb_error *err) {
    c->name_text = text_dup(c->name, c->name_length);
    if (c->name_text == NULL) return error_no_memory(err);
    int rc = read_definition(c, definition, length, err);
    if (rc == 0 && uuid_next(&c->db->engine->uuids, datetime_now(), c->id) != 0)
        rc = error_set(err, FLEXDB_INTERNAL, "the system gives no randomness");
    if (rc == 0) rc = engine_transact(c->db->engine, create_once, c, err);
    if (rc != 0) return rc;
    c->physical = false;
    *out = c->table;
    c->table = NULL;
    return 0;
}

int flexdb_create_table(flexdb_table **out, flexdb *db, const char *name, size_t length, const char *definition,
                        size_t definition_length, flexdb_error *err) {
    *out = NULL;
    int rc = database_enter(db, ENGINE_WRITE, err);
    if (rc != 0) return rc;
    struct creation c = {.db = db, .name = name, .name_length = length};
    rc = create_table(&c, out, definition, definition_length, err);
    forget_attempt(&c);
    buffer_free(&c.schema);
    key_registry_free(&c.keys);
    cJSON_Delete(c.tree);
    free(c.name_text);
    return rc;
}

/* ---- opening ---- */

int flexdb_open_table(flexdb_table **out, flexdb *db, const char *name, size_t length, flexdb_error *err) {
    *out = NULL;
    int rc = database_enter(db, ENGINE_READ, err);
    if (rc != 0) return rc;
    char *text = text_dup(name, length);
    if (text == NULL) return error_no_memory(err);
    const char *texts[] = {db->application, text};
    struct table_state *state = NULL;
    /* A text with a NUL inside is nobody's name. */
    rc = strlen(text) == length ? state_find(&state, db->engine, CATALOG_TABLE_BY_NAME, texts, 2, err) : 0;
    if (rc == 1 && state->active) {
        rc = table_new(out, db, state, err);
        state = NULL;
    } else if (rc >= 0) {
        rc = table_no_such(name, length, err);
    }
    state_drop(state);
    free(text);
    return rc;
}

int table_find_row(flexdb *db, const char *id, size_t length, struct catalog_row *out, flexdb_error *err) {
    char *text = text_dup(id, length);
    if (text == NULL) return error_no_memory(err);
    const char *texts[] = {text};
    int rc = strlen(text) == length ? catalog_find(db->engine, CATALOG_TABLE_BY_ID, texts, 1, out, err) : 0;
    free(text);
    if (rc == 1 && strcmp(out->application, db->application) == 0) return 0;
    if (rc == 1) catalog_row_clear(out);
    if (rc < 0) return rc;
    char shown[SHOWN_SIZE];
    return error_set(err, FLEXDB_NOT_FOUND, "there is no table with the id %s", record_shown(shown, id, length));
}

int flexdb_open_table_by_id(flexdb_table **out, flexdb *db, const char *id, size_t length, flexdb_error *err) {
    *out = NULL;
    int rc = database_enter(db, ENGINE_READ, err);
    if (rc != 0) return rc;
    struct catalog_row row;
    struct table_state *state = NULL;
    char shown[SHOWN_SIZE];
    rc = table_find_row(db, id, length, &row, err);
    if (rc != 0) return rc;
    rc = row.active ? state_of_row(&state, db->engine, &row, err)
                    : error_set(err, FLEXDB_NOT_FOUND, "the table with the id %s was dropped",
                                record_shown(shown, id, length));
    catalog_row_clear(&row);
    return rc == 0 ? table_new(out, db, state, err) : rc;
}
