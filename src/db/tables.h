/* The catalogue's tables: what creating, dropping and evolving one have in common. */
#ifndef FLEXDB_DB_TABLES_H
#define FLEXDB_DB_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "db/database.h"
#include "db/state.h"

/* Compiles a stored definition's document with this version number: the validator, and the text for the catalogue. The
 * tree is the caller's. */
int tables_compile(cJSON *tree, int64_t version, struct validator **v, struct buffer *schema, flexdb_error *err);
/* Creates a physical table with its indexes. */
int tables_create_physical(struct engine *e, const struct layout *l, flexdb_error *err);
/* Creates it without them, but for that of id, and they alone: what is to be filled is filled first. */
int tables_create_bare(struct engine *e, const struct layout *l, flexdb_error *err);
int tables_create_indexes(struct engine *e, const struct layout *l, flexdb_error *err);
/* Where they are statements of their own. */
int tables_drop_indexes(struct engine *e, const struct layout *l, flexdb_error *err);
int tables_drop_physical(struct engine *e, const char *table, flexdb_error *err);
int tables_has_physical(struct engine *e, const char *table, bool *out, flexdb_error *err);
/* For one that nobody needs any more: true when it is gone. One that somebody keeps for more than a second is left
 * behind, an orphan. */
bool tables_leave_physical(struct engine *e, const char *table);
/* The same for one that another has taken the place of, and for the one before it, where that was left behind. */
void tables_leave_old(struct engine *e, const char *table);
/* For one that an attempt has made outside the transaction, which failed: left as it is where the catalogue may name it
 * all the same, since the answer to the commit was lost. */
void tables_undo_physical(struct engine *e, const char *table);
/* Takes a live table's row for writing, as it is then. NOT_FOUND when it is gone. The caller drops. */
int tables_lock(struct table_state **out, struct engine *e, const char *table_id, const char *name, flexdb_error *err);
/* The table's row as it is now, as the state that is known from here on. The caller drops. */
int tables_read_back(struct table_state **out, struct engine *e, const char *table_id, flexdb_error *err);
/* EXISTS when a live table of the application has this name. */
int tables_check_free(const flexdb *db, const char *name, flexdb_error *err);
/* EXISTS, in place of whatever error is set. */
int tables_exists(const char *name, flexdb_error *err);

#endif
