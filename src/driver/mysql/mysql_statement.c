#include <stdlib.h>

#include "driver/mysql/mysql_internal.h"

static struct mysql_statement *of_entry(struct cache_entry *e) {
    return (struct mysql_statement *)((char *)e - offsetof(struct mysql_statement, entry));
}

static struct mysql_connection *connection_of(const struct mysql_statement *s) {
    return (struct mysql_connection *)s->base.connection;
}

static void destroy(struct mysql_statement *s) {
    if (s->handle != NULL) mysql_stmt_close(s->handle);
    mysql_result_free(s);
    cache_entry_free(&s->entry);
    free(s->binds);
    free(s);
}

static int compile(struct mysql_statement *s, struct mysql_connection *c, const char *sql, size_t length,
                   flexdb_error *err) {
    s->handle = mysql_stmt_init(c->handle);
    if (s->handle == NULL) return error_no_memory(err);
    if (mysql_stmt_prepare(s->handle, sql, (unsigned long)length) != 0) return mysql_fail_statement(s, err);
    s->parameters = mysql_stmt_param_count(s->handle);
    if (s->parameters == 0) return 0;
    s->binds = calloc(s->parameters, sizeof *s->binds);
    return s->binds != NULL ? 0 : error_no_memory(err);
}

static int create(struct mysql_statement **out, struct mysql_connection *c, const char *sql, size_t length,
                  uint64_t hash, flexdb_error *err) {
    struct mysql_statement *s = calloc(1, sizeof *s);
    if (s == NULL || cache_entry_init(&s->entry, sql, length, hash) != 0) {
        free(s);
        return error_no_memory(err);
    }
    s->base.connection = &c->base;
    if (compile(s, c, sql, length, err) != 0) {
        destroy(s);
        return -(int)err->code;
    }
    *out = s;
    return 0;
}

/* Closing a statement while another's result is being read makes the library throw that result away. */
static void evict(struct mysql_connection *c) {
    struct cache_entry *excess;
    while (c->streaming == NULL && (excess = statement_cache_excess(&c->cache, SIZE_MAX)) != NULL) {
        destroy(of_entry(excess));
    }
}

int mysql_driver_prepare(struct statement **out, struct connection *base, const char *sql, size_t length,
                         flexdb_error *err) {
    struct mysql_connection *c = (struct mysql_connection *)base;
    uint64_t hash = statement_cache_hash(sql, length);
    struct cache_entry *found = statement_cache_take(&c->cache, sql, length, hash);
    struct mysql_statement *s = found == NULL ? NULL : of_entry(found);
    if (s == NULL) {
        if (mysql_check_ready(c, err) != 0) return -(int)err->code;
        evict(c);
        if (create(&s, c, sql, length, hash, err) != 0) return -(int)err->code;
    }
    statement_cache_lend(&c->cache, &s->entry);
    *out = &s->base;
    return 0;
}

void mysql_driver_finalize(struct statement *base) {
    struct mysql_statement *s = (struct mysql_statement *)base;
    if (s == NULL) return;
    struct mysql_connection *c = connection_of(s);
    mysql_driver_reset(base);
    s->bound = false;
    statement_cache_return(&c->cache, &s->entry);
    if (s->broken && c->streaming == NULL) {
        destroy(s);
        return;
    }
    mysql_result_trim(s);
    statement_cache_put(&c->cache, &s->entry);
    evict(c);
}

void mysql_finalize_all(struct mysql_connection *c) {
    if (c->streaming != NULL) mysql_driver_reset(&c->streaming->base);
    struct cache_entry *e;
    while ((e = statement_cache_recall(&c->cache)) != NULL) destroy(of_entry(e));
    while ((e = statement_cache_excess(&c->cache, 0)) != NULL) destroy(of_entry(e));
}

/* The library only reads what a parameter's buffer points to. */
static void *unconst(const void *p) {
    union {
        const void *from;
        void *to;
    } u = {.from = p};
    return u.to;
}

static int bind_one(MYSQL_BIND *b, const flexdb_value *v) {
    *b = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_NULL};
    switch (v->tag) {
    case FLEXDB_ABSENT:
    case FLEXDB_NULL: return 0;
    case FLEXDB_BOOLEAN: b->buffer_type = MYSQL_TYPE_TINY, b->buffer = unconst(&v->as.boolean); return 0;
    case FLEXDB_INTEGER: b->buffer_type = MYSQL_TYPE_LONGLONG, b->buffer = unconst(&v->as.integer); return 0;
    case FLEXDB_NUMBER:
        b->buffer_type = MYSQL_TYPE_DOUBLE, b->buffer = unconst(&v->as.number);
        return v->as.number == v->as.number ? 0 : -1;
    case FLEXDB_TEXT:
    case FLEXDB_JSON:
    case FLEXDB_BYTES:
        b->buffer_type = v->tag == FLEXDB_BYTES ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
        b->buffer = unconst(v->length == 0 ? "" : v->as.text);
        b->buffer_length = (unsigned long)v->length;
        b->length = &b->buffer_length;
        return 0;
    case FLEXDB_FAULT: break;
    }
    return -1;
}

int mysql_driver_bind(struct statement *base, const flexdb_value *values, size_t count, flexdb_error *err) {
    struct mysql_statement *s = (struct mysql_statement *)base;
    if (count != s->parameters) {
        return error_set(err, FLEXDB_INTERNAL, "the statement has %zu parameters, %zu values were given", s->parameters,
                         count);
    }
    mysql_driver_reset(base);
    s->bound = false;
    s->bound_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (bind_one(&s->binds[i], &values[i]) != 0) {
            return error_set(err, FLEXDB_INTERNAL, "parameter %zu %s, which cannot be bound", i + 1,
                             values[i].tag == FLEXDB_NUMBER ? "is not a number" : "is no value");
        }
        s->bound_bytes += s->binds[i].buffer_length + 16;
    }
    if (count != 0 && mysql_stmt_bind_param(s->handle, s->binds) != 0) return mysql_fail_statement(s, err);
    s->bound = true;
    return 0;
}

static int execute(struct mysql_statement *s, flexdb_error *err) {
    struct mysql_connection *c = connection_of(s);
    if (mysql_check_ready(c, err) != 0) return -(int)err->code;
    if (s->parameters != 0 && !s->bound) {
        return error_set(err, FLEXDB_INTERNAL, "the statement has %zu parameters and none is bound", s->parameters);
    }
    /* A packet that is too large would cost the connection. */
    if (s->bound && s->bound_bytes + MYSQL_PACKET_OVERHEAD > c->max_packet) {
        return error_set(err, FLEXDB_LIMIT,
                         "a row of %zu bytes does not fit the server's max_allowed_packet of %zu bytes", s->bound_bytes,
                         c->max_packet);
    }
    if (mysql_stmt_execute(s->handle) != 0) return mysql_fail_statement(s, err);
    if (mysql_stmt_field_count(s->handle) == 0) return 0;
    c->streaming = s;
    if (mysql_result_begin(s, err) == 0) return 0;
    mysql_driver_reset(&s->base);
    return -(int)err->code;
}

int mysql_driver_step(struct statement *base, flexdb_error *err) {
    struct mysql_statement *s = (struct mysql_statement *)base;
    struct mysql_connection *c = connection_of(s);
    if (c->streaming != s) {
        if (execute(s, err) != 0) return -(int)err->code;
        if (c->streaming != s) return 0;
    }
    int rc = mysql_result_next(s, err);
    if (rc != 1) mysql_driver_reset(base);
    return rc;
}

void mysql_driver_reset(struct statement *base) {
    struct mysql_statement *s = (struct mysql_statement *)base;
    struct mysql_connection *c = connection_of(s);
    s->on_row = false;
    if (c->streaming != s) return;
    /* Reads what the server still sends. */
    mysql_stmt_free_result(s->handle);
    c->streaming = NULL;
}

int mysql_driver_run(struct statement *base, int64_t *affected, flexdb_error *err) {
    struct mysql_statement *s = (struct mysql_statement *)base;
    mysql_driver_reset(base);
    if (execute(s, err) != 0) return -(int)err->code;
    int rc = 0;
    while (connection_of(s)->streaming == s && (rc = mysql_driver_step(base, err)) == 1) continue;
    if (rc != 0) return rc;
    if (affected != NULL) {
        int64_t count = (int64_t)mysql_stmt_affected_rows(s->handle);
        *affected = count < 0 ? 0 : count;
    }
    return 0;
}

int mysql_driver_execute(struct connection *base, const char *sql, size_t length, flexdb_error *err) {
    return mysql_command((struct mysql_connection *)base, sql, length, err);
}
