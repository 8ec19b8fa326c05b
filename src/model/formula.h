/* Expressions: what checks and computed columns are written in. Lua's expression syntax, compiled and typed by a
 * definition, evaluated without a Lua state; docs/expressions.md is the language.
 *
 * A definition holds an expression as its text, with the columns' names as they are now. Renaming a column rewrites
 * the text (formula_rename); that two texts mean the same, under whatever names, is told by formula_print with
 * FORMULA_KEYS, for field keys never change. */
#ifndef FLEXDB_MODEL_FORMULA_H
#define FLEXDB_MODEL_FORMULA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "model/definition.h"

enum {
    FORMULA_MAX_LENGTH = 4096,         /* bytes of an expression */
    FORMULA_MAX_DEPTH = 100,           /* parentheses, calls and signs inside each other */
    FORMULA_MAX_STACK = 256,           /* values that are kept at one time */
    FORMULA_MAX_TEXT = 8 * 1024 * 1024 /* bytes of all texts that an evaluation keeps at one time */
};

/* What an expression may give, and how messages call it: X(constant, name, with an article). */
#define FORMULA_TYPES(X)                                                                                               \
    X(NIL, "nil", "nil")                                                                                               \
    X(BOOLEAN, "boolean", "a boolean")                                                                                 \
    X(INTEGER, "integer", "an integer")                                                                                \
    X(DECIMAL, "decimal", "a decimal")                                                                                 \
    X(TEXT, "text", "a text")                                                                                          \
    X(DATE, "date", "a date")                                                                                          \
    X(DATETIME, "datetime", "a datetime")                                                                              \
    X(DAYS, "days", "days")                                                                                            \
    X(DURATION, "duration", "a duration")                                                                              \
    X(JSON, "json", "json")

enum formula_type {
    FORMULA_UNKNOWN, /* of what is faulty; an issue has said so */
#define X(constant, name, words) FORMULA_##constant,
    FORMULA_TYPES(X)
#undef X
};

/* A compiled expression: immutable, and shared by as many evaluations at one time as there are buffers. */
struct formula;

/* Compiles `text`. Every problem is an issue of `err` at `path`, its message beginning with the place in the
 * expression, in characters from 1 (`at 7: …`); err is not closed. The slots of the columns that are read are their
 * places in d->columns, as in a validator's shape; columns that are faulty raise no issue of their own. Nothing is
 * borrowed. False after an issue, or with err set when memory is out; then `*out` is NULL. Freed by formula_free. */
bool formula_compile(struct formula **out, const struct definition *d, const char *text, size_t length,
                     const char *path, flexdb_error *err);
/* NULL is harmless. */
void formula_free(struct formula *f);

enum formula_type formula_type(const struct formula *f);
const char *formula_type_name(enum formula_type type);
/* Whether what the expression gives is a value of such a column (a check: TYPE_BOOLEAN): integers are decimals too, and
 * texts may be strings. Whether the value keeps the column's rules is for the column to say. An issue where not. */
bool formula_fits(const struct formula *f, enum column_type type, const char *path, flexdb_error *err);
/* The slots of the columns that the expression reads, ascending, each once; borrowed. Returns how many. */
size_t formula_columns(const struct formula *f, const uint32_t **slots);

/* ---- evaluating ---- */

/* Why an evaluation has no result: X(constant, what is said). */
#define FORMULA_FAULTS(X)                                                                                              \
    X(NO_MEMORY, "out of memory")                                                                                      \
    X(VALUE, "a value is not normalized")                                                                              \
    X(ZERO, "division by zero")                                                                                        \
    X(INTEGER, "the result is outside the range of integers")                                                          \
    X(DIGITS, "the result needs more than 38 digits")                                                                  \
    X(YEARS, "the result is outside the years 0001 to 9999")                                                           \
    X(DURATION, "the duration is too long")                                                                            \
    X(MICROSECOND, "the duration is finer than a microsecond")                                                         \
    X(DATE_TEXT, "must be a date (YYYY-MM-DD)")                                                                        \
    X(DATETIME_TEXT, "must be a datetime with an offset (RFC 3339)")                                                   \
    X(TEXT, "the texts of the expression are longer than 8 MiB")                                                       \
    X(PATTERN, "the pattern needs too many steps on this text")

enum formula_fault_kind {
    FORMULA_NO_FAULT,
#define X(constant, message) FORMULA_FAULT_##constant,
    FORMULA_FAULTS(X)
#undef X
};

struct formula_fault {
    enum formula_fault_kind kind;
    size_t place; /* of the operator or function that failed, in characters from 1 */
    const char
        *text; /* what could not be read, or NULL; lies in the values, or in the buffer until that is used again */
    size_t length;
};

/* Evaluates over a record's normalized values, of which those of the columns that are read are looked at (codec.h:
 * what encode, merge and decode leave in `values`). `*out` is ABSENT, or what the type gives: BOOLEAN, INTEGER, or TEXT
 * (decimals with the digits of the expression's scale, dates and datetimes in their canonical form). A text lies in the
 * values, in the formula, or at the end of `scratch`, to which it is appended; that may move, so the values' texts must
 * not lie there. Allocates nowhere else
 * (`matches` apart: what PCRE2 needs for a text that it has trouble with). False with `*fault`, and `scratch` as it
 * was in length. */
bool formula_evaluate(const struct formula *f, const flexdb_value *values, struct buffer *scratch, flexdb_value *out,
                      struct formula_fault *fault);
/* Adds the issue of a fault, of the rule that the caller names: `division by zero at 7 of "price / quantity"`; two
 * faults are errors and no issues: NO_MEMORY, and VALUE, which is INTERNAL. */
void formula_issue(const struct formula *f, const struct formula_fault *fault, const char *path, const char *rule,
                   flexdb_error *err);

/* ---- the text ---- */

/* Whether the expression names the column; false where it is not even made of tokens. */
bool formula_reads(const char *text, size_t length, const char *name);
/* Appends the text with `to` in place of each mention of the column `from`, everything else as its author wrote it. An
 * issue where that cannot be: `to` is a word of the language, or the text gets longer than FORMULA_MAX_LENGTH. */
bool formula_rename(const char *text, size_t length, const char *from, const char *to, struct buffer *out,
                    const char *path, flexdb_error *err);

enum formula_names { FORMULA_NAMES, FORMULA_KEYS };
/* Appends the expression in one spelling, whatever the spaces, quotes and forms of numbers in which it was written.
 * With FORMULA_NAMES it compiles to the same again. With FORMULA_KEYS columns are told by their field keys between
 * backquotes: of two definitions of one table, expressions with one such text are the same. False when the text does
 * not compile for the definition, or memory is out. */
bool formula_print(const struct definition *d, enum formula_names names, const char *text, size_t length,
                   struct buffer *out);

/* ---- several ---- */

/* In which order to evaluate computed columns, so that each comes behind those that it reads: `formulas` has a formula,
 * or NULL, for each column of the definition; `order` gets the slots, `*count` how many. Columns that read each other
 * in a circle are issues (`columns[2].validation.computed`). False after one, or with err set when memory is out. */
bool formula_order(const struct definition *d, const struct formula *const *formulas, uint32_t *order, size_t *count,
                   flexdb_error *err);

#endif
