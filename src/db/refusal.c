/* A record that is refused, and all that is wrong with it. */
#include "db/references.h"
#include "db/rows.h"
#include "db/write.h"

/* Adds what other records have to do with it: those that it refers to are missing, or hold its values. */
static int add_others(const struct table_state *s, const struct table_written *w, flexdb_error *err) {
    const flexdb_value id = value_text(w->id, w->id_length);
    flexdb_error failed = FLEXDB_ERROR_INIT;
    int rc = write_add_held(s, w->values, &id, w->seq, err, &failed);
    if (rc != 0) {
        error_clear(err);
        error_move(err, &failed);
    }
    return rc;
}

int write_explain_missing(const struct table_state *s, const struct table_written *w, flexdb_error *err) {
    int rc = references_explain(s, w->values, w->given, w->id, w->id_length, err);
    if (rc != -FLEXDB_REFERENCE) return rc;
    error_reopen_issues(err);
    rc = add_others(s, w, err);
    return rc != 0 ? rc : error_close_issues(err, FLEXDB_REFERENCE);
}

int write_tell_rest(const struct table_state *s, flexdb_value *values, const struct table_written *w,
                    flexdb_error *err) {
    size_t columns = validator_shape(s->validator)->columns;
    if (err->code != FLEXDB_INVALID_RECORD) return -(int)err->code;
    for (size_t i = 0; i < columns; i++)
        if (values[i].tag == FLEXDB_FAULT) values[i].tag = FLEXDB_ABSENT;
    error_reopen_issues(err);
    int rc = references_add_missing(s, values, w->given, w->id, w->id_length, err);
    if (rc == 0) rc = add_others(s, w, err);
    return rc != 0 ? rc : error_close_issues(err, FLEXDB_INVALID_RECORD);
}

/* What is good of a record that is not, in t->record. */
static int judge_good(flexdb_table *t, const flexdb_value *given, flexdb_error *err) {
    flexdb_error told = FLEXDB_ERROR_INIT;
    int rc = codec_judge(t->state->validator, given, &t->record, &told);
    if (rc == -FLEXDB_INVALID_RECORD) rc = 0;
    if (rc != 0) {
        error_clear(err);
        error_move(err, &told);
    }
    error_clear(&told);
    return rc;
}

int write_tell_rest_of_new(flexdb_table *t, const flexdb_value *given, flexdb_error *err) {
    const flexdb_value *id = &given[validator_shape(t->state->validator)->columns + SLOT_ID];
    if (err->code != FLEXDB_INVALID_RECORD) return -(int)err->code;
    int rc = judge_good(t, given, err);
    if (rc != 0) return rc;
    const bool named = id->tag == FLEXDB_TEXT;
    const struct table_written w = {t->record.values, NULL, named ? id->as.text : NULL, named ? id->length : 0, 0};
    return write_tell_rest(t->state, t->record.values, &w, err);
}

int write_tell_missing(flexdb_table *t, const flexdb_value *given, bool self, flexdb_error *err) {
    const struct table_state *s = t->state;
    if (err->code != FLEXDB_INVALID_RECORD) return -(int)err->code;
    int rc = judge_good(t, given, err);
    if (rc != 0) return rc;
    for (size_t i = 0; !self && i < s->reference_count; i++)
        if (s->references[i].self) t->record.values[s->references[i].slot].tag = FLEXDB_ABSENT;
    const flexdb_value *id = &given[validator_shape(s->validator)->columns + SLOT_ID];
    error_reopen_issues(err);
    rc =
        references_add_missing(s, t->record.values, NULL, id->tag == FLEXDB_TEXT ? id->as.text : NULL, id->length, err);
    return rc != 0 ? rc : error_close_issues(err, FLEXDB_INVALID_RECORD);
}

int flexdb_tell_missing(flexdb_table *table, const flexdb_validator *v, const flexdb_value *given, flexdb_error *err) {
    struct engine *e = table->db->engine;
    if (table->state->reference_count == 0 || table->state->validator != v) return -(int)err->code;
    rows_spool_all(e);
    /* What a batch is told to insert may refer to what it is told later. */
    return write_tell_missing(table, given, e->batches == NULL, err);
}
