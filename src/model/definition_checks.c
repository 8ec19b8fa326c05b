/* Reading a table's checks. */
#include <string.h>

#include "model/definition_parts.h"

enum check_key { CHECK_NAME, CHECK_EXPRESSION, CHECK_MESSAGE, CHECK_KEY_COUNT };
static const char *const check_keys[CHECK_KEY_COUNT] = {"name", "expression", "message"};

/* A text that must be there. */
static const char *read_text(struct reader *r, const cJSON *const fields[], enum check_key key) {
    if (fields[key] == NULL) {
        issue_path_add(&r->path, "required", NULL, NULL, r->err, "%s is missing", check_keys[key]);
        return NULL;
    }
    if (!cJSON_IsNull(fields[key])) return reader_text(r, fields[key], check_keys[key], 0);
    size_t mark = issue_path_key(&r->path, check_keys[key]);
    issue_path_add(&r->path, "type", "\"string\"", fields[key], r->err, "must be a string");
    issue_path_pop(&r->path, mark);
    return NULL;
}

static void read_check(struct reader *r, const cJSON *tree, struct check *out) {
    size_t before = issue_count(r->err);
    const cJSON *fields[CHECK_KEY_COUNT] = {NULL};
    if (cJSON_IsObject(tree)) {
        reader_fields(r, tree, check_keys, CHECK_KEY_COUNT, fields);
        out->name = read_text(r, fields, CHECK_NAME);
        out->expression = read_text(r, fields, CHECK_EXPRESSION);
        out->message = reader_text(r, fields[CHECK_MESSAGE], check_keys[CHECK_MESSAGE], CHECK_MESSAGE_MAX_LENGTH);
    } else {
        issue_path_add(&r->path, "type", "\"object\"", tree, r->err, "a check must be an object");
    }
    if (out->name != NULL && r->source == DEFINITION_GIVEN) {
        size_t mark = issue_path_key(&r->path, check_keys[CHECK_NAME]);
        definition_check_table_name(out->name, strlen(out->name), r->path.text, r->err);
        issue_path_pop(&r->path, mark);
    }
    out->faulty = issue_count(r->err) != before;
}

/* False when memory is out. */
static bool judge_name(struct reader *r, struct names *names, struct check *c, const struct check *checks) {
    if (c->name == NULL) return true;
    size_t length = strlen(c->name);
    int added = names_add(names, c->name, length, (uint32_t)(c - checks));
    if (added < 0) return false;
    if (added > 0) return true;
    char quoted[QUOTED_NAME_SIZE];
    size_t mark = issue_path_key(&r->path, check_keys[CHECK_NAME]);
    issue_path_add(&r->path, "unique", NULL, NULL, r->err, "the name %s is taken by checks[%zu]",
                   quote_name(quoted, c->name, length), checks[names_find(names, c->name, length)].position);
    issue_path_pop(&r->path, mark);
    c->faulty = true;
    return true;
}

static bool read_list(struct reader *r, const cJSON *list, struct arena *arena, struct check **out, size_t *count) {
    struct names names = NAMES_INIT;
    size_t length = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next) length++;
    if (length == 0) return true;
    if (length > DEFINITION_MAX_CHECKS && r->source == DEFINITION_GIVEN) {
        issue_path_add(&r->path, "limit", "1000", NULL, r->err, "there are %zu checks, %d are allowed", length,
                       DEFINITION_MAX_CHECKS);
        return true;
    }
    struct check *checks = arena_alloc(arena, length, sizeof *checks);
    bool good = checks != NULL;
    size_t i = 0;
    for (const cJSON *item = list->child; good && item != NULL; item = item->next, i++) {
        size_t mark = issue_path_index(&r->path, i);
        checks[i].position = i;
        read_check(r, item, &checks[i]);
        good = judge_name(r, &names, &checks[i], checks);
        issue_path_pop(&r->path, mark);
    }
    names_free(&names);
    if (!good) return false;
    *out = checks;
    *count = length;
    return true;
}

bool checks_read(struct reader *r, const cJSON *field, struct arena *arena, struct check **out, size_t *count) {
    *out = NULL;
    *count = 0;
    if (field == NULL || cJSON_IsNull(field)) return true;
    size_t mark = issue_path_key(&r->path, table_keys[TABLE_CHECKS]);
    bool good = true;
    if (is_list(field)) {
        good = read_list(r, field, arena, out, count);
    } else {
        issue_path_add(&r->path, "type", "\"array\"", field, r->err, "must be an array of checks");
    }
    issue_path_pop(&r->path, mark);
    if (!good) error_no_memory(r->err);
    return good;
}
