/* Text into a document: checked, counted and escaped in one pass. */
#include <stdint.h>

#include "model/codec_parts.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __SSE2__
/* A bit for each byte that cannot be copied as it is. Signed: bytes of 0x80 and above are less than 0x20 as well. */
static inline unsigned odd_bytes(__m128i bytes) {
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
}
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

/* The rest of a text, less than 16 bytes, once more with what stands before it, so that it takes whole steps: `run`
 * bytes before p were plain and are copied already. */
static inline const unsigned char *copy_rest(const unsigned char *p, const unsigned char *end, size_t run, char **w) {
    size_t left = (size_t)(end - p);
    char *to = *w;
#ifdef __SSE2__
    if (run + left >= 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
        if (odd_bytes(bytes) >> (16 - left) == 0) {
            _mm_storeu_si128((__m128i *)(void *)(to + left - 16), bytes);
            *w = to + left;
            return end;
        }
    }
#endif
    while (left >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        if (!word_is_plain(word)) break;
        memcpy(to, p, 8);
        p += 8, to += 8, run += 8, left -= 8;
    }
    if (left > 0 && left < 8 && run + left >= 8) {
        uint64_t word;
        memcpy(&word, end - 8, 8);
        if (word_is_plain(word)) {
            memcpy(to + left - 8, end - 8, 8);
            p = end, to += left;
        }
    } else if (left >= 4 && left < 8) {
        uint32_t half;
        memcpy(&half, p, 4);
        if (word_is_plain(half | REPEAT(0x40) << 32)) {
            memcpy(to, p, 4);
            p += 4, to += 4;
        }
    }
    *w = to;
    return p;
}

/* Copies plain ASCII up to the first byte that is not, or to where the last few are left. */
static inline const unsigned char *copy_plain(const unsigned char *p, const unsigned char *end, char **w) {
    const unsigned char *begin = p;
#ifdef __SSE2__
    char *to = *w;
    while (end - p >= 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        _mm_storeu_si128((__m128i *)(void *)to, bytes);
        unsigned mask = odd_bytes(bytes);
        if (mask != 0) {
            unsigned plain = (unsigned)__builtin_ctz(mask);
            *w = to + plain;
            return p + plain;
        }
        p += 16, to += 16;
    }
    *w = to;
#endif
    return p < end ? copy_rest(p, end, (size_t)(p - begin), w) : p;
}

char *codec_emit_text(char *w, const char *text, size_t length, struct utf8_facts *facts) {
    const unsigned char *p = (const unsigned char *)text, *end = p + length;
    size_t tails = 0;
    bool ascii = true;
    for (;;) {
        p = copy_plain(p, end, &w);
        if (p == end) break;
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
        } while (p < end && (end - p < 4 || *p >= 0x80));
    }
    *facts = (struct utf8_facts){.code_points = length - tails, .ascii = ascii};
    return w;
}

size_t codec_long_text_bound(const char *text, size_t length) {
    size_t escapes = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        escapes += c < 0x20 || c == '"' || c == '\\';
    }
    return length + (ESCAPED_BYTES - 1) * escapes + TEXT_SLACK;
}
