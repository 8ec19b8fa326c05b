/* One table's row of the catalogue, and all that hangs on it but its records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/text.h"
#include "db/doctor.h"
#include "db/table.h"
#include "sql/inspect.h"

/* ---- documents that cannot be read ---- */

/* Whether a physical table is there that belongs to the row. */
static int has_physical(flexdb_doctor *d, bool *out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct statement *s;
    const char *name;
    size_t length;
    char prefix[PHYSICAL_NAME_SIZE];
    layout_table_prefix(d->patient.row.id, prefix);
    *out = false;
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_PHYSICAL), NULL, 0, err);
    while (rc == 1) {
        rc = engine_text(e, s, 0, &name, &length, err);
        if (rc == 0 && length > strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0) *out = true;
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

/* A table of another program has no storage; one of ours has lost it. */
static int find_storage_missing(flexdb_doctor *d, flexdb_error *err) {
    bool ours;
    int rc = has_physical(d, &ours, err);
    if (rc == 0 && ours) return doctor_find(d, DOCTOR_STORAGE, REMEDY_NONE, NULL, err, "its storage is empty");
    d->report.foreign++;
    return rc;
}

/* What reading the document says against it. */
static int find_fault(flexdb_doctor *d, enum doctor_code code, const char *what, flexdb_error *why, flexdb_error *err) {
    int rc = 0;
    if (why->code == FLEXDB_INTERNAL)
        rc = error_no_memory(err);
    else
        rc = doctor_find(d, code, REMEDY_NONE, NULL, err, "its %s cannot be read: %s", what, why->message);
    error_clear(why);
    return rc;
}

/* Says why the row cannot be used. */
static int find_unusable(flexdb_doctor *d, flexdb_error *err) {
    const struct patient *p = &d->patient;
    flexdb_error why = FLEXDB_ERROR_INIT;
    struct validator *v = NULL;
    struct layout *l = NULL;
    int rc = 0;
    if (p->row.storage == NULL) return find_storage_missing(d, err);
    if (p->validator == NULL && validator_parse(&v, p->row.schema, p->row.schema_length, DEFINITION_STORED, &why) != 0)
        rc = find_fault(d, DOCTOR_DEFINITION, "definition", &why, err);
    if (rc == 0 && p->layout == NULL && layout_parse(&l, p->row.storage, p->row.storage_length, &why) != 0)
        rc = find_fault(d, DOCTOR_STORAGE, "storage", &why, err);
    return rc;
}

/* ---- the row ---- */

static int correction_begin(struct correction *c, const struct patient *p, flexdb_error *err) {
    *c = (struct correction){0};
    int rc = catalog_copy_layout(&c->layout, p->layout, err);
    c->entry = (struct catalog_entry){
        .id = p->row.id,
        .application = p->row.application,
        .name = p->row.name,
        .validator = p->validator,
        .schema = p->row.schema,
        .schema_length = p->row.schema_length,
        .layout = c->layout,
        .version = p->row.version,
        .active = p->row.active,
        .deleted_at = p->row.deleted_at,
    };
    return rc;
}

static void correction_clear(struct correction *c) {
    layout_free(c->layout);
    buffer_free(&c->name);
    buffer_free(&c->schema);
}

/* The definition says its own number. */
static int check_definition_version(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    int64_t said = validator_definition(d->patient.validator)->version;
    if (said == c->entry.version) return 0;
    int rc = doctor_find(d, DOCTOR_DEFINITION_VERSION, doctor_remedy(d), NULL, err,
                         "its definition calls itself version %lld, it is version %lld", (long long)said,
                         (long long)c->entry.version);
    c->any = true;
    cJSON *tree = NULL, *number = document_new_integer(c->entry.version);
    if (rc == 0) rc = document_parse(&tree, c->entry.schema, c->entry.schema_length, err);
    if (rc == 0) {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "version");
        if (number == NULL || !cJSON_AddItemToObject(tree, "version", number))
            rc = error_no_memory(err);
        else
            number = NULL;
    }
    if (rc == 0) {
        document_print(tree, &c->schema);
        if (buffer_failed(&c->schema)) rc = error_no_memory(err);
        c->entry.schema = c->schema.data;
        c->entry.schema_length = c->schema.length;
    }
    cJSON_Delete(number);
    cJSON_Delete(tree);
    return rc;
}

static int check_state(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    const struct catalog_row *row = &d->patient.row;
    bool dropped = row->deleted_at != NULL;
    if (row->is_active != dropped) return 0;
    /* What was dropped can be restored; what was brought back by half cannot be found by its name. */
    if (!dropped) {
        catalog_now(c->deleted_at);
        c->entry.deleted_at = c->deleted_at;
    }
    c->entry.active = false;
    c->any = true;
    return doctor_find(d, DOCTOR_STATE, doctor_remedy(d), NULL, err, "%s",
                       dropped ? "it is active and was dropped at once" : "it is neither active nor was it dropped");
}

/* `name~id` of a dropped table, whose own name stands in storage. */
static bool has_dropped_name(const struct catalog_row *row, const char *original) {
    size_t length = strlen(original);
    return strncmp(row->name, original, length) == 0 && row->name[length] == '~' &&
           strcmp(row->name + length + 1, row->id) == 0;
}

static int drop_name(struct correction *c, const struct catalog_row *row, flexdb_error *err) {
    struct layout *l = c->layout;
    size_t length = strlen(row->name), suffix = strlen(row->id) + 1;
    if (l->original_name == NULL) {
        bool cut = length > suffix && row->name[length - suffix] == '~' &&
                   strcmp(row->name + length - suffix + 1, row->id) == 0;
        l->original_name = text_dup(row->name, cut ? length - suffix : length);
    }
    if (l->original_name != NULL) buffer_printf(&c->name, "%s~%s", l->original_name, row->id);
    if (l->dropped_at == 0) l->dropped_at = datetime_now();
    c->entry.name = buffer_text(&c->name);
    return l->original_name == NULL || c->entry.name == NULL ? error_no_memory(err) : 0;
}

static int check_name(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    const struct catalog_row *row = &d->patient.row;
    struct layout *l = c->layout;
    if (c->entry.active) {
        if (l->original_name == NULL && l->dropped_at == 0) return 0;
        free(l->original_name);
        l->original_name = NULL;
        l->dropped_at = 0;
        c->any = true;
        return doctor_find(d, DOCTOR_NAME, doctor_remedy(d), NULL, err,
                           "its storage holds the name of a dropped table, which it is not");
    }
    if (l->original_name != NULL && has_dropped_name(row, l->original_name)) return 0;
    int rc = drop_name(c, row, err);
    if (rc != 0) return rc;
    c->any = true;
    if (strcmp(row->name, c->entry.name) == 0)
        return doctor_find(d, DOCTOR_NAME, doctor_remedy(d), NULL, err,
                           "it is dropped, and its storage does not hold the name that it had");
    return doctor_find(d, DOCTOR_NAME, doctor_remedy(d), NULL, err,
                       "it is dropped and called \"%s\", which must be \"%s\"", row->name, c->entry.name);
}

static bool same_text(const char *a, const char *b) { return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0; }

static int check_display_name(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    const char *said = d->patient.row.display_name;
    const char *defined = validator_definition(d->patient.validator)->display_name;
    if (same_text(said, defined)) return 0;
    c->any = true;
    return doctor_find(d, DOCTOR_DISPLAY_NAME, doctor_remedy(d), NULL, err,
                       "display_name is %s%s%s, the definition says %s%s%s", said != NULL ? "\"" : "",
                       said != NULL ? said : "empty", said != NULL ? "\"" : "", defined != NULL ? "\"" : "",
                       defined != NULL ? defined : "none", defined != NULL ? "\"" : "");
}

/* ---- indexed_columns ---- */

/* NULL where the column holds no document. */
static int read_indexed(flexdb_doctor *d, cJSON **out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    const char *id = d->patient.row.id, *text = NULL;
    flexdb_value value = value_text(id, strlen(id));
    flexdb_error why = FLEXDB_ERROR_INIT;
    struct statement *s;
    size_t length = 0;
    *out = NULL;
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_INDEXED), &value, 1, err);
    if (rc == 1) rc = engine_text(e, s, 0, &text, &length, err);
    if (rc == 0 && text != NULL && document_parse(out, text, length, &why) != 0) *out = NULL;
    engine_finalize(e, s);
    if (rc == 0 && why.code == FLEXDB_INTERNAL) rc = error_no_memory(err);
    error_clear(&why);
    return rc < 0 ? rc : 0;
}

static int check_indexed(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    struct buffer text = BUFFER_INIT;
    cJSON *said = NULL, *must = NULL;
    int rc = layout_print_indexed(c->layout, d->patient.validator, &text, err);
    if (rc == 0) rc = document_parse(&must, text.data, text.length, err);
    if (rc == 0) rc = read_indexed(d, &said, err);
    if (rc == 0 && (said == NULL || !document_equal(said, must))) {
        c->any = true;
        rc = doctor_find(d, DOCTOR_INDEXED_COLUMNS, doctor_remedy(d), NULL, err,
                         "indexed_columns is not what storage says: %.*s", (int)text.length, text.data);
    }
    cJSON_Delete(said);
    cJSON_Delete(must);
    buffer_free(&text);
    return rc;
}

/* ---- all of it ---- */

/* Writes the row as it must be, in a level of its own: what cannot be written is left. */
static int write_correction(flexdb_doctor *d, const struct correction *c, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = engine_begin(e, err);
    if (rc != 0) return rc;
    rc = catalog_update(e, &c->entry, d->patient.row.revision, &why);
    if (rc == 0)
        rc = engine_commit(e, &why);
    else
        engine_rollback(e);
    bool refused = rc == -FLEXDB_DUPLICATE;
    if (rc != 0 && !refused) error_move(err, &why);
    error_clear(&why);
    report_settle(&d->report, rc == 0);
    if (rc != 0) return refused ? 0 : -(int)err->code;
    rc = patient_load(d, CATALOG_TABLE_BY_ID, err);
    return rc < 0 ? rc : 0;
}

static int check_row(flexdb_doctor *d, flexdb_error *err) {
    struct correction c;
    int rc = correction_begin(&c, &d->patient, err);
    if (rc == 0) rc = doctor_check_versions(d, &c, err);
    if (rc == 0) rc = check_definition_version(d, &c, err);
    if (rc == 0) rc = check_state(d, &c, err);
    if (rc == 0) rc = check_name(d, &c, err);
    if (rc == 0) rc = check_display_name(d, &c, err);
    if (rc == 0) rc = doctor_check_layout(d, &c, err);
    if (rc == 0) rc = check_indexed(d, &c, err);
    if (rc == 0 && d->repair && c.any) rc = write_correction(d, &c, err);
    report_settle(&d->report, false);
    correction_clear(&c);
    return rc;
}

struct attempt {
    flexdb_doctor *doctor;
    const struct report *mark;
};

/* 1 when the records can be read. */
static int check_once(void *context, flexdb_error *err) {
    const struct attempt *a = context;
    flexdb_doctor *d = a->doctor;
    report_go_back(&d->report, a->mark);
    patient_clear(&d->patient);
    d->patient.seq = INT64_MIN;
    int rc = patient_load(d, d->repair ? CATALOG_TABLE_LOCK : CATALOG_TABLE_BY_ID, err);
    if (rc < 0 || !d->patient.loaded) return rc;
    d->report.tables++;
    if (rc == 0) return find_unusable(d, err);
    if (!doctor_owns(&d->patient.row, d->patient.layout))
        return doctor_find(d, DOCTOR_STORAGE, REMEDY_NONE, NULL, err,
                           "its storage names the physical table %s of another", d->patient.layout->table);
    rc = check_row(d, err);
    if (rc == 0) rc = doctor_check_physical(d, err);
    if (rc != 1) return rc;
    rc = d->whole ? 0 : doctor_check_integrity(d, d->patient.layout->table, err);
    if (rc == 0 && d->patient.row.active) rc = doctor_check_targets(d, err);
    return rc == 0 ? patient_see(d, err) : rc;
}

int doctor_check_table(flexdb_doctor *d, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    int rc = doctor_check_build(d, err);
    struct report mark = d->report;
    struct attempt a = {d, &mark};
    if (rc != 0) return rc;
    if (d->repair) {
        rc = engine_transact(e, check_once, &a, err);
        /* What was mended is not what the handles of this connection know. */
        if (d->report.repaired != mark.repaired) engine_forget_states(e);
        return rc;
    }
    /* Looked at in several statements: good when nothing has moved in between. What cannot be read may have gone. */
    for (int tries = 0; tries < TABLE_MAX_ATTEMPTS; tries++) {
        flexdb_error why = FLEXDB_ERROR_INIT;
        rc = check_once(&a, &why);
        int current = rc >= 0 || rc == -FLEXDB_CORRUPT ? patient_is_current(d, err) : 1;
        if (current == 1 && rc < 0) error_move(err, &why);
        error_clear(&why);
        if (current != 0) return current < 0 ? current : rc;
    }
    return doctor_kept_changing(d, err);
}
