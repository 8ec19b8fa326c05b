/* From a query to a SELECT: the texts, in both dialects, and how many values are bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "documents.h"
#include "sql/select.h"
#include "sql_layouts.h"

static struct validator *v;
static struct layout *l;

static int set_up(void **state) {
    (void)state;
    v = validator_of(sql_definition, DEFINITION_STORED);
    l = sql_layout(v);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    layout_free(l);
    validator_drop(v);
    return 0;
}

static struct query *query_of(const char *document) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct query *q = NULL;
    char *text = strdup(document);
    assert_non_null(text);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'') *at = '"';
    if (query_parse(&q, v, text, strlen(text), &err) != 0) fail_msg("%s: %s", document, err.message);
    free(text);
    return q;
}

/* The statement's text, and behind it the values. */
static char *build(const char *dialect, enum select_what what, const struct query *q) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct sql sql = SQL_INIT;
    struct buffer out = BUFFER_INIT;
    if (select_build(&sql, dialect_find(dialect), what, l, v, q, "T", &err) != 0) fail_msg("%s", err.message);
    const char *text = buffer_text(&sql.text);
    size_t marks = 0;
    for (const char *at = text; *at != '\0'; at++) marks += *at == '?';
    const char *half = strstr(text, "/*M! JSON"); /* each server sees one half */
    for (; half != NULL; half = strstr(half + 1, "/*M! JSON")) marks--;
    assert_int_equal(marks, sql.count);
    buffer_puts(&out, text);
    buffer_puts(&out, " <-");
    for (size_t i = 0; i < sql.count; i++) {
        const flexdb_value *p = &sql.parameters[i];
        if (p->tag == FLEXDB_INTEGER)
            buffer_printf(&out, " %lld", (long long)p->as.integer);
        else if (p->tag == FLEXDB_TEXT)
            buffer_printf(&out, " '%.*s'", (int)p->length, p->as.text);
        else if (p->tag == FLEXDB_BYTES)
            buffer_printf(&out, " b%zu", p->length);
        else
            buffer_puts(&out, " null");
    }
    sql_clear(&sql);
    return buffer_take(&out);
}

struct scenario {
    const char *sentence, *filter, *sqlite, *mysql;
};

#define VALUE(name, kind)                                                                                              \
    "/*M! JSON_VALUE(data, ?) *//*!80000 JSON_UNQUOTE(NULLIF(JSON_EXTRACT(data, ?), CAST('null' AS JSON))) */"

/* What stands behind the predicate of live records. */
static void assert_where(const char *dialect, const char *live, const struct scenario *s, const char *want) {
    char document[2048];
    snprintf(document, sizeof document, "{'filter':%s}", s->filter);
    struct query *q = query_of(document);
    char *text = build(dialect, SELECT_COUNT, q);
    char *from = strstr(text, live);
    if (from == NULL || strcmp(from + strlen(live) + 5, want) != 0)
        fail_msg("%s on %s\n  got:\n%s\n  expected:\n%s", s->sentence, dialect,
                 from == NULL ? text : from + strlen(live) + 5, want);
    free(text);
    query_free(q);
}

static void filters(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"a physical column", "{'age':36}", "(`c3` = ?) <- 36", "(`c3` = ?) <- 'T' 36"},
        {"ne leaves absent values out by itself", "{'age':{'ne':36}}", "(`c3` <> ?) <- 36", "(`c3` <> ?) <- 'T' 36"},
        {"NOT turns what is unknown into true", "{'NOT':{'age':{'gt':3}}}", "((`c3` > ?) IS NOT TRUE) <- 3",
         "((`c3` > ?) IS NOT TRUE) <- 'T' 3"},
        {"AND and OR", "{'OR':[{'age':1},{'age':null,'vip':null}]}",
         "(`c3` IS NULL AND flex_value(data, ?, ?) IS NULL OR `c3` = ?) <- '\"vip\":10' 1 1", NULL},
        {"empty lists", "{'AND':[],'OR':[],'age':{'in':[],'notIn':[]}}",
         "(1 = 1 AND 1 = 0 AND 1 = 0 AND `c3` IS NOT NULL) <-", NULL},
        {"a list is sorted, without repetitions, and filled up", "{'age':{'in':[3,1,2,1]}}",
         "(`c3` IN (?, ?, ?, ?)) <- 1 2 3 3", "(`c3` IN (?, ?, ?, ?)) <- 'T' 1 2 3 3"},
        {"a prefix is a range of the index", "{'name':{'startsWith':'ab'}}", "(`c1` >= ? AND `c1` < ?) <- 'ab' 'ac'",
         "(`c1` >= ? AND `c1` < ?) <- 'T' b2 b2"},
        {"searching in a text", "{'name':{'contains':'%','endsWith':'é'}}",
         "(instr(`c1`, ?) > 0 AND substr(`c1`, ?) = ?) <- '%' -1 'é'",
         "(LOCATE(CAST(? AS BINARY), `c1`) > 0 AND RIGHT(`c1`, ?) = CAST(? AS BINARY)) <- 'T' '%' 2 'é'"},
        {"without regard to case", "{'name':{'iContains':'a.B'}}", "(flex_icontains(`c1`, ?)) <- 'a.B'",
         "(CONVERT(`c1` USING utf8mb4) REGEXP ?) <- 'T' '(?i)a\\.B'"},
        {"an empty text is in every value", "{'name':{'contains':''}}", "(`c1` IS NOT NULL) <-",
         "(`c1` IS NOT NULL) <- 'T'"},
        {"a long text is compared by its entry, searched in the document", "{'notes':{'eq':'a','contains':'b'}}",
         "(`c2` = ? AND instr(`c2`, ?) > 0) <- 'a' 'b'",
         "(`c2` = ? AND LOCATE(CAST(? AS BINARY), (CAST(" VALUE("notes",
                                                                6) " AS BINARY))) > 0) <- 'T' b1 'b' '$.\"notes\"'"},
        {"a decimal of the document", "{'balance':{'gte':'1.50'}}",
         "(flex_value(data, ?) >= ?) <- '\"balance\":12' 150",
         "((CAST(" VALUE("balance", 1) " AS DECIMAL(38, 2)) * 100) >= ?) <- 'T' '$.\"balance\"' 150"},
        {"a wide decimal", "{'wide':'-1.50'}", "(`c4` = ?) <- b16", "(`c4` = ?) <- 'T' b16"},
        {"a boolean with an initial default", "{'vip':true}", "(flex_value(data, ?, ?) = ?) <- '\"vip\":10' 1 1",
         "(CASE WHEN JSON_CONTAINS_PATH(data, 'one', ?) THEN " VALUE("vip", 1) " IN ('true', '1') ELSE ? END = ?)"
                                                                               " <- 'T' '$.\"vip\"' '$.\"vip\"' 1 1"},
        {"an instant of the document", "{'seen':'2024-05-01T10:00:00Z'}",
         "(flex_value(data, ?) = ?) <- '\"seen\":40' '2024-05-01T10:00:00.000000Z'",
         "((CAST(" VALUE("seen",
                         4) " AS BINARY)) = CAST(? AS BINARY)) <- 'T' '$.\"seen\"' '2024-05-01T10:00:00.000000Z'"},
        {"a reference", "{'company':'a'}", "(`c6` = ?) <- 'a'", "(`c6` = CAST(? AS BINARY)) <- 'T' 'a'"},
        {"system fields", "{'id':'a','_version':1}", "(`id` = ? AND `version` = ?) <- 'a' 1", NULL},
        {"json", "{'tags':null}", "((COALESCE(json_type(data, ?), 'null') = 'null')) <- '$.\"tags\"'",
         "((COALESCE(JSON_TYPE(JSON_EXTRACT(data, ?)), 'NULL') = 'NULL')) <- 'T' '$.\"tags\"'"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        assert_where("sqlite", "deleted_at IS NULL", &scenarios[i], scenarios[i].sqlite);
        if (scenarios[i].mysql != NULL) assert_where("mysql", "live = 1", &scenarios[i], scenarios[i].mysql);
    }
}

static void assert_statement(const char *dialect, enum select_what what, const char *document, const char *want) {
    struct query *q = query_of(document);
    assert_text(build(dialect, what, q), want);
    query_free(q);
}

#define FETCH_SQLITE                                                                                                   \
    "SELECT seq, id, data, version, created_at, updated_at, deleted_at, schema_version, NULL FROM `flex_records_x_1`"
#define FETCH_MYSQL "SELECT " FETCHED_MYSQL
#define FETCHED_MYSQL                                                                                                  \
    "seq, id, data, version, created_at, updated_at, deleted_at, schema_version, "                                     \
    "(SELECT revision FROM flex_tables WHERE id = CAST(? AS BINARY)) FROM `flex_records_x_1`"

/* Where the order looks at a long text: 8 MiB of it, and memory for sixteen of them. */
#define SORTED_MYSQL                                                                                                   \
    "/*M! SET STATEMENT max_sort_length = 8388608, sort_buffer_size = 134285056 FOR */ SELECT /*+ "                    \
    "SET_VAR(max_sort_length = 8388608) SET_VAR(sort_buffer_size = 134285056) */ " FETCHED_MYSQL
#define WHOLE_NOTES "CASE WHEN LENGTH(`c2`) > 1020 THEN (CAST(" VALUE("", 6) " AS BINARY)) ELSE `c2` END"

static void statements(void **state) {
    (void)state;
    assert_statement("sqlite", SELECT_RECORDS, "{}", FETCH_SQLITE " WHERE deleted_at IS NULL ORDER BY seq <-");
    assert_statement("mysql", SELECT_RECORDS, "{'limit':5,'offset':2,'orderBy':['-age','id']}",
                     FETCH_MYSQL " WHERE live = 1 ORDER BY `c3` DESC, `id`, seq LIMIT ? OFFSET ? <- 'T' 5 2");
    assert_statement("sqlite", SELECT_RECORDS, "{'includeDeleted':true,'offset':2}",
                     FETCH_SQLITE " ORDER BY seq LIMIT ? OFFSET ? <- 9223372036854775807 2");
    assert_statement("sqlite", SELECT_COUNT, "{}",
                     "SELECT COUNT(*) FROM `flex_records_x_1` WHERE deleted_at IS NULL <-");
    assert_statement("mysql", SELECT_COUNT, "{'limit':3}",
                     "SELECT COUNT(*), (SELECT revision FROM flex_tables WHERE id = CAST(? AS BINARY)) FROM "
                     "(SELECT seq FROM `flex_records_x_1` WHERE live = 1 LIMIT ?) AS counted <- 'T' 3");
    assert_statement("mysql", SELECT_TARGETS, "{'filter':{'age':1},'limit':3}",
                     FETCH_MYSQL " WHERE live = 1 AND (`c3` = ?) ORDER BY seq FOR UPDATE <- 'T' 1");
    assert_statement("mysql", SELECT_RECORDS, "{'orderBy':['-notes']}",
                     SORTED_MYSQL " WHERE live = 1 ORDER BY " WHOLE_NOTES " DESC, seq <- 'T' '$.\"notes\"'");
}

/* A server that keeps the first rows only, in keys of the greatest length, is asked for more than it would do so for;
 * a count is not. */
static void long_texts_in_an_order(void **state) {
    (void)state;
    assert_statement("mysql", SELECT_RECORDS, "{'orderBy':['notes'],'limit':2}",
                     SORTED_MYSQL " WHERE live = 1 ORDER BY " WHOLE_NOTES ", seq LIMIT ? <- 'T' '$.\"notes\"' 16");
    assert_statement("mysql", SELECT_RECORDS, "{'orderBy':['notes'],'limit':17,'offset':1}",
                     SORTED_MYSQL " WHERE live = 1 ORDER BY " WHOLE_NOTES
                                  ", seq LIMIT ? OFFSET ? <- 'T' '$.\"notes\"' 17 1");
    assert_statement("mysql", SELECT_RECORDS, "{'orderBy':['notes'],'limit':0}",
                     SORTED_MYSQL " WHERE live = 1 ORDER BY " WHOLE_NOTES ", seq LIMIT ? <- 'T' '$.\"notes\"' 0");
    assert_statement("mysql", SELECT_COUNT, "{'orderBy':['notes'],'limit':2}",
                     "SELECT COUNT(*), (SELECT revision FROM flex_tables WHERE id = CAST(? AS BINARY)) FROM "
                     "(SELECT seq FROM `flex_records_x_1` WHERE live = 1 LIMIT ?) AS counted <- 'T' 2");
    assert_statement("sqlite", SELECT_RECORDS, "{'orderBy':['notes'],'limit':2}",
                     FETCH_SQLITE " WHERE deleted_at IS NULL ORDER BY `c2`, seq LIMIT ? <- 2");
}

/* The query again, behind a record whose order value is the one given. */
static char *behind(const char *dialect, const char *order, const char *limit, const flexdb_value *value) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer cursor = BUFFER_INIT;
    char document[16384];
    snprintf(document, sizeof document, "{'orderBy':[%s]}", order);
    struct query *q = query_of(document);
    assert_int_equal(query_cursor(q, v, value, 7, &cursor, &err), 0);
    query_free(q);
    snprintf(document, sizeof document, "{'orderBy':[%s]%s,'after':'%s'}", order, limit, buffer_text(&cursor));
    buffer_free(&cursor);
    q = query_of(document);
    char *text = build(dialect, SELECT_RECORDS, q);
    query_free(q);
    return text;
}

#define RUN_OF(condition, order, name)                                                                                 \
    "SELECT page_seq FROM (SELECT seq AS page_seq FROM `flex_records_x_1` WHERE deleted_at IS NULL AND (" condition    \
    ") ORDER BY " order ", seq LIMIT ?) AS " name

static void pages_behind_a_cursor(void **state) {
    (void)state;
    const flexdb_value one = value_integer(1), none = value_null();
    assert_text(behind("sqlite", "", "", NULL),
                FETCH_SQLITE " WHERE deleted_at IS NULL AND (seq > ?) ORDER BY seq <- 7");
    assert_text(behind("sqlite", "'age'", ",'limit':5", &one),
                FETCH_SQLITE " JOIN (" RUN_OF("`c3` = ? AND seq > ?", "`c3`", "equal_run") " UNION ALL " RUN_OF(
                    "`c3` > ?", "`c3`", "beyond_run") ") AS page ON seq = page_seq ORDER BY `c3`, seq LIMIT ?"
                                                      " <- 1 7 5 1 5 5");
    assert_text(behind("sqlite", "'-age'", ",'limit':5", &one),
                FETCH_SQLITE " JOIN (" RUN_OF("`c3` = ? AND seq > ?", "`c3` DESC", "equal_run") " UNION ALL " RUN_OF(
                    "`c3` < ?", "`c3` DESC",
                    "beyond_run") " UNION ALL " RUN_OF("`c3` IS NULL", "`c3` DESC",
                                                       "absent_run") ") AS page ON seq = page_seq ORDER BY `c3` DESC, "
                                                                     "seq LIMIT ? <- 1 7 5 1 5 5 5");
    assert_text(behind("sqlite", "'-age'", ",'limit':5", &none), FETCH_SQLITE
                " JOIN (" RUN_OF("`c3` IS NULL AND seq > ?", "`c3` DESC",
                                 "equal_run") ") AS page ON seq = page_seq ORDER BY `c3` DESC, seq LIMIT ? <- 7 5 5");
    assert_text(behind("sqlite", "'age'", "", &none),
                FETCH_SQLITE " WHERE deleted_at IS NULL AND ((`c3` IS NOT NULL OR (`c3` IS NULL AND seq > ?))) "
                             "ORDER BY `c3`, seq <- 7");
    char four_thousand[4001] = {0};
    memset(four_thousand, 'x', sizeof four_thousand - 1);
    const flexdb_value text = value_text(four_thousand, sizeof four_thousand - 1);
    char *got = behind("mysql", "'notes'", "", &text);
    const char *want = "WHERE live = 1 AND (((CAST(" VALUE(
        "", 6) " AS BINARY)) > CAST(? AS BINARY) OR "
               "((CAST(" VALUE("", 6) " AS BINARY)) = CAST(? AS BINARY) AND seq > ?))) ORDER BY";
    if (strstr(got, want) == NULL || strstr(got, four_thousand) == NULL) fail_msg("%s", got);
    free(got);
}

/* Long chains nest, so that no engine's parser gives up on their depth. */
static void long_chains_are_balanced(void **state) {
    (void)state;
    struct buffer document = BUFFER_INIT;
    buffer_puts(&document, "{'filter':{'OR':[{'age':0}");
    for (int i = 1; i < 5000; i++) buffer_printf(&document, ",{'age':%d}", i);
    buffer_puts(&document, "]}}");
    struct query *q = query_of(buffer_text(&document));
    char *text = build("sqlite", SELECT_COUNT, q);
    int depth = 0, deepest = 0;
    for (const char *at = text; *at != '\0'; at++) {
        depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
        if (depth > deepest) deepest = depth;
    }
    assert_in_range(deepest, 1, 20);
    free(text);
    query_free(q);
    buffer_free(&document);
}

static void too_many_values_are_a_limit(void **state) {
    (void)state;
    struct buffer document = BUFFER_INIT;
    buffer_puts(&document, "{'filter':{'age':{'in':[0");
    for (int i = 1; i < 40000; i++) buffer_printf(&document, ",%d", i);
    buffer_puts(&document, "]}}}");
    struct query *q = query_of(buffer_text(&document));
    static const struct {
        const char *dialect, *message;
    } cases[] = {
        {"sqlite", "the query needs 40000 bound values, of which there may be at most 32766"},
        {"mysql", "the query needs 40001 bound values, of which there may be at most 32766"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct sql sql = SQL_INIT;
        assert_int_equal(select_build(&sql, dialect_find(cases[i].dialect), SELECT_COUNT, l, v, q, "T", &err),
                         -FLEXDB_LIMIT);
        assert_string_equal(err.message, cases[i].message);
        error_clear(&err);
        sql_clear(&sql);
    }
    query_free(q);
    buffer_free(&document);
}

/* A partial index that a planner may read a table through costs a look-up for each record. */
static void offers_partial_indexes_where_they_can_be_searched(void **state) {
    (void)state;
    static const struct {
        const char *query;
        bool offered;
    } scenarios[] = {
        {"{'filter':{'age':1}}", false},
        {"{'filter':{'memo':'x','name':{'contains':'x'}}}", false},
        {"{'filter':{'OR':[{'name':'x'},{'age':1}]}}", false},
        {"{'filter':{'NOT':{'name':'x'}}}", false},
        {"{}", true},
        {"{'filter':{'name':'x','age':1}}", true},
        {"{'filter':{'OR':[{'name':'x'},{'name':{'startsWith':'y'}}]}}", true},
        {"{'filter':{'age':1},'orderBy':['name']}", true},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct query *q = query_of(scenarios[i].query);
        char *text = build("sqlite", SELECT_RECORDS, q);
        bool offered = strstr(text, " WHERE deleted_at IS NULL") != NULL;
        if (offered != scenarios[i].offered) fail_msg("%s: %s", scenarios[i].query, text);
        assert_true(offered || strstr(text, " WHERE +deleted_at IS NULL") != NULL);
        free(text);
        query_free(q);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),
        cmocka_unit_test(statements),
        cmocka_unit_test(long_texts_in_an_order),
        cmocka_unit_test(offers_partial_indexes_where_they_can_be_searched),
        cmocka_unit_test(pages_behind_a_cursor),
        cmocka_unit_test(long_chains_are_balanced),
        cmocka_unit_test(too_many_values_are_a_limit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
