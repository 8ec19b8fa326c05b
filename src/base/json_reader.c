#include "base/json_reader.h"

#include <stdio.h>
#include <string.h>

#include "base/json_token.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    READ_VALUE,        /* a value must come */
    READ_FIRST_ITEM,   /* a value or the end of the array */
    READ_FIRST_MEMBER, /* a key or the end of the object */
    READ_AFTER,        /* what follows a value */
    READ_FAILED
};

enum json_event json_fail(struct json_reader *r, const char *at, const char *message) {
    r->state = READ_FAILED;
    r->message = message;
    r->offset = (size_t)(at - r->start);
    return JSON_ERROR;
}

enum json_event json_fail_memory(struct json_reader *r) {
    r->no_memory = true;
    return json_fail(r, r->at, "out of memory");
}

/* What stands at r->at, where `wanted` should: `unexpected "]" where a value should begin`. */
static enum json_event fail_unexpected(struct json_reader *r, const char *wanted) {
    char *out = r->message_text;
    size_t size = sizeof r->message_text;
    if (r->at == r->end) {
        snprintf(out, size, "the text ends where %s", wanted);
    } else if (*r->at == '"') {
        snprintf(out, size, "unexpected string where %s", wanted);
    } else if (*r->at > 0x20 && *r->at < 0x7f) {
        snprintf(out, size, "unexpected \"%c\" where %s", *r->at, wanted);
    } else {
        snprintf(out, size, "unexpected byte 0x%02x where %s", (unsigned)(unsigned char)*r->at, wanted);
    }
    return json_fail(r, r->at, out);
}

void json_reader_init(struct json_reader *r, const char *text, size_t length, int max_depth, bool unique_keys) {
    /* Field by field: nesting and message_text are written before they are read, and clearing them would cost as much
     * as a short record. */
    r->start = r->at = r->token = length != 0 ? text : "";
    r->end = r->start + length;
    r->text = NULL, r->length = 0;
    r->integer = 0, r->number = 0, r->inexact = false;
    r->message = NULL, r->offset = 0, r->no_memory = false;
    r->depth = 0;
    r->max_depth = max_depth < 1 ? 1 : max_depth > JSON_MAX_DEPTH ? JSON_MAX_DEPTH : max_depth;
    r->state = READ_VALUE;
    r->in_object = false;
    r->unique_keys = unique_keys;
    r->unescaped = r->keys = BUFFER_INIT;
    r->keys_frame = 0;
}

void json_reader_free(struct json_reader *r) {
    buffer_free(&r->unescaped);
    buffer_free(&r->keys);
}

static void skip_space_slow(struct json_reader *r) {
    const char *p = r->at;
    while (p < r->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) p++;
    r->at = p;
}

/* Text that a program wrote mostly has none. */
static inline void skip_space(struct json_reader *r) {
    if (r->at < r->end && *r->at <= ' ') skip_space_slow(r);
}

/* Most strings: short, ASCII and without escapes. The others go through json_token_string. */
static inline bool read_string(struct json_reader *r) {
#ifdef __SSE2__
    const char *begin = r->at + 1;
    if (r->end - begin >= 16) {
        __m128i bytes = _mm_loadu_si128((const void *)begin);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        __m128i both =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(low, both), bytes)); /* high bytes too */
        if (stops != 0) {
            unsigned first = (unsigned)__builtin_ctz(stops);
            if (begin[first] == '"') {
                r->text = begin;
                r->length = first;
                r->at = begin + first + 1;
                return true;
            }
        }
    }
#endif
    return json_token_string(r);
}

static bool is_object_at(const struct json_reader *r, int level) {
    return level >= 0 && (r->nesting[level / 64] >> (level % 64) & 1) != 0;
}

static enum json_event open_container(struct json_reader *r, bool object) {
    if (r->depth >= r->max_depth) {
        snprintf(r->message_text, sizeof r->message_text, "nested more than %d levels deep", r->max_depth);
        return json_fail(r, r->at, r->message_text);
    }
    if (object && r->unique_keys && !json_keys_open(r)) return JSON_ERROR;
    uint64_t bit = UINT64_C(1) << (r->depth % 64), *word = &r->nesting[r->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    r->depth++;
    r->in_object = object;
    r->at++;
    r->state = object ? READ_FIRST_MEMBER : READ_FIRST_ITEM;
    return object ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_event close_container(struct json_reader *r) {
    bool object = r->in_object;
    if (object && r->unique_keys) json_keys_close(r);
    r->token = r->at++;
    r->depth--;
    r->in_object = is_object_at(r, r->depth - 1);
    r->state = READ_AFTER;
    return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_event read_word(struct json_reader *r, const char *word, size_t length, enum json_event event) {
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0) {
        return fail_unexpected(r, "a value should begin");
    }
    r->at += length;
    r->state = READ_AFTER;
    return event;
}

static enum json_event fail_value(struct json_reader *r) {
    if (r->at == r->start && r->end - r->at >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0) {
        return json_fail(r, r->at, "a byte order mark stands before the value");
    }
    return fail_unexpected(r, "a value should begin");
}

static enum json_event read_value(struct json_reader *r) {
    skip_space(r);
    r->token = r->at;
    if (r->at == r->end) return fail_value(r);
    switch (*r->at) {
    case '"':
        if (!read_string(r)) return JSON_ERROR;
        r->state = READ_AFTER;
        return JSON_STRING;
    case '{': return open_container(r, true);
    case '[': return open_container(r, false);
    case 't': return read_word(r, "true", 4, JSON_TRUE);
    case 'f': return read_word(r, "false", 5, JSON_FALSE);
    case 'n': return read_word(r, "null", 4, JSON_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': {
        enum json_event event = json_token_number(r);
        if (event != JSON_ERROR) r->state = READ_AFTER;
        return event;
    }
    default: return fail_value(r);
    }
}

/* A key and its colon. */
static enum json_event read_key(struct json_reader *r, const char *wanted) {
    skip_space(r);
    if (r->at == r->end || *r->at != '"') return fail_unexpected(r, wanted);
    r->token = r->at;
    if (!read_string(r)) return JSON_ERROR;
    if (r->unique_keys && !json_keys_add(r)) return JSON_ERROR;
    if (r->at == r->end || *r->at != ':') {
        skip_space(r);
        if (r->at == r->end || *r->at != ':') return fail_unexpected(r, "a colon should follow a key");
    }
    r->at++;
    r->state = READ_VALUE;
    return JSON_KEY;
}

static enum json_event read_after(struct json_reader *r) {
    skip_space(r);
    if (r->depth == 0) {
        if (r->at == r->end) {
            r->token = r->at;
            return JSON_END;
        }
        return fail_unexpected(r, "the text should end");
    }
    const bool object = r->in_object;
    if (r->at < r->end && *r->at == ',') {
        r->at++;
        return object ? read_key(r, "a key should begin") : read_value(r);
    }
    if (r->at < r->end && *r->at == (object ? '}' : ']')) return close_container(r);
    return fail_unexpected(r, object ? "\",\" or \"}\" should follow a value" : "\",\" or \"]\" should follow a value");
}

enum json_event json_reader_next(struct json_reader *r) {
    switch (r->state) {
    case READ_AFTER: return read_after(r);
    case READ_VALUE: return read_value(r);
    case READ_FIRST_MEMBER:
        skip_space(r);
        if (r->at < r->end && *r->at == '}') return close_container(r);
        return read_key(r, "a key or \"}\" should begin");
    case READ_FIRST_ITEM:
        skip_space(r);
        if (r->at < r->end && *r->at == ']') return close_container(r);
        return read_value(r);
    default: return JSON_ERROR;
    }
}

bool json_reader_skip(struct json_reader *r, const char **span, size_t *length) {
    if (r->state == READ_VALUE && json_reader_next(r) == JSON_ERROR) return false;
    const char *begin = r->token;
    if (r->state == READ_FIRST_MEMBER || r->state == READ_FIRST_ITEM) {
        int outside = r->depth - 1;
        while (r->depth > outside) {
            if (json_reader_next(r) == JSON_ERROR) return false;
        }
    }
    if (r->state == READ_FAILED) return false;
    *span = begin;
    *length = (size_t)(r->at - begin);
    return true;
}
