#include "base/time_format.h"

#include <stdio.h>
#include <string.h>

/* What a directive tells. */
enum {
    PART_YEAR = 1,
    PART_MONTH = 2,
    PART_DAY = 4,
    PART_YEAR_DAY = 8,
    PART_HOUR = 16,
    PART_HALF_HOUR = 32, /* the hour of a clock that shows twelve */
    PART_HALF = 64,
    PART_MINUTE = 128,
    PART_SECOND = 256,
    PART_FRACTION = 512,
    PART_OFFSET = 1024,
    PART_WEEKDAY = 2048
};

struct directive {
    char letter;
    unsigned part;
    int least, most; /* digits; 0 for what is not a number */
};

static const struct directive directives[] = {
    {'Y', PART_YEAR, 4, 4},    {'y', PART_YEAR, 2, 2},      {'m', PART_MONTH, 1, 2},  {'b', PART_MONTH, 0, 0},
    {'B', PART_MONTH, 0, 0},   {'d', PART_DAY, 1, 2},       {'e', PART_DAY, 1, 2},    {'j', PART_YEAR_DAY, 1, 3},
    {'H', PART_HOUR, 1, 2},    {'I', PART_HALF_HOUR, 1, 2}, {'p', PART_HALF, 0, 0},   {'M', PART_MINUTE, 1, 2},
    {'S', PART_SECOND, 1, 2},  {'f', PART_FRACTION, 1, 6},  {'z', PART_OFFSET, 0, 0}, {'a', PART_WEEKDAY, 0, 0},
    {'A', PART_WEEKDAY, 0, 0},
};

static const char *const month_names[12] = {"January", "February", "March",     "April",   "May",      "June",
                                            "July",    "August",   "September", "October", "November", "December"};
static const char *const weekday_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                             "Friday", "Saturday", "Sunday"};

static const struct directive *find_directive(char letter) {
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++) {
        if (directives[i].letter == letter) return &directives[i];
    }
    return NULL;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Whether digits are read at this place of a format. */
static bool reads_digits(const char *format) {
    if (*format != '%') return is_digit(*format);
    const struct directive *d = format[1] != '\0' ? find_directive(format[1]) : NULL;
    return d != NULL && d->most > 0;
}

/* ---- judging a format ---- */

static bool scan_directives(const char *format, unsigned *seen, char message[TIME_FORMAT_MESSAGE_SIZE]) {
    for (const char *p = strchr(format, '%'); p != NULL; p = strchr(p + 2, '%')) {
        if (p[1] == '%') continue;
        const struct directive *d = find_directive(p[1]);
        if (p[1] == '\0') {
            snprintf(message, TIME_FORMAT_MESSAGE_SIZE, "ends in a lone %%");
            return false;
        }
        if (d == NULL) {
            bool plain = p[1] > ' ' && p[1] <= '~';
            snprintf(message, TIME_FORMAT_MESSAGE_SIZE, "holds %%%c, which is none of %s", plain ? p[1] : '?',
                     "%Y %y %m %b %B %d %e %j %H %I %p %M %S %f %z %a %A %%");
            return false;
        }
        if ((*seen & d->part) != 0) {
            snprintf(message, TIME_FORMAT_MESSAGE_SIZE, "says with %%%c again what it said before", p[1]);
            return false;
        }
        *seen |= d->part;
    }
    return true;
}

/* What is missing or too much in a set of parts; NULL when it makes a day, or a day and a time. */
static const char *find_hole(unsigned seen) {
    static const struct {
        unsigned has, lacks;
        const char *words;
    } holes[] = {
        {0, PART_YEAR, "has no year (%Y or %y)"},
        {PART_YEAR_DAY | PART_MONTH, 0, "has both the day of the year (%j) and a month"},
        {PART_YEAR_DAY | PART_DAY, 0, "has both the day of the year (%j) and a day of the month"},
        {0, PART_MONTH | PART_YEAR_DAY, "has no month (%m, %b or %B)"},
        {0, PART_DAY | PART_YEAR_DAY, "has no day of the month (%d or %e)"},
        {PART_HOUR | PART_HALF_HOUR, 0, "has two hours (%H and %I)"},
        {PART_HALF_HOUR, PART_HALF, "has an hour of twelve (%I) without AM or PM (%p)"},
        {PART_HALF, PART_HALF_HOUR, "has AM or PM (%p) without an hour of twelve (%I)"},
        {PART_MINUTE, PART_HOUR | PART_HALF_HOUR, "has minutes (%M) without an hour (%H or %I)"},
        {PART_SECOND, PART_MINUTE, "has seconds (%S) without minutes (%M)"},
        {PART_FRACTION, PART_SECOND, "has a fraction (%f) without seconds (%S)"},
        {PART_OFFSET, PART_HOUR | PART_HALF_HOUR, "has an offset (%z) without an hour (%H or %I)"},
    };
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
        bool lacking = holes[i].lacks == 0 || (seen & holes[i].lacks) == 0;
        if ((seen & holes[i].has) == holes[i].has && lacking) return holes[i].words;
    }
    return NULL;
}

bool time_format_compile(struct time_format *out, const char *text, char message[TIME_FORMAT_MESSAGE_SIZE]) {
    unsigned seen = 0;
    size_t length = strlen(text);
    if (length > TIME_FORMAT_MAX_LENGTH) {
        snprintf(message, TIME_FORMAT_MESSAGE_SIZE, "has %zu bytes, %d are allowed", length, TIME_FORMAT_MAX_LENGTH);
        return false;
    }
    if (!scan_directives(text, &seen, message)) return false;
    const char *hole = find_hole(seen);
    if (hole != NULL) {
        snprintf(message, TIME_FORMAT_MESSAGE_SIZE, "%s", hole);
        return false;
    }
    *out = (struct time_format){
        .text = text, .has_time = (seen & (PART_HOUR | PART_HALF_HOUR)) != 0, .has_offset = (seen & PART_OFFSET) != 0};
    return true;
}

/* ---- reading a text ---- */

enum { NOT_SAID = -1 };

struct parts {
    const char *at, *end;
    int year, month, day, hour, minute, second, micros;
    int year_day; /* NOT_SAID, or what was read */
    int weekday;  /* 1 is Monday; 0: not said */
    bool half_day, afternoon;
    int offset_sign, offset_hour, offset_minute;
};

static bool read_number(struct parts *p, int least, int most, int *out) {
    const char *begin = p->at;
    int value = 0;
    while (p->at < p->end && p->at - begin < most && is_digit(*p->at)) value = value * 10 + (*p->at++ - '0');
    *out = value;
    return p->at - begin >= least;
}

/* Whether the text goes on with `length` letters of a name, in any case. */
static bool has_name(const struct parts *p, const char *name, size_t length) {
    if ((size_t)(p->end - p->at) < length) return false;
    for (size_t i = 0; i < length; i++) {
        if ((p->at[i] | 0x20) != (name[i] | 0x20)) return false;
    }
    return true;
}

/* The number of the name from 1, in full or its first three letters. */
static bool read_name(struct parts *p, const char *const names[], int count, bool full, int *out) {
    for (int i = 0; i < count; i++) {
        size_t length = full ? strlen(names[i]) : 3;
        if (!has_name(p, names[i], length)) continue;
        p->at += length;
        *out = i + 1;
        return true;
    }
    return false;
}

static bool read_half(struct parts *p) {
    p->afternoon = has_name(p, "PM", 2);
    if (!p->afternoon && !has_name(p, "AM", 2)) return false;
    p->half_day = true;
    p->at += 2;
    return true;
}

static bool read_offset(struct parts *p) {
    if (p->at == p->end) return false;
    char sign = *p->at++;
    if (sign == 'Z') return true;
    if (sign != '+' && sign != '-') return false;
    p->offset_sign = sign == '-' ? -1 : 1;
    if (!read_number(p, 2, 2, &p->offset_hour)) return false;
    if (p->at < p->end && *p->at == ':') p->at++;
    return read_number(p, 2, 2, &p->offset_minute);
}

static bool read_fraction(struct parts *p, int least) {
    static const int units[] = {0, 100000, 10000, 1000, 100, 10, 1};
    const char *begin = p->at;
    if (!read_number(p, least, 6, &p->micros)) return false;
    p->micros *= units[p->at - begin];
    return true;
}

static bool read_short_year(struct parts *p) {
    if (!read_number(p, 2, 2, &p->year)) return false;
    p->year += p->year >= 69 ? 1900 : 2000; /* POSIX */
    return true;
}

/* `tight`: a number has all its digits, since another stands beside it. */
static bool read_directive(struct parts *p, const struct directive *d, bool tight) {
    int least = tight ? d->most : d->least;
    switch (d->letter) {
    case 'Y': return read_number(p, 4, 4, &p->year);
    case 'y': return read_short_year(p);
    case 'm': return read_number(p, least, 2, &p->month);
    case 'b': return read_name(p, month_names, 12, false, &p->month);
    case 'B': return read_name(p, month_names, 12, true, &p->month);
    case 'e':
        if (p->at < p->end && *p->at == ' ') return p->at++, read_number(p, 1, 1, &p->day);
        return read_number(p, least, 2, &p->day);
    case 'd': return read_number(p, least, 2, &p->day);
    case 'j': return read_number(p, least, 3, &p->year_day);
    case 'H':
    case 'I': return read_number(p, least, 2, &p->hour);
    case 'p': return read_half(p);
    case 'M': return read_number(p, least, 2, &p->minute);
    case 'S': return read_number(p, least, 2, &p->second);
    case 'f': return read_fraction(p, least);
    case 'z': return read_offset(p);
    case 'a': return read_name(p, weekday_names, 7, false, &p->weekday);
    default: return read_name(p, weekday_names, 7, true, &p->weekday);
    }
}

static bool match(struct parts *p, const char *format) {
    bool digits_before = false;
    while (*format != '\0') {
        bool digits = reads_digits(format);
        if (*format == '%' && format[1] != '%') {
            bool tight = digits && (digits_before || reads_digits(format + 2));
            if (!read_directive(p, find_directive(format[1]), tight)) return false;
            format += 2;
        } else {
            if (p->at == p->end || *p->at != *format) return false;
            p->at++;
            format += *format == '%' ? 2 : 1;
        }
        digits_before = digits;
    }
    return p->at == p->end;
}

static void put_two(char *at, int value) {
    at[0] = (char)('0' + value / 10 % 10);
    at[1] = (char)('0' + value % 10);
}

static bool parse_day(int year, int month, int day, int32_t *days) {
    char text[DATE_TEXT_SIZE] = "0000-00-00";
    put_two(text, year / 100);
    put_two(text + 2, year);
    put_two(text + 5, month);
    put_two(text + 8, day);
    return date_parse(text, DATE_TEXT_SIZE - 1, days) == DATETIME_OK;
}

/* The month and day of the day of the year. False when the year has no such day. */
static bool place_year_day(struct parts *p) {
    char text[DATE_TEXT_SIZE];
    int32_t first, leap_day;
    int last = parse_day(p->year, 2, 29, &leap_day) ? 366 : 365;
    if (p->year_day < 1 || p->year_day > last || !parse_day(p->year, 1, 1, &first)) return false;
    date_print(first + p->year_day - 1, text);
    p->month = (text[5] - '0') * 10 + text[6] - '0';
    p->day = (text[8] - '0') * 10 + text[9] - '0';
    return true;
}

/* The calendar's rules, leap seconds and offsets have one home, datetime_parse; what was read is told to it. */
static enum datetime_status reckon(const struct parts *p, int64_t *micros) {
    char text[] = "0000-00-00T00:00:00.000000+00:00";
    put_two(text, p->year / 100);
    put_two(text + 2, p->year);
    put_two(text + 5, p->month);
    put_two(text + 8, p->day);
    put_two(text + 11, p->half_day ? p->hour % 12 + (p->afternoon ? 12 : 0) : p->hour);
    put_two(text + 14, p->minute);
    put_two(text + 17, p->second);
    put_two(text + 20, p->micros / 10000);
    put_two(text + 22, p->micros / 100);
    put_two(text + 24, p->micros);
    if (p->offset_sign < 0) text[26] = '-';
    put_two(text + 27, p->offset_hour);
    put_two(text + 30, p->offset_minute);
    return datetime_parse(text, sizeof text - 1, micros);
}

static bool is_weekday(const struct parts *p) {
    int32_t days;
    if (!parse_day(p->year, p->month, p->day, &days)) return false;
    return ((days + 3) % 7 + 7) % 7 + 1 == p->weekday; /* 1970-01-01 was a Thursday */
}

enum datetime_status time_format_read(const struct time_format *f, const char *text, size_t length, int64_t *micros) {
    struct parts p = {.at = text, .end = text + length, .year_day = NOT_SAID};
    int64_t found = 0;
    if (!match(&p, f->text)) return DATETIME_SYNTAX;
    if (p.half_day && (p.hour < 1 || p.hour > 12)) return DATETIME_CALENDAR;
    if (p.year_day != NOT_SAID && !place_year_day(&p)) return DATETIME_CALENDAR;
    enum datetime_status status = reckon(&p, &found);
    if (status != DATETIME_OK) return status;
    if (p.weekday > 0 && !is_weekday(&p)) return DATETIME_CALENDAR;
    *micros = found;
    return DATETIME_OK;
}
