/* Prepared statements that nobody uses, by their text, the least recently used one last. Both drivers keep one. A
 * statement that is in use is not in the cache, so two users of one text each get a statement of their own; a list
 * beside it holds those that are in use, for the end of the connection. */
#ifndef FLEXDB_DRIVER_STATEMENT_CACHE_H
#define FLEXDB_DRIVER_STATEMENT_CACHE_H

#include <stddef.h>
#include <stdint.h>

enum { STATEMENT_CACHE_BUCKETS = 128 };

/* Embedded in a driver's statement. */
struct cache_entry {
    char *text; /* owned by the entry: cache_entry_init, cache_entry_free */
    size_t length;
    uint64_t hash;
    struct cache_entry *chain;         /* the next of its bucket */
    struct cache_entry *newer, *older; /* in the cache by when it was put in, in use by when it was lent */
};

struct statement_cache {
    struct cache_entry *buckets[STATEMENT_CACHE_BUCKETS];
    struct cache_entry *newest, *oldest;
    struct cache_entry *lent; /* in use, the newest first */
    size_t count, bound;      /* `bound` is the owner's to set; see statement_cache_excess */
};

/* Copies the text; `hash` is statement_cache_hash of it. 0, or -1 when memory is out. */
int cache_entry_init(struct cache_entry *e, const char *text, size_t length, uint64_t hash);
void cache_entry_free(struct cache_entry *e);

uint64_t statement_cache_hash(const char *text, size_t length);
/* Takes the entry with this text out of the cache; NULL when there is none. */
struct cache_entry *statement_cache_take(struct statement_cache *cache, const char *text, size_t length, uint64_t hash);
/* Puts an entry in as the newest. */
void statement_cache_put(struct statement_cache *cache, struct cache_entry *e);
/* Takes the oldest entry out while there are more than `bound`, or more than `keep` where that is less; else NULL. */
struct cache_entry *statement_cache_excess(struct statement_cache *cache, size_t keep);

/* Notes that an entry, which is not in the cache, is in use from now on; and that it is no longer. */
void statement_cache_lend(struct statement_cache *cache, struct cache_entry *e);
void statement_cache_return(struct statement_cache *cache, struct cache_entry *e);
/* Takes back one that is in use; NULL when there is none. */
struct cache_entry *statement_cache_recall(struct statement_cache *cache);

#endif
