/* base64url without padding (RFC 4648, 5), for cursors that travel in URLs. */
#ifndef FLEXDB_BASE_BASE64_H
#define FLEXDB_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

void base64url_encode(struct buffer *out, const void *data, size_t length);
/* False when the text is not base64url. */
bool base64url_decode(struct buffer *out, const char *text, size_t length);

#endif
