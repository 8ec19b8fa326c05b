/* From the engine's word for a violated unique index to one issue for each value of the record that is taken. */
#include <stdlib.h>
#include <string.h>

#include "db/unique.h"
#include "db/write.h"
#include "sql/ddl.h"

static void add_id(const flexdb_value *id, flexdb_error *found) {
    char *got = record_excerpt(id);
    error_issue(found, "id", "unique", NULL, got, "%s is taken", got != NULL ? got : "the value");
    free(got);
}

/* Whether another record holds the values in these physical columns, or with none of them the id. `parameters` has room
 * for one more behind them. */
static int is_held(const struct table_state *s, const struct layout_column *const columns[], size_t count,
                   flexdb_value *parameters, int64_t own_seq, flexdb_error *err) {
    struct buffer sql = BUFFER_INIT;
    records_holder(s->engine->dialect, s->layout, columns, count, &sql);
    if (buffer_failed(&sql)) {
        buffer_free(&sql);
        return error_no_memory(err);
    }
    size_t parameter_count = count == 0 ? 1 : count;
    parameters[parameter_count++] = value_integer(own_seq);
    struct statement *statement;
    int rc = engine_query(s->engine, &statement, sql.data, sql.length, parameters, parameter_count, err);
    engine_finalize(s->engine, statement);
    buffer_free(&sql);
    return rc;
}

static int is_id_held(const struct table_state *s, const flexdb_value *id, int64_t own_seq, flexdb_error *err) {
    flexdb_value parameters[2] = {*id};
    return is_held(s, NULL, 0, parameters, own_seq, err);
}

/* Whether another record holds what `u` keeps apart; 0 when this one has no value in one of its columns. */
static int is_shared(const struct table_state *s, const struct state_unique *u, const flexdb_value *entries,
                     int64_t own_seq, flexdb_error *err) {
    const struct layout_column *columns[INDEX_MAX_COLUMNS];
    flexdb_value parameters[INDEX_MAX_COLUMNS + 1];
    for (size_t i = 0; i < u->count; i++) {
        if (value_is_none(&entries[u->places[i]])) return 0;
        columns[i] = s->physicals[u->places[i]].column;
        parameters[i] = entries[u->places[i]];
    }
    return is_held(s, columns, u->count, parameters, own_seq, err);
}

int write_add_held(const struct table_state *s, const flexdb_value *values, const flexdb_value *id, int64_t own_seq,
                   flexdb_error *found, flexdb_error *err) {
    int rc = own_seq == 0 && id->length != 0 ? is_id_held(s, id, own_seq, err) : 0;
    if (rc == 1) add_id(id, found);
    flexdb_value entries[DEFINITION_MAX_PHYSICAL];
    struct buffer scratch = BUFFER_INIT;
    if (rc >= 0) rc = record_physicals(s, values, entries, &scratch, err);
    for (size_t i = 0; rc >= 0 && i < s->unique_count; i++) {
        rc = is_shared(s, &s->uniques[i], entries, own_seq, err);
        const struct unique_rule rule = unique_of_state(s, &s->uniques[i]);
        if (rc == 1) unique_taken(s->validator, &rule, values, found);
    }
    buffer_free(&scratch);
    return rc < 0 ? rc : 0;
}

/* The place in the state's list of what the engine named: a column, or an index; the count when it is none of them. */
static size_t find_violated(const struct table_state *s, const char *detail) {
    const struct dialect *d = s->engine->dialect;
    const struct layout_column *column = ddl_violated(d, s->layout, detail);
    const struct layout_index *index = ddl_violated_index(d, s->layout, detail);
    for (size_t i = 0; i < s->unique_count; i++) {
        const struct state_unique *u = &s->uniques[i];
        size_t count = index != NULL ? index->count : column != NULL ? 1 : 0, k = 0;
        if (u->count != count) continue;
        while (k < count &&
               s->physicals[u->places[k]].column == (index != NULL ? &s->layout->columns[index->columns[k]] : column))
            k++;
        if (k == count) return i;
    }
    return s->unique_count;
}

/* What the engine named, when nobody holds the value any more. */
static void name_violated(const struct table_state *s, const flexdb_value *values, const flexdb_value *id,
                          const char *detail, flexdb_error *found) {
    size_t i = find_violated(s, detail);
    if (i < s->unique_count) {
        const struct unique_rule rule = unique_of_state(s, &s->uniques[i]);
        unique_taken(s->validator, &rule, values, found);
    } else if (ddl_violated_id(s->engine->dialect, s->layout, detail)) {
        add_id(id, found);
    }
}

int write_explain_duplicate(const struct table_state *s, const flexdb_value *values, const flexdb_value *id,
                            int64_t own_seq, flexdb_error *err) {
    flexdb_error found = FLEXDB_ERROR_INIT, failed = FLEXDB_ERROR_INIT;
    int rc = write_add_held(s, values, id, own_seq, &found, &failed);
    if (rc == 0 && found.issue_count == 0) name_violated(s, values, id, err->detail, &found);
    if (rc == 0 && found.issue_count != 0) {
        rc = error_close_issues(&found, FLEXDB_DUPLICATE);
        error_clear(err);
        error_move(err, &found);
    } else if (rc == 0) {
        rc = -FLEXDB_DUPLICATE; /* an index of nobody's: the engine's words are all there is */
    } else {
        error_clear(err);
        error_move(err, &failed);
    }
    error_clear(&found);
    error_clear(&failed);
    return rc;
}
