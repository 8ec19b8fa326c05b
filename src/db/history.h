/* Versions of a table, as they were written. */
#ifndef FLEXDB_DB_HISTORY_H
#define FLEXDB_DB_HISTORY_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "db/state.h"

/* Appends the entry of a version of a table. */
int history_entry(struct engine *e, const char *table_id, int64_t version, struct buffer *out, flexdb_error *err);
/* Reads the definition's document that a version made, so that records can be read by it: NOT_FOUND where there is no
 * such version or its values were purged. The caller deletes. */
int history_definition(struct engine *e, const struct table_state *s, int64_t version, cJSON **out, flexdb_error *err);
/* The same, read. CORRUPT where it does not read as a definition. The caller frees. */
int history_read(struct engine *e, const struct table_state *s, int64_t version, struct definition **out,
                 flexdb_error *err);
/* The last version, up to that of the state, which had a column with this key: 1, with that column alone in *column
 * (the caller drops). 0 where no version that is kept had one. Reads one version after the other, the last first. */
int history_last_with(struct engine *e, const struct table_state *s, const char *key, int64_t *version,
                      struct validator **column, flexdb_error *err);
/* The same of the first version that is kept and had one: what the column was when it was made. */
int history_first_with(struct engine *e, const struct table_state *s, const char *key, struct validator **column,
                       flexdb_error *err);

#endif
