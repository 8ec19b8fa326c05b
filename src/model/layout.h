/* How a table is stored: its physical table, the physical columns in it, and what else flex_tables.storage keeps. */
#ifndef FLEXDB_MODEL_LAYOUT_H
#define FLEXDB_MODEL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/changes.h"
#include "model/validator.h"

enum { PHYSICAL_NAME_SIZE = 64 };

struct layout_column {
    char *key;                     /* the field key whose values it repeats */
    char name[PHYSICAL_NAME_SIZE]; /* `c1`, `c2`, … */
    enum physical_kind kind;
    bool long_text; /* PHYSICAL_TEXT that may pass what a server can index: by its rule, or by an older one */
    bool indexed, unique;
    bool retired; /* its column was removed from the definition; nobody fills it, a rollback takes it up again */
    bool lapsed; /* a retired unique one that misses values of live records: it is not taken up again, and a record that
                  * is restored leaves its index, which may refuse nothing any more */
};

/* An index over physical columns taken together. One that is unique holds its live records apart where all of them
 * have a value. */
struct layout_index {
    char name[PHYSICAL_NAME_SIZE]; /* `i1`, `i2`, … */
    bool unique;
    bool
        retired; /* the definition does not ask for it. A unique one then has a retired column, whose values are missing
                  * or as they were: it may refuse a record that changes or comes back, until that column lapses */
    size_t count;
    size_t columns[INDEX_MAX_COLUMNS]; /* places in the layout's columns */
};

/* A physical table that is, or was, built beside the one in use: what is to be dropped when nobody goes on with it. */
struct layout_build {
    char table[PHYSICAL_NAME_SIZE];   /* the new one while it is built, then the old one; "" when there is no build */
    char journal[PHYSICAL_NAME_SIZE]; /* where triggers of the old one, `<journal>_i`, `_u`, `_d`, write meanwhile */
    int64_t started;                  /* microseconds */
};

struct layout {
    char table[PHYSICAL_NAME_SIZE]; /* `flex_records_<table id without hyphens>_<generation>` */
    int64_t generation;             /* +1 for each physical table that this table has had, or began to build */
    size_t count;
    struct layout_column *columns;
    size_t index_count;
    struct layout_index *indexes;
    struct key_registry keys;
    char *original_name; /* of a dropped table; NULL otherwise */
    int64_t dropped_at;  /* microseconds; 0 while it is live */
    char **referrers;    /* ids of tables that have, or had, a reference column to this one */
    size_t referrer_count;
    struct layout_build build;
    int64_t kept_from; /* the oldest version that can still be read: a purge has forgotten what came before; from 1 */
    bool purging;      /* documents may still hold values that only versions before it could reach */
};

/* What a key of a server holds: bytes of all its parts, and parts. An index that passes it is kept there in another
 * form (sql/ddl.h). */
enum { LAYOUT_KEY_BYTES = 3072, LAYOUT_KEY_PARTS = 16, LAYOUT_TEXT_BYTES = 1052 };
/* The bytes of a physical column in a server's key, at most. */
size_t layout_key_bytes(enum physical_kind kind);
/* Whether the index passes what a server's key holds, the flag of live records in a unique one included. */
bool layout_index_is_wide(const struct layout *l, const struct layout_index *index);

/* The layout of a new physical table for this definition: one column for each that is indexed, unique, filterable, a
 * reference or named by an index. LIMIT beyond 60 columns or 60 indexes (a wide unique one counts twice). `keys`,
 * `referrers`, `original_name` and what was purged are copied from `old`, whose generation is the one before (NULL:
 * none). The caller frees with layout_free. */
int layout_new(struct layout **out, const char *table_id, const struct validator *v, const struct layout *old,
               flexdb_error *err);
/* The layout after an evolution to `v`: the same physical table where every physical column that `v` needs is there as
 * it is needed, with *rebuild = false; else a new physical table (layout_new) with *rebuild = true: when one is missing
 * or of another kind or index, or a retired one comes back whose column has an initial default.
 * In the same table a physical column whose column was removed is retired; one whose column merely needs it no more
 * goes on being filled, and filters may use it; a unique one then lapses, for its index would go on refusing. An index
 * that goes away with a column is retired, and taken up again with it. */
int layout_evolve(struct layout **out, bool *rebuild, const char *table_id, const struct validator *v,
                  const struct layout *old, flexdb_error *err);
int layout_parse(struct layout **out, const char *text, size_t length, flexdb_error *err);
/* JSON for flex_tables.storage. */
int layout_print(const struct layout *l, struct buffer *out, flexdb_error *err);
/* JSON for flex_tables.indexed_columns: { column name: physical column }, without retired ones. */
int layout_print_indexed(const struct layout *l, const struct validator *v, struct buffer *out, flexdb_error *err);
/* Notes in `l` that the physical table of `next` (layout_new from `l`) is being built. */
void layout_note_build(struct layout *l, const struct layout *next, int64_t now);
/* Whether a column has a physical one, and whether that has an index of its own. */
bool layout_needs_physical(const struct compiled_column *c);
bool layout_needs_index(const struct compiled_column *c);
/* Adds a table id to the referrers unless it is there. */
int layout_add_referrer(struct layout *l, const char *table_id, flexdb_error *err);
/* The live (not retired) physical column of a field key, or NULL. */
const struct layout_column *layout_find(const struct layout *l, const char *key);
void layout_free(struct layout *l);
/* How the names of all physical tables of a table begin: `flex_records_<table id without hyphens>_`. */
void layout_table_prefix(const char *table_id, char out[PHYSICAL_NAME_SIZE]);
/* The name that a physical table of the generation before had; false when there was none. */
bool layout_table_before(const char *table, char out[PHYSICAL_NAME_SIZE]);

/* ---- between layout.c and layout_index.c ---- */

/* Gives a new layout, whose columns are there, its indexes. False when memory is out. */
bool layout_add_indexes(struct layout *l, const struct definition *d);
/* LIMIT when there are too many, those of single columns included. */
int layout_check_indexes(const struct layout *l, flexdb_error *err);
/* The indexes of `old` in the layout `l` of the same physical table, whose columns are there. 1, or 0 when that table
 * lacks an index of `d`, or one of it would go on refusing what `d` allows; -1 when memory is out. */
int layout_carry_indexes(struct layout *l, const struct layout *old, const struct definition *d);

#endif
