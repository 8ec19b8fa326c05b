#include "db/copied_rows.h"

#include <stdlib.h>

#include "db/evolution.h"

int copied_rows_open(struct copied_rows *rows, size_t width, flexdb_error *err) {
    *rows = (struct copied_rows){.texts = ARENA_INIT, .width = width};
    rows->values = calloc(COPIED_ROWS * width, sizeof *rows->values);
    return rows->values != NULL ? 0 : error_no_memory(err);
}

void copied_rows_close(struct copied_rows *rows) {
    arena_free(&rows->texts);
    free(rows->values);
    *rows = (struct copied_rows){.texts = ARENA_INIT};
}

bool copied_rows_are_full(const struct copied_rows *rows) {
    return rows->count == COPIED_ROWS || rows->text_length > EVOLUTION_BATCH_BYTES;
}

static bool keep_text(struct copied_rows *rows, flexdb_value *value) {
    if (value->tag != FLEXDB_TEXT && value->tag != FLEXDB_BYTES && value->tag != FLEXDB_JSON) return true;
    value->tag = FLEXDB_BYTES;
    char *copy = arena_dup(&rows->texts, value->as.text, value->length);
    value->as.text = copy;
    rows->text_length += value->length;
    return copy != NULL;
}

int copied_rows_add(struct copied_rows *rows, const flexdb_value *values, flexdb_error *err) {
    flexdb_value *row = rows->values + rows->count * rows->width;
    for (size_t i = 0; i < rows->width; i++) {
        row[i] = values[i];
        if (!keep_text(rows, &row[i])) return error_no_memory(err);
    }
    rows->count++;
    return 0;
}

void copied_rows_forget(struct copied_rows *rows) {
    arena_free(&rows->texts);
    rows->texts = ARENA_INIT;
    rows->text_length = rows->count = 0;
}
