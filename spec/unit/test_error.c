#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void every_code_has_its_name(void **state) {
    (void)state;
    assert_string_equal(error_code_name(FLEXDB_OK), "ok");
    assert_string_equal(error_code_name(FLEXDB_INVALID_SCHEMA), "invalid_schema");
    assert_string_equal(error_code_name(FLEXDB_NOT_FOUND), "not_found");
    assert_string_equal(error_code_name(FLEXDB_STALE), "stale");
    for (int code = 0; code < FLEXDB_CODE_COUNT; code++) assert_true(strlen(error_code_name((flexdb_code)code)) > 1);
}

static void the_first_error_stays(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(error_set(&err, FLEXDB_BUSY, "locked for %d seconds", 5), -FLEXDB_BUSY);
    assert_int_equal(error_set(&err, FLEXDB_CORRUPT, "something else"), -FLEXDB_BUSY);
    assert_int_equal(error_no_memory(&err), -FLEXDB_BUSY);
    assert_int_equal(error_close_issues(&err, FLEXDB_INVALID_RECORD), -FLEXDB_BUSY);
    assert_string_equal(err.message, "locked for 5 seconds");
    error_clear(&err);
    assert_int_equal(err.code, FLEXDB_OK);
    assert_null(err.message);
}

static void a_long_message_is_kept_whole(void **state) {
    (void)state;
    char name[1001];
    memset(name, 'x', 1000);
    name[1000] = '\0';
    flexdb_error err = FLEXDB_ERROR_INIT;
    error_set(&err, FLEXDB_EXISTS, "%s!", name);
    assert_int_equal(strlen(err.message), 1001);
    assert_int_equal(err.message[1000], '!');
    error_clear(&err);
}

static void add_issues(flexdb_error *err, int count) {
    for (int i = 1; i <= count; i++) {
        char path[24];
        snprintf(path, sizeof path, "c%d", i);
        error_issue(err, path, "type", "\"integer\"", NULL, "expected an integer");
    }
}

static void issues_become_one_line(void **state) {
    (void)state;
    static const struct {
        const char *sentence;
        int issues;
        const char *message;
    } scenarios[] = {
        {"one issue", 1, "c1: expected an integer"},
        {"three issues are all named", 3, "c1: expected an integer; c2: expected an integer; c3: expected an integer"},
        {"the fourth is counted", 4,
         "c1: expected an integer; c2: expected an integer; c3: expected an integer (and 1 more)"},
        {"what was dropped counts too", ERROR_MAX_ISSUES + 7,
         "c1: expected an integer; c2: expected an integer; c3: expected an integer (and 1004 more)"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        add_issues(&err, scenarios[i].issues);
        assert_int_equal(err.code, FLEXDB_OK);
        assert_int_equal(error_close_issues(&err, FLEXDB_INVALID_RECORD), -FLEXDB_INVALID_RECORD);
        if (strcmp(err.message, scenarios[i].message) != 0) fail_msg("%s: %s", scenarios[i].sentence, err.message);
        error_clear(&err);
    }
}

static void an_issue_holds_copies(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    char path[] = "email", got[] = "\"x\"";
    flexdb_issue *issue = error_issue(&err, path, "format", NULL, got, "not an %s", "email address");
    assert_non_null(issue);
    issue->index = 7;
    assert_int_equal(error_issue_id(&err, issue, "abcdef", 3), 0);
    path[0] = got[1] = '#';
    assert_string_equal(err.issues[0].path, "email");
    assert_string_equal(err.issues[0].rule, "format");
    assert_string_equal(err.issues[0].message, "not an email address");
    assert_string_equal(err.issues[0].got, "\"x\"");
    assert_string_equal(err.issues[0].id, "abc");
    assert_null(err.issues[0].expected);
    assert_int_equal(err.issues[0].index, 7);
    error_clear(&err);
}

static void no_issue_is_no_error(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(error_close_issues(&err, FLEXDB_INVALID_RECORD), 0);
    error_issue(&err, "", "shape", NULL, NULL, "a record is an object");
    error_close_issues(&err, FLEXDB_INVALID_RECORD);
    assert_string_equal(err.message, "a record is an object"); /* an issue of the whole has no path to show */
    error_clear(&err);
    error_clear(&err);
}

static void moving_leaves_nothing_behind(void **state) {
    (void)state;
    flexdb_error from = FLEXDB_ERROR_INIT, to = FLEXDB_ERROR_INIT;
    error_set(&from, FLEXDB_DUPLICATE, "taken");
    error_detail(&from, "contacts_email_x", 14);
    error_move(&to, &from);
    assert_int_equal(from.code, FLEXDB_OK);
    assert_null(from.detail);
    assert_string_equal(to.message, "taken");
    assert_string_equal(to.detail, "contacts_email");
    error_clear(&to);
    error_clear(&from);
}

static void an_error_is_repeated_unless_one_is_set(void **state) {
    (void)state;
    flexdb_error from = FLEXDB_ERROR_INIT, to = FLEXDB_ERROR_INIT;
    error_set(&from, FLEXDB_BUSY, "a lock was not had");
    from.retryable = true;
    from.ended = true;
    error_repeat(&to, &from);
    assert_int_equal(to.code, FLEXDB_BUSY);
    assert_true(to.retryable && to.ended);
    assert_string_equal(to.message, "a lock was not had");
    error_clear(&from);
    error_set(&from, FLEXDB_LIMIT, "too large");
    error_repeat(&to, &from);
    assert_int_equal(to.code, FLEXDB_BUSY);
    error_prefix(&to, "record %d: ", 3);
    assert_string_equal(to.message, "record 3: a lock was not had");
    error_clear(&from);
    error_clear(&to);
}

static void issues_are_added_to_an_error_that_was_closed(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    error_issue(&err, "a", "required", NULL, NULL, "is required");
    error_close_issues(&err, FLEXDB_INVALID_RECORD);
    error_reopen_issues(&err);
    assert_int_equal(err.code, FLEXDB_OK);
    error_issue(&err, "b", "unique", NULL, NULL, "5 is taken");
    assert_int_equal(error_close_issues(&err, FLEXDB_INVALID_RECORD), -FLEXDB_INVALID_RECORD);
    assert_string_equal(err.message, "a: is required; b: 5 is taken");
    error_clear(&err);
    error_set(&err, FLEXDB_BUSY, "a lock was not had");
    error_reopen_issues(&err);
    assert_int_equal(err.code, FLEXDB_BUSY);
    assert_string_equal(err.message, "a lock was not had");
    error_clear(&err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_repeated_unless_one_is_set),
        cmocka_unit_test(every_code_has_its_name),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(a_long_message_is_kept_whole),
        cmocka_unit_test(issues_become_one_line),
        cmocka_unit_test(an_issue_holds_copies),
        cmocka_unit_test(no_issue_is_no_error),
        cmocka_unit_test(moving_leaves_nothing_behind),
        cmocka_unit_test(issues_are_added_to_an_error_that_was_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
