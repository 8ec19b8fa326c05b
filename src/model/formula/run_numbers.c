/* Instructions on numbers, dates and durations. */
#include "base/datetime.h"
#include "base/decimal_math.h"
#include "model/formula/program.h"

/* A number as a decimal, whichever way it is held. */
static void make_decimal(struct slot *s) {
    if (s->kind == SLOT_DECIMAL) return;
    int64_t value = s->as.integer;
    s->kind = SLOT_DECIMAL;
    decimal_from_integer(value, &s->as.decimal);
}

/* ---- one number ---- */

/* To at most so many fraction digits. */
static void round_to(struct decimal *value, int scale) {
    bool rounded;
    if (value->scale > scale) decimal_round(value, DECIMAL_MAX_PRECISION, scale, &rounded); /* never too long */
}

static enum formula_fault_kind to_whole(uint8_t op, struct slot *s) {
    if (s->kind == SLOT_INTEGER) return FORMULA_NO_FAULT;
    struct decimal whole = s->as.decimal;
    int64_t value;
    if (op == OP_ROUND_WHOLE) round_to(&whole, 0);
    if (op == OP_FLOOR) whole = decimal_floor(&whole);
    if (op == OP_CEIL) whole = decimal_ceil(&whole);
    if (!decimal_to_integer(&whole, &value)) return FORMULA_FAULT_INTEGER;
    set_integer(s, value);
    return FORMULA_NO_FAULT;
}

static enum formula_fault_kind to_duration(struct slot *s, int64_t unit) {
    if (s->kind == SLOT_INTEGER) {
        bool overflow = __builtin_mul_overflow(s->as.integer, unit, &s->as.integer);
        return overflow ? FORMULA_FAULT_DURATION : FORMULA_NO_FAULT;
    }
    struct decimal micros, whole, factor;
    int64_t value;
    decimal_from_integer(unit, &factor);
    if (decimal_multiply(&s->as.decimal, &factor, &micros) != DECIMAL_OK) return FORMULA_FAULT_DURATION;
    whole = decimal_floor(&micros);
    if (decimal_compare(&whole, &micros) != 0) return FORMULA_FAULT_MICROSECOND;
    if (!decimal_to_integer(&whole, &value)) return FORMULA_FAULT_DURATION;
    set_integer(s, value);
    return FORMULA_NO_FAULT;
}

static int64_t floor_to_days(int64_t micros) { return micros / DATETIME_DAY - (micros % DATETIME_DAY < 0 ? 1 : 0); }

static int64_t part_of_date(uint8_t op, int64_t days) {
    int year, month, day;
    date_civil((int32_t)days, &year, &month, &day);
    return op == OP_YEAR ? year : op == OP_MONTH ? month : day;
}

enum formula_fault_kind formula_unary_number(const struct instruction *i, struct slot *s) {
    bool overflow = false;
    switch (i->op) {
    case OP_NOT: s->as.integer = s->as.integer == 0; break;
    case OP_ABS_INTEGER:
        if (s->as.integer >= 0) break;
        overflow = __builtin_sub_overflow(0, s->as.integer, &s->as.integer);
        break;
    case OP_NEGATE_INTEGER: overflow = __builtin_sub_overflow(0, s->as.integer, &s->as.integer); break;
    case OP_ABS_DECIMAL:
    case OP_NEGATE_DECIMAL:
        make_decimal(s);
        if (i->op == OP_NEGATE_DECIMAL || s->as.decimal.coefficient < 0) {
            s->as.decimal.coefficient = -s->as.decimal.coefficient;
        }
        break;
    case OP_FLOOR:
    case OP_CEIL:
    case OP_ROUND_WHOLE: return to_whole(i->op, s);
    case OP_ROUND:
        make_decimal(s);
        round_to(&s->as.decimal, (int)i->operand);
        break;
    case OP_DAYS: return to_duration(s, DATETIME_DAY);
    case OP_DURATION: return to_duration(s, i->operand);
    case OP_DAY_OF_DATETIME: s->as.integer = floor_to_days(s->as.integer); break;
    default: s->as.integer = part_of_date(i->op, s->as.integer); break;
    }
    return overflow ? formula_overflow(i) : FORMULA_NO_FAULT;
}

/* ---- two decimals ---- */

enum formula_fault_kind formula_binary_decimal(const struct instruction *i, struct slot *l, struct slot *r) {
    make_decimal(l);
    make_decimal(r);
    struct decimal *left = &l->as.decimal, *right = &r->as.decimal;
    enum decimal_status status = DECIMAL_OK;
    bool divides = i->op == OP_DIVIDE || i->op == OP_FLOOR_DIVIDE_DECIMAL || i->op == OP_MODULO_DECIMAL;
    if (divides && right->coefficient == 0) return FORMULA_FAULT_ZERO;
    switch (i->op) {
    case OP_ADD_DECIMAL: status = decimal_add(left, right, left); break;
    case OP_SUBTRACT_DECIMAL: status = decimal_subtract(left, right, left); break;
    case OP_MULTIPLY_DECIMAL: status = decimal_multiply(left, right, left); break;
    case OP_FLOOR_DIVIDE_DECIMAL: status = decimal_floor_divide(left, right, left); break;
    case OP_MODULO_DECIMAL: status = decimal_modulo(left, right, left); break;
    case OP_DIVIDE: status = decimal_divide(left, right, (int)i->operand, left); break;
    case OP_LESSER_DECIMAL:
        if (decimal_compare(right, left) < 0) *left = *right;
        break;
    case OP_GREATER_DECIMAL:
        if (decimal_compare(right, left) > 0) *left = *right;
        break;
    default: set_integer(l, compare_holds(i->operand, decimal_compare(left, right))); break;
    }
    return status == DECIMAL_OK ? FORMULA_NO_FAULT : FORMULA_FAULT_DIGITS;
}

/* ---- a date or datetime, and a duration ---- */

enum formula_fault_kind formula_move(const struct instruction *i, struct slot *left, const struct slot *right) {
    bool swapped = (i->operand & MOVE_DURATION_FIRST) != 0, date = i->op == OP_MOVE_DATE;
    int64_t from = swapped ? right->as.integer : left->as.integer;
    int64_t by = swapped ? left->as.integer : right->as.integer, to;
    int64_t first = DATE_FIRST, last = DATE_LAST;
    if (date) {
        by /= DATETIME_DAY; /* its type says that it is of whole days */
    } else {
        first *= DATETIME_DAY;
        last = (last + 1) * DATETIME_DAY - 1;
    }
    bool overflow =
        (i->operand & MOVE_BACK) != 0 ? __builtin_sub_overflow(from, by, &to) : __builtin_add_overflow(from, by, &to);
    if (overflow || to < first || to > last) return FORMULA_FAULT_YEARS;
    set_integer(left, to);
    return FORMULA_NO_FAULT;
}
