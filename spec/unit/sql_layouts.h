/* A table of every kind for the tests of statements: its definition, and a layout in which some columns stand
 * physically. */
#ifndef FLEXDB_SPEC_SQL_LAYOUTS_H
#define FLEXDB_SPEC_SQL_LAYOUTS_H

#include "documents.h"
#include "model/layout.h"
#include "sql/dialect.h"

/* Columns: name (string, unique), notes (long text, indexed), age (integer, indexed), balance (decimal), wide (38
 * digits, filterable), vip (boolean, initial default true), born (date, indexed), seen (datetime), company (reference),
 * tags (json), memo (string, not physical), rest (long text, not physical). */
extern const char sql_definition[];

/* The layout of that definition, in the table flex_records_x_1. The caller frees. */
struct layout *sql_layout(const struct validator *v);

/* What a call writes into `out`, by the dialect `d` of an engine. */
#define CHECK(engine, call, want)                                                                                      \
    do {                                                                                                               \
        const struct dialect *d = dialect_find(engine);                                                                \
        struct buffer out = BUFFER_INIT;                                                                               \
        call;                                                                                                          \
        assert_text(buffer_take(&out), want);                                                                          \
    } while (0)

#endif
