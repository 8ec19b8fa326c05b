#include "db/batch.h"

#include <stdlib.h>
#include <string.h>

#include "db/batch_internal.h"
#include "db/rows.h"
#include "db/write.h"

/* ---- the engine's list ---- */

void batch_flush_all(struct engine *e) {
    for (flexdb_batch *b = e->batches; b != NULL; b = b->next) {
        b->looked_at = true;
        bool whole = b->block->rows == 0 && b->written == NULL && !b->deferred;
        if (whole || b->done || b->dead || b->failure.code != FLEXDB_OK) continue;
        flexdb_error err = FLEXDB_ERROR_INIT;
        if (batch_settle(b, &err) != 0) error_move(&b->failure, &err);
    }
}

bool batch_at_level(const struct engine *e, unsigned depth) {
    for (const flexdb_batch *b = e->batches; b != NULL; b = b->next)
        if (!b->done && !b->dead && b->level == depth) return true;
    return false;
}

void batch_end_from(struct engine *e, unsigned depth) {
    for (flexdb_batch *b = e->batches; b != NULL; b = b->next)
        if (b->level >= depth) b->dead = true;
}

/* ---- begin and end ---- */

/* Takes up the table's state, with room for the rows that wait as wide as it says. Nothing may wait. */
static int take_up(flexdb_batch *b, flexdb_error *err) {
    struct table_state *s = b->table->state;
    if (s == b->state) return 0;
    size_t width = BATCH_FIXED + s->physical_count + 1, limit = BATCH_ROWS;
    /* A record that is skipped may not be referred to: then each must be written before the next is judged. */
    for (size_t i = 0; i < s->reference_count; i++)
        if (s->references[i].self && b->skip) limit = 1;
    batch_block_free(&b->blocks[1]);
    b->block = &b->blocks[0];
    int rc = batch_block_make(b->block, limit, width, err);
    if (rc != 0) return rc;
    b->width = width;
    b->row_limit = limit;
    state_drop(b->state);
    b->state = state_hold(s);
    return 0;
}

/* The table may have moved since the last record, in whatever was called meanwhile on any handle: the batch goes on
 * under what it is now. */
static int follow_table(flexdb_batch *b, flexdb_error *err) {
    int rc = state_is_current(b->table->state) ? 0 : write_hold(b->table, NULL, err);
    if (rc != 0 || b->table->state == b->state) return rc;
    rc = batch_settle(b, err);
    return rc != 0 ? rc : take_up(b, err);
}

/* Enters an empty batch into the engine's list. */
static void batch_init(flexdb_batch *b, flexdb_table *table, bool skip, size_t max_errors) {
    struct engine *e = table->db->engine;
    b->dead = true; /* until it has begun */
    b->skip = skip;
    b->error_limit = max_errors;
    b->base = -1;
    b->next = e->batches;
    b->link = &e->batches;
    if (b->next != NULL) b->next->link = &b->next;
    e->batches = b;
    table->holders++;
    b->table = table;
    b->block = &b->blocks[0];
}

int flexdb_batch_begin(flexdb_batch **out, flexdb_table *table, bool skip, size_t max_errors, flexdb_error *err) {
    *out = NULL;
    int rc = table_enter(table, ENGINE_WRITE, NULL, err);
    if (rc != 0) return rc;
    flexdb_batch *b = calloc(1, sizeof *b);
    if (b == NULL) return error_no_memory(err);
    struct engine *e = table->db->engine;
    batch_init(b, table, skip, max_errors);
    rc = engine_begin(e, err);
    if (rc == 0) {
        b->dead = false;
        b->level = e->depth;
        rc = write_hold(b->table, NULL, err);
    }
    if (rc == 0) rc = take_up(b, err);
    if (rc != 0) {
        flexdb_batch_free(b);
        return rc;
    }
    *out = b;
    return 0;
}

void batch_free_abandoned(struct engine *e) {
    for (flexdb_batch *b = e->batches, *next; b != NULL; b = next) {
        next = b->next;
        if (b->abandoned) flexdb_batch_free(b);
    }
}

void flexdb_batch_free(flexdb_batch *b) {
    if (b == NULL) return;
    if (b->table->db->engine->calling) {
        b->abandoned = b->table->db->engine->abandoned = true;
        return;
    }
    *b->link = b->next;
    if (b->next != NULL) b->next->link = b->link;
    struct engine *e = b->table->db->engine;
    if (b->written != NULL) engine_settle(e);
    batch_writer_free(b->writer);
    if (!b->done && !b->dead) {
        batch_end_from(e, b->level);
        while (e->depth >= b->level) engine_rollback(e);
    }
    for (size_t i = 0; i < b->error_kept; i++) error_clear(&b->errors[i].error);
    for (size_t i = 0; i < b->promise_count; i++) {
        state_drop(b->promises[i].state);
        free(b->promises[i].id);
    }
    free(b->promises);
    free(b->errors);
    batch_block_free(&b->blocks[0]);
    batch_block_free(&b->blocks[1]);
    state_drop(b->state);
    record_free(&b->record);
    buffer_free(&b->scratch);
    error_clear(&b->failure);
    error_clear(&b->job.err);
    flexdb_table_free(b->table);
    free(b);
}

/* ---- errors ---- */

bool batch_is_record_error(const flexdb_error *err) {
    switch (err->code) {
    case FLEXDB_INVALID_RECORD:
    case FLEXDB_DUPLICATE:
    case FLEXDB_REFERENCE:
    case FLEXDB_LIMIT: return !err->ended;
    default: return false;
    }
}

void batch_place_error(flexdb_error *err, int64_t index) {
    if (err->issue_count == 0) error_issue(err, "", error_code_name(err->code), NULL, NULL, "%s", err->message);
    for (size_t i = 0; i < err->issue_count; i++) err->issues[i].index = index;
    error_prefix(err, "record %lld: ", (long long)index);
}

int batch_keep_error(flexdb_batch *b, int64_t index, flexdb_error *why, flexdb_error *err) {
    b->error_count++;
    if (b->error_kept == b->error_limit) {
        error_clear(why);
        return 0;
    }
    if (b->error_kept == b->error_capacity) {
        size_t capacity = b->error_capacity == 0 ? 16 : b->error_capacity * 2;
        struct batch_error *errors = realloc(b->errors, capacity * sizeof *errors);
        if (errors == NULL) {
            error_clear(why);
            return error_no_memory(err);
        }
        b->errors = errors;
        b->error_capacity = capacity;
    }
    batch_place_error(why, index);
    /* Sorted by place: an error of the engine comes after those of records that were judged meanwhile. */
    size_t at = b->error_kept++;
    while (at != 0 && b->errors[at - 1].index > index) {
        b->errors[at] = b->errors[at - 1];
        at--;
    }
    b->errors[at].index = index;
    error_move(&b->errors[at].error, why);
    return 0;
}

/* The batch ends with this error, or with that of a record before it in the block that is still being written. */
static int give_up(flexdb_batch *b, flexdb_error *err) {
    flexdb_error earlier = FLEXDB_ERROR_INIT;
    if (batch_collect(b, &earlier) != 0) {
        error_clear(err);
        error_move(err, &earlier);
    }
    error_repeat(&b->failure, err);
    return -(int)err->code;
}

/* A record that is no good: skipped, or the end of the batch, once those before it are known to be good. */
static int reject(flexdb_batch *b, flexdb_error *why, flexdb_error *err) {
    if (b->skip && batch_is_record_error(why)) return batch_keep_error(b, b->seen, why, err);
    if (batch_is_record_error(why) && batch_settle(b, err) != 0) {
        error_clear(why);
    } else {
        if (batch_is_record_error(why)) batch_place_error(why, b->seen);
        error_move(err, why);
    }
    return give_up(b, err);
}

/* ---- adding ---- */

/* Whether the batch takes anything now. */
static int check_open(flexdb_batch *b, flexdb_error *err) {
    if (engine_check_idle(b->table->db->engine, err) != 0) return -(int)err->code;
    if (b->dead) return error_set(err, FLEXDB_MISUSE, "the batch ended with its database or transaction");
    if (!flexdb_is_open(b->table->db)) return error_set(err, FLEXDB_MISUSE, "the database is closed");
    if (b->done) return error_set(err, FLEXDB_MISUSE, "the batch is finished");
    struct engine *e = b->table->db->engine;
    if (e->doomed.code != FLEXDB_OK && b->failure.code == FLEXDB_OK) error_repeat(&b->failure, &e->doomed);
    if (b->failure.code != FLEXDB_OK) {
        if (err->code == FLEXDB_OK && b->failure.issue_count != 0) {
            /* Told for the first time: with its issues. */
            error_move(err, &b->failure);
            error_repeat(&b->failure, err);
        }
        error_repeat(err, &b->failure);
        return -(int)err->code;
    }
    if (e->depth != b->level)
        return error_set(err, FLEXDB_MISUSE, "a transaction that was begun inside the batch is still open");
    return 0;
}

static char *put_text(struct batch_block *k, const char *text, size_t length) {
    char *at = k->text + k->text_length;
    if (length != 0) memcpy(at, text, length);
    k->text_length += length;
    return at;
}

/* Makes sure that `length` bytes of texts fit; what waits is written when they do not. */
static int reserve_text(flexdb_batch *b, size_t length, flexdb_error *err) {
    if (b->block->text_capacity - b->block->text_length >= length) return 0;
    int rc = batch_hand_over(b, err);
    struct batch_block *k = b->block;
    if (rc != 0 || k->text_capacity >= length) return rc;
    char *text = realloc(k->text, length);
    if (text == NULL) return error_no_memory(err);
    k->text = text;
    k->text_capacity = length;
    return 0;
}

static bool has_text(const flexdb_value *v) {
    return v->tag == FLEXDB_TEXT || v->tag == FLEXDB_BYTES || v->tag == FLEXDB_JSON;
}

/* Copies the record in b->table->record behind those that wait. Writing these to make room leaves it alone. */
static int append(flexdb_batch *b, flexdb_error *err) {
    flexdb_table *t = b->table;
    struct table_state *s = b->state;
    const struct buffer *document = &t->record.document;
    const flexdb_value *given = &t->record.values[validator_shape(s->validator)->columns + SLOT_ID];
    flexdb_value id = *given;
    if (id.tag != FLEXDB_TEXT) {
        if (uuid_next(&s->engine->uuids, datetime_now(), t->id) != 0)
            return error_set(err, FLEXDB_INTERNAL, "the system gives no randomness");
        id = value_text(t->id, UUID_TEXT_SIZE - 1);
    }
    struct parameters p;
    p.count = 0;
    int rc = write_add_physicals(&p, s, t->record.values, &t->physical, err);
    size_t needed = id.length + document->length;
    for (size_t i = 0; i < p.count; i++)
        if (has_text(&p.values[i])) needed += p.values[i].length;
    if (rc == 0) rc = reserve_text(b, needed, err);
    if (rc != 0) return rc;
    struct batch_block *k = b->block;
    flexdb_value *row = k->values + k->rows * b->width;
    int64_t now = datetime_now();
    row[0] = value_text(put_text(k, id.as.text, id.length), id.length);
    row[1] = value_text(put_text(k, document->data, document->length), document->length);
    row[2] = row[3] = value_integer(now);
    for (size_t i = 0; i < p.count; i++) {
        row[BATCH_FIXED + i] = p.values[i];
        if (has_text(&p.values[i])) row[BATCH_FIXED + i].as.text = put_text(k, p.values[i].as.text, p.values[i].length);
    }
    row[b->width - 1] = value_integer(s->version);
    k->indexes[k->rows++] = b->seen;
    return k->rows == b->row_limit ? batch_hand_over(b, err) : 0;
}

/* A record of the same table that is not there may still come, unless bad ones are skipped. */
static void tell_missing(flexdb_batch *b, const flexdb_value *given, flexdb_error *why) {
    if (b->state->reference_count == 0 || (b->skip && b->error_kept == b->error_limit)) return;
    rows_spool_all(b->state->engine);
    write_tell_missing(b->table, given, b->skip, why);
}

int flexdb_batch_add(flexdb_batch *b, const flexdb_validator *v, const flexdb_value *given, flexdb_error *err) {
    int rc = check_open(b, err);
    if (rc != 0) return rc;
    flexdb_table *t = b->table;
    if (follow_table(b, err) != 0) return give_up(b, err);
    rc = table_check_validator(t, v, err);
    if (rc != 0) return rc;
    b->seen++;
    flexdb_error why = FLEXDB_ERROR_INIT;
    if (codec_encode(v, given, &t->record, &why) != 0) {
        tell_missing(b, given, &why);
        return reject(b, &why, err);
    }
    return append(b, err) == 0 ? 0 : give_up(b, err);
}

int flexdb_batch_reject(flexdb_batch *b, flexdb_error *why, flexdb_error *err) {
    int rc = check_open(b, err);
    if (rc != 0) {
        error_clear(why);
        return rc;
    }
    b->seen++;
    return reject(b, why, err);
}

int flexdb_batch_finish(flexdb_batch *b, flexdb_error *err) {
    int rc = check_open(b, err);
    if (rc == 0) rc = batch_settle(b, err);
    /* The promised records are looked for where the table's records are by now. */
    if (rc == 0 && b->promise_count != 0) rc = follow_table(b, err);
    if (rc == 0) rc = batch_keep_promises(b, err);
    if (rc != 0) {
        error_repeat(&b->failure, err);
        return rc;
    }
    b->done = true;
    return engine_commit(b->table->db->engine, err);
}

int64_t flexdb_batch_inserted(const flexdb_batch *b) { return b->inserted; }

int64_t flexdb_batch_error_count(const flexdb_batch *b) { return b->error_count; }

const flexdb_error *flexdb_batch_error(const flexdb_batch *b, size_t i) {
    return i < b->error_kept ? &b->errors[i].error : NULL;
}
