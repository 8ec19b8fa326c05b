/* The depth of nested values, for messages. */
#ifndef FLEXDB_MODEL_TYPES_JSON_H
#define FLEXDB_MODEL_TYPES_JSON_H

#include <stddef.h>

/* How many arrays and objects stand around the innermost value of a well-formed span. */
size_t json_depth(const char *text, size_t length);

#endif
