/* One record, for the files doctor_record*.c. */
#ifndef FLEXDB_DB_DOCTOR_RECORD_H
#define FLEXDB_DB_DOCTOR_RECORD_H

#include "db/doctor.h"

/* A record and its physical columns, as a statement gives them. */
struct doctor_row {
    struct raw_record raw;
    flexdb_value live;
    flexdb_value entries[DEFINITION_MAX_PHYSICAL]; /* by seen.physicals */
};

/* What a record comes to. */
struct doctor_verdict {
    bool decoded;                                                        /* `wanted` is what the document gives */
    bool writes;                                                         /* something can be mended */
    bool rewrites;                                                       /* the document, too: it is in d->mended */
    flexdb_value wanted[DEFINITION_MAX_PHYSICAL];                        /* by seen.physicals */
    int64_t version, schema_version, created_at, updated_at, deleted_at; /* as they should be */
};

/* Adds what is wrong with a record, and says what of it can be mended. */
int doctor_judge(flexdb_doctor *d, const struct doctor_row *row, struct doctor_verdict *v, flexdb_error *err);

#endif
