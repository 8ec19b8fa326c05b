#include "fuzz_bed.h"

#include <stdlib.h>
#include <string.h>

static void insert(flexdb_table *t, const char *text) {
    struct fuzz_record given;
    flexdb_row row;
    flexdb_error err = FLEXDB_ERROR_INIT;
    char *json = fuzz_quoted(text);
    const flexdb_validator *v = flexdb_table_validator(t);
    FUZZ_MUST(fuzz_lay_out(&given, v, json, strlen(json)), "%s", json);
    fuzz_done(flexdb_insert(t, v, given.values, &row, &err), &err);
    fuzz_record_free(&given);
    free(json);
}

flexdb *fuzz_open(flexdb_table **out, const char *definition, const char *const *records, size_t count) {
    static const char url[] = "sqlite::memory:";
    const struct flexdb_options options = {.timeout = -1};
    flexdb *db = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    char *json = fuzz_quoted(definition);
    fuzz_done(flexdb_open(&db, url, sizeof url - 1, &options, &err), &err);
    fuzz_done(flexdb_create_table(out, db, "t", 1, json, strlen(json), &err), &err);
    free(json);
    for (size_t i = 0; i < count; i++) insert(*out, records[i]);
    return db;
}

static void put_value(const flexdb_value *v, struct buffer *out) {
    switch (v->tag) {
    case FLEXDB_BOOLEAN: buffer_puts(out, v->as.boolean ? "true" : "false"); break;
    case FLEXDB_INTEGER: buffer_printf(out, "%lld", (long long)v->as.integer); break;
    case FLEXDB_TEXT:
    case FLEXDB_JSON: buffer_append(out, v->as.text, v->length); break;
    default: buffer_put(out, '-'); break;
    }
}

int fuzz_list(flexdb_table *t, const char *query, size_t length, bool ids, struct buffer *out, flexdb_error *err) {
    flexdb_rows *rows = NULL;
    flexdb_row row;
    int count = 0, rc = flexdb_find(&rows, t, query, length, false, err);
    while (rc >= 0 && (rc = flexdb_rows_step(rows, &row, err)) == 1) {
        const flexdb_shape *shape = validator_shape(row.validator);
        put_value(&row.values[shape->columns + SLOT_ID], out);
        for (size_t i = 0; !ids && i < shape->columns; i++) {
            buffer_printf(out, " %s=", shape->fields[i].name);
            put_value(&row.values[i], out);
        }
        buffer_put(out, '\n');
        count++;
    }
    flexdb_rows_free(rows);
    return rc < 0 ? rc : count;
}
