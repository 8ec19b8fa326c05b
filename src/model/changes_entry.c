#include "model/changes_entry.h"

#include <string.h>

#include "base/document.h"
#include "model/definition_parts.h"

bool entries_open(struct entries *e) {
    e->list = cJSON_CreateArray();
    return e->list != NULL;
}

/* ---- pieces ---- */

static bool put_text(cJSON *object, const char *key, const char *text) {
    return object_put(object, key, text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text));
}

static bool put_copy(cJSON *object, const char *key, const cJSON *value) {
    return object_put(object, key, cJSON_Duplicate(value, true));
}

/* An empty object under the key, or NULL. */
static cJSON *put_object(cJSON *object, const char *key) {
    cJSON *member = cJSON_CreateObject();
    return object_put(object, key, member) ? member : NULL;
}

static bool put_place(cJSON *object, struct place place) {
    if (!place.said) return true;
    return place.after != NULL ? put_text(object, "after", place.after)
                               : object_put(object, "first", cJSON_CreateTrue());
}

/* A new entry at the end of the list, with what all have in common. `name` may be NULL (a table's). Its details are at
 * *details; NULL when memory is out. */
static cJSON *new_entry(struct entries *e, const char *op, const char *type, const char *name, cJSON **details) {
    cJSON *entry = cJSON_CreateObject();
    if (entry == NULL) return NULL;
    cJSON_AddItemToArray(e->list, entry);
    bool good = put_text(entry, "op", op) && put_text(entry, "type", type) && put_text(entry, "column", name);
    *details = good ? put_object(entry, "details") : NULL;
    return *details != NULL ? entry : NULL;
}

/* A column without what belongs to its place in the store; its key only where the document said it. */
static cJSON *plain_document(const struct column *column) {
    cJSON *o = column_document(column, PRINT_STORED);
    if (o == NULL) return NULL;
    if (!column->keyed) cJSON_DeleteItemFromObjectCaseSensitive(o, "key");
    cJSON_DeleteItemFromObjectCaseSensitive(o, "initialDefault");
    cJSON_DeleteItemFromObjectCaseSensitive(o, "convertedFrom");
    cJSON *rules = cJSON_GetObjectItemCaseSensitive(o, "validation");
    if (rules != NULL) cJSON_DeleteItemFromObjectCaseSensitive(rules, "targetId");
    return o;
}

/* ---- whole columns ---- */

bool entries_add(struct entries *e, const struct column *column, struct place place) {
    cJSON *details, *entry = new_entry(e, "add_column", "add_column", column->name, &details);
    if (entry == NULL || !object_put(entry, "column", plain_document(column)) || !put_place(entry, place) ||
        !put_text(details, "before", NULL) || !object_put(details, "after", plain_document(column))) {
        return false;
    }
    if (!place.said) return true;
    cJSON *position = put_object(details, "position");
    return position != NULL && put_place(position, place);
}

bool entries_remove(struct entries *e, const struct column *column, cJSON *indexes) {
    cJSON *details,
        *entry = indexes == NULL ? NULL : new_entry(e, "remove_column", "remove_column", column->name, &details);
    bool good = entry != NULL && put_text(entry, "name", column->name) &&
                object_put(details, "before", plain_document(column)) && put_text(details, "after", NULL);
    if (good && indexes->child != NULL) return object_put(details, "indexes", indexes);
    cJSON_Delete(indexes);
    return good;
}

bool entries_rename(struct entries *e, const char *name, const char *to) {
    cJSON *details, *entry = new_entry(e, "rename_column", "rename_column", name, &details);
    if (entry == NULL || !put_text(entry, "name", name) || !put_text(entry, "to", to)) return false;
    cJSON *before = put_object(details, "before");
    if (before == NULL || !put_text(before, "name", name)) return false;
    cJSON *after = put_object(details, "after");
    return after != NULL && put_text(after, "name", to);
}

bool entries_move(struct entries *e, const char *name, struct place from, struct place to) {
    cJSON *details, *entry = new_entry(e, "move_column", "modify_column", name, &details);
    if (entry == NULL || !put_text(entry, "name", name) || !put_place(entry, to)) return false;
    cJSON *before = put_object(details, "before");
    if (before == NULL || !put_place(before, from)) return false;
    cJSON *after = put_object(details, "after");
    return after != NULL && put_place(after, to);
}

/* ---- differences ---- */

/* Where the differences go: the words, and the two sides of the details. */
struct sides {
    cJSON *set, *unset, *before, *after;
};

static bool open_sides(struct sides *s) {
    s->set = cJSON_CreateObject();
    s->unset = cJSON_CreateArray();
    s->before = cJSON_CreateObject();
    s->after = cJSON_CreateObject();
    return s->set != NULL && s->unset != NULL && s->before != NULL && s->after != NULL;
}

static void close_sides(struct sides *s) {
    cJSON_Delete(s->set);
    cJSON_Delete(s->unset);
    cJSON_Delete(s->before);
    cJSON_Delete(s->after);
}

static bool same(const cJSON *a, const cJSON *b) { return a == NULL || b == NULL ? a == b : document_equal(a, b); }

/* Notes what one key was and is; where it is no more, `set` gets `gone` (taken). */
static bool note(struct sides *s, const char *key, const cJSON *old, const cJSON *new, cJSON *gone) {
    if (old != NULL && !put_copy(s->before, key, old)) return cJSON_Delete(gone), false;
    if (new == NULL) return object_put(s->set, key, gone);
    cJSON_Delete(gone);
    return put_copy(s->set, key, new) && put_copy(s->after, key, new);
}

/* Rule by rule: null in `set` takes a rule away. A lost expression is said although it is the same. */
static bool compare_rules(struct sides *s, const cJSON *old, const cJSON *new, bool lost) {
    struct sides rules;
    bool good = open_sides(&rules);
    for (int i = 0; good && i < RULE_COUNT; i++) {
        const cJSON *a = cJSON_GetObjectItemCaseSensitive(old, rule_keys[i]);
        const cJSON *b = cJSON_GetObjectItemCaseSensitive(new, rule_keys[i]);
        good = same(a, b) || note(&rules, rule_keys[i], a, b, b == NULL ? cJSON_CreateNull() : NULL);
    }
    const char *computed = rule_keys[RULE_KEY_COMPUTED];
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(old, computed);
    const cJSON *b = cJSON_GetObjectItemCaseSensitive(new, computed);
    if (good && !same(a, b)) good = note(&rules, computed, a, b, b == NULL ? cJSON_CreateNull() : NULL);
    if (good && same(a, b) && lost && b != NULL) good = note(&rules, computed, NULL, b, NULL);
    const cJSON *old_id = cJSON_GetObjectItemCaseSensitive(old, "targetId");
    const cJSON *new_id = cJSON_GetObjectItemCaseSensitive(new, "targetId");
    bool rebound = old_id != NULL && new_id != NULL && !same(old_id, new_id);
    if (good && rebound && cJSON_GetObjectItemCaseSensitive(rules.set, "targetTable") == NULL) {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(new, "targetTable");
        good = note(&rules, "targetTable", name, name, NULL);
    }
    if (good && rules.set->child != NULL) {
        good = put_copy(s->set, "validation", rules.set) && put_copy(s->before, "validation", rules.before) &&
               put_copy(s->after, "validation", rules.after);
    }
    close_sides(&rules);
    return good;
}

/* A flag that is no more is false, other keys are unset. */
static bool compare_key(struct sides *s, enum column_key key, const cJSON *old, const cJSON *new) {
    const char *name = column_keys[key];
    if (same(old, new)) return true;
    bool flag = key >= COLUMN_REQUIRED && key <= COLUMN_SEARCHABLE;
    if (new == NULL && !flag) {
        cJSON *item = cJSON_CreateString(name);
        if (item == NULL) return false;
        cJSON_AddItemToArray(s->unset, item);
        return put_copy(s->before, name, old);
    }
    return note(s, name, old, new, new == NULL ? cJSON_CreateFalse() : NULL);
}

static bool compare_columns(struct sides *s, const cJSON *old, const cJSON *new, bool lost) {
    for (int i = 0; i < COLUMN_KEY_COUNT; i++) {
        if (i == COLUMN_NAME || i == COLUMN_KEY || i == COLUMN_INITIAL_DEFAULT || i == COLUMN_CONVERTED_FROM) continue;
        const cJSON *a = cJSON_GetObjectItemCaseSensitive(old, column_keys[i]);
        const cJSON *b = cJSON_GetObjectItemCaseSensitive(new, column_keys[i]);
        if (!(i == COLUMN_VALIDATION ? compare_rules(s, a, b, lost) : compare_key(s, (enum column_key)i, a, b)))
            return false;
    }
    return true;
}

/* The entry for what the sides hold, if they hold anything. */
static bool enter(struct entries *e, const char *op, const char *name, struct sides *s) {
    if (s->set->child == NULL && s->unset->child == NULL) return true;
    cJSON *details, *entry = new_entry(e, op, op, name, &details);
    return entry != NULL && (name == NULL || put_text(entry, "name", name)) && put_copy(entry, "set", s->set) &&
           (s->unset->child == NULL || put_copy(entry, "unset", s->unset)) && put_copy(details, "before", s->before) &&
           put_copy(details, "after", s->after);
}

/* A retype would convert a default that stays, perhaps to another one. */
static bool note_default(struct sides *s, const struct column *from, const struct column *to) {
    if (!column_needs_key(from, to) || from->default_value == NULL || !same(from->default_value, to->default_value))
        return true;
    return note(s, column_keys[COLUMN_DEFAULT_VALUE], from->default_value, to->default_value, NULL);
}

/* The formats by which a retype could read dates: words of the change alone. */
static bool note_formats(struct sides *s, const struct column *from, const struct column *to) {
    const char *source = column_source(to);
    const cJSON *parse = cJSON_GetObjectItemCaseSensitive(to->converted_from, "parse");
    bool made = source != NULL && strcmp(source, from->key) == 0;
    return !made || parse == NULL || (put_copy(s->set, "parse", parse) && put_copy(s->after, "parse", parse));
}

bool entries_modify(struct entries *e, const struct column *from, const struct column *to, bool lost) {
    struct sides sides;
    cJSON *old = column_document(from, PRINT_STORED), *new = column_document(to, PRINT_STORED);
    bool good = open_sides(&sides) && old != NULL && new != NULL &&compare_columns(&sides, old, new, lost) &&
                note_default(&sides, from, to) && note_formats(&sides, from, to) &&
                enter(e, "modify_column", to->name, &sides);
    close_sides(&sides);
    cJSON_Delete(old);
    cJSON_Delete(new);
    return good;
}

static bool compare_text(struct sides *s, const char *key, const char *old, const char *new) {
    if (old == new || (old != NULL && new != NULL &&strcmp(old, new) == 0)) return true;
    return (old == NULL || put_text(s->before, key, old)) && (new == NULL || put_text(s->after, key, new)) &&
           put_text(s->set, key, new);
}

static bool compare_checks(struct sides *s, const struct definition *from, const struct renamed *renamed,
                           const struct definition *to) {
    const char *key = table_keys[TABLE_CHECKS];
    cJSON *old = checks_document(renamed->checks, from->check_count);
    cJSON *new = checks_document(to->checks, to->check_count);
    bool good = old != NULL && new != NULL, equal = good &&document_equal(old, new), none = to->check_count == 0;
    if (good && (!equal || (renamed->checks_lost && !none)))
        good = note(s, key, equal || from->check_count == 0 ? NULL : old, none ? NULL : new,
                    none ? cJSON_CreateNull() : NULL);
    cJSON_Delete(old);
    cJSON_Delete(new);
    return good;
}

/* The lists name the columns alike on both sides, so that equal texts mean the same columns. */
static bool compare_indexes(struct sides *s, const cJSON *old, const cJSON *new) {
    if (old == NULL || new == NULL) return false;
    if (document_equal(old, new)) return true;
    const char *key = table_keys[TABLE_INDEXES];
    return (old->child == NULL || put_copy(s->before, key, old)) &&
           (new->child == NULL || put_copy(s->after, key, new)) && put_copy(s->set, key, new);
}

bool entries_table(struct entries *e, const struct definition *from, const struct renamed *renamed,
                   const struct definition *to, cJSON *before, cJSON *after) {
    struct sides sides;
    bool good = open_sides(&sides) && compare_text(&sides, "displayName", from->display_name, to->display_name) &&
                compare_text(&sides, "description", from->description, to->description) &&
                compare_text(&sides, "compatibility", from->compatibility, to->compatibility) &&
                compare_checks(&sides, from, renamed, to) && compare_indexes(&sides, before, after) &&
                enter(e, "modify_table", NULL, &sides);
    close_sides(&sides);
    cJSON_Delete(before);
    cJSON_Delete(after);
    return good;
}

/* ---- for the version row ---- */

static cJSON *stored_entry(const cJSON *entry) {
    cJSON *o = cJSON_CreateObject();
    const cJSON *column = cJSON_GetObjectItemCaseSensitive(entry, "column");
    if (cJSON_IsObject(column)) column = cJSON_GetObjectItemCaseSensitive(column, "name");
    if (o != NULL && put_copy(o, "type", cJSON_GetObjectItemCaseSensitive(entry, "type")) &&
        put_copy(o, "column", column) && put_copy(o, "details", cJSON_GetObjectItemCaseSensitive(entry, "details"))) {
        return o;
    }
    cJSON_Delete(o);
    return NULL;
}

cJSON *changes_stored(const cJSON *diff) {
    cJSON *list = cJSON_CreateArray();
    for (const cJSON *entry = diff->child; list != NULL && entry != NULL; entry = entry->next) {
        cJSON *stored = stored_entry(entry);
        if (stored != NULL && cJSON_AddItemToArray(list, stored)) continue;
        cJSON_Delete(stored);
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}
