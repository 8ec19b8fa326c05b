#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/names.h"

static void an_empty_map_has_no_name(void **state) {
    (void)state;
    struct names map = NAMES_INIT;
    assert_int_equal(names_find(&map, "x", 1), NAMES_NONE);
    names_free(&map);
}

static void a_name_is_added_once(void **state) {
    (void)state;
    struct names map = NAMES_INIT;
    assert_int_equal(names_add(&map, "email", 5, 3), 1);
    assert_int_equal(names_add(&map, "email", 5, 9), 0);
    assert_int_equal(names_find(&map, "email", 5), 3);
    assert_int_equal(names_find(&map, "emai", 4), NAMES_NONE);
    assert_int_equal(names_find(&map, "Email", 5), NAMES_NONE);
    assert_int_equal(map.count, 1);
    names_free(&map);
}

static void the_empty_name_and_nul_bytes_are_names(void **state) {
    (void)state;
    struct names map = NAMES_INIT;
    assert_int_equal(names_add(&map, "", 0, 1), 1);
    assert_int_equal(names_add(&map, "a\0b", 3, 2), 1);
    assert_int_equal(names_add(&map, "a\0c", 3, UINT32_MAX), 1);
    assert_int_equal(names_find(&map, "", 0), 1);
    assert_int_equal(names_find(&map, "a\0b", 3), 2);
    assert_int_equal(names_find(&map, "a\0c", 3), UINT32_MAX);
    assert_int_equal(names_find(&map, "a", 1), NAMES_NONE);
    names_free(&map);
}

static void ten_thousand_names_are_found(void **state) {
    (void)state;
    static char texts[10000][32];
    struct names map = NAMES_INIT;
    for (uint32_t i = 0; i < 10000; i++) {
        int n = snprintf(texts[i], sizeof *texts, "%s%u", i % 3 == 0 ? "a_rather_long_column_" : "c", i);
        assert_int_equal(names_add(&map, texts[i], (size_t)n, i), 1);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        char copy[32];
        memcpy(copy, texts[i], sizeof copy);
        assert_int_equal(names_find(&map, copy, strlen(copy)), i);
    }
    assert_int_equal(names_find(&map, "c0", 2), NAMES_NONE); /* 0 has the long form */
    names_free(&map);
    assert_int_equal(names_find(&map, "c1", 2), NAMES_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_no_name),
        cmocka_unit_test(a_name_is_added_once),
        cmocka_unit_test(the_empty_name_and_nul_bytes_are_names),
        cmocka_unit_test(ten_thousand_names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
