/* The two passes of a purge over the records of a table. A stretch of them is read without a lock, to see whether there
 * is work in it; where there is, it is read again under the locks of a short transaction, and that is what is written.
 */
#include <stdlib.h>
#include <string.h>

#include "db/purge.h"
#include "db/references.h"
#include "db/write.h"
#include "sql/purge.h"

/* Records behind one seq and up to another. */
struct stretch {
    flexdb_purge *purge;
    int64_t first, last;
    bool work;
    size_t read; /* bytes */
    struct purge_counts counts;
};

typedef void purge_text(const struct dialect *d, const struct layout *l, struct buffer *out);
typedef int purge_visit(struct stretch *at, const struct raw_record *raw, flexdb_error *err);

/* Runs a reading statement of sql/purge.h and calls `visit` for each record, until it returns something else than 0.
 * *revision: what came with the last one, or 0. */
static int each_record(struct stretch *at, purge_text *text, const flexdb_value *parameters, size_t count,
                       purge_visit *visit, int64_t *revision, flexdb_error *err) {
    struct table_state *s = at->purge->table->state;
    struct engine *e = s->engine;
    flexdb_value values[4] = {value_text(s->id, strlen(s->id))};
    size_t first = records_selects_revision(e->dialect) ? 1 : 0;
    for (size_t i = 0; i < count; i++) values[first + i] = parameters[i];
    struct buffer sql = BUFFER_INIT;
    struct statement *statement = NULL;
    text(e->dialect, s->layout, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err)
                                 : engine_query(e, &statement, sql.data, sql.length, values, first + count, err);
    *revision = 0;
    while (rc == 1) {
        struct raw_record raw;
        rc = raw_read(e, statement, &raw, err);
        if (rc != 0) break;
        *revision = raw.revision;
        rc = visit(at, &raw, err);
        if (rc != 0) break;
        rc = engine_step(e, statement, err);
    }
    engine_finalize(e, statement);
    buffer_free(&sql);
    return rc < 0 ? rc : 0;
}

/* What was read is only good when the table had not moved: its records may lie elsewhere by now. */
static int check_current(const flexdb_purge *p, int64_t revision, flexdb_error *err) {
    int rc = state_verify(p->table->state, revision, err);
    if (rc == 0) return error_set(err, FLEXDB_STALE, "table \"%s\" has changed", p->table->state->name);
    return rc < 0 ? rc : 0;
}

static void add_counts(struct purge_counts *to, const struct purge_counts *more) {
    to->records += more->records;
    to->rewritten += more->rewritten;
    to->deleted += more->deleted;
    to->kept += more->kept;
    to->bytes += more->bytes;
}

/* ---- what is to be written ---- */

/* A record in p->texts, with the text that follows: its id, or its new document. */
struct item {
    int64_t seq, bytes; /* bytes: of its document that go */
    size_t length;
};

static int put_item(flexdb_purge *p, const struct item *item, const char *text, flexdb_error *err) {
    buffer_append(&p->texts, item, sizeof *item);
    buffer_append(&p->texts, text, item->length);
    p->items++;
    return buffer_failed(&p->texts) ? error_no_memory(err) : 0;
}

/* The item at *place, which moves behind it; false behind the last. */
static bool next_item(const flexdb_purge *p, size_t *place, struct item *item, const char **text) {
    if (*place == p->texts.length) return false;
    memcpy(item, p->texts.data + *place, sizeof *item);
    *text = p->texts.data + *place + sizeof *item;
    *place += sizeof *item + item->length;
    return true;
}

/* Runs a writing statement for `rows` rows of `width` values. */
static int write_many(flexdb_purge *p, purge_text *text, const flexdb_value *values, size_t rows, size_t width,
                      flexdb_error *err) {
    struct engine *e = p->table->db->engine;
    struct buffer sql = BUFFER_INIT;
    size_t failed;
    text(e->dialect, p->table->state->layout, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err)
                                 : engine_run_many(e, sql.data, sql.length, values, rows, width, &failed, err);
    buffer_free(&sql);
    return rc;
}

/* ---- deleted records ---- */

static int see_deleted(struct stretch *at, const struct raw_record *raw, flexdb_error *err) {
    (void)err;
    at->work = true;
    at->last = raw->seq;
    at->counts.records++;
    at->read += raw->data_length;
    return at->read >= PURGE_BATCH_BYTES;
}

static int take_deleted(struct stretch *at, const struct raw_record *raw, flexdb_error *err) {
    const struct item item = {raw->seq, (int64_t)raw->data_length, raw->id_length};
    return put_item(at->purge, &item, raw->id, err);
}

static int erase_items(struct stretch *at, flexdb_value *seqs, flexdb_error *err) {
    flexdb_purge *p = at->purge;
    struct table_state *s = p->table->state;
    struct item item;
    const char *id;
    size_t count = 0;
    int rc = 0;
    for (size_t place = 0; rc >= 0 && next_item(p, &place, &item, &id);) {
        rc = s->layout->referrer_count != 0 ? references_find_referrer(s, id, item.length, err) : 0;
        at->counts.kept += rc == 1;
        if (rc != 0) continue;
        seqs[count++] = value_integer(item.seq);
        at->counts.deleted++;
        at->counts.bytes += item.bytes;
    }
    if (rc < 0 || count == 0) return rc < 0 ? rc : 0;
    return write_many(p, purge_erase, seqs, count, 1, err);
}

static int erase_stretch(void *context, flexdb_error *err) {
    struct stretch *at = context;
    flexdb_purge *p = at->purge;
    const flexdb_value parameters[] = {value_integer(p->deleted_before), value_integer(at->first),
                                       value_integer(at->last)};
    int64_t revision;
    buffer_reset(&p->texts);
    p->items = 0;
    at->counts = (struct purge_counts){.records = at->counts.records};
    int rc = write_hold(p->table, NULL, err);
    if (rc == 0) rc = each_record(at, purge_take_deleted, parameters, 3, take_deleted, &revision, err);
    flexdb_value *seqs = rc == 0 ? calloc(p->items + 1, sizeof *seqs) : NULL;
    if (rc == 0) rc = seqs != NULL ? erase_items(at, seqs, err) : error_no_memory(err);
    free(seqs);
    return rc;
}

int purge_erase_batch(flexdb_purge *p, flexdb_error *err) {
    struct stretch at = {.purge = p, .first = p->seq, .last = p->seq};
    const flexdb_value parameters[] = {value_integer(p->deleted_before), value_integer(p->seq),
                                       value_integer((int64_t)p->batch)};
    int64_t revision;
    int rc = each_record(&at, purge_walk_deleted, parameters, 3, see_deleted, &revision, err);
    if (rc == 0) rc = check_current(p, revision, err);
    if (rc == 0 && at.work) rc = engine_transact(p->table->db->engine, erase_stretch, &at, err);
    if (rc != 0) return rc;
    p->seq = at.last;
    add_counts(&p->counts, &at.counts);
    return at.work;
}

/* ---- documents ---- */

static int strip(struct stretch *at, const struct raw_record *raw, flexdb_error *err) {
    flexdb_purge *p = at->purge;
    buffer_reset(&p->stripped);
    int rc = codec_strip(raw->data, raw->data_length, &p->gone, &p->stripped, &p->scratch, err);
    return rc >= 0 ? rc : record_blame(raw, err);
}

static int see_document(struct stretch *at, const struct raw_record *raw, flexdb_error *err) {
    int rc = strip(at, raw, err);
    if (rc < 0) return rc;
    at->work = at->work || rc == 1;
    at->last = raw->seq;
    at->counts.records++;
    at->read += raw->data_length;
    return at->read >= PURGE_BATCH_BYTES;
}

static int take_document(struct stretch *at, const struct raw_record *raw, flexdb_error *err) {
    flexdb_purge *p = at->purge;
    int rc = strip(at, raw, err);
    if (rc != 1) return rc;
    const struct item item = {raw->seq, (int64_t)raw->data_length - (int64_t)p->stripped.length, p->stripped.length};
    at->counts.rewritten++;
    at->counts.bytes += item.bytes;
    return put_item(p, &item, p->stripped.data, err);
}

static int write_items(flexdb_purge *p, flexdb_error *err) {
    struct item item;
    const char *text;
    if (p->items == 0) return 0;
    flexdb_value *values = calloc(2 * p->items, sizeof *values), *at = values;
    if (values == NULL) return error_no_memory(err);
    for (size_t place = 0; next_item(p, &place, &item, &text);) {
        *at++ = value_text(text, item.length);
        *at++ = value_integer(item.seq);
    }
    int rc = write_many(p, purge_rewrite, values, p->items, 2, err);
    free(values);
    return rc;
}

static int rewrite_stretch(void *context, flexdb_error *err) {
    struct stretch *at = context;
    flexdb_purge *p = at->purge;
    const flexdb_value parameters[] = {value_integer(at->first), value_integer(at->last)};
    int64_t revision;
    buffer_reset(&p->texts);
    p->items = 0;
    at->counts = (struct purge_counts){.records = at->counts.records};
    int rc = write_hold(p->table, NULL, err);
    if (rc == 0) rc = each_record(at, purge_take, parameters, 2, take_document, &revision, err);
    return rc == 0 ? write_items(p, err) : rc;
}

int purge_rewrite_batch(flexdb_purge *p, flexdb_error *err) {
    struct stretch at = {.purge = p, .first = p->seq, .last = p->seq};
    const flexdb_value parameters[] = {value_integer(p->seq), value_integer((int64_t)p->batch)};
    int64_t revision;
    int rc = each_record(&at, purge_walk, parameters, 2, see_document, &revision, err);
    if (rc == 0) rc = check_current(p, revision, err);
    bool any = at.counts.records != 0;
    p->found = p->found || at.work;
    if (rc == 0 && at.work) rc = engine_transact(p->table->db->engine, rewrite_stretch, &at, err);
    if (rc != 0) return rc;
    p->seq = at.last;
    if (p->phase == PURGE_SWEEP) at.counts.records = 0;
    add_counts(&p->counts, &at.counts);
    return any;
}
