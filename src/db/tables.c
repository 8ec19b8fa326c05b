#include "db/tables.h"

#include <string.h>

#include "base/document.h"
#include "db/table.h"
#include "sql/ddl.h"
#include "sql/inspect.h"

/* ---- definitions ---- */

static int set_version(cJSON *tree, int64_t version, flexdb_error *err) {
    cJSON *number = document_new_integer(version);
    cJSON_DeleteItemFromObjectCaseSensitive(tree, "version");
    if (number != NULL && cJSON_AddItemToObject(tree, "version", number)) return 0;
    cJSON_Delete(number);
    return error_no_memory(err);
}

int tables_compile(cJSON *tree, int64_t version, struct validator **v, struct buffer *schema, flexdb_error *err) {
    *v = NULL;
    int rc = set_version(tree, version, err);
    cJSON *copy = rc == 0 ? cJSON_Duplicate(tree, true) : NULL;
    if (copy == NULL) return error_no_memory(err);
    struct definition *definition = NULL;
    definition_parse(&definition, copy, DEFINITION_STORED, err);
    rc = validator_new(v, definition, err);
    if (rc != 0) return rc;
    cJSON *printed = definition_document(validator_definition(*v), PRINT_STORED);
    if (printed != NULL) document_print(printed, schema);
    if (printed == NULL || buffer_text(schema) == NULL) rc = error_no_memory(err);
    cJSON_Delete(printed);
    return rc;
}

/* ---- physical tables ---- */

typedef bool ddl_text(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out);

static int run_all(struct engine *e, ddl_text *text, const struct layout *l, flexdb_error *err) {
    int rc = 0;
    bool more = true;
    for (size_t i = 0; rc == 0 && more; i++) {
        struct buffer sql = BUFFER_INIT;
        more = text(e->dialect, l, i, &sql);
        if (more) rc = buffer_failed(&sql) ? error_no_memory(err) : engine_ddl(e, sql.data, sql.length, err);
        buffer_free(&sql);
    }
    return rc;
}

int tables_create_physical(struct engine *e, const struct layout *l, flexdb_error *err) {
    return run_all(e, ddl_create, l, err);
}

int tables_create_bare(struct engine *e, const struct layout *l, flexdb_error *err) {
    struct buffer sql = BUFFER_INIT;
    ddl_create_bare(e->dialect, l, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_ddl(e, sql.data, sql.length, err);
    buffer_free(&sql);
    return rc;
}

int tables_create_indexes(struct engine *e, const struct layout *l, flexdb_error *err) {
    return run_all(e, ddl_add_indexes, l, err);
}

int tables_drop_indexes(struct engine *e, const struct layout *l, flexdb_error *err) {
    return run_all(e, ddl_drop_index, l, err);
}

int tables_drop_physical(struct engine *e, const char *table, flexdb_error *err) {
    struct buffer sql = BUFFER_INIT;
    ddl_drop(e->dialect, table, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_ddl(e, sql.data, sql.length, err);
    buffer_free(&sql);
    return rc;
}

int tables_has_physical(struct engine *e, const char *table, bool *out, flexdb_error *err) {
    const char *sql = inspect_sql(e->dialect, INSPECT_HAS_TABLE);
    flexdb_value value = value_text(table, strlen(table));
    struct statement *s;
    int rc = engine_query(e, &s, sql, strlen(sql), &value, 1, err);
    engine_finalize(e, s);
    *out = rc == 1;
    return rc < 0 ? rc : 0;
}

bool tables_leave_physical(struct engine *e, const char *table) {
    struct buffer sql = BUFFER_INIT;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    ddl_drop(e->dialect, table, &sql);
    bool gone = !buffer_failed(&sql) && engine_ddl_briefly(e, NULL, sql.data, sql.length, &ignored) == 0;
    error_clear(&ignored);
    buffer_free(&sql);
    return gone;
}

void tables_leave_old(struct engine *e, const char *table) {
    char before[PHYSICAL_NAME_SIZE];
    bool left = false;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (!tables_leave_physical(e, table) || !layout_table_before(table, before)) return;
    if (tables_has_physical(e, before, &left, &ignored) == 0 && left) tables_leave_physical(e, before);
    error_clear(&ignored);
}

void tables_undo_physical(struct engine *e, const char *table) {
    if (!e->unanswered) tables_leave_physical(e, table);
}

/* ---- rows of the catalogue ---- */

int tables_lock(struct table_state **out, struct engine *e, const char *table_id, const char *name, flexdb_error *err) {
    int rc = state_find(out, e, CATALOG_TABLE_LOCK, &table_id, 1, err);
    if (rc < 0) return rc;
    if (rc == 1 && (*out)->active) return 0;
    state_drop(*out);
    *out = NULL;
    return table_no_such(name, strlen(name), err);
}

int tables_read_back(struct table_state **out, struct engine *e, const char *table_id, flexdb_error *err) {
    int rc = state_find(out, e, CATALOG_TABLE_BY_ID, &table_id, 1, err);
    return rc == 0 ? error_set(err, FLEXDB_CORRUPT, "a table's row is gone while it was changed") : rc < 0 ? rc : 0;
}

/* ---- names ---- */

int tables_exists(const char *name, flexdb_error *err) {
    error_clear(err);
    return error_set(err, FLEXDB_EXISTS, "table \"%s\" exists already", name);
}

int tables_check_free(const flexdb *db, const char *name, flexdb_error *err) {
    const char *texts[] = {db->application, name};
    struct catalog_row row;
    int rc = catalog_find(db->engine, CATALOG_TABLE_BY_NAME, texts, 2, &row, err);
    if (rc != 1) return rc;
    catalog_row_clear(&row);
    return tables_exists(name, err);
}
