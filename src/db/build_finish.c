/* What a builder did not live to do once its definition was in force: on a cluster others may have written into the old
 * physical table until then, and its journal still names what. The evolution is made up again from the two definitions,
 * as far as records are concerned, and their late writes are brought over. */
#include <stdlib.h>
#include <string.h>

#include "db/build_internal.h"
#include "db/history.h"

struct finishing {
    struct evolution ev;
    struct build build;
    struct table_state from; /* the definition before, over the old physical table; nobody else sees it */
    struct layout *layout;   /* its layout */
    struct key_registry used;
};

enum { SUFFIX_AT = 13 /* behind `flex_records_`, `flex_journal_` */ };

/* A journal has the name of the table that is built for it. */
bool build_is_switched(const struct table_state *s, const struct layout_build *note) {
    return strlen(note->journal) > SUFFIX_AT && strcmp(note->journal + SUFFIX_AT, s->layout->table + SUFFIX_AT) == 0;
}

static int define_from(struct finishing *f, struct table_state *now, const struct layout_build *note,
                       flexdb_error *err) {
    struct definition *definition;
    struct validator *v = NULL;
    int rc = catalog_copy_layout(&f->layout, now->layout, err);
    if (rc != 0) return rc;
    memcpy(f->layout->table, note->table, sizeof f->layout->table);
    rc = history_read(now->engine, now, now->version - 1, &definition, err);
    if (rc == 0) rc = validator_new(&v, definition, err);
    f->from = (struct table_state){.engine = now->engine,
                                   .validator = v,
                                   .layout = f->layout,
                                   .id = now->id,
                                   .name = now->name,
                                   .version = now->version - 1};
    return rc;
}

/* The keys that were used before: all that are known but those that came with the change. */
static int find_used(struct finishing *f, const struct table_state *now, flexdb_error *err) {
    f->used.keys = cJSON_Duplicate(now->layout->keys.keys, true);
    if (f->used.keys == NULL) return error_no_memory(err);
    for (size_t i = 0; i < validator_shape(now->validator)->columns; i++) {
        const char *key = validator_column(now->validator, i)->column->key;
        struct validator *column = NULL;
        int64_t version;
        if (validator_slot_of_key(f->from.validator, key, strlen(key)) != NAMES_NONE) continue;
        int rc = history_last_with(now->engine, &f->from, key, &version, &column, err);
        validator_drop(column);
        if (rc < 0) return rc;
        if (rc == 0) cJSON_DeleteItemFromObjectCaseSensitive(f->used.keys, key);
    }
    return 0;
}

static int prepare(struct finishing *f, struct table_state *now, const struct layout_build *note, flexdb_error *err) {
    static const struct flexdb_evolve_options options = {.on_invalid = FLEXDB_ON_INVALID_NULL};
    struct evolution *ev = &f->ev;
    int rc = define_from(f, now, note, err);
    if (rc == 0) rc = find_used(f, now, err);
    ev->options = &options;
    ev->from = &f->from;
    ev->to = now->validator;
    ev->has_records = ev->rebuild = ev->quiet = true;
    if (rc == 0) rc = catalog_copy_layout(&ev->layout, now->layout, err);
    if (rc == 0) rc = build_find_cluster(ev, err);
    if (rc == 0) rc = plan_build(&ev->plan, f->from.validator, now->validator, &f->used, err);
    if (rc == 0) rc = evolution_find_routes(ev, err);
    return rc == 0 ? evolution_meet_records(ev, err) : rc;
}

static void clear(struct finishing *f) {
    struct evolution *ev = &f->ev;
    build_close(&f->build);
    if (ev->converter != NULL) converter_close(ev->converter);
    free(ev->converter);
    free(ev->counts.failing);
    free(ev->counts.failing_checks);
    record_free(&ev->counts.record);
    free(ev->needed);
    plan_clear(&ev->plan);
    layout_free(ev->layout);
    layout_free(f->layout);
    key_registry_free(&f->used);
    validator_drop(f->from.validator);
    free(f);
}

int build_finish(struct table_state *now, const struct layout_build *note, flexdb_error *err) {
    struct finishing *f = calloc(1, sizeof *f);
    if (f == NULL) return error_no_memory(err);
    struct layout_build own = *note;
    memcpy(own.table, now->layout->table, sizeof own.table);
    int rc = prepare(f, now, note, err);
    if (rc == 0) rc = build_open(&f->build, &f->ev, &own, err);
    f->ev.build = &f->build;
    if (rc == 0) rc = build_gather(&f->build, err);
    clear(f);
    /* The definition before was purged, or the journal or the old table is gone already: nothing is left to be done. */
    if (rc != -FLEXDB_NOT_FOUND && rc != -FLEXDB_CORRUPT) return rc;
    error_clear(err);
    return 0;
}
