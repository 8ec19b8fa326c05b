/* Rows first, indexes after: a batch that brings more than the table held. */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "db/batch_internal.h"
#include "db/tables.h"
#include "db/write.h"

static bool has_indexes(const struct table_state *s) {
    for (size_t i = 0; i < s->physical_count; i++)
        if (s->physicals[i].column->indexed || s->physicals[i].column->unique) return true;
    return false;
}

/* Where the rows of the batch begin. What stands before them is at most as many. */
static int find_base(flexdb_batch *b, flexdb_error *err) {
    struct engine *e = b->state->engine;
    const struct buffer *sql = state_text(b->state, SQL_LAST, err);
    if (sql == NULL) return -(int)err->code;
    struct statement *found;
    int rc = engine_query(e, &found, sql->data, sql->length, NULL, 0, err);
    b->base = 0;
    if (rc == 1) rc = engine_integer(e, found, 0, &b->base, err);
    engine_finalize(e, found);
    return rc;
}

int batch_defer_indexes(flexdb_batch *b, flexdb_error *err) {
    struct table_state *s = b->state;
    struct engine *e = s->engine;
    /* Inside a caller's transaction others of its statements would want the indexes; a batch that skips needs them to
     * tell the bad records. */
    if (b->deferred || b->looked_at || b->skip || b->level != 1 || b->rows < BATCH_ROWS) return 0;
    if (!engine_has(e, DRIVER_TRANSACTIONAL_DDL) || !engine_has(e, DRIVER_SINGLE_WRITER) || !has_indexes(s)) return 0;
    int rc = b->base < 0 ? find_base(b, err) : 0;
    if (rc != 0 || b->inserted + (int64_t)b->rows < b->base) return rc;
    rc = tables_drop_indexes(e, s->layout, err);
    b->deferred = rc == 0;
    return rc;
}

/* ---- which record repeats a value ---- */

/* The values of each unique column that were met, by their bytes, and how many records of the batch. */
struct search {
    struct arena arena;
    struct names *met;
    int64_t place;
};

/* A key for what a unique index compares, in the arena; NULL when memory is out. */
static const char *key_of(struct search *f, const flexdb_value *value, size_t *length) {
    bool text = value->tag == FLEXDB_TEXT || value->tag == FLEXDB_BYTES;
    *length = text ? value->length : sizeof value->as.integer;
    return arena_dup(&f->arena, text ? value->as.text : (const char *)&value->as.integer, *length);
}

/* 1 when the record repeats a value, with the error that says so. */
static int look_at(flexdb_batch *b, struct search *f, const struct raw_record *raw, flexdb_error *err) {
    struct table_state *s = b->state;
    struct parameters p;
    p.count = 0;
    if (raw->seq > b->base) f->place++;
    if (raw->deleted) return 0;
    int rc = codec_decode(s->validator, raw->data, raw->data_length, NULL, &b->record, err);
    if (rc == 0) rc = write_add_physicals(&p, s, b->record.values, &b->scratch, err);
    for (size_t i = 0; rc == 0 && i < s->physical_count; i++) {
        if (!s->physicals[i].column->unique || value_is_none(&p.values[i])) continue;
        size_t length;
        const char *key = key_of(f, &p.values[i], &length);
        int added = key != NULL ? names_add(&f->met[i], key, length, 0) : -1;
        if (added < 0) return error_no_memory(err);
        if (added == 1) continue;
        const flexdb_value *value = &b->record.values[s->physicals[i].slot];
        char *got = record_excerpt(value);
        error_issue(err, validator_shape(s->validator)->fields[s->physicals[i].slot].name, "unique", NULL, got,
                    "%s is taken", got != NULL ? got : "the value");
        free(got);
        rc = 1;
    }
    return rc;
}

/* Every record of the batch was written, in order, and nobody else wrote: the place behind `base` is the place in the
 * batch. */
static int find_repeated(flexdb_batch *b, flexdb_error *err) {
    struct table_state *s = b->state;
    struct engine *e = s->engine;
    const struct buffer *sql = state_text(s, SQL_WALK_ALL, err);
    if (sql == NULL) return -(int)err->code;
    struct search f = {.met = calloc(s->physical_count + 1, sizeof *f.met)};
    if (f.met == NULL) return error_no_memory(err);
    const flexdb_value values[] = {value_integer(INT64_MIN), value_integer(INT64_MAX)};
    struct statement *statement;
    int more = engine_query(e, &statement, sql->data, sql->length, values, 2, err), rc = more < 0 ? more : 0;
    while (rc == 0 && more == 1) {
        struct raw_record raw;
        rc = raw_read(e, statement, &raw, err);
        if (rc == 0) rc = look_at(b, &f, &raw, err);
        if (rc == 0) more = engine_step(e, statement, err);
        if (more < 0) rc = more;
    }
    engine_finalize(e, statement);
    for (size_t i = 0; i < s->physical_count; i++) names_free(&f.met[i]);
    free(f.met);
    arena_free(&f.arena);
    if (rc == 1) {
        rc = error_close_issues(err, FLEXDB_DUPLICATE);
        batch_place_error(err, f.place);
    }
    return rc;
}

int batch_build_indexes(flexdb_batch *b, flexdb_error *err) {
    if (!b->deferred) return 0;
    b->deferred = false;
    struct table_state *s = b->state;
    flexdb_error why = FLEXDB_ERROR_INIT;
    if (tables_create_indexes(s->engine, s->layout, &why) == 0) return 0;
    if (why.code == FLEXDB_DUPLICATE && !why.ended) find_repeated(b, err);
    if (err->code == FLEXDB_OK)
        error_move(err, &why);
    else
        error_clear(&why);
    return -(int)err->code;
}

int batch_settle(flexdb_batch *b, flexdb_error *err) {
    int rc = batch_flush(b, err);
    return rc == 0 ? batch_build_indexes(b, err) : rc;
}
