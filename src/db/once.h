/* Writes that are done once: a key, kept with the result in the transaction of the write (flex_once). */
#ifndef FLEXDB_DB_ONCE_H
#define FLEXDB_DB_ONCE_H

#include "db/database.h"

/* Keeps the key with its result, inside the transaction of the write. CONFLICT, and retryable, where somebody has kept
 * it meanwhile: the caller undoes the write and looks what the other one has left. */
int once_write(flexdb *db, const struct flexdb_once *once, const char *result, size_t length, flexdb_error *err);

#endif
