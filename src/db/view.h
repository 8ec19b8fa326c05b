/* Views: a table that is read under the definition of one of its versions, and never written through.
 *
 * A document holds the values of every key that was ever written, so a view is the same documents under an older
 * mapping from names to keys. What it finds in a physical column must be what it would read in the document: of the
 * physical columns it knows those that are filled now and repeat such a column, initial default included. Those of
 * columns that the current definition has no more are out of date. */
#ifndef FLEXDB_DB_VIEW_H
#define FLEXDB_DB_VIEW_H

#include <stdint.h>

#include "db/state.h"

/* The state of the view of `base`, which is held, at a version. NOT_FOUND when it has no such version. It is current as
 * long as its base is. The caller drops. */
int view_state(struct table_state **out, struct table_state *base, int64_t version, flexdb_error *err);
/* READ_ONLY, naming the view. */
int view_refuse(const struct table_state *s, flexdb_error *err);

/* The rules of a version say what was to be written then; later ones may have let longer texts and more digits in. So
 * of the rules of a column's document only those are left that say in which form values stand, as wide as they can be:
 * a decimal has `digits` of them. Those of a reference stay. False when memory is out. */
bool view_widen(const struct column *c, int64_t digits, cJSON *column);

#endif
