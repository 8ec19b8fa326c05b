/* string: UTF-8 text of at most 255 code points unless maxLength says otherwise. */
#include "model/types/rules.h"

enum { STRING_MAX_LENGTH = 255, INDEXABLE_BYTES = 1020, CODE_POINT_BYTES = 4 };

static bool string_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    bool good = rules_text(c, STRING_MAX_LENGTH, path, err);
    c->physical = PHYSICAL_TEXT;
    c->text_may_be_long = c->max_length > INDEXABLE_BYTES / CODE_POINT_BYTES;
    return good;
}

static bool string_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                        flexdb_value *out, struct buffer *scratch) {
    (void)c;
    return event == JSON_STRING && rules_keep_text(r, out, scratch);
}

const struct type type_string = {
    .id = TYPE_STRING,
    .rules = 1u << RULE_MIN_LENGTH | 1u << RULE_MAX_LENGTH | 1u << RULE_PATTERN | 1u << RULE_FORMAT | 1u << RULE_ENUM,
    .may_be_indexed = true,
    .compile = string_compile,
    .check = rules_check_text,
    .write = rules_write_string,
    .read = string_read,
    .physical = rules_physical_text,
};
