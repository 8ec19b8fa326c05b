/* A new physical table for a definition that the old one cannot serve: every record is copied, in the transaction. */
#include <stdlib.h>
#include <string.h>

#include "db/copied_rows.h"
#include "db/evolution.h"
#include "db/references.h"
#include "db/tables.h"
#include "db/write.h"
#include "sql/ddl.h"

/* The new layout as a state that nobody else sees, so that what writes records can be used for it. */
struct copy {
    struct table_state to;
    struct copied_rows rows;
    bool waits; /* rows do, to be sent together: where each would be a journey of its own */
    struct buffer scratch;
    struct buffer sql;
};

static int map_columns(struct evolution *ev, struct copy *c, flexdb_error *err) {
    c->to.engine = ev->table->db->engine;
    c->to.validator = ev->to;
    c->to.layout = ev->layout;
    c->to.name = ev->from->name;
    return state_map_physicals(&c->to, err);
}

/* A rule that was tightened with on_invalid = "ignore" may have left texts that are longer than it allows. */
static void note_long_texts(struct evolution *ev, const struct table_state *to, const struct record *record) {
    for (size_t i = 0; i < to->physical_count; i++) {
        const struct state_physical *p = &to->physicals[i];
        const flexdb_value *value = &record->values[p->slot];
        if (p->column->kind == PHYSICAL_TEXT && value->tag == FLEXDB_TEXT && value->length > DDL_TEXT_PREFIX)
            ev->layout->columns[p->column - ev->layout->columns].long_text = true;
    }
}

int evolution_copied(struct evolution *ev, const struct table_state *to, const struct raw_record *raw,
                     const struct record *record, bool changed, struct parameters *p, struct buffer *scratch,
                     flexdb_error *err) {
    note_long_texts(ev, to, record);
    p->count = 0;
    parameter_add(p, value_integer(raw->seq));
    parameter_add(p, value_text(raw->id, raw->id_length));
    parameter_add(p, changed ? value_text(record->document.data, record->document.length)
                             : value_text(raw->data, raw->data_length));
    parameter_add(p, value_integer(raw->schema_version));
    parameter_add(p, value_integer(raw->version));
    parameter_add(p, value_integer(raw->created_at));
    parameter_add(p, value_integer(raw->updated_at));
    parameter_add(p, raw->deleted ? value_integer(raw->deleted_at) : value_null());
    return write_add_physicals(p, to, record->values, scratch, err);
}

static int insert_rows(struct copy *c, flexdb_error *err) {
    struct copied_rows *rows = &c->rows;
    size_t failed;
    int rc = rows->count == 0 ? 0
                              : engine_run_many(c->to.engine, c->sql.data, c->sql.length, rows->values, rows->count,
                                                rows->width, &failed, err);
    copied_rows_forget(rows);
    return rc;
}

static int copy_record(struct evolution *ev, void *context, const struct raw_record *raw, const struct record *record,
                       bool changed, flexdb_error *err) {
    struct copy *c = context;
    struct parameters p;
    int rc = evolution_copied(ev, &c->to, raw, record, changed, &p, &c->scratch, err);
    if (rc == 0 && !c->waits) return engine_run(c->to.engine, c->sql.data, c->sql.length, p.values, p.count, NULL, err);
    if (rc == 0 && copied_rows_are_full(&c->rows)) rc = insert_rows(c, err);
    return rc == 0 ? copied_rows_add(&c->rows, p.values, err) : rc;
}

static int copy_records(struct evolution *ev, flexdb_error *err) {
    struct copy c = {0};
    int rc = map_columns(ev, &c, err);
    if (rc == 0) {
        c.waits = !engine_has(c.to.engine, DRIVER_TRANSACTIONAL_DDL);
        records_copy(c.to.engine->dialect, ev->layout, &c.sql);
        rc = buffer_failed(&c.sql) ? error_no_memory(err) : 0;
    }
    if (rc == 0 && c.waits) rc = copied_rows_open(&c.rows, EVOLUTION_COPIED + c.to.physical_count, err);
    if (rc == 0) rc = evolution_inspect(ev, &(struct evolution_store){copy_record, &c}, err);
    if (rc == 0) rc = insert_rows(&c, err);
    copied_rows_close(&c.rows);
    state_unmap_physicals(&c.to);
    buffer_free(&c.scratch);
    buffer_free(&c.sql);
    return rc;
}

/* Outside the transaction. The name was had before where an attempt was killed; others wait behind the row's lock, but
 * for what the server has yet to do for one who is dead. */
static int make_outside(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    int rc = engine_ddl_lock(e, ev->from->id, err);
    if (rc == 0) rc = tables_drop_physical(e, ev->layout->table, err);
    ev->physical = rc == 0;
    /* On another connection indexes would wait for the end of this transaction. */
    return rc == 0 ? tables_create_physical(e, ev->layout, err) : rc;
}

void evolution_end_rebuild(struct evolution *ev) {
    struct engine *e = ev->table->db->engine;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    /* The row's lock is gone: whoever has it now waits for the other one. Where the answer to the commit was lost the
     * catalogue may name the table. */
    if (e->ddl_locked && ev->physical && !e->unanswered) tables_drop_physical(e, ev->layout->table, &ignored);
    error_clear(&ignored);
    ev->physical = false;
    if (e->ddl_locked) engine_ddl_unlock(e, ev->from->id);
}

int evolution_rebuild(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    bool inside = engine_has(e, DRIVER_TRANSACTIONAL_DDL);
    int rc = inside ? tables_create_bare(e, ev->layout, err) : make_outside(ev, err);
    if (rc == 0 && ev->has_records) rc = copy_records(ev, err);
    if (rc == 0 && inside) rc = tables_create_indexes(e, ev->layout, err);
    if (rc == -FLEXDB_DUPLICATE) rc = evolution_explain_duplicates(ev, err);
    if (rc != 0) return rc;
    /* Outside the transaction the old one may go only when all is committed. */
    if (inside) return tables_drop_physical(e, ev->from->layout->table, err);
    memcpy(ev->old_table, ev->from->layout->table, sizeof ev->old_table);
    return 0;
}

int evolution_touch_referrers(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ev->layout->referrer_count; i++) {
        const char *id = ev->layout->referrers[i];
        if (strcmp(id, ev->from->id) == 0) continue;
        struct table_state *referrer, *now = NULL;
        rc = state_find(&referrer, e, CATALOG_TABLE_LOCK, &id, 1, err);
        if (rc == 1) {
            struct catalog_entry entry = state_entry(referrer);
            rc = catalog_update(e, &entry, referrer->revision, err);
            if (rc == 0) rc = tables_read_back(&now, e, id, err);
        }
        state_drop(now);
        state_drop(referrer);
    }
    return rc;
}
