/* Which columns of a new definition the records must be held against. */
#include "model/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/number.h"

#define GIVEN(rules, rule) (((rules)->given & 1u << (rule)) != 0)

enum { STRING_LENGTH = 255 }; /* a string's maxLength unless said otherwise */

void plan_clear(struct plan *p) {
    free(p->check);
    free(p->check_references);
    free(p->conversions);
    *p = (struct plan){0};
}

/* ---- one rule each: is the new one tighter? ---- */

static int64_t longest(const struct column *c) {
    if (GIVEN(&c->rules, RULE_MAX_LENGTH)) return c->rules.max_length;
    return c->type == TYPE_STRING ? STRING_LENGTH : INT64_MAX;
}

static bool lengths_tighter(const struct column *old, const struct column *new) {
    if (new->type != TYPE_STRING &&new->type != TYPE_TEXT) return false;
    return new->rules.min_length > old->rules.min_length || longest(new) < longest(old);
}

/* A text that must be matched now and was not the same before. */
static bool text_tighter(const char *old, const char *new) {
    return new != NULL && (old == NULL || strcmp(old, new) != 0);
}

/* Normalized values of one type: integers, or texts whose bytewise order is theirs. */
static int compare_values(const flexdb_value *a, const flexdb_value *b) {
    if (a->tag == FLEXDB_INTEGER) return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = shorter == 0 ? 0 : memcmp(a->as.text, b->as.text, shorter);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static bool bounds_tighter(const struct compiled_column *old, const struct compiled_column *new) {
    bool decimal = new->column->type == TYPE_DECIMAL;
    if (new->has_min) {
        if (!old->has_min) return true;
        if ((decimal ? decimal_compare(&new->min_decimal, &old->min_decimal) : compare_values(&new->min, &old->min)) >
            0) {
            return true;
        }
    }
    if (!new->has_max) return false;
    if (!old->has_max) return true;
    return (decimal ? decimal_compare(&new->max_decimal, &old->max_decimal) : compare_values(&new->max, &old->max)) < 0;
}

/* The enumeration's names are the normalized texts; those of integers their digits. */
static bool enum_tighter(const struct compiled_column *old, const struct compiled_column *new) {
    if (new->enum_count == 0) return false;
    if (old->enum_count == 0) return true;
    for (size_t i = 0; i < old->enum_count; i++) {
        const flexdb_value *value = &old->enum_values[i];
        char digits[NUMBER_INTEGER_SIZE];
        const char *text = value->as.text;
        size_t length = value->length;
        if (value->tag == FLEXDB_INTEGER) {
            length = number_print_integer(value->as.integer, digits);
            text = digits;
        }
        if (names_find(&new->enumeration, text, length) == NAMES_NONE) return true;
    }
    return false;
}

static bool is_tighter(const struct compiled_column *old, const struct compiled_column *new) {
    const struct column *a = old->column, *b = new->column;
    if (a->type != b->type) return true;
    return (b->required && !a->required) || lengths_tighter(a, b) || text_tighter(a->rules.pattern, b->rules.pattern) ||
           text_tighter(a->rules.format, b->rules.format) || bounds_tighter(old, new) || enum_tighter(old, new) ||
           (b->type == TYPE_DECIMAL && (b->rules.precision < a->rules.precision || b->rules.scale != a->rules.scale));
}

/* Bound to another table; where an id is not known, the names tell. */
static bool is_redirected(const struct rules *old, const struct rules *new) {
    if (old->target_id != NULL && new->target_id != NULL) return strcmp(old->target_id, new->target_id) != 0;
    return old->target_table == NULL || new->target_table == NULL || strcmp(old->target_table, new->target_table) != 0;
}

/* ---- a column, the whole ---- */

/* ---- conversions ---- */

/* The formats by which the one was read from the other; NULL when it was not made from it, or by none. */
static const cJSON *formats_of(const struct column *made, const struct column *from) {
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(made->converted_from, "key");
    bool directly = cJSON_IsString(key) && strcmp(key->valuestring, from->key) == 0;
    return directly ? cJSON_GetObjectItemCaseSensitive(made->converted_from, "parse") : NULL;
}

static bool open_conversion(struct conversion *c, const struct compiled_column *from,
                            const struct compiled_column *to) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    bool good = conversion_open(c, from, to, formats_of(to->column, from->column), "", &ignored);
    error_clear(&ignored);
    return good;
}

/* The slot of the column that a retype, or the way back from one, turns into `new`; NAMES_NONE for none. */
static int64_t retyped_slot(const struct validator *from, const struct column *new) {
    for (size_t i = 0; i < validator_shape(from)->columns; i++)
        if (column_is_retyped(validator_column(from, i)->column, new)) return (int64_t)i;
    return NAMES_NONE;
}

static void plan_conversion(struct plan *p, size_t slot, const struct compiled_column *old, size_t old_slot,
                            const struct compiled_column *new, bool returns) {
    struct plan_conversion *c = &p->conversions[p->conversion_count++];
    *c = (struct plan_conversion){.from = old_slot, .to = slot, .returns = returns, .since = 1};
    c->there_open = open_conversion(&c->there, old, new);
    c->back_open = returns && open_conversion(&c->back, new, old);
}

static void plan_column(struct plan *p, size_t slot, const struct validator *from, const struct compiled_column *new,
                        const struct names *used) {
    const struct column *c = new->column;
    bool reference = c->type == TYPE_REFERENCE;
    bool returns = names_find(used, c->key, strlen(c->key)) != NAMES_NONE;
    int64_t retyped = retyped_slot(from, c);
    if (retyped != NAMES_NONE) {
        plan_conversion(p, slot, validator_column(from, (size_t)retyped), (size_t)retyped, new, returns);
        p->check[slot] = returns || c->required;
        p->check_references[slot] = reference;
        return;
    }
    int64_t old_slot = validator_slot_of_key(from, c->key, strlen(c->key));
    if (old_slot != NAMES_NONE) {
        const struct compiled_column *old = validator_column(from, (size_t)old_slot);
        p->check[slot] = is_tighter(old, new);
        p->check_references[slot] = reference && is_redirected(&old->column->rules, &c->rules);
    } else if (returns) {
        p->check[slot] = true;
        p->check_references[slot] = reference;
    } else {
        p->check[slot] = c->required && c->initial_default == NULL;
        p->check_references[slot] = reference && c->initial_default != NULL;
    }
}

/* The document by which definitions are told apart: not by their version number. */
static cJSON *comparable(const struct validator *v) {
    cJSON *tree = definition_document(validator_definition(v), PRINT_STORED);
    if (tree != NULL) cJSON_DeleteItemFromObjectCaseSensitive(tree, "version");
    return tree;
}

static bool collect_keys(struct names *used, const struct key_registry *keys) {
    for (const cJSON *key = keys == NULL || keys->keys == NULL ? NULL : keys->keys->child; key != NULL;
         key = key->next) {
        if (names_add(used, key->string, strlen(key->string), 0) < 0) return false;
    }
    return true;
}

int plan_build(struct plan *out, const struct validator *from, const struct validator *to,
               const struct key_registry *keys_before, flexdb_error *err) {
    size_t slots = validator_shape(to)->count, columns = validator_shape(to)->columns;
    struct plan p = {.check = calloc(slots, sizeof *p.check),
                     .check_references = calloc(slots, sizeof *p.check_references),
                     .conversions = calloc(columns + 1, sizeof *p.conversions)};
    cJSON *a = comparable(from), *b = comparable(to);
    struct names used = NAMES_INIT;
    bool good = p.check != NULL && p.check_references != NULL && p.conversions != NULL && a != NULL && b != NULL &&
                collect_keys(&used, keys_before);
    if (good) p.changes_anything = !document_equal(a, b);
    for (size_t i = 0; good && i < columns; i++) {
        plan_column(&p, i, from, validator_column(to, i), &used);
        p.has_checks = p.has_checks || p.check[i] || p.check_references[i];
    }
    cJSON_Delete(a);
    cJSON_Delete(b);
    names_free(&used);
    if (!good) {
        plan_clear(&p);
        return error_no_memory(err);
    }
    *out = p;
    return 0;
}
