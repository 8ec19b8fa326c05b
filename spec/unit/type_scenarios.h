/* Scenario tables of the column types: each row is a sentence, a column and a value, and what becomes of it. */
#ifndef FLEXDB_SPEC_TYPE_SCENARIOS_H
#define FLEXDB_SPEC_TYPE_SCENARIOS_H

#include <math.h>
#include <stddef.h>

#include "base/value.h"

/* Rows leave out what they have nothing to say about. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define TEXT(text_)                                                                                                    \
    { .tag = FLEXDB_TEXT, .length = sizeof(text_) - 1, .as.text = text_ }
#define SPAN(text_)                                                                                                    \
    { .tag = FLEXDB_JSON, .length = sizeof(text_) - 1, .as.text = text_ }
#define INTEGER(value_)                                                                                                \
    { .tag = FLEXDB_INTEGER, .as.integer = value_ }
#define NUMBER(value_)                                                                                                 \
    { .tag = FLEXDB_NUMBER, .as.number = value_ }
#define BOOLEAN(value_)                                                                                                \
    { .tag = FLEXDB_BOOLEAN, .as.boolean = value_ }
#define NONE                                                                                                           \
    { .tag = FLEXDB_NULL }
#define FAULT(fault_)                                                                                                  \
    { .tag = FLEXDB_FAULT, .as.fault = fault_ }

/* A value in a column `x` of a definition with that column alone. A good one: `json` is its JSON in the document, and
 * `physical` what indexes hold: 5 (an integer), x (a text), 0x… (bytes), NULL (nothing). A refused one: json is NULL.
 */
struct value_scenario {
    const char *sentence;
    const char *validation; /* JSON, NULL for none */
    flexdb_value given;
    const char *json, *physical;
    const char *rule, *message, *expected, *got; /* expected and got are compared where they are not NULL */
};

/* A column that cannot be: `column` is what stands in it beside name and dataType, such as `"required":true`. */
struct column_scenario {
    const char *sentence;
    const char *column;
    const char *path, *rule, *message;
    const char *expected, *got;
};

/* Runs both tables as cmocka tests named by their sentences; what main returns. */
int run_type_scenarios(const char *data_type, const struct value_scenario *values, size_t value_count,
                       const struct column_scenario *columns, size_t column_count);
#define RUN_TYPE_SCENARIOS(data_type, values, columns)                                                                 \
    run_type_scenarios(data_type, values, sizeof(values) / sizeof((values)[0]), columns,                               \
                       sizeof(columns) / sizeof((columns)[0]))

#endif
