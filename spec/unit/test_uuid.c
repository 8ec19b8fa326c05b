#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/datetime.h"
#include "base/uuid.h"
#include "property.h"

static void the_form_is_version_seven(void **state) {
    (void)state;
    struct uuid_generator g = UUID_GENERATOR_INIT;
    char text[UUID_TEXT_SIZE];
    assert_int_equal(uuid_next(&g, INT64_C(0x0190f3b2c1d4) * 1000 + 999, text), 0);
    assert_int_equal(strlen(text), 36);
    assert_memory_equal(text, "0190f3b2-c1d4-7", 15);
    assert_int_equal(strspn(text, "0123456789abcdef-"), 36);
    assert_true(text[18] == '-' && text[23] == '-');
    assert_non_null(strchr("89ab", text[19]));
}

static void each_is_greater_than_the_one_before(void **state) {
    (void)state;
    struct property p = property_begin("uuid");
    struct uuid_generator g = UUID_GENERATOR_INIT;
    int64_t now = datetime_now();
    char before[UUID_TEXT_SIZE] = "", text[UUID_TEXT_SIZE];
    for (int i = 0; i < 100000; i++) {
        uint64_t dice = property_below(&p, 100);
        if (dice == 0) now += (int64_t)property_below(&p, 5000);
        if (dice == 1) now -= (int64_t)property_below(&p, 1000000); /* the clock was set back */
        assert_int_equal(uuid_next(&g, now, text), 0);
        if (strcmp(before, text) >= 0) fail_msg("%s is followed by %s", before, text);
        memcpy(before, text, sizeof text);
    }
}

static void a_full_counter_takes_the_next_millisecond(void **state) {
    (void)state;
    struct uuid_generator g = UUID_GENERATOR_INIT;
    char before[UUID_TEXT_SIZE], text[UUID_TEXT_SIZE];
    assert_int_equal(uuid_next(&g, 1000000, before), 0);
    g.counter = (UINT32_C(1) << 26) - 2;
    assert_int_equal(uuid_next(&g, 1000000, before), 0);
    assert_memory_equal(before, "00000000-03e8-7fff-bfff-", 24);
    assert_int_equal(uuid_next(&g, 1000000, text), 0);
    assert_memory_equal(text, "00000000-03e9-7", 15);
    assert_true(strcmp(before, text) < 0);
}

static void two_generators_do_not_meet(void **state) {
    (void)state;
    struct uuid_generator a = UUID_GENERATOR_INIT, b = UUID_GENERATOR_INIT;
    char x[UUID_TEXT_SIZE], y[UUID_TEXT_SIZE];
    for (int i = 0; i < 1000; i++) {
        uuid_next(&a, 5000000, x);
        uuid_next(&b, 5000000, y);
        assert_string_not_equal(x, y);
    }
}

static void a_clock_before_1970_is_the_epoch(void **state) {
    (void)state;
    struct uuid_generator g = UUID_GENERATOR_INIT;
    char text[UUID_TEXT_SIZE];
    assert_int_equal(uuid_next(&g, -1, text), 0);
    assert_memory_equal(text, "00000000-0000-7", 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_is_version_seven),
        cmocka_unit_test(each_is_greater_than_the_one_before),
        cmocka_unit_test(a_full_counter_takes_the_next_millisecond),
        cmocka_unit_test(two_generators_do_not_meet),
        cmocka_unit_test(a_clock_before_1970_is_the_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
