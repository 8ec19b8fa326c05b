/* Query documents: what is understood, every issue of what is not, cursors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "documents.h"
#include "model/query.h"

static const char table[] = "{'columns':["
                            "{'name':'name','dataType':'string','validation':{'maxLength':5}},"
                            "{'name':'notes','dataType':'text'},"
                            "{'name':'age','dataType':'integer','validation':{'min':0,'max':150}},"
                            "{'name':'balance','dataType':'decimal','validation':{'precision':12,'scale':2}},"
                            "{'name':'wide','dataType':'decimal','validation':{'precision':38,'scale':2}},"
                            "{'name':'vip','dataType':'boolean'},"
                            "{'name':'born','dataType':'date'},"
                            "{'name':'seen','dataType':'datetime'},"
                            "{'name':'company','dataType':'reference','validation':{'targetTable':'companies'}},"
                            "{'name':'tags','dataType':'json'}]}";

static struct validator *v;

static int set_up(void **state) {
    (void)state;
    v = validator_of(table, DEFINITION_GIVEN);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    validator_drop(v);
    return 0;
}

/* ---- a filter as text ---- */

static const char *const words[] = {"AND",     "OR",       "NOT",      "=",      "<>",     ">",
                                    ">=",      "<",        "<=",       "in",     "not in", "between",
                                    "is null", "not null", "contains", "starts", "ends",   "icontains"};

static void show_value(const flexdb_value *value, struct buffer *out) {
    switch (value->tag) {
    case FLEXDB_NULL: buffer_puts(out, "null"); break;
    case FLEXDB_INTEGER: buffer_printf(out, "%lld", (long long)value->as.integer); break;
    case FLEXDB_TEXT: buffer_printf(out, "'%.*s'", (int)value->length, value->as.text); break;
    case FLEXDB_BYTES:
        buffer_puts(out, "x");
        for (size_t i = 0; i < value->length; i++) buffer_printf(out, "%02x", (unsigned char)value->as.text[i]);
        break;
    default: fail_msg("a value of tag %d is not physical", (int)value->tag);
    }
}

static void show_filter(const struct filter *f, struct buffer *out) {
    if (f->op <= FILTER_NOT) {
        buffer_printf(out, "%s(", words[f->op]);
        for (size_t i = 0; i < f->count; i++) {
            if (i != 0) buffer_puts(out, ", ");
            show_filter(f->children[i], out);
        }
        buffer_put(out, ')');
        return;
    }
    buffer_printf(out, "%s %s", validator_shape(v)->fields[f->slot].name, words[f->op]);
    for (size_t i = 0; i < f->count; i++) {
        buffer_put(out, ' ');
        show_value(&f->values[i], out);
    }
}

static char *show_query(const struct query *q) {
    struct buffer out = BUFFER_INIT;
    if (q->filter != NULL)
        show_filter(q->filter, &out);
    else
        buffer_puts(&out, "all");
    for (size_t i = 0; i < q->order_count; i++)
        buffer_printf(&out, "%s%s %s", i == 0 ? "; order " : ", ", validator_shape(v)->fields[q->orders[i].slot].name,
                      q->orders[i].descending ? "desc" : "asc");
    if (q->has_limit) buffer_printf(&out, "; limit %lld", (long long)q->limit);
    if (q->offset != 0) buffer_printf(&out, "; offset %lld", (long long)q->offset);
    if (q->include_deleted) buffer_puts(&out, "; deleted too");
    if (q->select != NULL) {
        buffer_puts(&out, "; select");
        for (size_t i = 0; i < validator_shape(v)->count; i++)
            if (q->select[i]) buffer_printf(&out, " %s", validator_shape(v)->fields[i].name);
    }
    return buffer_take(&out);
}

static int parse(struct query **q, const char *document, flexdb_error *err) {
    char *text = strdup(document);
    assert_non_null(text);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'') *at = '"';
    int rc = query_parse(q, v, text, strlen(text), err);
    free(text);
    return rc;
}

struct scenario {
    const char *sentence, *document, *answer;
};

static void run(const struct scenario *scenarios, size_t count) {
    for (size_t i = 0; i < count; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct query *q = NULL;
        int rc = parse(&q, scenarios[i].document, &err);
        char *answer = rc == 0 ? show_query(q) : show_error(&err);
        must_answer(scenarios[i].sentence, answer, scenarios[i].answer);
        query_free(q);
        error_clear(&err);
    }
}

#define RUN(scenarios)  run(scenarios, sizeof scenarios / sizeof *scenarios)
#define FILTER(content) "{'filter':" content "}"
#define BAD             "invalid_query\n"

static void understands_filters(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"no text at all", "", "all"},
        {"the empty query", "{}", "all"},
        {"the empty query as an empty list of a script", "[]", "all"},
        {"null is as if the key were not there", "{'filter':null,'limit':null,'after':null}", "all"},
        {"the empty filter", FILTER("{}"), "AND()"},
        {"a value alone means eq", FILTER("{'age':36}"), "age = 36"},
        {"null alone means isNull", FILTER("{'age':null}"), "age is null"},
        {"columns side by side", FILTER("{'age':36,'vip':true}"), "AND(age = 36, vip = 1)"},
        {"operators side by side", FILTER("{'age':{'gte':18,'lt':65}}"), "AND(age >= 18, age < 65)"},
        {"the long form", FILTER("{'field':'age','gte':18}"), "age >= 18"},
        {"the long form with the field last", FILTER("{'gte':18,'lt':20,'field':'age'}"), "AND(age >= 18, age < 20)"},
        {"eq and ne with null", FILTER("{'age':{'eq':null},'vip':{'ne':null}}"), "AND(age is null, vip not null)"},
        {"isNull and its opposite", FILTER("{'age':{'isNull':true},'vip':{'isNull':false}}"),
         "AND(age is null, vip not null)"},
        {"AND beside OR beside a column", FILTER("{'AND':[{'age':1}],'OR':[{'age':2},{'age':3}],'vip':false}"),
         "AND(AND(age = 1), OR(age = 2, age = 3), vip = 0)"},
        {"NOT, nested", FILTER("{'NOT':{'OR':[{'NOT':{'age':1}},{'vip':true}]}}"), "NOT(OR(NOT(age = 1), vip = 1))"},
        {"empty lists as a script's empty tables", FILTER("{'AND':{},'OR':{},'age':{'in':{},'notIn':[]}}"),
         "AND(AND(), OR(), AND(age in, age not in))"},
        {"lists", FILTER("{'age':{'in':[3,1,2]},'name':{'notIn':['a']}}"), "AND(age in 3 1 2, name not in 'a')"},
        {"between", FILTER("{'born':{'between':['2000-01-01','2000-12-31']}}"),
         "born between '2000-01-01' '2000-12-31'"},
        {"texts", FILTER("{'name':{'contains':'a%','startsWith':'','endsWith':'_','iContains':'Ä'}}"),
         "AND(name contains 'a%', name starts '', name ends '_', name icontains 'Ä')"},
        {"text operators on references and ids", FILTER("{'company':{'startsWith':'é'},'id':{'contains':'x'}}"),
         "AND(company starts 'é', id contains 'x')"},
        {"json columns can be asked for a value", FILTER("{'tags':null,'NOT':{'tags':{'ne':null}}}"),
         "AND(tags is null, NOT(tags not null))"},
    };
    RUN(scenarios);
}

static void converts_values(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"an integer from a float and from digits", FILTER("{'age':{'in':[36.0,'7',-9223372036854775808]}}"),
         "age in 36 7 -9223372036854775808"},
        {"a decimal from a number, a text, an integer", FILTER("{'balance':{'in':[9.99,'-0.50',3]}}"),
         "balance in 999 -50 300"},
        {"a wide decimal", FILTER("{'wide':'1.5'}"), "wide = x80000000000000000000000000000096"},
        {"digits that no double holds", FILTER("{'wide':123456789012345678901234567890}"),
         "wide = x8000009bd30a3c645943dd1690a03a08"},
        {"a boolean", FILTER("{'vip':false}"), "vip = 0"},
        {"false before true", FILTER("{'vip':{'gt':false}}"), "vip > 0"},
        {"a datetime in UTC with six digits", FILTER("{'seen':'2024-05-01T12:00:00+02:00'}"),
         "seen = '2024-05-01T10:00:00.000000Z'"},
        {"system times as microseconds", FILTER("{'created_at':{'gt':'1970-01-01T00:00:01Z'}}"),
         "created_at > 1000000"},
        {"the record's version", FILTER("{'_version':2,'id':'a-1','deleted_at':null}"),
         "AND(_version = 2, id = 'a-1', deleted_at is null)"},
        {"rules do not bind what is searched for", FILTER("{'name':'longer than five','age':-1}"),
         "AND(name = 'longer than five', age = -1)"},
    };
    RUN(scenarios);
}

static void understands_the_rest(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"both forms of orderBy", "{'orderBy':['-age',{'field':'name'},{'field':'born','direction':'desc'}]}",
         "all; order age desc, name asc, born desc"},
        {"system fields order too", "{'orderBy':['-created_at','id']}", "all; order created_at desc, id asc"},
        {"an empty orderBy", "{'orderBy':{}}", "all"},
        {"limit and offset", "{'limit':10,'offset':20}", "all; limit 10; offset 20"},
        {"whole floats", "{'limit':10.0,'offset':0}", "all; limit 10"},
        {"limit 0", "{'limit':0}", "all; limit 0"},
        {"select brings id", "{'select':['name','_version','name']}", "all; select name id _version"},
        {"an empty select is the id alone", "{'select':{}}", "all; select id"},
        {"includeDeleted", "{'includeDeleted':true}", "all; deleted too"},
    };
    RUN(scenarios);
}

static void says_what_is_wrong(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {"not JSON",
         "{'filter':", "invalid_query: the query is not JSON: the text ends where a value should begin at byte 10"},
        {"not an object", "7", BAD " (type): a query must be an object, got 7"},
        {"an array", "[1]", BAD " (type): a query must be an object, got [1]"},
        {"an unknown key", "{'filters':{}}", BAD "filters (unknown): there is no key 'filters' in a query"},
        {"an unknown column", FILTER("{'agee':1}"), BAD "filter.agee (column): there is no column 'agee'"},
        {"an unknown column in a long form", FILTER("{'field':'agee','eq':1}"),
         BAD "filter.field (column): there is no column 'agee'"},
        {"an injection through a name is a name", FILTER("{'age; DROP TABLE x':1}"),
         BAD "filter.age; DROP TABLE x (column): there is no column 'age; DROP TABLE x'"},
        {"an unknown operator", FILTER("{'age':{'equals':1}}"),
         BAD "filter.age.equals (operator): there is no operator 'equals'"},
        {"no operator", FILTER("{'age':{}}"), BAD "filter.age (operator): no operator is given"},
        {"a long form without operator", FILTER("{'field':'age'}"), BAD "filter (operator): no operator is given"},
        {"a field that is no name", FILTER("{'field':7,'eq':1}"),
         BAD "filter.field (type): must be the name of a column, got 7"},
        {"an array as a value", FILTER("{'age':[1,2]}"),
         BAD "filter.age (operator): an array is not a value to compare with; use in or between"},
        {"an impossible integer", FILTER("{'age':{'gte':'12abc'}}"),
         BAD "filter.age.gte (type): must be an integer, is the string '12abc'"},
        {"an impossible date", FILTER("{'born':'2023-02-30'}"),
         BAD "filter.born (type): must be a day that exists, is '2023-02-30'"},
        {"a text with NUL", FILTER("{'name':{'contains':'a\\u0000'}}"),
         BAD "filter.name.contains (nul): must not hold U+0000, is 'a\\u0000'"},
        {"an id that cannot be", FILTER("{'id':'a b'}"), BAD "filter.id (type): must be the id of a record, got 'a b'"},
        {"null with another operator", FILTER("{'age':{'gt':null,'in':[1,null],'between':[null,2]}}"),
         BAD "filter.age.gt (null): gt cannot be asked of null; ask with isNull\n"
             "filter.age.in[1] (null): null cannot be compared with; ask with isNull\n"
             "filter.age.between[0] (null): null cannot be compared with; ask with isNull"},
        {"isNull wants a boolean", FILTER("{'age':{'isNull':1}}"),
         BAD "filter.age.isNull (type): must be true or false, got 1"},
        {"in wants an array", FILTER("{'age':{'in':1}}"), BAD "filter.age.in (type): must be an array, got 1"},
        {"between wants two", FILTER("{'age':{'between':[1]}}"),
         BAD "filter.age.between (type): must be an array of two values, got [1]"},
        {"texts are searched in texts", FILTER("{'age':{'contains':'1'}}"),
         BAD "filter.age.contains (operator): contains is for texts, not for integer"},
        {"AND wants an array", FILTER("{'AND':{'age':1}}"),
         BAD "filter.AND (type): must be an array of filters, got {'age':1}"},
        {"a filter is an object", FILTER("{'OR':[1,{'NOT':[2]}]}"),
         BAD "filter.OR[0] (type): must be a filter, an object, got 1\n"
             "filter.OR[1].NOT (type): must be a filter, an object, got [2]"},
        {"every problem at once",
         "{'filter':{'x':1,'age':'y'},'orderBy':['z'],'limit':-1,'offset':1.5,'select':['w',7]}",
         BAD "filter.x (column): there is no column 'x'\nfilter.age (type): must be an integer, is the string 'y'\n"
             "orderBy[0] (column): there is no column 'z'\n"
             "limit (type): must be an integer that is not negative, got -1\n"
             "offset (type): must be an integer that is not negative, got 1.5\n"
             "select[0] (column): there is no column 'w'\nselect[1] (type): must be the name of a column, got 7"},
        {"orderBy wants an array", "{'orderBy':'age'}", BAD "orderBy (type): must be an array, got 'age'"},
        {"an order twice", "{'orderBy':['age','-age']}", BAD "orderBy[1] (duplicate): 'age' is ordered by already"},
        {"an order on json", "{'orderBy':['tags']}", BAD "orderBy[0] (type): 'tags' is json, which has no order"},
        {"a bad direction", "{'orderBy':[{'field':'age','direction':'down','nulls':'last'},{}]}",
         BAD "orderBy[0] (unknown): there is no key 'nulls' here; known are field and direction\n"
             "orderBy[0] (enum): must be 'asc' or 'desc', got 'down'\n"
             "orderBy[1] (required): field is missing"},
        {"includeDeleted wants a boolean", "{'includeDeleted':1}",
         BAD "includeDeleted (type): must be true or false, got 1"},
        {"a cursor that is none", "{'after':'x!'}",
         BAD "after (cursor): not a cursor of this query: it must come from a find with the same orderBy"},
        {"what is not built yet says so", "{'include':['company']}",
         "unsupported: include: queries with include are not built yet"},
        {"full text", FILTER("{'search':'x'}"), "unsupported: filter.search: full text search is not built yet"},
        {"the inside of json", FILTER("{'tags':{'contains':'x'}}"),
         "unsupported: filter.tags.contains: filters on the inside of json columns are not built yet; isNull and null "
         "can be asked"},
        {"a path into json", FILTER("{'tags.0':'x'}"),
         "unsupported: filter.tags.0: paths into json columns are not built yet"},
    };
    RUN(scenarios);
}

/* ---- limits ---- */

static char *repeated(const char *head, const char *part, size_t count, const char *middle, const char *tail) {
    struct buffer out = BUFFER_INIT;
    buffer_puts(&out, head);
    for (size_t i = 0; i < count; i++) buffer_puts(&out, part);
    buffer_puts(&out, middle);
    for (size_t i = 0; i < count; i++) buffer_puts(&out, tail);
    buffer_put(&out, '}');
    return buffer_take(&out);
}

static void assert_answer(char *document, const char *answer) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct query *q = NULL;
    int rc = parse(&q, document, &err);
    char *got = rc == 0 ? strdup("ok") : show_error(&err);
    const char *from = strchr(got, '\n') != NULL ? strstr(got, " (") : got;
    assert_string_equal(from, answer);
    free(got);
    free(document);
    query_free(q);
    error_clear(&err);
}

static void bounds_depth_and_size(void **state) {
    (void)state;
    assert_answer(repeated("{'filter':", "{'NOT':", QUERY_MAX_DEPTH - 1, "{'age':1}", "}"), "ok");
    assert_answer(repeated("{'filter':", "{'NOT':", QUERY_MAX_DEPTH, "{'age':1}", "}"),
                  " (limit): the filter nests more than 64 levels deep");
    assert_answer(repeated("{'filter':", "{'NOT':", 10000, "{}", "}"),
                  "invalid_query: the query is not JSON: nested more than 1000 levels deep at byte 7003");
    assert_answer(repeated("{'filter':{'OR':[", "{'age':1},", QUERY_MAX_NODES, "{}]}", ""),
                  " (limit): the filter has more than 10000 conditions");
}

static void knows_what_is_unrestricted(void **state) {
    (void)state;
    static const struct {
        const char *document;
        bool unrestricted;
    } scenarios[] = {
        {"{}", true},
        {FILTER("{}"), true},
        {FILTER("{'AND':[]}"), true},
        {FILTER("{'OR':[]}"), false},
        {FILTER("{'NOT':{'OR':[]}}"), true},
        {FILTER("{'OR':[{'age':1},{}]}"), true},
        {FILTER("{'AND':[{'age':1},{}]}"), false},
        {FILTER("{'NOT':{'age':{'in':[]}}}"), true},
        {FILTER("{'NOT':{'age':1}}"), false},
        {FILTER("{'age':{'isNull':true}}"), false},
        {"{'limit':1}", true},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct query *q = NULL;
        assert_int_equal(parse(&q, scenarios[i].document, &err), 0);
        if (query_is_unrestricted(q) != scenarios[i].unrestricted) fail_msg("%s", scenarios[i].document);
        query_free(q);
    }
}

/* ---- cursors ---- */

static void cursors_come_back(void **state) {
    (void)state;
    static const char order[] = "'orderBy':['-name','age','wide','seen','created_at','id']";
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct query *q = NULL;
    char document[1024];
    snprintf(document, sizeof document, "{%s}", order);
    assert_int_equal(parse(&q, document, &err), 0);
    const unsigned char wide[16] = {0x80, 1, 2, 0, 255, 5};
    const flexdb_value values[] = {value_text("a\"\\ é\n", 7),     value_null(),
                                   value_bytes(wide, sizeof wide), value_text("2024-05-01T10:00:00.000000Z", 27),
                                   value_integer(INT64_MIN),       value_text("id-1", 4)};
    struct buffer cursor = BUFFER_INIT;
    assert_int_equal(query_cursor(q, v, values, 17, &cursor, &err), 0);
    query_free(q);
    snprintf(document, sizeof document, "{'after':'%s',%s}", buffer_text(&cursor), order);
    assert_int_equal(parse(&q, document, &err), 0);
    assert_true(q->has_after);
    assert_int_equal(q->after_seq, 17);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_int_equal(q->after[i].tag, values[i].tag);
        assert_int_equal(q->after[i].length, values[i].length);
        if (values[i].tag == FLEXDB_INTEGER)
            assert_int_equal(q->after[i].as.integer, values[i].as.integer);
        else if (values[i].length != 0)
            assert_memory_equal(q->after[i].as.text, values[i].as.text, values[i].length);
    }
    query_free(q);
    snprintf(document, sizeof document, "{'after':'%s','orderBy':['name','age','wide','seen','created_at','id']}",
             buffer_text(&cursor));
    assert_int_equal(parse(&q, document, &err), -FLEXDB_INVALID_QUERY);
    error_clear(&err);
    buffer_free(&cursor);
}

/* Any cursor with a byte changed is refused or read, and nothing worse. */
static void broken_cursors_are_harmless(void **state) {
    (void)state;
    struct property p = property_begin("broken cursors");
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct query *q = NULL;
    assert_int_equal(parse(&q, "{'orderBy':['born','-wide']}", &err), 0);
    const flexdb_value values[] = {value_text("2024-05-01", 10), value_null()};
    struct buffer cursor = BUFFER_INIT;
    assert_int_equal(query_cursor(q, v, values, 17, &cursor, &err), 0);
    query_free(q);
    for (int i = 0; i < 2000; i++) {
        char document[512];
        snprintf(document, sizeof document, "{'orderBy':['born','-wide'],'after':'%s'}", buffer_text(&cursor));
        char *at = strstr(document, "after") + 8 + property_below(&p, cursor.length);
        *at = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[property_below(&p, 64)];
        struct query *broken = NULL;
        int rc = parse(&broken, document, &err);
        assert_true(rc == 0 || rc == -FLEXDB_INVALID_QUERY);
        query_free(rc == 0 ? broken : NULL);
        error_clear(&err);
    }
    buffer_free(&cursor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understands_filters),   cmocka_unit_test(converts_values),
        cmocka_unit_test(understands_the_rest),  cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(bounds_depth_and_size), cmocka_unit_test(knows_what_is_unrestricted),
        cmocka_unit_test(cursors_come_back),     cmocka_unit_test(broken_cursors_are_harmless),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
