#include <stdlib.h>
#include <string.h>

#include "db/references.h"
#include "db/write.h"

/* Writes what stands in t->record over the record. */
static int write_over(flexdb_table *t, const flexdb_value *given, const struct raw_record *raw, int64_t *affected,
                      flexdb_error *err) {
    struct table_state *s = t->state;
    const flexdb_value *values = t->record.values, id = value_text(raw->id, raw->id_length);
    struct parameters p;
    p.count = 0;
    parameter_add(&p, value_text(t->record.document.data, t->record.document.length));
    parameter_add(&p, value_integer(raw->updated_at));
    int rc = write_add_physicals(&p, s, values, &t->physical, err);
    if (rc != 0) return rc;
    enum state_refers refers = write_add_guard(&p, s, values, given, &id);
    parameter_add(&p, value_integer(raw->seq));
    parameter_add(&p, value_integer(raw->version));
    return write_run(s, SQL_UPDATE + refers, &p, affected, err);
}

/* A record keeps its id; the one that it has may be said, so that what was read can be written back. */
static void judge_id(const flexdb_value *given, const struct raw_record *raw, flexdb_error *err) {
    const flexdb_value own = value_text(raw->id, raw->id_length);
    if (given->tag == FLEXDB_ABSENT) return;
    if (given->tag == FLEXDB_TEXT && given->length == own.length &&
        memcmp(given->as.text, own.as.text, own.length) == 0)
        return;
    char *expected = record_excerpt(&own), *got = record_excerpt(given);
    if (expected == NULL || got == NULL)
        error_no_memory(err);
    else
        error_issue(err, "id", "id", expected, got, "cannot be changed: the record's is %s, not %s", expected, got);
    free(expected);
    free(got);
}

int update_attempt(flexdb_table *t, const flexdb_value *given, struct raw_record *raw, flexdb_error *err) {
    const struct validator *v = t->state->validator;
    judge_id(&given[validator_shape(v)->columns + SLOT_ID], raw, err);
    int rc = codec_merge(v, raw->data, raw->data_length, given, &t->record, err);
    const flexdb_value *values = t->record.values, id = value_text(raw->id, raw->id_length);
    const struct table_written written = {values, given, raw->id, raw->id_length, raw->seq};
    if (rc == -FLEXDB_CORRUPT) return record_blame(raw, err);
    if (rc != 0) return write_tell_rest(t->state, t->record.values, &written, err);
    if (write_cannot_refer(t->state, values, given)) return write_explain_missing(t->state, &written, err);
    int64_t affected = 0;
    raw->updated_at = write_time(raw->created_at);
    rc = write_over(t, given, raw, &affected, err);
    for (int lapsed = 1; rc == -FLEXDB_DUPLICATE && lapsed == 1;) {
        lapsed = write_let_lapse(t, err);
        rc = lapsed == 1 ? write_over(t, given, raw, &affected, err) : lapsed < 0 ? lapsed : rc;
    }
    if (rc == -FLEXDB_DUPLICATE) return write_explain_duplicate(t->state, values, &id, raw->seq, err);
    if (rc != 0 || affected == 0) return rc;
    write_note_held(t->state);
    raw->version++;
    return 1;
}

struct update {
    flexdb_table *table;
    const struct validator *v;
    const char *id;
    size_t length;
    int64_t version;
    const flexdb_value *given;
    struct raw_record raw;
    bool written; /* the guard was asked: what it refused is in the table's record */
};

static int check_version(const struct update *u, flexdb_error *err) {
    if (u->version == 0 || u->version == u->raw.version) return 0;
    return error_set(err, FLEXDB_CONFLICT, "record \"%.*s\" is at version %lld, not %lld", (int)u->length, u->id,
                     (long long)u->raw.version, (long long)u->version);
}

/* 1 done, 0 when the record has moved between the two statements. */
static int update_once(void *context, flexdb_error *err) {
    struct update *u = context;
    struct engine *e = u->table->db->engine;
    bool lock = e->depth != 0 && !engine_has(e, DRIVER_SINGLE_WRITER);
    u->written = false;
    int rc = table_fetch(u->table, u->v, lock ? SQL_FETCH_LOCKED : SQL_FETCH, u->id, u->length, &u->raw, err);
    if (rc == 0) return table_not_found(u->id, u->length, err);
    if (rc == 1) rc = check_version(u, err);
    if (rc != 0) return rc;
    u->written = true;
    return update_attempt(u->table, u->given, &u->raw, err);
}

static int moved(const struct update *u, int64_t deadline, flexdb_error *err) {
    if (u->version == 0 && engine_pause(deadline)) return 0;
    int rc = error_set(err, FLEXDB_CONFLICT, "record \"%.*s\" was changed by somebody else", (int)u->length, u->id);
    err->retryable = u->version == 0;
    return rc;
}

int flexdb_update(flexdb_table *table, const char *id, size_t length, int64_t version, const flexdb_validator *v,
                  const flexdb_value *given, flexdb_row *out, flexdb_error *err) {
    struct engine *e = table->db->engine;
    struct update u = {.table = table, .v = v, .id = id, .length = length, .version = version, .given = given};
    for (struct table_tries tries = table_tries(table);;) {
        int rc = table_enter(table, ENGINE_WRITE, v, err);
        if (rc != 0) return rc;
        /* With one writer at a time the lock is taken first, so that the record cannot move. */
        bool transact = e->depth == 0 && engine_has(e, DRIVER_SINGLE_WRITER);
        rc = transact ? engine_transact(e, update_once, &u, err) : update_once(&u, err);
        if (rc == 1) {
            write_row(table, &u.raw, out);
            return 0;
        }
        if (rc == 0) {
            rc = moved(&u, tries.deadline, err);
            if (rc != 0) return rc;
            continue;
        }
        const struct table_written written = {table->record.values, given, u.raw.id, u.raw.id_length, u.raw.seq};
        bool refused = rc == -FLEXDB_STALE && u.written;
        if (!table_call_again(table, v, refused ? &written : NULL, &tries, err)) return -(int)err->code;
    }
}
