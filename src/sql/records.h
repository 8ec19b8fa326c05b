/* Statements that write records, and that fetch them by id or seq. Texts depend on the layout and the dialect alone, so
 * that they are prepared once.
 *
 * The guard: `schema_version` is NOT NULL and is given the value of
 * (SELECT version FROM flex_tables WHERE id = ? AND revision = ? AND is_active [AND every reference exists]);
 * when there is no such row the engine refuses the NULL, which the driver reports as STALE. Whether it was the revision
 * or a reference is found out afterwards. A server takes less time over a guard that has only those references in it
 * that have a value, and less again when it joins them: there a statement has a text of its own for these cases. */
#ifndef FLEXDB_SQL_RECORDS_H
#define FLEXDB_SQL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/layout.h"
#include "sql/dialect.h"

/* A reference column that a guard looks after: the physical table that holds the referenced records. */
struct reference_guard {
    const char *table;
};

/* How a statement makes sure of what it was made for. */
enum guard_form {
    GUARD_HELD, /* not at all, for it is held: the schema version is a parameter */
    GUARD_EACH, /* every reference may be without a value */
    GUARD_JOIN, /* every reference has a value, and none is into the table that is written */
};

/* Parameters: id, data, created_at, updated_at, the live (not retired) physical columns in the layout's order, then by
 * the guard's form
 *   GUARD_HELD: the schema version;
 *   GUARD_EACH: table id, revision, and for each reference guard the value twice (NULL when there is none to check);
 *   GUARD_JOIN: table id, revision, and for each reference guard the value.
 * A value is known to be spelt as an id: servers would overlook blanks behind it. `version` is 1. */
void records_insert(const struct dialect *d, const struct layout *l, enum guard_form form,
                    const struct reference_guard *refs, size_t ref_count, struct buffer *out);

/* Parameters: data, updated_at, physical columns, then the guard's (as above), then seq, version.
 * Sets version to version + 1, and empties the physical columns that have lapsed. Only a live record, only when its
 * version is still the given one. */
void records_update(const struct dialect *d, const struct layout *l, enum guard_form form,
                    const struct reference_guard *refs, size_t ref_count, struct buffer *out);

/* Soft delete and restore: parameters: deleted_at (or nothing for restore), updated_at, guard's table id and revision,
 * seq, version. schema_version is kept (the guard only makes it NULL when it does not hold). A restore empties the
 * physical columns that have lapsed, so that their indexes do not refuse it. */
void records_delete(const struct dialect *d, const struct layout *l, struct buffer *out);
void records_restore(const struct dialect *d, const struct layout *l, struct buffer *out);
/* Hard delete: parameters: seq, version. To be run inside a transaction that holds the revision. */
void records_erase(const struct dialect *d, const struct layout *l, struct buffer *out);

/* Every fetch gives the columns in this order. */
enum fetch_column {
    FETCH_SEQ,
    FETCH_ID,
    FETCH_DATA,
    FETCH_VERSION,
    FETCH_CREATED_AT, /* microseconds */
    FETCH_UPDATED_AT,
    FETCH_DELETED_AT,
    FETCH_SCHEMA_VERSION,
    FETCH_REVISION, /* of flex_tables, where the dialect has no change counter; else NULL */
    FETCH_COUNT
};

enum fetch_lock { FETCH_PLAIN, FETCH_FOR_UPDATE };

/* One record by id: parameters: [table id, when FETCH_REVISION is selected (records_selects_revision)], id. All with
 * `deleted`; without it a soft-deleted one may come all the same, which FETCH_DELETED_AT tells. */
void records_fetch(const struct dialect *d, const struct layout *l, enum fetch_lock lock, bool deleted,
                   struct buffer *out);
/* Live records by `count` ids, in no order: parameters: [table id,] ids. */
void records_fetch_many(const struct dialect *d, const struct layout *l, size_t count, struct buffer *out);
/* All live records (or all, with `deleted`) in order of seq, after a seq, at most a number: parameters: [table id,]
 * seq, limit. For checks and rebuilds. */
void records_walk(const struct dialect *d, const struct layout *l, bool deleted, struct buffer *out);
/* Copies a row to a new physical table as it is, seq included: parameters: seq, id, data, schema_version, version,
 * created_at, updated_at, deleted_at, physical columns of `l`. */
void records_copy(const struct dialect *d, const struct layout *l, struct buffer *out);
/* Writes a document that was converted; all else stays as it is: parameters: data, seq. */
void records_convert(const struct layout *l, struct buffer *out);
/* Whether a live record is there, taking it for reading until the transaction ends where it is to be held: parameters:
 * `count` ids → id. */
void records_exist(const struct dialect *d, const char *table, size_t count, bool hold, struct buffer *out);
/* Whether a live record refers to an id through a physical column: (id) → one row with its id. */
void records_referrer(const struct dialect *d, const struct layout *l, const struct layout_column *c,
                      struct buffer *out);
/* Whether a record other than seq holds values: a live one in `count` physical columns that are unique together, or
 * with a count of 0 any one as its id: parameters: the physical values or the id, seq → seq. */
void records_holder(const struct dialect *d, const struct layout *l, const struct layout_column *const columns[],
                    size_t count, struct buffer *out);
/* How many live records (or all, with `deleted`) there are: () → count. */
void records_count(const struct dialect *d, const struct layout *l, bool deleted, struct buffer *out);
/* The last row, soft-deleted ones included: () → seq, or no row at all. */
void records_last(const struct dialect *d, const struct layout *l, struct buffer *out);

bool records_selects_revision(const struct dialect *d);
/* Whether a guard is to have only the references in it that have a value. */
bool records_guards_by_need(const struct dialect *d);

#endif
