/* Retypes: what a value of one column becomes in another.
 *
 * Each pair of types is one row of one constant table. A conversion never guesses: a text becomes a number, a boolean
 * or a date only when all of it is one, a json value only when it is just that scalar. What converts may lose something
 * that can be named (digits after the point, the time of day, leading zeros); then it is `rounded`. Conversions depend
 * on the two columns and the value alone: neither on the locale, nor the clock, nor the engine, so that converting a
 * value again gives the same bytes. */
#ifndef FLEXDB_MODEL_CONVERT_H
#define FLEXDB_MODEL_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/time_format.h"
#include "base/value.h"
#include "model/definition.h"
#include "model/type.h"

/* ---- the table ---- */

/* X(constant, name, what it means) */
#define CONVERT_CLASSES(X)                                                                                             \
    X(EXACT, "exact", "every value converts and loses nothing")                                                        \
    X(MAY_FAIL, "may fail", "a value that has no counterpart fails; one that converts loses nothing")                  \
    X(ROUNDS, "rounds", "a value may lose what the rule names, and is counted then; one without counterpart fails")    \
    X(REFUSED, "refused", "there is no such conversion")

enum convert_class {
#define X(constant, name, meaning) CONVERT_##constant,
    CONVERT_CLASSES(X)
#undef X
        CONVERT_CLASS_COUNT
};

/* Why a conversion came out as it did: X(constant, what a plan says a rounded value lost; NULL for what is no loss) */
#define CONVERT_REASONS(X)                                                                                             \
    X(WHOLE, NULL)                                                                                                     \
    X(LOST_DIGITS, "digits after the point are rounded")                                                               \
    X(LOST_TIME, "the time of day is lost")                                                                            \
    X(LOST_ZEROS, "leading zeros are lost")                                                                            \
    /* The value has no counterpart: */                                                                                \
    X(VERDICT, NULL) /* the new type's words about the given value: outcome.verdict */                                 \
    X(NOT_BOOLEAN, NULL)                                                                                               \
    X(TOO_MANY_DIGITS, NULL)                                                                                           \
    X(ROUNDED_BEYOND, NULL) /* it has room for the digits, but not for what they are rounded up to */                  \
    X(NO_FORMAT, NULL)                                                                                                 \
    X(NO_SUCH_DAY, NULL)                                                                                               \
    X(HAS_TIME, NULL)                                                                                                  \
    X(TWO_READINGS, NULL)                                                                                              \
    /* It has one, which breaks a rule of the new column: */                                                           \
    X(RULE, NULL)                                                                                                      \
    X(NO_RECORD, NULL) /* or refers to nothing, which is for the caller of convert_value to find out */                \
    X(NO_MEMORY, NULL)

enum convert_reason {
#define X(constant, loss) CONVERT_##constant,
    CONVERT_REASONS(X)
#undef X
        CONVERT_REASON_COUNT
};

struct conversion;

struct conversion_row {
    enum convert_class class; /* of the types; the rules of the new column may refuse what converts all the same */
    const char *rule;         /* one English sentence */
    /* Makes `value`, of the old type, one of the new type, in place, its text where it was, in `scratch` or static;
     * answers WHOLE, a loss or a failure, with *verdict for VERDICT. NULL where refused. */
    enum convert_reason (*convert)(const struct conversion *c, flexdb_value *value, struct buffer *scratch,
                                   enum verdict *verdict);
};

/* The row of a pair; never NULL. All rows: each `from`, and each `to`, below TYPE_COUNT. */
const struct conversion_row *conversion_row(enum column_type from, enum column_type to);
const char *convert_class_name(enum convert_class class);
const char *convert_class_meaning(enum convert_class class);

/* The class for two columns, sharper than their types' where precision and scale tell: integer to decimal(25,4) is
 * exact, decimal(9,0) to integer too, decimal(12,2) to decimal(14,4) too, to decimal(12,4) it may fail. */
enum convert_class conversion_class(const struct column *from, const struct column *to);

/* ---- a conversion ---- */

enum { CONVERT_MAX_FORMATS = 16 };

/* Two columns made ready; nothing to free. The columns (of two validators) and `parse` must outlive it. */
struct conversion {
    const struct compiled_column *from, *to;
    const struct conversion_row *row;
    const cJSON *parse;
    size_t format_count; /* 0: dates are read in FlexDB's own forms */
    struct time_format formats[CONVERT_MAX_FORMATS];
};

/* `parse` says in which formats (base/time_format.h) dates and datetimes are written in a string, text or json column:
 * a string, or an array of at most CONVERT_MAX_FORMATS; NULL for FlexDB's own form (YYYY-MM-DD, RFC 3339 with an
 * offset). With `parse` only these formats count; a text that two of them read differently fails. For a date a format
 * may read a time of day, which must be midnight, but no offset, which could move the day.
 *
 * What is wrong (a refused pair, formats where none are read, a bad format) becomes issues: rule `dataType` at `path`,
 * rule `parse` at `path` + `.parse` or `.parse[0]`. False then, with err not closed. */
bool conversion_open(struct conversion *out, const struct compiled_column *from, const struct compiled_column *to,
                     const cJSON *parse, const char *path, flexdb_error *err);

enum convert_result { CONVERTED_EXACT, CONVERTED_ROUNDED, CONVERT_FAILED };

struct convert_outcome {
    enum convert_result how;
    enum convert_reason reason;
    enum verdict verdict; /* for VERDICT and RULE */
};

/* Converts one normalized value of the old column (of codec_decode, or a compiled initial default) and holds it against
 * the new column's own rules (type->check: lengths, bounds, enum, pattern …), so that what converts may be stored.
 * Required is not judged: no value stays no value, and json's null is none.
 *
 * `*out` is the normalized value of the new column; its text lies in `in`, in `scratch` or is static. After a failure
 * it is ABSENT, but for the reason RULE: there it is the value that only breaks a rule, for `on_invalid = "ignore"`.
 * At most conversion_room(c, in) bytes are added to `scratch`; a scratch that has so much room does not move. Nothing
 * else is allocated. */
struct convert_outcome convert_value(const struct conversion *c, const flexdb_value *in, flexdb_value *out,
                                     struct buffer *scratch);
size_t conversion_room(const struct conversion *c, const flexdb_value *in);

/* Adds the issue of an outcome that failed (rule, expected, got, a message that says both), at `path`; out of memory
 * sets err instead. `out` is what convert_value left there. For NO_RECORD `got` is the id. */
void convert_issue(const struct conversion *c, struct convert_outcome outcome, const flexdb_value *in,
                   const flexdb_value *out, const char *path, flexdb_error *err);
/* The words for what a rounded value lost: "the time of day is lost". NULL for a reason that is no loss. */
const char *convert_loss(enum convert_reason reason);

/* ---- equality ---- */

/* Whether two normalized values of a type are the same value: numbers by their value, json by its content (whatever the
 * order of keys and the spaces; 1 is not 1.0), everything else by its bytes. No value is the same as no value alone.
 * 1 or 0; a negative code when memory is out, which only json that differs in its bytes can need. */
int value_same(enum column_type type, const flexdb_value *a, const flexdb_value *b, flexdb_error *err);

#endif
