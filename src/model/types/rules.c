#include "model/types/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "model/format.h"

/* Whether a number's text is an integer, of any size. */
static bool is_integer_text(const char *text) {
    if (*text == '-') text++;
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

bool rules_value(const struct compiled_column *c, const cJSON *item, const char *path, flexdb_value *out,
                 struct buffer *room, flexdb_error *err) {
    int64_t integer;
    double number;
    if (cJSON_IsString(item)) {
        *out = value_text(item->valuestring, strlen(item->valuestring));
    } else if (cJSON_IsBool(item)) {
        *out = value_boolean(cJSON_IsTrue(item));
    } else if (cJSON_IsNull(item)) {
        *out = value_null();
    } else if (c->column->type == TYPE_DECIMAL && cJSON_IsRaw(item)) {
        if (!is_integer_text(item->valuestring)) {
            error_issue(err, path, "type", "\"decimal\"", item->valuestring, "must be a string or an integer, is %s",
                        item->valuestring);
            return false;
        }
        *out = value_text(item->valuestring, strlen(item->valuestring));
    } else if (document_integer(item, &integer)) {
        *out = value_integer(integer);
    } else if (cJSON_IsRaw(item) && number_parse_double(item->valuestring, strlen(item->valuestring), &number)) {
        *out = value_number(number);
    } else {
        buffer_reset(room);
        document_print(item, room);
        if (buffer_failed(room)) return error_no_memory(err), false;
        *out = value_text(room->data, room->length);
        out->tag = FLEXDB_JSON;
    }
    return true;
}

/* A rule's value, judged and normalized by the type alone, whatever other rules the column has; its text is in the
 * tree, in `room` or in `scratch`. */
static bool normalized(const struct compiled_column *c, const cJSON *item, const char *path, flexdb_value *out,
                       struct buffer *room, struct buffer *scratch, flexdb_error *err) {
    const struct compiled_column bare = {
        .column = c->column, .type = type_get(c->column->type), .max_length = INT64_MAX};
    flexdb_value given;
    if (!rules_value(c, item, path, &given, room, err)) return false;
    *out = given;
    enum verdict verdict = value_is_none(&given) ? VERDICT_TYPE : bare.type->check(&bare, out, scratch);
    if (verdict != VERDICT_OK) type_issue(&bare, verdict, &given, path, err);
    return verdict == VERDICT_OK;
}

/* What a list is searched for: texts as they are, integers as their digits. */
static void enum_text(const flexdb_value *value, struct buffer *texts) {
    char digits[NUMBER_INTEGER_SIZE];
    if (value->tag == FLEXDB_INTEGER) {
        buffer_append(texts, digits, number_print_integer(value->as.integer, digits));
    } else {
        buffer_append(texts, value->as.text, value->length);
    }
}

/* Fills values (whose texts are offsets into `texts` for now) and texts; the number of issues, -1 without memory. */
static int enum_collect(struct compiled_column *c, const char *path, flexdb_value *values, struct buffer *texts,
                        flexdb_error *err) {
    struct buffer room = BUFFER_INIT, scratch = BUFFER_INIT;
    char where[RULES_PATH_SIZE];
    const cJSON *item;
    size_t i = 0;
    int issues = 0;
    cJSON_ArrayForEach(item, c->column->rules.enumeration) {
        buffer_reset(&scratch);
        snprintf(where, sizeof where, "%s.enum[%zu]", path, i);
        if (normalized(c, item, where, &values[i], &room, &scratch, err)) {
            size_t begin = texts->length;
            enum_text(&values[i], texts);
            values[i].length = texts->length - begin;
        } else {
            issues++;
        }
        i++;
    }
    bool failed = buffer_failed(texts) || buffer_failed(&room) || buffer_failed(&scratch);
    buffer_free(&room);
    buffer_free(&scratch);
    if (failed) error_no_memory(err);
    return failed ? -1 : issues;
}

/* Points the values at their texts, which stand behind them in the same block, and makes them findable. */
static bool enum_index(struct compiled_column *c, const char *path, const char *text, flexdb_error *err) {
    char where[RULES_PATH_SIZE];
    bool good = true;
    for (size_t i = 0; i < c->enum_count; i++) {
        flexdb_value *value = &c->enum_values[i];
        if (value->tag != FLEXDB_INTEGER) value->as.text = text;
        int added = names_add(&c->enumeration, text, value->length, (uint32_t)i);
        text += value->length;
        if (added < 0) return error_no_memory(err), false;
        if (added > 0) continue;
        struct buffer got = BUFFER_INIT;
        rules_excerpt(value, 200, &got);
        const char *json = buffer_text(&got);
        snprintf(where, sizeof where, "%s.enum[%zu]", path, i);
        error_issue(err, where, "enum", NULL, json, "repeats %s", json != NULL ? json : "a value");
        buffer_free(&got);
        good = false;
    }
    return good;
}

bool rules_enum(struct compiled_column *c, const char *path, flexdb_error *err) {
    if ((c->column->rules.given & 1u << RULE_ENUM) == 0) return true;
    char where[RULES_PATH_SIZE];
    size_t count = (size_t)cJSON_GetArraySize(c->column->rules.enumeration);
    if (count == 0) {
        snprintf(where, sizeof where, "%s.enum", path);
        error_issue(err, where, "enum", NULL, "[]", "must hold at least one value");
        return false;
    }
    struct buffer texts = BUFFER_INIT;
    flexdb_value *values = calloc(count, sizeof *values);
    if (values == NULL) return error_no_memory(err), false;
    int issues = enum_collect(c, path, values, &texts, err);
    flexdb_value *block = issues == 0 ? realloc(values, count * sizeof *values + texts.length) : NULL;
    if (block == NULL) {
        free(values);
        if (issues == 0) error_no_memory(err);
    } else {
        char *text = (char *)(block + count);
        if (texts.length != 0) memcpy(text, texts.data, texts.length);
        c->enum_values = block;
        c->enum_count = count;
        if (!enum_index(c, path, text, err)) block = NULL;
    }
    buffer_free(&texts);
    return block != NULL;
}

/* One bound; a text becomes the column's own copy. */
static bool bound(const struct compiled_column *c, const cJSON *item, const char *path, const char *name,
                  flexdb_value *out, struct decimal *decimal, flexdb_error *err) {
    struct buffer room = BUFFER_INIT, scratch = BUFFER_INIT;
    char where[RULES_PATH_SIZE];
    snprintf(where, sizeof where, "%s.%s", path, name);
    bool good = normalized(c, item, where, out, &room, &scratch, err);
    if (!good) *out = value_null();
    if (good && out->tag == FLEXDB_TEXT) {
        if (c->column->type == TYPE_DECIMAL) {
            decimal_parse(out->as.text, out->length, decimal);
            decimal_rescale(decimal, DECIMAL_MAX_PRECISION, c->column->rules.scale);
        }
        char *copy = malloc(out->length + 1);
        if (copy != NULL)
            memcpy(copy, out->as.text, out->length), copy[out->length] = '\0';
        else
            *out = value_null(), error_no_memory(err), good = false;
        if (copy != NULL) out->as.text = copy;
    }
    buffer_free(&room);
    buffer_free(&scratch);
    return good;
}

static bool bounds_cross(const struct compiled_column *c) {
    if (c->column->type == TYPE_DECIMAL) return decimal_compare(&c->min_decimal, &c->max_decimal) > 0;
    if (c->min.tag == FLEXDB_INTEGER) return c->min.as.integer > c->max.as.integer;
    return memcmp(c->min.as.text, c->max.as.text, c->min.length) > 0; /* dates: of one length */
}

bool rules_bounds(struct compiled_column *c, const char *path, flexdb_error *err) {
    const struct rules *rules = &c->column->rules;
    bool has_min = (rules->given & 1u << RULE_MIN) != 0, has_max = (rules->given & 1u << RULE_MAX) != 0;
    bool good = true;
    if (has_min && !bound(c, rules->min, path, "min", &c->min, &c->min_decimal, err)) good = false;
    if (has_max && !bound(c, rules->max, path, "max", &c->max, &c->max_decimal, err)) good = false;
    if (!good) return false;
    c->has_min = has_min, c->has_max = has_max;
    if (!has_min || !has_max || !bounds_cross(c)) return true;

    char where[RULES_PATH_SIZE];
    struct buffer expected = BUFFER_INIT, got = BUFFER_INIT;
    rules_excerpt(&c->max, 200, &expected);
    rules_excerpt(&c->min, 200, &got);
    const char *max = buffer_text(&expected), *min = buffer_text(&got);
    snprintf(where, sizeof where, "%s.min", path);
    if (max != NULL && min != NULL) {
        error_issue(err, where, "min", max, min, "must not be greater than max, %s, is %s", max, min);
    } else {
        error_no_memory(err);
    }
    buffer_free(&expected);
    buffer_free(&got);
    return false;
}
