/* What an operator makes of the types of its operands, and by which instruction. */
#include <stdio.h>

#include "model/formula/compiler.h"

enum { QUOTIENT_SCALE = 10 /* fraction digits that a quotient has at least */, MESSAGE_SIZE = 160 };

/* ---- types ---- */

bool type_is_number(enum formula_type type) { return type == FORMULA_INTEGER || type == FORMULA_DECIMAL; }

static bool is_duration(enum formula_type type) { return type == FORMULA_DAYS || type == FORMULA_DURATION; }

const char *type_words(enum formula_type type) {
    static const char *const words[] = {"",
#define X(constant, name, words) words,
                                        FORMULA_TYPES(X)
#undef X
    };
    return words[type];
}

bool type_join(const struct operand *a, const struct operand *b, enum formula_type *type, int *scale) {
    *scale = a->scale > b->scale ? a->scale : b->scale;
    if (a->type == b->type) {
        *type = a->type;
    } else if (type_is_number(a->type) && type_is_number(b->type)) {
        *type = FORMULA_DECIMAL;
    } else if (is_duration(a->type) && is_duration(b->type)) {
        *type = FORMULA_DURATION;
    } else {
        return false;
    }
    return true;
}

static bool is_known(const struct operand *a, const struct operand *b) {
    return a->type != FORMULA_UNKNOWN && b->type != FORMULA_UNKNOWN;
}

static const char *spelling(enum token_kind kind) {
    static const char *const texts[] = {
        [TOKEN_NOT] = "not",  [TOKEN_OR] = "or",         [TOKEN_AND] = "and",         [TOKEN_CONCAT] = "..",
        [TOKEN_LESS] = "<",   [TOKEN_LESS_EQUAL] = "<=", [TOKEN_GREATER] = ">",       [TOKEN_GREATER_EQUAL] = ">=",
        [TOKEN_EQUAL] = "==", [TOKEN_NOT_EQUAL] = "~=",  [TOKEN_PLUS] = "+",          [TOKEN_MINUS] = "-",
        [TOKEN_TIMES] = "*",  [TOKEN_DIVIDE] = "/",      [TOKEN_FLOOR_DIVIDE] = "//", [TOKEN_MODULO] = "%"};
    return texts[kind];
}

/* Which types an issue of both operands has got. */
static void refuse_pair(struct compiler *c, const char *at, const struct operand *left, const struct operand *right,
                        const char *message) {
    char got[64];
    snprintf(got, sizeof got, "[\"%s\",\"%s\"]", formula_type_name(left->type), formula_type_name(right->type));
    compiler_issue(c, at, "type", NULL, got, "%s", message);
}

/* ---- arithmetic ---- */

static const struct arithmetic {
    enum op integer, decimal;
} arithmetics[] = {
    [TOKEN_PLUS] = {OP_ADD_INTEGER, OP_ADD_DECIMAL},
    [TOKEN_MINUS] = {OP_SUBTRACT_INTEGER, OP_SUBTRACT_DECIMAL},
    [TOKEN_TIMES] = {OP_MULTIPLY_INTEGER, OP_MULTIPLY_DECIMAL},
    [TOKEN_DIVIDE] = {OP_DIVIDE, OP_DIVIDE},
    [TOKEN_FLOOR_DIVIDE] = {OP_FLOOR_DIVIDE_INTEGER, OP_FLOOR_DIVIDE_DECIMAL},
    [TOKEN_MODULO] = {OP_MODULO_INTEGER, OP_MODULO_DECIMAL},
};

/* What is reckoned with dates, datetimes and durations. */
static const struct reckoning {
    enum token_kind operator;
    enum formula_type left, right, result;
    enum op op;
    uint32_t operand;
} reckonings[] = {
    {TOKEN_PLUS, FORMULA_DATE, FORMULA_DAYS, FORMULA_DATE, OP_MOVE_DATE, 0},
    {TOKEN_PLUS, FORMULA_DAYS, FORMULA_DATE, FORMULA_DATE, OP_MOVE_DATE, MOVE_DURATION_FIRST},
    {TOKEN_MINUS, FORMULA_DATE, FORMULA_DAYS, FORMULA_DATE, OP_MOVE_DATE, MOVE_BACK},
    {TOKEN_MINUS, FORMULA_DATE, FORMULA_DATE, FORMULA_INTEGER, OP_SUBTRACT_INTEGER, 0},
    {TOKEN_PLUS, FORMULA_DATETIME, FORMULA_DAYS, FORMULA_DATETIME, OP_MOVE_DATETIME, 0},
    {TOKEN_PLUS, FORMULA_DATETIME, FORMULA_DURATION, FORMULA_DATETIME, OP_MOVE_DATETIME, 0},
    {TOKEN_PLUS, FORMULA_DAYS, FORMULA_DATETIME, FORMULA_DATETIME, OP_MOVE_DATETIME, MOVE_DURATION_FIRST},
    {TOKEN_PLUS, FORMULA_DURATION, FORMULA_DATETIME, FORMULA_DATETIME, OP_MOVE_DATETIME, MOVE_DURATION_FIRST},
    {TOKEN_MINUS, FORMULA_DATETIME, FORMULA_DAYS, FORMULA_DATETIME, OP_MOVE_DATETIME, MOVE_BACK},
    {TOKEN_MINUS, FORMULA_DATETIME, FORMULA_DURATION, FORMULA_DATETIME, OP_MOVE_DATETIME, MOVE_BACK},
    {TOKEN_MINUS, FORMULA_DATETIME, FORMULA_DATETIME, FORMULA_DURATION, OP_SUBTRACT_INTEGER, OF_DURATION},
    {TOKEN_PLUS, FORMULA_DAYS, FORMULA_DAYS, FORMULA_DAYS, OP_ADD_INTEGER, OF_DURATION},
    {TOKEN_PLUS, FORMULA_DAYS, FORMULA_DURATION, FORMULA_DURATION, OP_ADD_INTEGER, OF_DURATION},
    {TOKEN_PLUS, FORMULA_DURATION, FORMULA_DAYS, FORMULA_DURATION, OP_ADD_INTEGER, OF_DURATION},
    {TOKEN_PLUS, FORMULA_DURATION, FORMULA_DURATION, FORMULA_DURATION, OP_ADD_INTEGER, OF_DURATION},
    {TOKEN_MINUS, FORMULA_DAYS, FORMULA_DAYS, FORMULA_DAYS, OP_SUBTRACT_INTEGER, OF_DURATION},
    {TOKEN_MINUS, FORMULA_DAYS, FORMULA_DURATION, FORMULA_DURATION, OP_SUBTRACT_INTEGER, OF_DURATION},
    {TOKEN_MINUS, FORMULA_DURATION, FORMULA_DAYS, FORMULA_DURATION, OP_SUBTRACT_INTEGER, OF_DURATION},
    {TOKEN_MINUS, FORMULA_DURATION, FORMULA_DURATION, FORMULA_DURATION, OP_SUBTRACT_INTEGER, OF_DURATION},
    {TOKEN_DIVIDE, FORMULA_DAYS, FORMULA_DAYS, FORMULA_DECIMAL, OP_DIVIDE, QUOTIENT_SCALE},
    {TOKEN_DIVIDE, FORMULA_DAYS, FORMULA_DURATION, FORMULA_DECIMAL, OP_DIVIDE, QUOTIENT_SCALE},
    {TOKEN_DIVIDE, FORMULA_DURATION, FORMULA_DAYS, FORMULA_DECIMAL, OP_DIVIDE, QUOTIENT_SCALE},
    {TOKEN_DIVIDE, FORMULA_DURATION, FORMULA_DURATION, FORMULA_DECIMAL, OP_DIVIDE, QUOTIENT_SCALE},
};

static const struct reckoning *find_reckoning(enum token_kind kind, enum formula_type left, enum formula_type right) {
    for (size_t i = 0; i < sizeof reckonings / sizeof *reckonings; i++) {
        const struct reckoning *r = &reckonings[i];
        if (r->operator== kind && r->left == left && r->right == right) return r;
    }
    return NULL;
}

/* The fraction digits that the exact result has at most; of a quotient, to which it is rounded. */
static int result_scale(enum token_kind kind, int left, int right) {
    int larger = left > right ? left : right;
    switch (kind) {
    case TOKEN_TIMES: return left + right < DECIMAL_MAX_PRECISION ? left + right : DECIMAL_MAX_PRECISION;
    case TOKEN_FLOOR_DIVIDE: return 0;
    case TOKEN_DIVIDE: return larger > QUOTIENT_SCALE ? larger : QUOTIENT_SCALE;
    default: return larger;
    }
}

static bool is_moment(enum formula_type type) { return type == FORMULA_DATE || type == FORMULA_DATETIME; }

static const char *arithmetic_hint(enum token_kind kind, enum formula_type left, enum formula_type right) {
    if (kind == TOKEN_PLUS && left == FORMULA_TEXT && right == FORMULA_TEXT) return "; write .. to join them";
    if (kind != TOKEN_PLUS && kind != TOKEN_MINUS) return "";
    if (is_moment(left) && type_is_number(right)) return "; write days(n) for that many days";
    if (left == FORMULA_DATE && right == FORMULA_DURATION) return "; a date moves by whole days";
    return "";
}

static void compute(struct compiler *c, enum token_kind kind, const char *at, struct operand *left,
                    const struct operand *right) {
    enum formula_type type = FORMULA_UNKNOWN;
    const struct reckoning *r = find_reckoning(kind, left->type, right->type);
    if (r != NULL) {
        emit_operation(c, r->op, r->operand, at, 2, left->first);
        type = r->result;
        left->scale = type == FORMULA_DECIMAL ? QUOTIENT_SCALE : 0;
    } else if (type_is_number(left->type) && type_is_number(right->type)) {
        bool integers = left->type == FORMULA_INTEGER && right->type == FORMULA_INTEGER && kind != TOKEN_DIVIDE;
        left->scale = result_scale(kind, left->scale, right->scale);
        emit_operation(c, integers ? arithmetics[kind].integer : arithmetics[kind].decimal,
                       kind == TOKEN_DIVIDE ? (size_t)left->scale : 0, at, 2, left->first);
        type = integers ? FORMULA_INTEGER : FORMULA_DECIMAL;
    } else if (is_known(left, right)) {
        char message[MESSAGE_SIZE];
        snprintf(message, sizeof message, "%s cannot take %s and %s%s", spelling(kind), type_words(left->type),
                 type_words(right->type), arithmetic_hint(kind, left->type, right->type));
        refuse_pair(c, at, left, right, message);
    }
    left->type = type;
}

/* ---- comparison ---- */

static uint32_t comparison_mask(enum token_kind kind) {
    switch (kind) {
    case TOKEN_LESS: return COMPARE_LESS;
    case TOKEN_LESS_EQUAL: return COMPARE_LESS_EQUAL;
    case TOKEN_GREATER: return COMPARE_GREATER;
    case TOKEN_GREATER_EQUAL: return COMPARE_GREATER_EQUAL;
    case TOKEN_EQUAL: return COMPARE_EQUAL;
    default: return COMPARE_NOT_EQUAL;
    }
}

static const char *comparison_hint(enum formula_type left, enum formula_type right) {
    bool text = left == FORMULA_TEXT || right == FORMULA_TEXT, date = left == FORMULA_DATE || right == FORMULA_DATE;
    bool datetime = left == FORMULA_DATETIME || right == FORMULA_DATETIME;
    if (text && date) return "; write date(\"YYYY-MM-DD\")";
    if (text && datetime) return "; write datetime(\"…Z\")";
    if (date && datetime) return "; date(x) is the day of a datetime";
    return "";
}

static void compare(struct compiler *c, enum token_kind kind, const char *at, struct operand *left,
                    const struct operand *right) {
    bool equality = kind == TOKEN_EQUAL || kind == TOKEN_NOT_EQUAL;
    enum formula_type type;
    int scale;
    if (left->type == FORMULA_NIL || right->type == FORMULA_NIL) {
        if (equality)
            emit(c, OP_BOTH_ABSENT, kind == TOKEN_NOT_EQUAL, at, -1);
        else
            compiler_issue(c, at, "type", NULL, "\"nil\"", "nil can be compared by == and ~= only");
    } else if (!is_known(left, right)) {
        c->faulty = true;
    } else if (left->type == FORMULA_JSON || right->type == FORMULA_JSON) {
        compiler_issue(c, at, "type", "\"nil\"", "\"json\"", "json can be compared with nil only");
    } else if (!type_join(left, right, &type, &scale)) {
        char message[MESSAGE_SIZE];
        snprintf(message, sizeof message, "%s cannot be compared with %s%s", type_words(left->type),
                 type_words(right->type), comparison_hint(left->type, right->type));
        refuse_pair(c, at, left, right, message);
    } else if (type == FORMULA_BOOLEAN && !equality) {
        compiler_issue(c, at, "type", NULL, "\"boolean\"", "booleans can be compared by == and ~= only");
    } else {
        enum op op = type == FORMULA_TEXT      ? OP_COMPARE_TEXT
                     : type == FORMULA_DECIMAL ? OP_COMPARE_DECIMAL
                                               : OP_COMPARE_INTEGER;
        emit_operation(c, op, comparison_mask(kind), at, 2, left->first);
    }
    left->type = FORMULA_BOOLEAN;
    left->scale = 0;
}

/* ---- and, or, .., not, - ---- */

/* `side`: "left side", "right side" or "operand". */
static void want_boolean(struct compiler *c, enum token_kind kind, const char *at, const struct operand *operand,
                         const char *side) {
    if (operand->type == FORMULA_BOOLEAN || operand->type == FORMULA_UNKNOWN) return;
    char what[32];
    snprintf(what, sizeof what, "the %s of %s", side, spelling(kind));
    compiler_refuse(c, at, operand, "\"boolean\"", what,
                    kind == TOKEN_OR ? "a boolean (coalesce(a, b) takes the first that is present)" : "a boolean");
}

static void want_text(struct compiler *c, const char *at, const struct operand *operand, const char *side) {
    switch (operand->type) {
    case FORMULA_UNKNOWN:
    case FORMULA_TEXT: break;
    case FORMULA_INTEGER:
    case FORMULA_DECIMAL:
    case FORMULA_DATE:
    case FORMULA_DATETIME:
        emit_operation(c, OP_TO_TEXT, (size_t)operand->type | (size_t)operand->scale << 8, at, 1, operand->first);
        break;
    default:
        compiler_refuse(c, at, operand, "[\"text\",\"integer\",\"decimal\",\"date\",\"datetime\"]", side,
                        "a text, a number, a date or a datetime");
    }
}

void operator_unary(struct compiler *c, enum token_kind kind, const char *at, struct operand *operand) {
    if (kind == TOKEN_NOT) {
        want_boolean(c, kind, at, operand, "operand");
        emit_operation(c, OP_NOT, 0, at, 1, operand->first);
        operand->type = FORMULA_BOOLEAN;
        return;
    }
    switch (operand->type) {
    case FORMULA_UNKNOWN: return;
    case FORMULA_INTEGER: emit_operation(c, OP_NEGATE_INTEGER, 0, at, 1, operand->first); return;
    case FORMULA_DAYS:
    case FORMULA_DURATION: emit_operation(c, OP_NEGATE_INTEGER, OF_DURATION, at, 1, operand->first); return;
    case FORMULA_DECIMAL: emit_operation(c, OP_NEGATE_DECIMAL, 0, at, 1, operand->first); return;
    default:
        compiler_refuse(c, at, operand, "[\"integer\",\"decimal\",\"days\",\"duration\"]", "the operand of -",
                        "a number or a duration");
        operand->type = FORMULA_UNKNOWN;
    }
}

int operator_level(enum token_kind kind) {
    switch (kind) {
    case TOKEN_OR: return 1;
    case TOKEN_AND: return 2;
    case TOKEN_LESS:
    case TOKEN_LESS_EQUAL:
    case TOKEN_GREATER:
    case TOKEN_GREATER_EQUAL:
    case TOKEN_EQUAL:
    case TOKEN_NOT_EQUAL: return 3;
    case TOKEN_CONCAT: return 4;
    case TOKEN_PLUS:
    case TOKEN_MINUS: return 5;
    case TOKEN_TIMES:
    case TOKEN_DIVIDE:
    case TOKEN_FLOOR_DIVIDE:
    case TOKEN_MODULO: return OPERATOR_UNARY_LEVEL - 1;
    default: return 0;
    }
}

size_t operator_between(struct compiler *c, enum token_kind kind, const char *at, struct operand *left) {
    switch (kind) {
    case TOKEN_AND:
    case TOKEN_OR:
        want_boolean(c, kind, at, left, "left side");
        return emit(c, kind == TOKEN_AND ? OP_JUMP_IF_FALSE : OP_JUMP_IF_TRUE, 0, at, 0);
    case TOKEN_CONCAT: want_text(c, at, left, "the left side of .."); return 0;
    default: return 0;
    }
}

void operator_binary(struct compiler *c, enum token_kind kind, const char *at, size_t between, struct operand *left,
                     const struct operand *right) {
    switch (kind) {
    case TOKEN_AND:
    case TOKEN_OR:
        want_boolean(c, kind, at, right, "right side");
        emit(c, kind == TOKEN_AND ? OP_AND : OP_OR, 0, at, -1);
        emit_land(c, between);
        left->type = FORMULA_BOOLEAN;
        left->scale = 0;
        break;
    case TOKEN_CONCAT:
        want_text(c, at, right, "the right side of ..");
        emit_operation(c, OP_CONCAT, 0, at, 2, left->first);
        left->type = FORMULA_TEXT;
        left->scale = 0;
        break;
    case TOKEN_PLUS:
    case TOKEN_MINUS:
    case TOKEN_TIMES:
    case TOKEN_DIVIDE:
    case TOKEN_FLOOR_DIVIDE:
    case TOKEN_MODULO: compute(c, kind, at, left, right); break;
    default: compare(c, kind, at, left, right); break;
    }
}
