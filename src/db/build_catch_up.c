/* Copying again what was written since it was copied. */
#include <stdlib.h>
#include <string.h>

#include "db/build_internal.h"
#include "sql/journal.h"

/* ---- reading the journal ---- */

void build_forget_set(struct build_set *set) {
    free(set->records);
    free(set->numbers);
    free(set->seqs);
    arena_free(&set->texts);
    *set = (struct build_set){0};
}

/* The record's texts are the set's then. */
static int keep_record(struct build *b, struct statement *s, flexdb_error *err) {
    struct raw_record *raw = &b->set.records[b->set.record_count];
    int rc = raw_read(b->engine, s, raw, err);
    if (rc != 0) return rc;
    raw->id = arena_dup(&b->set.texts, raw->id, raw->id_length);
    raw->data = arena_dup(&b->set.texts, raw->data, raw->data_length);
    if (raw->id == NULL || raw->data == NULL) return error_no_memory(err);
    b->set.record_count++;
    return 0;
}

/* Entries come by seq: those of one record follow each other. */
static int keep_entry(struct build *b, struct statement *s, size_t *bytes, flexdb_error *err) {
    struct build_set *set = &b->set;
    int64_t seq;
    flexdb_value own;
    int rc = engine_integer(b->engine, s, JOURNAL_NUMBER, &set->numbers[set->entry_count], err);
    if (rc == 0) rc = engine_integer(b->engine, s, JOURNAL_SEQ, &seq, err);
    if (rc != 0) return rc;
    set->entry_count++;
    if (set->seq_count != 0 && set->seqs[set->seq_count - 1] == seq) return 0;
    set->seqs[set->seq_count++] = seq;
    rc = engine_driver(b->engine)->column(s, FETCH_SEQ, &own, err);
    if (rc != 0 || own.tag == FLEXDB_NULL) return rc;
    rc = keep_record(b, s, err);
    if (rc == 0) *bytes += set->records[set->record_count - 1].data_length;
    return rc;
}

int build_read_set(struct build *b, size_t limit, flexdb_error *err) {
    struct build_set *set = &b->set;
    struct buffer sql = BUFFER_INIT;
    struct statement *s = NULL;
    const flexdb_value parameter = value_integer((int64_t)limit);
    size_t bytes = 0, room = limit / EVOLUTION_BATCH * EVOLUTION_BATCH_BYTES;
    build_forget_set(set);
    set->records = calloc(limit, sizeof *set->records);
    set->numbers = calloc(limit, sizeof *set->numbers);
    set->seqs = calloc(limit, sizeof *set->seqs);
    journal_read(b->engine->dialect, b->note.journal, b->ev->from->layout->table, &sql);
    bool good = set->records != NULL && set->numbers != NULL && set->seqs != NULL && !buffer_failed(&sql);
    int rc = good ? engine_query(b->engine, &s, sql.data, sql.length, &parameter, 1, err) : error_no_memory(err);
    while (rc == 1 && set->entry_count < limit && bytes < room) {
        rc = keep_entry(b, s, &bytes, err);
        if (rc == 0) rc = engine_step(b->engine, s, err);
    }
    engine_finalize(b->engine, s);
    buffer_free(&sql);
    set->whole = rc == 0 && set->entry_count < limit;
    return rc < 0 ? rc : 0;
}

/* ---- deleting by keys ---- */

/* A few texts serve all; what is left of one is filled with the last key. */
int build_erase(struct build *b, const char *table, const char *column, const int64_t *keys, size_t count,
                flexdb_error *err) {
    flexdb_value values[EVOLUTION_BATCH];
    int rc = 0;
    for (size_t done = 0, size; rc == 0 && done < count; done += size) {
        size = count - done > EVOLUTION_BATCH / 10 ? EVOLUTION_BATCH : count - done > 5 ? EVOLUTION_BATCH / 10 : 5;
        for (size_t i = 0; i < size; i++) values[i] = value_integer(keys[done + i < count ? done + i : count - 1]);
        struct buffer sql = BUFFER_INIT;
        journal_erase(b->engine->dialect, table, column, size, &sql);
        rc = buffer_failed(&sql) ? error_no_memory(err)
                                 : engine_run(b->engine, sql.data, sql.length, values, size, NULL, err);
        buffer_free(&sql);
    }
    return rc;
}

/* ---- a set ---- */

struct round {
    struct build *build;
    size_t limit, refused; /* entries to be read; records that went back */
};

/* Gives the counts back that a tally had; its samples are its own. */
static void restore_tallies(struct convert_tally *tallies, const struct convert_tally *kept, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct convert_tally now = kept[i];
        memcpy(now.samples, tallies[i].samples, sizeof now.samples);
        now.sample_count = tallies[i].sample_count;
        tallies[i] = now;
    }
}

static int inspect_records(struct build *b, flexdb_error *err) {
    const struct evolution_counts counts = b->ev->counts;
    b->reads_set = true;
    b->ev->quiet = true;
    int rc = evolution_inspect(b->ev, &(const struct evolution_store){build_store, b}, err);
    b->ev->quiet = false;
    if (rc == 0) rc = build_flush(b, err);
    b->reads_set = false;
    b->ev->counts.live = counts.live;
    b->ev->counts.deleted = counts.deleted;
    return rc;
}

/* The counts are those of the copy: a record that is copied again is not another one. */
int build_copy_set(struct build *b, flexdb_error *err) {
    struct converter *c = b->ev->converter;
    if (c == NULL) return inspect_records(b, err);
    size_t conversions = b->ev->plan.conversion_count, computations = b->ev->plan.computation_count;
    struct convert_tally *kept = calloc(conversions + computations + 1, sizeof *kept);
    if (kept == NULL) return error_no_memory(err);
    if (conversions != 0) memcpy(kept, c->tallies, conversions * sizeof *kept);
    if (computations != 0) memcpy(kept + conversions, c->computed, computations * sizeof *kept);
    int rc = inspect_records(b, err);
    restore_tallies(c->tallies, kept, conversions);
    restore_tallies(c->computed, kept + conversions, computations);
    free(kept);
    return rc;
}

static int copy_set(void *context, flexdb_error *err) {
    struct round *r = context;
    struct build *b = r->build;
    size_t before = b->postponed;
    copied_rows_forget(&b->rows);
    int rc = build_read_set(b, r->limit, err);
    if (rc == 0) rc = build_erase(b, b->note.table, "seq", b->set.seqs, b->set.seq_count, err);
    if (rc == 0) rc = build_copy_set(b, err);
    if (rc == 0) rc = build_erase(b, b->note.journal, "n", b->set.numbers, b->set.entry_count, err);
    r->refused = b->postponed - before;
    return rc;
}

int build_catch_up(struct build *b, flexdb_error *err) {
    struct round r = {.build = b, .limit = EVOLUTION_BATCH};
    for (unsigned rounds = 1;; rounds++) {
        int rc = engine_transact(b->engine, copy_set, &r, err);
        if (rc != 0 || (b->set.whole && b->set.entry_count < BUILD_FEW)) return rc;
        /* Whether they are refused rightly only a whole set tells. */
        if (r.refused != 0 && rounds % 8 == 0 && r.limit < BUILD_LIMIT) r.limit *= 2;
        if (rounds >= BUILD_ROUNDS) return 0;
    }
}

int build_drain(struct build *b, flexdb_error *err) {
    struct round r = {.build = b, .limit = EVOLUTION_BATCH};
    int rc;
    do {
        rc = engine_transact(b->engine, copy_set, &r, err);
        if (r.refused != 0) r.limit *= 2;
    } while (rc == 0 && b->set.entry_count != 0);
    return rc;
}
