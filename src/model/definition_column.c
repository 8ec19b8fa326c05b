/* Reading one column of a definition. */
#include <string.h>
#include <strings.h>

#include "base/document.h"
#include "base/utf8.h"
#include "model/definition_parts.h"
#include "model/type.h"

enum { KEY_LIMIT = 255 };

static size_t find_key(const char *key, const char *const keys[], size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i], key) == 0) return i;
    }
    return count;
}

static void refuse_unknown(struct reader *r, const cJSON *member, const char *const keys[], size_t count) {
    size_t mark = issue_path_key(&r->path, member->string);
    char quoted[QUOTED_NAME_SIZE];
    quote_name(quoted, member->string, strlen(member->string));
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(keys[i], member->string) == 0) {
            issue_path_add(&r->path, "unknown", NULL, NULL, r->err, "there is no key %s here, but \"%s\"", quoted,
                           keys[i]);
            issue_path_pop(&r->path, mark);
            return;
        }
    }
    issue_path_add(&r->path, "unknown", NULL, NULL, r->err, "there is no key %s here", quoted);
    issue_path_pop(&r->path, mark);
}

void reader_fields(struct reader *r, const cJSON *object, const char *const keys[], size_t count,
                   const cJSON *fields[]) {
    for (size_t i = 0; i < count; i++) fields[i] = NULL;
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        size_t i = find_key(member->string, keys, count);
        if (i == count) {
            if (r->source == DEFINITION_GIVEN) refuse_unknown(r, member, keys, count);
        } else if (fields[i] != NULL) {
            issue_path_add(&r->path, "unique", NULL, NULL, r->err, "the key \"%s\" stands here twice", keys[i]);
        } else if (r->source == DEFINITION_GIVEN || !cJSON_IsNull(member)) {
            fields[i] = member;
        }
    }
}

bool reader_flag(struct reader *r, const cJSON *field, const char *key) {
    if (field == NULL || cJSON_IsBool(field)) return cJSON_IsTrue(field);
    size_t mark = issue_path_key(&r->path, key);
    issue_path_add(&r->path, "type", "\"boolean\"", field, r->err, "must be true or false");
    issue_path_pop(&r->path, mark);
    return false;
}

const char *reader_text(struct reader *r, const cJSON *field, const char *key, size_t limit) {
    if (field == NULL || cJSON_IsNull(field)) return NULL;
    size_t mark = issue_path_key(&r->path, key);
    const char *text = NULL;
    struct utf8_facts facts;
    if (!cJSON_IsString(field)) {
        issue_path_add(&r->path, "type", "\"string\"", field, r->err, "must be a string");
    } else if (!utf8_check(field->valuestring, strlen(field->valuestring), &facts)) {
        issue_path_add(&r->path, "utf8", NULL, NULL, r->err, "is not valid UTF-8");
    } else if (limit != 0 && facts.code_points > limit) {
        issue_path_add(&r->path, "maxLength", NULL, NULL, r->err, "has %zu characters, %zu are allowed",
                       facts.code_points, limit);
    } else {
        text = field->valuestring;
    }
    issue_path_pop(&r->path, mark);
    return text;
}

/* A text that must be there. */
static const char *required_text(struct reader *r, const cJSON *field, const char *key) {
    if (field == NULL) {
        issue_path_add(&r->path, "required", NULL, NULL, r->err, "%s is missing", key);
        return NULL;
    }
    if (!cJSON_IsNull(field)) return reader_text(r, field, key, 0);
    size_t mark = issue_path_key(&r->path, key);
    issue_path_add(&r->path, "type", "\"string\"", field, r->err, "must be a string");
    issue_path_pop(&r->path, mark);
    return NULL;
}

static void read_names(struct reader *r, const cJSON *const fields[], struct column *out) {
    out->name = required_text(r, fields[COLUMN_NAME], "name");
    if (out->name != NULL && r->source == DEFINITION_GIVEN) {
        size_t mark = issue_path_key(&r->path, "name");
        definition_check_name(out->name, strlen(out->name), r->path.text, r->err);
        issue_path_pop(&r->path, mark);
    }
    out->key = reader_text(r, fields[COLUMN_KEY], "key", KEY_LIMIT);
    if (out->key != NULL && out->key[0] == '\0') {
        size_t mark = issue_path_key(&r->path, "key");
        issue_path_add(&r->path, "minLength", NULL, NULL, r->err, "must not be empty");
        issue_path_pop(&r->path, mark);
    }
    out->keyed = out->key != NULL;
    out->display_name = reader_text(r, fields[COLUMN_DISPLAY_NAME], "displayName", DISPLAY_NAME_MAX_LENGTH);
    out->description = reader_text(r, fields[COLUMN_DESCRIPTION], "description", 0);
    out->renamed_from = reader_text(r, fields[COLUMN_RENAMED_FROM], "renamedFrom", 0);
}

static bool read_type(struct reader *r, const cJSON *field, struct column *out) {
    const char *name = required_text(r, field, "dataType");
    if (name == NULL) return false;
    if (column_type_find(name, &out->type)) return true;
    size_t mark = issue_path_key(&r->path, "dataType");
    issue_path_add(
        &r->path, "enum",
        "[\"string\",\"text\",\"integer\",\"decimal\",\"boolean\",\"date\",\"datetime\",\"json\",\"reference\"]", field,
        r->err, "must be one of string, text, integer, decimal, boolean, date, datetime, json and reference");
    issue_path_pop(&r->path, mark);
    return false;
}

/* Flags that ask for a physical column, on a type that cannot have one. */
static void refuse_physical(struct reader *r, bool flag, const char *key, const struct column *c) {
    if (!flag) return;
    size_t mark = issue_path_key(&r->path, key);
    issue_path_add(&r->path, key, "false", NULL, r->err, "a %s column cannot be %s", column_type_name(c->type), key);
    issue_path_pop(&r->path, mark);
}

static void read_flags(struct reader *r, const cJSON *const fields[], struct column *out) {
    out->required = reader_flag(r, fields[COLUMN_REQUIRED], "required");
    out->unique = reader_flag(r, fields[COLUMN_UNIQUE], "unique");
    out->indexed = reader_flag(r, fields[COLUMN_INDEXED], "indexed");
    out->filterable = reader_flag(r, fields[COLUMN_FILTERABLE], "filterable");
    out->searchable = reader_flag(r, fields[COLUMN_SEARCHABLE], "searchable");
    if (out->searchable) {
        error_set(r->err, FLEXDB_UNSUPPORTED, "%s.searchable: full text search is not built yet", r->path.text);
    }
}

/* Where a key came from is the table's own bookkeeping: in a given document it is passed over. */
static const cJSON *read_origin(const struct reader *r, const cJSON *field) {
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(field, "key");
    return r->source == DEFINITION_STORED && cJSON_IsString(key) ? field : NULL;
}

static const cJSON *value_or_none(const cJSON *field) { return cJSON_IsNull(field) ? NULL : field; }

void column_read(struct reader *r, const cJSON *tree, struct column *out) {
    *out = (struct column){.type = TYPE_STRING, .rules = {.precision = 18, .scale = 4}};
    size_t before = issue_count(r->err);
    if (!cJSON_IsObject(tree)) {
        issue_path_add(&r->path, "type", "\"object\"", tree, r->err, "a column must be an object");
        out->faulty = true;
        return;
    }
    const cJSON *fields[COLUMN_KEY_COUNT];
    reader_fields(r, tree, column_keys, COLUMN_KEY_COUNT, fields);
    read_names(r, fields, out);
    reader_flag(r, fields[COLUMN_SYSTEM], "system");
    read_flags(r, fields, out);
    out->default_value = value_or_none(fields[COLUMN_DEFAULT_VALUE]);
    out->initial_default = value_or_none(fields[COLUMN_INITIAL_DEFAULT]);
    out->converted_from = read_origin(r, fields[COLUMN_CONVERTED_FROM]);
    if (read_type(r, fields[COLUMN_DATA_TYPE], out)) {
        if (!type_get(out->type)->may_be_indexed) {
            refuse_physical(r, out->unique, "unique", out);
            refuse_physical(r, out->indexed, "indexed", out);
            refuse_physical(r, out->filterable, "filterable", out);
        }
        rules_read(r, fields[COLUMN_VALIDATION], out);
    }
    out->faulty = issue_count(r->err) != before;
}
