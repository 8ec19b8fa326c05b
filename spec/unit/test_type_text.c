#include "type_scenarios.h"

#define X50  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X300 X50 X50 X50 X50 X50 X50

static const struct value_scenario values[] = {
    {"a text is kept as it is", NULL, TEXT("line\nline"), "\"line\\nline\"", "line\nline"},
    {"it has no length limit of its own", NULL, TEXT(X300), "\"" X300 "\""},
    {"maxLength holds where it is said", "{\"maxLength\":3}", TEXT("abcd"), NULL, NULL, "maxLength",
     "must be at most 3 characters long, is 4", "3", "\"abcd\""},
    {"a pattern", "{\"pattern\":\"^[a-z]+$\"}", TEXT("Abc"), NULL, NULL, "pattern",
     "must match the pattern ^[a-z]+$, is \"Abc\"", "\"^[a-z]+$\"", "\"Abc\""},
    {"an integer is not a text", NULL, INTEGER(5), NULL, NULL, "type", "must be a string, is the integer 5", "\"text\"",
     "5"},
    {"bytes that are no UTF-8", NULL, TEXT("\x80"), NULL, NULL, "utf8", "must be valid UTF-8, is \"\xEF\xBF\xBD\""},
    {"U+0000 is refused", NULL, TEXT("\0"), NULL, NULL, "nul", "must not hold U+0000, is \"\\u0000\""},
    {"what was got is cut to 200 bytes, the message to 80", "{\"maxLength\":3}", TEXT(X300), NULL, NULL, "maxLength",
     "must be at most 3 characters long, is 300", "3",
     "\"" X50 X50 X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\""},
};

static const struct column_scenario columns[] = {
    {"minLength beyond maxLength", "\"validation\":{\"minLength\":2,\"maxLength\":1}",
     "columns[0].validation.minLength", "minLength", "must not be greater than maxLength, 1, is 2", "1", "2"},
    {"minLength alone may be large", "\"validation\":{\"minLength\":100000}", NULL, NULL, NULL},
};

int main(void) { return RUN_TYPE_SCENARIOS("text", values, columns); }
