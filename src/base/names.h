/* A map from names to indexes (columns, keys, tables): open addressing, names borrowed from the caller. */
#ifndef FLEXDB_BASE_NAMES_H
#define FLEXDB_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names_slot;
struct names {
    struct names_slot *slots;
    size_t count, capacity;
};

#define NAMES_INIT ((struct names){0})
enum { NAMES_NONE = -1 };

/* Adds name → index. Returns 1 when it was added, 0 when the name was there already (the map is unchanged), -1 when
 * memory is out. The text must live as long as the map. */
int names_add(struct names *map, const char *name, size_t length, uint32_t index);
/* The index, or NAMES_NONE. */
int64_t names_find(const struct names *map, const char *name, size_t length);
void names_free(struct names *map);

#endif
