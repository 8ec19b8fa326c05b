/* Which change takes a table over what one physical table holds. */
#include <stdlib.h>

#include "model/changes.h"
#include "model/layout.h"
#include "model/validator.h"

/* -LIMIT where the definition needs too much; what else may be wrong with one on its way does not matter. */
static int judge(cJSON *tree) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    struct definition *definition = NULL;
    struct validator *v = NULL;
    struct layout *l = NULL;
    definition_parse(&definition, tree, DEFINITION_STORED, &ignored);
    int rc = validator_new(&v, definition, &ignored);
    if (rc == 0) rc = layout_new(&l, "", v, NULL, &ignored);
    if (rc == 0) layout_free(l);
    validator_drop(v);
    error_clear(&ignored);
    return rc;
}

static int judge_first(const cJSON *changes, int count, const struct definition *from,
                       const struct key_registry *keys) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    struct key_registry used = {cJSON_Duplicate(keys->keys, true)};
    cJSON *some = cJSON_CreateArray(), *tree = NULL;
    bool good = some != NULL && used.keys != NULL;
    for (int i = 0; good && i < count; i++) good = cJSON_AddItemReferenceToArray(some, cJSON_GetArrayItem(changes, i));
    int rc = good ? changes_apply(&tree, from, some, &used, false, &ignored) : -FLEXDB_INTERNAL;
    if (rc == 0) rc = judge(tree);
    cJSON_Delete(some);
    key_registry_free(&used);
    error_clear(&ignored);
    return rc;
}

void changes_place_limit(const cJSON *changes, const struct definition *from, const struct key_registry *keys,
                         flexdb_error *err) {
    int count = cJSON_GetArraySize(changes), first = 0;
    while (first < count && judge_first(changes, first + 1, from, keys) != -FLEXDB_LIMIT) first++;
    if (first < count) error_prefix(err, "changes[%d]: ", first);
}
