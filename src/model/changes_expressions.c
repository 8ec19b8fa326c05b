/* Expressions while changes are applied: a rename is written into all of them, and what a removed column leaves behind
 * in them must be replaced by the same changes.
 *
 * An expression that read a column when that was removed is marked, in the tree that holds it, by a member under a name
 * that no document has; whatever sets the expression anew takes the mark along. Those that are left at the end are
 * issues: the name may mean another column by then. */
#include <string.h>

#include "model/changes_parts.h"
#include "model/formula.h"

static const char *const lost_key = "(lost)";

/* Where an expression stands: the object, its key there, and what a message calls it. */
struct place_of {
    cJSON *object;
    const char *key, *what, *name;
};

static struct place_of place_in_check(cJSON *check) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(check, "name");
    return (struct place_of){check, "expression", "check", cJSON_IsString(name) ? name->valuestring : ""};
}

static struct place_of place_in_column(const struct draft_column *column) {
    cJSON *rules = cJSON_GetObjectItemCaseSensitive(column->tree, "validation");
    return (struct place_of){rules, rule_keys[RULE_KEY_COMPUTED], "computed column", column->name};
}

/* Calls `visit` for each expression of the draft; false as soon as it says so. */
static bool each_expression(struct draft *d, bool (*visit)(struct draft *d, struct place_of place, const void *context),
                            const void *context) {
    cJSON *checks = cJSON_GetObjectItemCaseSensitive(d->table, table_keys[TABLE_CHECKS]);
    for (cJSON *check = checks == NULL ? NULL : checks->child; check != NULL; check = check->next)
        if (!visit(d, place_in_check(check), context)) return false;
    for (size_t i = 0; i < d->count; i++)
        if (!visit(d, place_in_column(&d->columns[i]), context)) return false;
    return true;
}

static const char *expression_at(struct place_of place) {
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(place.object, place.key);
    return cJSON_IsString(text) ? text->valuestring : NULL;
}

/* ---- rename ---- */

struct renaming {
    const char *from, *to;
};

/* What a change cannot do to an expression, told at the change. */
static void say_at_change(struct draft *d, struct place_of place, const flexdb_error *why) {
    struct reader *r = &d->reader;
    char quoted[QUOTED_NAME_SIZE];
    quote_name(quoted, place.name, strlen(place.name));
    for (size_t i = 0; i < why->issue_count; i++)
        issue_path_add(&r->path, why->issues[i].rule, why->issues[i].expected, NULL, r->err, "the %s %s %s", place.what,
                       quoted, why->issues[i].message);
    if (why->code != FLEXDB_OK) error_repeat(r->err, why);
}

static bool rename_in(struct draft *d, struct place_of place, const void *context) {
    const struct renaming *names = context;
    const char *text = expression_at(place);
    if (text == NULL || !formula_reads(text, strlen(text), names->from)) return true;
    struct buffer renamed = BUFFER_INIT;
    flexdb_error why = FLEXDB_ERROR_INIT;
    bool good = formula_rename(text, strlen(text), names->from, names->to, &renamed, "", &why);
    if (!good) {
        size_t mark = issue_path_key(&d->reader.path, "to");
        say_at_change(d, place, &why);
        issue_path_pop(&d->reader.path, mark);
    } else if (buffer_text(&renamed) == NULL ||
               !object_put(place.object, place.key, cJSON_CreateString(buffer_text(&renamed)))) {
        error_no_memory(d->reader.err);
    }
    buffer_free(&renamed);
    error_clear(&why);
    return d->reader.err->code == FLEXDB_OK;
}

void change_rename_expressions(struct draft *d, const char *from, const char *to) {
    const struct renaming names = {from, to};
    each_expression(d, rename_in, &names);
}

/* ---- remove ---- */

static bool mark_lost(struct draft *d, struct place_of place, const void *context) {
    const char *column = context, *text = expression_at(place);
    if (text == NULL || !formula_reads(text, strlen(text), column)) return true;
    cJSON *marks = cJSON_GetObjectItemCaseSensitive(place.object, lost_key);
    if (marks == NULL) {
        marks = cJSON_CreateArray();
        if (!object_put(place.object, lost_key, marks)) marks = NULL;
    }
    cJSON *mark = marks == NULL ? NULL : cJSON_CreateObject();
    bool good = mark != NULL && cJSON_AddItemToArray(marks, mark);
    if (!good) cJSON_Delete(mark);
    good = good && cJSON_AddNumberToObject(mark, "change", (double)d->change) != NULL &&
           cJSON_AddStringToObject(mark, "column", column) != NULL;
    if (!good) error_no_memory(d->reader.err);
    return good;
}

void change_lose_column(struct draft *d, const char *name) { each_expression(d, mark_lost, name); }

void change_forget_lost(cJSON *rules) { cJSON_DeleteItemFromObjectCaseSensitive(rules, lost_key); }

static bool report_lost(struct draft *d, struct place_of place, const void *context) {
    (void)context;
    struct reader *r = &d->reader;
    const cJSON *marks = cJSON_GetObjectItemCaseSensitive(place.object, lost_key);
    for (const cJSON *mark = marks == NULL ? NULL : marks->child; mark != NULL; mark = mark->next) {
        const char *column = cJSON_GetObjectItemCaseSensitive(mark, "column")->valuestring;
        char owner[QUOTED_NAME_SIZE], read[QUOTED_NAME_SIZE];
        size_t back = issue_path_index(&r->path, (size_t)cJSON_GetObjectItemCaseSensitive(mark, "change")->valuedouble);
        issue_path_key(&r->path, "name");
        issue_path_add(&r->path, "expression", NULL, NULL, r->err, "the %s %s reads %s", place.what,
                       quote_name(owner, place.name, strlen(place.name)), quote_name(read, column, strlen(column)));
        issue_path_pop(&r->path, back);
    }
    return r->err->code == FLEXDB_OK;
}

void changes_report_lost(struct draft *d) { each_expression(d, report_lost, NULL); }
