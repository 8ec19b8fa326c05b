/* Holding the records that are there against a definition that is to come. */
#include <stdlib.h>
#include <string.h>

#include "db/evolution.h"
#include "db/evolve_references.h"
#include "db/plan_document.h"

struct inspection {
    const struct evolution_store *store; /* NULL: the records are looked at only */
    struct record record;                /* as it is after the change, where nothing is converted */
    struct buffer scratch;
    bool *judged, *held; /* by slot, by check: what of a record is held against the rules, and against which checks */
    int64_t failed;
    flexdb_error found; /* the issues that are reported */
    struct reference_check references;
};

/* ---- reports ---- */

/* The column whose value an issue is about: inside a json value the path goes on behind its name. */
static int64_t slot_of_path(const struct validator *v, const char *path) {
    return validator_slot(v, path, strcspn(path, ".["));
}

static enum failing_rule rule_of(const flexdb_issue *issue) {
    static const struct {
        const char *name;
        enum failing_rule rule;
    } rules[] = {{"required", FAILING_REQUIRED}, {"minLength", FAILING_LENGTH},   {"maxLength", FAILING_LENGTH},
                 {"min", FAILING_RANGE},         {"max", FAILING_RANGE},          {"enum", FAILING_ENUM},
                 {"pattern", FAILING_PATTERN},   {"format", FAILING_PATTERN},     {"precision", FAILING_PRECISION},
                 {"scale", FAILING_PRECISION},   {"reference", FAILING_REFERENCE}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].name, issue->rule) == 0) return rules[i].rule;
    return FAILING_OTHER;
}

/* Counts what an issue is about: a check, told by the rule, for it may have the name of a column; or a column. What did
 * not convert is counted where it is converted. */
static void count_failing(struct evolution *ev, const flexdb_issue *issue) {
    const struct definition *d = validator_definition(ev->to);
    if (strcmp(issue->rule, "check") == 0) {
        for (size_t i = 0; i < d->check_count; i++)
            if (strcmp(d->checks[i].name, issue->path) == 0) ev->counts.failing_checks[i]++;
        return;
    }
    int64_t slot = slot_of_path(ev->to, issue->path);
    bool refused = slot != NAMES_NONE && ev->converter != NULL && ev->converter->refused[slot];
    if (slot != NAMES_NONE && !refused) ev->counts.failing[slot][rule_of(issue)]++;
}

/* Counts a record that fails, and keeps the first issue of it when there is room. */
static int report(struct evolution *ev, struct inspection *in, const struct raw_record *raw, const flexdb_error *why,
                  flexdb_error *err) {
    in->failed++;
    for (size_t i = 0; ev->counts.failing != NULL && i < why->issue_count; i++) count_failing(ev, &why->issues[i]);
    if (in->found.issue_count >= EVOLUTION_MAX_ISSUES) return 0;
    const flexdb_issue *first = &why->issues[0];
    flexdb_issue *issue =
        error_issue(&in->found, first->path, first->rule, first->expected, first->got, "%s", first->message);
    return issue != NULL && error_issue_id(&in->found, issue, raw->id, raw->id_length) == 0 ? 0 : error_no_memory(err);
}

static void report_missing(struct evolution *ev, size_t slot, const flexdb_value *id, flexdb_error *why) {
    const struct column *c = validator_column(ev->to, slot)->column;
    char *got = record_excerpt(id);
    error_issue(why, c->name, "reference", NULL, got, "no record %s is in table \"%s\"", got != NULL ? got : "",
                c->rules.target_table != NULL ? c->rules.target_table : "");
    free(got);
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
    return record_decode(ev->to, raw, ev->needed, &in->record, err);
}

/* Holds the record against the checks of which nothing that they read was refused. */
static void judge_expressions(struct evolution *ev, struct inspection *in, const flexdb_value *values,
                              const bool *refused, flexdb_error *why) {
    if (ev->plan.check_expressions == NULL) return;
    for (size_t i = 0; i < validator_definition(ev->to)->check_count; i++) {
        const uint32_t *reads;
        size_t count = formula_columns(validator_check(ev->to, i), &reads);
        in->held[i] = ev->plan.check_expressions[i];
        for (size_t k = 0; refused != NULL && k < count; k++) in->held[i] = in->held[i] && !refused[reads[k]];
    }
    codec_check_expressions(ev->to, values, in->held, &in->scratch, why);
}

/* Rules hold for live records; a value that did not convert is no longer there to be judged. */
static int judge(struct evolution *ev, struct inspection *in, const struct raw_record *raw, const flexdb_value *values,
                 flexdb_error *why, flexdb_error *err) {
    if (raw->deleted || !ev->judges) return 0;
    size_t columns = validator_shape(ev->to)->columns;
    const bool *refused = ev->converter != NULL ? ev->converter->refused : NULL;
    for (size_t slot = 0; slot < columns; slot++)
        in->judged[slot] = ev->plan.check[slot] && (refused == NULL || !refused[slot]);
    buffer_reset(&in->scratch);
    codec_check(ev->to, values, in->judged, &in->scratch, why);
    judge_expressions(ev, in, values, refused, why);
    for (size_t i = 0; i < in->references.slot_count; i++) {
        size_t slot = in->references.slots[i];
        if (reference_is_missing(&in->references, slot, &values[slot])) report_missing(ev, slot, &values[slot], why);
    }
    if (why->code == FLEXDB_OK) return 0;
    error_repeat(err, why);
    return -(int)err->code;
}

static int inspect(struct evolution *ev, struct inspection *in, const struct raw_record *raw, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    const struct record *record;
    int changed = read_changed(ev, in, raw, &record, &why, err), rc = changed < 0 ? changed : 0;
    if (rc == 0) rc = judge(ev, in, raw, record->values, &why, err);
    if (raw->deleted)
        ev->counts.deleted++;
    else
        ev->counts.live++;
    if (rc == 0) rc = plan_count_carried(ev, raw, err);
    if (rc == 0 && why.issue_count != 0) rc = report(ev, in, raw, &why, err);
    error_clear(&why);
    /* Once a record stands against the change all will be undone: the others are counted. */
    if (rc != 0 || in->store == NULL || in->failed != 0) return rc;
    return in->store->record(ev, in->store->context, raw, record, changed == 1, err);
}

/* ---- progress ---- */

enum { PROGRESS_RECORDS = 10000, PROGRESS_MICROS = 100000 };

static int count_records(struct evolution *ev, bool deleted, flexdb_error *err) {
    struct engine *e = ev->from->engine;
    struct buffer sql = BUFFER_INIT;
    struct statement *s = NULL;
    records_count(e->dialect, ev->from->layout, deleted, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_query(e, &s, sql.data, sql.length, NULL, 0, err);
    if (rc == 1) rc = engine_integer(e, s, 0, &ev->counts.total, err);
    engine_finalize(e, s);
    buffer_free(&sql);
    ev->counts.called_at = engine_clock();
    return rc;
}

static bool wants_progress(const struct evolution *ev) {
    return ev->options != NULL && ev->options->on_progress != NULL && !ev->quiet;
}

int evolution_report(struct evolution *ev, flexdb_error *err) {
    struct evolution_counts *counts = &ev->counts;
    if (!wants_progress(ev)) return 0;
    struct flexdb_progress at = {.done = counts->live + counts->deleted, .total = counts->total};
    at.step = ev->converter != NULL ? "convert" : ev->rebuild && !ev->dry ? "index" : "check";
    if (at.total < at.done) at.total = at.done; /* others have added some */
    counts->reported = at.done;
    int rc = engine_call_out(ev->from->engine, ev->options->on_progress, ev->options->progress_context, &at, err);
    counts->called_at = engine_clock();
    return rc;
}

static int progress(struct evolution *ev, flexdb_error *err) {
    const struct evolution_counts *counts = &ev->counts;
    if (!wants_progress(ev)) return 0;
    bool due = counts->live + counts->deleted - counts->reported >= PROGRESS_RECORDS ||
               engine_clock() - counts->called_at >= PROGRESS_MICROS;
    return due ? evolution_report(ev, err) : 0;
}

static int inspect_batch(struct evolution *ev, void *context, const struct raw_record *batch, size_t count,
                         flexdb_error *err) {
    struct inspection *in = context;
    int rc = ev->judges ? reference_check_batch(&in->references, ev, batch, count, err) : 0;
    for (size_t i = 0; rc == 0 && i < count; i++) rc = inspect(ev, in, &batch[i], err);
    return rc == 0 ? progress(ev, err) : rc;
}

/* ---- all of them ---- */

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
    struct inspection in = {.store = store};
    in.judged = calloc(validator_shape(ev->to)->count, sizeof *in.judged);
    in.held = calloc(validator_definition(ev->to)->check_count + 1, sizeof *in.held);
    bool room = in.judged != NULL && in.held != NULL;
    int rc = room ? reference_check_open(&in.references, ev, err) : error_no_memory(err);
    if (ev->converter != NULL) ev->converter->references = ev->judges ? &in.references : NULL;
    if (rc == 0 && wants_progress(ev) && ev->counts.total == 0) rc = count_records(ev, deleted, err);
    if (rc == 0) rc = evolution_walk(ev, deleted, inspect_batch, &in, err);
    /* A build comes here again and again, and says itself when that was all. */
    if (rc == 0 && ev->build == NULL) rc = evolution_report(ev, err);
    if (ev->converter != NULL) ev->converter->references = NULL;
    ev->counts.failed = in.failed;
    if (rc == 0 && in.failed != 0) rc = refuse(&in, code, what, err);
    error_clear(&in.found);
    reference_check_close(&in.references);
    record_free(&in.record);
    buffer_free(&in.scratch);
    free(in.judged);
    free(in.held);
    return rc;
}

int evolution_inspect(struct evolution *ev, const struct evolution_store *store, flexdb_error *err) {
    bool deleted = store != NULL || ev->converter != NULL || ev->counts.carried != NULL || ev->counts.back != NULL;
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
    ev.needed = ev.plan.check_references;
    int rc = room ? check(&ev, NULL, false, FLEXDB_REFERENCE, "the restore", err) : error_no_memory(err);
    plan_clear(&ev.plan);
    return rc;
}
