#include "driver/statement_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int cache_entry_init(struct cache_entry *e, const char *text, size_t length, uint64_t hash) {
    char *copy = text_dup(text, length);
    if (copy == NULL) return -1;
    *e = (struct cache_entry){.text = copy, .length = length, .hash = hash};
    return 0;
}

void cache_entry_free(struct cache_entry *e) {
    free(e->text);
    *e = (struct cache_entry){0};
}

/* Eight bytes at a time: a statement of a wide table is some kilobytes long and is looked up at every call. The texts
 * are FlexDB's own, so nobody aims at collisions. */
uint64_t statement_cache_hash(const char *text, size_t length) {
    const uint64_t multiplier = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = (uint64_t)length * multiplier;
    while (length >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text, sizeof word);
        hash = (hash ^ word) * multiplier;
        hash ^= hash >> 29;
        text += sizeof word, length -= sizeof word;
    }
    uint64_t tail = 0;
    if (length != 0) memcpy(&tail, text, length);
    hash = (hash ^ tail) * multiplier;
    return hash ^ hash >> 32;
}

static struct cache_entry **bucket_of(struct statement_cache *cache, uint64_t hash) {
    return &cache->buckets[hash % STATEMENT_CACHE_BUCKETS];
}

static void take_out(struct statement_cache *cache, struct cache_entry **link) {
    struct cache_entry *e = *link;
    *link = e->chain;
    *(e->newer != NULL ? &e->newer->older : &cache->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e->newer;
    e->chain = e->newer = e->older = NULL;
    cache->count--;
}

struct cache_entry *statement_cache_take(struct statement_cache *cache, const char *text, size_t length,
                                         uint64_t hash) {
    for (struct cache_entry **link = bucket_of(cache, hash); *link != NULL; link = &(*link)->chain) {
        struct cache_entry *e = *link;
        if (e->hash == hash && e->length == length && memcmp(e->text, text, length) == 0) {
            take_out(cache, link);
            return e;
        }
    }
    return NULL;
}

void statement_cache_put(struct statement_cache *cache, struct cache_entry *e) {
    struct cache_entry **bucket = bucket_of(cache, e->hash);
    e->chain = *bucket;
    *bucket = e;
    e->newer = NULL;
    e->older = cache->newest;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e;
    cache->newest = e;
    cache->count++;
}

struct cache_entry *statement_cache_excess(struct statement_cache *cache, size_t keep) {
    if (cache->count <= (keep < cache->bound ? keep : cache->bound)) return NULL;
    struct cache_entry *e = cache->oldest;
    struct cache_entry **link = bucket_of(cache, e->hash);
    while (*link != e) link = &(*link)->chain;
    take_out(cache, link);
    return e;
}

void statement_cache_lend(struct statement_cache *cache, struct cache_entry *e) {
    e->newer = NULL;
    e->older = cache->lent;
    if (e->older != NULL) e->older->newer = e;
    cache->lent = e;
}

void statement_cache_return(struct statement_cache *cache, struct cache_entry *e) {
    *(e->newer != NULL ? &e->newer->older : &cache->lent) = e->older;
    if (e->older != NULL) e->older->newer = e->newer;
    e->newer = e->older = NULL;
}

struct cache_entry *statement_cache_recall(struct statement_cache *cache) {
    struct cache_entry *e = cache->lent;
    if (e != NULL) statement_cache_return(cache, e);
    return e;
}
