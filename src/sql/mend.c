#include "sql/mend.h"

#include <stdio.h>
#include <string.h>

#include "sql/ddl_parts.h"
#include "sql/engine.h"

static void name_index(const struct dialect *d, const struct layout *l, const char *own, char out[MEND_NAME_SIZE]) {
    if (d->partial_indexes)
        snprintf(out, MEND_NAME_SIZE, "%s_%.*s", l->table, MEND_OWN_SIZE - 1, own);
    else
        snprintf(out, MEND_NAME_SIZE, "%s", own);
}

static void add_column(struct index_shape *out, const char *name) {
    snprintf(out->columns[out->count], sizeof out->columns[out->count], "%.*s", MEND_OWN_SIZE - 1, name);
    out->count++;
}

/* Soft-deleted records are kept out of what is unique. */
static void keep_apart(const struct dialect *d, struct index_shape *out) {
    out->unique = true;
    out->partial = d->partial_indexes;
    if (!d->partial_indexes) add_column(out, "live");
}

static void shape_single(const struct dialect *d, const struct layout *l, const struct layout_column *c,
                         struct index_shape *out) {
    out->single = c;
    name_index(d, l, c->name, out->name);
    add_column(out, c->name);
    if (c->unique) keep_apart(d, out);
}

bool mend_digest_name(const struct dialect *d, const struct layout *l, const struct layout_index *index,
                      char out[MEND_OWN_SIZE]) {
    snprintf(out, MEND_OWN_SIZE, "%s_digest", index->name);
    return !d->partial_indexes && ddl_is_digested(l, index);
}

/* Of one that stands on a digest there are two: part 1 is the one that finds. */
static bool shape_several(const struct dialect *d, const struct layout *l, const struct layout_index *index,
                          size_t part, struct index_shape *out) {
    char digest[MEND_OWN_SIZE], parts[MEND_OWN_SIZE];
    bool digested = mend_digest_name(d, l, index, digest);
    if (part > (digested ? 1u : 0u)) return false;
    out->several = index;
    snprintf(parts, sizeof parts, "%s_parts", index->name);
    name_index(d, l, part == 0 ? index->name : parts, out->name);
    if (digested && part == 0) add_column(out, digest);
    for (size_t i = 0; (!digested || part == 1) && i < index->count; i++)
        add_column(out, l->columns[index->columns[i]].name);
    if (index->unique && part == 0) keep_apart(d, out);
    return true;
}

bool mend_index_shape(const struct dialect *d, const struct layout *l, size_t i, struct index_shape *out) {
    *out = (struct index_shape){0};
    if (i == 0) {
        add_column(out, "id");
        out->unique = true;
        return true;
    }
    size_t seen = 0;
    for (size_t k = 0; k < l->count; k++) {
        const struct layout_column *c = &l->columns[k];
        if (c->retired || !(c->unique || c->indexed) || ++seen != i) continue;
        shape_single(d, l, c, out);
        return true;
    }
    for (size_t k = 0; k < l->index_count; k++) {
        for (size_t part = 0; !l->indexes[k].retired; part++) {
            struct index_shape shape = {0};
            if (!shape_several(d, l, &l->indexes[k], part, &shape)) break;
            if (++seen != i) continue;
            *out = shape;
            return true;
        }
    }
    return false;
}

static void put_name(const struct dialect *d, const struct layout *l, const struct index_shape *index,
                     struct buffer *out) {
    char name[MEND_NAME_SIZE];
    name_index(d, l, index->columns[0], name);
    sql_name(out, index->name[0] != '\0' ? index->name : name);
}

void mend_create_index(const struct dialect *d, const struct layout *l, const struct index_shape *index,
                       struct buffer *out) {
    buffer_puts(out, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    put_name(d, l, index, out);
    buffer_puts(out, " ON ");
    sql_name(out, l->table);
    buffer_puts(out, " (");
    if (index->several != NULL && !index->unique && !d->partial_indexes) {
        ddl_put_finding_parts(l, index->several, out);
    } else {
        for (size_t i = 0; i < index->count; i++) {
            if (i != 0) buffer_puts(out, ", ");
            sql_name(out, index->columns[i]);
        }
    }
    buffer_put(out, ')');
    if (index->partial) buffer_printf(out, " WHERE %s", d->live);
}

void mend_drop_index(const struct dialect *d, const struct layout *l, const struct index_shape *index,
                     struct buffer *out) {
    buffer_puts(out, "DROP INDEX ");
    put_name(d, l, index, out);
    if (d->partial_indexes) return;
    buffer_puts(out, " ON ");
    sql_name(out, l->table);
}

static const struct {
    const char *table, *columns[2];
    bool unique;
} own[] = {
    {"flex_tables", {"id"}, true},
    {"flex_tables", {"application_id", "name"}, true},
    {"flex_tables", {"application_id"}, false},
    {"flex_tables", {"is_active"}, false},
    {"flex_table_versions", {"id"}, true},
    {"flex_table_versions", {"table_id", "version"}, false},
    {"flex_table_versions", {"table_id"}, false},
    {"flex_meta", {"name"}, true},
    {"flex_once", {"application_id", "name"}, true},
};

bool mend_own_index(size_t i, const char **table, struct index_shape *out) {
    if (i >= sizeof own / sizeof *own) return false;
    *table = own[i].table;
    *out = (struct index_shape){.unique = own[i].unique};
    for (size_t k = 0; k < 2 && own[i].columns[k] != NULL; k++) add_column(out, own[i].columns[k]);
    if (out->count == 1)
        snprintf(out->name, sizeof out->name, "%s_%s", own[i].table, own[i].columns[0]);
    else
        snprintf(out->name, sizeof out->name, "%s_%s_%s", own[i].table, own[i].columns[0], own[i].columns[1]);
    return true;
}

void mend_create_own(const char *table, const struct index_shape *index, struct buffer *out) {
    buffer_puts(out, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    sql_name(out, index->name);
    buffer_puts(out, " ON ");
    sql_name(out, table);
    for (size_t i = 0; i < index->count; i++) {
        buffer_puts(out, i == 0 ? " (" : ", ");
        sql_name(out, index->columns[i]);
    }
    buffer_put(out, ')');
}

void mend_drop_own(const struct dialect *d, const char *table, const struct index_shape *index, struct buffer *out) {
    buffer_puts(out, "DROP INDEX ");
    sql_name(out, index->name);
    if (d->partial_indexes) return;
    buffer_puts(out, " ON ");
    sql_name(out, table);
}

void mend_add_digest(const struct dialect *d, const struct layout *l, const struct layout_index *index,
                     struct buffer *out) {
    (void)d;
    buffer_puts(out, "ALTER TABLE ");
    sql_name(out, l->table);
    buffer_puts(out, " ADD COLUMN ");
    ddl_put_digest(l, index, out);
}

void mend_add_column(const struct dialect *d, const struct layout *l, const struct layout_column *c,
                     struct buffer *out) {
    buffer_puts(out, "ALTER TABLE ");
    sql_name(out, l->table);
    buffer_puts(out, " ADD COLUMN ");
    sql_name(out, c->name);
    buffer_printf(out, " %s NULL", d->column_types[c->kind]);
}

const char *mend_system_column(const struct dialect *d, size_t i) {
    static const char *const names[] = {"seq",        "id",         "data", "schema_version", "version", "created_at",
                                        "updated_at", "deleted_at", "live"};
    return i < sizeof names / sizeof *names - (d->partial_indexes ? 1 : 0) ? names[i] : NULL;
}

void mend_record(const struct dialect *d, const struct layout *l, bool document, struct buffer *out) {
    buffer_puts(out, "UPDATE ");
    sql_name(out, l->table);
    buffer_puts(out, " SET ");
    for (size_t i = 0; i < l->count; i++) {
        if (l->columns[i].retired) continue;
        sql_name(out, l->columns[i].name);
        buffer_puts(out, " = ?, ");
    }
    if (!d->partial_indexes) buffer_puts(out, "live = CASE WHEN deleted_at IS NULL THEN 1 END, ");
    if (document) buffer_puts(out, "data = ?, ");
    buffer_puts(out, "version = ?, schema_version = ?, created_at = ?, updated_at = ?, deleted_at = ? WHERE seq = ?");
}

void mend_indexes(const struct dialect *d, const char *table, struct buffer *out) {
    (void)d;
    buffer_puts(out, "REINDEX");
    if (table == NULL) return;
    buffer_put(out, ' ');
    sql_name(out, table);
}
