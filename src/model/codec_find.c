/* One member of a stored document, for every record of a filter that no index helps. */
#include "base/number.h"
#include "model/codec.h"
#include "model/codec_scan.h"
#include "model/types/decimal.h"

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Member by member. */
static int walk(const char *document, const char *end, const char *member, size_t key_length, const char **value) {
    const char *p = scan_space(document, end);
    unsigned flags = 0;
    if (p == end || *p != '{') return -1;
    p = scan_space(p + 1, end);
    if (p < end && *p == '}') return 0;
    for (;;) {
        if (p >= end || *p != '"') return -1;
        bool found = (size_t)(end - p) > key_length && memcmp(p, member, key_length) == 0;
        p = found ? p + key_length - 1 : scan_string(p + 1, end, &flags);
        if (p == NULL) return -1;
        p = scan_space(p + 1, end);
        if (p >= end || *p != ':') return -1;
        p = scan_space(p + 1, end);
        if (found) return *value = p, 1;
        p = scan_value(p, end);
        if (p == NULL) return -1;
        p = scan_space(p, end);
        if (p < end && *p == '}') return 0;
        if (p >= end || *p != ',') return -1;
        p = scan_space(p + 1, end);
    }
}

enum { UNSURE = 2 };

/* By the bytes of the quoted key, at about the speed of memory, where these prove what they are.
 *
 * Inside a string every quote has a backslash before it. A quote without one opens or closes a string, and one that is
 * followed by a letter, a digit or `_` opens it; so `"key"` found like this is a whole string, and with a colon behind
 * it a key. It is a key of the top level when no bracket stands before it; where one does, be it in a text, only a walk
 * can tell. Where the bytes are not found at all, neither is the key. */
static int search(const char *document, const char *end, const char *member, size_t key_length, const char **value) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), initial = _mm_set1_epi8(member[1]);
    const __m128i brace = _mm_set1_epi8('{'), case_bit = _mm_set1_epi8(0x20);
    const char *p = document + 1;
    unsigned nested = 0;
    for (; end - p > 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
        unsigned hits =
            (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(next, initial)));
        /* `[` and `{` differ in one bit alone. */
        unsigned brackets = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(bytes, case_bit), brace));
        for (; hits != 0; hits &= hits - 1) {
            unsigned at = (unsigned)__builtin_ctz(hits);
            const char *key = p + at;
            if ((size_t)(end - key) <= key_length || memcmp(key, member, key_length) != 0 || key[-1] == '\\') continue;
            const char *colon = scan_space(key + key_length, end);
            if (colon == end || *colon != ':') continue;
            if (nested != 0 || (brackets & ((1u << at) - 1)) != 0) return UNSURE;
            *value = scan_space(colon + 1, end);
            return 1;
        }
        nested |= brackets;
    }
    for (; end - p > (ptrdiff_t)key_length; p++) {
        if (*p == '"' && memcmp(p, member, key_length) == 0) return UNSURE;
    }
    return 0;
#else
    (void)document, (void)end, (void)member, (void)key_length, (void)value;
    return UNSURE;
#endif
}

/* A key that holds no escape and begins as the search needs it. */
static bool is_plain(const char *member, size_t key_length) {
    return key_length > 2 && is_word(member[1]) && memchr(member, '\\', key_length) == NULL;
}

int codec_find(const char *document, size_t length, const char *member, size_t member_length, const char **span,
               size_t *span_length) {
    const char *end = document + length, *value = NULL;
    const size_t key_length = member_length - 1; /* without the colon, which white space may part from the key */
    int found = UNSURE;
    if (length >= 2 && document[0] == '{' && end[-1] == '}' && is_plain(member, key_length)) {
        found = search(document, end, member, key_length, &value);
    }
    if (found == UNSURE) found = walk(document, end, member, key_length, &value);
    if (found != 1) return found;
    const char *behind = scan_value(value, end);
    if (behind == NULL) return -1;
    *span = value;
    *span_length = (size_t)(behind - value);
    return 1;
}

static bool text_physical(const char *text, size_t length, flexdb_value *out, struct buffer *scratch) {
    *out = value_text(text, length);
    if (memchr(text, '\\', length) == NULL) return true;
    if (!buffer_reserve(scratch, length)) return false;
    char *copy = scratch->data + scratch->length, *end = scan_unescape(copy, text, text + length);
    if (end == NULL) return false;
    *out = value_text(copy, (size_t)(end - copy));
    scratch->length += out->length;
    return true;
}

bool codec_span_physical(const char *span, size_t length, enum physical_kind kind, int scale, flexdb_value *out,
                         struct buffer *scratch) {
    *out = value_null();
    if (length == 0) return false;
    if (span[0] == '"') {
        if (length < 2 || span[length - 1] != '"') return false;
        if (kind == PHYSICAL_INTEGER || kind == PHYSICAL_DECIMAL) {
            return decimal_physical_text(span + 1, length - 2, kind, scale, out, scratch);
        }
        return kind != PHYSICAL_NONE && text_physical(span + 1, length - 2, out, scratch);
    }
    if (length == 4 && memcmp(span, "null", 4) == 0) return true;
    if (kind != PHYSICAL_INTEGER) return false;
    if (length == 4 && memcmp(span, "true", 4) == 0) return *out = value_integer(1), true;
    if (length == 5 && memcmp(span, "false", 5) == 0) return *out = value_integer(0), true;
    int64_t integer;
    if (!number_parse_integer(span, length, &integer)) return false;
    *out = value_integer(integer);
    return true;
}
