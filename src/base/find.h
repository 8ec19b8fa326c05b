/* Where a text begins inside another, bytewise, in time that grows with the sum of their lengths whatever they hold. */
#ifndef FLEXDB_BASE_FIND_H
#define FLEXDB_BASE_FIND_H

#include <stdbool.h>
#include <stddef.h>

/* An empty needle is in every text. */
bool find_contains(const char *text, size_t length, const char *needle, size_t needle_length);

#endif
