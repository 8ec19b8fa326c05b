/* References between records. */
#ifndef FLEXDB_DB_REFERENCES_H
#define FLEXDB_DB_REFERENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/value.h"
#include "db/engine.h"
#include "db/state.h"

/* Which of `count` ids (TEXT) are live records of a physical table ("" has none): found[i]. Takes them for reading
 * until the transaction ends. */
int references_exist(struct engine *e, const char *table, const flexdb_value *ids, size_t count, bool *found,
                     flexdb_error *err);
/* The same; the records are taken for reading only where they are to be held. */
int references_look(struct engine *e, const char *table, const flexdb_value *ids, size_t count, bool hold, bool *found,
                    flexdb_error *err);
/* Where the records are to which a column of `s` refers, as its definition or another one says it: "" for nowhere.
 * `target_id` may be NULL. */
int references_target(const struct table_state *s, const char *target_id, char out[PHYSICAL_NAME_SIZE],
                      flexdb_error *err);
/* Looks for every referenced record of a normalized vector, or of those columns alone that are set in `given`.
 * REFERENCE with an issue for each that is not there; the record's own id (may be NULL) counts as there. */
int references_explain(const struct table_state *s, const flexdb_value *values, const flexdb_value *given,
                       const char *id, size_t id_length, flexdb_error *err);
/* The same looking alone: adds the issues, does not close, holds nothing. */
int references_add_missing(const struct table_state *s, const flexdb_value *values, const flexdb_value *given,
                           const char *id, size_t id_length, flexdb_error *err);
/* Adds the issue of one missing record. */
void references_issue(const struct table_state *s, const struct state_reference *r, const flexdb_value *id,
                      flexdb_error *err);
/* After a record was marked as deleted: REFERENCE when a live record refers to it, UNSUPPORTED when that one would have
 * to be changed along. */
int references_check_deleted(const struct table_state *s, const char *id, size_t length, flexdb_error *err);
/* Whether a live record refers to this one, in whatever way: 1 or 0. */
int references_find_referrer(const struct table_state *s, const char *id, size_t length, flexdb_error *err);
/* REFERENCE when the current definition of a live table, other than `s` itself, refers to it. */
int references_check_dropped(const struct table_state *s, flexdb_error *err);

#endif
