/* Files that a document names: read only where they lie inside a folder, whatever links say and whoever moves them
 * meanwhile. */
#ifndef FLEXDB_BASE_CONFINED_H
#define FLEXDB_BASE_CONFINED_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends the content of the regular file `path`, relative to the folder `root`, and to `where` its real path (no
 * links, absolute). A link is followed as long as it leads to a place inside. NOT_FOUND when there is no such file,
 * INVALID_DOCUMENT when it lies outside or is no regular file, LIMIT when it has more than `max` bytes, INTERNAL for
 * any other failure of the system. */
int confined_read(const char *root, const char *path, size_t max, struct buffer *text, struct buffer *where,
                  flexdb_error *err);

#endif
