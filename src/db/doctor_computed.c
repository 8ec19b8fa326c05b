/* Computed columns: what is stored is what the expression gives. A value that broke a rule may have been kept or left
 * out by an evolution that was told to; so such a one is not judged. */
#include <stdlib.h>

#include "db/doctor.h"
#include "model/convert.h"

static int find_other(flexdb_doctor *d, const struct column *c, const flexdb_value *id, const flexdb_value *stored,
                      const flexdb_value *given, flexdb_error *err) {
    char *has = record_excerpt(stored), *gives = record_excerpt(given);
    int rc = has != NULL && gives != NULL ? doctor_find_record(d, DOCTOR_COMPUTED_VALUE, REMEDY_NONE, id, c->name, err,
                                                               "it has %s, the expression gives %s", has, gives)
                                          : error_no_memory(err);
    free(has);
    free(gives);
    return rc;
}

int doctor_check_computed(flexdb_doctor *d, const flexdb_value *values, const flexdb_value *id, flexdb_error *err) {
    const struct validator *v = d->patient.validator;
    int rc = 0;
    for (size_t slot = 0; rc == 0 && slot < validator_shape(v)->columns; slot++) {
        const struct column *c = validator_column(v, slot)->column;
        if (c->computed == NULL) continue;
        flexdb_error told = FLEXDB_ERROR_INIT;
        flexdb_value given;
        enum computed_result result = codec_compute(v, slot, values, &d->room, &given, &told);
        if (told.code != FLEXDB_OK) rc = error_no_memory(err);
        error_clear(&told);
        if (rc != 0 || result == COMPUTED_BREAKS_RULE) continue;
        int same = value_same(c->type, &given, &values[slot], err);
        if (same < 0) rc = same;
        if (same == 0) rc = find_other(d, c, id, &values[slot], &given, err);
    }
    return rc;
}
