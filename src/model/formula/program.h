/* A compiled expression: instructions for a machine with a stack, and the values on it. The operands of an instruction
 * lie on top of the stack; its result takes their place. */
#ifndef FLEXDB_MODEL_FORMULA_PROGRAM_H
#define FLEXDB_MODEL_FORMULA_PROGRAM_H

#include "base/arena.h"
#include "base/decimal.h"
#include "base/regex.h"
#include "model/formula.h"

/* ---- values ---- */

enum slot_kind {
    SLOT_NONE,    /* absent */
    SLOT_INTEGER, /* integers; booleans; dates in days, datetimes and durations in microseconds. Of a decimal's type it
                     is the decimal of that value */
    SLOT_DECIMAL,
    SLOT_TEXT
};

struct slot {
    enum slot_kind kind;
    union {
        int64_t integer;
        struct decimal decimal;
        struct {
            const char *borrowed; /* NULL: it lies in the buffer, at `offset` */
            size_t offset, length;
            size_t mark; /* in the buffer: its length when the operand of which this is made began; what lies behind it
                            is nobody else's */
        } text;
    } as;
};

/* ---- instructions ---- */

enum op {
    /* put a value on the stack */
    OP_NONE,
    OP_CONSTANT,     /* operand: the constant */
    OP_LOAD_INTEGER, /* operand: the column's slot, here and below */
    OP_LOAD_BOOLEAN,
    OP_LOAD_DECIMAL,
    OP_LOAD_TEXT,
    OP_LOAD_DATE,
    OP_LOAD_DATETIME,
    OP_LOAD_PRESENCE, /* true or absent */

    /* of one value, absent when it is */
    OP_NOT,
    OP_NEGATE_INTEGER, /* operand: OF_DURATION, here and where integers are added and subtracted */
    OP_NEGATE_DECIMAL,
    OP_ABS_INTEGER,
    OP_ABS_DECIMAL,
    OP_FLOOR, /* to an integer, as OP_CEIL and OP_ROUND_WHOLE */
    OP_CEIL,
    OP_ROUND_WHOLE,
    OP_ROUND,    /* operand: the fraction digits */
    OP_DAYS,     /* an integer to microseconds */
    OP_DURATION, /* a number of units to microseconds; operand: the unit's */
    OP_DAY_OF_DATETIME,
    OP_YEAR,
    OP_MONTH,
    OP_DAY,
    OP_LENGTH, /* the first of those that want a text, up to OP_MATCHES */
    OP_LOWER,
    OP_UPPER,
    OP_TRIM,
    OP_READ_DATE,
    OP_READ_DATETIME,
    OP_MATCHES, /* operand: the pattern */
    OP_TO_TEXT, /* operand: the type, and the scale in the bits from 8 */

    /* of two values, absent when either is */
    OP_ADD_INTEGER,
    OP_SUBTRACT_INTEGER,
    OP_MULTIPLY_INTEGER,
    OP_FLOOR_DIVIDE_INTEGER,
    OP_MODULO_INTEGER,
    OP_MOVE_DATE, /* a date and a duration of whole days, in the order that the operand says: MOVE_… */
    OP_MOVE_DATETIME,
    OP_COMPARE_INTEGER, /* operand: COMPARE_… */
    OP_LESSER_INTEGER,
    OP_GREATER_INTEGER,
    OP_ADD_DECIMAL, /* the first of those that want decimals, up to OP_GREATER_DECIMAL */
    OP_SUBTRACT_DECIMAL,
    OP_MULTIPLY_DECIMAL,
    OP_FLOOR_DIVIDE_DECIMAL,
    OP_MODULO_DECIMAL,
    OP_DIVIDE, /* operand: the fraction digits */
    OP_COMPARE_DECIMAL,
    OP_LESSER_DECIMAL,
    OP_GREATER_DECIMAL,
    OP_COMPARE_TEXT, /* the first of those that want texts, up to OP_CONCAT */
    OP_LESSER_TEXT,
    OP_GREATER_TEXT,
    OP_CONTAINS,
    OP_STARTS_WITH,
    OP_ENDS_WITH,
    OP_CONCAT,

    /* with a rule of their own for what is absent */
    OP_BOTH_ABSENT, /* operand: 1 for the opposite */
    OP_AND,
    OP_OR,
    OP_JUMP,            /* operand: the instruction to go on with, here and below */
    OP_JUMP_IF_FALSE,   /* leaves the value */
    OP_JUMP_IF_TRUE,    /* the same */
    OP_JUMP_IF_PRESENT, /* leaves the value; takes it away when it is absent */
    OP_CHOOSE           /* takes a boolean away: true goes on, false jumps. Absent is the result of the whole, and jumps
                           to where the OP_JUMP before the target does */
};

enum { FIRST_OF_ONE = OP_NOT, FIRST_OF_TWO = OP_ADD_INTEGER, FIRST_OF_ITS_OWN = OP_BOTH_ABSENT };

enum { OF_DURATION = 1 };
enum { MOVE_BACK = 1, MOVE_DURATION_FIRST = 2 };
/* Bit 0, 1, 2: what the comparison says of a lesser, an equal, a greater left side. */
enum {
    COMPARE_LESS = 1,
    COMPARE_EQUAL = 2,
    COMPARE_GREATER = 4,
    COMPARE_LESS_EQUAL = COMPARE_LESS | COMPARE_EQUAL,
    COMPARE_GREATER_EQUAL = COMPARE_GREATER | COMPARE_EQUAL,
    COMPARE_NOT_EQUAL = COMPARE_LESS | COMPARE_GREATER
};

struct instruction {
    uint8_t op;
    uint16_t place; /* of its operator or function, in characters from 1 */
    uint32_t operand;
};

struct formula {
    struct arena arena;
    const char *text;
    size_t length;
    struct instruction *code;
    struct slot *constants; /* texts lie in the arena */
    struct regex **patterns;
    uint32_t *columns; /* that are read, ascending */
    size_t count, constant_count, pattern_count, column_count;
    enum formula_type type;
    int scale; /* DECIMAL: the fraction digits with which it is printed, and at most as many as its values have */
};

/* ---- evaluating ---- */

struct evaluation {
    const struct formula *f;
    const flexdb_value *values; /* NULL where no column is read */
    struct buffer *scratch;
    size_t base; /* the buffer's length at the beginning */
    struct formula_fault *fault;
};

/* Runs f->code from `from` to `to`; the one value that is left is the result. The fault's place is set too. */
enum formula_fault_kind formula_run(struct evaluation *e, size_t from, size_t to, struct slot *out);

/* The families of instructions. Each finds its operands, none of them absent, and leaves the result in `left`. */
enum formula_fault_kind formula_unary_number(const struct instruction *i, struct slot *left);
enum formula_fault_kind formula_unary_text(struct evaluation *e, const struct instruction *i, struct slot *left);
enum formula_fault_kind formula_binary_decimal(const struct instruction *i, struct slot *left, struct slot *right);
enum formula_fault_kind formula_binary_text(struct evaluation *e, const struct instruction *i, struct slot *left,
                                            struct slot *right);
enum formula_fault_kind formula_move(const struct instruction *i, struct slot *left, const struct slot *right);

/* What a fault says, with the text that it is about. */
enum { FORMULA_FAULT_SIZE = 192 };
const char *formula_fault_message(const struct formula_fault *fault, char out[FORMULA_FAULT_SIZE]);
/* Gives the buffer back what the text of an operand took; the slot is of no use then. */
void formula_release(struct evaluation *e, const struct slot *s);
static inline const char *slot_text(const struct evaluation *e, const struct slot *s) {
    if (s->as.text.borrowed != NULL) return s->as.text.borrowed;
    return e->scratch->data == NULL ? "" : e->scratch->data + s->as.text.offset;
}
static inline struct slot slot_integer(int64_t value) {
    return (struct slot){.kind = SLOT_INTEGER, .as.integer = value};
}
/* The same in place, without writing what is not used. */
static inline void set_integer(struct slot *s, int64_t value) {
    s->kind = SLOT_INTEGER;
    s->as.integer = value;
}
static inline enum formula_fault_kind formula_overflow(const struct instruction *i) {
    return i->operand == OF_DURATION ? FORMULA_FAULT_DURATION : FORMULA_FAULT_INTEGER;
}
/* Whether a comparison's mask holds for -1, 0 or 1. */
static inline bool compare_holds(uint32_t mask, int order) { return (mask >> (order + 1) & 1) != 0; }

#endif
