#include "db/once.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "db/catalog.h"

enum { KEY_MAX_BYTES = 255, STEP_TEXT = 2 * DIGEST_BYTES };

static int check_key(const struct flexdb_once *once, flexdb_error *err) {
    struct utf8_facts facts;
    if (once->key_length > 0 && once->key_length <= KEY_MAX_BYTES && utf8_check(once->key, once->key_length, &facts))
        return 0;
    return error_set(err, FLEXDB_INVALID_DOCUMENT, "an idempotency key is 1 to %d bytes of UTF-8", (int)KEY_MAX_BYTES);
}

static void print_step(const struct flexdb_once *once, char out[STEP_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[DIGEST_BYTES];
    digest_sha256(once->step, once->step_length, digest);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
}

static flexdb_value application_of(const flexdb *db) { return value_text(db->application, strlen(db->application)); }

/* A database that an older FlexDB has made has no table of keys. */
static bool lacks_table(flexdb_error *err) {
    if (err->code != FLEXDB_CORRUPT || err->detail == NULL || strcmp(err->detail, "flex_once") != 0) return false;
    error_clear(err);
    return true;
}

/* ---- finding ---- */

static int read_found(struct engine *e, struct statement *s, const struct flexdb_once *once, struct buffer *out,
                      flexdb_error *err) {
    const char *text;
    size_t length;
    char step[STEP_TEXT];
    print_step(once, step);
    int rc = engine_text(e, s, 0, &text, &length, err);
    if (rc == 0 && (length != STEP_TEXT || memcmp(text, step, STEP_TEXT) != 0))
        return error_set(err, FLEXDB_CONFLICT, "the idempotency key \"%.*s\" belongs to another step",
                         (int)once->key_length, once->key);
    if (rc == 0) rc = engine_text(e, s, 1, &text, &length, err);
    if (rc != 0) return rc;
    if (text == NULL)
        buffer_puts(out, "null");
    else
        buffer_append(out, text, length);
    return buffer_failed(out) ? error_no_memory(err) : 1;
}

static int find(flexdb *db, const struct flexdb_once *once, enum catalog_statement which, struct buffer *out,
                flexdb_error *err) {
    struct engine *e = db->engine;
    const flexdb_value values[] = {application_of(db), value_text(once->key, once->key_length)};
    const char *sql = catalog_sql(e->dialect, which);
    struct statement *s;
    int rc = engine_query(e, &s, sql, strlen(sql), values, 2, err);
    if (rc == 1) rc = read_found(e, s, once, out, err);
    engine_finalize(e, s);
    return rc < 0 && lacks_table(err) ? 0 : rc;
}

int flexdb_once_find(flexdb *db, const struct flexdb_once *once, struct buffer *out, flexdb_error *err) {
    int rc = check_key(once, err);
    if (rc == 0) rc = database_enter(db, ENGINE_READ, err);
    return rc == 0 ? find(db, once, CATALOG_ONCE_FIND, out, err) : rc;
}

/* ---- taking and keeping ---- */

static int insert(flexdb *db, const struct flexdb_once *once, flexdb_value result, flexdb_error *err) {
    struct engine *e = db->engine;
    char now[CATALOG_TIME_SIZE], step[STEP_TEXT];
    catalog_now(now);
    print_step(once, step);
    const flexdb_value values[] = {application_of(db), value_text(once->key, once->key_length),
                                   value_text(step, STEP_TEXT), result, value_text(now, strlen(now))};
    const char *sql = catalog_sql(e->dialect, CATALOG_ONCE_TAKE);
    int rc = engine_run(e, sql, strlen(sql), values, sizeof values / sizeof values[0], NULL, err);
    if (rc == 0 || !lacks_table(err)) return rc;
    const char *ddl = catalog_sql(e->dialect, CATALOG_ONCE_CREATE);
    rc = engine_ddl(e, ddl, strlen(ddl), err);
    if (rc == 0) rc = engine_run(e, sql, strlen(sql), values, sizeof values / sizeof values[0], NULL, err);
    return rc;
}

static int check_transaction(flexdb *db, flexdb_error *err) {
    int rc = database_enter(db, ENGINE_WRITE, err);
    if (rc == 0 && db->engine->depth == 0)
        rc = error_set(err, FLEXDB_MISUSE, "a key is taken inside the transaction of its write");
    return rc;
}

int flexdb_once_begin(flexdb *db, const struct flexdb_once *once, struct buffer *out, flexdb_error *err) {
    int rc = check_key(once, err);
    if (rc == 0) rc = check_transaction(db, err);
    if (rc == 0) rc = insert(db, once, value_null(), err);
    if (rc != -FLEXDB_DUPLICATE) return rc;
    error_clear(err);
    rc = find(db, once, CATALOG_ONCE_SHARE, out, err);
    if (rc != 0) return rc;
    error_set(err, FLEXDB_BUSY, "the idempotency key \"%.*s\" came and went", (int)once->key_length, once->key);
    err->retryable = true;
    return -FLEXDB_BUSY;
}

int flexdb_once_end(flexdb *db, const struct flexdb_once *once, const char *result, size_t length, flexdb_error *err) {
    int rc = check_key(once, err);
    if (rc == 0) rc = check_transaction(db, err);
    if (rc != 0) return rc;
    struct engine *e = db->engine;
    const flexdb_value values[] = {value_text(result, length), application_of(db),
                                   value_text(once->key, once->key_length)};
    const char *sql = catalog_sql(e->dialect, CATALOG_ONCE_KEEP);
    int64_t affected = 0;
    rc = engine_run(e, sql, strlen(sql), values, 3, &affected, err);
    if (rc == 0 && affected != 1) rc = error_set(err, FLEXDB_MISUSE, "a key is kept that was not taken");
    return rc;
}

int once_write(flexdb *db, const struct flexdb_once *once, const char *result, size_t length, flexdb_error *err) {
    int rc = check_key(once, err);
    if (rc == 0) rc = insert(db, once, value_text(result, length), err);
    if (rc != -FLEXDB_DUPLICATE) return rc;
    error_clear(err);
    error_set(err, FLEXDB_CONFLICT, "the idempotency key \"%.*s\" was used meanwhile", (int)once->key_length,
              once->key);
    err->retryable = true;
    return -FLEXDB_CONFLICT;
}

/* ---- forgetting ---- */

int flexdb_once_forget(flexdb *db, const char *before, size_t length, int64_t *forgotten, flexdb_error *err) {
    int64_t micros;
    char text[DATETIME_TEXT_SIZE];
    *forgotten = 0;
    if (datetime_parse(before, length, &micros) != DATETIME_OK)
        return error_set(err, FLEXDB_INVALID_DOCUMENT, "the time before which keys are forgotten must be a datetime");
    int rc = database_enter(db, ENGINE_WRITE, err);
    if (rc != 0) return rc;
    datetime_print(micros, text);
    text[10] = ' ';
    struct engine *e = db->engine;
    const flexdb_value time = value_text(text, CATALOG_TIME_SIZE - 1);
    const char *sql = catalog_sql(e->dialect, CATALOG_ONCE_FORGET);
    rc = engine_run(e, sql, strlen(sql), &time, 1, forgotten, err);
    return rc != 0 && lacks_table(err) ? 0 : rc;
}
