/* Layouts: made for a definition, carried on by an evolution. Their JSON is in layout_document.c. */
#include "model/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

/* How the names of all physical tables begin. */
static const char own[] = "flex_records_";

enum { TABLE_ID_CHARACTERS = 32, PREFIX_LENGTH = sizeof own - 1 + TABLE_ID_CHARACTERS + 1 };

void key_registry_free(struct key_registry *k) {
    cJSON_Delete(k->keys);
    k->keys = NULL;
}

void layout_free(struct layout *l) {
    if (l == NULL) return;
    for (size_t i = 0; i < l->count; i++) free(l->columns[i].key);
    for (size_t i = 0; i < l->referrer_count; i++) free(l->referrers[i]);
    free(l->columns);
    free(l->indexes);
    free(l->referrers);
    free(l->original_name);
    key_registry_free(&l->keys);
    free(l);
}

const struct layout_column *layout_find(const struct layout *l, const char *key) {
    for (size_t i = 0; i < l->count; i++) {
        if (!l->columns[i].retired && strcmp(l->columns[i].key, key) == 0) return &l->columns[i];
    }
    return NULL;
}

int layout_add_referrer(struct layout *l, const char *table_id, flexdb_error *err) {
    for (size_t i = 0; i < l->referrer_count; i++) {
        if (strcmp(l->referrers[i], table_id) == 0) return 0;
    }
    char **referrers = realloc(l->referrers, (l->referrer_count + 1) * sizeof *referrers);
    if (referrers == NULL) return error_no_memory(err);
    l->referrers = referrers;
    referrers[l->referrer_count] = strdup(table_id);
    if (referrers[l->referrer_count] == NULL) return error_no_memory(err);
    l->referrer_count++;
    return 0;
}

/* ---- a new one ---- */

/* The hexadecimal digits of a UUID; of an id of any other form 32 digits of its digest, so that no id reaches SQL. */
static void table_characters(const char *table_id, char out[TABLE_ID_CHARACTERS + 1]) {
    size_t length = 0;
    const char *at = table_id;
    for (; *at != '\0' && length < TABLE_ID_CHARACTERS; at++) {
        if (*at == '-') continue;
        if (strchr("0123456789abcdef", *at) == NULL) break;
        out[length++] = *at;
    }
    out[length] = '\0';
    if (*at == '\0' && length == TABLE_ID_CHARACTERS) return;
    unsigned char digest[DIGEST_BYTES];
    digest_sha256(table_id, strlen(table_id), digest);
    for (size_t i = 0; i < TABLE_ID_CHARACTERS / 2; i++) snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void layout_table_prefix(const char *table_id, char out[PHYSICAL_NAME_SIZE]) {
    char characters[TABLE_ID_CHARACTERS + 1];
    table_characters(table_id, characters);
    snprintf(out, PHYSICAL_NAME_SIZE, "%s%s_", own, characters);
}

bool layout_table_before(const char *table, char out[PHYSICAL_NAME_SIZE]) {
    if (strncmp(table, own, sizeof own - 1) != 0 || strlen(table) <= PREFIX_LENGTH) return false;
    char *end;
    long long generation = strtoll(table + PREFIX_LENGTH, &end, 10);
    if (*end != '\0' || generation <= 1) return false;
    int length = snprintf(out, PHYSICAL_NAME_SIZE, "%.*s%lld", PREFIX_LENGTH, table, generation - 1);
    return length > 0 && length < PHYSICAL_NAME_SIZE;
}

bool layout_needs_physical(const struct compiled_column *c) {
    const struct column *column = c->column;
    return c->physical != PHYSICAL_NONE && (column->indexed || column->unique || column->filterable ||
                                            column->covered || column->type == TYPE_REFERENCE);
}

bool layout_needs_index(const struct compiled_column *c) {
    return c->column->indexed || c->column->type == TYPE_REFERENCE;
}

/* Copies what is not bound to the physical table. */
static bool copy_lasting(struct layout *l, const struct layout *old) {
    l->kept_from = 1;
    if (old == NULL) return true;
    l->kept_from = old->kept_from;
    l->purging = old->purging;
    if (old->keys.keys != NULL && (l->keys.keys = cJSON_Duplicate(old->keys.keys, true)) == NULL) return false;
    if (old->original_name != NULL && (l->original_name = strdup(old->original_name)) == NULL) return false;
    if (old->referrer_count == 0) return true;
    l->referrers = calloc(old->referrer_count, sizeof *l->referrers);
    if (l->referrers == NULL) return false;
    for (size_t i = 0; i < old->referrer_count; i++) {
        l->referrers[i] = strdup(old->referrers[i]);
        if (l->referrers[i] == NULL) return false;
        l->referrer_count++;
    }
    return true;
}

static bool add_column(struct layout *l, const struct compiled_column *c) {
    struct layout_column *column = &l->columns[l->count];
    column->key = strdup(c->column->key);
    if (column->key == NULL) return false;
    snprintf(column->name, sizeof column->name, "c%zu", ++l->count);
    column->kind = c->physical;
    column->long_text = c->text_may_be_long;
    column->indexed = layout_needs_index(c);
    column->unique = c->column->unique;
    return true;
}

int layout_new(struct layout **out, const char *table_id, const struct validator *v, const struct layout *old,
               flexdb_error *err) {
    size_t columns = validator_shape(v)->columns, needed = 0;
    for (size_t i = 0; i < columns; i++) needed += layout_needs_physical(validator_column(v, i)) ? 1 : 0;
    if (needed > DEFINITION_MAX_PHYSICAL) {
        return error_set(err, FLEXDB_LIMIT,
                         "%zu columns are indexed, unique, filterable, references or in an index, %d are allowed",
                         needed, DEFINITION_MAX_PHYSICAL);
    }
    struct layout *l = calloc(1, sizeof *l);
    if (l == NULL) return error_no_memory(err);
    l->generation = old == NULL ? 1 : old->generation + 1;
    char prefix[PHYSICAL_NAME_SIZE];
    layout_table_prefix(table_id, prefix);
    snprintf(l->table, sizeof l->table, "%.*s%lld", PREFIX_LENGTH, prefix, (long long)l->generation);
    l->columns = calloc(needed + 1, sizeof *l->columns);
    bool good = l->columns != NULL && copy_lasting(l, old);
    for (size_t i = 0; good && i < columns; i++) {
        const struct compiled_column *c = validator_column(v, i);
        good = !layout_needs_physical(c) || add_column(l, c);
    }
    good = good && layout_add_indexes(l, validator_definition(v));
    int rc = good ? layout_check_indexes(l, err) : error_no_memory(err);
    if (rc != 0) {
        layout_free(l);
    } else {
        *out = l;
    }
    return rc;
}

void layout_note_build(struct layout *l, const struct layout *next, int64_t now) {
    l->generation = next->generation;
    l->build.started = now;
    memcpy(l->build.table, next->table, sizeof l->build.table);
    snprintf(l->build.journal, sizeof l->build.journal, "flex_journal_%.*s", PHYSICAL_NAME_SIZE - 16,
             next->table + sizeof own - 1);
}

/* ---- after an evolution ---- */

/* Whether the physical column can hold the values of `c`. One that was retired holds none of the records written since:
 * right where a document without the key has no value, wrong where it reads as an initial default. */
static bool can_repeat(const struct layout_column *have, const struct compiled_column *c) {
    return !have->lapsed && have->kind == c->physical && (have->long_text || !c->text_may_be_long) &&
           !(have->retired && c->column->initial_default != NULL);
}

static bool is_as_needed(const struct layout_column *have, const struct compiled_column *c) {
    return can_repeat(have, c) && have->unique == c->column->unique && (have->indexed || !layout_needs_index(c));
}

enum fate { COLUMN_LIVE, COLUMN_RETIRED, COLUMN_LAPSED, COLUMN_FORGOTTEN, COLUMN_UNFIT };

/* The physical column's fate under `v`. One whose column is still there but no longer asks for it goes on being filled,
 * so that it can be taken up again at any time; a unique one cannot, for it would go on refusing: it lapses. */
static enum fate fate_of(const struct layout_column *have, const struct validator *v) {
    int64_t slot = validator_slot_of_key(v, have->key, strlen(have->key));
    if (slot == NAMES_NONE) return have->lapsed ? COLUMN_LAPSED : COLUMN_RETIRED;
    const struct compiled_column *c = validator_column(v, (size_t)slot);
    if (layout_needs_physical(c)) return is_as_needed(have, c) ? COLUMN_LIVE : COLUMN_UNFIT;
    if (have->unique) return COLUMN_LAPSED;
    return can_repeat(have, c) ? COLUMN_LIVE : COLUMN_FORGOTTEN;
}

static bool must_rebuild(const struct validator *v, const struct layout *old) {
    size_t needed = 0, held = 0, columns = validator_shape(v)->columns;
    for (size_t i = 0; i < columns; i++) needed += layout_needs_physical(validator_column(v, i)) ? 1 : 0;
    for (size_t i = 0; i < old->count; i++) {
        const struct layout_column *have = &old->columns[i];
        if (fate_of(have, v) == COLUMN_UNFIT) return true;
        int64_t slot = validator_slot_of_key(v, have->key, strlen(have->key));
        if (slot != NAMES_NONE && layout_needs_physical(validator_column(v, (size_t)slot))) held++;
    }
    return held != needed;
}

/* The columns in the same physical table. False when memory is out. */
static bool carry_columns(struct layout *l, const struct layout *old, const struct validator *v) {
    l->columns = calloc(old->count + 1, sizeof *l->columns);
    bool good = l->columns != NULL;
    for (size_t i = 0; good && i < old->count; i++) {
        enum fate what = fate_of(&old->columns[i], v);
        if (what == COLUMN_FORGOTTEN) continue;
        struct layout_column *column = &l->columns[l->count];
        *column = old->columns[i];
        column->key = strdup(old->columns[i].key);
        column->retired = what != COLUMN_LIVE;
        column->lapsed = what == COLUMN_LAPSED;
        good = column->key != NULL;
        l->count += good ? 1 : 0;
    }
    return good;
}

int layout_evolve(struct layout **out, bool *rebuild, const char *table_id, const struct validator *v,
                  const struct layout *old, flexdb_error *err) {
    *rebuild = must_rebuild(v, old);
    if (*rebuild) return layout_new(out, table_id, v, old, err);
    struct layout *l = calloc(1, sizeof *l);
    if (l == NULL) return error_no_memory(err);
    memcpy(l->table, old->table, sizeof l->table);
    l->generation = old->generation;
    bool good = copy_lasting(l, old) && carry_columns(l, old, v);
    int carried = good ? layout_carry_indexes(l, old, validator_definition(v)) : -1;
    if (carried == 1) {
        *out = l;
        return 0;
    }
    layout_free(l);
    if (carried < 0) return error_no_memory(err);
    *rebuild = true;
    return layout_new(out, table_id, v, old, err);
}
