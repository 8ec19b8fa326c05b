/* The fuzz targets: each takes any bytes, hands them to the part that it is named after, and holds what comes of it
 * against what must be true of everything that is accepted, and of every refusal.
 *
 * `make fuzz` feeds them to libFuzzer (libfuzzer.c); spec/unit/test_db_fuzz.c replays the cases that are kept. */
#ifndef FLEXDB_SPEC_FUZZ_H
#define FLEXDB_SPEC_FUZZ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "model/validator.h"

/* X(name, what the bytes are) */
#define FUZZ_TARGETS(X)                                                                                                \
    X(json, "any JSON text")                                                                                           \
    X(definition, "a definition")                                                                                      \
    X(changes, "changes of a definition")                                                                              \
    X(expression, "a check's or a computed column's expression")                                                       \
    X(record, "a record, as JSON, of a table with a column of each type")                                              \
    X(document, "a stored document of that table")                                                                     \
    X(query, "a query of a table in SQLite, with a handful of records")                                                \
    X(plan, "changes of such a table, planned, made and rolled back; `n` or `i` before them is on_invalid")            \
    X(url, "a database's URL")

#define X(name, meaning) void fuzz_##name(const char *data, size_t length);
FUZZ_TARGETS(X)
#undef X

typedef void (*fuzz_target)(const char *data, size_t length);
/* NULL when there is none of the name. */
fuzz_target fuzz_find(const char *name);

/* What must be true: else the words and the place are printed, and the process ends with SIGABRT. */
#define FUZZ_MUST(condition, ...)                                                                                      \
    do {                                                                                                               \
        if (!(condition)) fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                                      \
    } while (0)
void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5), noreturn));

/* A call has refused its input (rc is not 0): the error is whole, and no fault of FlexDB itself. Clears it. */
void fuzz_refused(int rc, flexdb_error *err);
/* The call cannot fail. */
void fuzz_done(int rc, const flexdb_error *err);

/* Strict JSON, no key twice in one object. */
void fuzz_must_be_json(const char *text, size_t length);
void fuzz_must_be_value(const flexdb_value *got, const flexdb_value *want);
void fuzz_must_be_text(const char *got, size_t length, const char *want, size_t want_length, const char *what);

/* From JSON with ' for ", known to be good. The caller drops, or frees, it. */
struct validator *fuzz_validator(const char *text, enum definition_source source);
char *fuzz_quoted(const char *text);

/* A record of at most FUZZ_SLOTS fields, laid out from the JSON of an object. */
enum { FUZZ_SLOTS = 40 };
struct fuzz_record {
    flexdb_value values[FUZZ_SLOTS];
    char *texts[FUZZ_SLOTS]; /* owned */
};
/* False, and nothing to free, when the text is no JSON object. What is no field is passed over. */
bool fuzz_lay_out(struct fuzz_record *out, const struct validator *v, const char *text, size_t length);
void fuzz_record_free(struct fuzz_record *r);

/* The table that records and documents are read by: a column of each type, most rules, checks, computed columns. */
const struct validator *fuzz_table(void);

#endif
