/* A new physical table that a process has not lived to finish: it is undone, as the next evolution would. */
#include <string.h>

#include "db/build.h"
#include "db/doctor.h"

/* What a builder that is gone has left goes: 1, 0 when there is nothing any more, or BUSY. What does not read well
 * enough to be swept is told by the checks that come. */
static int sweep(flexdb_doctor *d, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = build_sweep(doctor_engine(d), d->ids[d->at], &why);
    if (rc < 0 && why.code != FLEXDB_CORRUPT) error_move(err, &why);
    error_clear(&why);
    return rc == -FLEXDB_CORRUPT ? 2 : rc;
}

int doctor_check_build(flexdb_doctor *d, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    char table[PHYSICAL_NAME_SIZE];
    bool alive;
    int rc = patient_load(d, CATALOG_TABLE_BY_ID, err);
    if (rc != 1 || d->patient.layout->build.table[0] == '\0' || engine_has(e, DRIVER_TRANSACTIONAL_DDL))
        return rc < 0 ? rc : 0;
    memcpy(table, d->patient.layout->build.table, sizeof table);
    rc = build_is_alive(e, d->ids[d->at], &alive, err);
    if (rc == 0 && alive) d->report.in_progress++;
    if (rc != 0 || alive) return rc;
    int swept = d->repair ? sweep(d, err) : 2;
    if (swept <= 0) return swept;
    return doctor_find(d, DOCTOR_BUILD, swept == 1 ? REMEDY_DONE : REMEDY_NONE, NULL, err,
                       "a change of its definition was cut short and has left the physical table %s", table);
}
