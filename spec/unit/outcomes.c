#include "outcomes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "comparable.h"

struct outcome outcome_of(const char *from, const char *changes, const char *keys, bool has_records) {
    struct definition *d = definition_of(from, DEFINITION_STORED);
    struct outcome o = {.keys.keys = keys != NULL ? read_json(keys) : registry_of(d)};
    cJSON *tree = NULL, *list = read_json(changes);
    o.rc = changes_apply(&tree, d, list, &o.keys, has_records, &o.err);
    if (o.rc == 0) {
        assert_int_equal(definition_parse(&o.after, tree, DEFINITION_STORED, &o.err), 0);
        assert_int_equal(o.err.issue_count, 0);
    } else {
        assert_null(tree);
    }
    cJSON_Delete(list);
    definition_free(d);
    return o;
}

void outcome_free(struct outcome *o) {
    definition_free(o->after);
    error_clear(&o->err);
    key_registry_free(&o->keys);
}

char *show_columns(const struct definition *d) {
    struct buffer out = BUFFER_INIT;
    for (size_t i = 0; i < d->count; i++) {
        buffer_printf(&out, "%s%s", i == 0 ? "" : " ", d->columns[i].name);
        if (strcmp(d->columns[i].name, d->columns[i].key) != 0) buffer_printf(&out, ":%s", d->columns[i].key);
    }
    return buffer_take(&out);
}

cJSON *diff_of(const char *from, const char *to) {
    struct definition *a = definition_of(from, DEFINITION_GIVEN), *b = definition_of(to, DEFINITION_GIVEN);
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *changes = NULL;
    assert_int_equal(changes_diff(&changes, a, b, &err), 0);
    definition_free(a);
    definition_free(b);
    return changes;
}
