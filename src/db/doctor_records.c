/* Records one by one: their documents, what stands beside them, and the physical columns. They are read without a lock;
 * what must be mended is read again under one, and judged by what it is then. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "db/doctor.h"
#include "db/table.h"
#include "sql/ddl.h"
#include "sql/inspect.h"

/* A record and its physical columns, as a statement gives them. */
struct row {
    struct raw_record raw;
    flexdb_value live;
    flexdb_value entries[DEFINITION_MAX_PHYSICAL]; /* by seen.physicals */
};

/* What a record comes to. */
struct verdict_on {
    bool decoded;                                 /* `wanted` is what the document gives */
    bool writes;                                  /* something can be mended */
    flexdb_value wanted[DEFINITION_MAX_PHYSICAL]; /* by seen.physicals */
    int64_t version, schema_version;              /* as they should be */
};

static int read_row(flexdb_doctor *d, struct statement *s, struct row *out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    int rc = raw_read(e, s, &out->raw, err);
    if (rc == 0) rc = engine_driver(e)->column(s, INSPECT_LIVE, &out->live, err);
    for (size_t i = 0; rc == 0 && i < d->patient.seen.physical_count; i++)
        rc = engine_driver(e)->column(s, INSPECT_FIRST_ENTRY + i, &out->entries[i], err);
    return rc;
}

/* ---- judging ---- */

static int find(flexdb_doctor *d, const struct row *row, enum doctor_code code, bool mends, const char *column,
                flexdb_error *err, const char *format, ...) __attribute__((format(printf, 7, 8)));

static int find(flexdb_doctor *d, const struct row *row, enum doctor_code code, bool mends, const char *column,
                flexdb_error *err, const char *format, ...) {
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    flexdb_value id = value_text(row->raw.id, row->raw.id_length);
    return doctor_find_record(d, code, mends ? doctor_remedy(d) : REMEDY_NONE, &id, column, err, "%s", message);
}

static bool same_entry(const flexdb_value *a, const flexdb_value *b) {
    if (value_is_none(a) || value_is_none(b)) return value_is_none(a) && value_is_none(b);
    if (a->tag == FLEXDB_INTEGER || b->tag == FLEXDB_INTEGER) return a->tag == b->tag && a->as.integer == b->as.integer;
    bool texts = (a->tag == FLEXDB_TEXT || a->tag == FLEXDB_BYTES) && (b->tag == FLEXDB_TEXT || b->tag == FLEXDB_BYTES);
    return texts && a->length == b->length && memcmp(a->as.text, b->as.text, a->length) == 0;
}

/* An entry as a message can show it. */
static void show_entry(char out[SHOWN_SIZE], const flexdb_value *entry) {
    struct utf8_facts facts;
    if (value_is_none(entry))
        snprintf(out, SHOWN_SIZE, "nothing");
    else if (entry->tag == FLEXDB_INTEGER)
        snprintf(out, SHOWN_SIZE, "%lld", (long long)entry->as.integer);
    else if (entry->tag == FLEXDB_NUMBER)
        snprintf(out, SHOWN_SIZE, "%.17g", entry->as.number);
    else if (utf8_check(entry->as.text, entry->length, &facts))
        record_shown(out, entry->as.text, entry->length);
    else
        snprintf(out, SHOWN_SIZE, "%zu bytes", entry->length);
}

static int judge_entries(flexdb_doctor *d, const struct row *row, struct verdict_on *v, flexdb_error *err) {
    const struct table_state *s = &d->patient.seen;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->physical_count; i++) {
        const struct layout_column *c = s->physicals[i].column;
        if (same_entry(&row->entries[i], &v->wanted[i])) continue;
        v->writes = true;
        /* Nobody has filled it yet. */
        if (d->patient.stale[c - s->layout->columns]) continue;
        char holds[SHOWN_SIZE], wants[SHOWN_SIZE];
        show_entry(holds, &row->entries[i]);
        show_entry(wants, &v->wanted[i]);
        rc = find(d, row, DOCTOR_PHYSICAL_VALUE, true,
                  validator_column(s->validator, s->physicals[i].slot)->column->name, err,
                  "its physical column %s holds %s, the document gives %s", c->name, holds, wants);
    }
    return rc;
}

static int judge_document(flexdb_doctor *d, const struct row *row, struct verdict_on *v, flexdb_error *err) {
    const struct table_state *s = &d->patient.seen;
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = codec_decode(s->validator, row->raw.data, row->raw.data_length, NULL, &d->record, &why);
    if (rc == 0) {
        buffer_reset(&d->scratch);
        rc = record_physicals(s, d->record.values, v->wanted, &d->scratch, &why);
    }
    v->decoded = rc == 0;
    if (rc == -FLEXDB_CORRUPT) {
        memcpy(v->wanted, row->entries, s->physical_count * sizeof *v->wanted);
        rc = find(d, row, DOCTOR_DOCUMENT, false, NULL, err, "%s", why.message);
    } else if (rc != 0) {
        error_move(err, &why);
    }
    error_clear(&why);
    return rc;
}

/* What older versions would read. Nothing of it stands in a physical column. */
static int judge_past(flexdb_doctor *d, const struct row *row, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    if (d->patient.past == NULL) return 0;
    int rc = codec_decode(d->patient.past, row->raw.data, row->raw.data_length, NULL, &d->room, &why);
    if (rc == -FLEXDB_CORRUPT)
        rc = find(d, row, DOCTOR_DOCUMENT, false, NULL, err, "%s", why.message);
    else if (rc != 0)
        error_move(err, &why);
    error_clear(&why);
    return rc;
}

static bool is_id(const char *text, size_t length) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0' || strchr(allowed, text[i]) == NULL) return false;
    return length > 0 && length <= ID_MAX_LENGTH;
}

static int judge_numbers(flexdb_doctor *d, const struct row *row, struct verdict_on *v, flexdb_error *err) {
    const struct raw_record *raw = &row->raw;
    int64_t current = d->patient.row.version;
    int rc = 0;
    v->version = raw->version < 1 ? 1 : raw->version;
    v->schema_version = raw->schema_version < 1 ? 1 : raw->schema_version > current ? current : raw->schema_version;
    v->writes = v->writes || v->version != raw->version || v->schema_version != raw->schema_version;
    if (v->version != raw->version)
        rc = find(d, row, DOCTOR_RECORD_VERSION, true, NULL, err, "its version is %lld, versions are counted from 1",
                  (long long)raw->version);
    if (rc == 0 && v->schema_version != raw->schema_version)
        rc = find(d, row, DOCTOR_SCHEMA_VERSION, true, NULL, err,
                  "it was written under version %lld of the definition, which is at version %lld",
                  (long long)raw->schema_version, (long long)current);
    return rc;
}

static int judge_live(flexdb_doctor *d, const struct row *row, struct verdict_on *v, flexdb_error *err) {
    const flexdb_value wanted = row->raw.deleted ? value_null() : value_integer(1);
    if (!inspect_has_live(doctor_engine(d)->dialect) || same_entry(&row->live, &wanted)) return 0;
    v->writes = true;
    return find(d, row, DOCTOR_LIVE, true, NULL, err, "it is %s, its column \"live\" says otherwise",
                row->raw.deleted ? "deleted" : "not deleted");
}

/* Adds what is wrong with a record, and says what of it can be mended. */
static int judge(flexdb_doctor *d, const struct row *row, struct verdict_on *v, flexdb_error *err) {
    v->writes = false;
    int rc = judge_document(d, row, v, err);
    if (rc == 0 && v->decoded) rc = judge_entries(d, row, v, err);
    const flexdb_value id = value_text(row->raw.id, row->raw.id_length);
    if (rc == 0 && v->decoded) rc = doctor_check_computed(d, d->record.values, &id, err);
    if (rc == 0 && v->decoded) rc = judge_past(d, row, err);
    if (rc == 0) rc = judge_numbers(d, row, v, err);
    if (rc == 0) rc = judge_live(d, row, v, err);
    if (rc == 0 && !is_id(row->raw.id, row->raw.id_length))
        rc = find(d, row, DOCTOR_RECORD_ID, false, NULL, err, "its id is none: 1 to 128 of A-Z a-z 0-9 _ . : -");
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
};

/* Copies what the statement lends, so that another can run. */
static int keep_row(flexdb_doctor *d, struct row *row, flexdb_error *err) {
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
static int take_row(flexdb_doctor *d, int64_t seq, struct row *out, flexdb_error *err) {
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
static int write_row(flexdb_doctor *d, const struct row *row, const struct verdict_on *v, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    const struct table_state *s = &d->patient.seen;
    flexdb_value values[DEFINITION_MAX_PHYSICAL + 3];
    size_t count = s->physical_count;
    memcpy(values, v->wanted, count * sizeof *values);
    values[count++] = value_integer(v->version);
    values[count++] = value_integer(v->schema_version);
    values[count++] = value_integer(row->raw.seq);
    struct buffer sql = BUFFER_INIT;
    flexdb_error why = FLEXDB_ERROR_INIT;
    mend_record(e->dialect, s->layout, &sql);
    int rc =
        buffer_failed(&sql) ? error_no_memory(err) : engine_run(e, sql.data, sql.length, values, count, NULL, &why);
    buffer_free(&sql);
    bool refused = rc == -FLEXDB_DUPLICATE && !why.ended;
    if (rc != 0 && !refused && why.code != FLEXDB_OK) error_move(err, &why);
    error_clear(&why);
    return rc == 0 ? 1 : refused ? 0 : -(int)err->code;
}

static int mend_row(flexdb_doctor *d, int64_t seq, flexdb_error *err) {
    struct row row;
    struct verdict_on v;
    int rc = take_row(d, seq, &row, err);
    if (rc == 1) rc = judge(d, &row, &v, err);
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

static int look_at(struct ward *w, const struct row *row, flexdb_error *err) {
    flexdb_doctor *d = w->doctor;
    struct verdict_on v;
    int64_t found = d->report.found;
    int rc = judge(d, row, &v, err);
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
        struct row row;
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
    struct ward *w = malloc(sizeof *w);
    if (w == NULL) return error_no_memory(err);
    int rc = 0, followed = 1;
    for (int tries = 0; rc == 0 && followed == 1 && tries < TABLE_MAX_ATTEMPTS; tries++) {
        rc = check_batch(d, w, err);
        if (rc == 0) followed = doctor_follow(d, err);
    }
    if (rc == 1) {
        d->patient.seq = w->last;
        rc = w->more;
    } else if (rc == 0) {
        rc = followed == 1 ? doctor_kept_changing(d, err) : followed;
    }
    free(w);
    return rc;
}
