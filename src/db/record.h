/* A stored record on its way between a statement's row and a vector of values. */
#ifndef FLEXDB_DB_RECORD_H
#define FLEXDB_DB_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/datetime.h"
#include "db/state.h"
#include "model/codec.h"

/* A row of enum fetch_column. `revision` is 0 where the dialect gives none. */
struct raw_record {
    int64_t seq, version, created_at, updated_at, deleted_at, schema_version, revision;
    bool deleted;
    const char *id, *data;
    size_t id_length, data_length;
};

/* Texts of system times that a vector points to. */
struct record_times {
    char created_at[DATETIME_TEXT_SIZE], updated_at[DATETIME_TEXT_SIZE], deleted_at[DATETIME_TEXT_SIZE];
};

/* Reads the current row; texts stay the statement's. */
int raw_read(struct engine *e, struct statement *s, struct raw_record *out, flexdb_error *err);
/* codec_decode of a stored record; CORRUPT tells whose document it is. */
int record_decode(const struct validator *v, const struct raw_record *raw, const bool *wanted, struct record *out,
                  flexdb_error *err);
/* Puts the record's id before the message of CORRUPT. Returns -code. */
int record_blame(const struct raw_record *raw, flexdb_error *err);
/* After a statement has met a document that it cannot read: becomes the error of the first record that cannot be
 * decoded, where there is one. Returns -code. */
int record_find_damage(struct table_state *s, flexdb_error *err);
/* Sets the system slots of a vector; texts stay the raw record's, times are printed to `times`. */
void record_system_slots(const flexdb_shape *shape, flexdb_value *values, const struct raw_record *raw,
                         struct record_times *times);
/* The physical values of a normalized vector, as the engine stores them, in the layout's order. */
int record_physicals(const struct table_state *s, const flexdb_value *values, flexdb_value *out, struct buffer *scratch,
                     flexdb_error *err);
/* What a caller gave for a name or an id, as a message can show it: quoted, on one line, cut when it is long, with `?`
 * for what is not text. */
enum { SHOWN_SIZE = 160 };
const char *record_shown(char out[SHOWN_SIZE], const char *text, size_t length);
/* The value as a JSON text for an issue, cut when it is long; for the caller to free. NULL when memory is out. */
char *record_excerpt(const flexdb_value *value);

#endif
