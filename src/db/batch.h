/* insert_many: records that were judged wait in memory and are written many at a time. */
#ifndef FLEXDB_DB_BATCH_H
#define FLEXDB_DB_BATCH_H

#include <stdbool.h>

#include "db/engine.h"

/* Writes what the open batches hold back; what goes wrong is told by the batch's next call. */
void batch_flush_all(struct engine *e);
/* Whether a batch has begun the level at this depth of transactions. */
bool batch_at_level(const struct engine *e, unsigned depth);
/* This level of transactions and those inside it are about to be undone: the batches that have begun them are dead. */
void batch_end_from(struct engine *e, unsigned depth);
/* Frees the batches that were given up while a call went on whose transaction they had begun. */
void batch_free_abandoned(struct engine *e);

#endif
