/* The contacts of the bench, record by record: the same values that bench/contacts.lua makes. */
#ifndef FLEXDB_BENCH_CONTACTS_H
#define FLEXDB_BENCH_CONTACTS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONTACT_POOL = 1000 };

struct contact {
    char id[64], name[64], email[64], born[80], last_seen[160], company[32], notes[256];
    const char *status;
    int64_t age, balance, active, score; /* balance in hundredths */
};

static const char *const CONTACT_STATUS[] = {"new", "active", "paused", "closed", "lost"};
static const char CONTACT_TAGS[] = "[\"alpha\",\"beta\",\"gamma\"]";

static inline void contact_id(struct contact *c, long i) {
    snprintf(c->id, sizeof c->id, "01890000-0000-7000-8000-%012ld", i);
}

static inline void contact_make(struct contact *c, long i) {
    contact_id(c, i);
    snprintf(c->name, sizeof c->name, "Person number %ld of the bench", i);
    snprintf(c->email, sizeof c->email, "person%ld@example.org", i);
    c->status = CONTACT_STATUS[i % 5];
    c->age = i * 7 % 100;
    c->balance = i * 37 % 1000000;
    c->active = i % 2;
    snprintf(c->born, sizeof c->born, "19%02ld-%02ld-%02ld", i % 100, i % 12 + 1, i % 28 + 1);
    snprintf(c->last_seen, sizeof c->last_seen, "2024-%02ld-%02ldT%02ld:%02ld:00.000000Z", i % 12 + 1, i % 28 + 1,
             i % 24, i % 60);
    snprintf(c->company, sizeof c->company, "company-%ld", i % 100);
    int n = snprintf(c->notes, sizeof c->notes, "Note %ld: ", i);
    memset(c->notes + n, 'x', (size_t)(200 - n));
    c->notes[200] = '\0';
    c->score = i * 13 % 1000;
}

struct contact_key {
    char id[64], email[64];
};

/* All but id and email repeat. */
struct contact_pool {
    struct contact records[CONTACT_POOL];
    struct contact_key keys[];
};

/* n records, made before the clock runs, so that making them is not what is measured. */
static inline struct contact_pool *contact_pool(long n) {
    struct contact_pool *pool = calloc(1, sizeof *pool + (size_t)n * sizeof *pool->keys);
    if (!pool) exit(1);
    for (long i = 0; i < CONTACT_POOL; i++) contact_make(&pool->records[i], i);
    for (long i = 0; i < n; i++) {
        struct contact made;
        contact_make(&made, i);
        memcpy(pool->keys[i].id, made.id, sizeof made.id);
        memcpy(pool->keys[i].email, made.email, sizeof made.email);
    }
    return pool;
}

static inline struct contact *contact_take(struct contact_pool *pool, long i) {
    struct contact *c = &pool->records[i % CONTACT_POOL];
    memcpy(c->id, pool->keys[i].id, sizeof c->id);
    memcpy(c->email, pool->keys[i].email, sizeof c->email);
    return c;
}

static inline double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Spread over the whole table, and the same in every program. */
static inline long bench_pick(long i, long n) { return i * 7919 % n; }

#endif
