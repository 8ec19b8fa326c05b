#include "type_scenarios.h"

#define OPEN10  "[[[[[[[[[["
#define CLOSE10 "]]]]]]]]]]"
#define DEEP30  OPEN10 OPEN10 OPEN10 CLOSE10 CLOSE10 CLOSE10

static const flexdb_fault hole = {"type", "must be an array without holes", "tags.3", NULL};

static const struct value_scenario values[] = {
    {"an object", NULL, SPAN("{\"a\":[1,2.5,\"x\",null,true]}"), "{\"a\":[1,2.5,\"x\",null,true]}"},
    {"an empty array", NULL, SPAN("[]"), "[]"},
    {"an empty object", NULL, SPAN("{}"), "{}"},
    {"a string", NULL, TEXT("a\"b"), "\"a\\\"b\""},
    {"an empty string", NULL, TEXT(""), "\"\""},
    {"an integer", NULL, INTEGER(INT64_MIN), "-9223372036854775808"},
    {"a float stays a float", NULL, NUMBER(3.0), "3.0"},
    {"true", NULL, BOOLEAN(true), "true"},
    {"false", NULL, BOOLEAN(false), "false"},
    {"30 levels", NULL, SPAN(DEEP30), DEEP30},
    {"31 levels", NULL, SPAN("{\"a\":" DEEP30 "}"), NULL, NULL, "depth", "must nest at most 30 levels deep, nests 31",
     "30", "{\"a\":" DEEP30 "}"},
    {"brackets in strings are no levels", NULL, SPAN("[\"" OPEN10 OPEN10 OPEN10 OPEN10 "\\\"[\"]"),
     "[\"" OPEN10 OPEN10 OPEN10 OPEN10 "\\\"[\"]"},
    {"a number beyond a float", NULL, SPAN("[1e999]"), NULL, NULL, "type",
     "must not hold a number that is beyond a 64-bit float", "\"json\"", "[1e999]"},
    {"infinity", NULL, NUMBER(INFINITY), NULL, NULL, "type", "must be a finite number, is infinity", "\"json\"",
     "\"inf\""},
    {"not a number", NULL, NUMBER(NAN), NULL, NULL, "type", "must be a finite number, is not a number"},
    {"U+0000 in a string", NULL, TEXT("a\0"), NULL, NULL, "nul", "must not hold U+0000, is \"a\\u0000\""},
    {"U+0000 inside", NULL, SPAN("[\"a\\u0000\"]"), NULL, NULL, "nul", "must not hold U+0000", NULL, "[\"a\\u0000\"]"},
    {"U+0000 in a key", NULL, SPAN("{\"\\u0000\":1}"), NULL, NULL, "nul", "must not hold U+0000"},
    {"an escaped backslash before u0000 is no U+0000", NULL, SPAN("[\"\\\\u0000\"]"), "[\"\\\\u0000\"]"},
    {"bytes that are no UTF-8", NULL, TEXT("\xff"), NULL, NULL, "utf8", "must be valid UTF-8, is \"\xEF\xBF\xBD\""},
    {"bytes inside that are no UTF-8", NULL, SPAN("[\"\xff\"]"), NULL, NULL, "utf8", "must be valid UTF-8", NULL,
     "\"[\\\"\xEF\xBF\xBD\\\"]\""},
    {"a fault of the binding keeps its place", NULL, FAULT(&hole), NULL, NULL, "type",
     "must be an array without holes"},
};

static const struct column_scenario columns[] = {
    {"a default that is an object", "\"defaultValue\":{\"a\":[]}", NULL, NULL, NULL},
    {"a default that is a float", "\"defaultValue\":1.5", NULL, NULL, NULL},
    {"a default that nests too deep", "\"defaultValue\":{\"a\":" DEEP30 "}", "columns[0].defaultValue", "depth",
     "must nest at most 30 levels deep, nests 31", "30", NULL},
};

int main(void) { return RUN_TYPE_SCENARIOS("json", values, columns); }
