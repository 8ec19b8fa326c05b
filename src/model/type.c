#include "model/type.h"

#include <stdlib.h>

static const struct type *const types[TYPE_COUNT] = {
    [TYPE_STRING] = &type_string,     [TYPE_TEXT] = &type_text,       [TYPE_INTEGER] = &type_integer,
    [TYPE_DECIMAL] = &type_decimal,   [TYPE_BOOLEAN] = &type_boolean, [TYPE_DATE] = &type_date,
    [TYPE_DATETIME] = &type_datetime, [TYPE_JSON] = &type_json,       [TYPE_REFERENCE] = &type_reference,
};

const struct type *type_get(enum column_type id) { return types[id]; }

bool verdict_is_rule(enum verdict verdict) {
    switch (verdict) {
    case VERDICT_MIN_LENGTH:
    case VERDICT_MAX_LENGTH:
    case VERDICT_PATTERN:
    case VERDICT_PATTERN_LIMIT:
    case VERDICT_FORMAT:
    case VERDICT_ENUM:
    case VERDICT_MIN:
    case VERDICT_MAX: return true;
    default: return false;
    }
}

static void free_bound(flexdb_value *bound) {
    if (bound->tag == FLEXDB_TEXT) free((char *)bound->as.text);
    *bound = value_null();
}

void type_clear(struct compiled_column *c) {
    regex_free(c->pattern);
    c->pattern = NULL;
    free_bound(&c->min);
    free_bound(&c->max);
    names_free(&c->enumeration);
    free(c->enum_values);
    c->enum_values = NULL;
    c->enum_count = 0;
}
