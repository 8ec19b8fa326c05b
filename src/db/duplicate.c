/* From the engine's word for a violated unique index to one issue for each value of the record that is taken. */
#include <stdlib.h>
#include <string.h>

#include "db/write.h"
#include "sql/ddl.h"

static void add_issue(const char *path, const flexdb_value *value, flexdb_error *found) {
    char *got = record_excerpt(value);
    error_issue(found, path, "unique", NULL, got, "%s is taken", got != NULL ? got : "the value");
    free(got);
}

/* Whether another record holds the value: of a physical column, or with NULL as its id. */
static int is_held(const struct table_state *s, const struct layout_column *column, const flexdb_value *value,
                   int64_t own_seq, flexdb_error *err) {
    struct buffer sql = BUFFER_INIT;
    records_holder(s->engine->dialect, s->layout, column, &sql);
    if (buffer_failed(&sql)) {
        buffer_free(&sql);
        return error_no_memory(err);
    }
    const flexdb_value parameters[] = {*value, value_integer(own_seq)};
    struct statement *statement;
    int rc = engine_query(s->engine, &statement, sql.data, sql.length, parameters, 2, err);
    engine_finalize(s->engine, statement);
    buffer_free(&sql);
    return rc;
}

/* In the order of the definition, behind the id, whichever index the engine has met first. */
static int find_held(const struct table_state *s, const flexdb_value *values, const flexdb_value *id, int64_t own_seq,
                     flexdb_error *found, flexdb_error *err) {
    int rc = own_seq == 0 ? is_held(s, NULL, id, own_seq, err) : 0;
    if (rc == 1) add_issue("id", id, found);
    flexdb_value entries[DEFINITION_MAX_PHYSICAL];
    struct buffer scratch = BUFFER_INIT;
    if (rc >= 0) rc = record_physicals(s, values, entries, &scratch, err);
    const flexdb_shape *shape = validator_shape(s->validator);
    for (size_t slot = 0; rc >= 0 && slot < shape->columns; slot++) {
        for (size_t i = 0; rc >= 0 && i < s->physical_count; i++) {
            const struct state_physical *p = &s->physicals[i];
            if (p->slot != slot || !p->column->unique || value_is_none(&entries[i])) continue;
            rc = is_held(s, p->column, &entries[i], own_seq, err);
            if (rc == 1) add_issue(shape->fields[slot].name, &values[slot], found);
        }
    }
    buffer_free(&scratch);
    return rc < 0 ? rc : 0;
}

/* What the engine named, when nobody holds the value any more. */
static void name_violated(const struct table_state *s, const flexdb_value *values, const flexdb_value *id,
                          const char *detail, flexdb_error *found) {
    const struct layout_column *column = ddl_violated(s->engine->dialect, s->layout, detail);
    for (size_t i = 0; column != NULL && i < s->physical_count; i++) {
        size_t slot = s->physicals[i].slot;
        if (s->physicals[i].column == column)
            add_issue(validator_shape(s->validator)->fields[slot].name, &values[slot], found);
    }
    if (column == NULL && ddl_violated_id(s->engine->dialect, s->layout, detail)) add_issue("id", id, found);
}

int write_explain_duplicate(const struct table_state *s, const flexdb_value *values, const flexdb_value *id,
                            int64_t own_seq, flexdb_error *err) {
    flexdb_error found = FLEXDB_ERROR_INIT, failed = FLEXDB_ERROR_INIT;
    int rc = find_held(s, values, id, own_seq, &found, &failed);
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
