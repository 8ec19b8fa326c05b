/* Many rows, several to a statement: opening a table's b-trees and letting go of their pages is a quarter of the cost
 * of inserting one row. */
#include <string.h>

#include "base/buffer.h"
#include "driver/sqlite/sqlite_internal.h"

enum {
    STATEMENT_ROWS = 16,       /* more gain nothing */
    STATEMENT_PARAMETERS = 768 /* of a wide table opening is not what costs */
};

/* The tuple `(?, ?, 1)` at the end of a statement that may take several of them; NULL where it is none.
 *
 * OR FAIL has to be there: it keeps the rows before the one at fault, just as rows that are run one by one are kept,
 * and the engine need not note the pages of every statement so as to undo it, which costs more than is gained. */
static const char *find_tuple(const struct sqlite_statement *s) {
    static const char fail[] = " OR FAIL ", values[] = " VALUES ";
    const char *text = s->entry.text, *end = text + s->entry.length;
    const char *found = strstr(text, fail);
    if (found != NULL) found = strstr(found, values);
    if (found == NULL) return NULL;
    const char *tuple = found + sizeof values - 1;
    if (*tuple != '(' || tuple + strspn(tuple, "(?, 0123456789") + 1 != end || end[-1] != ')') return NULL;
    return tuple;
}

static int prepare_rows(struct statement **out, struct sqlite_statement *s, const char *tuple, size_t rows,
                        flexdb_error *err) {
    const char *text = s->entry.text, *end = text + s->entry.length;
    struct buffer sql = BUFFER_INIT;
    buffer_append(&sql, text, (size_t)(tuple - text));
    for (size_t i = 0; i < rows; i++) {
        if (i != 0) buffer_put(&sql, ',');
        buffer_append(&sql, tuple, (size_t)(end - tuple));
    }
    int rc =
        buffer_failed(&sql) ? error_no_memory(err) : sqlite_prepare(out, s->base.connection, sql.data, sql.length, err);
    buffer_free(&sql);
    return rc;
}

static bool can_bind(const flexdb_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (values[i].tag == FLEXDB_FAULT) return false;
        if (values[i].tag == FLEXDB_NUMBER && values[i].as.number != values[i].as.number) return false;
    }
    return true;
}

static int run_bound(struct statement *s, const flexdb_value *values, size_t count, flexdb_error *err) {
    int rc = sqlite_bind(s, values, count, err);
    if (rc == 0) rc = 1;
    while (rc == 1) rc = sqlite_step(s, err);
    return rc;
}

/* Moves `*done` over the rows that fill whole statements, up to one that cannot be bound. */
static int run_statements(struct sqlite_statement *s, const char *tuple, const flexdb_value *values, size_t rows,
                          size_t width, size_t at_once, size_t *done, flexdb_error *err) {
    struct statement *many;
    int rc = prepare_rows(&many, s, tuple, at_once, err);
    if (rc != 0) return rc;
    while (rc == 0 && rows - *done >= at_once && can_bind(values + *done * width, at_once * width)) {
        rc = run_bound(many, values + *done * width, at_once * width, err);
        if (rc == 0)
            *done += at_once;
        else if (err->code == FLEXDB_DUPLICATE || err->code == FLEXDB_STALE)
            *done += (size_t)sqlite3_changes(((struct sqlite_connection *)s->base.connection)->db);
        else
            *done = rows;
    }
    sqlite_finalize(many);
    return rc;
}

int sqlite_run_many(struct statement *base, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                    flexdb_error *err) {
    struct sqlite_statement *s = (struct sqlite_statement *)base;
    const char *tuple = width == s->parameters && width != 0 ? find_tuple(s) : NULL;
    size_t at_once = tuple == NULL ? 0 : STATEMENT_PARAMETERS / width;
    if (at_once > STATEMENT_ROWS) at_once = STATEMENT_ROWS;
    sqlite_count_runs((struct sqlite_connection *)base->connection, rows);
    *failed = 0;
    if (at_once > 1 && rows >= at_once && run_statements(s, tuple, values, rows, width, at_once, failed, err) != 0)
        return -(int)err->code;
    for (; *failed < rows; ++*failed) {
        int rc = run_bound(base, values + *failed * width, width, err);
        if (rc != 0) return rc;
    }
    return 0;
}
