/* Which computed column comes after which: a walk in depth from each, which leaves a column behind all that it reads.
 */
#include <stdlib.h>
#include <string.h>

#include "model/definition_parts.h"
#include "model/formula.h"

enum visit { VISIT_NOT_YET, VISIT_OPEN, VISIT_DONE };

struct walk {
    const struct definition *definition;
    const struct formula *const *formulas;
    uint32_t *order;
    size_t *count;
    flexdb_error *err;
    unsigned char *visits; /* enum visit, by slot */
    uint32_t *stack;       /* the open columns, each read by the one before */
    size_t *next;          /* of each of them: which of its columns comes next */
    size_t depth;
};

static const char *name_of(const struct walk *w, uint32_t slot) { return w->definition->columns[slot].name; }

/* The open columns from `slot` on read each other in a circle. */
static bool refuse_circle(struct walk *w, uint32_t slot) {
    enum { SHOWN = 8 };
    struct issue_path path = {.length = 0};
    struct buffer words = BUFFER_INIT;
    size_t begin = w->depth - 1, length;
    while (w->stack[begin] != slot) begin--;
    length = w->depth - begin;
    buffer_printf(&words, "%s reads ", name_of(w, slot));
    for (size_t i = 1; i < length && i < SHOWN; i++)
        buffer_printf(&words, "%s, which reads ", name_of(w, w->stack[begin + i]));
    if (length > SHOWN) buffer_printf(&words, "%zu more, of which the last reads ", length - SHOWN);
    buffer_puts(&words, length == 1 ? "itself" : name_of(w, slot));
    issue_path_key(&path, "columns");
    issue_path_index(&path, w->definition->columns[slot].position);
    issue_path_key(&path, "validation");
    issue_path_key(&path, "computed");
    const char *text = buffer_text(&words);
    if (text == NULL)
        error_no_memory(w->err);
    else
        issue_path_add(&path, "circle", NULL, NULL, w->err, "%s", text);
    buffer_free(&words);
    return text != NULL;
}

static void open_column(struct walk *w, uint32_t slot) {
    w->visits[slot] = VISIT_OPEN;
    w->next[w->depth] = 0;
    w->stack[w->depth++] = slot;
}

/* Goes one step on from the column on top. False when memory is out. */
static bool step(struct walk *w, bool *circle) {
    uint32_t slot = w->stack[w->depth - 1];
    const uint32_t *reads;
    size_t count = formula_columns(w->formulas[slot], &reads), *next = &w->next[w->depth - 1];
    if (*next == count) {
        w->visits[slot] = VISIT_DONE;
        w->order[(*w->count)++] = slot;
        w->depth--;
        return true;
    }
    uint32_t read = reads[(*next)++];
    if (w->formulas[read] == NULL || w->visits[read] == VISIT_DONE) return true;
    if (w->visits[read] == VISIT_NOT_YET) {
        open_column(w, read);
        return true;
    }
    *circle = true;
    return refuse_circle(w, read);
}

bool formula_order(const struct definition *d, const struct formula *const *formulas, uint32_t *order, size_t *count,
                   flexdb_error *err) {
    struct walk w = {.definition = d, .formulas = formulas, .order = order, .count = count, .err = err};
    bool good, circle = false;
    *count = 0;
    w.visits = calloc(d->count + 1, sizeof *w.visits);
    w.stack = malloc((d->count + 1) * sizeof *w.stack);
    w.next = malloc((d->count + 1) * sizeof *w.next);
    good = w.visits != NULL && w.stack != NULL && w.next != NULL;
    if (!good) error_no_memory(err);
    for (uint32_t slot = 0; good && slot < d->count; slot++) {
        if (formulas[slot] == NULL || w.visits[slot] != VISIT_NOT_YET) continue;
        open_column(&w, slot);
        while (good && w.depth > 0) good = step(&w, &circle);
    }
    free(w.visits);
    free(w.stack);
    free(w.next);
    return good && !circle;
}
