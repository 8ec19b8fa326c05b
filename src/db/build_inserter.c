/* Connections by which threads insert what is copied, block by block in turn, while the call's own reads and converts
 * what comes next: with no index but that of seq, which is the old table's, nothing is refused there, and none waits
 * for another's rows. One alone waits half of its time: for its commits, and for pages. */
#include "db/build_internal.h"

static void close_one(struct build *b, struct build_inserter *in) {
    batch_writer_free(in->writer);
    engine_driver(b->engine)->close(in->connection);
    *in = (struct build_inserter){0};
}

static bool open_one(struct build *b, struct build_inserter *in) {
    struct engine *e = b->engine;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    if (engine_driver(e)->open(&in->connection, &e->url, &e->options, &ignored) != 0) in->connection = NULL;
    in->writer = in->connection != NULL ? batch_writer_new() : NULL;
    if (in->writer == NULL) close_one(b, in);
    error_clear(&ignored);
    return in->writer != NULL;
}

void build_open_inserters(struct build *b) {
    struct build_inserters *in = &b->inserters;
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    while (in->count < BUILD_INSERTERS && open_one(b, &in->each[in->count])) in->count++;
    int rc = 0;
    for (size_t i = 0; rc == 0 && in->count != 0 && i < BUILD_BLOCKS; i++)
        rc = copied_rows_open(&in->blocks[i].rows, b->rows.width, &ignored);
    if (rc != 0) build_close_inserters(b);
    error_clear(&ignored);
}

void build_close_inserters(struct build *b) {
    struct build_inserters *in = &b->inserters;
    while (in->count != 0) close_one(b, &in->each[--in->count]);
    for (size_t i = 0; i < BUILD_BLOCKS; i++) {
        error_clear(&in->blocks[i].job.err);
        copied_rows_close(&in->blocks[i].rows);
    }
    *in = (struct build_inserters){0};
}

static struct build_inserter *inserter_of(struct build_inserters *in, const struct build_block *block) {
    return &in->each[(size_t)(block - in->blocks) % in->count];
}

/* What may be tried again this thread tries. */
static int settle(struct build *b, struct build_block *block, flexdb_error *err) {
    if (!block->busy) return 0;
    batch_writer_wait_for(inserter_of(&b->inserters, block)->writer, &block->job);
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
    struct build_inserters *in = &b->inserters;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < BUILD_BLOCKS; i++)
        rc = settle(b, &in->blocks[(in->next + i) % BUILD_BLOCKS], err);
    return rc;
}

int build_hand_over(struct build *b, flexdb_error *err) {
    struct build_inserters *in = &b->inserters;
    if (in->count == 0) return build_flush(b, err);
    struct build_block *block = &in->blocks[in->next];
    int rc = settle(b, block, err);
    if (rc != 0 || b->rows.count == 0) return rc;
    const struct build_inserter *inserter = inserter_of(in, block);
    const struct copied_rows empty = block->rows;
    block->rows = b->rows;
    b->rows = empty;
    block->job = (struct batch_job){.driver = engine_driver(b->engine),
                                    .connection = inserter->connection,
                                    .sql = b->insert.data,
                                    .length = b->insert.length,
                                    .values = block->rows.values,
                                    .rows = block->rows.count,
                                    .width = block->rows.width,
                                    .transaction = true};
    block->busy = true;
    in->next = (in->next + 1) % BUILD_BLOCKS;
    batch_writer_start(inserter->writer, &block->job);
    return 0;
}
