/* Converting the records of a table in place, where its physical table serves the new definition too: none of the
 * columns that are converted has a physical one, so that a document is all that changes of a record. */
#include <stdlib.h>

#include "db/evolution.h"

enum { ROWS = 1024, WIDTH = 2 /* data, seq */, TEXT_BYTES = 1 << 20 };

/* Documents that wait to be written together. */
struct writer {
    struct engine *engine;
    struct buffer sql, texts;
    size_t rows;
    flexdb_value values[ROWS * WIDTH];
};

static int flush(struct writer *w, flexdb_error *err) {
    size_t failed;
    int rc = 0;
    if (w->rows != 0)
        rc = engine_run_many(w->engine, w->sql.data, w->sql.length, w->values, w->rows, WIDTH, &failed, err);
    buffer_reset(&w->texts);
    w->rows = 0;
    return rc;
}

static int write_record(struct evolution *ev, void *context, const struct raw_record *raw, const struct record *record,
                        bool changed, flexdb_error *err) {
    (void)ev;
    struct writer *w = context;
    if (!changed) return 0;
    size_t length = record->document.length, at = w->texts.length;
    /* The texts may not move while rows point to them. */
    int rc = w->rows == ROWS || at + length > TEXT_BYTES ? flush(w, err) : 0;
    if (rc != 0) return rc;
    at = w->texts.length;
    size_t room = at == 0 && length < TEXT_BYTES ? TEXT_BYTES : length;
    if (!buffer_reserve(&w->texts, room)) return error_no_memory(err);
    buffer_append(&w->texts, record->document.data, length);
    flexdb_value *row = w->values + WIDTH * w->rows++;
    row[0] = value_text(w->texts.data + at, length);
    row[1] = value_integer(raw->seq);
    return 0;
}

int evolution_convert(struct evolution *ev, flexdb_error *err) {
    struct writer *w = calloc(1, sizeof *w);
    if (w == NULL) return error_no_memory(err);
    w->engine = ev->table->db->engine;
    records_convert(ev->layout, &w->sql);
    int rc = buffer_failed(&w->sql) ? error_no_memory(err)
                                    : evolution_inspect(ev, &(struct evolution_store){write_record, w}, err);
    if (rc == 0) rc = flush(w, err);
    buffer_free(&w->sql);
    buffer_free(&w->texts);
    free(w);
    return rc;
}
