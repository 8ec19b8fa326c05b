/* Comparing two definitions, and the rules of two columns of one type. Private to compatibility*.c. */
#ifndef FLEXDB_MODEL_COMPATIBILITY_PARTS_H
#define FLEXDB_MODEL_COMPATIBILITY_PARTS_H

#include "model/compatibility.h"
#include "model/type.h"

/* Each: whether `b` refuses something that `a` allows by the rule. */
bool lengths_refuse(const struct compiled_column *a, const struct compiled_column *b);
bool range_refuses(const struct compiled_column *a, const struct compiled_column *b);
bool enum_refuses(const struct compiled_column *a, const struct compiled_column *b);

/* A comparison under way. */
struct comparison {
    struct compatibility *out;
    const struct validator *from, *to;
    size_t capacity;
    bool no_memory;
};
void compatibility_add(struct comparison *c, struct compatibility_difference difference);

/* Differences of expressions (compatibility_expressions.c). */
void compare_computed(struct comparison *c, const struct column *from, const struct column *to);
void compare_checks(struct comparison *c);

/* Whether the rules of `b` may refuse a value that an exact conversion from `a`, a column of another type, gives. */
bool rules_may_refuse(const struct compiled_column *a, const struct compiled_column *b);

/* Bound to different tables; where an id is not known, the names tell. */
bool is_redirected(const struct rules *a, const struct rules *b);

#endif
