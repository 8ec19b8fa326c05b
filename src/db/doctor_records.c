/* Records one by one. They are read without a lock;
 * what must be mended is read again under one, and judged by what it is then. */
#include <stdlib.h>
#include <string.h>

#include "db/doctor.h"
#include "db/doctor_record.h"
#include "db/table.h"
#include "sql/inspect.h"

static int read_row(flexdb_doctor *d, struct statement *s, struct doctor_row *out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    int rc = raw_read(e, s, &out->raw, err);
    if (rc == 0) rc = engine_driver(e)->column(s, INSPECT_LIVE, &out->live, err);
    for (size_t i = 0; rc == 0 && i < d->patient.seen.physical_count; i++)
        rc = engine_driver(e)->column(s, INSPECT_FIRST_ENTRY + i, &out->entries[i], err);
    return rc;
}

/* ---- mending ---- */

/* The records of a batch that are to be read again. */
struct ward {
    flexdb_doctor *doctor;
    const struct report *mark;
    int64_t seqs[DOCTOR_BATCH];
    size_t count;
    bool more;
    int64_t last;
    struct strangers strangers;
};

/* Copies what the statement lends, so that another can run. */
static int keep_row(flexdb_doctor *d, struct doctor_row *row, flexdb_error *err) {
    struct buffer *texts = &d->kept;
    size_t count = d->patient.seen.physical_count;
    buffer_reset(texts);
    buffer_append(texts, row->raw.id, row->raw.id_length);
    buffer_append(texts, row->raw.data, row->raw.data_length);
    for (size_t i = 0; i < count; i++)
        if (row->entries[i].tag == FLEXDB_TEXT || row->entries[i].tag == FLEXDB_BYTES)
            buffer_append(texts, row->entries[i].as.text, row->entries[i].length);
    if (buffer_text(texts) == NULL) return error_no_memory(err);
    const char *at = texts->data;
    row->raw.id = at;
    at += row->raw.id_length;
    row->raw.data = at;
    at += row->raw.data_length;
    for (size_t i = 0; i < count; i++) {
        if (row->entries[i].tag != FLEXDB_TEXT && row->entries[i].tag != FLEXDB_BYTES) continue;
        row->entries[i].as.text = at;
        at += row->entries[i].length;
    }
    return 0;
}

/* 1 and the record, 0 when it is gone. */
static int take_row(flexdb_doctor *d, int64_t seq, struct doctor_row *out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    const struct table_state *s = &d->patient.seen;
    const flexdb_value values[] = {value_text(s->id, strlen(s->id)), value_integer(seq)};
    bool both = records_selects_revision(e->dialect);
    struct buffer sql = BUFFER_INIT;
    struct statement *statement = NULL;
    inspect_record(e->dialect, s->layout, &sql);
    int rc = buffer_failed(&sql)
                 ? error_no_memory(err)
                 : engine_query(e, &statement, sql.data, sql.length, both ? values : values + 1, both ? 2 : 1, err);
    int read = rc == 1 ? read_row(d, statement, out, err) : 0;
    if (rc == 1 && read == 0) read = keep_row(d, out, err);
    engine_finalize(e, statement);
    buffer_free(&sql);
    return read != 0 ? read : rc;
}

/* 1 done, 0 when another record stands in the way. */
static int write_row(flexdb_doctor *d, const struct doctor_row *row, const struct doctor_verdict *v,
                     flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    const struct table_state *s = &d->patient.seen;
    flexdb_value values[DEFINITION_MAX_PHYSICAL + 7];
    size_t count = s->physical_count;
    memcpy(values, v->wanted, count * sizeof *values);
    if (v->rewrites) values[count++] = value_text(d->mended.document.data, d->mended.document.length);
    values[count++] = value_integer(v->version);
    values[count++] = value_integer(v->schema_version);
    values[count++] = value_integer(v->created_at);
    values[count++] = value_integer(v->updated_at);
    values[count++] = row->raw.deleted ? value_integer(v->deleted_at) : value_null();
    values[count++] = value_integer(row->raw.seq);
    struct buffer sql = BUFFER_INIT;
    flexdb_error why = FLEXDB_ERROR_INIT;
    mend_record(e->dialect, s->layout, v->rewrites, &sql);
    int rc =
        buffer_failed(&sql) ? error_no_memory(err) : engine_run(e, sql.data, sql.length, values, count, NULL, &why);
    buffer_free(&sql);
    bool refused = rc == -FLEXDB_DUPLICATE && !why.ended;
    if (rc != 0 && !refused && why.code != FLEXDB_OK) error_move(err, &why);
    error_clear(&why);
    return rc == 0 ? 1 : refused ? 0 : -(int)err->code;
}

static int mend_row(flexdb_doctor *d, int64_t seq, flexdb_error *err) {
    struct doctor_row row;
    struct doctor_verdict v;
    int rc = take_row(d, seq, &row, err);
    if (rc == 1) rc = doctor_judge(d, &row, &v, err);
    if (rc != 0) return rc;
    int written = v.writes ? write_row(d, &row, &v, err) : 0;
    if (written >= 0) report_settle(&d->report, written == 1);
    return written < 0 ? written : 0;
}

/* Nobody may change the definition meanwhile. */
static int hold(flexdb_doctor *d, flexdb_error *err) {
    const char *id = d->patient.row.id;
    struct catalog_row row;
    int rc = catalog_find(doctor_engine(d), CATALOG_TABLE_SHARE, &id, 1, &row, err);
    if (rc < 0) return rc;
    bool moved = rc == 0 || row.revision != d->patient.row.revision;
    if (rc == 1) catalog_row_clear(&row);
    return moved ? error_set(err, FLEXDB_STALE, "table \"%s\" has changed", d->patient.row.name) : 0;
}

static int mend_rows(void *context, flexdb_error *err) {
    const struct ward *w = context;
    report_go_back(&w->doctor->report, w->mark);
    int rc = hold(w->doctor, err);
    for (size_t i = 0; rc == 0 && i < w->count; i++) rc = mend_row(w->doctor, w->seqs[i], err);
    return rc;
}

/* ---- batches ---- */

static int look_at(struct ward *w, const struct doctor_row *row, flexdb_error *err) {
    flexdb_doctor *d = w->doctor;
    struct doctor_verdict v;
    int64_t found = d->report.found;
    int rc = doctor_judge(d, row, &v, err);
    if (rc == 0 && v.decoded) rc = strangers_meet(d, &w->strangers, &row->raw, err);
    if (rc == 0 && (v.writes || d->report.found != found)) w->seqs[w->count++] = row->raw.seq;
    w->last = row->raw.seq;
    d->report.records++;
    return rc;
}

static int read_rows(struct ward *w, flexdb_error *err) {
    flexdb_doctor *d = w->doctor;
    struct engine *e = doctor_engine(d);
    const struct table_state *s = &d->patient.seen;
    const flexdb_value values[] = {value_text(s->id, strlen(s->id)), value_integer(d->patient.seq),
                                   value_integer(DOCTOR_BATCH)};
    bool both = records_selects_revision(e->dialect);
    size_t bytes = 0;
    struct buffer sql = BUFFER_INIT;
    struct statement *statement = NULL;
    inspect_records(e->dialect, s->layout, &sql);
    int rc = buffer_failed(&sql)
                 ? error_no_memory(err)
                 : engine_query(e, &statement, sql.data, sql.length, both ? values : values + 1, both ? 3 : 2, err);
    while (rc == 1 && bytes < DOCTOR_BATCH_BYTES) {
        struct doctor_row row;
        rc = read_row(d, statement, &row, err);
        if (rc == 0) rc = look_at(w, &row, err);
        if (rc != 0) break;
        w->more = true;
        bytes += row.raw.data_length;
        rc = engine_step(e, statement, err);
    }
    engine_finalize(e, statement);
    buffer_free(&sql);
    return rc < 0 ? rc : 0;
}

/* 1 done, 0 when the table has moved. */
static int check_batch(flexdb_doctor *d, struct ward *w, flexdb_error *err) {
    struct report mark = d->report;
    int64_t before = d->report.records;
    strangers_clear(&w->strangers);
    *w = (struct ward){.doctor = d, .mark = &mark, .last = d->patient.seq};
    /* A physical table that cannot be read may have been replaced. */
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = read_rows(w, &why), current = patient_is_current(d, err);
    if (current == 1 && rc != 0) error_move(err, &why);
    error_clear(&why);
    if (current != 1 || rc != 0) {
        report_go_back(&d->report, &mark);
        return current != 1 ? current : rc;
    }
    int64_t records = d->report.records - before;
    if (!d->repair || w->count == 0) return 1;
    rc = engine_transact(doctor_engine(d), mend_rows, w, err);
    if (rc == -FLEXDB_STALE) {
        error_clear(err);
        report_go_back(&d->report, &mark);
        return 0;
    }
    d->report.records += records;
    return rc < 0 ? rc : 1;
}

int doctor_check_records(flexdb_doctor *d, flexdb_error *err) {
    struct ward *w = calloc(1, sizeof *w);
    if (w == NULL) return error_no_memory(err);
    int rc = 0, followed = 1;
    for (int tries = 0; rc == 0 && followed == 1 && tries < TABLE_MAX_ATTEMPTS; tries++) {
        rc = check_batch(d, w, err);
        if (rc == 0) followed = doctor_follow(d, err);
    }
    if (rc == 1) {
        d->patient.seq = w->last;
        rc = strangers_merge(&d->strangers, &w->strangers, err);
        if (rc == 0) rc = w->more;
    } else if (rc == 0) {
        rc = followed == 1 ? doctor_kept_changing(d, err) : followed;
    }
    strangers_clear(&w->strangers);
    free(w);
    return rc;
}
