#include "base/names.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_FIRST = 16 };

struct names_slot {
    const char *name; /* NULL: free */
    size_t length;
    uint32_t hash, index;
};

/* Eight bytes a step; the tail is read as one overlapping word. Not keyed: the map is for names that a definition
 * holds, whose number is bounded. */
static uint32_t hash_name(const char *name, size_t length) {
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = length * factor, word = 0;
    if (length >= 8) {
        size_t i = 0;
        for (; i + 8 < length; i += 8) {
            memcpy(&word, name + i, 8);
            hash = (hash ^ word) * factor;
            hash ^= hash >> 32;
        }
        memcpy(&word, name + length - 8, 8);
    } else if (length >= 4) {
        uint32_t head, tail;
        memcpy(&head, name, 4);
        memcpy(&tail, name + length - 4, 4);
        word = (uint64_t)head << 32 | tail;
    } else {
        for (size_t i = 0; i < length; i++) word = word << 8 | (unsigned char)name[i];
    }
    hash = (hash ^ word) * factor;
    return (uint32_t)(hash ^ hash >> 32);
}

/* The slot that holds the name, or the free one where it belongs. The capacity is a power of two and never full. */
static struct names_slot *slot_find(struct names_slot *slots, size_t capacity, const char *name, size_t length,
                                    uint32_t hash) {
    size_t at = hash & (capacity - 1);
    for (;;) {
        struct names_slot *slot = &slots[at];
        if (slot->name == NULL) return slot;
        if (slot->hash == hash && slot->length == length && memcmp(slot->name, name, length) == 0) return slot;
        at = (at + 1) & (capacity - 1);
    }
}

static bool names_grow(struct names *map) {
    if (map->capacity > SIZE_MAX / sizeof(struct names_slot) / 2) return false;
    size_t capacity = map->capacity == 0 ? NAMES_FIRST : map->capacity * 2;
    struct names_slot *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) return false;
    for (size_t i = 0; i < map->capacity; i++) {
        const struct names_slot *old = &map->slots[i];
        if (old->name != NULL) *slot_find(slots, capacity, old->name, old->length, old->hash) = *old;
    }
    free(map->slots);
    map->slots = slots;
    map->capacity = capacity;
    return true;
}

int names_add(struct names *map, const char *name, size_t length, uint32_t index) {
    uint32_t hash = hash_name(name, length);
    if (map->capacity != 0 && slot_find(map->slots, map->capacity, name, length, hash)->name != NULL) return 0;
    if ((map->count + 1) * 2 > map->capacity && !names_grow(map)) return -1;
    struct names_slot *slot = slot_find(map->slots, map->capacity, name, length, hash);
    *slot = (struct names_slot){.name = name, .length = length, .hash = hash, .index = index};
    map->count++;
    return 1;
}

int64_t names_find(const struct names *map, const char *name, size_t length) {
    if (map->capacity == 0) return NAMES_NONE;
    const struct names_slot *slot = slot_find(map->slots, map->capacity, name, length, hash_name(name, length));
    return slot->name != NULL ? (int64_t)slot->index : NAMES_NONE;
}

void names_free(struct names *map) {
    free(map->slots);
    *map = NAMES_INIT;
}
