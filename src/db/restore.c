/* Bringing back a record that was deleted. */
#include <stdlib.h>
#include <string.h>

#include "db/references.h"
#include "db/write.h"

struct restoration {
    flexdb_table *table;
    const char *id;
    size_t length;
    struct raw_record raw;
};

static bool lock_records(const struct engine *e) { return e->depth != 0 && !engine_has(e, DRIVER_SINGLE_WRITER); }

/* A record that comes back obeys the definition as it is now. */
static int judge_again(struct restoration *r, flexdb_error *err) {
    flexdb_table *t = r->table;
    const struct validator *v = t->state->validator;
    size_t count = validator_shape(v)->count;
    bool *all = malloc(count * sizeof *all);
    if (all == NULL) return error_no_memory(err);
    memset(all, true, count * sizeof *all);
    int rc = record_decode(v, &r->raw, NULL, &t->record, err);
    if (rc == 0) {
        codec_check(v, t->record.values, all, &t->physical, err);
        codec_check_expressions(v, t->record.values, NULL, &t->physical, err);
        rc = error_close_issues(err, FLEXDB_INVALID_RECORD);
    }
    free(all);
    return rc != 0 ? rc : references_explain(t->state, t->record.values, NULL, r->id, r->length, err);
}

/* ---- restore ---- */

/* 1 done, 0 when the record has moved. */
static int write_live(struct restoration *r, flexdb_error *err) {
    flexdb_table *t = r->table;
    int64_t affected = 0;
    struct parameters p;
    p.count = 0;
    parameter_add(&p, value_integer(write_time(r->raw.created_at)));
    write_add_guard(&p, t->state, NULL, NULL, NULL);
    parameter_add(&p, value_integer(r->raw.seq));
    parameter_add(&p, value_integer(r->raw.version));
    int rc = write_run(t->state, SQL_RESTORE, &p, &affected, err);
    return rc != 0 ? rc : affected != 0;
}

static int restore_once(void *context, flexdb_error *err) {
    struct restoration *r = context;
    flexdb_table *t = r->table;
    enum state_sql which = lock_records(t->db->engine) ? SQL_FETCH_ALL_LOCKED : SQL_FETCH_ALL;
    int rc = table_fetch(t, NULL, which, r->id, r->length, &r->raw, err);
    if (rc == 0) return table_not_found(r->id, r->length, err);
    if (rc < 0) return rc;
    if (!r->raw.deleted)
        return error_set(err, FLEXDB_NOT_FOUND, "record \"%.*s\" is not deleted", (int)r->length, r->id);
    rc = judge_again(r, err);
    if (rc != 0) return rc;
    rc = write_live(r, err);
    for (int lapsed = 1; rc == -FLEXDB_DUPLICATE && lapsed == 1;) {
        lapsed = write_let_lapse(t, err);
        rc = lapsed == 1 ? write_live(r, err) : lapsed < 0 ? lapsed : rc;
    }
    if (rc != -FLEXDB_DUPLICATE) return rc;
    const flexdb_value id = value_text(r->id, r->length);
    return write_explain_duplicate(t->state, t->record.values, &id, r->raw.seq, err);
}

int flexdb_restore(flexdb_table *table, const char *id, size_t length, flexdb_error *err) {
    struct engine *e = table->db->engine;
    struct restoration r = {.table = table, .id = id, .length = length};
    for (struct table_tries tries = table_tries(table);;) {
        int rc = table_enter(table, ENGINE_WRITE, NULL, err);
        if (rc != 0) return rc;
        rc = engine_transact(e, restore_once, &r, err);
        if (rc == 1) return 0;
        if (rc == 0) {
            if (engine_pause(tries.deadline)) continue;
            return error_set(err, FLEXDB_CONFLICT, "record \"%.*s\" was changed by somebody else", (int)length, id);
        }
        if (!table_call_again(table, NULL, NULL, &tries, err)) return -(int)err->code;
    }
}
