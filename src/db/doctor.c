/* doctor: the C API, and the order of its steps. */
#include "db/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/table.h"
#include "sql/inspect.h"

/* ---- findings ---- */

static int find(flexdb_doctor *d, enum doctor_code code, enum remedy remedy, const flexdb_value *record,
                const char *column, flexdb_error *err, const char *message) {
    struct place at = {.column = column};
    const struct patient *p = &d->patient;
    if (record != NULL) {
        at.record = record->as.text;
        at.record_length = record->length;
    }
    if (p->loaded) {
        at.application = p->row.application;
        at.table = p->layout != NULL && p->layout->original_name != NULL ? p->layout->original_name : p->row.name;
    }
    return report_add(&d->report, code, &at, remedy, message, err);
}

enum { MESSAGE_SIZE = 1024 };

/* What is too long is cut between two characters. */
static void compose(char out[MESSAGE_SIZE], const char *format, va_list arguments) {
    static const char more[] = "…";
    int length = vsnprintf(out, MESSAGE_SIZE, format, arguments);
    if (length < MESSAGE_SIZE) return;
    size_t end = MESSAGE_SIZE - sizeof more;
    while (end > 0 && ((unsigned char)out[end] & 0xC0) == 0x80) end--;
    memcpy(out + end, more, sizeof more);
}

int doctor_find(flexdb_doctor *d, enum doctor_code code, enum remedy remedy, const char *column, flexdb_error *err,
                const char *format, ...) {
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    compose(message, format, arguments);
    va_end(arguments);
    return find(d, code, remedy, NULL, column, err, message);
}

int doctor_find_record(flexdb_doctor *d, enum doctor_code code, enum remedy remedy, const flexdb_value *record,
                       const char *column, flexdb_error *err, const char *format, ...) {
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    compose(message, format, arguments);
    va_end(arguments);
    return find(d, code, remedy, record, column, err, message);
}

/* ---- which tables ---- */

static int add_id(flexdb_doctor *d, size_t *capacity, const char *id, size_t length, flexdb_error *err) {
    if (d->count == *capacity) {
        *capacity = *capacity == 0 ? 16 : *capacity * 2;
        char **more = realloc(d->ids, *capacity * sizeof *more);
        if (more == NULL) return error_no_memory(err);
        d->ids = more;
    }
    d->ids[d->count] = text_dup(id, length);
    if (d->ids[d->count] == NULL) return error_no_memory(err);
    d->count++;
    return 0;
}

static int list_all(flexdb_doctor *d, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct statement *s;
    size_t capacity = 0, length;
    const char *id;
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_TABLES), NULL, 0, err);
    while (rc == 1) {
        rc = engine_text(e, s, 0, &id, &length, err);
        if (rc == 0 && id != NULL) rc = add_id(d, &capacity, id, length, err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

static int list_named(flexdb_doctor *d, const struct flexdb_doctor_options *o, flexdb_error *err) {
    size_t capacity = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->table_count; i++) {
        const char *texts[] = {d->db->application, o->tables[i]};
        struct catalog_row row;
        rc = catalog_find(doctor_engine(d), CATALOG_TABLE_BY_NAME, texts, 2, &row, err);
        if (rc == 0) return table_no_such(o->tables[i], strlen(o->tables[i]), err);
        if (rc < 0) return rc;
        rc = add_id(d, &capacity, row.id, strlen(row.id), err);
        catalog_row_clear(&row);
    }
    return rc;
}

/* ---- begin and end ---- */

/* What is mended is mended in short transactions. Who may only read sees a server's records as they were when the
 * transaction began, but its physical tables as they are. */
static int enter(flexdb_doctor *d, flexdb_error *err) {
    int rc = database_enter(d->db, d->repair ? ENGINE_WRITE : ENGINE_READ, err);
    const struct engine *e = doctor_engine(d);
    if (rc != 0 || e->depth == 0) return rc;
    if (d->repair)
        return error_set(err, FLEXDB_UNSUPPORTED,
                         "doctor mends in transactions of its own and cannot be part of another");
    if (e->options.read_only && !engine_has(e, DRIVER_TRANSACTIONAL_DDL))
        return error_set(err, FLEXDB_UNSUPPORTED,
                         "doctor looks at what is there now, which a transaction that may only read does not see");
    return 0;
}

int flexdb_doctor_begin(flexdb_doctor **out, flexdb *db, const struct flexdb_doctor_options *options,
                        flexdb_error *err) {
    *out = NULL;
    flexdb_doctor *d = calloc(1, sizeof *d);
    if (d == NULL) return error_no_memory(err);
    d->db = database_hold(db);
    d->repair = options->repair;
    d->whole = options->tables == NULL;
    int rc = enter(d, err);
    /* What was written behind FlexDB's back did not bump a revision. */
    engine_forget_states(doctor_engine(d));
    if (rc == 0) rc = d->whole ? list_all(d, err) : list_named(d, options, err);
    if (rc != 0)
        flexdb_doctor_free(d);
    else
        *out = d;
    return rc;
}

void flexdb_doctor_free(flexdb_doctor *d) {
    if (d == NULL) return;
    patient_clear(&d->patient);
    strangers_clear(&d->strangers);
    report_clear(&d->report);
    for (size_t i = 0; i < d->count; i++) free(d->ids[i]);
    free(d->ids);
    record_free(&d->record);
    record_free(&d->room);
    record_free(&d->mended);
    buffer_free(&d->scratch);
    buffer_free(&d->sql);
    buffer_free(&d->kept);
    database_drop(d->db);
    free(d);
}

/* ---- steps ---- */

static void next_table(flexdb_doctor *d, bool done) {
    if (done) d->at++;
    patient_clear(&d->patient);
    strangers_clear(&d->strangers);
    d->phase = d->at < d->count ? DOCTOR_TABLE : DOCTOR_ORPHANS;
}

static int step(flexdb_doctor *d, flexdb_error *err) {
    int rc = 0;
    switch (d->phase) {
    case DOCTOR_ENGINE:
        rc = doctor_check_engine(d, err);
        if (rc == 0) next_table(d, false);
        break;
    case DOCTOR_TABLE:
        rc = doctor_check_table(d, err);
        if (rc == 0) next_table(d, true);
        if (rc == 1) d->phase = DOCTOR_RECORDS;
        break;
    case DOCTOR_RECORDS:
        rc = doctor_check_records(d, err);
        if (rc == 0) rc = doctor_check_strangers(d, err);
        if (rc == 0) d->phase = DOCTOR_VALUES;
        break;
    case DOCTOR_VALUES:
        rc = doctor_check_values(d, err);
        if (rc == 0) next_table(d, true);
        break;
    case DOCTOR_ORPHANS:
        rc = doctor_check_orphans(d, err);
        if (rc == 0) d->phase = DOCTOR_DONE;
        break;
    case DOCTOR_DONE: break;
    }
    return rc;
}

/* What the engine cannot read is a finding like any other, and ends what was under way. */
static int settle_unreadable(flexdb_doctor *d, flexdb_error *err) {
    flexdb_error why;
    error_move(&why, err);
    int rc = doctor_find(d, DOCTOR_UNREADABLE, REMEDY_NONE, NULL, err, "%s", why.message);
    error_clear(&why);
    if (rc != 0) return rc;
    if (d->phase == DOCTOR_ENGINE)
        next_table(d, false);
    else if (d->phase == DOCTOR_ORPHANS)
        d->phase = DOCTOR_DONE;
    else
        next_table(d, true);
    return 0;
}

/* On a server somebody may have taken one table for longer than a call waits: the others can be looked at all the same.
 */
static bool is_others(const flexdb_doctor *d) {
    bool table = d->phase == DOCTOR_TABLE || d->phase == DOCTOR_RECORDS || d->phase == DOCTOR_VALUES;
    return table && !engine_has(doctor_engine(d), DRIVER_SINGLE_WRITER);
}

int flexdb_doctor_step(flexdb_doctor *d, flexdb_error *err) {
    if (d->phase == DOCTOR_DONE) return 0;
    struct report mark = d->report;
    int rc = enter(d, err);
    if (rc != 0) return rc;
    rc = step(d, err);
    if (rc < 0) report_go_back(&d->report, &mark);
    if (rc == -FLEXDB_CORRUPT) rc = settle_unreadable(d, err);
    if (rc == -FLEXDB_BUSY && is_others(d)) {
        error_clear(err);
        d->report.in_progress++;
        next_table(d, true);
        rc = 0;
    }
    return rc < 0 ? -(int)err->code : d->phase != DOCTOR_DONE;
}

int64_t flexdb_doctor_records(const flexdb_doctor *d, const char **table) {
    if (table != NULL) *table = d->patient.loaded ? d->patient.row.name : NULL;
    return d->report.records;
}

int flexdb_doctor_report(const flexdb_doctor *d, struct buffer *out, flexdb_error *err) {
    return report_print(&d->report, d->repair, out, err);
}
