#include "driver_suite.h"

#include <float.h>
#include <math.h>

#define INSERT_ALL "INSERT INTO flexdb_t (id, name, number, ratio, body, raw) VALUES (?, ?, ?, ?, ?, ?)"
#define SELECT_ALL "SELECT number, ratio, body, raw FROM flexdb_t WHERE id = ?"

static bool same_value(const flexdb_value *a, const flexdb_value *b) {
    if (value_is_none(a) || value_is_none(b)) return value_is_none(a) && value_is_none(b);
    switch (a->tag) {
    case FLEXDB_INTEGER: return b->tag == FLEXDB_INTEGER && a->as.integer == b->as.integer;
    case FLEXDB_NUMBER: return b->tag == FLEXDB_NUMBER && memcmp(&a->as.number, &b->as.number, sizeof(double)) == 0;
    default:
        if (a->tag != b->tag || a->length != b->length) return false;
        return a->length == 0 || memcmp(a->as.text, b->as.text, a->length) == 0;
    }
}

static void store_and_compare(struct fixture *f, const char *sentence, const flexdb_value v[4]) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value id = value_integer(1), row[] = {id, text_of("a"), v[0], v[1], v[2], v[3]};
    run_sql(f->c, INSERT_ALL, row, 6);
    struct statement *s = prepare_sql(f->c, SELECT_ALL);
    must(D(f)->bind(s, &id, 1, &err), &err);
    assert_int_equal(D(f)->step(s, &err), 1);
    for (size_t i = 0; i < 4; i++) {
        flexdb_value got;
        must(D(f)->column(s, i, &got, &err), &err);
        if (!same_value(&v[i], &got)) fail_msg("%s: column %zu came back as another", sentence, i);
    }
    assert_int_equal(D(f)->step(s, &err), 0);
    D(f)->finalize(s);
    assert_int_equal(run_sql(f->c, "DELETE FROM flexdb_t WHERE id = ?", &id, 1), 1);
}

static void values_come_back_as_they_went(void **state) {
    struct fixture *f = *state;
    char bytes[256];
    for (int i = 0; i < 256; i++) bytes[i] = (char)i;
    const flexdb_value none = value_null();
    const struct {
        const char *sentence;
        flexdb_value values[4];
    } scenarios[] = {
        {"nothing", {none, none, none, none}},
        {"an absent value is NULL", {{.tag = FLEXDB_ABSENT}, none, none, none}},
        {"zeros", {value_integer(0), value_number(0), value_text("", 0), value_bytes("", 0)}},
        {"empty texts without an address", {none, none, {.tag = FLEXDB_TEXT}, {.tag = FLEXDB_BYTES}}},
        {"the largest", {value_integer(INT64_MAX), value_number(DBL_MAX), none, none}},
        {"the smallest", {value_integer(INT64_MIN), value_number(-DBL_MAX), none, none}},
        {"beyond 2^53", {value_integer(9007199254740993), value_number(9007199254740992.0), none, none}},
        {"a fraction", {value_integer(-1), value_number(0.1), none, none}},
        {"next to one", {none, value_number(1 + DBL_EPSILON), none, none}},
        {"the least positive", {none, value_number(DBL_MIN), none, none}},
        {"an integer as a double", {none, value_number(3.0), none, none}},
        {"all bytes", {none, none, none, value_bytes(bytes, sizeof bytes)}},
        {"text beyond the basic plane", {none, none, text_of("na\xc3\xafve \xf0\x9f\x98\x80"), none}},
        {"text with quotes and a backslash", {none, none, text_of("a'b\"c\\d`e%_?"), none}},
        {"text with a NUL", {none, none, value_text("a\0b", 3), none}},
        {"spaces at the end", {none, none, text_of("x  "), value_bytes("x  \0", 4)}},
        {"digits stay text", {none, none, text_of("0042"), value_bytes("0042", 4)}},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        store_and_compare(f, scenarios[i].sentence, scenarios[i].values);
    }
}

static void booleans_and_json_are_bound(void **state) {
    struct fixture *f = *state;
    flexdb_value document = text_of("{\"a\":[1,2]}"), row[] = {value_integer(1),  text_of("a"), value_boolean(true),
                                                               value_number(0.5), document,     value_null()};
    row[4].tag = FLEXDB_JSON;
    run_sql(f->c, INSERT_ALL, row, 6);
    row[0] = value_integer(2), row[1] = text_of("b"), row[2] = value_boolean(false);
    run_sql(f->c, INSERT_ALL, row, 6);
    assert_int_equal(integer_of(f->c, "SELECT number FROM flexdb_t WHERE id = 1"), 1);
    assert_int_equal(integer_of(f->c, "SELECT number FROM flexdb_t WHERE id = 2"), 0);
    assert_int_equal(run_sql(f->c, "DELETE FROM flexdb_t WHERE body = ?", &document, 1), 2);
}

static void an_empty_text_is_not_null(void **state) {
    struct fixture *f = *state;
    flexdb_value row[] = {value_integer(1), text_of(""), value_null(), value_null(), text_of(""), value_bytes("", 0)};
    run_sql(f->c, INSERT_ALL, row, 6);
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t WHERE name = '' AND body IS NOT NULL AND "
                                      "raw IS NOT NULL AND number IS NULL"),
                     1);
}

static void long_and_short_texts_alternate(void **state) {
    struct fixture *f = *state;
    const size_t sizes[] = {3, 1 << 20, 0, 511, 512, 513, 1 << 16, 1, (1 << 20) + 1};
    flexdb_error err = FLEXDB_ERROR_INIT;
    char *text = malloc((1 << 20) + 1), name[16];
    assert_non_null(text);
    for (size_t i = 0; i <= 1 << 20; i++) text[i] = (char)('a' + i % 23);
    const size_t count = sizeof sizes / sizeof *sizes;
    for (size_t i = 0; i < count; i++) {
        name[0] = (char)('a' + i), name[1] = '\0';
        flexdb_value row[] = {
            value_integer((int64_t)i),      text_of(name), value_null(), value_null(), value_text(text, sizes[i]),
            value_bytes(text, sizes[i] / 2)};
        run_sql(f->c, INSERT_ALL, row, 6);
    }
    for (int round = 0; round < 2; round++) {
        struct statement *s = prepare_sql(f->c, "SELECT body, raw FROM flexdb_t ORDER BY id");
        for (size_t i = 0; i < count; i++) {
            flexdb_value body, raw;
            assert_int_equal(D(f)->step(s, &err), 1);
            must(D(f)->column(s, 0, &body, &err), &err);
            must(D(f)->column(s, 1, &raw, &err), &err);
            assert_int_equal(body.length, sizes[i]);
            assert_int_equal(raw.length, sizes[i] / 2);
            assert_memory_equal(body.as.text, text, sizes[i]);
            assert_memory_equal(raw.as.text, text, sizes[i] / 2);
        }
        assert_int_equal(D(f)->step(s, &err), 0);
        D(f)->finalize(s);
    }
    free(text);
}

static void what_cannot_be_bound_is_refused(void **state) {
    struct fixture *f = *state;
    static const flexdb_fault fault = {"type", "cannot be a value", "", NULL};
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct statement *s = prepare_sql(f->c, "INSERT INTO flexdb_t (id, name, ratio) VALUES (?, ?, ?)");
    flexdb_value row[] = {value_integer(1), text_of("a"), value_number(NAN)};
    expect_error(D(f)->bind(s, row, 3, &err), &err, FLEXDB_INTERNAL,
                 "parameter 3 is not a number, which cannot be bound");
    row[2] = (flexdb_value){.tag = FLEXDB_FAULT, .as.fault = &fault};
    expect_error(D(f)->bind(s, row, 3, &err), &err, FLEXDB_INTERNAL, "parameter 3 is no value, which cannot be bound");
    expect_error(D(f)->bind(s, row, 2, &err), &err, FLEXDB_INTERNAL,
                 "the statement has 3 parameters, 2 values were given");
    D(f)->finalize(s);
    s = prepare_sql(f->c, "INSERT INTO flexdb_t (id, name, ratio) VALUES (?, ?, ?)");
    expect_error(D(f)->run(s, NULL, &err), &err, FLEXDB_INTERNAL, "the statement has 3 parameters and none is bound");
    D(f)->finalize(s);
    assert_int_equal(integer_of(f->c, "SELECT COUNT(*) FROM flexdb_t"), 0);
}

static void a_value_too_large_is_a_limit(void **state) {
    struct fixture *f = *state;
    const size_t size = (size_t)130 << 20;
    char *text = calloc(size, 1);
    assert_non_null(text);
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value row[] = {value_integer(1), text_of("a"), value_text(text, size)};
    int rc = try_sql(f->c, "INSERT INTO flexdb_t (id, name, body) VALUES (?, ?, ?)", row, 3, &err);
    free(text);
    expect_error(rc, &err, FLEXDB_LIMIT, "");
    insert_row(f->c, 1, "the connection goes on", 1);
}

void suite_add_values(struct suite *s) {
    ADD(s, values_come_back_as_they_went);
    ADD(s, booleans_and_json_are_bound);
    ADD(s, an_empty_text_is_not_null);
    ADD(s, long_and_short_texts_alternate);
    ADD(s, what_cannot_be_bound_is_refused);
    ADD(s, a_value_too_large_is_a_limit);
}
