/* Changing what is there: modify_column and modify_table. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/changes_parts.h"
#include "model/type.h"

static void no_memory(struct draft *d) { error_no_memory(d->reader.err); }

__attribute__((format(printf, 4, 5))) static void refuse(struct draft *d, const char *key, const char *rule,
                                                         const char *format, ...) {
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    size_t mark = issue_path_key(&d->reader.path, key);
    issue_path_add(&d->reader.path, rule, NULL, NULL, d->reader.err, "%s", message);
    issue_path_pop(&d->reader.path, mark);
}

/* ---- set ---- */

static bool is_clearable(enum column_key key) {
    return key == COLUMN_DISPLAY_NAME || key == COLUMN_DESCRIPTION || key == COLUMN_DEFAULT_VALUE;
}

/* Refuses what no modify_column may set. */
static bool judge_key(struct draft *d, enum column_key key, const cJSON *field) {
    switch (key) {
    case COLUMN_NAME: refuse(d, "name", "name", "a name is changed by rename_column"); return false;
    case COLUMN_KEY:
    case COLUMN_SYSTEM:
    case COLUMN_INITIAL_DEFAULT:
    case COLUMN_CONVERTED_FROM:
    case COLUMN_RENAMED_FROM: refuse(d, column_keys[key], column_keys[key], "cannot be changed"); return false;
    default:
        if (!cJSON_IsNull(field) || is_clearable(key)) return true;
        refuse(d, column_keys[key], "type", "must not be null; unset takes a key away");
        return false;
    }
}

/* Merges rule by rule; null takes a rule away. */
static bool merge_rules(struct draft *d, cJSON *column, const cJSON *given) {
    struct reader *r = &d->reader;
    size_t mark = issue_path_key(&r->path, "validation");
    if (!cJSON_IsObject(given)) {
        issue_path_add(&r->path, "type", "\"object\"", given, r->err, "must be an object of rules");
        issue_path_pop(&r->path, mark);
        return true;
    }
    const cJSON *fields[RULE_KEY_COUNT];
    reader_fields(r, given, rule_keys, RULE_KEY_COUNT, fields);
    if (fields[RULE_KEY_TARGET_ID] != NULL) refuse(d, "targetId", "targetId", "cannot be changed");
    const cJSON *target = fields[RULE_TARGET_TABLE];
    if (cJSON_IsString(target)) {
        size_t rule_mark = issue_path_key(&r->path, rule_keys[RULE_TARGET_TABLE]);
        definition_check_table_name(target->valuestring, strlen(target->valuestring), r->path.text, r->err);
        issue_path_pop(&r->path, rule_mark);
    }
    issue_path_pop(&r->path, mark);

    cJSON *rules = cJSON_GetObjectItemCaseSensitive(column, "validation");
    if (rules == NULL) {
        rules = cJSON_CreateObject();
        if (!object_put(column, "validation", rules)) return false;
    }
    for (int i = 0; i < RULE_KEY_COUNT; i++) {
        if (cJSON_IsNull(fields[i])) {
            cJSON_DeleteItemFromObjectCaseSensitive(rules, rule_keys[i]);
        } else if (fields[i] != NULL && !object_put(rules, rule_keys[i], cJSON_Duplicate(fields[i], true))) {
            return false;
        }
    }
    if (fields[RULE_KEY_COMPUTED] != NULL) change_forget_lost(rules);
    /* The name is to be bound anew, be it the same. */
    if (target != NULL) cJSON_DeleteItemFromObjectCaseSensitive(rules, "targetId");
    return true;
}

/* Rules that another type does not know have no meaning there: they go with the old one. */
static void drop_rules_of_old_type(cJSON *column, const cJSON *data_type) {
    enum column_type type;
    cJSON *rules = cJSON_GetObjectItemCaseSensitive(column, "validation");
    if (!cJSON_IsString(data_type) || !column_type_find(data_type->valuestring, &type)) return;
    for (int i = 0; i < RULE_COUNT; i++) {
        bool known = (type_get(type)->rules & 1u << i) != 0;
        if (!known) cJSON_DeleteItemFromObjectCaseSensitive(rules, column_rule_name((enum column_rule)i));
    }
    if (type != TYPE_REFERENCE) cJSON_DeleteItemFromObjectCaseSensitive(rules, rule_keys[RULE_KEY_TARGET_ID]);
}

/* False when memory is out. */
static bool merge_set(struct draft *d, cJSON *column, const cJSON *set, const cJSON *fields[COLUMN_KEY_COUNT]) {
    struct reader *r = &d->reader;
    size_t mark = issue_path_key(&r->path, "set");
    bool good = true;
    if (cJSON_IsObject(set)) {
        reader_fields(r, set, column_keys, COLUMN_KEY_COUNT, fields);
    } else if (set != NULL) {
        issue_path_add(&r->path, "type", "\"object\"", set, r->err, "must be an object");
    }
    drop_rules_of_old_type(column, fields[COLUMN_DATA_TYPE]);
    for (int i = 0; good && i < COLUMN_KEY_COUNT; i++) {
        if (fields[i] == NULL || !judge_key(d, (enum column_key)i, fields[i])) continue;
        if (i == COLUMN_VALIDATION) {
            good = merge_rules(d, column, fields[i]);
        } else if (cJSON_IsNull(fields[i])) {
            cJSON_DeleteItemFromObjectCaseSensitive(column, column_keys[i]);
        } else {
            good = object_put(column, column_keys[i], cJSON_Duplicate(fields[i], true));
        }
    }
    issue_path_pop(&r->path, mark);
    return good;
}

/* ---- unset ---- */

static bool can_be_unset(enum column_key key) {
    switch (key) {
    case COLUMN_NAME:
    case COLUMN_KEY:
    case COLUMN_DATA_TYPE:
    case COLUMN_SYSTEM:
    case COLUMN_INITIAL_DEFAULT:
    case COLUMN_CONVERTED_FROM:
    case COLUMN_RENAMED_FROM: return false;
    default: return true;
    }
}

static void unset_key(struct draft *d, cJSON *column, const cJSON *item, const cJSON *const fields[]) {
    struct reader *r = &d->reader;
    if (!cJSON_IsString(item)) {
        issue_path_add(&r->path, "type", "\"string\"", item, r->err, "must be the name of a key");
        return;
    }
    char quoted[QUOTED_NAME_SIZE];
    quote_name(quoted, item->valuestring, strlen(item->valuestring));
    enum column_rule rule;
    for (int i = 0; i < COLUMN_KEY_COUNT; i++) {
        if (strcmp(column_keys[i], item->valuestring) != 0) continue;
        if (!can_be_unset((enum column_key)i)) {
            issue_path_add(&r->path, "unset", NULL, NULL, r->err, "%s cannot be unset", quoted);
        } else if (fields[i] != NULL) {
            issue_path_add(&r->path, "unset", NULL, NULL, r->err, "%s is set by the same change", quoted);
        } else {
            cJSON_DeleteItemFromObjectCaseSensitive(column, column_keys[i]);
        }
        return;
    }
    if (column_rule_find(item->valuestring, &rule)) {
        issue_path_add(&r->path, "unknown", NULL, NULL, r->err,
                       "%s is a rule: set = { validation = { %s = null } } takes it away", quoted,
                       column_rule_name(rule));
    } else {
        issue_path_add(&r->path, "unknown", NULL, NULL, r->err, "a column has no key %s", quoted);
    }
}

static void unset_keys(struct draft *d, cJSON *column, const cJSON *unset, const cJSON *const fields[]) {
    if (unset == NULL) return;
    struct reader *r = &d->reader;
    size_t mark = issue_path_key(&r->path, "unset"), i = 0;
    if (!is_list(unset)) {
        issue_path_add(&r->path, "type", "\"array\"", unset, r->err, "must be an array of keys");
    }
    for (const cJSON *item = is_list(unset) ? unset->child : NULL; item != NULL; item = item->next, i++) {
        size_t item_mark = issue_path_index(&r->path, i);
        unset_key(d, column, item, fields);
        issue_path_pop(&r->path, item_mark);
    }
    issue_path_pop(&r->path, mark);
}

/* ---- modify_column ---- */

static void refuse_formats(struct draft *d, const cJSON *parse, const char *why) {
    if (parse != NULL) refuse(d, "parse", "parse", "says how a retype reads dates, but %s", why);
}

static bool clears_required(const struct column *c) { return c->required && c->rules.on_delete == ON_DELETE_SET_NULL; }

/* At what brings the two together; `path` stands at `set`. */
static void judge_clearing(struct draft *d, struct issue_path *path, const struct column *old,
                           const struct column *new) {
    if (!clears_required(new) || clears_required(old)) return;
    if (old->required) issue_path_key(path, "validation");
    issue_path_key(path, old->required ? "onDelete" : "required");
    issue_path_add(path, "onDelete", CLEARING_EXPECTED, NULL, d->reader.err, CLEARING_REQUIRED);
}

/* Judges the column as it would be, and what becomes of its key. True when it may take the old one's place. */
static bool judge_merged(struct draft *d, const cJSON *before, cJSON *merged, const cJSON *parse, bool default_is_set) {
    struct reader stored = {.source = DEFINITION_STORED, .path = d->reader.path, .err = d->reader.err};
    struct column old, new;
    issue_path_key(&stored.path, "set");
    column_read(&stored, merged, &new);
    if (new.faulty || stored.err->code != FLEXDB_OK) return false;
    column_read(&stored, before, &old);
    size_t count = issue_count(stored.err);
    judge_clearing(d, &stored.path, &old, &new);
    bool fresh = column_needs_key(&old, &new);
    if (new.computed != NULL)
        refuse_formats(d, parse, "the column is computed");
    else if (!fresh)
        refuse_formats(d, parse, "the type stays as it is");
    if (fresh && issue_count(stored.err) == count) change_retype(d, before, merged, parse, default_is_set);
    return stored.err->code == FLEXDB_OK && issue_count(stored.err) == count;
}

void change_modify_column(struct draft *d, const cJSON *const fields[]) {
    size_t at;
    flexdb_error *err = d->reader.err;
    if (!draft_resolve(d, fields, &at)) return;
    if (fields[WORD_SET] == NULL && fields[WORD_UNSET] == NULL) {
        issue_path_add(&d->reader.path, "required", NULL, NULL, err, "set or unset is missing");
        return;
    }
    size_t before = issue_count(err);
    const cJSON *set[COLUMN_KEY_COUNT] = {NULL}, *parse = fields[WORD_PARSE];
    cJSON *merged = cJSON_Duplicate(d->columns[at].tree, true), *words = cJSON_Duplicate(fields[WORD_SET], true);
    /* The formats may stand among what is set, for that is where they are looked for. */
    cJSON *within = cJSON_DetachItemFromObjectCaseSensitive(words, "parse");
    if (parse == NULL) parse = within;
    bool default_is_set = cJSON_GetObjectItemCaseSensitive(words, "defaultValue") != NULL;
    if (merged == NULL || (words == NULL && fields[WORD_SET] != NULL) || !merge_set(d, merged, words, set)) {
        no_memory(d);
    } else {
        unset_keys(d, merged, fields[WORD_UNSET], set);
    }
    if (err->code == FLEXDB_OK && issue_count(err) == before &&
        judge_merged(d, d->columns[at].tree, merged, parse, default_is_set)) {
        draft_replace(d, at, merged);
    } else {
        cJSON_Delete(merged);
    }
    cJSON_Delete(within);
    cJSON_Delete(words);
}

/* ---- modify_table ---- */

static void set_table_text(struct draft *d, enum table_key key, const cJSON *field, size_t limit) {
    if (field == NULL) return;
    const char *text = reader_text(&d->reader, field, table_keys[key], limit);
    if (cJSON_IsNull(field)) {
        cJSON_DeleteItemFromObjectCaseSensitive(d->table, table_keys[key]);
    } else if (text != NULL && !object_put(d->table, table_keys[key], cJSON_CreateString(text))) {
        no_memory(d);
    }
}

static void set_compatibility(struct draft *d, const cJSON *field) {
    if (field == NULL) return;
    size_t before = issue_count(d->reader.err);
    const char *mode = table_compatibility(&d->reader, field), *key = table_keys[TABLE_COMPATIBILITY];
    if (mode == NULL && issue_count(d->reader.err) == before) cJSON_DeleteItemFromObjectCaseSensitive(d->table, key);
    if (mode != NULL && !object_put(d->table, key, cJSON_CreateString(mode))) no_memory(d);
}

static void set_checks(struct draft *d, const cJSON *field) {
    if (field == NULL) return;
    struct check *checks;
    size_t count;
    if (!checks_read(&d->reader, field, &d->arena, &checks, &count)) return;
    if (count == 0)
        cJSON_DeleteItemFromObjectCaseSensitive(d->table, table_keys[TABLE_CHECKS]);
    else if (!object_put(d->table, table_keys[TABLE_CHECKS], cJSON_Duplicate(field, true)))
        no_memory(d);
}

void change_modify_table(struct draft *d, const cJSON *const fields[]) {
    struct reader *r = &d->reader;
    const cJSON *set = fields[WORD_SET], *keys[TABLE_KEY_COUNT] = {NULL};
    if (set == NULL) {
        issue_path_add(&r->path, "required", NULL, NULL, r->err, "set is missing");
        return;
    }
    size_t mark = issue_path_key(&r->path, "set");
    if (!cJSON_IsObject(set)) {
        issue_path_add(&r->path, "type", "\"object\"", set, r->err, "must be an object");
    } else {
        reader_fields(r, set, table_keys, TABLE_KEY_COUNT, keys);
    }
    if (keys[TABLE_COLUMNS] != NULL) refuse(d, "columns", "columns", "columns are changed by changes of their own");
    if (keys[TABLE_VERSION] != NULL) refuse(d, "version", "version", "cannot be changed");
    set_table_text(d, TABLE_DISPLAY_NAME, keys[TABLE_DISPLAY_NAME], DISPLAY_NAME_MAX_LENGTH);
    set_table_text(d, TABLE_DESCRIPTION, keys[TABLE_DESCRIPTION], 0);
    set_compatibility(d, keys[TABLE_COMPATIBILITY]);
    set_checks(d, keys[TABLE_CHECKS]);
    change_set_indexes(d, keys[TABLE_INDEXES]);
    issue_path_pop(&r->path, mark);
}
