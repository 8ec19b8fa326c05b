#include "mutate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "../unit/property.h"
#include "base/document.h"

enum { MAX_NODES = 2000 };

struct tree {
    cJSON *root;
    size_t count;
    cJSON *nodes[MAX_NODES], *parents[MAX_NODES];
};

static void collect(struct tree *t, cJSON *node, cJSON *parent) {
    if (t->count == MAX_NODES) return;
    t->parents[t->count] = parent;
    t->nodes[t->count++] = node;
    for (cJSON *child = node->child; child != NULL; child = child->next) collect(t, child, node);
}

static cJSON *raw(const char *text) { return cJSON_CreateRaw(text); }

/* What may stand anywhere, and most often should not. */
static cJSON *any_value(struct property *p) {
    static const char *const scalars[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "7",
        "9007199254740993",
        "9223372036854775807",
        "1e308",
        "0.1",
        "-0.0",
        "\"\"",
        "\"a\"",
        "\"age\"",
        "\"name\"",
        "\"notes\"",
        "\"id\"",
        "\"7\"",
        "\"2024-02-29\"",
        "\"9.990\"",
        "[]",
        "{}",
        "[[]]",
        "{\"\":null}",
        "36",
        "\"b\"",
        "\"integer\"",
        "\"text\"",
        "\"t\"",
        "\"decimal\"",
        "\"x\\u0001\"",
        "\"\\ud83d\\ude00\"",
    };
    return raw(scalars[property_below(p, sizeof scalars / sizeof *scalars)]);
}

/* Changes and filters of the targets' tables, whole: random places seldom make one. */
static cJSON *any_phrase(struct property *p) {
    static const char *const phrases[] = {
        "{\"op\":\"rename_column\",\"name\":\"age\",\"to\":\"years\"}",
        "{\"op\":\"rename_column\",\"name\":\"email\",\"to\":\"age\"}",
        "{\"op\":\"remove_column\",\"name\":\"balance\"}",
        "{\"op\":\"remove_column\",\"name\":\"age\"}",
        "{\"op\":\"move_column\",\"name\":\"born\",\"after\":\"email\"}",
        "{\"op\":\"modify_column\",\"name\":\"notes\",\"set\":{\"dataType\":\"integer\"}}",
        "{\"op\":\"modify_column\",\"name\":\"notes\",\"set\":{\"dataType\":\"json\"}}",
        "{\"op\":\"modify_column\",\"name\":\"age\",\"set\":{\"dataType\":\"text\",\"unique\":true}}",
        "{\"op\":\"modify_column\",\"name\":\"age\",\"set\":{\"dataType\":\"decimal\",\"validation\":{\"scale\":3}}}",
        "{\"op\":\"modify_column\",\"name\":\"balance\",\"set\":{\"dataType\":\"integer\",\"filterable\":true}}",
        "{\"op\":\"modify_column\",\"name\":\"email\",\"set\":{\"unique\":false,\"dataType\":\"date\"}}",
        "{\"op\":\"modify_column\",\"name\":\"vip\",\"set\":{\"required\":true,\"defaultValue\":false}}",
        "{\"op\":\"modify_column\",\"name\":\"company\",\"set\":{\"dataType\":\"string\",\"validation\":null}}",
        "{\"op\":\"modify_table\",\"set\":{\"checks\":[{\"name\":\"c\",\"expression\":\"age > 0\"}]}}",
        "{\"op\":\"modify_table\",\"set\":{\"indexes\":[{\"columns\":[\"age\",\"vip\"],\"unique\":true}]}}",
        "{\"op\":\"modify_table\",\"set\":{\"compatibility\":\"full\"}}",
        "{\"op\":\"add_column\",\"column\":{\"name\":\"n\",\"dataType\":\"integer\",\"defaultValue\":5},\"first\":"
        "true}",
        "{\"op\":\"add_column\",\"column\":{\"name\":\"age\",\"dataType\":\"text\",\"required\":true}}",
        "{\"op\":\"add_column\",\"column\":{\"name\":\"m\",\"dataType\":\"decimal\",\"indexed\":true,"
        "\"validation\":{\"scale\":2,\"computed\":\"balance + age\"}}}",
        "{\"age\":{\"gte\":1,\"lt\":37}}",
        "{\"NOT\":{\"balance\":{\"in\":[\"9.99\",0]}}}",
        "{\"field\":\"name\",\"iContains\":\"AD\"}",
        "{\"OR\":[{\"wide\":{\"between\":[\"-1\",5]}},{\"tags.a.b\":7},{\"seen\":null}]}",
        "{\"notes\":{\"startsWith\":\"100%\"}}",
    };
    return raw(phrases[property_below(p, sizeof phrases / sizeof *phrases)]);
}

static bool is_object(const cJSON *node) { return node != NULL && cJSON_IsObject(node); }

/* Takes `value`, in the place of the node. */
static void replace(struct tree *t, size_t at, cJSON *value) {
    cJSON *parent = t->parents[at];
    if (parent == NULL) {
        cJSON_Delete(t->root);
        t->root = value;
        return;
    }
    free(value->string);
    value->string = is_object(parent) ? strdup(t->nodes[at]->string) : NULL;
    if (!cJSON_ReplaceItemViaPointer(parent, t->nodes[at], value)) cJSON_Delete(value);
}

/* Takes `value`, as another member or element of a container. */
static void add(struct property *p, cJSON *to, cJSON *value, const char *key) {
    bool added = false;
    if (cJSON_IsArray(to)) {
        added = cJSON_InsertItemInArray(to, (int)property_below(p, (uint64_t)cJSON_GetArraySize(to) + 1), value);
    } else if (cJSON_IsObject(to)) {
        if (cJSON_GetObjectItemCaseSensitive(to, key) != NULL) cJSON_DeleteItemFromObjectCaseSensitive(to, key);
        added = cJSON_AddItemToObject(to, key, value);
    }
    if (!added) cJSON_Delete(value);
}

/* A key of some object of the tree. */
static const char *any_key(struct property *p, const struct tree *t) {
    for (size_t tries = 0; tries < 20; tries++) {
        size_t at = property_below(p, t->count);
        if (is_object(t->parents[at]) && t->nodes[at]->string != NULL) return t->nodes[at]->string;
    }
    return "name";
}

static void change(struct property *p, struct tree *t) {
    size_t at = property_below(p, t->count), other = property_below(p, t->count);
    char *key = strdup(any_key(p, t));
    switch (property_below(p, 8)) {
    case 0: replace(t, at, any_value(p)); break;
    case 1: replace(t, at, cJSON_Duplicate(t->nodes[other], true)); break;
    case 2: add(p, t->nodes[at], any_value(p), key); break;
    case 3: add(p, t->nodes[at], cJSON_Duplicate(t->nodes[other], true), key); break;
    case 4: /* the same under another name */
        if (is_object(t->parents[at]))
            add(p, t->parents[at], cJSON_DetachItemViaPointer(t->parents[at], t->nodes[at]), key);
        break;
    case 5: add(p, t->root, any_phrase(p), key); break;
    case 6: replace(t, at, any_phrase(p)); break;
    default:
        if (t->parents[at] != NULL) cJSON_Delete(cJSON_DetachItemViaPointer(t->parents[at], t->nodes[at]));
    }
    free(key);
}

size_t mutate_json(char *data, size_t length, size_t room, unsigned seed) {
    struct property p = {seed};
    struct tree *t = calloc(1, sizeof *t);
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    size_t written = 0;
    if (t != NULL && document_parse(&t->root, data, length, &err) == 0) {
        for (uint64_t left = 1 + property_below(&p, 3); left > 0; left--) {
            t->count = 0;
            collect(t, t->root, NULL);
            change(&p, t);
        }
        document_print(t->root, &out);
        if (!buffer_failed(&out) && out.length <= room) {
            memcpy(data, out.data, out.length);
            written = out.length;
        }
        cJSON_Delete(t->root);
    }
    error_clear(&err);
    buffer_free(&out);
    free(t);
    return written;
}
