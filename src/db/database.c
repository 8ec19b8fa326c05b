#include "db/database.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { APPLICATION_MAX_BYTES = 128, ACTOR_MAX_CHARACTERS = 128 };

const char *flexdb_url_scheme(const char *url, size_t length) {
    static const char *const schemes[] = {"sqlite", "mysql"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t size = strlen(schemes[i]), same = 0;
        while (same < size && same < length && (url[same] | 32) == schemes[i][same]) same++; /* whatever its case */
        if (same == size && length > size && url[size] == ':') return schemes[i];
    }
    return NULL;
}

/* ---- handles ---- */

int database_check_actor(const char *actor, flexdb_error *err) {
    struct utf8_facts facts;
    if (utf8_check(actor, strlen(actor), &facts) && facts.code_points <= ACTOR_MAX_CHARACTERS) return 0;
    return error_set(err, FLEXDB_MISUSE, "an actor's name is at most %d characters of UTF-8",
                     (int)ACTOR_MAX_CHARACTERS);
}

/* Both stand in columns of fixed width of the catalogue. */
static int check_names(const char *application, const char *actor, flexdb_error *err) {
    struct utf8_facts facts;
    size_t length = strlen(application);
    if (length == 0 || length > APPLICATION_MAX_BYTES || !utf8_check(application, length, &facts))
        return error_set(err, FLEXDB_MISUSE, "an application's name is 1 to %d bytes of UTF-8",
                         (int)APPLICATION_MAX_BYTES);
    return actor != NULL ? database_check_actor(actor, err) : 0;
}

static int handle_new(flexdb **out, struct engine *e, const char *application, const char *actor, flexdb_error *err) {
    flexdb *db = calloc(1, sizeof *db);
    if (db == NULL) return error_no_memory(err);
    db->references = 1;
    db->open = true;
    db->engine = engine_hold(e);
    db->application = strdup(application);
    if (actor != NULL) db->actor = strdup(actor);
    if (db->application == NULL || (actor != NULL && db->actor == NULL)) {
        database_drop(db);
        return error_no_memory(err);
    }
    *out = db;
    return 0;
}

flexdb *database_hold(flexdb *db) {
    db->references++;
    return db;
}

void database_drop(flexdb *db) {
    if (db == NULL || --db->references != 0) return;
    engine_drop(db->engine);
    free(db->application);
    free(db->actor);
    free(db);
}

int database_enter(flexdb *db, enum engine_use use, flexdb_error *err) {
    if (!db->open) return error_set(err, FLEXDB_MISUSE, "the database is closed");
    return engine_enter(db->engine, use, err);
}

/* ---- FlexDB's own tables ---- */

int database_read_layout(struct engine *e, flexdb_error *err) {
    struct statement *s;
    const char *sql = catalog_sql(e->dialect, CATALOG_READ_LAYOUT);
    int rc = engine_query(e, &s, sql, strlen(sql), NULL, 0, err);
    if (rc <= 0) return rc;
    const char *text;
    size_t length;
    long layout = 0;
    rc = engine_text(e, s, 0, &text, &length, err);
    if (rc == 0 && length > 0 && length < 10) {
        char digits[10] = {0};
        memcpy(digits, text, length);
        layout = strtol(digits, NULL, 10);
    }
    engine_finalize(e, s);
    if (rc != 0) return rc;
    if (layout < 1) return error_set(err, FLEXDB_CORRUPT, "flex_meta does not say which layout the database has");
    if (layout > CATALOG_LAYOUT)
        return error_set(err, FLEXDB_UNSUPPORTED, "the database has layout %ld, this FlexDB knows layouts up to %d",
                         layout, (int)CATALOG_LAYOUT);
    return 1;
}

int database_write_layout(struct engine *e, flexdb_error *err) {
    char digits[12] = {(char)('0' + CATALOG_LAYOUT)};
    flexdb_value value = value_text(digits, 1);
    const char *sql = catalog_sql(e->dialect, CATALOG_WRITE_LAYOUT);
    return engine_run(e, sql, strlen(sql), &value, 1, NULL, err);
}

static int write_catalog(struct engine *e, flexdb_error *err) {
    const char *sql;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (sql = catalog_ddl(e->dialect, i)) != NULL; i++)
        rc = engine_ddl(e, sql, strlen(sql), err);
    return rc != 0 ? rc : database_write_layout(e, err);
}

static bool answers(struct engine *e, enum catalog_statement which) {
    flexdb_error ignored = FLEXDB_ERROR_INIT;
    struct statement *s;
    const char *sql = catalog_sql(e->dialect, which);
    int rc = engine_query(e, &s, sql, strlen(sql), NULL, 0, &ignored);
    engine_finalize(e, s);
    error_clear(&ignored);
    return rc >= 0;
}

/* The tables of another program, which may well be the first FlexDB, are left as they are. */
static int refuse_strangers(struct engine *e, flexdb_error *err) {
    if (!answers(e, CATALOG_HAS_TABLES) || answers(e, CATALOG_HAS_STORAGE)) return 0;
    return error_set(err, FLEXDB_UNSUPPORTED,
                     "the database has a table flex_tables of another program: the columns storage and revision are "
                     "missing");
}

/* A flex_meta that cannot be asked: asked again, so that memory which ran out once is not taken for another program. */
static int blame_stranger(struct engine *e, int rc, flexdb_error *err) {
    if (rc != -FLEXDB_INTERNAL || answers(e, CATALOG_READ_LAYOUT)) return rc;
    error_clear(err);
    return error_set(err, FLEXDB_UNSUPPORTED,
                     "the database has a table flex_meta of another program: the columns name and value are missing");
}

/* Two handles may open a new database at once: every statement is harmless when the other has done it. */
static int create_catalog(struct engine *e, flexdb_error *err) {
    if (e->options.read_only)
        return error_set(err, FLEXDB_READ_ONLY, "the database has no FlexDB tables, and the handle is read-only");
    if (!engine_has(e, DRIVER_TRANSACTIONAL_DDL)) return write_catalog(e, err);
    int rc = engine_begin(e, err);
    if (rc != 0) return rc;
    rc = write_catalog(e, err);
    if (rc == 0) return engine_commit(e, err);
    engine_rollback(e);
    return rc;
}

static int prepare_catalog(struct engine *e, flexdb_error *err) {
    struct statement *s;
    const char *sql = catalog_sql(e->dialect, CATALOG_EXISTS);
    int rc = engine_query(e, &s, sql, strlen(sql), NULL, 0, err);
    engine_finalize(e, s);
    if (rc == 1) rc = blame_stranger(e, database_read_layout(e, err), err);
    if (rc == 0) {
        rc = refuse_strangers(e, err);
        if (rc == 0) rc = create_catalog(e, err);
        if (rc == 0) rc = database_read_layout(e, err);
        if (rc == 0) rc = error_set(err, FLEXDB_CORRUPT, "flex_meta does not say which layout the database has");
    }
    return rc < 0 ? rc : 0;
}

/* ---- the C API ---- */

int flexdb_open(flexdb **out, const char *url, size_t length, const struct flexdb_options *options, flexdb_error *err) {
    *out = NULL;
    const char *application = options->application != NULL ? options->application : "default";
    int rc = check_names(application, options->actor, err);
    if (rc != 0) return rc;
    struct engine *e;
    rc = engine_open(&e, url, length, options, err);
    if (rc != 0) return rc;
    rc = prepare_catalog(e, err);
    if (rc == 0) rc = handle_new(out, e, application, options->actor, err);
    engine_drop(e);
    return rc;
}

int flexdb_with(flexdb **out, flexdb *db, const char *application, const char *actor, flexdb_error *err) {
    *out = NULL;
    if (!flexdb_is_open(db)) return error_set(err, FLEXDB_MISUSE, "the database is closed");
    if (application == NULL) application = db->application;
    if (actor == NULL) actor = db->actor;
    int rc = check_names(application, actor, err);
    if (rc == 0) rc = handle_new(out, db->engine, application, actor, err);
    if (rc == 0) (*out)->view = true;
    return rc;
}

void flexdb_close(flexdb *db) {
    db->open = false;
    if (!db->view) engine_close(db->engine);
}

bool flexdb_is_open(const flexdb *db) { return db->open && db->engine->connection != NULL; }

bool flexdb_is_calling(const flexdb *db) { return db->engine->calling; }

void flexdb_free(flexdb *db) {
    if (db == NULL) return;
    flexdb_close(db);
    database_drop(db);
}

const char *flexdb_application(const flexdb *db) { return db->application; }

const char *flexdb_actor(const flexdb *db) { return db->actor; }
