/* The table under way, as its row and the engine describe it. */
#include <stdlib.h>
#include <string.h>

#include "db/doctor.h"
#include "sql/inspect.h"
#include "sql/mend.h"

void patient_clear(struct patient *p) {
    if (p->loaded) catalog_row_clear(&p->row);
    validator_drop(p->validator);
    validator_drop(p->past);
    layout_free(p->layout);
    state_unmap_physicals(&p->seen);
    layout_free(p->seen.layout);
    names_free(&p->known);
    *p = (struct patient){0};
}

int doctor_query(flexdb_doctor *d, struct statement **out, const char *sql, const flexdb_value *values, size_t count,
                 flexdb_error *err) {
    return engine_query(doctor_engine(d), out, sql, strlen(sql), values, count, err);
}

/* Only that memory is out is told, if the document is none. */
static int judge_reading(int rc, flexdb_error *why, flexdb_error *err) {
    bool no_memory = rc == -FLEXDB_INTERNAL;
    error_clear(why);
    return no_memory ? error_no_memory(err) : 0;
}

int doctor_read_definition(const struct catalog_row *row, struct validator **out, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = validator_parse(out, row->schema, row->schema_length, DEFINITION_STORED, &why);
    if (rc != 0) *out = NULL;
    return judge_reading(rc, &why, err);
}

int doctor_read_layout(const struct catalog_row *row, struct layout **out, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    *out = NULL;
    if (row->storage == NULL) return 0;
    int rc = layout_parse(out, row->storage, row->storage_length, &why);
    if (rc != 0) *out = NULL;
    return judge_reading(rc, &why, err);
}

bool doctor_owns(const struct catalog_row *row, const struct layout *l) {
    char prefix[PHYSICAL_NAME_SIZE];
    layout_table_prefix(row->id, prefix);
    return strncmp(l->table, prefix, strlen(prefix)) == 0;
}

int patient_load(flexdb_doctor *d, enum catalog_statement lock, flexdb_error *err) {
    struct patient *p = &d->patient;
    int64_t seq = p->seq;
    const char *id = d->ids[d->at];
    bool stale[DEFINITION_MAX_PHYSICAL];
    memcpy(stale, p->stale, sizeof stale);
    patient_clear(p);
    memcpy(p->stale, stale, sizeof stale);
    p->seq = seq;
    int rc = catalog_find(doctor_engine(d), lock, &id, 1, &p->row, err);
    if (rc != 1) return rc;
    p->loaded = true;
    rc = doctor_read_definition(&p->row, &p->validator, err);
    if (rc == 0) rc = doctor_read_layout(&p->row, &p->layout, err);
    if (rc != 0) return rc;
    return p->validator != NULL && p->layout != NULL;
}

int patient_is_current(flexdb_doctor *d, flexdb_error *err) {
    int64_t revision;
    bool active;
    int rc = catalog_revision(doctor_engine(d), d->ids[d->at], &revision, &active, err);
    if (rc < 0) return rc;
    if (!d->patient.loaded) return rc == 0;
    return rc == 1 && revision == d->patient.row.revision;
}

/* ---- what is there of the physical table ---- */

static size_t find_entry(const struct layout *l, const char *name, size_t length) {
    size_t i = 0;
    while (i < l->count && (strlen(l->columns[i].name) != length || memcmp(l->columns[i].name, name, length) != 0)) i++;
    return i;
}

static size_t find_system(const struct dialect *d, const char *name, size_t length) {
    const char *system;
    size_t i = 0;
    while ((system = mend_system_column(d, i)) != NULL &&
           (strlen(system) != length || memcmp(system, name, length) != 0))
        i++;
    return i;
}

static void note_digest(const struct dialect *d, const struct layout *l, const char *name, size_t length,
                        struct columns_there *out) {
    char digest[MEND_OWN_SIZE];
    for (size_t i = 0; i < l->index_count && i < DEFINITION_MAX_INDEXES; i++) {
        if (!mend_digest_name(d, l, &l->indexes[i], digest)) continue;
        if (strlen(digest) == length && memcmp(digest, name, length) == 0) out->digest[i] = true;
    }
}

int doctor_is_altered(const char *table, flexdb_error *err) {
    error_set(err, FLEXDB_BUSY, "the table %s is being altered", table);
    err->retryable = true;
    return -FLEXDB_BUSY;
}

/* A server that shows no column may have a table that somebody alters: reading from it tells. */
static int check_missing(flexdb_doctor *d, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    flexdb_error why = FLEXDB_ERROR_INIT;
    struct statement *s = NULL;
    inspect_any(e->dialect, d->patient.layout->table, &d->sql);
    int rc =
        buffer_failed(&d->sql) ? error_no_memory(&why) : engine_query(e, &s, d->sql.data, d->sql.length, NULL, 0, &why);
    engine_finalize(e, s);
    buffer_reset(&d->sql);
    if (rc < 0 && why.code != FLEXDB_CORRUPT) error_move(err, &why);
    error_clear(&why);
    if (rc >= 0) return doctor_is_altered(d->patient.layout->table, err);
    return err->code == FLEXDB_OK ? 0 : -(int)err->code;
}

int patient_find_columns(flexdb_doctor *d, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct columns_there *out = &d->patient.there;
    if (out->known) return 0;
    const struct layout *l = d->patient.layout;
    flexdb_value table = value_text(l->table, strlen(l->table));
    struct statement *s;
    const char *name;
    size_t length;
    *out = (struct columns_there){0};
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_COLUMNS), &table, 1, err);
    while (rc == 1) {
        rc = engine_text(e, s, 0, &name, &length, err);
        if (rc != 0) break;
        size_t entry = find_entry(l, name, length), system = find_system(e->dialect, name, length);
        if (entry < l->count) out->entry[entry] = true;
        if (system < MEND_SYSTEM_COLUMNS) out->system[system] = true;
        note_digest(e->dialect, l, name, length, out);
        out->any = true;
        rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    if (rc == 0 && !out->any && !engine_has(e, DRIVER_TRANSACTIONAL_DDL)) rc = check_missing(d, err);
    out->known = rc == 0;
    return rc;
}

/* A copy without the columns that are missing. */
static int copy_seen(struct patient *p, flexdb_error *err) {
    int rc = catalog_copy_layout(&p->seen.layout, p->layout, err);
    if (rc != 0) return rc;
    struct layout *l = p->seen.layout;
    for (size_t i = 0; i < l->count; i++) {
        struct layout_column *c = &l->columns[i];
        bool used = validator_slot_of_key(p->validator, c->key, strlen(c->key)) != NAMES_NONE;
        if (!p->there.entry[i] || !used) c->retired = true;
    }
    for (size_t i = 0; i < l->index_count; i++)
        for (size_t k = 0; k < l->indexes[i].count; k++)
            if (l->columns[l->indexes[i].columns[k]].retired) l->indexes[i].retired = true;
    return 0;
}

int patient_see(flexdb_doctor *d, flexdb_error *err) {
    struct patient *p = &d->patient;
    const struct dialect *dialect = doctor_engine(d)->dialect;
    state_unmap_physicals(&p->seen);
    layout_free(p->seen.layout);
    /* A state that nobody else sees; its texts are the row's. */
    p->seen = (struct table_state){.engine = doctor_engine(d),
                                   .validator = p->validator,
                                   .id = (char *)p->row.id,
                                   .name = (char *)p->row.name,
                                   .version = p->row.version};
    int rc = patient_find_columns(d, err);
    for (size_t i = 0; mend_system_column(dialect, i) != NULL; i++)
        if (!p->there.system[i]) return rc;
    if (rc == 0) rc = copy_seen(p, err);
    if (rc == 0) rc = state_map_physicals(&p->seen, err);
    validator_drop(p->past);
    p->past = NULL;
    if (rc == 0) rc = doctor_read_past(d, &p->past, err);
    if (rc == 0) rc = strangers_prepare(p, err);
    return rc == 0 ? 1 : rc;
}

int doctor_follow(flexdb_doctor *d, flexdb_error *err) {
    int rc = patient_load(d, CATALOG_TABLE_BY_ID, err);
    return rc == 1 ? patient_see(d, err) : rc;
}

int doctor_kept_changing(flexdb_doctor *d, flexdb_error *err) {
    error_set(err, FLEXDB_CONFLICT, "table \"%s\" kept changing", d->patient.loaded ? d->patient.row.name : "");
    err->retryable = true;
    return -(int)err->code;
}
