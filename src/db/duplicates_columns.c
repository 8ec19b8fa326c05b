/* Duplicates where physical columns hold the values: the engine groups them. */
#include <string.h>

#include "base/arena.h"
#include "db/duplicates_parts.h"
#include "sql/repeated.h"

/* Values that are shared, as the physical columns hold them. */
struct shared {
    struct arena arena;
    struct repeated_columns columns;
    const struct layout_column *room[INDEX_MAX_COLUMNS];
    int64_t first[DUPLICATES_VALUES]; /* seq */
    flexdb_value entries[DUPLICATES_VALUES * INDEX_MAX_COLUMNS];
};

/* Whether the old table keeps every column of the rule, as it is to be, in a physical one. */
static bool find_columns(const struct duplicates_search *s, struct shared *shared) {
    const struct unique_rule *rule = &s->found->rule;
    if (duplicates_change(s->source, rule)) return false;
    for (size_t i = 0; i < rule->count; i++) {
        const struct compiled_column *c = validator_column(s->to, rule->slots[i]);
        const struct layout_column *have = layout_find(s->from->layout, c->column->key);
        if (have == NULL || have->kind != c->physical) return false;
        shared->room[i] = have;
    }
    shared->columns = (struct repeated_columns){.columns = shared->room, .count = rule->count};
    return true;
}

static int run(const struct duplicates_search *s, struct buffer *sql, const flexdb_value *values, size_t count,
               struct statement **out, flexdb_error *err) {
    *out = NULL;
    if (buffer_failed(sql)) return error_no_memory(err);
    return engine_query(s->from->engine, out, sql->data, sql->length, values, count, err);
}

static int read_total(const struct duplicates_search *s, const struct shared *shared, flexdb_error *err) {
    struct engine *e = s->from->engine;
    struct buffer sql = BUFFER_INIT;
    struct statement *statement;
    repeated_total(e->dialect, s->from->layout, shared->columns, &sql);
    int rc = run(s, &sql, NULL, 0, &statement, err);
    if (rc == 1) rc = engine_integer(e, statement, 0, &s->found->values, err);
    if (rc == 0) rc = engine_integer(e, statement, 1, &s->found->records, err);
    engine_finalize(e, statement);
    buffer_free(&sql);
    return rc;
}

/* ---- which values ---- */

/* A copy of a row's values, from column `at` of the result on. */
static int keep_entries(struct engine *e, struct statement *statement, size_t at, struct shared *shared, size_t value,
                        flexdb_error *err) {
    for (size_t i = 0; i < shared->columns.count; i++) {
        flexdb_value *entry = &shared->entries[value * shared->columns.count + i];
        int rc = engine_driver(e)->column(statement, at + i, entry, err);
        if (rc != 0) return rc;
        if (entry->tag != FLEXDB_TEXT && entry->tag != FLEXDB_BYTES) continue;
        entry->as.text = arena_dup(&shared->arena, entry->as.text, entry->length);
        if (entry->as.text == NULL) return error_no_memory(err);
    }
    return 0;
}

static int read_values(const struct duplicates_search *s, struct shared *shared, flexdb_error *err) {
    struct engine *e = s->from->engine;
    struct duplicates *found = s->found;
    struct buffer sql = BUFFER_INIT;
    struct statement *statement;
    const flexdb_value limit = value_integer(DUPLICATES_VALUES);
    repeated_values(e->dialect, s->from->layout, shared->columns, &sql);
    int more = run(s, &sql, &limit, 1, &statement, err), rc = more < 0 ? more : 0;
    while (rc == 0 && more == 1 && found->count < DUPLICATES_VALUES) {
        rc = engine_integer(e, statement, 0, &shared->first[found->count], err);
        if (rc == 0) rc = engine_integer(e, statement, 1, &found->kept[found->count].count, err);
        if (rc == 0) rc = keep_entries(e, statement, 2, shared, found->count, err);
        if (rc != 0) break;
        found->count++;
        more = engine_step(e, statement, err);
        if (more < 0) rc = more;
    }
    engine_finalize(e, statement);
    buffer_free(&sql);
    return rc;
}

/* ---- in words ---- */

/* What stands in a physical column is not always what people read: the first record says it. */
static int read_words(struct duplicates_search *s, const struct shared *shared, size_t i, flexdb_error *err) {
    struct engine *e = s->from->engine;
    const struct buffer *sql = state_text(s->from, SQL_WALK, err);
    if (sql == NULL) return -(int)err->code;
    bool both = records_selects_revision(e->dialect);
    const flexdb_value values[] = {value_text(s->from->id, strlen(s->from->id)), value_integer(shared->first[i] - 1),
                                   value_integer(1)};
    struct statement *statement;
    struct raw_record raw;
    int rc = engine_query(e, &statement, sql->data, sql->length, both ? values : values + 1, both ? 3 : 2, err);
    if (rc == 1) {
        rc = raw_read(e, statement, &raw, err);
        if (rc == 0) rc = duplicates_read(s, &raw, err);
        if (rc == 0) s->found->kept[i].words = unique_words(s->to, &s->found->rule, s->values);
    }
    engine_finalize(e, statement);
    return rc;
}

/* ---- by whom ---- */

static bool same_entry(const flexdb_value *a, const flexdb_value *b) {
    if (a->tag == FLEXDB_INTEGER || b->tag == FLEXDB_INTEGER) return a->tag == b->tag && a->as.integer == b->as.integer;
    return a->length == b->length && (a->length == 0 || memcmp(a->as.text, b->as.text, a->length) == 0);
}

/* The kept value that the row's are; the count when it is none of them. */
static int find_value(const struct duplicates_search *s, const struct shared *shared, struct statement *statement,
                      size_t *out, flexdb_error *err) {
    flexdb_value row[INDEX_MAX_COLUMNS];
    size_t count = shared->columns.count;
    for (size_t k = 0; k < count; k++) {
        int rc = engine_driver(s->from->engine)->column(statement, 1 + k, &row[k], err);
        if (rc != 0) return rc;
    }
    for (*out = 0; *out < s->found->count; (*out)++) {
        size_t k = 0;
        while (k < count && same_entry(&row[k], &shared->entries[*out * count + k])) k++;
        if (k == count) break;
    }
    return 0;
}

static int add_holder(struct duplicates_search *s, const struct shared *shared, struct statement *statement,
                      size_t *left, flexdb_error *err) {
    const char *id;
    size_t length, value;
    int rc = find_value(s, shared, statement, &value, err);
    if (rc == 0) rc = engine_text(s->from->engine, statement, 0, &id, &length, err);
    if (rc != 0 || value == s->found->count || s->found->kept[value].id_count == DUPLICATES_IDS) return rc;
    (*left)--;
    return duplicates_add(s, &s->found->kept[value], id, length, err);
}

/* How many identifiers are wanted: all of a value's, or the first of them. */
static size_t wanted_ids(const struct duplicates *found) {
    size_t wanted = 0;
    for (size_t i = 0; i < found->count; i++)
        wanted += found->kept[i].count < DUPLICATES_IDS ? (size_t)found->kept[i].count : DUPLICATES_IDS;
    return wanted;
}

static int read_holders(struct duplicates_search *s, const struct shared *shared, flexdb_error *err) {
    struct engine *e = s->from->engine;
    struct buffer sql = BUFFER_INIT;
    struct statement *statement;
    size_t left = wanted_ids(s->found);
    repeated_holders(e->dialect, s->from->layout, shared->columns, s->found->count, &sql);
    int more = run(s, &sql, shared->entries, s->found->count * shared->columns.count, &statement, err);
    int rc = more < 0 ? more : 0;
    while (rc == 0 && more == 1 && left > 0) {
        rc = add_holder(s, shared, statement, &left, err);
        if (rc != 0) break;
        more = engine_step(e, statement, err);
        if (more < 0) rc = more;
    }
    engine_finalize(e, statement);
    buffer_free(&sql);
    return rc;
}

int duplicates_by_columns(struct duplicates_search *s, flexdb_error *err) {
    struct shared shared = {.arena = ARENA_INIT};
    if (!find_columns(s, &shared)) return 0;
    int rc = read_total(s, &shared, err);
    if (rc == 0 && s->found->values != 0) {
        rc = read_values(s, &shared, err);
        for (size_t i = 0; rc == 0 && i < s->found->count; i++) rc = read_words(s, &shared, i, err);
        if (rc == 0 && s->found->count != 0) rc = read_holders(s, &shared, err);
    }
    arena_free(&shared.arena);
    return rc < 0 ? rc : 1;
}
