/* What records must be together: no two live ones with one unique value, no reference of a live one that leads nowhere.
 * Both are asked of the physical columns, which were held against the documents before. Which of two records is right
 * and where a reference should lead is for people to say. */
#include <string.h>

#include "db/doctor.h"
#include "db/table.h"
#include "db/tables.h"
#include "sql/inspect.h"

/* ---- unique ---- */

enum { DUPLICATE_ID, DUPLICATE_FIRST };

/* `column "email"`, or `the index over "tenant", "email"`. */
static void put_rule(const struct table_state *s, const struct state_unique *u, struct buffer *out) {
    buffer_puts(out, u->count == 1 ? "column " : "the index over ");
    for (size_t i = 0; i < u->count; i++)
        buffer_printf(out, "%s\"%s\"", i == 0 ? "" : ", ",
                      validator_column(s->validator, s->physicals[u->places[i]].slot)->column->name);
}

static int find_duplicate(flexdb_doctor *d, const struct state_unique *u, struct statement *s, const char *rule,
                          flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    const struct table_state *seen = &d->patient.seen;
    flexdb_value id, first;
    int rc = engine_driver(e)->column(s, DUPLICATE_ID, &id, err);
    if (rc == 0) rc = engine_driver(e)->column(s, DUPLICATE_FIRST, &first, err);
    if (rc != 0 || id.tag != FLEXDB_TEXT || first.tag != FLEXDB_TEXT) return rc;
    char shown[SHOWN_SIZE];
    record_shown(shown, first.as.text, first.length);
    const char *column =
        u->count == 1 ? validator_column(seen->validator, seen->physicals[u->places[0]].slot)->column->name : NULL;
    return doctor_find_record(d, DOCTOR_DUPLICATE, REMEDY_NONE, &id, column, err,
                              "it has what record %s has in %s, which is unique", shown, rule);
}

static int check_unique(flexdb_doctor *d, const struct state_unique *u, flexdb_error *err) {
    const struct table_state *seen = &d->patient.seen;
    struct engine *e = doctor_engine(d);
    const struct layout_column *columns[INDEX_MAX_COLUMNS];
    for (size_t i = 0; i < u->count; i++) columns[i] = seen->physicals[u->places[i]].column;
    struct buffer sql = BUFFER_INIT, rule = BUFFER_INIT;
    struct statement *s = NULL;
    inspect_duplicates(e->dialect, seen->layout, columns, u->count, &sql);
    put_rule(seen, u, &rule);
    int rc = buffer_failed(&sql) || buffer_text(&rule) == NULL
                 ? error_no_memory(err)
                 : engine_query(e, &s, sql.data, sql.length, NULL, 0, err);
    while (rc == 1) {
        rc = find_duplicate(d, u, s, rule.data, err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    buffer_free(&sql);
    buffer_free(&rule);
    return rc;
}

/* ---- references ---- */

enum { DANGLING_ID, DANGLING_REFERENCE };

static int find_dangling(flexdb_doctor *d, const struct column *c, struct statement *s, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    flexdb_value id, reference;
    int rc = engine_driver(e)->column(s, DANGLING_ID, &id, err);
    if (rc == 0) rc = engine_driver(e)->column(s, DANGLING_REFERENCE, &reference, err);
    if (rc != 0) return rc;
    char shown[SHOWN_SIZE] = "";
    if (reference.tag == FLEXDB_TEXT) record_shown(shown, reference.as.text, reference.length);
    return doctor_find_record(d, DOCTOR_REFERENCE, REMEDY_NONE, &id, c->name, err,
                              "it refers to record %s, which is not in table \"%s\"", shown,
                              c->rules.target_table != NULL ? c->rules.target_table : "");
}

static int list_dangling(flexdb_doctor *d, const struct state_physical *p, const char *target, flexdb_error *err) {
    const struct table_state *seen = &d->patient.seen;
    struct engine *e = doctor_engine(d);
    struct buffer sql = BUFFER_INIT;
    struct statement *s = NULL;
    inspect_dangling(e->dialect, seen->layout, p->column, target, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_query(e, &s, sql.data, sql.length, NULL, 0, err);
    while (rc == 1) {
        rc = find_dangling(d, validator_column(seen->validator, p->slot)->column, s, err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    buffer_free(&sql);
    return rc;
}

/* Where the referenced records are: 1, or 0 when that is told elsewhere (the table is gone, dropped, unreadable). */
static int find_target(flexdb_doctor *d, const struct column *c, char out[PHYSICAL_NAME_SIZE], flexdb_error *err) {
    const struct patient *p = &d->patient;
    const char *id = c->rules.target_id;
    if (id == NULL) return 0;
    if (strcmp(id, p->row.id) == 0) {
        memcpy(out, p->layout->table, PHYSICAL_NAME_SIZE);
        return 1;
    }
    struct catalog_row row;
    int rc = catalog_find(doctor_engine(d), CATALOG_TABLE_BY_ID, &id, 1, &row, err);
    if (rc != 1) return rc;
    struct layout *l;
    rc = doctor_read_layout(&row, &l, err);
    if (rc == 0) rc = row.active && l != NULL && doctor_owns(&row, l);
    if (rc == 1) memcpy(out, l->table, PHYSICAL_NAME_SIZE);
    layout_free(l);
    catalog_row_clear(&row);
    return rc;
}

static bool is_text(const char *text, size_t length, const char *word) {
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* Whether a physical table has what tells that a record is there; where it has not, that is told elsewhere too. */
static int tells_records(flexdb_doctor *d, const char *table, bool *out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    flexdb_value value = value_text(table, strlen(table));
    struct statement *s;
    const char *name;
    size_t length;
    bool id = false, deleted_at = false;
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_COLUMNS), &value, 1, err);
    while (rc == 1) {
        rc = engine_text(e, s, 0, &name, &length, err);
        if (rc != 0) break;
        id = id || is_text(name, length, "id");
        deleted_at = deleted_at || is_text(name, length, "deleted_at");
        rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    *out = id && deleted_at;
    return rc;
}

static int check_references(flexdb_doctor *d, const struct state_physical *p, flexdb_error *err) {
    const struct column *c = validator_column(d->patient.seen.validator, p->slot)->column;
    char target[PHYSICAL_NAME_SIZE];
    int rc = find_target(d, c, target, err);
    if (rc != 1) return rc;
    bool tells;
    rc = tells_records(d, target, &tells, err);
    return rc == 0 && tells ? list_dangling(d, p, target, err) : rc;
}

/* ---- all of them ---- */

static int check_values(flexdb_doctor *d, flexdb_error *err) {
    const struct table_state *s = &d->patient.seen;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->unique_count; i++) rc = check_unique(d, &s->uniques[i], err);
    for (size_t i = 0; rc == 0 && i < s->physical_count; i++) {
        const struct state_physical *p = &s->physicals[i];
        bool refers = validator_column(s->validator, p->slot)->column->type == TYPE_REFERENCE;
        if (refers && d->patient.row.active) rc = check_references(d, p, err);
    }
    return rc;
}

int doctor_check_values(flexdb_doctor *d, flexdb_error *err) {
    struct report mark = d->report;
    for (int tries = 0; tries < TABLE_MAX_ATTEMPTS; tries++) {
        flexdb_error why = FLEXDB_ERROR_INIT;
        int rc = check_values(d, &why), current = patient_is_current(d, err);
        if (current == 1 && rc != 0) error_move(err, &why);
        error_clear(&why);
        if (current != 0) return current < 0 ? current : rc;
        report_go_back(&d->report, &mark);
        int followed = doctor_follow(d, err);
        if (followed != 1) return followed;
    }
    return doctor_kept_changing(d, err);
}
