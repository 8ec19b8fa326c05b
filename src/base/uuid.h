/* UUID version 7 (RFC 9562, 5.7 and 6.2): time-ordered, and strictly increasing within one generator. */
#ifndef FLEXDB_BASE_UUID_H
#define FLEXDB_BASE_UUID_H

#include <stddef.h>
#include <stdint.h>

enum { UUID_TEXT_SIZE = 37 }; /* with the NUL */

struct uuid_generator {
    uint64_t last_ms;
    uint32_t counter; /* 26 bits, reseeded at random below 2^25 in each new millisecond */
    unsigned char pool[256];
    size_t pool_left;
};

#define UUID_GENERATOR_INIT ((struct uuid_generator){0})

/* Writes 36 lower-case characters and a NUL. A generator belongs to one process: a child of fork() starts its own.
 * Returns 0, or -1 when the system gives no randomness. */
int uuid_next(struct uuid_generator *g, int64_t now_micros, char out[UUID_TEXT_SIZE]);

#endif
