/* Reading `validation` of a column: which rules are given, whether they fit the type, and the JSON types of their
 * values. What a type makes of the values (a bad pattern, min > max) is for its compile to say. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/document.h"
#include "model/definition_parts.h"
#include "model/type.h"

#define GIVEN(rule) (1u << (rule))

__attribute__((format(printf, 5, 6))) static void refuse(struct reader *r, size_t rule, const char *expected,
                                                         const cJSON *got, const char *format, ...) {
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    size_t mark = issue_path_key(&r->path, rule_keys[rule]);
    issue_path_add(&r->path, rule_keys[rule], expected, got, r->err, "%s", message);
    issue_path_pop(&r->path, mark);
}

static int64_t read_length(struct reader *r, enum column_rule rule, const cJSON *field) {
    int64_t value = 0;
    if (document_integer(field, &value) && value >= 0) return value;
    refuse(r, rule, "\"integer\"", field, "must be an integer of at least 0");
    return 0;
}

static int read_digits(struct reader *r, enum column_rule rule, const cJSON *field, int least, int most) {
    int64_t value = 0;
    if (document_integer(field, &value) && value >= least && value <= most) return (int)value;
    refuse(r, rule, "\"integer\"", field, "must be an integer from %d to %d", least, most);
    return least;
}

static const char *read_text(struct reader *r, size_t rule, const cJSON *field) {
    if (!cJSON_IsNull(field)) return reader_text(r, field, rule_keys[rule], 0);
    refuse(r, rule, "\"string\"", field, "must be a string");
    return NULL;
}

static const cJSON *read_bound(struct reader *r, enum column_rule rule, const cJSON *field) {
    if (cJSON_IsNumber(field) || cJSON_IsRaw(field) || cJSON_IsString(field)) return field;
    refuse(r, rule, NULL, field, "must be a number or a string");
    return NULL;
}

static const cJSON *read_enum(struct reader *r, const cJSON *field) {
    if (!is_list(field)) {
        refuse(r, RULE_ENUM, "\"array\"", field, "must be an array");
    } else if (field->child == NULL) {
        refuse(r, RULE_ENUM, NULL, NULL, "must hold at least one value");
    } else {
        return field;
    }
    return NULL;
}

static const char *read_target(struct reader *r, const cJSON *field) {
    const char *name = read_text(r, RULE_TARGET_TABLE, field);
    if (name != NULL && r->source == DEFINITION_GIVEN) {
        size_t mark = issue_path_key(&r->path, rule_keys[RULE_TARGET_TABLE]);
        definition_check_table_name(name, strlen(name), r->path.text, r->err);
        issue_path_pop(&r->path, mark);
    }
    return name;
}

static enum on_delete read_on_delete(struct reader *r, const cJSON *field) {
    for (int i = ON_DELETE_RESTRICT; i <= ON_DELETE_SET_NULL; i++) {
        if (cJSON_IsString(field) && strcmp(field->valuestring, on_delete_name((enum on_delete)i)) == 0) {
            return (enum on_delete)i;
        }
    }
    refuse(r, RULE_ON_DELETE, "[\"restrict\",\"cascade\",\"set-null\"]", field,
           "must be one of restrict, cascade and set-null");
    return ON_DELETE_RESTRICT;
}

static void read_rule(struct reader *r, enum column_rule rule, const cJSON *field, struct rules *out) {
    switch (rule) {
    case RULE_MIN_LENGTH: out->min_length = read_length(r, rule, field); break;
    case RULE_MAX_LENGTH: out->max_length = read_length(r, rule, field); break;
    case RULE_PATTERN: out->pattern = read_text(r, rule, field); break;
    case RULE_FORMAT: out->format = read_text(r, rule, field); break;
    case RULE_ENUM: out->enumeration = read_enum(r, field); break;
    case RULE_MIN: out->min = read_bound(r, rule, field); break;
    case RULE_MAX: out->max = read_bound(r, rule, field); break;
    case RULE_PRECISION: out->precision = read_digits(r, rule, field, 1, DECIMAL_MAX_PRECISION); break;
    case RULE_SCALE: out->scale = read_digits(r, rule, field, 0, DECIMAL_MAX_SCALE); break;
    case RULE_TARGET_TABLE: out->target_table = read_target(r, field); break;
    case RULE_ON_DELETE: out->on_delete = read_on_delete(r, field); break;
    case RULE_COUNT: break;
    }
}

/* Whether the expression gives what the type takes is for the validator to say. */
static void read_computed(struct reader *r, const cJSON *field, struct column *out) {
    out->computed = read_text(r, RULE_KEY_COMPUTED, field);
    if (out->type == TYPE_JSON || out->type == TYPE_REFERENCE) {
        refuse(r, RULE_KEY_COMPUTED, NULL, NULL, "a %s column cannot be computed", column_type_name(out->type));
    }
    if (out->default_value != NULL) {
        refuse(r, RULE_KEY_COMPUTED, NULL, NULL, "a computed column cannot have a defaultValue");
    }
}

/* What rules say about each other. */
static void judge_together(struct reader *r, const struct column *c) {
    const struct rules *rules = &c->rules;
    if (c->type == TYPE_REFERENCE && (rules->given & GIVEN(RULE_TARGET_TABLE)) == 0) {
        issue_path_add(&r->path, "targetTable", NULL, NULL, r->err,
                       "targetTable is missing: a reference needs its table");
    }
    if (r->source == DEFINITION_GIVEN && c->required && rules->on_delete == ON_DELETE_SET_NULL)
        refuse(r, RULE_ON_DELETE, CLEARING_EXPECTED, NULL, CLEARING_REQUIRED);
    if (c->type != TYPE_DECIMAL || rules->scale <= rules->precision) return;
    bool said = (rules->given & GIVEN(RULE_SCALE)) != 0;
    refuse(r, RULE_SCALE, NULL, NULL, "the scale %d%s is greater than the precision %d%s", rules->scale,
           said ? "" : " (4 unless said otherwise)", rules->precision,
           (rules->given & GIVEN(RULE_PRECISION)) != 0 ? "" : " (18 unless said otherwise)");
}

void rules_read(struct reader *r, const cJSON *tree, struct column *out) {
    size_t mark = issue_path_key(&r->path, "validation");
    const cJSON *fields[RULE_KEY_COUNT] = {NULL};
    size_t before = issue_count(r->err);
    if (cJSON_IsObject(tree)) {
        reader_fields(r, tree, rule_keys, RULE_KEY_COUNT, fields);
    } else if (tree != NULL) {
        issue_path_add(&r->path, "type", "\"object\"", tree, r->err, "must be an object of rules");
    }
    unsigned fitting = type_get(out->type)->rules;
    for (int i = 0; i < RULE_COUNT; i++) {
        if (fields[i] == NULL) continue;
        if ((fitting & GIVEN(i)) == 0) {
            refuse(r, (size_t)i, NULL, NULL, "the rule %s does not fit the type %s", rule_keys[i],
                   column_type_name(out->type));
            continue;
        }
        out->rules.given |= GIVEN(i);
        read_rule(r, (enum column_rule)i, fields[i], &out->rules);
    }
    if (fields[RULE_KEY_TARGET_ID] != NULL) {
        out->rules.target_id = read_text(r, RULE_KEY_TARGET_ID, fields[RULE_KEY_TARGET_ID]);
    }
    if (fields[RULE_KEY_COMPUTED] != NULL) read_computed(r, fields[RULE_KEY_COMPUTED], out);
    if (issue_count(r->err) == before) judge_together(r, out);
    issue_path_pop(&r->path, mark);
}
