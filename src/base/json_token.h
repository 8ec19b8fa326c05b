/* Inside the JSON reader: strings, numbers and the keys already seen. Not for other modules. */
#ifndef FLEXDB_BASE_JSON_TOKEN_H
#define FLEXDB_BASE_JSON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json_reader.h"

/* Sets message (a static text), offset and the error state; returns JSON_ERROR. */
enum json_event json_fail(struct json_reader *r, const char *at, const char *message);
enum json_event json_fail_memory(struct json_reader *r);

/* Reads the string whose quote stands at r->at; text and length are set. False after json_fail. */
bool json_token_string(struct json_reader *r);
/* Reads the number that begins at r->at. */
enum json_event json_token_number(struct json_reader *r);
/* Appends the unescaped text of a string that was read before, from the byte after its quote, to `out`. */
void json_token_unescape_again(const char *from, const char *end, struct buffer *out);

/* The frame of an object that has just begun, or has just ended. */
bool json_keys_open(struct json_reader *r);
void json_keys_close(struct json_reader *r);
/* Notes the key that was just read; false after json_fail when the object has it already. */
bool json_keys_add(struct json_reader *r);

#endif
