/* Views: what may be read from a physical column, and that nothing is written through one. */
#include "db_bed.h"

#include <stdio.h>

#include "db/table.h"
#include "model/query.h"
#include "sql/select.h"

static void evolve(flexdb_table *t, const char *changes) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    struct flexdb_evolve_options options = {0};
    DB_OK(flexdb_evolve(t, changes, strlen(changes), &options, &out, &err));
    buffer_free(&out);
}

static flexdb_table *at(flexdb_table *t, int64_t version) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_table *view = NULL;
    DB_OK(flexdb_table_at(&view, t, version, &err));
    return view;
}

static int64_t count(flexdb_table *t, const char *query) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t n = -1;
    DB_OK(flexdb_count(t, query, strlen(query), &n, &err));
    return n;
}

/* What SQLite's statement says of the filter. The text holds until the next call. */
static const char *condition(flexdb_table *t, const char *query) {
    static char text[1024];
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct query *q;
    struct sql sql = SQL_INIT;
    const struct table_state *s = t->state;
    DB_OK(query_parse(&q, s->validator, query, strlen(query), &err));
    DB_OK(select_build(&sql, dialect_find("sqlite"), SELECT_RECORDS, s->layout, s->validator, q, s->id, &err));
    const char *where = strstr(buffer_text(&sql.text), "AND (");
    assert_non_null(where);
    snprintf(text, sizeof text, "%.*s", (int)(strstr(where, " ORDER") - where), where);
    sql_clear(&sql);
    query_free(q);
    return text;
}

static const char columns[] = "{\"columns\":[{\"name\":\"a\",\"dataType\":\"integer\",\"indexed\":true},"
                              "{\"name\":\"b\",\"dataType\":\"integer\",\"indexed\":true},"
                              "{\"name\":\"d\",\"dataType\":\"decimal\",\"indexed\":true,"
                              "\"validation\":{\"precision\":10,\"scale\":2}}]}";

/* ---- physical columns ---- */

static void filters_use_the_physical_columns_that_are_filled(void **state) {
    (void)state;
    flexdb *db = db_open(&db_places[0], false);
    flexdb_table *t = db_create(db, "t", columns);
    evolve(t, "[{\"op\":\"rename_column\",\"name\":\"a\",\"to\":\"x\"},{\"op\":\"remove_column\",\"name\":\"b\"}]");
    flexdb_table *view = at(t, 1);
    assert_string_equal(condition(view, "{\"filter\":{\"a\":1}}"), "AND (`c1` = ?)");
    assert_string_equal(condition(view, "{\"filter\":{\"b\":1}}"), "AND (flex_value(data, ?) = ?)");
    assert_string_equal(condition(view, "{\"filter\":{\"d\":1}}"), "AND (`c3` = ?)");
    /* A decimal of another form is another key's: what this version has stands in the document alone. */
    evolve(t, "[{\"op\":\"modify_column\",\"name\":\"d\",\"set\":{\"validation\":{\"precision\":30}}}]");
    assert_int_equal(count(view, "{\"filter\":{\"d\":1}}"), 0);
    assert_string_equal(condition(view, "{\"filter\":{\"d\":1}}"), "AND (flex_value(data, ?) = ?)");
    flexdb_table_free(view);
    flexdb_table_free(t);
    flexdb_free(db);
}

static void run(flexdb *db, const char *sql, const char *id) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    const flexdb_value value = value_text(id, strlen(id));
    DB_OK(engine_run(db->engine, sql, strlen(sql), &value, 1, NULL, &err));
}

/* No evolution makes one, for an initial default belongs to its key; but what stands in the physical column was written
 * by another definition's, and the view's own is the one that counts. */
static void an_initial_default_of_its_own_is_read_from_the_document(void **state) {
    (void)state;
    for (size_t p = 0; p < db_place_count; p++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        flexdb *db = db_open(&db_places[p], false);
        flexdb_table *t = db_create(db, "t", columns);
        DB_OK(db_insert(t, "{\"id\":\"r\",\"b\":1}", NULL, &err));
        DB_OK(db_insert(t, "{\"id\":\"s\",\"a\":6,\"b\":1}", NULL, &err));
        evolve(t, "[{\"op\":\"add_column\",\"column\":{\"name\":\"n\",\"dataType\":\"text\"}}]");
        run(db,
            "UPDATE flex_table_versions SET new_schema = REPLACE(new_schema, '\"name\":\"a\"', "
            "'\"name\":\"a\",\"initialDefault\":5') WHERE version = 1 AND table_id = ?",
            flexdb_table_id(t));
        flexdb_table *view = at(t, 1);
        char *list = db_list(view, "{\"filter\":{\"a\":5}}");
        assert_string_equal(list, "r a=5 b=1 d=-\n");
        free(list);
        list = db_list(view, "{\"orderBy\":[\"-a\"]}");
        assert_string_equal(list, "s a=6 b=1 d=-\nr a=5 b=1 d=-\n");
        free(list);
        assert_int_equal(count(view, "{\"filter\":{\"a\":{\"isNull\":true}}}"), 0);
        assert_int_equal(count(t, "{\"filter\":{\"a\":{\"isNull\":true}}}"), 1);
        flexdb_table_free(view);
        flexdb_table_free(t);
        flexdb_free(db);
    }
}

static void a_version_that_cannot_be_read_is_corrupt(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(&db_places[0], false);
    flexdb_table *t = db_create(db, "t", columns), *view = NULL;
    evolve(t, "[{\"op\":\"add_column\",\"column\":{\"name\":\"n\",\"dataType\":\"text\"}}]");
    run(db, "UPDATE flex_table_versions SET new_schema = '{' WHERE version = 1 AND table_id = ?", flexdb_table_id(t));
    assert_int_equal(flexdb_table_at(&view, t, 1, &err), -FLEXDB_CORRUPT);
    assert_null(view);
    assert_non_null(strstr(err.message, "stored definition: "));
    error_clear(&err);
    run(db, "DELETE FROM flex_table_versions WHERE version = 1 AND table_id = ?", flexdb_table_id(t));
    DB_FAILS(flexdb_table_at(&view, t, 1, &err), FLEXDB_NOT_FOUND, "table \"t\" has no version 1");
    view = at(t, 2);
    flexdb_table_free(view);
    flexdb_table_free(t);
    flexdb_free(db);
}

/* ---- writing ---- */

static void nothing_is_written_through_a_view(void **state) {
    (void)state;
    static const char message[] = "the view of table \"t\" at version 1 is read-only";
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(&db_places[0], false);
    flexdb_table *t = db_create(db, "t", columns);
    DB_OK(db_insert(t, "{\"id\":\"r\",\"a\":1}", NULL, &err));
    evolve(t, "[{\"op\":\"remove_column\",\"name\":\"a\"}]");
    flexdb_table *view = at(t, 1);
    char *before = db_dump(db);
    const flexdb_validator *v = flexdb_table_validator(view);
    const flexdb_value *given = db_record(v, "{\"a\":2}");
    const struct flexdb_evolve_options options = {0};
    struct buffer out = BUFFER_INIT;
    flexdb_batch *batch = NULL;
    flexdb_row row;
    bool inserted;
    int64_t affected;
#define REFUSED(call) DB_FAILS((call), FLEXDB_READ_ONLY, message)
    REFUSED(flexdb_table_writable(view, &err));
    REFUSED(flexdb_insert(view, v, given, &row, &err));
    REFUSED(flexdb_update(view, "r", 1, 0, v, given, &row, &err));
    REFUSED(flexdb_upsert(view, "a", 1, v, given, &row, &inserted, &err));
    REFUSED(flexdb_delete(view, "r", 1, 0, false, &err));
    REFUSED(flexdb_delete(view, "r", 1, 0, true, &err));
    REFUSED(flexdb_restore(view, "r", 1, &err));
    REFUSED(flexdb_update_all(view, "", 0, true, v, given, &affected, &err));
    REFUSED(flexdb_delete_all(view, "", 0, true, false, &affected, &err));
    REFUSED(flexdb_batch_begin(&batch, view, true, 9, &err));
    REFUSED(flexdb_evolve(view, "[]", 2, &options, &out, &err));
    REFUSED(flexdb_rollback_to(view, 1, &options, &out, &err));
    /* Not even what lays its vectors out by the table's own definition. */
    v = flexdb_table_validator(t);
    REFUSED(flexdb_insert(view, v, db_record(v, "{\"b\":2}"), &row, &err));
    char *after = db_dump(db);
    assert_string_equal(after, before);
    DB_OK(flexdb_table_writable(t, &err));
    free(before);
    free(after);
    buffer_free(&out);
    flexdb_table_free(view);
    flexdb_table_free(t);
    flexdb_free(db);
}

/* ---- handles ---- */

static void handles_go_in_any_order(void **state) {
    (void)state;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb *db = db_open(&db_places[0], false);
    flexdb_table *t = db_create(db, "t", columns);
    DB_OK(db_insert(t, "{\"id\":\"r\",\"a\":1}", NULL, &err));
    flexdb_table *view = at(t, 1), *again = at(view, 1);
    flexdb_rows *rows = NULL;
    flexdb_row row;
    DB_OK(flexdb_find(&rows, view, "", 0, false, &err));
    flexdb_table_free(t);
    flexdb_table_free(view);
    assert_int_equal(flexdb_rows_step(rows, &row, &err), 1);
    assert_string_equal(db_field(&row, "a"), "1");
    flexdb_free(db);
    DB_FAILS(flexdb_rows_step(rows, &row, &err), FLEXDB_MISUSE, "the database is closed");
    DB_FAILS(flexdb_get(again, "r", 1, &row, &err), FLEXDB_MISUSE, "the database is closed");
    DB_FAILS(flexdb_table_at(&view, again, 1, &err), FLEXDB_MISUSE, "the database is closed");
    DB_FAILS(flexdb_table_writable(again, &err), FLEXDB_MISUSE, "the database is closed");
    assert_string_equal(flexdb_table_name(again), "t");
    assert_int_equal(flexdb_table_version(again), 1);
    flexdb_rows_free(rows);
    flexdb_table_free(again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_use_the_physical_columns_that_are_filled),
        cmocka_unit_test(an_initial_default_of_its_own_is_read_from_the_document),
        cmocka_unit_test(a_version_that_cannot_be_read_is_corrupt),
        cmocka_unit_test(nothing_is_written_through_a_view),
        cmocka_unit_test(handles_go_in_any_order),
    };
    return cmocka_run_group_tests(tests, db_find_places, db_clear_places);
}
