/* Computed columns: what is stored is what the expression gives. A value that broke a rule may have been kept or left
 * out by an evolution that was told to; so such a one is not judged. */
#include <stdlib.h>
#include <string.h>

#include "db/doctor.h"
#include "model/convert.h"

static int find_other(flexdb_doctor *d, const struct column *c, const flexdb_value *id, const flexdb_value *stored,
                      const flexdb_value *given, enum remedy remedy, flexdb_error *err) {
    char *has = record_excerpt(stored), *gives = record_excerpt(given);
    int rc = has != NULL && gives != NULL ? doctor_find_record(d, DOCTOR_COMPUTED_VALUE, remedy, id, c->name, err,
                                                               "it has %s, the expression gives %s", has, gives)
                                          : error_no_memory(err);
    free(has);
    free(gives);
    return rc;
}

/* 1 where the value is another one, which is in `given` then. */
static int check_one(flexdb_doctor *d, size_t slot, const flexdb_value *now, const flexdb_value *id,
                     flexdb_value *given, flexdb_error *err) {
    const struct validator *v = d->patient.validator;
    const struct column *c = validator_column(v, slot)->column;
    flexdb_error told = FLEXDB_ERROR_INIT;
    enum computed_result result = codec_compute(v, slot, now, &d->room, given, &told);
    bool no_memory = told.code != FLEXDB_OK;
    error_clear(&told);
    if (no_memory) return error_no_memory(err);
    if (result == COMPUTED_BREAKS_RULE) return 0;
    int same = value_same(c->type, given, &now[slot], err);
    if (same != 0) return same < 0 ? same : 0;
    /* Nothing may be what comes of it, but not what a record may have. */
    bool mends = result == COMPUTED || !c->required;
    int rc = find_other(d, c, id, &now[slot], given, mends ? doctor_remedy(d) : REMEDY_NONE, err);
    return rc == 0 ? mends : rc;
}

int doctor_check_computed(flexdb_doctor *d, const flexdb_value *values, const flexdb_value *id, flexdb_value *given,
                          flexdb_error *err) {
    const struct validator *v = d->patient.validator;
    const uint32_t *order;
    size_t count = validator_computed(v, &order), columns = validator_shape(v)->columns;
    bool any = false;
    if (count == 0) return 0;
    flexdb_value *now = malloc(columns * sizeof *now);
    if (now == NULL) return error_no_memory(err);
    memcpy(now, values, columns * sizeof *now);
    for (size_t i = 0; i < columns; i++) given[i].tag = FLEXDB_ABSENT;
    int rc = 0;
    /* Each is worked out from what those that it reads should be. */
    for (size_t i = 0; rc == 0 && i < count; i++) {
        flexdb_value value;
        rc = check_one(d, order[i], now, id, &value, err);
        if (rc != 1) continue;
        rc = 0;
        any = true;
        now[order[i]] = value;
        given[order[i]] = value_is_none(&value) ? value_null() : value;
    }
    free(now);
    return rc == 0 ? any : rc;
}
