/* Whether the tables that a table refers to are there and know of it, so that a delete there finds its records. */
#include <string.h>

#include "db/doctor.h"

static bool knows(const struct layout *l, const char *id) {
    for (size_t i = 0; i < l->referrer_count; i++)
        if (strcmp(l->referrers[i], id) == 0) return true;
    return false;
}

/* Writes the target's row with one more referrer. BUSY where somebody else has it: then all is tried again. */
static int enter_referrer(flexdb_doctor *d, const char *target_id, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct catalog_row row;
    struct validator *v = NULL;
    struct layout *l = NULL;
    int rc = catalog_find(e, CATALOG_TABLE_LOCK, &target_id, 1, &row, err);
    if (rc != 1) return rc;
    rc = validator_parse(&v, row.schema, row.schema_length, DEFINITION_STORED, err);
    if (rc == 0) rc = layout_parse(&l, row.storage, row.storage_length, err);
    if (rc == 0) rc = layout_add_referrer(l, d->patient.row.id, err);
    if (rc == 0) {
        const struct catalog_entry entry = {
            .id = row.id,
            .application = row.application,
            .name = row.name,
            .validator = v,
            .schema = row.schema,
            .schema_length = row.schema_length,
            .layout = l,
            .version = row.version,
            .active = row.active,
            .deleted_at = row.deleted_at,
        };
        rc = catalog_update(e, &entry, row.revision, err);
    }
    layout_free(l);
    validator_drop(v);
    catalog_row_clear(&row);
    return rc;
}

/* A target that cannot be read is told where it is checked itself. */
static int check_known(flexdb_doctor *d, const struct column *c, const struct catalog_row *target, flexdb_error *err) {
    struct layout *l = NULL;
    struct validator *v = NULL;
    int rc = doctor_read_definition(target, &v, err);
    if (rc == 0) rc = doctor_read_layout(target, &l, err);
    bool unknown = v != NULL && l != NULL && !knows(l, d->patient.row.id);
    layout_free(l);
    validator_drop(v);
    if (rc != 0) return rc;
    if (!unknown) return 0;
    rc = d->repair ? enter_referrer(d, target->id, err) : 0;
    if (rc != 0) return rc;
    return doctor_find(d, DOCTOR_REFERRERS, d->repair ? REMEDY_DONE : REMEDY_NONE, c->name, err,
                       "it refers to table \"%s\", whose storage does not know of it", target->name);
}

static int check_target(flexdb_doctor *d, const struct column *c, flexdb_error *err) {
    const char *id = c->rules.target_id;
    struct catalog_row target;
    int rc = catalog_find(doctor_engine(d), CATALOG_TABLE_BY_ID, &id, 1, &target, err);
    if (rc < 0) return rc;
    if (rc == 0)
        return doctor_find(d, DOCTOR_TARGET, REMEDY_NONE, c->name, err,
                           "it refers to a table that is not there: \"%s\"",
                           c->rules.target_table != NULL ? c->rules.target_table : id);
    if (target.active)
        rc = check_known(d, c, &target, err);
    else
        rc = doctor_find(d, DOCTOR_TARGET, REMEDY_NONE, c->name, err, "it refers to table \"%s\", which is dropped",
                         target.name);
    catalog_row_clear(&target);
    return rc;
}

int doctor_check_targets(flexdb_doctor *d, flexdb_error *err) {
    const struct validator *v = d->patient.validator;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < validator_shape(v)->columns; i++) {
        const struct column *c = validator_column(v, i)->column;
        if (c->type != TYPE_REFERENCE || c->rules.target_id == NULL) continue;
        if (strcmp(c->rules.target_id, d->patient.row.id) != 0) rc = check_target(d, c, err);
    }
    return rc;
}
