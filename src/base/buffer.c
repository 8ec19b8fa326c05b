#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUFFER_FIRST = 64 };

bool buffer_grow(struct buffer *b, size_t extra) {
    if (b->failed) return false;
    if (extra > SIZE_MAX / 2 - b->length) {
        b->failed = true;
        return false;
    }
    size_t needed = b->length + extra;
    size_t capacity = b->capacity < BUFFER_FIRST ? BUFFER_FIRST : b->capacity * 2;
    if (capacity < needed) capacity = needed;
    char *data = realloc(b->data, capacity);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void buffer_append_slow(struct buffer *b, const void *data, size_t length) {
    if (!buffer_reserve(b, length)) return;
    if (length != 0) memcpy(b->data + b->length, data, length);
    b->length += length;
}

void buffer_printf(struct buffer *b, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    char small[128];
    int length = vsnprintf(small, sizeof small, format, args);
    if (length < 0) {
        b->failed = true;
    } else if ((size_t)length < sizeof small) {
        buffer_append(b, small, (size_t)length);
    } else if (buffer_reserve(b, (size_t)length + 1)) {
        vsnprintf(b->data + b->length, (size_t)length + 1, format, again);
        b->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

const char *buffer_text(struct buffer *b) {
    if (!buffer_reserve(b, 1)) return NULL;
    b->data[b->length] = '\0';
    return b->data;
}

char *buffer_take(struct buffer *b) {
    char *data = NULL;
    if (buffer_text(b) != NULL) {
        data = b->data;
        b->data = NULL;
    }
    buffer_free(b);
    return data;
}

void buffer_free(struct buffer *b) {
    free(b->data);
    *b = BUFFER_INIT;
}
