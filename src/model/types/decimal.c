/* decimal: exact, up to 38 digits; read back as a string with exactly `scale` fraction digits. */
#include "model/types/decimal.h"

#include <string.h>

#include "model/types/rules.h"

static const int64_t powers_of_ten[DECIMAL_SMALL_PRECISION + 1] = {1,
                                                                   10,
                                                                   100,
                                                                   1000,
                                                                   10000,
                                                                   100000,
                                                                   1000000,
                                                                   10000000,
                                                                   100000000,
                                                                   1000000000,
                                                                   10000000000,
                                                                   100000000000,
                                                                   1000000000000,
                                                                   10000000000000,
                                                                   100000000000000,
                                                                   1000000000000000,
                                                                   10000000000000000,
                                                                   100000000000000000,
                                                                   1000000000000000000};

static bool decimal_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    const struct rules *rules = &c->column->rules;
    c->physical = rules->precision <= DECIMAL_SMALL_PRECISION ? PHYSICAL_INTEGER : PHYSICAL_DECIMAL;
    bool good = rules_enum(c, path, err);
    return rules_bounds(c, path, err) && good;
}

bool decimal_small(const char *text, size_t length, int scale, int64_t *coefficient, bool *canonical) {
    const char *p = text, *end = text + length;
    bool negative = p < end && *p == '-';
    if (negative) p++;
    const char *digits = p;
    uint64_t value = 0; /* 19 digits at most, which fit */
    if (end - p > DECIMAL_SMALL_PRECISION + 1) return false;
    while (p < end && *p >= '0' && *p <= '9') value = value * 10 + (uint64_t)(*p++ - '0');
    ptrdiff_t whole = p - digits, fraction = 0;
    if (p < end && *p == '.') {
        const char *point = p++;
        while (p < end && *p >= '0' && *p <= '9') value = value * 10 + (uint64_t)(*p++ - '0');
        fraction = p - point - 1;
        if (fraction == 0) return false;
    }
    if (p != end || whole == 0 || fraction > scale || whole + scale > DECIMAL_SMALL_PRECISION) return false;
    value *= (uint64_t)powers_of_ten[scale - fraction];
    *canonical = fraction == scale && (whole == 1 || digits[0] != '0') && !(negative && value == 0);
    *coefficient = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* Any accepted value to an exact decimal of the column's precision and scale. */
static enum verdict decimal_take(const struct compiled_column *c, const flexdb_value *value, struct decimal *out) {
    const struct rules *rules = &c->column->rules;
    enum decimal_status status;
    switch (value->tag) {
    case FLEXDB_TEXT: status = decimal_parse(value->as.text, value->length, out); break;
    case FLEXDB_INTEGER: decimal_from_integer(value->as.integer, out), status = DECIMAL_OK; break;
    case FLEXDB_NUMBER: status = decimal_from_double(value->as.number, out); break;
    default: return VERDICT_TYPE;
    }
    if (status == DECIMAL_OK) status = decimal_rescale(out, rules->precision, rules->scale);
    switch (status) {
    case DECIMAL_OK: return VERDICT_OK;
    case DECIMAL_PRECISION: return VERDICT_PRECISION;
    case DECIMAL_SCALE: return VERDICT_SCALE;
    default: return VERDICT_TYPE;
    }
}

static enum verdict decimal_check(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch) {
    const struct rules *rules = &c->column->rules;
    struct decimal decimal = {0, rules->scale};
    bool canonical = false;
    int64_t small;
    if (value->tag == FLEXDB_TEXT && rules->precision <= DECIMAL_SMALL_PRECISION &&
        decimal_small(value->as.text, value->length, rules->scale, &small, &canonical)) {
        int64_t limit = powers_of_ten[rules->precision];
        if (small >= limit || small <= -limit) return VERDICT_PRECISION;
        decimal.coefficient = small;
    } else {
        enum verdict verdict = decimal_take(c, value, &decimal);
        if (verdict != VERDICT_OK) return verdict;
    }
    if (c->has_min && decimal.coefficient < c->min_decimal.coefficient) return VERDICT_MIN;
    if (c->has_max && decimal.coefficient > c->max_decimal.coefficient) return VERDICT_MAX;
    if (!canonical) {
        char text[DECIMAL_TEXT_SIZE];
        if (!rules_scratch_text(value, text, decimal_print(&decimal, text), scratch)) return VERDICT_NO_MEMORY;
    }
    return rules_in_enum(c, value->as.text, value->length) ? VERDICT_OK : VERDICT_ENUM;
}

/* Written as FlexDB writes it, of any precision. */
static bool is_canonical(const char *text, size_t length, int scale) {
    size_t sign = length > 0 && text[0] == '-' ? 1 : 0, fraction = (size_t)scale;
    size_t tail = fraction > 0 ? fraction + 1 : 0;
    if (length < sign + tail + 1 || length > (size_t)DECIMAL_TEXT_SIZE) return false;
    size_t whole = length - sign - tail;
    bool zero = true;
    if (whole > 1 && text[sign] == '0') return false;
    for (size_t i = sign; i < length; i++) {
        if (tail > 0 && i == sign + whole) {
            if (text[i] != '.') return false;
        } else {
            if (text[i] < '0' || text[i] > '9') return false;
            if (text[i] != '0') zero = false;
        }
    }
    return !(sign > 0 && zero);
}

static bool decimal_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                         flexdb_value *out, struct buffer *scratch) {
    return event == JSON_STRING && is_canonical(r->text, r->length, c->column->rules.scale) &&
           rules_keep_text(r, out, scratch);
}

bool decimal_physical_text(const char *text, size_t length, enum physical_kind kind, int scale, flexdb_value *out,
                           struct buffer *scratch) {
    bool canonical;
    int64_t small;
    if (kind == PHYSICAL_INTEGER) {
        if (!decimal_small(text, length, scale, &small, &canonical) || !canonical) return false;
        *out = value_integer(small);
        return true;
    }
    struct decimal decimal;
    unsigned char bytes[DECIMAL_BYTES];
    if (kind != PHYSICAL_DECIMAL || !is_canonical(text, length, scale)) return false;
    if (decimal_parse(text, length, &decimal) != DECIMAL_OK) return false;
    if (decimal_rescale(&decimal, DECIMAL_MAX_PRECISION, scale) != DECIMAL_OK) return false;
    decimal_to_bytes(&decimal, bytes);
    size_t begin = scratch->length;
    buffer_append(scratch, bytes, sizeof bytes);
    if (buffer_failed(scratch)) return false;
    *out = value_bytes(scratch->data + begin, sizeof bytes);
    return true;
}

static bool decimal_physical(const struct compiled_column *c, const flexdb_value *value, flexdb_value *out,
                             struct buffer *scratch) {
    return value->tag == FLEXDB_TEXT &&
           decimal_physical_text(value->as.text, value->length, c->physical, c->column->rules.scale, out, scratch);
}

const struct type type_decimal = {
    .id = TYPE_DECIMAL,
    .rules = 1u << RULE_ENUM | 1u << RULE_MIN | 1u << RULE_MAX | 1u << RULE_PRECISION | 1u << RULE_SCALE,
    .may_be_indexed = true,
    .compile = decimal_compile,
    .check = decimal_check,
    .write = rules_write_plain,
    .read = decimal_read,
    .physical = decimal_physical,
};
