/* The rows of flex_table_versions: without gap or twin, each beginning where the one before has ended, the last one
 * ending where the table is. */
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/text.h"
#include "base/utf8.h"
#include "db/doctor.h"
#include "model/changes.h"
#include "sql/inspect.h"

enum {
    VERSION_ID,
    VERSION_NUMBER,
    VERSION_PREVIOUS,
    VERSION_NEW,
    VERSION_CHANGES,
    VERSION_BY,
    VERSION_AT,
    VERSION_MESSAGE
};
enum { BY_MAX_CHARACTERS = 128, MESSAGE_MAX_BYTES = 65535 /* what the columns take */ };
enum { MAX_GAPS = 100 }; /* that are put back in one go */

/* A version that is missing between two others, which say what it was. */
struct gap {
    int64_t version;
    char *before, *after; /* definitions; before: NULL for the first version */
};

struct version_row {
    const char *id, *previous, *next, *changes, *by, *at, *message;
    size_t id_length, previous_length, next_length, changes_length, by_length, at_length, message_length;
    int64_t version;
};

struct reading {
    flexdb_doctor *doctor;
    struct correction *correction;
    int64_t last;       /* the number of the row before; 0 at the beginning */
    struct buffer made; /* the definition that it has made */
    struct gap gaps[MAX_GAPS];
    size_t gap_count;
};

static int read_row(struct engine *e, struct statement *s, struct version_row *out, flexdb_error *err) {
    int rc = engine_integer(e, s, VERSION_NUMBER, &out->version, err);
    if (rc == 0) rc = engine_text(e, s, VERSION_ID, &out->id, &out->id_length, err);
    if (rc == 0) rc = engine_text(e, s, VERSION_PREVIOUS, &out->previous, &out->previous_length, err);
    if (rc == 0) rc = engine_text(e, s, VERSION_NEW, &out->next, &out->next_length, err);
    if (rc == 0) rc = engine_text(e, s, VERSION_CHANGES, &out->changes, &out->changes_length, err);
    if (rc == 0) rc = engine_text(e, s, VERSION_BY, &out->by, &out->by_length, err);
    if (rc == 0) rc = engine_text(e, s, VERSION_AT, &out->at, &out->at_length, err);
    if (rc == 0) rc = engine_text(e, s, VERSION_MESSAGE, &out->message, &out->message_length, err);
    return rc;
}

/* NULL where the text is no document; -code when memory is out. */
static int parse(const char *text, size_t length, cJSON **out, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    *out = NULL;
    if (text == NULL) return 0;
    int rc = document_parse(out, text, length, &why);
    bool no_memory = rc == -FLEXDB_INTERNAL;
    error_clear(&why);
    if (rc != 0) *out = NULL;
    return no_memory ? error_no_memory(err) : 0;
}

static void drop_number(cJSON *tree) {
    if (cJSON_IsObject(tree)) cJSON_DeleteItemFromObjectCaseSensitive(tree, "version");
}

/* Whether two texts are one definition, whatever their spelling and, with `numbered`, whatever number they say. */
static int same_definition(const char *a, size_t a_length, const char *b, size_t b_length, bool numbered, bool *out,
                           flexdb_error *err) {
    *out = a_length == b_length && memcmp(a, b, a_length) == 0;
    if (*out) return 0;
    cJSON *x = NULL, *y = NULL;
    int rc = parse(a, a_length, &x, err);
    if (rc == 0) rc = parse(b, b_length, &y, err);
    if (!numbered) {
        drop_number(x);
        drop_number(y);
    }
    *out = rc == 0 && x != NULL && y != NULL && document_equal(x, y);
    cJSON_Delete(x);
    cJSON_Delete(y);
    return rc;
}

/* ---- keys ---- */

static const char *text_of(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* Every key that was ever used stands in storage, so that no other column gets it. */
static int check_keys(struct reading *r, const cJSON *definition, int64_t version, flexdb_error *err) {
    flexdb_doctor *d = r->doctor;
    cJSON *keys = r->correction->layout->keys.keys;
    const cJSON *column;
    int rc = 0;
    cJSON_ArrayForEach(column, cJSON_GetObjectItemCaseSensitive(definition, "columns")) {
        const char *key = text_of(column, "key"), *type = text_of(column, "dataType");
        if (key == NULL) key = text_of(column, "name");
        if (rc != 0 || key == NULL || type == NULL) continue;
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(column, "system"))) continue;
        const char *said = text_of(keys, key);
        if (said != NULL && strcmp(said, type) == 0) continue;
        if (said != NULL) {
            rc = doctor_find(d, DOCTOR_KEYS, REMEDY_NONE, NULL, err,
                             "field key \"%s\" is of type %s in version %lld, storage says %s", key, type,
                             (long long)version, said);
            continue;
        }
        rc = doctor_find(d, DOCTOR_KEYS, doctor_remedy(d), NULL, err,
                         "storage does not know field key \"%s\" of version %lld", key, (long long)version);
        if (rc == 0 && cJSON_AddStringToObject(keys, key, type) == NULL) rc = error_no_memory(err);
        r->correction->any = true;
    }
    return rc;
}

/* ---- one row ---- */

static int find_bad_row(struct reading *r, int64_t version, const char *what, flexdb_error *err) {
    return doctor_find(r->doctor, DOCTOR_VERSION_ROW, REMEDY_NONE, NULL, err, "version %lld: %s", (long long)version,
                       what);
}

static int check_definition(struct reading *r, const struct version_row *row, flexdb_error *err) {
    cJSON *tree;
    int rc = parse(row->next, row->next_length, &tree, err);
    if (rc != 0) return rc;
    if (tree == NULL) return find_bad_row(r, row->version, "its definition is not JSON", err);
    rc = check_keys(r, tree, row->version, err);
    struct definition *definition = NULL;
    struct validator *v = NULL;
    flexdb_error why = FLEXDB_ERROR_INIT;
    definition_parse(&definition, tree, DEFINITION_STORED, &why);
    validator_new(&v, definition, &why);
    validator_drop(v);
    if (rc == 0 && why.code == FLEXDB_INTERNAL) rc = error_no_memory(err);
    if (rc == 0 && why.code != FLEXDB_OK)
        rc = doctor_find(r->doctor, DOCTOR_VERSION_ROW, REMEDY_NONE, NULL, err,
                         "version %lld: its definition cannot be read: %s", (long long)row->version, why.message);
    error_clear(&why);
    return rc;
}

static int check_id(struct reading *r, const struct version_row *row, flexdb_error *err) {
    struct buffer id = BUFFER_INIT;
    buffer_printf(&id, "%s:%lld", r->doctor->patient.row.id, (long long)row->version);
    if (buffer_failed(&id)) return error_no_memory(err);
    bool right = id.length == row->id_length && memcmp(id.data, row->id, id.length) == 0;
    buffer_free(&id);
    if (right) return 0;
    return doctor_find(r->doctor, DOCTOR_VERSION_ROW, REMEDY_NONE, NULL, err,
                       "version %lld: its row has the id \"%.*s\", must have \"%s:%lld\"", (long long)row->version,
                       (int)row->id_length, row->id, r->doctor->patient.row.id, (long long)row->version);
}

static int check_changes(struct reading *r, const struct version_row *row, flexdb_error *err) {
    cJSON *tree;
    int rc = parse(row->changes, row->changes_length, &tree, err);
    bool good = cJSON_IsArray(tree);
    cJSON_Delete(tree);
    if (rc != 0 || good) return rc;
    return find_bad_row(r, row->version, "its changes are not a JSON array", err);
}

/* Who made it, when, and what was said about it: the history tells it as it stands here. */
static int check_texts(struct reading *r, const struct version_row *row, flexdb_error *err) {
    struct utf8_facts facts;
    char time[DATETIME_TEXT_SIZE], shown[SHOWN_SIZE];
    int rc = 0;
    bool good =
        row->by == NULL || (utf8_check(row->by, row->by_length, &facts) && facts.code_points <= BY_MAX_CHARACTERS);
    if (!good) rc = find_bad_row(r, row->version, "its created_by is not UTF-8 of at most 128 characters", err);
    good = row->message == NULL ||
           (row->message_length <= MESSAGE_MAX_BYTES && utf8_check(row->message, row->message_length, &facts));
    if (rc == 0 && !good) rc = find_bad_row(r, row->version, "its message is not UTF-8 of at most 65535 bytes", err);
    catalog_time(row->at, row->at_length, time);
    if (rc != 0 || time[0] != '\0') return rc;
    const char *said = row->at != NULL ? record_shown(shown, row->at, row->at_length) : "nothing";
    return doctor_find(r->doctor, DOCTOR_VERSION_ROW, REMEDY_NONE, NULL, err,
                       "version %lld: its created_at is not a time: %s", (long long)row->version, said);
}

/* ---- from row to row ---- */

/* Notes the versions between two rows. `after`: what the one behind them begins with. */
static int find_gap(struct reading *r, int64_t first, int64_t last, const char *after, size_t length,
                    flexdb_error *err) {
    flexdb_doctor *d = r->doctor;
    if (first < last)
        return doctor_find(d, DOCTOR_VERSION_MISSING, REMEDY_NONE, NULL, err, "versions %lld to %lld are missing",
                           (long long)first, (long long)last);
    if (!d->repair || after == NULL || r->gap_count == MAX_GAPS || (first > 1 && r->made.length == 0))
        return doctor_find(d, DOCTOR_VERSION_MISSING, REMEDY_NONE, NULL, err, "version %lld is missing",
                           (long long)first);
    struct gap *g = &r->gaps[r->gap_count++];
    *g = (struct gap){.version = first, .after = text_dup(after, length)};
    if (first > 1) g->before = text_dup(r->made.data, r->made.length);
    return g->after == NULL || (first > 1 && g->before == NULL) ? error_no_memory(err) : 0;
}

static int check_chain(struct reading *r, const struct version_row *row, flexdb_error *err) {
    bool same = true;
    if (row->version == 1)
        same = row->previous == NULL;
    else if (row->version != r->last + 1)
        return 0; /* what it begins with is missing */
    else if (row->previous == NULL)
        same = false;
    else {
        int rc = same_definition(row->previous, row->previous_length, r->made.data, r->made.length, true, &same, err);
        if (rc != 0) return rc;
    }
    if (same) return 0;
    if (row->version == 1)
        return doctor_find(r->doctor, DOCTOR_VERSION_CHAIN, REMEDY_NONE, NULL, err,
                           "version 1 follows another definition, though it is the first");
    return doctor_find(r->doctor, DOCTOR_VERSION_CHAIN, REMEDY_NONE, NULL, err,
                       "version %lld does not follow the definition of version %lld", (long long)row->version,
                       (long long)row->version - 1);
}

static int check_version(struct reading *r, const struct version_row *row, flexdb_error *err) {
    int rc = 0;
    r->doctor->report.versions++;
    if (row->version < 1) return find_bad_row(r, row->version, "versions are counted from 1", err);
    if (row->version == r->last)
        return doctor_find(r->doctor, DOCTOR_VERSION_TWIN, REMEDY_NONE, NULL, err, "version %lld is there twice",
                           (long long)row->version);
    if (row->version > r->last + 1)
        rc = find_gap(r, r->last + 1, row->version - 1, row->previous, row->previous_length, err);
    if (rc == 0) rc = check_id(r, row, err);
    if (rc == 0) rc = check_definition(r, row, err);
    if (rc == 0) rc = check_changes(r, row, err);
    if (rc == 0) rc = check_texts(r, row, err);
    if (rc == 0) rc = check_chain(r, row, err);
    r->last = row->version;
    buffer_reset(&r->made);
    buffer_append(&r->made, row->next, row->next_length);
    return rc == 0 && buffer_failed(&r->made) ? error_no_memory(err) : rc;
}

static int read_rows(struct reading *r, flexdb_error *err) {
    struct engine *e = doctor_engine(r->doctor);
    const char *id = r->doctor->patient.row.id;
    flexdb_value value = value_text(id, strlen(id));
    struct statement *s;
    int rc = doctor_query(r->doctor, &s, inspect_sql(e->dialect, INSPECT_VERSIONS), &value, 1, err);
    while (rc == 1) {
        struct version_row row;
        rc = read_row(e, s, &row, err);
        if (rc == 0) rc = check_version(r, &row, err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

/* ---- the last one ---- */

/* The last row is the truth about the number where its definition is the current one. */
static int check_last(struct reading *r, flexdb_error *err) {
    flexdb_doctor *d = r->doctor;
    const struct catalog_row *row = &d->patient.row;
    bool same = false;
    int rc = r->made.length == 0
                 ? 0
                 : same_definition(row->schema, row->schema_length, r->made.data, r->made.length, false, &same, err);
    if (rc != 0 || (same && r->last == row->version)) return rc;
    if (same) {
        r->correction->entry.version = r->last;
        r->correction->any = true;
        return doctor_find(d, DOCTOR_VERSION_LAST, doctor_remedy(d), NULL, err,
                           "flex_tables says version %lld, the last one is %lld", (long long)row->version,
                           (long long)r->last);
    }
    bool certain = validator_definition(d->patient.validator)->version == row->version;
    if (r->last < row->version)
        return find_gap(r, r->last + 1, row->version, certain ? row->schema : NULL, row->schema_length, err);
    return doctor_find(d, DOCTOR_VERSION_LAST, REMEDY_NONE, NULL, err,
                       "the definition in flex_tables is not the one of version %lld", (long long)r->last);
}

/* ---- putting back ---- */

static int define(const char *text, struct validator **out, flexdb_error *err) {
    *out = NULL;
    return validator_parse(out, text, strlen(text), DEFINITION_STORED, err);
}

/* The changes from one definition to the next, as a version row stores them. */
static int make_changes(const struct gap *g, cJSON **out, flexdb_error *err) {
    struct validator *before = NULL, *after = NULL;
    cJSON *diff = NULL;
    *out = NULL;
    int rc = define(g->after, &after, err);
    if (rc == 0 && g->before != NULL) rc = define(g->before, &before, err);
    if (rc == 0 && before != NULL)
        rc = changes_diff(&diff, validator_definition(before), validator_definition(after), err);
    if (rc == 0) *out = before != NULL ? changes_stored(diff) : cJSON_CreateArray();
    if (rc == 0 && *out == NULL) rc = error_no_memory(err);
    cJSON_Delete(diff);
    validator_drop(before);
    validator_drop(after);
    return rc;
}

static int insert_version(flexdb_doctor *d, const struct gap *g, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    cJSON *changes;
    int rc = engine_begin(e, err);
    if (rc != 0) return rc;
    rc = make_changes(g, &changes, err);
    if (rc == 0) {
        const struct catalog_entry entry = {
            .id = d->patient.row.id, .schema = g->after, .schema_length = strlen(g->after), .version = g->version};
        rc = catalog_insert_version(e, &entry, g->before, g->before != NULL ? strlen(g->before) : 0, changes,
                                    d->db->actor, "put back by doctor", err);
    }
    cJSON_Delete(changes);
    if (rc == 0) return engine_commit(e, err);
    engine_rollback(e);
    return rc;
}

static int put_back(flexdb_doctor *d, const struct gap *g, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    int rc = insert_version(d, g, &why);
    if (rc == 0 || rc == -FLEXDB_DUPLICATE || rc == -FLEXDB_INVALID_SCHEMA || rc == -FLEXDB_INVALID_DOCUMENT)
        rc = doctor_find(d, DOCTOR_VERSION_MISSING, rc == 0 ? REMEDY_DONE : REMEDY_NONE, NULL, err,
                         "version %lld is missing%s", (long long)g->version, rc == 0 ? "; its neighbours tell it" : "");
    else
        error_move(err, &why);
    error_clear(&why);
    return err->code != FLEXDB_OK ? -(int)err->code : rc;
}

int doctor_check_versions(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    struct reading *r = calloc(1, sizeof *r);
    if (r == NULL) return error_no_memory(err);
    r->doctor = d;
    r->correction = c;
    int rc = read_rows(r, err);
    if (rc == 0) rc = check_last(r, err);
    for (size_t i = 0; i < r->gap_count; i++) {
        if (rc == 0) rc = put_back(d, &r->gaps[i], err);
        free(r->gaps[i].before);
        free(r->gaps[i].after);
    }
    buffer_free(&r->made);
    free(r);
    return rc;
}
