#include "sql/ddl.h"

#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "sql/engine.h"

/* Live physical columns with an index of their own. */
static bool has_index(const struct layout_column *c) { return !c->retired && (c->unique || c->indexed); }

/* Inside CREATE TABLE, where the engine names indexes by table: the index of a column has the column's name. */
static void put_inline_index(const struct layout_column *c, struct buffer *out) {
    buffer_puts(out, c->unique ? ", UNIQUE KEY " : ", KEY ");
    sql_name(out, c->name);
    buffer_puts(out, " (");
    sql_name(out, c->name);
    buffer_puts(out, c->unique ? ", live)" : ")");
}

/* `data` stands last: on SQLite a long document would push what stands behind it onto overflow pages. */
static void create_table(const struct dialect *d, const struct layout *l, struct buffer *out) {
    buffer_puts(out, "CREATE TABLE ");
    sql_name(out, l->table);
    buffer_printf(out,
                  " (%s, schema_version INT NOT NULL, version INT NOT NULL, created_at BIGINT NOT NULL, "
                  "updated_at BIGINT NOT NULL, deleted_at BIGINT NULL",
                  d->key_columns);
    if (!d->partial_indexes) buffer_puts(out, ", live TINYINT NULL DEFAULT 1");
    for (size_t i = 0; i < l->count; i++) {
        buffer_puts(out, ", ");
        sql_name(out, l->columns[i].name);
        buffer_printf(out, " %s NULL", d->column_types[l->columns[i].kind]);
    }
    buffer_printf(out, ", data %s NOT NULL", d->document_type);
    if (!d->partial_indexes)
        for (size_t i = 0; i < l->count; i++)
            if (has_index(&l->columns[i])) put_inline_index(&l->columns[i], out);
    buffer_printf(out, ")%s", d->table_options);
}

/* Where indexes are named across the whole database: table and column. */
static void put_index_name(const struct layout *l, const struct layout_column *c, struct buffer *out) {
    char name[2 * PHYSICAL_NAME_SIZE];
    size_t table_length = strlen(l->table);
    memcpy(name, l->table, table_length);
    name[table_length] = '_';
    memcpy(name + table_length + 1, c->name, strlen(c->name) + 1);
    sql_name(out, name);
}

static void create_index(const struct dialect *d, const struct layout *l, const struct layout_column *c,
                         struct buffer *out) {
    buffer_puts(out, c->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    put_index_name(l, c, out);
    buffer_puts(out, " ON ");
    sql_name(out, l->table);
    buffer_puts(out, " (");
    sql_name(out, c->name);
    buffer_puts(out, ")");
    if (c->unique) buffer_printf(out, " WHERE %s", d->live);
}

/* The column of index number i, from 0, among those that have a statement of their own; NULL when there is none. */
static const struct layout_column *indexed_column(const struct dialect *d, const struct layout *l, size_t i) {
    if (!d->partial_indexes) return NULL;
    for (size_t column = 0, seen = 0; column < l->count; column++)
        if (has_index(&l->columns[column]) && seen++ == i) return &l->columns[column];
    return NULL;
}

bool ddl_create(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out) {
    if (i == 0) {
        create_table(d, l, out);
        return true;
    }
    const struct layout_column *c = indexed_column(d, l, i - 1);
    if (c != NULL) create_index(d, l, c, out);
    return c != NULL;
}

bool ddl_drop_index(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out) {
    const struct layout_column *c = indexed_column(d, l, i);
    if (c == NULL) return false;
    buffer_puts(out, "DROP INDEX ");
    put_index_name(l, c, out);
    return true;
}

void ddl_drop(const struct dialect *d, const char *table, struct buffer *out) {
    (void)d;
    buffer_puts(out, "DROP TABLE IF EXISTS ");
    sql_name(out, table);
}

/* Engines say `table.column`, `table.index` or the index alone; an index is called `column` or `table_column`. */
static const char *violated_name(const struct layout *l, const char *detail) {
    const char *dot = strrchr(detail, '.');
    const char *name = dot != NULL ? dot + 1 : detail;
    size_t table_length = strlen(l->table);
    return strncmp(name, l->table, table_length) == 0 && name[table_length] == '_' ? name + table_length + 1 : name;
}

bool ddl_violated_id(const struct dialect *d, const struct layout *l, const char *detail) {
    (void)d;
    return detail != NULL && strcmp(violated_name(l, detail), "id") == 0;
}

const struct layout_column *ddl_violated(const struct dialect *d, const struct layout *l, const char *detail) {
    (void)d;
    if (detail == NULL) return NULL;
    const char *name = violated_name(l, detail);
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->columns[i].name, name) == 0) return &l->columns[i];
    return NULL;
}

void ddl_text_entry(const struct dialect *d, const struct layout_column *c, flexdb_value *value,
                    struct buffer *scratch) {
    if (!d->binary_entries || value->tag != FLEXDB_TEXT || c->kind == PHYSICAL_ID) return;
    value->tag = FLEXDB_BYTES;
    if (scratch == NULL || c->kind != PHYSICAL_TEXT || value->length <= DDL_TEXT_PREFIX) return;
    unsigned char digest[DIGEST_BYTES];
    digest_sha256(value->as.text, value->length, digest);
    /* Growing would move what earlier values point to. */
    assert(!scratch->failed && scratch->capacity - scratch->length >= DDL_TEXT_ENTRY);
    size_t start = scratch->length;
    buffer_append(scratch, value->as.text, DDL_TEXT_PREFIX);
    buffer_append(scratch, digest, sizeof digest);
    value->as.text = scratch->data + start;
    value->length = DDL_TEXT_ENTRY;
}
