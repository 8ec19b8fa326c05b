/* Definitions with checks and computed columns, as the tests of them write them. */
#ifndef FLEXDB_SPEC_CHECK_DOCUMENTS_H
#define FLEXDB_SPEC_CHECK_DOCUMENTS_H

#include "documents.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BAD          "invalid_schema\n"

/* Columns a and b, integers, and what else is said. */
#define TABLE(columns, more)                                                                                           \
    "{'columns':[{'name':'a','dataType':'integer'},{'name':'b','dataType':'integer'}" columns "]" more "}"
#define SUM(expression)         ",{'name':'c','dataType':'integer','validation':{'computed':'" expression "'}}"
#define CHECKS(list)            ",'checks':[" list "]"
#define CHECK(name, expression) "{'name':'" name "','expression':'" expression "'}"

/* What the tests of changes and plans start from. */
#define BASE TABLE(SUM("a + b"), CHECKS(CHECK("order", "a < b") "," CHECK("small", "c < 100")))

struct scenario {
    const char *sentence, *document, *answer;
};

#endif
