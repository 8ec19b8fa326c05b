/* What the tests of changes share: a table to start from, and what comes of changes to one. */
#ifndef FLEXDB_SPEC_OUTCOMES_H
#define FLEXDB_SPEC_OUTCOMES_H

#include <stdbool.h>

#include "documents.h"

/* What most scenarios start from. */
#define CONTACTS                                                                                                       \
    "{'displayName':'Contacts','columns':["                                                                            \
    "{'name':'email','dataType':'string','required':true,'unique':true,'validation':{'maxLength':80}},"                \
    "{'name':'age','dataType':'integer','validation':{'min':0,'max':150}},"                                            \
    "{'name':'balance','dataType':'decimal','defaultValue':'0.00','validation':{'precision':12,'scale':2}},"           \
    "{'name':'company','dataType':'reference','validation':{'targetTable':'companies','targetId':'7'}}]}"

struct outcome {
    int rc;
    flexdb_error err;
    struct definition *after; /* NULL on an error */
    struct key_registry keys;
};

/* Applies changes to a stored definition; `keys` NULL: those of its columns. */
struct outcome outcome_of(const char *from, const char *changes, const char *keys, bool has_records);
void outcome_free(struct outcome *o);
/* The changes from one given definition to another. */
cJSON *diff_of(const char *from, const char *to);
/* "name:key name:key …", in order, for the caller to free. */
char *show_columns(const struct definition *d);

#endif
