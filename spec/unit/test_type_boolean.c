#include "type_scenarios.h"

static const struct value_scenario values[] = {
    {"true", NULL, BOOLEAN(true), "true", "1"},
    {"false", NULL, BOOLEAN(false), "false", "0"},
    {"a string is no boolean", NULL, TEXT("true"), NULL, NULL, "type", "must be a boolean, is the string \"true\"",
     "\"boolean\"", "\"true\""},
    {"a number is no boolean", NULL, INTEGER(1), NULL, NULL, "type", "must be a boolean, is the integer 1",
     "\"boolean\"", "1"},
    {"an array is no boolean", NULL, SPAN("[]"), NULL, NULL, "type", "must be a boolean, is an array", "\"boolean\"",
     "[]"},
};

static const struct column_scenario columns[] = {
    {"a default of true", "\"defaultValue\":true", NULL, NULL, NULL},
    {"a default of false", "\"defaultValue\":false", NULL, NULL, NULL},
    {"a default that is no boolean", "\"defaultValue\":0", "columns[0].defaultValue", "type",
     "must be a boolean, is the integer 0", "\"boolean\"", "0"},
};

int main(void) { return RUN_TYPE_SCENARIOS("boolean", values, columns); }
