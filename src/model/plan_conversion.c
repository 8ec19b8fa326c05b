/* Which columns are converted, from what, and which way their originals came. */
#include <stdlib.h>
#include <string.h>

#include "model/plan_parts.h"

/* The formats by which the one was read from the other; NULL when it was not made from it, or by none. */
static const cJSON *formats_of(const struct column *made, const struct column *from) {
    const char *source = column_source(made);
    bool directly = source != NULL && strcmp(source, from->key) == 0;
    return directly ? cJSON_GetObjectItemCaseSensitive(made->converted_from, "parse") : NULL;
}

static bool open_conversion(struct conversion *c, const struct compiled_column *from,
                            const struct compiled_column *to) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    bool good = conversion_open(c, from, to, formats_of(to->column, from->column), "", &ignored);
    error_clear(&ignored);
    return good;
}

bool plan_conversion_open(struct plan_conversion *c, const struct validator *from, size_t from_slot,
                          const struct validator *to, size_t to_slot, bool returns) {
    const struct compiled_column *old = validator_column(from, from_slot), *new = validator_column(to, to_slot);
    *c = (struct plan_conversion){.from = from_slot, .to = to_slot, .returns = returns, .since = 1};
    c->there_open = open_conversion(&c->there, old, new);
    if (!returns) return true;
    c->back = calloc(1, sizeof *c->back);
    if (c->back != NULL && open_conversion(&c->back[0], new, old)) c->back_count = 1;
    return c->back != NULL;
}

void plan_conversion_clear(struct plan_conversion *c) {
    for (size_t i = 0; i < c->between_count; i++) validator_drop(c->between[i]);
    free(c->between);
    free(c->back);
    *c = (struct plan_conversion){0};
}

const struct plan_conversion *plan_find_conversion(const struct plan *p, size_t slot) {
    size_t low = 0, high = p->conversion_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->conversions[middle].to < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->conversion_count && p->conversions[low].to == slot ? &p->conversions[low] : NULL;
}

int plan_route(struct plan_conversion *c, const struct validator *from, const struct validator *to,
               struct validator *const *between, size_t count, flexdb_error *err) {
    struct conversion *back = calloc(count + 1, sizeof *back);
    struct validator **held = calloc(count + 1, sizeof *held);
    if (back == NULL || held == NULL) {
        for (size_t i = 0; i < count; i++) validator_drop(between[i]);
        free(back);
        free(held);
        return error_no_memory(err);
    }
    const struct compiled_column *at = validator_column(to, c->to);
    size_t open = 0;
    for (size_t i = 0; i <= count; i++) {
        const struct compiled_column *next =
            i < count ? validator_column(between[i], 0) : validator_column(from, c->from);
        if (open == i && open_conversion(&back[i], at, next)) open++;
        if (i < count) held[i] = between[i];
        at = next;
    }
    free(c->back);
    free(c->between);
    c->back = back;
    c->back_count = open == count + 1 ? open : 0;
    c->between = held;
    c->between_count = count;
    return 0;
}
