/* Versions of a table, as they were written. */
#ifndef FLEXDB_DB_HISTORY_H
#define FLEXDB_DB_HISTORY_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "db/state.h"

/* Appends the entry of a version of a table. */
int history_entry(struct engine *e, const char *table_id, int64_t version, struct buffer *out, flexdb_error *err);
/* The version from which on a table, up to this state, has had a column of this key without a break. */
int history_since(struct engine *e, const struct table_state *s, const char *key, int64_t *version, flexdb_error *err);
/* Reads the definition's document that a version made; NOT_FOUND. The caller deletes. */
int history_definition(struct engine *e, const struct table_state *s, int64_t version, cJSON **out, flexdb_error *err);
/* The same, read. CORRUPT where it does not read as a definition. The caller frees. */
int history_read(struct engine *e, const struct table_state *s, int64_t version, struct definition **out,
                 flexdb_error *err);

#endif
