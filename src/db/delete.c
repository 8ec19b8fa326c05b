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
    bool undoable; /* inside a level of its own */
    struct raw_record raw;
};

/* What an attempt comes to when it does not fail. */
enum { MOVED, REMOVED, IN_A_LEVEL /* only there may it be tried: the table is referred to by now */ };

static bool lock_records(const struct engine *e) { return e->depth != 0 && !engine_has(e, DRIVER_SINGLE_WRITER); }

/* REMOVED or MOVED. */
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
    return rc != 0 ? rc : affected != 0 ? REMOVED : MOVED;
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
    return rc != 0 ? rc : affected != 0 ? REMOVED : MOVED;
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
    /* Asked of the state that the record was fetched under, and that the statement is guarded by. */
    if (!r->undoable && r->table->state->layout->referrer_count != 0) return IN_A_LEVEL;
    rc = r->hard ? erase(r, err) : mark_deleted(r, err);
    if (rc != REMOVED) return rc;
    rc = references_check_deleted(r->table->state, r->id, r->length, err);
    return rc == 0 ? REMOVED : rc;
}

/* Whether one statement does it: nothing has to be undone after it. */
static bool is_simple(const struct removal *r) {
    const struct engine *e = r->table->db->engine;
    if (r->hard || r->table->state->layout->referrer_count != 0) return false;
    return e->depth != 0 || !engine_has(e, DRIVER_SINGLE_WRITER);
}

static int moved(const struct removal *r, int64_t deadline, flexdb_error *err) {
    if (r->version == 0 && engine_pause(deadline)) return 0;
    int rc = error_set(err, FLEXDB_CONFLICT, "record \"%.*s\" was changed by somebody else", (int)r->length, r->id);
    err->retryable = r->version == 0;
    return rc;
}

int flexdb_delete(flexdb_table *table, const char *id, size_t length, int64_t version, bool hard, flexdb_error *err) {
    struct engine *e = table->db->engine;
    struct removal r = {.table = table, .id = id, .length = length, .version = version, .hard = hard};
    for (struct table_tries tries = table_tries(table);;) {
        int rc = table_enter(table, ENGINE_WRITE, NULL, err);
        if (rc != 0) return rc;
        r.undoable = !is_simple(&r);
        rc = r.undoable ? engine_transact(e, delete_once, &r, err) : delete_once(&r, err);
        if (rc == REMOVED) return 0;
        if (rc == IN_A_LEVEL) continue;
        if (rc == MOVED) {
            rc = moved(&r, tries.deadline, err);
            if (rc != 0) return rc;
            continue;
        }
        if (!table_call_again(table, NULL, NULL, &tries, err)) return -(int)err->code;
    }
}
