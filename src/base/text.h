/* Copies of texts that need not end in a NUL where they lie. */
#ifndef FLEXDB_BASE_TEXT_H
#define FLEXDB_BASE_TEXT_H

#include <stddef.h>

/* A NUL-terminated copy for the caller to free(), or NULL when memory is out. Reads `length` bytes and none behind
 * them, a NUL among them or not. */
char *text_dup(const char *text, size_t length);

#endif
