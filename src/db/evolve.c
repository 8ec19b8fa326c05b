/* evolve and rollback: both lead from the current definition to another in one transaction. */
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "db/build.h"
#include "db/evolution.h"
#include "db/history.h"
#include "db/once.h"
#include "db/plan_document.h"
#include "db/tables.h"
#include "db/targets.h"

enum { MESSAGE_MAX_BYTES = 65535 /* of a TEXT */ };

static void forget_attempt(struct evolution *ev) {
    evolution_end_rebuild(ev);
    ev->rebuild = false;
    ev->met = ev->noted = false;
    ev->old_table[0] = '\0';
    if (ev->converter != NULL) converter_close(ev->converter);
    free(ev->converter);
    ev->converter = NULL;
    free(ev->counts.carried);
    free(ev->counts.failing);
    free(ev->counts.failing_checks);
    free(ev->counts.going);
    free(ev->counts.back);
    free(ev->counts.coming);
    free(ev->needed);
    ev->needed = NULL;
    record_free(&ev->counts.record);
    ev->counts = (struct evolution_counts){0};
    plan_clear(&ev->plan);
    key_registry_free(&ev->keys);
    cJSON_Delete(ev->tree);
    ev->tree = NULL;
    validator_drop(ev->to);
    ev->to = NULL;
    layout_free(ev->layout);
    ev->layout = NULL;
    buffer_reset(&ev->schema);
    state_drop(ev->from);
    ev->from = NULL;
    ev->out->length = ev->out_start;
}

/* ---- what is to be ---- */

/* The table as it is; locked, unless nothing is to happen. */
static int take_table(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    const struct table_state *known = ev->table->state;
    int rc = ev->dry ? table_reload(ev->table, false, err) : tables_lock(&ev->from, e, known->id, known->name, err);
    if (ev->dry && rc >= 0) ev->from = state_hold(ev->table->state);
    if (rc < 0) return rc;
    int64_t expected = ev->options->expect_version;
    if (expected != 0 && expected != ev->from->version)
        return error_set(err, FLEXDB_CONFLICT, "table \"%s\" is at version %lld, not %lld", ev->from->name,
                         (long long)ev->from->version, (long long)expected);
    ev->keys.keys = cJSON_Duplicate(ev->from->layout->keys.keys, true);
    if (ev->keys.keys == NULL) return error_no_memory(err);
    const struct buffer *sql = state_text(ev->from, SQL_LAST, err);
    if (sql == NULL) return -(int)err->code;
    struct statement *s;
    rc = engine_query(e, &s, sql->data, sql->length, NULL, 0, err);
    ev->has_records = rc == 1;
    if (rc == 1) rc = engine_integer(e, s, 0, &ev->last, err);
    engine_finalize(e, s);
    return rc < 0 ? rc : build_find_cluster(ev, err);
}

/* The new definition's document, bound to the tables that it refers to. */
static int make_tree(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    const struct definition *before = validator_definition(ev->from->validator);
    /* What a version was bound to it stays bound to. */
    if (ev->changes == NULL) return history_definition(e, ev->from, ev->target, &ev->tree, err);
    int rc = changes_apply(&ev->tree, before, ev->changes, &ev->keys, ev->has_records, err);
    if (rc != 0) return rc;
    const struct target_scope scope = {.engine = e,
                                       .application = ev->from->application,
                                       .self_name = ev->from->name,
                                       .self_id = ev->from->id,
                                       .before = before};
    return targets_bind(&scope, ev->tree, err);
}

static bool has_physical(const struct evolution *ev, size_t slot) {
    return layout_find(ev->layout, validator_column(ev->to, slot)->column->key) != NULL;
}

/* A physical column of a converted or computed one would have to change with it, value by value, while its index is
 * there: two records that swap what is unique would be in each other's way. */
static bool fills_physical(const struct evolution *ev) {
    for (size_t i = 0; i < ev->plan.conversion_count; i++)
        if (has_physical(ev, ev->plan.conversions[i].to)) return true;
    for (size_t i = 0; i < ev->plan.computation_count; i++)
        if (has_physical(ev, ev->plan.computations[i].to)) return true;
    return false;
}

static int choose_layout(struct evolution *ev, const struct layout *old, flexdb_error *err) {
    int rc = layout_evolve(&ev->layout, &ev->rebuild, ev->from->id, ev->to, old, err);
    if (rc != 0 || ev->rebuild || !ev->has_records) return rc;
    bool changes = ev->plan.conversion_count + ev->plan.computation_count != 0;
    if (!fills_physical(ev) && !(changes && build_can(ev))) return 0;
    layout_free(ev->layout);
    ev->layout = NULL;
    ev->rebuild = true;
    return layout_new(&ev->layout, ev->from->id, ev->to, old, err);
}

/* A layout to evolve from, with the keys that the change has used. */
static int make_layout(struct evolution *ev, flexdb_error *err) {
    struct layout *old;
    int rc = catalog_copy_layout(&old, ev->from->layout, err);
    if (rc != 0) return rc;
    key_registry_free(&old->keys);
    old->keys.keys = cJSON_Duplicate(ev->keys.keys, true);
    rc = old->keys.keys == NULL ? error_no_memory(err) : choose_layout(ev, old, err);
    if (rc == -FLEXDB_LIMIT && ev->changes != NULL)
        changes_place_limit(ev->changes, validator_definition(ev->from->validator), &ev->from->layout->keys, err);
    layout_free(old);
    if (rc == 0 && ev->rebuild && !engine_has(ev->table->db->engine, DRIVER_TRANSACTIONAL_DDL) &&
        ev->table->db->engine->depth > 1)
        rc = error_set(err, FLEXDB_UNSUPPORTED,
                       "this change builds a new physical table, which a server cannot do inside a transaction");
    return rc;
}

static int prepare(struct evolution *ev, flexdb_error *err) {
    int rc = take_table(ev, err);
    if (rc == 0) rc = make_tree(ev, err);
    /* Some may be on their way from another node. */
    if (ev->cluster && !ev->dry) ev->has_records = true;
    if (rc == 0) rc = tables_compile(ev->tree, ev->from->version + 1, &ev->to, &ev->schema, err);
    if (rc == -FLEXDB_INVALID_SCHEMA && ev->changes != NULL && ev->tree != NULL)
        changes_place(ev->changes, ev->tree, err);
    if (rc == 0) rc = plan_build(&ev->plan, ev->from->validator, ev->to, &ev->from->layout->keys, err);
    return rc == 0 && ev->has_records ? evolution_find_routes(ev, err) : rc;
}

/* ---- making it so ---- */

static int write_version(struct evolution *ev, const struct catalog_entry *entry, flexdb_error *err) {
    const struct definition *from = validator_definition(ev->from->validator);
    const struct flexdb_evolve_options *o = ev->options;
    cJSON *diff = NULL;
    int rc = changes_diff(&diff, from, validator_definition(ev->to), err);
    if (rc != 0) return rc;
    cJSON *stored = changes_stored(diff);
    cJSON_Delete(diff);
    if (stored == NULL || !plan_note_conversions(ev, stored)) {
        cJSON_Delete(stored);
        return error_no_memory(err);
    }
    const char *actor = o->actor != NULL ? o->actor : ev->table->db->actor;
    rc = catalog_insert_version(ev->table->db->engine, entry, ev->from->schema, ev->from->schema_length, stored, actor,
                                o->message, err);
    cJSON_Delete(stored);
    return rc;
}

static int write(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    struct catalog_entry entry = state_entry(ev->from);
    entry.validator = ev->to;
    entry.schema = ev->schema.data;
    entry.schema_length = ev->schema.length;
    entry.layout = ev->layout;
    entry.version = ev->from->version + 1;
    int rc = catalog_update(e, &entry, ev->from->revision, err);
    if (rc == 0) rc = write_version(ev, &entry, err);
    if (rc == 0 && ev->rebuild) rc = evolution_touch_referrers(ev, err);
    return rc;
}

static int keep_entry(struct evolution *ev, flexdb_error *err) {
    struct buffer result = BUFFER_INIT;
    if (buffer_failed(ev->out)) return error_no_memory(err);
    buffer_puts(&result, "{\"tableId\":");
    json_write_string(&result, ev->table->state->id, strlen(ev->table->state->id));
    buffer_puts(&result, ",\"entry\":");
    buffer_append(&result, ev->out->data + ev->out_start, ev->out->length - ev->out_start);
    buffer_put(&result, '}');
    int rc = buffer_failed(&result) ? error_no_memory(err) : 0;
    if (rc == 0) rc = once_write(ev->table->db, ev->options->once, result.data, result.length, err);
    buffer_free(&result);
    return rc;
}

static int take_up(struct evolution *ev, flexdb_error *err) {
    struct table_state *now;
    int rc = tables_read_back(&now, ev->table->db->engine, ev->from->id, err);
    if (rc != 0) return rc;
    state_drop(ev->table->state);
    ev->table->state = now;
    rc = history_entry(ev->table->db->engine, now->id, now->version, ev->out, err);
    return rc == 0 && ev->options->once != NULL ? keep_entry(ev, err) : rc;
}

/* The values that the rules and checks, and the physical columns of a new table, ask for. */
static int find_needed(struct evolution *ev, flexdb_error *err) {
    size_t columns = validator_shape(ev->to)->columns;
    ev->needed = calloc(validator_shape(ev->to)->count, sizeof *ev->needed);
    if (ev->needed == NULL) return error_no_memory(err);
    for (size_t slot = 0; slot < columns; slot++) {
        const char *key = validator_column(ev->to, slot)->column->key;
        bool physical = ev->rebuild && layout_find(ev->layout, key) != NULL;
        ev->needed[slot] = physical || ev->plan.check[slot] || ev->plan.check_references[slot];
    }
    for (size_t i = 0; i < validator_definition(ev->to)->check_count; i++) {
        const uint32_t *reads;
        size_t count = ev->plan.check_expressions[i] ? formula_columns(validator_check(ev->to, i), &reads) : 0;
        for (size_t k = 0; k < count; k++) ev->needed[reads[k]] = true;
    }
    return 0;
}

int evolution_meet_records(struct evolution *ev, flexdb_error *err) {
    ev->judges = ev->plan.has_checks && ev->options->on_invalid != FLEXDB_ON_INVALID_IGNORE;
    size_t slots = validator_shape(ev->to)->count, checks = validator_definition(ev->to)->check_count;
    ev->counts.failing = calloc(slots + 1, sizeof *ev->counts.failing);
    ev->counts.failing_checks = calloc(checks + 1, sizeof *ev->counts.failing_checks);
    if (ev->counts.failing == NULL || ev->counts.failing_checks == NULL || find_needed(ev, err) != 0)
        return error_no_memory(err);
    if (!ev->has_records || ev->plan.conversion_count + ev->plan.computation_count == 0) return 0;
    ev->converter = calloc(1, sizeof *ev->converter);
    if (ev->converter == NULL) return error_no_memory(err);
    int rc = converter_open(ev->converter, ev->from, ev->to, &ev->plan, ev->options->on_invalid, err);
    ev->converter->needed = ev->needed;
    return rc;
}

static int write_records(struct evolution *ev, flexdb_error *err) {
    if (ev->rebuild) return evolution_rebuild(ev, err);
    if (ev->converter != NULL) return evolution_convert(ev, err);
    return ev->judges && ev->has_records ? evolution_inspect(ev, NULL, err) : 0;
}

int evolution_finish(struct evolution *ev, flexdb_error *err) {
    int rc = targets_register(ev->table->db->engine, ev->from->id, ev->to, ev->layout, err);
    if (rc == 0) rc = write(ev, err);
    return rc == 0 ? take_up(ev, err) : rc;
}

static int evolve_once(void *context, flexdb_error *err) {
    struct evolution *ev = context;
    forget_attempt(ev);
    int rc = prepare(ev, err);
    if (rc == 0 && ev->plan.changes_anything) rc = plan_enforce(ev, err);
    if (rc != 0) return rc;
    ev->met = !ev->dry && ev->from->layout->build.table[0] != '\0';
    if (ev->met) return 0;
    if (!ev->plan.changes_anything && !ev->dry) return take_up(ev, err);
    rc = make_layout(ev, err);
    if (rc == 0) rc = evolution_meet_records(ev, err);
    if (rc == 0 && ev->dry) return plan_tell(ev, err);
    if (rc == 0 && ev->rebuild && build_can(ev)) return build_note(ev, err);
    if (rc == 0) rc = targets_register(ev->table->db->engine, ev->from->id, ev->to, ev->layout, err);
    if (rc == 0) rc = write_records(ev, err);
    if (rc == 0) rc = write(ev, err);
    if (rc == 0) rc = take_up(ev, err);
    return rc;
}

/* A purge, or somebody who had taken the builder for dead, has changed the table under a build: it is planned anew. */
static bool is_overtaken(int rc, const flexdb_error *err) { return rc == -FLEXDB_CONFLICT && err->retryable; }

static int evolve(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    for (int64_t deadline = engine_deadline(e);;) {
        int rc = engine_transact(e, evolve_once, ev, err);
        if (rc == 0 && ev->met)
            rc = build_wait(ev, deadline, err);
        else if (rc != 0 || !ev->noted)
            return rc;
        else if ((rc = build_run(ev, err)) == 0)
            return rc;
        if (is_overtaken(rc, err) && engine_pause(deadline)) {
            error_clear(err);
            rc = 0;
        }
        if (rc < 0) return rc;
        if (rc == BUILD_REFUSED) ev->blocking = true;
    }
}

static int check_options(const struct flexdb_evolve_options *o, flexdb_error *err) {
    struct utf8_facts facts;
    size_t length = o->message != NULL ? strlen(o->message) : 0;
    if (length > MESSAGE_MAX_BYTES || !utf8_check(o->message, length, &facts))
        return error_set(err, FLEXDB_MISUSE, "the message of a version is at most %d bytes of UTF-8",
                         (int)MESSAGE_MAX_BYTES);
    return o->actor != NULL ? database_check_actor(o->actor, err) : 0;
}

static int run(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    ev->out_start = ev->out->length;
    int rc = check_options(ev->options, err);
    if (rc == 0) rc = table_enter(ev->table, ev->dry ? ENGINE_READ : ENGINE_WRITE, NULL, err);
    if (rc == 0) rc = ev->dry ? engine_look(e, evolve_once, ev, err) : evolve(ev, err);
    if (rc == 0 && ev->old_table[0] != '\0') tables_leave_old(e, ev->old_table);
    if (rc == 0) {
        ev->physical = false;
        ev->out_start = ev->out->length;
        if (buffer_failed(ev->out)) rc = error_no_memory(err);
    }
    forget_attempt(ev);
    buffer_free(&ev->schema);
    engine_catch_up(e);
    return rc;
}

int flexdb_evolve(flexdb_table *table, const char *changes, size_t length, const struct flexdb_evolve_options *options,
                  struct buffer *out, flexdb_error *err) {
    cJSON *tree;
    int rc = document_parse(&tree, changes, length, err);
    if (rc != 0) return rc;
    struct evolution ev = {.table = table, .options = options, .changes = tree, .out = out, .dry = options->dry_run};
    rc = run(&ev, err);
    cJSON_Delete(tree);
    return rc;
}

int flexdb_rollback_to(flexdb_table *table, int64_t version, const struct flexdb_evolve_options *options,
                       struct buffer *out, flexdb_error *err) {
    struct evolution ev = {.table = table, .options = options, .target = version, .out = out, .dry = options->dry_run};
    return run(&ev, err);
}
