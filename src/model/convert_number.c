/* Conversions of and into numbers. What a decimal loses is rounded in one place, decimal_round. */
#include <string.h>

#include "base/number.h"
#include "model/convert_parts.h"
#include "model/types/rules.h"

/* A number that begins with a zero it does not need: a code rather than a number, perhaps. */
static enum convert_reason zeros_lost(const flexdb_value *text) {
    const char *p = text->as.text, *end = p + text->length;
    if (p < end && *p == '-') p++;
    return end - p > 1 && p[0] == '0' && p[1] != '.' ? CONVERT_LOST_ZEROS : CONVERT_WHOLE;
}

static bool is_digits(const char *p, size_t length) {
    const char *end = p + length;
    if (p < end && *p == '-') p++;
    if (p == end) return false;
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p == end;
}

/* ---- into integers ---- */

CONVERSION(convert_text_to_integer) {
    (void)c, (void)scratch;
    int64_t integer;
    if (!number_parse_integer(value->as.text, value->length, &integer)) {
        return convert_refuse(verdict, is_digits(value->as.text, value->length) ? VERDICT_RANGE : VERDICT_TYPE);
    }
    enum convert_reason reason = zeros_lost(value);
    *value = value_integer(integer);
    return reason;
}

CONVERSION(convert_decimal_to_integer) {
    (void)c, (void)scratch;
    struct decimal decimal;
    bool rounded;
    if (decimal_parse(value->as.text, value->length, &decimal) != DECIMAL_OK) {
        return convert_refuse(verdict, VERDICT_TYPE);
    }
    if (decimal_round(&decimal, DECIMAL_MAX_PRECISION, 0, &rounded) != DECIMAL_OK || decimal.coefficient < INT64_MIN ||
        decimal.coefficient > INT64_MAX) {
        return convert_refuse(verdict, VERDICT_RANGE);
    }
    *value = value_integer((int64_t)decimal.coefficient);
    return rounded ? CONVERT_LOST_DIGITS : CONVERT_WHOLE;
}

/* ---- into decimals ---- */

enum convert_reason convert_put_decimal(const struct conversion *c, struct decimal decimal, flexdb_value *value,
                                        struct buffer *scratch, enum verdict *verdict) {
    const struct rules *rules = &c->to->column->rules;
    struct decimal given = decimal;
    char text[DECIMAL_TEXT_SIZE];
    bool rounded;
    if (decimal_round(&decimal, rules->precision, rules->scale, &rounded) != DECIMAL_OK) {
        decimal_int unit = 1, whole;
        for (int i = 0; i < given.scale; i++) unit *= 10;
        whole = given.coefficient / unit;
        given = (struct decimal){whole, 0};
        bool fits = decimal_rescale(&given, rules->precision, rules->scale) == DECIMAL_OK;
        return fits ? CONVERT_ROUNDED_BEYOND : convert_refuse(verdict, VERDICT_PRECISION);
    }
    if (!rules_scratch_text(value, text, decimal_print(&decimal, text), scratch)) return CONVERT_NO_MEMORY;
    return rounded ? CONVERT_LOST_DIGITS : CONVERT_WHOLE;
}

CONVERSION(convert_text_to_decimal) {
    struct decimal decimal;
    switch (decimal_parse(value->as.text, value->length, &decimal)) {
    case DECIMAL_OK: break;
    case DECIMAL_SYNTAX: return convert_refuse(verdict, VERDICT_TYPE);
    default: return CONVERT_TOO_MANY_DIGITS;
    }
    enum convert_reason zeros = zeros_lost(value);
    enum convert_reason reason = convert_put_decimal(c, decimal, value, scratch, verdict);
    return reason == CONVERT_WHOLE ? zeros : reason;
}

CONVERSION(convert_integer_to_decimal) {
    struct decimal decimal;
    decimal_from_integer(value->as.integer, &decimal);
    return convert_put_decimal(c, decimal, value, scratch, verdict);
}

/* ---- out of integers ---- */

CONVERSION(convert_integer_to_text) {
    (void)c, (void)verdict;
    char digits[NUMBER_INTEGER_SIZE];
    size_t length = number_print_integer(value->as.integer, digits);
    return rules_scratch_text(value, digits, length, scratch) ? CONVERT_WHOLE : CONVERT_NO_MEMORY;
}

CONVERSION(convert_integer_to_boolean) {
    (void)c, (void)scratch, (void)verdict;
    if (value->as.integer != 0 && value->as.integer != 1) return CONVERT_NOT_BOOLEAN;
    *value = value_boolean(value->as.integer == 1);
    return CONVERT_WHOLE;
}
