/* A table as one revision of its catalogue row describes it: definition, layout, the SQL made from them. Immutable but
 * for the texts that are made when they are first needed; shared by the handles of one engine.
 *
 * A view (db/view.h) is a state as well: of the same revision, with the definition of another version. */
#ifndef FLEXDB_DB_STATE_H
#define FLEXDB_DB_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "db/catalog.h"
#include "db/engine.h"
#include "model/codec.h"
#include "model/layout.h"
#include "model/validator.h"
#include "sql/records.h"

/* The texts that a state keeps. */
enum state_sql {
    SQL_INSERT,           /* guarded, whatever the record refers to: the text for REFERS_SOME, */
    SQL_INSERT_REFERRING, /* REFERS_ALL, */
    SQL_INSERT_ALONE,     /* REFERS_NONE */
    SQL_INSERT_MANY,      /* without the guard, for the revision is held: REFERS_HELD */
    SQL_UPDATE,           /* guarded likewise */
    SQL_UPDATE_REFERRING,
    SQL_UPDATE_ALONE,
    SQL_UPDATE_HELD,
    SQL_DELETE,
    SQL_RESTORE,
    SQL_ERASE,
    SQL_FETCH,
    SQL_FETCH_ALL, /* soft-deleted ones too */
    SQL_FETCH_LOCKED,
    SQL_FETCH_ALL_LOCKED,
    SQL_WALK,
    SQL_WALK_ALL,
    SQL_LAST,
    STATE_SQL_COUNT
};

/* Which of the reference columns have a value that a guard must find: chooses among the four texts of an insert or an
 * update, to the first of which it is added. */
enum state_refers {
    REFERS_SOME, /* any, or not known */
    REFERS_ALL,  /* every one, and none is into the table itself */
    REFERS_NONE,
    REFERS_HELD /* none, and no guard is needed either */
};

/* A physical column that is filled, and the slot whose value it repeats. */
struct state_physical {
    const struct layout_column *column;
    size_t slot;
};

/* What no two live records may share: the value of a unique column, or those of an index taken together. */
struct state_unique {
    size_t count;
    size_t places[INDEX_MAX_COLUMNS]; /* in `physicals`, in the index's order */
};

struct state_reference {
    size_t slot;
    const char *target_id; /* borrowed from the validator; NULL in a definition of another program */
    bool self;
    char table[PHYSICAL_NAME_SIZE]; /* where the referenced records live; "" when that table is gone */
};

/* Parameters of a statement that writes one record never pass this. */
enum { STATE_MAX_PARAMETERS = 16 + 3 * DEFINITION_MAX_PHYSICAL };

struct table_state {
    size_t holders;
    struct engine *engine;
    struct table_state *next; /* in its bucket */
    bool current;             /* in its bucket: nothing newer is known */
    uint64_t epoch;
    bool counted; /* `counter` is the change counter under which the revision was last seen unchanged */
    uint32_t counter;
    uint64_t hold; /* the engine's when a guard has last taken hold of the revision, inside a transaction */
    char *id, *application, *name, *schema, *deleted_at;
    size_t schema_length;
    int64_t version, revision;
    bool active;
    struct validator *validator;
    struct layout *layout;
    size_t physical_count, unique_count, reference_count;
    struct state_physical *physicals;
    struct state_unique *uniques; /* columns in the definition's order, then indexes */
    struct state_reference *references;
    struct buffer sql[STATE_SQL_COUNT];
    struct table_state *base;  /* of a view: the table's own state, which is held; else NULL */
    struct definition *viewed; /* of a view: the version's definition, where `validator` reads what any may have
                                  written; owned */
};

/* Finds a table's row by a CATALOG_TABLE_* statement and gives the state of it: the one that is known when it is still
 * right, else a new one, which then is the known one. 1, or 0 when there is no such row. The caller drops. */
int state_find(struct table_state **out, struct engine *e, enum catalog_statement which, const char *const *texts,
               size_t count, flexdb_error *err);
/* The state of a row that was read just now. The caller drops. */
int state_of_row(struct table_state **out, struct engine *e, const struct catalog_row *row, flexdb_error *err);
struct table_state *state_hold(struct table_state *s);
void state_drop(struct table_state *s);

/* The table's own state: of a view its base. */
static inline const struct table_state *state_own(const struct table_state *s) { return s->base != NULL ? s->base : s; }

static inline bool state_is_current(const struct table_state *s) {
    const struct table_state *own = state_own(s);
    return own->current && own->epoch == own->engine->epoch;
}

/* The definition as scripts see it. */
static inline const struct definition *state_definition(const struct table_state *s) {
    return s->viewed != NULL ? s->viewed : validator_definition(s->validator);
}

/* Fills `physicals` and `uniques` from layout and validator, which are set. */
int state_map_physicals(struct table_state *s, flexdb_error *err);
void state_unmap_physicals(struct table_state *s);
/* A text of the state; NULL with err when memory is out. */
const struct buffer *state_text(struct table_state *s, enum state_sql which, flexdb_error *err);
/* The catalogue entry as it is. */
struct catalog_entry state_entry(const struct table_state *s);

/* For an error that names a physical table as missing: says whose records these were, as far as that is known. */
void state_name_missing(struct engine *e, flexdb_error *err);

/* Whether what was read under `s` may be trusted; `revision` is the one that came with the row, or 0 for none (a result
 * without rows; a dialect without it). 1 trusted, 0 the table has moved. To be asked after the first step. */
int state_verify(struct table_state *s, int64_t revision, flexdb_error *err);

#endif
