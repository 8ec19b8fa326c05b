#include "type_scenarios.h"

#define FORM "must be a date of the form YYYY-MM-DD, is the string "

static const struct value_scenario values[] = {
    {"a date", NULL, TEXT("2024-05-01"), "\"2024-05-01\"", "2024-05-01"},
    {"29 February of a leap year", NULL, TEXT("2024-02-29"), "\"2024-02-29\"", "2024-02-29"},
    {"29 February of 2000", NULL, TEXT("2000-02-29"), "\"2000-02-29\"", "2000-02-29"},
    {"29 February of 1900", NULL, TEXT("1900-02-29"), NULL, NULL, "type",
     "must be a day that exists, is \"1900-02-29\"", "\"date\"", "\"1900-02-29\""},
    {"30 February", NULL, TEXT("2024-02-30"), NULL, NULL, "type", "must be a day that exists, is \"2024-02-30\""},
    {"the 13th month", NULL, TEXT("2024-13-01"), NULL, NULL, "type", "must be a day that exists, is \"2024-13-01\""},
    {"the day 0", NULL, TEXT("2024-01-00"), NULL, NULL, "type", "must be a day that exists, is \"2024-01-00\""},
    {"the first day", NULL, TEXT("0001-01-01"), "\"0001-01-01\"", "0001-01-01"},
    {"the last day", NULL, TEXT("9999-12-31"), "\"9999-12-31\"", "9999-12-31"},
    {"the year 0", NULL, TEXT("0000-01-01"), NULL, NULL, "type",
     "must be within the years 0001 to 9999, is the string \"0000-01-01\""},
    {"one digit for the month", NULL, TEXT("2024-5-01"), NULL, NULL, "type", FORM "\"2024-5-01\"", "\"date\"",
     "\"2024-5-01\""},
    {"another order", NULL, TEXT("01.05.2024"), NULL, NULL, "type", FORM "\"01.05.2024\""},
    {"a time behind it", NULL, TEXT("2024-05-01T00:00:00Z"), NULL, NULL, "type", FORM "\"2024-05-01T00:00:00Z\""},
    {"white space behind it", NULL, TEXT("2024-05-01 "), NULL, NULL, "type", FORM "\"2024-05-01 \""},
    {"an empty string", NULL, TEXT(""), NULL, NULL, "type", FORM "\"\""},
    {"a number", NULL, INTEGER(20240501), NULL, NULL, "type",
     "must be a date of the form YYYY-MM-DD, is the integer 20240501"},
    {"the first allowed day", "{\"min\":\"2024-01-01\",\"max\":\"2024-12-31\"}", TEXT("2024-01-01"), "\"2024-01-01\"",
     "2024-01-01"},
    {"a day too early", "{\"min\":\"2024-01-01\",\"max\":\"2024-12-31\"}", TEXT("2023-12-31"), NULL, NULL, "min",
     "must not be before 2024-01-01, is 2023-12-31", "\"2024-01-01\"", "\"2023-12-31\""},
    {"a day too late", "{\"min\":\"2024-01-01\",\"max\":\"2024-12-31\"}", TEXT("2025-01-01"), NULL, NULL, "max",
     "must not be after 2024-12-31, is 2025-01-01", "\"2024-12-31\"", "\"2025-01-01\""},
    {"a day outside the enum", "{\"enum\":[\"2024-01-01\"]}", TEXT("2024-01-02"), NULL, NULL, "enum",
     "must be \"2024-01-01\", is \"2024-01-02\""},
};

static const struct column_scenario columns[] = {
    {"a bound that is no day", "\"validation\":{\"min\":\"2024-02-30\"}", "columns[0].validation.min", "type",
     "must be a day that exists, is \"2024-02-30\"", "\"date\"", "\"2024-02-30\""},
    {"a bound that is a number", "\"validation\":{\"max\":2024}", "columns[0].validation.max", "type",
     "must be a date of the form YYYY-MM-DD, is the integer 2024", "\"date\"", "2024"},
    {"min beyond max", "\"validation\":{\"min\":\"2024-02-01\",\"max\":\"2024-01-01\"}", "columns[0].validation.min",
     "min", "must not be greater than max, \"2024-01-01\", is \"2024-02-01\"", "\"2024-01-01\"", "\"2024-02-01\""},
    {"a default that is no day", "\"defaultValue\":\"today\"", "columns[0].defaultValue", "type", FORM "\"today\"",
     "\"date\"", "\"today\""},
};

int main(void) { return RUN_TYPE_SCENARIOS("date", values, columns); }
