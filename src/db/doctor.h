/* Doctor: holds a database against what FlexDB promises itself about it, and mends what it can. Goes on step by step;
 * each step sees one state of one table. */
#ifndef FLEXDB_DB_DOCTOR_H
#define FLEXDB_DB_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/names.h"
#include "db/catalog.h"
#include "db/database.h"
#include "db/record.h"
#include "db/state.h"
#include "flexdb.h"
#include "sql/mend.h"

/* What may be found: X(constant, name in a report). The docs list them. */
#define DOCTOR_CODES(X)                                                                                                \
    X(LAYOUT, "layout")                                                                                                \
    X(CATALOG_INDEX, "catalog_index")                                                                                  \
    X(INTEGRITY, "integrity")                                                                                          \
    X(UNREADABLE, "unreadable")                                                                                        \
    X(DEFINITION, "definition")                                                                                        \
    X(DEFINITION_VERSION, "definition_version")                                                                        \
    X(STORAGE, "storage")                                                                                              \
    X(STATE, "state")                                                                                                  \
    X(NAME, "name")                                                                                                    \
    X(DISPLAY_NAME, "display_name")                                                                                    \
    X(INDEXED_COLUMNS, "indexed_columns")                                                                              \
    X(KEYS, "keys")                                                                                                    \
    X(REFERRERS, "referrers")                                                                                          \
    X(TARGET, "target")                                                                                                \
    X(VERSION_MISSING, "version_missing")                                                                              \
    X(VERSION_TWIN, "version_twin")                                                                                    \
    X(VERSION_ROW, "version_row")                                                                                      \
    X(VERSION_CHAIN, "version_chain")                                                                                  \
    X(VERSION_LAST, "version_last")                                                                                    \
    X(BUILD, "build")                                                                                                  \
    X(PHYSICAL_TABLE, "physical_table")                                                                                \
    X(PHYSICAL_COLUMN, "physical_column")                                                                              \
    X(INDEX, "index")                                                                                                  \
    X(DOCUMENT, "document")                                                                                            \
    X(RECORD_ID, "record_id")                                                                                          \
    X(RECORD_VERSION, "record_version")                                                                                \
    X(SCHEMA_VERSION, "schema_version")                                                                                \
    X(RECORD_TIME, "record_time")                                                                                      \
    X(UNKNOWN_KEY, "unknown_key")                                                                                      \
    X(COMPUTED_VALUE, "computed_value")                                                                                \
    X(PHYSICAL_VALUE, "physical_value")                                                                                \
    X(LIVE, "live")                                                                                                    \
    X(DUPLICATE, "duplicate")                                                                                          \
    X(REFERENCE, "reference")                                                                                          \
    X(ORPHAN_TABLE, "orphan_table")                                                                                    \
    X(ORPHAN_JOURNAL, "orphan_journal")                                                                                \
    X(ORPHAN_VERSIONS, "orphan_versions")

enum doctor_code {
#define X(constant, name) DOCTOR_##constant,
    DOCTOR_CODES(X)
#undef X
        DOCTOR_CODE_COUNT
};

enum { DOCTOR_MAX_KEPT = 1000, DOCTOR_BATCH = 500, DOCTOR_BATCH_BYTES = 4 << 20 };

/* ---- the report ---- */

struct finding {
    enum doctor_code code;
    bool waits, repaired; /* waits: until report_settle */
    char *texts;          /* application, table, record and column, each with its NUL, "" for none; then the message */
};

/* All of it but the kept findings is plain data, so that a copy is a place to go back to. */
struct report {
    struct finding *kept;
    size_t kept_count, capacity;
    int64_t counts[DOCTOR_CODE_COUNT], found, repaired;
    int64_t waiting; /* findings that are about to be mended */
    size_t settled;  /* how many of the kept ones have passed report_settle */
    int64_t tables, versions, records, foreign, in_progress;
};

/* Where a finding is; NULL for nowhere in particular. */
struct place {
    const char *application, *table, *record;
    size_t record_length;
    const char *column;
};

/* What becomes of a finding: it stays as it is, it is mended by what comes (report_settle tells), it was mended. */
enum remedy { REMEDY_NONE, REMEDY_WAITS, REMEDY_DONE };

/* Counts a finding and keeps it while there is room. */
int report_add(struct report *r, enum doctor_code code, const struct place *at, enum remedy remedy, const char *message,
               flexdb_error *err);
/* What has become of all that waits. */
void report_settle(struct report *r, bool repaired);
/* Forgets what was found since `mark`, a copy made then. */
void report_go_back(struct report *r, const struct report *mark);
int report_print(const struct report *r, bool repair, struct buffer *out, flexdb_error *err);
void report_clear(struct report *r);

/* ---- the table under way ---- */

/* Which columns the physical table of the layout has. */
struct columns_there {
    bool known, any;                     /* any: the table is there */
    bool entry[DEFINITION_MAX_PHYSICAL]; /* by the layout's columns */
    bool digest[DEFINITION_MAX_INDEXES]; /* by the layout's indexes, where they stand on one */
    bool system[MEND_SYSTEM_COLUMNS];    /* by mend_system_column */
};

struct patient {
    struct catalog_row row;
    bool loaded; /* `row` is to be cleared */
    struct validator *validator;
    struct layout *layout; /* as the row has it, or as it was mended */
    struct columns_there there;
    struct table_state seen;             /* for reading records: `layout` without the columns that are missing */
    bool stale[DEFINITION_MAX_PHYSICAL]; /* by the layout's columns: mended now, and still to be filled */
    struct validator *past;              /* reads what only older versions have keys for; NULL: nothing */
    struct names known;                  /* keys that a document may have; of the layout and the validators */
    int64_t seq;                         /* of the last record that was looked at */
};

/* A key that documents have and no version knows. */
struct stranger {
    char *key, *record; /* record: the first that has it */
    int64_t count;
};

enum { STRANGERS_MAX = 100 };
struct strangers {
    struct stranger list[STRANGERS_MAX];
    size_t count;
    int64_t more; /* times that others were met, when the list was full */
};

enum doctor_phase { DOCTOR_ENGINE, DOCTOR_TABLE, DOCTOR_RECORDS, DOCTOR_VALUES, DOCTOR_ORPHANS, DOCTOR_DONE };

struct flexdb_doctor {
    flexdb *db;
    bool repair, whole; /* whole: not some tables alone */
    enum doctor_phase phase;
    char **ids; /* of the tables, and the place of the one under way */
    size_t count, at;
    struct patient patient;
    struct strangers strangers;
    struct report report;
    struct record record, room, mended; /* scratch */
    struct buffer scratch, sql, kept;
};

static inline struct engine *doctor_engine(const flexdb_doctor *d) { return d->db->engine; }

/* Adds a finding about the table under way. */
int doctor_find(flexdb_doctor *d, enum doctor_code code, enum remedy remedy, const char *column, flexdb_error *err,
                const char *format, ...) __attribute__((format(printf, 6, 7)));
/* About one of its records. */
int doctor_find_record(flexdb_doctor *d, enum doctor_code code, enum remedy remedy, const flexdb_value *record,
                       const char *column, flexdb_error *err, const char *format, ...)
    __attribute__((format(printf, 7, 8)));
/* What a finding can come to that is mended when that is wanted. */
static inline enum remedy doctor_remedy(const flexdb_doctor *d) { return d->repair ? REMEDY_WAITS : REMEDY_NONE; }

/* Runs a statement of sql/inspect.h or one that was built, up to its first row: 1 and a statement to finalize, or 0. */
int doctor_query(flexdb_doctor *d, struct statement **out, const char *sql, const flexdb_value *values, size_t count,
                 flexdb_error *err);

/* ---- patients: doctor_patient.c ---- */

/* What a row says, NULL where that cannot be read; fails only when memory is out. The caller drops, frees. */
int doctor_read_definition(const struct catalog_row *row, struct validator **out, flexdb_error *err);
int doctor_read_layout(const struct catalog_row *row, struct layout **out, flexdb_error *err);
/* Whether the physical table that the layout names is one of the row's table. */
bool doctor_owns(const struct catalog_row *row, const struct layout *l);

void patient_clear(struct patient *p);
/* Reads the row and what it says, without a word: 1, or 0 when the row is gone or cannot be used. `lock`: a statement
 * that reads one row by id. */
int patient_load(flexdb_doctor *d, enum catalog_statement lock, flexdb_error *err);
/* BUSY: a server shows nothing of a table that is being altered to who would have to wait for it. */
int doctor_is_altered(const char *table, flexdb_error *err);
/* Fills `there`, unless it is known. */
int patient_find_columns(flexdb_doctor *d, flexdb_error *err);
/* Makes `seen` of what is there of the physical table: 1, or 0 when it cannot be read. */
int patient_see(flexdb_doctor *d, flexdb_error *err);
/* Whether the table is still at the revision that was loaded: 1 or 0. */
int patient_is_current(flexdb_doctor *d, flexdb_error *err);

/* Takes up what has moved: 1, or 0 when there is nothing to be read any more. */
int doctor_follow(flexdb_doctor *d, flexdb_error *err);
/* CONFLICT, retryable. */
int doctor_kept_changing(flexdb_doctor *d, flexdb_error *err);

/* ---- checks, each of which adds what it finds and mends it when told to; 0 or an error ---- */

/* The layout's version; the engine's own check. */
int doctor_check_engine(flexdb_doctor *d, flexdb_error *err);
/* The engine's check of the whole database (NULL) or of one physical table. */
int doctor_check_integrity(flexdb_doctor *d, const char *table, flexdb_error *err);
/* Everything about a table but its records. 1 when these can be read, 0 when not. */
int doctor_check_table(flexdb_doctor *d, flexdb_error *err);
/* One batch of records: 1 there may be more, 0 there are none. */
int doctor_check_records(flexdb_doctor *d, flexdb_error *err);
/* The computed columns of one record, normalized. 1 where values are to be written: `given`, which has a slot for each
 * column, holds them then, and ABSENT elsewhere; their texts lie in d->room. 0 where not. */
int doctor_check_computed(flexdb_doctor *d, const flexdb_value *values, const flexdb_value *id, flexdb_value *given,
                          flexdb_error *err);
/* What makes a reader of the values that only older versions have keys for; the caller drops it, NULL: there are none.
 */
int doctor_read_past(flexdb_doctor *d, struct validator **out, flexdb_error *err);
/* ---- keys that no version knows: doctor_strangers.c ---- */

/* Fills `known` of the table under way. */
int strangers_prepare(struct patient *p, flexdb_error *err);
/* Notes those of a record's document. */
int strangers_meet(flexdb_doctor *d, struct strangers *s, const struct raw_record *raw, flexdb_error *err);
/* Adds what another list has, and empties that. */
int strangers_merge(struct strangers *into, struct strangers *from, flexdb_error *err);
void strangers_clear(struct strangers *s);
/* Once all records were looked at: tells of them, and keeps columns that are yet to come from getting their keys. */
int doctor_check_strangers(flexdb_doctor *d, flexdb_error *err);

/* What records must be together: unique, and referring to what is there. */
int doctor_check_values(flexdb_doctor *d, flexdb_error *err);
/* What nobody names. */
int doctor_check_orphans(flexdb_doctor *d, flexdb_error *err);

/* ---- indexes that are there: doctor_indexes.c ---- */

/* Each as `name`, then `unique partial` as two digits, then its columns; every text with its NUL, and an empty one at
 * the end of each. Begins empty, with BUFFER_INIT; `texts` is the caller's to free. */
struct index_list {
    struct buffer texts;
    const char *at; /* while it is read */
};

int doctor_list_indexes(flexdb_doctor *d, const char *table, struct index_list *out, flexdb_error *err);
/* Whether the index is there as it must be. *named: one of its name is there. */
bool doctor_has_index(struct index_list *list, const struct index_shape *wanted, bool *named);

/* ---- parts of doctor_check_table ---- */

/* What the table's row is to become: made of the row as it is, written when something is other than it must be. */
struct correction {
    bool any;
    struct catalog_entry entry;
    struct layout *layout; /* a copy, to be changed */
    struct buffer name, schema;
    char deleted_at[CATALOG_TIME_SIZE];
};

/* A build that was cut short, before anything else; makes transactions of its own. */
int doctor_check_build(flexdb_doctor *d, flexdb_error *err);
/* The rows of flex_table_versions. Missing ones are put back where their neighbours tell them. The number that the last
 * one gives goes to `c` where it is the truth. */
int doctor_check_versions(flexdb_doctor *d, struct correction *c, flexdb_error *err);
/* Whether storage describes what the definition needs. */
int doctor_check_layout(flexdb_doctor *d, struct correction *c, flexdb_error *err);
/* Columns and indexes of the physical table: 1, 0 when its records cannot be read. */
int doctor_check_physical(flexdb_doctor *d, flexdb_error *err);
/* Whether the tables that it refers to know of it. */
int doctor_check_targets(flexdb_doctor *d, flexdb_error *err);

#endif
