/* Random expressions as trees, their text, and what they give by a walk over the tree with decimals of digits: what the
 * compiler, its machine and its arithmetic are held against. */
#ifndef FLEXDB_SPEC_FORMULA_REFERENCE_H
#define FLEXDB_SPEC_FORMULA_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/value.h"
#include "model/formula.h"
#include "naive.h"
#include "property.h"

enum { NODE_ARGUMENTS = 4 };

enum node_kind { NODE_LITERAL, NODE_COLUMN, NODE_UNARY, NODE_BINARY, NODE_CALL };

struct node {
    const char *name; /* the operator, the function, the column or the literal */
    enum node_kind kind;
    enum formula_type type;
    int scale;
    size_t column;
    size_t count;
    const struct node *arguments[NODE_ARGUMENTS];
};

enum outcome { OUTCOME_ABSENT, OUTCOME_VALUE, OUTCOME_FAULT };

/* Texts are of a bounded length; dates are days, booleans 0 and 1, integers too, all in `number`. */
enum { REFERENCE_TEXT = 16 * 1024 };
struct result {
    enum outcome outcome;
    enum formula_fault_kind fault;
    struct naive number;
    char *text; /* in the arena */
};

/* A tree of a random type, of at most `depth` levels, that reads columns of formula_table. */
const struct node *reference_grow(struct property *p, struct arena *a, int depth);
/* With no more parentheses than the grammar needs, and some; with blanks of any kind and none. */
void reference_print(struct property *p, const struct node *n, struct buffer *out);
struct result reference_evaluate(struct arena *a, const struct node *n, const flexdb_value *values);
/* Whether the tree holds an operation on constants alone that cannot be worked out: one that compiling refuses. */
bool reference_is_refused(struct arena *a, const struct node *n);
/* As formula_answer shows it. */
void reference_show(const struct node *n, const struct result *r, struct buffer *out);

#endif
