/* Records set aside while their statement gives way: 4 MiB in memory, then an unlinked temporary file. Written once
 * from the beginning to the end, then read once. */
#ifndef FLEXDB_DB_SPOOL_H
#define FLEXDB_DB_SPOOL_H

#include "base/buffer.h"
#include "base/error.h"
#include "db/record.h"

enum { SPOOL_MEMORY = 4 << 20 };

struct spool;

int spool_new(struct spool **out, flexdb_error *err);
int spool_add(struct spool *s, const struct raw_record *raw, flexdb_error *err);
/* 1 and a record whose texts hold until the next call, 0 at the end. */
int spool_next(struct spool *s, struct raw_record *raw, flexdb_error *err);
void spool_free(struct spool *s);

#endif
