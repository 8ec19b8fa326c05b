#include "sql/select.h"

#include <string.h>

#include "sql/fragments.h"
#include "sql/select_parts.h"

static int64_t add_saturated(int64_t a, int64_t b) { return a > INT64_MAX - b ? INT64_MAX : a + b; }

/* Whether a unique index begins with the column: its own, or one over several. */
static bool is_unique_entry(const struct builder *b, size_t slot) {
    const struct layout_column *entry = operand_of(b, slot).entry;
    if (entry == NULL || entry->unique) return entry != NULL;
    for (size_t i = 0; i < b->l->index_count; i++) {
        const struct layout_index *index = &b->l->indexes[i];
        if (index->unique && !index->retired && &b->l->columns[index->columns[0]] == entry) return true;
    }
    return false;
}

/* Whether the filter holds a condition that a unique index can be searched by. */
static bool seeks_unique(const struct builder *b, const struct filter *f) {
    switch (f->op) {
    case FILTER_AND:
        for (size_t i = 0; i < f->count; i++)
            if (seeks_unique(b, f->children[i])) return true;
        return false;
    case FILTER_OR:
        for (size_t i = 0; i < f->count; i++)
            if (!seeks_unique(b, f->children[i])) return false;
        return f->count != 0;
    case FILTER_EQ:
    case FILTER_GT:
    case FILTER_GTE:
    case FILTER_LT:
    case FILTER_LTE:
    case FILTER_IN:
    case FILTER_BETWEEN:
    case FILTER_STARTS_WITH: return is_unique_entry(b, f->slot);
    default: return false;
    }
}

/* Partial indexes tempt a planner to read a whole table through one of them, which costs a look-up for each record:
 * they are offered only where one can be searched, ordered by or counted. */
static const char *live_predicate(const struct builder *b) {
    const struct query *q = b->q;
    bool offered = q->filter == NULL || (q->order_count != 0 && is_unique_entry(b, q->orders[0].slot)) ||
                   seeks_unique(b, q->filter);
    return offered ? b->d->live : b->d->live_unindexed;
}

/* ` WHERE …`: live ones unless asked for all, the filter, and a part of what lies behind the cursor. */
static void put_where(struct builder *b, bool after, enum after_part part) {
    const char *joint = " WHERE ";
    if (!b->q->include_deleted) {
        builder_put(b, joint);
        builder_put(b, live_predicate(b));
        joint = " AND ";
    }
    if (b->q->filter != NULL) {
        builder_put(b, joint);
        builder_put(b, "(");
        builder_put_filter(b, b->q->filter);
        builder_put(b, ")");
        joint = " AND ";
    }
    if (after && after_has(b, part)) {
        builder_put(b, joint);
        builder_put(b, "(");
        builder_put_after(b, part);
        builder_put(b, ")");
    }
}

static int64_t at_least(int64_t rows, int64_t least) { return rows == 0 || rows > least ? rows : least; }

/* ` LIMIT …`: no fewer than `least`, but none where none are asked for. */
static void put_limit(struct builder *b, int64_t least) {
    if (!b->q->has_limit && b->q->offset == 0) return;
    int64_t limit = b->q->has_limit ? b->q->limit : INT64_MAX;
    builder_put_bound(b, " LIMIT ?", value_integer(at_least(limit, least)));
    if (b->q->offset != 0) builder_put_bound(b, " OFFSET ?", value_integer(b->q->offset));
}

static int64_t least_rows(const struct builder *b) {
    return sorted_texts(b) != 0 ? b->d->expressions->least_sorted : 0;
}

static void put_revision_parameter(struct builder *b, const char *table_id) {
    if (b->d->selects_revision) builder_bind(b, value_text(table_id, strlen(table_id)));
}

/* The records' columns and their table. */
static void put_source(struct builder *b, const char *table_id) {
    size_t texts = sorted_texts(b);
    if (texts != 0)
        b->d->expressions->select_sorted(b, texts);
    else
        builder_put(b, "SELECT ");
    put_fetch_columns(b->d, &b->sql->text);
    put_revision_parameter(b, table_id);
    builder_put(b, " FROM ");
    builder_put_column(b, b->l->table);
}

static void put_count(struct builder *b, const char *table_id) {
    builder_put(b, "SELECT COUNT(*)");
    if (b->d->selects_revision) {
        builder_put(b, ", (SELECT revision FROM flex_tables WHERE id = ");
        builder_put(b, b->d->parameter_id);
        builder_put(b, ")");
        put_revision_parameter(b, table_id);
    }
    bool part = b->q->has_limit || b->q->offset != 0;
    builder_put(b, part ? " FROM (SELECT seq FROM " : " FROM ");
    builder_put_column(b, b->l->table);
    put_where(b, true, AFTER_ALL);
    if (!part) return;
    put_limit(b, 0);
    builder_put(b, ") AS counted");
}

static void put_targets(struct builder *b, const char *table_id) {
    put_fetch(b->d, b->l, &b->sql->text);
    put_revision_parameter(b, table_id);
    put_where(b, false, AFTER_ALL);
    builder_put(b, " ORDER BY seq");
    builder_put(b, b->d->write_lock);
}

/* One run of the rows behind a cursor: their seq, as many as the page can need. */
static void put_run(struct builder *b, enum after_part part) {
    builder_put(b, "SELECT page_seq FROM (SELECT seq AS page_seq FROM ");
    builder_put_column(b, b->l->table);
    put_where(b, true, part);
    builder_put(b, " ORDER BY ");
    builder_put_order(b);
    int64_t rows = at_least(add_saturated(b->q->limit, b->q->offset), least_rows(b));
    builder_put_bound(b, " LIMIT ?", value_integer(rows));
}

/* A page behind a cursor, in time that does not grow with how deep it lies, where the engine would read up to the
 * cursor otherwise: the runs are cut to the page's length each and then put in order together. */
static void put_page(struct builder *b, const char *table_id) {
    static const enum after_part parts[] = {AFTER_EQUAL, AFTER_BEYOND, AFTER_ABSENT};
    static const char *const names[] = {") AS equal_run", ") AS beyond_run", ") AS absent_run"};
    put_source(b, table_id);
    builder_put(b, " JOIN (");
    for (size_t i = 0, runs = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!after_has(b, parts[i])) continue;
        if (runs++ != 0) builder_put(b, " UNION ALL ");
        put_run(b, parts[i]);
        builder_put(b, names[i]);
    }
    builder_put(b, ") AS page ON seq = page_seq ORDER BY ");
    builder_put_order(b);
    put_limit(b, least_rows(b));
}

static void put_records(struct builder *b, const char *table_id) {
    if (b->q->has_after && b->q->order_count != 0 && b->q->has_limit && !b->d->or_is_range) {
        put_page(b, table_id);
        return;
    }
    put_source(b, table_id);
    put_where(b, true, AFTER_ALL);
    builder_put(b, " ORDER BY ");
    builder_put_order(b);
    put_limit(b, least_rows(b));
}

int select_build(struct sql *out, const struct dialect *d, enum select_what what, const struct layout *l,
                 const struct validator *v, const struct query *q, const char *table_id, flexdb_error *err) {
    struct builder b = {.sql = out, .d = d, .l = l, .v = v, .q = q};
    switch (what) {
    case SELECT_RECORDS: put_records(&b, table_id); break;
    case SELECT_COUNT: put_count(&b, table_id); break;
    case SELECT_TARGETS: put_targets(&b, table_id); break;
    }
    if (b.failed || buffer_failed(&out->text)) return error_no_memory(err);
    if (out->count > d->max_parameters)
        return error_set(err, FLEXDB_LIMIT, "the query needs %zu bound values, of which there may be at most %zu",
                         out->count, d->max_parameters);
    return 0;
}
