/* Values of a query: given as JSON, converted by the type of their column, in physical form. */
#include <string.h>

#include "base/datetime.h"
#include "model/query_parts.h"

enum { CONVERSION_ROOM = 256 /* more than any normalized number, date or physical form takes */ };

/* System fields are judged as columns of their type are. */
static const struct column system_columns[SYSTEM_SLOTS] = {
    [SLOT_ID] = {.name = "id", .key = "id", .type = TYPE_REFERENCE},
    [SLOT_CREATED_AT] = {.name = "created_at", .key = "created_at", .type = TYPE_DATETIME},
    [SLOT_UPDATED_AT] = {.name = "updated_at", .key = "updated_at", .type = TYPE_DATETIME},
    [SLOT_DELETED_AT] = {.name = "deleted_at", .key = "deleted_at", .type = TYPE_DATETIME},
    [SLOT_VERSION] = {.name = "_version", .key = "_version", .type = TYPE_INTEGER},
};

/* The column without its rules: they say what may be stored, not what may be searched for. */
static struct compiled_column without_rules(const struct validator *v, size_t slot) {
    size_t columns = validator_shape(v)->columns;
    const struct column *column = slot < columns ? validator_column(v, slot)->column : &system_columns[slot - columns];
    return (struct compiled_column){.column = column,
                                    .type = type_get(column->type),
                                    .physical = query_slot_kind(v, slot),
                                    .max_length = INT64_MAX};
}

static bool judge(struct query_parser *p, const struct compiled_column *c, const struct query_node *n,
                  flexdb_value *value) {
    *value = query_node_value(n);
    /* Digits that a double does not hold are no loss where they are read as a decimal. */
    if (n->inexact && c->column->type == TYPE_DECIMAL) *value = value_text(n->text, n->length);
    flexdb_value given = *value;
    buffer_reset(&p->scratch);
    if (!buffer_reserve(&p->scratch, CONVERSION_ROOM + n->length)) {
        error_no_memory(p->err);
        return false;
    }
    enum verdict verdict = c->type->check(c, value, &p->scratch);
    if (verdict == VERDICT_OK) return true;
    if (c->column == &system_columns[SLOT_ID])
        query_issue(p, "type", "\"string\"", n, "must be the id of a record");
    else
        type_issue(c, verdict, &given, p->path.text, p->err);
    return false;
}

/* Into the arena, for what was converted lies in scratch memory. */
static bool keep(struct query_parser *p, flexdb_value *value) {
    if (value->tag != FLEXDB_TEXT && value->tag != FLEXDB_BYTES) return true;
    value->as.text = arena_dup(&p->query->arena, value->as.text, value->length);
    if (value->as.text == NULL) error_no_memory(p->err);
    return value->as.text != NULL;
}

bool query_value(struct query_parser *p, size_t slot, const struct query_node *n, flexdb_value *out) {
    struct compiled_column c = without_rules(p->v, slot);
    flexdb_value value;
    if (!judge(p, &c, n, &value)) return false;
    int64_t micros;
    if (slot >= validator_shape(p->v)->columns && c.column->type == TYPE_DATETIME) {
        if (datetime_parse(value.as.text, value.length, &micros) != DATETIME_OK) return false;
        *out = value_integer(micros);
        return true;
    }
    if (!c.type->physical(&c, &value, out, &p->scratch)) {
        error_no_memory(p->err);
        return false;
    }
    return keep(p, out);
}

bool query_needle(struct query_parser *p, const struct query_node *n, flexdb_value *out) {
    static const struct column text = {.name = "text", .key = "text", .type = TYPE_TEXT};
    struct compiled_column c = {.column = &text, .type = type_get(TYPE_TEXT), .max_length = INT64_MAX};
    return judge(p, &c, n, out) && keep(p, out);
}
