#include "model/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/json_writer.h"
#include "model/definition_parts.h"
#include "model/types/rules.h"
#include "model/validator_parts.h"

enum { SCALAR_ROOM = 64 /* the longest of the scalars in a document, quoted: a decimal of 38 digits */ };

/* ---- one column ---- */

static bool keep_text(struct validator *v, flexdb_value *value, flexdb_error *err) {
    if (value->tag != FLEXDB_TEXT && value->tag != FLEXDB_JSON) return true;
    char *copy = arena_dup(&v->arena, value->as.text, value->length);
    if (copy == NULL) return error_no_memory(err), false;
    value->as.text = copy;
    return true;
}

/* A default, judged by `judge` and normalized; ABSENT where there is none. */
static bool compile_default(struct validator *v, const struct compiled_column *judge, const cJSON *item,
                            const char *path, flexdb_value *out, flexdb_error *err) {
    *out = (flexdb_value){.tag = FLEXDB_ABSENT};
    if (item == NULL || cJSON_IsNull(item)) return true;
    struct buffer room = BUFFER_INIT, scratch = BUFFER_INIT;
    flexdb_value given, value;
    bool good = rules_value(judge, item, path, &given, &room, err);
    if (good) {
        value = given;
        enum verdict verdict = judge->type->check(judge, &value, &scratch);
        if (verdict != VERDICT_OK) type_issue(judge, verdict, &given, path, err);
        good = verdict == VERDICT_OK && keep_text(v, &value, err);
    }
    if (good) *out = value;
    buffer_free(&room);
    buffer_free(&scratch);
    return good;
}

/* An initial default is what old records read as, and rules may have become tighter since: only its type counts. */
static bool compile_initial_default(struct validator *v, struct compiled_column *c, const char *path,
                                    flexdb_error *err) {
    struct column column = *c->column;
    struct compiled_column bare = {.column = &column, .type = c->type, .max_length = INT64_MAX};
    column.rules.precision = DECIMAL_MAX_PRECISION;
    return compile_default(v, &bare, column.initial_default, path, &c->initial_default, err);
}

static bool compile_member(struct validator *v, struct compiled_column *c, flexdb_error *err) {
    struct buffer text = BUFFER_INIT;
    json_write_string(&text, c->column->key, strlen(c->column->key));
    buffer_put(&text, ':');
    char *member = buffer_failed(&text) ? NULL : arena_alloc(&v->arena, text.length + MEMBER_STEP, 1);
    if (member != NULL) memcpy(member, text.data, text.length);
    c->member = member;
    c->member_length = text.length;
    buffer_free(&text);
    if (member == NULL) error_no_memory(err);
    return member != NULL;
}

static bool compile_column(struct validator *v, size_t index, flexdb_error *err) {
    struct compiled_column *c = &v->columns[index];
    char path[RULES_PATH_SIZE];
    c->column = &v->definition->columns[index];
    c->type = type_get(c->column->type);
    if (c->column->faulty) return true;
    size_t place = c->column->position;
    snprintf(path, sizeof path, "columns[%zu].validation", place);
    if (!c->type->compile(c, path, err)) return false;
    snprintf(path, sizeof path, "columns[%zu].defaultValue", place);
    if (!compile_default(v, c, c->column->default_value, path, &c->default_value, err)) return false;
    snprintf(path, sizeof path, "columns[%zu].initialDefault", place);
    return compile_initial_default(v, c, path, err) && compile_member(v, c, err);
}

/* ---- expressions ---- */

static bool compile_computed(struct validator *v, size_t slot, flexdb_error *err) {
    const struct column *c = &v->definition->columns[slot];
    if (c->computed == NULL || c->faulty) return true;
    struct formula **out = &v->expressions.values[slot];
    char path[RULES_PATH_SIZE];
    snprintf(path, sizeof path, "columns[%zu].validation.computed", c->position);
    return formula_compile(out, v->definition, c->computed, strlen(c->computed), path, err) &&
           formula_fits(*out, c->type, path, err);
}

static bool compile_check(struct validator *v, size_t i, flexdb_error *err) {
    const struct check *c = &v->definition->checks[i];
    if (c->faulty) return true;
    struct formula **out = &v->expressions.checks[i];
    char path[RULES_PATH_SIZE];
    snprintf(path, sizeof path, "checks[%zu].expression", c->position);
    return formula_compile(out, v->definition, c->expression, strlen(c->expression), path, err) &&
           formula_fits(*out, TYPE_BOOLEAN, path, err);
}

/* Every problem is an issue; false also when memory is out. */
static bool compile_expressions(struct validator *v, flexdb_error *err) {
    struct expressions *e = &v->expressions;
    const struct definition *d = v->definition;
    e->any = d->check_count > 0;
    for (size_t i = 0; i < d->count; i++) e->any = e->any || d->columns[i].computed != NULL;
    if (!e->any) return true;
    e->values = arena_alloc(&v->arena, d->count + 1, sizeof *e->values);
    e->order = arena_alloc(&v->arena, d->count + 1, sizeof *e->order);
    e->checks = arena_alloc(&v->arena, d->check_count + 1, sizeof *e->checks);
    if (e->values == NULL || e->order == NULL || e->checks == NULL) return error_no_memory(err), false;
    bool good = true;
    for (size_t i = 0; i < d->count && err->code == FLEXDB_OK; i++) good = compile_computed(v, i, err) && good;
    for (size_t i = 0; i < d->check_count && err->code == FLEXDB_OK; i++) good = compile_check(v, i, err) && good;
    if (err->code != FLEXDB_OK) return false;
    return formula_order(d, (const struct formula *const *)e->values, e->order, &e->computed, err) && good;
}

static void free_expressions(struct validator *v) {
    if (v->expressions.checks == NULL) return; /* the last one that is made */
    for (size_t i = 0; i < v->definition->count; i++) formula_free(v->expressions.values[i]);
    for (size_t i = 0; i < v->definition->check_count; i++) formula_free(v->expressions.checks[i]);
}

/* ---- the order of members ---- */

static enum member_form form_of(enum column_type type) {
    switch (type) {
    case TYPE_INTEGER: return FORM_INTEGER;
    case TYPE_BOOLEAN: return FORM_BOOLEAN;
    case TYPE_STRING:
    case TYPE_TEXT: return FORM_TEXT;
    case TYPE_JSON: return FORM_JSON;
    default: return FORM_PLAIN;
    }
}

/* Scalars first and json last, so that a walk to one key ends early and meets no nested key on its way. */
static int rank_of(enum column_type type) {
    switch (type) {
    case TYPE_STRING: return 1;
    case TYPE_TEXT: return 2;
    case TYPE_JSON: return 3;
    default: return 0;
    }
}

static void place_member(struct validator *v, size_t slot, size_t place) {
    const struct compiled_column *c = &v->columns[slot];
    struct member *m = &v->members[place];
    *m = (struct member){.column = c,
                         .text = c->member,
                         .length = (uint32_t)c->member_length,
                         .slot = (uint32_t)slot,
                         .form = form_of(c->column->type),
                         .required = c->column->required,
                         .keeps_null = c->initial_default.tag != FLEXDB_ABSENT};
    v->places[slot] = (uint32_t)place;
    v->fixed_size += c->member_length + MEMBER_STEP + 1 + SCALAR_ROOM; /* for a text its quotes and slack */
    if (c->column->type == TYPE_REFERENCE) v->fixed_size += ID_MAX_LENGTH;
    if (c->default_value.tag == FLEXDB_TEXT) v->fixed_size += 6 * c->default_value.length;
    if (c->default_value.tag == FLEXDB_JSON) v->fixed_size += c->default_value.length;
    v->scratch_size += SCALAR_ROOM;
}

static bool order_members(struct validator *v, flexdb_error *err) {
    size_t count = v->shape.columns, place = 0;
    v->members = arena_alloc(&v->arena, count, sizeof *v->members);
    v->places = arena_alloc(&v->arena, count, sizeof *v->places);
    if (count != 0 && (v->members == NULL || v->places == NULL)) return error_no_memory(err), false;
    v->fixed_size = v->scratch_size = 2 * SCALAR_ROOM;
    for (int rank = 0; rank <= 3; rank++) {
        if (rank == 1) v->first_text = place;
        for (size_t slot = 0; slot < count; slot++) {
            if (rank_of(v->columns[slot].column->type) == rank) place_member(v, slot, place++);
        }
    }
    return true;
}

/* ---- the shape ---- */

static bool build_shape(struct validator *v, flexdb_error *err) {
    static const flexdb_field system[SYSTEM_SLOTS] = {
        [SLOT_ID] = {"id", 2, TYPE_REFERENCE, true},
        [SLOT_CREATED_AT] = {"created_at", 10, TYPE_DATETIME, true},
        [SLOT_UPDATED_AT] = {"updated_at", 10, TYPE_DATETIME, true},
        [SLOT_DELETED_AT] = {"deleted_at", 10, TYPE_DATETIME, true},
        [SLOT_VERSION] = {"_version", 8, TYPE_INTEGER, true},
    };
    size_t columns = v->definition->count, count = columns + SYSTEM_SLOTS;
    v->fields = arena_alloc(&v->arena, count, sizeof *v->fields);
    if (v->fields == NULL) return error_no_memory(err), false;
    for (size_t i = 0; i < columns; i++) {
        const struct column *c = &v->definition->columns[i];
        v->fields[i] = (flexdb_field){c->name, strlen(c->name), c->type, false};
    }
    memcpy(v->fields + columns, system, sizeof system);
    v->shape = (flexdb_shape){.count = count, .columns = columns, .fields = v->fields};
    for (size_t i = 0; i < count; i++) {
        if (names_add(&v->slots, v->fields[i].name, v->fields[i].length, (uint32_t)i) < 0) {
            return error_no_memory(err), false;
        }
    }
    return true;
}

static int build(struct validator *v, flexdb_error *err) {
    size_t count = v->definition->count;
    v->columns = calloc(count > 0 ? count : 1, sizeof *v->columns);
    if (v->columns == NULL) return error_no_memory(err);
    bool good = true;
    for (size_t i = 0; i < count && err->code == FLEXDB_OK; i++) {
        if (!compile_column(v, i, err)) good = false;
    }
    if (err->code == FLEXDB_OK && !compile_expressions(v, err)) good = false;
    error_close_issues(err, FLEXDB_INVALID_SCHEMA);
    if (err->code != FLEXDB_OK) return -(int)err->code;
    if (!good) return error_set(err, FLEXDB_INTERNAL, "a column could not be compiled");
    return build_shape(v, err) && order_members(v, err) ? 0 : -(int)err->code;
}

/* ---- the interface ---- */

int validator_new(struct validator **out, struct definition *definition, flexdb_error *err) {
    *out = NULL;
    if (definition == NULL || err->code != FLEXDB_OK) {
        definition_free(definition);
        error_close_issues(err, FLEXDB_INVALID_SCHEMA);
        if (err->code == FLEXDB_OK) error_set(err, FLEXDB_INTERNAL, "there is no definition to compile");
        return -(int)err->code;
    }
    struct validator *v = calloc(1, sizeof *v);
    if (v == NULL) {
        definition_free(definition);
        return error_no_memory(err);
    }
    v->references = 1;
    v->arena = ARENA_INIT;
    v->definition = definition;
    int rc = build(v, err);
    if (rc != 0) {
        validator_drop(v);
        return rc;
    }
    *out = v;
    return 0;
}

int validator_parse(struct validator **out, const char *text, size_t length, enum definition_source source,
                    flexdb_error *err) {
    cJSON *tree = NULL;
    struct definition *definition = NULL;
    *out = NULL;
    int rc = document_parse(&tree, text, length, err);
    if (rc != 0) return rc;
    if (definition_parse(&definition, tree, source, err) != 0) definition = NULL;
    return validator_new(out, definition, err);
}

int validator_of_column(struct validator **out, const struct column *column, flexdb_error *err) {
    return validator_of_document(out, column_document(column, PRINT_STORED), err);
}

int validator_of_document(struct validator **out, cJSON *column, flexdb_error *err) {
    struct definition *definition = NULL;
    cJSON *tree = cJSON_CreateObject(), *list = tree == NULL ? NULL : cJSON_AddArrayToObject(tree, "columns");
    *out = NULL;
    if (column == NULL || list == NULL) {
        cJSON_Delete(column);
        cJSON_Delete(tree);
        return error_no_memory(err);
    }
    cJSON *expression =
        cJSON_DetachItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(column, "validation"), "computed");
    const bool computed = expression != NULL;
    cJSON_Delete(expression);
    cJSON_AddItemToArray(list, column); /* an item that is there is only linked */
    if (definition_parse(&definition, tree, DEFINITION_STORED, err) != 0) definition = NULL;
    int rc = validator_new(out, definition, err);
    if (rc == 0) (*out)->was_computed = computed;
    return rc;
}

bool validator_was_computed(const struct validator *v) { return v->was_computed; }

struct validator *validator_hold(struct validator *v) {
    v->references++;
    return v;
}

void validator_drop(struct validator *v) {
    if (v == NULL || --v->references > 0) return;
    for (size_t i = 0; v->columns != NULL && i < v->definition->count; i++) type_clear(&v->columns[i]);
    free_expressions(v);
    free(v->columns);
    names_free(&v->slots);
    definition_free(v->definition);
    arena_free(&v->arena);
    free(v);
}

const struct definition *validator_definition(const struct validator *v) { return v->definition; }

const flexdb_shape *validator_shape(const struct validator *v) { return &v->shape; }

const struct compiled_column *validator_column(const struct validator *v, size_t slot) { return &v->columns[slot]; }

const struct formula *validator_formula(const struct validator *v, size_t slot) {
    return v->expressions.any ? v->expressions.values[slot] : NULL;
}

size_t validator_computed(const struct validator *v, const uint32_t **order) {
    *order = v->expressions.order;
    return v->expressions.computed;
}

const struct formula *validator_check(const struct validator *v, size_t i) { return v->expressions.checks[i]; }

int64_t validator_slot(const struct validator *v, const char *name, size_t length) {
    return names_find(&v->slots, name, length);
}

int64_t validator_slot_of_key(const struct validator *v, const char *key, size_t length) {
    return names_find(&v->definition->by_key, key, length);
}
