/* The texts of physical tables and of the statements on records; what stands in physical columns; who was violated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "documents.h"
#include "sql/ddl.h"
#include "sql/records.h"
#include "sql_layouts.h"

static struct layout_column columns[] = {
    {.key = "name", .name = "c1", .kind = PHYSICAL_TEXT, .long_text = true, .unique = true},
    {.key = "old", .name = "c2", .kind = PHYSICAL_INTEGER, .indexed = true, .retired = true},
    {.key = "company", .name = "c3", .kind = PHYSICAL_ID, .indexed = true},
    {.key = "wide", .name = "c4", .kind = PHYSICAL_DECIMAL},
};
static const struct layout layout = {.table = "flex_records_x_1", .count = 4, .columns = columns};

static void tables(void **state) {
    (void)state;
    static const char *const sqlite[] = {
        "CREATE TABLE `flex_records_x_1` (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, schema_version INT NOT "
        "NULL, "
        "version INT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, deleted_at BIGINT NULL, "
        "`c1` TEXT NULL, `c2` INTEGER NULL, `c3` TEXT NULL, `c4` BLOB NULL, data TEXT NOT NULL)",
        "CREATE UNIQUE INDEX `flex_records_x_1_c1` ON `flex_records_x_1` (`c1`) WHERE deleted_at IS NULL",
        "CREATE INDEX `flex_records_x_1_c3` ON `flex_records_x_1` (`c3`)",
        NULL,
    };
    static const char *const mysql[] = {
        "CREATE TABLE `flex_records_x_1` (seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
        "id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, schema_version INT NOT NULL, "
        "version INT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, deleted_at BIGINT NULL, "
        "live TINYINT NULL DEFAULT 1, `c1` VARBINARY(1052) NULL, `c2` BIGINT NULL, "
        "`c3` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL, `c4` BINARY(16) NULL, data JSON NOT NULL, "
        "UNIQUE KEY `id` (`id`), UNIQUE KEY `c1` (`c1`, live), KEY `c3` (`c3`)) ENGINE=InnoDB DEFAULT CHARACTER SET "
        "utf8mb4 "
        "COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC",
        NULL,
    };
    const char *const *wanted[] = {sqlite, mysql};
    static const char *const names[] = {"sqlite", "mysql"};
    for (size_t engine = 0; engine < 2; engine++) {
        struct buffer out = BUFFER_INIT;
        size_t i = 0;
        for (; buffer_reset(&out), ddl_create(dialect_find(names[engine]), &layout, i, &out); i++)
            assert_string_equal(buffer_text(&out), wanted[engine][i]);
        assert_null(wanted[engine][i]);
        buffer_free(&out);
    }
    assert_null(dialect_find("oracle"));
}

/* Names come from a database and are quoted whatever they are. */
static void names_are_quoted(void **state) {
    (void)state;
    struct buffer out = BUFFER_INIT;
    ddl_drop(dialect_find("sqlite"), "a`b", &out);
    assert_string_equal(buffer_text(&out), "DROP TABLE IF EXISTS `a``b`");
    buffer_free(&out);
}

static const struct reference_guard other[] = {{"flex_records_y_1"}}, self[] = {{"flex_records_x_1"}},
                                    three[] = {{"flex_records_y_1"}, {"flex_records_z_2"}, {"flex_records_y_1"}};

static void writes(void **state) {
    (void)state;
    CHECK(
        "sqlite", records_insert(d, &layout, GUARD_EACH, other, 1, &out),
        "INSERT INTO `flex_records_x_1` (id, data, created_at, updated_at, `c1`, `c3`, `c4`, schema_version, version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT version FROM flex_tables WHERE id = ? AND revision = ? AND is_active AND "
        "(? IS NULL OR EXISTS (SELECT 1 FROM `flex_records_y_1` AS target WHERE target.id = ? AND "
        "target.deleted_at IS NULL))), 1)");
    CHECK("sqlite", records_insert(d, &layout, GUARD_HELD, NULL, 0, &out),
          "INSERT OR FAIL INTO `flex_records_x_1` (id, data, created_at, updated_at, `c1`, `c3`, `c4`, schema_version, "
          "version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)");
    CHECK(
        "mysql", records_insert(d, &layout, GUARD_HELD, NULL, 0, &out),
        "INSERT INTO `flex_records_x_1` (id, data, created_at, updated_at, `c1`, `c3`, `c4`, schema_version, version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)");
    CHECK("mysql", records_update(d, &layout, GUARD_EACH, self, 1, &out),
          "UPDATE `flex_records_x_1` SET data = ?, updated_at = ?, `c1` = ?, `c3` = ?, `c4` = ?, schema_version = "
          "(SELECT version FROM flex_tables WHERE id = ? AND revision = ? AND is_active AND "
          "(? IS NULL OR EXISTS (SELECT 1 FROM (SELECT id FROM `flex_records_x_1` AS target WHERE "
          "target.id = ? AND target.live = 1 LIMIT 1 LOCK IN SHARE MODE) AS found)) LOCK IN SHARE MODE), "
          "version = version + 1 WHERE seq = ? AND version = ? AND live = 1");
    CHECK(
        "mysql", records_delete(d, &layout, &out),
        "UPDATE `flex_records_x_1` SET deleted_at = ?, updated_at = ?, live = NULL, schema_version = schema_version + "
        "(SELECT 0 FROM flex_tables WHERE id = ? AND revision = ? AND is_active LOCK IN SHARE MODE), "
        "version = version + 1 WHERE seq = ? AND version = ? AND deleted_at IS NULL");
    CHECK("sqlite", records_restore(d, &layout, &out),
          "UPDATE `flex_records_x_1` SET deleted_at = NULL, updated_at = ?, schema_version = schema_version + "
          "(SELECT 0 FROM flex_tables WHERE id = ? AND revision = ? AND is_active), version = version + 1 "
          "WHERE seq = ? AND version = ? AND deleted_at IS NOT NULL");
    columns[1].lapsed = true;
    CHECK("mysql", records_restore(d, &layout, &out),
          "UPDATE `flex_records_x_1` SET deleted_at = NULL, updated_at = ?, live = 1, `c2` = NULL, schema_version = "
          "schema_version + (SELECT 0 FROM flex_tables WHERE id = ? AND revision = ? AND is_active "
          "LOCK IN SHARE MODE), version = version + 1 WHERE seq = ? AND version = ? AND deleted_at IS NOT NULL");
    columns[1].lapsed = false;
    CHECK("sqlite", records_erase(d, &layout, &out), "DELETE FROM `flex_records_x_1` WHERE seq = ? AND version = ?");
    CHECK(
        "mysql", records_copy(d, &layout, &out),
        "INSERT INTO `flex_records_x_1` (seq, id, data, schema_version, version, created_at, updated_at, deleted_at, "
        "`c1`, `c3`, `c4`, live) VALUES (?, ?, /*!80000 CONVERT( */ ? /*!80000 USING utf8mb4) */, ?, ?, ?, ?, ?, ?, ?, "
        "?, CASE WHEN deleted_at IS NULL THEN 1 END)");
}

/* The text of a record whose references all have a value, and of one that has none, on a server. */
static void guards_by_need(void **state) {
    (void)state;
    assert_true(records_guards_by_need(dialect_find("mysql")));
    assert_false(records_guards_by_need(dialect_find("sqlite")));
    CHECK(
        "mysql", records_insert(d, &layout, GUARD_JOIN, three, 3, &out),
        "INSERT INTO `flex_records_x_1` (id, data, created_at, updated_at, `c1`, `c3`, `c4`, schema_version, version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT guard.version FROM flex_tables AS guard, `flex_records_y_1` AS t1, "
        "`flex_records_z_2` AS t2, `flex_records_y_1` AS t3 WHERE guard.id = ? AND guard.revision = ? AND "
        "guard.is_active AND t1.id = ? AND t1.live = 1 AND t2.id = ? AND t2.live = 1 AND t3.id = ? AND t3.live = 1 "
        "LOCK IN SHARE MODE), 1)");
    CHECK("mysql", records_update(d, &layout, GUARD_JOIN, other, 1, &out),
          "UPDATE `flex_records_x_1` SET data = ?, updated_at = ?, `c1` = ?, `c3` = ?, `c4` = ?, schema_version = "
          "(SELECT guard.version FROM flex_tables AS guard, `flex_records_y_1` AS t1 WHERE guard.id = ? AND "
          "guard.revision = ? AND guard.is_active AND t1.id = ? AND t1.live = 1 LOCK IN SHARE MODE), "
          "version = version + 1 WHERE seq = ? AND version = ? AND live = 1");
    CHECK(
        "mysql", records_insert(d, &layout, GUARD_EACH, NULL, 0, &out),
        "INSERT INTO `flex_records_x_1` (id, data, created_at, updated_at, `c1`, `c3`, `c4`, schema_version, version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT version FROM flex_tables WHERE id = ? AND revision = ? AND is_active "
        "LOCK IN SHARE MODE), 1)");
}

#define FETCH                                                                                                          \
    "SELECT seq, id, data, version, created_at, updated_at, deleted_at, schema_version, NULL FROM `flex_records_x_1`"

static void reads(void **state) {
    (void)state;
    CHECK("sqlite", records_fetch(d, &layout, FETCH_FOR_UPDATE, false, &out),
          FETCH " WHERE id = ? AND deleted_at IS NULL");
    CHECK("sqlite", records_fetch_many(d, &layout, 2, &out), FETCH " WHERE id IN (?, ?) AND deleted_at IS NULL");
    CHECK("sqlite", records_walk(d, &layout, true, &out), FETCH " WHERE seq > ? ORDER BY seq LIMIT ?");
    CHECK("mysql", records_fetch(d, &layout, FETCH_FOR_UPDATE, true, &out),
          "SELECT seq, id, data, version, created_at, updated_at, deleted_at, schema_version, (SELECT revision FROM "
          "flex_tables WHERE id = CAST(? AS BINARY)) FROM `flex_records_x_1` WHERE id = CAST(? AS BINARY) FOR UPDATE");
    CHECK("mysql", records_fetch(d, &layout, FETCH_PLAIN, false, &out),
          "SELECT r.seq, r.id, r.data, r.version, r.created_at, r.updated_at, r.deleted_at, r.schema_version, "
          "f.revision FROM `flex_records_x_1` AS r, flex_tables AS f WHERE f.id = ? AND r.id = CAST(? AS BINARY)");
    CHECK("mysql", records_exist(d, "flex_records_y_1", 2, true, &out),
          "SELECT id FROM `flex_records_y_1` WHERE id IN (CAST(? AS BINARY), CAST(? AS BINARY)) AND live = 1 "
          "LOCK IN SHARE MODE");
    CHECK("mysql", records_referrer(d, &layout, &columns[2], &out),
          "SELECT id FROM `flex_records_x_1` WHERE `c3` = CAST(? AS BINARY) AND live = 1 LIMIT 1");
    CHECK("sqlite", records_last(d, &layout, &out), "SELECT seq FROM `flex_records_x_1` ORDER BY seq DESC LIMIT 1");
    assert_true(records_selects_revision(dialect_find("mysql")));
    assert_false(records_selects_revision(dialect_find("sqlite")));
}

static void knows_which_column_was_violated(void **state) {
    (void)state;
    static const struct {
        const char *detail;
        int column;
    } scenarios[] = {
        {"flex_records_x_1.c1", 0},
        {"c1", 0},
        {"flex_records_x_1_c1", 0},
        {"main.flex_records_x_1_c3", 2},
        {"flex_records_x_1.id", -1},
        {"id", -1},
        {"PRIMARY", -1},
        {"flex_records_x_1", -1},
        {"c11", -1},
        {"", -1},
        {NULL, -1},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct layout_column *want = scenarios[i].column < 0 ? NULL : &columns[scenarios[i].column];
        assert_ptr_equal(ddl_violated(dialect_find("mysql"), &layout, scenarios[i].detail), want);
        size_t length = scenarios[i].detail == NULL ? 0 : strlen(scenarios[i].detail);
        bool id = length >= 2 && strcmp(scenarios[i].detail + length - 2, "id") == 0;
        assert_int_equal(ddl_violated_id(dialect_find("mysql"), &layout, scenarios[i].detail), id);
    }
}

static void long_texts_are_stored_by_prefix_and_digest(void **state) {
    (void)state;
    const struct dialect *mysql = dialect_find("mysql");
    char text[DDL_TEXT_PREFIX + 1];
    unsigned char digest[DIGEST_BYTES];
    memset(text, 'x', sizeof text);
    digest_sha256(text, sizeof text, digest);
    struct buffer scratch = BUFFER_INIT;
    assert_true(buffer_reserve(&scratch, DDL_TEXT_PREFIX + 32));

    flexdb_value value = value_text(text, sizeof text);
    ddl_text_entry(mysql, &columns[0], &value, &scratch);
    assert_int_equal(value.tag, FLEXDB_BYTES);
    assert_int_equal(value.length, DDL_TEXT_PREFIX + DIGEST_BYTES);
    assert_memory_equal(value.as.text, text, DDL_TEXT_PREFIX);
    assert_memory_equal(value.as.text + DDL_TEXT_PREFIX, digest, DIGEST_BYTES);

    value = value_text(text, DDL_TEXT_PREFIX);
    ddl_text_entry(mysql, &columns[0], &value, NULL);
    assert_int_equal(value.tag, FLEXDB_BYTES);
    assert_ptr_equal(value.as.text, text);

    value = value_text(text, sizeof text); /* whole without room for an entry */
    ddl_text_entry(mysql, &columns[0], &value, NULL);
    assert_int_equal(value.tag, FLEXDB_BYTES);
    assert_ptr_equal(value.as.text, text);
    assert_int_equal(value.length, sizeof text);

    value = value_text(text, 5); /* ids stay text */
    ddl_text_entry(mysql, &columns[2], &value, NULL);
    assert_int_equal(value.tag, FLEXDB_TEXT);
    value = value_null();
    ddl_text_entry(mysql, &columns[0], &value, NULL);
    assert_int_equal(value.tag, FLEXDB_NULL);
    value = value_text(text, sizeof text);
    ddl_text_entry(dialect_find("sqlite"), &columns[0], &value, NULL);
    assert_int_equal(value.tag, FLEXDB_TEXT);
    assert_int_equal(value.length, sizeof text);
    buffer_free(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
        cmocka_unit_test(names_are_quoted),
        cmocka_unit_test(writes),
        cmocka_unit_test(guards_by_need),
        cmocka_unit_test(reads),
        cmocka_unit_test(knows_which_column_was_violated),
        cmocka_unit_test(long_texts_are_stored_by_prefix_and_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
