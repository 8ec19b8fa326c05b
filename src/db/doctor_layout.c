/* What storage says of a table's physical columns and indexes, held against its definition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/doctor.h"
#include "sql/inspect.h"

static struct layout_column *find_entry(struct layout *l, const char *key) {
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->columns[i].key, key) == 0) return &l->columns[i];
    return NULL;
}

/* The number in `c12`, behind that letter; 0 for any other name. */
static int64_t name_number(const char *name, size_t length, char letter) {
    int64_t number = 0;
    if (length < 2 || length > 10 || name[0] != letter) return 0;
    for (size_t i = 1; i < length; i++) {
        if (name[i] < '0' || name[i] > '9') return 0;
        number = number * 10 + (name[i] - '0');
    }
    return number;
}

/* The highest number that a column of the physical table or of the layout has. */
static int last_number(flexdb_doctor *d, const struct layout *l, int64_t *out, flexdb_error *err) {
    struct engine *e = doctor_engine(d);
    flexdb_value table = value_text(l->table, strlen(l->table));
    struct statement *s;
    const char *name;
    size_t length;
    *out = 0;
    for (size_t i = 0; i < l->count; i++) {
        int64_t number = name_number(l->columns[i].name, strlen(l->columns[i].name), 'c');
        if (number > *out) *out = number;
    }
    int rc = doctor_query(d, &s, inspect_sql(e->dialect, INSPECT_COLUMNS), &table, 1, err);
    while (rc == 1) {
        rc = engine_text(e, s, 0, &name, &length, err);
        int64_t number = rc == 0 ? name_number(name, length, 'c') : 0;
        if (number > *out) *out = number;
        if (rc == 0) rc = engine_step(e, s, err);
    }
    engine_finalize(e, s);
    return rc;
}

/* Enters a physical column that is to be made (doctor_check_physical does). */
static int add_entry(flexdb_doctor *d, struct layout *l, const struct compiled_column *c, flexdb_error *err) {
    int64_t number;
    int rc = last_number(d, l, &number, err);
    if (rc != 0) return rc;
    struct layout_column *more = realloc(l->columns, (l->count + 1) * sizeof *more);
    if (more == NULL) return error_no_memory(err);
    l->columns = more;
    struct layout_column *entry = &l->columns[l->count];
    *entry = (struct layout_column){.kind = c->physical,
                                    .long_text = c->text_may_be_long,
                                    .indexed = layout_needs_index(c),
                                    .unique = c->column->unique};
    snprintf(entry->name, sizeof entry->name, "c%lld", (long long)number + 1);
    entry->key = strdup(c->column->key);
    if (entry->key == NULL) return error_no_memory(err);
    l->count++;
    return 0;
}

/* One that was given up and is needed is made anew; one of another kind cannot be told from its values. */
static int check_needed(flexdb_doctor *d, struct correction *c, const struct compiled_column *column,
                        flexdb_error *err) {
    const char *name = column->column->name;
    struct layout_column *entry = find_entry(c->layout, column->column->key);
    if (entry != NULL && !entry->retired) {
        bool unique = column->column->unique, indexed = layout_needs_index(column);
        if (entry->kind != column->physical)
            return doctor_find(d, DOCTOR_STORAGE, REMEDY_NONE, name, err,
                               "storage says another kind for the physical column %s than its type has", entry->name);
        if (entry->unique == unique && (entry->indexed || !indexed)) return 0;
        c->any = true;
        entry->unique = unique;
        entry->indexed = indexed;
        return doctor_find(d, DOCTOR_STORAGE, doctor_remedy(d), name, err,
                           "storage says another index for the physical column %s than the definition", entry->name);
    }
    if (entry == NULL && c->layout->count >= DEFINITION_MAX_PHYSICAL)
        return doctor_find(d, DOCTOR_STORAGE, REMEDY_NONE, name, err,
                           "storage has no physical column for it and no room for one");
    int rc = doctor_find(d, DOCTOR_STORAGE, doctor_remedy(d), name, err, "storage has no physical column for it");
    c->any = true;
    if (rc != 0 || entry == NULL) return rc != 0 ? rc : add_entry(d, c->layout, column, err);
    entry->retired = entry->lapsed = false;
    entry->kind = column->physical;
    entry->unique = column->column->unique;
    entry->indexed = layout_needs_index(column);
    d->patient.stale[entry - c->layout->columns] = true;
    return 0;
}

/* A physical column that is filled has a column of the definition. */
static int check_filled(flexdb_doctor *d, struct correction *c, struct layout_column *entry, flexdb_error *err) {
    if (entry->retired || validator_slot_of_key(d->patient.validator, entry->key, strlen(entry->key)) != NAMES_NONE)
        return 0;
    entry->retired = true;
    c->any = true;
    return doctor_find(d, DOCTOR_STORAGE, doctor_remedy(d), NULL, err,
                       "storage fills the physical column %s from field key \"%s\", which no column has", entry->name,
                       entry->key);
}

/* A retired one that is not there can never be taken up again. */
static int check_retired(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    const struct columns_there *there = &d->patient.there;
    int rc = patient_find_columns(d, err);
    for (size_t i = 0; rc == 0 && there->any && i < d->patient.layout->count; i++) {
        struct layout_column *entry = &c->layout->columns[i];
        if (there->entry[i] || !entry->retired || entry->lapsed) continue;
        entry->lapsed = true;
        c->any = true;
        rc = doctor_find(d, DOCTOR_PHYSICAL_COLUMN, doctor_remedy(d), NULL, err,
                         "the physical column %s, kept for field key \"%s\", is missing", entry->name, entry->key);
    }
    return rc;
}

static int check_kept(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    if (c->layout->kept_from <= c->entry.version) return 0;
    return doctor_find(d, DOCTOR_STORAGE, REMEDY_NONE, NULL, err,
                       "its storage says that versions before %lld were purged, the last one is %lld",
                       (long long)c->layout->kept_from, (long long)c->entry.version);
}

/* It must know itself as one that refers to it. */
static int check_own_reference(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    const struct validator *v = d->patient.validator;
    const char *own = d->patient.row.id;
    size_t count = c->layout->referrer_count;
    for (size_t i = 0; i < validator_shape(v)->columns; i++) {
        const struct column *column = validator_column(v, i)->column;
        if (column->type != TYPE_REFERENCE || column->rules.target_id == NULL) continue;
        if (strcmp(column->rules.target_id, own) != 0) continue;
        if (layout_add_referrer(c->layout, own, err) != 0) return -(int)err->code;
        if (c->layout->referrer_count == count) return 0;
        c->any = true;
        return doctor_find(d, DOCTOR_REFERRERS, doctor_remedy(d), column->name, err,
                           "it refers to its own table, whose storage does not know of it");
    }
    return 0;
}

static bool is_asked(const struct layout *l, const struct layout_index *index, const struct definition *def,
                     const struct definition_index *asked) {
    if (index->retired || index->unique != asked->unique || index->count != asked->count) return false;
    for (size_t i = 0; i < index->count; i++)
        if (strcmp(l->columns[index->columns[i]].key, def->columns[asked->columns[i]].key) != 0) return false;
    return true;
}

/* Enters an index that is to be made. Its columns are there: check_needed has seen to that. */
static int add_index(struct layout *l, const struct definition *def, const struct definition_index *asked,
                     flexdb_error *err) {
    struct layout_index *more = realloc(l->indexes, (l->index_count + 1) * sizeof *more);
    if (more == NULL) return error_no_memory(err);
    l->indexes = more;
    struct layout_index *index = &l->indexes[l->index_count];
    *index = (struct layout_index){.unique = asked->unique, .count = asked->count};
    int64_t number = 0;
    for (size_t i = 0; i < l->index_count; i++) {
        int64_t other = name_number(l->indexes[i].name, strlen(l->indexes[i].name), 'i');
        if (other > number) number = other;
    }
    snprintf(index->name, sizeof index->name, "i%lld", (long long)number + 1);
    for (size_t i = 0; i < asked->count; i++) {
        const struct layout_column *entry = find_entry(l, def->columns[asked->columns[i]].key);
        if (entry == NULL) return 0; /* there was no room for it */
        index->columns[i] = (size_t)(entry - l->columns);
    }
    l->index_count++;
    return 0;
}

static int check_asked(flexdb_doctor *d, struct correction *c, const struct definition_index *asked,
                       flexdb_error *err) {
    const struct definition *def = validator_definition(d->patient.validator);
    struct layout *l = c->layout;
    struct buffer names = BUFFER_INIT;
    for (size_t i = 0; i < l->index_count; i++)
        if (is_asked(l, &l->indexes[i], def, asked)) return 0;
    for (size_t i = 0; i < asked->count; i++)
        buffer_printf(&names, "%s\"%s\"", i == 0 ? "" : ", ", def->columns[asked->columns[i]].name);
    bool room = l->index_count < DEFINITION_MAX_INDEXES;
    int rc = buffer_text(&names) == NULL ? error_no_memory(err) : room ? add_index(l, def, asked, err) : 0;
    if (rc == 0)
        rc = doctor_find(d, DOCTOR_STORAGE, room ? doctor_remedy(d) : REMEDY_NONE, NULL, err,
                         "storage has no %sindex over %s", asked->unique ? "unique " : "", names.data);
    c->any = c->any || room;
    buffer_free(&names);
    return rc;
}

/* An index that nobody asks for would go on refusing. */
static int check_unasked(flexdb_doctor *d, const struct layout *l, const struct layout_index *index,
                         flexdb_error *err) {
    const struct definition *def = validator_definition(d->patient.validator);
    for (size_t i = 0; i < def->index_count; i++)
        if (is_asked(l, index, def, &def->indexes[i])) return 0;
    return doctor_find(d, DOCTOR_STORAGE, REMEDY_NONE, NULL, err,
                       "storage has the index %s, which the definition does not ask for", index->name);
}

static int check_indexes(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    const struct definition *def = validator_definition(d->patient.validator);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->layout->index_count; i++)
        if (!c->layout->indexes[i].retired) rc = check_unasked(d, c->layout, &c->layout->indexes[i], err);
    for (size_t i = 0; rc == 0 && i < def->index_count; i++) rc = check_asked(d, c, &def->indexes[i], err);
    return rc;
}

int doctor_check_layout(flexdb_doctor *d, struct correction *c, flexdb_error *err) {
    const struct validator *v = d->patient.validator;
    int rc = check_kept(d, c, err);
    if (rc == 0) rc = check_retired(d, c, err);
    for (size_t i = 0; rc == 0 && i < c->layout->count; i++) rc = check_filled(d, c, &c->layout->columns[i], err);
    for (size_t i = 0; rc == 0 && i < validator_shape(v)->columns; i++) {
        const struct compiled_column *column = validator_column(v, i);
        if (layout_needs_physical(column)) rc = check_needed(d, c, column, err);
    }
    if (rc == 0) rc = check_indexes(d, c, err);
    return rc == 0 ? check_own_reference(d, c, err) : rc;
}
