/* What leads from one definition to another: which column became which, and in which order the changes can be made. The
 * entries themselves are written in changes_entry.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "model/changes_entry.h"
#include "model/convert.h"
#include "model/definition_parts.h"

#define NO_COLUMN SIZE_MAX

struct diff {
    const struct definition *from, *to;
    size_t *partner_of_from, *partner_of_to; /* the column of the other side, or NO_COLUMN */
    struct names origins;                    /* where the columns of `from` began */
    bool *stays;        /* columns of `from` that keep their place while the others move around them */
    size_t *room;       /* two numbers for each column of `from` */
    const char **words; /* a word for each column of either side */
    struct entries entries;
};

static bool diff_open(struct diff *d, const struct definition *from, const struct definition *to) {
    *d = (struct diff){.from = from, .to = to};
    d->partner_of_from = malloc((from->count + 1) * sizeof(size_t));
    d->partner_of_to = malloc((to->count + 1) * sizeof(size_t));
    d->stays = calloc(from->count + 1, sizeof *d->stays);
    d->room = calloc(2 * from->count + 2, sizeof *d->room);
    d->words = calloc((from->count > to->count ? from->count : to->count) + 1, sizeof *d->words);
    if (d->partner_of_from == NULL || d->partner_of_to == NULL || d->stays == NULL || d->room == NULL ||
        d->words == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->count; i++) d->partner_of_from[i] = NO_COLUMN;
    for (size_t i = 0; i < to->count; i++) d->partner_of_to[i] = NO_COLUMN;
    return definition_origins(from, &d->origins) && entries_open(&d->entries);
}

static void diff_close(struct diff *d) {
    names_free(&d->origins);
    free(d->partner_of_from);
    free(d->partner_of_to);
    free(d->stays);
    free(d->room);
    free(d->words);
    cJSON_Delete(d->entries.list);
}

/* ---- which column became which ---- */

static void pair(struct diff *d, const struct column *old, size_t to) {
    if (old == NULL) return;
    size_t from = (size_t)(old - d->from->columns);
    if (d->partner_of_from[from] != NO_COLUMN || d->partner_of_to[to] != NO_COLUMN) return;
    /* What no conversion leads to is another column. */
    if (conversion_row(old->type, d->to->columns[to].type)->class == CONVERT_REFUSED) return;
    d->partner_of_from[from] = to;
    d->partner_of_to[to] = from;
}

static void pair_named(struct diff *d, const char *name, size_t to) {
    const struct column *old = name == NULL ? NULL : definition_find(d->from, name, strlen(name));
    if (old != NULL && !(old->keyed && d->to->columns[to].keyed)) pair(d, old, to);
}

/* Whether no column is left that has the name already. */
static bool is_new_name(const struct diff *d, const char *name) {
    const struct column *old = definition_find(d->from, name, strlen(name));
    return old == NULL || d->partner_of_from[old - d->from->columns] != NO_COLUMN;
}

/* What has a new name is what it says that it was called, which may make the next name a new one: a to b, b to c. */
static void pair_renamed(struct diff *d) {
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < d->to->count; i++) {
            const struct column *new = &d->to->columns[i];
            if (d->partner_of_to[i] != NO_COLUMN || !is_new_name(d, new->name)) continue;
            pair_named(d, new->renamed_from, i);
            again = again || d->partner_of_to[i] != NO_COLUMN;
        }
    }
}

/* Columns whose keys are both said are the same when the keys are, or when one was made from the other. A name that is
 * there already goes before `renamedFrom`, which stays in a document long after the rename was made. */
static void pair_columns(struct diff *d) {
    for (size_t i = 0; i < d->to->count; i++) {
        const struct column *new = &d->to->columns[i];
        const struct column *old = new->keyed ? definition_find_key(d->from, new->key, strlen(new->key)) : NULL;
        if (old != NULL && old->keyed) pair(d, old, i);
    }
    /* A retype, or the way back from one. */
    for (size_t i = 0; i < d->to->count; i++) {
        if (d->partner_of_to[i] == NO_COLUMN)
            pair(d, definition_find_retyped(d->from, &d->origins, &d->to->columns[i]), i);
    }
    pair_renamed(d);
    for (size_t i = 0; i < d->to->count; i++) pair_named(d, d->to->columns[i].name, i);
    pair_renamed(d);
}

/* ---- names ---- */

enum { RENAME_NONE, RENAME_PENDING, RENAME_OPEN };

static const char *new_name(const struct diff *d, size_t from) { return d->to->columns[d->partner_of_from[from]].name; }

/* A name that neither side has, for the third corner of a swap. */
static void third_name(const struct diff *d, unsigned *n, char out[NAME_MAX_LENGTH + 1]) {
    size_t length;
    do {
        length = (size_t)snprintf(out, NAME_MAX_LENGTH + 1, "swap_%u", ++*n);
    } while (definition_find(d->from, out, length) != NULL || definition_find(d->to, out, length) != NULL);
}

/* Renames `from` and, before it, the column that has its new name, and so on. Where that leads back to `from`, it steps
 * aside first. Each new name is wanted by one column only, so a chain cannot run into another's circle. */
static bool rename_chain(struct diff *d, size_t from, size_t *state, size_t *chain, unsigned *thirds) {
    char aside[NAME_MAX_LENGTH + 1] = "";
    size_t length = 0;
    for (size_t at = from;;) {
        chain[length++] = at;
        state[at] = RENAME_OPEN;
        const char *wanted = new_name(d, at);
        const struct column *holder = definition_find(d->from, wanted, strlen(wanted));
        if (holder == NULL) break;
        at = (size_t)(holder - d->from->columns);
        if (state[at] == RENAME_PENDING) continue;
        if (state[at] == RENAME_OPEN && at == from) {
            third_name(d, thirds, aside);
            if (!entries_rename(&d->entries, d->from->columns[from].name, aside)) return false;
        }
        break;
    }
    while (length > 0) {
        size_t at = chain[--length];
        const char *name = at == from && aside[0] != '\0' ? aside : d->from->columns[at].name;
        if (!entries_rename(&d->entries, name, new_name(d, at))) return false;
        state[at] = RENAME_NONE;
    }
    return true;
}

static bool rename_columns(struct diff *d) {
    size_t *state = d->room, *chain = d->room + d->from->count;
    unsigned thirds = 0;
    for (size_t i = 0; i < d->from->count; i++) {
        bool renamed = d->partner_of_from[i] != NO_COLUMN && strcmp(d->from->columns[i].name, new_name(d, i)) != 0;
        state[i] = renamed ? RENAME_PENDING : RENAME_NONE;
    }
    for (size_t i = 0; i < d->from->count; i++) {
        if (state[i] == RENAME_PENDING && !rename_chain(d, i, state, chain, &thirds)) return false;
    }
    return true;
}

/* ---- places ---- */

/* Marks a longest run of columns of `from` whose places in `to` increase: they stay, and the fewest move. */
static void mark_staying(struct diff *d) {
    size_t *last = d->room, *previous = d->room + d->from->count, length = 0; /* last[n]: ends the best run of n + 1 */
    for (size_t i = 0; i < d->from->count; i++) {
        if (d->partner_of_from[i] == NO_COLUMN) continue;
        size_t low = 0, high = length;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (d->partner_of_from[last[middle]] < d->partner_of_from[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        previous[i] = low == 0 ? NO_COLUMN : last[low - 1];
        last[low] = i;
        if (low == length) length++;
    }
    for (size_t i = length == 0 ? NO_COLUMN : last[length - 1]; i != NO_COLUMN; i = previous[i]) d->stays[i] = true;
}

/* The name, as it is in the end, of what stood before a column of `from`; NULL for the first. */
static const char *name_before(const struct diff *d, size_t from) {
    while (from-- > 0) {
        if (d->partner_of_from[from] != NO_COLUMN) return new_name(d, from);
    }
    return NULL;
}

/* From left to right, each behind its neighbour: what stays is in order among itself, and what is put between two of
 * those is put there in order. */
static bool place_columns(struct diff *d) {
    size_t new_tail = d->to->count; /* from here on all are new: they are simply appended */
    while (new_tail > 0 && d->partner_of_to[new_tail - 1] == NO_COLUMN) new_tail--;
    for (size_t i = 0; i < d->to->count; i++) {
        const struct column *column = &d->to->columns[i];
        struct place place = {.said = i < new_tail, .after = i == 0 ? NULL : column[-1].name};
        size_t from = d->partner_of_to[i];
        if (from == NO_COLUMN) {
            if (!entries_add(&d->entries, column, place)) return false;
        } else if (!d->stays[from]) {
            struct place old = {.said = true, .after = name_before(d, from)};
            if (!entries_move(&d->entries, column->name, old, place)) return false;
        }
    }
    return true;
}

/* ---- the whole ---- */

/* An index goes with the first of its columns that goes. */
static bool remove_columns(struct diff *d) {
    for (size_t i = 0; i < d->from->count; i++) d->words[i] = d->from->columns[i].name;
    for (size_t i = 0; i < d->from->count; i++) {
        if (d->partner_of_from[i] != NO_COLUMN) continue;
        cJSON *indexes = indexes_document(d->from, "columns", d->words, i);
        if (!entries_remove(&d->entries, &d->from->columns[i], indexes)) return false;
        d->words[i] = NULL;
    }
    return true;
}

/* The indexes that the removals have left, and those that are to be, by the names that the columns have by then. */
static bool modify_table(struct diff *d, const struct renamed *renamed) {
    for (size_t i = 0; i < d->from->count; i++) {
        d->words[i] = d->partner_of_from[i] == NO_COLUMN ? NULL : new_name(d, i);
    }
    cJSON *before = indexes_document(d->from, "columns", d->words, SIZE_MAX);
    for (size_t i = 0; i < d->to->count; i++) d->words[i] = d->to->columns[i].name;
    cJSON *after = indexes_document(d->to, "columns", d->words, SIZE_MAX);
    return entries_table(&d->entries, d->from, renamed, d->to, before, after);
}

static bool modify_columns(struct diff *d, const struct renamed *renamed) {
    for (size_t i = 0; i < d->to->count; i++) {
        size_t from = d->partner_of_to[i];
        if (from == NO_COLUMN) continue;
        struct column old = d->from->columns[from];
        old.computed = renamed->computed[from];
        if (!entries_modify(&d->entries, &old, &d->to->columns[i], renamed->lost[from])) return false;
    }
    return true;
}

/* What the expressions have become by then is what the others are told from. */
static bool modify(struct diff *d) {
    struct renamed renamed;
    bool *gone = calloc(d->from->count + 1, sizeof *gone);
    for (size_t i = 0; gone != NULL && i < d->from->count; i++) gone[i] = d->partner_of_from[i] == NO_COLUMN;
    bool good = gone != NULL;
    if (good) {
        good = renamed_make(&renamed, &d->entries, d->from, gone) && modify_columns(d, &renamed) && place_columns(d) &&
               modify_table(d, &renamed);
        renamed_clear(&renamed);
    }
    free(gone);
    return good;
}

int changes_diff(cJSON **out, const struct definition *from, const struct definition *to, flexdb_error *err) {
    struct diff d;
    int rc = 0;
    bool good = diff_open(&d, from, to);
    if (good) {
        pair_columns(&d);
        mark_staying(&d);
        good = remove_columns(&d) && rename_columns(&d) && modify(&d);
    }
    if (good) {
        *out = d.entries.list;
        d.entries.list = NULL;
    } else {
        rc = error_no_memory(err);
    }
    diff_close(&d);
    return rc;
}

int changes_print_diff(const struct definition *from, const struct definition *to, struct buffer *out,
                       flexdb_error *err) {
    cJSON *diff = NULL;
    int rc = changes_diff(&diff, from, to, err);
    if (rc != 0) return rc;
    document_print(diff, out);
    cJSON_Delete(diff);
    return buffer_failed(out) ? error_no_memory(err) : 0;
}
