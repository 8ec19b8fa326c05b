/* Keys in documents that no version of the table knows: nothing reads them, but a column that is added would get the
 * key and show what stands there. So they are entered among the keys that were used; a purge takes their values away.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/doctor.h"
#include "db/tables.h"

/* ---- what is known ---- */

static int know(struct patient *p, const char *key, flexdb_error *err) {
    return names_add(&p->known, key, strlen(key), 0) < 0 ? error_no_memory(err) : 0;
}

static int know_columns(struct patient *p, const struct validator *v, flexdb_error *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && v != NULL && i < validator_shape(v)->columns; i++)
        rc = know(p, validator_column(v, i)->column->key, err);
    return rc;
}

int strangers_prepare(struct patient *p, flexdb_error *err) {
    const cJSON *key;
    names_free(&p->known);
    p->known = NAMES_INIT;
    int rc = know_columns(p, p->validator, err);
    if (rc == 0) rc = know_columns(p, p->past, err);
    cJSON_ArrayForEach(key, p->layout->keys.keys) {
        if (rc == 0) rc = know(p, key->string, err);
    }
    return rc;
}

/* ---- meeting them ---- */

void strangers_clear(struct strangers *s) {
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].key);
        free(s->list[i].record);
    }
    *s = (struct strangers){.count = 0};
}

static struct stranger *find(struct strangers *s, const char *key, size_t length) {
    for (size_t i = 0; i < s->count; i++)
        if (strlen(s->list[i].key) == length && memcmp(s->list[i].key, key, length) == 0) return &s->list[i];
    return NULL;
}

static int add(struct strangers *s, const char *key, size_t length, const char *record, size_t record_length,
               int64_t count, flexdb_error *err) {
    struct stranger *one = find(s, key, length);
    if (one == NULL && s->count == STRANGERS_MAX) {
        s->more += count;
        return 0;
    }
    if (one == NULL) {
        struct stranger made = {.key = text_dup(key, length), .record = text_dup(record, record_length)};
        if (made.key == NULL || made.record == NULL) {
            free(made.key);
            free(made.record);
            return error_no_memory(err);
        }
        one = &s->list[s->count++];
        *one = made;
    }
    one->count += count;
    return 0;
}

struct meeting {
    const struct patient *patient;
    struct strangers *strangers;
    const struct raw_record *raw;
};

static int meet(void *context, const char *key, size_t length, flexdb_error *err) {
    const struct meeting *m = context;
    if (names_find(&m->patient->known, key, length) != NAMES_NONE) return 0;
    return add(m->strangers, key, length, m->raw->id, m->raw->id_length, 1, err);
}

int strangers_meet(flexdb_doctor *d, struct strangers *s, const struct raw_record *raw, flexdb_error *err) {
    struct meeting m = {&d->patient, s, raw};
    return codec_keys(raw->data, raw->data_length, &d->kept, meet, &m, err);
}

int strangers_merge(struct strangers *into, struct strangers *from, flexdb_error *err) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        const struct stranger *s = &from->list[i];
        rc = add(into, s->key, strlen(s->key), s->record, strlen(s->record), s->count, err);
    }
    into->more += from->more;
    strangers_clear(from);
    return rc;
}

/* ---- telling of them ---- */

/* As a key of json, which holds any value: nothing reads by it. */
static int enter(struct layout *l, const struct strangers *s, flexdb_error *err) {
    const char *type = column_type_name(TYPE_JSON);
    for (size_t i = 0; i < s->count; i++) {
        if (cJSON_GetObjectItemCaseSensitive(l->keys.keys, s->list[i].key) != NULL) continue;
        if (cJSON_AddStringToObject(l->keys.keys, s->list[i].key, type) == NULL) return error_no_memory(err);
    }
    return 0;
}

static int reserve(void *context, flexdb_error *err) {
    flexdb_doctor *d = context;
    const char *id = d->patient.row.id;
    struct table_state *s;
    struct layout *l;
    int rc = state_find(&s, doctor_engine(d), CATALOG_TABLE_LOCK, &id, 1, err);
    if (rc != 1) return rc < 0 ? rc : error_set(err, FLEXDB_STALE, "table \"%s\" has changed", d->patient.row.name);
    rc = s->revision != d->patient.row.revision
             ? error_set(err, FLEXDB_STALE, "table \"%s\" has changed", d->patient.row.name)
             : catalog_copy_layout(&l, s->layout, err);
    if (rc == 0) {
        rc = enter(l, &d->strangers, err);
        struct catalog_entry entry = state_entry(s);
        entry.layout = l;
        if (rc == 0) rc = catalog_update(doctor_engine(d), &entry, s->revision, err);
        layout_free(l);
    }
    state_drop(s);
    return rc;
}

/* 1 done, 0 when somebody has changed the table: they are met again by the next doctor. */
static int mend(flexdb_doctor *d, flexdb_error *err) {
    int rc = engine_transact(doctor_engine(d), reserve, d, err);
    if (rc == -FLEXDB_STALE || rc == -FLEXDB_BUSY) {
        error_clear(err);
        return 0;
    }
    if (rc != 0) return rc;
    engine_forget_states(doctor_engine(d));
    rc = doctor_follow(d, err);
    return rc < 0 ? rc : 1;
}

int doctor_check_strangers(flexdb_doctor *d, flexdb_error *err) {
    const struct strangers *s = &d->strangers;
    if (s->count == 0) return 0;
    int mended = d->repair ? mend(d, err) : 0, rc = mended < 0 ? mended : 0;
    enum remedy remedy = mended == 1 ? REMEDY_DONE : REMEDY_NONE;
    for (size_t i = 0; rc == 0 && i < s->count; i++) {
        const struct stranger *one = &s->list[i];
        char key[SHOWN_SIZE], record[SHOWN_SIZE];
        rc = doctor_find(d, DOCTOR_UNKNOWN_KEY, remedy, NULL, err,
                         "no version knows the field key %s, which %lld record%s ha%s, %s first",
                         record_shown(key, one->key, strlen(one->key)), (long long)one->count,
                         one->count == 1 ? "" : "s", one->count == 1 ? "s" : "ve",
                         record_shown(record, one->record, strlen(one->record)));
    }
    if (rc == 0 && s->more != 0)
        rc = doctor_find(d, DOCTOR_UNKNOWN_KEY, REMEDY_NONE, NULL, err,
                         "documents have more keys that no version knows, %lld times", (long long)s->more);
    strangers_clear(&d->strangers);
    return rc;
}
