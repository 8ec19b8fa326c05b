/* evolve and rollback: both lead from the current definition to another in one transaction. */
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/utf8.h"
#include "db/evolution.h"
#include "db/history.h"
#include "db/tables.h"
#include "db/targets.h"

enum { MESSAGE_MAX_BYTES = 65535 /* of a TEXT */ };

static void forget_attempt(struct evolution *ev) {
    if (ev->physical) tables_undo_physical(ev->table->db->engine, ev->layout->table);
    ev->physical = false;
    ev->rebuild = false;
    ev->old_table[0] = '\0';
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

static int lock_table(struct evolution *ev, flexdb_error *err) {
    struct engine *e = ev->table->db->engine;
    int rc = tables_lock(&ev->from, e, ev->table->state->id, ev->table->state->name, err);
    if (rc != 0) return rc;
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
    engine_finalize(e, s);
    ev->has_records = rc == 1;
    return rc < 0 ? rc : 0;
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

/* A layout to evolve from, with the keys that the change has used. */
static int make_layout(struct evolution *ev, flexdb_error *err) {
    struct layout *old;
    int rc = catalog_copy_layout(&old, ev->from->layout, err);
    if (rc != 0) return rc;
    key_registry_free(&old->keys);
    old->keys.keys = cJSON_Duplicate(ev->keys.keys, true);
    rc = old->keys.keys == NULL ? error_no_memory(err)
                                : layout_evolve(&ev->layout, &ev->rebuild, ev->from->id, ev->to, old, err);
    layout_free(old);
    if (rc == 0 && ev->rebuild && !engine_has(ev->table->db->engine, DRIVER_TRANSACTIONAL_DDL) &&
        ev->table->db->engine->depth > 1)
        rc = error_set(err, FLEXDB_UNSUPPORTED,
                       "this change builds a new physical table, which a server cannot do inside a transaction");
    return rc;
}

static int prepare(struct evolution *ev, flexdb_error *err) {
    int rc = lock_table(ev, err);
    if (rc == 0) rc = make_tree(ev, err);
    if (rc == 0) rc = tables_compile(ev->tree, ev->from->version + 1, &ev->to, &ev->schema, err);
    if (rc == 0) rc = plan_build(&ev->plan, ev->from->validator, ev->to, &ev->from->layout->keys, err);
    return rc;
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
    if (stored == NULL) return error_no_memory(err);
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

static int take_up(struct evolution *ev, flexdb_error *err) {
    struct table_state *now;
    int rc = tables_read_back(&now, ev->table->db->engine, ev->from->id, err);
    if (rc != 0) return rc;
    state_drop(ev->table->state);
    ev->table->state = now;
    return history_entry(ev->table->db->engine, now->id, now->version, ev->out, err);
}

static int evolve_once(void *context, flexdb_error *err) {
    struct evolution *ev = context;
    forget_attempt(ev);
    int rc = prepare(ev, err);
    if (rc != 0) return rc;
    if (!ev->plan.changes_anything) return take_up(ev, err);
    rc = make_layout(ev, err);
    if (rc == 0) rc = targets_register(ev->table->db->engine, ev->from->id, ev->to, ev->layout, err);
    if (rc == 0 && ev->plan.has_checks && ev->options->on_invalid == FLEXDB_ON_INVALID_STOP)
        rc = evolution_check(ev, err);
    if (rc == 0 && ev->rebuild) rc = evolution_rebuild(ev, err);
    if (rc == 0) rc = write(ev, err);
    if (rc == 0) rc = take_up(ev, err);
    return rc;
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
    if (rc == 0) rc = table_enter(ev->table, ENGINE_WRITE, NULL, err);
    if (rc == 0) rc = engine_transact(e, evolve_once, ev, err);
    if (rc == 0 && ev->old_table[0] != '\0') tables_leave_physical(e, ev->old_table);
    if (rc == 0) {
        ev->physical = false;
        ev->out_start = ev->out->length;
        if (buffer_failed(ev->out)) rc = error_no_memory(err);
    }
    forget_attempt(ev);
    buffer_free(&ev->schema);
    return rc;
}

int flexdb_evolve(flexdb_table *table, const char *changes, size_t length, const struct flexdb_evolve_options *options,
                  struct buffer *out, flexdb_error *err) {
    cJSON *tree;
    int rc = document_parse(&tree, changes, length, err);
    if (rc != 0) return rc;
    struct evolution ev = {.table = table, .options = options, .changes = tree, .out = out};
    rc = run(&ev, err);
    cJSON_Delete(tree);
    return rc;
}

int flexdb_rollback_to(flexdb_table *table, int64_t version, const struct flexdb_evolve_options *options,
                       struct buffer *out, flexdb_error *err) {
    struct evolution ev = {.table = table, .options = options, .target = version, .out = out};
    return run(&ev, err);
}
