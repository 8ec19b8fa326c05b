/* Text into a document: checked, counted and escaped in one pass. */
#include <stdint.h>

#include "model/codec_parts.h"

#ifdef __SSE2__
#include <emmintrin.h>

enum { BLOCK = 16 }; /* what is copied in one step */

/* A bit for each byte that cannot be copied as it is. Signed: bytes of 0x80 and above are less than 0x20 as well. */
static inline unsigned odd_bytes(__m128i bytes) {
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
}
#else
enum { BLOCK = 8 };
#endif

static bool is_tail(unsigned char c) { return (c & 0xC0) == 0x80; }

/* The length of the well-formed sequence (RFC 3629, 4) of two bytes or more at `p`, or 0. */
static size_t sequence_length(const unsigned char *p, size_t left) {
    unsigned char c = p[0];
    if (c >= 0xC2 && c <= 0xDF) return left >= 2 && is_tail(p[1]) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF) {
        unsigned char low = c == 0xE0 ? 0xA0 : 0x80, high = c == 0xED ? 0x9F : 0xBF;
        return left >= 3 && p[1] >= low && p[1] <= high && is_tail(p[2]) ? 3 : 0;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        unsigned char low = c == 0xF0 ? 0x90 : 0x80, high = c == 0xF4 ? 0x8F : 0xBF;
        return left >= 4 && p[1] >= low && p[1] <= high && is_tail(p[2]) && is_tail(p[3]) ? 4 : 0;
    }
    return 0;
}

static char *emit_escape(char *w, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    *w++ = '\\';
    switch (c) {
    case '"':
    case '\\': *w++ = (char)c; break;
    case '\b': *w++ = 'b'; break;
    case '\f': *w++ = 'f'; break;
    case '\n': *w++ = 'n'; break;
    case '\r': *w++ = 'r'; break;
    case '\t': *w++ = 't'; break;
    default:
        memcpy(w, "u00", 3);
        w[3] = hex[c >> 4], w[4] = hex[c & 15];
        w += 5;
    }
    return w;
}

/* Bytes of a word that cannot be copied as they are have their top bit set, and perhaps some above them. */
#define REPEAT(byte) (UINT64_C(0x0101010101010101) * (byte))
static inline bool word_is_plain(uint64_t word) {
    uint64_t quote = word ^ REPEAT('"'), backslash = word ^ REPEAT('\\');
    uint64_t odd = word | (word - REPEAT(0x20)) | (quote - REPEAT(1)) | (backslash - REPEAT(1));
    return (odd & REPEAT(0x80)) == 0;
}

/* A text of 1 to 7 bytes, all or none of them: as two parts that overlap, or as its first, middle and last byte. */
static inline bool copy_few(char *to, const unsigned char *p, size_t length) {
    if (length >= 4) {
        uint32_t head, tail;
        memcpy(&head, p, 4);
        memcpy(&tail, p + length - 4, 4);
        if (!word_is_plain((uint64_t)tail << 32 | head)) return false;
        memcpy(to, &head, 4);
        memcpy(to + length - 4, &tail, 4);
        return true;
    }
    unsigned char first = p[0], middle = p[length / 2], last = p[length - 1];
    if (!word_is_plain(REPEAT(' ') << 24 | (uint64_t)last << 16 | (uint64_t)middle << 8 | first)) return false;
    to[0] = (char)first, to[length / 2] = (char)middle, to[length - 1] = (char)last;
    return true;
}

/* The last `left` bytes of a text, less than a block, all or none of them: once more with what stands before them,
 * which is copied already, so that it takes whole steps. */
static inline bool copy_rest(char *to, const unsigned char *end, size_t left, size_t length) {
#ifdef __SSE2__
    if (length >= BLOCK) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(end - BLOCK));
        if (odd_bytes(bytes) >> (BLOCK - left) != 0) return false;
        _mm_storeu_si128((__m128i *)(void *)(to + left - BLOCK), bytes);
        return true;
    }
#endif
    if (length < 8) return copy_few(to, end - left, left);
    uint64_t head = REPEAT(' '), tail;
    if (left > 8) memcpy(&head, end - left, 8);
    memcpy(&tail, end - 8, 8);
    if (!word_is_plain(head) || !word_is_plain(tail)) return false;
    if (left > 8) memcpy(to, &head, 8);
    memcpy(to + left - 8, &tail, 8);
    return true;
}

/* Copies plain ASCII up to the first byte that is not, or to where less than a block is left. */
static inline const unsigned char *copy_blocks(const unsigned char *p, const unsigned char *end, char **w) {
    char *to = *w;
#ifdef __SSE2__
    while (end - p >= 2 * BLOCK) { /* two at once, to be looked at one by one where something is odd */
        const __m128i one = _mm_loadu_si128((const __m128i *)(const void *)p);
        const __m128i two = _mm_loadu_si128((const __m128i *)(const void *)(p + BLOCK));
        if ((odd_bytes(one) | odd_bytes(two)) != 0) break;
        _mm_storeu_si128((__m128i *)(void *)to, one);
        _mm_storeu_si128((__m128i *)(void *)(to + BLOCK), two);
        p += 2 * BLOCK, to += 2 * BLOCK;
    }
    while (end - p >= BLOCK) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        _mm_storeu_si128((__m128i *)(void *)to, bytes);
        unsigned mask = odd_bytes(bytes);
        if (mask != 0) {
            unsigned plain = (unsigned)__builtin_ctz(mask);
            *w = to + plain;
            return p + plain;
        }
        p += BLOCK, to += BLOCK;
    }
#else
    for (uint64_t word; end - p >= BLOCK; p += BLOCK, to += BLOCK) {
        memcpy(&word, p, BLOCK);
        if (!word_is_plain(word)) break;
        memcpy(to, &word, BLOCK);
    }
#endif
    *w = to;
    return p;
}

/* From p on, where less than a block is left or something cannot be copied as it is. */
static __attribute__((noinline)) char *emit_odd(char *w, const unsigned char *p, const unsigned char *end,
                                                size_t length, struct utf8_facts *facts) {
    size_t tails = 0;
    bool ascii = true;
    while (p < end) {
        do {
            unsigned char c = *p;
            if (c >= 0x80) {
                size_t n = sequence_length(p, (size_t)(end - p));
                if (n == 0) return NULL;
                for (size_t i = 0; i < n; i++) w[i] = (char)p[i];
                w += n, p += n, tails += n - 1;
                ascii = false;
            } else if (c < 0x20 || c == '"' || c == '\\') {
                if (c == 0) return NULL;
                w = emit_escape(w, c);
                p++;
            } else {
                *w++ = (char)c;
                p++;
            }
        } while (p < end && (end - p < BLOCK || *p >= 0x80));
        p = copy_blocks(p, end, &w);
    }
    *facts = (struct utf8_facts){.code_points = length - tails, .ascii = ascii};
    return w;
}

char *codec_emit_text(char *w, const char *text, size_t length, struct utf8_facts *facts) {
    const unsigned char *begin = (const unsigned char *)text, *end = begin + length;
    const unsigned char *p = copy_blocks(begin, end, &w);
    size_t left = (size_t)(end - p);
    if (left != 0 && (left >= BLOCK || !copy_rest(w, end, left, length))) return emit_odd(w, p, end, length, facts);
    *facts = (struct utf8_facts){.code_points = length, .ascii = true};
    return w + left;
}

size_t codec_long_text_bound(const char *text, size_t length) {
    size_t escapes = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        escapes += c < 0x20 || c == '"' || c == '\\';
    }
    return length + (ESCAPED_BYTES - 1) * escapes + TEXT_SLACK;
}
