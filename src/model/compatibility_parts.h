/* Rules of two columns of one type held against each other. Private to compatibility*.c. */
#ifndef FLEXDB_MODEL_COMPATIBILITY_PARTS_H
#define FLEXDB_MODEL_COMPATIBILITY_PARTS_H

#include "model/type.h"

/* Each: whether `b` refuses something that `a` allows by the rule. */
bool lengths_refuse(const struct compiled_column *a, const struct compiled_column *b);
bool range_refuses(const struct compiled_column *a, const struct compiled_column *b);
bool enum_refuses(const struct compiled_column *a, const struct compiled_column *b);

/* Whether the rules of `b` may refuse a value that an exact conversion from `a`, a column of another type, gives. */
bool rules_may_refuse(const struct compiled_column *a, const struct compiled_column *b);

/* Bound to different tables; where an id is not known, the names tell. */
bool is_redirected(const struct rules *a, const struct rules *b);

#endif
