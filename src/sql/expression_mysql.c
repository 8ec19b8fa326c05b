/* Documents are read by the server's JSON functions, as binary texts, 64-bit integers or exact decimals.
 *
 * MariaDB's JSON_VALUE is a third of the cost of JSON_UNQUOTE(JSON_EXTRACT()) and knows null from "null"; MySQL's takes
 * no parameter as its path and cuts at 512 characters. Both servers read executable comments: the text is one, and each
 * sees its own half (https://mariadb.com/kb/en/comment-syntax/). */
#include <string.h>

#include "base/decimal.h"
#include "sql/ddl.h"
#include "sql/select_parts.h"

static bool is_boolean(const struct operand *o) { return o->compiled->column->type == TYPE_BOOLEAN; }
static bool is_decimal(const struct operand *o) { return o->compiled->column->type == TYPE_DECIMAL; }

/* The text of a scalar member; NULL for null and where there is none. */
static void put_member_text(struct builder *b, const struct operand *o) {
    builder_put(b, "/*M! JSON_VALUE(data, ?) */"
                   "/*!80000 JSON_UNQUOTE(NULLIF(JSON_EXTRACT(data, ?), CAST('null' AS JSON))) */");
    builder_bind(b, member_path(b, o));
}

/* Scaled decimals: the text times ten to the scale, an exact number. */
static void put_scaled(struct builder *b, const struct operand *o) {
    int scale = o->compiled->column->rules.scale;
    builder_put(b, "CAST(");
    put_member_text(b, o);
    buffer_printf(&b->sql->text, " AS DECIMAL(38, %d))", scale);
    if (o->kind != PHYSICAL_INTEGER || scale == 0) return;
    builder_put(b, " * 1");
    for (int i = 0; i < scale; i++) builder_put(b, "0");
}

static void put_member(struct builder *b, const struct operand *o) {
    if (is_decimal(o)) {
        put_scaled(b, o);
    } else if (is_boolean(o)) {
        put_member_text(b, o);
        builder_put(b, " IN ('true', '1')");
    } else {
        builder_put(b, "CAST(");
        put_member_text(b, o);
        builder_put(b, o->kind == PHYSICAL_INTEGER ? " AS SIGNED)" : " AS BINARY)");
    }
}

static void document(struct builder *b, const struct operand *o) {
    flexdb_value initial;
    if (!initial_value(b, o, &initial)) {
        builder_put(b, "(");
        put_member(b, o);
        builder_put(b, ")");
        return;
    }
    builder_put_bound(b, "CASE WHEN JSON_CONTAINS_PATH(data, 'one', ?) THEN ", member_path(b, o));
    put_member(b, o);
    builder_put(b, " ELSE ");
    b->d->expressions->value(b, o, &initial);
    builder_put(b, " END");
}

static void document_is_null(struct builder *b, const struct operand *o) {
    bool absent_is_null = value_is_none(&o->compiled->initial_default);
    builder_put(b, "COALESCE(JSON_TYPE(JSON_EXTRACT(data, ?)), ");
    builder_bind(b, member_path(b, o));
    builder_put(b, absent_is_null ? "'NULL') = 'NULL'" : "'ABSENT') = 'NULL'");
}

/* The decimal that 16 bytes stand for (decimal_to_bytes), as text. */
static void put_wide_decimal(struct builder *b, const struct operand *o, const flexdb_value *value) {
    const unsigned char *bytes = (const unsigned char *)value->as.text;
    int scale = o->compiled->column->rules.scale;
    struct decimal decimal = {.coefficient = (int)bytes[0] - 128, .scale = scale};
    for (size_t i = 1; i < DECIMAL_BYTES; i++) decimal.coefficient = decimal.coefficient * 256 + bytes[i];
    struct buffer *block = builder_scratch(b, DECIMAL_TEXT_SIZE);
    if (block == NULL) return;
    size_t length = decimal_print(&decimal, block->data);
    builder_put_bound(b, "CAST(? AS DECIMAL(38, ", value_text(block->data, length));
    buffer_printf(&b->sql->text, "%d))", scale);
}

static void parameter(struct builder *b, const struct operand *o, const flexdb_value *value) {
    switch (o->kind) {
    case PHYSICAL_INTEGER: builder_put_bound(b, "?", *value); break;
    case PHYSICAL_DECIMAL: put_wide_decimal(b, o, value); break;
    default: builder_put_bound(b, "CAST(? AS BINARY)", *value);
    }
}

/* Physical columns of texts and members of the document are binary; ids are not. */
static void put_binary(struct builder *b, const struct operand *o) {
    bool cast = o->kind == PHYSICAL_ID && o->source != OPERAND_DOCUMENT;
    if (cast) builder_put(b, "CAST(");
    builder_put_operand(b, o);
    if (cast) builder_put(b, " AS BINARY)");
}

static void contains(struct builder *b, const struct operand *o, const flexdb_value *value) {
    builder_put_bound(b, "LOCATE(CAST(? AS BINARY), ", *value);
    put_binary(b, o);
    builder_put(b, ") > 0");
}

static void put_side(struct builder *b, const char *function, const struct operand *o, const flexdb_value *value) {
    builder_put(b, function);
    put_binary(b, o);
    builder_put_bound(b, ", ?)", value_integer((int64_t)value->length));
    builder_put_bound(b, " = CAST(? AS BINARY)", *value);
}

static void starts_with(struct builder *b, const struct operand *o, const flexdb_value *value) {
    put_side(b, "LEFT(", o, value);
}

static void ends_with(struct builder *b, const struct operand *o, const flexdb_value *value) {
    put_side(b, "RIGHT(", o, value);
}

/* MariaDB's REGEXP is PCRE2 as well: the needle with every ASCII sign but letters and digits escaped, caseless.
 * (MySQL's is ICU, which folds some characters to several; agreement there needs a second look at what it finds.) */
static void icontains(struct builder *b, const struct operand *o, const flexdb_value *value) {
    struct buffer *pattern = builder_scratch(b, 4 + 2 * value->length);
    if (pattern == NULL) return;
    buffer_puts(pattern, "(?i)");
    for (size_t i = 0; i < value->length; i++) {
        unsigned char c = (unsigned char)value->as.text[i];
        bool plain = c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!plain) buffer_put(pattern, '\\');
        buffer_put(pattern, (char)c);
    }
    flexdb_value caseless = value_text(pattern->data, pattern->length);
    builder_put(b, "CONVERT(");
    builder_put_operand(b, o);
    builder_put_bound(b, " USING utf8mb4) REGEXP ?", caseless);
}

/* A truncated entry that is short enough to be whole needs no look into the document. */
static void order(struct builder *b, const struct operand *o) {
    if (o->truncated) {
        struct operand whole = operand_in_document(o);
        builder_put(b, "CASE WHEN LENGTH(");
        builder_put_operand(b, o);
        buffer_printf(&b->sql->text, ") > %d THEN ", (int)DDL_TEXT_PREFIX);
        builder_put_operand(b, &whole);
        builder_put(b, " ELSE ");
    }
    builder_put_operand(b, o);
    if (o->truncated) builder_put(b, " END");
}

/* How much of a text an order looks at is a variable: 1024 bytes where nothing else is said, and at most 8 MiB, which
 * is as long as a document may be. The memory for sorting has to hold 15 keys of the greatest length (MariaDB), or the
 * longest one that there is (MySQL); of what they may take, both take only what the keys fill. */
enum { SORTED_BYTES = 8388608, SORTED_KEYS = 16 };

static void select_sorted(struct builder *b, size_t texts) {
    long long memory = (long long)texts * SORTED_BYTES + (long long)(b->q->order_count + 1) * 2 * DDL_TEXT_ENTRY;
    memory *= SORTED_KEYS;
    buffer_printf(&b->sql->text,
                  "/*M! SET STATEMENT max_sort_length = %d, sort_buffer_size = %lld FOR */ "
                  "SELECT /*+ SET_VAR(max_sort_length = %d) SET_VAR(sort_buffer_size = %lld) */ ",
                  (int)SORTED_BYTES, memory, (int)SORTED_BYTES, memory);
}

const struct engine_expressions expressions_mysql = {
    .document = document,
    .document_is_null = document_is_null,
    .value = parameter,
    .contains = contains,
    .starts_with = starts_with,
    .ends_with = ends_with,
    .icontains = icontains,
    .order = order,
    .select_sorted = select_sorted,
    .least_sorted = SORTED_KEYS,
};
