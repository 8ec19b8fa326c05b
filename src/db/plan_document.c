#include "db/plan_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "model/compatibility.h"

/* ---- pieces ---- */

static bool put(cJSON *object, const char *key, cJSON *item) {
    if (item != NULL && cJSON_AddItemToObject(object, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

static bool put_text(cJSON *object, const char *key, const char *text) {
    return text == NULL || put(object, key, cJSON_CreateString(text));
}

static bool put_count(cJSON *object, const char *key, int64_t count) {
    return put(object, key, document_new_integer(count));
}

/* A JSON text as it is. */
static bool put_json(cJSON *object, const char *key, const char *text) {
    return text == NULL || put(object, key, cJSON_CreateRaw(text));
}

/* ---- compatibility ---- */

/* Which column of the old definition each column of the new one comes from. */
static int compare(struct compatibility *out, const struct evolution *ev, flexdb_error *err) {
    size_t columns = validator_shape(ev->to)->columns;
    int64_t *sources = calloc(columns + 1, sizeof *sources);
    if (sources == NULL) return error_no_memory(err);
    for (size_t i = 0; i < columns; i++) {
        const char *key = validator_column(ev->to, i)->column->key;
        int64_t slot = validator_slot_of_key(ev->from->validator, key, strlen(key));
        sources[i] = slot == NAMES_NONE ? -1 : slot;
    }
    for (size_t i = 0; i < ev->plan.conversion_count; i++)
        sources[ev->plan.conversions[i].to] = (int64_t)ev->plan.conversions[i].from;
    int rc = compatibility_compare(out, ev->from->validator, ev->to, sources, err);
    free(sources);
    return rc;
}

int plan_enforce(struct evolution *ev, flexdb_error *err) {
    const char *name = validator_definition(ev->from->validator)->compatibility;
    enum compatibility_mode mode = COMPATIBILITY_NONE;
    if (name == NULL) return 0;
    if (!compatibility_read(&mode, name, "compatibility", err)) return error_close_issues(err, FLEXDB_CORRUPT);
    if (mode == COMPATIBILITY_NONE) return 0;
    struct compatibility c;
    int rc = compare(&c, ev, err);
    if (rc != 0) return rc;
    rc = compatibility_enforce(mode, &c, err);
    compatibility_clear(&c);
    return rc;
}

/* ---- counting ---- */

int plan_count_carried(struct evolution *ev, const struct raw_record *raw, flexdb_error *err) {
    struct evolution_counts *counts = &ev->counts;
    if (counts->carried == NULL || raw->deleted) return 0;
    int rc = codec_decode(ev->from->validator, raw->data, raw->data_length, counts->going, &counts->record, err);
    for (size_t i = 0; rc == 0 && i < validator_shape(ev->from->validator)->columns; i++)
        if (counts->going[i] && !value_is_none(&counts->record.values[i])) counts->carried[i]++;
    return rc;
}

/* Asks for the columns that go. */
static int ask_carried(struct evolution *ev, const struct compatibility *c, flexdb_error *err) {
    size_t slots = validator_shape(ev->from->validator)->count;
    bool any = false;
    for (size_t i = 0; i < c->count; i++) any = any || c->differences[i].to == NULL;
    if (!any || !ev->has_records) return 0;
    ev->counts.carried = calloc(slots, sizeof *ev->counts.carried);
    ev->counts.going = calloc(slots, sizeof *ev->counts.going);
    if (ev->counts.carried == NULL || ev->counts.going == NULL) return error_no_memory(err);
    for (size_t i = 0; i < c->count; i++) {
        if (c->differences[i].to != NULL) continue;
        const char *key = c->differences[i].from->key;
        ev->counts.going[validator_slot_of_key(ev->from->validator, key, strlen(key))] = true;
    }
    return 0;
}

/* ---- steps ---- */

enum step_kind { STEP_METADATA, STEP_CHECK, STEP_CONVERT, STEP_INDEX };
static const char *const kind_names[] = {"metadata", "check", "convert", "index"};

static const struct plan_conversion *conversion_to(const struct evolution *ev, const char *key, size_t *place) {
    for (size_t i = 0; i < ev->plan.conversion_count; i++) {
        const struct plan_conversion *p = &ev->plan.conversions[i];
        *place = i;
        if (strcmp(validator_column(ev->to, p->to)->column->key, key) == 0) return p;
    }
    return NULL;
}

static enum step_kind kind_of(const struct evolution *ev, const struct compatibility_difference *d) {
    size_t place;
    switch (d->change) {
    case CHANGE_RETYPE_TEXT:
    case CHANGE_RETYPE_EXACT:
    case CHANGE_RETYPE_MAY_FAIL:
    case CHANGE_RETYPE_ROUNDS:
    case CHANGE_RETYPE_REFUSED: return STEP_CONVERT;
    case CHANGE_PRECISION_SMALLER: return conversion_to(ev, d->to->key, &place) != NULL ? STEP_CONVERT : STEP_CHECK;
    case CHANGE_PRECISION_GREATER: return conversion_to(ev, d->to->key, &place) != NULL ? STEP_CONVERT : STEP_METADATA;
    case CHANGE_ADD_REQUIRED:
    case CHANGE_REQUIRED_ON:
    case CHANGE_LENGTH_TIGHTER:
    case CHANGE_RANGE_TIGHTER:
    case CHANGE_ENUM_TIGHTER:
    case CHANGE_PATTERN_ADDED:
    case CHANGE_PATTERN_CHANGED:
    case CHANGE_TARGET: return STEP_CHECK;
    case CHANGE_UNIQUE_ON: return STEP_INDEX;
    case CHANGE_UNIQUE_OFF:
    case CHANGE_INDEX: return ev->rebuild ? STEP_INDEX : STEP_METADATA;
    default: return STEP_METADATA;
    }
}

static bool put_tally(cJSON *object, const struct evolution *ev, const struct convert_tally *t) {
    bool stops = ev->options->on_invalid == FLEXDB_ON_INVALID_STOP;
    return put_count(object, "exact", t->exact) && put_count(object, "rounded", t->rounded) &&
           put_count(object, "failed", t->failed) && (t->kept == 0 || put_count(object, "kept", t->kept)) &&
           (stops || t->failed == 0 || put_count(object, "nulled", t->nulled));
}

static bool put_samples(cJSON *step, const struct convert_tally *t) {
    cJSON *list = cJSON_CreateArray();
    bool good = put(step, "samples", list);
    for (size_t i = 0; good && i < t->sample_count; i++) {
        cJSON *sample = cJSON_CreateObject();
        good = sample != NULL && cJSON_AddItemToArray(list, sample) && put_text(sample, "id", t->samples[i].id) &&
               put_json(sample, "before", t->samples[i].before) && put_json(sample, "after", t->samples[i].after);
    }
    return good;
}

static bool put_conversion(cJSON *step, const struct evolution *ev, const struct column *to) {
    size_t place;
    const struct plan_conversion *p = conversion_to(ev, to->key, &place);
    if (p == NULL) return true;
    const struct column *from = validator_column(ev->from->validator, p->from)->column;
    const struct conversion_row *row = conversion_row(from->type, to->type);
    if (!put_text(step, "class", convert_class_name(conversion_class(from, to))) || !put_text(step, "rule", row->rule))
        return false;
    if (ev->converter == NULL) return true;
    const struct convert_tally *t = &ev->converter->tallies[place];
    return put_tally(step, ev, t) && put_samples(step, t);
}

/* Why values go that only a rollback brings back, or NULL. What could be lost does not count once it was counted. */
static const char *destruction(const struct evolution *ev, const struct compatibility_difference *d) {
    size_t place;
    const char *reason = compatibility_row(d->change)->destructive;
    if (ev->converter == NULL || d->to == NULL || conversion_to(ev, d->to->key, &place) == NULL) return reason;
    const struct convert_tally *t = &ev->converter->tallies[place];
    if (t->rounded != 0) return compatibility_row(CHANGE_RETYPE_ROUNDS)->destructive;
    return t->nulled != 0 ? COMPATIBILITY_GONE : NULL;
}

static bool put_step(cJSON *list, const struct evolution *ev, const struct compatibility_difference *d) {
    enum step_kind kind = kind_of(ev, d);
    const struct compatibility_row *row = compatibility_row(d->change);
    const struct column *column = d->to != NULL ? d->to : d->from;
    struct buffer text = BUFFER_INIT;
    compatibility_tell(d, &text);
    cJSON *step = cJSON_CreateObject();
    bool good = step != NULL && cJSON_AddItemToArray(list, step) && put_text(step, "kind", kind_names[kind]) &&
                put_text(step, "column", column->name) && buffer_text(&text) != NULL &&
                put_text(step, "text", buffer_text(&text)) && put_text(step, "breaking", row->breaking) &&
                put_text(step, "destructive", destruction(ev, d));
    buffer_free(&text);
    if (good && d->to == NULL && ev->counts.carried != NULL) {
        int64_t slot = validator_slot_of_key(ev->from->validator, d->from->key, strlen(d->from->key));
        good = put_count(step, "carried", ev->counts.carried[slot]);
    }
    if (good && kind == STEP_CONVERT) good = put_conversion(step, ev, d->to);
    if (good && kind == STEP_CHECK && ev->has_records) {
        int64_t slot = validator_slot_of_key(ev->to, d->to->key, strlen(d->to->key));
        good = put_count(step, "failed", ev->counts.failing[slot]);
    }
    return good;
}

/* The table's own words are no column's. */
static bool put_table_step(cJSON *list, const struct evolution *ev) {
    const struct definition *a = validator_definition(ev->from->validator), *b = validator_definition(ev->to);
    cJSON *x = definition_document(a, PRINT_STORED), *y = definition_document(b, PRINT_STORED);
    bool good = x != NULL && y != NULL;
    for (int i = 0; good && i < 2; i++) {
        const char *const gone[] = {"columns", "version"};
        cJSON_DeleteItemFromObjectCaseSensitive(x, gone[i]);
        cJSON_DeleteItemFromObjectCaseSensitive(y, gone[i]);
    }
    if (good && !document_equal(x, y)) {
        cJSON *step = cJSON_CreateObject();
        good = step != NULL && cJSON_AddItemToArray(list, step) && put_text(step, "kind", kind_names[STEP_METADATA]) &&
               put_text(step, "text", "the table is described otherwise");
    }
    cJSON_Delete(x);
    cJSON_Delete(y);
    return good;
}

/* ---- the whole ---- */

static bool put_issues(cJSON *plan, const flexdb_error *why) {
    cJSON *list = cJSON_CreateArray();
    bool good = put(plan, "issues", list);
    for (size_t i = 0; good && i < why->issue_count; i++) {
        const flexdb_issue *issue = &why->issues[i];
        cJSON *item = cJSON_CreateObject();
        good = item != NULL && cJSON_AddItemToArray(list, item) && put_text(item, "id", issue->id) &&
               put_text(item, "path", issue->path) && put_text(item, "rule", issue->rule) &&
               put_text(item, "message", issue->message) && put_json(item, "expected", issue->expected) &&
               put_json(item, "got", issue->got);
    }
    return good;
}

/* The columns that the change touches, as they are. */
static bool put_before(cJSON *plan, const struct compatibility *c) {
    cJSON *before = cJSON_CreateObject();
    bool good = put(plan, "before", before);
    for (size_t i = 0; good && i < c->count; i++) {
        const struct column *column = c->differences[i].from;
        if (column == NULL || cJSON_GetObjectItemCaseSensitive(before, column->name) != NULL) continue;
        cJSON *one = cJSON_CreateObject();
        good = put(before, column->name, one) && put_text(one, "key", column->key) &&
               put_text(one, "dataType", column_type_name(column->type));
    }
    return good;
}

static const char *on_invalid_name(enum flexdb_on_invalid on_invalid) {
    static const char *const names[] = {"stop", "null", "ignore"};
    return names[on_invalid];
}

static bool put_plan(cJSON *plan, const struct evolution *ev, const struct compatibility *c, const flexdb_error *why) {
    const struct table_state *s = ev->from;
    bool good = put_text(plan, "table", s->name) && put_text(plan, "tableId", s->id) &&
                put_count(plan, "version", s->version) &&
                (ev->changes != NULL ? put(plan, "changes", cJSON_Duplicate(ev->changes, true))
                                     : put_count(plan, "rollback", ev->target)) &&
                put_text(plan, "onInvalid", on_invalid_name(ev->options->on_invalid));
    bool destructive = false;
    for (size_t i = 0; i < c->count; i++) destructive = destructive || destruction(ev, &c->differences[i]) != NULL;
    if (good && ev->counted) good = put_count(plan, "records", ev->counts.live);
    cJSON *steps = good ? cJSON_CreateArray() : NULL;
    good = good && put(plan, "steps", steps);
    for (size_t i = 0; good && i < c->count; i++) good = put_step(steps, ev, &c->differences[i]);
    return good && put_table_step(steps, ev) && put(plan, "breaking", cJSON_CreateBool(c->breaking)) &&
           put(plan, "destructive", cJSON_CreateBool(destructive)) &&
           put(plan, "possible", cJSON_CreateBool(why->code == FLEXDB_OK)) &&
           put_text(plan, "error", why->code == FLEXDB_OK ? NULL : why->message) &&
           put_count(plan, "failed", ev->counts.failed) && put_issues(plan, why) && put_before(plan, c);
}

static int print(const struct evolution *ev, const struct compatibility *c, const flexdb_error *why,
                 flexdb_error *err) {
    cJSON *plan = cJSON_CreateObject();
    bool good = plan != NULL && put_plan(plan, ev, c, why);
    if (good) document_print(plan, ev->out);
    cJSON_Delete(plan);
    return good && !buffer_failed(ev->out) ? 0 : error_no_memory(err);
}

int plan_tell(struct evolution *ev, flexdb_error *err) {
    struct compatibility c;
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = compare(&c, ev, err);
    if (rc != 0) return rc;
    rc = ask_carried(ev, &c, err);
    ev->counted = ev->has_records && (ev->judges || ev->converter != NULL || ev->counts.carried != NULL);
    if (rc == 0 && ev->counted) evolution_inspect(ev, NULL, &why);
    /* Records that stand against the change are what the plan is asked about. */
    if (why.code != FLEXDB_OK && why.code != FLEXDB_INVALID_RECORD) {
        error_move(err, &why);
        rc = -(int)err->code;
    }
    if (rc == 0) rc = print(ev, &c, &why, err);
    error_clear(&why);
    compatibility_clear(&c);
    return rc;
}

bool plan_note_conversions(const struct evolution *ev, cJSON *stored) {
    if (ev->converter == NULL) return true;
    bool good = true;
    for (size_t i = 0; good && i < ev->plan.conversion_count; i++) {
        const char *name = validator_column(ev->to, ev->plan.conversions[i].to)->column->name;
        for (cJSON *entry = stored->child; good && entry != NULL; entry = entry->next) {
            const cJSON *column = cJSON_GetObjectItemCaseSensitive(entry, "column");
            cJSON *details = cJSON_GetObjectItemCaseSensitive(entry, "details");
            const cJSON *after = cJSON_GetObjectItemCaseSensitive(details, "after");
            bool retype = cJSON_GetObjectItemCaseSensitive(after, "dataType") != NULL ||
                          cJSON_GetObjectItemCaseSensitive(after, "validation") != NULL;
            if (!retype || !cJSON_IsString(column) || strcmp(column->valuestring, name) != 0) continue;
            cJSON *conversion = cJSON_CreateObject();
            good = put(details, "conversion", conversion) && put_tally(conversion, ev, &ev->converter->tallies[i]);
        }
    }
    return good;
}
