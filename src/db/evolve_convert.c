/* Converting the records of a table in place, where its physical table serves the new definition too. */
#include <stdlib.h>

#include "db/evolution.h"
#include "db/write.h"

struct writer {
    struct table_state to; /* the new definition and layout, as a state that nobody else sees */
    struct buffer sql, scratch;
};

static int write_record(struct evolution *ev, void *context, const struct raw_record *raw, const struct record *record,
                        bool changed, flexdb_error *err) {
    (void)ev;
    struct writer *w = context;
    if (!changed) return 0;
    struct parameters p;
    p.count = 0;
    parameter_add(&p, value_text(record->document.data, record->document.length));
    int rc = write_add_physicals(&p, &w->to, record->values, &w->scratch, err);
    parameter_add(&p, value_integer(raw->seq));
    if (rc == 0) rc = engine_run(w->to.engine, w->sql.data, w->sql.length, p.values, p.count, NULL, err);
    if (rc != -FLEXDB_DUPLICATE) return rc;
    const flexdb_value id = value_text(raw->id, raw->id_length);
    rc = write_explain_duplicate(&w->to, record->values, &id, raw->seq, err);
    for (size_t i = 0; i < err->issue_count; i++) error_issue_id(err, &err->issues[i], raw->id, raw->id_length);
    return rc;
}

int evolution_convert(struct evolution *ev, flexdb_error *err) {
    struct writer w = {
        .to = {.engine = ev->table->db->engine, .validator = ev->to, .layout = ev->layout, .name = ev->from->name}};
    int rc = state_map_physicals(&w.to, err);
    if (rc == 0) {
        records_convert(w.to.engine->dialect, ev->layout, &w.sql);
        rc = buffer_failed(&w.sql) ? error_no_memory(err)
                                   : evolution_inspect(ev, &(struct evolution_store){write_record, &w}, err);
    }
    free(w.to.physicals);
    buffer_free(&w.sql);
    buffer_free(&w.scratch);
    return rc;
}
