/* Definitions as a diff sees them. Needs no cmocka: the fuzz targets use it too. */
#ifndef FLEXDB_SPEC_COMPARABLE_H
#define FLEXDB_SPEC_COMPARABLE_H

#include <cjson/cJSON.h>

#include "model/definition.h"

/* The keys of a definition's columns, with their types. */
cJSON *registry_of(const struct definition *d);
/* The document without what a diff does not carry: keys and what stands under them, ids of targets, which are bound
 * anew, and the version. Indexes by name. */
cJSON *comparable(const struct definition *d);

#endif
