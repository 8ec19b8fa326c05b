#include "db/record.h"

#include <string.h>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "sql/ddl.h"

enum { EXCERPT_BYTES = 200 };

static int read_body(struct engine *e, struct statement *s, size_t column, const char **text, size_t *length,
                     flexdb_error *err) {
    int rc = engine_text(e, s, column, text, length, err);
    if (rc == 0 && *text == NULL) rc = error_set(err, FLEXDB_CORRUPT, "a record has no id or no document");
    return rc;
}

int raw_read(struct engine *e, struct statement *s, struct raw_record *out, flexdb_error *err) {
    const struct driver *d = engine_driver(e);
    static const size_t columns[] = {FETCH_SEQ, FETCH_VERSION, FETCH_CREATED_AT, FETCH_UPDATED_AT,
                                     FETCH_SCHEMA_VERSION};
    int64_t *const targets[] = {&out->seq, &out->version, &out->created_at, &out->updated_at, &out->schema_version};
    int rc = read_body(e, s, FETCH_ID, &out->id, &out->id_length, err);
    if (rc == 0) rc = read_body(e, s, FETCH_DATA, &out->data, &out->data_length, err);
    for (size_t i = 0; rc == 0 && i < sizeof columns / sizeof columns[0]; i++)
        rc = engine_integer(e, s, columns[i], targets[i], err);
    if (rc != 0) return rc;
    flexdb_value value;
    rc = d->column(s, FETCH_DELETED_AT, &value, err);
    if (rc != 0) return rc;
    if (value.tag != FLEXDB_INTEGER && !value_is_none(&value))
        return error_set(err, FLEXDB_CORRUPT, "column %d of a result is not an integer", (int)FETCH_DELETED_AT);
    out->deleted = value.tag == FLEXDB_INTEGER;
    out->deleted_at = out->deleted ? value.as.integer : 0;
    out->revision = 0;
    if (engine_has(e, DRIVER_CHANGE_COUNTER)) return 0;
    rc = d->column(s, FETCH_REVISION, &value, err);
    if (rc == 0 && value.tag == FLEXDB_INTEGER) out->revision = value.as.integer;
    return rc;
}

void record_system_slots(const flexdb_shape *shape, flexdb_value *values, const struct raw_record *raw,
                         struct record_times *times) {
    flexdb_value *slots = values + shape->columns;
    datetime_print(raw->created_at, times->created_at);
    slots[SLOT_ID] = value_text(raw->id, raw->id_length);
    slots[SLOT_CREATED_AT] = value_text(times->created_at, DATETIME_TEXT_SIZE - 1);
    slots[SLOT_UPDATED_AT] = slots[SLOT_CREATED_AT]; /* the same text, which tells a reader that they are equal */
    slots[SLOT_DELETED_AT] = (flexdb_value){.tag = FLEXDB_ABSENT};
    slots[SLOT_VERSION] = value_integer(raw->version);
    if (raw->updated_at != raw->created_at) {
        datetime_print(raw->updated_at, times->updated_at);
        slots[SLOT_UPDATED_AT] = value_text(times->updated_at, DATETIME_TEXT_SIZE - 1);
    }
    if (!raw->deleted) return;
    datetime_print(raw->deleted_at, times->deleted_at);
    slots[SLOT_DELETED_AT] = value_text(times->deleted_at, DATETIME_TEXT_SIZE - 1);
}

/* What the physical values of a record need at most: the scratch must not grow under those that are made. */
static size_t physical_room(const struct table_state *s, const flexdb_value *values) {
    size_t room = s->physical_count * CODEC_PHYSICAL_SCRATCH;
    for (size_t i = 0; i < s->physical_count; i++) {
        const flexdb_value *value = &values[s->physicals[i].slot];
        if (value->tag == FLEXDB_TEXT && value->length > DDL_TEXT_PREFIX) room += DDL_TEXT_ENTRY;
    }
    return room;
}

int record_physicals(const struct table_state *s, const flexdb_value *values, flexdb_value *out, struct buffer *scratch,
                     flexdb_error *err) {
    if (!buffer_reserve(scratch, physical_room(s, values))) return error_no_memory(err);
    for (size_t i = 0; i < s->physical_count; i++) {
        const struct state_physical *p = &s->physicals[i];
        const flexdb_value *value = &values[p->slot];
        if (value_is_none(value)) {
            out[i] = value_null();
            continue;
        }
        int rc = codec_physical(s->validator, p->slot, value, &out[i], scratch, err);
        if (rc != 0) return rc;
        ddl_text_entry(s->engine->dialect, p->column, &out[i], scratch);
    }
    return 0;
}

/* The longest prefix of at most EXCERPT_BYTES that ends between two characters. */
static size_t whole_characters(const char *text, size_t length) {
    if (length <= EXCERPT_BYTES) return length;
    size_t end = EXCERPT_BYTES;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
    return end;
}

const char *record_shown(char out[SHOWN_SIZE], const char *text, size_t length) {
    enum { SHOWN_BYTES = 128 };
    struct utf8_facts facts;
    bool valid = utf8_check(text, length, &facts);
    size_t shown = length < SHOWN_BYTES ? length : SHOWN_BYTES, at = 0;
    while (valid && shown < length && ((unsigned char)text[shown] & 0xC0) == 0x80) shown--;
    out[at++] = '"';
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];
        out[at++] = c < 0x20 || c == 0x7F || (c >= 0x80 && !valid) ? '?' : text[i];
    }
    if (shown < length) {
        static const char more[] = "…";
        memcpy(out + at, more, sizeof more - 1);
        at += sizeof more - 1;
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}

char *record_excerpt(const flexdb_value *value) {
    struct buffer out = BUFFER_INIT;
    switch (value->tag) {
    case FLEXDB_BOOLEAN: buffer_puts(&out, value->as.boolean ? "true" : "false"); break;
    case FLEXDB_INTEGER: json_write_integer(&out, value->as.integer); break;
    case FLEXDB_NUMBER: json_write_number(&out, value->as.number); break;
    case FLEXDB_TEXT: {
        size_t length = whole_characters(value->as.text, value->length);
        json_write_string(&out, value->as.text, length);
        if (length < value->length) {
            if (out.length != 0) out.length--;
            buffer_puts(&out, "…\"");
        }
        break;
    }
    case FLEXDB_JSON: buffer_append(&out, value->as.text, value->length); break;
    default: buffer_puts(&out, "null"); break;
    }
    return buffer_take(&out);
}
