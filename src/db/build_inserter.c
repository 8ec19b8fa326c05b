/* A second connection by which a thread inserts what is copied, while the first one reads and converts what comes next:
 * with no index but that of seq, which is the old table's, nothing is refused there. */
#include "db/build_internal.h"

void build_open_inserter(struct build *b) {
    struct engine *e = b->engine;
    struct build_inserter *in = &b->inserter;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (engine_driver(e)->open(&in->connection, &e->url, &e->options, &ignored) != 0) in->connection = NULL;
    in->writer = in->connection != NULL ? batch_writer_new() : NULL;
    int rc = in->writer != NULL ? 0 : -1;
    for (size_t i = 0; rc == 0 && i < BUILD_BLOCKS; i++)
        rc = copied_rows_open(&in->blocks[i].rows, b->rows.width, &ignored);
    if (rc != 0) build_close_inserter(b);
    error_clear(&ignored);
}

void build_close_inserter(struct build *b) {
    struct build_inserter *in = &b->inserter;
    batch_writer_free(in->writer);
    engine_driver(b->engine)->close(in->connection);
    for (size_t i = 0; i < BUILD_BLOCKS; i++) {
        error_clear(&in->blocks[i].job.err);
        copied_rows_close(&in->blocks[i].rows);
    }
    *in = (struct build_inserter){0};
}

/* What may be tried again this thread tries. */
static int settle(struct build *b, struct build_block *block, flexdb_error *err) {
    if (!block->busy) return 0;
    batch_writer_wait_for(b->inserter.writer, &block->job);
    block->busy = false;
    if (block->job.rc == -FLEXDB_BUSY) {
        error_clear(&block->job.err);
        return build_insert(b, &block->rows, err);
    }
    copied_rows_forget(&block->rows);
    if (block->job.rc == 0) return 0;
    error_move(err, &block->job.err);
    return -(int)err->code;
}

int build_settle(struct build *b, flexdb_error *err) {
    struct build_inserter *in = &b->inserter;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < BUILD_BLOCKS; i++)
        rc = settle(b, &in->blocks[(in->next + i) % BUILD_BLOCKS], err);
    return rc;
}

int build_hand_over(struct build *b, flexdb_error *err) {
    struct build_inserter *in = &b->inserter;
    if (in->connection == NULL) return build_flush(b, err);
    struct build_block *block = &in->blocks[in->next];
    int rc = settle(b, block, err);
    if (rc != 0 || b->rows.count == 0) return rc;
    const struct copied_rows empty = block->rows;
    block->rows = b->rows;
    b->rows = empty;
    block->job = (struct batch_job){.driver = engine_driver(b->engine),
                                    .connection = in->connection,
                                    .sql = b->insert.data,
                                    .length = b->insert.length,
                                    .values = block->rows.values,
                                    .rows = block->rows.count,
                                    .width = block->rows.width,
                                    .transaction = true};
    block->busy = true;
    in->next = (in->next + 1) % BUILD_BLOCKS;
    batch_writer_start(in->writer, &block->job);
    return 0;
}
