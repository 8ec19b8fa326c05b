/* Going through the text of a stored document without building anything. For the codec, and for conversions of json.
 *
 * Every function takes the place where it begins and the end of the document, never reads beyond that end, and answers
 * NULL where the text ends too early or is not what it should be. */
#ifndef FLEXDB_MODEL_CODEC_SCAN_H
#define FLEXDB_MODEL_CODEC_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/validator_parts.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What a string holds. */
enum { SCAN_ESCAPED = 1, SCAN_HIGH = 2, SCAN_CONTROL = 4 };

static inline const char *scan_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

/* The closing quote of the string whose inside begins at `p`; adds to `flags`. */
static inline const char *scan_string(const char *p, const char *end, unsigned *flags) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), lowest = _mm_set1_epi8(0x1F);
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, lowest), bytes),
                                   _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
        unsigned mask = (unsigned)_mm_movemask_epi8(odd), high = (unsigned)_mm_movemask_epi8(bytes);
        if (mask == 0) {
            if (high != 0) *flags |= SCAN_HIGH;
            p += 16;
            continue;
        }
        unsigned plain = (unsigned)__builtin_ctz(mask);
        if ((high & ((1u << plain) - 1)) != 0) *flags |= SCAN_HIGH;
        p += plain;
        if (*p == '"') return p;
        *flags |= *p == '\\' ? SCAN_ESCAPED : SCAN_CONTROL;
        if (*p == '\\' && ++p == end) return NULL;
        p++;
    }
#endif
    while (p < end && *p != '"') {
        unsigned char c = (unsigned char)*p;
        if (c == '\\') {
            *flags |= SCAN_ESCAPED;
            if (++p == end) return NULL;
        } else if (c < 0x20) {
            *flags |= SCAN_CONTROL;
        } else if (c >= 0x80) {
            *flags |= SCAN_HIGH;
        }
        p++;
    }
    return p < end ? p : NULL;
}

/* Behind the array or object that begins at `p`. Brackets are counted, not matched. */
const char *scan_nested(const char *p, const char *end);

/* Behind a number or a word. */
static inline const char *scan_scalar(const char *p, const char *end) {
    const char *begin = p;
    while (p < end && *p != ',' && *p != '}' && *p != ']' && (unsigned char)*p > ' ') p++;
    return p > begin ? p : NULL;
}

/* Behind the value that begins at `p`. */
static inline const char *scan_value(const char *p, const char *end) {
    if (p >= end) return NULL;
    if (*p == '"') {
        unsigned flags = 0;
        const char *quote = scan_string(p + 1, end, &flags);
        return quote != NULL ? quote + 1 : NULL;
    }
    return *p == '{' || *p == '[' ? scan_nested(p, end) : scan_scalar(p, end);
}

/* Whether the `length` bytes at `p` are those of `text`, which is padded to a multiple of MEMBER_STEP. */
static inline bool scan_equal(const char *p, const char *end, const char *text, size_t length) {
    if ((size_t)(end - p) < length) return false;
#ifdef __SSE2__
    if (end - p >= MEMBER_STEP) {
        unsigned wanted = length >= MEMBER_STEP ? 0xFFFFu : (1u << length) - 1;
        __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p),
                                      _mm_loadu_si128((const __m128i *)(const void *)text));
        if (((unsigned)_mm_movemask_epi8(same) & wanted) != wanted) return false;
        return length <= MEMBER_STEP || memcmp(p + MEMBER_STEP, text + MEMBER_STEP, length - MEMBER_STEP) == 0;
    }
#endif
    return memcmp(p, text, length) == 0;
}

/* Writes what the inside of a JSON string stands for, never longer than it; the place behind it. NULL for an escape
 * that is none, a lone surrogate or U+0000, none of which the codec writes. */
char *scan_unescape(char *w, const char *p, const char *end);

/* ---- member by member ---- */

enum scan_step { SCAN_BAD = -1, SCAN_END, SCAN_MEMBER };

struct scan {
    const struct validator *validator;
    const char *at, *end; /* `at`: set it behind the value before the next step */
    size_t place;         /* of the member that is expected next */
    bool begun;
    /* Of the last member: */
    const struct member *member; /* NULL: the definition does not know the key */
    const char *key;             /* at its quote */
    const char *value;
};

/* Steps into the object. False when there is none. */
bool scan_begin(struct scan *s, const struct validator *v, const char *document, size_t length);
/* Any member, in any order and spacing. */
enum scan_step scan_next_any(struct scan *s, struct buffer *scratch);

/* To the next member. After SCAN_END nothing but white space follows. `scratch` takes a key that holds escapes. */
static inline enum scan_step scan_next(struct scan *s, struct buffer *scratch) {
    const char *p = s->at;
    const struct validator *v = s->validator;
    bool ready = !s->begun;
    if (s->begun && p < s->end && *p == ',') {
        ready = true;
        p++;
        if (p < s->end && *p == ' ') p++; /* MySQL's spacing */
    }
    /* The member that is expected, right where it should be: the rule. */
    if (ready && s->place < v->shape.columns) {
        const struct member *m = &v->members[s->place];
        if (scan_equal(p, s->end, m->text, m->length)) {
            s->key = p;
            p += m->length;
            if (p < s->end && *p == ' ') p++;
            if (p < s->end && (unsigned char)*p > ' ') {
                s->value = p;
                s->member = m;
                s->place++;
                s->begun = true;
                return SCAN_MEMBER;
            }
        }
    }
    return scan_next_any(s, scratch);
}

#endif
