/* Rules of two columns held against each other. */
#include <string.h>

#include "base/datetime.h"
#include "base/number.h"
#include "model/compatibility_parts.h"

bool lengths_refuse(const struct compiled_column *a, const struct compiled_column *b) {
    return b->max_length < a->max_length || b->min_length > a->min_length;
}

/* Bounds of one type: integers, decimals, or texts of one length whose bytes sort as they do. */
static int compare_bounds(const flexdb_value *a, const struct decimal *a_decimal, const flexdb_value *b,
                          const struct decimal *b_decimal, enum column_type type) {
    if (type == TYPE_DECIMAL) return decimal_compare(a_decimal, b_decimal);
    if (a->tag == FLEXDB_INTEGER) return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
    return memcmp(a->as.text, b->as.text, a->length < b->length ? a->length : b->length);
}

bool range_refuses(const struct compiled_column *a, const struct compiled_column *b) {
    enum column_type type = b->column->type;
    if (b->has_min && (!a->has_min || compare_bounds(&b->min, &b->min_decimal, &a->min, &a->min_decimal, type) > 0)) {
        return true;
    }
    return b->has_max && (!a->has_max || compare_bounds(&b->max, &b->max_decimal, &a->max, &a->max_decimal, type) < 0);
}

/* The enumeration's names are the normalized texts; those of integers their digits. */
bool enum_refuses(const struct compiled_column *a, const struct compiled_column *b) {
    if (b->enum_count == 0) return false;
    if (a->enum_count == 0) return true;
    for (size_t i = 0; i < a->enum_count; i++) {
        const flexdb_value *value = &a->enum_values[i];
        char digits[NUMBER_INTEGER_SIZE];
        const char *text = value->as.text;
        size_t length = value->length;
        if (value->tag == FLEXDB_INTEGER) {
            length = number_print_integer(value->as.integer, digits);
            text = digits;
        }
        if (names_find(&b->enumeration, text, length) == NAMES_NONE) return true;
    }
    return false;
}

/* How long a value of the column is at most once it is a text. */
static int64_t longest_text(const struct compiled_column *c) {
    enum { FALSE_LENGTH = 5, SIGN_AND_POINT = 3 };
    switch (c->column->type) {
    case TYPE_STRING:
    case TYPE_TEXT: return c->max_length;
    case TYPE_INTEGER: return NUMBER_INTEGER_SIZE - 1;
    case TYPE_DECIMAL: return c->column->rules.precision + SIGN_AND_POINT; /* and a zero before the point */
    case TYPE_BOOLEAN: return FALSE_LENGTH;
    case TYPE_DATE: return DATE_TEXT_SIZE - 1;
    case TYPE_DATETIME: return DATETIME_TEXT_SIZE - 1;
    case TYPE_REFERENCE: return ID_MAX_LENGTH;
    default: return INT64_MAX;
    }
}

bool rules_may_refuse(const struct compiled_column *a, const struct compiled_column *b) {
    const unsigned judging = 1u << RULE_PATTERN | 1u << RULE_FORMAT | 1u << RULE_ENUM | 1u << RULE_MIN | 1u << RULE_MAX;
    enum column_type type = b->column->type;
    if ((b->column->rules.given & judging) != 0 || b->min_length > 0) return true;
    return (type == TYPE_STRING || type == TYPE_TEXT) && longest_text(a) > b->max_length;
}

bool is_redirected(const struct rules *a, const struct rules *b) {
    if (a->target_id != NULL && b->target_id != NULL) return strcmp(a->target_id, b->target_id) != 0;
    return a->target_table == NULL || b->target_table == NULL || strcmp(a->target_table, b->target_table) != 0;
}
