/* Locks of a server that a connection holds as long as it lives: they tell who is dead, and what a dead one has asked
 * for and the server may still be at. On a cluster they are a node's own. Texts are for servers alone. */
#ifndef FLEXDB_SQL_LOCKS_H
#define FLEXDB_SQL_LOCKS_H

#include "sql/dialect.h"

/* What a builder holds: (table id) → 1 when it was had, else 0. Never waits. */
const char *locks_take_build(const struct dialect *d);
const char *locks_leave_build(const struct dialect *d);
/* What the connection holds that makes or drops a table's physical tables: (table id, seconds to wait) → 1 when it was
 * had, else 0. */
const char *locks_take_physical(const struct dialect *d);
const char *locks_leave_physical(const struct dialect *d);

#endif
