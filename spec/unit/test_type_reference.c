#include "type_scenarios.h"

#define X64    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define TARGET "{\"targetTable\":\"companies\"}"

static const struct value_scenario values[] = {
    {"an id", TARGET, TEXT("018f3c1e-7b2a-7c3d-8e4f-000000000001"), "\"018f3c1e-7b2a-7c3d-8e4f-000000000001\"",
     "018f3c1e-7b2a-7c3d-8e4f-000000000001"},
    {"an id of a user's own", TARGET, TEXT("acme.Corp_1:x"), "\"acme.Corp_1:x\"", "acme.Corp_1:x"},
    {"128 characters", TARGET, TEXT(X64 X64), "\"" X64 X64 "\"", X64 X64},
    {"129 characters", TARGET, TEXT(X64 X64 "x"), NULL, NULL, "type",
     "must be the id of a record, is the string \"" X64 "xxxxxxxxxxx…\"", "\"reference\""},
    {"an empty string", TARGET, TEXT(""), NULL, NULL, "type", "must be the id of a record, is the string \"\"",
     "\"reference\"", "\"\""},
    {"a character that ids do not have", TARGET, TEXT("a b"), NULL, NULL, "type",
     "must be the id of a record, is the string \"a b\""},
    {"an integer", TARGET, INTEGER(7), NULL, NULL, "type", "must be the id of a record, is the integer 7",
     "\"reference\"", "7"},
};

static const struct column_scenario columns[] = {
    {"onDelete", "\"validation\":{\"targetTable\":\"companies\",\"onDelete\":\"set-null\"}", NULL, NULL, NULL},
};

int main(void) { return RUN_TYPE_SCENARIOS("reference", values, columns); }
