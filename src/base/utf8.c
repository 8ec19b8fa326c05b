#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool is_tail(unsigned char c) { return (c & 0xc0) == 0x80; }

/* The length of the well-formed sequence of two to four bytes that begins at p (RFC 3629, 4), or 0. */
static size_t sequence_length(const unsigned char *p, size_t left) {
    unsigned char c = p[0];
    if (c >= 0xc2 && c <= 0xdf) return left >= 2 && is_tail(p[1]) ? 2 : 0;
    if (c >= 0xe0 && c <= 0xef) {
        unsigned char low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;
        return left >= 3 && p[1] >= low && p[1] <= high && is_tail(p[2]) ? 3 : 0;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        unsigned char low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;
        return left >= 4 && p[1] >= low && p[1] <= high && is_tail(p[2]) && is_tail(p[3]) ? 4 : 0;
    }
    return 0;
}

/* Passes a run of ASCII in whole words, noting zero bytes; the rest is the caller's, byte by byte. */
static const unsigned char *skip_ascii(const unsigned char *p, const unsigned char *end, bool *has_nul) {
#ifdef __SSE2__
    __m128i zeros = _mm_setzero_si128();
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const void *)p);
        if (_mm_movemask_epi8(bytes) != 0) break;
        zeros = _mm_or_si128(zeros, _mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
        p += 16;
    }
    if (_mm_movemask_epi8(zeros) != 0) *has_nul = true;
#endif
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        if ((word & highs) != 0) break;
        if (((word - ones) & highs) != 0) *has_nul = true;
        p += 8;
    }
    return p;
}

static uint64_t load_eight(const unsigned char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static uint64_t load_four(const unsigned char *p) {
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Short ASCII, as most values are, in two words that overlap. False says nothing: take the long way. */
static bool is_short_ascii(const unsigned char *p, size_t length, bool *has_nul) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t head, tail;
    if (length >= 8 && length <= 16) {
        head = load_eight(p), tail = load_eight(p + length - 8);
    } else if (length >= 4 && length < 8) {
        head = tail = load_four(p) | load_four(p + length - 4) << 32;
    } else {
        return false;
    }
    *has_nul = (((head - ones) | (tail - ones)) & highs) != 0;
    return ((head | tail) & highs) == 0;
}

bool utf8_check(const char *text, size_t length, struct utf8_facts *facts) {
    const unsigned char *p = (const unsigned char *)text;
    size_t tails = 0;
    bool has_nul = false, ascii = true;
    if (is_short_ascii(p, length, &has_nul)) {
        *facts = (struct utf8_facts){.code_points = length, .ascii = true, .has_nul = has_nul};
        return true;
    }
    has_nul = false;
    const unsigned char *end = length != 0 ? p + length : p; /* no text at all may be NULL, to which nothing is added */
    while (p < end) {
        p = skip_ascii(p, end, &has_nul);
        while (p < end && *p < 0x80) {
            if (*p++ == 0) has_nul = true;
        }
        while (p < end && (*p >= 0x80 || (*p == ' ' && !ascii))) { /* another script: a space between words stays in */
            if (*p == ' ') {
                p++;
                continue;
            }
            size_t n = sequence_length(p, (size_t)(end - p));
            if (n == 0) return false;
            p += n;
            tails += n - 1;
            ascii = false;
        }
    }
    *facts = (struct utf8_facts){.code_points = length - tails, .ascii = ascii, .has_nul = has_nul};
    return true;
}
