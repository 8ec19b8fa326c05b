/* Converting the records of a table whose columns get other types, or are computed anew: what evolve_check counts and
 * evolve writes. */
#ifndef FLEXDB_DB_CONVERT_H
#define FLEXDB_DB_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/record.h"
#include "db/state.h"
#include "flexdb.h"
#include "model/plan.h"

enum { CONVERT_SAMPLES = 5 };

/* A value before and after; texts are JSON, owned. */
struct convert_sample {
    char *id, *before, *after; /* NULL where there was no value before, where nothing came of it */
    enum convert_result how;
};

/* What became of the values of one column, soft-deleted records included. */
struct convert_tally {
    int64_t exact, rounded, failed;                 /* of records that have a value; or get one by computing it */
    int64_t lost[CONVERT_REASON_COUNT];             /* of the rounded ones, by what they lost */
    int64_t nulled;                                 /* of those that failed, the ones that have none now */
    int64_t kept;                                   /* values that are again what stood under the returning key */
    struct convert_sample samples[CONVERT_SAMPLES]; /* the first of each result, as far as there is room */
    size_t sample_count;
};

/* Whether a record that a converted value refers to is missing. */
struct reference_check;

struct converter {
    const struct table_state *table; /* whose records they are */
    const struct validator *from, *to;
    const struct plan *plan;
    enum flexdb_on_invalid on_invalid;
    bool *wanted_from, *wanted_to;            /* the slots that conversions read */
    bool fresh;                               /* none of the new keys is in any document */
    const bool *needed;                       /* slots of the new shape; NULL: all */
    const struct reference_check *references; /* NULL: none are looked for */
    struct record old, stored, new, room, between;
    struct buffer *texts;      /* one for each conversion: what its value is made of */
    struct buffer probes[3];   /* the same for values on their way */
    flexdb_value *given, *now; /* what is to be stored; the whole record with that, where something is computed */
    bool *refused; /* by slot of the new shape: issues of the record that was read last, and what cannot be computed
                      because of them */
    struct convert_tally *tallies, *computed; /* one for each conversion, and each computation, of the plan */
};

/* Ready for the plan's conversions and computations, of which there are some; all is borrowed and must outlive it. To
 * be closed also where it fails. */
int converter_open(struct converter *c, const struct table_state *table, const struct validator *to,
                   const struct plan *plan, enum flexdb_on_invalid on_invalid, flexdb_error *err);
void converter_close(struct converter *c);

/* Reads the record as it is after the change: c->new.values, of which those that are `needed` are set; their texts hold
 * until the next call. 1 when its document becomes c->new.document, 0 when it stays as it is. Values that do not
 * convert, or cannot be computed, are issues of `why`, one a column, where on_invalid is STOP; else they are no value,
 * but for those that merely break a rule and may stay (IGNORE). */
int converter_read(struct converter *c, const struct raw_record *raw, flexdb_error *why, flexdb_error *err);

/* The values that the record has after the change in the columns of the conversions for which `which` (by conversion)
 * is set, whatever they refer to, in values[], the others ABSENT; nothing is counted. */
int converter_peek(struct converter *c, const struct raw_record *raw, const bool *which, flexdb_value *values,
                   flexdb_error *err);

#endif
