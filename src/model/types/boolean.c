/* boolean: true and false, and nothing that merely looks like them. */
#include "model/types/rules.h"

static bool boolean_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    (void)path, (void)err;
    c->physical = PHYSICAL_INTEGER;
    return true;
}

static enum verdict boolean_check(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch) {
    (void)c, (void)scratch;
    return value->tag == FLEXDB_BOOLEAN ? VERDICT_OK : VERDICT_TYPE;
}

static void boolean_write(const flexdb_value *value, struct buffer *out) {
    buffer_puts(out, value->as.boolean ? "true" : "false");
}

static bool boolean_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                         flexdb_value *out, struct buffer *scratch) {
    (void)c, (void)r, (void)scratch;
    *out = value_boolean(event == JSON_TRUE);
    return event == JSON_TRUE || event == JSON_FALSE;
}

static bool boolean_physical(const struct compiled_column *c, const flexdb_value *value, flexdb_value *out,
                             struct buffer *scratch) {
    (void)c, (void)scratch;
    *out = value_integer(value->as.boolean ? 1 : 0);
    return value->tag == FLEXDB_BOOLEAN;
}

const struct type type_boolean = {
    .id = TYPE_BOOLEAN,
    .rules = 0,
    .may_be_indexed = true,
    .compile = boolean_compile,
    .check = boolean_check,
    .write = boolean_write,
    .read = boolean_read,
    .physical = boolean_physical,
};
