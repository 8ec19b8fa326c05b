/* SHA-256 (FIPS 180-4), for unique entries of texts that are too long for an index. */
#ifndef FLEXDB_BASE_DIGEST_H
#define FLEXDB_BASE_DIGEST_H

#include <stddef.h>

enum { DIGEST_BYTES = 32 };

void digest_sha256(const void *data, size_t length, unsigned char out[DIGEST_BYTES]);

#endif
