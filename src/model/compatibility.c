#include "model/compatibility.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "model/compatibility_parts.h"
#include "model/convert.h"

enum { NEW_COLUMN = -1 };

void compatibility_add(struct comparison *c, struct compatibility_difference difference) {
    struct compatibility *out = c->out;
    if (c->no_memory) return;
    if (out->count == c->capacity) {
        size_t capacity = c->capacity == 0 ? 16 : 2 * c->capacity;
        struct compatibility_difference *more = realloc(out->differences, capacity * sizeof *more);
        if (more == NULL) {
            c->no_memory = true;
            return;
        }
        out->differences = more;
        c->capacity = capacity;
    }
    const struct compatibility_row *row = compatibility_row(difference.change);
    out->differences[out->count++] = difference;
    out->breaks_backward = out->breaks_backward || row->backward != NULL;
    out->breaks_forward = out->breaks_forward || row->forward != NULL;
    out->breaking = out->breaking || row->breaking != NULL;
    out->destructive = out->destructive || row->destructive != NULL;
}

static void add(struct comparison *c, enum compatibility_change change, const struct column *from,
                const struct column *to) {
    compatibility_add(c, (struct compatibility_difference){.change = change, .from = from, .to = to});
}

/* ---- one column ---- */

/* A rule by which the new column may refuse what the old allows, and the other way round. */
static void compare_rule(struct comparison *c, const struct compiled_column *from, const struct compiled_column *to,
                         bool (*refuses)(const struct compiled_column *a, const struct compiled_column *b),
                         enum compatibility_change tighter, enum compatibility_change looser) {
    if (refuses(from, to)) add(c, tighter, from->column, to->column);
    if (refuses(to, from)) add(c, looser, from->column, to->column);
}

static void compare_pattern(struct comparison *c, const struct column *from, const struct column *to, const char *old,
                            const char *new) {
    if (old == NULL && new == NULL) return;
    if (old == NULL) {
        add(c, CHANGE_PATTERN_ADDED, from, to);
    } else if (new == NULL) {
        add(c, CHANGE_PATTERN_REMOVED, from, to);
    } else if (strcmp(old, new) != 0) {
        add(c, CHANGE_PATTERN_CHANGED, from, to);
    }
}

static void compare_rules(struct comparison *c, const struct compiled_column *old, const struct compiled_column *new) {
    const struct column *from = old->column, *to = new->column;
    compare_rule(c, old, new, lengths_refuse, CHANGE_LENGTH_TIGHTER, CHANGE_LENGTH_LOOSER);
    compare_rule(c, old, new, range_refuses, CHANGE_RANGE_TIGHTER, CHANGE_RANGE_LOOSER);
    compare_rule(c, old, new, enum_refuses, CHANGE_ENUM_TIGHTER, CHANGE_ENUM_LOOSER);
    compare_pattern(c, from, to, from->rules.pattern, to->rules.pattern);
    compare_pattern(c, from, to, from->rules.format, to->rules.format);
    if (to->type == TYPE_DECIMAL && to->rules.precision < from->rules.precision) {
        add(c, CHANGE_PRECISION_SMALLER, from, to);
    }
    if (to->type == TYPE_DECIMAL && to->rules.precision > from->rules.precision) {
        add(c, CHANGE_PRECISION_GREATER, from, to);
    }
    if (to->type == TYPE_REFERENCE && is_redirected(&from->rules, &to->rules)) add(c, CHANGE_TARGET, from, to);
    if (to->type == TYPE_REFERENCE && from->rules.on_delete != to->rules.on_delete) add(c, CHANGE_ON_DELETE, from, to);
}

static bool is_text(const struct column *c) { return c->type == TYPE_STRING || c->type == TYPE_TEXT; }

static void compare_types(struct comparison *c, const struct compiled_column *old, const struct compiled_column *new) {
    static const enum compatibility_change changes[CONVERT_CLASS_COUNT] = {
        [CONVERT_EXACT] = CHANGE_RETYPE_EXACT,
        [CONVERT_MAY_FAIL] = CHANGE_RETYPE_MAY_FAIL,
        [CONVERT_ROUNDS] = CHANGE_RETYPE_ROUNDS,
        [CONVERT_REFUSED] = CHANGE_RETYPE_REFUSED,
    };
    const struct column *from = old->column, *to = new->column;
    enum convert_class class = conversion_class(from, to);
    if (class == CONVERT_EXACT && rules_may_refuse(old, new)) class = CONVERT_MAY_FAIL;
    bool text = class == CONVERT_EXACT && is_text(from) && is_text(to);
    add(c, text ? CHANGE_RETYPE_TEXT : changes[class], from, to);
}

/* As those see it who write and read: what a wider decimal is stored as is no concern of theirs. */
static bool is_retyped(const struct column *from, const struct column *to) {
    return from->type != to->type || (to->type == TYPE_DECIMAL && from->rules.scale != to->rules.scale);
}

static bool same_text(const char *a, const char *b) { return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0); }

static bool same_default(const struct column *from, const struct column *to) {
    const cJSON *a = from->default_value, *b = to->default_value;
    return a == b || (a != NULL && b != NULL && document_equal(a, b));
}

static void compare_flags(struct comparison *c, const struct column *from, const struct column *to) {
    if (!from->required && to->required) add(c, CHANGE_REQUIRED_ON, from, to);
    if (from->required && !to->required) add(c, CHANGE_REQUIRED_OFF, from, to);
    if (!from->unique && to->unique) add(c, CHANGE_UNIQUE_ON, from, to);
    if (from->unique && !to->unique) add(c, CHANGE_UNIQUE_OFF, from, to);
    if (to->required && from->default_value != NULL && to->default_value == NULL) {
        add(c, CHANGE_DEFAULT_REMOVED, from, to);
    } else if (!is_retyped(from, to) && !same_default(from, to)) {
        add(c, CHANGE_DEFAULT, from, to);
    }
    if (from->indexed != to->indexed || from->filterable != to->filterable || from->searchable != to->searchable) {
        add(c, CHANGE_INDEX, from, to);
    }
    if (!same_text(from->display_name, to->display_name) || !same_text(from->description, to->description)) {
        add(c, CHANGE_WORDS, from, to);
    }
}

static void compare_columns(struct comparison *c, const struct compiled_column *old,
                            const struct compiled_column *new) {
    const struct column *from = old->column, *to = new->column;
    if (strcmp(from->name, to->name) != 0) add(c, CHANGE_RENAME, from, to);
    if (is_retyped(from, to)) {
        compare_types(c, old, new);
    } else {
        compare_rules(c, old, new);
    }
    compare_computed(c, from, to);
    compare_flags(c, from, to);
}

/* Whether a reader gets by where a writer does not know the column. */
static bool is_optional(const struct column *c) { return !c->required || c->initial_default != NULL; }

/* ---- the whole ---- */

static int64_t find_source(const struct comparison *c, const struct column *to) {
    const struct definition *from = validator_definition(c->from);
    int64_t source = validator_slot_of_key(c->from, to->key, strlen(to->key));
    if (source != NAMES_NONE) return source;
    const struct column *old = definition_find(from, to->name, strlen(to->name));
    bool gone = old != NULL && validator_slot_of_key(c->to, old->key, strlen(old->key)) == NAMES_NONE;
    return gone && column_needs_key(old, to) ? (int64_t)(old - from->columns) : NEW_COLUMN;
}

/* `sources`: for each column of `to` where it comes from; `kept`: for each of `from` whether it stays. */
static void compare_all_columns(struct comparison *c, const int64_t *sources, bool *kept) {
    size_t old_count = validator_shape(c->from)->columns, new_count = validator_shape(c->to)->columns;
    int64_t last = NEW_COLUMN;
    for (size_t i = 0; i < new_count; i++) {
        const struct compiled_column *new = validator_column(c->to, i);
        int64_t source = sources[i];
        if (source < 0) {
            bool optional = is_optional(new->column) || new->column->default_value != NULL;
            bool computed = new->column->computed != NULL;
            add(c,
                computed   ? CHANGE_ADD_COMPUTED
                : optional ? CHANGE_ADD_OPTIONAL
                           : CHANGE_ADD_REQUIRED,
                NULL, new->column);
            continue;
        }
        const struct compiled_column *old = validator_column(c->from, (size_t)source);
        kept[source] = true;
        compare_columns(c, old, new);
        if (source < last) add(c, CHANGE_ORDER, old->column, new->column);
        if (source > last) last = source;
    }
    for (size_t i = 0; i < old_count; i++) {
        const struct column *old = validator_column(c->from, i)->column;
        if (!kept[i]) add(c, is_optional(old) ? CHANGE_REMOVE_OPTIONAL : CHANGE_REMOVE_REQUIRED, old, NULL);
    }
}

/* ---- indexes ---- */

static bool same_columns(const struct definition_index *old, const struct definition_index *new,
                         const int64_t *sources) {
    if (old->count != new->count) return false;
    for (size_t i = 0; i < old->count; i++)
        if (sources[new->columns[i]] != (int64_t)old->columns[i]) return false;
    return true;
}

static void add_index(struct comparison *c, enum compatibility_change change, const struct definition *owner,
                      const struct definition_index *index) {
    compatibility_add(c, (struct compatibility_difference){.change = change, .index = index, .owner = owner});
}

static void compare_indexes(struct comparison *c, const int64_t *sources) {
    const struct definition *from = validator_definition(c->from), *to = validator_definition(c->to);
    for (size_t i = 0; i < to->index_count; i++) {
        const struct definition_index *new = &to->indexes[i];
        size_t k = 0;
        while (k < from->index_count && !same_columns(&from->indexes[k], new, sources)) k++;
        bool there = k < from->index_count, was_unique = there && from->indexes[k].unique;
        if (new->unique && !was_unique) add_index(c, CHANGE_UNIQUE_INDEX_ON, to, new);
        if (!new->unique && was_unique) add_index(c, CHANGE_UNIQUE_INDEX_OFF, from, &from->indexes[k]);
        if (!new->unique && !there) add_index(c, CHANGE_INDEX_ON, to, new);
    }
    for (size_t i = 0; i < from->index_count; i++) {
        const struct definition_index *old = &from->indexes[i];
        size_t k = 0;
        while (k < to->index_count && !same_columns(old, &to->indexes[k], sources)) k++;
        if (k == to->index_count) add_index(c, old->unique ? CHANGE_UNIQUE_INDEX_OFF : CHANGE_INDEX_OFF, from, old);
    }
}

int compatibility_compare(struct compatibility *out, const struct validator *from, const struct validator *to,
                          const int64_t *sources, flexdb_error *err) {
    *out = (struct compatibility){0};
    struct comparison c = {.out = out, .from = from, .to = to};
    size_t columns = validator_shape(to)->columns;
    bool *kept = calloc(validator_shape(from)->columns + 1, sizeof *kept);
    int64_t *found = calloc(columns + 1, sizeof *found);
    c.no_memory = kept == NULL || found == NULL;
    if (!c.no_memory) {
        for (size_t i = 0; i < columns; i++)
            found[i] = sources != NULL ? sources[i] : find_source(&c, validator_column(to, i)->column);
        compare_all_columns(&c, found, kept);
        compare_indexes(&c, found);
        compare_checks(&c);
    }
    free(kept);
    free(found);
    if (!c.no_memory) return 0;
    compatibility_clear(out);
    return error_no_memory(err);
}

void compatibility_clear(struct compatibility *c) {
    free(c->differences);
    *c = (struct compatibility){0};
}
