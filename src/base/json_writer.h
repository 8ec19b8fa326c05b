/* JSON out, straight into a buffer. Commas and nesting are the caller's. */
#ifndef FLEXDB_BASE_JSON_WRITER_H
#define FLEXDB_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* A quoted string. Escapes `"`, `\`, and controls below 0x20 (shortest form); everything else as it is. The text must
 * be valid UTF-8. */
void json_write_string(struct buffer *b, const char *text, size_t length);
/* The same for 4 to 16 bytes of ASCII that need no escape, as most words do. False says nothing, and nothing was
 * written: the text is to be looked at the long way. */
bool json_write_plain(struct buffer *b, const char *text, size_t length);
void json_write_integer(struct buffer *b, int64_t value);
/* A finite double, shortest form, always recognisable as a float. */
void json_write_number(struct buffer *b, double value);

#endif
