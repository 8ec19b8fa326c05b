/* A handle on a table, and what every call on it begins and ends with. */
#ifndef FLEXDB_DB_TABLE_H
#define FLEXDB_DB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/uuid.h"
#include "db/database.h"
#include "db/record.h"
#include "db/state.h"
#include "model/codec.h"

struct flexdb_table {
    size_t holders; /* the caller, and batches */
    flexdb *db;
    struct table_state *state;
    struct record record;   /* what calls give back */
    struct buffer fetched;  /* id and document of the record that was fetched last */
    struct buffer physical; /* scratch */
    struct record_times times;
    char id[UUID_TEXT_SIZE];
};

/* How often a call is made again because somebody else was faster, before it gives up. */
enum { TABLE_MAX_ATTEMPTS = 10 };

/* Takes over the reference to `state`. */
int table_new(flexdb_table **out, flexdb *db, struct table_state *state, flexdb_error *err);

/* Begins a call: database_enter, and the newest state that is known. READ_ONLY when a view is to be written through;
 * STALE when `v` (NULL: any) is not its validator. */
int table_enter(flexdb_table *t, enum engine_use use, const struct validator *v, flexdb_error *err);
/* Reads the catalogue's row again. 1 when it had moved, 0 when not; NOT_FOUND when the table is gone. With `hold` the
 * revision stays as it is until the transaction ends. */
int table_reload(flexdb_table *t, bool hold, flexdb_error *err);
/* The table's own state, of a view too, from the catalogue's row as it is now; `hold` and NOT_FOUND as above. The
 * caller drops. */
int table_find_own(struct table_state **out, const flexdb_table *t, bool hold, flexdb_error *err);
/* STALE when the definition is no longer the one of `v`. */
int table_check_validator(const flexdb_table *t, const struct validator *v, flexdb_error *err);

/* What a guarded statement tried to write: a normalized vector, which of it was set (NULL: all), the record's id, and
 * its seq, 0 when it is new. */
struct table_written {
    const flexdb_value *values, *given;
    const char *id;
    size_t id_length;
    int64_t seq;
};

/* How often a call was made, and until when it may be made again. */
struct table_tries {
    unsigned count;
    int64_t deadline;
};
struct table_tries table_tries(const flexdb_table *t);

/* After a call has failed: whether it is to be made again because the table had moved (or a guard refused it for a
 * reason that is gone, or a server ended a deadlock at its cost); the error is cleared then. Else the error stays, or
 * becomes the truer one: STALE, NOT_FOUND, or the REFERENCE that is missing in what was written (may be NULL), with
 * what else is wrong. */
bool table_call_again(flexdb_table *t, const struct validator *v, const struct table_written *written,
                      struct table_tries *tries, flexdb_error *err);

/* Fetches a record by id with SQL_FETCH…, verified against the catalogue. 1 and the record (its texts are the table's
 * until the next call), or 0. STALE as in table_enter. */
int table_fetch(flexdb_table *t, const struct validator *v, enum state_sql which, const char *id, size_t length,
                struct raw_record *raw, flexdb_error *err);

/* Copies the record's texts, which then are the table's until the next fetch. */
int table_keep_raw(flexdb_table *t, struct raw_record *raw, flexdb_error *err);

/* The row of the application's table with this id, dropped or not, for the caller to clear. NOT_FOUND. */
int table_find_row(flexdb *db, const char *id, size_t length, struct catalog_row *out, flexdb_error *err);

int table_not_found(const char *id, size_t length, flexdb_error *err);
int table_no_such(const char *name, size_t length, flexdb_error *err);

#endif
