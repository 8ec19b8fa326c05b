/* For property tests: a seeded generator whose seed is printed, so that a failure can be had again with
 * FLEXDB_TEST_SEED. */
#ifndef FLEXDB_SPEC_PROPERTY_H
#define FLEXDB_SPEC_PROPERTY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct property {
    uint64_t state;
};

/* Where a test begins; prints `name: seed n`. */
static inline struct property property_begin(const char *name) {
    const char *given = getenv("FLEXDB_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("%s: seed %llu\n", name, (unsigned long long)seed);
    return (struct property){seed};
}

/* SplitMix64. */
static inline uint64_t property_next(struct property *p) {
    uint64_t z = p->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint64_t property_below(struct property *p, uint64_t limit) { return property_next(p) % limit; }

#endif
