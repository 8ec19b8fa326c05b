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
    c->is_open = open_conversion(&c->straight, old, new);
    if (!returns) return true;
    c->back = calloc(1, sizeof *c->back);
    if (c->back != NULL && open_conversion(&c->back[0], new, old)) c->back_count = 1;
    return c->back != NULL;
}

void plan_conversion_clear(struct plan_conversion *c) {
    for (size_t i = 0; i < c->between_count; i++) validator_drop(c->between[i]);
    for (size_t i = 0; c->made != NULL && i < c->back_count; i++) validator_drop(c->made[i]);
    free(c->between);
    free(c->made);
    free(c->back);
    free(c->there);
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

/* A way through the keys: path[0], path[1] … Returns how many conversions it takes, 0 where one of them is refused. */
static size_t open_way(struct conversion *way, const struct compiled_column *const *path, size_t keys) {
    for (size_t i = 0; i + 1 < keys; i++)
        if (!open_conversion(&way[i], path[i], path[i + 1])) return 0;
    return keys - 1;
}

/* `path`: from the returning key to the one that is left; `turned` has room for as many. */
static void open_ways(struct plan_conversion *c, const struct compiled_column **path, size_t keys, size_t meet,
                      const struct compiled_column **turned) {
    size_t count = 0, begin = 0;
    for (size_t i = 0; i < c->between_count; i++) {
        if (!validator_was_computed(c->between[i])) continue;
        c->computed = c->between[i];
        begin = i + 1;
    }
    c->back_count = open_way(c->back, path + begin, keys - begin);
    /* Straight up to where the ways meet, and from there as retypes have gone. */
    if (meet == 0) return;
    turned[count++] = path[keys - 1];
    for (size_t i = meet < keys - 1 ? meet + 1 : meet; i-- > 0;) turned[count++] = path[i];
    c->there_count = count > 2 ? open_way(c->there, turned, count) : 0;
}

int plan_route(struct plan_conversion *c, const struct validator *from, const struct validator *to,
               struct validator *const *between, size_t count, size_t meet, flexdb_error *err) {
    size_t keys = count + 2;
    struct validator **held = calloc(count + 1, sizeof *held);
    struct conversion *back = calloc(keys, sizeof *back), *there = calloc(keys, sizeof *there);
    const struct compiled_column **path = calloc(2 * keys, sizeof *path);
    bool good = held != NULL && back != NULL && there != NULL && path != NULL;
    for (size_t i = 0; i < count; i++) {
        if (good)
            held[i] = between[i];
        else
            validator_drop(between[i]);
    }
    if (!good) {
        free(held);
        free(back);
        free(there);
        free(path);
        return error_no_memory(err);
    }
    path[0] = validator_column(to, c->to);
    for (size_t i = 0; i < count; i++) path[i + 1] = validator_column(held[i], 0);
    path[keys - 1] = validator_column(from, c->from);
    free(c->back);
    c->back = back;
    c->there = there;
    c->between = held;
    c->between_count = count;
    open_ways(c, path, keys, meet, path + keys);
    free(path);
    return 0;
}
