#include "base/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(struct buffer *out, const void *data, size_t length) {
    const unsigned char *p = data;
    for (size_t i = 0; i < length; i += 3) {
        size_t count = length - i < 3 ? length - i : 3;
        uint32_t bits = (uint32_t)p[i] << 16;
        if (count > 1) bits |= (uint32_t)p[i + 1] << 8;
        if (count > 2) bits |= p[i + 2];
        char text[4];
        for (int j = 0; j < 4; j++) text[j] = alphabet[bits >> (18 - 6 * j) & 63];
        buffer_append(out, text, count + 1);
    }
}

static int digit_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_decode(struct buffer *out, const char *text, size_t length) {
    if (length % 4 == 1) return false;
    for (size_t i = 0; i < length; i += 4) {
        size_t count = length - i < 4 ? length - i : 4;
        uint32_t bits = 0;
        for (size_t j = 0; j < count; j++) {
            int value = digit_value(text[i + j]);
            if (value < 0) return false;
            bits |= (uint32_t)value << (18 - 6 * j);
        }
        /* Bits that no byte needs must be zero, so that one text stands for one content. */
        if ((count == 2 && (bits & 0xffff) != 0) || (count == 3 && (bits & 0xff) != 0)) return false;
        char bytes[3] = {(char)(bits >> 16 & 0xff), (char)(bits >> 8 & 0xff), (char)(bits & 0xff)};
        buffer_append(out, bytes, count - 1);
    }
    return true;
}
