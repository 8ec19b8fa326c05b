#include "type_scenarios.h"

#define FORM   "must be a date and time of the form of RFC 3339, like 2024-05-01T10:00:00Z, is the string "
#define EXISTS "must be a day and a time that exist, is "

static const struct value_scenario values[] = {
    {"UTC", NULL, TEXT("2024-05-01T10:00:00Z"), "\"2024-05-01T10:00:00.000000Z\"", "2024-05-01T10:00:00.000000Z"},
    {"its own form", NULL, TEXT("2024-05-01T10:00:00.123456Z"), "\"2024-05-01T10:00:00.123456Z\"",
     "2024-05-01T10:00:00.123456Z"},
    {"an offset becomes UTC", NULL, TEXT("2024-05-01T00:30:00+02:00"), "\"2024-04-30T22:30:00.000000Z\"",
     "2024-04-30T22:30:00.000000Z"},
    {"an offset west of it", NULL, TEXT("2023-12-31T20:00:00-05:30"), "\"2024-01-01T01:30:00.000000Z\""},
    {"lower case letters", NULL, TEXT("2024-05-01t10:00:00z"), "\"2024-05-01T10:00:00.000000Z\""},
    {"a space between", NULL, TEXT("2024-05-01 10:00:00Z"), "\"2024-05-01T10:00:00.000000Z\""},
    {"a space between, six digits", NULL, TEXT("2024-05-01 10:00:00.000001Z"), "\"2024-05-01T10:00:00.000001Z\""},
    {"some fraction digits", NULL, TEXT("2024-05-01T10:00:00.5Z"), "\"2024-05-01T10:00:00.500000Z\""},
    {"a leap second", NULL, TEXT("2016-12-31T23:59:60Z"), "\"2016-12-31T23:59:59.999999Z\""},
    {"a leap second with six digits", NULL, TEXT("2016-12-31T23:59:60.000000Z"), "\"2016-12-31T23:59:59.999999Z\""},
    {"seven fraction digits", NULL, TEXT("2024-05-01T10:00:00.1234567Z"), NULL, NULL, "type",
     "must be a date and time with at most six fraction digits, is the string \"2024-05-01T10:00:00.1234567Z\"",
     "\"datetime\"", "\"2024-05-01T10:00:00.1234567Z\""},
    {"no offset", NULL, TEXT("2024-05-01T10:00:00"), NULL, NULL, "type",
     "must have an offset or Z, is \"2024-05-01T10:00:00\"", "\"datetime\"", "\"2024-05-01T10:00:00\""},
    {"30 February", NULL, TEXT("2024-02-30T10:00:00Z"), NULL, NULL, "type", EXISTS "\"2024-02-30T10:00:00Z\""},
    {"25 o'clock", NULL, TEXT("2024-05-01T25:00:00Z"), NULL, NULL, "type", EXISTS "\"2024-05-01T25:00:00Z\""},
    {"before the year 1 in UTC", NULL, TEXT("0001-01-01T00:00:00+01:00"), NULL, NULL, "type",
     "must be within the years 0001 to 9999 in UTC, is the string \"0001-01-01T00:00:00+01:00\""},
    {"after the year 9999 in UTC", NULL, TEXT("9999-12-31T23:59:59-00:01"), NULL, NULL, "type",
     "must be within the years 0001 to 9999 in UTC, is the string \"9999-12-31T23:59:59-00:01\""},
    {"a date alone", NULL, TEXT("2024-05-01"), NULL, NULL, "type", FORM "\"2024-05-01\"", "\"datetime\"",
     "\"2024-05-01\""},
    {"words", NULL, TEXT("now"), NULL, NULL, "type", FORM "\"now\""},
    {"a number", NULL, INTEGER(0), NULL, NULL, "type",
     "must be a date and time of the form of RFC 3339, like 2024-05-01T10:00:00Z, is the integer 0"},
    {"bounds are instants: too early by an offset", "{\"min\":\"2024-05-01T10:00:00Z\"}",
     TEXT("2024-05-01T11:00:00+02:00"), NULL, NULL, "min",
     "must not be before 2024-05-01T10:00:00.000000Z, is 2024-05-01T11:00:00+02:00", "\"2024-05-01T10:00:00.000000Z\"",
     "\"2024-05-01T11:00:00+02:00\""},
    {"too late by a microsecond", "{\"max\":\"2024-05-01T10:00:00Z\"}", TEXT("2024-05-01T10:00:00.000001Z"), NULL, NULL,
     "max", "must not be after 2024-05-01T10:00:00.000000Z, is 2024-05-01T10:00:00.000001Z"},
};

static const struct column_scenario columns[] = {
    {"a bound without offset", "\"validation\":{\"min\":\"2024-05-01T10:00:00\"}", "columns[0].validation.min", "type",
     "must have an offset or Z, is \"2024-05-01T10:00:00\"", "\"datetime\"", "\"2024-05-01T10:00:00\""},
    {"min beyond max by an offset",
     "\"validation\":{\"min\":\"2024-05-01T10:00:00Z\",\"max\":\"2024-05-01T11:00:00+02:00\"}",
     "columns[0].validation.min", "min",
     "must not be greater than max, \"2024-05-01T09:00:00.000000Z\", is \"2024-05-01T10:00:00.000000Z\"",
     "\"2024-05-01T09:00:00.000000Z\"", "\"2024-05-01T10:00:00.000000Z\""},
    {"a default", "\"defaultValue\":\"2024-05-01T11:00:00+02:00\"", NULL, NULL, NULL},
};

int main(void) { return RUN_TYPE_SCENARIOS("datetime", values, columns); }
