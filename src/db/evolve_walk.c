/* Reading the records of a table that is evolved, batch by batch. */
#include <stdlib.h>
#include <string.h>

#include "db/build.h"
#include "db/evolution.h"

/* Records that were read together. */
struct walk {
    struct raw_record batch[EVOLUTION_BATCH];
    struct buffer texts;
    size_t count, limit; /* how many there are; how many are asked for */
    bool more;           /* behind them */
};

/* Reads up to w->limit records behind `seq`, fewer when they are large. */
static int read_batch(struct table_state *s, const struct buffer *sql, int64_t seq, struct walk *w, flexdb_error *err) {
    struct engine *e = s->engine;
    bool both = records_selects_revision(e->dialect);
    const flexdb_value values[] = {value_text(s->id, strlen(s->id)), value_integer(seq),
                                   value_integer((int64_t)w->limit)};
    struct statement *statement;
    w->count = 0;
    buffer_reset(&w->texts);
    int more = engine_query(e, &statement, sql->data, sql->length, both ? values : values + 1, both ? 3 : 2, err);
    while (more == 1 && w->texts.length < EVOLUTION_BATCH_BYTES) {
        struct raw_record *raw = &w->batch[w->count++];
        more = raw_read(e, statement, raw, err);
        if (more != 0) break;
        buffer_append(&w->texts, raw->id, raw->id_length);
        buffer_append(&w->texts, raw->data, raw->data_length);
        more = engine_step(e, statement, err);
    }
    engine_finalize(e, statement);
    if (more < 0) return more;
    w->more = more == 1 || w->count == w->limit;
    return buffer_failed(&w->texts) ? error_no_memory(err) : 0;
}

/* As many as would have filled the room: what is asked for and not read was sent for nothing. */
static size_t next_limit(const struct walk *w) {
    size_t fitting = w->texts.length != 0 ? w->count * EVOLUTION_BATCH_BYTES / w->texts.length : EVOLUTION_BATCH;
    return fitting < 1 ? 1 : fitting < EVOLUTION_BATCH ? fitting : EVOLUTION_BATCH;
}

/* The texts of a batch, which lie one behind the other. */
static void place_texts(struct walk *w) {
    const char *text = w->texts.data;
    for (size_t i = 0; i < w->count; i++) {
        struct raw_record *raw = &w->batch[i];
        raw->id = text;
        raw->data = text + raw->id_length;
        text = raw->data + raw->data_length;
    }
}

int evolution_walk_on(struct evolution *ev, bool deleted, int64_t *seq, size_t count, bool *more, evolution_visit visit,
                      void *context, flexdb_error *err) {
    const struct buffer *sql = state_text(ev->from, deleted ? SQL_WALK_ALL : SQL_WALK, err);
    if (sql == NULL) return -(int)err->code;
    /* Batch by batch: what is done with one may need the connection. */
    struct walk *w = calloc(1, sizeof *w);
    if (w == NULL) return error_no_memory(err);
    int rc = 0;
    size_t visited = 0;
    for (w->more = true, w->limit = EVOLUTION_FIRST_BATCH; rc == 0 && w->more && visited < count;
         w->limit = next_limit(w)) {
        rc = read_batch(ev->from, sql, *seq, w, err);
        if (rc != 0 || w->count == 0) break;
        place_texts(w);
        *seq = w->batch[w->count - 1].seq;
        visited += w->count;
        rc = visit(ev, context, w->batch, w->count, err);
    }
    *more = w->more;
    buffer_free(&w->texts);
    free(w);
    return rc;
}

int evolution_walk(struct evolution *ev, bool deleted, evolution_visit visit, void *context, flexdb_error *err) {
    int64_t seq = INT64_MIN;
    bool more;
    if (ev->build != NULL) return build_walk(ev->build, deleted, visit, context, err);
    return evolution_walk_on(ev, deleted, &seq, SIZE_MAX, &more, visit, context, err);
}
