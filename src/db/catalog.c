#include "db/catalog.h"

#include <stdio.h>
#include <string.h>

#include "base/document.h"

enum table_column {
    COLUMN_ID,
    COLUMN_NAME,
    COLUMN_DISPLAY_NAME,
    COLUMN_SCHEMA,
    COLUMN_VERSION,
    COLUMN_IS_ACTIVE,
    COLUMN_STORAGE,
    COLUMN_REVISION,
    COLUMN_CREATED_AT,
    COLUMN_UPDATED_AT,
    COLUMN_DELETED_AT,
    COLUMN_APPLICATION_ID
};

static int read_text(struct engine *e, struct statement *s, size_t column, struct arena *a, const char **out,
                     size_t *length, flexdb_error *err) {
    const char *text;
    size_t size;
    int rc = engine_text(e, s, column, &text, &size, err);
    if (rc != 0) return rc;
    *out = NULL;
    if (length != NULL) *length = size;
    if (text == NULL) return 0;
    *out = arena_dup(a, text, size);
    return *out != NULL ? 0 : error_no_memory(err);
}

int catalog_row_read(struct engine *e, struct statement *s, struct catalog_row *out, flexdb_error *err) {
    *out = (struct catalog_row){.arena = ARENA_INIT};
    const struct {
        size_t column;
        const char **text;
        size_t *length;
        bool optional;
    } texts[] = {
        {COLUMN_ID, &out->id, NULL, false},
        {COLUMN_NAME, &out->name, NULL, false},
        {COLUMN_DISPLAY_NAME, &out->display_name, NULL, true},
        {COLUMN_SCHEMA, &out->schema, &out->schema_length, false},
        {COLUMN_STORAGE, &out->storage, &out->storage_length, true},
        {COLUMN_CREATED_AT, &out->created_at, NULL, true},
        {COLUMN_UPDATED_AT, &out->updated_at, NULL, true},
        {COLUMN_DELETED_AT, &out->deleted_at, NULL, true},
        {COLUMN_APPLICATION_ID, &out->application, NULL, false},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof texts / sizeof texts[0]; i++) {
        rc = read_text(e, s, texts[i].column, &out->arena, texts[i].text, texts[i].length, err);
        if (rc == 0 && *texts[i].text == NULL && !texts[i].optional)
            rc = error_set(err, FLEXDB_CORRUPT, "a row of flex_tables has no value where there must be one");
    }
    int64_t active = 0;
    if (rc == 0) rc = engine_integer(e, s, COLUMN_VERSION, &out->version, err);
    if (rc == 0) rc = engine_integer(e, s, COLUMN_REVISION, &out->revision, err);
    if (rc == 0) rc = engine_integer(e, s, COLUMN_IS_ACTIVE, &active, err);
    out->is_active = active != 0;
    out->active = out->is_active && out->deleted_at == NULL;
    if (rc != 0) catalog_row_clear(out);
    return rc;
}

void catalog_row_clear(struct catalog_row *row) { arena_free(&row->arena); }

static int query(struct engine *e, enum catalog_statement which, const char *const *texts, size_t count,
                 struct statement **s, flexdb_error *err) {
    flexdb_value values[4];
    for (size_t i = 0; i < count; i++) values[i] = value_text(texts[i], strlen(texts[i]));
    const char *sql = catalog_sql(e->dialect, which);
    return engine_query(e, s, sql, strlen(sql), values, count, err);
}

int catalog_find(struct engine *e, enum catalog_statement which, const char *const *texts, size_t count,
                 struct catalog_row *out, flexdb_error *err) {
    struct statement *s;
    int rc = query(e, which, texts, count, &s, err);
    if (rc != 1) return rc;
    rc = catalog_row_read(e, s, out, err);
    engine_finalize(e, s);
    return rc == 0 ? 1 : rc;
}

int catalog_revision(struct engine *e, const char *table_id, int64_t *revision, bool *active, flexdb_error *err) {
    struct statement *s;
    int rc = query(e, CATALOG_REVISION, &table_id, 1, &s, err);
    if (rc != 1) return rc;
    int64_t flag = 0;
    rc = engine_integer(e, s, 0, revision, err);
    if (rc == 0) rc = engine_integer(e, s, 1, &flag, err);
    engine_finalize(e, s);
    *active = flag != 0;
    return rc == 0 ? 1 : rc;
}

/* ---- writing ---- */

static flexdb_value optional_text(const char *text) {
    return text != NULL ? value_text(text, strlen(text)) : value_null();
}

static flexdb_value buffer_value(const struct buffer *b) { return value_text(b->data, b->length); }

/* The two columns that are made from the layout. */
static int print_layout(const struct catalog_entry *entry, struct buffer *indexed, struct buffer *storage,
                        flexdb_error *err) {
    int rc = layout_print_indexed(entry->layout, entry->validator, indexed, err);
    if (rc == 0) rc = layout_print(entry->layout, storage, err);
    if (rc == 0 && (buffer_failed(indexed) || buffer_failed(storage))) rc = error_no_memory(err);
    return rc;
}

static void note_change(struct engine *e) {
    e->catalog_changed = true;
    e->hold++;
}

int catalog_insert(struct engine *e, const struct catalog_entry *entry, flexdb_error *err) {
    struct buffer indexed = BUFFER_INIT, storage = BUFFER_INIT;
    char now[CATALOG_TIME_SIZE];
    catalog_now(now);
    int rc = print_layout(entry, &indexed, &storage, err);
    if (rc == 0) {
        const flexdb_value values[] = {
            optional_text(entry->id),
            optional_text(entry->application),
            optional_text(entry->name),
            optional_text(validator_definition(entry->validator)->display_name),
            value_text(entry->schema, entry->schema_length),
            buffer_value(&indexed),
            value_integer(entry->version),
            optional_text(now),
            optional_text(now),
            buffer_value(&storage),
        };
        const char *sql = catalog_sql(e->dialect, CATALOG_INSERT_TABLE);
        rc = engine_run(e, sql, strlen(sql), values, sizeof values / sizeof values[0], NULL, err);
    }
    if (rc == 0) note_change(e);
    buffer_free(&indexed);
    buffer_free(&storage);
    return rc;
}

int catalog_update(struct engine *e, const struct catalog_entry *entry, int64_t revision, flexdb_error *err) {
    struct buffer indexed = BUFFER_INIT, storage = BUFFER_INIT;
    char now[CATALOG_TIME_SIZE];
    catalog_now(now);
    int64_t affected = 0;
    int rc = print_layout(entry, &indexed, &storage, err);
    if (rc == 0) {
        const flexdb_value values[] = {
            optional_text(entry->name),
            optional_text(validator_definition(entry->validator)->display_name),
            value_text(entry->schema, entry->schema_length),
            buffer_value(&indexed),
            value_integer(entry->version),
            value_integer(entry->active ? 1 : 0),
            optional_text(now),
            optional_text(entry->deleted_at),
            buffer_value(&storage),
            optional_text(entry->id),
            value_integer(revision),
        };
        const char *sql = catalog_sql(e->dialect, CATALOG_UPDATE_TABLE);
        rc = engine_run(e, sql, strlen(sql), values, sizeof values / sizeof values[0], &affected, err);
    }
    if (rc == 0 && affected != 1)
        rc = error_set(err, FLEXDB_CONFLICT, "table \"%s\" was changed by somebody else", entry->name);
    if (rc == 0) note_change(e);
    buffer_free(&indexed);
    buffer_free(&storage);
    return rc;
}

int catalog_insert_version(struct engine *e, const struct catalog_entry *entry, const char *previous,
                           size_t previous_length, const cJSON *changes, const char *actor, const char *message,
                           flexdb_error *err) {
    struct buffer text = BUFFER_INIT, id = BUFFER_INIT;
    char now[CATALOG_TIME_SIZE];
    catalog_now(now);
    document_print(changes, &text);
    buffer_printf(&id, "%s:%lld", entry->id, (long long)entry->version);
    int rc = buffer_failed(&text) || buffer_failed(&id) ? error_no_memory(err) : 0;
    if (rc == 0) {
        const flexdb_value values[] = {
            buffer_value(&id),
            optional_text(entry->id),
            value_integer(entry->version),
            previous != NULL ? value_text(previous, previous_length) : value_null(),
            value_text(entry->schema, entry->schema_length),
            buffer_value(&text),
            optional_text(actor),
            optional_text(now),
            optional_text(message),
        };
        const char *sql = catalog_sql(e->dialect, CATALOG_INSERT_VERSION);
        rc = engine_run(e, sql, strlen(sql), values, sizeof values / sizeof values[0], NULL, err);
    }
    buffer_free(&text);
    buffer_free(&id);
    return rc;
}

int catalog_copy_layout(struct layout **out, const struct layout *l, flexdb_error *err) {
    struct buffer text = BUFFER_INIT;
    *out = NULL;
    int rc = layout_print(l, &text, err);
    if (rc == 0 && buffer_failed(&text)) rc = error_no_memory(err);
    if (rc == 0) rc = layout_parse(out, text.data, text.length, err);
    buffer_free(&text);
    return rc;
}

/* ---- times ---- */

void catalog_now(char out[CATALOG_TIME_SIZE]) {
    char text[DATETIME_TEXT_SIZE];
    datetime_print(datetime_now(), text);
    memcpy(out, text, CATALOG_TIME_SIZE - 1);
    out[10] = ' ';
    out[CATALOG_TIME_SIZE - 1] = '\0';
}

void catalog_time(const char *text, size_t length, char out[DATETIME_TEXT_SIZE]) {
    char iso[DATETIME_TEXT_SIZE];
    int64_t micros;
    out[0] = '\0';
    if (text == NULL || length < CATALOG_TIME_SIZE - 1 || length > sizeof iso - 2) return;
    memcpy(iso, text, length);
    iso[length] = 'Z';
    if (datetime_parse(iso, length + 1, &micros) == DATETIME_OK) datetime_print(micros, out);
}
