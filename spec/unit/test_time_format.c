/* Reading dates and times by a format. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/time_format.h"
#include "property.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void formats_are_judged(void **state) {
    (void)state;
    static const struct {
        const char *format, *message; /* NULL: good */
    } scenarios[] = {
        {"%Y-%m-%d", NULL},
        {"%b %d %Y", NULL},
        {"%d. %B %y um %I:%M:%S.%f %p %z %%", NULL},
        {"%a, %e %b %Y %H:%M:%S %z", NULL},
        {"%Y-%j", NULL},
        {"%Y%m%dT%H", NULL},
        {"", "has no year (%Y or %y)"},
        {"Jun 12 1998", "has no year (%Y or %y)"},
        {"%m/%d", "has no year (%Y or %y)"},
        {"%Y/%d", "has no month (%m, %b or %B)"},
        {"%Y-%m", "has no day of the month (%d or %e)"},
        {"%Y-%j-%m", "has both the day of the year (%j) and a month"},
        {"%Y-%j-%d", "has both the day of the year (%j) and a day of the month"},
        {"%Y-%m-%d %I", "has an hour of twelve (%I) without AM or PM (%p)"},
        {"%Y-%m-%d %H %p", "has AM or PM (%p) without an hour of twelve (%I)"},
        {"%Y-%m-%d %H %I %p", "has two hours (%H and %I)"},
        {"%Y-%m-%d :%M", "has minutes (%M) without an hour (%H or %I)"},
        {"%Y-%m-%d %H %S", "has seconds (%S) without minutes (%M)"},
        {"%Y-%m-%d %H:%M.%f", "has a fraction (%f) without seconds (%S)"},
        {"%Y-%m-%d%z", "has an offset (%z) without an hour (%H or %I)"},
        {"%Y-%m-%d %y", "says with %y again what it said before"},
        {"%Y-%m-%d %b", "says with %b again what it said before"},
        {"%Y-%m-%d %e", "says with %e again what it said before"},
        {"%Y-%m-%d %", "ends in a lone %"},
        {"%Y-%m-%d %Z", "holds %Z, which is none of %Y %y %m %b %B %d %e %j %H %I %p %M %S %f %z %a %A %%"},
        {"%D", "holds %D, which is none of %Y %y %m %b %B %d %e %j %H %I %p %M %S %f %z %a %A %%"},
        {"%Y-%m-%d %\xC3\xA9", "holds %?, which is none of %Y %y %m %b %B %d %e %j %H %I %p %M %S %f %z %a %A %%"},
        {"%Y-%m-%d "
         "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "has 109 bytes, 100 are allowed"},
    };
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        struct time_format f;
        char message[TIME_FORMAT_MESSAGE_SIZE] = "";
        bool good = time_format_compile(&f, scenarios[i].format, message);
        if (good != (scenarios[i].message == NULL)) fail_msg("%s: %s", scenarios[i].format, message);
        if (!good) assert_string_equal(message, scenarios[i].message);
    }
}

/* The reading in RFC 3339, or "syntax", "calendar", "range". */
static void read_text(const char *format, const char *text, size_t length, char out[DATETIME_TEXT_SIZE]) {
    static const char *const names[] = {"ok", "syntax", "calendar", "offset", "fraction", "range"};
    struct time_format f;
    char message[TIME_FORMAT_MESSAGE_SIZE];
    int64_t micros;
    if (!time_format_compile(&f, format, message)) fail_msg("%s: %s", format, message);
    enum datetime_status status = time_format_read(&f, text, length, &micros);
    if (status == DATETIME_OK) {
        datetime_print(micros, out);
    } else {
        snprintf(out, DATETIME_TEXT_SIZE, "%s", names[status]);
    }
}

static void texts_are_read(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *format, *text, *reading;
    } scenarios[] = {
        {"a release date", "%b %d %Y", "Jun 12 1998", "1998-06-12T00:00:00.000000Z"},
        {"a leading zero", "%b %d %Y", "Aug 07 1998", "1998-08-07T00:00:00.000000Z"},
        {"no leading zero", "%b %d %Y", "Aug 7 1998", "1998-08-07T00:00:00.000000Z"},
        {"a name in capitals", "%b %d %Y", "AUG 07 1998", "1998-08-07T00:00:00.000000Z"},
        {"a name in full where three letters are read", "%b %d %Y", "August 07 1998", "syntax"},
        {"May is both", "%B %d %Y", "May 07 1998", "1998-05-07T00:00:00.000000Z"},
        {"a name in full", "%d. %B %Y", "7. september 1998", "1998-09-07T00:00:00.000000Z"},
        {"a German name", "%d. %B %Y", "7. Mai 1998", "syntax"},
        {"two spaces for one", "%b %d %Y", "Jun  12 1998", "syntax"},
        {"a space for a digit", "%b %e %Y", "Jun  7 1998", "1998-06-07T00:00:00.000000Z"},
        {"no space for a digit", "%b %e %Y", "Jun 7 1998", "1998-06-07T00:00:00.000000Z"},
        {"a space before two digits", "%b %e %Y", "Jun  17 1998", "syntax"},
        {"something behind", "%b %d %Y", "Jun 12 1998 ", "syntax"},
        {"something before", "%b %d %Y", " Jun 12 1998", "syntax"},
        {"nothing", "%b %d %Y", "", "syntax"},
        {"a year of two digits where four are read", "%b %d %Y", "Jun 12 98", "syntax"},
        {"a year of five digits", "%m/%d/%Y", "6/12/19980", "syntax"},
        {"the year 68", "%m/%d/%y", "6/12/68", "2068-06-12T00:00:00.000000Z"},
        {"the year 69", "%m/%d/%y", "6/12/69", "1969-06-12T00:00:00.000000Z"},
        {"the year 00", "%m/%d/%y", "12/31/00", "2000-12-31T00:00:00.000000Z"},
        {"side by side", "%Y%m%d", "19980612", "1998-06-12T00:00:00.000000Z"},
        {"side by side, a digit missing", "%Y%m%d", "1998612", "syntax"},
        {"beside a digit that stands for itself", "%d0/%m/%Y", "010/06/1998", "1998-06-01T00:00:00.000000Z"},
        {"beside a digit, one missing", "%d0/%m/%Y", "10/06/1998", "syntax"},
        {"a fraction side by side", "%Y%m%d%H%M%S%f", "19980612101112000005", "1998-06-12T10:11:12.000005Z"},
        {"30 February", "%b %d %Y", "Feb 30 1998", "calendar"},
        {"29 February 1900", "%b %d %Y", "Feb 29 1900", "calendar"},
        {"29 February 2000", "%b %d %Y", "Feb 29 2000", "2000-02-29T00:00:00.000000Z"},
        {"the month 13", "%Y-%m-%d", "1998-13-01", "calendar"},
        {"the month 0", "%Y-%m-%d", "1998-00-01", "calendar"},
        {"the day 0", "%Y-%m-%d", "1998-01-0", "calendar"},
        {"the year 0", "%Y-%m-%d", "0000-01-01", "range"},
        {"the last day of a leap year", "%Y-%j", "2000-366", "2000-12-31T00:00:00.000000Z"},
        {"the day 366 of another", "%Y-%j", "1999-366", "calendar"},
        {"the day 366 of the last year", "%Y-%j", "9999-366", "calendar"},
        {"the day 60", "%j/%Y", "60/1999", "1999-03-01T00:00:00.000000Z"},
        {"the day 0 of a year", "%Y-%j", "1999-000", "calendar"},
        {"a day of a year that is none", "%Y-%j", "0000-001", "calendar"},
        {"a time", "%Y-%m-%d %H:%M", "1998-06-12 9:05", "1998-06-12T09:05:00.000000Z"},
        {"24 o'clock", "%Y-%m-%d %H:%M", "1998-06-12 24:00", "calendar"},
        {"a leap second", "%Y-%m-%d %H:%M:%S", "1998-06-12 23:59:60", "1998-06-12T23:59:59.999999Z"},
        {"the second 61", "%Y-%m-%d %H:%M:%S", "1998-06-12 23:59:61", "calendar"},
        {"noon", "%Y-%m-%d %I %p", "1998-06-12 12 pm", "1998-06-12T12:00:00.000000Z"},
        {"midnight", "%Y-%m-%d %I %p", "1998-06-12 12 AM", "1998-06-12T00:00:00.000000Z"},
        {"the afternoon", "%Y-%m-%d %I:%M%p", "1998-06-12 01:30PM", "1998-06-12T13:30:00.000000Z"},
        {"13 PM", "%Y-%m-%d %I %p", "1998-06-12 13 PM", "calendar"},
        {"0 AM", "%Y-%m-%d %I %p", "1998-06-12 0 AM", "calendar"},
        {"neither AM nor PM", "%Y-%m-%d %I %p", "1998-06-12 1 XM", "syntax"},
        {"a fraction", "%Y-%m-%d %H:%M:%S.%f", "1998-06-12 10:11:12.5", "1998-06-12T10:11:12.500000Z"},
        {"a fraction of seven digits", "%Y-%m-%d %H:%M:%S.%f", "1998-06-12 10:11:12.1234567", "syntax"},
        {"Z", "%Y-%m-%d %H:%M %z", "1998-06-12 10:11 Z", "1998-06-12T10:11:00.000000Z"},
        {"an offset", "%Y-%m-%d %H:%M %z", "1998-06-12 01:30 +02:00", "1998-06-11T23:30:00.000000Z"},
        {"an offset without a colon", "%Y-%m-%d %H:%M %z", "1998-06-12 23:30 -0130", "1998-06-13T01:00:00.000000Z"},
        {"an offset of hours", "%Y-%m-%d %H:%M %z", "1998-06-12 01:30 +02", "syntax"},
        {"an offset beyond a day", "%Y-%m-%d %H:%M %z", "1998-06-12 01:30 +24:00", "calendar"},
        {"no offset where one is read", "%Y-%m-%d %H:%M%z", "1998-06-12 01:30", "syntax"},
        {"a sign alone", "%Y-%m-%d %H:%M%z", "1998-06-12 01:30+", "syntax"},
        {"a zone that leaves the years", "%Y-%m-%d %H:%M%z", "9999-12-31 23:30-01:00", "range"},
        {"a letter that stands for itself", "%Y-%m-%dT%H:%M:%SZ", "1998-06-12T10:11:12Z",
         "1998-06-12T10:11:12.000000Z"},
        {"a weekday", "%a, %d %b %Y", "Fri, 12 Jun 1998", "1998-06-12T00:00:00.000000Z"},
        {"another weekday than the day's", "%a, %d %b %Y", "Sat, 12 Jun 1998", "calendar"},
        {"a weekday in full, before 1970", "%A %d.%m.%Y", "sunday 20.07.1969", "1969-07-20T00:00:00.000000Z"},
        {"a weekday of the first days", "%A %d.%m.%Y", "Monday 01.01.0001", "0001-01-01T00:00:00.000000Z"},
        {"a percent sign", "%d%%%m%%%Y", "12%06%1998", "1998-06-12T00:00:00.000000Z"},
        {"UTF-8 that stands for itself", "%Y\xE5\xB9\xB4%m\xE6\x9C\x88%d\xE6\x97\xA5",
         "1998\xE5\xB9\xB4\x36\xE6\x9C\x88\x31\x32\xE6\x97\xA5", "1998-06-12T00:00:00.000000Z"},
        {"digits of another script", "%Y-%m-%d", "\xD9\xA1\xD9\xA9\xD9\xA9\xD9\xA8-06-12", "syntax"},
        {"a sign before a number", "%Y-%m-%d", "1998-+6-12", "syntax"},
    };
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        char reading[DATETIME_TEXT_SIZE];
        read_text(scenarios[i].format, scenarios[i].text, strlen(scenarios[i].text), reading);
        if (strcmp(reading, scenarios[i].reading) != 0) fail_msg("%s: %s", scenarios[i].sentence, reading);
    }
}

static void no_locale_matters(void **state) {
    (void)state;
    char reading[DATETIME_TEXT_SIZE];
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"};
    for (size_t i = 0; i < COUNT(locales); i++) {
        setlocale(LC_ALL, locales[i]); /* where it is installed */
        read_text("%b %d %Y", "Dec 12 1998", 11, reading);
        assert_string_equal(reading, "1998-12-12T00:00:00.000000Z");
    }
    setlocale(LC_ALL, "C");
}

/* What a format writes it reads back; a text with a byte changed is refused or read, never more. */
static void every_day_is_read_back(void **state) {
    (void)state;
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct property p = property_begin("every_day_is_read_back");
    for (int i = 0; i < 20000; i++) {
        char fixed[DATETIME_TEXT_SIZE], text[64], reading[DATETIME_TEXT_SIZE], message[TIME_FORMAT_MESSAGE_SIZE];
        int64_t micros = (int64_t)property_below(&p, UINT64_C(250000000000000000)) - INT64_C(60000000000000000), again;
        datetime_print(micros, fixed);
        int month = (fixed[5] - '0') * 10 + fixed[6] - '0';
        int length = snprintf(text, sizeof text, "%s %.2s %.4s, %.15s", names[month - 1], fixed + 8, fixed, fixed + 11);
        struct time_format f;
        assert_true(time_format_compile(&f, "%b %d %Y, %H:%M:%S.%f", message));
        assert_int_equal(time_format_read(&f, text, (size_t)length, &again), DATETIME_OK);
        assert_true(again == micros);
        text[property_below(&p, (uint64_t)length)] = (char)property_next(&p);
        if (time_format_read(&f, text, (size_t)length, &again) == DATETIME_OK) datetime_print(again, reading);
    }
}

static void random_formats_and_texts_do_no_harm(void **state) {
    (void)state;
    static const char alphabet[] = "%%%%%YymbBdejHIpMSfzaA-/: 0123456789ZJunMay+";
    struct property p = property_begin("random_formats_and_texts_do_no_harm");
    for (int i = 0; i < 50000; i++) {
        char format[32], text[32], message[TIME_FORMAT_MESSAGE_SIZE];
        size_t length = property_below(&p, sizeof format - 1), text_length = property_below(&p, sizeof text);
        for (size_t k = 0; k < length; k++) format[k] = alphabet[property_below(&p, sizeof alphabet - 1)];
        for (size_t k = 0; k < text_length; k++) text[k] = alphabet[5 + property_below(&p, sizeof alphabet - 6)];
        format[length] = '\0';
        struct time_format f = {0};
        int64_t micros = 0;
        if (time_format_compile(&f, format, message)) time_format_read(&f, text, text_length, &micros);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_judged),
        cmocka_unit_test(texts_are_read),
        cmocka_unit_test(no_locale_matters),
        cmocka_unit_test(every_day_is_read_back),
        cmocka_unit_test(random_formats_and_texts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
