/* Indexes over several physical columns: made for a definition, carried on by an evolution. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/layout.h"

/* ---- what a server's key holds ---- */

size_t layout_key_bytes(enum physical_kind kind) {
    switch (kind) {
    case PHYSICAL_INTEGER: return 8;
    case PHYSICAL_DECIMAL: return 16;
    case PHYSICAL_DATE: return 10;
    case PHYSICAL_DATETIME: return 27;
    case PHYSICAL_ID: return ID_MAX_LENGTH;
    case PHYSICAL_NONE:
    case PHYSICAL_TEXT: break;
    }
    return LAYOUT_TEXT_BYTES;
}

bool layout_index_is_wide(const struct layout *l, const struct layout_index *index) {
    size_t bytes = index->unique ? 1 : 0, parts = index->count + (index->unique ? 1 : 0);
    for (size_t i = 0; i < index->count; i++) bytes += layout_key_bytes(l->columns[index->columns[i]].kind);
    return bytes > LAYOUT_KEY_BYTES || parts > LAYOUT_KEY_PARTS;
}

/* ---- a new one ---- */

static size_t place_of(const struct layout *l, const char *key) {
    size_t i = 0;
    while (strcmp(l->columns[i].key, key) != 0) i++;
    return i;
}

bool layout_add_indexes(struct layout *l, const struct definition *d) {
    if (d->index_count == 0) return true;
    l->indexes = calloc(d->index_count, sizeof *l->indexes);
    if (l->indexes == NULL) return false;
    for (size_t i = 0; i < d->index_count; i++) {
        const struct definition_index *asked = &d->indexes[i];
        struct layout_index *index = &l->indexes[l->index_count++];
        snprintf(index->name, sizeof index->name, "i%zu", l->index_count);
        index->unique = asked->unique;
        index->count = asked->count;
        for (size_t k = 0; k < asked->count; k++) index->columns[k] = place_of(l, d->columns[asked->columns[k]].key);
    }
    return true;
}

int layout_check_indexes(const struct layout *l, flexdb_error *err) {
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++) count += l->columns[i].indexed || l->columns[i].unique ? 1 : 0;
    for (size_t i = 0; i < l->index_count; i++) {
        count += l->indexes[i].unique && layout_index_is_wide(l, &l->indexes[i]) ? 2 : 1;
    }
    if (count <= DEFINITION_MAX_INDEXES) return 0;
    return error_set(err, FLEXDB_LIMIT,
                     "the table needs %zu indexes, %d are allowed (a unique one over more than %d columns or %d bytes "
                     "counts twice)",
                     count, DEFINITION_MAX_INDEXES, LAYOUT_KEY_PARTS - 1, LAYOUT_KEY_BYTES - 1);
}

/* ---- after an evolution ---- */

static bool is_asked(const struct layout *l, const struct layout_index *index, const struct definition *d,
                     const struct definition_index *asked) {
    if (index->unique != asked->unique || index->count != asked->count) return false;
    for (size_t i = 0; i < index->count; i++) {
        if (strcmp(l->columns[index->columns[i]].key, d->columns[asked->columns[i]].key) != 0) return false;
    }
    return true;
}

/* The index of the definition that this one is, or the count. */
static size_t find_asked(const struct layout *l, const struct layout_index *index, const struct definition *d) {
    size_t i = 0;
    while (i < d->index_count && !is_asked(l, index, d, &d->indexes[i])) i++;
    return i;
}

/* The same index in the new layout, whose columns may have moved up; false when one of them is gone. */
static bool carry(const struct layout *l, const struct layout *old, struct layout_index *index) {
    for (size_t i = 0; i < index->count; i++) {
        const char *name = old->columns[index->columns[i]].name;
        size_t at = 0;
        while (at < l->count && strcmp(l->columns[at].name, name) != 0) at++;
        if (at == l->count) return false;
        index->columns[i] = at;
    }
    return true;
}

static bool has_retired_column(const struct layout *l, const struct layout_index *index) {
    for (size_t i = 0; i < index->count; i++) {
        if (l->columns[index->columns[i]].retired) return true;
    }
    return false;
}

int layout_carry_indexes(struct layout *l, const struct layout *old, const struct definition *d) {
    size_t served = 0;
    if (old->index_count == 0) return d->index_count == 0;
    l->indexes = calloc(old->index_count, sizeof *l->indexes);
    if (l->indexes == NULL) return -1;
    for (size_t i = 0; i < old->index_count; i++) {
        struct layout_index index = old->indexes[i];
        bool whole = carry(l, old, &index);
        bool asked = whole && find_asked(l, &index, d) < d->index_count;
        index.retired = !asked;
        /* With a column that nobody fills, no new record has a value in all of them. */
        if (!asked && index.unique && !(whole && has_retired_column(l, &index))) return 0;
        served += asked ? 1 : 0;
        if (whole) l->indexes[l->index_count++] = index;
    }
    return served == d->index_count;
}
