#include "db_bed.h"

#include <stdio.h>
#include <unistd.h>

#include "base/document.h"
#include "base/json_reader.h"
#if FLEXDB_TEST_MYSQL
#include "driver/mysql/mysql_driver.h"
#endif

enum { SLOTS = 256, FIELDS = 4, FIELD_SIZE = 512 };

/* ---- places ---- */

static char file_path[64], file_url[80], application[64];

struct db_place db_places[DB_PLACES];
size_t db_place_count;

int db_find_places(void **state) {
    (void)state;
    db_place_count = 0;
    snprintf(file_path, sizeof file_path, "/tmp/flexdb-test-%ld.db", (long)getpid());
    snprintf(file_url, sizeof file_url, "sqlite:%s", file_path);
    db_places[db_place_count++] = (struct db_place){"sqlite", file_url, NULL};
#if FLEXDB_TEST_MYSQL
    const char *url = getenv("FLEXDB_TEST_MYSQL_URL");
    if (url != NULL && url[0] != '\0') db_places[db_place_count++] = (struct db_place){"server", url, &mysql_driver};
#endif
    return 0;
}

int db_clear_places(void **state) {
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char path[80];
        snprintf(path, sizeof path, "%s%s", file_path, suffixes[i]);
        unlink(path);
    }
    return 0;
}

flexdb *db_open(const struct db_place *place, bool again) {
    static unsigned serial;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = NULL;
    if (!again) {
        /* Random enough to differ from every run before, on a server that keeps them. */
        union {
            void *pointer;
            uintptr_t number;
        } seed = {.pointer = &db};
        snprintf(application, sizeof application, "unit_%lx_%lx_%u", (unsigned long)getpid(),
                 (unsigned long)seed.number, serial++);
    }
    struct flexdb_options options = {
        .application = application, .actor = "tester", .timeout = 1, .driver = place->driver};
    DB_OK(flexdb_open(&db, place->url, strlen(place->url), &options, &err));
    return db;
}

flexdb_table *db_create(flexdb *db, const char *name, const char *definition) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_table *t = NULL;
    DB_OK(flexdb_create_table(&t, db, name, strlen(name), definition, strlen(definition), &err));
    return t;
}

/* ---- records ---- */

static void put_value(struct json_reader *r, enum json_event event, flexdb_value *out) {
    static char texts[64][256];
    static size_t next;
    const char *span;
    size_t length;
    switch (event) {
    case JSON_NULL: *out = value_null(); break;
    case JSON_TRUE: *out = value_boolean(true); break;
    case JSON_FALSE: *out = value_boolean(false); break;
    case JSON_INTEGER: *out = value_integer(r->integer); break;
    case JSON_NUMBER: *out = value_number(r->number); break;
    case JSON_STRING:
        assert_true(r->length < sizeof texts[0]);
        memcpy(texts[next % 64], r->text, r->length);
        *out = value_text(texts[next++ % 64], r->length);
        break;
    default:
        assert_true(json_reader_skip(r, &span, &length));
        *out = (flexdb_value){.tag = FLEXDB_JSON, .length = length, .as.text = span};
        break;
    }
}

bool db_laying_out;

const flexdb_value *db_record(const flexdb_validator *v, const char *json) {
    db_laying_out = true;
    static flexdb_value values[SLOTS];
    for (size_t i = 0; i < SLOTS; i++) values[i] = (flexdb_value){.tag = FLEXDB_ABSENT};
    struct json_reader r;
    json_reader_init(&r, json, strlen(json), 50, true);
    assert_int_equal(json_reader_next(&r), JSON_OBJECT);
    while (json_reader_next(&r) == JSON_KEY) {
        int64_t slot = validator_slot(v, r.text, r.length);
        flexdb_value ignored;
        enum json_event event = json_reader_next(&r);
        put_value(&r, event, slot == NAMES_NONE ? &ignored : &values[slot]);
    }
    json_reader_free(&r);
    db_laying_out = false;
    return values;
}

int db_insert(flexdb_table *t, const char *json, flexdb_row *row, flexdb_error *err) {
    flexdb_row unused;
    for (int i = 0;; i++) {
        const flexdb_validator *v = flexdb_table_validator(t);
        int rc = flexdb_insert(t, v, db_record(v, json), row != NULL ? row : &unused, err);
        if (rc != -FLEXDB_STALE || i == 5) return rc;
        error_clear(err);
    }
}

int db_update(flexdb_table *t, const char *id, const char *json, flexdb_row *row, flexdb_error *err) {
    flexdb_row unused;
    for (int i = 0;; i++) {
        const flexdb_validator *v = flexdb_table_validator(t);
        int rc = flexdb_update(t, id, strlen(id), 0, v, db_record(v, json), row != NULL ? row : &unused, err);
        if (rc != -FLEXDB_STALE || i == 5) return rc;
        error_clear(err);
    }
}

static void print_value(const flexdb_value *v, struct buffer *out) {
    switch (v->tag) {
    case FLEXDB_BOOLEAN: buffer_puts(out, v->as.boolean ? "true" : "false"); break;
    case FLEXDB_INTEGER: buffer_printf(out, "%lld", (long long)v->as.integer); break;
    case FLEXDB_TEXT:
    case FLEXDB_JSON: buffer_append(out, v->as.text, v->length); break;
    default: buffer_puts(out, "-"); break;
    }
}

const char *db_field(const flexdb_row *row, const char *name) {
    static char texts[FIELDS][FIELD_SIZE];
    static size_t next;
    int64_t slot = validator_slot(row->validator, name, strlen(name));
    assert_true(slot >= 0);
    struct buffer text = BUFFER_INIT;
    print_value(&row->values[slot], &text);
    char *out = texts[next++ % FIELDS];
    snprintf(out, FIELD_SIZE, "%s", buffer_text(&text));
    buffer_free(&text);
    return out;
}

static void put_row(const flexdb_row *row, bool system, struct buffer *out) {
    const flexdb_shape *shape = validator_shape(row->validator);
    print_value(&row->values[shape->columns + SLOT_ID], out);
    for (size_t i = 0; i < shape->count; i++) {
        if (i >= shape->columns && !system) break;
        buffer_printf(out, " %s=", shape->fields[i].name);
        print_value(&row->values[i], out);
    }
    buffer_put(out, '\n');
}

static void put_rows(flexdb_table *t, const char *query, bool system, struct buffer *out) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_rows *rows = NULL;
    flexdb_row row;
    int rc;
    DB_OK(flexdb_find(&rows, t, query, strlen(query), false, &err));
    while ((rc = flexdb_rows_step(rows, &row, &err)) == 1) put_row(&row, system, out);
    DB_OK(rc);
    flexdb_rows_free(rows);
}

char *db_list(flexdb_table *t, const char *query) {
    struct buffer out = BUFFER_INIT;
    put_rows(t, query, false, &out);
    return buffer_take(&out);
}

static void put_table(flexdb *db, const char *name, struct buffer *out) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_table *t = NULL;
    DB_OK(flexdb_open_table(&t, db, name, strlen(name), &err));
    buffer_printf(out, "\n%s ", name);
    DB_OK(flexdb_table_schema(t, out, &err));
    DB_OK(flexdb_history(t, 0, 0, true, out, &err));
    buffer_put(out, '\n');
    put_rows(t, "{\"includeDeleted\":true}", true, out);
    flexdb_table_free(t);
}

char *db_dump(flexdb *db) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer list = BUFFER_INIT, out = BUFFER_INIT;
    cJSON *tables, *table;
    DB_OK(flexdb_tables(db, true, false, &out, &err));
    DB_OK(flexdb_tables(db, false, false, &list, &err));
    DB_OK(document_parse(&tables, list.data, list.length, &err));
    cJSON_ArrayForEach(table, tables) {
        put_table(db, cJSON_GetObjectItemCaseSensitive(table, "name")->valuestring, &out);
    }
    cJSON_Delete(tables);
    buffer_free(&list);
    return buffer_take(&out);
}

/* ---- errors ---- */

void db_ok_(int rc, flexdb_error *err, const char *call, const char *file, int line) {
    if (rc >= 0 && err->code == FLEXDB_OK) return;
    print_error("%s: %s: %s\n", call, error_code_name(err->code), err->message != NULL ? err->message : "no message");
    error_clear(err);
    _fail(file, line);
}

void db_fails_(int rc, flexdb_error *err, flexdb_code code, const char *message, const char *file, int line) {
    if (rc != -(int)code || err->code != code) {
        print_error("expected %s, got %d %s: %s\n", error_code_name(code), rc, error_code_name(err->code),
                    err->message != NULL ? err->message : "no error");
        error_clear(err);
        _fail(file, line);
    }
    if (message != NULL) _assert_string_equal(err->message, message, file, line);
    error_clear(err);
}
