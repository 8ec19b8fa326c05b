/* reference: the id of a record; whether that record exists is for the database layer to say. */
#include "model/types/rules.h"

static bool reference_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    (void)path, (void)err;
    c->physical = PHYSICAL_ID;
    return true;
}

static enum verdict reference_check(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch) {
    (void)c, (void)scratch;
    return value->tag == FLEXDB_TEXT && rules_is_id(value->as.text, value->length) ? VERDICT_OK : VERDICT_TYPE;
}

static bool reference_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                           flexdb_value *out, struct buffer *scratch) {
    (void)c;
    return event == JSON_STRING && rules_is_id(r->text, r->length) && rules_keep_text(r, out, scratch);
}

const struct type type_reference = {
    .id = TYPE_REFERENCE,
    .rules = 1u << RULE_TARGET_TABLE | 1u << RULE_ON_DELETE,
    .may_be_indexed = true,
    .compile = reference_compile,
    .check = reference_check,
    .write = rules_write_plain,
    .read = reference_read,
    .physical = rules_physical_text,
};
