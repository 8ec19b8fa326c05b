#include "base/json_writer.h"

#include <stdbool.h>
#include <string.h>

#include "base/number.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool needs_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

/* Whether one of eight bytes needs an escape: below 0x20, or equal to `"` or `\\`, byte by byte in one word. */
static bool word_needs_escape(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    uint64_t found = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
    return (found & highs) != 0;
}

/* Copies bytes up to the first that needs an escape, or to the end; returns how many. There is room for `length` + 16.
 */
static size_t copy_run(char *to, const char *from, size_t length) {
    size_t i = 0;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    for (; length - i >= 16; i += 16) {
        __m128i bytes = _mm_loadu_si128((const void *)(from + i));
        _mm_storeu_si128((void *)(to + i), bytes);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes);
        __m128i both = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(low, both));
        if (mask != 0) return i + (size_t)__builtin_ctz(mask);
    }
#endif
    uint64_t word;
    for (; length - i >= 8; i += 8) {
        memcpy(&word, from + i, 8);
        if (word_needs_escape(word)) break;
        memcpy(to + i, &word, 8);
    }
    if (length - i < 8 && length >= 8) { /* the rest as a word that overlaps what was copied */
        memcpy(&word, from + length - 8, 8);
        if (!word_needs_escape(word)) {
            memcpy(to + length - 8, &word, 8);
            return length;
        }
    }
    if (length >= 4 && length < 8) {
        uint32_t head, tail;
        memcpy(&head, from, 4);
        memcpy(&tail, from + length - 4, 4);
        if (!word_needs_escape((uint64_t)tail << 32 | head)) {
            memcpy(to, &head, 4);
            memcpy(to + length - 4, &tail, 4);
            return length;
        }
    }
    for (; i < length && !needs_escape((unsigned char)from[i]); i++) to[i] = from[i];
    return i;
}

/* Writes at most six bytes. */
static size_t write_escape(char *to, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    char letter = 0;
    switch (c) {
    case '"': letter = '"'; break;
    case '\\': letter = '\\'; break;
    case '\b': letter = 'b'; break;
    case '\f': letter = 'f'; break;
    case '\n': letter = 'n'; break;
    case '\r': letter = 'r'; break;
    case '\t': letter = 't'; break;
    default:
        memcpy(to, "\\u00", 4);
        to[4] = hex[c >> 4];
        to[5] = hex[c & 15];
        return 6;
    }
    to[0] = '\\';
    to[1] = letter;
    return 2;
}

void json_write_string(struct buffer *b, const char *text, size_t length) {
    enum { SLACK = 32 }; /* quotes, one escape, and the block that copy_run may write past the end */
    if (length > SIZE_MAX - SLACK || !buffer_reserve(b, length + SLACK)) {
        b->failed = true;
        return;
    }
    char *to = b->data + b->length;
    *to++ = '"';
    while (length != 0) {
        size_t n = copy_run(to, text, length);
        to += n, text += n, length -= n;
        if (length == 0) break;
        to += write_escape(to, (unsigned char)*text);
        text++, length--;
        b->length = (size_t)(to - b->data);
        if (!buffer_reserve(b, length + SLACK)) return;
        to = b->data + b->length;
    }
    *to++ = '"';
    b->length = (size_t)(to - b->data);
}

/* Whether all eight bytes are ASCII and need no escape: those that do not leave a top bit, in themselves or below them.
 */
static inline bool is_plain(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    return ((word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & highs) == 0;
}

bool json_write_plain(struct buffer *b, const char *text, size_t length) {
    if (length < 4 || length > 16 || !buffer_reserve(b, 16 + 2)) return false;
    char *to = b->data + b->length;
    if (length >= 8) {
        uint64_t head, tail;
        memcpy(&head, text, 8);
        memcpy(&tail, text + length - 8, 8);
        if (!is_plain(head) || !is_plain(tail)) return false;
        memcpy(to + 1, &head, 8);
        memcpy(to + 1 + length - 8, &tail, 8);
    } else {
        uint32_t head, tail;
        memcpy(&head, text, 4);
        memcpy(&tail, text + length - 4, 4);
        if (!is_plain((uint64_t)tail << 32 | head)) return false;
        memcpy(to + 1, &head, 4);
        memcpy(to + 1 + length - 4, &tail, 4);
    }
    to[0] = to[length + 1] = '"';
    b->length += length + 2;
    return true;
}

void json_write_integer(struct buffer *b, int64_t value) {
    if (!buffer_reserve(b, NUMBER_INTEGER_SIZE)) return;
    b->length += number_print_integer(value, b->data + b->length);
}

void json_write_number(struct buffer *b, double value) {
    if (!buffer_reserve(b, NUMBER_DOUBLE_SIZE)) return;
    b->length += number_print_double(value, b->data + b->length);
}
