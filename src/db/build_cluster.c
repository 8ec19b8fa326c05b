/* What a build needs on a cluster, where a writer on another node knows nothing of this node's locks.
 *
 * While the new definition comes into force, and until a node has heard of it, writes of the old table go on there;
 * they are answered for, and in the journal. A barrier on the old table is ordered with all of them: what comes before
 * it is in the journal, what comes behind it fails its certification and is made again under the new definition. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db/build_internal.h"
#include "sql/journal.h"

/* A write that the barrier met when it was certified already is made again by its node, in its own time; nothing tells
 * when. What it writes to may not be dropped before that: the whole cluster would wait for it for ever. */
enum { SETTLING_MILLIS = 200 };

static int run_barrier(struct build *b, flexdb_error *err) {
    struct buffer sql = BUFFER_INIT;
    journal_barrier(b->engine->dialect, b->ev->from->layout->table, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_ddl(b->engine, sql.data, sql.length, err);
    buffer_free(&sql);
    return rc;
}

int build_barrier(struct build *b, flexdb_error *err) {
    int rc = 0;
    for (int64_t deadline = engine_deadline(b->engine);;) {
        rc = run_barrier(b, err);
        if (rc == 0 || err->code != FLEXDB_BUSY || !engine_pause(deadline)) break;
        error_clear(err);
    }
    if (rc == 0) nanosleep(&(struct timespec){.tv_nsec = SETTLING_MILLIS * 1000000L}, NULL);
    return rc;
}

/* ---- late writes ---- */

struct gathering {
    struct build *build;
    struct buffer find;
    bool whole;              /* the journal held nothing else than what was read */
    size_t brought, refused; /* of those: records that go over, and that the new table does not take */
};

struct found {
    bool there, same; /* a record has this seq in the new table, and it is the same one */
    int64_t version, schema_version;
};

static int find(struct gathering *g, int64_t seq, const struct raw_record *raw, struct found *out, flexdb_error *err) {
    struct engine *e = g->build->engine;
    const flexdb_value parameter = value_integer(seq);
    struct statement *s;
    const char *id = NULL;
    size_t length = 0;
    *out = (struct found){0};
    int rc = engine_query(e, &s, g->find.data, g->find.length, &parameter, 1, err);
    out->there = rc == 1;
    if (rc == 1) rc = engine_text(e, s, 0, &id, &length, err);
    if (rc == 0 && out->there) rc = engine_integer(e, s, 1, &out->version, err);
    if (rc == 0 && out->there) rc = engine_integer(e, s, 2, &out->schema_version, err);
    out->same =
        rc == 0 && out->there && (raw == NULL || (length == raw->id_length && memcmp(id, raw->id, length) == 0));
    engine_finalize(e, s);
    return rc < 0 ? rc : 0;
}

static bool is_newer(const struct gathering *g, const struct found *found) {
    return found->schema_version > g->build->ev->from->version;
}

/* Where both tables were written the new one's record stays. One that was hard-deleted late has no version to tell by:
 * it goes unless it was written under the new definition. A late insert may have a seq that the new table gave to
 * another record: it gets a new one. */
static int place(struct gathering *g, int64_t seq, struct raw_record *raw, bool *brings, flexdb_error *err) {
    struct build *b = g->build;
    struct found found;
    int rc = find(g, seq, raw, &found, err);
    if (rc != 0) return rc;
    bool same = found.there && found.same;
    *brings = raw != NULL && (!same || found.version < raw->version);
    if (*brings && found.there && !same) raw->seq = 0;
    bool goes = raw == NULL ? found.there && !is_newer(g, &found) : *brings && same;
    return goes ? build_erase(b, b->note.table, "seq", &seq, 1, err) : 0;
}

static int sort_out(struct gathering *g, flexdb_error *err) {
    struct build_set *set = &g->build->set;
    size_t next = 0, kept = 0;
    int rc = 0;
    /* Records come by seq, as the seqs do. */
    for (size_t i = 0; rc == 0 && i < set->seq_count; i++) {
        bool there = next < set->record_count && set->records[next].seq == set->seqs[i], brings;
        struct raw_record *raw = there ? &set->records[next++] : NULL;
        rc = place(g, set->seqs[i], raw, &brings, err);
        if (rc == 0 && brings) set->records[kept++] = *raw;
    }
    set->record_count = kept;
    g->brought = kept;
    return rc;
}

static int gather(void *context, flexdb_error *err) {
    struct gathering *g = context;
    struct build *b = g->build;
    size_t before = b->postponed;
    copied_rows_forget(&b->rows);
    int rc = build_read_set(b, EVOLUTION_BATCH, err);
    /* What is refused goes back to the journal: another late write may make room for it. */
    g->whole = b->set.whole;
    b->set.whole = false;
    if (rc == 0) rc = sort_out(g, err);
    if (rc == 0) rc = build_copy_set(b, err);
    if (rc == 0) rc = build_erase(b, b->note.journal, "n", b->set.numbers, b->set.entry_count, err);
    g->refused = b->postponed - before;
    return rc;
}

/* What is left then is what somebody holds who wrote under the new definition: that write stays. */
static bool is_over(const struct gathering *g) {
    return g->build->set.entry_count == 0 || (g->whole && g->refused == g->brought && g->refused != 0);
}

int build_gather(struct build *b, flexdb_error *err) {
    struct gathering g = {.build = b};
    int rc = b->ev->cluster ? build_barrier(b, err) : 0;
    journal_find(b->engine->dialect, b->note.table, &g.find);
    if (rc == 0 && buffer_failed(&g.find)) rc = error_no_memory(err);
    /* Late writes obeyed the old definition, and there is no way back: they stay, and what does not convert has no
     * value. */
    b->ev->judges = false;
    if (b->ev->converter != NULL) b->ev->converter->on_invalid = FLEXDB_ON_INVALID_NULL;
    for (int rounds = 0; rc == 0 && rounds < BUILD_ROUNDS; rounds++) {
        rc = engine_transact(b->engine, gather, &g, err);
        if (is_over(&g)) break;
    }
    buffer_free(&g.find);
    return rc;
}
