/* A strict RFC 8259 pull reader: int64 kept, invalid UTF-8, lone surrogates, trailing text, repeated keys and too deep
 * nesting refused. It builds nothing; the caller pulls one event at a time. */
#ifndef FLEXDB_BASE_JSON_READER_H
#define FLEXDB_BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/value.h"

enum { JSON_MAX_DEPTH = 1000 };

enum json_event {
    JSON_ERROR, /* message, offset say why and where; the reader stays there */
    JSON_END,   /* the one value is complete and nothing but white space follows */
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_KEY,     /* text, length */
    JSON_STRING,  /* text, length: unescaped */
    JSON_INTEGER, /* integer: written without fraction or exponent and inside int64 (-0 is a number: it stays a float)
                   */
    JSON_NUMBER,  /* number: any other finite double; integers beyond int64 are JSON_NUMBER too, with `inexact` set */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

struct json_reader {
    const char *start, *at, *end;
    const char *text; /* of a key or string: in the input when there was no escape, else in `unescaped` */
    size_t length;
    const char *token; /* where the last event's token begins in the input (a string's at its quote) */
    int64_t integer;
    double number;
    bool inexact; /* an integer too large for int64 was read as the nearest double */
    const char *message;
    size_t offset;  /* of the error, in bytes */
    bool no_memory; /* the error is that memory is out, not the text */
    int depth, max_depth;
    uint64_t nesting[(JSON_MAX_DEPTH + 63) / 64]; /* bit set: object */
    int state;
    bool in_object; /* what the innermost open container is */
    bool unique_keys;
    struct buffer unescaped;
    struct buffer keys; /* of the objects that are open; kept only with unique_keys */
    size_t keys_frame;  /* where in `keys` the innermost object's begin */
    char message_text[96];
};

/* Starts on `text`, which must stay alive and unchanged. max_depth is 1..JSON_MAX_DEPTH. With unique_keys a repeated
 * key in one object is an error (after unescaping). Owns memory only once an escape or a key was met: json_reader_free.
 */
void json_reader_init(struct json_reader *r, const char *text, size_t length, int max_depth, bool unique_keys);
enum json_event json_reader_next(struct json_reader *r);
/* After JSON_OBJECT or JSON_ARRAY: reads up to its end, and gives the span of the whole value in the input; after a
 * scalar: its span; after JSON_KEY: reads the key's value and gives its span. False on an error. */
bool json_reader_skip(struct json_reader *r, const char **span, size_t *length);
void json_reader_free(struct json_reader *r);

#endif
