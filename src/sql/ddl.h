/* Physical tables of records.
 *
 * seq (the engine's integer row key), id, data, schema_version, version, created_at, updated_at, deleted_at, the
 * physical columns of the layout and, where the dialect has no partial indexes, `live` (1, NULL while soft-deleted),
 * which stands in every unique index of a column so that a soft-deleted record is in nobody's way.
 *
 * Physical types: see model/type.h for the kinds. On a server a TEXT kind is VARBINARY(1052): up to 1020 bytes as they
 * are; longer ones as their first 1020 bytes and their SHA-256 (ddl_text_entry), so that equality and uniqueness are
 * whole, and order is rechecked in the document where `long_text` says it may be needed.
 *
 * Indexes over several columns: a key of a server that would pass what it holds (layout_index_is_wide) is cut to the
 * beginnings of its texts where it only finds. Where it is unique nothing may be cut: it stands on a column `…_digest`,
 * which the server fills with the SHA-256 of all its values and leaves NULL where one of them is, and a key that is cut
 * stands beside it for finding. */
#ifndef FLEXDB_SQL_DDL_H
#define FLEXDB_SQL_DDL_H

#include "base/buffer.h"
#include "base/value.h"
#include "model/layout.h"
#include "sql/dialect.h"

enum { DDL_TEXT_PREFIX = 1020, DDL_TEXT_ENTRY = DDL_TEXT_PREFIX + 32 };

/* Statement number i of those that create the physical table and its indexes; false when there is none left. Out of
 * memory shows in the buffer. */
bool ddl_create(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out);
/* The physical table without its indexes, but for those of seq and, on SQLite, id; and statement number i, from 0, of
 * those that give them to it, which is much quicker once it is full. */
void ddl_create_bare(const struct dialect *d, const struct layout *l, struct buffer *out);
bool ddl_add_indexes(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out);
/* Statement number i, from 0, of those that drop its indexes, on an engine where they are statements of their own. */
bool ddl_drop_index(const struct dialect *d, const struct layout *l, size_t i, struct buffer *out);
/* Drops a physical table by name, harmless when it is gone. */
void ddl_drop(const struct dialect *d, const char *table, struct buffer *out);
/* The layout column whose unique index the engine names in an error's `detail`; NULL when it is another, or `detail`
 * is NULL. */
const struct layout_column *ddl_violated(const struct dialect *d, const struct layout *l, const char *detail);
/* The unique one among the layout's indexes that it names; NULL when it is none. */
const struct layout_index *ddl_violated_index(const struct dialect *d, const struct layout *l, const char *detail);
/* Whether the index is the one on id. */
bool ddl_violated_id(const struct dialect *d, const struct layout *l, const char *detail);
/* Turns the physical value of codec_physical into what this dialect stores and compares in the physical column: long
 * texts on a server (see above); BYTES where the column is binary. Room for DDL_TEXT_ENTRY bytes must be reserved in
 * scratch for each text longer than DDL_TEXT_PREFIX. Without scratch a text stays whole, which is how it compares with
 * a column that holds no long one. */
void ddl_text_entry(const struct dialect *d, const struct layout_column *c, flexdb_value *value,
                    struct buffer *scratch);

#endif
