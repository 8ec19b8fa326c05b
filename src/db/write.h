/* What the calls that write one record have in common. */
#ifndef FLEXDB_DB_WRITE_H
#define FLEXDB_DB_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/table.h"

struct parameters {
    flexdb_value values[STATE_MAX_PARAMETERS];
    size_t count;
};

static inline void parameter_add(struct parameters *p, flexdb_value value) { p->values[p->count++] = value; }

/* Adds the physical values of a vector. */
int write_add_physicals(struct parameters *p, const struct table_state *s, const flexdb_value *values,
                        struct buffer *scratch, flexdb_error *err);
/* Adds a guard's parameters: the table's id, its revision and, with `values`, the references among them that are to be
 * looked after: those that are set in `given` (NULL: all) and are not the record itself. Or, where nothing needs to be
 * looked for, the schema version. Tells for which of the statement's texts. */
enum state_refers write_add_guard(struct parameters *p, const struct table_state *s, const flexdb_value *values,
                                  const flexdb_value *given, const flexdb_value *id);
/* To be called when a statement with a guard has written a record: in a transaction the guard has taken hold of the
 * revision until its end. */
void write_note_held(struct table_state *s);
/* True when a reference is set that can only be missing, since its table is gone. */
bool write_cannot_refer(const struct table_state *s, const flexdb_value *values, const flexdb_value *given);
/* Says which values of the vector other records hold: DUPLICATE with an issue for each in place of the engine's words,
 * which stay where the index is none of the definition's. `own_seq`: of the record itself, 0 when it is new. */
int write_explain_duplicate(const struct table_state *s, const flexdb_value *values, const flexdb_value *id,
                            int64_t own_seq, flexdb_error *err);
/* Adds an issue to `found` for each value of the vector that another record holds: in the order of the definition,
 * behind the id, whichever index an engine would meet first. Does not close. 0, or -code with `err`. */
int write_add_held(const struct table_state *s, const flexdb_value *values, const flexdb_value *id, int64_t own_seq,
                   flexdb_error *found, flexdb_error *err);
/* After a record was refused by its own rules: what only the database knows is told beside, records that are missing
 * and values that others hold. `w->values` has FAULT where a value is wrong, and is changed. Any other error stays
 * alone. */
int write_tell_rest(const struct table_state *s, flexdb_value *values, const struct table_written *w,
                    flexdb_error *err);
/* REFERENCE when a record is missing in what was written, beside the values that others hold; else 0. */
int write_explain_missing(const struct table_state *s, const struct table_written *w, flexdb_error *err);
/* The same as write_tell_rest for a new record of which nothing but `given` is known; uses t->record. */
int write_tell_rest_of_new(flexdb_table *t, const flexdb_value *given, flexdb_error *err);
/* The same without the values that others hold, and without references to the table itself unless `self` is set. */
int write_tell_missing(flexdb_table *t, const flexdb_value *given, bool self, flexdb_error *err);
/* After a DUPLICATE, `err`: a rule that is gone refuses nothing, so a record that only the index of a removed column
 * keeps out is written without an entry there, and the index may then not be taken up again. 1 when it was of that
 * kind: the same is to be written again, under t->state as it is now; 0 when not, and the error stays. */
int write_let_lapse(flexdb_table *t, flexdb_error *err);
int write_run(struct table_state *s, enum state_sql which, const struct parameters *p, int64_t *affected,
              flexdb_error *err);
/* Holds the revision until the transaction ends, and takes up what has moved before that. STALE as in table_enter. */
int write_hold(flexdb_table *t, const struct validator *v, flexdb_error *err);
/* `now`, but never before the record was made. */
int64_t write_time(int64_t created_at);
/* Gives the record in t->record back to the caller, under these system values. */
void write_row(flexdb_table *t, const struct raw_record *raw, flexdb_row *out);

/* One attempt at an insert, in whatever transaction is open; t->record holds the normalized record. `raw` tells its
 * system values. */
int insert_attempt(flexdb_table *t, const flexdb_value *given, struct raw_record *raw, flexdb_error *err);
/* One attempt at writing `given` over a record that was fetched. 1 done, 0 when the record has moved. `raw` becomes the
 * new one. */
int update_attempt(flexdb_table *t, const flexdb_value *given, struct raw_record *raw, flexdb_error *err);

#endif
