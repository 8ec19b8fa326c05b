/* What the engines select agrees with a plain evaluation of the same filter on the same records: every operator,
 * indexed or not, in every order, page by page. On SQLite in memory and on the server of FLEXDB_TEST_MYSQL_URL. */
#include <ctype.h>
#include <stdio.h>

#include "base/fold.h"
#include "db/functions.h"
#include "documents.h"
#include "driver_suite.h"
#include "model/codec.h"
#include "property.h"
#include "select_reference.h"
#include "sql/ddl.h"
#include "sql/records.h"
#include "sql/select.h"
#include "sql_layouts.h"

#if FLEXDB_TEST_MYSQL
#include "driver/mysql/mysql_driver.h"
#endif

enum { QUERIES = 150, LONG = 1020 };

struct world {
    struct place place;
    const struct dialect *d;
    struct engine engine; /* only as the home of the SQL functions */
    struct connection *c;
    struct validator *v;
    struct layout *l;
    struct arena arena;
    struct stored records[RECORDS];
    struct property p;
};

static uint64_t below(struct world *w, uint64_t limit) { return property_below(&w->p, limit); }

/* ---- random values, as JSON; few of each kind, so that they meet ---- */

static const char *const texts[] = {"",   "a",   "A",  "ab", "a ",  "%",       "_",     "a%b", "\\\"q\\\"", "\\\\",
                                    "é",  "É",   "ss", "ß",  "K",   "\\u212a", "a\\nb", "😀",   "null",      "Straße",
                                    "ab", "abc", "aé", "A.", "\\t", "'",       "--",    "0",   "true",      "z"};
static const char *const decimals[] = {"0", "-0.01", "12.5", "12.50", "-99.99", "1000000", "0.1"};
static const char *const wides[] = {"0", "-1", "123456789012345678901234567890.25",
                                    "-123456789012345678901234567890.25", "0.01"};
static const char *const dates[] = {"1970-01-01", "2024-02-29", "0001-01-01", "9999-12-31"};
static const char *const times[] = {"2024-05-01T10:00:00Z", "2024-05-01T12:00:00.000001+02:00",
                                    "1969-12-31T23:59:59.999999Z"};
static const char *const ids[] = {"a", "b", "A", "a-1", "z9"};

#define PICK(w, list) (list)[below(w, sizeof(list) / sizeof *(list))]

static void put_long(struct world *w, struct buffer *out) {
    size_t length = LONG - 1 + below(w, 3);
    for (size_t i = 0; i < length; i++) buffer_put(out, 'x');
    for (size_t i = below(w, 4); i > 0; i--) buffer_put(out, (char)('a' + below(w, 3)));
}

static void put_text(struct world *w, bool may_be_long, struct buffer *out) {
    buffer_put(out, '"');
    if (may_be_long && below(w, 3) == 0)
        put_long(w, out);
    else
        buffer_puts(out, PICK(w, texts));
    buffer_put(out, '"');
}

static void put_json(struct world *w, size_t slot, struct buffer *out) {
    switch (validator_shape(w->v)->fields[slot].type) {
    case TYPE_STRING: put_text(w, false, out); break;
    case TYPE_TEXT: put_text(w, true, out); break;
    case TYPE_INTEGER: buffer_printf(out, "%lld", (long long)below(w, 6) - 2); break;
    case TYPE_DECIMAL: {
        bool wide = validator_column(w->v, slot)->physical == PHYSICAL_DECIMAL;
        buffer_printf(out, "\"%s\"", wide ? PICK(w, wides) : PICK(w, decimals));
        break;
    }
    case TYPE_BOOLEAN: buffer_puts(out, below(w, 2) == 0 ? "true" : "false"); break;
    case TYPE_DATE: buffer_printf(out, "\"%s\"", PICK(w, dates)); break;
    case TYPE_DATETIME: buffer_printf(out, "\"%s\"", PICK(w, times)); break;
    case TYPE_JSON: buffer_puts(out, below(w, 2) == 0 ? "{\"name\":\"a\"}" : "[]"); break;
    default: buffer_printf(out, "\"%s\"", PICK(w, ids));
    }
}

/* ---- records ---- */

static flexdb_value keep(struct world *w, flexdb_value value) {
    if (value.tag == FLEXDB_TEXT || value.tag == FLEXDB_BYTES || value.tag == FLEXDB_JSON) {
        value.as.text = arena_dup(&w->arena, value.as.text, value.length);
        assert_non_null(value.as.text);
    }
    return value.tag == FLEXDB_ABSENT ? value_null() : value;
}

/* Through the parser of queries, which knows how to make a value of a type out of JSON. */
static flexdb_value physical(struct world *w, size_t slot, const char *json) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer text = BUFFER_INIT;
    struct query *q = NULL;
    buffer_printf(&text, "{\"filter\":{\"%s\":%s}}", validator_shape(w->v)->fields[slot].name, json);
    must(query_parse(&q, w->v, text.data, text.length, &err), &err);
    flexdb_value value = keep(w, q->filter->values[0]);
    query_free(q);
    buffer_free(&text);
    return value;
}

/* The document that the codec would write, with the members in any order. */
static void make_record(struct world *w, struct stored *r, size_t index, struct buffer *document) {
    size_t columns = validator_shape(w->v)->columns;
    buffer_put(document, '{');
    for (size_t slot = 0; slot < columns; slot++) {
        const struct compiled_column *c = validator_column(w->v, slot);
        struct buffer json = BUFFER_INIT;
        r->values[slot] = value_null();
        if (c->column->unique)
            buffer_printf(&json, "\"%s%zu\"", PICK(w, texts), index);
        else if (below(w, 4) != 0)
            put_json(w, slot, &json);
        bool given = json.length != 0 && !(c->column->unique && below(w, 4) == 0);
        if (given && c->physical == PHYSICAL_NONE)
            r->values[slot] = value_integer(1);
        else if (given)
            r->values[slot] = physical(w, slot, buffer_text(&json));
        if (given && c->column->type == TYPE_DECIMAL) { /* as stored: every digit of the scale */
            buffer_reset(&json);
            struct decimal number;
            char digits[DECIMAL_TEXT_SIZE];
            if (r->values[slot].tag == FLEXDB_INTEGER)
                decimal_from_integer(r->values[slot].as.integer, &number);
            else {
                number.coefficient = (unsigned char)r->values[slot].as.text[0] - 128;
                for (size_t i = 1; i < DECIMAL_BYTES; i++)
                    number.coefficient = number.coefficient * 256 + (unsigned char)r->values[slot].as.text[i];
            }
            number.scale = 2;
            decimal_print(&number, digits);
            buffer_printf(&json, "\"%s\"", digits);
        }
        if (given && c->column->type == TYPE_DATETIME) {
            buffer_reset(&json);
            buffer_printf(&json, "\"%.*s\"", (int)r->values[slot].length, r->values[slot].as.text);
        }
        bool initial = !value_is_none(&c->initial_default);
        if (!given && initial && below(w, 2) == 0)
            r->values[slot] = value_integer(1); /* a record from before the column */
        else if (given || initial)
            buffer_printf(document, "%s%s%.*s", document->length == 1 ? "" : ",", c->member,
                          given ? (int)json.length : 4, given ? json.data : "null");
        buffer_free(&json);
    }
    buffer_put(document, '}');
}

static void store(struct world *w, const struct buffer *insert, size_t index) {
    struct stored *r = &w->records[index];
    struct buffer document = BUFFER_INIT, scratch = BUFFER_INIT;
    size_t columns = validator_shape(w->v)->columns, count = 4;
    make_record(w, r, index, &document);
    char id[32];
    snprintf(id, sizeof id, "%c-%zu", "aAbZ_"[index % 5], index);
    flexdb_value row[4 + SLOTS] = {text_of(id),
                                   {.tag = FLEXDB_JSON, .length = document.length, .as.text = document.data},
                                   value_integer((int64_t)below(w, 3)),
                                   value_integer((int64_t)index)};
    r->values[columns + SLOT_ID] = keep(w, row[0]);
    r->values[columns + SLOT_CREATED_AT] = row[2];
    r->values[columns + SLOT_UPDATED_AT] = row[3];
    r->values[columns + SLOT_DELETED_AT] = value_null();
    r->values[columns + SLOT_VERSION] = value_integer(1);
    assert_true(buffer_reserve(&scratch, w->l->count * (DDL_TEXT_PREFIX + 32)));
    for (size_t i = 0; i < w->l->count; i++) {
        int64_t slot = validator_slot_of_key(w->v, w->l->columns[i].key, strlen(w->l->columns[i].key));
        row[count] = r->values[slot];
        ddl_text_entry(w->d, &w->l->columns[i], &row[count++], &scratch);
    }
    row[count++] = value_integer(1); /* the schema version */
    assert_int_equal(run_sql(w->c, insert->data, row, count), 1);
    buffer_free(&document);
    buffer_free(&scratch);
}

static void delete_some(struct world *w) {
    size_t columns = validator_shape(w->v)->columns;
    struct buffer text = BUFFER_INIT;
    records_delete(w->d, w->l, &text);
    for (size_t i = 0; i < RECORDS; i++) {
        if (below(w, 5) != 0) continue;
        flexdb_value row[] = {
            value_integer(77), value_integer(78), text_of("T"), value_integer(1), value_integer((int64_t)i + 1),
            value_integer(1)};
        assert_int_equal(run_sql(w->c, buffer_text(&text), row, 6), 1);
        w->records[i].deleted = true;
        w->records[i].values[columns + SLOT_DELETED_AT] = value_integer(77);
        w->records[i].values[columns + SLOT_UPDATED_AT] = value_integer(78);
        w->records[i].values[columns + SLOT_VERSION] = value_integer(2);
    }
    buffer_free(&text);
}

/* ---- random queries ---- */

static void put_comparison(struct world *w, struct buffer *out) {
    static const char *const any[] = {"eq", "ne"}, *const ordered[] = {"gt", "gte", "lt", "lte"},
                             *const searches[] = {"contains", "startsWith", "endsWith", "iContains"};
    const flexdb_shape *shape = validator_shape(w->v);
    size_t slot = below(w, shape->columns + 1);
    enum column_type type = shape->fields[slot].type;
    bool text = type == TYPE_STRING || type == TYPE_TEXT || type == TYPE_REFERENCE;
    uint64_t kind = type == TYPE_JSON ? 4 : below(w, type == TYPE_BOOLEAN ? 3 : text ? 8 : 6);
    if (kind == 3 && type == TYPE_BOOLEAN) kind = 0;
    buffer_printf(out, "{\"%s\":{", shape->fields[slot].name);
    if (kind == 4)
        buffer_printf(out, "\"isNull\":%s", below(w, 2) == 0 ? "true" : "false");
    else if (kind == 2) {
        buffer_printf(out, "\"%s\":[", below(w, 2) == 0 ? "in" : "notIn");
        for (uint64_t i = 0, n = below(w, 6); i < n; i++) {
            if (i != 0) buffer_put(out, ',');
            put_json(w, slot, out);
        }
        buffer_put(out, ']');
    } else if (kind == 5) {
        buffer_puts(out, "\"between\":[");
        put_json(w, slot, out);
        buffer_put(out, ',');
        put_json(w, slot, out);
        buffer_put(out, ']');
    } else {
        const char *word = kind < 2 ? any[kind] : kind == 3 ? PICK(w, ordered) : PICK(w, searches);
        buffer_printf(out, "\"%s\":", word);
        if (kind > 5)
            put_text(w, type == TYPE_TEXT, out);
        else
            put_json(w, slot, out);
    }
    buffer_puts(out, "}}");
}

static void put_filter(struct world *w, int depth, struct buffer *out) {
    uint64_t kind = depth == 0 ? 3 : below(w, 6);
    if (kind > 2) {
        put_comparison(w, out);
    } else if (kind == 2) {
        buffer_puts(out, "{\"NOT\":");
        put_filter(w, depth - 1, out);
        buffer_put(out, '}');
    } else {
        buffer_printf(out, "{\"%s\":[", kind == 0 ? "AND" : "OR");
        for (uint64_t i = 0, n = below(w, 4); i < n; i++) {
            if (i != 0) buffer_put(out, ',');
            put_filter(w, depth - 1, out);
        }
        buffer_puts(out, "]}");
    }
}

static void put_order(struct world *w, struct buffer *out) {
    const flexdb_shape *shape = validator_shape(w->v);
    size_t first = below(w, shape->count), count = below(w, 3), written = 0;
    buffer_puts(out, "\"orderBy\":[");
    for (size_t i = 0; i < count; i++) {
        size_t slot = (first + i * 5) % shape->count;
        if (shape->fields[slot].type == TYPE_JSON) continue;
        buffer_printf(out, "%s\"%s%s\"", written++ == 0 ? "" : ",", below(w, 2) == 0 ? "-" : "",
                      shape->fields[slot].name);
    }
    buffer_put(out, ']');
}

/* ---- asking ---- */

/* The places of the records that the statement gives. */
static size_t ask(struct world *w, const struct query *q, enum select_what what, size_t places[RECORDS]) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct sql sql = SQL_INIT;
    must(select_build(&sql, w->d, what, w->l, w->v, q, "T", &err), &err);
    struct statement *s = prepare_sql(w->c, buffer_text(&sql.text));
    must(w->c->driver->bind(s, sql.parameters, sql.count, &err), &err);
    size_t count = 0;
    for (int rc; (rc = w->c->driver->step(s, &err)) != 0; count++) {
        flexdb_value seq;
        if (rc < 0) fail_msg("%s in %s", err.message, buffer_text(&sql.text));
        assert_true(count < RECORDS);
        must(w->c->driver->column(s, 0, &seq, &err), &err);
        places[count] = (size_t)seq.as.integer - (what == SELECT_COUNT ? 0 : 1);
    }
    w->c->driver->finalize(s);
    sql_clear(&sql);
    return count;
}

static struct query *parse(struct world *w, const struct buffer *text) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct query *q = NULL;
    if (query_parse(&q, w->v, text->data, text->length, &err) != 0)
        fail_msg("%s: %.*s", err.message, (int)text->length, text->data);
    return q;
}

static void assert_same(const char *what, const struct buffer *text, const size_t *got, size_t got_count,
                        const size_t *want, size_t want_count) {
    bool same = got_count == want_count && memcmp(got, want, got_count * sizeof *got) == 0;
    for (size_t i = 0; !same && i < 12; i++)
        print_error("%zu: got %zd, expected %zd\n", i, i < got_count ? (ssize_t)got[i] : -1,
                    i < want_count ? (ssize_t)want[i] : -1);
    if (!same) fail_msg("%s: %zu of %zu: %.*s", what, got_count, want_count, (int)text->length, text->data);
}

/* Every page behind the one before, until one is short. */
static size_t ask_by_pages(struct world *w, const struct buffer *text, size_t places[RECORDS]) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    size_t count = 0, page = 4 + below(w, 60);
    struct buffer next = BUFFER_INIT;
    buffer_printf(&next, "%.*s,\"limit\":%zu}", (int)text->length - 1, text->data, page);
    for (;;) {
        struct query *q = parse(w, &next);
        size_t got = ask(w, q, SELECT_RECORDS, places + count);
        count += got;
        if (got == 0 || count == RECORDS) {
            query_free(q);
            break;
        }
        const struct stored *last = &w->records[places[count - 1]];
        flexdb_value values[SLOTS];
        for (size_t i = 0; i < q->order_count; i++) values[i] = last->values[q->orders[i].slot];
        buffer_reset(&next);
        buffer_printf(&next, "%.*s,\"limit\":%zu,\"after\":\"", (int)text->length - 1, text->data, page);
        must(query_cursor(q, w->v, values, (int64_t)places[count - 1] + 1, &next, &err), &err);
        buffer_puts(&next, "\"}");
        query_free(q);
    }
    buffer_free(&next);
    return count;
}

static void agrees(struct world *w) {
    size_t want[RECORDS], got[RECORDS];
    for (int i = 0; i < QUERIES; i++) {
        struct buffer text = BUFFER_INIT;
        buffer_puts(&text, "{\"filter\":");
        put_filter(w, 3, &text);
        buffer_put(&text, ',');
        put_order(w, &text);
        buffer_printf(&text, "%s}", below(w, 3) == 0 ? ",\"includeDeleted\":true" : "");
        struct query *q = parse(w, &text);
        size_t count = select_expected(w->records, q, want);
        assert_same("records", &text, got, ask(w, q, SELECT_RECORDS, got), want, count);
        assert_int_equal(ask(w, q, SELECT_COUNT, got), 1);
        assert_int_equal(got[0], count);
        assert_same("pages", &text, got, ask_by_pages(w, &text, got), want, count);
        q->order_count = 0;
        count = select_expected(w->records, q, want);
        assert_same("targets", &text, got, ask(w, q, SELECT_TARGETS, got), want, count);
        query_free(q);
        buffer_free(&text);
    }
}

/* As deep as a filter may be: `outer` and `inner` in turn, with many conditions at each level. */
static void put_deep(struct buffer *out, const char *outer, const char *inner, size_t conditions) {
    for (int i = 0; i < QUERY_MAX_DEPTH - 1; i++) {
        const char *word = i % 2 == 0 ? outer : inner;
        buffer_printf(out, "{\"%s\":", word);
        if (strcmp(word, "NOT") == 0) continue;
        buffer_put(out, '[');
        for (size_t k = 0; k < conditions; k++) buffer_printf(out, "{\"age\":{\"ne\":%d}},", (i + (int)k) % 5);
    }
    buffer_puts(out, "{\"balance\":{\"gt\":0}}");
    for (int i = QUERY_MAX_DEPTH - 1; i-- > 0;)
        buffer_puts(out, strcmp(i % 2 == 0 ? outer : inner, "NOT") == 0 ? "}" : "]}");
}

/* The deepest filters and the longest are no trouble to the engine. */
static void bears_large_filters(struct world *w) {
    static const struct {
        const char *outer, *inner;
        size_t conditions;
    } shapes[] = {{"NOT", "OR", 1}, {"AND", "OR", 1},  {"OR", "AND", 1},
                  {"OR", "OR", 1},  {"NOT", "NOT", 0}, {"AND", "OR", 30}};
    size_t want[RECORDS], got[RECORDS];
    struct buffer text = BUFFER_INIT;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        buffer_reset(&text);
        buffer_puts(&text, "{\"orderBy\":[\"-age\",\"name\"],\"filter\":");
        put_deep(&text, shapes[i].outer, shapes[i].inner, shapes[i].conditions);
        buffer_put(&text, '}');
        struct query *deep = parse(w, &text);
        size_t count = select_expected(w->records, deep, want);
        assert_same("deep", &text, got, ask(w, deep, SELECT_RECORDS, got), want, count);
        if (shapes[i].conditions < 2) assert_same("deep pages", &text, got, ask_by_pages(w, &text, got), want, count);
        query_free(deep);
    }

    buffer_reset(&text);
    buffer_puts(&text, "{\"filter\":{\"OR\":[{\"age\":0}");
    for (int i = 2; i < 2000; i++) buffer_printf(&text, ",{\"%s\":%d}", i % 2 == 0 ? "age" : "balance", i);
    buffer_puts(&text, "]}}");
    struct query *q = parse(w, &text);
    assert_same("long", &text, got, ask(w, q, SELECT_RECORDS, got), want, select_expected(w->records, q, want));
    query_free(q);
    buffer_free(&text);
}

/* ---- the world ---- */

static void create(struct world *w) {
    struct buffer text = BUFFER_INIT;
    execute_sql(w->c, "DROP TABLE IF EXISTS flex_tables");
    for (size_t i = 0; catalog_ddl(w->d, i) != NULL; i++) execute_sql(w->c, catalog_ddl(w->d, i));
    flexdb_value row[] = {text_of("T"),
                          text_of("app"),
                          text_of("t"),
                          value_null(),
                          text_of("{}"),
                          value_null(),
                          value_integer(1),
                          text_of("2024-01-01 00:00:00"),
                          text_of("2024-01-01 00:00:00"),
                          text_of("{}")};
    assert_int_equal(run_sql(w->c, catalog_sql(w->d, CATALOG_INSERT_TABLE), row, 10), 1);
    ddl_drop(w->d, w->l->table, &text);
    execute_sql(w->c, buffer_text(&text));
    for (size_t i = 0; buffer_reset(&text), ddl_create(w->d, w->l, i, &text); i++)
        execute_sql(w->c, buffer_text(&text));
    buffer_reset(&text);
    records_insert(w->d, w->l, GUARD_HELD, NULL, 0, &text);
    assert_non_null(buffer_text(&text));
    for (size_t i = 0; i < RECORDS; i++) store(w, &text, i);
    buffer_free(&text);
    delete_some(w);
}

static void run(const struct driver *driver, const char *url) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->place = (struct place){driver, url, false};
    w->p = property_begin(driver->scheme);
    w->d = dialect_find(driver->dialect);
    w->c = open_place(&w->place, 5, false);
    w->v = validator_of(sql_definition, DEFINITION_STORED);
    w->l = sql_layout(w->v);
    w->engine = (struct engine){.driver = driver, .connection = w->c};
    if ((driver->capabilities & DRIVER_FUNCTIONS) != 0) must(functions_register(&w->engine, &err), &err);
    create(w);
    agrees(w);
    bears_large_filters(w);
    driver->close(w->c);
    functions_free(w->engine.functions);
    layout_free(w->l);
    validator_drop(w->v);
    arena_free(&w->arena);
    free(w);
}

static void sqlite_agrees(void **state) {
    (void)state;
    run(&sqlite_driver, "sqlite::memory:");
}

static void a_server_agrees(void **state) {
    (void)state;
#if FLEXDB_TEST_MYSQL
    const char *url = getenv("FLEXDB_TEST_MYSQL_URL");
    if (url != NULL && url[0] != '\0') {
        run(&mysql_driver, url);
        return;
    }
#endif
    print_message("skipped: no server (FLEXDB_TEST_MYSQL_URL)\n");
    skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sqlite_agrees), cmocka_unit_test(a_server_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
