/* Writing the records that wait in a batch. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/batch_internal.h"
#include "db/references.h"
#include "db/rows.h"
#include "db/write.h"

static const flexdb_value *row_of(const flexdb_batch *b, size_t row) { return b->values + row * b->width; }

/* The engine's words for a row, made ours. Reads the record's document, for what waits is in physical form; into the
 * batch's own record, since the table's may be the one that this row makes room for. */
static void explain(flexdb_batch *b, size_t row, flexdb_error *err) {
    if (err->code != FLEXDB_DUPLICATE) return;
    const flexdb_value *values = row_of(b, row);
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
    for (size_t i = 0; i < b->rows; i++) {
        const flexdb_value *own = row_of(b, i);
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
        .index = b->indexes[row], .state = state_hold(b->state), .reference = reference, .id = copy};
    return 0;
}

/* Marks the rows whose record of one reference column is missing. */
static int find_missing(flexdb_batch *b, size_t reference, bool *missing, flexdb_value *ids, bool *found,
                        flexdb_error *err) {
    const struct table_state *s = b->state;
    const struct state_reference *r = &s->references[reference];
    size_t at = BATCH_FIXED + physical_index(s, r->slot), count = 0;
    if (at >= b->width - 1) return 0;
    for (size_t row = 0; row < b->rows; row++)
        if (row_of(b, row)[at].tag == FLEXDB_TEXT) ids[count++] = row_of(b, row)[at];
    int rc = references_exist(s->engine, r->table, ids, count, found, err);
    for (size_t row = 0, i = 0; rc == 0 && row < b->rows; row++) {
        const flexdb_value *id = &row_of(b, row)[at];
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
        references_issue(s, r, &row_of(b, row)[BATCH_FIXED + physical_index(s, r->slot)], why);
    }
    return error_close_issues(why, FLEXDB_REFERENCE) != 0;
}

static void drop_row(flexdb_batch *b, size_t row) {
    b->rows--;
    memmove(b->values + row * b->width, b->values + (row + 1) * b->width,
            (b->rows - row) * b->width * sizeof *b->values);
    memmove(b->indexes + row, b->indexes + row + 1, (b->rows - row) * sizeof *b->indexes);
}

/* Skip: rows whose references are missing leave with their error. Stop: the rows from the first of them on leave, and
 * its error goes to `why`, for those before it may hold an earlier one. */
static int sort_out(flexdb_batch *b, bool *missing, flexdb_error *why, flexdb_error *err) {
    size_t stride = b->state->reference_count;
    int rc = 0;
    for (size_t row = 0; rc == 0 && row < b->rows;) {
        flexdb_error found = FLEXDB_ERROR_INIT;
        if (!missing_error(b, row, missing, &found)) {
            row++;
        } else if (b->skip && found.code == FLEXDB_REFERENCE) {
            rc = batch_keep_error(b, b->indexes[row], &found, err);
            drop_row(b, row);
            memmove(missing + row * stride, missing + (row + 1) * stride, (b->rows - row) * stride);
        } else {
            if (found.code == FLEXDB_REFERENCE) batch_place_error(&found, b->indexes[row]);
            error_move(why, &found);
            b->rows = row;
        }
    }
    return rc;
}

static int check_references(flexdb_batch *b, flexdb_error *why, flexdb_error *err) {
    size_t references = b->state->reference_count;
    if (references == 0) return 0;
    bool *missing = calloc(b->rows * references, sizeof *missing), *found = calloc(b->rows, sizeof *found);
    flexdb_value *ids = calloc(b->rows, sizeof *ids);
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
    int rc = 0;
    for (size_t row = 0; rc == 0 && row < b->rows; row++) {
        flexdb_error why = FLEXDB_ERROR_INIT;
        if (engine_run(e, sql->data, sql->length, row_of(b, row), b->width, NULL, &why) == 0) {
            b->inserted++;
            continue;
        }
        explain(b, row, &why);
        if (b->skip && batch_is_record_error(&why)) {
            rc = batch_keep_error(b, b->indexes[row], &why, err);
        } else {
            if (batch_is_record_error(&why)) batch_place_error(&why, b->indexes[row]);
            error_move(err, &why);
            rc = -(int)err->code;
        }
    }
    return rc;
}

/* All at once; what is known of the row at fault is said. 0, or 1 when it has to be found one by one (nothing of these
 * rows is written then). */
static int all_at_once(flexdb_batch *b, const struct buffer *sql, flexdb_error *err) {
    struct engine *e = b->table->db->engine;
    /* Where the driver knows the row and everything will be undone anyway, no savepoint is needed. */
    bool guarded = b->skip || !engine_has(e, DRIVER_SINGLE_WRITER);
    size_t failed;
    int rc = guarded ? engine_begin(e, err) : 0;
    if (rc != 0) return rc;
    rc = engine_run_many(e, sql->data, sql->length, b->values, b->rows, b->width, &failed, err);
    if (rc == 0) {
        if (guarded) rc = engine_commit(e, err);
        if (rc == 0) b->inserted += (int64_t)b->rows;
        return rc;
    }
    if (guarded) engine_rollback(e);
    if (e->doomed.code != FLEXDB_OK) {
        error_clear(err);
        error_repeat(err, &e->doomed);
        return -(int)err->code;
    }
    if (!batch_is_record_error(err)) return rc;
    if (guarded && e->doomed.code == FLEXDB_OK && (b->skip || failed >= b->rows)) {
        error_clear(err);
        return 1;
    }
    if (failed < b->rows) {
        explain(b, failed, err);
        batch_place_error(err, b->indexes[failed]);
    }
    if (b->deferred) {
        /* A record before this one may repeat a value: it comes first. */
        flexdb_error earlier = FLEXDB_ERROR_INIT;
        if (batch_build_indexes(b, &earlier) != 0) {
            error_clear(err);
            error_move(err, &earlier);
        }
        rc = -(int)err->code;
    }
    return rc;
}

static int write_rows(flexdb_batch *b, flexdb_error *err) {
    const struct buffer *sql = state_text(b->state, SQL_INSERT_MANY, err);
    if (sql == NULL) return -(int)err->code;
    if (b->rows == 0) return 0;
    if (b->rows == 1) return one_by_one(b, sql, err);
    int rc = all_at_once(b, sql, err);
    return rc == 1 ? one_by_one(b, sql, err) : rc;
}

int batch_flush(flexdb_batch *b, flexdb_error *err) {
    if (b->rows == 0) return 0;
    flexdb_error why = FLEXDB_ERROR_INIT;
    rows_spool_all(b->table->db->engine);
    int rc = check_references(b, &why, err);
    if (rc == 0) rc = batch_defer_indexes(b, err);
    if (rc == 0) rc = write_rows(b, err);
    if (rc == 0 && why.code != FLEXDB_OK) rc = batch_build_indexes(b, err);
    if (rc == 0 && why.code != FLEXDB_OK) {
        error_move(err, &why);
        rc = -(int)err->code;
    }
    error_clear(&why);
    b->rows = 0;
    b->text_length = 0;
    return rc;
}
