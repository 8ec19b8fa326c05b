/* Values under keys that only older versions have: at(version) reads them, and a rollback brings them back. */
#include <stdio.h>
#include <string.h>

#include "db/doctor.h"
#include "db/view.h"
#include "model/types/decimal.h"
#include "sql/inspect.h"

enum { VERSION_NUMBER = 1, VERSION_NEW = 3 }; /* of INSPECT_VERSIONS */

struct past {
    const struct validator *now;
    struct names keys; /* that stand in `columns` */
    struct arena texts;
    cJSON *definition, *columns;
    uint32_t count;
};

static bool describe(cJSON *out, const struct column *c, uint32_t number) {
    char name[NAME_MAX_LENGTH + 1];
    snprintf(name, sizeof name, "past_%u", (unsigned)number); /* for the names of the versions may meet */
    if (cJSON_AddStringToObject(out, "name", name) == NULL || cJSON_AddStringToObject(out, "key", c->key) == NULL ||
        cJSON_AddStringToObject(out, "dataType", column_type_name(c->type)) == NULL)
        return false;
    if (c->type != TYPE_REFERENCE) return view_widen(c, DECIMAL_MAX_PRECISION, out);
    cJSON *rules = cJSON_AddObjectToObject(out, "validation");
    return rules != NULL && cJSON_AddStringToObject(rules, "targetTable", c->rules.target_table) != NULL;
}

static int add_column(struct past *p, const struct column *c, flexdb_error *err) {
    size_t length = strlen(c->key);
    if (names_find(&p->keys, c->key, length) != NAMES_NONE) return 0;
    const char *key = arena_dup(&p->texts, c->key, length);
    cJSON *column = cJSON_CreateObject();
    if (key != NULL && column != NULL && names_add(&p->keys, key, length, p->count) >= 0 &&
        describe(column, c, p->count) && cJSON_AddItemToArray(p->columns, column)) {
        p->count++;
        return 0;
    }
    cJSON_Delete(column);
    return error_no_memory(err);
}

/* What cannot be read is told by doctor_check_versions. */
static int add_version(struct past *p, const char *text, size_t length, flexdb_error *err) {
    struct validator *v = NULL;
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = text != NULL ? validator_parse(&v, text, length, DEFINITION_STORED, &why) : -FLEXDB_CORRUPT;
    bool no_memory = rc == -FLEXDB_INTERNAL;
    error_clear(&why);
    if (rc != 0) return no_memory ? error_no_memory(err) : 0;
    const struct definition *definition = validator_definition(v);
    for (size_t i = 0; rc == 0 && i < definition->count; i++) {
        const struct column *c = &definition->columns[i];
        if (validator_slot_of_key(p->now, c->key, strlen(c->key)) == NAMES_NONE) rc = add_column(p, c, err);
    }
    validator_drop(v);
    return rc;
}

/* The values of versions that were purged may be half there. */
static int read_versions(flexdb_doctor *d, struct past *p, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    const char *id = d->patient.row.id;
    flexdb_value value = value_text(id, strlen(id));
    struct statement *s;
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_VERSIONS), &value, 1, err);
    while (rc == 1) {
        int64_t version;
        const char *text = NULL;
        size_t length;
        rc = engine_integer(e, s, VERSION_NUMBER, &version, err);
        if (rc == 0) rc = engine_text(e, s, VERSION_NEW, &text, &length, err);
        if (rc == 0 && version >= d->patient.layout->kept_from) rc = add_version(p, text, length, err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

static int compile(struct past *p, struct validator **out, flexdb_error *err) {
    struct definition *definition = NULL;
    flexdb_error why = FLEXDB_ERROR_INIT;
    if (p->count == 0) return 0;
    definition_parse(&definition, p->definition, DEFINITION_STORED, &why);
    p->definition = NULL; /* which has it now */
    int rc = validator_new(out, definition, &why);
    bool no_memory = rc == -FLEXDB_INTERNAL;
    if (rc != 0) *out = NULL;
    error_clear(&why);
    return no_memory ? error_no_memory(err) : 0;
}

int doctor_read_past(flexdb_doctor *d, struct validator **out, flexdb_error *err) {
    struct past p = {.now = d->patient.validator, .keys = NAMES_INIT, .texts = ARENA_INIT};
    *out = NULL;
    p.definition = cJSON_CreateObject();
    p.columns = p.definition != NULL ? cJSON_AddArrayToObject(p.definition, "columns") : NULL;
    int rc = p.columns != NULL ? read_versions(d, &p, err) : error_no_memory(err);
    if (rc == 0) rc = compile(&p, out, err);
    cJSON_Delete(p.definition);
    names_free(&p.keys);
    arena_free(&p.texts);
    return rc;
}
