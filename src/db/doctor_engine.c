/* The layout's version, and what the engine itself finds wrong with its files. */
#include <string.h>

#include "db/doctor.h"
#include "db/tables.h"
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

/* ---- indexes of FlexDB's own tables ---- */

static int run_ddl(flexdb_doctor *d, struct buffer *sql, flexdb_error *err) {
    int rc = buffer_failed(sql) ? error_no_memory(err) : engine_ddl(doctor_engine(d), sql->data, sql->length, err);
    buffer_reset(sql);
    return rc;
}

/* 1 done, 0 when rows stand in the way, or somebody is at the table for longer than a call waits. */
static int build_own(flexdb_doctor *d, const char *table, const struct index_shape *wanted, bool replace,
                     flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = 0;
    if (replace) {
        mend_drop_own(doctor_engine(d)->dialect, table, wanted, &d->sql);
        rc = run_ddl(d, &d->sql, &why);
    }
    if (rc == 0) {
        mend_create_own(table, wanted, &d->sql);
        rc = run_ddl(d, &d->sql, &why);
    }
    bool refused = rc == -FLEXDB_DUPLICATE || rc == -FLEXDB_BUSY;
    if (rc != 0 && !refused) error_move(err, &why);
    error_clear(&why);
    return rc == 0 ? 1 : refused ? 0 : -(int)err->code;
}

/* Called as it may be, and unique even where it need not be. */
static bool is_there(struct index_list *list, const struct index_shape *wanted, bool *named) {
    struct index_shape any = *wanted;
    bool ignored;
    if (doctor_has_index(list, wanted, named)) return true;
    any.name[0] = '\0';
    if (doctor_has_index(list, &any, &ignored)) return true;
    any.unique = true;
    return doctor_has_index(list, &any, &ignored);
}

static int check_own_index(flexdb_doctor *d, const char *table, const struct index_shape *wanted, flexdb_error *err) {
    struct index_list list = {.texts = BUFFER_INIT};
    bool named;
    int rc = doctor_list_indexes(d, table, &list, err);
    bool there = rc != 0 || is_there(&list, wanted, &named);
    buffer_free(&list.texts);
    if (there) return rc;
    int built = d->repair ? build_own(d, table, wanted, named, err) : 0;
    if (built < 0) return built;
    return doctor_find(d, DOCTOR_CATALOG_INDEX, built == 1 ? REMEDY_DONE : REMEDY_NONE, NULL, err,
                       "the %sindex on %s%s%s of %s is %s", wanted->unique ? "unique " : "", wanted->columns[0],
                       wanted->count > 1 ? ", " : "", wanted->count > 1 ? wanted->columns[1] : "", table,
                       named ? "not as it must be" : "missing");
}

static int check_own_indexes(flexdb_doctor *d, flexdb_error *err) {
    struct index_shape wanted;
    const char *table;
    int rc = 0;
    for (size_t i = 0; rc == 0 && mend_own_index(i, &table, &wanted); i++) {
        bool there;
        /* A database of an older FlexDB gets one of them when it is needed. */
        rc = tables_has_physical(doctor_engine(d), table, &there, err);
        if (rc == 0 && there) rc = check_own_index(d, table, &wanted, err);
    }
    return rc;
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
    if (rc == 0) rc = check_own_indexes(d, err);
    return rc == 0 && d->whole ? doctor_check_integrity(d, NULL, err) : rc;
}
