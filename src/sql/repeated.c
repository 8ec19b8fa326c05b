#include "sql/repeated.h"

#include "sql/engine.h"

static void put_columns(struct repeated_columns c, struct buffer *out) {
    for (size_t i = 0; i < c.count; i++) {
        if (i != 0) buffer_puts(out, ", ");
        sql_name(out, c.columns[i]->name);
    }
}

/* ` FROM … GROUP BY … HAVING …`: a row for each list of values that is shared. */
static void put_groups(const struct dialect *d, const struct layout *l, struct repeated_columns c, struct buffer *out) {
    buffer_puts(out, " FROM ");
    sql_name(out, l->table);
    buffer_printf(out, " WHERE %s", d->live_unindexed);
    for (size_t i = 0; i < c.count; i++) {
        buffer_puts(out, " AND ");
        sql_name(out, c.columns[i]->name);
        buffer_puts(out, " IS NOT NULL");
    }
    buffer_puts(out, " GROUP BY ");
    put_columns(c, out);
    buffer_puts(out, " HAVING COUNT(*) > 1");
}

void repeated_values(const struct dialect *d, const struct layout *l, struct repeated_columns c, struct buffer *out) {
    buffer_puts(out, "SELECT MIN(seq) AS first_seq, COUNT(*), ");
    put_columns(c, out);
    put_groups(d, l, c, out);
    buffer_puts(out, " ORDER BY first_seq LIMIT ?");
}

void repeated_total(const struct dialect *d, const struct layout *l, struct repeated_columns c, struct buffer *out) {
    buffer_puts(out, "SELECT COUNT(*), CAST(COALESCE(SUM(holders), 0) AS SIGNED) FROM (SELECT COUNT(*) AS holders");
    put_groups(d, l, c, out);
    buffer_puts(out, ") AS shared");
}

void repeated_holders(const struct dialect *d, const struct layout *l, struct repeated_columns c, size_t count,
                      struct buffer *out) {
    buffer_puts(out, "SELECT id, ");
    put_columns(c, out);
    buffer_puts(out, " FROM ");
    sql_name(out, l->table);
    buffer_printf(out, " WHERE %s AND (", d->live_unindexed);
    for (size_t i = 0; i < count; i++) {
        if (i != 0) buffer_puts(out, " OR ");
        for (size_t k = 0; k < c.count; k++) {
            buffer_puts(out, k == 0 ? "(" : " AND ");
            sql_name(out, c.columns[k]->name);
            buffer_puts(out, " = ?");
        }
        buffer_puts(out, ")");
    }
    buffer_puts(out, ") ORDER BY seq");
}
