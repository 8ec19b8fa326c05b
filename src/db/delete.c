/* Deleting one record. */
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
