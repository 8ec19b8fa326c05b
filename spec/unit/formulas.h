/* What the tests of expressions share: a table with a column of each type, a record of it, and answers as text. */
#ifndef FLEXDB_SPEC_FORMULAS_H
#define FLEXDB_SPEC_FORMULAS_H

#include <stddef.h>

#include "base/value.h"
#include "model/definition.h"
#include "model/formula.h"

/* The columns of `formula_table`, in their order. `none_x` is a column of the type of x without a value. */
enum formula_column {
    COLUMN_QUANTITY,  /* integer 7 */
    COLUMN_PRICE,     /* decimal(12,2) "19.90" */
    COLUMN_RATE,      /* decimal(38,30) "0.19…" */
    COLUMN_ACTIVE,    /* boolean true */
    COLUMN_NAME,      /* string "Ada Lovelace" */
    COLUMN_NOTES,     /* text "  a café\n " */
    COLUMN_BORN,      /* date 1815-12-10 */
    COLUMN_SEEN,      /* datetime 2024-05-01T10:00:00.250000Z */
    COLUMN_TAGS,      /* json [1] */
    COLUMN_COMPANY,   /* reference "c-1" */
    COLUMN_NO_NUMBER, /* integer, absent, as all that follow */
    COLUMN_NO_DECIMAL,
    COLUMN_NO_FLAG,
    COLUMN_NO_TEXT,
    COLUMN_NO_DATE,
    COLUMN_NO_TIME,
    COLUMN_NO_JSON,
    COLUMN_END, /* integer 3: a keyword of Lua as a name */
    FORMULA_COLUMNS
};

struct definition *formula_table(void);
void formula_record(flexdb_value values[FORMULA_COLUMNS]);

/* What becomes of an expression, to be freed: its type and value (`integer 5`, `text 'a'`, `date absent`); or the
 * issues of its compilation, a line each, the rule first (`type: at 3: …`); or that of its evaluation (`fault: …`). */
char *formula_answer(const struct definition *d, const char *text, size_t length, const flexdb_value *values);

struct formula_scenario {
    const char *sentence, *expression, *answer;
};

/* Compares each with what it gives on the record. */
void formula_scenarios(const struct formula_scenario *scenarios, size_t count);
#define RUN_FORMULAS(scenarios) formula_scenarios(scenarios, sizeof(scenarios) / sizeof *(scenarios))

#endif
