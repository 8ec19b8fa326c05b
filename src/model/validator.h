/* A definition compiled once: what every record of a table is judged, written and read by. Immutable,
 * reference-counted, owned by one connection's thread. */
#ifndef FLEXDB_MODEL_VALIDATOR_H
#define FLEXDB_MODEL_VALIDATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/value.h"
#include "model/definition.h"
#include "model/formula.h"
#include "model/type.h"

/* The fields of a record, in the order of its value slots: the definition's columns, then id, created_at, updated_at,
 * deleted_at and _version. */
typedef struct flexdb_field {
    const char *name;
    size_t length;
    enum column_type type; /* id: TYPE_REFERENCE, times: TYPE_DATETIME, _version: TYPE_INTEGER */
    bool system;
} flexdb_field;

typedef struct flexdb_shape {
    size_t count;   /* of all fields */
    size_t columns; /* of those that are the user's: slots 0 … columns-1 */
    const flexdb_field *fields;
} flexdb_shape;

/* System slots, counted from shape.columns. */
enum system_slot { SLOT_ID, SLOT_CREATED_AT, SLOT_UPDATED_AT, SLOT_DELETED_AT, SLOT_VERSION, SYSTEM_SLOTS };

struct validator;

/* Compiles a definition, which is taken in every case (NULL is harmless: then err is just closed). Adds the issues of
 * its rules, defaults and expressions to those that definition_parse left in err, and closes it with INVALID_SCHEMA if
 * there are any. Returns 0 and one reference. */
int validator_new(struct validator **out, struct definition *definition, flexdb_error *err);
/* Both steps from a text; strict JSON. */
int validator_parse(struct validator **out, const char *text, size_t length, enum definition_source source,
                    flexdb_error *err);
/* The column of a stored definition in one of its own, where it is not computed. */
int validator_of_column(struct validator **out, const struct column *column, flexdb_error *err);
/* Whether it was. */
bool validator_was_computed(const struct validator *v);
/* The same from its document, which is taken in every case (NULL: memory is out). */
int validator_of_document(struct validator **out, cJSON *column, flexdb_error *err);
struct validator *validator_hold(struct validator *v);
/* Drops a reference; NULL is harmless. */
void validator_drop(struct validator *v);

/* All borrowed, valid as long as a reference is held. */
const struct definition *validator_definition(const struct validator *v);
const flexdb_shape *validator_shape(const struct validator *v);
/* Slot i < shape.columns. */
const struct compiled_column *validator_column(const struct validator *v, size_t slot);
/* The expression of a computed column, or NULL. */
const struct formula *validator_formula(const struct validator *v, size_t slot);
/* The slots of the computed columns, each behind those that its expression reads. Returns how many. */
size_t validator_computed(const struct validator *v, const uint32_t **order);
/* The expression of the definition's check i. */
const struct formula *validator_check(const struct validator *v, size_t i);
/* The slot of a field (columns and system fields), or NAMES_NONE. */
int64_t validator_slot(const struct validator *v, const char *name, size_t length);
/* The slot of the column with this field key, or NAMES_NONE. */
int64_t validator_slot_of_key(const struct validator *v, const char *key, size_t length);

#endif
