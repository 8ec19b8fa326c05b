#include <stdlib.h>

#include "driver/mysql/mysql_internal.h"

enum { BINARY_CHARSET = 63 };

static enum column_kind kind_of(const MYSQL_FIELD *f) {
    switch ((int)f->type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_YEAR: return COLUMN_INTEGER;
    case MYSQL_TYPE_LONGLONG: return (f->flags & UNSIGNED_FLAG) != 0 ? COLUMN_UNSIGNED : COLUMN_INTEGER;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE: return COLUMN_NUMBER;
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_STRING: return f->charsetnr == BINARY_CHARSET ? COLUMN_BYTES : COLUMN_TEXT;
    case MYSQL_TYPE_BIT:
    case MYSQL_TYPE_GEOMETRY: return COLUMN_BYTES;
    default: return COLUMN_TEXT; /* decimals, dates, times, JSON */
    }
}

static void bind_column(MYSQL_BIND *b, struct result_column *v) {
    *b = (MYSQL_BIND){.is_null = &v->is_null, .error = &v->truncated, .length = &v->length};
    switch (v->kind) {
    case COLUMN_INTEGER:
    case COLUMN_UNSIGNED:
        b->buffer_type = MYSQL_TYPE_LONGLONG;
        b->is_unsigned = v->kind == COLUMN_UNSIGNED;
        b->buffer = &v->as;
        b->buffer_length = sizeof v->as;
        return;
    case COLUMN_NUMBER:
        b->buffer_type = MYSQL_TYPE_DOUBLE;
        b->buffer = &v->as;
        b->buffer_length = sizeof v->as;
        return;
    case COLUMN_TEXT: b->buffer_type = MYSQL_TYPE_STRING; break;
    case COLUMN_BYTES: b->buffer_type = MYSQL_TYPE_BLOB; break;
    }
    b->buffer = v->buffer;
    b->buffer_length = v->capacity;
}

static bool has_buffer(const struct result_column *v) { return v->kind == COLUMN_TEXT || v->kind == COLUMN_BYTES; }

static int reserve(struct result_column *v, unsigned long size, flexdb_error *err) {
    if (v->capacity >= size) return 0;
    unsigned long capacity = MYSQL_FIRST_BUFFER;
    while (capacity < size) capacity = capacity > size / 2 ? size : capacity * 2;
    free(v->buffer);
    v->capacity = 0;
    v->buffer = malloc(capacity);
    if (v->buffer == NULL) return error_no_memory(err);
    v->capacity = capacity;
    return 0;
}

static bool same_kinds(const struct mysql_statement *s, const MYSQL_FIELD *fields) {
    for (size_t i = 0; i < s->columns; i++) {
        if (s->values[i].kind != kind_of(&fields[i])) return false;
    }
    return true;
}

static int build_columns(struct mysql_statement *s, const MYSQL_FIELD *fields, size_t count, flexdb_error *err) {
    mysql_result_free(s);
    s->values = calloc(count, sizeof *s->values);
    s->results = calloc(count, sizeof *s->results);
    if (s->values == NULL || s->results == NULL) return error_no_memory(err);
    s->columns = count;
    for (size_t i = 0; i < count; i++) s->values[i].kind = kind_of(&fields[i]);
    s->rebind = true;
    return 0;
}

/* Columns may have other types than at the last execution: a table can be altered under a prepared statement. */
static int fit_columns(struct mysql_statement *s, flexdb_error *err) {
    MYSQL_RES *meta = mysql_stmt_result_metadata(s->handle);
    if (meta == NULL) return mysql_fail_statement(s, err);
    const MYSQL_FIELD *fields = mysql_fetch_fields(meta);
    size_t count = mysql_num_fields(meta);
    int rc = 0;
    if (s->columns != count || !same_kinds(s, fields)) rc = build_columns(s, fields, count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!has_buffer(&s->values[i]) || s->values[i].buffer != NULL) continue;
        rc = reserve(&s->values[i], MYSQL_FIRST_BUFFER, err);
        s->rebind = true;
    }
    mysql_free_result(meta);
    return rc;
}

static int bind_columns(struct mysql_statement *s, flexdb_error *err) {
    for (size_t i = 0; i < s->columns; i++) bind_column(&s->results[i], &s->values[i]);
    if (mysql_stmt_bind_result(s->handle, s->results) != 0) return mysql_fail_statement(s, err);
    s->rebind = false;
    return 0;
}

int mysql_result_begin(struct mysql_statement *s, flexdb_error *err) {
    if (fit_columns(s, err) != 0) return -(int)err->code;
    return s->rebind ? bind_columns(s, err) : 0;
}

/* Reads those columns of the current row again that were longer than their buffers. The library learns of the new
 * buffers before the next row, not now: it would forget where this row lies. */
static int fetch_long_columns(struct mysql_statement *s, flexdb_error *err) {
    for (size_t i = 0; i < s->columns; i++) {
        struct result_column *v = &s->values[i];
        if (!has_buffer(v) || v->is_null || v->length <= v->capacity) continue;
        if (reserve(v, v->length, err) != 0) return -(int)err->code;
        s->rebind = true;
        MYSQL_BIND again;
        bind_column(&again, v);
        if (mysql_stmt_fetch_column(s->handle, &again, (unsigned)i, 0) != 0) return mysql_fail_statement(s, err);
    }
    return 0;
}

int mysql_result_next(struct mysql_statement *s, flexdb_error *err) {
    s->on_row = false;
    if (s->rebind && bind_columns(s, err) != 0) return -(int)err->code;
    switch (mysql_stmt_fetch(s->handle)) {
    case 0: break;
    case MYSQL_NO_DATA: return 0;
    case MYSQL_DATA_TRUNCATED:
        if (fetch_long_columns(s, err) != 0) return -(int)err->code;
        break;
    default: return mysql_fail_statement(s, err);
    }
    s->on_row = true;
    return 1;
}

int mysql_driver_column(struct statement *base, size_t i, flexdb_value *out, flexdb_error *err) {
    struct mysql_statement *s = (struct mysql_statement *)base;
    if (!s->on_row || i >= s->columns) {
        return error_set(err, FLEXDB_INTERNAL, "there is no row with a column %zu", i + 1);
    }
    const struct result_column *v = &s->values[i];
    if (v->is_null) {
        *out = value_null();
        return 0;
    }
    switch (v->kind) {
    case COLUMN_INTEGER: *out = value_integer(v->as.integer); return 0;
    case COLUMN_UNSIGNED:
        if (v->as.natural > INT64_MAX) {
            return error_set(err, FLEXDB_LIMIT, "column %zu holds %llu, which does not fit a signed 64-bit integer",
                             i + 1, (unsigned long long)v->as.natural);
        }
        *out = value_integer((int64_t)v->as.natural);
        return 0;
    case COLUMN_NUMBER: *out = value_number(v->as.number); return 0;
    case COLUMN_TEXT: *out = value_text(v->buffer, v->length); return 0;
    case COLUMN_BYTES: *out = value_bytes(v->buffer, v->length); return 0;
    }
    return error_set(err, FLEXDB_INTERNAL, "column %zu has no known type", i + 1);
}

void mysql_result_trim(struct mysql_statement *s) {
    for (size_t i = 0; i < s->columns; i++) {
        struct result_column *v = &s->values[i];
        if (v->capacity <= MYSQL_KEPT_BUFFER) continue;
        free(v->buffer);
        v->buffer = NULL;
        v->capacity = 0;
        s->rebind = true;
    }
}

void mysql_result_free(struct mysql_statement *s) {
    for (size_t i = 0; i < s->columns; i++) free(s->values[i].buffer);
    free(s->values);
    free(s->results);
    s->values = NULL;
    s->results = NULL;
    s->columns = 0;
}
