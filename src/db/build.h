/* Building a new physical table while others go on writing the old one, where DDL is not part of a transaction.
 *
 *   1. A short transaction notes in flex_tables.storage what is about to be made (layout.h, struct layout_build).
 *   2. DDL: the new table without indexes, a journal, and triggers on the old table that note every record written from
 *      here on.
 *   3. The records are copied: this connection reads and converts, two threads with others insert, a block a
 *      transaction.
 *   4. What the journal names is copied again, batch by batch, until little is left; the new table gets its indexes;
 * and once more.
 *   5. A last transaction holds the catalogue's row, which waits for open write transactions of the table and makes new
 *      ones wait, copies the rest, and brings the new definition into force.
 *   6. The old table, or after a failure the new one, goes with triggers and journal, and then the note.
 *
 * On a cluster (Galera) a lock of a row is the node's own, so that others may write the old table while 5 is made, and
 * until they have heard of it. What they wrote is in the journal: between 5 and 6 stands a barrier, see
 * build_cluster.c. Building indexes would make all nodes wait, so the new table has them from the beginning; and a
 * table with any records is large.
 *
 * A value of a unique column may wander between records while they are copied one after the other: a record that the
 * new table refuses goes back to the journal. When all that the journal names was read at one moment and was then
 * copied, the new table is what the old one was at that moment, and a record that is refused then has a real duplicate.
 *
 * The builder holds a lock on a name that goes with its connection: a note whose lock is free is a dead builder's. */
#ifndef FLEXDB_DB_BUILD_H
#define FLEXDB_DB_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "db/evolution.h"

/* From which highest seq on a table is large enough. FLEXDB_BUILD_FROM in the environment says otherwise. */
enum { BUILD_FROM = 1000 };

/* What build_run gives where triggers cannot be made: the evolution is to be made again, in one transaction; and where
 * its note has been swept before it had the lock: the evolution is to be made again. */
enum { BUILD_REFUSED = 1, BUILD_LOST = 2 };

/* Whether the evolution, which has met its plan, may build that way: outside of a user's transaction, no column becomes
 * a reference (the records that it names are looked after by its own definition only when that is in force). */
bool build_can(const struct evolution *ev);
/* Whether the server is a node of a cluster: sets ev->cluster. */
int build_find_cluster(struct evolution *ev, flexdb_error *err);
/* Notes the build of ev->layout, in the transaction that has planned it. */
int build_note(struct evolution *ev, flexdb_error *err);
/* After that has been committed, all the rest. On failure the old definition is in force, and what was made is gone, or
 * left to the next sweep where it cannot be dropped now. */
int build_run(struct evolution *ev, flexdb_error *err);
/* Waits until nobody builds the evolution's table, sweeping what a dead builder has left. BUSY at the deadline. */
int build_wait(struct evolution *ev, int64_t deadline, flexdb_error *err);
/* Finishes a build of this table whose definition is in force, or undoes it; drops what it has left behind, and its
 * note: 1, or 0 when there is nothing. BUSY while its builder
 * lives (on a cluster: on this node), or when something cannot be dropped within the timeout. */
int build_sweep(struct engine *e, const char *table_id, flexdb_error *err);
/* Of the caller's own build, which has nothing left to be finished. */
int build_sweep_own(struct engine *e, const char *table_id, flexdb_error *err);

/* Drops a journal that no note names, and the triggers that write to it: 1, or 0 when it is the one of a note. BUSY as
 * above. */
int build_drop_journal(struct engine *e, const char *table_id, const char *journal, flexdb_error *err);
/* Whether somebody is building this table, or sweeping there. */
int build_is_alive(struct engine *e, const char *table_id, bool *alive, flexdb_error *err);

/* Hands the records that are to be copied now to `visit`: see evolution_walk. */
int build_walk(struct build *b, bool deleted, evolution_visit visit, void *context, flexdb_error *err);

#endif
