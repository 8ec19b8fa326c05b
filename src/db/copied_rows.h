/* Rows of a server's new physical table that wait to be inserted together. */
#ifndef FLEXDB_DB_COPIED_ROWS_H
#define FLEXDB_DB_COPIED_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "db/write.h"

enum { COPIED_ROWS = 2000 };

/* `values`: room for COPIED_ROWS rows of `width`; what they point to is `texts`. */
struct copied_rows {
    struct arena texts;
    size_t text_length, count, width;
    flexdb_value *values;
};

int copied_rows_open(struct copied_rows *rows, size_t width, flexdb_error *err);
/* Harmless after a failure, and twice. */
void copied_rows_close(struct copied_rows *rows);
/* Whether what waits should be inserted before more is added. */
bool copied_rows_are_full(const struct copied_rows *rows);
/* Adds a row, copying what it points to. A text is bytes then: a server counts the characters of a text parameter
 * before it looks at what it is for. */
int copied_rows_add(struct copied_rows *rows, const flexdb_value *values, flexdb_error *err);
/* None waits any more. */
void copied_rows_forget(struct copied_rows *rows);

#endif
