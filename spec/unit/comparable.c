#include "comparable.h"

cJSON *registry_of(const struct definition *d) {
    cJSON *keys = cJSON_CreateObject();
    for (size_t i = 0; i < d->count; i++)
        cJSON_AddStringToObject(keys, d->columns[i].key, column_type_name(d->columns[i].type));
    return keys;
}

cJSON *comparable(const struct definition *d) {
    cJSON *tree = definition_document(d, PRINT_STORED), *public = definition_document(d, PRINT_PUBLIC);
    cJSON *indexes = cJSON_DetachItemFromObject(public, "indexes");
    if (indexes != NULL) cJSON_ReplaceItemInObject(tree, "indexes", indexes);
    cJSON_Delete(public);
    cJSON_DeleteItemFromObject(tree, "version");
    for (cJSON *c = cJSON_GetObjectItem(tree, "columns")->child; c != NULL; c = c->next) {
        cJSON_DeleteItemFromObject(c, "key");
        cJSON_DeleteItemFromObject(c, "initialDefault");
        cJSON_DeleteItemFromObject(c, "convertedFrom");
        cJSON_DeleteItemFromObject(cJSON_GetObjectItem(c, "validation"), "targetId");
    }
    return tree;
}
