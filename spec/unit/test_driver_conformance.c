/* The suite of driver_suite.h on SQLite in memory, on a file, and on the server of FLEXDB_TEST_MYSQL_URL; then what
 * only a file, or only a server, can get wrong. */
#include "driver_suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if FLEXDB_TEST_MYSQL
#include "driver/mysql/mysql_driver.h"
#endif

/* ---------------------------------------------------------------- files */

static const char *folder_of(void **state) { return *state; }

static void write_file(const char *path, const char *text, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* One byte of the file, as damage. */
static void damage_file(const char *path, long at, int byte) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_not_equal(fputc(byte, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static struct place file_place(const char *folder, const char *name, char url[512]) {
    snprintf(url, 512, "sqlite:%s/%s", folder, name);
    return (struct place){&sqlite_driver, url, true};
}

static void a_file_that_cannot_be_opened_says_why(void **state) {
    const char *folder = folder_of(state);
    char path[512];
    snprintf(path, sizeof path, "%s/text", folder);
    write_file(path, "hello, this is no database", 26);
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/device", folder);
    assert_int_equal(symlink("/dev/null", path), 0);
    snprintf(path, sizeof path, "%s/noise", folder);
    char noise[8192];
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (char)(i * 7 + i / 251);
    write_file(path, noise, sizeof noise);
    static const struct {
        const char *sentence, *name;
        bool read_only, create;
        flexdb_code code;
        const char *message;
    } scenarios[] = {
        {"a folder", "", false, true, FLEXDB_CORRUPT, "is a folder, not a database file"},
        {"a pipe", "pipe", false, true, FLEXDB_CORRUPT, "/pipe' is a pipe, not a database file"},
        {"a pipe, read-only", "pipe", true, true, FLEXDB_CORRUPT, "/pipe' is a pipe, not a database file"},
        {"a device", "device", false, true, FLEXDB_CORRUPT, "/device' is a device, not a database file"},
        {"short text", "text", false, true, FLEXDB_CORRUPT, "is not an SQLite database"},
        {"short text, read-only", "text", true, true, FLEXDB_CORRUPT, "is not an SQLite database"},
        {"noise", "noise", false, true, FLEXDB_CORRUPT, "is not an SQLite database"},
        {"an absent file that may not be made", "absent", false, false, FLEXDB_NOT_FOUND, "does not exist"},
        {"an absent file, read-only", "absent", true, true, FLEXDB_NOT_FOUND, "does not exist"},
        {"an absent folder", "no/where", false, true, FLEXDB_NOT_FOUND, "/no' of the database file does not exist"},
        {"a file as folder", "text/x", false, true, FLEXDB_NOT_FOUND, "/text' of the database file does not exist"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char url[512], message[512];
        struct connect_options options = {1, scenarios[i].read_only, scenarios[i].create};
        file_place(folder, scenarios[i].name, url);
        flexdb_code code = open_fails(&sqlite_driver, url, &options, message);
        if (code != scenarios[i].code || strstr(message, scenarios[i].message) == NULL) {
            fail_msg("%s: %d %s", scenarios[i].sentence, (int)code, message);
        }
    }
    snprintf(path, sizeof path, "%s/absent", folder);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_name_that_looks_like_a_uri_is_a_name(void **state) {
    char back[512];
    assert_non_null(getcwd(back, sizeof back));
    assert_int_equal(chdir(folder_of(state)), 0);
    struct place p = {&sqlite_driver, "sqlite:file:x?mode=memory", true};
    p.driver->close(open_place(&p, 1, false));
    assert_int_equal(access("file:x?mode=memory", F_OK), 0);
    assert_int_equal(chdir(back), 0);
}

static void damage_is_found_when_it_is_read(void **state) {
    char url[512];
    struct place p = file_place(folder_of(state), "damaged", url);
    struct connection *c = open_place(&p, 1, false);
    execute_sql(c, "CREATE TABLE flexdb_t (id BIGINT, name TEXT)");
    for (int i = 0; i < 100; i++) {
        flexdb_value row[] = {value_integer(i), text_of("some text to fill the pages of the file with")};
        run_sql(c, "INSERT INTO flexdb_t (id, name) VALUES (?, ?)", row, 2);
    }
    p.driver->close(c);
    for (long at = 4096; at < 4096 + 64; at++) damage_file(url + 7, at, 0xee);
    c = open_place(&p, 1, false);
    flexdb_error err = FLEXDB_ERROR_INIT;
    expect_error(try_sql(c, "SELECT id FROM flexdb_t", NULL, 0, &err), &err, FLEXDB_CORRUPT, "is damaged: ");
    p.driver->close(c);
}

static void a_full_disk_is_a_limit_and_loses_nothing(void **state) {
    char url[512], text[4000];
    struct place p = file_place(folder_of(state), "full", url);
    struct connection *c = open_place(&p, 1, false);
    flexdb_error err = FLEXDB_ERROR_INIT;
    memset(text, 'x', sizeof text);
    flexdb_value row[] = {value_text(text, sizeof text)};
    execute_sql(c, "CREATE TABLE flexdb_t (body TEXT)");
    run_sql(c, "INSERT INTO flexdb_t (body) VALUES (?)", row, 1);

    struct rlimit before, low = {200000, 200000};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    low.rlim_max = before.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    must(p.driver->begin(c, TRANSACTION_WRITE, &err), &err);
    int rc = 0;
    for (int i = 0; i < 2000 && rc == 0; i++) rc = try_sql(c, "INSERT INTO flexdb_t (body) VALUES (?)", row, 1, &err);
    if (rc == 0) rc = p.driver->commit(c, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    bool ended = err.ended;
    expect_error(rc, &err, FLEXDB_LIMIT, "the disk is full: the database ");
    if (ended) {
        expect_error(p.driver->commit(c, &err), &err, FLEXDB_LIMIT,
                     "the engine has ended the transaction; it must be rolled back");
    }
    must(p.driver->rollback(c, &err), &err);
    run_sql(c, "INSERT INTO flexdb_t (body) VALUES (?)", row, 1);
    assert_int_equal(integer_of(c, "SELECT COUNT(*) FROM flexdb_t"), 2);
    p.driver->close(c);
}

static void what_ends_a_transaction_bars_what_follows(void **state) {
    char url[512];
    struct place p = file_place(folder_of(state), "ended", url);
    struct connection *c = open_place(&p, 1, false);
    flexdb_error err = FLEXDB_ERROR_INIT;
    execute_sql(c, "CREATE TABLE flexdb_t (id BIGINT UNIQUE)");
    execute_sql(c, "INSERT INTO flexdb_t VALUES (1)");
    must(p.driver->begin(c, TRANSACTION_WRITE, &err), &err);
    execute_sql(c, "INSERT INTO flexdb_t VALUES (2)");
    int rc = try_sql(c, "INSERT OR ROLLBACK INTO flexdb_t VALUES (1)", NULL, 0, &err);
    assert_true(err.ended);
    expect_error(rc, &err, FLEXDB_DUPLICATE, "the value is already there: flexdb_t.id");
    static const char ended[] = "the engine has ended the transaction; it must be rolled back";
    expect_error(try_sql(c, "INSERT INTO flexdb_t VALUES (3)", NULL, 0, &err), &err, FLEXDB_DUPLICATE, ended);
    expect_error(p.driver->execute(c, "INSERT INTO flexdb_t VALUES (3)", 31, &err), &err, FLEXDB_DUPLICATE, ended);
    expect_error(p.driver->commit(c, &err), &err, FLEXDB_DUPLICATE, ended);
    assert_false(p.driver->in_transaction(c));
    must(p.driver->rollback(c, &err), &err);
    execute_sql(c, "INSERT INTO flexdb_t VALUES (4)");
    assert_int_equal(integer_of(c, "SELECT COUNT(*) FROM flexdb_t"), 2);
    p.driver->close(c);
}

static void a_schema_can_do_no_more_than_hold_data(void **state) {
    char url[512];
    struct place p = file_place(folder_of(state), "secure", url);
    struct connection *c = open_place(&p, 1, false);
    flexdb_error err = FLEXDB_ERROR_INIT;
    execute_sql(c, "CREATE TABLE flexdb_t (id BIGINT)");
    expect_error(try_sql(c, "SELECT \"no such column\" FROM flexdb_t", NULL, 0, &err), &err, FLEXDB_INTERNAL,
                 "no such column");
    execute_sql(c, "PRAGMA writable_schema=ON");
    expect_error(try_sql(c, "DELETE FROM sqlite_schema", NULL, 0, &err), &err, FLEXDB_INTERNAL, "sqlite_master");
    expect_error(try_sql(c, "SELECT load_extension('x')", NULL, 0, &err), &err, FLEXDB_INTERNAL, "not authorized");
    execute_sql(c, "VACUUM");
    p.driver->close(c);
}

/* Runs `check` as a user without rights, for whom a mode of a file means something; its result, or -1. */
static int as_nobody(int (*check)(const char *folder), const char *folder) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0) _exit(100);
        _exit(check(folder));
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

static const struct {
    const char *sentence, *url;
    bool read_only;
    flexdb_code code;
    const char *message;
} unwritable[] = {
    {"a folder for reading", "closed/new.db", false, FLEXDB_READ_ONLY, "where its journal lives, cannot be written"},
    {"a database in a folder for reading", "closed/a.db", false, FLEXDB_READ_ONLY, "cannot be written"},
    {"the same, read-only", "closed/a.db", true, FLEXDB_READ_ONLY, "to read it, its folder must be writable"},
    {"a file for reading", "open/a.db", false, FLEXDB_READ_ONLY, "cannot be written"},
    {"the same, read-only", "open/a.db", true, FLEXDB_OK, "it opened"},
    {"a file that may not be read", "open/secret.db", true, FLEXDB_CONNECTION, "cannot be read"},
};

/* The number of the scenario that went wrong, from 1. In a child: no assertions here. */
static int open_unwritable(const char *folder) {
    for (size_t i = 0; i < sizeof unwritable / sizeof *unwritable; i++) {
        char url[512], message[512];
        file_place(folder, unwritable[i].url, url);
        struct connect_options options = {1, unwritable[i].read_only, true};
        flexdb_code code = open_fails(&sqlite_driver, url, &options, message);
        if (code == unwritable[i].code && strstr(message, unwritable[i].message) != NULL) continue;
        fprintf(stderr, "%s: %d %s\n", unwritable[i].sentence, (int)code, message);
        return (int)i + 1;
    }
    return 0;
}

static void what_may_not_be_written_is_read_only(void **state) {
    const char *folder = folder_of(state);
    static const char *const names[] = {"closed/a.db", "open/a.db", "open/secret.db"};
    char path[512], url[512];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i == 0 ? "closed" : "open");
        assert_int_equal(mkdir(path, 0777), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        struct place p = file_place(folder, names[i], url);
        struct connection *c = open_place(&p, 1, false);
        execute_sql(c, "CREATE TABLE flexdb_t (id BIGINT)");
        p.driver->close(c);
        assert_int_equal(chmod(url + 7, i == 2 ? 0 : 0444), 0);
    }
    snprintf(path, sizeof path, "%s/open", folder);
    assert_int_equal(chmod(path, 0777), 0);
    snprintf(path, sizeof path, "%s/closed", folder);
    assert_int_equal(chmod(path, 0555), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    int wrong = as_nobody(open_unwritable, folder);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(wrong, 0);
}

/* ---------------------------------------------------------------- servers */

#if FLEXDB_TEST_MYSQL

static const char *server_url(void **state) { return *state; }

/* The URL with another user information, or host and port, or database; NULL keeps a part. */
static void change_url(char out[1024], const char *url, const char *user, const char *host, const char *database) {
    const char *at = strrchr(url, '@'), *start = url + strlen("mysql://");
    const char *host_start = at == NULL ? start : at + 1, *slash = strchr(host_start, '/');
    const char *question = strchr(slash, '?');
    const char *end = question == NULL ? slash + strlen(slash) : question;
    char kept_user[256], kept_host[256], kept_database[256];
    snprintf(kept_user, sizeof kept_user, "%.*s", at == NULL ? 0 : (int)(at - start), start);
    snprintf(kept_host, sizeof kept_host, "%.*s", (int)(slash - host_start), host_start);
    snprintf(kept_database, sizeof kept_database, "%.*s", (int)(end - slash - 1), slash + 1);
    snprintf(out, 1024, "mysql://%s@%s/%s%s", user == NULL ? kept_user : user, host == NULL ? kept_host : host,
             database == NULL ? kept_database : database, question == NULL || host != NULL ? "" : question);
}

static void a_server_that_refuses_says_why(void **state) {
    static const struct {
        const char *sentence, *user, *host, *database, *message;
    } scenarios[] = {
        {"a wrong password", "flexdb_nobody:sEcret%21", NULL, NULL, "cannot connect to flexdb_nobody@"},
        {"no password", "flexdb_nobody", NULL, NULL, "cannot connect to flexdb_nobody@"},
        {"an unknown database", NULL, NULL, "flexdb_absent", "/flexdb_absent: "},
        {"no server", "flex:sEcret%21", "127.0.0.1:1", NULL, "cannot connect to flex@127.0.0.1:1/"},
        {"an unknown host", "flex:sEcret%21", "flexdb.invalid:1", NULL, "cannot connect to flex@flexdb.invalid:1/"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char url[1024], message[512];
        struct connect_options options = {1, false, true};
        change_url(url, server_url(state), scenarios[i].user, scenarios[i].host, scenarios[i].database);
        flexdb_code code = open_fails(&mysql_driver, url, &options, message);
        if (code != FLEXDB_CONNECTION || strstr(message, scenarios[i].message) == NULL ||
            strstr(message, "cret") != NULL) {
            fail_msg("%s: %d %s", scenarios[i].sentence, (int)code, message);
        }
    }
}

static void encryption_that_cannot_be_had_is_an_error(void **state) {
    if (strchr(server_url(state), '?') != NULL) return;
    char url[600], message[512];
    struct connect_options options = {1, false, true};
    snprintf(url, sizeof url, "%s?ssl_mode=disabled", server_url(state));
    struct place p = {&mysql_driver, url, true};
    struct connection *c = open_place(&p, 1, false);
    struct statement *s = prepare_sql(c, "SHOW VARIABLES LIKE 'have_ssl'");
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value v = value_null();
    int rc = p.driver->step(s, &err);
    if (rc == 1) must(p.driver->column(s, 1, &v, &err), &err);
    bool offered = rc == 1 && v.length == 3 && memcmp(v.as.text, "YES", 3) == 0;
    p.driver->close(c);
    if (rc == 0 || offered) return;
    snprintf(url, sizeof url, "%s?ssl_mode=required", server_url(state));
    assert_int_equal(open_fails(&mysql_driver, url, &options, message), FLEXDB_CONNECTION);
    snprintf(url, sizeof url, "%s?ssl_mode=preferred", server_url(state));
    p.driver->close(open_place(&p, 1, false));
}

static void kill_connection(const struct place *p, struct connection *victim) {
    char sql[64];
    snprintf(sql, sizeof sql, "KILL %lld", (long long)integer_of(victim, "SELECT CONNECTION_ID()"));
    struct connection *killer = open_place(p, 1, false);
    execute_sql(killer, sql);
    p->driver->close(killer);
}

static void a_lost_connection_is_an_error_and_stays_one(void **state) {
    struct place p = {&mysql_driver, server_url(state), true};
    for (int open = 0; open < 2; open++) {
        struct connection *c = open_place(&p, 1, false);
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct statement *s = prepare_sql(c, "SELECT 1 + ?");
        flexdb_value v = value_integer(1);
        must(p.driver->bind(s, &v, 1, &err), &err);
        if (open == 1) must(p.driver->begin(c, TRANSACTION_WRITE, &err), &err);
        kill_connection(&p, c);
        int rc = p.driver->step(s, &err);
        assert_int_equal(err.ended, open);
        expect_error(rc, &err, FLEXDB_CONNECTION, "was lost");
        p.driver->finalize(s);
        expect_error(try_sql(c, "SELECT 2", NULL, 0, &err), &err, FLEXDB_CONNECTION, "was lost");
        expect_error(p.driver->execute(c, "SELECT 2", 8, &err), &err, FLEXDB_CONNECTION, "was lost");
        if (open == 1) expect_error(p.driver->commit(c, &err), &err, FLEXDB_CONNECTION, "was lost");
        must(p.driver->rollback(c, &err), &err);
        assert_false(p.driver->in_transaction(c));
        expect_error(p.driver->begin(c, TRANSACTION_WRITE, &err), &err, FLEXDB_CONNECTION, "was lost");
        p.driver->close(c);
    }
}

static void a_session_is_strict_and_in_utc(void **state) {
    struct place p = {&mysql_driver, server_url(state), true};
    struct connection *c = open_place(&p, 2.5, false);
    assert_int_equal(integer_of(c, "SELECT @@time_zone = '+00:00' AND @@innodb_lock_wait_timeout = 3 AND "
                                   "@@lock_wait_timeout = 3 AND @@collation_connection = 'utf8mb4_bin' AND "
                                   "@@character_set_results = 'utf8mb4' AND @@autocommit = 1"),
                     1);
    assert_int_equal(integer_of(c, "SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%' AND "
                                   "@@sql_mode LIKE '%NO_BACKSLASH_ESCAPES%' AND '\\' <> '\\\\'"),
                     1);
    flexdb_error err = FLEXDB_ERROR_INIT;
    execute_sql(c, "DROP TABLE IF EXISTS flexdb_t");
    execute_sql(c,
                "CREATE TABLE flexdb_t (a VARCHAR(3), b TINYINT, c BIGINT UNSIGNED, d DECIMAL(10,2), e DATETIME(6))");
    expect_error(try_sql(c, "INSERT INTO flexdb_t (a) VALUES ('abcd')", NULL, 0, &err), &err, FLEXDB_LIMIT,
                 "too large");
    expect_error(try_sql(c, "INSERT INTO flexdb_t (b) VALUES (300)", NULL, 0, &err), &err, FLEXDB_LIMIT, "too large");
    execute_sql(c, "INSERT INTO flexdb_t VALUES ('a', -1, 18446744073709551615, 12.50, '2024-02-29 10:00:00.000001')");
    struct statement *s = prepare_sql(c, "SELECT b, c, d, e FROM flexdb_t");
    flexdb_value v;
    assert_int_equal(p.driver->step(s, &err), 1);
    must(p.driver->column(s, 0, &v, &err), &err);
    assert_int_equal(v.as.integer, -1);
    expect_error(p.driver->column(s, 1, &v, &err), &err, FLEXDB_LIMIT,
                 "column 2 holds 18446744073709551615, which does not fit a signed 64-bit integer");
    must(p.driver->column(s, 2, &v, &err), &err);
    assert_int_equal(v.tag, FLEXDB_TEXT);
    assert_int_equal(v.length, 5);
    assert_memory_equal(v.as.text, "12.50", 5);
    must(p.driver->column(s, 3, &v, &err), &err);
    assert_int_equal(v.length, 26);
    assert_memory_equal(v.as.text, "2024-02-29 10:00:00.000001", 26);
    p.driver->finalize(s);
    execute_sql(c, "DROP TABLE flexdb_t");
    p.driver->close(c);
}

static int run_server_tests(const char *url) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_server_that_refuses_says_why, (void *)(uintptr_t)url),
        cmocka_unit_test_prestate(encryption_that_cannot_be_had_is_an_error, (void *)(uintptr_t)url),
        cmocka_unit_test_prestate(a_lost_connection_is_an_error_and_stays_one, (void *)(uintptr_t)url),
        cmocka_unit_test_prestate(a_session_is_strict_and_in_utc, (void *)(uintptr_t)url),
    };
    return cmocka_run_group_tests_name("a server", tests, NULL, NULL);
}

#endif

/* ---------------------------------------------------------------- running it */

static int run_suite(const char *name, const struct driver *driver, const char *url, bool shared) {
    struct suite s = {.place = {driver, url, shared}};
    suite_add_values(&s);
    suite_add_statements(&s);
    suite_add_results(&s);
    suite_add_bulk(&s);
    suite_add_transactions(&s);
    if (shared) suite_add_two_connections(&s);
    return _cmocka_run_group_tests(name, s.tests, s.count, NULL, NULL);
}

static int run_file_tests(char *folder) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_file_that_cannot_be_opened_says_why, folder),
        cmocka_unit_test_prestate(a_name_that_looks_like_a_uri_is_a_name, folder),
        cmocka_unit_test_prestate(damage_is_found_when_it_is_read, folder),
        cmocka_unit_test_prestate(a_full_disk_is_a_limit_and_loses_nothing, folder),
        cmocka_unit_test_prestate(what_ends_a_transaction_bars_what_follows, folder),
        cmocka_unit_test_prestate(a_schema_can_do_no_more_than_hold_data, folder),
        cmocka_unit_test_prestate(what_may_not_be_written_is_read_only, folder),
    };
    return cmocka_run_group_tests_name("a file", tests, NULL, NULL);
}

static int run_server(void) {
    const char *url = getenv("FLEXDB_TEST_MYSQL_URL");
    const char *why = url == NULL || url[0] == '\0' ? "FLEXDB_TEST_MYSQL_URL is not set" : NULL;
#if FLEXDB_TEST_MYSQL
    if (why == NULL) return run_suite("driver on a server", &mysql_driver, url, true) + run_server_tests(url);
#else
    if (why == NULL) why = "the mysql driver was not built";
#endif
    printf("\n*** THE SERVER PART OF THE DRIVER SUITE WAS NOT RUN: %s ***\n\n", why);
    return 0;
}

int main(void) {
    char folder[512], url[600], remove[600];
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/flexdb-driver-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    snprintf(url, sizeof url, "sqlite:%s/suite.db", folder);
    int failed = run_suite("driver in memory", &sqlite_driver, "sqlite::memory:", false);
    failed += run_suite("driver on a file", &sqlite_driver, url, true);
    failed += run_file_tests(folder);
    snprintf(remove, sizeof remove, "rm -rf '%s'", folder);
    if (system(remove) != 0) perror(folder);
    return failed + run_server() == 0 ? 0 : 1;
}
