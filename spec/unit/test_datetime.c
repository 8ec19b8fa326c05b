#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/datetime.h"
#include "property.h"

static void dates_are_days_of_the_calendar(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text;
        enum datetime_status status;
        int32_t days;
    } scenarios[] = {
        {"the epoch", "1970-01-01", DATETIME_OK, 0},
        {"the day before", "1969-12-31", DATETIME_OK, -1},
        {"the first", "0001-01-01", DATETIME_OK, -719162},
        {"the last", "9999-12-31", DATETIME_OK, 2932896},
        {"a leap day", "2024-02-29", DATETIME_OK, 19782},
        {"a leap day every 400 years", "2000-02-29", DATETIME_OK, 11016},
        {"no leap day in 1900", "1900-02-29", DATETIME_CALENDAR, 0},
        {"no leap day in 2023", "2023-02-29", DATETIME_CALENDAR, 0},
        {"no 30 February", "2024-02-30", DATETIME_CALENDAR, 0},
        {"no 31 April", "2024-04-31", DATETIME_CALENDAR, 0},
        {"no month 13", "2024-13-01", DATETIME_CALENDAR, 0},
        {"no month 0", "2024-00-01", DATETIME_CALENDAR, 0},
        {"no day 0", "2024-01-00", DATETIME_CALENDAR, 0},
        {"no year 0", "0000-12-31", DATETIME_RANGE, 0},
        {"one digit", "2024-1-1", DATETIME_SYNTAX, 0},
        {"slashes", "2024/01/01", DATETIME_SYNTAX, 0},
        {"a time behind", "2024-01-01T00:00:00Z", DATETIME_SYNTAX, 0},
        {"another order", "01-02-2024", DATETIME_SYNTAX, 0},
        {"a space behind", "2024-01-01 ", DATETIME_SYNTAX, 0},
        {"nothing", "", DATETIME_SYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        int32_t days = 0;
        enum datetime_status status = date_parse(scenarios[i].text, strlen(scenarios[i].text), &days);
        if (status != scenarios[i].status || days != scenarios[i].days) {
            fail_msg("%s: status %d, %d days", scenarios[i].sentence, (int)status, (int)days);
        }
    }
}

static void every_day_reads_as_it_prints(void **state) {
    (void)state;
    char before[DATE_TEXT_SIZE] = "0001-01-00";
    for (int32_t day = -719162; day <= 2932896; day++) {
        char text[DATE_TEXT_SIZE];
        int32_t back = 0;
        date_print(day, text);
        if (strcmp(before, text) >= 0) fail_msg("%s is followed by %s", before, text);
        if (date_parse(text, 10, &back) != DATETIME_OK || back != day) fail_msg("%s is day %d", text, (int)back);
        memcpy(before, text, sizeof text);
    }
    assert_string_equal(before, "9999-12-31");
}

static void instants_are_read_as_utc(void **state) {
    (void)state;
    static const struct {
        const char *sentence, *text;
        enum datetime_status status;
        const char *printed;
    } scenarios[] = {
        {"the plain form", "2024-05-01T10:00:00Z", DATETIME_OK, "2024-05-01T10:00:00.000000Z"},
        {"our own form", "2024-05-01T10:00:00.123456Z", DATETIME_OK, "2024-05-01T10:00:00.123456Z"},
        {"one fraction digit", "2024-05-01T10:00:00.5Z", DATETIME_OK, "2024-05-01T10:00:00.500000Z"},
        {"a space for T", "2024-05-01 10:00:00Z", DATETIME_OK, "2024-05-01T10:00:00.000000Z"},
        {"lower case, as RFC 3339 allows", "2024-05-01t10:00:00z", DATETIME_OK, "2024-05-01T10:00:00.000000Z"},
        {"east of Greenwich", "2024-05-01T00:30:00+02:00", DATETIME_OK, "2024-04-30T22:30:00.000000Z"},
        {"west of Greenwich", "2024-12-31T23:30:00-05:30", DATETIME_OK, "2025-01-01T05:00:00.000000Z"},
        {"an unknown offset", "2024-05-01T10:00:00-00:00", DATETIME_OK, "2024-05-01T10:00:00.000000Z"},
        {"a leap second", "2016-12-31T23:59:60Z", DATETIME_OK, "2016-12-31T23:59:59.999999Z"},
        {"a leap second with a fraction", "2016-12-31T23:59:60.25Z", DATETIME_OK, "2016-12-31T23:59:59.999999Z"},
        {"before the epoch", "1969-12-31T23:59:59.999999Z", DATETIME_OK, "1969-12-31T23:59:59.999999Z"},
        {"the first", "0001-01-01T00:00:00Z", DATETIME_OK, "0001-01-01T00:00:00.000000Z"},
        {"the last", "9999-12-31T23:59:59.999999Z", DATETIME_OK, "9999-12-31T23:59:59.999999Z"},
        {"year 0 there, year 1 in UTC", "0000-12-31T23:30:00-01:00", DATETIME_OK, "0001-01-01T00:30:00.000000Z"},
        {"year 0 in UTC", "0001-01-01T00:30:00+01:00", DATETIME_RANGE, NULL},
        {"year 10000 in UTC", "9999-12-31T23:30:00-01:00", DATETIME_RANGE, NULL},
        {"no offset", "2024-05-01T10:00:00", DATETIME_OFFSET, NULL},
        {"no offset after a fraction", "2024-05-01T10:00:00.5", DATETIME_OFFSET, NULL},
        {"seven fraction digits", "2024-05-01T10:00:00.1234560Z", DATETIME_FRACTION, NULL},
        {"thirty fraction digits", "2024-05-01T10:00:00.123456789012345678901234567890Z", DATETIME_FRACTION, NULL},
        {"no such day", "2024-02-30T10:00:00Z", DATETIME_CALENDAR, NULL},
        {"no hour 24", "2024-05-01T24:00:00Z", DATETIME_CALENDAR, NULL},
        {"no minute 60", "2024-05-01T10:60:00Z", DATETIME_CALENDAR, NULL},
        {"no second 61", "2024-05-01T10:00:61Z", DATETIME_CALENDAR, NULL},
        {"no offset of 24 hours", "2024-05-01T10:00:00+24:00", DATETIME_CALENDAR, NULL},
        {"no offset of 60 minutes", "2024-05-01T10:00:00+01:60", DATETIME_CALENDAR, NULL},
        {"a date alone", "2024-05-01", DATETIME_SYNTAX, NULL},
        {"no seconds", "2024-05-01T10:00Z", DATETIME_SYNTAX, NULL},
        {"a point without digits", "2024-05-01T10:00:00.Z", DATETIME_SYNTAX, NULL},
        {"a comma", "2024-05-01T10:00:00,5Z", DATETIME_SYNTAX, NULL},
        {"an offset without a colon", "2024-05-01T10:00:00+0200", DATETIME_SYNTAX, NULL},
        {"an offset of hours", "2024-05-01T10:00:00+02", DATETIME_SYNTAX, NULL},
        {"text behind", "2024-05-01T10:00:00Zx", DATETIME_SYNTAX, NULL},
        {"a word", "yesterday at noon, roughly", DATETIME_SYNTAX, NULL},
        {"nothing", "", DATETIME_SYNTAX, NULL},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        int64_t micros = 0;
        char text[DATETIME_TEXT_SIZE] = "";
        enum datetime_status status = datetime_parse(scenarios[i].text, strlen(scenarios[i].text), &micros);
        if (status == DATETIME_OK) datetime_print(micros, text);
        if (status != scenarios[i].status || (status == DATETIME_OK && strcmp(text, scenarios[i].printed) != 0)) {
            fail_msg("%s: status %d, %s", scenarios[i].sentence, (int)status, text);
        }
    }
}

static void instants_read_as_they_print_and_sort_as_text(void **state) {
    (void)state;
    struct property p = property_begin("datetime");
    const int64_t first = INT64_C(-62135596800000000), span = INT64_C(315537897600000000);
    for (int i = 0; i < 100000; i++) {
        int64_t a = first + (int64_t)property_below(&p, (uint64_t)span),
                b = first + (int64_t)property_below(&p, (uint64_t)span);
        if (i % 2 == 0) b = a + (int64_t)property_below(&p, 3) - 1;
        if (b < first || b >= first + span) b = a;
        char a_text[DATETIME_TEXT_SIZE], b_text[DATETIME_TEXT_SIZE];
        datetime_print(a, a_text);
        datetime_print(b, b_text);
        int64_t back = 0;
        assert_int_equal(strlen(a_text), 27);
        assert_int_equal(datetime_parse(a_text, 27, &back), DATETIME_OK);
        assert_true(back == a);
        int order = strcmp(a_text, b_text);
        assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
    }
}

/* What the types go by when they need no value: a text is canonical exactly when it reads, and prints as it stands. */
static void canonical_is_what_is_printed(void **state) {
    (void)state;
    struct property p = property_begin("canonical");
    static const char bytes[] = "0123456789012345678901234567890123456789-:.TZtz /;\x80\xff";
    for (int i = 0; i < 300000; i++) {
        char text[DATETIME_TEXT_SIZE], again[DATETIME_TEXT_SIZE] = "";
        int32_t days = (int32_t)property_below(&p, DATE_LAST - DATE_FIRST + 1) + DATE_FIRST, day;
        int64_t micros = days * DATETIME_DAY + (int64_t)property_below(&p, DATETIME_DAY), instant;
        datetime_print(micros, text);
        assert_true(datetime_is_canonical(text, 27));
        assert_true(date_is_canonical(text, 10));
        for (uint64_t n = property_below(&p, 3) + 1; n > 0; n--)
            text[property_below(&p, 27)] = bytes[property_below(&p, sizeof bytes - 1)];
        if (i % 5 == 0) memcpy(text, "0000", 4);
        if (date_parse(text, 10, &day) == DATETIME_OK) date_print(day, again);
        if (date_is_canonical(text, 10) != (memcmp(again, text, 10) == 0)) fail_msg("the date %.10s", text);
        again[0] = 0;
        if (datetime_parse(text, 27, &instant) == DATETIME_OK) datetime_print(instant, again);
        if (datetime_is_canonical(text, 27) != (memcmp(again, text, 27) == 0)) fail_msg("the instant %.27s", text);
    }
    assert_false(date_is_canonical("2024-01-01", 9));
    assert_false(datetime_is_canonical("2024-01-01T00:00:00.000000Z", 26));
}

static void now_is_after_this_was_written(void **state) {
    (void)state;
    int64_t written = 0;
    datetime_parse("2024-01-01T00:00:00Z", 20, &written);
    assert_true(datetime_now() > written);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_days_of_the_calendar),
        cmocka_unit_test(every_day_reads_as_it_prints),
        cmocka_unit_test(instants_are_read_as_utc),
        cmocka_unit_test(instants_read_as_they_print_and_sort_as_text),
        cmocka_unit_test(canonical_is_what_is_printed),
        cmocka_unit_test(now_is_after_this_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
