#include "model/codec_scan.h"

const char *scan_nested(const char *p, const char *end) {
    size_t depth = 0;
    unsigned flags = 0;
    for (; p < end; p++) {
        switch (*p) {
        case '"':
            p = scan_string(p + 1, end, &flags);
            if (p == NULL) return NULL;
            break;
        case '{':
        case '[': depth++; break;
        case '}':
        case ']':
            if (--depth == 0) return p + 1;
            break;
        default: break;
        }
    }
    return NULL;
}

/* ---- escapes ---- */

static bool read_hex(const char *p, const char *end, unsigned *out) {
    unsigned value = 0;
    if (end - p < 4) return false;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else
            return false;
        value = value * 16 + digit;
    }
    *out = value;
    return true;
}

static char *put_code_point(char *w, unsigned code) {
    if (code < 0x80) {
        *w++ = (char)code;
    } else if (code < 0x800) {
        *w++ = (char)(0xC0 | code >> 6);
        *w++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *w++ = (char)(0xE0 | code >> 12);
        *w++ = (char)(0x80 | (code >> 6 & 0x3F));
        *w++ = (char)(0x80 | (code & 0x3F));
    } else {
        *w++ = (char)(0xF0 | code >> 18);
        *w++ = (char)(0x80 | (code >> 12 & 0x3F));
        *w++ = (char)(0x80 | (code >> 6 & 0x3F));
        *w++ = (char)(0x80 | (code & 0x3F));
    }
    return w;
}

/* `\uXXXX`, or two of them, `p` behind the first `\u`; the place behind, or NULL. */
static const char *unescape_code_point(char **w, const char *p, const char *end) {
    unsigned code, low;
    if (!read_hex(p, end, &code) || code == 0 || (code >= 0xDC00 && code <= 0xDFFF)) return NULL;
    p += 4;
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (end - p < 6 || p[0] != '\\' || p[1] != 'u' || !read_hex(p + 2, end, &low)) return NULL;
        if (low < 0xDC00 || low > 0xDFFF) return NULL;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
    }
    *w = put_code_point(*w, code);
    return p;
}

char *scan_unescape(char *w, const char *p, const char *end) {
    while (p < end) {
        const char *backslash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((backslash != NULL ? backslash : end) - p);
        memmove(w, p, plain);
        w += plain, p += plain;
        if (p == end) break;
        if (++p == end) return NULL;
        char c = *p++;
        switch (c) {
        case '"':
        case '\\':
        case '/': *w++ = c; break;
        case 'b': *w++ = '\b'; break;
        case 'f': *w++ = '\f'; break;
        case 'n': *w++ = '\n'; break;
        case 'r': *w++ = '\r'; break;
        case 't': *w++ = '\t'; break;
        case 'u':
            p = unescape_code_point(&w, p, end);
            if (p == NULL) return NULL;
            break;
        default: return NULL;
        }
    }
    return w;
}

/* ---- member by member ---- */

bool scan_begin(struct scan *s, const struct validator *v, const char *document, size_t length) {
    const char *end = document + length, *p = scan_space(document, end);
    *s = (struct scan){.validator = v, .at = p, .end = end};
    if (p == end || *p != '{') return false;
    s->at = p + 1;
    return true;
}

/* The member by its key, wherever it stands. */
static const struct member *find_member(struct scan *s, const char *key, size_t length) {
    const struct validator *v = s->validator;
    int64_t slot = names_find(&v->definition->by_key, key, length);
    if (slot == NAMES_NONE) return NULL;
    s->place = v->places[slot] + 1;
    return &v->members[s->place - 1];
}

/* A key that is not where it was expected. The colon is left to read. */
static const char *read_key(struct scan *s, const char *p, struct buffer *scratch) {
    unsigned flags = 0;
    const char *quote = scan_string(p + 1, s->end, &flags);
    if (quote == NULL || (flags & SCAN_CONTROL) != 0) return NULL;
    size_t length = (size_t)(quote - p - 1);
    if ((flags & SCAN_ESCAPED) == 0) {
        s->member = find_member(s, p + 1, length);
        return quote + 1;
    }
    if (!buffer_reserve(scratch, length)) return NULL;
    char *copy = scratch->data + scratch->length, *copy_end = scan_unescape(copy, p + 1, quote);
    if (copy_end == NULL) return NULL;
    s->member = find_member(s, copy, (size_t)(copy_end - copy));
    return quote + 1;
}

/* Keys come in the order in which they were written, a few left out; MySQL has an order of its own. */
static bool expect_member(struct scan *s, const char *p) {
    enum { TRIES = 4 };
    const struct member *m = s->validator->members + s->place;
    size_t left = s->validator->shape.columns - s->place;
    for (size_t i = 0; i < TRIES && i < left; i++, m++) {
        if (!scan_equal(p, s->end, m->text, m->length)) continue;
        s->member = m;
        s->place += i + 1;
        return true;
    }
    return false;
}

enum scan_step scan_next_any(struct scan *s, struct buffer *scratch) {
    const char *p = scan_space(s->at, s->end);
    if (p < s->end && *p == '}') {
        s->at = scan_space(p + 1, s->end);
        return s->at == s->end ? SCAN_END : SCAN_BAD;
    }
    if (s->begun) {
        if (p == s->end || *p != ',') return SCAN_BAD;
        p = scan_space(p + 1, s->end);
    }
    s->begun = true;
    s->at = s->key = p;
    if (p == s->end || *p != '"') return SCAN_BAD;
    if (expect_member(s, p)) {
        p += s->member->length;
    } else {
        p = read_key(s, p, scratch);
        if (p == NULL) return SCAN_BAD;
        p = scan_space(p, s->end);
        if (p == s->end || *p++ != ':') return SCAN_BAD;
    }
    s->value = scan_space(p, s->end);
    return s->value < s->end ? SCAN_MEMBER : SCAN_BAD;
}
