/* Rows first, indexes after: a batch that brings more than the table held. */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "db/batch_internal.h"
#include "db/tables.h"
#include "db/unique.h"
#include "db/write.h"

static bool has_indexes(const struct table_state *s) {
    for (size_t i = 0; i < s->physical_count; i++)
        if (s->physicals[i].column->indexed || s->physicals[i].column->unique) return true;
    for (size_t i = 0; i < s->layout->index_count; i++)
        if (!s->layout->indexes[i].retired) return true;
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
    if (b->deferred || b->looked_at || b->skip || b->level != 1 || b->block->rows < BATCH_ROWS) return 0;
    if (!engine_has(e, DRIVER_TRANSACTIONAL_DDL) || !engine_has(e, DRIVER_SINGLE_WRITER) || !has_indexes(s)) return 0;
    int rc = b->base < 0 ? find_base(b, err) : 0;
    if (rc != 0 || b->inserted + (int64_t)b->block->rows < b->base) return rc;
    rc = tables_drop_indexes(e, s->layout, err);
    b->deferred = rc == 0;
    return rc;
}

/* ---- which record repeats a value ---- */

/* The values of each unique index that were met, by their bytes, and how many records of the batch. */
struct search {
    struct arena arena;
    struct names *met;
    struct buffer key;
    int64_t place;
};

/* Appends what a unique index compares, so that no two lists of values make one key. */
static void put_key(struct buffer *key, const flexdb_value *value) {
    bool text = value->tag == FLEXDB_TEXT || value->tag == FLEXDB_BYTES;
    size_t length = text ? value->length : 0;
    buffer_append(key, &length, sizeof length);
    if (text)
        buffer_append(key, value->as.text, value->length);
    else
        buffer_append(key, &value->as.integer, sizeof value->as.integer);
}

/* 1 when the values were met before, 0 when not, or when one of them is none. */
static int meet(struct search *f, size_t i, const struct state_unique *u, const flexdb_value *entries,
                flexdb_error *err) {
    buffer_reset(&f->key);
    for (size_t k = 0; k < u->count; k++) {
        if (value_is_none(&entries[u->places[k]])) return 0;
        put_key(&f->key, &entries[u->places[k]]);
    }
    const char *key = buffer_failed(&f->key) ? NULL : arena_dup(&f->arena, f->key.data, f->key.length);
    int added = key != NULL ? names_add(&f->met[i], key, f->key.length, 0) : -1;
    return added < 0 ? error_no_memory(err) : added == 0;
}

/* 1 when the record repeats a value, with the error that says so. */
static int look_at(flexdb_batch *b, struct search *f, const struct raw_record *raw, flexdb_error *err) {
    struct table_state *s = b->state;
    struct parameters p;
    p.count = 0;
    if (raw->seq > b->base) f->place++;
    if (raw->deleted) return 0;
    int rc = record_decode(s->validator, raw, NULL, &b->record, err);
    if (rc == 0) rc = write_add_physicals(&p, s, b->record.values, &b->scratch, err);
    bool repeats = false;
    for (size_t i = 0; rc >= 0 && i < s->unique_count; i++) {
        rc = meet(f, i, &s->uniques[i], p.values, err);
        const struct unique_rule rule = unique_of_state(s, &s->uniques[i]);
        if (rc == 1) unique_taken(s->validator, &rule, b->record.values, err);
        repeats = repeats || rc == 1;
    }
    return rc < 0 ? rc : repeats;
}

/* Every record of the batch was written, in order, and nobody else wrote: the place behind `base` is the place in the
 * batch. */
static int find_repeated(flexdb_batch *b, flexdb_error *err) {
    struct table_state *s = b->state;
    struct engine *e = s->engine;
    const struct buffer *sql = state_text(s, SQL_WALK_ALL, err);
    if (sql == NULL) return -(int)err->code;
    struct search f = {.met = calloc(s->unique_count + 1, sizeof *f.met)};
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
    for (size_t i = 0; i < s->unique_count; i++) names_free(&f.met[i]);
    free(f.met);
    buffer_free(&f.key);
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
