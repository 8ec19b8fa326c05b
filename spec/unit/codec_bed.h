/* A definition with a column of most types, and a record of it: for the tests of the codec. */
#ifndef FLEXDB_UNIT_CODEC_BED_H
#define FLEXDB_UNIT_CODEC_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/codec.h"

/* Slots: 0 title, 1 age, 2 price, 3 tags, 4 note, 5 born, 6 active. */
static const char codec_bed_definition[] =
    "{\"columns\":["
    "{\"name\":\"title\",\"dataType\":\"string\",\"required\":true,\"validation\":{\"maxLength\":10}},"
    "{\"name\":\"age\",\"dataType\":\"integer\",\"defaultValue\":7,\"validation\":{\"min\":0}},"
    "{\"name\":\"price\",\"dataType\":\"decimal\",\"initialDefault\":\"1.5\",\"validation\":{\"scale\":2}},"
    "{\"name\":\"tags\",\"dataType\":\"json\"},"
    "{\"name\":\"note\",\"dataType\":\"text\"},"
    "{\"name\":\"born\",\"dataType\":\"date\"},"
    "{\"name\":\"active\",\"dataType\":\"boolean\"}]}";

enum { TITLE, AGE, PRICE, TAGS, NOTE, BORN, ACTIVE, COLUMNS, ID = COLUMNS, SLOTS = COLUMNS + SYSTEM_SLOTS };

struct fixture {
    struct validator *v;
    struct record r;
    flexdb_error err;
    flexdb_value given[SLOTS];
};

static inline struct fixture begin(void) {
    struct fixture f = {.r = RECORD_INIT, .err = FLEXDB_ERROR_INIT};
    if (validator_parse(&f.v, codec_bed_definition, strlen(codec_bed_definition), DEFINITION_GIVEN, &f.err) != 0)
        fail_msg("%s", f.err.message);
    return f;
}

static inline void end(struct fixture *f) {
    record_free(&f->r);
    error_clear(&f->err);
    validator_drop(f->v);
}

static inline flexdb_value text(const char *s) { return value_text(s, strlen(s)); }

static inline flexdb_value json(const char *s) {
    flexdb_value value = text(s);
    value.tag = FLEXDB_JSON;
    return value;
}

static inline void assert_text(const flexdb_value *value, const char *expected) {
    assert_int_equal(value->tag, FLEXDB_TEXT);
    assert_int_equal(value->length, strlen(expected));
    assert_memory_equal(value->as.text, expected, value->length);
}

static inline void assert_document(struct fixture *f, const char *expected) {
    assert_string_equal(buffer_text(&f->r.document), expected);
}

#endif
