/* Indexes over several columns in the words of each engine, and the statements that look for shared values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "documents.h"
#include "sql/ddl.h"
#include "sql/records.h"
#include "sql/repeated.h"
#include "sql_layouts.h"

static struct layout_column columns[] = {
    {.key = "name", .name = "c1", .kind = PHYSICAL_TEXT, .unique = true},
    {.key = "age", .name = "c2", .kind = PHYSICAL_INTEGER},
    {.key = "word", .name = "c3", .kind = PHYSICAL_TEXT},
    {.key = "text", .name = "c4", .kind = PHYSICAL_TEXT},
};
static struct layout_index indexes[] = {
    {.name = "i1", .count = 2, .columns = {1, 0}, .unique = true},
    {.name = "i2", .count = 2, .columns = {0, 2}},
    {.name = "i3", .count = 3, .columns = {2, 0, 1}, .unique = true, .retired = true},
    {.name = "i4", .count = 4, .columns = {0, 1, 2, 3}},
    {.name = "i5", .count = 4, .columns = {3, 2, 1, 0}, .unique = true},
    {.name = "i6", .count = 1, .columns = {1}, .unique = true},
};
static const struct layout layout = {
    .table = "flex_records_x_1", .count = 4, .columns = columns, .index_count = 6, .indexes = indexes};

static char *statement(const char *engine, size_t i, bool drop) {
    struct buffer out = BUFFER_INIT;
    bool more = drop ? ddl_drop_index(dialect_find(engine), &layout, i, &out)
                     : ddl_create(dialect_find(engine), &layout, i, &out);
    if (!more) assert_int_equal(out.length, 0);
    return buffer_take(&out);
}

static void are_statements_of_their_own_where_they_may_be_partial(void **state) {
    (void)state;
    static const char *const wanted[] = {
        "CREATE UNIQUE INDEX `flex_records_x_1_c1` ON `flex_records_x_1` (`c1`) WHERE deleted_at IS NULL",
        "CREATE UNIQUE INDEX `flex_records_x_1_i1` ON `flex_records_x_1` (`c2`, `c1`) WHERE deleted_at IS NULL",
        "CREATE INDEX `flex_records_x_1_i2` ON `flex_records_x_1` (`c1`, `c3`)",
        "CREATE INDEX `flex_records_x_1_i4` ON `flex_records_x_1` (`c1`, `c2`, `c3`, `c4`)",
        ("CREATE UNIQUE INDEX `flex_records_x_1_i5` ON `flex_records_x_1` (`c4`, `c3`, `c2`, `c1`) WHERE "
         "deleted_at IS NULL"),
        "CREATE UNIQUE INDEX `flex_records_x_1_i6` ON `flex_records_x_1` (`c2`) WHERE deleted_at IS NULL",
        "",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_text(statement("sqlite", 1 + i, false), wanted[i]);
    assert_text(statement("sqlite", 1, true), "DROP INDEX `flex_records_x_1_i1`");
    assert_text(statement("sqlite", 5, true), "DROP INDEX `flex_records_x_1_i6`");
    assert_text(statement("sqlite", 6, true), "");
}

/* What a key cannot hold is unique by a digest of all of it, and found by the beginnings of its texts. */
static void are_part_of_the_table_on_a_server(void **state) {
    (void)state;
    char *sql = statement("mysql", 0, false);
    static const char wanted[] =
        "`c4` VARBINARY(1052) NULL, `i5_digest` BINARY(32) GENERATED ALWAYS AS (UNHEX(SHA2(CONCAT(HEX(`c4`), '-', "
        "HEX(`c3`), '-', HEX(`c2`), '-', HEX(`c1`)), 256))) STORED, data JSON NOT NULL, "
        "UNIQUE KEY `id` (`id`), UNIQUE KEY `c1` (`c1`, live), UNIQUE KEY `i1` (`c2`, `c1`, live), KEY `i2` (`c1`, "
        "`c3`), "
        "KEY `i4` (`c1`(1021), `c2`, `c3`(1021), `c4`(1021)), UNIQUE KEY `i5` (`i5_digest`, live), "
        "KEY `i5_parts` (`c4`(1021), `c3`(1021), `c2`, `c1`(1021)), UNIQUE KEY `i6` (`c2`, live)) ENGINE=";
    if (strstr(sql, wanted) == NULL) fail_msg("%s", sql);
    free(sql);
    assert_text(statement("mysql", 1, false), "");
    assert_text(statement("mysql", 0, true), "");
}

static char *added(const char *engine, size_t i) {
    struct buffer out = BUFFER_INIT;
    if (!ddl_add_indexes(dialect_find(engine), &layout, i, &out)) assert_int_equal(out.length, 0);
    return buffer_take(&out);
}

static void are_given_to_a_full_table_in_one_statement_on_a_server(void **state) {
    (void)state;
    struct buffer bare = BUFFER_INIT;
    ddl_create_bare(dialect_find("mysql"), &layout, &bare);
    assert_non_null(strstr(buffer_text(&bare), "`i5_digest` BINARY(32) GENERATED"));
    assert_null(strstr(buffer_text(&bare), "KEY `"));
    assert_null(strstr(buffer_text(&bare), "UNIQUE"));
    buffer_reset(&bare);
    assert_text(added("mysql", 0),
                "ALTER TABLE `flex_records_x_1` ADD UNIQUE KEY `id` (`id`), ADD UNIQUE KEY `c1` (`c1`, live), ADD "
                "UNIQUE KEY `i1` (`c2`, `c1`, "
                "live), ADD KEY `i2` (`c1`, `c3`), ADD KEY `i4` (`c1`(1021), `c2`, `c3`(1021), `c4`(1021)), ADD UNIQUE "
                "KEY `i5` (`i5_digest`, live), ADD KEY `i5_parts` (`c4`(1021), `c3`(1021), `c2`, `c1`(1021)), ADD "
                "UNIQUE KEY `i6` (`c2`, live)");
    assert_text(added("mysql", 1), "");
    char *own = statement("sqlite", 1, false);
    assert_text(added("sqlite", 0), own);
    free(own);
    assert_text(added("sqlite", 6), "");
    static const struct layout plain = {.table = "flex_records_x_1"};
    assert_true(ddl_add_indexes(dialect_find("mysql"), &plain, 0, &bare));
    assert_string_equal(buffer_text(&bare), "ALTER TABLE `flex_records_x_1` ADD UNIQUE KEY `id` (`id`)");
    buffer_free(&bare);
}

static void knows_which_one_was_violated(void **state) {
    (void)state;
    static const struct {
        const char *detail;
        int index; /* -1: none */
    } scenarios[] = {
        {"i1", 0},
        {"flex_records_x_1_i5", 4},
        {"main.flex_records_x_1_i6", 5},
        {"flex_records_x_1.c2, flex_records_x_1.c1", 0},
        {"flex_records_x_1.c3, flex_records_x_1.c1, flex_records_x_1.c2", 2},
        {"flex_records_x_1.c2", 5},
        {"flex_records_x_1.c1", -1}, /* the column's own */
        {"flex_records_x_1.c1, flex_records_x_1.c2", -1},
        {"flex_records_x_1.c1, flex_records_x_1.c3", -1}, /* i2 refuses nothing */
        {"i2", -1},
        {"i7", -1},
        {"id", -1},
        {"", -1},
        {",", -1},
        {"c2, c1, ", -1},
        {NULL, -1},
    };
    const struct dialect *d = dialect_find("sqlite");
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct layout_index *want = scenarios[i].index < 0 ? NULL : &indexes[scenarios[i].index];
        if (ddl_violated_index(d, &layout, scenarios[i].detail) != want) fail_msg("%s", scenarios[i].detail);
    }
    /* A list of columns names no single one of them. */
    assert_null(ddl_violated(d, &layout, "flex_records_x_1.c2, flex_records_x_1.c1"));
    assert_false(ddl_violated_id(d, &layout, "flex_records_x_1.c2, flex_records_x_1.id"));
}

static void looks_for_holders(void **state) {
    (void)state;
    static const struct layout_column *const two[] = {&columns[1], &columns[0]};
    CHECK("sqlite", records_holder(d, &layout, two, 2, &out),
          "SELECT seq FROM `flex_records_x_1` WHERE `c2` = ? AND `c1` = ? AND deleted_at IS NULL AND seq <> ? LIMIT 1");
    CHECK("mysql", records_holder(d, &layout, two, 1, &out),
          "SELECT seq FROM `flex_records_x_1` WHERE `c2` = ? AND live = 1 AND seq <> ? LIMIT 1");
    CHECK("mysql", records_holder(d, &layout, NULL, 0, &out),
          "SELECT seq FROM `flex_records_x_1` WHERE id = CAST(? AS BINARY) AND seq <> ? LIMIT 1");
    const struct repeated_columns c = {two, 2};
    CHECK(
        "sqlite", repeated_values(d, &layout, c, &out),
        "SELECT MIN(seq) AS first_seq, COUNT(*), `c2`, `c1` FROM `flex_records_x_1` WHERE +deleted_at IS NULL AND `c2` "
        "IS NOT NULL AND `c1` IS NOT NULL GROUP BY `c2`, `c1` HAVING COUNT(*) > 1 ORDER BY first_seq LIMIT ?");
    CHECK("mysql", repeated_total(d, &layout, c, &out),
          "SELECT COUNT(*), CAST(COALESCE(SUM(holders), 0) AS SIGNED) FROM (SELECT COUNT(*) AS holders FROM "
          "`flex_records_x_1` WHERE live = 1 AND `c2` IS NOT NULL AND `c1` IS NOT NULL GROUP BY `c2`, `c1` HAVING "
          "COUNT(*) > 1) AS shared");
    CHECK("mysql", repeated_holders(d, &layout, c, 2, &out),
          "SELECT id, `c2`, `c1` FROM `flex_records_x_1` WHERE live = 1 AND ((`c2` = ? AND `c1` = ?) OR (`c2` = ? AND "
          "`c1` = ?)) ORDER BY seq");
}

static void what_has_lapsed_leaves_its_index(void **state) {
    (void)state;
    columns[1].retired = columns[1].lapsed = true;
    columns[3].retired = true;
    CHECK(
        "sqlite", records_update(d, &layout, GUARD_HELD, NULL, 0, &out),
        "UPDATE `flex_records_x_1` SET data = ?, updated_at = ?, `c1` = ?, `c3` = ?, `c2` = NULL, schema_version = ?, "
        "version = version + 1 WHERE seq = ? AND version = ? AND deleted_at IS NULL");
    columns[1].retired = columns[1].lapsed = columns[3].retired = false;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_statements_of_their_own_where_they_may_be_partial),
        cmocka_unit_test(are_part_of_the_table_on_a_server),
        cmocka_unit_test(are_given_to_a_full_table_in_one_statement_on_a_server),
        cmocka_unit_test(knows_which_one_was_violated),
        cmocka_unit_test(looks_for_holders),
        cmocka_unit_test(what_has_lapsed_leaves_its_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
