/* Conversions of random values: classes keep what they promise, what is exact comes back, and nothing does harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/datetime.h"
#include "base/decimal.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "documents.h"
#include "model/convert.h"

enum { ROUNDS = 400, TEXT_ROOM = 256 };

static const char *const targets = "'validation':{'targetTable':'others'}";

/* A column of each type; decimals of some precision. */
static struct validator *random_column(struct property *p, enum column_type type) {
    char text[256], rules[96] = "'validation':{}";
    if (type == TYPE_REFERENCE) snprintf(rules, sizeof rules, "%s", targets);
    if (type == TYPE_DECIMAL) {
        int precision = 1 + (int)property_below(p, DECIMAL_MAX_PRECISION), most = precision < 30 ? precision : 30;
        snprintf(rules, sizeof rules, "'validation':{'precision':%d,'scale':%d}", precision,
                 (int)property_below(p, (uint64_t)most + 1));
    }
    snprintf(text, sizeof text, "{'columns':[{'name':'a','dataType':'%s',%s}]}", column_type_name(type), rules);
    return validator_of(text, DEFINITION_STORED);
}

/* ---- random values ---- */

static int64_t random_integer(struct property *p) {
    int64_t value = (int64_t)property_next(p);
    switch (property_below(p, 4)) {
    case 0: return (int64_t)property_below(p, 3);
    case 1: return value % 1000;
    case 2: return value >> property_below(p, 64);
    default: return value;
    }
}

static size_t random_decimal(struct property *p, const struct rules *rules, char *out) {
    struct decimal value = {0, rules->scale};
    int digits = (int)property_below(p, (uint64_t)rules->precision + 1);
    for (int i = 0; i < digits; i++) value.coefficient = value.coefficient * 10 + (int)property_below(p, 10);
    if (property_below(p, 2) == 0) value.coefficient = -value.coefficient;
    return decimal_print(&value, out);
}

static int64_t random_micros(struct property *p) {
    int64_t micros = (int64_t)property_below(p, UINT64_C(315537897600000000)) - INT64_C(62135596800000000);
    return property_below(p, 3) == 0 ? micros - micros % INT64_C(86400000000) : micros;
}

static size_t random_day(struct property *p, char *out) {
    date_print((int32_t)(random_micros(p) / INT64_C(86400000000)), out);
    return DATE_TEXT_SIZE - 1;
}

static size_t random_id(struct property *p, char *out) {
    static const char letters[] = "0123456789abcXYZ_.:-";
    size_t length = 1 + property_below(p, 12), of = property_below(p, 2) == 0 ? 10 : sizeof letters - 1;
    for (size_t i = 0; i < length; i++) out[i] = letters[property_below(p, of)];
    return length;
}

/* A text that is something else, or nearly. */
static size_t random_text(struct property *p, char *out) {
    static const struct rules wide = {.precision = 38, .scale = 5};
    static const char *const words[] = {"true",  "false", "True",           "",          " 42",  "42abc", "-",
                                        "00501", "1e5",   "\xC3\xA9\"\\\n", "[1,\"a\"]", "null", "12.",   "-0"};
    size_t length;
    switch (property_below(p, 6)) {
    case 0: length = number_print_integer(random_integer(p), out); break;
    case 1: length = random_decimal(p, &wide, out); break;
    case 2: length = random_day(p, out); break;
    case 3:
        datetime_print(random_micros(p), out);
        length = DATETIME_TEXT_SIZE - 1;
        break;
    case 4: length = random_id(p, out); break;
    default: {
        const char *word = words[property_below(p, sizeof words / sizeof *words)];
        length = strlen(word);
        memcpy(out, word, length);
    }
    }
    size_t place = length > 0 ? property_below(p, length) : 0;
    if (length > 0 && out[place] > 0 && property_below(p, 5) == 0) out[place] = "0 x-"[property_below(p, 4)];
    return length;
}

static size_t random_json(struct property *p, char *out) {
    char text[TEXT_ROOM];
    struct buffer json = BUFFER_INIT;
    switch (property_below(p, 6)) {
    case 0: json_write_integer(&json, random_integer(p)); break;
    case 1: json_write_number(&json, (double)random_integer(p) / 64); break;
    case 2: buffer_puts(&json, property_below(p, 2) == 0 ? "true" : "false"); break;
    case 3: buffer_puts(&json, property_below(p, 2) == 0 ? "[1,{\"a\":2}]" : "{\"b\":[]}"); break;
    default: json_write_string(&json, text, random_text(p, text)); break;
    }
    size_t length = json.length;
    memcpy(out, json.data, length);
    buffer_free(&json);
    return length;
}

/* A normalized value that the column may hold; its text is in `room`. */
static flexdb_value random_value(struct property *p, const struct compiled_column *c, char room[TEXT_ROOM]) {
    flexdb_value value;
    struct buffer scratch = BUFFER_INIT;
    switch (c->column->type) {
    case TYPE_INTEGER: return value_integer(random_integer(p));
    case TYPE_BOOLEAN: return value_boolean(property_below(p, 2) == 0);
    case TYPE_DECIMAL: value = value_text(room, random_decimal(p, &c->column->rules, room)); break;
    case TYPE_DATE: value = value_text(room, random_day(p, room)); break;
    case TYPE_DATETIME:
        datetime_print(random_micros(p), room);
        value = value_text(room, DATETIME_TEXT_SIZE - 1);
        break;
    case TYPE_REFERENCE: value = value_text(room, random_id(p, room)); break;
    case TYPE_JSON:
        value = value_text(room, random_json(p, room));
        value.tag = FLEXDB_JSON;
        break;
    default: value = value_text(room, random_text(p, room)); break;
    }
    flexdb_value judged = value; /* it is normalized already */
    assert_int_equal(c->type->check(c, &judged, &scratch), VERDICT_OK);
    assert_int_equal(judged.length, value.length);
    assert_memory_equal(judged.as.text, value.as.text, value.length);
    buffer_free(&scratch);
    return value;
}

/* ---- what holds for every pair ---- */

static void assert_same(enum column_type type, const flexdb_value *a, const flexdb_value *b) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    assert_int_equal(value_same(type, a, b, &err), 1);
}

static void check_failure(const struct conversion *c, struct convert_outcome outcome, const flexdb_value *in,
                          const flexdb_value *out) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    convert_issue(c, outcome, in, out, "a", &err);
    assert_int_equal(err.code, FLEXDB_OK);
    assert_int_equal(err.issue_count, 1);
    assert_true(strlen(err.issues[0].message) > 0 && strlen(err.issues[0].rule) > 0);
    if (in->tag != FLEXDB_JSON || in->length > 0) assert_non_null(err.issues[0].got);
    error_clear(&err);
}

/* Converts within the room that was promised; twice, with one result. */
static struct convert_outcome convert(const struct conversion *c, const flexdb_value *in, flexdb_value *out,
                                      struct buffer *scratch) {
    flexdb_value again;
    assert_true(buffer_reserve(scratch, 2 * conversion_room(c, in)));
    const char *data = scratch->data;
    size_t before = scratch->length;
    struct convert_outcome outcome = convert_value(c, in, out, scratch);
    assert_in_range(scratch->length - before, 0, conversion_room(c, in));
    struct convert_outcome other = convert_value(c, in, &again, scratch);
    assert_ptr_equal(scratch->data, data);
    assert_true(outcome.how == other.how && outcome.reason == other.reason && outcome.verdict == other.verdict);
    if (out->tag != FLEXDB_ABSENT) assert_same(c->to->column->type, out, &again);
    return outcome;
}

static void keeps_its_class(const struct conversion *c, enum convert_class class, struct convert_outcome outcome) {
    if (outcome.reason == CONVERT_RULE) return; /* texts may be too long for a string */
    if (class == CONVERT_EXACT && outcome.how != CONVERTED_EXACT) {
        fail_msg("%s to %s is not exact", column_type_name(c->from->column->type),
                 column_type_name(c->to->column->type));
    }
    if (class == CONVERT_MAY_FAIL) assert_int_not_equal(outcome.how, CONVERTED_ROUNDED);
}

/* What every conversion of the class `exact` made comes back, and exactly. */
static void comes_back(const struct conversion *c, const flexdb_value *in, const flexdb_value *converted) {
    struct conversion back;
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer scratch = BUFFER_INIT;
    flexdb_value out;
    assert_true(conversion_open(&back, c->to, c->from, NULL, "a", &err));
    struct convert_outcome outcome = convert(&back, converted, &out, &scratch);
    if (outcome.how != CONVERTED_EXACT) {
        fail_msg("%s does not come back from %s", column_type_name(c->from->column->type),
                 column_type_name(c->to->column->type));
    }
    assert_same(c->from->column->type, in, &out);
    buffer_free(&scratch);
}

static void try_pair(struct property *p, enum column_type from, enum column_type to) {
    struct validator *a = random_column(p, from), *b = random_column(p, to);
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct buffer scratch = BUFFER_INIT;
    struct conversion c;
    bool open = conversion_open(&c, validator_column(a, 0), validator_column(b, 0), NULL, "a", &err);
    assert_int_equal(open, conversion_row(from, to)->class != CONVERT_REFUSED);
    error_clear(&err);
    for (int i = 0; open && i < ROUNDS / 20; i++) {
        char room[TEXT_ROOM];
        flexdb_value in = random_value(p, c.from, room), out;
        enum convert_class class = conversion_class(c.from->column, c.to->column);
        buffer_reset(&scratch);
        struct convert_outcome outcome = convert(&c, &in, &out, &scratch);
        keeps_its_class(&c, class, outcome);
        keeps_its_class(&c, c.row->class, outcome);
        if (outcome.how == CONVERT_FAILED) {
            check_failure(&c, outcome, &in, &out);
        } else {
            assert_int_equal(convert_loss(outcome.reason) != NULL, outcome.how == CONVERTED_ROUNDED);
            flexdb_value judged = out;
            assert_int_equal(c.to->type->check(c.to, &judged, &scratch), VERDICT_OK);
            if (class == CONVERT_EXACT) comes_back(&c, &in, &out);
        }
    }
    buffer_free(&scratch);
    validator_drop(a);
    validator_drop(b);
}

static void classes_keep_their_promise(void **state) {
    (void)state;
    struct property p = property_begin("classes_keep_their_promise");
    for (int i = 0; i < 20; i++) {
        for (int from = 0; from < TYPE_COUNT; from++) {
            for (int to = 0; to < TYPE_COUNT; to++) try_pair(&p, (enum column_type)from, (enum column_type)to);
        }
    }
}

/* Values that no column holds: any tag, any bytes. */
static flexdb_value random_bytes(struct property *p, char room[TEXT_ROOM]) {
    static const char marks[] = "\"\\u0-+.eE[]{}tfn19:TZ ";
    static const flexdb_tag tags[] = {FLEXDB_TEXT, FLEXDB_TEXT, FLEXDB_JSON, FLEXDB_JSON, FLEXDB_BYTES};
    flexdb_value value = {.tag = tags[property_below(p, 5)]};
    size_t length = property_below(p, 48);
    bool wild = property_below(p, 2) == 0;
    for (size_t i = 0; i < length; i++) {
        room[i] = wild ? (char)property_next(p) : marks[property_below(p, sizeof marks - 1)];
    }
    if (property_below(p, 4) == 0 && length > 1) room[0] = room[length - 1] = '"';
    if (property_below(p, 10) == 0) return value_integer(random_integer(p));
    if (property_below(p, 10) == 0) return value_number((double)random_integer(p));
    /* In a block of its own length, so that a sanitizer sees what reads beyond it. */
    char *exact = malloc(length > 0 ? length : 1);
    assert_non_null(exact);
    memcpy(exact, room, length);
    value.length = length;
    value.as.text = exact;
    return value;
}

static void random_bytes_do_no_harm(void **state) {
    (void)state;
    struct property p = property_begin("random_bytes_do_no_harm");
    cJSON *parse = read_json("['%b %d %Y','%Y-%m-%d %H:%M:%S']");
    for (int i = 0; i < TYPE_COUNT * TYPE_COUNT; i++) {
        enum column_type from = (enum column_type)(i / TYPE_COUNT), to = (enum column_type)(i % TYPE_COUNT);
        struct validator *a = random_column(&p, from), *b = random_column(&p, to);
        flexdb_error err = FLEXDB_ERROR_INIT;
        struct buffer scratch = BUFFER_INIT;
        struct conversion c;
        bool texts = from == TYPE_STRING || from == TYPE_TEXT || from == TYPE_JSON;
        bool times = to == TYPE_DATE || to == TYPE_DATETIME;
        bool open = conversion_open(&c, validator_column(a, 0), validator_column(b, 0),
                                    texts && times && property_below(&p, 2) == 0 ? parse : NULL, "a", &err);
        error_clear(&err);
        for (int n = 0; open && n < ROUNDS; n++) {
            char room[TEXT_ROOM];
            flexdb_value in = random_bytes(&p, room), out;
            buffer_reset(&scratch);
            struct convert_outcome outcome = convert(&c, &in, &out, &scratch);
            if (outcome.how == CONVERT_FAILED) check_failure(&c, outcome, &in, &out);
            if (in.tag == FLEXDB_TEXT || in.tag == FLEXDB_JSON || in.tag == FLEXDB_BYTES) free((char *)in.as.text);
        }
        buffer_free(&scratch);
        validator_drop(a);
        validator_drop(b);
    }
    cJSON_Delete(parse);
}

/* Rounding is the nearest, and away from zero where two are equally near. */
static void rounding_is_half_away_from_zero(void **state) {
    (void)state;
    struct property p = property_begin("rounding_is_half_away_from_zero");
    for (int i = 0; i < 20000; i++) {
        int64_t unit = 1, given = random_integer(&p) / 1000, rest;
        struct decimal value = {given, (int)property_below(&p, 10)};
        int scale = (int)property_below(&p, (uint64_t)value.scale + 1);
        bool rounded;
        for (int n = scale; n < value.scale; n++) unit *= 10;
        assert_int_equal(decimal_round(&value, DECIMAL_MAX_PRECISION, scale, &rounded), DECIMAL_OK);
        rest = given - (int64_t)value.coefficient * unit;
        assert_int_equal(rounded, rest != 0);
        assert_true(2 * llabs(rest) <= unit);
        if (unit > 1 && 2 * llabs(rest) == unit) assert_true(llabs((int64_t)value.coefficient) * unit > llabs(given));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_keep_their_promise),
        cmocka_unit_test(random_bytes_do_no_harm),
        cmocka_unit_test(rounding_is_half_away_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
