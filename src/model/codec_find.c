/* One member of a stored document, for every record of a filter that no index helps. */
#include "base/number.h"
#include "model/codec.h"
#include "model/codec_scan.h"
#include "model/types/decimal.h"

int codec_find(const char *document, size_t length, const char *member, size_t member_length, const char **span,
               size_t *span_length) {
    const char *end = document + length, *p = scan_space(document, end);
    const size_t key_length = member_length - 1; /* without the colon, which white space may part from the key */
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
        const char *value = p;
        p = scan_value(p, end);
        if (p == NULL) return -1;
        if (found) {
            *span = value;
            *span_length = (size_t)(p - value);
            return 1;
        }
        p = scan_space(p, end);
        if (p < end && *p == '}') return 0;
        if (p >= end || *p != ',') return -1;
        p = scan_space(p + 1, end);
    }
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
