/* Which indexes a table has, its own or one of FlexDB's, and whether one is among them. */
#include <string.h>

#include "db/doctor.h"
#include "sql/inspect.h"

enum { INDEX_NAME, INDEX_UNIQUE, INDEX_PARTIAL, INDEX_COLUMN };

struct index_found {
    const char *name, *flags, *columns; /* columns: texts up to an empty one */
};

static int put_index_row(struct engine *e, struct statement *row, struct buffer *out, struct buffer *last,
                         flexdb_error *err) {
    const char *name, *column;
    size_t name_length, column_length;
    int64_t unique = 0, partial = 0;
    int rc = engine_text(e, row, INDEX_NAME, &name, &name_length, err);
    if (rc == 0) rc = engine_integer(e, row, INDEX_UNIQUE, &unique, err);
    if (rc == 0) rc = engine_integer(e, row, INDEX_PARTIAL, &partial, err);
    if (rc != 0) return rc;
    if (out->length == 0 || last->length != name_length || memcmp(last->data, name, name_length) != 0) {
        if (out->length != 0) buffer_put(out, '\0');
        buffer_append(out, name, name_length);
        buffer_printf(out, "%c%d%d%c", 0, unique != 0, partial != 0, 0);
        buffer_reset(last);
        buffer_append(last, name, name_length);
    }
    /* An index on an expression names no column. */
    rc = engine_text(e, row, INDEX_COLUMN, &column, &column_length, err);
    if (rc == 0 && column == NULL) buffer_put(out, '?');
    if (rc == 0 && column != NULL) buffer_append(out, column, column_length);
    buffer_put(out, '\0');
    return rc == 0 && (buffer_failed(out) || buffer_failed(last)) ? error_no_memory(err) : rc;
}

int doctor_list_indexes(flexdb_doctor *d, const char *table, struct index_list *out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    flexdb_value value = value_text(table, strlen(table));
    struct buffer last = BUFFER_INIT;
    struct statement *row;
    int rc = doctor_query(d, &row, inspect_sql(e->dialect, INSPECT_INDEXES), &value, 1, err);
    while (rc == 1) {
        rc = put_index_row(e, row, &out->texts, &last, err);
        if (rc == 0) rc = engine_step(e, row, err);
    }
    engine_finalize(e, row);
    if (out->texts.length != 0) buffer_put(&out->texts, '\0');
    if (rc == 0 && buffer_failed(&out->texts)) rc = error_no_memory(err);
    /* Every table of a server has a primary key. */
    if (rc == 0 && out->texts.length == 0 && !engine_has(e, DRIVER_TRANSACTIONAL_DDL))
        rc = doctor_is_altered(table, err);
    buffer_free(&last);
    return rc;
}

static bool next_index(struct index_list *list, struct index_found *out) {
    const char *at = list->at != NULL ? list->at : list->texts.data;
    if (at == NULL || at == list->texts.data + list->texts.length) return false;
    out->name = at;
    out->flags = out->name + strlen(out->name) + 1;
    at = out->columns = out->flags + strlen(out->flags) + 1;
    while (*at != '\0') at += strlen(at) + 1;
    list->at = at + 1;
    return true;
}

static bool has_shape(const struct index_found *found, const struct index_shape *wanted) {
    const char *column = found->columns;
    if (found->flags[0] != (wanted->unique ? '1' : '0') || found->flags[1] != (wanted->partial ? '1' : '0'))
        return false;
    for (size_t i = 0; i < wanted->count; i++) {
        if (strcmp(column, wanted->columns[i]) != 0) return false;
        column += strlen(column) + 1;
    }
    return *column == '\0';
}

bool doctor_has_index(struct index_list *list, const struct index_shape *wanted, bool *named) {
    struct index_found found;
    *named = false;
    for (list->at = NULL; next_index(list, &found);) {
        bool any_name = wanted->name[0] == '\0', same = strcmp(found.name, wanted->name) == 0;
        if (same) *named = true;
        if ((any_name || same) && has_shape(&found, wanted)) return true;
    }
    return false;
}
