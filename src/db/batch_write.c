/* Writing the records that wait in a batch. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/batch_internal.h"
#include "db/references.h"
#include "db/rows.h"
#include "db/write.h"

/* ---- blocks ---- */

int batch_block_make(struct batch_block *k, size_t rows, size_t width, flexdb_error *err) {
    flexdb_value *values = realloc(k->values, rows * width * sizeof *values);
    if (values == NULL) return error_no_memory(err);
    k->values = values;
    if (k->indexes == NULL) k->indexes = malloc(BATCH_ROWS * sizeof *k->indexes);
    if (k->text == NULL) {
        k->text = malloc(BATCH_TEXT);
        k->text_capacity = BATCH_TEXT;
    }
    return k->indexes != NULL && k->text != NULL ? 0 : error_no_memory(err);
}

void batch_block_free(struct batch_block *k) {
    free(k->values);
    free(k->indexes);
    free(k->text);
    *k = (struct batch_block){0};
}

static void empty(struct batch_block *k) { k->rows = k->text_length = 0; }

static const flexdb_value *row_of(const flexdb_batch *b, const struct batch_block *k, size_t row) {
    return k->values + row * b->width;
}

/* The engine's words for a row, made ours. Reads the record's document, for what waits is in physical form; into the
 * batch's own record, since the table's may be the one that this row makes room for. */
static void explain(flexdb_batch *b, const struct batch_block *k, size_t row, flexdb_error *err) {
    if (err->code != FLEXDB_DUPLICATE) return;
    const flexdb_value *values = row_of(b, k, row);
    struct table_state *s = b->state;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (codec_decode(s->validator, values[1].as.text, values[1].length, NULL, &b->record, &ignored) == 0)
        write_explain_duplicate(s, b->record.values, &values[0], 0, err);
    error_clear(&ignored);
}

/* ---- references ---- */

static size_t physical_index(const struct table_state *s, size_t slot) {
    size_t i = 0;
    while (i < s->physical_count && s->physicals[i].slot != slot) i++;
    return i;
}

static bool is_own_batch(const flexdb_batch *b, const flexdb_value *id) {
    for (size_t i = 0; i < b->block->rows; i++) {
        const flexdb_value *own = row_of(b, b->block, i);
        if (own->length == id->length && memcmp(own->as.text, id->as.text, id->length) == 0) return true;
    }
    return false;
}

static int promise(flexdb_batch *b, size_t row, size_t reference, const flexdb_value *id, flexdb_error *err) {
    if (b->promise_count == b->promise_capacity) {
        size_t capacity = b->promise_capacity == 0 ? 64 : b->promise_capacity * 2;
        struct batch_promise *promises = realloc(b->promises, capacity * sizeof *promises);
        if (promises == NULL) return error_no_memory(err);
        b->promises = promises;
        b->promise_capacity = capacity;
    }
    char *copy = text_dup(id->as.text, id->length);
    if (copy == NULL) return error_no_memory(err);
    b->promises[b->promise_count++] = (struct batch_promise){
        .index = b->block->indexes[row], .state = state_hold(b->state), .reference = reference, .id = copy};
    return 0;
}

/* Marks the rows whose record of one reference column is missing. */
static int find_missing(flexdb_batch *b, size_t reference, bool *missing, flexdb_value *ids, bool *found,
                        flexdb_error *err) {
    const struct table_state *s = b->state;
    const struct batch_block *k = b->block;
    const struct state_reference *r = &s->references[reference];
    size_t at = BATCH_FIXED + physical_index(s, r->slot), count = 0;
    if (at >= b->width - 1) return 0;
    for (size_t row = 0; row < k->rows; row++)
        if (row_of(b, k, row)[at].tag == FLEXDB_TEXT) ids[count++] = row_of(b, k, row)[at];
    int rc = references_exist(s->engine, r->table, ids, count, found, err);
    for (size_t row = 0, i = 0; rc == 0 && row < k->rows; row++) {
        const flexdb_value *id = &row_of(b, k, row)[at];
        if (id->tag != FLEXDB_TEXT || found[i++]) continue;
        if (r->self && is_own_batch(b, id)) continue;
        if (r->self && !b->skip)
            rc = promise(b, row, reference, id, err);
        else
            missing[row * s->reference_count + reference] = true;
    }
    return rc;
}

/* One error for a row with all its missing records; false when none is missing. */
static bool missing_error(const flexdb_batch *b, size_t row, const bool *missing, flexdb_error *why) {
    const struct table_state *s = b->state;
    for (size_t i = 0; i < s->reference_count; i++) {
        if (!missing[row * s->reference_count + i]) continue;
        const struct state_reference *r = &s->references[i];
        references_issue(s, r, &row_of(b, b->block, row)[BATCH_FIXED + physical_index(s, r->slot)], why);
    }
    return error_close_issues(why, FLEXDB_REFERENCE) != 0;
}

static void drop_row(flexdb_batch *b, size_t row) {
    struct batch_block *k = b->block;
    k->rows--;
    memmove(k->values + row * b->width, k->values + (row + 1) * b->width,
            (k->rows - row) * b->width * sizeof *k->values);
    memmove(k->indexes + row, k->indexes + row + 1, (k->rows - row) * sizeof *k->indexes);
}

/* Skip: rows whose references are missing leave with their error. Stop: the rows from the first of them on leave, and
 * its error goes to `why`, for those before it may hold an earlier one. */
static int sort_out(flexdb_batch *b, bool *missing, flexdb_error *why, flexdb_error *err) {
    size_t stride = b->state->reference_count;
    struct batch_block *k = b->block;
    int rc = 0;
    for (size_t row = 0; rc == 0 && row < k->rows;) {
        flexdb_error found = FLEXDB_ERROR_INIT;
        if (!missing_error(b, row, missing, &found)) {
            row++;
        } else if (b->skip && found.code == FLEXDB_REFERENCE) {
            rc = batch_keep_error(b, k->indexes[row], &found, err);
            drop_row(b, row);
            memmove(missing + row * stride, missing + (row + 1) * stride, (k->rows - row) * stride);
        } else {
            if (found.code == FLEXDB_REFERENCE) batch_place_error(&found, k->indexes[row]);
            error_move(why, &found);
            k->rows = row;
        }
    }
    return rc;
}

static int check_references(flexdb_batch *b, flexdb_error *why, flexdb_error *err) {
    size_t references = b->state->reference_count, rows = b->block->rows;
    if (references == 0) return 0;
    bool *missing = calloc(rows * references, sizeof *missing), *found = calloc(rows, sizeof *found);
    flexdb_value *ids = calloc(rows, sizeof *ids);
    int rc = missing != NULL && found != NULL && ids != NULL ? 0 : error_no_memory(err);
    for (size_t i = 0; rc == 0 && i < references; i++) rc = find_missing(b, i, missing, ids, found, err);
    if (rc == 0) rc = sort_out(b, missing, why, err);
    free(missing);
    free(found);
    free(ids);
    return rc;
}

int batch_keep_promises(flexdb_batch *b, flexdb_error *err) {
    const struct table_state *now = b->state;
    for (size_t i = 0; i < b->promise_count; i++) {
        const struct batch_promise *p = &b->promises[i];
        flexdb_value id = value_text(p->id, strlen(p->id));
        bool found;
        int rc = references_exist(now->engine, now->layout->table, &id, 1, &found, err);
        if (rc != 0) return rc;
        if (found) continue;
        references_issue(p->state, &p->state->references[p->reference], &id, err);
        rc = error_close_issues(err, FLEXDB_REFERENCE);
        batch_place_error(err, p->index);
        return rc;
    }
    return 0;
}

/* ---- rows ---- */

static int one_by_one(flexdb_batch *b, const struct buffer *sql, flexdb_error *err) {
    struct engine *e = b->table->db->engine;
    struct batch_block *k = b->block;
    int rc = 0;
    for (size_t row = 0; rc == 0 && row < k->rows; row++) {
        flexdb_error why = FLEXDB_ERROR_INIT;
        if (engine_run(e, sql->data, sql->length, row_of(b, k, row), b->width, NULL, &why) == 0) {
            b->inserted++;
            continue;
        }
        explain(b, k, row, &why);
        if (b->skip && batch_is_record_error(&why)) {
            rc = batch_keep_error(b, k->indexes[row], &why, err);
        } else {
            if (batch_is_record_error(&why)) batch_place_error(&why, k->indexes[row]);
            error_move(err, &why);
            rc = -(int)err->code;
        }
    }
    return rc;
}

/* Where the driver knows the row and everything will be undone anyway, no savepoint is needed. */
static bool is_guarded(const flexdb_batch *b) {
    return b->skip || !engine_has(b->table->db->engine, DRIVER_SINGLE_WRITER);
}

/* What came of the rows of a block that were run all at once; what is known of the row at fault is said. 0, or 1 when
 * it has to be found one by one (nothing of these rows is written then). */
static int tell(flexdb_batch *b, const struct batch_block *k, flexdb_error *err) {
    struct engine *e = b->table->db->engine;
    bool guarded = is_guarded(b);
    size_t failed = b->job.failed;
    int rc = b->job.rc;
    if (rc == 0) {
        if (guarded) rc = engine_commit(e, err);
        if (rc == 0) b->inserted += (int64_t)k->rows;
        return rc;
    }
    error_move(err, &b->job.err);
    if (guarded) engine_rollback(e);
    if (e->doomed.code != FLEXDB_OK) {
        error_clear(err);
        error_repeat(err, &e->doomed);
        return -(int)err->code;
    }
    if (!batch_is_record_error(err)) return rc;
    if (guarded && (b->skip || failed >= k->rows)) {
        error_clear(err);
        return 1;
    }
    if (failed < k->rows) {
        explain(b, k, failed, err);
        batch_place_error(err, k->indexes[failed]);
    }
    if (b->deferred) {
        /* A record before this one may repeat a value: it comes first. */
        flexdb_error earlier = FLEXDB_ERROR_INIT;
        if (batch_build_indexes(b, &earlier) != 0) {
            error_clear(err);
            error_move(err, &earlier);
        }
    }
    return -(int)err->code;
}

static void lay_out_job(flexdb_batch *b, const struct buffer *sql) {
    const struct batch_block *k = b->block;
    b->job = (struct batch_job){
        .sql = sql->data, .length = sql->length, .values = k->values, .rows = k->rows, .width = b->width};
}

static int all_at_once(flexdb_batch *b, const struct buffer *sql, flexdb_error *err) {
    struct engine *e = b->table->db->engine;
    int rc = is_guarded(b) ? engine_begin(e, err) : 0;
    if (rc != 0) return rc;
    lay_out_job(b, sql);
    engine_run_job(e, &b->job);
    return tell(b, b->block, err);
}

static int write_rows(flexdb_batch *b, flexdb_error *err) {
    const struct buffer *sql = state_text(b->state, SQL_INSERT_MANY, err);
    if (sql == NULL) return -(int)err->code;
    if (b->block->rows == 0) return 0;
    if (b->block->rows == 1) return one_by_one(b, sql, err);
    int rc = all_at_once(b, sql, err);
    return rc == 1 ? one_by_one(b, sql, err) : rc;
}

/* ---- while the next block fills ---- */

/* The block that is to fill next, and a writer; NULL where there is none. */
static struct batch_block *next_block(flexdb_batch *b) {
    struct batch_block *next = b->block == &b->blocks[0] ? &b->blocks[1] : &b->blocks[0];
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (b->alone) return NULL;
    if (next->values == NULL) b->alone = batch_block_make(next, b->row_limit, b->width, &ignored) != 0;
    if (!b->alone && b->writer == NULL) b->alone = (b->writer = batch_writer_new()) == NULL;
    error_clear(&ignored);
    return b->alone ? NULL : next;
}

/* Lets the writer begin with the block. Only where an error ends the whole batch: then it is all the same when it is
 * noticed. The first block is for the caller: most batches have no more. */
static bool start_writing(flexdb_batch *b) {
    struct engine *e = b->table->db->engine;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (is_guarded(b) || b->level != 1 || b->inserted == 0 || b->block->rows < 2) return false;
    struct batch_block *next = next_block(b);
    const struct buffer *sql = next != NULL ? state_text(b->state, SQL_INSERT_MANY, &ignored) : NULL;
    error_clear(&ignored);
    if (sql == NULL) return false;
    lay_out_job(b, sql);
    b->written = b->block;
    b->block = next;
    engine_start_job(e, b->writer, &b->job);
    return true;
}

int batch_collect(flexdb_batch *b, flexdb_error *err) {
    struct batch_block *k = b->written;
    if (k == NULL) return 0;
    engine_settle(b->table->db->engine);
    b->written = NULL;
    int rc = tell(b, k, err);
    empty(k);
    return rc;
}

static int write_block(flexdb_batch *b, bool overlap, flexdb_error *err) {
    if (b->block->rows == 0) return 0;
    flexdb_error why = FLEXDB_ERROR_INIT;
    rows_spool_all(b->table->db->engine);
    int rc = check_references(b, &why, err);
    if (rc == 0) rc = batch_defer_indexes(b, err);
    if (rc == 0 && overlap && why.code == FLEXDB_OK && start_writing(b)) return 0;
    if (rc == 0) rc = write_rows(b, err);
    if (rc == 0 && why.code != FLEXDB_OK) rc = batch_build_indexes(b, err);
    if (rc == 0 && why.code != FLEXDB_OK) {
        error_move(err, &why);
        rc = -(int)err->code;
    }
    error_clear(&why);
    return rc;
}

static int flush(flexdb_batch *b, bool overlap, flexdb_error *err) {
    struct batch_block *k = b->block;
    int rc = batch_collect(b, err);
    if (rc == 0) rc = write_block(b, overlap, err);
    if (b->written != k) empty(k);
    return rc;
}

int batch_flush(flexdb_batch *b, flexdb_error *err) { return flush(b, false, err); }

int batch_hand_over(flexdb_batch *b, flexdb_error *err) { return flush(b, true, err); }
