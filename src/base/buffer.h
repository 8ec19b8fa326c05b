/* A growable byte buffer. Appending cannot fail at the call: running out of memory is remembered and asked for once, at
 * the end, with buffer_failed. The data may move at every append: keep offsets, not pointers, while it grows. */
#ifndef FLEXDB_BASE_BUFFER_H
#define FLEXDB_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
    char *data; /* not NUL-terminated; NULL while empty */
    size_t length, capacity;
    bool failed;
};

#define BUFFER_INIT ((struct buffer){0})

bool buffer_grow(struct buffer *b, size_t extra);
/* Makes room for `extra` more bytes; false (and failed) when memory is out or the size would overflow. */
static inline bool buffer_reserve(struct buffer *b, size_t extra) {
    return (!b->failed && b->capacity - b->length >= extra) || buffer_grow(b, extra);
}
void buffer_append_slow(struct buffer *b, const void *data, size_t length);
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A NUL-terminated view of the content; NULL when failed. The NUL is not counted in length. */
const char *buffer_text(struct buffer *b);
/* Hands the bytes over, NUL-terminated, for the caller to free(); the buffer is empty afterwards. NULL when failed. */
char *buffer_take(struct buffer *b);
/* Frees the memory; the buffer may be used again. */
void buffer_free(struct buffer *b);

static inline void buffer_append(struct buffer *b, const void *data, size_t length) {
    if (!b->failed && b->capacity - b->length >= length) {
        if (length != 0) memcpy(b->data + b->length, data, length);
        b->length += length;
    } else {
        buffer_append_slow(b, data, length);
    }
}
static inline void buffer_put(struct buffer *b, char c) { buffer_append(b, &c, 1); }
static inline void buffer_puts(struct buffer *b, const char *text) { buffer_append(b, text, strlen(text)); }
/* Keeps the memory for the next use. */
static inline void buffer_reset(struct buffer *b) { b->length = 0, b->failed = false; }
static inline bool buffer_failed(const struct buffer *b) { return b->failed; }

#endif
