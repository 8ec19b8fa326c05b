/* A plan as a document: what an evolution would do, counted and in words.
 *
 * { table, tableId, version, changes or rollback, onInvalid, records, deleted,
 *   steps: [ { kind: metadata | check | convert | index, column, text, rule, breaking, destructive,
 *              carried, failed, converted, exact, rounded, stand, nulled, samples: [ { id, before, after } ] } ],
 *   breaking, destructive, possible, failed, issues: [ { id, path, rule, message, expected, got } ],
 *   before: { column: its definition } }
 *
 * `breaking` and `destructive` of a step are the reasons in words, of the plan booleans. `before` is what the plan was
 * made for: applying it is refused where one of these columns has changed meanwhile. */
#ifndef FLEXDB_DB_PLAN_DOCUMENT_H
#define FLEXDB_DB_PLAN_DOCUMENT_H

#include "db/evolution.h"

/* Refuses with CONFLICT what the table's compatibility mode does not allow. */
int plan_enforce(struct evolution *ev, flexdb_error *err);
/* Counts what the records say and appends the plan to ev->out. */
int plan_tell(struct evolution *ev, flexdb_error *err);
/* Counts a live record's values in columns that go, where that is asked for. */
int plan_count_carried(struct evolution *ev, const struct raw_record *raw, flexdb_error *err);
/* Puts what became of the records' values into the entries of the columns that were converted. False when memory is
 * out. */
bool plan_note_conversions(const struct evolution *ev, cJSON *stored);

#endif
