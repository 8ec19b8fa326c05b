/* update_all and delete_all: the records that a filter selects, in one transaction. */
#include <string.h>

#include "db/references.h"
#include "db/rows.h"
#include "db/write.h"
#include "sql/select.h"

struct bulk {
    flexdb_table *table;
    const char *query;
    size_t length;
    bool all, hard;
    const struct validator *v; /* update_all */
    const flexdb_value *given;
    int64_t affected;
};

static void refuse(flexdb_error *err, const char *what) {
    error_issue(err, what, "unknown", NULL, NULL, "cannot be said here: all records that the filter selects are meant");
}

/* What would silently mean something else is refused. */
static int check_query(const struct bulk *b, const struct query *q, flexdb_error *err) {
    if (q->order_count != 0) refuse(err, "orderBy");
    if (q->has_limit) refuse(err, "limit");
    if (q->offset != 0) refuse(err, "offset");
    if (q->has_after) refuse(err, "after");
    if (q->select != NULL) refuse(err, "select");
    if (q->include_deleted && !b->hard)
        error_issue(err, "includeDeleted", "unknown", NULL, NULL,
                    "cannot be said here: deleted records are not written");
    if (query_is_unrestricted(q) && !b->all)
        error_issue(err, "filter", "required", NULL, NULL, "selects every record: say all = true if that is meant");
    return error_close_issues(err, FLEXDB_INVALID_QUERY);
}

/* The targets, read to their end, so that writing cannot change what is found. */
static int find_targets(struct bulk *b, flexdb_rows **out, flexdb_error *err) {
    flexdb_table *t = b->table;
    struct table_state *s = t->state;
    struct query *q;
    *out = NULL;
    int rc = query_parse(&q, s->validator, b->query, b->length, err);
    if (rc != 0) return rc;
    struct sql sql = SQL_INIT;
    bool trusted;
    rc = check_query(b, q, err);
    if (rc == 0) rc = select_build(&sql, s->engine->dialect, SELECT_TARGETS, s->layout, s->validator, q, s->id, err);
    if (rc == 0) rc = rows_new(out, t, NULL, err);
    if (rc == 0) rc = rows_run(*out, sql.text.data, sql.text.length, sql.parameters, sql.count, &trusted, err);
    if (rc == 0) rc = rows_spool(*out, err);
    sql_clear(&sql);
    query_free(q);
    return rc < 0 ? record_find_damage(s, err) : rc;
}

static int written_once(struct table_state *s, enum state_sql which, const struct parameters *p, flexdb_error *err) {
    int64_t affected = 0;
    int rc = write_run(s, which, p, &affected, err);
    if (rc == 0 && affected != 1) {
        rc = error_set(err, FLEXDB_CONFLICT, "a record was changed by somebody else");
        err->retryable = true;
    }
    return rc;
}

/* ---- update_all ---- */

/* Writes what stands in the table's record over the record. */
static int write_target(flexdb_table *t, const struct raw_record *raw, flexdb_error *err) {
    struct table_state *s = t->state;
    struct parameters p;
    p.count = 0;
    parameter_add(&p, value_text(t->record.document.data, t->record.document.length));
    parameter_add(&p, value_integer(write_time(raw->created_at)));
    int rc = write_add_physicals(&p, s, t->record.values, &t->physical, err);
    if (rc != 0) return rc;
    parameter_add(&p, value_integer(s->version));
    parameter_add(&p, value_integer(raw->seq));
    parameter_add(&p, value_integer(raw->version));
    return written_once(s, SQL_UPDATE_HELD, &p, err);
}

static int update_target(struct bulk *b, const struct raw_record *raw, flexdb_error *err) {
    flexdb_table *t = b->table;
    int rc = codec_merge(t->state->validator, raw->data, raw->data_length, b->given, &t->record, err);
    if (rc != 0) return record_blame(raw, err);
    rc = write_target(t, raw, err);
    for (int lapsed = 1; rc == -FLEXDB_DUPLICATE && lapsed == 1;) {
        lapsed = write_let_lapse(t, err);
        rc = lapsed == 1 ? write_target(t, raw, err) : lapsed < 0 ? lapsed : rc;
    }
    const flexdb_value id = value_text(raw->id, raw->id_length);
    return rc == -FLEXDB_DUPLICATE ? write_explain_duplicate(t->state, t->record.values, &id, raw->seq, err) : rc;
}

/* The changes are judged even when no record is selected. */
static int judge_changes(struct bulk *b, flexdb_error *err) {
    flexdb_table *t = b->table;
    const struct validator *v = t->state->validator;
    if (b->given[validator_shape(v)->columns + SLOT_ID].tag != FLEXDB_ABSENT)
        error_issue(err, "id", "id", NULL, NULL, "cannot be set: every record has its own");
    int rc = codec_judge(v, b->given, &t->record, err);
    if (rc == 0) return references_explain(t->state, t->record.values, b->given, NULL, 0, err);
    if (rc != -FLEXDB_INVALID_RECORD) return rc;
    error_reopen_issues(err);
    rc = references_add_missing(t->state, t->record.values, b->given, NULL, 0, err);
    return rc != 0 ? rc : error_close_issues(err, FLEXDB_INVALID_RECORD);
}

static int update_targets(void *context, flexdb_error *err) {
    struct bulk *b = context;
    flexdb_rows *rows = NULL;
    b->affected = 0;
    int rc = write_hold(b->table, b->v, err);
    if (rc == 0) rc = judge_changes(b, err);
    if (rc == 0) rc = find_targets(b, &rows, err);
    struct raw_record raw;
    int more = 1;
    while (rc == 0 && (more = rows_next(rows, &raw, err)) == 1) {
        rc = update_target(b, &raw, err);
        b->affected++;
    }
    flexdb_rows_free(rows);
    return more < 0 ? more : rc;
}

int flexdb_update_all(flexdb_table *table, const char *query, size_t length, bool all, const flexdb_validator *v,
                      const flexdb_value *given, int64_t *affected, flexdb_error *err) {
    struct bulk b = {.table = table, .query = query, .length = length, .all = all, .v = v, .given = given};
    int rc = table_enter(table, ENGINE_WRITE, v, err);
    if (rc == 0) rc = engine_transact(table->db->engine, update_targets, &b, err);
    if (rc == 0) *affected = b.affected;
    return rc;
}

/* ---- delete_all ---- */

static int delete_target(struct bulk *b, const struct raw_record *raw, flexdb_error *err) {
    struct table_state *s = b->table->state;
    struct parameters p;
    p.count = 0;
    if (!b->hard) {
        int64_t now = write_time(raw->created_at);
        parameter_add(&p, value_integer(now));
        parameter_add(&p, value_integer(now));
        write_add_guard(&p, s, NULL, NULL, NULL);
    }
    parameter_add(&p, value_integer(raw->seq));
    parameter_add(&p, value_integer(raw->version));
    return written_once(s, b->hard ? SQL_ERASE : SQL_DELETE, &p, err);
}

/* Once all are marked: a record that goes along does not count as one that refers. */
static int check_referrers(const struct bulk *b, struct spool *deleted, flexdb_error *err) {
    struct raw_record raw;
    int rc;
    while ((rc = spool_next(deleted, &raw, err)) == 1) {
        rc = references_check_deleted(b->table->state, raw.id, raw.id_length, err);
        if (rc != 0) break;
    }
    return rc;
}

static int delete_targets(void *context, flexdb_error *err) {
    struct bulk *b = context;
    flexdb_rows *rows = NULL;
    struct spool *deleted = NULL;
    b->affected = 0;
    int rc = write_hold(b->table, NULL, err);
    if (rc == 0) rc = find_targets(b, &rows, err);
    bool referred = b->table->state->layout->referrer_count != 0;
    if (rc == 0 && referred) rc = spool_new(&deleted, err);
    struct raw_record raw;
    int more = 1;
    while (rc == 0 && (more = rows_next(rows, &raw, err)) == 1) {
        rc = delete_target(b, &raw, err);
        raw.data_length = 0;
        if (rc == 0 && referred) rc = spool_add(deleted, &raw, err);
        b->affected++;
    }
    if (more < 0) rc = more;
    if (rc == 0 && referred) rc = check_referrers(b, deleted, err);
    spool_free(deleted);
    flexdb_rows_free(rows);
    return rc;
}

int flexdb_delete_all(flexdb_table *table, const char *query, size_t length, bool all, bool hard, int64_t *affected,
                      flexdb_error *err) {
    struct bulk b = {.table = table, .query = query, .length = length, .all = all, .hard = hard};
    int rc = table_enter(table, ENGINE_WRITE, NULL, err);
    if (rc == 0) rc = engine_transact(table->db->engine, delete_targets, &b, err);
    if (rc == 0) *affected = b.affected;
    return rc;
}
