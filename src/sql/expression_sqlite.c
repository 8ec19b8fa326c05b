/* Documents are read by flex_value, a function of ours that walks to one member and stops. Texts of SQLite compare as
 * bytes; instr and substr count characters, which finds the same in valid UTF-8. */
#include "sql/select_parts.h"

#include "base/utf8.h"

static void put_value_call(struct builder *b, const struct operand *o) {
    const struct compiled_column *c = o->compiled;
    const char form[] = {(char)('0' + (int)o->kind),
                         (char)('0' + (c->column->type == TYPE_DECIMAL ? c->column->rules.scale : 0))};
    struct buffer *block = builder_scratch(b, c->member_length + sizeof form);
    if (block == NULL) return;
    buffer_append(block, c->member, c->member_length);
    buffer_append(block, form, sizeof form);
    builder_put(b, SELECT_VALUE_FUNCTION "(data, ");
    builder_put_bound(b, "?", value_text(block->data, block->length));
}

static void document(struct builder *b, const struct operand *o) {
    put_value_call(b, o);
    flexdb_value initial;
    if (initial_value(b, o, &initial)) builder_put_bound(b, ", ?", initial);
    builder_put(b, ")");
}

/* json_type walks the whole document, and is asked of json columns only. */
static void document_is_null(struct builder *b, const struct operand *o) {
    const char *absent = value_is_none(&o->compiled->initial_default) ? "'null'" : "'absent'";
    builder_put(b, "COALESCE(json_type(data, ?), ");
    builder_bind(b, member_path(b, o));
    builder_put(b, absent);
    builder_put(b, ") = 'null'");
}

static void parameter(struct builder *b, const struct operand *o, const flexdb_value *value) {
    (void)o;
    builder_put_bound(b, "?", *value);
}

static void contains(struct builder *b, const struct operand *o, const flexdb_value *value) {
    builder_put(b, "instr(");
    builder_put_operand(b, o);
    builder_put_bound(b, ", ?) > 0", *value);
}

static int64_t characters(const flexdb_value *value) {
    struct utf8_facts facts = {0};
    return utf8_check(value->as.text, value->length, &facts) ? (int64_t)facts.code_points : (int64_t)value->length;
}

static void starts_with(struct builder *b, const struct operand *o, const flexdb_value *value) {
    builder_put(b, "substr(");
    builder_put_operand(b, o);
    builder_put_bound(b, ", 1, ?)", value_integer(characters(value)));
    builder_put_bound(b, " = ?", *value);
}

static void ends_with(struct builder *b, const struct operand *o, const flexdb_value *value) {
    builder_put(b, "substr(");
    builder_put_operand(b, o);
    builder_put_bound(b, ", ?)", value_integer(-characters(value)));
    builder_put_bound(b, " = ?", *value);
}

static void icontains(struct builder *b, const struct operand *o, const flexdb_value *value) {
    builder_put(b, SELECT_ICONTAINS_FUNCTION "(");
    builder_put_operand(b, o);
    builder_put_bound(b, ", ?)", *value);
}

const struct engine_expressions expressions_sqlite = {
    .document = document,
    .document_is_null = document_is_null,
    .value = parameter,
    .contains = contains,
    .starts_with = starts_with,
    .ends_with = ends_with,
    .icontains = icontains,
    .order = builder_put_operand,
};
