/* Reads dates and times by a format: a strict subset of strptime (POSIX.1-2017), English names, no locale.
 *
 *   %Y year, four digits             %H hour, 0 to 23             %a %A weekday, short or in full; must be the day's
 *   %y year, two digits: 69 to 99    %I hour, 1 to 12, with %p    %z Z, +hh:mm or +hhmm; without it the time is UTC
 *      are 19.., 00 to 68 are 20..   %p AM or PM                  %% a percent sign
 *   %m month   %d day   %j day of    %M minute   %S second
 *      the year                      %f fraction of a second,
 *   %e day, perhaps with a space        one to six digits
 *      for its first digit
 *   %b month, three letters          %B month in full
 *
 * Anything else stands for itself, byte by byte; a space is one space. The whole text must match. Numbers of two digits
 * (three for %j) may be written without leading zeros, except where two numbers stand side by side (%Y%m%d): there each
 * has all its digits, so that nothing is guessed. Names are read in any case. */
#ifndef FLEXDB_BASE_TIME_FORMAT_H
#define FLEXDB_BASE_TIME_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/datetime.h"

enum { TIME_FORMAT_MAX_LENGTH = 100, TIME_FORMAT_MESSAGE_SIZE = 128 };

struct time_format {
    const char *text; /* borrowed */
    bool has_time;    /* it reads more than a day */
    bool has_offset;
};

/* Judges a format: each thing is read once, and what is read makes a day, or a day and a time without holes. False with
 * a message (`has no day of the month`) that goes behind "the format …" otherwise. `text` must outlive `out`. */
bool time_format_compile(struct time_format *out, const char *text, char message[TIME_FORMAT_MESSAGE_SIZE]);

/* Microseconds since 1970-01-01T00:00:00Z. SYNTAX when the text does not match; CALENDAR and RANGE as datetime_parse
 * has them (`:60` becomes `:59.999999`). */
enum datetime_status time_format_read(const struct time_format *f, const char *text, size_t length, int64_t *micros);

#endif
