/* The unique index of a column that was removed, when it refuses what the definition allows. */
#include "db/tables.h"
#include "db/write.h"
#include "sql/ddl.h"

static int mark_lapsed(struct table_state *locked, size_t column, flexdb_error *err) {
    struct layout *layout;
    int rc = catalog_copy_layout(&layout, locked->layout, err);
    if (rc != 0) return rc;
    layout->columns[column].lapsed = true;
    struct catalog_entry entry = state_entry(locked);
    entry.layout = layout;
    rc = catalog_update(locked->engine, &entry, locked->revision, err);
    layout_free(layout);
    return rc;
}

struct lapse {
    flexdb_table *table;
    size_t column;
};

static int let_lapse(void *context, flexdb_error *err) {
    struct lapse *lapse = context;
    flexdb_table *t = lapse->table;
    struct table_state *locked = NULL;
    int rc = tables_lock(&locked, t->db->engine, t->state->id, t->state->name, err);
    if (rc == 0 && locked->revision != t->state->revision)
        rc = error_set(err, FLEXDB_STALE, "the definition of table \"%s\" has changed", t->state->name);
    if (rc == 0) rc = mark_lapsed(locked, lapse->column, err);
    state_drop(locked);
    if (rc == 0) rc = table_reload(t, false, err);
    return rc < 0 ? rc : 0;
}

/* The first column of the violated index that is retired and has not lapsed yet; the count when there is none. */
static size_t find_column(const struct table_state *s, const char *detail) {
    const struct layout *l = s->layout;
    const struct layout_column *column = ddl_violated(s->engine->dialect, l, detail);
    const struct layout_index *index = ddl_violated_index(s->engine->dialect, l, detail);
    if (index == NULL)
        return column != NULL && column->retired && !column->lapsed ? (size_t)(column - l->columns) : l->count;
    for (size_t i = 0; index->retired && i < index->count; i++) {
        const struct layout_column *c = &l->columns[index->columns[i]];
        if (c->retired && !c->lapsed) return index->columns[i];
    }
    return l->count;
}

int write_let_lapse(flexdb_table *t, flexdb_error *err) {
    struct lapse lapse = {.table = t, .column = find_column(t->state, err->detail)};
    if (err->ended || lapse.column == t->state->layout->count) return 0;
    error_clear(err);
    int rc = engine_transact(t->db->engine, let_lapse, &lapse, err);
    return rc < 0 ? rc : 1;
}
