#include "sql/records.h"

#include <string.h>

#include "sql/engine.h"
#include "sql/fragments.h"

/* A reference into the table that is being written is read through a derived table with a LIMIT where
 * the engine would refuse it otherwise. */
static void put_reference(const struct dialect *d, const char *written, const char *target, struct buffer *out) {
    bool derived = d->self_read_derived && strcmp(written, target) == 0;
    buffer_puts(out, " AND (? IS NULL OR EXISTS (SELECT 1 FROM ");
    if (derived) buffer_puts(out, "(SELECT id FROM ");
    sql_name(out, target);
    buffer_printf(out, " AS target WHERE target.id = ? AND target.%s%s", d->live, derived ? " LIMIT 1" : "");
    buffer_puts(out, d->share_lock);
    buffer_puts(out, derived ? ") AS found))" : "))");
}

/* (SELECT `what` FROM flex_tables …): NULL when the revision has moved or a reference is missing. The lock makes it
 * hold until the end of the transaction under READ COMMITTED too. The ids are known to be ids, so that padding does not
 * matter, and a bare parameter is the cheapest. */
static void put_guard(const struct dialect *d, const struct layout *l, const char *what,
                      const struct reference_guard *refs, size_t ref_count, struct buffer *out) {
    buffer_printf(out, "(SELECT %s FROM flex_tables WHERE id = ? AND revision = ? AND is_active", what);
    for (size_t i = 0; i < ref_count; i++) put_reference(d, l->table, refs[i].table, out);
    buffer_printf(out, "%s)", d->share_lock);
}

/* The same as one join, whose tables a server reads by their keys before it plans anything. */
static void put_joined_guard(const struct dialect *d, const struct reference_guard *refs, size_t ref_count,
                             struct buffer *out) {
    buffer_puts(out, "(SELECT guard.version FROM flex_tables AS guard");
    for (size_t i = 0; i < ref_count; i++) {
        buffer_puts(out, ", ");
        sql_name(out, refs[i].table);
        buffer_printf(out, " AS t%zu", i + 1);
    }
    buffer_puts(out, " WHERE guard.id = ? AND guard.revision = ? AND guard.is_active");
    for (size_t i = 0; i < ref_count; i++) buffer_printf(out, " AND t%zu.id = ? AND t%zu.%s", i + 1, i + 1, d->live);
    buffer_printf(out, "%s)", d->share_lock);
}

static void put_version(const struct dialect *d, const struct layout *l, enum guard_form form,
                        const struct reference_guard *refs, size_t ref_count, struct buffer *out) {
    switch (form) {
    case GUARD_HELD: buffer_put(out, '?'); break;
    case GUARD_EACH: put_guard(d, l, "version", refs, ref_count, out); break;
    case GUARD_JOIN: put_joined_guard(d, refs, ref_count, out); break;
    }
}

bool records_guards_by_need(const struct dialect *d) { return d->guards_by_need; }

/* `, c1, c2 …`: the physical columns that are filled. Returns how many. */
static size_t put_entry_names(const struct layout *l, struct buffer *out) {
    size_t columns = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (l->columns[i].retired) continue;
        buffer_puts(out, ", ");
        sql_name(out, l->columns[i].name);
        columns++;
    }
    return columns;
}

void records_insert(const struct dialect *d, const struct layout *l, enum guard_form form,
                    const struct reference_guard *refs, size_t ref_count, struct buffer *out) {
    buffer_puts(out, form == GUARD_HELD ? d->insert_rows : "INSERT INTO ");
    sql_name(out, l->table);
    buffer_puts(out, " (id, data, created_at, updated_at");
    size_t columns = put_entry_names(l, out);
    buffer_puts(out, ", schema_version, version) VALUES (?, ?, ?, ?");
    for (size_t i = 0; i < columns; i++) buffer_puts(out, ", ?");
    buffer_puts(out, ", ");
    put_version(d, l, form, refs, ref_count, out);
    buffer_puts(out, ", 1)");
}

/* `, c3 = NULL …` */
static void put_lapsed(const struct layout *l, struct buffer *out) {
    for (size_t i = 0; i < l->count; i++) {
        if (!l->columns[i].lapsed) continue;
        buffer_puts(out, ", ");
        sql_name(out, l->columns[i].name);
        buffer_puts(out, " = NULL");
    }
}

/* `, c1 = ?, c2 = ? …`: the physical columns that are filled; what has lapsed leaves its index. */
static void put_entry_settings(const struct layout *l, struct buffer *out) {
    for (size_t i = 0; i < l->count; i++) {
        if (l->columns[i].retired) continue;
        buffer_puts(out, ", ");
        sql_name(out, l->columns[i].name);
        buffer_puts(out, " = ?");
    }
    put_lapsed(l, out);
}

void records_update(const struct dialect *d, const struct layout *l, enum guard_form form,
                    const struct reference_guard *refs, size_t ref_count, struct buffer *out) {
    buffer_puts(out, "UPDATE ");
    sql_name(out, l->table);
    buffer_puts(out, " SET data = ?, updated_at = ?");
    put_entry_settings(l, out);
    buffer_puts(out, ", schema_version = ");
    put_version(d, l, form, refs, ref_count, out);
    buffer_printf(out, ", version = version + 1 WHERE seq = ? AND version = ? AND %s", d->live);
}

/* schema_version + 0, or NULL. */
static void put_kept_version(const struct dialect *d, const struct layout *l, struct buffer *out) {
    buffer_puts(out, ", schema_version = schema_version + ");
    put_guard(d, l, "0", NULL, 0, out);
    buffer_puts(out, ", version = version + 1 WHERE seq = ? AND version = ?");
}

void records_delete(const struct dialect *d, const struct layout *l, struct buffer *out) {
    buffer_puts(out, "UPDATE ");
    sql_name(out, l->table);
    buffer_puts(out, " SET deleted_at = ?, updated_at = ?");
    if (!d->partial_indexes) buffer_puts(out, ", live = NULL");
    put_kept_version(d, l, out);
    buffer_puts(out, " AND deleted_at IS NULL");
}

void records_restore(const struct dialect *d, const struct layout *l, struct buffer *out) {
    buffer_puts(out, "UPDATE ");
    sql_name(out, l->table);
    buffer_puts(out, " SET deleted_at = NULL, updated_at = ?");
    if (!d->partial_indexes) buffer_puts(out, ", live = 1");
    put_lapsed(l, out);
    put_kept_version(d, l, out);
    buffer_puts(out, " AND deleted_at IS NOT NULL");
}

void records_erase(const struct dialect *d, const struct layout *l, struct buffer *out) {
    (void)d;
    buffer_puts(out, "DELETE FROM ");
    sql_name(out, l->table);
    buffer_puts(out, " WHERE seq = ? AND version = ?");
}

void records_copy(const struct dialect *d, const struct layout *l, struct buffer *out) {
    buffer_puts(out, "INSERT INTO ");
    sql_name(out, l->table);
    buffer_puts(out, " (seq, id, data, schema_version, version, created_at, updated_at, deleted_at");
    size_t columns = put_entry_names(l, out);
    buffer_printf(out, "%s) VALUES (?, ?, %s, ?, ?, ?, ?, ?", d->partial_indexes ? "" : ", live", d->document_bytes);
    for (size_t i = 0; i < columns; i++) buffer_puts(out, ", ?");
    /* A column that stands earlier in the list can be asked for its new value. */
    buffer_puts(out, d->partial_indexes ? ")" : ", CASE WHEN deleted_at IS NULL THEN 1 END)");
}

void records_convert(const struct layout *l, struct buffer *out) {
    buffer_puts(out, "UPDATE ");
    sql_name(out, l->table);
    buffer_puts(out, " SET data = ? WHERE seq = ?");
}
