/* What nobody names: physical tables that a change of the definition has left behind or never taken up (on a server
 * DDL is no part of a transaction), journals of builds, and version rows of tables that are not there. */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "db/build.h"
#include "db/doctor.h"
#include "db/tables.h"
#include "sql/inspect.h"

enum { UUID_DIGITS = 32, PREFIX_DIGITS_AT = 13 /* behind `flex_records_`, `flex_journal_` */ };
/* A table that was made in the last minute may be entered into the catalogue in a moment. */
enum { YOUNG_MICROSECONDS = 60 * 1000000 };

/* ---- names ---- */

static int list_names(flexdb_doctor *d, enum inspect_statement which, struct arena *arena, const char ***out,
                      size_t *count, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct statement *s;
    const char *name;
    size_t length, capacity = 0;
    if (inspect_sql(e->dialect, which) == NULL) return 0;
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, which), NULL, 0, err);
    while (rc == 1) {
        rc = engine_text(e, s, 0, &name, &length, err);
        if (rc == 0 && *count == capacity) {
            capacity = capacity == 0 ? 64 : capacity * 2;
            const char **more = realloc(*out, capacity * sizeof *more);
            if (more == NULL)
                rc = error_no_memory(err);
            else
                *out = more;
        }
        if (rc != 0) break;
        (*out)[*count] = arena_dup(arena, name, length);
        if ((*out)[(*count)++] == NULL) rc = error_no_memory(err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

/* Everything in a storage document that is the name of a physical table or a journal: the table that is in force, and
 * whatever is being built or kept beside it. */
static int note_named(const char *text, size_t length, struct arena *arena, struct names *named, flexdb_error *err) {
    static const char begin[] = "\"flex_";
    const char *at = text, *end = text + length;
    while ((size_t)(end - at) > sizeof begin) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        if (quote == NULL || (size_t)(end - quote) < sizeof begin) break;
        at = quote + 1;
        if (memcmp(quote, begin, sizeof begin - 1) != 0) continue;
        const char *close = memchr(at, '"', (size_t)(end - at));
        if (close == NULL) break;
        const char *name = arena_dup(arena, at, (size_t)(close - at));
        if (name == NULL || names_add(named, name, (size_t)(close - at), 0) < 0) return error_no_memory(err);
        at = close + 1;
    }
    return 0;
}

static int list_of_tables(flexdb_doctor *d, struct arena *arena, struct names *named, flexdb_error *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < d->count; i++) {
        const char *id = d->ids[i];
        struct catalog_row row;
        rc = catalog_find(doctor_engine(d), CATALOG_TABLE_BY_ID, &id, 1, &row, err);
        if (rc != 1) continue;
        rc = row.storage != NULL ? note_named(row.storage, row.storage_length, arena, named, err) : 0;
        catalog_row_clear(&row);
    }
    return rc;
}

static int list_of_all(flexdb_doctor *d, struct arena *arena, struct names *named, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct statement *s;
    const char *text;
    size_t length;
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_TABLES), NULL, 0, err);
    while (rc == 1) {
        rc = engine_text(e, s, 1, &text, &length, err);
        if (rc == 0 && text != NULL) rc = note_named(text, length, arena, named, err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

/* Whether the name is that of a table that is looked at, and of which: its id, or NULL. */
static bool is_looked_at(const flexdb_doctor *d, const char *name, const char **id) {
    char prefix[PHYSICAL_NAME_SIZE];
    *id = NULL;
    for (size_t i = 0; i < d->count && *id == NULL; i++) {
        layout_table_prefix(d->ids[i], prefix);
        const char *digits = prefix + PREFIX_DIGITS_AT;
        if (strncmp(name + PREFIX_DIGITS_AT, digits, strlen(digits)) == 0) *id = d->ids[i];
    }
    return *id != NULL || d->whole;
}

/* ---- one of them ---- */

struct orphan {
    flexdb_doctor *doctor;
    const char *name, *id;        /* id: of the table that it belongs to; NULL where that is not in the catalogue */
    char id_text[UUID_TEXT_SIZE]; /* what the id must be that is not there */
    bool in_use, dropped;
    bool alone;          /* the lock of those who make and drop such tables is held */
    const char *why_not; /* why it is left */
};

/* The id of whatever table it was made for: the digits of a UUID with its hyphens. False for any other name. */
static bool guess_id(const char *name, char out[UUID_TEXT_SIZE]) {
    const char *digits = name + PREFIX_DIGITS_AT;
    if (strspn(digits, "0123456789abcdef") != UUID_DIGITS) return false;
    size_t length = 0;
    for (size_t i = 0; i < UUID_DIGITS; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) out[length++] = '-';
        out[length++] = digits[i];
    }
    out[length] = '\0';
    return true;
}

/* A version 7 UUID begins with the milliseconds at which it was made. */
static bool is_young(const char *name) {
    int64_t ms = 0;
    const char *digits = name + PREFIX_DIGITS_AT;
    for (size_t i = 0; i < 12; i++) {
        const char *digit = strchr("0123456789abcdef", digits[i]);
        if (digits[i] == '\0' || digit == NULL) return false;
        ms = ms * 16 + (digit - "0123456789abcdef");
    }
    return digits[12] == '7' && ms > (datetime_now() - YOUNG_MICROSECONDS) / 1000;
}

static int is_empty(flexdb_doctor *d, const char *table, bool *out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct buffer sql = BUFFER_INIT;
    struct statement *s = NULL;
    inspect_any(e->dialect, table, &sql);
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_query(e, &s, sql.data, sql.length, NULL, 0, err);
    engine_finalize(e, s);
    buffer_free(&sql);
    *out = rc == 0;
    return rc < 0 ? rc : 0;
}

/* The physical table that a row names, "" where it names none of its own. */
static int read_in_force(const struct catalog_row *row, char out[PHYSICAL_NAME_SIZE], flexdb_error *err) {
    struct layout *l;
    int rc = doctor_read_layout(row, &l, err);
    out[0] = '\0';
    if (l != NULL && doctor_owns(row, l)) memcpy(out, l->table, PHYSICAL_NAME_SIZE);
    layout_free(l);
    return rc;
}

static const char *id_of(const struct orphan *o) { return o->id != NULL ? o->id : o->id_text; }

/* Reads the row, held until the transaction ends, or for a moment where there is none: BUSY when somebody is building
 * there. Who may only read does not ask; nor does who is alone, for whoever has the row may be waiting for that lock.
 */
static int find_in_force(const struct orphan *o, char out[PHYSICAL_NAME_SIZE], flexdb_error *err) {
    struct engine *e = doctor_engine(o->doctor);
    const char *id = id_of(o);
    struct catalog_row row;
    out[0] = '\0';
    bool looks = o->alone || e->options.read_only;
    int rc = catalog_find(e, looks ? CATALOG_TABLE_BY_ID : CATALOG_TABLE_LOCK, &id, 1, &row, err);
    if (rc != 1) return rc;
    rc = read_in_force(&row, out, err);
    catalog_row_clear(&row);
    return rc == 0 ? 1 : rc;
}

/* One that its table has left behind may go when its records are elsewhere; one that belongs to none, when it is empty.
 */
static int judge(struct orphan *o, flexdb_error *err) {
    flexdb_doctor *d = o->doctor;
    char in_force[PHYSICAL_NAME_SIZE];
    bool there = false, empty = true, spare = true;
    int rc = find_in_force(o, in_force, err);
    if (rc < 0) return rc;
    o->in_use = strcmp(in_force, o->name) == 0;
    if (o->in_use) return 0;
    bool known = rc == 1;
    /* Who left it may have dropped it since. */
    rc = tables_has_physical(doctor_engine(d), o->name, &there, err);
    if (rc == 0 && !there) o->in_use = true;
    if (rc != 0 || !there) return rc;
    if (!known) {
        rc = is_empty(d, o->name, &spare, err);
        if (!spare) o->why_not = "it belongs to no table and holds records";
        return rc;
    }
    there = false;
    rc = in_force[0] != '\0' ? tables_has_physical(doctor_engine(d), in_force, &there, err) : 0;
    if (!there) o->why_not = "the physical table in force is not there: this one may hold its records";
    if (rc == 0 && there) rc = is_empty(d, in_force, &empty, err);
    if (rc == 0 && there && empty) rc = is_empty(d, o->name, &spare, err);
    if (!spare) o->why_not = "it holds records, and the one in force holds none";
    return rc;
}

/* Judges again, while nobody makes or drops such a table: who has brought a new one into force drops the old one right
 * after its commit. What it could not read then is not there any more, or is unreadable indeed. */
static int judge_surely(struct orphan *o, flexdb_error *err) {
    struct engine *e = doctor_engine(o->doctor);
    const char *id = id_of(o);
    int rc = judge(o, err);
    if (o->in_use || (rc != 0 && rc != -FLEXDB_CORRUPT)) return rc;
    error_clear(err);
    o->why_not = NULL;
    rc = engine_ddl_lock(e, id, err);
    o->alone = rc == 0;
    if (rc == 0) rc = judge(o, err);
    o->alone = false;
    engine_ddl_unlock(e, id);
    return rc;
}

/* An evolution that comes after may use the name again. */
static int drop_alone(struct orphan *o, flexdb_error *err) {
    struct engine *e = doctor_engine(o->doctor);
    const char *id = id_of(o);
    int rc = engine_ddl_lock(e, id, err);
    if (rc == 0) rc = tables_drop_physical(e, o->name, err);
    engine_ddl_unlock(e, id);
    return rc;
}

/* The row is looked at alone: a transaction that has read the table would be in the way of dropping it. */
static int drop(void *context, flexdb_error *err) {
    struct orphan *o = context;
    char in_force[PHYSICAL_NAME_SIZE];
    int rc = find_in_force(o, in_force, err);
    if (rc < 0) return rc;
    o->in_use = strcmp(in_force, o->name) == 0;
    if (o->in_use) return 0;
    rc = drop_alone(o, err);
    o->dropped = rc == 0;
    return rc;
}

static int check_orphan(flexdb_doctor *d, const char *name, const char *id, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct orphan o = {.doctor = d, .name = name, .id = id};
    flexdb_error why = FLEXDB_ERROR_INIT;
    guess_id(name, o.id_text);
    /* Where DDL is part of the transaction nobody sees what is not finished. */
    bool young = !engine_has(e, DRIVER_TRANSACTIONAL_DDL) && id == NULL && is_young(name);
    int rc = young ? 0 : judge_surely(&o, &why);
    if (rc == 0 && d->repair && !young && !o.in_use && o.why_not == NULL) rc = engine_transact(e, drop, &o, &why);
    if (young || rc == -FLEXDB_BUSY) {
        d->report.in_progress++;
        error_clear(&why);
        return 0;
    }
    if (rc < 0) {
        error_move(err, &why);
        return rc;
    }
    if (o.in_use) return 0;
    return doctor_find(d, DOCTOR_ORPHAN_TABLE, o.dropped ? REMEDY_DONE : REMEDY_NONE, NULL, err,
                       "nobody names the physical table %s%s%s", name, o.why_not != NULL ? ": " : "",
                       o.why_not != NULL ? o.why_not : "");
}

/* Who has left a journal may have dropped it since: triggers and all. */
static int has_journal(flexdb_doctor *d, const char *name, bool *out, flexdb_error *err) {
    struct arena arena = ARENA_INIT;
    const char **names = NULL;
    size_t count = 0;
    int rc = list_names(d, INSPECT_JOURNALS, &arena, &names, &count, err);
    *out = false;
    for (size_t i = 0; rc == 0 && i < count; i++) *out = *out || strcmp(names[i], name) == 0;
    free(names);
    arena_free(&arena);
    return rc;
}

/* Triggers that write to a journal make every write dearer, or fail where it is not there. */
static int check_journal(flexdb_doctor *d, const char *name, const char *id, flexdb_error *err) {
    bool there;
    int rc = has_journal(d, name, &there, err);
    if (rc != 0 || !there) return rc;
    char guessed[UUID_TEXT_SIZE];
    flexdb_error why = FLEXDB_ERROR_INIT;
    bool known = id != NULL || guess_id(name, guessed);
    int dropped = d->repair && known ? build_drop_journal(doctor_engine(d), id != NULL ? id : guessed, name, &why) : 2;
    bool busy = dropped == -FLEXDB_BUSY, unreadable = dropped == -FLEXDB_CORRUPT;
    if (dropped < 0 && !busy && !unreadable) error_move(err, &why);
    error_clear(&why);
    if (busy) d->report.in_progress++;
    if (busy || dropped == 0) return 0;
    if (dropped < 0 && !unreadable) return dropped;
    return doctor_find(d, DOCTOR_ORPHAN_JOURNAL, dropped == 1 ? REMEDY_DONE : REMEDY_NONE, NULL, err,
                       "no change of a definition needs the journal %s and the triggers that write to it", name);
}

typedef int orphan_check(flexdb_doctor *d, const char *name, const char *id, flexdb_error *err);

/* Calls `check` for each that no table of the catalogue names. */
static int check_names(flexdb_doctor *d, enum inspect_statement which, orphan_check *check, flexdb_error *err) {
    struct arena arena = ARENA_INIT;
    struct names named = NAMES_INIT;
    const char **names = NULL, *id;
    size_t count = 0;
    /* The names first: what is made after them is in nobody's way. */
    int rc = list_names(d, which, &arena, &names, &count, err);
    if (rc == 0 && count != 0)
        rc = d->whole ? list_of_all(d, &arena, &named, err) : list_of_tables(d, &arena, &named, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (names_find(&named, names[i], strlen(names[i])) != NAMES_NONE || !is_looked_at(d, names[i], &id)) continue;
        rc = check(d, names[i], id, err);
    }
    free(names);
    names_free(&named);
    arena_free(&arena);
    return rc;
}

/* ---- versions ---- */

static int check_versions(flexdb_doctor *d, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    struct statement *s;
    const char *id;
    size_t length;
    int64_t count = 0;
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_LOST_VERSIONS), NULL, 0, err);
    while (rc == 1) {
        rc = engine_text(e, s, 0, &id, &length, err);
        if (rc == 0) rc = engine_integer(e, s, 1, &count, err);
        if (rc == 0)
            rc = doctor_find(d, DOCTOR_ORPHAN_VERSIONS, REMEDY_NONE, NULL, err,
                             "flex_table_versions has %lld row%s of table \"%.*s\", which is not in flex_tables",
                             (long long)count, count == 1 ? "" : "s", (int)length, id);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

int doctor_check_orphans(flexdb_doctor *d, flexdb_error *err) {
    patient_clear(&d->patient);
    int rc = check_names(d, INSPECT_PHYSICAL, check_orphan, err);
    if (rc == 0) rc = check_names(d, INSPECT_JOURNALS, check_journal, err);
    return rc == 0 && d->whole ? check_versions(d, err) : rc;
}
