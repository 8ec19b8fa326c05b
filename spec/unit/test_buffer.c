#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"

static void appending_keeps_every_byte(void **state) {
    (void)state;
    struct buffer b = BUFFER_INIT;
    for (int i = 0; i < 1000; i++) {
        buffer_put(&b, (char)('a' + i % 26));
        buffer_append(&b, "\0\1", 2);
    }
    assert_int_equal(b.length, 3000);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(b.data[3 * i], 'a' + i % 26);
        assert_int_equal(b.data[3 * i + 1], 0);
        assert_int_equal(b.data[3 * i + 2], 1);
    }
    buffer_free(&b);
    assert_null(b.data);
}

static void printing_grows_as_needed(void **state) {
    (void)state;
    struct buffer b = BUFFER_INIT;
    buffer_printf(&b, "%d-%s", 42, "x");
    assert_string_equal(buffer_text(&b), "42-x");
    buffer_printf(&b, "%0500d", 7);
    assert_int_equal(b.length, 504);
    assert_int_equal(buffer_text(&b)[503], '7');
    buffer_free(&b);
}

static void taking_hands_the_bytes_over(void **state) {
    (void)state;
    struct buffer b = BUFFER_INIT;
    char *empty = buffer_take(&b);
    assert_string_equal(empty, "");
    free(empty);
    buffer_puts(&b, "hello");
    char *text = buffer_take(&b);
    assert_string_equal(text, "hello");
    assert_null(b.data);
    assert_int_equal(b.length, 0);
    free(text);
}

static void a_size_that_overflows_fails_and_is_remembered(void **state) {
    (void)state;
    struct buffer b = BUFFER_INIT;
    buffer_puts(&b, "kept");
    assert_false(buffer_reserve(&b, SIZE_MAX - 2));
    assert_true(buffer_failed(&b));
    buffer_puts(&b, "lost");
    assert_null(buffer_text(&b));
    assert_int_equal(b.length, 4);
    buffer_reset(&b);
    buffer_puts(&b, "again");
    assert_string_equal(buffer_text(&b), "again");
    b.failed = true;
    assert_null(buffer_take(&b)); /* and nothing leaks */
}

static void an_arena_gives_zeroed_aligned_memory(void **state) {
    (void)state;
    struct arena a = ARENA_INIT;
    for (size_t size = 0; size < 300; size++) {
        unsigned char *memory = arena_alloc(&a, size, 7);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size * 7; i++) assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size * 7);
    }
    assert_non_null(arena_alloc(&a, 1, 1000000));
    assert_null(arena_alloc(&a, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&a, SIZE_MAX, 1));
    arena_free(&a);
    arena_free(&a);
}

static void an_arena_copies_text(void **state) {
    (void)state;
    struct arena a = ARENA_INIT;
    assert_string_equal(arena_dup(&a, "hello world", 5), "hello");
    assert_string_equal(arena_dup(&a, NULL, 0), "");
    assert_string_equal(arena_strdup(&a, "whole"), "whole");
    assert_null(arena_dup(&a, "x", SIZE_MAX));
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_keeps_every_byte),
        cmocka_unit_test(printing_grows_as_needed),
        cmocka_unit_test(taking_hands_the_bytes_over),
        cmocka_unit_test(a_size_that_overflows_fails_and_is_remembered),
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(an_arena_copies_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
