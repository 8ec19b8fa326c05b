/* Changes of a JSON text that leave it JSON: what makes its way past the reader. */
#ifndef FLEXDB_SPEC_FUZZ_MUTATE_H
#define FLEXDB_SPEC_FUZZ_MUTATE_H

#include <stddef.h>

/* Changes the text of `length` bytes in place, within `room` bytes, as `seed` says; returns the new length, or 0 where
 * the text is no JSON or the result has no room. */
size_t mutate_json(char *data, size_t length, size_t room, unsigned seed);

#endif
