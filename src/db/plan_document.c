#include "db/plan_document.h"

#include <stdlib.h>
#include <string.h>

#include "db/plan_parts.h"

/* ---- compatibility ---- */

/* Which column of the old definition each column of the new one comes from. */
int plan_compare(struct compatibility *out, const struct evolution *ev, flexdb_error *err) {
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
    for (size_t i = 0; i < ev->plan.computation_count; i++)
        sources[ev->plan.computations[i].to] = ev->plan.computations[i].from;
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
    int rc = plan_compare(&c, ev, err);
    if (rc != 0) return rc;
    rc = compatibility_enforce(mode, &c, err);
    compatibility_clear(&c);
    return rc;
}

/* ---- counting ---- */

/* Adds to `counts` for each of the slots that are asked for in which a record has a value. */
static int count_values(const struct validator *v, const struct raw_record *raw, const bool *asked, int64_t *counts,
                        struct record *room, flexdb_error *err) {
    if (counts == NULL) return 0;
    int rc = record_decode(v, raw, asked, room, err);
    for (size_t i = 0; rc == 0 && i < validator_shape(v)->columns; i++)
        if (asked[i] && !value_is_none(&room->values[i])) counts[i]++;
    return rc;
}

int plan_count_carried(struct evolution *ev, const struct raw_record *raw, flexdb_error *err) {
    struct evolution_counts *c = &ev->counts;
    int rc = count_values(ev->from->validator, raw, c->going, c->carried, &c->record, err);
    return rc == 0 ? count_values(ev->to, raw, c->coming, c->back, &c->record, err) : rc;
}

static int make_counts(const struct validator *v, int64_t **counts, bool **asked, flexdb_error *err) {
    if (*counts != NULL) return 0;
    size_t slots = validator_shape(v)->count;
    *counts = calloc(slots, sizeof **counts);
    *asked = calloc(slots, sizeof **asked);
    return *counts == NULL || *asked == NULL ? error_no_memory(err) : 0;
}

/* Asks for the columns that go, and for those that come back. */
static int ask_carried(struct evolution *ev, const struct compatibility *c, flexdb_error *err) {
    struct evolution_counts *counts = &ev->counts;
    int rc = 0;
    for (size_t i = 0; rc == 0 && ev->has_records && i < c->count; i++) {
        const struct compatibility_difference *d = &c->differences[i];
        if (plan_goes(d)) {
            rc = make_counts(ev->from->validator, &counts->carried, &counts->going, err);
            if (rc == 0) counts->going[d->from - validator_definition(ev->from->validator)->columns] = true;
        } else if (plan_comes_back(ev, d)) {
            rc = make_counts(ev->to, &counts->back, &counts->coming, err);
            if (rc == 0) counts->coming[d->to - validator_definition(ev->to)->columns] = true;
        }
    }
    return rc;
}

/* ---- the whole ---- */

static bool put_issues(cJSON *plan, const flexdb_error *why) {
    cJSON *list = cJSON_CreateArray();
    bool good = put(plan, "issues", list);
    for (size_t i = 0; good && i < why->issue_count; i++) {
        const flexdb_issue *issue = &why->issues[i];
        cJSON *item = add_object(list);
        good = item != NULL && put_text(item, "id", issue->id) && put_text(item, "path", issue->path) &&
               put_text(item, "rule", issue->rule) && put_text(item, "message", issue->message) &&
               put_json(item, "expected", issue->expected) && put_json(item, "got", issue->got);
    }
    return good;
}

static bool put_column_before(cJSON *before, const struct column *column) {
    if (cJSON_GetObjectItemCaseSensitive(before, column->name) != NULL) return true;
    cJSON *one = cJSON_CreateObject();
    return put(before, column->name, one) && put_text(one, "key", column->key) &&
           put_text(one, "dataType", column_type_name(column->type)) && put_text(one, "computed", column->computed);
}

/* The columns that the change touches, as they are; null under the names that it takes. */
static bool put_before(cJSON *plan, const struct evolution *ev, const struct compatibility *c) {
    const struct definition *from = validator_definition(ev->from->validator);
    cJSON *before = cJSON_CreateObject();
    bool good = put(plan, "before", before);
    for (size_t i = 0; good && i < c->count; i++) {
        const struct compatibility_difference *d = &c->differences[i];
        if (d->from != NULL) good = put_column_before(before, d->from);
        if (!good || d->to == NULL || definition_find(from, d->to->name, strlen(d->to->name)) != NULL) continue;
        if (cJSON_GetObjectItemCaseSensitive(before, d->to->name) == NULL)
            good = put(before, d->to->name, cJSON_CreateNull());
    }
    return good;
}

static const char *on_invalid_name(enum flexdb_on_invalid on_invalid) {
    static const char *const names[] = {"stop", "null", "ignore"};
    return names[on_invalid];
}

/* What was found out for a plan. */
struct findings {
    struct compatibility differences;
    struct plan_duplicates duplicates;
    flexdb_error why; /* it is not possible */
};

static bool put_plan(cJSON *plan, const struct evolution *ev, const struct findings *f) {
    const struct table_state *s = ev->from;
    const struct compatibility *c = &f->differences;
    const flexdb_error *why = &f->why;
    bool good = put_text(plan, "table", s->name) && put_text(plan, "tableId", s->id) &&
                put_count(plan, "version", s->version) &&
                (ev->changes != NULL ? put(plan, "changes", cJSON_Duplicate(ev->changes, true))
                                     : put_count(plan, "rollback", ev->target)) &&
                put_text(plan, "onInvalid", on_invalid_name(ev->options->on_invalid));
    bool destructive = false;
    for (size_t i = 0; i < c->count; i++) destructive = destructive || plan_destruction(ev, &c->differences[i]) != NULL;
    if (good && ev->counted) good = put_count(plan, "records", ev->counts.live);
    if (good && ev->counted && ev->counts.deleted != 0) good = put_count(plan, "deleted", ev->counts.deleted);
    cJSON *steps = good ? cJSON_CreateArray() : NULL;
    good = good && put(plan, "steps", steps) && plan_put_steps(steps, ev, c, &f->duplicates);
    return good && put(plan, "breaking", cJSON_CreateBool(c->breaking)) &&
           put(plan, "destructive", cJSON_CreateBool(destructive)) &&
           put(plan, "possible", cJSON_CreateBool(why->code == FLEXDB_OK)) &&
           put_text(plan, "error", why->code == FLEXDB_OK ? NULL : why->message) &&
           put_count(plan, "failed", ev->counts.failed) && put_issues(plan, why) && put_before(plan, ev, c) &&
           plan_put_checks_before(plan, ev, c);
}

static int print(const struct evolution *ev, const struct findings *f, flexdb_error *err) {
    cJSON *plan = cJSON_CreateObject();
    bool good = plan != NULL && put_plan(plan, ev, f);
    if (good) document_print(plan, ev->out);
    cJSON_Delete(plan);
    return good && !buffer_failed(ev->out) ? 0 : error_no_memory(err);
}

/* Records that stand against the change, or share what becomes unique, are what the plan is asked about. */
static int look_at_records(struct evolution *ev, struct findings *f, flexdb_error *err) {
    struct plan_duplicates *d = &f->duplicates;
    int rc = ask_carried(ev, &f->differences, err);
    ev->counted = ev->has_records &&
                  (ev->judges || ev->converter != NULL || ev->counts.carried != NULL || ev->counts.back != NULL);
    if (rc == 0 && ev->counted) rc = evolution_inspect(ev, NULL, &f->why);
    if (rc == -FLEXDB_INVALID_RECORD) rc = 0;
    if (rc == 0) rc = evolution_find_duplicates(ev, &d->list, &d->count, err);
    if (rc == 0 && f->why.code == FLEXDB_OK) rc = duplicates_refuse(d->list, d->count, ev->to, &f->why);
    if (rc == -FLEXDB_DUPLICATE && f->why.code == FLEXDB_DUPLICATE) rc = 0;
    if (rc != 0 && err->code == FLEXDB_OK) error_move(err, &f->why);
    return rc;
}

int plan_tell(struct evolution *ev, flexdb_error *err) {
    struct findings f = {.why = FLEXDB_ERROR_INIT};
    int rc = plan_compare(&f.differences, ev, err);
    if (rc == 0) rc = look_at_records(ev, &f, err);
    if (rc == 0) rc = print(ev, &f, err);
    duplicates_free(f.duplicates.list, f.duplicates.count);
    error_clear(&f.why);
    compatibility_clear(&f.differences);
    return rc;
}

/* The entry that says how a column was retyped, or is computed. */
static cJSON *entry_of(cJSON *stored, const char *name) {
    for (cJSON *entry = stored->child; entry != NULL; entry = entry->next) {
        const cJSON *column = cJSON_GetObjectItemCaseSensitive(entry, "column");
        const cJSON *after =
            cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(entry, "details"), "after");
        bool retype = cJSON_GetObjectItemCaseSensitive(after, "dataType") != NULL ||
                      cJSON_GetObjectItemCaseSensitive(after, "validation") != NULL;
        if (retype && cJSON_IsString(column) && strcmp(column->valuestring, name) == 0) return entry;
    }
    return NULL;
}

static bool note_tally(const struct evolution *ev, size_t slot, const struct convert_tally *t, cJSON *stored) {
    cJSON *entry = entry_of(stored, validator_column(ev->to, slot)->column->name);
    if (entry == NULL) return true;
    cJSON *conversion = cJSON_CreateObject();
    return put(cJSON_GetObjectItemCaseSensitive(entry, "details"), "conversion", conversion) &&
           plan_put_tally(conversion, ev, t);
}

bool plan_note_conversions(const struct evolution *ev, cJSON *stored) {
    const struct converter *c = ev->converter;
    bool good = true;
    for (size_t i = 0; c != NULL && good && i < ev->plan.conversion_count; i++)
        good = note_tally(ev, ev->plan.conversions[i].to, &c->tallies[i], stored);
    for (size_t i = 0; c != NULL && good && i < ev->plan.computation_count; i++)
        good = note_tally(ev, ev->plan.computations[i].to, &c->computed[i], stored);
    return good;
}
