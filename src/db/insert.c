#include <string.h>

#include "db/references.h"
#include "db/write.h"

/* The id that the record brings, or a new one. */
static int choose_id(flexdb_table *t, const flexdb_value *values, flexdb_value *id, flexdb_error *err) {
    const flexdb_value *given = &values[validator_shape(t->state->validator)->columns + SLOT_ID];
    if (given->tag == FLEXDB_TEXT) {
        *id = *given;
        return 0;
    }
    if (uuid_next(&t->db->engine->uuids, datetime_now(), t->id) != 0)
        return error_set(err, FLEXDB_INTERNAL, "the system gives no randomness");
    *id = value_text(t->id, UUID_TEXT_SIZE - 1);
    return 0;
}

int insert_attempt(flexdb_table *t, const flexdb_value *given, struct raw_record *raw, flexdb_error *err) {
    struct table_state *s = t->state;
    flexdb_value id;
    int rc = codec_encode(s->validator, given, &t->record, err);
    if (rc != 0) return write_tell_rest_of_new(t, given, err);
    rc = choose_id(t, t->record.values, &id, err);
    if (rc != 0) return rc;
    const flexdb_value *values = t->record.values;
    *raw = (struct raw_record){.id = id.as.text, .id_length = id.length, .version = 1, .created_at = datetime_now()};
    raw->updated_at = raw->created_at;
    const struct table_written written = {values, NULL, raw->id, raw->id_length, 0};
    if (write_cannot_refer(s, values, NULL)) return write_explain_missing(s, &written, err);
    struct parameters p;
    p.count = 0;
    parameter_add(&p, id);
    parameter_add(&p, value_text(t->record.document.data, t->record.document.length));
    parameter_add(&p, value_integer(raw->created_at));
    parameter_add(&p, value_integer(raw->updated_at));
    rc = write_add_physicals(&p, s, values, &t->physical, err);
    if (rc != 0) return rc;
    enum state_refers refers = write_add_guard(&p, s, values, NULL, &id);
    rc = write_run(s, SQL_INSERT + refers, &p, NULL, err);
    if (rc == 0) write_note_held(s);
    return rc == -FLEXDB_DUPLICATE ? write_explain_duplicate(s, values, &id, 0, err) : rc;
}

int flexdb_insert(flexdb_table *table, const flexdb_validator *v, const flexdb_value *given, flexdb_row *out,
                  flexdb_error *err) {
    for (struct table_tries tries = table_tries(table);;) {
        int rc = table_enter(table, ENGINE_WRITE, v, err);
        if (rc != 0) return rc;
        struct raw_record raw = {0};
        rc = insert_attempt(table, given, &raw, err);
        if (rc == 0) {
            write_row(table, &raw, out);
            return 0;
        }
        const struct table_written written = {table->record.values, NULL, raw.id, raw.id_length, 0};
        /* Only a refused guard leaves normalized values, among which a reference may be missing. */
        if (!table_call_again(table, v, rc == -FLEXDB_STALE ? &written : NULL, &tries, err)) return -(int)err->code;
    }
}
