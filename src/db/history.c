#include "db/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "db/table.h"
#include "model/changes.h"

enum version_column {
    VERSION_NUMBER,
    VERSION_PREVIOUS,
    VERSION_NEW,
    VERSION_CHANGES,
    VERSION_CREATED_BY,
    VERSION_CREATED_AT,
    VERSION_MESSAGE
};

enum { LAST_VERSION = INT32_MAX };

static int query_versions(struct engine *e, const char *table_id, int64_t from, int64_t to, bool schemas,
                          struct statement **s, flexdb_error *err) {
    const flexdb_value values[] = {value_text(table_id, strlen(table_id)), value_integer(from), value_integer(to)};
    const char *sql = catalog_sql(e->dialect, schemas ? CATALOG_VERSIONS : CATALOG_VERSIONS_BRIEF);
    return engine_query(e, s, sql, strlen(sql), values, 3, err);
}

/* What does not read as our own document, `what`, is a fault of the database. */
static int corrupt(const char *what, flexdb_error *err) {
    error_close_issues(err, FLEXDB_CORRUPT);
    if (err->code == FLEXDB_INVALID_SCHEMA || err->code == FLEXDB_INVALID_DOCUMENT) err->code = FLEXDB_CORRUPT;
    if (err->code == FLEXDB_CORRUPT) error_prefix(err, "stored %s: ", what);
    return -(int)err->code;
}

static int parse_stored(const char *text, size_t length, cJSON **tree, flexdb_error *err) {
    return document_parse(tree, text, length, err) != 0 ? corrupt("definition", err) : 0;
}

/* Takes the tree. */
static int define(cJSON *tree, struct definition **out, flexdb_error *err) {
    int rc = definition_parse(out, tree, DEFINITION_STORED, err);
    if (rc == 0 && err->issue_count == 0) return 0;
    definition_free(*out);
    *out = NULL;
    return corrupt("definition", err);
}

/* ---- entries ---- */

/* A stored definition in the form that scripts see. */
static int put_schema(const char *text, size_t length, struct buffer *out, flexdb_error *err) {
    cJSON *tree;
    struct definition *definition = NULL;
    int rc = parse_stored(text, length, &tree, err);
    if (rc == 0) rc = define(tree, &definition, err);
    if (rc != 0) return rc;
    cJSON *seen = definition_document(definition, PRINT_PUBLIC);
    definition_free(definition);
    if (seen == NULL) return error_no_memory(err);
    document_print(seen, out);
    cJSON_Delete(seen);
    return 0;
}

static int put_changes(const char *text, size_t length, struct buffer *out, flexdb_error *err) {
    cJSON *tree;
    if (document_parse(&tree, text, length, err) != 0) return corrupt("changes", err);
    cJSON_Delete(tree);
    buffer_append(out, text, length);
    return 0;
}

static int put_words(const char *text, size_t length, const char *key, struct buffer *out, flexdb_error *err) {
    struct utf8_facts facts;
    if (!utf8_check(text, length, &facts)) return error_set(err, FLEXDB_CORRUPT, "stored %s: is not valid UTF-8", key);
    json_write_string(out, text, length);
    return 0;
}

static int put_text(struct engine *e, struct statement *s, enum version_column column, const char *key,
                    struct buffer *out, flexdb_error *err) {
    const char *text;
    size_t length;
    int rc = engine_text(e, s, column, &text, &length, err);
    if (rc != 0 || text == NULL) return rc;
    buffer_printf(out, ",\"%s\":", key);
    if (column == VERSION_PREVIOUS || column == VERSION_NEW) return put_schema(text, length, out, err);
    if (column == VERSION_CHANGES) return put_changes(text, length, out, err);
    if (column != VERSION_CREATED_AT) return put_words(text, length, key, out, err);
    char time[DATETIME_TEXT_SIZE];
    catalog_time(text, length, time);
    json_write_string(out, time, strlen(time));
    return 0;
}

static int put_entry(struct engine *e, struct statement *s, struct buffer *out, flexdb_error *err) {
    static const struct {
        enum version_column column;
        const char *key;
    } members[] = {
        {VERSION_CHANGES, "changes"},      {VERSION_PREVIOUS, "previousSchema"}, {VERSION_NEW, "newSchema"},
        {VERSION_CREATED_BY, "createdBy"}, {VERSION_CREATED_AT, "createdAt"},    {VERSION_MESSAGE, "message"},
    };
    int64_t version;
    int rc = engine_integer(e, s, VERSION_NUMBER, &version, err);
    if (rc != 0) return rc;
    buffer_printf(out, "{\"version\":%lld", (long long)version);
    for (size_t i = 0; rc == 0 && i < sizeof members / sizeof members[0]; i++)
        rc = put_text(e, s, members[i].column, members[i].key, out, err);
    buffer_put(out, '}');
    if (rc == 0 && err->code != FLEXDB_OK) rc = -(int)err->code;
    return rc;
}

static int no_version(const char *table, int64_t version, flexdb_error *err) {
    return error_set(err, FLEXDB_NOT_FOUND, "table \"%s\" has no version %lld", table, (long long)version);
}

int history_entry(struct engine *e, const char *table_id, int64_t version, struct buffer *out, flexdb_error *err) {
    struct statement *s;
    int rc = query_versions(e, table_id, version, version, true, &s, err);
    if (rc == 1)
        rc = put_entry(e, s, out, err);
    else if (rc == 0)
        rc = no_version(table_id, version, err);
    engine_finalize(e, s);
    if (rc == 0 && buffer_failed(out)) rc = error_no_memory(err);
    return rc;
}

int flexdb_history(flexdb_table *table, int64_t from, int64_t to, bool schemas, struct buffer *out, flexdb_error *err) {
    int rc = table_enter(table, ENGINE_READ, NULL, err);
    if (rc == 0) rc = table_reload(table, false, err);
    if (rc < 0) return rc;
    struct engine *e = table->db->engine;
    struct statement *s;
    rc = query_versions(e, table->state->id, from > 0 ? from : 1, to > 0 && to < LAST_VERSION ? to : LAST_VERSION,
                        schemas, &s, err);
    buffer_put(out, '[');
    for (bool first = true; rc == 1; first = false) {
        if (!first) buffer_put(out, ',');
        rc = put_entry(e, s, out, err);
        if (rc == 0) rc = engine_step(e, s, err);
    }
    buffer_put(out, ']');
    engine_finalize(e, s);
    if (rc == 0 && buffer_failed(out)) rc = error_no_memory(err);
    return rc;
}

/* ---- definitions ---- */

/* Of any version, read for its words alone. */
static int read_document(struct engine *e, const struct table_state *s, int64_t version, cJSON **out,
                         flexdb_error *err) {
    *out = NULL;
    struct statement *statement;
    int rc =
        version > 0 && version < LAST_VERSION ? query_versions(e, s->id, version, version, true, &statement, err) : 0;
    if (rc == 0) return no_version(s->name, version, err);
    if (rc < 0) return rc;
    const char *text;
    size_t length;
    rc = engine_text(e, statement, VERSION_NEW, &text, &length, err);
    if (rc == 0) rc = parse_stored(text, length, out, err);
    engine_finalize(e, statement);
    return rc;
}

int history_definition(struct engine *e, const struct table_state *s, int64_t version, cJSON **out, flexdb_error *err) {
    *out = NULL;
    if (version > 0 && version < s->layout->kept_from)
        return error_set(err, FLEXDB_NOT_FOUND, "version %lld of table \"%s\" was purged, the oldest is %lld",
                         (long long)version, s->name, (long long)s->layout->kept_from);
    return read_document(e, s, version, out, err);
}

int history_read(struct engine *e, const struct table_state *s, int64_t version, struct definition **out,
                 flexdb_error *err) {
    cJSON *tree;
    *out = NULL;
    int rc = history_definition(e, s, version, &tree, err);
    return rc != 0 ? rc : define(tree, out, err);
}

/* For its words alone: the way on which values came leads through versions whose values are gone. */
static int read_definition(struct engine *e, const struct table_state *s, int64_t version, struct definition **out,
                           flexdb_error *err) {
    cJSON *tree;
    *out = NULL;
    int rc = read_document(e, s, version, &tree, err);
    return rc != 0 ? rc : define(tree, out, err);
}

/* 1 with the column of this key alone, 0 where the version has none, or -FLEXDB_NOT_FOUND with `err` unset where it is
 * gone itself. */
static int read_column(struct engine *e, const struct table_state *s, int64_t version, const char *key,
                       struct validator **column, flexdb_error *err) {
    flexdb_error why = FLEXDB_ERROR_INIT;
    struct definition *d = NULL;
    int rc = read_definition(e, s, version, &d, &why);
    if (rc == -FLEXDB_NOT_FOUND)
        error_clear(&why);
    else if (rc != 0)
        error_move(err, &why);
    const struct column *found = rc == 0 ? definition_find_key(d, key, strlen(key)) : NULL;
    if (found != NULL) rc = validator_of_column(column, found, err);
    definition_free(d);
    return found != NULL && rc == 0 ? 1 : rc;
}

int history_last_with(struct engine *e, const struct table_state *s, const char *key, int64_t *version,
                      struct validator **column, flexdb_error *err) {
    int rc = 0;
    for (*version = s->version; *version > 0; --*version) {
        rc = read_column(e, s, *version, key, column, err);
        if (rc != 0) break;
    }
    return rc == -FLEXDB_NOT_FOUND ? 0 : rc;
}

int history_first_with(struct engine *e, const struct table_state *s, const char *key, struct validator **column,
                       flexdb_error *err) {
    int rc = 0;
    for (int64_t version = 1; version <= s->version; version++) {
        rc = read_column(e, s, version, key, column, err);
        if (rc != 0 && rc != -FLEXDB_NOT_FOUND) break;
    }
    return rc == -FLEXDB_NOT_FOUND ? 0 : rc;
}

int flexdb_table_diff(flexdb_table *table, int64_t from, int64_t to, struct buffer *out, flexdb_error *err) {
    int rc = table_enter(table, ENGINE_READ, NULL, err);
    if (rc == 0) rc = table_reload(table, false, err);
    if (rc < 0) return rc;
    struct engine *e = table->db->engine;
    struct definition *before = NULL, *after = NULL;
    rc = history_read(e, table->state, from, &before, err);
    if (rc == 0) rc = history_read(e, table->state, to, &after, err);
    if (rc == 0) rc = changes_print_diff(before, after, out, err);
    definition_free(before);
    definition_free(after);
    return rc;
}
