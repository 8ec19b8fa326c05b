/* A plain evaluation of a query over records in memory, for the tests that hold the engines against it. */
#ifndef FLEXDB_UNIT_SELECT_REFERENCE_H
#define FLEXDB_UNIT_SELECT_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/value.h"
#include "model/query.h"

enum { RECORDS = 120, SLOTS = 24 };

/* A stored record: its seq is its place, from 1; values in physical form, of every slot. */
struct stored {
    flexdb_value values[SLOTS];
    bool deleted;
};

/* The places of the records that the query is for, in its order. Returns how many. */
size_t select_expected(const struct stored records[RECORDS], const struct query *q, size_t places[RECORDS]);

#endif
