#include "documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/document.h"

static void swap_quotes(char *text, char from, char to) {
    for (; *text != '\0'; text++) {
        if (*text == from) *text = to;
    }
}

cJSON *read_json(const char *text) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    cJSON *tree = NULL;
    char *copy = strdup(text);
    assert_non_null(copy);
    swap_quotes(copy, '\'', '"');
    if (document_parse(&tree, copy, strlen(copy), &err) != 0) fail_msg("%s in %s", err.message, text);
    free(copy);
    return tree;
}

char *show_json(const cJSON *tree) {
    struct buffer out = BUFFER_INIT;
    document_print(tree, &out);
    char *text = buffer_take(&out);
    assert_non_null(text);
    swap_quotes(text, '"', '\'');
    return text;
}

char *show_error(const flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    buffer_puts(&out, error_code_name(err->code));
    if (err->issue_count == 0 && err->code != FLEXDB_OK) buffer_printf(&out, ": %s", err->message);
    for (size_t i = 0; i < err->issue_count; i++) {
        const flexdb_issue *issue = &err->issues[i];
        buffer_printf(&out, "\n%s (%s): %s", issue->path, issue->rule, issue->message);
    }
    char *text = buffer_take(&out);
    assert_non_null(text);
    swap_quotes(text, '"', '\'');
    return text;
}

void must_answer(const char *sentence, char *answer, const char *want) {
    if (strcmp(answer, want) != 0) fail_msg("%s\n  got:\n%s\n  expected:\n%s", sentence, answer, want);
    free(answer);
}

static void must(int rc, const flexdb_error *err, const char *what) {
    if (rc == 0 && err->code == FLEXDB_OK && err->issue_count == 0) return;
    char *text = show_error(err);
    fail_msg("%s\nin %s", text, what);
}

struct definition *definition_of(const char *text, enum definition_source source) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct definition *d = NULL;
    must(definition_parse(&d, read_json(text), source, &err), &err, text);
    return d;
}

char *show_definition(const struct definition *d, enum definition_print how) {
    cJSON *tree = definition_document(d, how);
    assert_non_null(tree);
    char *text = show_json(tree);
    cJSON_Delete(tree);
    return text;
}

struct validator *validator_of(const char *text, enum definition_source source) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct validator *v = NULL;
    must(validator_new(&v, definition_of(text, source), &err), &err, text);
    return v;
}

struct validator *column_of(const char *words) {
    char text[1024];
    const char *space = strchr(words, ' ');
    int type = (int)(space != NULL ? space - words : (ptrdiff_t)strlen(words));
    const char *rules = space != NULL                         ? space + 1
                        : strncmp(words, "reference", 9) == 0 ? "{'targetTable':'others'}"
                                                              : "{}";
    snprintf(text, sizeof text, "{'columns':[{'name':'a','dataType':'%.*s','validation':%s}]}", type, words, rules);
    return validator_of(text, DEFINITION_STORED);
}

/* ---- random definitions ---- */

enum { NAMES = 24 };

static bool chance(struct property *p, uint64_t one_in) { return property_below(p, one_in) == 0; }

static void put(cJSON *object, const char *key, const char *json) {
    cJSON_AddItemToObject(object, key, read_json(json));
}

struct choice {
    const char *type;
    const char *rules[6];    /* objects of which one is taken */
    const char *defaults[4]; /* NULL ends */
};

static const struct choice choices[] = {
    {"string",
     {"{}", "{'maxLength':40}", "{'minLength':1,'maxLength':9}", "{'pattern':'^[a-z]'}", "{'enum':['a','bc']}",
      "{'format':'email'}"},
     {NULL}},
    {"text", {"{}", "{'minLength':2}", "{'maxLength':100000}", "{'pattern':'x'}", "{'enum':['x']}", "{}"}, {NULL}},
    {"integer",
     {"{}", "{'min':0}", "{'max':'9223372036854775807'}", "{'min':-5,'max':9007199254740993}", "{'enum':[1,'2']}",
      "{}"},
     {"1", "'2'", NULL}},
    {"decimal",
     {"{}", "{'precision':12,'scale':2}", "{'precision':38,'scale':30}", "{'min':'0.01'}", "{'max':100}",
      "{'min':'-1','max':'123456789012.5'}"},
     {"'1.00'", "1", NULL}},
    {"boolean", {"{}", "{}", "{}", "{}", "{}", "{}"}, {"true", "false", NULL}},
    {"date",
     {"{}", "{'min':'2000-01-01'}", "{'max':'2030-12-31'}", "{'min':'2001-01-01','max':'2029-01-01'}", "{}", "{}"},
     {"'2024-02-29'", NULL}},
    {"datetime", {"{}", "{'min':'2000-01-01T00:00:00Z'}", "{}", "{}", "{}", "{}"}, {"'2024-05-01T10:00:00Z'", NULL}},
    {"json", {"{}", "{}", "{}", "{}", "{}", "{}"}, {"{'a':[1,2.5,'x']}", "[]", "{}", NULL}},
    {"reference",
     {"{'targetTable':'companies'}", "{'targetTable':'people','onDelete':'cascade'}", "{'targetTable':'companies'}",
      "{'targetTable':'people'}", "{'targetTable':'companies','onDelete':'set-null'}", "{'targetTable':'people'}"},
     {NULL}},
};

static void add_default(struct property *p, cJSON *column, const struct choice *choice) {
    size_t count = 0;
    while (count < 4 && choice->defaults[count] != NULL) count++;
    if (count != 0 && chance(p, 2)) put(column, "defaultValue", choice->defaults[property_below(p, count)]);
}

static cJSON *random_column(struct property *p, unsigned name, unsigned key, bool keyed) {
    static const char *const flags[] = {"required", "unique", "indexed", "filterable"};
    /* A key has one type for ever. */
    size_t count = sizeof choices / sizeof *choices;
    const struct choice *choice = &choices[keyed ? key % count : property_below(p, count)];
    cJSON *column = cJSON_CreateObject();
    char text[32];
    snprintf(text, sizeof text, "'n%u'", name);
    put(column, "name", text);
    snprintf(text, sizeof text, "'k%u'", key);
    if (keyed) put(column, "key", text);
    snprintf(text, sizeof text, "'%s'", choice->type);
    put(column, "dataType", text);
    if (chance(p, 3)) put(column, "displayName", chance(p, 2) ? "'Name'" : "'Größe'");
    if (chance(p, 4)) put(column, "description", "'what it is'");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (chance(p, 3) && (i == 0 || strcmp(choice->type, "json") != 0)) {
            put(column, flags[i], chance(p, 4) ? "false" : "true");
        }
    }
    const char *rules = choice->rules[property_below(p, 6)];
    if (keyed && strcmp(choice->type, "decimal") == 0 && strstr(rules, "scale") != NULL)
        rules = "{}"; /* one scale, too */
    if (cJSON_IsTrue(cJSON_GetObjectItem(column, "required")) && strstr(rules, "set-null") != NULL)
        rules = choice->rules[0]; /* what is required cannot be cleared */
    put(column, "validation", rules);
    if (strchr(rules, 'm') == NULL && strstr(rules, "enum") == NULL) add_default(p, column, choice);
    return column;
}

/* Names of some columns that may be in an index, from a random one of them on. */
static cJSON *random_index(struct property *p, const cJSON *columns) {
    cJSON *names = cJSON_CreateArray();
    size_t count = (size_t)cJSON_GetArraySize(columns), first = property_below(p, count + 1);
    for (size_t i = 0; i < count && cJSON_GetArraySize(names) < 16; i++) {
        const cJSON *column = cJSON_GetArrayItem(columns, (int)((first + i) % count));
        const char *type = cJSON_GetObjectItem(column, "dataType")->valuestring;
        if (strcmp(type, "json") == 0 || !chance(p, 3)) continue;
        cJSON_AddItemToArray(names, cJSON_CreateString(cJSON_GetObjectItem(column, "name")->valuestring));
    }
    return names;
}

/* Up to three. */
static void add_indexes(struct property *p, cJSON *tree, const cJSON *columns) {
    cJSON *list = cJSON_AddArrayToObject(tree, "indexes");
    for (size_t n = property_below(p, 4); n > 0; n--) {
        cJSON *index = cJSON_CreateObject(), *names = random_index(p, columns);
        cJSON_AddItemToObject(index, "columns", names);
        if (chance(p, 2)) cJSON_AddTrueToObject(index, "unique");
        bool good = names->child != NULL;
        for (const cJSON *other = list->child; other != NULL; other = other->next) {
            good = good && !cJSON_Compare(names, cJSON_GetObjectItem(other, "columns"), true);
        }
        if (good) {
            cJSON_AddItemToArray(list, index);
        } else {
            cJSON_Delete(index);
        }
    }
}

static void shuffle(struct property *p, unsigned list[NAMES]) {
    for (unsigned i = 0; i < NAMES; i++) list[i] = i;
    for (unsigned i = NAMES - 1; i > 0; i--) {
        size_t j = property_below(p, i + 1);
        unsigned kept = list[i];
        list[i] = list[j];
        list[j] = kept;
    }
}

cJSON *random_definition(struct property *p, size_t columns, bool keyed) {
    unsigned names[NAMES], keys[NAMES];
    shuffle(p, names);
    shuffle(p, keys);
    cJSON *tree = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(tree, "columns");
    size_t count = property_below(p, (columns < NAMES ? columns : NAMES) + 1);
    for (size_t i = 0; i < count; i++) cJSON_AddItemToArray(list, random_column(p, names[i], keys[i], keyed));
    add_indexes(p, tree, list);
    if (chance(p, 2)) put(tree, "displayName", chance(p, 2) ? "'One'" : "'Two'");
    if (chance(p, 3)) put(tree, "description", "'a table'");
    return tree;
}
