/* From the old physical table to the new one, many rows a statement. */
#include <stdlib.h>
#include <string.h>

#include "db/build_internal.h"

int build_store(struct evolution *ev, void *context, const struct raw_record *raw, const struct record *record,
                bool changed, flexdb_error *err) {
    struct build *b = context;
    struct parameters p;
    int rc = evolution_copied(ev, &b->to, raw, record, changed, &p, &b->scratch, err);
    if (rc == 0 && copied_rows_are_full(&b->rows)) rc = b->reads_set ? build_flush(b, err) : build_hand_over(b, err);
    return rc == 0 ? copied_rows_add(&b->rows, p.values, err) : rc;
}

/* ---- refused ones ---- */

/* In place of the engine's words the values that are taken, and of which record. */
static int explain(struct build *b, const flexdb_value *row, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    const flexdb_value id = value_text(row[1].as.text, row[1].length);
    if (codec_decode(b->ev->to, row[2].as.text, row[2].length, NULL, &b->record, &why) == 0)
        write_explain_duplicate(&b->to, b->record.values, &id, row[0].as.integer, err);
    error_clear(&why);
    for (size_t i = 0; i < err->issue_count; i++) error_issue_id(err, &err->issues[i], row[1].as.text, row[1].length);
    return -(int)err->code;
}

static int insert_each(struct build *b, const struct copied_rows *rows, flexdb_error *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rows->count; i++) {
        const flexdb_value *row = rows->values + i * rows->width;
        rc = engine_run(b->engine, b->insert.data, b->insert.length, row, rows->width, NULL, err);
        if (rc != -FLEXDB_DUPLICATE || err->ended) continue;
        if (b->reads_set && b->set.whole) return explain(b, row, err);
        error_clear(err);
        b->postponed++;
        rc = engine_run(b->engine, b->add.data, b->add.length, row, 1, NULL, err);
    }
    return rc;
}

static int insert_all(struct build *b, const struct copied_rows *rows, flexdb_error *err) {
    size_t failed;
    return engine_run_many(b->engine, b->insert.data, b->insert.length, rows->values, rows->count, rows->width, &failed,
                           err);
}

static int insert_in_a_level(struct build *b, const struct copied_rows *rows,
                             int (*insert)(struct build *b, const struct copied_rows *rows, flexdb_error *err),
                             flexdb_error *err) {
    int rc = engine_begin(b->engine, err);
    if (rc != 0) return rc;
    rc = insert(b, rows, err);
    if (rc == 0) return engine_commit(b->engine, err);
    engine_rollback(b->engine);
    return rc;
}

int build_insert(struct build *b, struct copied_rows *rows, flexdb_error *err) {
    if (rows->count == 0) return 0;
    int rc = insert_in_a_level(b, rows, insert_all, err);
    if (rc == -FLEXDB_DUPLICATE && !err->ended) {
        error_clear(err);
        rc = insert_in_a_level(b, rows, insert_each, err);
    }
    copied_rows_forget(rows);
    return rc;
}

int build_flush(struct build *b, flexdb_error *err) { return build_insert(b, &b->rows, err); }

/* ---- all of them ---- */

int build_walk(struct build *b, bool deleted, evolution_visit visit, void *context, flexdb_error *err) {
    if (!b->reads_set) return evolution_walk_on(b->ev, deleted, &b->cursor, BUILD_CHUNK, &b->more, visit, context, err);
    /* What the copy has not come to it will find as it is then. */
    size_t count = b->set.record_count;
    while (b->more && count != 0 && b->set.records[count - 1].seq > b->cursor) count--;
    int rc = 0;
    for (size_t i = 0, some; rc == 0 && i < count; i += some) {
        some = count - i < EVOLUTION_BATCH ? count - i : EVOLUTION_BATCH;
        rc = visit(b->ev, context, b->set.records + i, some, err);
    }
    return rc;
}

/* From the cursor on, in one transaction: it holds nothing that others would wait for, and one commit serves many
 * batches. What is written while it reads the journal has. */
static int copy_chunk(struct build *b, flexdb_error *err) {
    const struct evolution_store store = {build_store, b};
    int rc = engine_begin(b->engine, err);
    if (rc != 0) return rc;
    rc = evolution_inspect(b->ev, &store, err);
    if (rc == 0 && b->inserters.count == 0) rc = build_flush(b, err);
    if (rc == 0) return engine_commit(b->engine, err);
    engine_rollback(b->engine);
    return rc;
}

/* Before the journal's records are copied all others are to be there. */
static int end_copy(struct build *b, flexdb_error *err) {
    int rc = build_hand_over(b, err);
    return rc == 0 ? build_settle(b, err) : rc;
}

int build_copy(struct build *b, flexdb_error *err) {
    int rc = 0;
    b->cursor = INT64_MIN;
    if (!b->ev->cluster) build_open_inserters(b);
    for (b->more = true; rc == 0 && b->more;) {
        rc = copy_chunk(b, err);
        if (rc != 0 || b->postponed < BUILD_POSTPONED) continue;
        b->postponed = 0;
        rc = end_copy(b, err);
        if (rc == 0) rc = build_catch_up(b, err);
    }
    if (rc == 0) rc = end_copy(b, err);
    build_close_inserters(b);
    return rc == 0 ? evolution_report(b->ev, err) : rc;
}
