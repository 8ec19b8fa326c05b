/* Whether two values of a type are the same value. */
#include <string.h>

#include "base/decimal.h"
#include "base/document.h"
#include "model/convert.h"

static bool same_bytes(const flexdb_value *a, const flexdb_value *b) {
    return a->length == b->length && (a->length == 0 || memcmp(a->as.text, b->as.text, a->length) == 0);
}

static bool same_decimal(const flexdb_value *a, const flexdb_value *b) {
    struct decimal x, y;
    return decimal_parse(a->as.text, a->length, &x) == DECIMAL_OK &&
           decimal_parse(b->as.text, b->length, &y) == DECIMAL_OK && decimal_compare(&x, &y) == 0;
}

/* A tree, or NULL for what is no document; only that memory is out is an error. */
static cJSON *read_tree(const flexdb_value *json, flexdb_error *err) {
    flexdb_error bad = FLEXDB_ERROR_INIT;
    cJSON *tree = NULL;
    if (document_parse(&tree, json->as.text, json->length, &bad) == -FLEXDB_INTERNAL) error_no_memory(err);
    error_clear(&bad);
    return tree;
}

static int same_json(const flexdb_value *a, const flexdb_value *b, flexdb_error *err) {
    cJSON *x = read_tree(a, err), *y = read_tree(b, err);
    bool same = x != NULL && y != NULL && document_equal(x, y);
    cJSON_Delete(x);
    cJSON_Delete(y);
    return err->code != FLEXDB_OK ? -(int)err->code : same;
}

int value_same(enum column_type type, const flexdb_value *a, const flexdb_value *b, flexdb_error *err) {
    if (value_is_none(a) || value_is_none(b)) return value_is_none(a) && value_is_none(b);
    if (a->tag != b->tag) return 0;
    switch (a->tag) {
    case FLEXDB_BOOLEAN: return a->as.boolean == b->as.boolean;
    case FLEXDB_INTEGER: return a->as.integer == b->as.integer;
    case FLEXDB_TEXT: return same_bytes(a, b) || (type == TYPE_DECIMAL && same_decimal(a, b));
    case FLEXDB_JSON: return same_bytes(a, b) ? 1 : same_json(a, b, err);
    default: return 0;
    }
}
