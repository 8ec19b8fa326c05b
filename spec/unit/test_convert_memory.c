/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc */
/* Conversions and compatibility while memory runs out: every allocation fails once; each time the answer is an error
 * that says so, and nothing leaks (the sanitizers see to that). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "documents.h"
#include "failing_memory.h"
#include "model/compatibility.h"
#include "model/convert.h"
#include "type_scenarios.h"

static const char *const documents[] = {
    "{'columns':[{'name':'a','dataType':'text'},{'name':'b','dataType':'json'},{'name':'c','dataType':'integer',"
    "'required':true,'validation':{'min':1}},{'name':'d','dataType':'string','unique':true},"
    "{'name':'e','dataType':'date'},{'name':'f','dataType':'boolean'}]}",
    "{'columns':[{'name':'a','key':'a_2','dataType':'date','validation':{'enum':['1998-06-12']}},"
    "{'name':'b','key':'b_2','dataType':'string'},{'name':'see','key':'c','dataType':'integer','displayName':'C',"
    "'validation':{'min':2,'enum':[5]}},{'name':'d','dataType':'string','validation':{'pattern':'x',"
    "'format':'email','maxLength':4}},{'name':'g','dataType':'text','required':true},"
    "{'name':'e','key':'e_2','dataType':'integer'}]}",
};
static struct validator *from, *to;
static cJSON *formats;

/* Converts one value and tells of it when it fails; 0 or the error. */
static int convert(size_t slot, const cJSON *parse, flexdb_value in, flexdb_error *err) {
    struct conversion c;
    struct buffer scratch = BUFFER_INIT;
    flexdb_value out;
    flexdb_error issues = FLEXDB_ERROR_INIT;
    if (conversion_open(&c, validator_column(from, slot), validator_column(to, slot), parse, "a", &issues)) {
        struct convert_outcome outcome = convert_value(&c, &in, &out, &scratch);
        convert_issue(&c, outcome, &in, &out, "a", &issues);
        assert_true(outcome.how == CONVERT_FAILED || issues.issue_count == 0);
    }
    if (issues.code != FLEXDB_OK) error_repeat(err, &issues);
    error_clear(&issues);
    buffer_free(&scratch);
    return -(int)err->code;
}

static int converts(flexdb_error *err) {
    static const flexdb_value good = TEXT("Jun 12 1998"), rule = TEXT("Jun 13 1998"), bad = TEXT("1998"),
                              two = TEXT("03/04/2024"), span = SPAN("\"a\\n\\u00e9\""), list = SPAN("[1]");
    if (convert(0, formats, good, err) != 0 || convert(0, formats, rule, err) != 0) return -(int)err->code;
    if (convert(0, formats, bad, err) != 0 || convert(0, formats, two, err) != 0) return -(int)err->code;
    if (convert(0, NULL, bad, err) != 0 || convert(1, NULL, span, err) != 0) return -(int)err->code;
    return convert(1, NULL, list, err);
}

/* What cannot be opened: a bad format, formats where none are read, a pair that is refused. */
static int refuses(flexdb_error *err) {
    static const flexdb_value none = NONE;
    cJSON bad = {.type = cJSON_String, .valuestring = (char *)"%Q"};
    if (convert(0, &bad, none, err) != 0 || convert(1, &bad, none, err) != 0) return -(int)err->code;
    return convert(5, NULL, none, err);
}

static int is_same(flexdb_error *err) {
    static const flexdb_value a = SPAN("{\"a\":[1,\"\\u00e9\"],\"b\":2}"), b = SPAN("{\"b\":2,\"a\":[1,\"\xC3\xA9\"]}");
    int same = value_same(TYPE_JSON, &a, &b, err);
    assert_true(same == 1 || same == -(int)err->code);
    return same < 0 ? same : 0;
}

static int compares(flexdb_error *err) {
    struct compatibility c;
    struct buffer text = BUFFER_INIT;
    flexdb_error issues = FLEXDB_ERROR_INIT;
    if (compatibility_compare(&c, from, to, NULL, err) != 0) return -(int)err->code;
    for (size_t i = 0; i < c.count; i++) compatibility_tell(&c.differences[i], &text);
    if (buffer_failed(&text)) error_no_memory(err);
    if (compatibility_enforce(COMPATIBILITY_FULL, &c, &issues) != -FLEXDB_CONFLICT) error_repeat(err, &issues);
    error_clear(&issues);
    buffer_free(&text);
    compatibility_clear(&c);
    return -(int)err->code;
}

static int reads_modes(flexdb_error *err) {
    flexdb_error issues = FLEXDB_ERROR_INIT;
    enum compatibility_mode mode;
    assert_false(compatibility_read(&mode, "full_transitive", "x", &issues));
    if (issues.code != FLEXDB_OK) error_repeat(err, &issues);
    error_clear(&issues);
    return -(int)err->code;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    static int (*const steps[])(flexdb_error *) = {converts, refuses, is_same, compares, reads_modes};
    cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
    cJSON_InitHooks(&hooks);
    from = validator_of(documents[0], DEFINITION_STORED);
    to = validator_of(documents[1], DEFINITION_STORED);
    formats = read_json("['%b %d %Y','%d/%m/%Y','%m/%d/%Y']");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (long n = 0;; n++) {
            flexdb_error err = FLEXDB_ERROR_INIT;
            memory_left = n;
            int rc = steps[i](&err);
            bool done = memory_left >= 0; /* it did not come to that */
            memory_left = -1;
            assert_int_equal(rc, -(int)err.code);
            if (done && rc != 0) fail_msg("step %zu: %s", i, err.message);
            /* A message that could not be made whole is lost, never the error. */
            if (rc != 0) assert_int_equal(rc, -FLEXDB_INTERNAL);
            error_clear(&err);
            if (done) break;
        }
    }
    cJSON_Delete(formats);
    validator_drop(from);
    validator_drop(to);
    cJSON_InitHooks(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
