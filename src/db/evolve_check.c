/* Holding the records that are there against a definition that is to come. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/evolution.h"
#include "db/plan_document.h"
#include "db/references.h"

/* A reference that waits until many can be looked up at once. */
struct pending {
    char *id, *value; /* of the record; the referenced one's */
    size_t slot;
};

struct inspection {
    const struct evolution_store *store; /* NULL: the records are looked at only */
    struct record record;                /* as it is after the change, where nothing is converted */
    struct buffer scratch;
    int64_t failed;
    flexdb_error found; /* the issues that are reported */
    bool references;
    char (*targets)[PHYSICAL_NAME_SIZE]; /* by slot: where the referenced records are; "" for nowhere */
    struct pending pending[EVOLUTION_BATCH];
    size_t pending_count;
};

/* Counts a record that fails, and keeps the first issue of it when there is room. */
static int report(struct evolution *ev, struct inspection *in, const char *id, size_t id_length,
                  const flexdb_error *why, flexdb_error *err) {
    in->failed++;
    for (size_t i = 0; ev->counts.failing != NULL && i < why->issue_count; i++) {
        int64_t slot = validator_slot(ev->to, why->issues[i].path, strlen(why->issues[i].path));
        if (slot != NAMES_NONE) ev->counts.failing[slot]++;
    }
    if (in->found.issue_count >= EVOLUTION_MAX_ISSUES) return 0;
    const flexdb_issue *first = &why->issues[0];
    flexdb_issue *issue =
        error_issue(&in->found, first->path, first->rule, first->expected, first->got, "%s", first->message);
    return issue != NULL && error_issue_id(&in->found, issue, id, id_length) == 0 ? 0 : error_no_memory(err);
}

/* ---- references ---- */

static int find_targets(struct evolution *ev, struct inspection *in, flexdb_error *err) {
    struct engine *e = ev->from->engine;
    size_t columns = validator_shape(ev->to)->columns;
    int rc = 0;
    in->targets = calloc(columns + 1, sizeof *in->targets);
    if (in->targets == NULL) return error_no_memory(err);
    for (size_t slot = 0; rc == 0 && slot < columns; slot++) {
        if (!ev->plan.check_references[slot]) continue;
        in->references = true;
        const char *id = validator_column(ev->to, slot)->column->rules.target_id;
        struct table_state *target = NULL;
        bool own = id != NULL && strcmp(id, ev->from->id) == 0;
        if (own) memcpy(in->targets[slot], ev->from->layout->table, PHYSICAL_NAME_SIZE);
        rc = id != NULL && !own ? state_find(&target, e, CATALOG_TABLE_BY_ID, &id, 1, err) : 0;
        if (rc == 1 && target->active) memcpy(in->targets[slot], target->layout->table, PHYSICAL_NAME_SIZE);
        if (rc > 0) rc = 0;
        state_drop(target);
    }
    return rc;
}

static void forget_pending(struct inspection *in) {
    for (size_t i = 0; i < in->pending_count; i++) {
        free(in->pending[i].id);
        free(in->pending[i].value);
    }
    in->pending_count = 0;
}

static int report_missing(struct evolution *ev, struct inspection *in, const struct pending *p, flexdb_error *err) {
    const struct column *c = validator_column(ev->to, p->slot)->column;
    const flexdb_value value = value_text(p->value, strlen(p->value));
    flexdb_error why = FLEXDB_ERROR_INIT;
    char *got = record_excerpt(&value);
    error_issue(&why, c->name, "reference", NULL, got, "no record %s is in table \"%s\"", got != NULL ? got : "",
                c->rules.target_table != NULL ? c->rules.target_table : "");
    free(got);
    int rc = why.issue_count != 0 ? report(ev, in, p->id, strlen(p->id), &why, err) : error_no_memory(err);
    error_clear(&why);
    return rc;
}

/* Looks for everything that waits, a column at a time. */
static int check_pending(struct evolution *ev, struct inspection *in, flexdb_error *err) {
    struct engine *e = ev->from->engine;
    flexdb_value values[EVOLUTION_BATCH];
    const struct pending *places[EVOLUTION_BATCH];
    bool found[EVOLUTION_BATCH];
    int rc = 0;
    for (size_t slot = 0; rc == 0 && slot < validator_shape(ev->to)->columns; slot++) {
        size_t count = 0;
        for (size_t i = 0; i < in->pending_count; i++) {
            if (in->pending[i].slot != slot) continue;
            places[count] = &in->pending[i];
            values[count++] = value_text(in->pending[i].value, strlen(in->pending[i].value));
        }
        if (count != 0) rc = references_exist(e, in->targets[slot], values, count, found, err);
        for (size_t i = 0; rc == 0 && i < count; i++)
            if (!found[i]) rc = report_missing(ev, in, places[i], err);
    }
    forget_pending(in);
    return rc;
}

static int add_pending(struct evolution *ev, struct inspection *in, const struct raw_record *raw,
                       const flexdb_value *values, flexdb_error *err) {
    int rc = 0;
    for (size_t slot = 0; rc == 0 && slot < validator_shape(ev->to)->columns; slot++) {
        const flexdb_value *value = &values[slot];
        if (!ev->plan.check_references[slot] || value->tag != FLEXDB_TEXT) continue;
        if (in->pending_count == EVOLUTION_BATCH) rc = check_pending(ev, in, err);
        if (rc != 0) break;
        struct pending *p = &in->pending[in->pending_count];
        *p = (struct pending){text_dup(raw->id, raw->id_length), text_dup(value->as.text, value->length), slot};
        in->pending_count++;
        if (p->id == NULL || p->value == NULL) rc = error_no_memory(err);
    }
    return rc;
}

/* ---- records ---- */

/* The record as it is after the change. 1 when its document becomes another. */
static int read_changed(struct evolution *ev, struct inspection *in, const struct raw_record *raw,
                        const struct record **out, flexdb_error *why, flexdb_error *err) {
    if (ev->converter != NULL) {
        *out = &ev->converter->new;
        return converter_read(ev->converter, raw, why, err);
    }
    *out = &in->record;
    return codec_decode(ev->to, raw->data, raw->data_length, NULL, &in->record, err);
}

/* Rules hold for live records. */
static int judge(struct evolution *ev, struct inspection *in, const struct raw_record *raw, const flexdb_value *values,
                 flexdb_error *why, flexdb_error *err) {
    if (raw->deleted || !ev->judges) return 0;
    buffer_reset(&in->scratch);
    if (why->issue_count == 0) codec_check(ev->to, values, ev->plan.check, &in->scratch, why);
    if (why->code != FLEXDB_OK) {
        error_repeat(err, why);
        return -(int)err->code;
    }
    return why->issue_count == 0 && in->references ? add_pending(ev, in, raw, values, err) : 0;
}

static int inspect(struct evolution *ev, void *context, const struct raw_record *raw, flexdb_error *err) {
    struct inspection *in = context;
    flexdb_error why = FLEXDB_ERROR_INIT;
    const struct record *record;
    int changed = read_changed(ev, in, raw, &record, &why, err), rc = changed < 0 ? changed : 0;
    if (rc == 0) rc = judge(ev, in, raw, record->values, &why, err);
    if (raw->deleted)
        ev->counts.deleted++;
    else
        ev->counts.live++;
    if (rc == 0) rc = plan_count_carried(ev, raw, err);
    if (rc == 0 && why.issue_count != 0) rc = report(ev, in, raw->id, raw->id_length, &why, err);
    error_clear(&why);
    /* Once a record stands against the change all will be undone: the others are counted. */
    if (rc != 0 || in->store == NULL || in->failed != 0) return rc;
    return in->store->record(ev, in->store->context, raw, record, changed == 1, err);
}

/* Hands the issues over, with what they come to. */
static int refuse(struct inspection *in, flexdb_code code, const char *what, flexdb_error *err) {
    const flexdb_issue *first = &in->found.issues[0];
    int rc =
        error_set(err, code, "%lld record%s stand%s against %s: record \"%s\": %s: %s", (long long)in->failed,
                  in->failed == 1 ? "" : "s", in->failed == 1 ? "s" : "", what, first->id, first->path, first->message);
    err->issues = in->found.issues;
    err->issue_count = in->found.issue_count;
    err->issue_capacity = in->found.issue_capacity;
    in->found = FLEXDB_ERROR_INIT;
    return rc;
}

static int check(struct evolution *ev, const struct evolution_store *store, bool deleted, flexdb_code code,
                 const char *what, flexdb_error *err) {
    struct inspection *in = calloc(1, sizeof *in);
    if (in == NULL) return error_no_memory(err);
    in->store = store;
    int rc = find_targets(ev, in, err);
    if (rc == 0) rc = evolution_walk(ev, deleted, inspect, in, err);
    if (rc == 0) rc = check_pending(ev, in, err);
    ev->counts.failed = in->failed;
    if (rc == 0 && in->failed != 0) rc = refuse(in, code, what, err);
    forget_pending(in);
    error_clear(&in->found);
    record_free(&in->record);
    buffer_free(&in->scratch);
    free(in->targets);
    free(in);
    return rc;
}

int evolution_inspect(struct evolution *ev, const struct evolution_store *store, flexdb_error *err) {
    bool deleted = store != NULL || ev->converter != NULL;
    return check(ev, store, deleted, FLEXDB_INVALID_RECORD, "the change", err);
}

int evolution_check_references(struct table_state *s, flexdb_error *err) {
    if (s->reference_count == 0) return 0;
    size_t slots = validator_shape(s->validator)->count;
    struct evolution ev = {.from = s, .to = s->validator, .judges = true};
    ev.plan.check = calloc(slots, sizeof *ev.plan.check);
    ev.plan.check_references = calloc(slots, sizeof *ev.plan.check_references);
    bool room = ev.plan.check != NULL && ev.plan.check_references != NULL;
    for (size_t i = 0; room && i < s->reference_count; i++) ev.plan.check_references[s->references[i].slot] = true;
    int rc = room ? check(&ev, NULL, false, FLEXDB_REFERENCE, "the restore", err) : error_no_memory(err);
    plan_clear(&ev.plan);
    return rc;
}
