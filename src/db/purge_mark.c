/* Which versions a purge takes away, and with them which field keys: said in the table's row before any value goes, so
 * that whatever happens then nobody reads a version whose values are half there. */
#include <string.h>

#include "base/document.h"
#include "db/purge.h"
#include "db/tables.h"

enum { VERSION_NEW_SCHEMA = 2 }; /* of CATALOG_VERSIONS */

/* The keys of a stored definition. A column of another program has none: it is its name. */
static int note_keys(const char *text, size_t length, struct arena *arena, struct names *keys, flexdb_error *err) {
    cJSON *tree;
    int rc = document_parse(&tree, text, length, err);
    if (rc != 0) {
        err->code = err->code == FLEXDB_INVALID_DOCUMENT ? FLEXDB_CORRUPT : err->code;
        error_prefix(err, "stored definition: ");
        return -(int)err->code;
    }
    const cJSON *column;
    cJSON_ArrayForEach(column, cJSON_GetObjectItemCaseSensitive(tree, "columns")) {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(column, "key");
        if (!cJSON_IsString(key)) key = cJSON_GetObjectItemCaseSensitive(column, "name");
        if (!cJSON_IsString(key)) continue;
        size_t key_length = strlen(key->valuestring);
        if (names_find(keys, key->valuestring, key_length) != NAMES_NONE) continue;
        const char *kept = arena_dup(arena, key->valuestring, key_length);
        if (kept == NULL || names_add(keys, kept, key_length, 0) < 0) rc = error_no_memory(err);
        if (rc != 0) break;
    }
    cJSON_Delete(tree);
    return rc;
}

static int note_kept(const struct table_state *s, int64_t from, struct arena *arena, struct names *keys,
                     flexdb_error *err) {
    struct engine *e = s->engine;
    const flexdb_value values[] = {value_text(s->id, strlen(s->id)), value_integer(from), value_integer(s->version)};
    const char *sql = catalog_sql(e->dialect, CATALOG_VERSIONS);
    struct statement *statement;
    int rc = note_keys(s->schema, s->schema_length, arena, keys, err);
    if (rc != 0) return rc;
    rc = engine_query(e, &statement, sql, strlen(sql), values, 3, err);
    while (rc == 1) {
        const char *text;
        size_t length;
        rc = engine_text(e, statement, VERSION_NEW_SCHEMA, &text, &length, err);
        if (rc == 0 && text != NULL) rc = note_keys(text, length, arena, keys, err);
        if (rc == 0) rc = engine_step(e, statement, err);
    }
    engine_finalize(e, statement);
    return rc;
}

static int forget_gone(flexdb_purge *p) {
    names_free(&p->gone);
    arena_free(&p->arena);
    p->gone = NAMES_INIT;
    p->arena = ARENA_INIT;
    p->gone_count = 0;
    return 0;
}

/* Keys that were used and that no version from `from` on names. */
static int find_gone(flexdb_purge *p, const struct table_state *s, int64_t from, flexdb_error *err) {
    struct names kept = NAMES_INIT;
    forget_gone(p);
    int rc = note_kept(s, from, &p->arena, &kept, err);
    const cJSON *key;
    cJSON_ArrayForEach(key, s->layout->keys.keys) {
        size_t length = rc == 0 ? strlen(key->string) : 0;
        if (rc != 0) break;
        if (names_find(&kept, key->string, length) != NAMES_NONE) continue;
        const char *name = arena_dup(&p->arena, key->string, length);
        if (name == NULL || names_add(&p->gone, name, length, p->gone_count) < 0) rc = error_no_memory(err);
        p->gone_count++;
    }
    names_free(&kept);
    return rc;
}

/* The physical columns of keys that are gone are never taken up again. */
static int write_mark(flexdb_purge *p, const struct table_state *locked, int64_t from, flexdb_error *err) {
    struct layout *layout;
    int rc = catalog_copy_layout(&layout, locked->layout, err);
    if (rc != 0) return rc;
    layout->kept_from = from;
    layout->purging = p->gone_count != 0;
    for (size_t i = 0; i < layout->count; i++) {
        struct layout_column *c = &layout->columns[i];
        if (c->retired && names_find(&p->gone, c->key, strlen(c->key)) != NAMES_NONE) c->lapsed = true;
    }
    struct catalog_entry entry = state_entry(locked);
    entry.layout = layout;
    rc = catalog_update(locked->engine, &entry, locked->revision, err);
    layout_free(layout);
    return rc;
}

/* Takes up what was written. */
static int read_back(flexdb_purge *p, flexdb_error *err) {
    struct table_state *now;
    int rc = tables_read_back(&now, p->table->db->engine, p->table->state->id, err);
    if (rc != 0) return rc;
    state_drop(p->table->state);
    p->table->state = now;
    return 0;
}

static int mark_once(void *context, flexdb_error *err) {
    flexdb_purge *p = context;
    struct table_state *locked;
    int rc = tables_lock(&locked, p->table->db->engine, p->table->state->id, p->table->state->name, err);
    if (rc != 0) return rc;
    int64_t from = p->keep_versions != 0 ? locked->version - p->keep_versions + 1 : 1;
    if (from < locked->layout->kept_from) from = locked->layout->kept_from;
    p->kept_from = from;
    /* An earlier purge that was cut short is finished by any other. */
    if (from == locked->layout->kept_from && !locked->layout->purging) {
        state_drop(locked);
        return forget_gone(p);
    }
    rc = find_gone(p, locked, from, err);
    if (rc == 0) rc = write_mark(p, locked, from, err);
    if (rc == 0) rc = read_back(p, err);
    state_drop(locked);
    return rc < 0 ? rc : p->gone_count != 0;
}

int purge_mark(flexdb_purge *p, flexdb_error *err) { return engine_transact(p->table->db->engine, mark_once, p, err); }

struct touch {
    flexdb_purge *purge;
    bool done;
};

static int touch_once(void *context, flexdb_error *err) {
    struct touch *t = context;
    flexdb_purge *p = t->purge;
    struct table_state *locked;
    struct layout *layout = NULL;
    int rc = tables_lock(&locked, p->table->db->engine, p->table->state->id, p->table->state->name, err);
    if (rc == 0) rc = catalog_copy_layout(&layout, locked->layout, err);
    if (rc == 0) {
        /* Where another purge has taken more away it is for that one to say that it is done. */
        if (t->done && layout->kept_from == p->kept_from) layout->purging = false;
        struct catalog_entry entry = state_entry(locked);
        entry.layout = layout;
        rc = catalog_update(locked->engine, &entry, locked->revision, err);
    }
    if (rc == 0) rc = read_back(p, err);
    layout_free(layout);
    state_drop(locked);
    return rc;
}

int purge_touch(flexdb_purge *p, bool done, flexdb_error *err) {
    struct touch t = {p, done};
    return engine_transact(p->table->db->engine, touch_once, &t, err);
}
