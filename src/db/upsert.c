/* Insert or update, decided by a unique column. */
#include <stdlib.h>
#include <string.h>

#include "db/write.h"
#include "sql/select.h"

struct upsert {
    flexdb_table *table;
    const struct validator *v;
    const char *on;
    size_t on_length;
    const flexdb_value *given;
    flexdb_value *whole; /* the same as a new record, in which a computed value may be the one of the record that is
                            there: it is for the write to judge. NULL where nothing is computed */
    size_t slot;
    struct raw_record raw;
    bool inserted;
    bool written; /* a guard was asked */
};

/* The slot of the column that decides: unique, or the id. */
static int find_slot(struct upsert *u, flexdb_error *err) {
    int64_t slot = validator_slot(u->v, u->on, u->on_length);
    const flexdb_shape *shape = validator_shape(u->v);
    char shown[SHOWN_SIZE];
    record_shown(shown, u->on, u->on_length);
    if (slot == NAMES_NONE) return error_set(err, FLEXDB_INVALID_QUERY, "there is no column %s", shown);
    u->slot = (size_t)slot;
    bool unique = u->slot < shape->columns ? validator_column(u->v, u->slot)->column->unique
                                           : u->slot == shape->columns + SLOT_ID;
    if (unique) return 0;
    return error_set(err, FLEXDB_INVALID_QUERY, "column %s is not unique: upsert needs one that is", shown);
}

/* Finds the live record that holds the value in u->slot of the normalized record: 1 or 0. */
static int find_holder(struct upsert *u, bool lock, flexdb_error *err) {
    flexdb_table *t = u->table;
    struct table_state *s = t->state;
    struct engine *e = s->engine;
    flexdb_value physical;
    buffer_reset(&t->physical);
    int rc = buffer_reserve(&t->physical, CODEC_PHYSICAL_SCRATCH) ? 0 : error_no_memory(err);
    if (rc == 0) rc = codec_physical(s->validator, u->slot, &t->record.values[u->slot], &physical, &t->physical, err);
    if (rc != 0) return rc;
    const struct filter is_value = {.op = FILTER_EQ, .slot = u->slot, .count = 1, .values = &physical};
    const struct query query = {.filter = &is_value};
    struct sql sql = SQL_INIT;
    struct statement *found = NULL;
    rc = select_build(&sql, e->dialect, lock ? SELECT_TARGETS : SELECT_RECORDS, s->layout, s->validator, &query, s->id,
                      err);
    if (rc == 0) rc = engine_query(e, &found, sql.text.data, sql.text.length, sql.parameters, sql.count, err);
    if (rc == 1) {
        rc = raw_read(e, found, &u->raw, err);
        if (rc == 0) rc = table_keep_raw(t, &u->raw, err);
        if (rc == 0) rc = 1;
    }
    engine_finalize(e, found);
    sql_clear(&sql);
    return rc;
}

/* 1 done, 0 when somebody else was faster. */
static int upsert_once(void *context, flexdb_error *err) {
    struct upsert *u = context;
    flexdb_table *t = u->table;
    struct engine *e = t->db->engine;
    u->written = false;
    u->inserted = false;
    const flexdb_value *given = u->whole != NULL ? u->whole : u->given;
    int rc = codec_encode(t->state->validator, given, &t->record, err);
    if (rc != 0) return write_tell_missing(t, given, true, err);
    const flexdb_value *value = &t->record.values[u->slot];
    if (value_is_none(value)) {
        error_issue(err, validator_shape(u->v)->fields[u->slot].name, "required", NULL, NULL,
                    "must have a value, for the upsert goes by it");
        return error_close_issues(err, FLEXDB_INVALID_RECORD);
    }
    bool lock = e->depth != 0 && !engine_has(e, DRIVER_SINGLE_WRITER);
    if (u->slot < validator_shape(u->v)->columns)
        rc = find_holder(u, lock, err);
    else
        rc = table_fetch(t, u->v, lock ? SQL_FETCH_LOCKED : SQL_FETCH, value->as.text, value->length, &u->raw, err);
    if (rc < 0) return rc;
    u->inserted = rc == 0;
    u->written = true;
    if (rc == 1) return update_attempt(t, u->given, &u->raw, err);
    rc = insert_attempt(t, u->given, &u->raw, err);
    return rc == 0 ? 1 : rc;
}

/* The values without those of computed columns. */
static int copy_whole(struct upsert *u, flexdb_error *err) {
    const uint32_t *slots;
    size_t computed = validator_computed(u->v, &slots), count = validator_shape(u->v)->count;
    if (computed == 0) return 0;
    u->whole = malloc(count * sizeof *u->whole);
    if (u->whole == NULL) return error_no_memory(err);
    memcpy(u->whole, u->given, count * sizeof *u->whole);
    for (size_t i = 0; i < computed; i++) u->whole[slots[i]].tag = FLEXDB_ABSENT;
    return 0;
}

/* The value was inserted by somebody else between the two statements. */
static bool lost_race(const struct upsert *u, const flexdb_error *err) {
    if (err->code != FLEXDB_DUPLICATE || !u->inserted || err->issue_count == 0 || err->ended) return false;
    return strcmp(err->issues[0].path, validator_shape(u->v)->fields[u->slot].name) == 0;
}

static int upsert(struct upsert *u, flexdb_row *out, bool *inserted, flexdb_error *err) {
    flexdb_table *table = u->table;
    struct engine *e = table->db->engine;
    unsigned races = 0;
    for (struct table_tries tries = table_tries(table);;) {
        int rc = table_enter(table, ENGINE_WRITE, u->v, err);
        if (rc == 0) rc = find_slot(u, err);
        if (rc != 0) return rc;
        bool transact = e->depth == 0 && engine_has(e, DRIVER_SINGLE_WRITER);
        rc = transact ? engine_transact(e, upsert_once, u, err) : upsert_once(u, err);
        if (rc == 1) {
            *inserted = u->inserted;
            write_row(table, &u->raw, out);
            return 0;
        }
        /* A soft-deleted record may hold the id for good: then trying again is of no use. */
        if (rc < 0 && lost_race(u, err) && races++ < TABLE_MAX_ATTEMPTS) {
            error_clear(err);
            continue;
        }
        if (rc == 0) {
            if (engine_pause(tries.deadline)) continue;
            rc = error_set(err, FLEXDB_CONFLICT, "the record was changed by somebody else");
            err->retryable = true;
            return rc;
        }
        const struct table_written written = {table->record.values, u->inserted ? NULL : u->given, u->raw.id,
                                              u->raw.id_length, u->inserted ? 0 : u->raw.seq};
        bool refused = rc == -FLEXDB_STALE && u->written;
        if (!table_call_again(table, u->v, refused ? &written : NULL, &tries, err)) return -(int)err->code;
    }
}

int flexdb_upsert(flexdb_table *table, const char *on, size_t on_length, const flexdb_validator *v,
                  const flexdb_value *given, flexdb_row *out, bool *inserted, flexdb_error *err) {
    struct upsert u = {.table = table, .v = v, .on = on, .on_length = on_length, .given = given};
    int rc = copy_whole(&u, err);
    if (rc == 0) rc = upsert(&u, out, inserted, err);
    free(u.whole);
    return rc;
}
