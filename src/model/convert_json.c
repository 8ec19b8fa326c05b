/* Conversions of json values: only of those that are one scalar, and only into what that scalar is. */
#include "base/json_reader.h"
#include "base/number.h"
#include "model/codec_scan.h"
#include "model/convert_parts.h"

/* The text of a string that fills the span. */
static bool read_string(const flexdb_value *json, flexdb_value *out, struct buffer *scratch) {
    const char *begin = json->as.text + 1, *end = json->as.text + json->length;
    unsigned flags = 0;
    const char *quote = scan_string(begin, end, &flags);
    if (quote == NULL || quote + 1 != end || (flags & SCAN_CONTROL) != 0) return false;
    size_t length = (size_t)(quote - begin);
    *out = value_text(begin, length);
    if ((flags & SCAN_ESCAPED) == 0) return true;
    if (!buffer_reserve(scratch, length)) return false; /* cannot be: convert_value made room */
    char *copy = scratch->data + scratch->length, *copy_end = scan_unescape(copy, begin, quote);
    if (copy_end == NULL) return false;
    *out = value_text(copy, (size_t)(copy_end - copy));
    scratch->length += out->length;
    return true;
}

/* The one scalar that a json value is: TEXT, INTEGER, NUMBER, BOOLEAN or NULL. VERDICT_TYPE for arrays and objects,
 * VERDICT_RANGE for an integer beyond 64 bits, of which an engine may keep a float only. */
static enum verdict read_scalar(const flexdb_value *json, flexdb_value *out, struct buffer *scratch) {
    struct json_reader r;
    if (json->length > 0 && json->as.text[0] == '"') {
        return read_string(json, out, scratch) ? VERDICT_OK : VERDICT_TYPE;
    }
    json_reader_init(&r, json->as.text, json->length, 1, false);
    enum json_event event = json_reader_next(&r);
    switch (event) {
    case JSON_INTEGER: *out = value_integer(r.integer); break;
    case JSON_NUMBER: *out = value_number(r.number); break;
    case JSON_TRUE:
    case JSON_FALSE: *out = value_boolean(event == JSON_TRUE); break;
    case JSON_NULL: *out = value_null(); break;
    default: event = JSON_ERROR; break;
    }
    bool inexact = r.inexact;
    if (event != JSON_ERROR && json_reader_next(&r) != JSON_END) event = JSON_ERROR;
    json_reader_free(&r);
    if (event == JSON_ERROR) return VERDICT_TYPE;
    return inexact ? VERDICT_RANGE : VERDICT_OK;
}

/* Makes `value` the scalar that it is. False where it is none of `tag`, with the reason; json's null is no value. */
static bool take_scalar(flexdb_value *value, flexdb_tag tag, struct buffer *scratch, enum convert_reason *reason,
                        enum verdict *verdict) {
    flexdb_value scalar = value_null();
    *verdict = read_scalar(value, &scalar, scratch);
    if (*verdict == VERDICT_OK && scalar.tag != FLEXDB_NULL && tag != FLEXDB_ABSENT && scalar.tag != tag) {
        *verdict = VERDICT_TYPE;
    }
    *reason = *verdict == VERDICT_OK ? CONVERT_WHOLE : CONVERT_VERDICT;
    if (*verdict == VERDICT_OK) *value = scalar;
    return *verdict == VERDICT_OK && scalar.tag != FLEXDB_NULL;
}

CONVERSION(convert_json_to_text) {
    (void)c;
    enum convert_reason reason;
    take_scalar(value, FLEXDB_TEXT, scratch, &reason, verdict);
    return reason;
}

CONVERSION(convert_json_to_boolean) {
    (void)c;
    enum convert_reason reason;
    take_scalar(value, FLEXDB_BOOLEAN, scratch, &reason, verdict);
    return reason;
}

CONVERSION(convert_json_to_time) {
    enum convert_reason reason;
    if (!take_scalar(value, FLEXDB_TEXT, scratch, &reason, verdict)) return reason;
    return convert_text_to_time(c, value, scratch, verdict);
}

CONVERSION(convert_json_to_integer) {
    (void)c;
    enum convert_reason reason;
    int64_t integer;
    if (!take_scalar(value, FLEXDB_ABSENT, scratch, &reason, verdict)) return reason;
    if (value->tag == FLEXDB_NUMBER && number_exact_integer(value->as.number, &integer))
        *value = value_integer(integer);
    return value->tag == FLEXDB_INTEGER ? CONVERT_WHOLE : convert_refuse(verdict, VERDICT_TYPE);
}

CONVERSION(convert_json_to_decimal) {
    enum convert_reason reason;
    struct decimal decimal;
    if (!take_scalar(value, FLEXDB_ABSENT, scratch, &reason, verdict)) return reason;
    switch (value->tag) {
    case FLEXDB_TEXT: return convert_text_to_decimal(c, value, scratch, verdict);
    case FLEXDB_INTEGER: return convert_integer_to_decimal(c, value, scratch, verdict);
    case FLEXDB_NUMBER:
        if (decimal_from_double(value->as.number, &decimal) != DECIMAL_OK) return CONVERT_TOO_MANY_DIGITS;
        return convert_put_decimal(c, decimal, value, scratch, verdict);
    default: return convert_refuse(verdict, VERDICT_TYPE);
    }
}
