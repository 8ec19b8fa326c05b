/* The eight formats that `validation.format` may name. */
#ifndef FLEXDB_MODEL_FORMAT_H
#define FLEXDB_MODEL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct format {
    const char *name;   /* as it stands in a definition */
    const char *phrase; /* how a message says it: "an email address" */
    bool (*match)(const char *text, size_t length);
};

enum { FORMAT_COUNT = 8 };

/* All of them, in the order of the docs. */
const struct format *format_list(void);
/* NULL when there is no such format. */
const struct format *format_find(const char *name);

#endif
