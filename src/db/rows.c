#include "db/rows.h"

#include <stdlib.h>
#include <string.h>

int rows_new(flexdb_rows **out, flexdb_table *t, struct query *query, flexdb_error *err) {
    *out = NULL;
    flexdb_rows *r = calloc(1, sizeof *r);
    if (r == NULL) {
        query_free(query);
        return error_no_memory(err);
    }
    struct engine *e = t->db->engine;
    r->db = database_hold(t->db);
    r->state = state_hold(t->state);
    r->query = query;
    r->depth = e->depth;
    r->next = e->rows;
    r->link = &e->rows;
    if (r->next != NULL) r->next->link = &r->next;
    e->rows = r;
    *out = r;
    return 0;
}

static void let_go(flexdb_rows *r) {
    engine_finalize(r->db->engine, r->statement);
    r->statement = NULL;
    spool_free(r->spool);
    r->spool = NULL;
}

void flexdb_rows_free(flexdb_rows *rows) {
    if (rows == NULL) return;
    *rows->link = rows->next;
    if (rows->next != NULL) rows->next->link = rows->link;
    let_go(rows);
    error_clear(&rows->failure);
    record_free(&rows->record);
    query_free(rows->query);
    free(rows->wanted);
    buffer_free(&rows->cursor);
    state_drop(rows->state);
    database_drop(rows->db);
    free(rows);
}

int rows_run(flexdb_rows *r, const char *sql, size_t length, const flexdb_value *values, size_t count, bool *trusted,
             flexdb_error *err) {
    struct engine *e = r->db->engine;
    struct raw_record raw = {0};
    int rc = r->statement != NULL ? rows_spool(r, err) : 0;
    if (rc == 0) rc = engine_query(e, &r->statement, sql, length, values, count, err);
    if (rc < 0) return rc;
    r->pending = true;
    rc = rc == 1 ? raw_read(e, r->statement, &raw, err) : 0;
    if (rc == 0) rc = state_verify(r->state, raw.revision, err);
    if (rc >= 0) *trusted = rc == 1;
    return rc < 0 ? rc : 0;
}

/* ---- reading on ---- */

int rows_spool(flexdb_rows *r, flexdb_error *err) {
    if (r->statement == NULL) return 0;
    struct engine *e = r->db->engine;
    int rc = r->spool == NULL ? spool_new(&r->spool, err) : 0;
    int more = rc == 0 && !r->pending ? engine_step(e, r->statement, err) : 1;
    while (rc == 0 && more == 1) {
        struct raw_record raw;
        rc = raw_read(e, r->statement, &raw, err);
        if (rc == 0) rc = spool_add(r->spool, &raw, err);
        if (rc == 0) more = engine_step(e, r->statement, err);
    }
    if (rc == 0 && more < 0) rc = more;
    engine_finalize(e, r->statement);
    r->statement = NULL;
    return rc;
}

void rows_spool_all(struct engine *e) {
    for (flexdb_rows *r = e->rows; r != NULL; r = r->next)
        if (r->statement != NULL && rows_spool(r, &r->failure) != 0) r->ended = "";
}

void rows_end_all(struct engine *e, unsigned depth, const char *why) {
    for (flexdb_rows *r = e->rows; r != NULL; r = r->next) {
        if (r->depth < depth) continue;
        let_go(r);
        r->ended = why != NULL ? why : "the database is closed";
    }
}

static int check_open(flexdb_rows *r, flexdb_error *err) {
    if (!flexdb_is_open(r->db)) return error_set(err, FLEXDB_MISUSE, "the database is closed");
    if (r->failure.code != FLEXDB_OK) {
        error_repeat(err, &r->failure);
        return -(int)err->code;
    }
    if (r->ended != NULL) return error_set(err, FLEXDB_MISUSE, "%s", r->ended);
    if (r->depth != 0 && r->db->engine->doomed.code != FLEXDB_OK) {
        error_repeat(err, &r->db->engine->doomed);
        return -(int)err->code;
    }
    return 0;
}

int rows_next(flexdb_rows *r, struct raw_record *raw, flexdb_error *err) {
    struct engine *e = r->db->engine;
    int rc = check_open(r, err);
    if (rc != 0) return rc;
    if (r->spool != NULL && r->statement == NULL) return spool_next(r->spool, raw, err);
    if (r->statement == NULL) return 0;
    if (!r->pending) {
        rc = engine_step(e, r->statement, err);
        if (rc != 1) {
            engine_finalize(e, r->statement);
            r->statement = NULL;
            return rc;
        }
    }
    r->pending = false;
    rc = raw_read(e, r->statement, raw, err);
    return rc == 0 ? 1 : rc;
}
