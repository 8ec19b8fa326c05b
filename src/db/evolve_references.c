#include "db/evolve_references.h"

#include <stdlib.h>
#include <string.h>

#include "db/references.h"

/* ---- open and close ---- */

int reference_check_open(struct reference_check *r, struct evolution *ev, flexdb_error *err) {
    size_t columns = validator_shape(ev->to)->columns;
    *r = (struct reference_check){.columns = columns};
    r->slots = calloc(columns + 1, sizeof *r->slots);
    r->wanted = calloc(validator_shape(ev->to)->count, sizeof *r->wanted);
    r->targets = calloc(columns + 1, sizeof *r->targets);
    r->missing = calloc(columns + 1, sizeof *r->missing);
    r->converted = calloc(ev->plan.conversion_count + 1, sizeof *r->converted);
    r->values = calloc(ev->plan.conversion_count + 1, sizeof *r->values);
    if (r->slots == NULL || r->wanted == NULL || r->targets == NULL || r->missing == NULL || r->converted == NULL ||
        r->values == NULL)
        return error_no_memory(err);
    int rc = 0;
    for (size_t slot = 0; rc == 0 && slot < columns; slot++) {
        if (!ev->plan.check_references[slot]) continue;
        r->wanted[slot] = true;
        r->slots[r->slot_count++] = slot;
        const char *target = validator_column(ev->to, slot)->column->rules.target_id;
        rc = references_target(ev->from, target, r->targets[slot], err);
    }
    for (size_t i = 0; i < ev->plan.conversion_count; i++) {
        size_t slot = ev->plan.conversions[i].to;
        r->converted[i] = r->wanted[slot];
        r->wanted[slot] = false;
    }
    return rc;
}

static void forget_batch(struct reference_check *r) {
    for (size_t slot = 0; r->missing != NULL && slot < r->columns; slot++) names_free(&r->missing[slot]);
    arena_free(&r->arena);
}

void reference_check_close(struct reference_check *r) {
    forget_batch(r);
    record_free(&r->record);
    free(r->slots);
    free(r->wanted);
    free(r->converted);
    free(r->targets);
    free(r->missing);
    free(r->values);
    *r = (struct reference_check){0};
}

/* ---- a batch ---- */

/* Ids that the records of a batch give for one column. */
struct ids {
    flexdb_value *values;
    size_t count;
};

static int add_id(struct reference_check *r, struct ids *ids, const flexdb_value *value, flexdb_error *err) {
    if (value->tag != FLEXDB_TEXT) return 0;
    char *copy = arena_dup(&r->arena, value->as.text, value->length);
    if (copy == NULL) return error_no_memory(err);
    ids->values[ids->count++] = value_text(copy, value->length);
    return 0;
}

/* `ids`: one for each of r->slots. */
static int collect(struct reference_check *r, struct evolution *ev, const struct raw_record *raw, struct ids *ids,
                   flexdb_error *err) {
    int rc = record_decode(ev->to, raw, r->wanted, &r->record, err);
    if (rc == 0 && ev->converter != NULL) rc = converter_peek(ev->converter, raw, r->converted, r->values, err);
    for (size_t i = 0; rc == 0 && i < r->slot_count; i++) {
        size_t slot = r->slots[i];
        const struct plan_conversion *p = plan_find_conversion(&ev->plan, slot);
        const flexdb_value *value = p == NULL ? &r->record.values[slot] : &r->values[p - ev->plan.conversions];
        rc = add_id(r, &ids[i], value, err);
    }
    return rc;
}

static int look_up(struct reference_check *r, struct evolution *ev, size_t slot, const struct ids *ids, bool *found,
                   flexdb_error *err) {
    struct names *missing = &r->missing[slot];
    int rc = references_look(ev->from->engine, r->targets[slot], ids->values, ids->count, !ev->dry, found, err);
    for (size_t i = 0; rc == 0 && i < ids->count; i++) {
        const flexdb_value *id = &ids->values[i];
        if (!found[i] && names_add(missing, id->as.text, id->length, 0) < 0) rc = error_no_memory(err);
    }
    return rc;
}

int reference_check_batch(struct reference_check *r, struct evolution *ev, const struct raw_record *batch, size_t count,
                          flexdb_error *err) {
    forget_batch(r);
    if (r->slot_count == 0 || count == 0) return 0;
    struct ids *ids = calloc(r->slot_count, sizeof *ids);
    flexdb_value *values = calloc(r->slot_count * count, sizeof *values);
    bool *found = calloc(count, sizeof *found);
    int rc = ids != NULL && values != NULL && found != NULL ? 0 : error_no_memory(err);
    for (size_t i = 0; rc == 0 && i < r->slot_count; i++) ids[i].values = values + i * count;
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (!batch[i].deleted) rc = collect(r, ev, &batch[i], ids, err);
    for (size_t i = 0; rc == 0 && i < r->slot_count; i++) rc = look_up(r, ev, r->slots[i], &ids[i], found, err);
    free(ids);
    free(values);
    free(found);
    return rc;
}

bool reference_is_missing(const struct reference_check *r, size_t slot, const flexdb_value *value) {
    return value->tag == FLEXDB_TEXT && names_find(&r->missing[slot], value->as.text, value->length) != NAMES_NONE;
}
