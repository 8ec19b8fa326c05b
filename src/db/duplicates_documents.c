/* Duplicates where no physical column holds the values: the documents are read, and their values counted by digest. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "db/duplicates_parts.h"
#include "db/evolution.h"

enum { FIRST_SLOTS = 1 << 10 };

/* 96 bits of a SHA-256 stand for a value: among a thousand million different ones two are alike with a chance of
 * 1 in 10^11. A slot without a count is free. */
struct counter {
    uint64_t digest;
    uint32_t more;
    uint32_t count;
    int64_t first; /* seq */
};

struct tally {
    struct duplicates_search *search;
    struct buffer bytes;
    struct counter *slots;
    size_t capacity, used;
    uint64_t part, parts; /* values whose digest falls into another part are left to another reading */
    bool full;            /* of different values: there are to be more parts */
    struct counter kept[DUPLICATES_VALUES];
    size_t left; /* how many identifiers are still to be found */
};

/* ---- a record's value ---- */

/* What tells the record's values from others, in t->bytes; false when one of them is none. */
static int collect_bytes(struct tally *t, const struct raw_record *raw, bool *applies, flexdb_error *err) {
    struct duplicates_search *s = t->search;
    const struct unique_rule *rule = &s->found->rule;
    int rc = duplicates_read(s, raw, err);
    *applies = rc == 0 && unique_applies(rule, s->values);
    buffer_reset(&t->bytes);
    for (size_t i = 0; *applies && rc == 0 && i < rule->count; i++) {
        flexdb_value entry;
        buffer_reset(&s->scratch);
        if (!buffer_reserve(&s->scratch, CODEC_PHYSICAL_SCRATCH)) return error_no_memory(err);
        rc = codec_physical(s->to, rule->slots[i], &s->values[rule->slots[i]], &entry, &s->scratch, err);
        if (rc != 0) break;
        bool text = entry.tag == FLEXDB_TEXT || entry.tag == FLEXDB_BYTES;
        size_t length = text ? entry.length : sizeof entry.as.integer;
        buffer_append(&t->bytes, &length, sizeof length);
        buffer_append(&t->bytes, text ? entry.as.text : (const char *)&entry.as.integer, length);
    }
    return rc == 0 && buffer_failed(&t->bytes) ? error_no_memory(err) : rc;
}

static int digest_record(struct tally *t, const struct raw_record *raw, struct counter *out, bool *applies,
                         flexdb_error *err) {
    int rc = collect_bytes(t, raw, applies, err);
    if (rc != 0 || !*applies) return rc;
    unsigned char digest[DIGEST_BYTES];
    digest_sha256(t->bytes.data, t->bytes.length, digest);
    *out = (struct counter){.count = 1, .first = raw->seq};
    memcpy(&out->digest, digest, sizeof out->digest);
    memcpy(&out->more, digest + sizeof out->digest, sizeof out->more);
    return 0;
}

/* ---- counting ---- */

static struct counter *find_slot(struct counter *slots, size_t capacity, const struct counter *value) {
    for (size_t at = (size_t)value->digest & (capacity - 1);; at = (at + 1) & (capacity - 1)) {
        struct counter *slot = &slots[at];
        if (slot->count == 0 || (slot->digest == value->digest && slot->more == value->more)) return slot;
    }
}

/* Makes room for one more; t->full when there may be none. */
static int make_room(struct tally *t, flexdb_error *err) {
    if (t->used + t->used / 3 < t->capacity) return 0;
    if (t->capacity >= t->search->most_slots) {
        t->full = true;
        return 0;
    }
    size_t capacity = t->capacity == 0 ? FIRST_SLOTS : t->capacity * 2;
    struct counter *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) return error_no_memory(err);
    for (size_t i = 0; i < t->capacity; i++)
        if (t->slots[i].count != 0) *find_slot(slots, capacity, &t->slots[i]) = t->slots[i];
    free(t->slots);
    t->slots = slots;
    t->capacity = capacity;
    return 0;
}

/* 1 ends the reading: the table is full. */
static int count_record(struct tally *t, const struct raw_record *raw, flexdb_error *err) {
    struct counter value;
    bool applies;
    int rc = digest_record(t, raw, &value, &applies, err);
    /* The low bits choose the slot, the high ones the part. */
    if (rc != 0 || !applies || (value.digest >> 32) % t->parts != t->part) return rc;
    rc = make_room(t, err);
    if (rc != 0 || t->full) return rc != 0 ? rc : 1;
    struct counter *slot = find_slot(t->slots, t->capacity, &value);
    if (slot->count == 0) {
        *slot = value;
        t->used++;
    } else if (slot->count < UINT32_MAX) {
        slot->count++;
    }
    return 0;
}

static int count_batch(struct evolution *ev, void *context, const struct raw_record *batch, size_t count,
                       flexdb_error *err) {
    (void)ev;
    struct tally *t = context;
    int rc = duplicates_batch(t->search, batch, count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) rc = count_record(t, &batch[i], err);
    return rc;
}

/* Keeps the values whose first records come first. */
static void keep(struct tally *t, const struct counter *value) {
    struct duplicates *found = t->search->found;
    size_t at = found->count;
    while (at > 0 && t->kept[at - 1].first > value->first) at--;
    if (at == DUPLICATES_VALUES) return;
    size_t kept = found->count < DUPLICATES_VALUES ? found->count++ : DUPLICATES_VALUES - 1;
    memmove(&t->kept[at + 1], &t->kept[at], (kept - at) * sizeof *t->kept);
    t->kept[at] = *value;
}

static void sum_up(struct tally *t) {
    for (size_t i = 0; i < t->capacity; i++) {
        const struct counter *slot = &t->slots[i];
        if (slot->count < 2) continue;
        t->search->found->values++;
        t->search->found->records += slot->count;
        keep(t, slot);
    }
}

/* Reads the records, and again for each part, until no part is too large. */
static int count_all(struct tally *t, flexdb_error *err) {
    struct evolution ev = {.from = t->search->from};
    struct duplicates *found = t->search->found;
    int rc = 0;
    for (t->parts = 1, t->part = 0; rc == 0 && t->part < t->parts;) {
        if (t->slots != NULL) memset(t->slots, 0, t->capacity * sizeof *t->slots);
        t->used = 0;
        t->full = false;
        rc = evolution_walk(&ev, false, count_batch, t, err);
        if (t->full) {
            rc = 0;
            t->parts *= 2;
            t->part = 0;
            found->values = found->records = 0;
            found->count = 0;
        } else if (rc == 0) {
            sum_up(t);
            t->part++;
        }
    }
    return rc;
}

/* ---- by whom ---- */

/* 1 ends the reading: nothing is left to find. */
static int note_record(struct tally *t, const struct raw_record *raw, flexdb_error *err) {
    struct duplicates *found = t->search->found;
    struct counter value;
    bool applies;
    int rc = digest_record(t, raw, &value, &applies, err);
    for (size_t i = 0; rc == 0 && applies && i < found->count; i++) {
        if (t->kept[i].digest != value.digest || t->kept[i].more != value.more) continue;
        if (found->kept[i].id_count == DUPLICATES_IDS) break;
        rc = duplicates_add(t->search, &found->kept[i], raw->id, raw->id_length, err);
        t->left--;
    }
    return rc == 0 && t->left == 0 ? 1 : rc;
}

static int note_batch(struct evolution *ev, void *context, const struct raw_record *batch, size_t count,
                      flexdb_error *err) {
    (void)ev;
    struct tally *t = context;
    int rc = duplicates_batch(t->search, batch, count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) rc = note_record(t, &batch[i], err);
    return rc;
}

static int note_all(struct tally *t, flexdb_error *err) {
    struct evolution ev = {.from = t->search->from};
    struct duplicates *found = t->search->found;
    for (size_t i = 0; i < found->count; i++) {
        found->kept[i].count = t->kept[i].count;
        t->left += t->kept[i].count < DUPLICATES_IDS ? t->kept[i].count : DUPLICATES_IDS;
    }
    if (found->count == 0) return 0;
    int rc = evolution_walk(&ev, false, note_batch, t, err);
    return rc < 0 ? rc : 0;
}

int duplicates_by_documents(struct duplicates_search *s, flexdb_error *err) {
    struct tally *t = calloc(1, sizeof *t);
    if (t == NULL) return error_no_memory(err);
    t->search = s;
    int rc = count_all(t, err);
    /* The table is not needed while the records are read once more. */
    free(t->slots);
    t->slots = NULL;
    if (rc == 0) rc = note_all(t, err);
    buffer_free(&t->bytes);
    free(t);
    return rc;
}
