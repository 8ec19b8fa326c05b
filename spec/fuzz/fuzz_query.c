/* A query that is taken makes statements for every engine; on SQLite a filter and its NOT part the records between
 * them, and pages behind each other are the whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "fuzz_bed.h"
#include "model/query.h"
#include "sql/select.h"

static const char definition[] =
    "{'columns':["
    "{'name':'name','dataType':'string','indexed':true},{'name':'notes','dataType':'text'},"
    "{'name':'age','dataType':'integer','indexed':true},"
    "{'name':'balance','dataType':'decimal','filterable':true,'validation':{'precision':12,'scale':2}},"
    "{'name':'wide','dataType':'decimal','validation':{'precision':38,'scale':2}},"
    "{'name':'vip','dataType':'boolean'},{'name':'born','dataType':'date','filterable':true},"
    "{'name':'seen','dataType':'datetime'},{'name':'boss','dataType':'reference','validation':{'targetTable':'t'}},"
    "{'name':'tags','dataType':'json'}]}";

static const char *const records[] = {
    "{'id':'a','name':'Ada','notes':'100% _x','age':36,'balance':'9.99','vip':true,'born':'1815-12-10'}",
    "{'id':'b','name':'ada','age':-1,'wide':'123456789012345678901234567890.12','boss':'a','tags':[1,'x']}",
    "{'id':'c','name':'Grace','notes':'caf\xc3\xa9','vip':false,'seen':'2024-05-01T10:00:00Z','tags':{'a':{'b':7}}}",
    "{'id':'d','age':36,'balance':'-9.99','born':'1906-12-09','tags':null}",
    "{'id':'e','name':'','notes':'','balance':'0','wide':'-0.01','tags':{'a':null}}",
    "{'id':'f'}",
    "{'id':'g','name':'Stra\303\237e','age':9007199254740993,'balance':'9.99','boss':'c','tags':'x'}",
};

struct spans {
    const char *filter, *order, *deleted;
    size_t filter_length, order_length, deleted_length;
};

static struct spans find_spans(const char *data, size_t length) {
    struct json_reader r;
    struct spans s = {"{}", "[]", "false", 2, 2, 5};
    json_reader_init(&r, data, length, JSON_MAX_DEPTH, true);
    enum json_event event = json_reader_next(&r);
    while (event == JSON_OBJECT && json_reader_next(&r) == JSON_KEY) {
        char key[32];
        const char *span;
        size_t span_length;
        snprintf(key, sizeof key, "%.*s", (int)(r.length < 31 ? r.length : 31), r.text);
        if (!json_reader_skip(&r, &span, &span_length)) break;
        if (strcmp(key, "filter") == 0) s.filter = span, s.filter_length = span_length;
        if (strcmp(key, "orderBy") == 0) s.order = span, s.order_length = span_length;
        if (strcmp(key, "includeDeleted") == 0) s.deleted = span, s.deleted_length = span_length;
    }
    json_reader_free(&r);
    return s;
}

/* The parameters of a statement. What is for MySQL alone stands in its comments, beside the same for MariaDB. */
static size_t count_marks(struct buffer *statement) {
    size_t marks = 0;
    for (const char *p = buffer_text(statement); *p != '\0'; p++) {
        if (strncmp(p, "/*!80000", 8) == 0) p = strstr(p, "*/");
        marks += *p == '?';
    }
    return marks;
}

static void make_statements(const struct validator *v, const struct query *q) {
    static struct layout *l;
    flexdb_error err = FLEXDB_ERROR_INIT;
    if (l == NULL) fuzz_done(layout_new(&l, "x", v, NULL, &err), &err);
    static const char *const dialects[] = {"sqlite", "mysql"};
    for (size_t i = 0; i < 2; i++) {
        for (int what = SELECT_RECORDS; what <= SELECT_TARGETS; what++) {
            struct sql s = SQL_INIT;
            int rc = select_build(&s, dialect_find(dialects[i]), (enum select_what)what, l, v, q, "x", &err);
            if (rc != 0)
                fuzz_refused(rc, &err);
            else
                FUZZ_MUST(count_marks(&s.text) == s.count, "%zu: %s", s.count, buffer_text(&s.text));
            sql_clear(&s);
        }
    }
}

/* How many a query finds, or -1 where it is refused. */
static int64_t count(flexdb_table *t, struct buffer *query) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t found = 0;
    int rc = flexdb_count(t, query->data, query->length, &found, &err);
    if (rc != 0) fuzz_refused(rc, &err);
    return rc == 0 ? found : -1;
}

static void must_part(flexdb_table *t, const struct spans *s) {
    struct buffer all = BUFFER_INIT, yes = BUFFER_INIT, no = BUFFER_INIT;
    const char *deleted = s->deleted, *filter = s->filter;
    int deleted_length = (int)s->deleted_length, filter_length = (int)s->filter_length;
    buffer_printf(&all, "{\"includeDeleted\":%.*s}", deleted_length, deleted);
    buffer_printf(&yes, "{\"includeDeleted\":%.*s,\"filter\":%.*s}", deleted_length, deleted, filter_length, filter);
    buffer_printf(&no, "{\"includeDeleted\":%.*s,\"filter\":{\"NOT\":%.*s}}", deleted_length, deleted, filter_length,
                  filter);
    int64_t counted = count(t, &yes), others = count(t, &no), whole = count(t, &all);
    /* A filter that is as deep as may be has no NOT. */
    if (counted >= 0 && others >= 0)
        FUZZ_MUST(counted + others == whole, "%lld, %lld of %lld", (long long)counted, (long long)others,
                  (long long)whole);
    buffer_free(&all);
    buffer_free(&yes);
    buffer_free(&no);
}

static void read_page(flexdb_table *t, const char *query, size_t length, struct buffer *ids, struct buffer *cursor) {
    flexdb_rows *rows = NULL;
    flexdb_row row;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fuzz_done(flexdb_find(&rows, t, query, length, true, &err), &err);
    while (flexdb_rows_step(rows, &row, &err) == 1) {
        const flexdb_value *id = &row.values[validator_shape(row.validator)->columns + SLOT_ID];
        buffer_append(ids, id->as.text, id->length);
        buffer_put(ids, '\n');
    }
    buffer_reset(cursor);
    fuzz_done(flexdb_rows_next_page(rows, cursor, &err), &err);
    flexdb_rows_free(rows);
}

static void must_be_pages(flexdb_table *t, const struct spans *s) {
    struct buffer query = BUFFER_INIT, whole = BUFFER_INIT, ids = BUFFER_INIT, cursor = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    size_t pages = 0;
    buffer_printf(&query, "{\"includeDeleted\":%.*s,\"filter\":%.*s,\"orderBy\":%.*s", (int)s->deleted_length,
                  s->deleted, (int)s->filter_length, s->filter, (int)s->order_length, s->order);
    size_t common = query.length;
    buffer_put(&query, '}');
    int rc = fuzz_list(t, query.data, query.length, true, &whole, &err);
    fuzz_done(rc < 0 ? rc : 0, &err);
    do {
        query.length = common;
        buffer_puts(&query, ",\"limit\":2");
        if (cursor.length != 0) buffer_printf(&query, ",\"after\":\"%.*s\"", (int)cursor.length, cursor.data);
        buffer_put(&query, '}');
        read_page(t, query.data, query.length, &ids, &cursor);
        FUZZ_MUST(++pages <= sizeof records / sizeof *records, "pages without end");
    } while (cursor.length != 0);
    fuzz_must_be_text(ids.data, ids.length, whole.data, whole.length, "pages");
    buffer_free(&query);
    buffer_free(&whole);
    buffer_free(&ids);
    buffer_free(&cursor);
}

static void ask(flexdb_table *t, const char *data, size_t length) {
    struct buffer text = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    int64_t counted = 0;
    int found = fuzz_list(t, data, length, false, &text, &err);
    fuzz_done(found < 0 ? found : 0, &err);
    fuzz_done(flexdb_count(t, data, length, &counted, &err), &err);
    FUZZ_MUST(counted == found, "%lld counted, %d found", (long long)counted, found);
    struct spans s = find_spans(data, length);
    must_part(t, &s);
    must_be_pages(t, &s);
    buffer_free(&text);
}

void fuzz_query(const char *data, size_t length) {
    static flexdb *db;
    static flexdb_table *t;
    struct query *q = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    if (db == NULL) db = fuzz_open(&t, definition, records, sizeof records / sizeof *records);
    const struct validator *v = flexdb_table_validator(t);
    int rc = query_parse(&q, v, data, length, &err);
    if (rc != 0) {
        FUZZ_MUST(rc == -FLEXDB_INVALID_QUERY || rc == -FLEXDB_UNSUPPORTED || rc == -FLEXDB_INVALID_DOCUMENT, "%s",
                  err.message);
        fuzz_refused(rc, &err);
        return;
    }
    make_statements(v, q);
    query_free(q);
    ask(t, data, length);
}
