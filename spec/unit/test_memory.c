/* LDFLAGS: -Wl,--wrap=malloc,--wrap=realloc,--wrap=calloc */
/* Every allocation fails once, the first, then the second, and so on, until the work gets through: each failure must
 * come out as an error, with nothing lost (leaks are the sanitizer's and valgrind's to see). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/document.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/names.h"
#include "base/regex.h"
#include "failing_memory.h"

/* Does its work once and says whether it got through; what it made is freed either way. */
typedef bool work(void);

static void fail_each_once(work *do_work, size_t at_least) {
    memory_failed = 0;
    for (long nth = 0; nth < 10000; nth++) {
        size_t before = memory_failed;
        memory_left = nth;
        bool done = do_work();
        memory_left = -1;
        if (memory_failed == before) { /* the work needs no more allocations than that */
            assert_true(done);
            assert_true(memory_failed >= at_least);
            return;
        }
        assert_false(done);
    }
    fail_msg("the work never got through");
}

static const char text[] =
    "{\"name\":\"contacts\",\"columns\":[{\"name\":\"e\\u00e9\",\"n\":9007199254740993,"
    "\"x\":[1,2.5,true,null,\"0123456789012345678901234567890123456789012345678901234567890123456789\"],"
    "\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"f\":5,\"g\":6,\"h\":7,\"i\":{}}]}";

static bool parse_document(void) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *tree = NULL;
    int rc = document_parse(&tree, text, sizeof text - 1, &err);
    if (rc != 0) {
        assert_int_equal(rc, -FLEXDB_INTERNAL);
        assert_string_equal(err.message, "out of memory");
        assert_null(tree);
    }
    cJSON_Delete(tree);
    error_clear(&err);
    return rc == 0;
}

static bool read_json(void) {
    struct json_reader r;
    json_reader_init(&r, text, sizeof text - 1, JSON_MAX_DEPTH, true);
    enum json_event event = JSON_NULL;
    while (event != JSON_END && event != JSON_ERROR) event = json_reader_next(&r);
    if (event == JSON_ERROR) {
        assert_true(r.no_memory);
        assert_string_equal(r.message, "out of memory");
    }
    json_reader_free(&r);
    return event == JSON_END;
}

/* Two keys that are equal once unescaped: the comparison allocates, and must not take failure for a repetition. */
static bool read_repeated_key(void) {
    static const char repeated[] = "{\"\\u0061\":1,\"a\":2}";
    struct json_reader r;
    json_reader_init(&r, repeated, sizeof repeated - 1, 5, true);
    enum json_event event = JSON_NULL;
    while (event != JSON_END && event != JSON_ERROR) event = json_reader_next(&r);
    assert_int_equal(event, JSON_ERROR);
    bool seen = !r.no_memory;
    assert_string_equal(r.message, seen ? "a key is repeated in one object" : "out of memory");
    json_reader_free(&r);
    return seen;
}

static bool add_names(void) {
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                        "j", "k", "l", "m", "n", "o", "p", "q"};
    struct names map = NAMES_INIT;
    int rc = 1;
    size_t count = sizeof names / sizeof *names, added = 0;
    for (; added < count && rc == 1; added++) rc = names_add(&map, names[added], 1, (uint32_t)added);
    if (rc == -1) added--;
    for (size_t i = 0; i < count; i++) { /* what was added before the failure is still there */
        assert_int_equal(names_find(&map, names[i], 1), i < added ? (int64_t)i : NAMES_NONE);
    }
    names_free(&map);
    return rc == 1;
}

static bool fill_buffer(void) {
    struct buffer b = BUFFER_INIT;
    for (int i = 0; i < 100; i++) {
        buffer_puts(&b, "some text");
        buffer_printf(&b, "%200d", i);
        json_write_string(&b, "a\nb\"c", 5);
        json_write_integer(&b, i);
        json_write_number(&b, i);
        base64url_encode(&b, "xyz", 3);
    }
    bool failed = buffer_failed(&b);
    char *taken = buffer_take(&b);
    assert_int_equal(taken == NULL, failed);
    free(taken);
    return !failed;
}

static bool fill_arena(void) {
    struct arena a = ARENA_INIT;
    bool done = arena_alloc(&a, 10, 100) != NULL && arena_strdup(&a, text) != NULL && arena_alloc(&a, 1, 5000) != NULL;
    arena_free(&a);
    return done;
}

static bool collect_issues(void) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    for (int i = 0; i < 6; i++) {
        flexdb_issue *issue = error_issue(&err, "email", "format", "\"email\"", "\"x\"", "not an %s", "email address");
        if (issue == NULL || error_issue_id(&err, issue, "id", 2) != 0) break;
    }
    int rc = error_close_issues(&err, FLEXDB_INVALID_RECORD);
    assert_int_equal(rc, -(int)err.code); /* never a success */
    assert_int_not_equal(rc, 0);
    assert_non_null(err.message);
    bool done = err.code == FLEXDB_INVALID_RECORD && err.owned != NULL;
    error_clear(&err);
    return done;
}

static bool set_error(void) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(error_set(&err, FLEXDB_EXISTS, "the table %s exists", "contacts"), -FLEXDB_EXISTS);
    bool done = strcmp(err.message, "the table contacts exists") == 0;
    if (!done) assert_string_equal(err.message, "out of memory while an error was described");
    error_clear(&err);
    return done;
}

static bool cut_excerpt(void) {
    static char long_text[400];
    memset(long_text, 'x', sizeof long_text - 1);
    cJSON item = {.type = cJSON_String, .valuestring = long_text};
    char *excerpt = document_excerpt(&item);
    free(excerpt);
    return excerpt != NULL;
}

static bool compile_pattern(void) {
    char message[REGEX_MESSAGE_SIZE];
    struct regex *r = NULL;
    int rc = regex_compile(&r, "^a+$", 4, message);
    if (rc != 0) assert_int_equal(rc, -2);
    regex_free(r);
    return rc == 0;
}

static void reading_a_document(void **state) {
    (void)state;
    cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
    cJSON_InitHooks(&hooks);
    fail_each_once(parse_document, 40);
    cJSON_InitHooks(NULL);
}

static void reading_json(void **state) {
    (void)state;
    fail_each_once(read_json, 3);
    fail_each_once(read_repeated_key, 3);
}

static void naming(void **state) {
    (void)state;
    fail_each_once(add_names, 3);
}

static void writing(void **state) {
    (void)state;
    fail_each_once(fill_buffer, 5);
    fail_each_once(fill_arena, 3);
    fail_each_once(cut_excerpt, 3);
}

static void describing_errors(void **state) {
    (void)state;
    fail_each_once(collect_issues, 20);
    fail_each_once(set_error, 1);
}

static void compiling_a_pattern(void **state) {
    (void)state;
    fail_each_once(compile_pattern, 1); /* PCRE2's own allocations do not pass through here */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_a_document),
        cmocka_unit_test(reading_json),
        cmocka_unit_test(naming),
        cmocka_unit_test(writing),
        cmocka_unit_test(describing_errors),
        cmocka_unit_test(compiling_a_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
