/* The C API: the one door into the core. The Lua binding uses nothing else, and a C host needs nothing else.
 *
 * Every function that can fail takes a clear `flexdb_error *err` last and returns 0 (or what it says) on success and
 * -code on failure; see base/error.h. FLEXDB_MISUSE means that the caller broke a rule of this header (a closed
 * handle). FLEXDB_STALE, from a call that takes a record, means that the table's definition has changed since the
 * vector was laid out: fetch flexdb_table_validator again, lay the record out again, call again.
 *
 * One thread at a time uses a database and what came from it. Documents go in and come out as JSON texts; records as
 * vectors of values in the order of a shape (flexdb_validator_shape), borrowed both ways: what the caller hands over
 * must live until the call returns, what the core hands out lives until the next call that uses the same table or
 * cursor. */
#ifndef FLEXDB_H
#define FLEXDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "model/validator.h" /* flexdb_field, flexdb_shape */

#define FLEXDB_VERSION "0.1.0"

struct driver; /* driver/driver.h */

typedef struct flexdb flexdb;             /* a connection seen as one application and one actor */
typedef struct flexdb_table flexdb_table; /* a table of it */
typedef struct flexdb_rows flexdb_rows;   /* a result that is being read */
typedef struct flexdb_batch flexdb_batch; /* an insert_many that is going on */
typedef struct validator flexdb_validator;
typedef struct record flexdb_record; /* room for one record's results */

/* A record: one value for each field of the validator's shape; texts of times are already in their API form. */
typedef struct flexdb_row {
    const flexdb_validator *validator;
    const flexdb_value *values;
} flexdb_row;

/* ---- database ---------------------------------------------------------------------------------------------------- */

struct flexdb_options {
    const char *application; /* NULL: "default"; at most 128 bytes of UTF-8 */
    const char *actor;       /* NULL: none */
    double timeout;          /* seconds a call may wait for a lock; negative: 5 */
    bool read_only;
    bool no_create;              /* do not make a file that is absent */
    const struct driver *driver; /* for the URLs of its scheme; NULL: SQLite only */
};

/* The scheme of a URL ("sqlite", "mysql") or NULL: tells a host which driver to load. Borrowed from a static table. */
const char *flexdb_url_scheme(const char *url, size_t length);

/* Opens a database and creates FlexDB's own tables when they are absent. UNSUPPORTED for a newer layout. The caller
 * closes and frees. */
int flexdb_open(flexdb **out, const char *url, size_t length, const struct flexdb_options *options, flexdb_error *err);
/* A view over the same connection, with another application or actor (NULL: the same as `db`'s). Freed on its own; dead
 * once the connection is closed. */
int flexdb_with(flexdb **out, flexdb *db, const char *application, const char *actor, flexdb_error *err);
/* Closes the connection (of a view: only the view), rolling back what is open. Everything that came from it is closed
 * with it: calls on it give MISUSE, freeing it stays allowed. Idempotent. */
void flexdb_close(flexdb *db);
bool flexdb_is_open(const flexdb *db);
/* Closes if need be and frees. NULL is harmless. */
void flexdb_free(flexdb *db);
const char *flexdb_application(const flexdb *db);
const char *flexdb_actor(const flexdb *db); /* NULL when there is none */

/* Transactions nest: inside one, begin makes a savepoint. When the engine has ended the transaction by itself every
 * call in it returns that same error, up to the outermost rollback or commit (which returns it too). */
int flexdb_begin(flexdb *db, flexdb_error *err);
/* Ends the innermost level whatever happens: on failure it has been rolled back. */
int flexdb_commit(flexdb *db, flexdb_error *err);
/* Batches that were begun in that level and not finished end with it. */
int flexdb_rollback(flexdb *db, flexdb_error *err);
unsigned flexdb_transaction_depth(const flexdb *db);
/* Whether a call on the connection is calling the caller's own function (on_progress). */
bool flexdb_is_calling(const flexdb *db);
/* Whether the tables that are made and rebuilt in a transaction go with it: on a server they do not. */
bool flexdb_undoes_ddl(const flexdb *db);

/* ---- tables ------------------------------------------------------------------------------------------------------ */

int flexdb_create_table(flexdb_table **out, flexdb *db, const char *name, size_t length, const char *definition,
                        size_t definition_length, flexdb_error *err);
int flexdb_open_table(flexdb_table **out, flexdb *db, const char *name, size_t length, flexdb_error *err);
/* The live table of the database's application that has this id, whatever it is called now. */
int flexdb_open_table_by_id(flexdb_table **out, flexdb *db, const char *id, size_t length, flexdb_error *err);
/* Appends a JSON array of { name, id, version, displayName, createdAt, updatedAt, deletedAt }, sorted by name; `whole`
 * adds { applicationId, isActive, schema, indexedColumns (column name → physical column) }. */
int flexdb_tables(flexdb *db, bool deleted, bool whole, struct buffer *out, flexdb_error *err);
/* Appends the whole entry of the application's table with this id, dropped or not: NOT_FOUND. */
int flexdb_table_info(flexdb *db, const char *id, size_t length, struct buffer *out, flexdb_error *err);
int flexdb_drop_table(flexdb *db, const char *name, size_t length, flexdb_error *err);
int flexdb_restore_table(flexdb_table **out, flexdb *db, const char *name_or_id, size_t length, flexdb_error *err);
int flexdb_rename_table(flexdb_table **out, flexdb *db, const char *name, size_t length, const char *to,
                        size_t to_length, flexdb_error *err);
void flexdb_table_free(flexdb_table *table);

/* A view of the table: it reads the records under the definition of a version (1 … the current one), and goes on doing
 * so whatever becomes of the table. A record shows what was last written under the keys of that version's columns, also
 * by later versions; which records there are, and their system fields, is as it is now. Everything that only reads
 * works on it, what would change something is READ_ONLY. Of a view it is another view of the same table. NOT_FOUND when
 * there is no such version. The caller frees. */
int flexdb_table_at(flexdb_table **out, flexdb_table *table, int64_t version, flexdb_error *err);
/* Whether the table takes writes: 0, or READ_ONLY for a view, and in a database that was opened so. */
int flexdb_table_writable(flexdb_table *table, flexdb_error *err);

/* As last seen; borrowed until the next call on the table. After a rollback that has undone a change of a definition,
 * name, version and validator are read again from the database, which writes what batches hold back as every call
 * does; where that fails they are told as they were. */
const char *flexdb_table_name(const flexdb_table *table);
const char *flexdb_table_id(const flexdb_table *table);
const char *flexdb_table_application(const flexdb_table *table);
int64_t flexdb_table_version(const flexdb_table *table);
/* Looks whether the catalogue has moved and takes it up. 1 when it had, 0 when not. */
int flexdb_table_refresh(flexdb_table *table, flexdb_error *err);
/* The current definition, compiled: lays out the vectors of the calls below. Borrowed; hold it with validator_hold. Of
 * a view it has the shape of its version, and no rules. */
const flexdb_validator *flexdb_table_validator(const flexdb_table *table);
/* Appends the definition (of a view: its version's) as a JSON document (refreshed first). */
int flexdb_table_schema(flexdb_table *table, struct buffer *out, flexdb_error *err);

/* ---- records ----------------------------------------------------------------------------------------------------- */

/* `v` is what `given` was laid out by, everywhere. */
int flexdb_insert(flexdb_table *table, const flexdb_validator *v, const flexdb_value *given, flexdb_row *out,
                  flexdb_error *err);
/* ABSENT slots stay as they are, NULL clears. `version` 0: whatever it is. NOT_FOUND, CONFLICT. */
int flexdb_update(flexdb_table *table, const char *id, size_t length, int64_t version, const flexdb_validator *v,
                  const flexdb_value *given, flexdb_row *out, flexdb_error *err);
/* `on`: a unique column's name. */
int flexdb_upsert(flexdb_table *table, const char *on, size_t on_length, const flexdb_validator *v,
                  const flexdb_value *given, flexdb_row *out, bool *inserted, flexdb_error *err);
/* A record was refused before it came to a write, `err` is INVALID_RECORD: adds an issue for each record that `given`
 * refers to and that is not there. */
int flexdb_tell_missing(flexdb_table *table, const flexdb_validator *v, const flexdb_value *given, flexdb_error *err);
int flexdb_delete(flexdb_table *table, const char *id, size_t length, int64_t version, bool hard, flexdb_error *err);
int flexdb_restore(flexdb_table *table, const char *id, size_t length, flexdb_error *err);
/* A query that selects every record needs `all`. *affected: the number of records. */
int flexdb_update_all(flexdb_table *table, const char *query, size_t length, bool all, const flexdb_validator *v,
                      const flexdb_value *given, int64_t *affected, flexdb_error *err);
int flexdb_delete_all(flexdb_table *table, const char *query, size_t length, bool all, bool hard, int64_t *affected,
                      flexdb_error *err);

/* Inserts many in one transaction (a savepoint inside one). With `skip` a bad record is left out and its error kept
 * (the first `max_errors`, counted beyond); else the first one fails flexdb_batch_add or _finish with the record's
 * 1-based index in every issue (and in the message), and the caller aborts; some records may have been taken after it.
 * Other calls on the database may be made in between; what was added so far is then written first. Where the engine is
 * SQLite and nothing is skipped, a large batch outside of a transaction writes in a thread of its own while the caller
 * adds; calls that need the connection wait for it. */
int flexdb_batch_begin(flexdb_batch **out, flexdb_table *table, bool skip, size_t max_errors, flexdb_error *err);
int flexdb_batch_add(flexdb_batch *b, const flexdb_validator *v, const flexdb_value *given, flexdb_error *err);
/* Counts a record that the caller itself found bad; `why` is taken. Fails like add where the batch stops at errors. */
int flexdb_batch_reject(flexdb_batch *b, flexdb_error *why, flexdb_error *err);
/* Writes what is left and commits. */
int flexdb_batch_finish(flexdb_batch *b, flexdb_error *err);
int64_t flexdb_batch_inserted(const flexdb_batch *b);
int64_t flexdb_batch_error_count(const flexdb_batch *b); /* all of them */
/* Error i of those that were kept, or NULL. */
const flexdb_error *flexdb_batch_error(const flexdb_batch *b, size_t i);
/* Rolls back unless it was finished; frees. NULL is harmless. */
void flexdb_batch_free(flexdb_batch *b);

/* 1 and the record, 0 when there is no such live record. */
int flexdb_get(flexdb_table *table, const char *id, size_t length, flexdb_row *out, flexdb_error *err);
/* Live records by id, in no order. `ids` are TEXT. */
int flexdb_get_many(flexdb_rows **out, flexdb_table *table, const flexdb_value *ids, size_t count, flexdb_error *err);
/* Queries are JSON texts; empty: everything. With `paged` and a limit, flexdb_rows_next_page tells where the next
 * begins. */
int flexdb_find(flexdb_rows **out, flexdb_table *table, const char *query, size_t length, bool paged,
                flexdb_error *err);
int flexdb_count(flexdb_table *table, const char *query, size_t length, int64_t *out, flexdb_error *err);
/* The result as it stood at the first step: other statements may run in between. 1 and a record, 0 at the end. */
int flexdb_rows_step(flexdb_rows *rows, flexdb_row *out, flexdb_error *err);
/* Which slots the query selects (a bool each), or NULL for all. */
const bool *flexdb_rows_selected(const flexdb_rows *rows);
/* After the end of a paged result: appends the cursor of the next page; nothing on the last one. */
int flexdb_rows_next_page(flexdb_rows *rows, struct buffer *out, flexdb_error *err);
void flexdb_rows_free(flexdb_rows *rows);

/* ---- evolution --------------------------------------------------------------------------------------------------- */

/* What becomes of records that stand against a change: it is refused; or values that do not convert become none, the
 * original staying under its key; or the records stay as they are, as far as their values convert. */
enum flexdb_on_invalid { FLEXDB_ON_INVALID_STOP, FLEXDB_ON_INVALID_NULL, FLEXDB_ON_INVALID_IGNORE };

/* A write that is to be done once: the key names it in its application, `step` is a text that says which write it is,
 * so that a key is not used for two. See flexdb_once_begin. */
struct flexdb_once {
    const char *key; /* 1 to 255 bytes of UTF-8 */
    size_t key_length;
    const char *step;
    size_t step_length;
};

/* How far an evolution, or a plan, has come with the records. */
struct flexdb_progress {
    int64_t done, total;
    const char *step; /* "check", "convert" or "index": what is done with them, as the steps of a plan say it */
};

struct flexdb_evolve_options {
    int64_t expect_version; /* 0: any */
    const char *actor;      /* NULL: the handle's */
    const char *message;    /* NULL: none */
    enum flexdb_on_invalid on_invalid;
    /* NULL: none. { tableId, entry } is kept under the key in the transaction of the change; CONFLICT and retryable
     * where somebody has used the key meanwhile: nothing was done, and flexdb_once_find tells what the other has. */
    const struct flexdb_once *once;
    bool dry_run; /* tells the plan in place of the entry (db/plan_document.h), and changes nothing */
    /* Called, unless it is NULL, after every 10,000 records or 100 ms and once after the last. What it returns other
     * than 0 stops the call, which undoes everything and returns -FLEXDB_STOPPED. It must not use the connection: other
     * calls on it are MISUSE until it has returned; closing it is put off until then, and stops the call too. */
    int (*on_progress)(void *context, const struct flexdb_progress *at);
    void *progress_context;
};

/* Append the version entry as JSON: { version, changes, previousSchema, newSchema, createdBy, createdAt, message }. */
int flexdb_evolve(flexdb_table *table, const char *changes, size_t length, const struct flexdb_evolve_options *options,
                  struct buffer *out, flexdb_error *err);
int flexdb_rollback_to(flexdb_table *table, int64_t version, const struct flexdb_evolve_options *options,
                       struct buffer *out, flexdb_error *err);
/* A JSON array of entries, oldest first; `from` 0: the first, `to` 0: the last. */
int flexdb_history(flexdb_table *table, int64_t from, int64_t to, bool schemas, struct buffer *out, flexdb_error *err);
/* A JSON array of changes from one version to another; NOT_FOUND for one that is not there or was purged. */
int flexdb_table_diff(flexdb_table *table, int64_t from, int64_t to, struct buffer *out, flexdb_error *err);

/* ---- writes that are done once ----------------------------------------------------------------------------------- */

/* What the write that has the key has left: 1 and its result appended, 0 when it was not done. CONFLICT when the key
 * belongs to another step. */
int flexdb_once_find(flexdb *db, const struct flexdb_once *once, struct buffer *out, flexdb_error *err);
/* Inside the transaction of the write, before it: 0, the key is taken, and whoever else wants it waits for the end of
 * the transaction; or 1 and the result of the write, which was done before. CONFLICT as above. */
int flexdb_once_begin(flexdb *db, const struct flexdb_once *once, struct buffer *out, flexdb_error *err);
/* After the write, in the same transaction: keeps its result, a JSON text. */
int flexdb_once_end(flexdb *db, const struct flexdb_once *once, const char *result, size_t length, flexdb_error *err);
/* Forgets the keys, of every application, that were used before a time (RFC 3339). *forgotten: how many. */
int flexdb_once_forget(flexdb *db, const char *before, size_t length, int64_t *forgotten, flexdb_error *err);

/* ---- purge ------------------------------------------------------------------------------------------------------- */

typedef struct flexdb_purge flexdb_purge; /* a purge of a table that is going on */

struct flexdb_purge_options {
    int64_t keep_versions;      /* the last so many can still be read afterwards; 0: all that can be now */
    const char *deleted_before; /* records that were deleted before this time (RFC 3339) go for good; NULL: none */
    size_t batch;               /* records to a transaction, at most 10000; 0: 500 */
};

/* Forgets what nobody can reach any more: values under field keys that no kept version names, and records that were
 * deleted long ago, but for those that a live record refers to. Works in short transactions, one or none a step;
 * UNSUPPORTED inside a transaction. Before the first value goes the versions that are not kept are gone (NOT_FOUND for
 * a rollback, a view, a diff); their rows stay as history. What a purge that was cut short has left is done by the next
 * one. MISUSE for options that cannot be. */
int flexdb_purge_begin(flexdb_purge **out, flexdb_table *table, const struct flexdb_purge_options *options,
                       flexdb_error *err);
/* 1 while there is more to do, 0 when all is done. After an error it may be called again. */
int flexdb_purge_step(flexdb_purge *p, flexdb_error *err);
/* How many records were looked at so far. */
int64_t flexdb_purge_records(const flexdb_purge *p);
/* Appends { records, rewritten, deleted, kept, bytes, oldest_version } as JSON: how many records were looked at,
 * documents rewritten, records erased, records spared for what refers to them, bytes of documents that went. */
int flexdb_purge_result(const flexdb_purge *p, struct buffer *out, flexdb_error *err);
/* NULL is harmless. */
void flexdb_purge_free(flexdb_purge *p);

/* ---- doctor ------------------------------------------------------------------------------------------------------ */

typedef struct flexdb_doctor flexdb_doctor; /* a check of a database that is going on */

struct flexdb_doctor_options {
    bool repair;               /* mends what can be mended; else nothing is written */
    const char *const *tables; /* names of the application's tables to look at; NULL: the whole database */
    size_t table_count;
};

/* Holds a database against what must be true of it: catalogue, versions, physical tables and indexes, every record and
 * what records must be together, what nobody names. NOT_FOUND for a table that is not there; with `repair` UNSUPPORTED
 * inside a transaction. */
int flexdb_doctor_begin(flexdb_doctor **out, flexdb *db, const struct flexdb_doctor_options *options,
                        flexdb_error *err);
/* 1 while there is more to look at, 0 when all is done. After an error (BUSY, CONFLICT) it may be called again. */
int flexdb_doctor_step(flexdb_doctor *d, flexdb_error *err);
/* How many records were looked at so far; `table` (may be NULL): the name of the table under way, or NULL. */
int64_t flexdb_doctor_records(const flexdb_doctor *d, const char **table);
/* Appends the report so far as JSON: { ok, repair, problem_count, repaired_count, tables, versions, records, foreign,
 * in_progress, counts: { code: n }, problems: [{ code, application, table, record, column, message, repaired }] }.
 * `ok`: nothing is left unmended. At most 1000 problems are kept, all are counted. `foreign`: tables of another
 * program, which were left alone; `in_progress`: tables and physical tables that somebody was changing. */
int flexdb_doctor_report(const flexdb_doctor *d, struct buffer *out, flexdb_error *err);
/* NULL is harmless. */
void flexdb_doctor_free(flexdb_doctor *d);

/* ---- without a database ------------------------------------------------------------------------------------------ */

int flexdb_diff(const char *from, size_t from_length, const char *to, size_t to_length, struct buffer *out,
                flexdb_error *err);
/* A definition that a user wrote, compiled; one reference (validator_drop). */
int flexdb_validator_new(flexdb_validator **out, const char *definition, size_t length, flexdb_error *err);
int flexdb_record_new(flexdb_record **out, flexdb_error *err);
void flexdb_record_free(flexdb_record *r);
/* Validates a record: `out` is the normalized one, `json` (may be NULL) its document under column names, in `room`. */
int flexdb_validate(const flexdb_validator *v, flexdb_record *room, const flexdb_value *given, flexdb_row *out,
                    flexdb_value *json, flexdb_error *err);

#endif
