/* What is wrong with one record: its document, its physical columns, the numbers and times beside it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "db/doctor_record.h"
#include "sql/inspect.h"

static int find(flexdb_doctor *d, const struct doctor_row *row, enum doctor_code code, bool mends, const char *column,
                flexdb_error *err, const char *format, ...) __attribute__((format(printf, 7, 8)));

static int find(flexdb_doctor *d, const struct doctor_row *row, enum doctor_code code, bool mends, const char *column,
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

static int judge_entries(flexdb_doctor *d, const struct doctor_row *row, struct doctor_verdict *v, flexdb_error *err) {
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

static int judge_document(flexdb_doctor *d, const struct doctor_row *row, struct doctor_verdict *v, flexdb_error *err) {
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
static int judge_past(flexdb_doctor *d, const struct doctor_row *row, flexdb_error *err) {
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

static int judge_numbers(flexdb_doctor *d, const struct doctor_row *row, struct doctor_verdict *v, flexdb_error *err) {
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

/* The nearest time that can be printed. */
static int64_t clamp_time(int64_t micros) {
    const int64_t first = DATE_FIRST * DATETIME_DAY, last = (DATE_LAST + 1) * DATETIME_DAY - 1;
    return micros < first ? first : micros > last ? last : micros;
}

static int judge_times(flexdb_doctor *d, const struct doctor_row *row, struct doctor_verdict *v, flexdb_error *err) {
    const struct raw_record *raw = &row->raw;
    v->created_at = clamp_time(raw->created_at);
    v->updated_at = clamp_time(raw->updated_at);
    v->deleted_at = clamp_time(raw->deleted_at);
    const struct {
        const char *name;
        int64_t is, should;
    } times[] = {{"created_at", raw->created_at, v->created_at},
                 {"updated_at", raw->updated_at, v->updated_at},
                 {"deleted_at", raw->deleted_at, v->deleted_at}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof times / sizeof *times; i++) {
        if (times[i].is == times[i].should) continue;
        v->writes = true;
        rc = find(d, row, DOCTOR_RECORD_TIME, true, NULL, err,
                  "its %s, %lld microseconds, is not in the years 1 to 9999", times[i].name, (long long)times[i].is);
    }
    return rc;
}

static int judge_live(flexdb_doctor *d, const struct doctor_row *row, struct doctor_verdict *v, flexdb_error *err) {
    const flexdb_value wanted = row->raw.deleted ? value_null() : value_integer(1);
    if (!inspect_has_live(doctor_engine(d)->dialect) || same_entry(&row->live, &wanted)) return 0;
    v->writes = true;
    return find(d, row, DOCTOR_LIVE, true, NULL, err, "it is %s, its column \"live\" says otherwise",
                row->raw.deleted ? "deleted" : "not deleted");
}

/* What is wrong in computed columns is written to the document and to the physical columns. */
static int judge_computed(flexdb_doctor *d, const struct doctor_row *row, struct doctor_verdict *v, flexdb_error *err) {
    const struct table_state *s = &d->patient.seen;
    const flexdb_value id = value_text(row->raw.id, row->raw.id_length);
    flexdb_value *given = malloc((validator_shape(s->validator)->count + 1) * sizeof *given);
    if (given == NULL) return error_no_memory(err);
    for (size_t i = 0; i < validator_shape(s->validator)->count; i++) given[i].tag = FLEXDB_ABSENT;
    int rc = doctor_check_computed(d, d->record.values, &id, given, err);
    if (rc == 1 && d->repair) {
        rc = codec_put(s->validator, row->raw.data, row->raw.data_length, given, &d->mended, err);
        buffer_reset(&d->scratch);
        if (rc == 0) rc = record_physicals(s, d->mended.values, v->wanted, &d->scratch, err);
        v->writes = v->rewrites = rc == 0;
    }
    free(given);
    return rc < 0 ? rc : 0;
}

int doctor_judge(flexdb_doctor *d, const struct doctor_row *row, struct doctor_verdict *v, flexdb_error *err) {
    v->writes = v->rewrites = false;
    int rc = judge_document(d, row, v, err);
    if (rc == 0 && v->decoded) rc = judge_entries(d, row, v, err);
    if (rc == 0 && v->decoded) rc = judge_computed(d, row, v, err);
    if (rc == 0 && v->decoded) rc = judge_past(d, row, err);
    if (rc == 0) rc = judge_numbers(d, row, v, err);
    if (rc == 0) rc = judge_times(d, row, v, err);
    if (rc == 0) rc = judge_live(d, row, v, err);
    if (rc == 0 && !is_id(row->raw.id, row->raw.id_length))
        rc = find(d, row, DOCTOR_RECORD_ID, false, NULL, err, "its id is none: 1 to 128 of A-Z a-z 0-9 _ . : -");
    return rc;
}
