/* { column = value }, { column = { operator = value } }, { field = "column", operator = value }, AND, OR, NOT. */
#include <string.h>

#include "base/fold.h"
#include "model/query_parts.h"

enum operand_shape { TAKES_VALUE, TAKES_LIST, TAKES_PAIR, TAKES_FLAG, TAKES_TEXT };

static const struct comparator {
    const char *name;
    enum filter_op op;
    enum operand_shape shape;
} operators[] = {
    {"eq", FILTER_EQ, TAKES_VALUE},
    {"ne", FILTER_NE, TAKES_VALUE},
    {"gt", FILTER_GT, TAKES_VALUE},
    {"gte", FILTER_GTE, TAKES_VALUE},
    {"lt", FILTER_LT, TAKES_VALUE},
    {"lte", FILTER_LTE, TAKES_VALUE},
    {"in", FILTER_IN, TAKES_LIST},
    {"notIn", FILTER_NOT_IN, TAKES_LIST},
    {"between", FILTER_BETWEEN, TAKES_PAIR},
    {"isNull", FILTER_IS_NULL, TAKES_FLAG},
    {"contains", FILTER_CONTAINS, TAKES_TEXT},
    {"startsWith", FILTER_STARTS_WITH, TAKES_TEXT},
    {"endsWith", FILTER_ENDS_WITH, TAKES_TEXT},
    {"iContains", FILTER_ICONTAINS, TAKES_TEXT},
};

static const struct comparator *find_operator(const struct query_node *n) {
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (query_node_is(n, operators[i].name)) return &operators[i];
    return NULL;
}

/* ---- nodes ---- */

/* One condition more, as it is written: what an object alone means is not counted. */
static bool may_add(struct query_parser *p) {
    if (++p->nodes == QUERY_MAX_NODES + 1)
        query_issue(p, "limit", NULL, NULL, "the filter has more than %d conditions", (int)QUERY_MAX_NODES);
    return p->nodes <= QUERY_MAX_NODES;
}

static struct filter *new_filter(struct query_parser *p, enum filter_op op) {
    struct filter *f = arena_alloc(&p->query->arena, 1, sizeof *f);
    if (f == NULL)
        error_no_memory(p->err);
    else
        f->op = op;
    return f;
}

static struct filter *new_branch(struct query_parser *p, enum filter_op op, size_t capacity,
                                 const struct filter ***children) {
    struct filter *f = new_filter(p, op);
    if (f == NULL) return NULL;
    *children = capacity == 0 ? NULL : arena_alloc(&p->query->arena, capacity, sizeof **children);
    if (capacity != 0 && *children == NULL) {
        error_no_memory(p->err);
        return NULL;
    }
    f->children = *children;
    return f;
}

/* One condition alone needs no AND around it. */
static const struct filter *only_child(const struct filter *f) {
    return f != NULL && f->op == FILTER_AND && f->count == 1 ? f->children[0] : f;
}

/* ---- comparisons ---- */

/* Columns of which type the operator can be asked; what is said otherwise. */
static bool fits(struct query_parser *p, const struct comparator *op, enum column_type type) {
    const char *needs = NULL;
    if (op->shape == TAKES_TEXT && type != TYPE_STRING && type != TYPE_TEXT && type != TYPE_REFERENCE) needs = "texts";
    if (needs == NULL) return true;
    query_issue(p, "operator", NULL, NULL, "%s is for %s, not for %s", op->name, needs, column_type_name(type));
    return false;
}

/* Of a json column it can only be asked whether it has a value; its inside is reached by paths. */
static bool json_allows(struct query_parser *p, const struct comparator *op, const struct query_node *n) {
    if (op->op == FILTER_IS_NULL || (n->event == JSON_NULL && (op->op == FILTER_EQ || op->op == FILTER_NE)))
        return true;
    error_set(p->err, FLEXDB_UNSUPPORTED,
              "%s: filters on the inside of json columns are not built yet; isNull and null can be asked",
              p->path.text);
    return false;
}

static bool put_values(struct query_parser *p, struct filter *f, const struct query_node *list) {
    flexdb_value *values = list->count == 0 ? NULL : arena_alloc(&p->query->arena, list->count, sizeof *values);
    if (list->count != 0 && values == NULL) {
        error_no_memory(p->err);
        return false;
    }
    bool good = true;
    for (const struct query_node *n = list->first; n != NULL && !query_stopped(p); n = n->next) {
        size_t mark = issue_path_index(&p->path, f->count);
        if (n->event == JSON_NULL) {
            query_issue(p, "null", NULL, NULL, "null cannot be compared with; ask with isNull");
            good = false;
        } else if (!query_value(p, f->slot, n, &values[f->count])) {
            good = false;
        }
        f->count++;
        issue_path_pop(&p->path, mark);
    }
    f->values = values;
    return good && !query_stopped(p);
}

static bool put_one(struct query_parser *p, struct filter *f, const struct query_node *n, bool needle) {
    flexdb_value *value = arena_alloc(&p->query->arena, 1, sizeof *value);
    if (value == NULL) {
        error_no_memory(p->err);
        return false;
    }
    f->values = value;
    f->count = 1;
    if (!needle) return query_value(p, f->slot, n, value);
    if (!query_needle(p, n, value)) return false;
    if (f->op != FILTER_ICONTAINS || value->length <= FOLD_MAX_NEEDLE) return true;
    query_issue(p, "limit", NULL, NULL, "must be at most %d bytes long, has %zu", (int)FOLD_MAX_NEEDLE, value->length);
    return false;
}

static bool put_operand(struct query_parser *p, const struct comparator *op, struct filter *f,
                        const struct query_node *n) {
    switch (op->shape) {
    case TAKES_FLAG:
        if (n->event == JSON_TRUE || n->event == JSON_FALSE) {
            f->op = n->event == JSON_TRUE ? FILTER_IS_NULL : FILTER_NOT_NULL;
            return true;
        }
        query_issue(p, "type", "\"boolean\"", n, "must be true or false");
        return false;
    case TAKES_LIST:
        if (query_node_is_list(n)) return put_values(p, f, n);
        query_issue(p, "type", "\"array\"", n, "must be an array");
        return false;
    case TAKES_PAIR:
        if (n->event == JSON_ARRAY && n->count == 2) return put_values(p, f, n);
        query_issue(p, "type", "\"array\"", n, "must be an array of two values");
        return false;
    default: return put_one(p, f, n, op->shape == TAKES_TEXT);
    }
}

/* The condition that one operator stands for; the path ends in it. */
static const struct filter *comparison(struct query_parser *p, size_t slot, const struct comparator *op,
                                       const struct query_node *n) {
    enum column_type type = query_slot_type(p->v, slot);
    if (type == TYPE_JSON ? !json_allows(p, op, n) : !fits(p, op, type)) return NULL;
    struct filter *f = may_add(p) ? new_filter(p, op->op) : NULL;
    if (f == NULL) return NULL;
    f->slot = slot;
    if (n->event == JSON_NULL && (op->op == FILTER_EQ || op->op == FILTER_NE)) {
        f->op = op->op == FILTER_EQ ? FILTER_IS_NULL : FILTER_NOT_NULL;
        return f;
    }
    if (n->event == JSON_NULL) {
        query_issue(p, "null", NULL, NULL, "%s cannot be asked of null; ask with isNull", op->name);
        return NULL;
    }
    return put_operand(p, op, f, n) ? f : NULL;
}

/* Every member of the object that is an operator; `field` is not one of them. */
static const struct filter *comparisons(struct query_parser *p, size_t slot, const struct query_node *object) {
    const struct filter **children;
    struct filter *all = new_branch(p, FILTER_AND, object->count, &children);
    bool good = all != NULL;
    for (const struct query_node *n = object->first; n != NULL && !query_stopped(p); n = n->next) {
        if (query_node_is(n, "field")) continue;
        size_t mark = issue_path_key(&p->path, n->key);
        const struct comparator *op = find_operator(n);
        const struct filter *f = NULL;
        if (op != NULL)
            f = comparison(p, slot, op, n);
        else if (query_node_is(n, "search"))
            error_set(p->err, FLEXDB_UNSUPPORTED, "%s: full text search is not built yet", p->path.text);
        else
            query_issue(p, "operator", NULL, NULL, "there is no operator %s", query_quote(n->key, n->key_length).text);
        if (f != NULL && all != NULL)
            children[all->count++] = f;
        else
            good = false;
        issue_path_pop(&p->path, mark);
    }
    if (!good || query_stopped(p)) return NULL;
    if (all->count > 0) return only_child(all);
    query_issue(p, "operator", NULL, NULL, "no operator is given");
    return NULL;
}

/* ---- columns ---- */

/* `address.city`, where address is a json column. */
static bool is_json_path(struct query_parser *p, const struct query_node *n) {
    const char *dot = memchr(n->key, '.', n->key_length);
    if (dot == NULL || validator_slot(p->v, n->key, n->key_length) != NAMES_NONE) return false;
    int64_t slot = validator_slot(p->v, n->key, (size_t)(dot - n->key));
    if (slot == NAMES_NONE || query_slot_type(p->v, (size_t)slot) != TYPE_JSON) return false;
    error_set(p->err, FLEXDB_UNSUPPORTED, "%s: paths into json columns are not built yet", p->path.text);
    return true;
}

static const struct filter *column_filter(struct query_parser *p, const struct query_node *n) {
    if (query_node_is(n, "search") && validator_slot(p->v, n->key, n->key_length) == NAMES_NONE) {
        error_set(p->err, FLEXDB_UNSUPPORTED, "%s: full text search is not built yet", p->path.text);
        return NULL;
    }
    if (is_json_path(p, n)) return NULL;
    int64_t slot = query_slot(p, n->key, n->key_length);
    if (slot == NAMES_NONE) return NULL;
    if (n->event == JSON_OBJECT) return comparisons(p, (size_t)slot, n);
    if (n->event == JSON_ARRAY && query_slot_type(p->v, (size_t)slot) != TYPE_JSON) {
        query_issue(p, "operator", NULL, NULL, "an array is not a value to compare with; use in or between");
        return NULL;
    }
    return comparison(p, (size_t)slot, &operators[0], n);
}

/* { field = "age", gte = 18 } */
static const struct filter *long_form(struct query_parser *p, const struct query_node *object,
                                      const struct query_node *field) {
    size_t mark = issue_path_key(&p->path, "field");
    int64_t slot = NAMES_NONE;
    if (field->event == JSON_STRING)
        slot = query_slot(p, field->text, field->length);
    else
        query_issue(p, "type", "\"string\"", field, "must be the name of a column");
    issue_path_pop(&p->path, mark);
    return slot == NAMES_NONE ? NULL : comparisons(p, (size_t)slot, object);
}

/* ---- AND, OR, NOT ---- */

static const struct filter *branches(struct query_parser *p, enum filter_op op, const struct query_node *list) {
    if (!query_node_is_list(list)) {
        query_issue(p, "type", "\"array\"", list, "must be an array of filters");
        return NULL;
    }
    const struct filter **children;
    struct filter *f = may_add(p) ? new_branch(p, op, list->count, &children) : NULL;
    bool good = f != NULL;
    size_t index = 0;
    for (const struct query_node *n = list->first; n != NULL && !query_stopped(p); n = n->next) {
        size_t mark = issue_path_index(&p->path, index++);
        const struct filter *child = query_filter(p, n);
        if (child != NULL && f != NULL)
            children[f->count++] = child;
        else
            good = false;
        issue_path_pop(&p->path, mark);
    }
    return good && !query_stopped(p) ? f : NULL;
}

static const struct filter *negation(struct query_parser *p, const struct query_node *n) {
    const struct filter **children;
    struct filter *f = may_add(p) ? new_branch(p, FILTER_NOT, 1, &children) : NULL;
    const struct filter *child = query_filter(p, n);
    if (f == NULL || child == NULL) return NULL;
    children[f->count++] = child;
    return f;
}

static const struct filter *member_filter(struct query_parser *p, const struct query_node *n) {
    if (query_node_is(n, "AND")) return branches(p, FILTER_AND, n);
    if (query_node_is(n, "OR")) return branches(p, FILTER_OR, n);
    if (query_node_is(n, "NOT")) return negation(p, n);
    return column_filter(p, n);
}

static const struct filter *filter_object(struct query_parser *p, const struct query_node *object) {
    const struct query_node *field = query_node_member(object, "field");
    if (field != NULL) return long_form(p, object, field);
    const struct filter **children;
    struct filter *all = new_branch(p, FILTER_AND, object->count, &children);
    bool good = all != NULL;
    for (const struct query_node *n = object->first; n != NULL && !query_stopped(p); n = n->next) {
        size_t mark = issue_path_key(&p->path, n->key);
        const struct filter *f = member_filter(p, n);
        if (f != NULL && all != NULL)
            children[all->count++] = f;
        else
            good = false;
        issue_path_pop(&p->path, mark);
    }
    return good && !query_stopped(p) ? only_child(all) : NULL;
}

const struct filter *query_filter(struct query_parser *p, const struct query_node *n) {
    /* An array without elements is an empty table of a script, too. */
    if (n->event != JSON_OBJECT && !(n->event == JSON_ARRAY && n->count == 0)) {
        query_issue(p, "type", "\"object\"", n, "must be a filter, an object");
        return NULL;
    }
    if (p->depth == QUERY_MAX_DEPTH) {
        query_issue(p, "limit", NULL, NULL, "the filter nests more than %d levels deep", (int)QUERY_MAX_DEPTH);
        return NULL;
    }
    p->depth++;
    const struct filter *f = filter_object(p, n);
    p->depth--;
    return f;
}
