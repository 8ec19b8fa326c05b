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
    switch (property_below(p, 6)) {
    case 0: replace(t, at, any_value(p)); break;
    case 1: replace(t, at, cJSON_Duplicate(t->nodes[other], true)); break;
    case 2: add(p, t->nodes[at], any_value(p), key); break;
    case 3: add(p, t->nodes[at], cJSON_Duplicate(t->nodes[other], true), key); break;
    case 4: /* the same under another name */
        if (is_object(t->parents[at]))
            add(p, t->parents[at], cJSON_DetachItemViaPointer(t->parents[at], t->nodes[at]), key);
        break;
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
