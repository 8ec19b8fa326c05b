/* The parts of the definition reader, shared with the readers of changes. Private to the model. */
#ifndef FLEXDB_MODEL_DEFINITION_PARTS_H
#define FLEXDB_MODEL_DEFINITION_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/definition.h"
#include "model/issue_path.h"

/* Everything that a column may say, in the order in which it is printed: X(constant, key). */
#define COLUMN_KEYS(X)                                                                                                 \
    X(NAME, "name")                                                                                                    \
    X(KEY, "key")                                                                                                      \
    X(DATA_TYPE, "dataType")                                                                                           \
    X(DISPLAY_NAME, "displayName")                                                                                     \
    X(DESCRIPTION, "description")                                                                                      \
    X(REQUIRED, "required")                                                                                            \
    X(UNIQUE, "unique")                                                                                                \
    X(INDEXED, "indexed")                                                                                              \
    X(FILTERABLE, "filterable")                                                                                        \
    X(SEARCHABLE, "searchable")                                                                                        \
    X(DEFAULT_VALUE, "defaultValue")                                                                                   \
    X(INITIAL_DEFAULT, "initialDefault")                                                                               \
    X(CONVERTED_FROM, "convertedFrom")                                                                                 \
    X(VALIDATION, "validation")                                                                                        \
    X(SYSTEM, "system")                                                                                                \
    X(RENAMED_FROM, "renamedFrom")

enum column_key {
#define X(constant, key) COLUMN_##constant,
    COLUMN_KEYS(X)
#undef X
        COLUMN_KEY_COUNT
};

/* Rules as X(constant, name) of definition.h, and two keys more that may stand among them. */
enum { RULE_KEY_TARGET_ID = RULE_COUNT, RULE_KEY_COMPUTED, RULE_KEY_COUNT };

/* What a table may say beside its columns. */
#define TABLE_KEYS(X)                                                                                                  \
    X(COLUMNS, "columns")                                                                                              \
    X(DISPLAY_NAME, "displayName")                                                                                     \
    X(DESCRIPTION, "description")                                                                                      \
    X(VERSION, "version")                                                                                              \
    X(CHECKS, "checks")                                                                                                \
    X(INDEXES, "indexes")                                                                                              \
    X(COMPATIBILITY, "compatibility")

enum table_key {
#define X(constant, key) TABLE_##constant,
    TABLE_KEYS(X)
#undef X
        TABLE_KEY_COUNT
};

extern const char *const column_keys[COLUMN_KEY_COUNT];
extern const char *const rule_keys[RULE_KEY_COUNT];
extern const char *const table_keys[TABLE_KEY_COUNT];

/* A display name stands in a VARCHAR(255) of the catalogue; a key is a name and perhaps `_` and a number. */
enum { DISPLAY_NAME_MAX_LENGTH = 255, KEY_TEXT_SIZE = NAME_MAX_LENGTH + 16, SYSTEM_COLUMN_COUNT = 4 };
extern const char *const system_names[SYSTEM_COLUMN_COUNT];
/* The index in system_names, or -1. */
int system_name_find(const char *name, size_t length);

struct reader {
    enum definition_source source;
    struct issue_path path;
    flexdb_error *err;
};

/* What is said of a required reference whose onDelete is set-null. */
#define CLEARING_REQUIRED "a required column cannot be cleared: onDelete must be restrict or cascade, is set-null"
#define CLEARING_EXPECTED "[\"restrict\",\"cascade\"]"

/* Sorts the members of an object by key: fields[i] is the member keys[i], or NULL. Repeated keys are issues; unknown
 * ones too where a user wrote the document. In a stored one a null counts as not said. */
void reader_fields(struct reader *r, const cJSON *object, const char *const keys[], size_t count,
                   const cJSON *fields[]);
/* The value of an optional flag; anything but a boolean is an issue. */
bool reader_flag(struct reader *r, const cJSON *field, const char *key);
/* An optional text of at most `limit` code points (0: any); null is NULL. */
const char *reader_text(struct reader *r, const cJSON *field, const char *key, size_t limit);

/* Reads one column, at whose place r->path stands. What is wrong with it are issues (and `faulty`); the error has a
 * code afterwards where something is not built yet or memory is out. `key` may be NULL afterwards. */
void column_read(struct reader *r, const cJSON *tree, struct column *out);
/* Reads `validation` of a column whose type is known. */
void rules_read(struct reader *r, const cJSON *tree, struct column *out);
/* A compatibility mode; NULL for none, or with an issue for what is none. */
const char *table_compatibility(struct reader *r, const cJSON *field);
/* Reads a table's checks, on whose table r->path stands, into the arena. What is wrong with one are issues (and
 * `faulty`); its expression is compiled by the validator. False when memory is out, with the error set. */
bool checks_read(struct reader *r, const cJSON *field, struct arena *arena, struct check **out, size_t *count);

/* What an index may hold: finds a column by what the list calls it. */
struct index_scope {
    const void *context;
    bool (*find)(const void *context, const char *text, size_t length, size_t *column, enum column_type *type);
};
/* Reads `indexes` of a table, at whose place r->path stands: by names in a given document, by field keys in a stored
 * one; NULL and null are none. The array is the arena's, texts the document's. What is wrong are issues. False when
 * memory is out. */
bool indexes_read(struct reader *r, const cJSON *field, const struct index_scope *scope, struct arena *arena,
                  struct definition_index **out, size_t *count);
/* The list as a document: `texts` has a word for each column of the definition, or NULL where indexes that name it are
 * to be left out; `label` the key under which they stand ("columns", "keys"). With `column` those that name it alone,
 * SIZE_MAX for all. NULL when memory is out. */
cJSON *indexes_document(const struct definition *d, const char *label, const char *const texts[], size_t column);
/* The same of one: words in the index's order. */
cJSON *index_document(const struct definition_index *index, const char *label, const char *const words[]);

/* True for an array; an empty object counts as an empty one, for Lua's empty table is either. */
bool is_list(const cJSON *tree);
/* One column as definition_document prints it. NULL when memory is out. */
cJSON *column_document(const struct column *c, enum definition_print how);

/* Checks as definition_document prints them. NULL when memory is out. */
cJSON *checks_document(const struct check *checks, size_t count);

/* Cuts a name to something that fits a message, with `"` around it; what is not printable UTF-8 becomes `?`. */
enum { QUOTED_NAME_SIZE = 96 };
const char *quote_name(char out[QUOTED_NAME_SIZE], const char *name, size_t length);

/* Sets object[key] to `item`, which is taken in every case (NULL: memory was out before). False when memory is out. */
bool object_put(cJSON *object, const char *key, cJSON *item);

#endif
