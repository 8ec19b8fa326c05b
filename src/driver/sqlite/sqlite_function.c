#include <stdlib.h>

#include "driver/sqlite/sqlite_internal.h"

enum { FUNCTION_MAX_ARGUMENTS = 16 };

struct registered {
    driver_function function;
    void *context;
};

static int take_argument(sqlite3_value *from, flexdb_value *to) {
    switch (sqlite3_value_type(from)) {
    case SQLITE_NULL: *to = value_null(); return 0;
    case SQLITE_INTEGER: *to = value_integer(sqlite3_value_int64(from)); return 0;
    case SQLITE_FLOAT: *to = value_number(sqlite3_value_double(from)); return 0;
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_value_text(from);
        if (text == NULL) return -1;
        *to = value_text(text, (size_t)sqlite3_value_bytes(from));
        return 0;
    }
    default: {
        const void *bytes = sqlite3_value_blob(from);
        size_t length = (size_t)sqlite3_value_bytes(from);
        if (bytes == NULL && length != 0) return -1;
        *to = value_bytes(bytes == NULL ? "" : bytes, length);
        return 0;
    }
    }
}

static void give_result(sqlite3_context *engine, const flexdb_value *v) {
    const char *text = v->length == 0 ? "" : v->as.text;
    switch (v->tag) {
    case FLEXDB_ABSENT:
    case FLEXDB_NULL: sqlite3_result_null(engine); return;
    case FLEXDB_BOOLEAN: sqlite3_result_int(engine, v->as.boolean); return;
    case FLEXDB_INTEGER: sqlite3_result_int64(engine, v->as.integer); return;
    case FLEXDB_NUMBER: sqlite3_result_double(engine, v->as.number); return;
    case FLEXDB_TEXT:
    case FLEXDB_JSON: sqlite3_result_text64(engine, text, v->length, SQLITE_TRANSIENT, SQLITE_UTF8); return;
    case FLEXDB_BYTES: sqlite3_result_blob64(engine, text, v->length, SQLITE_TRANSIENT); return;
    case FLEXDB_FAULT: break;
    }
    sqlite3_result_error(engine, "a function gave what is no value", -1);
}

static void call(sqlite3_context *engine, int count, sqlite3_value **arguments) {
    const struct registered *r = sqlite3_user_data(engine);
    flexdb_value values[FUNCTION_MAX_ARGUMENTS], out = value_null();
    for (int i = 0; i < count; i++) {
        if (take_argument(arguments[i], &values[i]) != 0) {
            sqlite3_result_error_nomem(engine);
            return;
        }
    }
    int rc = r->function(r->context, values, (size_t)count, &out);
    if (rc == -FLEXDB_CORRUPT) {
        sqlite3_result_error(engine, "a document in it cannot be read", -1);
        sqlite3_result_error_code(engine, SQLITE_CORRUPT);
    } else if (rc != 0) {
        sqlite3_result_error_nomem(engine);
    } else {
        give_result(engine, &out);
    }
}

int sqlite_function(struct connection *base, const char *name, int count, driver_function function, void *context,
                    flexdb_error *err) {
    struct sqlite_connection *c = (struct sqlite_connection *)base;
    if (count < 0 || count > FUNCTION_MAX_ARGUMENTS) {
        return error_set(err, FLEXDB_UNSUPPORTED, "the function '%s' has %d arguments: at most %d can be passed", name,
                         count, (int)FUNCTION_MAX_ARGUMENTS);
    }
    struct registered *r = malloc(sizeof *r);
    if (r == NULL) return error_no_memory(err);
    *r = (struct registered){function, context};
    /* DIRECTONLY: a schema that somebody else wrote cannot call it. The engine frees `r`, also when it refuses. */
    int rc = sqlite3_create_function_v2(c->db, name, count, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, r,
                                        call, NULL, NULL, free);
    return rc == SQLITE_OK ? 0 : sqlite_fail(c, rc, err);
}
