/* Calendar dates (ISO 8601, proleptic Gregorian) and instants (RFC 3339) in microseconds since 1970-01-01T00:00:00Z. */
#ifndef FLEXDB_BASE_DATETIME_H
#define FLEXDB_BASE_DATETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATE_TEXT_SIZE = 11, DATETIME_TEXT_SIZE = 28 }; /* with the NUL: "2024-05-01", "2024-05-01T10:00:00.000000Z" */

/* 0001-01-01 and 9999-12-31, in days since 1970-01-01; and the microseconds of a day. */
enum { DATE_FIRST = -719162, DATE_LAST = 2932896 };
#define DATETIME_DAY (INT64_C(86400) * 1000000)

enum datetime_status {
    DATETIME_OK = 0,
    DATETIME_SYNTAX,   /* not of the form at all */
    DATETIME_CALENDAR, /* of the form, but no such day or time (30 February, 25:00) */
    DATETIME_OFFSET,   /* no offset and no Z */
    DATETIME_FRACTION, /* more than six fraction digits */
    DATETIME_RANGE     /* outside the years 0001 to 9999 in UTC */
};

/* `YYYY-MM-DD`, year 0001 to 9999, to days since 1970-01-01. */
enum datetime_status date_parse(const char *text, size_t length, int32_t *days);
/* The parts of a day between DATE_FIRST and DATE_LAST; month and day count from 1. */
void date_civil(int32_t days, int *year, int *month, int *day);
/* Ten bytes and a NUL. */
void date_print(int32_t days, char out[DATE_TEXT_SIZE]);
/* RFC 3339 with `T` or a space, `Z` or an offset, up to six fraction digits; `:60` becomes `:59.999999`. */
enum datetime_status datetime_parse(const char *text, size_t length, int64_t *micros);
/* Whether it is what date_print or datetime_print writes for some value: at a fraction of what parsing costs. */
bool date_is_canonical(const char *text, size_t length);
bool datetime_is_canonical(const char *text, size_t length);
/* Twenty-seven bytes and a NUL, always six fraction digits, so that bytewise order is the order in time. */
void datetime_print(int64_t micros, char out[DATETIME_TEXT_SIZE]);
/* The wall clock. */
int64_t datetime_now(void);

#endif
