/* Documents that are none: whose they are. */
#include "db/record.h"

int record_blame(const struct raw_record *raw, flexdb_error *err) {
    char shown[SHOWN_SIZE];
    if (err->code == FLEXDB_CORRUPT) error_prefix(err, "record %s: ", record_shown(shown, raw->id, raw->id_length));
    return -(int)err->code;
}

int record_decode(const struct validator *v, const struct raw_record *raw, const bool *wanted, struct record *out,
                  flexdb_error *err) {
    int rc = codec_decode(v, raw->data, raw->data_length, wanted, out, err);
    return rc == 0 ? 0 : record_blame(raw, err);
}

/* Reads records until one cannot be decoded: then its error. */
static int read_all(struct table_state *s, flexdb_error *err) {
    struct engine *e = s->engine;
    const struct buffer *sql = state_text(s, SQL_WALK_ALL, err);
    if (sql == NULL) return -(int)err->code;
    const flexdb_value values[] = {value_integer(INT64_MIN), value_integer(INT64_MAX)};
    struct record record = RECORD_INIT;
    struct statement *statement;
    int rc = 0, more = engine_query(e, &statement, sql->data, sql->length, values, 2, err);
    while (rc == 0 && more == 1) {
        struct raw_record raw;
        rc = raw_read(e, statement, &raw, err);
        if (rc == 0) rc = record_decode(s->validator, &raw, NULL, &record, err);
        if (rc == 0) more = engine_step(e, statement, err);
    }
    engine_finalize(e, statement);
    record_free(&record);
    return rc != 0 ? rc : more;
}

int record_find_damage(struct table_state *s, flexdb_error *err) {
    /* Where it has a name, something else is missing; a server sees to it that documents are JSON. */
    bool document = err->code == FLEXDB_CORRUPT && err->detail == NULL && !err->ended;
    flexdb_error found = FLEXDB_ERROR_INIT;
    if (!document || records_selects_revision(s->engine->dialect)) return -(int)err->code;
    if (read_all(s, &found) == -FLEXDB_CORRUPT) {
        error_clear(err);
        error_move(err, &found);
    }
    error_clear(&found);
    return -(int)err->code;
}
