/* FlexDB's own tables on both engines: columns, types, keys and defaults as the documentation lists them, what the
 * statements do, and that a guarded write refuses what it must. */
#include <stdio.h>

#include "driver_suite.h"
#include "sql/catalog.h"
#include "sql/ddl.h"
#include "sql/records.h"

#if FLEXDB_TEST_MYSQL
#include "driver/mysql/mysql_driver.h"
#endif

struct world {
    struct place place;
    const struct dialect *d;
    struct connection *c;
};

/* ---- the list ---- */

/* table, column, type on SQLite, type on a server, NOT NULL, default (NULL: none), part of the primary key */
static const struct listed {
    const char *table, *column, *sqlite, *mysql;
    bool not_null;
    const char *fallback;
    bool key;
} list[] = {
    {"flex_tables", "id", "VARCHAR(128)", "varchar(128)", true, NULL, true},
    {"flex_tables", "application_id", "VARCHAR(128)", "varchar(128)", true, NULL, false},
    {"flex_tables", "name", "VARCHAR(255)", "varchar(255)", true, NULL, false},
    {"flex_tables", "display_name", "VARCHAR(255)", "varchar(255)", false, NULL, false},
    {"flex_tables", "schema", "JSON", "longtext", true, NULL, false},
    {"flex_tables", "indexed_columns", "JSON", "longtext", false, NULL, false},
    {"flex_tables", "version", "INT", "int", true, "1", false},
    {"flex_tables", "is_active", "BOOLEAN", "tinyint(1)", true, "TRUE", false},
    {"flex_tables", "created_at", "TIMESTAMP", "timestamp", true, "CURRENT_TIMESTAMP", false},
    {"flex_tables", "updated_at", "TIMESTAMP", "timestamp", true, "CURRENT_TIMESTAMP", false},
    {"flex_tables", "deleted_at", "TIMESTAMP", "timestamp", false, NULL, false},
    {"flex_tables", "storage", "JSON", "longtext", false, NULL, false},
    {"flex_tables", "revision", "BIGINT", "bigint", true, "1", false},
    {"flex_table_versions", "id", "VARCHAR(128)", "varchar(128)", true, NULL, true},
    {"flex_table_versions", "table_id", "VARCHAR(128)", "varchar(128)", true, NULL, false},
    {"flex_table_versions", "version", "INT", "int", true, NULL, false},
    {"flex_table_versions", "previous_schema", "JSON", "longtext", false, NULL, false},
    {"flex_table_versions", "new_schema", "JSON", "longtext", true, NULL, false},
    {"flex_table_versions", "changes", "JSON", "longtext", true, NULL, false},
    {"flex_table_versions", "created_by", "VARCHAR(128)", "varchar(128)", false, NULL, false},
    {"flex_table_versions", "created_at", "TIMESTAMP", "timestamp", true, "CURRENT_TIMESTAMP", false},
    {"flex_table_versions", "message", "TEXT", "text", false, NULL, false},
    {"flex_meta", "name", "VARCHAR(64)", "varchar(64)", true, NULL, true},
    {"flex_meta", "value", "VARCHAR(255)", "varchar(255)", true, NULL, false},
    {"flex_once", "application_id", "VARCHAR(128)", "varbinary(128)", true, NULL, true},
    {"flex_once", "name", "VARCHAR(255)", "varbinary(255)", true, NULL, true},
    {"flex_once", "step", "CHAR(64)", "char(64)", true, NULL, false},
    {"flex_once", "result", "JSON", "longtext", false, NULL, false},
    {"flex_once", "created_at", "TIMESTAMP", "timestamp", true, "CURRENT_TIMESTAMP", false},
};

/* The rows of a statement as lines, columns parted by `|`. */
static char *rows(struct connection *c, const char *sql, const flexdb_value *values, size_t count, size_t width) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    struct statement *s = prepare_sql(c, sql);
    must(c->driver->bind(s, values, count, &err), &err);
    for (int rc; (rc = c->driver->step(s, &err)) != 0;) {
        must(rc, &err);
        for (size_t i = 0; i < width; i++) {
            flexdb_value v;
            must(c->driver->column(s, i, &v, &err), &err);
            if (i != 0) buffer_put(&out, '|');
            if (v.tag == FLEXDB_INTEGER)
                buffer_printf(&out, "%lld", (long long)v.as.integer);
            else if (v.tag == FLEXDB_TEXT || v.tag == FLEXDB_BYTES)
                buffer_append(&out, v.as.text, v.length);
            else
                buffer_puts(&out, "-");
        }
        buffer_put(&out, '\n');
    }
    c->driver->finalize(s);
    char *text = buffer_take(&out);
    return text != NULL ? text : strdup("");
}

static void assert_rows(struct connection *c, const char *sql, const flexdb_value *values, size_t count, size_t width,
                        const char *want) {
    char *got = rows(c, sql, values, count, width);
    assert_string_equal(got, want);
    free(got);
}

static void columns_are_as_listed(void **state) {
    struct world *w = *state;
    bool server = strcmp(w->place.driver->dialect, "mysql") == 0;
    struct buffer want = BUFFER_INIT;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        buffer_printf(&want, "%s.%s|%s|%d|%s|%d\n", list[i].table, list[i].column,
                      server ? list[i].mysql : list[i].sqlite, list[i].not_null,
                      list[i].fallback == NULL ? "-" : list[i].fallback, list[i].key);
    assert_rows(
        w->c,
        server ? "SELECT CONCAT(table_name, '.', column_name), "
                 /* MySQL says `json` where MariaDB says longtext, and MariaDB int(11) where MySQL says int */
                 "CASE WHEN column_type = 'json' THEN 'longtext' WHEN data_type IN ('int', 'bigint') THEN data_type "
                 "ELSE column_type END, is_nullable = 'NO', "
                 "CASE WHEN column_default IS NULL OR column_default = 'NULL' THEN '-' "
                 "WHEN column_type = 'tinyint(1)' THEN 'TRUE' "
                 "ELSE REPLACE(UPPER(column_default), '()', '') END, column_key = 'PRI' "
                 "FROM information_schema.columns WHERE table_schema = DATABASE() AND "
                 "table_name IN ('flex_tables', 'flex_table_versions', 'flex_meta', 'flex_once') "
                 "ORDER BY FIELD(table_name, 'flex_tables', 'flex_table_versions', 'flex_meta', 'flex_once'), "
                 "ordinal_position"
               : "SELECT m.name || '.' || c.name, c.type, c.\"notnull\", coalesce(c.dflt_value, '-'), c.pk > 0 "
                 "FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c WHERE m.name IN "
                 "('flex_tables', 'flex_table_versions', 'flex_meta', 'flex_once') "
                 "ORDER BY m.name = 'flex_once', m.name = 'flex_meta', m.name = 'flex_table_versions', c.cid",
        NULL, 0, 5, buffer_text(&want));
    buffer_free(&want);
}

static void indexes_are_as_listed(void **state) {
    struct world *w = *state;
    bool server = strcmp(w->place.driver->dialect, "mysql") == 0;
    assert_rows(
        w->c,
        server ? "SELECT table_name, GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ','), "
                 "1 - MAX(non_unique) FROM information_schema.statistics WHERE table_schema = DATABASE() AND "
                 "index_name <> 'PRIMARY' AND table_name IN ('flex_tables', 'flex_table_versions', 'flex_meta', "
                 "'flex_once') "
                 "GROUP BY table_name, index_name ORDER BY CAST(table_name AS BINARY), 2"
               : "SELECT m.name, (SELECT group_concat(name, ',') FROM pragma_index_info(i.name)), i.\"unique\" FROM "
                 "sqlite_master AS m JOIN pragma_index_list(m.name) AS i WHERE i.origin <> 'pk' AND m.name IN "
                 "('flex_tables', 'flex_table_versions', 'flex_meta', 'flex_once') ORDER BY 1, 2",
        NULL, 0, 3,
        "flex_table_versions|table_id|0\nflex_table_versions|table_id,version|0\n"
        "flex_tables|application_id|0\nflex_tables|application_id,name|1\nflex_tables|is_active|0\n");
}

/* ---- the statements ---- */

#define RUN(which, ...)                                                                                                \
    run_sql(w->c, catalog_sql(w->d, which), (flexdb_value[]){__VA_ARGS__},                                             \
            sizeof((flexdb_value[]){__VA_ARGS__}) / sizeof(flexdb_value))
#define ROWS(which, width, want, ...)                                                                                  \
    assert_rows(w->c, catalog_sql(w->d, which), (flexdb_value[]){__VA_ARGS__},                                         \
                sizeof((flexdb_value[]){__VA_ARGS__}) / sizeof(flexdb_value), width, want)
#define T    text_of
#define I    value_integer
#define NONE value_null()

static void insert_table(struct world *w, const char *id, const char *name) {
    assert_int_equal(RUN(CATALOG_INSERT_TABLE, T(id), T("app"), T(name), T("Names"), T("{}"), T("{}"), I(1),
                         T("2024-05-01 10:00:00"), T("2024-05-01 10:00:01"), T("{\"a\":1}")),
                     1);
}

static void the_layout_is_written_once(void **state) {
    struct world *w = *state;
    assert_rows(w->c, catalog_sql(w->d, CATALOG_EXISTS), NULL, 0, 1, "flex_meta\n");
    RUN(CATALOG_WRITE_LAYOUT, T("1"));
    RUN(CATALOG_WRITE_LAYOUT, T("2"));
    assert_rows(w->c, catalog_sql(w->d, CATALOG_READ_LAYOUT), NULL, 0, 1, "1\n");
}

static void tables_are_written_and_read(void **state) {
    struct world *w = *state;
    insert_table(w, "t1", "b");
    insert_table(w, "t2", "a");
    static const char first[] = "t1|b|Names|{}|1|1|{\"a\":1}|1|2024-05-01 10:00:00|2024-05-01 10:00:01|-|app\n";
    static const char second[] = "t2|a|Names|{}|1|1|{\"a\":1}|1|2024-05-01 10:00:00|2024-05-01 10:00:01|-|app\n";
    char both[512];
    snprintf(both, sizeof both, "%s%s", second, first);
    ROWS(CATALOG_TABLE_BY_NAME, 12, first, T("app"), T("b"));
    ROWS(CATALOG_TABLE_BY_NAME, 12, "", T("app"), T("b "));
    ROWS(CATALOG_TABLE_BY_NAME, 12, "", T("APP"), T("b"));
    ROWS(CATALOG_TABLE_BY_NAME, 12, "", T("app"), T("é"));
    ROWS(CATALOG_TABLE_BY_ID, 12, first, T("t1"));
    ROWS(CATALOG_TABLE_LOCK, 12, first, T("t1"));
    ROWS(CATALOG_TABLE_SHARE, 12, first, T("t1"));
    ROWS(CATALOG_TABLES, 12, both, T("app"));
    ROWS(CATALOG_REVISION, 2, "1|1\n", T("t1"));
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value twin[] = {
        T("t3"), T("app"), T("b"), NONE, T("{}"), NONE, I(1), T("2024-05-01 10:00:00"), T("2024-05-01 10:00:00"), NONE};
    assert_int_equal(try_sql(w->c, catalog_sql(w->d, CATALOG_INSERT_TABLE), twin, 10, &err), -FLEXDB_DUPLICATE);
    error_clear(&err);
}

static void drop(struct world *w, const char *id, const char *original, const char *when, int64_t revision) {
    char name[64], storage[64];
    snprintf(name, sizeof name, "%s~%s", original, id);
    snprintf(storage, sizeof storage, "{\"originalName\":\"%s\"}", original);
    assert_int_equal(RUN(CATALOG_UPDATE_TABLE, T(name), NONE, T("{}"), NONE, I(2), I(0), T(when), T(when), T(storage),
                         T(id), I(revision)),
                     1);
}

static void an_update_needs_the_revision(void **state) {
    struct world *w = *state;
    insert_table(w, "t1", "b");
    drop(w, "t1", "b", "2024-05-02 10:00:00", 1);
    ROWS(CATALOG_REVISION, 2, "2|0\n", T("t1"));
    assert_int_equal(RUN(CATALOG_UPDATE_TABLE, T("x"), NONE, T("{}"), NONE, I(2), I(0), T("2024-05-02 10:00:00"), NONE,
                         T("{}"), T("t1"), I(1)),
                     0);
    ROWS(CATALOG_TABLES, 1, "", T("app"));
    ROWS(CATALOG_TABLES_DELETED, 1, "t1\n", T("app"));
}

static void dropped_tables_are_found_by_their_name(void **state) {
    struct world *w = *state;
    for (int i = 1; i <= 4; i++) {
        char id[8];
        snprintf(id, sizeof id, "t%d", i);
        insert_table(w, id, i == 4 ? "other" : "b");
        drop(w, id, i == 4 ? "other" : "b", i == 2 ? "2024-05-09 00:00:00" : "2024-05-03 00:00:00", 1);
    }
    ROWS(CATALOG_TABLE_DROPPED, 1, "t2\nt3\nt1\n", T("app"), T("b"), T("\"b\""));
    ROWS(CATALOG_TABLE_DROPPED, 1, "", T("app"), T("c"), T("\"c\""));
    ROWS(CATALOG_TABLE_DROPPED, 1, "", T("app"), T("b "), T("\"b \""));
}

static void versions_have_no_twins(void **state) {
    struct world *w = *state;
    for (int64_t v = 3; v >= 1; v--) {
        char id[8];
        snprintf(id, sizeof id, "t:%d", (int)v);
        RUN(CATALOG_INSERT_VERSION, T(id), T("t"), I(v), v == 1 ? NONE : T("{\"p\":1}"), T("{\"n\":1}"), T("[]"),
            T("ann"), T("2024-05-01 10:00:00"), v == 2 ? T("why") : NONE);
    }
    ROWS(CATALOG_VERSIONS, 7,
         "1|-|{\"n\":1}|[]|ann|2024-05-01 10:00:00|-\n2|{\"p\":1}|{\"n\":1}|[]|ann|2024-05-01 10:00:00|why\n", T("t"),
         I(1), I(2));
    ROWS(CATALOG_VERSIONS_BRIEF, 7, "3|-|-|[]|ann|2024-05-01 10:00:00|-\n", T("t"), I(3), I(9));
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value twin[] = {T("t:1"), T("t"), I(1), NONE, T("{}"), T("[]"), NONE, T("2024-05-01 10:00:00"), NONE};
    assert_int_equal(try_sql(w->c, catalog_sql(w->d, CATALOG_INSERT_VERSION), twin, 9, &err), -FLEXDB_DUPLICATE);
    error_clear(&err);
}

/* ---- guarded writes ---- */

static struct layout_column physical[] = {
    {.key = "name", .name = "c1", .kind = PHYSICAL_TEXT, .unique = true},
    {.key = "parent", .name = "c2", .kind = PHYSICAL_ID, .indexed = true},
};
static const struct layout layout = {.table = "flex_records_t1_1", .count = 2, .columns = physical};
static const struct reference_guard self[] = {{"flex_records_t1_1"}};

static void create_records(struct world *w) {
    struct buffer out = BUFFER_INIT;
    insert_table(w, "t1", "b");
    for (size_t i = 0; buffer_reset(&out), ddl_create(w->d, &layout, i, &out); i++)
        execute_sql(w->c, buffer_text(&out));
    buffer_free(&out);
}

static int try_insert(struct world *w, const char *id, const char *name, const char *parent, int64_t revision,
                      flexdb_error *err) {
    struct buffer out = BUFFER_INIT;
    flexdb_value entry = T(name), reference = parent == NULL ? NONE : T(parent);
    records_insert(w->d, &layout, GUARD_EACH, self, 1, &out);
    ddl_text_entry(w->d, &physical[0], &entry, NULL);
    flexdb_value row[] = {T(id), T("{}"), I(1), I(1), entry, reference, T("t1"), I(revision), reference, reference};
    int rc = try_sql(w->c, buffer_text(&out), row, 10, err);
    buffer_free(&out);
    return rc;
}

static void expect_insert(struct world *w, const char *id, const char *name, const char *parent, int64_t revision,
                          flexdb_code code) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    int rc = try_insert(w, id, name, parent, revision, &err);
    if (rc != -(int)code) fail_msg("%s: %d %s", id, rc, rc == 0 ? "" : err.message);
    if (code == FLEXDB_DUPLICATE)
        assert_ptr_equal(ddl_violated(w->d, &layout, err.detail), strcmp(id, "r1") == 0 ? NULL : &physical[0]);
    error_clear(&err);
}

static void inserts_are_guarded(void **state) {
    struct world *w = *state;
    create_records(w);
    expect_insert(w, "r1", "a", NULL, 1, FLEXDB_OK);
    expect_insert(w, "r2", "b", "r1", 1, FLEXDB_OK);
    expect_insert(w, "r3", "c", NULL, 2, FLEXDB_STALE);
    expect_insert(w, "r3", "c", "r9", 1, FLEXDB_STALE);
    expect_insert(w, "r3", "a", NULL, 1, FLEXDB_DUPLICATE);
    expect_insert(w, "r1", "z", NULL, 1, FLEXDB_DUPLICATE);
    expect_insert(w, "r3", "a ", NULL, 1, FLEXDB_OK);
    expect_insert(w, "r4", "A", "r3", 1, FLEXDB_OK);
    assert_int_equal(integer_of(w->c, "SELECT COUNT(*) FROM flex_records_t1_1"), 4);
}

#define WRITE(build, ...)                                                                                              \
    write_sql(w, (buffer_reset(&out), build, buffer_text(&out)), (flexdb_value[]){__VA_ARGS__},                        \
              sizeof((flexdb_value[]){__VA_ARGS__}) / sizeof(flexdb_value))

/* The rows that it touched, or -code. */
static int64_t write_sql(struct world *w, const char *sql, const flexdb_value *values, size_t count) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t affected = -1;
    struct statement *s = prepare_sql(w->c, sql);
    must(w->c->driver->bind(s, values, count, &err), &err);
    int rc = w->c->driver->run(s, &affected, &err);
    w->c->driver->finalize(s);
    error_clear(&err);
    return rc < 0 ? rc : affected;
}

static void updates_and_deletes_are_guarded(void **state) {
    struct world *w = *state;
    struct buffer out = BUFFER_INIT;
    create_records(w);
    expect_insert(w, "r1", "a", NULL, 1, FLEXDB_OK);
    flexdb_value name = T("b");
    ddl_text_entry(w->d, &physical[0], &name, NULL);
    assert_int_equal(WRITE(records_update(w->d, &layout, GUARD_EACH, self, 1, &out), T("{\"x\":1}"), I(2), name,
                           T("r1"), T("t1"), I(1), T("r1"), T("r1"), I(1), I(1)),
                     1);
    assert_int_equal(WRITE(records_update(w->d, &layout, GUARD_EACH, self, 1, &out), T("{}"), I(2), name, NONE, T("t1"),
                           I(1), NONE, NONE, I(1), I(1)),
                     0); /* the version has moved on */
    assert_int_equal(WRITE(records_update(w->d, &layout, GUARD_EACH, self, 1, &out), T("{}"), I(2), name, NONE, T("t1"),
                           I(2), NONE, NONE, I(1), I(2)),
                     -FLEXDB_STALE);
    assert_int_equal(WRITE(records_delete(w->d, &layout, &out), I(5), I(5), T("t1"), I(2), I(1), I(2)), -FLEXDB_STALE);
    assert_int_equal(WRITE(records_delete(w->d, &layout, &out), I(5), I(5), T("t1"), I(1), I(1), I(2)), 1);
    expect_insert(w, "r2", "b", NULL, 1, FLEXDB_OK);    /* nobody's way */
    expect_insert(w, "r3", "c", "r1", 1, FLEXDB_STALE); /* a deleted record is no target */
    assert_int_equal(WRITE(records_restore(w->d, &layout, &out), I(6), T("t1"), I(1), I(1), I(3)), -FLEXDB_DUPLICATE);
    assert_int_equal(WRITE(records_erase(w->d, &layout, &out), I(2), I(9)), 0);
    assert_int_equal(WRITE(records_erase(w->d, &layout, &out), I(2), I(1)), 1);
    assert_int_equal(WRITE(records_restore(w->d, &layout, &out), I(6), T("t1"), I(1), I(1), I(3)), 1);
    assert_int_equal(WRITE(records_restore(w->d, &layout, &out), I(6), T("t1"), I(1), I(1), I(4)), 0);
    buffer_reset(&out);
    records_walk(w->d, &layout, true, &out);
    bool server = records_selects_revision(w->d);
    flexdb_value walk[] = {T("t1"), I(0), I(10)};
    assert_rows(w->c, buffer_text(&out), walk + !server, server ? 3 : 2, FETCH_COUNT,
                server ? "1|r1|{\"x\":1}|4|1|6|-|1|1\n" : "1|r1|{\"x\":1}|4|1|6|-|1|-\n");
    buffer_free(&out);
}

/* ---- the worlds ---- */

static void clear(struct world *w) {
    static const char *const names[] = {"flex_records_t1_1", "flex_tables", "flex_table_versions", "flex_meta",
                                        "flex_once"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buffer out = BUFFER_INIT;
        ddl_drop(w->d, names[i], &out);
        execute_sql(w->c, buffer_text(&out));
        buffer_free(&out);
    }
}

static int open_world(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->place = *(struct place *)*state;
    w->d = dialect_find(w->place.driver->dialect);
    w->c = open_place(&w->place, 5, false);
    clear(w);
    assert_rows(w->c, catalog_sql(w->d, CATALOG_EXISTS), NULL, 0, 1, "");
    for (int twice = 0; twice < 2; twice++)
        for (size_t i = 0; catalog_ddl(w->d, i) != NULL; i++) execute_sql(w->c, catalog_ddl(w->d, i));
    *state = w;
    return 0;
}

static int close_world(void **state) {
    struct world *w = *state;
    clear(w);
    w->c->driver->close(w->c);
    free(w);
    return 0;
}

static int run_on(const char *name, struct place *place) {
    static const struct {
        const char *name;
        CMUnitTestFunction function;
    } parts[] = {
        {"columns_are_as_listed", columns_are_as_listed},
        {"indexes_are_as_listed", indexes_are_as_listed},
        {"the_layout_is_written_once", the_layout_is_written_once},
        {"tables_are_written_and_read", tables_are_written_and_read},
        {"an_update_needs_the_revision", an_update_needs_the_revision},
        {"dropped_tables_are_found_by_their_name", dropped_tables_are_found_by_their_name},
        {"versions_have_no_twins", versions_have_no_twins},
        {"inserts_are_guarded", inserts_are_guarded},
        {"updates_and_deletes_are_guarded", updates_and_deletes_are_guarded},
    };
    struct CMUnitTest tests[sizeof parts / sizeof *parts];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        tests[i] = (struct CMUnitTest){parts[i].name, parts[i].function, open_world, close_world, place};
    return _cmocka_run_group_tests(name, tests, sizeof tests / sizeof *tests, NULL, NULL);
}

int main(void) {
    struct place memory = {&sqlite_driver, "sqlite::memory:", false};
    int failed = run_on("sqlite", &memory);
#if FLEXDB_TEST_MYSQL
    const char *url = getenv("FLEXDB_TEST_MYSQL_URL");
    if (url != NULL && url[0] != '\0') {
        struct place server = {&mysql_driver, url, true};
        failed += run_on("mysql", &server);
    }
#endif
    return failed;
}
