/* Computed columns and checks of records: what encode, merge and judging again make of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "documents.h"
#include "model/codec.h"

/* Slots: 0 price, 1 quantity, 2 total, 3 twice, 4 starts, 5 ends, 6 name, 7 label, 8 code, 9 tags, 10 ratio. `twice`
 * stands before `total` in a document as little as in the order of evaluation. */
static const char *const table =
    "{'columns':["
    "{'name':'price','dataType':'decimal','validation':{'scale':2,'precision':12,'min':0}},"
    "{'name':'quantity','dataType':'integer','defaultValue':1},"
    "{'name':'total','dataType':'decimal','validation':{'scale':2,'precision':12,'computed':'price * quantity',"
    "'max':'5000'}},"
    "{'name':'twice','dataType':'decimal','validation':{'scale':2,'computed':'total * 2'}},"
    "{'name':'starts','dataType':'date'},"
    "{'name':'ends','dataType':'date'},"
    "{'name':'name','dataType':'string','validation':{'maxLength':20}},"
    "{'name':'label','dataType':'text','validation':{'computed':'name .. \\': \\' .. total'}},"
    "{'name':'code','dataType':'string','validation':{'computed':'coalesce(name, \\'none\\')','maxLength':6}},"
    "{'name':'tags','dataType':'json'},"
    "{'name':'ratio','dataType':'integer','validation':{'computed':'1000 // quantity'}}],"
    "'checks':[{'name':'stay','expression':'ends > starts','message':'a stay ends after it starts'},"
    "{'name':'cheap','expression':'total < 1000'},"
    "{'name':'price','expression':'price ~= 13 or tags ~= nil'}]}";

enum {
    PRICE,
    QUANTITY,
    TOTAL,
    TWICE,
    STARTS,
    ENDS,
    NAME,
    LABEL,
    CODE,
    TAGS,
    RATIO,
    COLUMNS,
    SLOTS = COLUMNS + SYSTEM_SLOTS
};

struct fixture {
    struct validator *v;
    struct record r;
    flexdb_error err;
    flexdb_value given[SLOTS];
};

static struct fixture begin(void) {
    return (struct fixture){.v = validator_of(table, DEFINITION_STORED), .r = RECORD_INIT, .err = FLEXDB_ERROR_INIT};
}

static void end(struct fixture *f) {
    record_free(&f->r);
    error_clear(&f->err);
    validator_drop(f->v);
}

static flexdb_value text(const char *s) { return value_text(s, strlen(s)); }

static char *show_document(const struct fixture *f) {
    char *shown = malloc(f->r.document.length + 1);
    for (size_t i = 0; i < f->r.document.length; i++)
        shown[i] = f->r.document.data[i] == '"' ? '\'' : f->r.document.data[i];
    shown[f->r.document.length] = '\0';
    return shown;
}

/* The document, or the issues with what they expected and got; the error is clear afterwards. */
static char *answer(struct fixture *f, int rc) {
    if (rc == 0) return show_document(f);
    assert_int_equal(rc, -(int)f->err.code);
    char *shown = show_error(&f->err);
    error_clear(&f->err);
    return shown;
}

static char *encode(struct fixture *f) { return answer(f, codec_encode(f->v, f->given, &f->r, &f->err)); }

static char *merge(struct fixture *f, const char *document) {
    struct buffer json = BUFFER_INIT;
    for (const char *p = document; *p != '\0'; p++) buffer_put(&json, *p == '\'' ? '"' : *p);
    char *shown = answer(f, codec_merge(f->v, json.data, json.length, f->given, &f->r, &f->err));
    buffer_free(&json);
    return shown;
}

static void set_all_absent(struct fixture *f) { memset(f->given, 0, sizeof f->given); }

/* ---- encode ---- */

static void computes_a_new_record(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[PRICE] = text("12.5"), f.given[QUANTITY] = text("3"), f.given[NAME] = text("Ada");
    assert_text(encode(&f), "{'price':'12.50','quantity':3,'total':'37.50','twice':'75.00','ratio':333,'name':'Ada',"
                            "'code':'Ada','label':'Ada: 37.50'}");
    end(&f);
}

static void computes_with_defaults_and_without_values(void **state) {
    (void)state;
    struct fixture f = begin();
    assert_text(encode(&f), "{'quantity':1,'ratio':1000,'code':'none'}");
    f.given[QUANTITY] = value_null();
    assert_text(encode(&f), "{'code':'none'}");
    end(&f);
}

static void the_values_of_the_record_are_the_computed_ones(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[PRICE] = value_integer(2), f.given[NAME] = text("x");
    free(encode(&f));
    assert_int_equal(f.r.values[TOTAL].tag, FLEXDB_TEXT);
    assert_memory_equal(f.r.values[TOTAL].as.text, "2.00", 4);
    assert_memory_equal(f.r.values[LABEL].as.text, "x: 2.00", 7);
    assert_int_equal(f.r.values[RATIO].as.integer, 1000);
    assert_int_equal(f.r.values[STARTS].tag, FLEXDB_ABSENT);
    end(&f);
}

struct issue_row {
    const char *sentence;
    size_t slots[4];
    flexdb_value values[4];
    size_t count;
    const char *answer;
};

static void says_all_that_is_wrong(void **state) {
    (void)state;
    const struct issue_row rows[] = {
        {"a check with a message",
         {STARTS, ENDS},
         {text("2024-01-02"), text("2024-01-01")},
         2,
         "invalid_record\nstay (check): a stay ends after it starts"},
        {"a check without one says its expression",
         {PRICE, QUANTITY},
         {value_integer(500), value_integer(2)},
         2,
         "invalid_record\ncheap (check): total < 1000"},
        {"a check that reads json",
         {PRICE},
         {value_integer(13)},
         1,
         "invalid_record\nprice (check): price ~= 13 or tags ~= nil"},
        {"a computed value that breaks a rule",
         {PRICE, QUANTITY},
         {value_integer(5001), value_integer(1)},
         2,
         "invalid_record\ntotal (max): must be at most 5000.00, is 5001.00"},
        {"one that has too many digits",
         {PRICE, QUANTITY},
         {text("9999999999.99"), value_integer(100)},
         2,
         "invalid_record\ntotal (precision): must have at most 10 digits before the point, is 999999999999.00"},
        {"one that is too long",
         {NAME},
         {text("Ada Lovelace")},
         1,
         "invalid_record\ncode (maxLength): must be at most 6 characters long, is 12"},
        {"a division by zero, at its place",
         {QUANTITY},
         {value_integer(0)},
         1,
         "invalid_record\nratio (computed): division by zero at 6 of '1000 // quantity'"},
        {"what reads a value that is wrong is not evaluated",
         {PRICE, QUANTITY, ENDS, STARTS},
         {text("x"), value_integer(1), text("2024-02-30"), text("2024-01-01")},
         4,
         "invalid_record\nprice (type): must be a decimal number, is the string 'x'\n"
         "ends (type): must be a day that exists, is '2024-02-30'"},
        {"but what does not is",
         {PRICE, QUANTITY, ENDS, STARTS},
         {text("x"), value_integer(0), text("2024-01-01"), text("2024-01-01")},
         4,
         "invalid_record\nprice (type): must be a decimal number, is the string 'x'\n"
         "ratio (computed): division by zero at 6 of '1000 // quantity'\n"
         "stay (check): a stay ends after it starts"},
        {"another value than the computed one",
         {PRICE, TOTAL},
         {value_integer(3), text("3.01")},
         2,
         "invalid_record\ntotal (computed): is computed, as '3.00', and cannot be set to '3.01'"},
        {"a value where there is none",
         {TOTAL},
         {value_integer(1)},
         1,
         "invalid_record\ntotal (computed): is computed, as null, and cannot be set to 1"},
        {"none where there is a value",
         {PRICE, TOTAL},
         {value_integer(3), value_null()},
         2,
         "invalid_record\ntotal (computed): is computed, as '3.00', and cannot be set to null"},
        {"what is no value at all",
         {CODE, RATIO},
         {value_boolean(true), text("1e3")},
         2,
         "invalid_record\ncode (computed): is computed, as 'none', and cannot be set to true\n"
         "ratio (computed): is computed, as 1000, and cannot be set to '1e3'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f = begin();
        for (size_t k = 0; k < rows[i].count; k++) f.given[rows[i].slots[k]] = rows[i].values[k];
        char *got = encode(&f);
        if (strcmp(got, rows[i].answer) != 0)
            fail_msg("%s\n  got:\n%s\n  expected:\n%s", rows[i].sentence, got, rows[i].answer);
        free(got);
        end(&f);
    }
}

static void a_record_that_was_read_can_be_written_back(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[PRICE] = text("3"), f.given[QUANTITY] = value_integer(2), f.given[NAME] = text("Ada");
    f.given[TOTAL] = value_integer(6), f.given[TWICE] = text("12"), f.given[LABEL] = text("Ada: 6.00");
    f.given[CODE] = text("Ada"), f.given[RATIO] = text("500"), f.given[STARTS] = value_null();
    assert_text(encode(&f), "{'price':'3.00','quantity':2,'total':'6.00','twice':'12.00','ratio':500,'name':'Ada',"
                            "'code':'Ada','label':'Ada: 6.00'}");
    set_all_absent(&f);
    f.given[TOTAL] = value_null();
    assert_text(encode(&f), "{'quantity':1,'ratio':1000,'code':'none'}");
    end(&f);
}

/* Both issues of a record are there, with what was expected and got as JSON. */
static void issues_say_what_was_expected(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[PRICE] = value_integer(999), f.given[QUANTITY] = value_integer(2), f.given[TOTAL] = text("a\"b");
    assert_int_equal(codec_encode(f.v, f.given, &f.r, &f.err), -FLEXDB_INVALID_RECORD);
    assert_int_equal(f.err.issue_count, 2);
    assert_string_equal(f.err.issues[0].path, "total");
    assert_string_equal(f.err.issues[0].expected, "\"1998.00\"");
    assert_string_equal(f.err.issues[0].got, "\"a\\\"b\"");
    assert_string_equal(f.err.issues[1].path, "cheap");
    assert_string_equal(f.err.issues[1].rule, "check");
    assert_string_equal(f.err.issues[1].expected, "\"total < 1000\"");
    assert_null(f.err.issues[1].got);
    end(&f);
}

/* ---- merge ---- */

#define OLD                                                                                                            \
    "{'price':'3.00','quantity':2,'total':'6.00','twice':'12.00','ratio':500,'gone':[1],'name':'Ada','code':'Ada',"    \
    "'label':'Ada: 6.00'}"

static void computes_what_reads_a_set_field(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[PRICE] = text("4.5");
    assert_text(merge(&f, OLD), "{'price':'4.50','quantity':2,'total':'9.00','twice':'18.00','ratio':500,"
                                "'name':'Ada','code':'Ada','label':'Ada: 9.00','gone':[1]}");
    assert_memory_equal(f.r.values[LABEL].as.text, "Ada: 9.00", 9);
    set_all_absent(&f);
    f.given[PRICE] = value_null();
    assert_text(merge(&f, OLD), "{'quantity':2,'ratio':500,'name':'Ada','code':'Ada','gone':[1]}");
    assert_int_equal(f.r.values[TOTAL].tag, FLEXDB_ABSENT);
    set_all_absent(&f);
    f.given[NAME] = text("Bo");
    assert_text(merge(&f, OLD), "{'price':'3.00','quantity':2,'total':'6.00','twice':'12.00','ratio':500,"
                                "'name':'Bo','code':'Bo','label':'Bo: 6.00','gone':[1]}");
    end(&f);
}

/* Kept by on_invalid: computed otherwise than the expression says, and against a check. */
#define KEPT "{'price':'3.00','quantity':0,'total':'7.00','starts':'2024-01-02','ends':'2024-01-01','name':'Ada'}"

static void judges_nothing_else(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[NAME] = text("Bo");
    assert_text(merge(&f, KEPT), "{'price':'3.00','quantity':0,'total':'7.00','starts':'2024-01-02',"
                                 "'ends':'2024-01-01','name':'Bo','code':'Bo','label':'Bo: 7.00'}");
    set_all_absent(&f);
    f.given[ENDS] = text("2024-01-01");
    assert_text(merge(&f, KEPT), "invalid_record\nstay (check): a stay ends after it starts");
    set_all_absent(&f);
    f.given[QUANTITY] = value_integer(0);
    assert_text(merge(&f, KEPT), "invalid_record\nratio (computed): division by zero at 6 of '1000 // quantity'");
    set_all_absent(&f);
    f.given[QUANTITY] = value_integer(500);
    assert_text(merge(&f, KEPT), "invalid_record\ncheap (check): total < 1000");
    end(&f);
}

static void an_update_may_say_what_stands_there(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[PRICE] = text("4"), f.given[TOTAL] = text("6");
    assert_text(merge(&f, OLD), "{'price':'4.00','quantity':2,'total':'8.00','twice':'16.00','ratio':500,"
                                "'name':'Ada','code':'Ada','label':'Ada: 8.00','gone':[1]}");
    f.given[TOTAL] = text("8.00");
    free(merge(&f, OLD));
    f.given[TOTAL] = text("7");
    assert_text(merge(&f, OLD), "invalid_record\ntotal (computed): is computed, as '8.00', and cannot be set to '7'");
    set_all_absent(&f);
    f.given[TOTAL] = text("6.0"), f.given[RATIO] = value_integer(500);
    assert_text(merge(&f, OLD), "{'price':'3.00','quantity':2,'total':'6.00','twice':'12.00','ratio':500,"
                                "'name':'Ada','code':'Ada','label':'Ada: 6.00','gone':[1]}");
    f.given[TOTAL] = value_null();
    assert_text(merge(&f, OLD), "invalid_record\ntotal (computed): is computed, as '6.00', and cannot be set to null");
    end(&f);
}

static void judges_what_is_given_alone(void **state) {
    (void)state;
    struct fixture f = begin();
    f.given[QUANTITY] = text("0"), f.given[STARTS] = text("2024-01-01"), f.given[TOTAL] = text("7");
    assert_int_equal(codec_judge(f.v, f.given, &f.r, &f.err), 0);
    assert_int_equal(f.r.values[QUANTITY].as.integer, 0);
    assert_int_equal(f.r.values[PRICE].tag, FLEXDB_ABSENT);
    f.given[QUANTITY] = text("x");
    assert_text(answer(&f, codec_judge(f.v, f.given, &f.r, &f.err)),
                "invalid_record\nquantity (type): must be an integer, is the string 'x'");
    end(&f);
}

static void put_stores_what_it_is_given(void **state) {
    (void)state;
    struct fixture f = begin();
    static const char old[] = "{\"price\":\"3.00\",\"quantity\":2,\"total\":\"6.00\"}";
    f.given[TOTAL] = text("9.99"), f.given[QUANTITY] = value_integer(0);
    assert_int_equal(codec_put(f.v, old, strlen(old), f.given, &f.r, &f.err), 0);
    assert_text(show_document(&f), "{'price':'3.00','quantity':0,'total':'9.99'}");
    end(&f);
}

/* ---- again ---- */

static void holds_values_against_checks(void **state) {
    (void)state;
    struct fixture f = begin();
    static const char kept[] = "{\"price\":\"3.00\",\"quantity\":0,\"total\":\"7000.00\",\"starts\":\"2024-01-02\","
                               "\"ends\":\"2024-01-01\"}";
    struct buffer scratch = BUFFER_INIT;
    const bool second[] = {false, true, false};
    assert_int_equal(codec_decode(f.v, kept, strlen(kept), NULL, &f.r, &f.err), 0);
    assert_int_equal(codec_check_expressions(f.v, f.r.values, NULL, &scratch, &f.err), 2);
    assert_int_equal(codec_check_expressions(f.v, f.r.values, second, &scratch, &f.err), 1);
    assert_int_equal(scratch.length, 0);
    assert_text(answer(&f, error_close_issues(&f.err, FLEXDB_INVALID_RECORD)),
                "invalid_record\nstay (check): a stay ends after it starts\ncheap (check): total < 1000\n"
                "cheap (check): total < 1000");
    buffer_free(&scratch);
    end(&f);
}

static void computes_one_column(void **state) {
    (void)state;
    struct fixture f = begin();
    struct record room = RECORD_INIT;
    flexdb_value out;
    f.given[PRICE] = text("12.50"), f.given[QUANTITY] = value_integer(3);
    assert_int_equal(codec_compute(f.v, TOTAL, f.given, &room, &out, &f.err), COMPUTED);
    assert_memory_equal(out.as.text, "37.50", 5);
    assert_int_equal(codec_compute(f.v, TWICE, f.given, &room, &out, &f.err), COMPUTED);
    assert_int_equal(out.tag, FLEXDB_ABSENT); /* it reads the total that is given */
    f.given[PRICE] = text("99999.99");
    assert_int_equal(codec_compute(f.v, TOTAL, f.given, &room, &out, &f.err), COMPUTED_BREAKS_RULE);
    assert_memory_equal(out.as.text, "299999.97", 9);
    f.given[PRICE] = text("9999999999.99");
    assert_int_equal(codec_compute(f.v, TOTAL, f.given, &room, &out, &f.err), COMPUTED_NOTHING);
    assert_int_equal(out.tag, FLEXDB_ABSENT);
    f.given[QUANTITY] = value_integer(0);
    assert_int_equal(codec_compute(f.v, RATIO, f.given, &room, &out, &f.err), COMPUTED_NOTHING);
    assert_int_equal(f.err.issue_count, 3);
    record_free(&room);
    end(&f);
}

/* ---- limits ---- */

/* Ten columns, each twice as long as the one before it. */
static void long_texts_end_at_the_limit_of_a_document(void **state) {
    (void)state;
    struct buffer definition = BUFFER_INIT, given = BUFFER_INIT;
    buffer_puts(&definition, "{'columns':[{'name':'c0','dataType':'text'}");
    for (int i = 1; i <= 10; i++)
        buffer_printf(&definition, ",{'name':'c%d','dataType':'text','validation':{'computed':'c%d .. c%d'}}", i, i - 1,
                      i - 1);
    buffer_puts(&definition, "]}");
    struct validator *v = validator_of(buffer_text(&definition), DEFINITION_STORED);
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value values[11 + SYSTEM_SLOTS] = {{.tag = FLEXDB_ABSENT}};
    for (int i = 0; i < 8000; i++) buffer_put(&given, 'x');
    values[0] = value_text(given.data, given.length);
    assert_int_equal(codec_encode(v, values, &r, &err), -FLEXDB_LIMIT);
    assert_non_null(strstr(err.message, "bytes, at most 8388608 are allowed"));
    error_clear(&err);
    values[0] = value_text("x", 1);
    assert_int_equal(codec_encode(v, values, &r, &err), 0);
    assert_int_equal(r.values[10].length, 1 << 10);
    /* In the rooms of another record nothing is left of it. */
    values[0] = value_text("y", 1);
    assert_int_equal(codec_encode(v, values, &r, &err), 0);
    for (size_t i = 0; i < r.values[10].length; i++) assert_int_equal(r.values[10].as.text[i], 'y');
    record_free(&r);
    validator_drop(v);
    buffer_free(&definition);
    buffer_free(&given);
}

static void long_texts_may_be_given_and_escaped(void **state) {
    (void)state;
    struct validator *v = validator_of("{'columns':[{'name':'a','dataType':'text'},{'name':'b','dataType':'text',"
                                       "'validation':{'computed':'a .. a'}}],'checks':[]}",
                                       DEFINITION_STORED);
    struct record r = RECORD_INIT, again = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value values[2 + SYSTEM_SLOTS] = {{.tag = FLEXDB_ABSENT}};
    struct buffer given = BUFFER_INIT;
    for (int i = 0; i < 100000; i++) buffer_put(&given, i % 3 == 0 ? '\n' : '"');
    values[0] = value_text(given.data, given.length);
    assert_int_equal(codec_encode(v, values, &r, &err), 0);
    assert_int_equal(codec_decode(v, r.document.data, r.document.length, NULL, &again, &err), 0);
    assert_int_equal(again.values[1].length, 200000);
    assert_memory_equal(again.values[1].as.text + 100000, given.data, 100000);
    record_free(&r);
    record_free(&again);
    buffer_free(&given);
    validator_drop(v);
}

/* Values that lie in the document and in scratch stay where they are while others are computed. */
static void merges_the_longest_with_the_shortest(void **state) {
    (void)state;
    struct property p = property_begin("checks: merge is encode");
    struct validator *v = validator_of(table, DEFINITION_STORED);
    struct record whole = RECORD_INIT, before = RECORD_INIT, after = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    char names[2][21];
    for (int round = 0; round < 2000; round++) {
        flexdb_value first[SLOTS] = {{.tag = FLEXDB_ABSENT}}, change[SLOTS] = {{.tag = FLEXDB_ABSENT}}, both[SLOTS];
        for (int i = 0; i < 2; i++) {
            size_t length = property_below(&p, 7);
            for (size_t k = 0; k < length; k++) names[i][k] = "ab\n\"\\"[property_below(&p, 5)];
            flexdb_value *values = i == 0 ? first : change;
            if (i == 0 || property_below(&p, 2) == 0) values[NAME] = value_text(names[i], length);
            if (i == 0 || property_below(&p, 2) == 0) values[PRICE] = value_integer((int64_t)property_below(&p, 12));
            if (i == 0 || property_below(&p, 2) == 0)
                values[QUANTITY] = value_integer((int64_t)property_below(&p, 90) + 1);
            if (property_below(&p, 4) == 0) values[TAGS] = text("\"x\"");
        }
        for (size_t i = 0; i < SLOTS; i++) both[i] = change[i].tag != FLEXDB_ABSENT ? change[i] : first[i];
        assert_int_equal(codec_encode(v, first, &before, &err), 0);
        assert_int_equal(codec_encode(v, both, &whole, &err), 0);
        assert_int_equal(codec_merge(v, before.document.data, before.document.length, change, &after, &err), 0);
        assert_int_equal(after.document.length, whole.document.length);
        assert_memory_equal(after.document.data, whole.document.data, whole.document.length);
    }
    record_free(&whole);
    record_free(&before);
    record_free(&after);
    validator_drop(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_a_new_record),
        cmocka_unit_test(computes_with_defaults_and_without_values),
        cmocka_unit_test(the_values_of_the_record_are_the_computed_ones),
        cmocka_unit_test(says_all_that_is_wrong),
        cmocka_unit_test(a_record_that_was_read_can_be_written_back),
        cmocka_unit_test(issues_say_what_was_expected),
        cmocka_unit_test(computes_what_reads_a_set_field),
        cmocka_unit_test(judges_nothing_else),
        cmocka_unit_test(an_update_may_say_what_stands_there),
        cmocka_unit_test(judges_what_is_given_alone),
        cmocka_unit_test(put_stores_what_it_is_given),
        cmocka_unit_test(holds_values_against_checks),
        cmocka_unit_test(computes_one_column),
        cmocka_unit_test(long_texts_end_at_the_limit_of_a_document),
        cmocka_unit_test(long_texts_may_be_given_and_escaped),
        cmocka_unit_test(merges_the_longest_with_the_shortest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
