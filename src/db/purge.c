/* purge: the C API, and the order of its steps. */
#include "db/purge.h"

#include <stdlib.h>
#include <string.h>

static int refuse_option(const char *name, const char *what, flexdb_error *err) {
    return error_set(err, FLEXDB_MISUSE, "option '%s' must be %s", name, what);
}

static int read_options(flexdb_purge *p, const struct flexdb_purge_options *o, flexdb_error *err) {
    if (o->keep_versions < 0) return refuse_option("keep_versions", "an integer of at least 1", err);
    if (o->batch > PURGE_MAX_BATCH) return refuse_option("batch", "an integer of 1 to 10000", err);
    p->keep_versions = o->keep_versions;
    p->batch = o->batch != 0 ? o->batch : PURGE_BATCH;
    p->erases = o->deleted_before != NULL;
    if (!p->erases) return 0;
    enum datetime_status status = datetime_parse(o->deleted_before, strlen(o->deleted_before), &p->deleted_before);
    char shown[SHOWN_SIZE];
    if (status == DATETIME_OK) return 0;
    return error_set(err, FLEXDB_MISUSE, "option 'deleted_before' must be a time as RFC 3339 writes it, is %s",
                     record_shown(shown, o->deleted_before, strlen(o->deleted_before)));
}

/* Short transactions cannot be had inside another, nor can what they wait for. */
static int check_alone(const flexdb_table *t, flexdb_error *err) {
    if (t->db->engine->depth == 0) return 0;
    return error_set(err, FLEXDB_UNSUPPORTED, "a purge works in transactions of its own and cannot be part of another");
}

int flexdb_purge_begin(flexdb_purge **out, flexdb_table *table, const struct flexdb_purge_options *options,
                       flexdb_error *err) {
    *out = NULL;
    int rc = table_enter(table, ENGINE_WRITE, NULL, err);
    if (rc == 0) rc = check_alone(table, err);
    if (rc != 0) return rc;
    flexdb_purge *p = calloc(1, sizeof *p);
    if (p == NULL) return error_no_memory(err);
    p->arena = ARENA_INIT;
    p->gone = NAMES_INIT;
    p->seq = INT64_MIN;
    rc = read_options(p, options, err);
    if (rc != 0) {
        free(p);
        return rc;
    }
    p->phase = p->erases ? PURGE_ERASE : PURGE_MARK;
    p->table = table;
    table->holders++;
    *out = p;
    return 0;
}

void flexdb_purge_free(flexdb_purge *p) {
    if (p == NULL) return;
    flexdb_table_free(p->table);
    names_free(&p->gone);
    arena_free(&p->arena);
    buffer_free(&p->texts);
    buffer_free(&p->stripped);
    buffer_free(&p->scratch);
    free(p);
}

static void go_on_with(flexdb_purge *p, enum purge_phase phase) {
    p->phase = phase;
    p->seq = INT64_MIN;
}

/* One writer reads and writes in one transaction: what it has read cannot be rewritten under it. Elsewhere who has read
 * before the fence may bring a value back, and who reads that behind the fence writes it where the sweep has been: only
 * where a sweep finds nothing there was nothing to be read since its fence. */
static enum purge_phase after_rewrite(const flexdb_purge *p) {
    if (engine_has(p->table->db->engine, DRIVER_SINGLE_WRITER)) return PURGE_CLOSE;
    return p->phase == PURGE_REWRITE || p->found ? PURGE_FENCE : PURGE_CLOSE;
}

static int step(flexdb_purge *p, flexdb_error *err) {
    int rc = 0;
    switch (p->phase) {
    case PURGE_ERASE:
        rc = purge_erase_batch(p, err);
        if (rc == 0) go_on_with(p, PURGE_MARK);
        break;
    case PURGE_MARK:
        rc = purge_mark(p, err);
        if (rc >= 0) go_on_with(p, rc == 1 ? PURGE_REWRITE : PURGE_DONE);
        break;
    case PURGE_REWRITE:
    case PURGE_SWEEP:
        rc = purge_rewrite_batch(p, err);
        if (rc == 0) go_on_with(p, after_rewrite(p));
        break;
    case PURGE_FENCE:
        rc = purge_touch(p, false, err);
        p->found = false;
        if (rc == 0) go_on_with(p, PURGE_SWEEP);
        break;
    case PURGE_CLOSE:
        rc = purge_touch(p, true, err);
        if (rc == 0) go_on_with(p, PURGE_DONE);
        break;
    case PURGE_DONE: break;
    }
    return rc;
}

int flexdb_purge_step(flexdb_purge *p, flexdb_error *err) {
    if (p->phase == PURGE_DONE) return 0;
    for (struct table_tries tries = table_tries(p->table);;) {
        int rc = table_enter(p->table, ENGINE_WRITE, NULL, err);
        if (rc == 0) rc = check_alone(p->table, err);
        if (rc == 0) rc = step(p, err);
        if (rc >= 0) return p->phase != PURGE_DONE;
        if (!table_call_again(p->table, NULL, NULL, &tries, err)) return -(int)err->code;
    }
}

int64_t flexdb_purge_records(const flexdb_purge *p) { return p->counts.records; }

int flexdb_purge_result(const flexdb_purge *p, struct buffer *out, flexdb_error *err) {
    const struct {
        const char *name;
        int64_t value;
    } members[] = {
        {"records", p->counts.records}, {"rewritten", p->counts.rewritten}, {"deleted", p->counts.deleted},
        {"kept", p->counts.kept},       {"bytes", p->counts.bytes},         {"oldest_version", p->kept_from},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        buffer_printf(out, "%c\"%s\":%lld", i == 0 ? '{' : ',', members[i].name, (long long)members[i].value);
    buffer_put(out, '}');
    return buffer_failed(out) ? error_no_memory(err) : 0;
}
