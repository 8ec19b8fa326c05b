/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc */
/* Every allocation of the model fails once: an error each time, nothing lost, nothing broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_memory.h"
#include "model/codec.h"
#include "model/validator.h"

static const char definition[] =
    "{\"columns\":["
    "{\"name\":\"title\",\"dataType\":\"string\",\"required\":true,\"validation\":{\"pattern\":\"^t\",\"enum\":[\"t\","
    "\"tt\"]}},"
    "{\"name\":\"price\",\"dataType\":\"decimal\",\"defaultValue\":\"1.5\",\"validation\":{\"min\":\"1\",\"max\":9}},"
    "{\"name\":\"at\",\"dataType\":\"datetime\",\"validation\":{\"min\":\"2000-01-01T00:00:00Z\"}},"
    "{\"name\":\"tags\",\"dataType\":\"json\",\"initialDefault\":[1,2]},"
    "{\"name\":\"note\",\"dataType\":\"text\"}]}";

enum { TITLE, PRICE, AT, TAGS, NOTE, COLUMNS };

/* What one step answers: 0, or the error, which must then be that memory is out. */
static bool went_well(int rc, flexdb_error *err, flexdb_code usual) {
    bool good = rc == 0 || (rc == -(int)usual && usual != FLEXDB_OK);
    if (!good && rc != -FLEXDB_INTERNAL) fail_msg("%s", err->message);
    error_clear(err);
    return good;
}

static bool use(struct validator *v, struct record *r, flexdb_error *err) {
    flexdb_value good[COLUMNS + SYSTEM_SLOTS] = {[TITLE] = value_text("t", 1),
                                                 [AT] = value_text("2024-05-01 10:00:00Z", 20),
                                                 [TAGS] = value_text("x\n", 2),
                                                 [NOTE] = value_text("n", 1)};
    flexdb_value bad[COLUMNS + SYSTEM_SLOTS] = {[TITLE] = value_text("\xff", 1),
                                                [PRICE] = value_integer(10),
                                                [AT] = value_text("2024", 4),
                                                [NOTE] = value_integer(5)};
    static const char document[] =
        "{\"o\\n\":1,\"at\":\"2024-05-01T10:00:00.000000Z\",\"title\":\"t\",\"note\":\"a\\nb\"}";
    bool which[COLUMNS] = {true, true, true, true, true};
    if (!went_well(codec_encode(v, good, r, err), err, FLEXDB_OK)) return false;
    if (!went_well(codec_encode(v, bad, r, err), err, FLEXDB_INVALID_RECORD)) return false;
    if (!went_well(codec_merge(v, document, strlen(document), good, r, err), err, FLEXDB_OK)) return false;
    if (!went_well(codec_decode(v, document, strlen(document), NULL, r, err), err, FLEXDB_OK)) return false;
    if (!went_well(codec_decode(v, "{\"at\":5}", 8, NULL, r, err), err, FLEXDB_CORRUPT)) return false;
    struct buffer scratch = BUFFER_INIT;
    codec_check(v, bad, which, &scratch, err);
    bool checked = err->code == FLEXDB_OK;
    if (!checked) assert_int_equal(err->code, FLEXDB_INTERNAL);
    error_clear(err);
    buffer_free(&scratch);
    return checked;
}

/* Uses a table of this definition until no allocation fails any more. */
static void fail_each(const char *text, bool (*used)(struct validator *v, struct record *r, flexdb_error *err)) {
    long allocation = 0;
    for (bool done = false; !done; allocation++) {
        struct validator *v;
        struct record r = RECORD_INIT;
        flexdb_error err = FLEXDB_ERROR_INIT;
        assert_in_range(allocation, 0, 10000);
        memory_left = allocation;
        done = went_well(validator_parse(&v, text, strlen(text), DEFINITION_GIVEN, &err), &err, FLEXDB_OK) &&
               used(v, &r, &err) && memory_left >= 0;
        memory_left = -1;
        record_free(&r);
        validator_drop(v);
    }
    printf("%ld allocations failed, one at a time\n", allocation - 1);
}

static void test_every_allocation(void **state) {
    (void)state;
    fail_each(definition, use);
}

/* The same with expressions: computed columns, checks, and what is wrong with them. */
static const char computed[] =
    "{\"columns\":["
    "{\"name\":\"a\",\"dataType\":\"text\"},{\"name\":\"n\",\"dataType\":\"integer\",\"defaultValue\":3},"
    "{\"name\":\"twice\",\"dataType\":\"text\",\"validation\":{\"computed\":\"a .. ' ' .. a\"}},"
    "{\"name\":\"half\",\"dataType\":\"decimal\",\"validation\":{\"scale\":1,\"max\":\"9.5\",\"computed\":\"round(n "
    "/ 2, 1)\"}},"
    "{\"name\":\"rest\",\"dataType\":\"integer\",\"validation\":{\"computed\":\"100 % n\"}}],"
    "\"checks\":[{\"name\":\"one\",\"expression\":\"matches(a, '^x') or n > 2\",\"message\":\"m\"},"
    "{\"name\":\"two\",\"expression\":\"half ~= 1\"}]}";

static bool use_computed(struct validator *v, struct record *r, flexdb_error *err) {
    enum { TEXT, NUMBER, TWICE, HALF, REST, SLOTS = REST + 1 + SYSTEM_SLOTS };
    const flexdb_value good[SLOTS] = {[TEXT] = value_text("long enough to take some room", 29),
                                      [NUMBER] = value_text("7", 1),
                                      [HALF] = value_text("3.5", 3)},
                       bad[SLOTS] =
                           {[TEXT] = value_text("y", 1), [NUMBER] = value_integer(2), [REST] = value_integer(1)},
                       worse[SLOTS] = {[NUMBER] = value_integer(0)}, most[SLOTS] = {[NUMBER] = value_integer(99)};
    static const char document[] = "{\"n\":4,\"half\":\"2.0\",\"rest\":0,\"a\":\"\\n\",\"twice\":\"\\n \\n\"}";
    if (!went_well(codec_encode(v, good, r, err), err, FLEXDB_OK)) return false;
    if (!went_well(codec_encode(v, bad, r, err), err, FLEXDB_INVALID_RECORD)) return false;
    if (!went_well(codec_encode(v, worse, r, err), err, FLEXDB_INVALID_RECORD)) return false;
    if (!went_well(codec_merge(v, document, strlen(document), good, r, err), err, FLEXDB_OK)) return false;
    if (!went_well(codec_merge(v, document, strlen(document), most, r, err), err, FLEXDB_INVALID_RECORD)) return false;
    if (!went_well(codec_judge(v, good, r, err), err, FLEXDB_OK)) return false;
    if (!went_well(codec_decode(v, document, strlen(document), NULL, r, err), err, FLEXDB_OK)) return false;
    struct record room = RECORD_INIT;
    struct buffer scratch = BUFFER_INIT;
    flexdb_value out;
    r->values[TEXT] = value_text("y", 1), r->values[NUMBER] = value_integer(2);
    codec_check_expressions(v, r->values, NULL, &scratch, err);
    enum computed_result twice = codec_compute(v, TWICE, r->values, &room, &out, err);
    bool well = err->code == FLEXDB_OK;
    assert_true(!well || (twice == COMPUTED && err->issue_count == 1));
    if (!well) assert_int_equal(err->code, FLEXDB_INTERNAL);
    error_clear(err);
    buffer_free(&scratch);
    record_free(&room);
    return well;
}

static void test_every_allocation_of_expressions(void **state) {
    (void)state;
    fail_each(computed, use_computed);
}

static void test_bad_definition(void **state) {
    (void)state;
    static const char bad[] = "{\"columns\":[{\"name\":\"a\",\"dataType\":\"string\",\"defaultValue\":5,\"validation\":"
                              "{\"pattern\":\"(\",\"format\":\"x\",\"minLength\":300,\"enum\":[1,\"a\",\"a\"]}},"
                              "{\"name\":\"b\",\"dataType\":\"decimal\",\"validation\":{\"min\":2,\"max\":1}}]}";
    for (long allocation = 0;; allocation++) {
        struct validator *v;
        flexdb_error err = FLEXDB_ERROR_INIT;
        memory_left = allocation;
        int rc = validator_parse(&v, bad, strlen(bad), DEFINITION_GIVEN, &err);
        bool done = memory_left >= 0;
        memory_left = -1;
        assert_null(v);
        assert_true(rc == -FLEXDB_INVALID_SCHEMA || (rc == -FLEXDB_INTERNAL && !done));
        error_clear(&err);
        if (done) return;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_every_allocation_of_expressions),
        cmocka_unit_test(test_bad_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
