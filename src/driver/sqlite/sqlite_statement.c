#include <stdlib.h>
#include <string.h>

#include "driver/sqlite/sqlite_internal.h"

static struct sqlite_statement *of_entry(struct cache_entry *e) {
    return (struct sqlite_statement *)((char *)e - offsetof(struct sqlite_statement, entry));
}

static struct sqlite_connection *connection_of(const struct sqlite_statement *s) {
    return (struct sqlite_connection *)s->base.connection;
}

static void destroy(struct sqlite_statement *s) {
    sqlite3_finalize(s->handle);
    cache_entry_free(&s->entry);
    free(s->scratch);
    free(s);
}

static int compile(sqlite3_stmt **out, struct sqlite_connection *c, const char *sql, size_t length, unsigned flags,
                   flexdb_error *err) {
    if (length > INT32_MAX) return error_set(err, FLEXDB_LIMIT, "a statement of %zu bytes is too long", length);
    const char *tail = NULL;
    sqlite3_stmt *handle = NULL;
    int rc = sqlite3_prepare_v3(c->db, sql, (int)length, flags, &handle, &tail);
    if (rc != SQLITE_OK) return sqlite_fail(c, rc, err);
    while (tail < sql + length && (*tail == ' ' || *tail == '\n' || *tail == '\t' || *tail == ';')) tail++;
    if (handle == NULL || tail != sql + length) {
        sqlite3_finalize(handle);
        return error_set(err, FLEXDB_INTERNAL, "a text of SQL must hold exactly one statement");
    }
    *out = handle;
    return 0;
}

static int create(struct sqlite_statement **out, struct sqlite_connection *c, const char *sql, size_t length,
                  uint64_t hash, flexdb_error *err) {
    struct sqlite_statement *s = calloc(1, sizeof *s);
    if (s == NULL || cache_entry_init(&s->entry, sql, length, hash) != 0) {
        free(s);
        return error_no_memory(err);
    }
    if (compile(&s->handle, c, sql, length, SQLITE_PREPARE_PERSISTENT, err) != 0) {
        destroy(s);
        return -(int)err->code;
    }
    s->base.connection = &c->base;
    s->parameters = (size_t)sqlite3_bind_parameter_count(s->handle);
    s->has_result = sqlite3_column_count(s->handle) != 0;
    *out = s;
    return 0;
}

int sqlite_prepare(struct statement **out, struct connection *base, const char *sql, size_t length, flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    uint64_t hash = statement_cache_hash(sql, length);
    struct cache_entry *found = statement_cache_take(&c->cache, sql, length, hash);
    struct sqlite_statement *s = found == NULL ? NULL : of_entry(found);
    if (s == NULL && create(&s, c, sql, length, hash, err) != 0) return -(int)err->code;
    statement_cache_lend(&c->cache, &s->entry);
    *out = &s->base;
    return 0;
}

void sqlite_finalize(struct statement *base) {
    struct sqlite_statement *s = (struct sqlite_statement *)base;
    if (s == NULL) return;
    struct sqlite_connection *c = connection_of(s);
    sqlite_reset(base);
    if (s->bound) sqlite3_clear_bindings(s->handle);
    s->bound = false;
    if (s->scratch_size > SQLITE_KEPT_SCRATCH) {
        free(s->scratch);
        s->scratch = NULL, s->scratch_size = 0;
    }
    statement_cache_return(&c->cache, &s->entry);
    statement_cache_put(&c->cache, &s->entry);
    struct cache_entry *excess;
    while ((excess = statement_cache_excess(&c->cache, SIZE_MAX)) != NULL) destroy(of_entry(excess));
}

void sqlite_finalize_all(struct sqlite_connection *c) {
    struct cache_entry *e;
    while ((e = statement_cache_recall(&c->cache)) != NULL) destroy(of_entry(e));
    while ((e = statement_cache_excess(&c->cache, 0)) != NULL) destroy(of_entry(e));
}

static int bind_one(sqlite3_stmt *handle, int at, const flexdb_value *v, const char *text) {
    switch (v->tag) {
    case FLEXDB_ABSENT:
    case FLEXDB_NULL: return sqlite3_bind_null(handle, at);
    case FLEXDB_BOOLEAN: return sqlite3_bind_int(handle, at, v->as.boolean);
    case FLEXDB_INTEGER: return sqlite3_bind_int64(handle, at, v->as.integer);
    case FLEXDB_NUMBER:
        /* The engine would store NULL for what is not a number. */
        return v->as.number == v->as.number ? sqlite3_bind_double(handle, at, v->as.number) : SQLITE_MISUSE;
    /* A null pointer would be bound as NULL, however long it is. */
    case FLEXDB_TEXT:
    case FLEXDB_JSON:
        return sqlite3_bind_text64(handle, at, v->length == 0 ? "" : text, v->length, SQLITE_STATIC, SQLITE_UTF8);
    case FLEXDB_BYTES: return sqlite3_bind_blob64(handle, at, v->length == 0 ? "" : text, v->length, SQLITE_STATIC);
    case FLEXDB_FAULT: break;
    }
    return SQLITE_MISUSE;
}

static bool holds_text(const flexdb_value *v) {
    return v->tag == FLEXDB_TEXT || v->tag == FLEXDB_JSON || v->tag == FLEXDB_BYTES;
}

/* A result is made while it is stepped, when the caller's texts may be gone: the statement keeps copies then. */
static int reserve_scratch(struct sqlite_statement *s, const flexdb_value *values, size_t count, flexdb_error *err) {
    size_t needed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!holds_text(&values[i])) continue;
        if (values[i].length > SIZE_MAX / 2 - needed) return error_no_memory(err);
        needed += values[i].length;
    }
    if (needed <= s->scratch_size) return 0;
    free(s->scratch);
    s->scratch_size = 0;
    s->scratch = malloc(needed);
    if (s->scratch == NULL) return error_no_memory(err);
    s->scratch_size = needed;
    return 0;
}

static int fail_bind(struct sqlite_statement *s, int rc, size_t i, const flexdb_value *v, flexdb_error *err) {
    if (rc == SQLITE_MISUSE) {
        return error_set(err, FLEXDB_INTERNAL, "parameter %zu %s, which cannot be bound", i + 1,
                         v->tag == FLEXDB_NUMBER ? "is not a number" : "is no value");
    }
    return sqlite_fail(connection_of(s), rc, err);
}

int sqlite_bind(struct statement *base, const flexdb_value *values, size_t count, flexdb_error *err) {
    struct sqlite_statement *s = (struct sqlite_statement *)base;
    if (count != s->parameters) {
        return error_set(err, FLEXDB_INTERNAL, "the statement has %zu parameters, %zu values were given", s->parameters,
                         count);
    }
    if (s->active) sqlite_reset(base);
    bool keep = s->has_result;
    if (keep) {
        if (s->bound) sqlite3_clear_bindings(s->handle); /* they point into the scratch */
        s->bound = false;
        if (reserve_scratch(s, values, count, err) != 0) return -(int)err->code;
    }
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = NULL;
        if (holds_text(&values[i])) {
            text = values[i].as.text;
            if (keep && values[i].length != 0) {
                text = memcpy(s->scratch + used, text, values[i].length);
                used += values[i].length;
            }
        }
        s->bound = true;
        int rc = bind_one(s->handle, (int)i + 1, &values[i], text);
        if (rc != SQLITE_OK) return fail_bind(s, rc, i, &values[i], err);
    }
    return 0;
}

static int check_ready(const struct sqlite_statement *s, flexdb_error *err) {
    if (sqlite_check_usable(connection_of(s), err) != 0) return -(int)err->code;
    if (s->parameters != 0 && !s->bound) {
        return error_set(err, FLEXDB_INTERNAL, "the statement has %zu parameters and none is bound", s->parameters);
    }
    return 0;
}

static void narrow(struct sqlite_statement *s, bool narrows) {
    struct sqlite_connection *c = connection_of(s);
    if (s->narrows == narrows) return;
    s->narrows = narrows;
    c->scans = narrows ? c->scans + 1 : c->scans - 1;
    sqlite_fit_cache(c);
}

int sqlite_step(struct statement *base, flexdb_error *err) {
    struct sqlite_statement *s = (struct sqlite_statement *)base;
    if (!s->active) {
        if (check_ready(s, err) != 0) return -(int)err->code;
        if (s->scans) narrow(s, true);
        s->active = true;
    }
    int rc = sqlite3_step(s->handle);
    if (rc == SQLITE_ROW) {
        if (++s->rows == SQLITE_SCANNED_ROWS) narrow(s, true);
        return 1;
    }
    int code = rc == SQLITE_DONE ? 0 : sqlite_fail(connection_of(s), rc, err);
    sqlite_reset(base);
    return code;
}

int sqlite_column(struct statement *base, size_t i, flexdb_value *out, flexdb_error *err) {
    struct sqlite_statement *s = (struct sqlite_statement *)base;
    /* The engine's count, not ours: `SELECT *` is compiled anew when the table has changed. 0 without a row. */
    if (i >= (size_t)sqlite3_data_count(s->handle)) {
        return error_set(err, FLEXDB_INTERNAL, "there is no row with a column %zu", i + 1);
    }
    /* May be read, for the connection has no mutex that would protect it. */
    sqlite3_value *value = sqlite3_column_value(s->handle, (int)i);
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL: *out = value_null(); return 0;
    case SQLITE_INTEGER: *out = value_integer(sqlite3_value_int64(value)); return 0;
    case SQLITE_FLOAT: *out = value_number(sqlite3_value_double(value)); return 0;
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_value_text(value);
        if (text == NULL) return error_no_memory(err);
        *out = value_text(text, (size_t)sqlite3_value_bytes(value));
        return 0;
    }
    default: {
        const void *bytes = sqlite3_value_blob(value);
        size_t length = (size_t)sqlite3_value_bytes(value);
        if (bytes == NULL && length != 0) return error_no_memory(err);
        *out = value_bytes(bytes == NULL ? "" : bytes, length);
        return 0;
    }
    }
}

void sqlite_reset(struct statement *base) {
    struct sqlite_statement *s = (struct sqlite_statement *)base;
    sqlite3_reset(s->handle);
    if (!s->active) return;
    s->active = false;
    s->scans = sqlite3_stmt_status(s->handle, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1) >= SQLITE_SCANNED_ROWS;
    s->rows = 0;
    narrow(s, false);
}

static int64_t total_changes(sqlite3 *db) {
#if SQLITE_VERSION_NUMBER >= 3037000
    return sqlite3_total_changes64(db);
#else
    return sqlite3_total_changes(db);
#endif
}

static int64_t last_changes(sqlite3 *db) {
#if SQLITE_VERSION_NUMBER >= 3037000
    return sqlite3_changes64(db);
#else
    return sqlite3_changes(db);
#endif
}

void sqlite_count_runs(struct sqlite_connection *c, size_t runs) {
    if (!c->transaction) return;
    c->runs += runs;
    if (c->runs >= SQLITE_MANY_RUNS) sqlite_fit_cache(c);
}

int sqlite_run(struct statement *base, int64_t *affected, flexdb_error *err) {
    struct sqlite_statement *s = (struct sqlite_statement *)base;
    sqlite3 *db = connection_of(s)->db;
    int64_t before = affected == NULL ? 0 : total_changes(db);
    int rc;
    if (s->active) sqlite_reset(base);
    sqlite_count_runs(connection_of(s), 1);
    while ((rc = sqlite_step(base, err)) == 1) continue;
    if (rc != 0) return rc;
    /* A statement that changes nothing leaves the count of the one before it. */
    if (affected != NULL) *affected = total_changes(db) == before ? 0 : last_changes(db);
    return 0;
}

int sqlite_execute(struct connection *base, const char *sql, size_t length, flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    sqlite3_stmt *handle = NULL;
    if (sqlite_check_usable(c, err) != 0 || compile(&handle, c, sql, length, 0, err) != 0) return -(int)err->code;
    int rc;
    while ((rc = sqlite3_step(handle)) == SQLITE_ROW) continue;
    int code = rc == SQLITE_DONE ? 0 : sqlite_fail(c, rc, err);
    sqlite3_finalize(handle);
    return code;
}
