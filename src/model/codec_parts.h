/* What the parts of the codec share. Private to src/model/codec*.c. */
#ifndef FLEXDB_MODEL_CODEC_PARTS_H
#define FLEXDB_MODEL_CODEC_PARTS_H

#include <string.h>

#include "base/utf8.h"
#include "model/codec.h"
#include "model/validator_parts.h"

/* ---- writing ---- */

enum {
    TEXT_SLACK = 32,   /* codec_emit_text stores whole words, and so a little beyond what it writes */
    ESCAPED_BYTES = 6, /* of the longest escape, \u0001 */
    SHORT_TEXT = 1024  /* up to here the worst case is reserved without looking */
};

/* Copies text as the inside of a JSON string to `w`, which has room for codec_text_bound(text, length) bytes, and
 * judges it on the way. The place behind what it wrote, or NULL for a text that is no UTF-8 or holds U+0000. */
char *codec_emit_text(char *w, const char *text, size_t length, struct utf8_facts *facts);
/* What the text takes at most in a document, quotes included. */
size_t codec_long_text_bound(const char *text, size_t length);
static inline size_t codec_text_bound(const char *text, size_t length) {
    return length <= SHORT_TEXT ? ESCAPED_BYTES * length + TEXT_SLACK : codec_long_text_bound(text, length);
}

/* Writes a value behind its member: judged and normalized first unless `normal`. NULL when it breaks a rule. */
char *codec_write_value(char *w, const struct member *m, flexdb_value *value, bool normal, struct buffer *scratch);

/* `"key":`; the room behind w is MEMBER_STEP larger than the text. */
static inline char *codec_write_member(char *w, const struct member *m) {
    memcpy(w, m->text, MEMBER_STEP);
    for (uint32_t i = MEMBER_STEP; i < m->length; i += MEMBER_STEP) memcpy(w + i, m->text + i, MEMBER_STEP);
    return w + m->length;
}

/* Makes room for values, and marks new slots ABSENT. Behind the record's slots come as many for spans and, where the
 * definition has expressions, for what codec_merge_expressions sets. */
bool codec_reserve_values(struct record *r, const struct validator *v);

/* No value, be it said with flexdb.null or with JSON's null. */
static inline bool codec_is_none(const flexdb_value *value) {
    if (value->tag == FLEXDB_JSON) return value->length == 4 && value->as.text[0] == 'n';
    return value_is_none(value);
}

int codec_too_long(size_t length, flexdb_error *err);

/* ---- expressions (codec_expressions.c) ---- */

/* A slot of out->values whose value broke a rule: what reads it is not evaluated. Never seen outside, for the issue is
 * there. */
#define CODEC_BAD FLEXDB_FAULT

/* codec_encode where the definition has expressions, without the id; room is made as for one without. */
int codec_encode_expressions(const struct validator *v, const flexdb_value *given, struct record *out,
                             flexdb_error *err);
/* In a merge, when out->values has the record as it is, with what is given judged (CODEC_BAD where it is wrong): what
 * reads a slot that is given is computed and checked. Adds issues, does not close. Returns `given` with the computed
 * columns as they are to be written. */
const flexdb_value *codec_merge_expressions(const struct validator *v, const flexdb_value *given, struct record *out,
                                            flexdb_error *err);

/* ---- reading ---- */

/* Reads a document's members into out->values, as codec_decode does; with `spans` also where each value stands, and
 * whether there were members that the definition does not know. */
int codec_read(const struct validator *v, const char *document, size_t length, const bool *wanted, struct record *out,
               flexdb_value *spans, bool *strangers, flexdb_error *err);

#endif
