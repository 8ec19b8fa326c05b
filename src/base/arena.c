#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_FIRST = 1024, BLOCK_LARGEST = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
};

static struct arena_block *block_new(struct arena *a, size_t needed) {
    size_t size = a->blocks == NULL ? BLOCK_FIRST : a->blocks->size * 2;
    if (size > BLOCK_LARGEST) size = BLOCK_LARGEST;
    if (size < needed) size = needed;
    if (size > SIZE_MAX - sizeof(struct arena_block)) return NULL;
    struct arena_block *block = calloc(1, sizeof *block + size);
    if (block == NULL) return NULL;
    block->size = size;
    block->next = a->blocks;
    a->blocks = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t count, size_t size) {
    const size_t align = _Alignof(max_align_t);
    if (size != 0 && count > (SIZE_MAX - align) / size) return NULL;
    size_t needed = (count * size + align - 1) / align * align;
    struct arena_block *block = a->blocks;
    if (block == NULL || block->size - block->used < needed) {
        block = block_new(a, needed);
        if (block == NULL) return NULL;
    }
    void *memory = block->bytes + block->used;
    block->used += needed;
    return memory;
}

char *arena_dup(struct arena *a, const char *text, size_t length) {
    if (length == SIZE_MAX) return NULL;
    char *copy = arena_alloc(a, length + 1, 1);
    if (copy != NULL && length != 0) memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *a, const char *text) { return arena_dup(a, text, strlen(text)); }

void arena_free(struct arena *a) {
    struct arena_block *block = a->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    a->blocks = NULL;
}
