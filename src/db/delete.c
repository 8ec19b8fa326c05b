/* Deleting one record, and bringing it back. */
#include <stdlib.h>
#include <string.h>

#include "db/references.h"
#include "db/write.h"

struct removal {
    flexdb_table *table;
    const char *id;
    size_t length;
    int64_t version;
    bool hard;
    struct raw_record raw;
};

static bool lock_records(const struct engine *e) { return e->depth != 0 && !engine_has(e, DRIVER_SINGLE_WRITER); }

/* 1 done, 0 when the record has moved. */
static int mark_deleted(struct removal *r, flexdb_error *err) {
    struct table_state *s = r->table->state;
    int64_t now = write_time(r->raw.created_at), affected = 0;
    struct parameters p;
    p.count = 0;
    parameter_add(&p, value_integer(now));
    parameter_add(&p, value_integer(now));
    write_add_guard(&p, s, NULL, NULL, NULL);
    parameter_add(&p, value_integer(r->raw.seq));
    parameter_add(&p, value_integer(r->raw.version));
    int rc = write_run(s, SQL_DELETE, &p, &affected, err);
    return rc != 0 ? rc : affected != 0;
}

static int erase(struct removal *r, flexdb_error *err) {
    int64_t affected = 0;
    struct parameters p;
    p.count = 0;
    int rc = write_hold(r->table, NULL, err);
    if (rc != 0) return rc;
    parameter_add(&p, value_integer(r->raw.seq));
    parameter_add(&p, value_integer(r->raw.version));
    rc = write_run(r->table->state, SQL_ERASE, &p, &affected, err);
    return rc != 0 ? rc : affected != 0;
}

static int delete_once(void *context, flexdb_error *err) {
    struct removal *r = context;
    bool lock = lock_records(r->table->db->engine);
    enum state_sql which = r->hard ? lock ? SQL_FETCH_ALL_LOCKED : SQL_FETCH_ALL : lock ? SQL_FETCH_LOCKED : SQL_FETCH;
    int rc = table_fetch(r->table, NULL, which, r->id, r->length, &r->raw, err);
    if (rc == 0) return table_not_found(r->id, r->length, err);
    if (rc < 0) return rc;
    if (r->version != 0 && r->version != r->raw.version)
        return error_set(err, FLEXDB_CONFLICT, "record \"%.*s\" is at version %lld, not %lld", (int)r->length, r->id,
                         (long long)r->raw.version, (long long)r->version);
    rc = r->hard ? erase(r, err) : mark_deleted(r, err);
    if (rc != 1) return rc;
    rc = references_check_deleted(r->table->state, r->id, r->length, err);
    return rc == 0 ? 1 : rc;
}

/* Whether one statement does it: nothing has to be undone after it. */
static bool is_simple(const struct removal *r) {
    const struct engine *e = r->table->db->engine;
    if (r->hard || r->table->state->layout->referrer_count != 0) return false;
    return e->depth != 0 || !engine_has(e, DRIVER_SINGLE_WRITER);
}

int flexdb_delete(flexdb_table *table, const char *id, size_t length, int64_t version, bool hard, flexdb_error *err) {
    struct engine *e = table->db->engine;
    struct removal r = {.table = table, .id = id, .length = length, .version = version, .hard = hard};
    for (struct table_tries tries = table_tries(table);;) {
        int rc = table_enter(table, ENGINE_WRITE, NULL, err);
        if (rc != 0) return rc;
        rc = is_simple(&r) ? delete_once(&r, err) : engine_transact(e, delete_once, &r, err);
        if (rc == 1) return 0;
        if (rc == 0) {
            if (version == 0 && engine_pause(tries.deadline)) continue;
            return error_set(err, FLEXDB_CONFLICT, "record \"%.*s\" was changed by somebody else", (int)length, id);
        }
        if (!table_call_again(table, NULL, NULL, &tries, err)) return -(int)err->code;
    }
}

/* ---- restore ---- */

/* A record that comes back obeys the definition as it is now. */
static int judge_again(struct removal *r, flexdb_error *err) {
    flexdb_table *t = r->table;
    const struct validator *v = t->state->validator;
    size_t count = validator_shape(v)->count;
    bool *all = malloc(count * sizeof *all);
    if (all == NULL) return error_no_memory(err);
    memset(all, true, count * sizeof *all);
    int rc = codec_decode(v, r->raw.data, r->raw.data_length, NULL, &t->record, err);
    if (rc == 0) {
        codec_check(v, t->record.values, all, &t->physical, err);
        rc = error_close_issues(err, FLEXDB_INVALID_RECORD);
    }
    free(all);
    return rc != 0 ? rc : references_explain(t->state, t->record.values, NULL, r->id, r->length, err);
}

static int restore_once(void *context, flexdb_error *err) {
    struct removal *r = context;
    flexdb_table *t = r->table;
    enum state_sql which = lock_records(t->db->engine) ? SQL_FETCH_ALL_LOCKED : SQL_FETCH_ALL;
    int rc = table_fetch(t, NULL, which, r->id, r->length, &r->raw, err);
    if (rc == 0) return table_not_found(r->id, r->length, err);
    if (rc < 0) return rc;
    if (!r->raw.deleted)
        return error_set(err, FLEXDB_NOT_FOUND, "record \"%.*s\" is not deleted", (int)r->length, r->id);
    rc = judge_again(r, err);
    if (rc != 0) return rc;
    int64_t affected = 0;
    struct parameters p;
    p.count = 0;
    parameter_add(&p, value_integer(write_time(r->raw.created_at)));
    write_add_guard(&p, t->state, NULL, NULL, NULL);
    parameter_add(&p, value_integer(r->raw.seq));
    parameter_add(&p, value_integer(r->raw.version));
    rc = write_run(t->state, SQL_RESTORE, &p, &affected, err);
    if (rc == -FLEXDB_DUPLICATE) {
        const flexdb_value id = value_text(r->id, r->length);
        return write_explain_duplicate(t->state, t->record.values, &id, err);
    }
    return rc != 0 ? rc : affected != 0;
}

int flexdb_restore(flexdb_table *table, const char *id, size_t length, flexdb_error *err) {
    struct engine *e = table->db->engine;
    struct removal r = {.table = table, .id = id, .length = length};
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
