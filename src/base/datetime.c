#include "base/datetime.h"

#include <string.h>
#include <time.h>

static const int64_t micros_per_second = 1000000, micros_per_day = DATETIME_DAY;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool read_two(const char *p, int *out) {
    if (!is_digit(p[0]) || !is_digit(p[1])) return false;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

static int days_in_month(int year, int month) {
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Years are counted from March, so that the leap day is the last of its year; an era is 400 years, 146097 days. */
static int32_t days_from_civil(int year, int month, int day) {
    if (month <= 2) year--;
    int era = (year >= 0 ? year : year - 399) / 400;
    int year_of_era = year - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022): divisions by
 * multiplication, on days shifted by 82 eras so that none is negative. */
static void civil_from_days(int32_t days, uint32_t *year, uint32_t *month, uint32_t *day) {
    const uint32_t eras = 82;
    uint32_t n1 = 4 * ((uint32_t)days + 719468 + 146097 * eras) + 3;
    uint32_t century = n1 / 146097;
    uint64_t p2 = UINT64_C(2939745) * (n1 % 146097 / 4 * 4 + 3);
    uint32_t day_of_year = (uint32_t)(p2 & UINT32_MAX) / 2939745 / 4;
    uint32_t n3 = 2141 * day_of_year + 197913;
    uint32_t next_year = day_of_year >= 306; /* January and February */
    *day = (n3 & 0xffff) / 2141 + 1;
    *month = (n3 >> 16) - 12 * next_year;
    *year = 100 * century + (uint32_t)(p2 >> 32) - 400 * eras + next_year;
}

/* The ten bytes of a date, year 0000 allowed. */
static enum datetime_status read_date(const char *p, int32_t *days) {
    int century, year, month, day;
    if (!read_two(p, &century) || !read_two(p + 2, &year) || p[4] != '-' || !read_two(p + 5, &month) || p[7] != '-' ||
        !read_two(p + 8, &day)) {
        return DATETIME_SYNTAX;
    }
    year += century * 100;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return DATETIME_CALENDAR;
    *days = days_from_civil(year, month, day);
    return DATETIME_OK;
}

enum datetime_status date_parse(const char *text, size_t length, int32_t *days) {
    if (length != DATE_TEXT_SIZE - 1) return DATETIME_SYNTAX;
    int32_t found = 0;
    enum datetime_status status = read_date(text, &found);
    if (status != DATETIME_OK) return status;
    if (found < DATE_FIRST) return DATETIME_RANGE;
    *days = found;
    return DATETIME_OK;
}

/* Eight bytes of a canonical text: `base` is the byte of a separator, or '0'; `room` what is missing to 0x80 from the
 * largest digit that may stand there, which is 0 for a separator. */
struct form {
    unsigned char base[8], room[8];
};
enum { ONLY = 0x7f, TO_1 = ONLY - 1, TO_2 = ONLY - 2, TO_3 = ONLY - 3, TO_5 = ONLY - 5, TO_9 = ONLY - 9 };

/* No sum of two bytes reaches the next one, so that the order of the bytes in a word does not matter. */
static inline bool fits(const char *p, const struct form *form, unsigned char digits[8]) {
    static const uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t word, base, room;
    memcpy(&word, p, 8);
    memcpy(&base, form->base, 8);
    memcpy(&room, form->room, 8);
    word ^= base;
    memcpy(digits, &word, 8);
    return ((word | ((word & ~high) + room)) & high) == 0;
}

bool date_is_canonical(const char *text, size_t length) {
    static const struct form start = {"0000-00-", {TO_9, TO_9, TO_9, TO_9, ONLY, TO_1, TO_9, ONLY}};
    static const struct form end = {"00-00-00", {TO_9, TO_9, ONLY, TO_1, TO_9, ONLY, TO_3, TO_9}};
    unsigned char front[8], back[8];
    if (length != DATE_TEXT_SIZE - 1 || !fits(text, &start, front) || !fits(text + 2, &end, back)) return false;
    int month = front[5] * 10 + front[6], day = back[6] * 10 + back[7];
    if (month < 1 || month > 12 || day < 1) return false;
    int year = (front[0] * 10 + front[1]) * 100 + front[2] * 10 + front[3];
    return year > 0 && (day <= 28 || day <= days_in_month(year, month));
}

bool datetime_is_canonical(const char *text, size_t length) {
    static const struct form time = {"00:00:00", {TO_2, TO_9, ONLY, TO_5, TO_9, ONLY, TO_5, TO_9}};
    static const struct form micros = {".000000Z", {ONLY, TO_9, TO_9, TO_9, TO_9, TO_9, TO_9, ONLY}};
    unsigned char clock[8], fraction[8];
    return length == DATETIME_TEXT_SIZE - 1 && text[10] == 'T' && fits(text + 11, &time, clock) &&
           clock[0] * 10 + clock[1] < 24 && fits(text + 19, &micros, fraction) &&
           date_is_canonical(text, DATE_TEXT_SIZE - 1);
}

void date_civil(int32_t days, int *year, int *month, int *day) {
    uint32_t y, m, d;
    civil_from_days(days, &y, &m, &d);
    *year = (int)y, *month = (int)m, *day = (int)d;
}

static void put_two(char *at, uint32_t value) {
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859606162636465666768697071727374757677787980"
                                "81828384858687888990919293949596979899";
    memcpy(at, pairs + 2 * value, 2);
}

void date_print(int32_t days, char out[DATE_TEXT_SIZE]) {
    uint32_t year, month, day;
    civil_from_days(days, &year, &month, &day);
    put_two(out, year / 100);
    put_two(out + 2, year % 100);
    out[4] = '-';
    put_two(out + 5, month);
    out[7] = '-';
    put_two(out + 8, day);
    out[10] = '\0';
}

/* The parts of RFC 3339's full-time, as they stand in the text. */
struct clock_parts {
    int hour, minute, second;
    int fraction_digits;
    int64_t micros;
    bool has_offset;
    int offset_sign, offset_hour, offset_minute;
};

static const char *read_fraction(const char *p, const char *end, struct clock_parts *out) {
    static const int units[] = {0, 100000, 10000, 1000, 100, 10, 1, 0};
    int value = 0, digits = 0;
    for (; p < end && is_digit(*p); p++) {
        if (digits == 7) continue; /* too many already */
        value = value * 10 + (*p - '0');
        digits++;
    }
    out->fraction_digits = digits;
    out->micros = (int64_t)value * units[digits];
    return digits > 0 ? p : NULL;
}

/* `Z`, or a sign, hours and minutes, or nothing at all. */
static bool read_offset(const char *p, const char *end, struct clock_parts *out) {
    if (p == end) return true;
    out->has_offset = true;
    if (*p == 'Z' || *p == 'z') return p + 1 == end;
    if ((*p != '+' && *p != '-') || end - p != 6 || p[3] != ':') return false;
    out->offset_sign = *p == '-' ? -1 : 1;
    return read_two(p + 1, &out->offset_hour) && read_two(p + 4, &out->offset_minute);
}

static bool read_clock(const char *p, const char *end, struct clock_parts *out) {
    *out = (struct clock_parts){0};
    if (end - p < 8 || !read_two(p, &out->hour) || p[2] != ':' || !read_two(p + 3, &out->minute) || p[5] != ':' ||
        !read_two(p + 6, &out->second)) {
        return false;
    }
    p += 8;
    if (p < end && *p == '.') {
        p = read_fraction(p + 1, end, out);
        if (p == NULL) return false;
    }
    return read_offset(p, end, out);
}

enum datetime_status datetime_parse(const char *text, size_t length, int64_t *micros) {
    struct clock_parts parts;
    int32_t days = 0;
    if (length < 19) return DATETIME_SYNTAX;
    enum datetime_status status = read_date(text, &days);
    if (status == DATETIME_SYNTAX || (text[10] != 'T' && text[10] != ' ' && text[10] != 't') ||
        !read_clock(text + 11, text + length, &parts)) {
        return DATETIME_SYNTAX;
    }
    if (status != DATETIME_OK) return status;
    if (parts.hour > 23 || parts.minute > 59 || parts.second > 60) return DATETIME_CALENDAR;
    if (parts.offset_hour > 23 || parts.offset_minute > 59) return DATETIME_CALENDAR;
    if (parts.fraction_digits > 6) return DATETIME_FRACTION;
    if (!parts.has_offset) return DATETIME_OFFSET;
    if (parts.second == 60) { /* a leap second, which has no place in the count */
        parts.second = 59;
        parts.micros = micros_per_second - 1;
    }
    int64_t seconds = parts.hour * 3600 + parts.minute * 60 + parts.second;
    seconds -= parts.offset_sign * (parts.offset_hour * 3600 + parts.offset_minute * 60);
    int64_t found = days * micros_per_day + seconds * micros_per_second + parts.micros;
    if (found < DATE_FIRST * micros_per_day || found >= (DATE_LAST + 1) * micros_per_day) return DATETIME_RANGE;
    *micros = found;
    return DATETIME_OK;
}

void datetime_print(int64_t micros, char out[DATETIME_TEXT_SIZE]) {
    int64_t days = micros / micros_per_day, rest = micros % micros_per_day;
    if (rest < 0) {
        days--;
        rest += micros_per_day;
    }
    date_print((int32_t)days, out);
    uint32_t seconds = (uint32_t)(rest / micros_per_second), fraction = (uint32_t)(rest % micros_per_second);
    out[10] = 'T';
    put_two(out + 11, seconds / 3600);
    out[13] = ':';
    put_two(out + 14, seconds / 60 % 60);
    out[16] = ':';
    put_two(out + 17, seconds % 60);
    out[19] = '.';
    put_two(out + 20, fraction / 10000);
    put_two(out + 22, fraction / 100 % 100);
    put_two(out + 24, fraction % 100);
    out[26] = 'Z';
    out[27] = '\0';
}

int64_t datetime_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * micros_per_second + now.tv_nsec / 1000;
}
