/* Rows of flex_tables and flex_table_versions, read and written. */
#ifndef FLEXDB_DB_CATALOG_H
#define FLEXDB_DB_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/datetime.h"
#include "db/engine.h"
#include "model/layout.h"
#include "model/validator.h"

enum { CATALOG_TIME_SIZE = 20 }; /* `YYYY-MM-DD HH:MM:SS` and a NUL */

/* A row of flex_tables; texts are owned by the arena, NULL where the column is. */
struct catalog_row {
    struct arena arena;
    const char *id, *application, *name, *display_name, *schema, *storage;
    const char *created_at, *updated_at, *deleted_at;
    size_t schema_length, storage_length;
    int64_t version, revision;
    bool active;    /* is_active, and not deleted */
    bool is_active; /* as the row says it */
};

/* What is written of one. `layout`, `validator` are borrowed. */
struct catalog_entry {
    const char *id, *application, *name;
    const struct validator *validator;
    const char *schema;
    size_t schema_length;
    const struct layout *layout;
    int64_t version;
    bool active;
    const char *deleted_at; /* NULL: live */
};

/* Reads the current row of a CATALOG_TABLE_* statement; the caller clears. */
int catalog_row_read(struct engine *e, struct statement *s, struct catalog_row *out, flexdb_error *err);
void catalog_row_clear(struct catalog_row *row);
/* The first row of a CATALOG_TABLE_* statement with text parameters: 1 and a row to clear, or 0. */
int catalog_find(struct engine *e, enum catalog_statement which, const char *const *texts, size_t count,
                 struct catalog_row *out, flexdb_error *err);
/* 1, or 0 when there is no such row. */
int catalog_revision(struct engine *e, const char *table_id, int64_t *revision, bool *active, flexdb_error *err);

int catalog_insert(struct engine *e, const struct catalog_entry *entry, flexdb_error *err);
/* Bumps the revision from `revision`; CONFLICT when it has moved. The states that the engine has are not touched. */
int catalog_update(struct engine *e, const struct catalog_entry *entry, int64_t revision, flexdb_error *err);

/* `changes` is an array in the stored shape; `previous` NULL for the first version. */
int catalog_insert_version(struct engine *e, const struct catalog_entry *entry, const char *previous,
                           size_t previous_length, const cJSON *changes, const char *actor, const char *message,
                           flexdb_error *err);

/* A layout of its own, to be changed. The caller frees with layout_free. */
int catalog_copy_layout(struct layout **out, const struct layout *l, flexdb_error *err);

void catalog_now(char out[CATALOG_TIME_SIZE]);
/* A time of the catalogue in the form that scripts see; "" for NULL or what is no time. */
void catalog_time(const char *text, size_t length, char out[DATETIME_TEXT_SIZE]);

#endif
