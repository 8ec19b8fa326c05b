#include "db/references.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "db/record.h"
#include "sql/records.h"

/* Statements are made for these numbers of ids, so that few texts serve all. */
static const size_t list_sizes[] = {1, 8, 64, 512};
enum { LIST_SIZES = 4, LIST_MAX = 512 };

static size_t list_size(size_t count) {
    size_t i = 0;
    while (i + 1 < LIST_SIZES && list_sizes[i] < count) i++;
    return list_sizes[i];
}

/* Where to look, and how. */
struct look {
    struct engine *engine;
    const char *table;
    bool hold;
};

/* Marks what one statement finds of at most LIST_MAX ids. */
static int find_some(const struct look *look, const flexdb_value *ids, size_t count, const struct names *places,
                     bool *found, flexdb_error *err) {
    struct engine *e = look->engine;
    flexdb_value values[LIST_MAX];
    size_t size = list_size(count);
    for (size_t i = 0; i < size; i++) values[i] = ids[i < count ? i : count - 1];
    struct buffer sql = BUFFER_INIT;
    records_exist(e->dialect, look->table, size, look->hold, &sql);
    struct statement *s = NULL;
    int rc = buffer_failed(&sql) ? error_no_memory(err) : engine_query(e, &s, sql.data, sql.length, values, size, err);
    while (rc == 1) {
        const char *id;
        size_t length;
        rc = engine_text(e, s, 0, &id, &length, err);
        if (rc != 0) break;
        int64_t place = names_find(places, id, length);
        if (place != NAMES_NONE) found[place] = true;
        rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    buffer_free(&sql);
    return rc;
}

/* Looks for each id once: `distinct` has room for all, `known` too. */
static int find_distinct(const struct look *look, const flexdb_value *ids, size_t count, struct names *places,
                         flexdb_value *distinct, bool *known, bool *found, flexdb_error *err) {
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        int added = names_add(places, ids[i].as.text, ids[i].length, (uint32_t)kept);
        if (added < 0) rc = error_no_memory(err);
        if (added == 1) distinct[kept++] = ids[i];
    }
    for (size_t i = 0; rc == 0 && i < kept; i += LIST_MAX)
        rc = find_some(look, distinct + i, kept - i < LIST_MAX ? kept - i : LIST_MAX, places, known, err);
    for (size_t i = 0; rc == 0 && i < count; i++) found[i] = known[names_find(places, ids[i].as.text, ids[i].length)];
    return rc;
}

int references_look(struct engine *e, const char *table, const flexdb_value *ids, size_t count, bool hold, bool *found,
                    flexdb_error *err) {
    for (size_t i = 0; i < count; i++) found[i] = false;
    if (table[0] == '\0' || count == 0) return 0;
    const struct look look = {e, table, hold};
    struct names places = NAMES_INIT;
    flexdb_value *distinct = calloc(count, sizeof *distinct);
    bool *known = calloc(count, sizeof *known);
    int rc = distinct != NULL && known != NULL ? find_distinct(&look, ids, count, &places, distinct, known, found, err)
                                               : error_no_memory(err);
    names_free(&places);
    free(distinct);
    free(known);
    return rc;
}

int references_exist(struct engine *e, const char *table, const flexdb_value *ids, size_t count, bool *found,
                     flexdb_error *err) {
    return references_look(e, table, ids, count, true, found, err);
}

int references_target(const struct table_state *s, const char *target_id, char out[PHYSICAL_NAME_SIZE],
                      flexdb_error *err) {
    out[0] = '\0';
    if (target_id == NULL) return 0;
    if (strcmp(target_id, s->id) == 0) {
        memcpy(out, s->layout->table, PHYSICAL_NAME_SIZE);
        return 0;
    }
    struct table_state *target = NULL;
    int rc = state_find(&target, s->engine, CATALOG_TABLE_BY_ID, &target_id, 1, err);
    if (rc == 1 && target->active) memcpy(out, target->layout->table, PHYSICAL_NAME_SIZE);
    state_drop(target);
    return rc < 0 ? rc : 0;
}

void references_issue(const struct table_state *s, const struct state_reference *r, const flexdb_value *id,
                      flexdb_error *err) {
    const struct column *c = validator_column(s->validator, r->slot)->column;
    char *got = record_excerpt(id);
    error_issue(err, c->name, "reference", NULL, got, "no record %s is in table \"%s\"", got != NULL ? got : "",
                c->rules.target_table != NULL ? c->rules.target_table : "");
    free(got);
}

static int add_missing(const struct table_state *s, const flexdb_value *values, const flexdb_value *given,
                       const char *id, size_t id_length, bool hold, flexdb_error *err) {
    for (size_t i = 0; i < s->reference_count; i++) {
        const struct state_reference *r = &s->references[i];
        const flexdb_value *value = &values[r->slot];
        if (value->tag != FLEXDB_TEXT || (given != NULL && given[r->slot].tag == FLEXDB_ABSENT)) continue;
        if (r->self && id != NULL && value->length == id_length && memcmp(value->as.text, id, id_length) == 0) continue;
        bool found;
        int rc = references_look(s->engine, r->table, value, 1, hold, &found, err);
        if (rc != 0) return rc;
        if (!found) references_issue(s, r, value, err);
    }
    return 0;
}

int references_explain(const struct table_state *s, const flexdb_value *values, const flexdb_value *given,
                       const char *id, size_t id_length, flexdb_error *err) {
    int rc = add_missing(s, values, given, id, id_length, true, err);
    return rc != 0 ? rc : error_close_issues(err, FLEXDB_REFERENCE);
}

int references_add_missing(const struct table_state *s, const flexdb_value *values, const flexdb_value *given,
                           const char *id, size_t id_length, flexdb_error *err) {
    return add_missing(s, values, given, id, id_length, false, err);
}

/* ---- who refers to a record ---- */

static const struct layout_column *physical_of_slot(const struct table_state *s, size_t slot) {
    for (size_t i = 0; i < s->physical_count; i++)
        if (s->physicals[i].slot == slot) return s->physicals[i].column;
    return NULL;
}

static int refuse_delete(const struct table_state *referrer, size_t slot, const char *id, size_t length,
                         flexdb_error *err) {
    const struct column *c = validator_column(referrer->validator, slot)->column;
    if (c->rules.on_delete == ON_DELETE_RESTRICT)
        return error_set(err, FLEXDB_REFERENCE, "record \"%.*s\" is referred to by column \"%s\" of table \"%s\"",
                         (int)length, id, c->name, referrer->name);
    return error_set(err, FLEXDB_UNSUPPORTED,
                     "record \"%.*s\" is referred to by column \"%s\" of table \"%s\", whose onDelete is %s: deleting "
                     "along with references is not built yet",
                     (int)length, id, c->name, referrer->name, on_delete_name(c->rules.on_delete));
}

/* Whether a live record refers to the id by reference number `i` of its table: 1 or 0. */
static int refers(const struct table_state *s, const struct table_state *referrer, size_t i, const char *id,
                  size_t length, flexdb_error *err) {
    const struct state_reference *r = &referrer->references[i];
    if (r->target_id == NULL || strcmp(r->target_id, s->id) != 0) return 0;
    const struct layout_column *column = physical_of_slot(referrer, r->slot);
    if (column == NULL) return 0;
    struct buffer sql = BUFFER_INIT;
    struct statement *found = NULL;
    records_referrer(s->engine->dialect, referrer->layout, column, &sql);
    flexdb_value value = value_text(id, length);
    int rc = buffer_failed(&sql) ? error_no_memory(err)
                                 : engine_query(s->engine, &found, sql.data, sql.length, &value, 1, err);
    engine_finalize(s->engine, found);
    buffer_free(&sql);
    return rc;
}

static int check_referrer(const struct table_state *s, struct table_state *referrer, const char *id, size_t length,
                          flexdb_error *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < referrer->reference_count; i++) {
        rc = refers(s, referrer, i, id, length, err);
        if (rc == 1) rc = refuse_delete(referrer, referrer->references[i].slot, id, length, err);
    }
    return rc;
}

static int find_referrer(const struct table_state *s, struct table_state *referrer, const char *id, size_t length,
                         flexdb_error *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < referrer->reference_count; i++) rc = refers(s, referrer, i, id, length, err);
    return rc;
}

/* Calls `visit` for each live table that has, or had, a reference column to `s`, until one returns something. */
typedef int (*referrer_visit)(const struct table_state *s, struct table_state *referrer, const char *id, size_t length,
                              flexdb_error *err);

static int each_referrer(const struct table_state *s, referrer_visit visit, const char *id, size_t length,
                         flexdb_error *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->layout->referrer_count; i++) {
        const char *table_id = s->layout->referrers[i];
        struct table_state *referrer;
        rc = state_find(&referrer, s->engine, CATALOG_TABLE_BY_ID, &table_id, 1, err);
        if (rc == 1) rc = referrer->active ? visit(s, referrer, id, length, err) : 0;
        state_drop(referrer);
    }
    return rc;
}

int references_check_deleted(const struct table_state *s, const char *id, size_t length, flexdb_error *err) {
    return each_referrer(s, check_referrer, id, length, err);
}

int references_find_referrer(const struct table_state *s, const char *id, size_t length, flexdb_error *err) {
    return each_referrer(s, find_referrer, id, length, err);
}

static int refuse_drop(const struct table_state *s, struct table_state *referrer, const char *id, size_t length,
                       flexdb_error *err) {
    (void)id, (void)length;
    if (strcmp(referrer->id, s->id) == 0) return 0;
    for (size_t i = 0; i < referrer->reference_count; i++) {
        const struct state_reference *r = &referrer->references[i];
        if (r->target_id != NULL && strcmp(r->target_id, s->id) == 0)
            return error_set(err, FLEXDB_REFERENCE, "table \"%s\" is referred to by column \"%s\" of table \"%s\"",
                             s->name, validator_column(referrer->validator, r->slot)->column->name, referrer->name);
    }
    return 0;
}

int references_check_dropped(const struct table_state *s, flexdb_error *err) {
    return each_referrer(s, refuse_drop, NULL, 0, err);
}
