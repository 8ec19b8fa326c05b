/* The lock of a builder, and what one leaves behind. */
#include <stdio.h>
#include <string.h>

#include "db/build_internal.h"
#include "db/tables.h"
#include "sql/ddl.h"
#include "sql/journal.h"
#include "sql/locks.h"

/* ---- the lock ---- */

static int run_lock(struct engine *e, const char *sql, const char *table_id, bool *had, flexdb_error *err) {
    const flexdb_value id = value_text(table_id, strlen(table_id));
    struct statement *s;
    flexdb_value value = {.tag = FLEXDB_NULL};
    int rc = engine_query(e, &s, sql, strlen(sql), &id, 1, err);
    if (rc == 1) rc = engine_driver(e)->column(s, 0, &value, err);
    engine_finalize(e, s);
    *had = rc == 0 && value.tag == FLEXDB_INTEGER && value.as.integer == 1;
    return rc < 0 ? rc : 0;
}

void build_unlock(struct engine *e, const char *table_id) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    bool had;
    run_lock(e, locks_leave_build(e->dialect), table_id, &had, &ignored);
    error_clear(&ignored);
}

int build_lock(struct engine *e, const char *table_id, flexdb_error *err) {
    bool had;
    int rc = run_lock(e, locks_take_build(e->dialect), table_id, &had, err);
    if (rc != 0 || had) return rc;
    rc = error_set(err, FLEXDB_BUSY, "the records of the table are being copied for another evolution");
    err->retryable = true;
    return rc;
}

int build_wait_lock(struct engine *e, const char *table_id, flexdb_error *err) {
    for (int64_t deadline = engine_deadline(e);;) {
        int rc = build_lock(e, table_id, err);
        if (rc == 0 || err->code != FLEXDB_BUSY || !engine_pause(deadline)) return rc;
        error_clear(err);
    }
}

/* Lets those go on that have waited behind an attempt; false when the deadline has passed. */
static bool pause_long(int64_t deadline) {
    for (int i = 0; i < 10; i++)
        if (!engine_pause(deadline)) return false;
    return true;
}

int build_run_briefly(struct engine *e, const char *table_id, struct buffer *sql, int64_t deadline, flexdb_error *err) {
    int rc = buffer_failed(sql) ? error_no_memory(err) : 0;
    while (rc == 0) {
        rc = engine_ddl_briefly(e, table_id, sql->data, sql->length, err);
        if (rc == 0 || err->code != FLEXDB_BUSY || !pause_long(deadline)) break;
        error_clear(err);
        rc = 0;
    }
    buffer_free(sql);
    return rc;
}

int build_write_layout(struct table_state *s, const struct layout *l, flexdb_error *err) {
    struct catalog_entry entry = state_entry(s);
    struct table_state *now;
    entry.layout = l;
    int rc = catalog_update(s->engine, &entry, s->revision, err);
    if (rc == 0) rc = tables_read_back(&now, s->engine, s->id, err);
    if (rc == 0) state_drop(now);
    return rc;
}

/* ---- what is left ---- */

/* A trigger that a dead builder has asked for, and the server is about to make, would outlive its journal. */
static int drop_all(struct engine *e, const char *table_id, const struct layout_build *note, flexdb_error *err) {
    int64_t deadline = engine_deadline(e);
    int rc = engine_ddl_lock(e, table_id, err);
    for (size_t i = 0; rc == 0; i++) {
        struct buffer sql = BUFFER_INIT;
        if (!journal_drop_trigger(e->dialect, note->journal, i, &sql)) break;
        rc = build_run_briefly(e, NULL, &sql, deadline, err);
    }
    const char *const tables[] = {note->journal, note->table};
    for (size_t i = 0; rc == 0 && i < 2 && tables[i][0] != '\0'; i++) {
        struct buffer sql = BUFFER_INIT;
        ddl_drop(e->dialect, tables[i], &sql);
        rc = build_run_briefly(e, NULL, &sql, deadline, err);
    }
    engine_ddl_unlock(e, table_id);
    return rc;
}

struct leftover {
    struct engine *engine;
    const char *table_id;
    struct layout_build note;
};

static int clear_note(void *context, flexdb_error *err) {
    const struct leftover *left = context;
    struct table_state *s;
    struct layout *l;
    int rc = state_find(&s, left->engine, CATALOG_TABLE_LOCK, &left->table_id, 1, err);
    if (rc != 1) return rc;
    rc = catalog_copy_layout(&l, s->layout, err);
    if (rc == 0 && strcmp(l->build.journal, left->note.journal) == 0) {
        l->build = (struct layout_build){0};
        rc = build_write_layout(s, l, err);
    }
    layout_free(l);
    state_drop(s);
    return rc;
}

static int find_note(struct leftover *left, flexdb_error *err) {
    struct table_state *s;
    int rc = state_find(&s, left->engine, CATALOG_TABLE_BY_ID, &left->table_id, 1, err);
    if (rc != 1) return rc;
    left->note = s->layout->build;
    state_drop(s);
    return left->note.table[0] != '\0' ? 1 : 0;
}

/* Who has built up to the new definition has left what others wrote late into the old table. */
static int bring_over(const struct leftover *left, flexdb_error *err) {
    struct table_state *s;
    int rc = state_find(&s, left->engine, CATALOG_TABLE_BY_ID, &left->table_id, 1, err);
    if (rc != 1) return rc;
    bool switched = build_is_switched(s, &left->note);
    if (switched && left->engine->depth != 0) {
        rc = error_set(err, FLEXDB_BUSY, "a change of the definition was cut short, which no transaction can finish");
        err->retryable = true;
    } else {
        rc = switched ? build_finish(s, &left->note, err) : 0;
    }
    state_drop(s);
    return rc;
}

static int sweep(struct engine *e, const char *table_id, bool finishes, flexdb_error *err) {
    struct leftover left = {.engine = e, .table_id = table_id};
    int rc = find_note(&left, err);
    if (rc != 1) return rc;
    rc = build_lock(e, table_id, err);
    if (rc != 0) return rc;
    /* Its builder may have come to its end before the lock was had. */
    rc = find_note(&left, err);
    if (rc == 1) {
        rc = finishes ? bring_over(&left, err) : 0;
        if (rc == 0) rc = drop_all(e, table_id, &left.note, err);
        if (rc == 0) rc = engine_transact(e, clear_note, &left, err);
        if (rc == 0) rc = 1;
    }
    build_unlock(e, table_id);
    return rc;
}

int build_sweep(struct engine *e, const char *table_id, flexdb_error *err) { return sweep(e, table_id, true, err); }

int build_sweep_own(struct engine *e, const char *table_id, flexdb_error *err) {
    return sweep(e, table_id, false, err);
}

int build_drop_journal(struct engine *e, const char *table_id, const char *journal, flexdb_error *err) {
    struct leftover left = {.engine = e, .table_id = table_id};
    int rc = build_lock(e, table_id, err);
    if (rc != 0) return rc;
    rc = find_note(&left, err);
    if (rc >= 0 && strcmp(left.note.journal, journal) != 0) {
        struct layout_build gone = {.table = ""};
        snprintf(gone.journal, sizeof gone.journal, "%s", journal);
        rc = drop_all(e, table_id, &gone, err);
        if (rc == 0) rc = 1;
    } else if (rc > 0) {
        rc = 0;
    }
    build_unlock(e, table_id);
    return rc;
}

int build_is_alive(struct engine *e, const char *table_id, bool *alive, flexdb_error *err) {
    int rc = build_lock(e, table_id, err);
    *alive = rc == -FLEXDB_BUSY;
    if (rc == 0) build_unlock(e, table_id);
    if (!*alive) return rc;
    error_clear(err);
    return 0;
}

int build_wait(struct evolution *ev, int64_t deadline, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    for (;;) {
        int rc = build_sweep(e, ev->from->id, err);
        if (rc >= 0) return 0;
        if (err->code != FLEXDB_BUSY || e->depth != 0 || !engine_pause(deadline)) return rc;
        error_clear(err);
    }
}
