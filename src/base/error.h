/* Errors: the caller's object, filled by the callee, freed by the caller.
 *
 * Convention of the whole core: a function that can fail takes `flexdb_error *err` last and returns 0 on success or
 * `-code` (negative) on failure; predicates return bool. An error that is already set is never overwritten: the first
 * cause stays, so that cleaning up may fail without hiding it. `err` may not be NULL. */
#ifndef FLEXDB_BASE_ERROR_H
#define FLEXDB_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One table for C, Lua and the docs: X(constant, name as scripts see it, what it means). */
#define FLEXDB_CODES(X)                                                                                                \
    X(INVALID_SCHEMA, "invalid_schema", "a definition or a change of it is not well formed or cannot be")              \
    X(INVALID_RECORD, "invalid_record", "a record breaks the rules of its table's definition")                         \
    X(INVALID_QUERY, "invalid_query", "a query names what is not there or compares what cannot be compared")           \
    X(INVALID_DOCUMENT, "invalid_document", "a text is not the JSON, the URL or the document that it should be")       \
    X(EXISTS, "exists", "the name is taken")                                                                           \
    X(NOT_FOUND, "not_found", "there is no such table, version or record")                                             \
    X(CONFLICT, "conflict", "somebody else was first: the version that was expected is no longer the current one")     \
    X(DUPLICATE, "duplicate", "a unique column or index already holds the value")                                      \
    X(REFERENCE, "reference", "a referenced record does not exist, or a reference stands in the way")                  \
    X(BUSY, "busy", "a lock was not had within the timeout; trying again may succeed")                                 \
    X(CONNECTION, "connection", "the server cannot be reached, refused the login or hung up; the file was replaced")   \
    X(READ_ONLY, "read_only", "the database, or the handle, does not take writes")                                     \
    X(UNSUPPORTED, "unsupported", "this build, this engine or this layout of the database cannot do that")             \
    X(LIMIT, "limit", "a documented limit, or the disk, is exceeded")                                                  \
    X(CORRUPT, "corrupt", "the file is not a database, or what it holds contradicts itself")                           \
    X(INTERNAL, "internal", "out of memory, or a fault of FlexDB itself")                                              \
    X(MISUSE, "misuse", "a programmer's mistake; scripts see it raised, never returned")                               \
    X(STALE, "stale", "inside the core only: the definition has changed under the call, which must be made again")     \
    X(STOPPED, "stopped", "the caller's own function has stopped the call; scripts see what it raised")

typedef enum flexdb_code {
    FLEXDB_OK = 0,
#define X(constant, name, meaning) FLEXDB_##constant,
    FLEXDB_CODES(X)
#undef X
        FLEXDB_CODE_COUNT
} flexdb_code;

/* One problem of a document or a record. All strings are owned by the error; any but `path`, `rule` and `message` may
 * be NULL. `expected` and `got` are JSON texts. `index` is the 1-based place in a batch, 0 where there is none; `id`
 * the record that is at fault, where one is. */
typedef struct flexdb_issue {
    char *path;
    char *rule;
    char *message;
    char *expected;
    char *got;
    char *id;
    int64_t index;
} flexdb_issue;

typedef struct flexdb_error {
    flexdb_code code;
    bool retryable;      /* the same call may succeed if it is made again */
    bool ended;          /* the engine has ended the open transaction by itself */
    const char *message; /* never NULL once code is set; a static text or `owned` */
    char *owned;
    char *detail; /* a name as the engine says it: DUPLICATE the violated index, CORRUPT a missing table; else NULL */
    flexdb_issue *issues;
    size_t issue_count, issue_capacity;
    size_t issues_dropped; /* how many came after ERROR_MAX_ISSUES; the message says so */
} flexdb_error;

enum { ERROR_MAX_ISSUES = 1000 };

#define FLEXDB_ERROR_INIT ((flexdb_error){0})

/* The stable name of a code (`"not_found"`), `"ok"` for FLEXDB_OK. */
const char *error_code_name(flexdb_code code);

/* Sets code and a printf-formatted message unless an error is set already; returns -(code in err). Out of memory turns
 * the message into a static text, never the error into success. */
int error_set(flexdb_error *err, flexdb_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int error_no_memory(flexdb_error *err);

/* Sets `detail` (a copy; lost silently when memory is out, for it only refines a message). */
void error_detail(flexdb_error *err, const char *detail, size_t length);

/* Adds an issue; texts are copied; expected and got may be NULL. Does not set the code: call error_close_issues when
 * all are found. Returns the issue so that id and index can be added, or NULL (dropped or out of memory; then the error
 * is set or counted). */
flexdb_issue *error_issue(flexdb_error *err, const char *path, const char *rule, const char *expected, const char *got,
                          const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Copies `id` into the issue. Returns 0 or the error. */
int error_issue_id(flexdb_error *err, flexdb_issue *issue, const char *id, size_t length);

/* If there are issues and no code yet: sets `code` and a message that reads as one line: the first issues as
 * `path: message`, separated by `; `, and how many more there are. Returns 0 when there was no issue. */
int error_close_issues(flexdb_error *err, flexdb_code code);
/* The message of such an error anew, after its issues were changed. */
void error_retell(flexdb_error *err);

/* Takes back error_close_issues, so that more issues can be added; any other error stays as it is. */
void error_reopen_issues(flexdb_error *err);

/* Copies code, flags and message, unless an error is set already. */
void error_repeat(flexdb_error *to, const flexdb_error *from);

/* Puts words before the message of an error that is set: `record 3: `; at most 191 bytes. */
void error_prefix(flexdb_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Moves the content of `from` to `to` (which must be clear); `from` is clear afterwards. */
void error_move(flexdb_error *to, flexdb_error *from);

/* Frees what the error holds and makes it FLEXDB_ERROR_INIT again; harmless on a clear one. */
void error_clear(flexdb_error *err);

#endif
