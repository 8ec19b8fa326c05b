/* The texts of a build's journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sql/journal.h"

static void check(struct buffer *sql, const char *expected) {
    assert_string_equal(buffer_text(sql), expected);
    buffer_free(sql);
}

static void has_a_table(void **state) {
    (void)state;
    struct buffer sql = BUFFER_INIT;
    journal_create(dialect_find("mysql"), "j_2", &sql);
    check(&sql, "CREATE TABLE `j_2` (n BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, seq BIGINT NOT NULL) ENGINE=InnoDB "
                "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC");
    journal_add(dialect_find("mysql"), "j_2", &sql);
    check(&sql, "INSERT INTO `j_2` (seq) VALUES (?)");
    journal_erase(dialect_find("mysql"), "j_2", "n", 3, &sql);
    check(&sql, "DELETE FROM `j_2` WHERE n IN (?, ?, ?)");
}

static void is_written_by_three_triggers(void **state) {
    (void)state;
#define BRIEFLY "/*M!100100 SET STATEMENT max_statement_time = 0.05, lock_wait_timeout = 1 FOR */ "
    static const char *const made[] = {
        BRIEFLY "CREATE TRIGGER `j_2_i` AFTER INSERT ON `t_1` FOR EACH ROW INSERT INTO `j_2` (seq) VALUES (NEW.seq)",
        BRIEFLY "CREATE TRIGGER `j_2_u` AFTER UPDATE ON `t_1` FOR EACH ROW INSERT INTO `j_2` (seq) VALUES (NEW.seq)",
        BRIEFLY "CREATE TRIGGER `j_2_d` AFTER DELETE ON `t_1` FOR EACH ROW INSERT INTO `j_2` (seq) VALUES (OLD.seq)",
    };
    static const char *const dropped[] = {BRIEFLY "DROP TRIGGER IF EXISTS `j_2_i`",
                                          BRIEFLY "DROP TRIGGER IF EXISTS `j_2_u`",
                                          BRIEFLY "DROP TRIGGER IF EXISTS `j_2_d`"};
    struct buffer sql = BUFFER_INIT;
    for (size_t i = 0; i < 3; i++) {
        assert_true(journal_create_trigger(dialect_find("mysql"), "j_2", "t_1", i, &sql));
        check(&sql, made[i]);
        assert_true(journal_drop_trigger(dialect_find("mysql"), "j_2", i, &sql));
        check(&sql, dropped[i]);
    }
    assert_false(journal_create_trigger(dialect_find("mysql"), "j_2", "t_1", 3, &sql));
    assert_false(journal_drop_trigger(dialect_find("mysql"), "j_2", 3, &sql));
    assert_string_equal(buffer_text(&sql), "");
    buffer_free(&sql);
}

/* The statement is one: what it names and what it gives are of one moment. */
static void is_read_with_the_records_it_names(void **state) {
    (void)state;
    struct buffer sql = BUFFER_INIT;
    journal_read(dialect_find("mysql"), "j_2", "t_1", &sql);
    check(&sql, "SELECT o.seq, o.id, o.data, o.version, o.created_at, o.updated_at, o.deleted_at, o.schema_version, 0, "
                "j.n, j.seq FROM (SELECT n, seq FROM `j_2` ORDER BY n LIMIT ?) AS j LEFT JOIN `t_1` AS o "
                "ON o.seq = j.seq ORDER BY j.seq");
    assert_int_equal(JOURNAL_NUMBER, 9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_table),
        cmocka_unit_test(is_written_by_three_triggers),
        cmocka_unit_test(is_read_with_the_records_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
