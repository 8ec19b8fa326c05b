/* Database URLs: `sqlite:PATH`, `sqlite::memory:`, `mysql://user:password@host:port/database?socket=…&ssl_mode=…`. */
#ifndef FLEXDB_DRIVER_URL_H
#define FLEXDB_DRIVER_URL_H

#include "base/error.h"
#include "driver/driver.h"

/* Splits and percent-decodes (RFC 3986); `sqlite:` takes the rest of the text as the path, undecoded. INVALID_DOCUMENT
 * with what is wrong and never with the password: an unknown scheme, a bad port, a bad escape, an unknown query
 * parameter, an empty path, a NUL. On success the caller frees with url_free. */
int url_parse(struct url *out, const char *text, size_t length, flexdb_error *err);
void url_free(struct url *u);

#endif
