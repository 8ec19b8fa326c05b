/* The conversions that the table's rows name. Private to convert*.c. */
#ifndef FLEXDB_MODEL_CONVERT_PARTS_H
#define FLEXDB_MODEL_CONVERT_PARTS_H

#include "model/convert.h"

#define CONVERSION(name)                                                                                               \
    enum convert_reason name(const struct conversion *c, flexdb_value *value, struct buffer *scratch,                  \
                             enum verdict *verdict)

/* The new type's check says all there is to say. */
CONVERSION(convert_keep);

CONVERSION(convert_text_to_integer);
CONVERSION(convert_text_to_decimal);
CONVERSION(convert_text_to_boolean);
CONVERSION(convert_text_to_time); /* dates and datetimes */
CONVERSION(convert_text_to_json); /* strings, dates, decimals, ids: whatever is a text in a document */

CONVERSION(convert_integer_to_text);
CONVERSION(convert_integer_to_decimal);
CONVERSION(convert_integer_to_boolean);
CONVERSION(convert_decimal_to_integer);
CONVERSION(convert_boolean_to_text);
CONVERSION(convert_boolean_to_integer);
CONVERSION(convert_date_to_datetime);
CONVERSION(convert_datetime_to_date);

CONVERSION(convert_json_to_text); /* ids too */
CONVERSION(convert_json_to_integer);
CONVERSION(convert_json_to_decimal);
CONVERSION(convert_json_to_boolean);
CONVERSION(convert_json_to_time);

/* A value that cannot be had: what a row returns. */
static inline enum convert_reason convert_refuse(enum verdict *verdict, enum verdict why) {
    *verdict = why;
    return CONVERT_VERDICT;
}

/* Rounds to the new column and makes `value` its canonical text. */
enum convert_reason convert_put_decimal(const struct conversion *c, struct decimal decimal, flexdb_value *value,
                                        struct buffer *scratch, enum verdict *verdict);

/* Reads `parse` into the conversion's formats. False when there was an issue. */
bool convert_read_formats(struct conversion *out, const char *path, flexdb_error *err);
/* Which format gave which reading, where two differ: the first that reads it and the first that reads it otherwise. */
bool convert_two_readings(const struct conversion *c, const char *text, size_t length, size_t places[2],
                          int64_t micros[2]);

#endif
