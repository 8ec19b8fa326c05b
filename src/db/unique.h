/* What no two live records may share: the value of a unique column, or the values of a unique index taken together.
 * A record without a value in one of them shares nothing. */
#ifndef FLEXDB_DB_UNIQUE_H
#define FLEXDB_DB_UNIQUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/value.h"
#include "db/state.h"
#include "model/validator.h"

struct unique_rule {
    size_t count;
    size_t slots[INDEX_MAX_COLUMNS]; /* of a validator's shape */
};

/* The rule of a state's unique index. */
struct unique_rule unique_of_state(const struct table_state *s, const struct state_unique *u);
/* Whether a vector of the shape has a value in every column of the rule. */
bool unique_applies(const struct unique_rule *rule, const flexdb_value *values);

/* The values of a rule as an issue shows them: `shown` in its message (`"ada" with tenant = 3`), `got` as JSON (the
 * value of one column, an array of several). Either is NULL when memory is out. */
struct unique_words {
    char *shown, *got;
};
struct unique_words unique_words(const struct validator *v, const struct unique_rule *rule, const flexdb_value *values);
void unique_words_free(struct unique_words *w);

/* Adds the issue, at the rule's first column, that the values are taken. */
void unique_taken(const struct validator *v, const struct unique_rule *rule, const flexdb_value *values,
                  flexdb_error *err);

#endif
