/* What stands in the way of an evolution's unique rules: records whose values will be the same. */
#include <stdlib.h>

#include "db/duplicates.h"
#include "db/evolution.h"
#include "db/evolve_references.h"

/* The records as they will be. */
struct converted {
    struct evolution ev;        /* a copy, whose converter is one of its own: the other's counts are the plan's */
    struct converter converter; /* reads them */
    struct reference_check references;
};

static int open_converted(struct converted *c, const struct evolution *ev, flexdb_error *err) {
    *c = (struct converted){.ev = *ev};
    c->ev.converter = &c->converter;
    c->ev.dry = true; /* referenced records are looked for, and not held */
    int rc = converter_open(&c->converter, ev->from, ev->to, &ev->plan, ev->options->on_invalid, err);
    if (rc != 0 || !ev->judges) return rc;
    c->converter.references = &c->references;
    return reference_check_open(&c->references, &c->ev, err);
}

static void close_converted(struct converted *c) {
    reference_check_close(&c->references);
    converter_close(&c->converter);
}

static int meet_batch(void *context, const struct raw_record *batch, size_t count, flexdb_error *err) {
    struct converted *c = context;
    return reference_check_batch(&c->references, &c->ev, batch, count, err);
}

static int read_converted(void *context, const struct raw_record *raw, const flexdb_value **values, flexdb_error *err) {
    struct converted *c = context;
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = converter_read(&c->converter, raw, &why, err);
    error_clear(&why);
    *values = c->converter.new.values;
    return rc < 0 ? rc : 0;
}

int evolution_find_duplicates(struct evolution *ev, struct duplicates **out, size_t *count, flexdb_error *err) {
    *out = NULL;
    *count = 0;
    if (!ev->has_records) return 0;
    if (ev->plan.conversion_count + ev->plan.computation_count == 0)
        return duplicates_find(out, count, ev->from, ev->to, NULL, err);
    bool *changed = calloc(validator_shape(ev->to)->count, sizeof *changed);
    if (changed == NULL) return error_no_memory(err);
    for (size_t i = 0; i < ev->plan.computation_count; i++) changed[ev->plan.computations[i].to] = true;
    struct converted c;
    int rc = open_converted(&c, ev, err);
    const struct duplicates_source source = {
        .read = read_converted, .batch = meet_batch, .context = &c, .changed = changed};
    if (rc == 0) rc = duplicates_find(out, count, ev->from, ev->to, &source, err);
    close_converted(&c);
    free(changed);
    return rc;
}

/* Records behind the one that the engine has refused may stand against the change for themselves: a plan tells of those
 * alone. */
static int inspect_all(struct evolution *ev, flexdb_error *err) {
    if (!ev->judges && ev->converter == NULL) return 0;
    ev->counts.live = ev->counts.deleted = 0;
    ev->quiet = true;
    int rc = evolution_inspect(ev, NULL, err);
    ev->quiet = false;
    return rc;
}

int evolution_explain_duplicates(struct evolution *ev, flexdb_error *err) {
    if (err->code != FLEXDB_DUPLICATE || err->ended) return -(int)err->code;
    flexdb_error why = FLEXDB_ERROR_INIT;
    struct duplicates *list = NULL;
    size_t count = 0;
    int rc = inspect_all(ev, &why);
    if (rc == 0) rc = evolution_find_duplicates(ev, &list, &count, &why);
    if (rc == 0) rc = duplicates_refuse(list, count, ev->to, &why);
    if (rc == 0) {
        rc = -(int)err->code; /* nobody holds them any more */
    } else {
        error_clear(err);
        error_move(err, &why);
    }
    duplicates_free(list, count);
    return rc;
}
