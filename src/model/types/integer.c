/* integer: 64 bits; taken as an integer, a float with an exact integer value, or a string of digits. */
#include "base/json_writer.h"
#include "base/number.h"
#include "model/types/rules.h"

static bool integer_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    c->physical = PHYSICAL_INTEGER;
    bool good = rules_enum(c, path, err);
    return rules_bounds(c, path, err) && good;
}

static bool is_digits(const char *text, size_t length) {
    size_t i = length > 0 && text[0] == '-' ? 1 : 0;
    if (i == length) return false;
    for (; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
    }
    return true;
}

static enum verdict integer_take(flexdb_value *value) {
    int64_t integer;
    switch (value->tag) {
    case FLEXDB_INTEGER: return VERDICT_OK;
    case FLEXDB_NUMBER:
        if (!number_exact_integer(value->as.number, &integer)) return VERDICT_RANGE;
        break;
    case FLEXDB_TEXT:
        if (!is_digits(value->as.text, value->length)) return VERDICT_TYPE;
        if (!number_parse_integer(value->as.text, value->length, &integer)) return VERDICT_RANGE;
        break;
    default: return VERDICT_TYPE;
    }
    *value = value_integer(integer);
    return VERDICT_OK;
}

static enum verdict integer_check(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch) {
    (void)scratch;
    enum verdict verdict = integer_take(value);
    if (verdict != VERDICT_OK) return verdict;
    if (c->has_min && value->as.integer < c->min.as.integer) return VERDICT_MIN;
    if (c->has_max && value->as.integer > c->max.as.integer) return VERDICT_MAX;
    if (c->enum_count != 0) {
        char digits[NUMBER_INTEGER_SIZE];
        if (!rules_in_enum(c, digits, number_print_integer(value->as.integer, digits))) return VERDICT_ENUM;
    }
    return VERDICT_OK;
}

static void integer_write(const flexdb_value *value, struct buffer *out) { json_write_integer(out, value->as.integer); }

static bool integer_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                         flexdb_value *out, struct buffer *scratch) {
    (void)c, (void)scratch;
    *out = value_integer(r->integer);
    return event == JSON_INTEGER;
}

static bool integer_physical(const struct compiled_column *c, const flexdb_value *value, flexdb_value *out,
                             struct buffer *scratch) {
    (void)c, (void)scratch;
    *out = *value;
    return value->tag == FLEXDB_INTEGER;
}

const struct type type_integer = {
    .id = TYPE_INTEGER,
    .rules = 1u << RULE_ENUM | 1u << RULE_MIN | 1u << RULE_MAX,
    .may_be_indexed = true,
    .compile = integer_compile,
    .check = integer_check,
    .write = integer_write,
    .read = integer_read,
    .physical = integer_physical,
};
