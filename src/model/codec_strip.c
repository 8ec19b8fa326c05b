/* Documents member by member: which keys they have, and what a purge leaves of them. */
#include <string.h>

#include "model/codec_parts.h"
#include "model/codec_scan.h"

struct member_span {
    const char *begin, *end; /* from the key's quote to behind the value */
    const char *key;         /* unescaped */
    size_t key_length;
};

/* The member that begins at `p`. False where there is none, or memory is out, which shows in scratch. */
static bool read_member(const char *p, const char *end, struct member_span *m, struct buffer *scratch) {
    unsigned flags = 0;
    if (p == end || *p != '"') return false;
    const char *quote = scan_string(p + 1, end, &flags);
    if (quote == NULL) return false;
    m->begin = p;
    m->key = p + 1;
    m->key_length = (size_t)(quote - m->key);
    if (flags & SCAN_ESCAPED) {
        buffer_reset(scratch);
        if (!buffer_reserve(scratch, m->key_length)) return false;
        char *behind = scan_unescape(scratch->data, m->key, quote);
        if (behind == NULL) return false;
        m->key = scratch->data;
        m->key_length = (size_t)(behind - scratch->data);
    }
    p = scan_space(quote + 1, end);
    if (p == end || *p != ':') return false;
    m->end = scan_value(scan_space(p + 1, end), end);
    return m->end != NULL;
}

/* Appends what is left; the place behind the object, or NULL. */
static const char *copy_members(const char *p, const char *end, const struct names *gone, struct buffer *out,
                                struct buffer *scratch, bool *changed) {
    size_t begin = out->length;
    if (p == end || *p != '{') return NULL;
    p = scan_space(p + 1, end);
    if (p < end && *p == '}') return p + 1;
    for (;;) {
        struct member_span m;
        if (!read_member(p, end, &m, scratch)) return NULL;
        if (names_find(gone, m.key, m.key_length) != NAMES_NONE) {
            *changed = true;
        } else {
            buffer_put(out, out->length == begin ? '{' : ',');
            buffer_append(out, m.begin, (size_t)(m.end - m.begin));
        }
        p = scan_space(m.end, end);
        if (p == end || (*p != ',' && *p != '}')) return NULL;
        if (*p == '}') break;
        p = scan_space(p + 1, end);
    }
    if (out->length == begin) buffer_put(out, '{');
    buffer_put(out, '}');
    return p + 1;
}

static int refuse(const struct buffer *scratch, flexdb_error *err) {
    if (buffer_failed(scratch)) return error_no_memory(err);
    return error_set(err, FLEXDB_CORRUPT, "the stored document is not a JSON object");
}

int codec_strip(const char *document, size_t length, const struct names *gone, struct buffer *out,
                struct buffer *scratch, flexdb_error *err) {
    const char *end = document + length;
    size_t begin = out->length;
    bool changed = false;
    const char *behind = copy_members(scan_space(document, end), end, gone, out, scratch, &changed);
    if (buffer_failed(out)) return error_no_memory(err);
    if (behind == NULL || scan_space(behind, end) != end) return refuse(scratch, err);
    if (!changed) out->length = begin;
    return changed ? 1 : 0;
}

int codec_keys(const char *document, size_t length, struct buffer *scratch,
               int (*meet)(void *context, const char *key, size_t length, flexdb_error *err), void *context,
               flexdb_error *err) {
    const char *end = document + length, *p = scan_space(document, end);
    if (p == end || *p != '{') return refuse(scratch, err);
    p = scan_space(p + 1, end);
    if (p < end && *p == '}') return 0;
    for (;;) {
        struct member_span m;
        if (!read_member(p, end, &m, scratch)) return refuse(scratch, err);
        int rc = meet(context, m.key, m.key_length, err);
        if (rc != 0) return rc;
        p = scan_space(m.end, end);
        if (p == end || (*p != ',' && *p != '}')) return refuse(scratch, err);
        if (*p == '}') return 0;
        p = scan_space(p + 1, end);
    }
}
