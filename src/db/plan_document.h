/* A plan as a document: what an evolution would do, counted and in words.
 *
 * { table, tableId, version, changes or rollback, onInvalid, records: how many live ones were looked at,
 *   deleted: how many soft-deleted ones, if any; steps: [ { kind: metadata | check | convert | index, column, columns
 * or check, text, computed, breaking, destructive, carried: records that have a value in a column that goes or comes
 * back, failed: records that stand against a check, or values that do not convert, class, rule, exact, rounded, losses:
 * [ { reason, count } ], kept, nulled, samples: [ { id, before, after } ], duplicates: { values, records, shared: [ {
 * value, count, ids } ] } } ], breaking, destructive, possible, error, failed: records, issues: [ { id, path, rule,
 * message, expected, got } ], before: { column: { key, dataType, computed } or null }, checksBefore: [ { name,
 * expression, message } ] }
 *
 * `breaking` and `destructive` of a step are the reasons in words, of the plan booleans. Of the values of a conversion
 * `exact`, `rounded` and `failed` were converted, `kept` are again what they were before a retype; of those that failed
 * `nulled` have no value now. Values are counted in
 * soft-deleted records, too, which keep them; only live ones stand against a check or share a value. `before` is what
 * the plan was made for: applying it is refused where one of these columns has changed meanwhile, or a name at null is
 * taken; so are all the checks, which are there where the plan changes one. A step with `computed`, an expression,
 * counts the values that it gives. */
#ifndef FLEXDB_DB_PLAN_DOCUMENT_H
#define FLEXDB_DB_PLAN_DOCUMENT_H

#include "db/evolution.h"

/* Refuses with CONFLICT what the table's compatibility mode does not allow. */
int plan_enforce(struct evolution *ev, flexdb_error *err);
/* Counts what the records say and appends the plan to ev->out. */
int plan_tell(struct evolution *ev, flexdb_error *err);
/* Counts a record's values in columns that go or come back, where that is asked for. */
int plan_count_carried(struct evolution *ev, const struct raw_record *raw, flexdb_error *err);
/* Puts what became of the records' values into the entries of the columns that were converted or computed. False when
 * memory is out. */
bool plan_note_conversions(const struct evolution *ev, cJSON *stored);

#endif
