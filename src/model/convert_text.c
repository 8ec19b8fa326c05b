/* Conversions of texts and booleans. */
#include <string.h>

#include "base/json_writer.h"
#include "base/number.h"
#include "model/convert_parts.h"
#include "model/types/rules.h"

static bool is_text(const flexdb_value *value, const char *text) {
    return value->length == strlen(text) && memcmp(value->as.text, text, value->length) == 0;
}

CONVERSION(convert_text_to_boolean) {
    (void)c, (void)scratch, (void)verdict;
    bool yes = is_text(value, "true");
    if (!yes && !is_text(value, "false")) return CONVERT_NOT_BOOLEAN;
    *value = value_boolean(yes);
    return CONVERT_WHOLE;
}

CONVERSION(convert_boolean_to_text) {
    (void)c, (void)scratch, (void)verdict;
    *value = value->as.boolean ? value_text("true", 4) : value_text("false", 5);
    return CONVERT_WHOLE;
}

CONVERSION(convert_boolean_to_integer) {
    (void)c, (void)scratch, (void)verdict;
    *value = value_integer(value->as.boolean ? 1 : 0);
    return CONVERT_WHOLE;
}

CONVERSION(convert_text_to_json) {
    (void)c, (void)verdict;
    size_t begin = scratch->length;
    json_write_string(scratch, value->as.text, value->length);
    if (buffer_failed(scratch)) return CONVERT_NO_MEMORY;
    *value = value_text(scratch->data + begin, scratch->length - begin);
    value->tag = FLEXDB_JSON;
    return CONVERT_WHOLE;
}
