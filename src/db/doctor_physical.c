/* The physical table: its columns and its indexes. */
#include <stdio.h>
#include <string.h>

#include "db/doctor.h"
#include "sql/inspect.h"
#include "sql/mend.h"

/* ---- columns that are there ---- */

static int run_ddl(flexdb_doctor *d, struct buffer *sql, flexdb_error *err) {
    int rc = buffer_failed(sql) ? error_no_memory(err) : engine_ddl(doctor_engine(d), sql->data, sql->length, err);
    buffer_reset(sql);
    return rc;
}

static const char *name_of_key(const flexdb_doctor *d, const char *key) {
    const struct validator *v = d->patient.validator;
    int64_t slot = validator_slot_of_key(v, key, strlen(key));
    return slot == NAMES_NONE ? NULL : validator_column(v, (size_t)slot)->column->name;
}

static int check_entry(flexdb_doctor *d, size_t i, flexdb_error *err) {
    struct patient *p = &d->patient;
    const struct layout_column *c = &p->layout->columns[i];
    int rc = 0;
    if (d->repair) {
        mend_add_column(doctor_engine(d)->dialect, p->layout, c, &d->sql);
        rc = run_ddl(d, &d->sql, err);
        p->stale[i] = p->there.entry[i] = true;
    }
    if (rc != 0) return rc;
    return doctor_find(d, DOCTOR_PHYSICAL_COLUMN, d->repair ? REMEDY_DONE : REMEDY_NONE, name_of_key(d, c->key), err,
                       "the physical column %s is missing", c->name);
}

static int check_digest(flexdb_doctor *d, size_t i, flexdb_error *err) {
    struct patient *p = &d->patient;
    char name[MEND_OWN_SIZE];
    if (!mend_digest_name(doctor_engine(d)->dialect, p->layout, &p->layout->indexes[i], name) || p->there.digest[i])
        return 0;
    int rc = 0;
    if (d->repair) {
        mend_add_digest(doctor_engine(d)->dialect, p->layout, &p->layout->indexes[i], &d->sql);
        rc = run_ddl(d, &d->sql, err);
    }
    if (rc != 0) return rc;
    return doctor_find(d, DOCTOR_PHYSICAL_COLUMN, d->repair ? REMEDY_DONE : REMEDY_NONE, NULL, err,
                       "the physical column %s is missing", name);
}

/* 1, or 0 when the table cannot be read. */
static int check_columns(flexdb_doctor *d, flexdb_error *err) {
    const struct dialect *dialect = doctor_engine(d)->dialect;
    const struct layout *l = d->patient.layout;
    const struct columns_there *there = &d->patient.there;
    bool whole = true;
    const char *name;
    int rc = patient_find_columns(d, err);
    if (rc != 0) return rc;
    if (!there->any)
        return doctor_find(d, DOCTOR_PHYSICAL_TABLE, REMEDY_NONE, NULL, err, "the physical table %s is missing",
                           l->table);
    for (size_t i = 0; rc == 0 && (name = mend_system_column(dialect, i)) != NULL; i++) {
        if (there->system[i]) continue;
        whole = false;
        rc = doctor_find(d, DOCTOR_PHYSICAL_COLUMN, REMEDY_NONE, NULL, err,
                         "the physical table %s has no column \"%s\"", l->table, name);
    }
    for (size_t i = 0; rc == 0 && i < l->count; i++)
        if (!there->entry[i] && !l->columns[i].retired) rc = check_entry(d, i, err);
    for (size_t i = 0; rc == 0 && i < l->index_count && i < DEFINITION_MAX_INDEXES; i++) rc = check_digest(d, i, err);
    return rc == 0 ? whole : rc;
}

/* ---- indexes ---- */

/* 1 done, 0 when records stand in the way. */
static int build_index(flexdb_doctor *d, const struct index_shape *wanted, bool replace, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    const struct layout *l = d->patient.layout;
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = 0;
    if (replace) {
        mend_drop_index(e->dialect, l, wanted, &d->sql);
        rc = run_ddl(d, &d->sql, &why);
    }
    if (rc == 0) {
        mend_create_index(e->dialect, l, wanted, &d->sql);
        rc = run_ddl(d, &d->sql, &why);
    }
    bool refused = rc == -FLEXDB_DUPLICATE;
    if (rc != 0 && !refused) error_move(err, &why);
    error_clear(&why);
    return rc == 0 ? 1 : refused ? 0 : -(int)err->code;
}

static int check_index(flexdb_doctor *d, struct index_list *list, const struct index_shape *wanted, flexdb_error *err) {
    bool named;
    if (doctor_has_index(list, wanted, &named)) return 0;
    int built = d->repair ? build_index(d, wanted, named, err) : 0;
    if (built < 0) return built;
    char columns[256] = "";
    const size_t count = wanted->several != NULL ? wanted->several->count : 1;
    for (size_t i = 0, at = 0; i < count && at < sizeof columns; i++)
        at += (size_t)snprintf(columns + at, sizeof columns - at, "%s%s", i == 0 ? "" : ", ",
                               wanted->several != NULL ? d->patient.layout->columns[wanted->several->columns[i]].name
                                                       : wanted->columns[0]);
    return doctor_find(d, DOCTOR_INDEX, built ? REMEDY_DONE : REMEDY_NONE,
                       wanted->single != NULL ? name_of_key(d, wanted->single->key) : NULL, err,
                       "the %sindex on %s of %s is %s", wanted->unique ? "unique " : "", columns,
                       d->patient.layout->table, named ? "not as it must be" : "missing");
}

int doctor_check_physical(flexdb_doctor *d, flexdb_error *err) {
    struct index_list list = {.texts = BUFFER_INIT};
    struct index_shape wanted;
    int rc = check_columns(d, err);
    if (rc != 1) return rc;
    rc = doctor_list_indexes(d, d->patient.layout->table, &list, err);
    for (size_t i = 0; rc == 0 && mend_index_shape(doctor_engine(d)->dialect, d->patient.layout, i, &wanted); i++)
        rc = check_index(d, &list, &wanted, err);
    buffer_free(&list.texts);
    return rc == 0 ? 1 : rc;
}
