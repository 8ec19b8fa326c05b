/* FlexDB's own documents (definitions, changes, layouts) as cJSON trees, once the strict reader has found them good.
 *
 * Numbers: an integer within ±2^53 is a cJSON number; every other number is cJSON_Raw with its text, so that nothing is
 * rounded on the way through. Strings hold no U+0000 (refused), for cJSON would cut them there. */
#ifndef FLEXDB_BASE_DOCUMENT_H
#define FLEXDB_BASE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/error.h"

enum { DOCUMENT_MAX_DEPTH = 64 };

/* Reads text into a tree that the caller frees with cJSON_Delete. INVALID_DOCUMENT with the byte offset otherwise. */
int document_parse(cJSON **out, const char *text, size_t length, flexdb_error *err);
/* Appends the tree's JSON, compact, keys in their order. */
void document_print(const cJSON *tree, struct buffer *out);
/* The value as a JSON text for an issue's `got`/`expected`: like document_print, cut to 200 bytes on a code point with
 * `…` inside a JSON string when it is longer. The caller frees it; NULL when memory is out. */
char *document_excerpt(const cJSON *tree);
/* An integer inside int64: a number with an integral value, or an integral cJSON_Raw. */
bool document_integer(const cJSON *item, int64_t *out);
/* Integers within ±2^53 as numbers, others as cJSON_Raw. NULL when memory is out. */
cJSON *document_new_integer(int64_t value);
/* Same value, whatever the order of keys. Integers and floats differ (1 is not 1.0), as they do in a json column. */
bool document_equal(const cJSON *a, const cJSON *b);

#endif
