/* Holding the records that are there against a definition that is to come. */
#include <stdlib.h>
#include <string.h>

#include "db/evolution.h"
#include "db/references.h"

int evolution_walk(struct evolution *ev, bool deleted,
                   int (*visit)(struct evolution *ev, void *context, const struct raw_record *raw, flexdb_error *err),
                   void *context, flexdb_error *err) {
    struct table_state *s = ev->from;
    struct engine *e = s->engine;
    const struct buffer *sql = state_text(s, deleted ? SQL_WALK_ALL : SQL_WALK, err);
    if (sql == NULL) return -(int)err->code;
    int rc = 0;
    bool both = records_selects_revision(e->dialect);
    int64_t seq = INT64_MIN;
    size_t count = EVOLUTION_BATCH;
    /* Batch by batch: what is done with one may need the connection. */
    struct buffer texts = BUFFER_INIT;
    struct raw_record *batch = calloc(EVOLUTION_BATCH, sizeof *batch);
    if (rc == 0 && batch == NULL) rc = error_no_memory(err);
    while (rc == 0 && count == EVOLUTION_BATCH) {
        const flexdb_value values[] = {value_text(s->id, strlen(s->id)), value_integer(seq),
                                       value_integer(EVOLUTION_BATCH)};
        struct statement *statement;
        int more = engine_query(e, &statement, sql->data, sql->length, both ? values : values + 1, both ? 3 : 2, err);
        count = 0;
        buffer_reset(&texts);
        while (more == 1) {
            struct raw_record *raw = &batch[count++];
            more = raw_read(e, statement, raw, err);
            if (more != 0) break;
            buffer_append(&texts, raw->id, raw->id_length);
            buffer_append(&texts, raw->data, raw->data_length);
            more = engine_step(e, statement, err);
        }
        engine_finalize(e, statement);
        rc = more < 0 ? more : buffer_failed(&texts) ? error_no_memory(err) : 0;
        const char *text = texts.data;
        for (size_t i = 0; rc == 0 && i < count; i++) {
            batch[i].id = text;
            batch[i].data = text + batch[i].id_length;
            text = batch[i].data + batch[i].data_length;
            seq = batch[i].seq;
            rc = visit(ev, context, &batch[i], err);
        }
    }
    free(batch);
    buffer_free(&texts);
    return rc;
}

/* ---- checks ---- */

struct inspection {
    struct record record;
    struct buffer scratch;
    int64_t failed;
    flexdb_error found; /* the issues that are reported */
    bool references;
};

/* Adds the first issue of a record to those that are reported. */
static int report(struct inspection *in, const struct raw_record *raw, const flexdb_error *why, flexdb_error *err) {
    in->failed++;
    if (in->found.issue_count >= EVOLUTION_MAX_ISSUES) return 0;
    const flexdb_issue *first = &why->issues[0];
    flexdb_issue *issue =
        error_issue(&in->found, first->path, first->rule, first->expected, first->got, "%s", first->message);
    return issue != NULL && error_issue_id(&in->found, issue, raw->id, raw->id_length) == 0 ? 0 : error_no_memory(err);
}

/* The records that the new definition's reference columns point to, where the plan asks for it. */
static int check_references(struct evolution *ev, struct inspection *in, flexdb_error *why, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    const flexdb_shape *shape = validator_shape(ev->to);
    for (size_t slot = 0; slot < shape->columns; slot++) {
        const flexdb_value *value = &in->record.values[slot];
        if (!ev->plan.check_references[slot] || value->tag != FLEXDB_TEXT) continue;
        const struct column *c = validator_column(ev->to, slot)->column;
        struct catalog_row row;
        struct layout *layout = NULL;
        bool found = false;
        int rc = catalog_find(e, CATALOG_TABLE_BY_ID, &c->rules.target_id, 1, &row, err);
        if (rc < 0) return rc;
        if (rc == 1) {
            rc = row.active && row.storage != NULL ? layout_parse(&layout, row.storage, row.storage_length, err) : 0;
            if (rc == 0 && layout != NULL) rc = references_exist(e, layout->table, value, 1, &found, err);
            layout_free(layout);
            catalog_row_clear(&row);
            if (rc != 0) return rc;
        }
        char *got = found ? NULL : record_excerpt(value);
        if (!found)
            error_issue(why, c->name, "reference", NULL, got, "no record %s is in table \"%s\"", got != NULL ? got : "",
                        c->rules.target_table);
        free(got);
    }
    return 0;
}

static int inspect(struct evolution *ev, void *context, const struct raw_record *raw, flexdb_error *err) {
    struct inspection *in = context;
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = codec_decode(ev->to, raw->data, raw->data_length, NULL, &in->record, err);
    if (rc == 0) {
        buffer_reset(&in->scratch);
        codec_check(ev->to, in->record.values, ev->plan.check, &in->scratch, &why);
    }
    if (rc == 0 && in->references) rc = check_references(ev, in, &why, err);
    if (rc == 0 && why.code != FLEXDB_OK) {
        error_repeat(err, &why);
        rc = -(int)err->code;
    }
    if (rc == 0 && why.issue_count != 0) rc = report(in, raw, &why, err);
    error_clear(&why);
    return rc;
}

int evolution_check(struct evolution *ev, flexdb_error *err) {
    if (!ev->has_records) return 0;
    struct inspection in = {0};
    for (size_t slot = 0; slot < validator_shape(ev->to)->columns; slot++)
        if (ev->plan.check_references[slot]) in.references = true;
    int rc = evolution_walk(ev, false, inspect, &in, err);
    if (rc == 0 && in.failed != 0) {
        const flexdb_issue *first = &in.found.issues[0];
        rc = error_set(err, FLEXDB_INVALID_RECORD, "%lld record%s stand%s against the change: record \"%s\": %s: %s",
                       (long long)in.failed, in.failed == 1 ? "" : "s", in.failed == 1 ? "s" : "", first->id,
                       first->path, first->message);
        err->issues = in.found.issues;
        err->issue_count = in.found.issue_count;
        err->issue_capacity = in.found.issue_capacity;
        in.found = FLEXDB_ERROR_INIT;
    }
    error_clear(&in.found);
    record_free(&in.record);
    buffer_free(&in.scratch);
    return rc;
}
