#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

enum { ISSUES_IN_MESSAGE = 3 };

const char *error_code_name(flexdb_code code) {
    switch (code) {
#define X(constant, name, meaning)                                                                                     \
    case FLEXDB_##constant: return name;
        FLEXDB_CODES(X)
#undef X
    case FLEXDB_OK: return "ok";
    case FLEXDB_CODE_COUNT: break;
    }
    return "internal";
}

/* A printed copy for the caller to free, or NULL when memory is out. */
__attribute__((format(printf, 1, 0))) static char *print_message(const char *format, va_list args) {
    char small[256];
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(small, sizeof small, format, args);
    char *text = NULL;
    if (length >= 0 && (size_t)length < sizeof small) {
        text = text_dup(small, (size_t)length);
    } else if (length >= 0) {
        text = malloc((size_t)length + 1);
        if (text != NULL) vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

int error_set(flexdb_error *err, flexdb_code code, const char *format, ...) {
    if (err->code != FLEXDB_OK) return -(int)err->code;
    va_list args;
    va_start(args, format);
    err->owned = print_message(format, args);
    va_end(args);
    err->code = code;
    err->message = err->owned != NULL ? err->owned : "out of memory while an error was described";
    return -(int)code;
}

int error_no_memory(flexdb_error *err) {
    if (err->code != FLEXDB_OK) return -(int)err->code;
    err->code = FLEXDB_INTERNAL;
    err->message = "out of memory";
    return -(int)FLEXDB_INTERNAL;
}

void error_detail(flexdb_error *err, const char *detail, size_t length) {
    free(err->detail);
    err->detail = detail != NULL ? text_dup(detail, length) : NULL;
}

static void issue_free(flexdb_issue *issue) {
    free(issue->path);
    free(issue->rule);
    free(issue->message);
    free(issue->expected);
    free(issue->got);
    free(issue->id);
}

static bool issues_grow(flexdb_error *err) {
    size_t capacity = err->issue_capacity == 0 ? 4 : err->issue_capacity * 2;
    flexdb_issue *issues = realloc(err->issues, capacity * sizeof *issues);
    if (issues == NULL) return false;
    err->issues = issues;
    err->issue_capacity = capacity;
    return true;
}

flexdb_issue *error_issue(flexdb_error *err, const char *path, const char *rule, const char *expected, const char *got,
                          const char *format, ...) {
    if (err->issue_count >= ERROR_MAX_ISSUES) {
        err->issues_dropped++;
        return NULL;
    }
    flexdb_issue issue = {.path = text_dup(path, strlen(path)), .rule = text_dup(rule, strlen(rule))};
    if (expected != NULL) issue.expected = text_dup(expected, strlen(expected));
    if (got != NULL) issue.got = text_dup(got, strlen(got));
    va_list args;
    va_start(args, format);
    issue.message = print_message(format, args);
    va_end(args);
    bool complete = issue.path != NULL && issue.rule != NULL && issue.message != NULL &&
                    (issue.expected != NULL || expected == NULL) && (issue.got != NULL || got == NULL);
    if (!complete || (err->issue_count == err->issue_capacity && !issues_grow(err))) {
        issue_free(&issue);
        error_no_memory(err);
        return NULL;
    }
    err->issues[err->issue_count] = issue;
    return &err->issues[err->issue_count++];
}

int error_issue_id(flexdb_error *err, flexdb_issue *issue, const char *id, size_t length) {
    char *copy = text_dup(id, length);
    if (copy == NULL) return error_no_memory(err);
    free(issue->id);
    issue->id = copy;
    return 0;
}

/* The first issues in words, and how many more there are; NULL without memory. */
static char *tell_issues(const flexdb_error *err) {
    struct buffer text = BUFFER_INIT;
    size_t shown = err->issue_count < ISSUES_IN_MESSAGE ? err->issue_count : ISSUES_IN_MESSAGE;
    for (size_t i = 0; i < shown; i++) {
        const flexdb_issue *issue = &err->issues[i];
        if (i != 0) buffer_puts(&text, "; ");
        if (issue->path[0] != '\0') {
            buffer_puts(&text, issue->path);
            buffer_puts(&text, ": ");
        }
        buffer_puts(&text, issue->message);
    }
    size_t more = err->issue_count - shown + err->issues_dropped;
    if (more != 0) buffer_printf(&text, " (and %zu more)", more);
    return buffer_take(&text);
}

int error_close_issues(flexdb_error *err, flexdb_code code) {
    if (err->code != FLEXDB_OK) return -(int)err->code;
    if (err->issue_count == 0) return 0;
    err->owned = tell_issues(err);
    err->code = code;
    err->message = err->owned != NULL ? err->owned : "out of memory while an error was described";
    return -(int)code;
}

void error_retell(flexdb_error *err) {
    char *text = tell_issues(err);
    if (text == NULL) return;
    free(err->owned);
    err->owned = text;
    err->message = text;
}

void error_repeat(flexdb_error *to, const flexdb_error *from) {
    if (to->code != FLEXDB_OK) return;
    error_set(to, from->code, "%s", from->message);
    to->retryable = from->retryable;
    to->ended = from->ended;
}

void error_reopen_issues(flexdb_error *err) {
    if (err->issue_count == 0) return;
    free(err->owned);
    err->owned = NULL;
    err->message = NULL;
    err->code = FLEXDB_OK;
}

void error_prefix(flexdb_error *err, const char *format, ...) {
    char prefix[192];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    struct buffer text = BUFFER_INIT;
    buffer_puts(&text, prefix);
    buffer_puts(&text, err->message);
    char *owned = buffer_take(&text);
    if (owned == NULL) return; /* the message only loses its place */
    free(err->owned);
    err->owned = owned;
    err->message = owned;
}

void error_move(flexdb_error *to, flexdb_error *from) {
    *to = *from;
    *from = FLEXDB_ERROR_INIT;
}

void error_clear(flexdb_error *err) {
    for (size_t i = 0; i < err->issue_count; i++) issue_free(&err->issues[i]);
    free(err->issues);
    free(err->owned);
    free(err->detail);
    *err = FLEXDB_ERROR_INIT;
}
