#include "sql/dialect.h"

#include <string.h>

#include "sql/engine.h"

const struct dialect *dialect_find(const char *name) {
    static const struct dialect *const all[] = {&dialect_sqlite, &dialect_mysql};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}

void sql_name(struct buffer *out, const char *name) {
    buffer_put(out, '`');
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '`') buffer_put(out, '`');
        buffer_put(out, *at);
    }
    buffer_put(out, '`');
}
