/* Applying changes: the operations on the list of columns. Those on one column are in changes_set.c. */
#include "model/changes.h"

#include <string.h>

#include "model/changes_parts.h"

#define WORD(word) (1u << WORD_##word)

static const char *const word_keys[WORD_COUNT] = {
#define X(constant, key) key,
    CHANGE_WORDS(X)
#undef X
};

static void no_memory(struct draft *d) { error_no_memory(d->reader.err); }

/* ---- add ---- */

/* What a new column may not bring along: its place in the store is the table's to give. */
static void forget_bindings(cJSON *column) {
    static const char *const keys[] = {"key", "initialDefault", "convertedFrom", "renamedFrom", "system"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) cJSON_DeleteItemFromObjectCaseSensitive(column, keys[i]);
    cJSON *rules = cJSON_GetObjectItemCaseSensitive(column, "validation");
    if (cJSON_IsObject(rules)) cJSON_DeleteItemFromObjectCaseSensitive(rules, "targetId");
}

static bool judge_new_name(struct draft *d, const char *name, const char *word) {
    if (draft_find(d, name) == NAMES_NONE) return true;
    struct reader *r = &d->reader;
    char quoted[QUOTED_NAME_SIZE];
    size_t mark = issue_path_key(&r->path, word);
    issue_path_add(&r->path, "unique", NULL, NULL, r->err, "the name %s is taken",
                   quote_name(quoted, name, strlen(name)));
    issue_path_pop(&r->path, mark);
    return false;
}

/* Reads the new column with all its problems. True when it has a name under which later changes can find it. */
static bool read_new_column(struct draft *d, const cJSON *tree, struct column *c) {
    struct reader *r = &d->reader;
    if (tree == NULL) {
        issue_path_add(&r->path, "required", NULL, NULL, r->err, "column is missing");
        return false;
    }
    size_t mark = issue_path_key(&r->path, "column");
    column_read(r, tree, c);
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tree, "system"))) {
        issue_path_add(&r->path, "system", NULL, NULL, r->err, "a system column cannot be added");
    }
    bool usable = c->name != NULL && judge_new_name(d, c->name, "name");
    issue_path_pop(&r->path, mark);
    if (d->count >= DEFINITION_MAX_COLUMNS) {
        issue_path_add(&r->path, "limit", "1000", NULL, r->err, "the table has %zu columns, %d are allowed", d->count,
                       DEFINITION_MAX_COLUMNS);
        return false;
    }
    return usable;
}

static void add_column(struct draft *d, const cJSON *const fields[]) {
    struct column c;
    size_t at = d->count;
    bool usable = read_new_column(d, fields[WORD_COLUMN], &c);
    bool placed = draft_place(d, fields, NULL, &at);
    if (d->reader.err->code != FLEXDB_OK || !usable) return;
    cJSON *column = cJSON_Duplicate(fields[WORD_COLUMN], true);
    const char *key = column == NULL ? NULL : draft_fresh_key(d, c.name, c.type);
    if (key == NULL) {
        cJSON_Delete(column);
        no_memory(d);
        return;
    }
    forget_bindings(column);
    bool good = object_put(column, "key", cJSON_CreateString(key));
    if (good && d->has_records && c.default_value != NULL) {
        good = object_put(column, "initialDefault", cJSON_Duplicate(c.default_value, true));
    }
    if (!good) {
        cJSON_Delete(column);
        no_memory(d);
    } else if (!draft_insert(d, placed ? at : d->count, column)) {
        no_memory(d);
    }
}

/* ---- remove, rename, move ---- */

static void remove_column(struct draft *d, const cJSON *const fields[]) {
    size_t at;
    if (!draft_resolve(d, fields, &at)) return;
    if (!draft_note_gone(d, d->columns[at].name)) no_memory(d);
    cJSON *column = draft_remove(d, at);
    draft_forget_indexes(d, column);
    change_lose_column(d, cJSON_GetObjectItemCaseSensitive(column, "name")->valuestring);
    cJSON_Delete(column);
}

static void rename_column(struct draft *d, const cJSON *const fields[]) {
    size_t at;
    const char *to;
    bool found = draft_resolve(d, fields, &at);
    if (!draft_text(d, fields, WORD_TO, &to)) return;
    struct reader *r = &d->reader;
    bool same = found && strcmp(d->columns[at].name, to) == 0;
    if (same) return;
    size_t mark = issue_path_key(&r->path, "to");
    bool good = definition_check_name(to, strlen(to), r->path.text, r->err);
    issue_path_pop(&r->path, mark);
    if (!good || !judge_new_name(d, to, "to") || !found) return;
    change_rename_expressions(d, d->columns[at].name, to);
    if (!draft_note_gone(d, d->columns[at].name) || !object_put(d->columns[at].tree, "name", cJSON_CreateString(to))) {
        no_memory(d);
        return;
    }
    draft_replace(d, at, d->columns[at].tree);
}

static void move_column(struct draft *d, const cJSON *const fields[]) {
    size_t at, to;
    if (!draft_resolve(d, fields, &at) || !draft_place(d, fields, d->columns[at].name, &to)) return;
    cJSON *column = draft_remove(d, at);
    if (!draft_insert(d, to, column)) no_memory(d);
}

/* ---- which one ---- */

struct operation {
    const char *name;
    unsigned words; /* that it may have, beside op */
    void (*apply)(struct draft *d, const cJSON *const fields[]);
};

static const struct operation operations[] = {
    {"add_column", WORD(COLUMN) | WORD(AFTER) | WORD(FIRST), add_column},
    {"remove_column", WORD(NAME), remove_column},
    {"rename_column", WORD(NAME) | WORD(TO), rename_column},
    {"modify_column", WORD(NAME) | WORD(SET) | WORD(UNSET) | WORD(PARSE), change_modify_column},
    {"move_column", WORD(NAME) | WORD(AFTER) | WORD(FIRST), move_column},
    {"modify_table", WORD(SET), change_modify_table},
};

static const struct operation *find_operation(struct draft *d, const cJSON *op) {
    struct reader *r = &d->reader;
    if (op == NULL) {
        issue_path_add(&r->path, "required", NULL, NULL, r->err, "op is missing");
        return NULL;
    }
    for (size_t i = 0; cJSON_IsString(op) && i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(operations[i].name, op->valuestring) == 0) return &operations[i];
    }
    size_t mark = issue_path_key(&r->path, "op");
    issue_path_add(&r->path, "enum",
                   "[\"add_column\",\"remove_column\",\"rename_column\",\"modify_column\",\"move_column\","
                   "\"modify_table\"]",
                   op, r->err,
                   "must be one of add_column, remove_column, rename_column, modify_column, move_column and "
                   "modify_table");
    issue_path_pop(&r->path, mark);
    return NULL;
}

/* Words that belong to other operations are as wrong as unknown ones. */
static void judge_words(struct draft *d, const struct operation *operation, const cJSON *const fields[]) {
    unsigned allowed = operation->words | WORD(OP);
    if (fields[WORD_TYPE] != NULL) allowed |= WORD(TYPE) | WORD(COLUMN) | WORD(DETAILS);
    for (int i = 0; i < WORD_COUNT; i++) {
        if (fields[i] == NULL || (allowed & 1u << i) != 0) continue;
        size_t mark = issue_path_key(&d->reader.path, word_keys[i]);
        issue_path_add(&d->reader.path, "unknown", NULL, NULL, d->reader.err, "%s has no key \"%s\"", operation->name,
                       word_keys[i]);
        issue_path_pop(&d->reader.path, mark);
    }
}

static void apply_words(struct draft *d, const cJSON *change) {
    const cJSON *fields[WORD_COUNT];
    reader_fields(&d->reader, change, word_keys, WORD_COUNT, fields);
    const struct operation *operation = find_operation(d, fields[WORD_OP]);
    if (operation == NULL) return;
    judge_words(d, operation, fields);
    operation->apply(d, fields);
}

static void apply_change(struct draft *d, const cJSON *change) {
    struct reader *r = &d->reader;
    if (!cJSON_IsObject(change)) {
        issue_path_add(&r->path, "type", "\"object\"", change, r->err, "a change must be an object");
        return;
    }
    if (cJSON_GetObjectItemCaseSensitive(change, "op") != NULL ||
        cJSON_GetObjectItemCaseSensitive(change, "type") == NULL) {
        apply_words(d, change);
        return;
    }
    cJSON *words = changes_words(r, change);
    if (words != NULL) apply_words(d, words);
    cJSON_Delete(words);
}

/* Moves the new keys over. Items that carry their name already are only linked: this cannot fail. */
static void extend_registry(struct key_registry *keys, cJSON *new_keys) {
    while (new_keys->child != NULL) {
        cJSON_AddItemToArray(keys->keys, cJSON_DetachItemViaPointer(new_keys, new_keys->child));
    }
}

static int apply_all(struct draft *d, const cJSON *changes, struct key_registry *keys, cJSON **out) {
    struct reader *r = &d->reader;
    flexdb_error *err = r->err;
    issue_path_key(&r->path, "changes");
    if (!is_list(changes)) issue_path_add(&r->path, "type", "\"array\"", changes, err, "must be an array of changes");
    for (const cJSON *change = is_list(changes) ? changes->child : NULL; change != NULL; change = change->next) {
        size_t mark = issue_path_index(&r->path, d->change);
        apply_change(d, change);
        issue_path_pop(&r->path, mark);
        if (err->code != FLEXDB_OK) return -(int)err->code;
        d->change++;
    }
    draft_judge_indexes(d);
    changes_report_lost(d);
    int rc = error_close_issues(err, FLEXDB_INVALID_SCHEMA);
    if (rc != 0 || err->code != FLEXDB_OK) return -(int)err->code;
    if (keys->keys == NULL) keys->keys = cJSON_CreateObject();
    cJSON *tree = keys->keys == NULL ? NULL : draft_take(d);
    if (tree == NULL) return error_no_memory(err);
    extend_registry(keys, d->new_keys);
    *out = tree;
    return 0;
}

int changes_apply(cJSON **out, const struct definition *from, const cJSON *changes, struct key_registry *keys,
                  bool has_records, flexdb_error *err) {
    struct draft d;
    int rc = draft_open(&d, from, keys, has_records, err) ? apply_all(&d, changes, keys, out) : -(int)err->code;
    draft_close(&d);
    return rc;
}

/* ---- a new table ---- */

static int assign_key(cJSON *column, cJSON *keys, flexdb_error *err) {
    if (!cJSON_IsObject(column) || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(column, "system"))) return 0;
    forget_bindings(column);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(column, "name");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(column, "dataType");
    if (!cJSON_IsString(name) || !cJSON_IsString(type)) return 0; /* for definition_parse to say */
    if (!object_put(column, "key", cJSON_CreateString(name->valuestring))) return error_no_memory(err);
    cJSON *entry = cJSON_CreateString(type->valuestring);
    if (entry != NULL && cJSON_AddItemToObject(keys, name->valuestring, entry)) return 0;
    cJSON_Delete(entry);
    return error_no_memory(err);
}

int changes_assign_keys(cJSON *tree, struct key_registry *keys, flexdb_error *err) {
    cJSON *columns = cJSON_GetObjectItemCaseSensitive(tree, "columns"), *registry = cJSON_CreateObject();
    int rc = registry == NULL || !indexes_take_names(tree) ? error_no_memory(err) : 0;
    for (cJSON *column = columns == NULL ? NULL : columns->child; rc == 0 && column != NULL; column = column->next) {
        rc = assign_key(column, registry, err);
    }
    if (rc != 0) {
        cJSON_Delete(registry);
        return rc;
    }
    key_registry_free(keys);
    keys->keys = registry;
    return 0;
}
