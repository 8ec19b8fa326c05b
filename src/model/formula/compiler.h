/* A compilation: the parser asks operators.c and functions.c what an operand becomes, and they emit instructions. */
#ifndef FLEXDB_MODEL_FORMULA_COMPILER_H
#define FLEXDB_MODEL_FORMULA_COMPILER_H

#include "model/formula/program.h"
#include "model/formula/token.h"

/* What has been parsed and lies on top of the stack when the code comes here. */
struct operand {
    enum formula_type type;
    int scale;    /* DECIMAL: at most so many fraction digits; 0 for integers, which are decimals where one is wanted */
    size_t first; /* its first instruction */
    const char *at; /* where it begins in the text */
};

struct compiler {
    const struct definition *definition;
    const char *path;
    flexdb_error *err;
    struct formula *f;
    struct lexer lexer;
    struct token token; /* the one to be looked at */
    struct buffer scratch;
    bool *read; /* by the column's slot */
    size_t code_capacity, constant_capacity, pattern_capacity;
    int stack; /* the values on it at this point of the code; of no meaning once faulty */
    int depth;
    bool ascii;   /* the text is */
    bool faulty;  /* there was an issue: the code will not run, but parsing goes on to find more of them */
    bool stopped; /* by a syntax error, a limit or want of memory: nothing more can be found */
};

/* ---- issues (compile.c) ---- */

/* The 1-based character of the expression that begins at `at`. */
size_t compiler_place(const struct compiler *c, const char *at);
/* `at 7: …`; expected and got are JSON texts or NULL. */
void compiler_issue(struct compiler *c, const char *at, const char *rule, const char *expected, const char *got,
                    const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The same for what cannot be gone on from. Returns false. */
bool compiler_stop(struct compiler *c, const char *at, const char *rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* An operand of a type that is not wanted: `<what> must be <needed>, got <its type>`. `expected` is a JSON text. */
void compiler_refuse(struct compiler *c, const char *at, const struct operand *got, const char *expected,
                     const char *what, const char *needed);
/* `what`: a column, a function. */
void compiler_unknown(struct compiler *c, const struct token *name, const char *what);
/* Something else than the token was to come here. Returns false. */
bool compiler_expect(struct compiler *c, const char *what);

/* ---- parsing (compile.c) ---- */

bool compiler_advance(struct compiler *c);
/* One level deeper; false when that is too deep. Undone by c->depth--. */
bool compiler_enter(struct compiler *c, const char *at);
/* Up to the first token that cannot go on: an expression of any operators. */
bool compiler_expression(struct compiler *c, struct operand *out);

/* ---- code (emit.c) ---- */

/* `effect`: what is on the stack afterwards, less what was there before. Returns the instruction's index. */
size_t emit(struct compiler *c, enum op op, size_t operand, const char *at, int effect);
/* Takes the last instruction back. */
void emit_undo(struct compiler *c);
void emit_constant(struct compiler *c, const struct slot *value, const char *at);
/* Emits an operation that makes one value of `operands` of them, the first of which begins at `first`; when all are
 * constants its result takes their place at once, and a fault of it is an issue. */
void emit_operation(struct compiler *c, enum op op, size_t operand, const char *at, int operands, size_t first);
/* Sets where a jump goes: to the next instruction. */
void emit_land(struct compiler *c, size_t jump);
/* The value of an operand that is the last one and one constant, else NULL. */
const struct slot *emit_constant_of(const struct compiler *c, const struct operand *operand);
/* False when memory is out. Returns the pattern's index. */
bool emit_pattern(struct compiler *c, struct regex *pattern, size_t *out);

/* ---- operators (operators.c) ---- */

/* How tightly the operator binds two operands; 0 for any other token. */
int operator_level(enum token_kind kind);
enum { OPERATOR_UNARY_LEVEL = 7 };
void operator_unary(struct compiler *c, enum token_kind kind, const char *at, struct operand *operand);
/* Between the operands; returns what operator_binary wants to have. */
size_t operator_between(struct compiler *c, enum token_kind kind, const char *at, struct operand *left);
/* Behind them: the result is left in `left`. */
void operator_binary(struct compiler *c, enum token_kind kind, const char *at, size_t between, struct operand *left,
                     const struct operand *right);

bool type_is_number(enum formula_type type);
const char *type_words(enum formula_type type); /* with an article */
/* The one type of two operands that may be compared with each other, and the larger scale; false when there is none. */
bool type_join(const struct operand *a, const struct operand *b, enum formula_type *type, int *scale);

/* ---- functions (functions.c) ---- */

/* A call, of which the name has been read and the token is the opening parenthesis. */
bool function_call(struct compiler *c, const struct token *name, struct operand *out);
bool function_exists(const char *name, size_t length);

#endif
