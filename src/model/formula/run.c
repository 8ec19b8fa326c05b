/* The machine: what puts values on the stack, what works on whole numbers, and what may leave operands out. */
#include <string.h>

#include "base/datetime.h"
#include "model/formula/program.h"

/* ---- columns ---- */

static enum formula_fault_kind load_text(uint8_t op, const flexdb_value *value, struct slot *out) {
    int32_t days;
    if (value->tag != FLEXDB_TEXT) return FORMULA_FAULT_VALUE;
    switch (op) {
    case OP_LOAD_DECIMAL:
        out->kind = SLOT_DECIMAL;
        return decimal_parse(value->as.text, value->length, &out->as.decimal) == DECIMAL_OK ? FORMULA_NO_FAULT
                                                                                            : FORMULA_FAULT_VALUE;
    case OP_LOAD_DATE:
        if (date_parse(value->as.text, value->length, &days) != DATETIME_OK) return FORMULA_FAULT_VALUE;
        set_integer(out, days);
        return FORMULA_NO_FAULT;
    case OP_LOAD_DATETIME:
        out->kind = SLOT_INTEGER;
        return datetime_parse(value->as.text, value->length, &out->as.integer) == DATETIME_OK ? FORMULA_NO_FAULT
                                                                                              : FORMULA_FAULT_VALUE;
    default:
        out->kind = SLOT_TEXT;
        out->as.text.borrowed = value->length == 0 ? "" : value->as.text;
        out->as.text.length = value->length;
        return FORMULA_NO_FAULT;
    }
}

static enum formula_fault_kind push(const struct evaluation *e, const struct instruction *i, struct slot *out) {
    out->kind = SLOT_NONE;
    if (i->op == OP_NONE) return FORMULA_NO_FAULT;
    if (i->op == OP_CONSTANT) {
        *out = e->f->constants[i->operand];
        return FORMULA_NO_FAULT;
    }
    const flexdb_value *value = &e->values[i->operand];
    if (value_is_none(value)) return FORMULA_NO_FAULT;
    switch (i->op) {
    case OP_LOAD_INTEGER:
        if (value->tag != FLEXDB_INTEGER) return FORMULA_FAULT_VALUE;
        set_integer(out, value->as.integer);
        return FORMULA_NO_FAULT;
    case OP_LOAD_BOOLEAN:
        if (value->tag != FLEXDB_BOOLEAN) return FORMULA_FAULT_VALUE;
        set_integer(out, value->as.boolean);
        return FORMULA_NO_FAULT;
    case OP_LOAD_PRESENCE: set_integer(out, 1); return FORMULA_NO_FAULT;
    default: return load_text(i->op, value, out);
    }
}

/* ---- whole numbers ---- */

/* Lua's: the quotient is rounded down, the remainder has the sign of the divisor. */
static enum formula_fault_kind divide_integers(uint8_t op, int64_t *left, int64_t right) {
    if (right == 0) return FORMULA_FAULT_ZERO;
    if (right == -1) { /* which INT64_MIN cannot be divided by */
        if (op == OP_MODULO_INTEGER)
            *left = 0;
        else if (__builtin_sub_overflow(0, *left, left))
            return FORMULA_FAULT_INTEGER;
        return FORMULA_NO_FAULT;
    }
    int64_t quotient = *left / right, rest = *left % right;
    if (rest != 0 && (rest < 0) != (right < 0)) {
        quotient--;
        rest += right;
    }
    *left = op == OP_MODULO_INTEGER ? rest : quotient;
    return FORMULA_NO_FAULT;
}

static enum formula_fault_kind binary_integer(const struct instruction *i, struct slot *l, const struct slot *r) {
    int64_t *left = &l->as.integer, right = r->as.integer;
    bool overflow = false;
    switch (i->op) {
    case OP_ADD_INTEGER: overflow = __builtin_add_overflow(*left, right, left); break;
    case OP_SUBTRACT_INTEGER: overflow = __builtin_sub_overflow(*left, right, left); break;
    case OP_MULTIPLY_INTEGER: overflow = __builtin_mul_overflow(*left, right, left); break;
    case OP_COMPARE_INTEGER: *left = compare_holds(i->operand, (*left > right) - (*left < right)); break;
    case OP_LESSER_INTEGER: *left = *left < right ? *left : right; break;
    case OP_GREATER_INTEGER: *left = *left > right ? *left : right; break;
    case OP_MOVE_DATE:
    case OP_MOVE_DATETIME: return formula_move(i, l, r);
    default: return divide_integers(i->op, left, right);
    }
    return overflow ? formula_overflow(i) : FORMULA_NO_FAULT;
}

/* ---- operands and results ---- */

void formula_release(struct evaluation *e, const struct slot *s) {
    if (s->kind == SLOT_TEXT && s->as.text.borrowed == NULL) e->scratch->length = s->as.text.mark;
}

static enum formula_fault_kind unary(struct evaluation *e, const struct instruction *i, struct slot *top) {
    if (top->kind == SLOT_NONE) return FORMULA_NO_FAULT;
    if (i->op < OP_LENGTH) return formula_unary_number(i, top);
    return formula_unary_text(e, i, top);
}

static enum formula_fault_kind binary(struct evaluation *e, const struct instruction *i, struct slot *left,
                                      struct slot *right) {
    if (left->kind == SLOT_NONE || right->kind == SLOT_NONE) {
        formula_release(e, right);
        formula_release(e, left);
        left->kind = SLOT_NONE;
        return FORMULA_NO_FAULT;
    }
    if (i->op < OP_ADD_DECIMAL) return binary_integer(i, left, right);
    if (i->op < OP_COMPARE_TEXT) return formula_binary_decimal(i, left, right);
    return formula_binary_text(e, i, left, right);
}

/* `decides` is the value that settles it whatever the other is: false for and, true for or. */
static void join_booleans(struct slot *left, const struct slot *right, bool decides) {
    bool settled = right->kind != SLOT_NONE && (right->as.integer != 0) == decides;
    if (settled)
        set_integer(left, decides); /* had the left one settled it, the right one would have been jumped over */
    else if (right->kind == SLOT_NONE)
        left->kind = SLOT_NONE;
}

static bool is_boolean(const struct slot *s, bool value) {
    return s->kind != SLOT_NONE && (s->as.integer != 0) == value;
}

/* What deals with absent values itself. Returns the instruction to go on with. */
static size_t own_rule(struct evaluation *e, size_t at, struct slot **top) {
    const struct instruction *i = &e->f->code[at];
    struct slot *s = *top;
    switch (i->op) {
    case OP_JUMP: return i->operand;
    case OP_JUMP_IF_FALSE: return is_boolean(s, false) ? i->operand : at + 1;
    case OP_JUMP_IF_TRUE: return is_boolean(s, true) ? i->operand : at + 1;
    case OP_JUMP_IF_PRESENT:
        if (s->kind != SLOT_NONE) return i->operand;
        --*top;
        return at + 1;
    case OP_CHOOSE:
        if (s->kind == SLOT_NONE) return e->f->code[i->operand - 1].operand;
        --*top;
        return s->as.integer != 0 ? at + 1 : i->operand;
    case OP_BOTH_ABSENT: {
        bool absent = s->kind == SLOT_NONE && s[-1].kind == SLOT_NONE;
        formula_release(e, s);
        formula_release(e, --s);
        set_integer(s, absent != (i->operand != 0));
        break;
    }
    default: join_booleans(s - 1, s, i->op == OP_OR); break;
    }
    --*top;
    return at + 1;
}

enum formula_fault_kind formula_run(struct evaluation *e, size_t from, size_t to, struct slot *out) {
    struct slot stack[FORMULA_MAX_STACK + 1], *top = stack; /* stack[0] is never used */
    size_t at = from;
    while (at < to) {
        const struct instruction *i = &e->f->code[at];
        enum formula_fault_kind fault = FORMULA_NO_FAULT;
        if (i->op >= FIRST_OF_ITS_OWN) {
            at = own_rule(e, at, &top);
            continue;
        }
        if (i->op < FIRST_OF_ONE) {
            fault = push(e, i, ++top);
        } else if (i->op < FIRST_OF_TWO) {
            fault = unary(e, i, top);
        } else {
            fault = binary(e, i, top - 1, top);
            top--;
        }
        if (fault != FORMULA_NO_FAULT) {
            e->fault->kind = fault;
            e->fault->place = i->place;
            return fault;
        }
        at++;
    }
    *out = *top;
    return FORMULA_NO_FAULT;
}
