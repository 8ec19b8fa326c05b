/* What several types share: how a rule's JSON becomes a value of the type, and the rules on texts, bounds and lists. */
#ifndef FLEXDB_MODEL_TYPES_RULES_H
#define FLEXDB_MODEL_TYPES_RULES_H

#include "base/utf8.h"
#include "model/type.h"

enum { RULES_PATH_SIZE = 128 };

/* `item`, a value in a definition, as a user would give it for the column; its text lies in the tree or in `room`.
 * False with an issue at `path` where it cannot be a value at all: a float for a decimal, which would be rounded. */
bool rules_value(const struct compiled_column *c, const cJSON *item, const char *path, flexdb_value *out,
                 struct buffer *room, flexdb_error *err);

/* `enum`: into enumeration and enum_values. Each of these answers false when there was an issue, or no memory. */
bool rules_enum(struct compiled_column *c, const char *path, flexdb_error *err);
/* `min` and `max`. */
bool rules_bounds(struct compiled_column *c, const char *path, flexdb_error *err);
/* minLength, maxLength (`longest` unless given), pattern, format and enum. */
bool rules_text(struct compiled_column *c, int64_t longest, const char *path, flexdb_error *err);

/* What rules_judge_text leaves: enum, format and pattern. */
enum verdict rules_judge_words(const struct compiled_column *c, const char *text, size_t length, bool ascii);
/* Judges a text that is valid UTF-8. */
static inline enum verdict rules_judge_text(const struct compiled_column *c, const char *text, size_t length,
                                            const struct utf8_facts *facts) {
    int64_t characters = (int64_t)facts->code_points;
    if (facts->has_nul) return VERDICT_NUL;
    if (characters > c->max_length) return VERDICT_MAX_LENGTH;
    if (characters < c->min_length) return VERDICT_MIN_LENGTH;
    if (c->enum_count == 0 && c->format == NULL && c->pattern == NULL) return VERDICT_OK;
    return rules_judge_words(c, text, length, facts->ascii);
}
/* The check of string and text. */
enum verdict rules_check_text(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch);
/* Whether the normalized text is among the values of the enum, or there is none. */
static inline bool rules_in_enum(const struct compiled_column *c, const char *text, size_t length) {
    return c->enum_count == 0 || names_find(&c->enumeration, text, length) != NAMES_NONE;
}

/* Appends to `scratch` and makes the copy the value. */
bool rules_scratch_text(flexdb_value *value, const char *text, size_t length, struct buffer *scratch);
/* A JSON string's text as a value: where it stands when it stands in the input or in `scratch`, else copied there. */
static inline bool rules_keep_text(const struct json_reader *r, flexdb_value *out, struct buffer *scratch) {
    *out = value_text(r->text, r->length);
    if (r->text >= r->start && r->text <= r->end) return true;
    if (scratch->data != NULL && r->text >= scratch->data && r->text <= scratch->data + scratch->length) return true;
    return rules_scratch_text(out, r->text, r->length, scratch);
}

void rules_write_string(const flexdb_value *value, struct buffer *out);
/* For texts that need no escapes: dates, decimals, ids. */
void rules_write_plain(const flexdb_value *value, struct buffer *out);
/* The physical form of what is compared as its own text. */
bool rules_physical_text(const struct compiled_column *c, const flexdb_value *value, flexdb_value *out,
                         struct buffer *scratch);

/* `^[A-Za-z0-9_.:-]+$`, at most ID_MAX_LENGTH. */
bool rules_is_id(const char *text, size_t length);

/* A valid JSON text for the value, at most `limit` bytes (longer texts are cut and end in `…`, longer arrays and
 * objects become a JSON string of their beginning), invalid UTF-8 replaced. */
void rules_excerpt(const flexdb_value *value, size_t limit, struct buffer *out);

#endif
