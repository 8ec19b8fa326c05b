/* The layout's version, and what the engine itself finds wrong with its files. */
#include <string.h>

#include "db/doctor.h"
#include "sql/inspect.h"

static int check_layout(flexdb_doctor *d, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = database_read_layout(doctor_engine(d), &why);
    if (rc == 0) {
        rc = doctor_find(d, DOCTOR_LAYOUT, doctor_remedy(d), NULL, err,
                         "flex_meta does not say which layout the database has");
        if (rc == 0 && d->repair) rc = database_write_layout(doctor_engine(d), err);
    } else if (rc == -FLEXDB_CORRUPT || rc == -FLEXDB_UNSUPPORTED) {
        rc = doctor_find(d, DOCTOR_LAYOUT, REMEDY_NONE, NULL, err, "%s", why.message);
    } else if (rc < 0) {
        error_move(err, &why);
    }
    error_clear(&why);
    report_settle(&d->report, d->repair);
    return rc < 0 ? rc : 0;
}

/* ---- integrity ---- */

/* Calls the engine's own check; each of its lines but `ok` is a finding. *sound: there was none. */
static int ask_engine(flexdb_doctor *d, const char *table, enum remedy remedy, bool *sound, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    const char *sql = inspect_sql(e->dialect, table != NULL ? INSPECT_TABLE_INTEGRITY : INSPECT_INTEGRITY);
    flexdb_value value = table != NULL ? value_text(table, strlen(table)) : value_null();
    struct statement *s;
    const char *text;
    size_t length;
    *sound = true;
    int rc = doctor_query(d, &s, sql, &value, table != NULL ? 1 : 0, err);
    while (rc == 1) {
        rc = engine_text(e, s, 0, &text, &length, err);
        if (rc == 0 && !(length == 2 && memcmp(text, "ok", 2) == 0)) {
            *sound = false;
            rc = doctor_find(d, DOCTOR_INTEGRITY, remedy, NULL, err, "%.*s", (int)length, text);
        }
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

struct treatment {
    flexdb_doctor *doctor;
    const char *table;
};

static int build_indexes(void *context, flexdb_error *err) {
    const struct treatment *t = context;
    struct engine *e = doctor_engine(t->doctor);
    struct buffer sql = BUFFER_INIT;
    mend_indexes(e->dialect, t->table, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_ddl(e, sql.data, sql.length, err);
    buffer_free(&sql);
    return rc;
}

/* Indexes can be built anew; whether that was all, a second look tells. */
int doctor_check_integrity(flexdb_doctor *d, const char *table, flexdb_error *err) {
    bool sound;
    if (inspect_sql(doctor_engine(d)->dialect, INSPECT_INTEGRITY) == NULL) return 0;
    int rc = ask_engine(d, table, doctor_remedy(d), &sound, err);
    if (rc != 0 || sound || !d->repair) return rc;
    struct treatment t = {d, table};
    flexdb_error why = FLEXDB_ERROR_INIT;
    bool built = engine_transact(doctor_engine(d), build_indexes, &t, &why) == 0;
    bool refused = !built && why.code != FLEXDB_DUPLICATE && why.code != FLEXDB_CORRUPT;
    if (refused) error_move(err, &why);
    error_clear(&why);
    if (refused) return -(int)err->code;
    struct report found = d->report;
    if (built) rc = ask_engine(d, table, REMEDY_NONE, &sound, err);
    report_go_back(&d->report, &found);
    report_settle(&d->report, built && sound);
    return rc;
}

int doctor_check_engine(flexdb_doctor *d, flexdb_error *err) {
    int rc = check_layout(d, err);
    return rc == 0 && d->whole ? doctor_check_integrity(d, NULL, err) : rc;
}
