#include "db/write.h"

#include <stdlib.h>
#include <string.h>

#include "db/references.h"

int write_add_physicals(struct parameters *p, const struct table_state *s, const flexdb_value *values,
                        struct buffer *scratch, flexdb_error *err) {
    buffer_reset(scratch);
    int rc = record_physicals(s, values, p->values + p->count, scratch, err);
    if (rc == 0) p->count += s->physical_count;
    return rc;
}

static bool same_text(const flexdb_value *a, const flexdb_value *b) {
    return a->tag == FLEXDB_TEXT && b->tag == FLEXDB_TEXT && a->length == b->length &&
           memcmp(a->as.text, b->as.text, a->length) == 0;
}

/* The value that a guard must find, or NULL. */
static flexdb_value guarded_value(const struct state_reference *r, const flexdb_value *values,
                                  const flexdb_value *given, const flexdb_value *id) {
    const flexdb_value *value = &values[r->slot];
    if (value->tag != FLEXDB_TEXT || (given != NULL && given[r->slot].tag == FLEXDB_ABSENT)) return value_null();
    if (r->self && same_text(value, id)) return value_null();
    return *value;
}

/* Whether a guard of the open transaction keeps the revision as it is until its end, so that none need ask again. What
 * this transaction itself changes in the catalogue, or undoes, ends that. The engine is asked too: nothing may rest on
 * a transaction that has gone without our knowing. */
static bool is_held(const struct table_state *s) {
    struct engine *e = s->engine;
    return e->depth != 0 && s->hold == e->hold && engine_driver(e)->in_transaction(e->connection);
}

void write_note_held(struct table_state *s) { s->hold = s->engine->hold; }

static enum state_refers how_it_refers(const struct table_state *s, const flexdb_value *values,
                                       const flexdb_value *given, const flexdb_value *id) {
    bool all = true, none = true;
    for (size_t i = 0; i < s->reference_count; i++) {
        const struct state_reference *r = &s->references[i];
        if (r->table[0] == '\0') continue;
        bool set = guarded_value(r, values, given, id).tag == FLEXDB_TEXT;
        all = all && set && !r->self;
        none = none && !set;
    }
    if (none && is_held(s)) return REFERS_HELD;
    if (!records_guards_by_need(s->engine->dialect)) return REFERS_SOME;
    return none ? REFERS_NONE : all ? REFERS_ALL : REFERS_SOME;
}

enum state_refers write_add_guard(struct parameters *p, const struct table_state *s, const flexdb_value *values,
                                  const flexdb_value *given, const flexdb_value *id) {
    enum state_refers refers = values == NULL ? REFERS_NONE : how_it_refers(s, values, given, id);
    if (refers == REFERS_HELD) {
        parameter_add(p, value_integer(s->version));
        return refers;
    }
    parameter_add(p, value_text(s->id, strlen(s->id)));
    parameter_add(p, value_integer(s->revision));
    for (size_t i = 0; refers != REFERS_NONE && i < s->reference_count; i++) {
        if (s->references[i].table[0] == '\0') continue;
        flexdb_value value = guarded_value(&s->references[i], values, given, id);
        parameter_add(p, value);
        if (refers == REFERS_SOME) parameter_add(p, value);
    }
    return refers;
}

bool write_cannot_refer(const struct table_state *s, const flexdb_value *values, const flexdb_value *given) {
    for (size_t i = 0; i < s->reference_count; i++) {
        const struct state_reference *r = &s->references[i];
        if (r->table[0] != '\0' || values[r->slot].tag != FLEXDB_TEXT) continue;
        if (given == NULL || given[r->slot].tag != FLEXDB_ABSENT) return true;
    }
    return false;
}

int write_run(struct table_state *s, enum state_sql which, const struct parameters *p, int64_t *affected,
              flexdb_error *err) {
    const struct buffer *sql = state_text(s, which, err);
    if (sql == NULL) return -(int)err->code;
    return engine_run(s->engine, sql->data, sql->length, p->values, p->count, affected, err);
}

int write_hold(flexdb_table *t, const struct validator *v, flexdb_error *err) {
    struct engine *e = t->db->engine;
    int rc;
    if (engine_has(e, DRIVER_SINGLE_WRITER)) {
        /* The write lock is held: it is enough that nothing has moved up to now. */
        rc = state_is_current(t->state) ? state_verify(t->state, 0, err) : 0;
        if (rc == 0) rc = table_reload(t, false, err);
    } else {
        rc = table_reload(t, true, err);
    }
    return rc < 0 ? rc : table_check_validator(t, v, err);
}

int64_t write_time(int64_t created_at) {
    int64_t now = datetime_now();
    return now > created_at ? now : created_at;
}

void write_row(flexdb_table *t, const struct raw_record *raw, flexdb_row *out) {
    record_system_slots(validator_shape(t->state->validator), t->record.values, raw, &t->times);
    *out = (flexdb_row){.validator = t->state->validator, .values = t->record.values};
}
