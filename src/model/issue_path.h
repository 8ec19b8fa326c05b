/* Where in a document a reader stands (`columns[2].validation.minLength`), and the issue that says what is wrong there.
 * Private to the model. */
#ifndef FLEXDB_MODEL_ISSUE_PATH_H
#define FLEXDB_MODEL_ISSUE_PATH_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"

enum { ISSUE_PATH_SIZE = 256 };

struct issue_path {
    char text[ISSUE_PATH_SIZE];
    size_t length;
};

/* Each goes one step down and returns the mark to come back to with issue_path_pop. What does not fit is cut. A key
 * that a user made up is shortened, on a code point. */
size_t issue_path_key(struct issue_path *p, const char *key);
size_t issue_path_index(struct issue_path *p, size_t index);
void issue_path_pop(struct issue_path *p, size_t mark);

/* Adds an issue here. `expected` is a JSON text or NULL; `got`, unless NULL, is shown in the issue and at the end of
 * the message, after `, got `. */
void issue_path_add(const struct issue_path *p, const char *rule, const char *expected, const cJSON *got,
                    flexdb_error *err, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* How many problems err holds, those beyond the limit included: tells whether a step has found any. */
size_t issue_count(const flexdb_error *err);

#endif
