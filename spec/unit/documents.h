/* What the tests of definitions, changes, layouts and plans share. */
#ifndef FLEXDB_SPEC_DOCUMENTS_H
#define FLEXDB_SPEC_DOCUMENTS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "model/changes.h"
#include "model/definition.h"
#include "model/validator.h"
#include "property.h"

/* JSON with ' for ", strict; the test fails where it is not. The caller frees. */
cJSON *read_json(const char *text);
/* The tree's JSON with ' for ", to be freed. */
char *show_json(const cJSON *tree);
/* The error as text, to be freed: a line `code` (or `ok`), then a line `path (rule): message` for each issue; where
 * there is no issue, `code: message`. " reads '. */
char *show_error(const flexdb_error *err);

/* The test fails, with both texts, where a scenario's answer, which is taken, is not the one that it names. */
void must_answer(const char *sentence, char *answer, const char *want);

/* A definition that is known to be good: parse, with ' for ". */
struct definition *definition_of(const char *text, enum definition_source source);
/* A definition's document with ' for ". */
char *show_definition(const struct definition *d, enum definition_print how);
/* Compiled, known to be good. */
struct validator *validator_of(const char *text, enum definition_source source);
/* The validator of a table of one column `a`, which is its type and rules: "decimal" or "decimal {'scale':2}". */
struct validator *column_of(const char *words);

/* A random definition that is well formed, of at most `columns` columns: every type, every rule, some indexes. Names
 * come from a small set, so that two definitions often share some. With `keyed`, keys too: a name's letter and a
 * number. */
cJSON *random_definition(struct property *p, size_t columns, bool keyed);

#define assert_text(got, want)                                                                                         \
    do {                                                                                                               \
        char *text_ = (got);                                                                                           \
        assert_string_equal(text_, want);                                                                              \
        free(text_);                                                                                                   \
    } while (0)

#endif
