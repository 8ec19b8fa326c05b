#include "sql/purge.h"

#include "sql/engine.h"
#include "sql/fragments.h"

static void put_read(const struct dialect *d, const struct layout *l, bool deleted, bool take, struct buffer *out) {
    put_fetch(d, l, out);
    buffer_printf(out, " WHERE %sseq > ? %s", deleted ? "deleted_at < ? AND " : "",
                  take ? "AND seq <= ? ORDER BY seq" : "ORDER BY seq LIMIT ?");
    if (take) buffer_puts(out, d->write_lock);
}

void purge_walk(const struct dialect *d, const struct layout *l, struct buffer *out) {
    put_read(d, l, false, false, out);
}

void purge_take(const struct dialect *d, const struct layout *l, struct buffer *out) {
    put_read(d, l, false, true, out);
}

void purge_walk_deleted(const struct dialect *d, const struct layout *l, struct buffer *out) {
    put_read(d, l, true, false, out);
}

void purge_take_deleted(const struct dialect *d, const struct layout *l, struct buffer *out) {
    put_read(d, l, true, true, out);
}

void purge_rewrite(const struct dialect *d, const struct layout *l, struct buffer *out) {
    (void)d;
    buffer_puts(out, "UPDATE ");
    sql_name(out, l->table);
    buffer_puts(out, " SET data = ?");
    for (size_t i = 0; i < l->count; i++) {
        if (!l->columns[i].lapsed) continue;
        buffer_puts(out, ", ");
        sql_name(out, l->columns[i].name);
        buffer_puts(out, " = NULL");
    }
    buffer_puts(out, " WHERE seq = ?");
}

void purge_erase(const struct dialect *d, const struct layout *l, struct buffer *out) {
    (void)d;
    buffer_puts(out, "DELETE FROM ");
    sql_name(out, l->table);
    buffer_puts(out, " WHERE seq = ?");
}
