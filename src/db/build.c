#include "db/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "db/build_internal.h"
#include "db/tables.h"
#include "sql/ddl.h"
#include "sql/journal.h"

enum { INDEX_ATTEMPTS = 10 };

/* ---- whether ---- */

static int64_t large_from(void) {
    const char *text = getenv("FLEXDB_BUILD_FROM");
    return text != NULL ? strtoll(text, NULL, 10) : BUILD_FROM;
}

/* The referenced records would have to stay until the definition is in force that looks after them. */
static bool takes_references(const struct evolution *ev) {
    for (size_t i = 0; i < validator_shape(ev->to)->columns; i++)
        if (ev->plan.check_references[i]) return true;
    for (size_t i = 0; i < ev->plan.conversion_count; i++)
        if (validator_column(ev->to, ev->plan.conversions[i].to)->column->type == TYPE_REFERENCE) return true;
    return false;
}

bool build_can(const struct evolution *ev) {
    const struct engine *e = ev->table->db->engine;
    return !engine_has(e, DRIVER_TRANSACTIONAL_DDL) && e->depth == 1 && !ev->blocking && ev->has_records &&
           (ev->cluster || ev->last >= large_from()) && !takes_references(ev);
}

int build_find_cluster(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->from->engine;
    if (e->cluster_asked || engine_has(e, DRIVER_TRANSACTIONAL_DDL)) {
        ev->cluster = e->cluster;
        return 0;
    }
    const char *sql = journal_cluster(e->dialect), *value = "";
    size_t length = 0;
    struct statement *s;
    int rc = engine_query(e, &s, sql, strlen(sql), NULL, 0, err);
    if (rc == 1) rc = engine_text(e, s, 1, &value, &length, err);
    if (rc >= 0) {
        e->cluster_asked = true;
        e->cluster = ev->cluster = length == 2 && memcmp(value, "ON", 2) == 0;
    }
    engine_finalize(e, s);
    return rc < 0 ? rc : 0;
}

/* ---- the note ---- */

int build_note(struct evolution *ev, flexdb_error *err) {
    struct layout *l;
    int rc = catalog_copy_layout(&l, ev->from->layout, err);
    if (rc != 0) return rc;
    layout_note_build(l, ev->layout, datetime_now());
    rc = build_write_layout(ev->from, l, err);
    layout_free(l);
    ev->noted = rc == 0;
    return rc;
}

/* ---- begin and end ---- */

static int make_triggers(struct build *b, flexdb_error *err) {
    const struct dialect *d = b->engine->dialect;
    int64_t deadline = engine_deadline(b->engine);
    int rc = 0;
    for (size_t i = 0; rc == 0; i++) {
        struct buffer sql = BUFFER_INIT;
        if (!journal_create_trigger(d, b->note.journal, b->ev->from->layout->table, i, &sql)) break;
        rc = build_run_briefly(b->engine, b->ev->from->id, &sql, deadline, err);
    }
    return rc;
}

/* The journal first: what a trigger writes to must be there as long as the trigger is. BUILD_REFUSED where the server
 * gives no triggers (the privilege, or binary logging without trust in them). */
static int make_tables(struct build *b, flexdb_error *err) {
    struct buffer sql = BUFFER_INIT;
    journal_create(b->engine->dialect, b->note.journal, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_ddl(b->engine, sql.data, sql.length, err);
    buffer_free(&sql);
    if (rc == 0) rc = make_triggers(b, err);
    if (rc == -FLEXDB_CONNECTION || rc == -FLEXDB_INTERNAL) {
        error_clear(err);
        return BUILD_REFUSED;
    }
    if (rc != 0 || !b->ev->cluster) return rc == 0 ? tables_create_bare(b->engine, b->ev->layout, err) : rc;
    rc = tables_create_physical(b->engine, b->ev->layout, err);
    return rc == 0 ? build_barrier(b, err) : rc;
}

int build_open(struct build *b, struct evolution *ev, const struct layout_build *note, flexdb_error *err) {
    b->ev = ev;
    b->engine = ev->from->engine;
    b->note = *note;
    b->to =
        (struct table_state){.engine = b->engine, .validator = ev->to, .layout = ev->layout, .name = ev->from->name};
    int rc = state_map_physicals(&b->to, err);
    if (rc != 0) return rc;
    records_copy(b->engine->dialect, ev->layout, &b->insert);
    journal_add(b->engine->dialect, b->note.journal, &b->add);
    rc = copied_rows_open(&b->rows, EVOLUTION_COPIED + b->to.physical_count, err);
    return rc == 0 && (buffer_failed(&b->insert) || buffer_failed(&b->add)) ? error_no_memory(err) : rc;
}

static int open_noted(struct build *b, struct evolution *ev, flexdb_error *err) {
    struct layout *noted;
    int rc = catalog_copy_layout(&noted, ev->from->layout, err);
    if (rc != 0) return rc;
    layout_note_build(noted, ev->layout, 0);
    rc = build_open(b, ev, &noted->build, err);
    layout_free(noted);
    return rc == 0 ? build_wait_lock(b->engine, ev->from->id, err) : rc;
}

/* Between the note and the lock somebody may have taken it for a dead builder's: nobody would drop what is made without
 * one. */
static int check_noted(const struct build *b, flexdb_error *err) {
    const char *id = b->ev->from->id;
    struct table_state *s;
    int rc = state_find(&s, b->engine, CATALOG_TABLE_BY_ID, &id, 1, err);
    if (rc < 0) return rc;
    bool noted = rc == 1 && strcmp(s->layout->build.journal, b->note.journal) == 0;
    state_drop(s);
    return noted ? 0 : BUILD_LOST;
}

void build_close(struct build *b) {
    copied_rows_close(&b->rows);
    build_forget_set(&b->set);
    state_unmap_physicals(&b->to);
    record_free(&b->record);
    buffer_free(&b->insert);
    buffer_free(&b->add);
    buffer_free(&b->scratch);
}

/* ---- into force ---- */

/* Whether the row is still what the build began with, but for its name and who refers to it. A purge may have taken the
 * very values that a rollback brings back. */
static bool is_as_noted(const struct build *b, const struct table_state *now) {
    const struct layout *was = b->ev->from->layout, *is = now->layout;
    return now->version == b->ev->from->version && strcmp(is->build.table, b->note.table) == 0 &&
           strcmp(is->table, was->table) == 0 && is->kept_from == was->kept_from &&
           cJSON_Compare(is->keys.keys, was->keys.keys, true);
}

/* What else was written in the row meanwhile, and what is to be dropped from now on. */
static int take_over(struct build *b, const struct layout *now, flexdb_error *err) {
    struct layout *l = b->ev->layout;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < now->referrer_count; i++) rc = layout_add_referrer(l, now->referrers[i], err);
    l->purging = now->purging;
    l->build = now->build;
    memcpy(l->build.table, now->table, sizeof l->build.table);
    return rc;
}

static int finish(struct build *b, flexdb_error *err) {
    struct evolution *ev = b->ev;
    struct table_state *first = ev->from, *now;
    int rc = tables_lock(&now, b->engine, first->id, first->name, err);
    if (rc != 0) return rc;
    if (!is_as_noted(b, now)) {
        rc = error_set(err, FLEXDB_CONFLICT, "table \"%s\" was changed by somebody else", first->name);
        err->retryable = true;
    }
    if (rc == 0) rc = build_drain(b, err);
    if (rc == 0) rc = take_over(b, now->layout, err);
    ev->out->length = ev->out_start;
    ev->from = now;
    if (rc == 0) rc = evolution_finish(ev, err);
    ev->from = first;
    state_drop(now);
    return rc;
}

/* A set that was whole leaves the new table as the old one was at one moment: what its indexes refuse then is a real
 * duplicate. */
static int index_copy(struct build *b, flexdb_error *err) {
    for (int attempts = 0;; attempts++) {
        int rc = build_catch_up(b, err);
        if (rc == 0 && !b->ev->cluster) rc = tables_create_indexes(b->engine, b->ev->layout, err);
        if (rc != -FLEXDB_DUPLICATE || b->set.whole || attempts == INDEX_ATTEMPTS) return rc;
        error_clear(err);
    }
}

/* While the row cannot be had the journal grows: it is kept short. */
static int bring_into_force(struct build *b, flexdb_error *err) {
    for (int64_t deadline = engine_deadline(b->engine);;) {
        int rc = build_catch_up(b, err);
        if (rc == 0) rc = engine_begin(b->engine, err);
        if (rc != 0) return rc;
        rc = finish(b, err);
        if (rc == 0)
            rc = engine_commit(b->engine, err);
        else
            engine_rollback(b->engine);
        if (rc == 0 || err->code != FLEXDB_BUSY || !engine_pause(deadline)) return rc;
        error_clear(err);
    }
}

/* The issues of all records that stand against the change, as they are by now, in place of a batch's. */
static int refuse(struct evolution *ev, flexdb_error *err) {
    flexdb_error first;
    error_move(&first, err);
    ev->counts.live = ev->counts.deleted = 0;
    ev->quiet = true;
    int rc = evolution_inspect(ev, NULL, err);
    ev->quiet = false;
    if (rc == 0) error_move(err, &first);
    error_clear(&first);
    return -(int)err->code;
}

int build_run(struct evolution *ev, flexdb_error *err) {
    struct build b = {0};
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    bool unfinished = false;
    int rc = open_noted(&b, ev, err);
    if (rc == 0) rc = check_noted(&b, err);
    if (rc == 0) rc = make_tables(&b, err);
    if (rc == 0) {
        ev->build = &b;
        rc = build_copy(&b, err);
        if (rc == 0) rc = index_copy(&b, err);
        if (rc == 0) rc = bring_into_force(&b, err);
        if (rc == 0 && ev->cluster) {
            rc = build_gather(&b, err);
            unfinished = rc != 0;
        }
        ev->build = NULL;
        if (!unfinished && rc == -FLEXDB_INVALID_RECORD) rc = refuse(ev, err);
        if (!unfinished && rc == -FLEXDB_DUPLICATE) rc = evolution_explain_duplicates(ev, err);
    }
    build_close(&b);
    /* The lock is held twice then. What cannot be finished or dropped now is left to the next evolution, or to doctor.
     */
    if (!unfinished) build_sweep_own(b.engine, ev->from->id, &ignored);
    error_clear(&ignored);
    build_unlock(b.engine, ev->from->id);
    return rc;
}
