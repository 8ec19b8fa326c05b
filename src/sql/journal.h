/* The journal of a build: on a server a new physical table is filled in short transactions while others go on writing
 * the old one, whose triggers note each record that was written, by its seq. Texts are for servers alone. */
#ifndef FLEXDB_SQL_JOURNAL_H
#define FLEXDB_SQL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "sql/dialect.h"
#include "sql/records.h"

/* What a read of the journal gives: the record as it is now by enum fetch_column, FETCH_SEQ being NULL where it is
 * gone, then these. */
enum journal_column { JOURNAL_NUMBER = FETCH_COUNT, JOURNAL_SEQ };

/* n (in the order in which records were written, for each record), seq. */
void journal_create(const struct dialect *d, const char *journal, struct buffer *out);
/* Triggers number 0, 1 and 2, and dropping them, which is harmless when they are gone. Both give up at once (BUSY)
 * where somebody has the table in a transaction, for what waits behind them would wait as well. */
bool journal_create_trigger(const struct dialect *d, const char *journal, const char *table, size_t i,
                            struct buffer *out);
bool journal_drop_trigger(const struct dialect *d, const char *journal, size_t i, struct buffer *out);
/* The oldest entries, and what their records are now, all as of one moment, by seq: parameters: limit. */
void journal_read(const struct dialect *d, const char *journal, const char *table, struct buffer *out);
/* Notes a record once more: parameters: seq. */
void journal_add(const struct dialect *d, const char *journal, struct buffer *out);
/* Deletes rows of a table by `count` values of its integer key: parameters: these. */
void journal_erase(const struct dialect *d, const char *table, const char *key, size_t count, struct buffer *out);

/* One row, whose second column is ON, where the server is a node of a cluster. */
const char *journal_cluster(const struct dialect *d);
/* A statement on the table that changes nothing and that a cluster brings into one order with all writes of the table:
 * what was written before it on any node is there when it returns, and what is written later has seen what was
 * committed before it. */
void journal_barrier(const struct dialect *d, const char *table, struct buffer *out);
/* What a new physical table has: parameters: seq → id, version, schema_version. */
void journal_find(const struct dialect *d, const char *table, struct buffer *out);

#endif
