/* One value of a record as it crosses the layers: from the binding to the codec, from the codec to a driver, and back.
 *
 * A record is a flat array of these, one slot for each field of a shape (flexdb.h). Text is borrowed: whoever hands a
 * value over keeps its text alive and unchanged until the call returns (for what a cursor yields: until the next step).
 */
#ifndef FLEXDB_BASE_VALUE_H
#define FLEXDB_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum flexdb_tag {
    FLEXDB_ABSENT,  /* not given; a column without a value */
    FLEXDB_NULL,    /* explicitly no value (flexdb.null); SQL NULL */
    FLEXDB_BOOLEAN, /* as.boolean */
    FLEXDB_INTEGER, /* as.integer */
    FLEXDB_NUMBER,  /* as.number: a double, finite or not; who validates says which */
    FLEXDB_TEXT,    /* as.text, length bytes, not NUL-terminated; UTF-8 only once validated */
    FLEXDB_JSON,    /* as.text, length bytes: one complete JSON value, known to be well formed; see judged */
    FLEXDB_BYTES,   /* as.text, length bytes: for drivers, compared bytewise */
    FLEXDB_FAULT    /* as.fault: what was given cannot be a value; an issue in waiting */
} flexdb_tag;

/* Why something cannot be a value (a function, a table with cycles, a hole in an array). `path` is the place below the
 * column (`"tags.3"` gives `"3"`), "" for the column itself; `got` a JSON text or NULL. */
typedef struct flexdb_fault {
    const char *rule;
    const char *message;
    const char *path;
    const char *got;
} flexdb_fault;

/* How deep a json value may nest: MariaDB refuses documents that nest deeper than 32 levels, the record's included. */
enum { FLEXDB_JSON_MAX_DEPTH = 30 };

typedef struct flexdb_value {
    flexdb_tag tag;
    bool judged; /* JSON: known besides to be UTF-8 without U+0000, with finite numbers, and not too deep */
    size_t length;
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *text;
        const flexdb_fault *fault;
    } as;
} flexdb_value;

static inline flexdb_value value_null(void) { return (flexdb_value){.tag = FLEXDB_NULL}; }
static inline flexdb_value value_boolean(bool b) { return (flexdb_value){.tag = FLEXDB_BOOLEAN, .as.boolean = b}; }
static inline flexdb_value value_integer(int64_t i) { return (flexdb_value){.tag = FLEXDB_INTEGER, .as.integer = i}; }
static inline flexdb_value value_number(double d) { return (flexdb_value){.tag = FLEXDB_NUMBER, .as.number = d}; }
static inline flexdb_value value_text(const char *text, size_t length) {
    return (flexdb_value){.tag = FLEXDB_TEXT, .length = length, .as.text = text};
}
static inline flexdb_value value_bytes(const void *bytes, size_t length) {
    return (flexdb_value){.tag = FLEXDB_BYTES, .length = length, .as.text = bytes};
}
static inline bool value_is_none(const flexdb_value *v) { return v->tag == FLEXDB_ABSENT || v->tag == FLEXDB_NULL; }

#endif
