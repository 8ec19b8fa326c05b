/* Reading records by id and by seq. */
#include "sql/engine.h"
#include "sql/fragments.h"
#include "sql/records.h"

bool records_selects_revision(const struct dialect *d) { return d->selects_revision; }

void put_fetch_columns(const struct dialect *d, struct buffer *out) {
    buffer_puts(out, "seq, id, data, version, created_at, updated_at, deleted_at, schema_version, ");
    if (d->selects_revision)
        buffer_printf(out, "(SELECT revision FROM flex_tables WHERE id = %s)", d->parameter_id);
    else
        buffer_puts(out, "NULL");
}

void put_fetch(const struct dialect *d, const struct layout *l, struct buffer *out) {
    buffer_puts(out, "SELECT ");
    put_fetch_columns(d, out);
    buffer_puts(out, " FROM ");
    sql_name(out, l->table);
}

/* `count` times `item`, comma-separated in parentheses. */
static void put_list(struct buffer *out, const char *item, size_t count) {
    buffer_put(out, '(');
    for (size_t i = 0; i < count; i++) {
        if (i != 0) buffer_puts(out, ", ");
        buffer_puts(out, item);
    }
    buffer_put(out, ')');
}

/* One record and the revision as a join of two rows that are named by their keys and nothing else: what the server
 * plans anew at every execution costs it more than the look-ups. A subquery, an outer join and a condition on `live`
 * cost a tenth of the whole each. */
static void put_fetch_joined(const struct dialect *d, const struct layout *l, struct buffer *out) {
    buffer_puts(out,
                "SELECT r.seq, r.id, r.data, r.version, r.created_at, r.updated_at, r.deleted_at, r.schema_version, "
                "f.revision FROM ");
    sql_name(out, l->table);
    buffer_printf(out, " AS r, flex_tables AS f WHERE f.id = ? AND r.id = %s", d->parameter_id);
}

void records_fetch(const struct dialect *d, const struct layout *l, enum fetch_lock lock, bool deleted,
                   struct buffer *out) {
    /* A lock would be taken on both rows. */
    if (d->selects_revision && lock == FETCH_PLAIN) {
        put_fetch_joined(d, l, out);
        return;
    }
    put_fetch(d, l, out);
    buffer_printf(out, " WHERE id = %s", d->parameter_id);
    if (!deleted) buffer_printf(out, " AND %s", d->live);
    if (lock == FETCH_FOR_UPDATE) buffer_puts(out, d->write_lock);
}

void records_fetch_many(const struct dialect *d, const struct layout *l, size_t count, struct buffer *out) {
    put_fetch(d, l, out);
    buffer_puts(out, " WHERE id IN ");
    put_list(out, d->parameter_id, count);
    buffer_printf(out, " AND %s", d->live);
}

void records_walk(const struct dialect *d, const struct layout *l, bool deleted, struct buffer *out) {
    put_fetch(d, l, out);
    buffer_puts(out, " WHERE seq > ?");
    if (!deleted) buffer_printf(out, " AND %s", d->live);
    buffer_puts(out, " ORDER BY seq LIMIT ?");
}

void records_exist(const struct dialect *d, const char *table, size_t count, bool hold, struct buffer *out) {
    buffer_puts(out, "SELECT id FROM ");
    sql_name(out, table);
    buffer_puts(out, " WHERE id IN ");
    put_list(out, d->parameter_id, count);
    buffer_printf(out, " AND %s%s", d->live, hold ? d->share_lock : "");
}

void records_referrer(const struct dialect *d, const struct layout *l, const struct layout_column *c,
                      struct buffer *out) {
    buffer_puts(out, "SELECT id FROM ");
    sql_name(out, l->table);
    buffer_puts(out, " WHERE ");
    sql_name(out, c->name);
    buffer_printf(out, " = %s AND %s LIMIT 1", d->parameter_id, d->live);
}

void records_holder(const struct dialect *d, const struct layout *l, const struct layout_column *const columns[],
                    size_t count, struct buffer *out) {
    buffer_puts(out, "SELECT seq FROM ");
    sql_name(out, l->table);
    buffer_puts(out, " WHERE ");
    for (size_t i = 0; i < count; i++) {
        sql_name(out, columns[i]->name);
        buffer_puts(out, " = ? AND ");
    }
    if (count != 0)
        buffer_puts(out, d->live);
    else
        buffer_printf(out, "id = %s", d->parameter_id);
    buffer_puts(out, " AND seq <> ? LIMIT 1");
}

void records_count(const struct dialect *d, const struct layout *l, bool deleted, struct buffer *out) {
    buffer_puts(out, "SELECT COUNT(*) FROM ");
    sql_name(out, l->table);
    if (!deleted) buffer_printf(out, " WHERE %s", d->live);
}

void records_last(const struct dialect *d, const struct layout *l, struct buffer *out) {
    (void)d;
    buffer_puts(out, "SELECT seq FROM ");
    sql_name(out, l->table);
    buffer_puts(out, " ORDER BY seq DESC LIMIT 1");
}
