/* Memory that is freed all at once. */
#ifndef FLEXDB_BASE_ARENA_H
#define FLEXDB_BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *blocks;
};

#define ARENA_INIT ((struct arena){0})

/* Zeroed memory aligned for any type, or NULL when memory is out or count * size overflows. */
void *arena_alloc(struct arena *a, size_t count, size_t size);
/* A NUL-terminated copy, or NULL. */
char *arena_dup(struct arena *a, const char *text, size_t length);
char *arena_strdup(struct arena *a, const char *text);
void arena_free(struct arena *a);

#endif
