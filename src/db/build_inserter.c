/* A second connection by which a thread inserts what is copied, while the first one reads and converts what comes next:
 * with no index but that of seq, which is the old table's, nothing is refused there. */
#include "db/build_internal.h"

void build_open_inserter(struct build *b) {
    struct engine *e = b->engine;
    struct build_inserter *in = &b->inserter;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (engine_driver(e)->open(&in->connection, &e->url, &e->options, &ignored) != 0) in->connection = NULL;
    in->writer = in->connection != NULL ? batch_writer_new() : NULL;
    if (in->writer == NULL || copied_rows_open(&in->rows, b->rows.width, &ignored) != 0) build_close_inserter(b);
    error_clear(&ignored);
}

void build_close_inserter(struct build *b) {
    struct build_inserter *in = &b->inserter;
    batch_writer_free(in->writer);
    engine_driver(b->engine)->close(in->connection);
    error_clear(&in->job.err);
    copied_rows_close(&in->rows);
    *in = (struct build_inserter){0};
}

/* What may be tried again this thread tries. */
int build_settle(struct build *b, flexdb_error *err) {
    struct build_inserter *in = &b->inserter;
    if (!in->busy) return 0;
    batch_writer_wait(in->writer);
    in->busy = false;
    if (in->job.rc == -FLEXDB_BUSY) {
        error_clear(&in->job.err);
        return build_insert(b, &in->rows, err);
    }
    copied_rows_forget(&in->rows);
    if (in->job.rc == 0) return 0;
    error_move(err, &in->job.err);
    return -(int)err->code;
}

int build_hand_over(struct build *b, flexdb_error *err) {
    struct build_inserter *in = &b->inserter;
    if (in->connection == NULL) return build_flush(b, err);
    int rc = build_settle(b, err);
    if (rc != 0 || b->rows.count == 0) return rc;
    const struct copied_rows empty = in->rows;
    in->rows = b->rows;
    b->rows = empty;
    in->job = (struct batch_job){.driver = engine_driver(b->engine),
                                 .connection = in->connection,
                                 .sql = b->insert.data,
                                 .length = b->insert.length,
                                 .values = in->rows.values,
                                 .rows = in->rows.count,
                                 .width = in->rows.width,
                                 .transaction = true};
    in->busy = true;
    batch_writer_start(in->writer, &in->job);
    return 0;
}
