/* A new physical table that a process has not lived to finish: it is undone, as the next evolution would. */
#include <string.h>

#include "db/build.h"
#include "db/doctor.h"

enum { YOUNG_MICROSECONDS = 10 * 1000000, YOUNG_PAUSES = 50 /* of a hundredth of a second */ };

/* What a builder that is gone has left goes: 1, 0 when there is nothing any more, or BUSY. What does not read well
 * enough to be swept is told by the checks that come. */
static int sweep(flexdb_doctor *d, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = build_sweep(doctor_engine(d), d->ids[d->at], &why);
    if (rc < 0 && why.code != FLEXDB_CORRUPT) error_move(err, &why);
    error_clear(&why);
    return rc == -FLEXDB_CORRUPT ? 2 : rc;
}

/* The note that storage has by now is still the one of this journal: 1 or 0. */
static int is_noted(flexdb_doctor *d, const char *journal, flexdb_error *err) {
    int rc = patient_load(d, CATALOG_TABLE_BY_ID, err);
    return rc == 1 ? strcmp(d->patient.layout->build.journal, journal) == 0 : rc;
}

/* Who has just written a note is about to take the lock: a moment is waited for it. 1 when nobody has it, 0 when
 * somebody has, or has come to an end. */
static int is_left(flexdb_doctor *d, const struct layout_build *note, bool *alive, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    int64_t deadline = engine_deadline(e);
    for (int pauses = 0;; pauses++) {
        int rc = build_is_alive(e, d->ids[d->at], alive, err);
        if (rc != 0 || *alive) return rc;
        rc = is_noted(d, note->journal, err);
        bool young = datetime_now() - note->started < YOUNG_MICROSECONDS;
        if (rc != 1 || !young || pauses == YOUNG_PAUSES || !engine_pause(deadline)) return rc;
    }
}

int doctor_check_build(flexdb_doctor *d, flexdb_error *err) {
    bool alive;
    int rc = patient_load(d, CATALOG_TABLE_BY_ID, err);
    if (rc != 1 || engine_has(doctor_engine(d), DRIVER_TRANSACTIONAL_DDL)) return rc < 0 ? rc : 0;
    const struct layout_build note = d->patient.layout->build;
    if (note.table[0] == '\0') return 0;
    rc = is_left(d, &note, &alive, err);
    if (rc >= 0 && alive) d->report.in_progress++;
    if (rc != 1) return rc;
    int swept = d->repair ? sweep(d, err) : 2;
    if (swept <= 0) return swept;
    return doctor_find(d, DOCTOR_BUILD, swept == 1 ? REMEDY_DONE : REMEDY_NONE, NULL, err,
                       "a change of its definition was cut short and has left the physical table %s", note.table);
}
