/* Which of a statement's texts a record is written by, and with which parameters: by what it refers to, and by what is
 * held already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "db/write.h"
#include "sql/dialect.h"

enum { REFERENCES = 4 };

/* A character for each column: a word is its value, `.` none, `-` not given. Columns: into another table, the same
 * again, into the table itself, into one that is gone. */
struct scenario {
    const char *engine;
    bool self; /* the third column is there */
    const char *values;
    enum state_refers refers;
    const char *parameters; /* behind the table's id and revision */
};

static const struct scenario scenarios[] = {
    {"mysql", false, "ab", REFERS_ALL, "ab"},       {"mysql", false, "aa", REFERS_ALL, "aa"},
    {"mysql", false, "a.", REFERS_SOME, "aa.."},    {"mysql", false, ".b", REFERS_SOME, "..bb"},
    {"mysql", false, "a-", REFERS_SOME, "aa.."},    {"mysql", false, "..", REFERS_NONE, ""},
    {"mysql", false, "-.", REFERS_NONE, ""},        {"mysql", true, "abc", REFERS_SOME, "aabbcc"},
    {"mysql", true, "ab.", REFERS_SOME, "aabb.."},  {"mysql", true, "..c", REFERS_SOME, "....cc"},
    {"mysql", true, "abx", REFERS_SOME, "aabb.."}, /* to itself, which is x */
    {"mysql", true, "..x", REFERS_NONE, ""},        {"mysql", true, "...", REFERS_NONE, ""},
    {"sqlite", false, "ab", REFERS_SOME, "aabb"},   {"sqlite", false, "..", REFERS_SOME, "...."},
    {"sqlite", true, "a.c", REFERS_SOME, "aa..cc"},
};

static void the_text_is_chosen_by_what_has_a_value(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct scenario *c = &scenarios[i];
        struct engine engine = {.dialect = dialect_find(c->engine)};
        struct state_reference references[REFERENCES] = {
            {.slot = 0, .table = "other"}, {.slot = 1, .table = "other"}, {.slot = 2, .self = true, .table = "own"}};
        struct table_state s = {.engine = &engine, .id = (char[]){"t"}, .revision = 7, .references = references};
        s.reference_count = c->self ? 3 : 2;
        references[s.reference_count++] = (struct state_reference){.slot = 3};
        flexdb_value values[REFERENCES] = {0}, given[REFERENCES] = {0};
        const flexdb_value id = value_text("x", 1);
        for (size_t k = 0; k < REFERENCES; k++) {
            char word = k < strlen(c->values) ? c->values[k] : '.';
            given[k] = values[k] = word == '.' ? value_null() : value_text(&c->values[k], 1);
            if (word == '-') given[k].tag = FLEXDB_ABSENT;
        }
        struct parameters p;
        p.count = 0;
        assert_int_equal(write_add_guard(&p, &s, values, given, &id), c->refers);
        assert_int_equal(p.count, 2 + strlen(c->parameters));
        assert_int_equal(p.values[1].as.integer, 7);
        for (size_t k = 2; k < p.count; k++) {
            char got = p.values[k].tag == FLEXDB_TEXT ? *p.values[k].as.text : '.';
            assert_int_equal(got, c->parameters[k - 2]);
        }
    }
}

static void what_is_deleted_refers_to_nothing(void **state) {
    (void)state;
    struct engine engine = {.dialect = dialect_find("mysql")};
    struct state_reference reference = {.table = "other"};
    struct table_state s = {.engine = &engine, .id = (char[]){"t"}, .references = &reference, .reference_count = 1};
    struct parameters p;
    p.count = 0;
    write_add_guard(&p, &s, NULL, NULL, NULL);
    assert_int_equal(p.count, 2);
}

/* ---- a revision that is held ---- */

struct link {
    struct connection base;
    bool open;
};

static bool in_transaction(struct connection *c) { return ((struct link *)c)->open; }

static int begin(struct connection *c, enum transaction_mode mode, flexdb_error *err) {
    (void)mode, (void)err;
    ((struct link *)c)->open = true;
    return 0;
}

static int end(struct connection *c, flexdb_error *err) {
    (void)err;
    ((struct link *)c)->open = false;
    return 0;
}

static int mark(struct connection *c, unsigned number, flexdb_error *err) {
    (void)c, (void)number, (void)err;
    return 0;
}

static const struct driver driver = {.in_transaction = in_transaction,
                                     .begin = begin,
                                     .commit = end,
                                     .rollback = end,
                                     .savepoint = mark,
                                     .release = mark,
                                     .rollback_to = mark};

/* The parameters behind the text for a record: `1` where only the version is bound. */
static size_t parameters_of(const struct table_state *s, flexdb_value reference) {
    const flexdb_value id = value_text("x", 1);
    struct parameters p;
    p.count = 0;
    enum state_refers refers = write_add_guard(&p, s, &reference, NULL, &id);
    assert_int_equal(refers == REFERS_HELD, p.count == 1);
    if (p.count == 1) assert_int_equal(p.values[0].as.integer, s->version);
    return p.count;
}

static void a_guard_is_asked_once_in_a_transaction(void **state) {
    (void)state;
    static const char *const dialects[] = {"mysql", "sqlite"};
    for (size_t i = 0; i < 2; i++) {
        bool server = i == 0;
        struct link link = {.open = false};
        struct engine engine = {.dialect = dialect_find(dialects[i]), .driver = &driver, .connection = &link.base};
        struct state_reference reference = {.table = "other"};
        struct table_state s = {
            .engine = &engine, .id = (char[]){"t"}, .version = 3, .references = &reference, .reference_count = 1};
        flexdb_error err = FLEXDB_ERROR_INIT;
        const size_t guarded = server ? 2 : 4, held = 1;
        write_note_held(&s); /* outside there is nothing to hold on to */
        assert_int_equal(engine_begin(&engine, &err), 0);
        assert_int_equal(parameters_of(&s, value_null()), guarded);
        write_note_held(&s);
        assert_int_equal(parameters_of(&s, value_null()), held);
        assert_int_equal(parameters_of(&s, value_text("a", 1)), server ? 3 : 4); /* is looked for all the same */
        /* inside a savepoint, and behind one that is kept, but not behind one that is undone */
        assert_int_equal(engine_begin(&engine, &err), 0);
        assert_int_equal(parameters_of(&s, value_null()), held);
        assert_int_equal(engine_commit(&engine, &err), 0);
        assert_int_equal(parameters_of(&s, value_null()), held);
        assert_int_equal(engine_begin(&engine, &err), 0);
        engine_rollback(&engine);
        assert_int_equal(parameters_of(&s, value_null()), guarded);
        write_note_held(&s);
        assert_int_equal(parameters_of(&s, value_null()), held);
        link.open = false; /* ended behind our back */
        assert_int_equal(parameters_of(&s, value_null()), guarded);
        link.open = true;
        assert_int_equal(engine_commit(&engine, &err), 0);
        assert_int_equal(parameters_of(&s, value_null()), guarded);
        assert_int_equal(engine_begin(&engine, &err), 0);
        assert_int_equal(parameters_of(&s, value_null()), guarded);
        engine_rollback(&engine);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_chosen_by_what_has_a_value),
        cmocka_unit_test(what_is_deleted_refers_to_nothing),
        cmocka_unit_test(a_guard_is_asked_once_in_a_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
