#include "db/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- the states that an engine knows ---- */

static struct table_state **bucket_of(struct engine *e, const char *id) {
    uint32_t hash = 2166136261u;
    for (const char *p = id; *p != '\0'; p++) hash = (hash ^ (unsigned char)*p) * 16777619u;
    return &e->states[hash % ENGINE_STATE_BUCKETS];
}

static void leave_bucket(struct table_state *s) {
    if (!s->current) return;
    struct table_state **at = bucket_of(s->engine, s->id);
    while (*at != s) at = &(*at)->next;
    *at = s->next;
    s->next = NULL;
    s->current = false;
}

static struct table_state *find_known(struct engine *e, const char *id) {
    struct table_state *s = *bucket_of(e, id);
    while (s != NULL && strcmp(s->id, id) != 0) s = s->next;
    return s;
}

void engine_forget_states(struct engine *e) { e->epoch++; }

static void make_known(struct table_state *s) {
    struct table_state *old = find_known(s->engine, s->id);
    if (old != NULL) leave_bucket(old);
    struct table_state **bucket = bucket_of(s->engine, s->id);
    s->next = *bucket;
    *bucket = s;
    s->current = true;
}

struct table_state *state_hold(struct table_state *s) {
    s->holders++;
    return s;
}

void state_drop(struct table_state *s) {
    if (s == NULL || --s->holders != 0) return;
    leave_bucket(s);
    validator_drop(s->validator);
    layout_free(s->layout);
    definition_free(s->viewed);
    state_drop(s->base);
    state_unmap_physicals(s);
    free(s->references);
    for (size_t i = 0; i < STATE_SQL_COUNT; i++) buffer_free(&s->sql[i]);
    free(s->id);
    free(s->application);
    free(s->name);
    free(s->schema);
    free(s->deleted_at);
    free(s);
}

/* ---- from a row ---- */

static int copy_text(char **out, const char *text, size_t length, flexdb_error *err) {
    *out = NULL;
    if (text == NULL) return 0;
    *out = text_dup(text, length);
    return *out == NULL ? error_no_memory(err) : 0;
}

static int copy_row(struct table_state *s, const struct catalog_row *row, flexdb_error *err) {
    s->version = row->version;
    s->revision = row->revision;
    s->active = row->active;
    s->schema_length = row->schema_length;
    int rc = copy_text(&s->id, row->id, strlen(row->id), err);
    if (rc == 0) rc = copy_text(&s->application, row->application, strlen(row->application), err);
    if (rc == 0) rc = copy_text(&s->name, row->name, strlen(row->name), err);
    if (rc == 0) rc = copy_text(&s->schema, row->schema, row->schema_length, err);
    if (rc == 0 && row->deleted_at != NULL)
        rc = copy_text(&s->deleted_at, row->deleted_at, strlen(row->deleted_at), err);
    return rc;
}

/* What does not read as our own document is a fault of the database, not of the caller's definition. */
static int stored_fault(const char *what, flexdb_error *err) {
    if (err->code == FLEXDB_INVALID_SCHEMA || err->code == FLEXDB_INVALID_DOCUMENT) {
        err->code = FLEXDB_CORRUPT;
        error_prefix(err, "stored %s: ", what);
    }
    return -(int)err->code;
}

/* A validator outlives changes of the layout: vectors that were laid out by it stay good. */
static int compile(struct table_state *s, const struct table_state *before, const struct catalog_row *row,
                   flexdb_error *err) {
    if (row->storage == NULL)
        return error_set(err, FLEXDB_UNSUPPORTED,
                         "table \"%s\" was made by another program: it has no storage of FlexDB's", s->name);
    if (before != NULL && before->version == s->version && before->schema_length == s->schema_length &&
        memcmp(before->schema, s->schema, s->schema_length) == 0) {
        s->validator = validator_hold(before->validator);
    } else if (validator_parse(&s->validator, s->schema, s->schema_length, DEFINITION_STORED, err) != 0) {
        return stored_fault("definition", err);
    }
    if (layout_parse(&s->layout, row->storage, row->storage_length, err) != 0) return stored_fault("layout", err);
    return 0;
}

static int misfit(const struct table_state *s, flexdb_error *err) {
    return error_set(err, FLEXDB_CORRUPT, "the layout of table \"%s\" does not fit its definition", s->name);
}

static void add_unique_columns(struct table_state *s) {
    for (size_t slot = 0; slot < validator_shape(s->validator)->columns; slot++) {
        for (size_t i = 0; i < s->physical_count; i++) {
            if (s->physicals[i].slot == slot && s->physicals[i].column->unique)
                s->uniques[s->unique_count++] = (struct state_unique){.count = 1, .places = {i}};
        }
    }
}

static int add_unique_index(struct table_state *s, const struct layout_index *index, flexdb_error *err) {
    struct state_unique *unique = &s->uniques[s->unique_count++];
    for (size_t k = 0; k < index->count; k++) {
        size_t i = 0;
        while (i < s->physical_count && s->physicals[i].column != &s->layout->columns[index->columns[k]]) i++;
        if (i == s->physical_count) return misfit(s, err);
        unique->places[unique->count++] = i;
    }
    return 0;
}

static int map_uniques(struct table_state *s, flexdb_error *err) {
    s->uniques = calloc(s->physical_count + s->layout->index_count + 1, sizeof *s->uniques);
    if (s->uniques == NULL) return error_no_memory(err);
    add_unique_columns(s);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->layout->index_count; i++) {
        const struct layout_index *index = &s->layout->indexes[i];
        if (index->unique && !index->retired) rc = add_unique_index(s, index, err);
    }
    return rc;
}

void state_unmap_physicals(struct table_state *s) {
    free(s->physicals);
    free(s->uniques);
}

int state_map_physicals(struct table_state *s, flexdb_error *err) {
    s->physicals = calloc(s->layout->count + 1, sizeof *s->physicals);
    if (s->physicals == NULL) return error_no_memory(err);
    for (size_t i = 0; i < s->layout->count; i++) {
        const struct layout_column *c = &s->layout->columns[i];
        if (c->retired) continue;
        int64_t slot = validator_slot_of_key(s->validator, c->key, strlen(c->key));
        if (slot == NAMES_NONE || s->physical_count == DEFINITION_MAX_PHYSICAL) return misfit(s, err);
        s->physicals[s->physical_count++] = (struct state_physical){.column = c, .slot = (size_t)slot};
    }
    return map_uniques(s, err);
}

/* Where the records are that a reference column of `s` points to. */
static int find_target(struct table_state *s, struct state_reference *r, flexdb_error *err) {
    const char *id = r->target_id;
    if (id == NULL) return 0;
    if (strcmp(id, s->id) == 0) {
        r->self = true;
        memcpy(r->table, s->layout->table, sizeof r->table);
        return 0;
    }
    struct catalog_row row;
    int rc = catalog_find(s->engine, CATALOG_TABLE_BY_ID, &id, 1, &row, err);
    if (rc != 1) return rc;
    rc = 0;
    if (row.active && row.storage != NULL) {
        struct layout *layout = NULL;
        rc = layout_parse(&layout, row.storage, row.storage_length, err) != 0 ? stored_fault("layout", err) : 0;
        if (rc == 0) memcpy(r->table, layout->table, sizeof r->table);
        layout_free(layout);
    }
    catalog_row_clear(&row);
    return rc;
}

static int map_references(struct table_state *s, flexdb_error *err) {
    const flexdb_shape *shape = validator_shape(s->validator);
    size_t count = 0;
    for (size_t i = 0; i < shape->columns; i++) count += shape->fields[i].type == TYPE_REFERENCE;
    s->references = calloc(count + 1, sizeof *s->references);
    if (s->references == NULL) return error_no_memory(err);
    for (size_t i = 0; i < shape->columns; i++) {
        if (shape->fields[i].type != TYPE_REFERENCE) continue;
        struct state_reference *r = &s->references[s->reference_count++];
        r->slot = i;
        r->target_id = validator_column(s->validator, i)->column->rules.target_id;
        int rc = find_target(s, r, err);
        if (rc != 0) return rc;
    }
    return 0;
}

static void note_counter(struct table_state *s, uint32_t counter, bool counted) {
    s->counter = counter;
    s->counted = counted;
}

static int ask_counter(struct engine *e, uint32_t *counter, bool *counted, flexdb_error *err) {
    *counter = 0;
    *counted = engine_has(e, DRIVER_CHANGE_COUNTER);
    return *counted ? engine_driver(e)->change_counter(e->connection, counter, err) : 0;
}

static int of_row(struct table_state **out, struct engine *e, const struct catalog_row *row, uint32_t counter,
                  bool counted, flexdb_error *err) {
    struct table_state *known = find_known(e, row->id);
    if (known != NULL && known->epoch == e->epoch && known->revision == row->revision &&
        known->schema_length == row->schema_length && memcmp(known->schema, row->schema, row->schema_length) == 0) {
        note_counter(known, counter, counted);
        *out = state_hold(known);
        return 0;
    }
    struct table_state *s = calloc(1, sizeof *s);
    if (s == NULL) return error_no_memory(err);
    s->holders = 1;
    s->engine = e;
    s->epoch = e->epoch;
    note_counter(s, counter, counted);
    int rc = copy_row(s, row, err);
    if (rc == 0) rc = compile(s, known, row, err);
    if (rc == 0) rc = state_map_physicals(s, err);
    if (rc == 0) rc = map_references(s, err);
    if (rc != 0) {
        state_drop(s);
        return rc;
    }
    make_known(s);
    *out = s;
    return 0;
}

/* When the row was read, measured by the change counter, is not known. */
int state_of_row(struct table_state **out, struct engine *e, const struct catalog_row *row, flexdb_error *err) {
    *out = NULL;
    return of_row(out, e, row, 0, false, err);
}

int state_find(struct table_state **out, struct engine *e, enum catalog_statement which, const char *const *texts,
               size_t count, flexdb_error *err) {
    struct catalog_row row;
    uint32_t counter;
    bool counted;
    *out = NULL;
    /* Asked before the row is read, so that it may be too old for the row but never too new. */
    int rc = ask_counter(e, &counter, &counted, err);
    if (rc == 0) rc = catalog_find(e, which, texts, count, &row, err);
    if (rc != 1) return rc;
    rc = of_row(out, e, &row, counter, counted, err);
    catalog_row_clear(&row);
    return rc == 0 ? 1 : rc;
}

struct catalog_entry state_entry(const struct table_state *s) {
    return (struct catalog_entry){
        .id = s->id,
        .application = s->application,
        .name = s->name,
        .validator = s->validator,
        .schema = s->schema,
        .schema_length = s->schema_length,
        .layout = s->layout,
        .version = s->version,
        .active = s->active,
        .deleted_at = s->deleted_at,
    };
}

/* ---- a physical table that is gone ---- */

static void say_missing(const char *name, flexdb_error *err) {
    flexdb_error engine;
    error_move(&engine, err);
    error_set(err, FLEXDB_CORRUPT, "the records of table \"%s\" are gone: %s", name, engine.message);
    err->ended = engine.ended;
    error_clear(&engine);
}

/* 1 when the table with this id was named. */
static bool name_by_id(struct engine *e, const char *id, flexdb_error *err) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    struct catalog_row row;
    bool found = catalog_find(e, CATALOG_TABLE_BY_ID, &id, 1, &row, &ignored) == 1;
    if (found) {
        say_missing(row.name, err);
        catalog_row_clear(&row);
    }
    error_clear(&ignored);
    return found;
}

static bool name_from(const struct table_state *s, flexdb_error *err) {
    if (strcmp(s->layout->table, err->detail) == 0) {
        say_missing(s->name, err);
        return true;
    }
    for (size_t i = 0; i < s->reference_count; i++) {
        const struct state_reference *r = &s->references[i];
        if (strcmp(r->table, err->detail) == 0) return name_by_id(s->engine, r->target_id, err);
    }
    return false;
}

/* Every statement on records was made from a state. */
void state_name_missing(struct engine *e, flexdb_error *err) {
    for (size_t i = 0; i < ENGINE_STATE_BUCKETS; i++) {
        for (const struct table_state *s = e->states[i]; s != NULL; s = s->next)
            if (name_from(s, err)) return;
    }
}

/* ---- texts ---- */

static int build_text(const struct table_state *s, enum state_sql which, struct buffer *out, flexdb_error *err) {
    const struct dialect *d = s->engine->dialect;
    const struct layout *l = s->layout;
    struct reference_guard guards[DEFINITION_MAX_PHYSICAL];
    size_t count = 0;
    for (size_t i = 0; i < s->reference_count && count < DEFINITION_MAX_PHYSICAL; i++)
        if (s->references[i].table[0] != '\0') guards[count++].table = s->references[i].table;
    switch (which) {
    case SQL_INSERT: records_insert(d, l, GUARD_EACH, guards, count, out); break;
    case SQL_INSERT_REFERRING: records_insert(d, l, GUARD_JOIN, guards, count, out); break;
    case SQL_INSERT_ALONE: records_insert(d, l, GUARD_EACH, NULL, 0, out); break;
    case SQL_INSERT_MANY: records_insert(d, l, GUARD_HELD, NULL, 0, out); break;
    case SQL_UPDATE: records_update(d, l, GUARD_EACH, guards, count, out); break;
    case SQL_UPDATE_REFERRING: records_update(d, l, GUARD_JOIN, guards, count, out); break;
    case SQL_UPDATE_ALONE: records_update(d, l, GUARD_EACH, NULL, 0, out); break;
    case SQL_UPDATE_HELD: records_update(d, l, GUARD_HELD, NULL, 0, out); break;
    case SQL_DELETE: records_delete(d, l, out); break;
    case SQL_RESTORE: records_restore(d, l, out); break;
    case SQL_ERASE: records_erase(d, l, out); break;
    case SQL_FETCH: records_fetch(d, l, FETCH_PLAIN, false, out); break;
    case SQL_FETCH_ALL: records_fetch(d, l, FETCH_PLAIN, true, out); break;
    case SQL_FETCH_LOCKED: records_fetch(d, l, FETCH_FOR_UPDATE, false, out); break;
    case SQL_FETCH_ALL_LOCKED: records_fetch(d, l, FETCH_FOR_UPDATE, true, out); break;
    case SQL_WALK: records_walk(d, l, false, out); break;
    case SQL_WALK_ALL: records_walk(d, l, true, out); break;
    case SQL_LAST: records_last(d, l, out); break;
    case STATE_SQL_COUNT: break;
    }
    if (buffer_text(out) != NULL) return 0;
    buffer_free(out);
    return error_no_memory(err);
}

const struct buffer *state_text(struct table_state *s, enum state_sql which, flexdb_error *err) {
    struct buffer *text = &s->sql[which];
    if (text->length == 0 && build_text(s, which, text, err) != 0) return NULL;
    return text;
}

/* ---- staleness ---- */

int state_verify(struct table_state *s, int64_t revision, flexdb_error *err) {
    if (s->base != NULL) s = s->base;
    uint32_t counter;
    bool counted, active;
    int rc = ask_counter(s->engine, &counter, &counted, err);
    if (rc != 0) return rc;
    if (counted && s->counted && s->counter == counter) return 1;
    if (revision == 0) {
        rc = catalog_revision(s->engine, s->id, &revision, &active, err);
        if (rc != 1) return rc;
        if (!active) return 0;
    }
    /* A snapshot may be older than what is known here, but its records read well under a newer definition. */
    if (!counted) return revision <= s->revision;
    if (revision != s->revision) return 0;
    note_counter(s, counter, counted);
    return 1;
}
