/* Many rows in one execution, column by column (array binding), where library and server can; one by one elsewhere. */
#include <stdlib.h>

#include "driver/mysql/mysql_internal.h"

enum {
    CHUNK_ROWS = 1024,
    CHUNK_BYTES = 4 * 1024 * 1024,
    SLOT = 8,          /* bytes of an element in a column's array; a pointer takes as much or less */
    CELL_OVERHEAD = 10 /* bytes that a value takes in a packet beside its text, at most */
};

/* The arrays of one chunk: for each column `capacity` elements. */
struct chunk {
    size_t width, capacity;
    char *slots;
    unsigned long *lengths;
    enum enum_field_types *types; /* MYSQL_TYPE_NULL while a column has shown nothing but NULL */
    char *indicators;
    MYSQL_BIND *binds;
};

static struct mysql_connection *connection_of(const struct mysql_statement *s) {
    return (struct mysql_connection *)s->base.connection;
}

static void chunk_free(struct chunk *k) {
    free(k->slots);
    free(k->lengths);
    free(k->types);
    free(k->indicators);
    free(k->binds);
}

static int chunk_init(struct chunk *k, size_t width, size_t rows, flexdb_error *err) {
    size_t capacity = rows < CHUNK_ROWS ? rows : CHUNK_ROWS, cells = width * capacity;
    *k = (struct chunk){.width = width,
                        .capacity = capacity,
                        .slots = malloc(cells * SLOT),
                        .lengths = malloc(cells * sizeof *k->lengths),
                        .types = malloc(width * sizeof *k->types),
                        .indicators = malloc(cells),
                        .binds = malloc(width * sizeof *k->binds)};
    if (k->slots != NULL && k->lengths != NULL && k->types != NULL && k->indicators != NULL && k->binds != NULL) {
        return 0;
    }
    chunk_free(k);
    return error_no_memory(err);
}

static enum enum_field_types type_of(const flexdb_value *v) {
    switch (v->tag) {
    case FLEXDB_BOOLEAN:
    case FLEXDB_INTEGER: return MYSQL_TYPE_LONGLONG;
    case FLEXDB_NUMBER: return MYSQL_TYPE_DOUBLE;
    case FLEXDB_TEXT:
    case FLEXDB_JSON: return MYSQL_TYPE_STRING;
    case FLEXDB_BYTES: return MYSQL_TYPE_BLOB;
    case FLEXDB_ABSENT:
    case FLEXDB_NULL:
    case FLEXDB_FAULT: break;
    }
    return MYSQL_TYPE_NULL;
}

static void put_cell(struct chunk *k, size_t column, size_t row, const flexdb_value *v) {
    size_t cell = column * k->capacity + row;
    char *slots = k->slots + column * k->capacity * SLOT;
    bool is_text = k->types[column] == MYSQL_TYPE_STRING || k->types[column] == MYSQL_TYPE_BLOB;
    k->indicators[cell] = client_indicator(value_is_none(v));
    k->lengths[cell] = 0;
    if (is_text || k->types[column] == MYSQL_TYPE_NULL) {
        const char *text = value_is_none(v) || v->length == 0 ? "" : v->as.text;
        if (!value_is_none(v)) k->lengths[cell] = (unsigned long)v->length;
        memcpy(slots + row * sizeof text, &text, sizeof text);
    } else {
        int64_t integer = v->tag == FLEXDB_BOOLEAN ? v->as.boolean : value_is_none(v) ? 0 : v->as.integer;
        memcpy(slots + row * SLOT, v->tag == FLEXDB_NUMBER ? (const void *)&v->as.number : &integer, SLOT);
    }
}

/* False when the row must wait for the next chunk: the server takes one type for a column of an execution. */
static bool put_row(struct chunk *k, size_t row, const flexdb_value *values, size_t *room) {
    size_t needed = k->width * CELL_OVERHEAD;
    for (size_t i = 0; i < k->width; i++) {
        enum enum_field_types type = type_of(&values[i]);
        if (type == MYSQL_TYPE_NULL) continue;
        if (k->types[i] == MYSQL_TYPE_NULL) k->types[i] = type;
        if (k->types[i] != type) return false;
        if (type == MYSQL_TYPE_STRING || type == MYSQL_TYPE_BLOB) needed += values[i].length;
    }
    if (needed > *room) return false;
    *room -= needed;
    for (size_t i = 0; i < k->width; i++) put_cell(k, i, row, &values[i]);
    return true;
}

static bool can_bind(const flexdb_value *v) {
    return v->tag != FLEXDB_FAULT && (v->tag != FLEXDB_NUMBER || v->as.number == v->as.number);
}

static int check_row(const flexdb_value *values, size_t width, flexdb_error *err) {
    for (size_t i = 0; i < width; i++) {
        if (can_bind(&values[i])) continue;
        return error_set(err, FLEXDB_INTERNAL, "parameter %zu %s, which cannot be bound", i + 1,
                         values[i].tag == FLEXDB_NUMBER ? "is not a number" : "is no value");
    }
    return 0;
}

static int send_chunk(struct mysql_statement *s, struct chunk *k, size_t rows, flexdb_error *err) {
    for (size_t i = 0; i < k->width; i++) {
        bool nothing = k->types[i] == MYSQL_TYPE_NULL;
        k->binds[i] = (MYSQL_BIND){.buffer_type = nothing ? MYSQL_TYPE_STRING : k->types[i],
                                   .buffer = k->slots + i * k->capacity * SLOT,
                                   .length = k->lengths + i * k->capacity};
        client_set_indicators(&k->binds[i], k->indicators + i * k->capacity);
    }
    int rc = 0;
    if (!client_set_array(s->handle, (unsigned)rows) || mysql_stmt_bind_param(s->handle, k->binds) != 0 ||
        mysql_stmt_execute(s->handle) != 0) {
        rc = mysql_fail_statement(s, err);
    }
    client_set_array(s->handle, 0);
    return rc;
}

static int run_one(struct mysql_statement *s, const flexdb_value *values, size_t width, flexdb_error *err) {
    if (mysql_driver_bind(&s->base, values, width, err) != 0) return -(int)err->code;
    return mysql_driver_run(&s->base, NULL, err);
}

/* Fills and sends the rows from `*done` on, as many as fit; moves `*done`. */
static int run_chunk(struct mysql_statement *s, struct chunk *k, const flexdb_value *values, size_t rows, size_t *done,
                     flexdb_error *err) {
    size_t limit = connection_of(s)->max_packet, first = *done, count = 0;
    size_t room = limit < MYSQL_PACKET_OVERHEAD ? 0 : limit - MYSQL_PACKET_OVERHEAD;
    if (room > CHUNK_BYTES) room = CHUNK_BYTES;
    for (size_t i = 0; i < k->width; i++) k->types[i] = MYSQL_TYPE_NULL;
    while (count < k->capacity && first + count < rows) {
        const flexdb_value *row = values + (first + count) * k->width;
        if (check_row(row, k->width, err) != 0) {
            *done = first + count;
            return -(int)err->code;
        }
        if (!put_row(k, count, row, &room)) break;
        count++;
    }
    if (count <= 1) {
        if (run_one(s, values + first * k->width, k->width, err) != 0) return -(int)err->code;
        *done = first + 1;
        return 0;
    }
    if (send_chunk(s, k, count, err) != 0) {
        *done = rows; /* the server does not say which */
        return -(int)err->code;
    }
    *done = first + count;
    return 0;
}

static int run_each(struct mysql_statement *s, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                    flexdb_error *err) {
    for (*failed = 0; *failed < rows; ++*failed) {
        if (run_one(s, values + *failed * width, width, err) != 0) return -(int)err->code;
    }
    return 0;
}

int mysql_driver_run_many(struct statement *base, const flexdb_value *values, size_t rows, size_t width, size_t *failed,
                          flexdb_error *err) {
    struct mysql_statement *s = (struct mysql_statement *)base;
    struct mysql_connection *c = connection_of(s);
    *failed = 0;
    if (width != s->parameters) {
        return error_set(err, FLEXDB_INTERNAL, "the statement has %zu parameters, %zu values were given", s->parameters,
                         width);
    }
    mysql_driver_reset(base);
    if (mysql_check_ready(c, err) != 0) return -(int)err->code;
    if (!c->arrays || rows < 2 || width == 0 || mysql_stmt_field_count(s->handle) != 0) {
        return run_each(s, values, rows, width, failed, err);
    }
    struct chunk k;
    if (chunk_init(&k, width, rows, err) != 0) return -(int)err->code;
    s->bound = false;
    while (*failed < rows && run_chunk(s, &k, values, rows, failed, err) == 0) continue;
    chunk_free(&k);
    s->bound = false; /* the bound arrays are gone */
    return err->code == FLEXDB_OK ? 0 : -(int)err->code;
}
