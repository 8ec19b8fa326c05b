/* The tokens of an expression. */
#ifndef FLEXDB_MODEL_FORMULA_TOKEN_H
#define FLEXDB_MODEL_FORMULA_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/decimal.h"

enum token_kind {
    TOKEN_END,
    TOKEN_FAULTY, /* `why` says it */
    TOKEN_NAME,
    TOKEN_INTEGER,
    TOKEN_DECIMAL,
    TOKEN_TEXT,
    TOKEN_NIL,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NOT,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_OR, /* from here on the operators between two operands */
    TOKEN_AND,
    TOKEN_LESS,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER,
    TOKEN_GREATER_EQUAL,
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_CONCAT,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_TIMES,
    TOKEN_DIVIDE,
    TOKEN_FLOOR_DIVIDE,
    TOKEN_MODULO
};

struct token {
    enum token_kind kind;
    const char *text; /* in the expression */
    size_t length;
    const char *why; /* FAULTY: what is wrong, or NULL where the character is simply not expected */
};

struct lexer {
    const char *at, *end;
};

/* The next token; END for ever at the end. A string token is known to be closed, a number to be well formed. */
struct token token_next(struct lexer *l);

/* ---- what literals stand for ---- */

/* False when it is outside int64. */
bool token_integer(const struct token *t, bool negative, int64_t *out);
/* `out->scale` is the number of fraction digits as written, less the exponent, at least 0. False when the decimal, as
 * written, has more than 38 digits. */
bool token_decimal(const struct token *t, struct decimal *out);
/* Appends what the string means: valid UTF-8 without U+0000. False with why, and the offset in the token, where it is
 * not, or an escape is none; out of memory shows in the buffer. */
bool token_string(const struct token *t, struct buffer *out, const char **why, size_t *offset);

#endif
