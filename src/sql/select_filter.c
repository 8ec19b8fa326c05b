#include <stdlib.h>
#include <string.h>

#include "sql/ddl.h"
#include "sql/select_parts.h"

/* A parser's stack and the depth of an expression are bounded (SQLite's at 100 and 1000). So NOT is pushed down to the
 * comparisons, which two-valued filters allow; the deepest child of a chain is written first, where it takes one place
 * on the stack; and the rest, where it is long, as a balanced tree. */
enum { CHAIN = 8 };

/* A filter, or what it does not select. */
struct term {
    const struct filter *filter;
    bool negated;
};

/* NOT goes into the term; a chain of one is its child. */
static struct term term_of(const struct filter *f, bool negated) {
    for (; f->op == FILTER_NOT || (f->op <= FILTER_OR && f->count == 1); f = f->children[0])
        if (f->op == FILTER_NOT) negated = !negated;
    return (struct term){f, negated};
}

/* AND, OR, or the comparison's own. */
static enum filter_op term_op(const struct term *t) {
    if (!t->negated || t->filter->op > FILTER_OR) return t->filter->op;
    return t->filter->op == FILTER_AND ? FILTER_OR : FILTER_AND;
}

static size_t height(const struct filter *f) {
    size_t highest = 0;
    if (f->op > FILTER_NOT) return 0;
    for (size_t i = 0; i < f->count; i++) {
        size_t child = height(f->children[i]);
        if (child > highest) highest = child;
    }
    return highest + 1;
}

static void put_term(struct builder *b, struct term t);

/* AND binds more tightly than OR. */
static void put_child(struct builder *b, enum filter_op parent, const struct filter *f, bool negated) {
    struct term t = term_of(f, negated);
    bool parentheses = parent == FILTER_AND && term_op(&t) == FILTER_OR && t.filter->count != 0;
    if (parentheses) builder_put(b, "(");
    put_term(b, t);
    if (parentheses) builder_put(b, ")");
}

/* `count` children from `first` on, one of them left out. */
static void put_children(struct builder *b, struct term t, size_t first, size_t count, size_t left_out) {
    const char *joint = term_op(&t) == FILTER_AND ? " AND " : " OR ";
    if (count > CHAIN) {
        builder_put(b, "(");
        put_children(b, t, first, count / 2, left_out);
        builder_put(b, ")");
        builder_put(b, joint);
        builder_put(b, "(");
        put_children(b, t, first + count / 2, count - count / 2, left_out);
        builder_put(b, ")");
        return;
    }
    bool written = false;
    for (size_t i = first; i < first + count; i++) {
        if (i == left_out) continue;
        if (written) builder_put(b, joint);
        put_child(b, term_op(&t), t.filter->children[i], t.negated);
        written = true;
    }
}

static void put_chain(struct builder *b, struct term t) {
    const struct filter *f = t.filter;
    size_t deepest = 0, most = 0;
    for (size_t i = 0; i < f->count; i++) {
        size_t child = height(f->children[i]);
        if (child > most) most = child, deepest = i;
    }
    if (f->count == 0) {
        builder_put(b, term_op(&t) == FILTER_AND ? "1 = 1" : "1 = 0");
        return;
    }
    put_child(b, term_op(&t), f->children[deepest], t.negated);
    builder_put(b, term_op(&t) == FILTER_AND ? " AND " : " OR ");
    put_children(b, t, 0, f->count, deepest);
}

static bool is_long(const flexdb_value *value) { return value->tag == FLEXDB_TEXT && value->length > DDL_TEXT_PREFIX; }

/* Where a truncated entry cannot answer, the document does: order beyond the prefix, and searches inside the text. An
 * entry orders right against any text up to the length of the prefix, for the digest stands behind it. */
static struct operand operand_for(const struct builder *b, const struct filter *f) {
    struct operand o = operand_of(b, f->slot);
    if (!o.truncated) return o;
    bool whole = false;
    switch (f->op) {
    case FILTER_CONTAINS:
    case FILTER_ENDS_WITH:
    case FILTER_ICONTAINS: whole = true; break;
    case FILTER_GT:
    case FILTER_GTE:
    case FILTER_LT:
    case FILTER_LTE:
    case FILTER_STARTS_WITH: whole = is_long(&f->values[0]); break;
    case FILTER_BETWEEN: whole = is_long(&f->values[0]) || is_long(&f->values[1]); break;
    default: break;
    }
    return whole ? operand_in_document(&o) : o;
}

static void put_comparison(struct builder *b, const struct filter *f, const char *joint) {
    struct operand o = operand_for(b, f);
    builder_put_operand(b, &o);
    builder_put(b, joint);
    builder_put_value(b, &o, &f->values[0]);
}

static void put_is_null(struct builder *b, const struct operand *o, bool is_null) {
    if (o->source == OPERAND_DOCUMENT && o->kind == PHYSICAL_NONE) {
        builder_put(b, "(");
        b->d->expressions->document_is_null(b, o);
        builder_put(b, is_null ? ")" : ") IS NOT TRUE");
        return;
    }
    builder_put_operand(b, o);
    builder_put(b, is_null ? " IS NULL" : " IS NOT NULL");
}

static int compare_values(const void *left, const void *right) {
    const flexdb_value *a = left, *b = right;
    if (a->tag != b->tag) return a->tag < b->tag ? -1 : 1;
    if (a->tag == FLEXDB_INTEGER) return a->as.integer < b->as.integer ? -1 : a->as.integer > b->as.integer;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = shorter == 0 ? 0 : memcmp(a->as.text, b->as.text, shorter);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* Sorted and without repetitions; the caller frees it. */
static flexdb_value *distinct(const struct filter *f, size_t *count) {
    flexdb_value *values = malloc(f->count * sizeof *values);
    if (values == NULL) return NULL;
    memcpy(values, f->values, f->count * sizeof *values);
    qsort(values, f->count, sizeof *values, compare_values);
    *count = 0;
    for (size_t i = 0; i < f->count; i++)
        if (*count == 0 || compare_values(&values[*count - 1], &values[i]) != 0) values[(*count)++] = values[i];
    return values;
}

/* Filled up to the next power of two with the last value, so that lists of many lengths share a few texts; not where
 * that alone would pass what the engine takes. */
static size_t padded(const struct builder *b, size_t count) {
    size_t size = 1;
    while (size < count) size *= 2;
    return b->sql->count + size <= b->d->max_parameters ? size : count;
}

static void put_in(struct builder *b, const struct filter *f) {
    struct operand o = operand_for(b, f);
    if (f->count == 0) {
        if (f->op == FILTER_IN)
            builder_put(b, "1 = 0");
        else
            put_is_null(b, &o, false);
        return;
    }
    size_t count = 0;
    flexdb_value *values = distinct(f, &count);
    if (values == NULL) {
        b->failed = true;
        return;
    }
    builder_put_operand(b, &o);
    builder_put(b, f->op == FILTER_IN ? " IN (" : " NOT IN (");
    size_t size = padded(b, count);
    for (size_t i = 0; i < size; i++) {
        if (i != 0) builder_put(b, ", ");
        builder_put_value(b, &o, &values[i < count ? i : count - 1]);
    }
    builder_put(b, ")");
    free(values);
}

/* The texts that begin with a prefix lie between it and the prefix with its last byte raised by one, which UTF-8 leaves
 * room for: no byte is 0xff. */
static void put_prefix_range(struct builder *b, const struct operand *o, const flexdb_value *prefix) {
    struct buffer *block = builder_scratch(b, prefix->length);
    if (block == NULL) return;
    buffer_append(block, prefix->as.text, prefix->length);
    block->data[block->length - 1] = (char)(block->data[block->length - 1] + 1);
    flexdb_value end = value_text(block->data, block->length);
    builder_put_operand(b, o);
    builder_put(b, " >= ");
    builder_put_value(b, o, prefix);
    builder_put(b, " AND ");
    builder_put_operand(b, o);
    builder_put(b, " < ");
    builder_put_value(b, o, &end);
}

static void put_text_search(struct builder *b, const struct filter *f) {
    struct operand o = operand_for(b, f);
    const flexdb_value *needle = &f->values[0];
    const struct engine_expressions *e = b->d->expressions;
    if (needle->length == 0) {
        put_is_null(b, &o, false);
        return;
    }
    switch (f->op) {
    case FILTER_CONTAINS: e->contains(b, &o, needle); break;
    case FILTER_ENDS_WITH: e->ends_with(b, &o, needle); break;
    case FILTER_ICONTAINS: e->icontains(b, &o, needle); break;
    default:
        if (o.source == OPERAND_DOCUMENT)
            e->starts_with(b, &o, needle);
        else
            put_prefix_range(b, &o, needle);
    }
}

static void put_between(struct builder *b, const struct filter *f) {
    struct operand o = operand_for(b, f);
    builder_put_operand(b, &o);
    builder_put(b, " BETWEEN ");
    builder_put_value(b, &o, &f->values[0]);
    builder_put(b, " AND ");
    builder_put_value(b, &o, &f->values[1]);
}

static void put_leaf(struct builder *b, const struct filter *f) {
    struct operand o;
    switch (f->op) {
    case FILTER_EQ: put_comparison(b, f, " = "); break;
    case FILTER_NE: put_comparison(b, f, " <> "); break;
    case FILTER_GT: put_comparison(b, f, " > "); break;
    case FILTER_GTE: put_comparison(b, f, " >= "); break;
    case FILTER_LT: put_comparison(b, f, " < "); break;
    case FILTER_LTE: put_comparison(b, f, " <= "); break;
    case FILTER_IN:
    case FILTER_NOT_IN: put_in(b, f); break;
    case FILTER_BETWEEN: put_between(b, f); break;
    case FILTER_IS_NULL:
    case FILTER_NOT_NULL:
        o = operand_of(b, f->slot);
        put_is_null(b, &o, f->op == FILTER_IS_NULL);
        break;
    default: put_text_search(b, f);
    }
}

static void put_term(struct builder *b, struct term t) {
    if (t.filter->op <= FILTER_OR) {
        put_chain(b, t);
        return;
    }
    if (t.negated) builder_put(b, "(");
    put_leaf(b, t.filter);
    if (t.negated) builder_put(b, ") IS NOT TRUE");
}

void builder_put_filter(struct builder *b, const struct filter *f) { put_term(b, term_of(f, false)); }
