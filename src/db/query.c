/* Reading by query: find, count, get_many, and the records of a result. */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "db/rows.h"
#include "db/write.h"
#include "sql/select.h"

/* ---- the records of a result ---- */

/* What has to be decoded: what is selected and, for a cursor, what orders. */
static int choose_wanted(flexdb_rows *r, flexdb_error *err) {
    const struct query *q = r->query;
    if (q == NULL || q->select == NULL) return 0;
    size_t count = validator_shape(r->state->validator)->count;
    r->wanted = calloc(count, sizeof *r->wanted);
    if (r->wanted == NULL) return error_no_memory(err);
    memcpy(r->wanted, q->select, count * sizeof *r->wanted);
    for (size_t i = 0; r->page != 0 && i < q->order_count; i++) r->wanted[q->orders[i].slot] = true;
    return 0;
}

static flexdb_value system_order_value(size_t slot, const struct raw_record *raw) {
    switch ((enum system_slot)slot) {
    case SLOT_ID: return value_text(raw->id, raw->id_length);
    case SLOT_CREATED_AT: return value_integer(raw->created_at);
    case SLOT_UPDATED_AT: return value_integer(raw->updated_at);
    case SLOT_DELETED_AT: return raw->deleted ? value_integer(raw->deleted_at) : value_null();
    case SLOT_VERSION: return value_integer(raw->version);
    case SYSTEM_SLOTS: break;
    }
    return value_null();
}

/* The cursor behind the last record of the page. */
static int note_cursor(flexdb_rows *r, const struct raw_record *raw, flexdb_error *err) {
    const struct query *q = r->query;
    const struct validator *v = r->state->validator;
    const flexdb_shape *shape = validator_shape(v);
    struct buffer scratch = BUFFER_INIT;
    flexdb_value *values = calloc(q->order_count + 1, sizeof *values);
    int rc = values != NULL && buffer_reserve(&scratch, (q->order_count + 1) * CODEC_PHYSICAL_SCRATCH)
                 ? 0
                 : error_no_memory(err);
    for (size_t i = 0; rc == 0 && i < q->order_count; i++) {
        size_t slot = q->orders[i].slot;
        const flexdb_value *value = &r->record.values[slot];
        if (slot >= shape->columns)
            values[i] = system_order_value(slot - shape->columns, raw);
        else if (value_is_none(value))
            values[i] = value_null();
        else
            rc = codec_physical(v, slot, value, &values[i], &scratch, err);
    }
    if (rc == 0) rc = query_cursor(q, v, values, raw->seq, &r->cursor, err);
    if (rc == 0 && buffer_failed(&r->cursor)) rc = error_no_memory(err);
    free(values);
    buffer_free(&scratch);
    return rc;
}

/* What was read for the cursor's sake, or comes with every record, is not what was asked for. */
static void hide_unselected(flexdb_rows *r) {
    size_t count = validator_shape(r->state->validator)->count;
    for (size_t i = 0; i < count; i++)
        if (!r->query->select[i]) r->record.values[i] = (flexdb_value){.tag = FLEXDB_ABSENT};
}

/* Nothing is told of what the engine gives beyond the limit. */
static bool is_complete(const flexdb_rows *r) {
    return r->query != NULL && r->query->has_limit && r->given == r->query->limit;
}

int flexdb_rows_step(flexdb_rows *rows, flexdb_row *out, flexdb_error *err) {
    struct raw_record raw;
    int rc = rows_next(rows, &raw, err);
    if (rc < 0) return record_find_damage(rows->state, err);
    if (rc == 0 || is_complete(rows)) return 0;
    if (rows->page != 0 && rows->given == rows->page) {
        rows->more = true;
        return 0;
    }
    const struct validator *v = rows->state->validator;
    rc = record_decode(v, &raw, rows->wanted, &rows->record, err);
    if (rc != 0) return rc;
    record_system_slots(validator_shape(v), rows->record.values, &raw, &rows->times);
    rows->given++;
    if (rows->page != 0 && rows->given == rows->page) rc = note_cursor(rows, &raw, err);
    if (rc != 0) return rc;
    if (rows->wanted != NULL) hide_unselected(rows);
    *out = (flexdb_row){.validator = v, .values = rows->record.values};
    return 1;
}

const bool *flexdb_rows_selected(const flexdb_rows *rows) { return rows->query != NULL ? rows->query->select : NULL; }

int flexdb_rows_next_page(flexdb_rows *rows, struct buffer *out, flexdb_error *err) {
    if (!rows->more) return 0;
    buffer_append(out, rows->cursor.data, rows->cursor.length);
    return buffer_failed(out) ? error_no_memory(err) : 0;
}

/* ---- find ---- */

static int select_records(flexdb_rows *r, const struct query *q, bool *trusted, flexdb_error *err) {
    struct table_state *s = r->state;
    struct sql sql = SQL_INIT;
    int rc = select_build(&sql, s->engine->dialect, SELECT_RECORDS, s->layout, s->validator, q, s->id, err);
    if (rc == 0) rc = rows_run(r, sql.text.data, sql.text.length, sql.parameters, sql.count, trusted, err);
    sql_clear(&sql);
    return rc;
}

static int find_once(flexdb_rows **out, flexdb_table *t, const char *query, size_t length, bool paged, bool *trusted,
                     flexdb_error *err) {
    struct query *q;
    int rc = query_parse(&q, t->state->validator, query, length, err);
    if (rc != 0) return rc;
    int64_t page = paged && q->has_limit && q->limit > 0 && q->limit < INT64_MAX ? q->limit : 0;
    /* One more tells whether there is another page. */
    if (page != 0) q->limit++;
    rc = rows_new(out, t, q, err);
    if (rc != 0) return rc;
    (*out)->page = page;
    rc = choose_wanted(*out, err);
    if (rc == 0) rc = select_records(*out, q, trusted, err);
    return rc;
}

int flexdb_find(flexdb_rows **out, flexdb_table *table, const char *query, size_t length, bool paged,
                flexdb_error *err) {
    *out = NULL;
    for (struct table_tries tries = table_tries(table);;) {
        bool trusted = false;
        int rc = table_enter(table, ENGINE_READ, NULL, err);
        if (rc != 0) return rc;
        rc = find_once(out, table, query, length, paged, &trusted, err);
        if (rc == 0 && trusted) return 0;
        if (rc == 0) error_set(err, FLEXDB_STALE, "table \"%s\" has changed", table->state->name);
        flexdb_rows_free(*out);
        *out = NULL;
        if (!table_call_again(table, NULL, NULL, &tries, err)) return record_find_damage(table->state, err);
    }
}

/* ---- count ---- */

static int count_once(flexdb_table *t, const char *query, size_t length, int64_t *out, bool *trusted,
                      flexdb_error *err) {
    struct table_state *s = t->state;
    struct engine *e = s->engine;
    struct query *q;
    int rc = query_parse(&q, s->validator, query, length, err);
    if (rc != 0) return rc;
    struct sql sql = SQL_INIT;
    struct statement *statement = NULL;
    int64_t revision = 0;
    rc = select_build(&sql, e->dialect, SELECT_COUNT, s->layout, s->validator, q, s->id, err);
    if (rc == 0) rc = engine_query(e, &statement, sql.text.data, sql.text.length, sql.parameters, sql.count, err);
    if (rc == 0) rc = error_set(err, FLEXDB_INTERNAL, "a count gave no row");
    if (rc == 1) rc = engine_integer(e, statement, 0, out, err);
    if (rc == 0 && records_selects_revision(e->dialect)) rc = engine_integer(e, statement, 1, &revision, err);
    if (rc == 0) rc = state_verify(s, revision, err);
    if (rc >= 0) *trusted = rc == 1;
    engine_finalize(e, statement);
    sql_clear(&sql);
    query_free(q);
    return rc < 0 ? rc : 0;
}

int flexdb_count(flexdb_table *table, const char *query, size_t length, int64_t *out, flexdb_error *err) {
    for (struct table_tries tries = table_tries(table);;) {
        bool trusted = false;
        int rc = table_enter(table, ENGINE_READ, NULL, err);
        if (rc != 0) return rc;
        rc = count_once(table, query, length, out, &trusted, err);
        if (rc == 0 && trusted) return 0;
        if (rc == 0) error_set(err, FLEXDB_STALE, "table \"%s\" has changed", table->state->name);
        if (!table_call_again(table, NULL, NULL, &tries, err)) return record_find_damage(table->state, err);
    }
}

/* ---- get_many ---- */

enum { IDS_AT_ONCE = 512 };

/* Texts are made for 1, 8, 64 and 512 ids; an id that stands there twice is found once. */
static size_t padded(size_t count) { return count <= 1 ? 1 : count <= 8 ? 8 : count <= 64 ? 64 : IDS_AT_ONCE; }

static int fetch_some(flexdb_rows *r, const flexdb_value *ids, size_t count, bool *trusted, flexdb_error *err) {
    struct table_state *s = r->state;
    const struct dialect *d = s->engine->dialect;
    flexdb_value values[IDS_AT_ONCE + 1];
    size_t size = padded(count), first = records_selects_revision(d) ? 1 : 0;
    values[0] = value_text(s->id, strlen(s->id));
    for (size_t i = 0; i < size; i++) values[first + i] = ids[i < count ? i : count - 1];
    struct buffer sql = BUFFER_INIT;
    records_fetch_many(d, s->layout, size, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err)
                                 : rows_run(r, sql.data, sql.length, values, first + size, trusted, err);
    buffer_free(&sql);
    return rc;
}

static int fetch_all(flexdb_rows **out, flexdb_table *t, const flexdb_value *ids, size_t count, bool *trusted,
                     flexdb_error *err) {
    int rc = rows_new(out, t, NULL, err);
    *trusted = true;
    for (size_t i = 0; rc == 0 && *trusted && i < count; i += IDS_AT_ONCE)
        rc = fetch_some(*out, ids + i, count - i < IDS_AT_ONCE ? count - i : IDS_AT_ONCE, trusted, err);
    /* Of several statements only the last is left to be stepped; what was spooled must stay first. */
    if (rc == 0 && *trusted && count > IDS_AT_ONCE) rc = rows_spool(*out, err);
    return rc;
}

/* Ids without repetitions, in an array for the caller to free. */
static int distinct_ids(const flexdb_value *ids, size_t count, flexdb_value **out, size_t *out_count,
                        flexdb_error *err) {
    struct names seen = NAMES_INIT;
    *out_count = 0;
    *out = calloc(count + 1, sizeof **out);
    int rc = *out != NULL ? 0 : error_no_memory(err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        int added = names_add(&seen, ids[i].as.text, ids[i].length, 0);
        if (added < 0) rc = error_no_memory(err);
        if (added == 1) (*out)[(*out_count)++] = ids[i];
    }
    names_free(&seen);
    return rc;
}

int flexdb_get_many(flexdb_rows **out, flexdb_table *table, const flexdb_value *ids, size_t count, flexdb_error *err) {
    *out = NULL;
    flexdb_value *list;
    size_t listed;
    int rc = distinct_ids(ids, count, &list, &listed, err);
    for (struct table_tries tries = table_tries(table); rc == 0;) {
        bool trusted = false;
        rc = table_enter(table, ENGINE_READ, NULL, err);
        if (rc != 0) break;
        rc = fetch_all(out, table, list, listed, &trusted, err);
        if (rc == 0 && trusted) break;
        if (rc == 0) error_set(err, FLEXDB_STALE, "table \"%s\" has changed", table->state->name);
        flexdb_rows_free(*out);
        *out = NULL;
        rc = table_call_again(table, NULL, NULL, &tries, err) ? 0 : -(int)err->code;
    }
    free(list);
    return rc;
}
