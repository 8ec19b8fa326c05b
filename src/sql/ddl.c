#include "sql/ddl.h"

#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "sql/ddl_parts.h"
#include "sql/engine.h"

_Static_assert((int)LAYOUT_TEXT_BYTES == (int)DDL_TEXT_ENTRY, "a text's entry is what a layout counts for it");

/* Live physical columns with an index of their own. */
static bool has_index(const struct layout_column *c) { return !c->retired && (c->unique || c->indexed); }

/* Where the engine names indexes by table: the index of a column has the column's name. */
static void put_inline_index(const struct layout_column *c, const char *before, struct buffer *out) {
    buffer_printf(out, c->unique ? "%sUNIQUE KEY " : "%sKEY ", before);
    sql_name(out, c->name);
    buffer_puts(out, " (");
    sql_name(out, c->name);
    buffer_puts(out, c->unique ? ", live)" : ")");
}

/* All keys but that of seq, each but the first with a text before it. */
static void put_keys(const struct layout *l, const char *before, struct buffer *out) {
    buffer_puts(out, "UNIQUE KEY `id` (`id`)");
    for (size_t i = 0; i < l->count; i++)
        if (has_index(&l->columns[i])) put_inline_index(&l->columns[i], before, out);
    ddl_put_keys(l, before, out);
}

/* `data` stands last: on SQLite a long document would push what stands behind it onto overflow pages. */
static void create_table(const struct dialect *d, const struct layout *l, bool keys, struct buffer *out) {
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
    if (!d->partial_indexes) ddl_put_digests(l, out);
    buffer_printf(out, ", data %s NOT NULL", d->document_type);
    if (keys && !d->partial_indexes) {
        buffer_puts(out, ", ");
        put_keys(l, ", ", out);
    }
    buffer_printf(out, ")%s", d->table_options);
}

/* Where indexes are named across the whole database: the table, and the column or the index. */
static void put_index_name(const struct layout *l, const char *name, struct buffer *out) {
    char whole[2 * PHYSICAL_NAME_SIZE];
    size_t table_length = strlen(l->table);
    memcpy(whole, l->table, table_length);
    whole[table_length] = '_';
    memcpy(whole + table_length + 1, name, strlen(name) + 1);
    sql_name(out, whole);
}

/* An index that has a statement of its own. */
struct own_index {
    const char *name;
    bool unique;
    size_t count;
    const char *columns[INDEX_MAX_COLUMNS];
};

static void create_index(const struct dialect *d, const struct layout *l, const struct own_index *index,
                         struct buffer *out) {
    buffer_puts(out, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    put_index_name(l, index->name, out);
    buffer_puts(out, " ON ");
    sql_name(out, l->table);
    for (size_t i = 0; i < index->count; i++) {
        buffer_puts(out, i == 0 ? " (" : ", ");
        sql_name(out, index->columns[i]);
    }
    buffer_puts(out, ")");
    if (index->unique) buffer_printf(out, " WHERE %s", d->live);
}

/* Index number i, from 0, among those that have a statement of their own: those of one column, then the others. False
 * when there is none. */
static bool find_index(const struct dialect *d, const struct layout *l, size_t i, struct own_index *out) {
    size_t seen = 0;
    for (size_t k = 0; d->partial_indexes && k < l->count; k++) {
        const struct layout_column *c = &l->columns[k];
        if (!has_index(c) || seen++ != i) continue;
        *out = (struct own_index){.name = c->name, .unique = c->unique, .count = 1, .columns = {c->name}};
        return true;
    }
    for (size_t k = 0; d->partial_indexes && k < l->index_count; k++) {
        const struct layout_index *index = &l->indexes[k];
        if (index->retired || seen++ != i) continue;
        *out = (struct own_index){.name = index->name, .unique = index->unique, .count = index->count};
        for (size_t n = 0; n < index->count; n++) out->columns[n] = l->columns[index->columns[n]].name;
        return true;
    }
    return false;
}

bool ddl_create(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out) {
    if (i == 0) {
        create_table(d, l, true, out);
        return true;
    }
    struct own_index index;
    bool found = find_index(d, l, i - 1, &index);
    if (found) create_index(d, l, &index, out);
    return found;
}

void ddl_create_bare(const struct dialect *d, const struct layout *l, struct buffer *out) {
    create_table(d, l, false, out);
}

bool ddl_add_indexes(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out) {
    if (d->partial_indexes) return ddl_create(d, l, i + 1, out);
    if (i != 0) return false;
    buffer_puts(out, "ALTER TABLE ");
    sql_name(out, l->table);
    buffer_puts(out, " ADD ");
    put_keys(l, ", ADD ", out);
    return true;
}

bool ddl_drop_index(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out) {
    struct own_index index;
    if (!find_index(d, l, i, &index)) return false;
    buffer_puts(out, "DROP INDEX ");
    put_index_name(l, index.name, out);
    return true;
}

void ddl_drop(const struct dialect *d, const char *table, struct buffer *out) {
    (void)d;
    buffer_puts(out, "DROP TABLE IF EXISTS ");
    sql_name(out, table);
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
