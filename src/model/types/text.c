/* text: UTF-8 text as long as a document may be, unless maxLength says otherwise. */
#include "model/types/rules.h"

static bool text_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    bool good = rules_text(c, INT64_MAX, path, err);
    c->physical = PHYSICAL_TEXT;
    c->text_may_be_long = true;
    return good;
}

static bool text_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                      flexdb_value *out, struct buffer *scratch) {
    (void)c;
    return event == JSON_STRING && rules_keep_text(r, out, scratch);
}

const struct type type_text = {
    .id = TYPE_TEXT,
    .rules = 1u << RULE_MIN_LENGTH | 1u << RULE_MAX_LENGTH | 1u << RULE_PATTERN | 1u << RULE_FORMAT | 1u << RULE_ENUM,
    .may_be_indexed = true,
    .compile = text_compile,
    .check = rules_check_text,
    .write = rules_write_string,
    .read = text_read,
    .physical = rules_physical_text,
};
