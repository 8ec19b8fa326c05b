/* The one interface behind which each of the nine types lives (src/model/types/<name>.c).
 *
 * A column is compiled once from its plain description; then `check` judges and normalizes values, `write` and `read`
 * are the JSON of the stored document, `physical` is what an index or a filter compares. */
#ifndef FLEXDB_MODEL_TYPE_H
#define FLEXDB_MODEL_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/json_reader.h"
#include "base/names.h"
#include "base/regex.h"
#include "base/value.h"
#include "model/definition.h"

/* How values stand in a physical column, on every engine. All but TEXT have a fixed or bounded size. */
enum physical_kind {
    PHYSICAL_NONE,     /* json: no physical column */
    PHYSICAL_INTEGER,  /* INTEGER: integers, booleans as 0 and 1, decimals of precision ≤ 18 times 10^scale */
    PHYSICAL_DECIMAL,  /* BYTES, 16: decimals of precision > 18, see decimal_to_bytes */
    PHYSICAL_DATE,     /* TEXT, 10 bytes */
    PHYSICAL_DATETIME, /* TEXT, 27 bytes */
    PHYSICAL_ID,       /* TEXT, up to 128 ASCII bytes: references */
    PHYSICAL_TEXT      /* TEXT: compared bytewise */
};

struct compiled_column {
    const struct column *column; /* borrowed from the definition, which the validator owns */
    const struct type *type;
    enum physical_kind physical;
    bool text_may_be_long; /* PHYSICAL_TEXT whose bytes may pass what a server can index: see sql/ddl.h */
    const char *member;    /* `"key":` as it stands in a document, escaped */
    size_t member_length;
    flexdb_value default_value;   /* normalized; ABSENT when there is none; text owned by the validator */
    flexdb_value initial_default; /* the same */
    /* Compiled rules; which are used is the type's business. */
    int64_t min_length, max_length;
    struct regex *pattern;
    const struct format *format;
    bool has_min, has_max;
    flexdb_value min, max; /* integer, date, datetime: normalized */
    struct decimal min_decimal, max_decimal;
    struct names enumeration; /* of the normalized texts; empty when there is no enum */
    flexdb_value *enum_values;
    size_t enum_count;
};

/* What went wrong with a value: 0, or 1 + the rule that it breaks. `rule` is the name in an issue; the message is made
 * by type_message only when it is needed, so that the hot path does no formatting. */
enum verdict {
    VERDICT_OK = 0,
    VERDICT_TYPE,
    VERDICT_UTF8,
    VERDICT_NUL,
    VERDICT_MIN_LENGTH,
    VERDICT_MAX_LENGTH,
    VERDICT_PATTERN,
    VERDICT_PATTERN_LIMIT, /* rule `pattern`: the match limit was reached */
    VERDICT_FORMAT,
    VERDICT_ENUM,
    VERDICT_MIN,
    VERDICT_MAX,
    VERDICT_RANGE, /* rule `type`: a number outside int64, or not a whole one */
    VERDICT_PRECISION,
    VERDICT_SCALE,
    VERDICT_CALENDAR, /* rule `type`: no such day or time */
    VERDICT_OFFSET,   /* rule `type`: a datetime without offset */
    VERDICT_DEPTH,
    VERDICT_FAULT, /* the value was FLEXDB_FAULT: rule and message are its own */
    VERDICT_REQUIRED,
    VERDICT_NO_MEMORY
};

/* Whether it is about a value of the type, which breaks a rule and could be stored all the same. */
bool verdict_is_rule(enum verdict verdict);

struct type {
    enum column_type id;
    unsigned rules; /* which rules may be given: bits 1u << enum column_rule */
    bool may_be_indexed;

    /* Compiles the rules into `c` (c->column is set, the rest zero); problems are issues below `path`
     * (`columns[2].validation`). False when there was one. Owns what it leaves in c; freed by type_clear. */
    bool (*compile)(struct compiled_column *c, const char *path, flexdb_error *err);
    /* Judges a given value (never ABSENT or NULL) and leaves the normalized one in place; its text may move to
     * `scratch`, which does not move until it is reset (see codec.h), or stay where it was. */
    enum verdict (*check)(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch);
    /* Writes a normalized value as JSON. */
    void (*write)(const flexdb_value *value, struct buffer *out);
    /* Makes the normalized value from an event of a stored document (for json: called with the span instead). False
     * when the document holds something that the type never writes. */
    bool (*read)(const struct compiled_column *c, const struct json_reader *r, enum json_event event, flexdb_value *out,
                 struct buffer *scratch);
    /* The physical form of a normalized value. */
    bool (*physical)(const struct compiled_column *c, const flexdb_value *value, flexdb_value *out,
                     struct buffer *scratch);
};

/* The nine, by id. */
const struct type *type_get(enum column_type id);
extern const struct type type_string, type_text, type_integer, type_decimal, type_boolean, type_date, type_datetime,
    type_json, type_reference;

void type_clear(struct compiled_column *c);

/* Adds the issue that a verdict stands for: path, rule, expected, got and a message that says both. */
void type_issue(const struct compiled_column *c, enum verdict verdict, const flexdb_value *got, const char *path,
                flexdb_error *err);

#endif
