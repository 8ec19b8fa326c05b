#include "model/convert.h"

#include <stdio.h>
#include <string.h>

#include "model/convert_parts.h"
#include "model/types/rules.h"

/* The table's sentence goes on a message: `… to date: a number is no day`. */
static void refuse_pair(enum column_type old, enum column_type new, const char *rule, const char *path,
                        flexdb_error *err) {
    char expected[32], got[32];
    snprintf(expected, sizeof expected, "\"%s\"", column_type_name(old));
    snprintf(got, sizeof got, "\"%s\"", column_type_name(new));
    error_issue(err, path, "dataType", expected, got, "%s cannot be converted to %s: %c%.*s", column_type_name(old),
                column_type_name(new), rule[0] | 0x20, (int)strlen(rule) - 2, rule + 1);
}

bool conversion_open(struct conversion *out, const struct compiled_column *from, const struct compiled_column *to,
                     const cJSON *parse, const char *path, flexdb_error *err) {
    enum column_type old = from->column->type, new = to->column->type;
    const struct conversion_row *row = conversion_row(old, new);
    *out = (struct conversion){.from = from, .to = to, .row = row, .parse = parse};
    if (row->class == CONVERT_REFUSED) {
        refuse_pair(old, new, row->rule, path, err);
        return false;
    }
    return parse == NULL || convert_read_formats(out, path, err);
}

size_t conversion_room(const struct conversion *c, const flexdb_value *in) {
    enum { SCALAR_ROOM = 128, ESCAPED_BYTES = 6 };
    if (in->tag != FLEXDB_TEXT && in->tag != FLEXDB_JSON) return SCALAR_ROOM;
    if (c->to->column->type == TYPE_JSON && c->from->column->type != TYPE_JSON) {
        return in->length <= (SIZE_MAX - SCALAR_ROOM) / ESCAPED_BYTES ? ESCAPED_BYTES * in->length + SCALAR_ROOM
                                                                      : SIZE_MAX;
    }
    return in->tag == FLEXDB_JSON ? in->length + SCALAR_ROOM : SCALAR_ROOM;
}

/* What a column of the old type can hold; anything else is not looked at. */
static bool is_of_type(enum column_type type, const flexdb_value *value) {
    switch (type) {
    case TYPE_INTEGER: return value->tag == FLEXDB_INTEGER;
    case TYPE_BOOLEAN: return value->tag == FLEXDB_BOOLEAN;
    case TYPE_JSON: return value->tag == FLEXDB_JSON;
    default: return value->tag == FLEXDB_TEXT;
    }
}

struct convert_outcome convert_value(const struct conversion *c, const flexdb_value *in, flexdb_value *out,
                                     struct buffer *scratch) {
    struct convert_outcome outcome = {.how = CONVERT_FAILED, .reason = CONVERT_VERDICT, .verdict = VERDICT_TYPE};
    flexdb_value value = *in;
    *out = (flexdb_value){.tag = FLEXDB_ABSENT};
    if (value_is_none(in)) {
        *out = *in;
        return (struct convert_outcome){.how = CONVERTED_EXACT};
    }
    if (!is_of_type(c->from->column->type, in)) return outcome;
    if (!buffer_reserve(scratch, conversion_room(c, in))) {
        outcome.reason = CONVERT_NO_MEMORY;
        return outcome;
    }
    outcome.verdict = VERDICT_OK;
    enum convert_reason reason = c->row->convert(c, &value, scratch, &outcome.verdict);
    bool lost = convert_loss(reason) != NULL;
    if (reason != CONVERT_WHOLE && !lost) {
        outcome.reason = reason;
        return outcome;
    }
    if (!value_is_none(&value)) outcome.verdict = c->to->type->check(c->to, &value, scratch);
    if (outcome.verdict == VERDICT_OK) {
        outcome.how = lost ? CONVERTED_ROUNDED : CONVERTED_EXACT;
        outcome.reason = reason;
    } else if (outcome.verdict == VERDICT_NO_MEMORY) {
        outcome.reason = CONVERT_NO_MEMORY;
    } else {
        outcome.reason = verdict_is_rule(outcome.verdict) ? CONVERT_RULE : CONVERT_VERDICT;
    }
    if (outcome.how != CONVERT_FAILED || outcome.reason == CONVERT_RULE) *out = value;
    return outcome;
}

CONVERSION(convert_keep) {
    (void)c, (void)value, (void)scratch, (void)verdict;
    return CONVERT_WHOLE;
}
