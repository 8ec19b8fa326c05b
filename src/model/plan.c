/* Which columns of a new definition the records must be held against. */
#include "model/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "model/compatibility_parts.h"
#include "model/plan_parts.h"

void plan_clear(struct plan *p) {
    free(p->check);
    free(p->returns);
    free(p->check_references);
    free(p->check_expressions);
    free(p->computations);
    for (size_t i = 0; i < p->conversion_count; i++) plan_conversion_clear(&p->conversions[i]);
    free(p->conversions);
    *p = (struct plan){0};
}

/* ---- one column ---- */

/* A text that must be matched now and was not the same before. */
static bool text_tighter(const char *old, const char *new) {
    return new != NULL && (old == NULL || strcmp(old, new) != 0);
}

static bool is_tighter(const struct compiled_column *old, const struct compiled_column *new) {
    const struct column *a = old->column, *b = new->column;
    if (a->type != b->type) return true;
    return (b->required && !a->required) || lengths_refuse(old, new) ||
           text_tighter(a->rules.pattern, b->rules.pattern) || text_tighter(a->rules.format, b->rules.format) ||
           range_refuses(old, new) || enum_refuses(old, new) ||
           (b->type == TYPE_DECIMAL && (b->rules.precision < a->rules.precision || b->rules.scale != a->rules.scale));
}

void plan_trust(struct plan *p, const struct validator *to, size_t slot, const struct compiled_column *last) {
    const struct compiled_column *now = validator_column(to, slot);
    bool may_lack = now->column->required && now->column->initial_default == NULL;
    p->check[slot] = is_tighter(last, now) || may_lack;
    p->has_checks = false;
    for (size_t i = 0; i < validator_shape(to)->columns; i++)
        p->has_checks = p->has_checks || p->check[i] || p->check_references[i];
    for (size_t i = 0; i < validator_definition(to)->check_count; i++)
        p->has_checks = p->has_checks || p->check_expressions[i];
}

/* A plan in the making. */
struct planning {
    struct plan plan;
    const struct validator *from, *to;
    struct names used, origins; /* keys that were ever used; where the columns of `from` began */
};

/* False when memory is out. */
static bool plan_column(struct planning *g, size_t slot) {
    struct plan *p = &g->plan;
    const struct definition *before = validator_definition(g->from);
    const struct compiled_column *new = validator_column(g->to, slot);
    const struct column *c = new->column;
    /* Computing judges what it gives. */
    if (plan_computes(p, slot)) return true;
    bool reference = c->type == TYPE_REFERENCE, returns = names_find(&g->used, c->key, strlen(c->key)) != NAMES_NONE;
    const struct column *retyped = definition_find_retyped(before, &g->origins, c);
    if (retyped != NULL) {
        size_t old_slot = (size_t)(retyped - before->columns);
        p->check[slot] = returns || c->required;
        p->check_references[slot] = reference;
        return plan_conversion_open(&p->conversions[p->conversion_count++], g->from, old_slot, g->to, slot, returns);
    }
    int64_t old_slot = validator_slot_of_key(g->from, c->key, strlen(c->key));
    if (old_slot != NAMES_NONE) {
        const struct compiled_column *old = validator_column(g->from, (size_t)old_slot);
        p->check[slot] = is_tighter(old, new);
        p->check_references[slot] = reference && is_redirected(&old->column->rules, &c->rules);
    } else if (returns) {
        p->check[slot] = p->returns[slot] = true;
        p->check_references[slot] = reference;
    } else {
        p->check[slot] = c->required && c->initial_default == NULL;
        p->check_references[slot] = reference && c->initial_default != NULL;
    }
    return true;
}

/* ---- the whole ---- */

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

static bool build(struct planning *g, const struct key_registry *keys_before) {
    struct plan *p = &g->plan;
    size_t slots = validator_shape(g->to)->count, columns = validator_shape(g->to)->columns;
    p->check = calloc(slots, sizeof *p->check);
    p->returns = calloc(slots, sizeof *p->returns);
    p->check_references = calloc(slots, sizeof *p->check_references);
    p->conversions = calloc(columns + 1, sizeof *p->conversions);
    cJSON *a = comparable(g->from), *b = comparable(g->to);
    bool good = p->check != NULL && p->returns != NULL && p->check_references != NULL && p->conversions != NULL &&
                a != NULL && b != NULL && collect_keys(&g->used, keys_before) &&
                definition_origins(validator_definition(g->from), &g->origins) &&
                plan_expressions(p, g->from, g->to, &g->origins);
    if (good) p->changes_anything = !document_equal(a, b);
    cJSON_Delete(a);
    cJSON_Delete(b);
    for (size_t i = 0; good && i < columns; i++) {
        good = plan_column(g, i);
        p->has_checks = p->has_checks || p->check[i] || p->check_references[i];
    }
    return good;
}

int plan_build(struct plan *out, const struct validator *from, const struct validator *to,
               const struct key_registry *keys_before, flexdb_error *err) {
    struct planning g = {.from = from, .to = to};
    bool good = build(&g, keys_before);
    names_free(&g.used);
    names_free(&g.origins);
    if (!good) {
        plan_clear(&g.plan);
        return error_no_memory(err);
    }
    *out = g.plan;
    return 0;
}
