#include "db/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "db/targets.h"
#include "db/view.h"
#include "db/write.h"

int table_new(flexdb_table **out, flexdb *db, struct table_state *state, flexdb_error *err) {
    flexdb_table *t = calloc(1, sizeof *t);
    if (t == NULL) {
        state_drop(state);
        return error_no_memory(err);
    }
    t->holders = 1;
    t->db = database_hold(db);
    t->state = state;
    *out = t;
    return 0;
}

void flexdb_table_free(flexdb_table *table) {
    if (table == NULL || --table->holders != 0) return;
    state_drop(table->state);
    record_free(&table->record);
    buffer_free(&table->fetched);
    buffer_free(&table->physical);
    database_drop(table->db);
    free(table);
}

/* What a rollback has undone must not be told: the table is read again, if that can be done. */
static const struct table_state *told(const flexdb_table *table) {
    flexdb_table *t = (flexdb_table *)table;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (!state_is_current(t->state) && flexdb_is_open(t->db)) table_enter(t, ENGINE_READ, NULL, &ignored);
    error_clear(&ignored);
    return t->state;
}

const char *flexdb_table_name(const flexdb_table *table) { return told(table)->name; }

const char *flexdb_table_id(const flexdb_table *table) { return table->state->id; }

const char *flexdb_table_application(const flexdb_table *table) { return table->state->application; }

int64_t flexdb_table_version(const flexdb_table *table) { return told(table)->version; }

const flexdb_validator *flexdb_table_validator(const flexdb_table *table) { return told(table)->validator; }

int table_not_found(const char *id, size_t length, flexdb_error *err) {
    char shown[SHOWN_SIZE];
    return error_set(err, FLEXDB_NOT_FOUND, "there is no record %s", record_shown(shown, id, length));
}

int table_no_such(const char *name, size_t length, flexdb_error *err) {
    char shown[SHOWN_SIZE];
    return error_set(err, FLEXDB_NOT_FOUND, "there is no table %s", record_shown(shown, name, length));
}

/* ---- the state of a handle ---- */

int table_find_own(struct table_state **out, const flexdb_table *t, bool hold, flexdb_error *err) {
    struct engine *e = t->db->engine;
    const char *id = t->state->id;
    struct table_state *state;
    *out = NULL;
    int rc = state_find(&state, e, hold ? CATALOG_TABLE_SHARE : CATALOG_TABLE_BY_ID, &id, 1, err);
    if (rc < 0) return rc;
    if (rc == 0 || !state->active) {
        /* The name that it had, also when the row now holds another for it. */
        const char *tilde = strchr(t->state->name, '~');
        rc = table_no_such(t->state->name, tilde != NULL ? (size_t)(tilde - t->state->name) : strlen(t->state->name),
                           err);
        state_drop(state);
        return rc;
    }
    *out = state;
    return 0;
}

int table_reload(flexdb_table *t, bool hold, flexdb_error *err) {
    struct table_state *own, *state;
    int rc = table_find_own(&own, t, hold, err);
    if (rc != 0) return rc;
    if (own == state_own(t->state)) {
        state_drop(own);
        return 0;
    }
    state = own;
    if (t->state->base != NULL) {
        rc = view_state(&state, own, t->state->version, err);
        state_drop(own);
        if (rc != 0) return rc;
    }
    state_drop(t->state);
    t->state = state;
    return 1;
}

int table_check_validator(const flexdb_table *t, const struct validator *v, flexdb_error *err) {
    if (v == NULL || v == t->state->validator) return 0;
    return error_set(err, FLEXDB_STALE, "the definition of table \"%s\" has changed", t->state->name);
}

int table_enter(flexdb_table *t, enum engine_use use, const struct validator *v, flexdb_error *err) {
    bool view = t->state->base != NULL;
    int rc = database_enter(t->db, view ? ENGINE_READ : use, err);
    if (rc == 0 && !state_is_current(t->state)) rc = table_reload(t, false, err);
    if (rc < 0) return rc;
    return view && use == ENGINE_WRITE ? view_refuse(t->state, err) : table_check_validator(t, v, err);
}

int flexdb_table_writable(flexdb_table *table, flexdb_error *err) {
    return table_enter(table, ENGINE_WRITE, NULL, err);
}

int flexdb_table_refresh(flexdb_table *table, flexdb_error *err) {
    int rc = database_enter(table->db, ENGINE_READ, err);
    if (rc != 0) return rc;
    return table_reload(table, false, err);
}

int flexdb_table_schema(flexdb_table *table, struct buffer *out, flexdb_error *err) {
    int rc = table_enter(table, ENGINE_READ, NULL, err);
    if (rc == 0) rc = table_reload(table, false, err);
    if (rc < 0) return rc;
    cJSON *tree = definition_document(state_definition(table->state), PRINT_PUBLIC);
    if (tree == NULL) return error_no_memory(err);
    rc = targets_name(table->state, tree, err);
    if (rc == 0) document_print(tree, out);
    cJSON_Delete(tree);
    if (rc == 0 && buffer_failed(out)) rc = error_no_memory(err);
    return rc;
}

/* ---- making a call again ---- */

/* What may be a symptom of an old definition rather than the caller's fault. */
static bool may_be_stale(const flexdb_error *err) {
    switch (err->code) {
    case FLEXDB_STALE: return !err->ended;
    case FLEXDB_INVALID_RECORD:
    case FLEXDB_INVALID_QUERY:
    case FLEXDB_CORRUPT:
    case FLEXDB_INTERNAL: return !err->ended;
    default: return false;
    }
}

struct table_tries table_tries(const flexdb_table *t) {
    const struct engine *e = t->db->engine;
    /* An engine with one writer has waited for the lock itself. */
    return (struct table_tries){.deadline = engine_has(e, DRIVER_SINGLE_WRITER) ? 0 : engine_deadline(e)};
}

bool table_call_again(flexdb_table *t, const struct validator *v, const struct table_written *written,
                      struct table_tries *tries, flexdb_error *err) {
    struct engine *e = t->db->engine;
    if (err->code == FLEXDB_BUSY && e->depth == 0 && e->connection != NULL && engine_pause(tries->deadline)) {
        error_clear(err);
        return true;
    }
    if (!may_be_stale(err) || e->doomed.code != FLEXDB_OK || e->connection == NULL) return false;
    if (v != NULL && v != t->state->validator) {
        /* It has been found out already. */
        error_clear(err);
        table_check_validator(t, v, err);
        return false;
    }
    flexdb_error cause;
    error_move(&cause, err);
    int rc = table_reload(t, e->depth != 0, err);
    bool refused = cause.code == FLEXDB_STALE;
    if (rc == 0 && !refused) {
        error_move(err, &cause);
        return false;
    }
    error_clear(&cause);
    if (rc < 0 || table_check_validator(t, v, err) != 0) return false;
    if (rc == 0 && written != NULL && write_explain_missing(t->state, written, err) != 0) return false;
    if (++tries->count < TABLE_MAX_ATTEMPTS) return true;
    error_set(err, FLEXDB_CONFLICT, "table \"%s\" kept changing", t->state->name);
    err->retryable = true;
    return false;
}

/* ---- one record by id ---- */

int table_keep_raw(flexdb_table *t, struct raw_record *raw, flexdb_error *err) {
    buffer_reset(&t->fetched);
    buffer_append(&t->fetched, raw->id, raw->id_length);
    buffer_append(&t->fetched, raw->data, raw->data_length);
    if (buffer_failed(&t->fetched)) return error_no_memory(err);
    raw->id = t->fetched.data;
    raw->data = t->fetched.data + raw->id_length;
    return 0;
}

/* 1 or 0; *trusted tells whether the table was still the one that is known. */
static int fetch_once(flexdb_table *t, enum state_sql which, const char *id, size_t length, struct raw_record *raw,
                      bool *trusted, flexdb_error *err) {
    struct engine *e = t->db->engine;
    struct table_state *state = t->state;
    const struct buffer *sql = state_text(state, which, err);
    if (sql == NULL) return -(int)err->code;
    const flexdb_value values[] = {value_text(state->id, strlen(state->id)), value_text(id, length)};
    bool both = records_selects_revision(e->dialect);
    struct statement *s;
    int rc = engine_query(e, &s, sql->data, sql->length, both ? values : values + 1, both ? 2 : 1, err);
    if (rc < 0) return rc;
    int read = 0;
    raw->revision = 0;
    if (rc == 1) {
        read = raw_read(e, s, raw, err);
        if (read == 0 && raw->deleted && (which == SQL_FETCH || which == SQL_FETCH_LOCKED)) rc = 0;
        if (read == 0) read = table_keep_raw(t, raw, err);
    }
    if (read == 0) {
        read = state_verify(state, raw->revision, err);
        *trusted = read == 1;
    }
    engine_finalize(e, s);
    return read < 0 ? read : rc;
}

int table_fetch(flexdb_table *t, const struct validator *v, enum state_sql which, const char *id, size_t length,
                struct raw_record *raw, flexdb_error *err) {
    for (struct table_tries tries = table_tries(t);;) {
        bool trusted = false;
        int rc = fetch_once(t, which, id, length, raw, &trusted, err);
        if (rc >= 0 && trusted) return rc;
        if (rc >= 0) rc = error_set(err, FLEXDB_STALE, "table \"%s\" has changed", t->state->name);
        if (!table_call_again(t, v, NULL, &tries, err)) return rc < 0 ? -(int)err->code : rc;
    }
}

int flexdb_get(flexdb_table *table, const char *id, size_t length, flexdb_row *out, flexdb_error *err) {
    int rc = table_enter(table, ENGINE_READ, NULL, err);
    if (rc != 0) return rc;
    struct raw_record raw;
    rc = table_fetch(table, NULL, SQL_FETCH, id, length, &raw, err);
    if (rc != 1) return rc;
    const struct validator *v = table->state->validator;
    rc = record_decode(v, &raw, NULL, &table->record, err);
    if (rc != 0) return rc;
    record_system_slots(validator_shape(v), table->record.values, &raw, &table->times);
    *out = (flexdb_row){.validator = v, .values = table->record.values};
    return 1;
}
