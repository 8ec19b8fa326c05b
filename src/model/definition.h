/* A definition: the plain data that describes a table, read from and printed as a JSON document.
 *
 * { "columns": [ … ], "checks": [ … ], "displayName": …, "description": …, "indexes": [ … ], "version": n } with
 * columns of the shape { name, key, dataType, displayName, description, required, unique, indexed, filterable,
 * searchable, defaultValue, initialDefault, convertedFrom, validation: { …, computed }, system, renamedFrom }, checks
 * of the shape { name, expression, message }, and indexes of the shape { name, columns: [ names ], unique }, which are
 * stored as { name, keys: [ field keys ], unique }.
 *
 * A definition is immutable once parsed; changing one means changing its document (model/changes.h) and parsing again.
 */
#ifndef FLEXDB_MODEL_DEFINITION_H
#define FLEXDB_MODEL_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/names.h"

enum {
    NAME_MAX_LENGTH = 64,
    DEFINITION_MAX_COLUMNS = 1000,
    DEFINITION_MAX_PHYSICAL = 60,
    DEFINITION_MAX_CHECKS = 1000,
    CHECK_MESSAGE_MAX_LENGTH = 1000, /* code points */
    ID_MAX_LENGTH = 128
};
enum { DEFINITION_MAX_INDEXES = 60, INDEX_MAX_COLUMNS = 16 };

/* Names as they stand in documents; the order is the one of the docs. */
#define COLUMN_TYPES(X)                                                                                                \
    X(STRING, "string")                                                                                                \
    X(TEXT, "text")                                                                                                    \
    X(INTEGER, "integer")                                                                                              \
    X(DECIMAL, "decimal")                                                                                              \
    X(BOOLEAN, "boolean")                                                                                              \
    X(DATE, "date")                                                                                                    \
    X(DATETIME, "datetime")                                                                                            \
    X(JSON, "json")                                                                                                    \
    X(REFERENCE, "reference")

enum column_type {
#define X(constant, name) TYPE_##constant,
    COLUMN_TYPES(X)
#undef X
        TYPE_COUNT
};

/* Rules under `validation`: X(constant, name). */
#define COLUMN_RULES(X)                                                                                                \
    X(MIN_LENGTH, "minLength")                                                                                         \
    X(MAX_LENGTH, "maxLength")                                                                                         \
    X(PATTERN, "pattern")                                                                                              \
    X(FORMAT, "format")                                                                                                \
    X(ENUM, "enum")                                                                                                    \
    X(MIN, "min")                                                                                                      \
    X(MAX, "max")                                                                                                      \
    X(PRECISION, "precision")                                                                                          \
    X(SCALE, "scale")                                                                                                  \
    X(TARGET_TABLE, "targetTable")                                                                                     \
    X(ON_DELETE, "onDelete")

enum column_rule {
#define X(constant, name) RULE_##constant,
    COLUMN_RULES(X)
#undef X
        RULE_COUNT
};

enum on_delete { ON_DELETE_RESTRICT, ON_DELETE_CASCADE, ON_DELETE_SET_NULL };

/* As given: what the type means by them is compiled by the validator. JSON values are borrowed from the definition. */
struct rules {
    unsigned given; /* bit 1u << enum column_rule */
    int64_t min_length, max_length;
    const char *pattern, *format;
    const cJSON *enumeration, *min, *max;
    int precision, scale;                 /* 18 and 4 for a decimal that does not say */
    const char *target_table, *target_id; /* id: bound by the database layer (`validation.targetId` of the document);
                                             NULL in a document that a user wrote */
    enum on_delete on_delete;
};

struct column {
    const char *name;
    const char *key; /* never NULL after definition_parse: a missing key is the name, with a number where another column
                        of a given document says that key */
    bool keyed;      /* the document said the key */
    size_t
        position; /* 0-based place in the document's columns, which may list system columns too: for paths of issues */
    const char *renamed_from;               /* what changes_diff may pair it by; NULL when not said, never printed */
    const char *display_name, *description; /* NULL when not said */
    enum column_type type;
    bool required, unique, indexed, filterable, searchable;
    bool covered; /* an index of the table names it */
    bool faulty;  /* an issue was reported; the validator leaves it out */
    struct rules rules;
    const char *computed;         /* `validation.computed`: the expression (model/formula.h) that gives the column its
                                     values, which nobody else does; NULL for a column that is written */
    const cJSON *default_value;   /* NULL: none */
    const cJSON *initial_default; /* what a document without the key reads as; NULL: no value */
    const cJSON *converted_from;  /* { key, origin, parse }: the key that a retype made this one from; the first of the
                                     column's keys where that is another; the formats of dates that it could read. NULL:
                                     from none */
};

/* An index over columns taken together. Unique: no two live records hold the same values in all of them; a record
 * without a value in one of them is in nobody's way. */
struct definition_index {
    const char *name; /* NULL when not said */
    bool unique;
    size_t count;
    size_t columns[INDEX_MAX_COLUMNS]; /* places in the definition's columns, in the index's order */
};

/* A rule for a record as a whole: what its expression makes of it must not be false. */
struct check {
    const char *name, *expression;
    const char *message; /* what an issue says; NULL when not said */
    size_t position;     /* 0-based place in the document's list */
    bool faulty;         /* as a column's */
};

struct definition {
    struct arena arena;
    cJSON *tree; /* owned: what the borrowed JSON values point into */
    const char *display_name, *description;
    const char *compatibility; /* a mode's name (model/compatibility.h); NULL for none */
    int64_t version;           /* 0 when not said */
    size_t count;
    struct column *columns; /* without the system columns */
    size_t index_count;
    struct definition_index *indexes;
    struct names by_name, by_key;
    size_t check_count;
    struct check *checks;
};

enum definition_source {
    DEFINITION_GIVEN, /* written by a user: names, unknown keys and limits are judged; `key`, `initialDefault`,
                         `version` and system columns are accepted, so that a schema that was read can be given back */
    DEFINITION_STORED /* read from a database, perhaps of the original: names are not judged */
};

/* Reads a definition from its tree (taken in every case). Every problem becomes an issue of `err` with the path from
 * the document's root (`columns[2].validation.minLength`; the index is 0-based; behind a known name the path is
 * `columns[2]` all the same); err is not closed: whether the definition is good is told by error_close_issues after
 * validator_new has added its own. `*out` is set, with `faulty` columns, unless the document is no definition at all or
 * memory is out. What is not built yet (searchable) makes the error UNSUPPORTED at once. Returns 0 when `*out` is set.
 * The caller frees with definition_free. */
int definition_parse(struct definition **out, cJSON *tree, enum definition_source source, flexdb_error *err);
void definition_free(struct definition *d);

enum definition_print {
    PRINT_STORED, /* as flex_tables.schema holds it: with keys, initial defaults, bound target ids; integers beyond
                     ±2^53 as strings */
    PRINT_PUBLIC  /* as schema() gives it: no target ids, integers of integer columns as integers */
};

/* A new tree of the whole definition, system columns after the user's (id, created_at, updated_at, deleted_at, with
 * `system = true`), or NULL when memory is out. */
cJSON *definition_document(const struct definition *d, enum definition_print how);

/* Borrowed; NULL when there is none. */
const struct column *definition_find(const struct definition *d, const char *name, size_t length);
const struct column *definition_find_key(const struct definition *d, const char *key, size_t length);

/* Values of one key have one type, and decimals one scale and one physical form; and they are written, or computed:
 * computed values would take the place of those that were written. Whether `b`, a column after `a`, needs a key of its
 * own. */
bool column_needs_key(const struct column *a, const struct column *b);
/* The key that a retype made this one from; NULL for none. */
const char *column_source(const struct column *c);
/* The key that a column's first values had: its own, or where the retypes of the column began. Two columns of different
 * keys and one origin are one column before and after retypes. */
const char *column_origin(const struct column *c);
bool column_is_retyped(const struct column *a, const struct column *b);
/* Collects where the columns began → their places, for definition_find_retyped. False when memory is out. */
bool definition_origins(const struct definition *d, struct names *out);
/* The column that a retype, or the way back from one, turns into `c`; NULL for none. */
const struct column *definition_find_retyped(const struct definition *d, const struct names *origins,
                                             const struct column *c);

const char *column_type_name(enum column_type type);
bool column_type_find(const char *name, enum column_type *out);
const char *column_rule_name(enum column_rule rule);
bool column_rule_find(const char *name, enum column_rule *out);
const char *on_delete_name(enum on_delete action);

/* `^[a-z][a-z0-9_]*$`, at most 64, and none of id, created_at, updated_at, deleted_at. Adds an issue at `path`
 * otherwise. */
bool definition_check_name(const char *name, size_t length, const char *path, flexdb_error *err);
/* The same for a table's name (reserved names are allowed there). */
bool definition_check_table_name(const char *name, size_t length, const char *path, flexdb_error *err);

#endif
