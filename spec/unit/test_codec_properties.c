/* What holds for every definition, record and document, tried on random ones. */
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
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "model/codec.h"
#include "model/codec_parts.h"
#include "model/codec_scan.h"
#include "model/type.h"
#include "property.h"

enum { MAX_COLUMNS = 12, MAX_SLOTS = MAX_COLUMNS + SYSTEM_SLOTS, TRIALS = 400 };

/* ---- random things ---- */

struct trial {
    struct property *p;
    struct validator *v;
    struct buffer texts; /* of the given values; reserved ahead */
    flexdb_value given[MAX_SLOTS];
    flexdb_error err;
};

static bool coin(struct property *p, unsigned of) { return property_below(p, of) == 0; }

/* Pieces that make a search by text stumble, and all kinds of bytes. */
static void random_text(struct property *p, struct buffer *out) {
    static const char *const pieces[] = {"\"c1\":",
                                         "\"c2\"",
                                         "\\",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         ":",
                                         "\n",
                                         "\x01",
                                         "\x1f",
                                         "\x7f",
                                         "\xC3\xA9",
                                         "\xE2\x82\xAC",
                                         "\xF0\x9F\x98\x80",
                                         "plain words of some length ",
                                         "x",
                                         "\"",
                                         "/"};
    size_t count = property_below(p, 12);
    for (size_t i = 0; i < count; i++) buffer_puts(out, pieces[property_below(p, sizeof pieces / sizeof pieces[0])]);
}

static void random_json(struct property *p, int depth, struct buffer *out) {
    struct buffer text = BUFFER_INIT;
    size_t count = property_below(p, 4);
    switch (property_below(p, depth > 3 ? 4 : 6)) {
    case 0: buffer_puts(out, coin(p, 2) ? "true" : "false"); break;
    case 1: json_write_integer(out, (int64_t)property_next(p)); break;
    case 2: json_write_number(out, (double)(int64_t)property_next(p) / 1e6); break;
    case 3:
        random_text(p, &text);
        json_write_string(out, text.data, text.length);
        break;
    case 4:
        buffer_put(out, '[');
        for (size_t i = 0; i < count; i++) {
            if (i > 0) buffer_put(out, ',');
            random_json(p, depth + 1, out);
        }
        buffer_put(out, ']');
        break;
    default:
        buffer_put(out, '{');
        for (size_t i = 0; i < count; i++) {
            buffer_printf(out, "%s\"c%zu\":", i > 0 ? "," : "", i);
            random_json(p, depth + 1, out);
        }
        buffer_put(out, '}');
    }
    buffer_free(&text);
}

static void random_definition(struct trial *t) {
    static const char *const rest[] = {"\"string\"",
                                       "\"text\"",
                                       "\"integer\"",
                                       "\"decimal\",\"validation\":{\"precision\":12,\"scale\":3}",
                                       "\"decimal\",\"validation\":{\"precision\":38,\"scale\":10}",
                                       "\"boolean\"",
                                       "\"date\"",
                                       "\"datetime\"",
                                       "\"json\"",
                                       "\"reference\",\"validation\":{\"targetTable\":\"t\"}"};
    struct buffer text = BUFFER_INIT;
    size_t count = property_below(t->p, MAX_COLUMNS + 1);
    buffer_puts(&text, "{\"columns\":[");
    for (size_t i = 0; i < count; i++) {
        size_t type = property_below(t->p, sizeof rest / sizeof rest[0]);
        buffer_printf(&text, "%s{\"name\":\"c%zu\",\"dataType\":%s", i > 0 ? "," : "", i, rest[type]);
        if (type == 2 && coin(t->p, 2)) buffer_printf(&text, ",\"initialDefault\":%d", (int)property_below(t->p, 100));
        if (type == 2 && coin(t->p, 3)) buffer_printf(&text, ",\"defaultValue\":%d", (int)property_below(t->p, 100));
        buffer_put(&text, '}');
    }
    buffer_puts(&text, "]}");
    if (validator_parse(&t->v, buffer_text(&text), text.length, DEFINITION_GIVEN, &t->err) != 0)
        fail_msg("%s", t->err.message);
    buffer_free(&text);
}

/* A given value that the column takes. */
static flexdb_value random_value(struct trial *t, const struct column *c) {
    struct buffer *b = &t->texts;
    size_t begin = b->length;
    char text[64];
    struct decimal decimal;
    switch (c->type) {
    case TYPE_STRING:
    case TYPE_TEXT: random_text(t->p, b); break;
    case TYPE_INTEGER: return value_integer((int64_t)property_next(t->p) >> property_below(t->p, 64));
    case TYPE_DECIMAL:
        decimal.coefficient = (int64_t)property_below(t->p, 999999999);
        decimal.scale = (int)property_below(t->p, 4);
        if (coin(t->p, 2)) decimal.coefficient = -decimal.coefficient;
        buffer_append(b, text, decimal_print(&decimal, text));
        break;
    case TYPE_BOOLEAN: return value_boolean(coin(t->p, 2));
    case TYPE_DATE:
        date_print((int32_t)property_below(t->p, 100000) - 50000, text);
        buffer_puts(b, text);
        break;
    case TYPE_DATETIME:
        datetime_print((int64_t)property_below(t->p, UINT64_C(4000000000000000)) - INT64_C(2000000000000000), text);
        buffer_puts(b, text);
        break;
    case TYPE_JSON: random_json(t->p, 0, b); break;
    default: buffer_printf(b, "id-%u", (unsigned)property_below(t->p, 1000000));
    }
    flexdb_value value = value_text(b->data + begin, b->length - begin);
    if (c->type == TYPE_JSON) value.tag = FLEXDB_JSON;
    return value;
}

static void random_record(struct trial *t, unsigned absent) {
    const struct definition *d = validator_definition(t->v);
    memset(t->given, 0, sizeof t->given);
    for (size_t i = 0; i < d->count; i++) {
        if (coin(t->p, absent)) continue;
        t->given[i] = coin(t->p, 5) ? value_null() : random_value(t, &d->columns[i]);
    }
}

static struct trial trial_begin(struct property *p) {
    struct trial t = {.p = p, .texts = BUFFER_INIT, .err = FLEXDB_ERROR_INIT};
    assert_true(buffer_reserve(&t.texts, 1 << 20));
    random_definition(&t);
    return t;
}

static void trial_end(struct trial *t) {
    buffer_free(&t->texts);
    validator_drop(t->v);
}

/* ---- comparing ---- */

static void assert_value(const flexdb_value *a, const flexdb_value *b) {
    assert_int_equal(a->tag, b->tag);
    if (a->tag == FLEXDB_INTEGER) assert_true(a->as.integer == b->as.integer);
    if (a->tag == FLEXDB_BOOLEAN) assert_int_equal(a->as.boolean, b->as.boolean);
    if (a->tag != FLEXDB_TEXT && a->tag != FLEXDB_JSON) return;
    assert_int_equal(a->length, b->length);
    if (a->length != 0) assert_memory_equal(a->as.text, b->as.text, a->length);
}

static void assert_strict_json(const char *text, size_t length) {
    struct json_reader r;
    json_reader_init(&r, text, length, 100, true);
    for (;;) {
        enum json_event event = json_reader_next(&r);
        if (event == JSON_ERROR) fail_msg("%s at %zu of %.*s", r.message, r.offset, (int)length, text);
        if (event == JSON_END) break;
    }
    json_reader_free(&r);
}

/* A copy of exactly the length, so that a sanitizer sees a byte too many. */
static char *exact_copy(const char *text, size_t length) {
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    if (length > 0) memcpy(copy, text, length);
    return copy;
}

static void encode(struct trial *t, struct record *r) {
    if (codec_encode(t->v, t->given, r, &t->err) != 0) fail_msg("refused: %s", t->err.message);
}

static void decode(struct trial *t, const char *document, size_t length, struct record *r) {
    if (codec_decode(t->v, document, length, NULL, r, &t->err) != 0)
        fail_msg("%s: %.*s", t->err.message, (int)length, document);
}

/* ---- properties ---- */

static void test_round_trip(void **state) {
    (void)state;
    struct property p = property_begin("encode, then decode");
    for (int i = 0; i < TRIALS; i++) {
        struct trial t = trial_begin(&p);
        struct record written = RECORD_INIT, read = RECORD_INIT;
        random_record(&t, 4);
        encode(&t, &written);
        assert_strict_json(written.document.data, written.document.length);
        char *document = exact_copy(written.document.data, written.document.length);
        decode(&t, document, written.document.length, &read);
        size_t count = validator_shape(t.v)->columns;
        for (size_t slot = 0; slot < count; slot++) assert_value(&read.values[slot], &written.values[slot]);

        /* What was read, given again, is the same document. */
        memcpy(t.given, read.values, count * sizeof *t.given);
        for (size_t slot = 0; slot < count; slot++) {
            if (t.given[slot].tag == FLEXDB_ABSENT) t.given[slot] = value_null();
        }
        struct record again = RECORD_INIT;
        encode(&t, &again);
        assert_int_equal(again.document.length, written.document.length);
        assert_memory_equal(again.document.data, document, again.document.length);
        free(document);
        record_free(&written);
        record_free(&read);
        record_free(&again);
        trial_end(&t);
    }
}

/* The members of a document in any order, spaced as MySQL does. */
static void shuffle(struct property *p, const struct validator *v, const char *document, size_t length,
                    struct buffer *out) {
    struct scan s;
    struct buffer scratch = BUFFER_INIT;
    struct {
        const char *text;
        size_t key, value_length;
    } members[2 * MAX_COLUMNS];
    size_t count = 0;
    assert_true(scan_begin(&s, v, document, length));
    while (scan_next(&s, &scratch) == SCAN_MEMBER) {
        const char *end = scan_value(s.value, s.end);
        members[count].text = s.key;
        members[count].key = (size_t)(s.value - s.key);
        members[count].value_length = (size_t)(end - s.value);
        s.at = end;
        count++;
    }
    buffer_put(out, '{');
    for (size_t left = count; left > 0; left--) {
        size_t i = property_below(p, left);
        buffer_append(out, members[i].text, members[i].key);
        buffer_put(out, ' ');
        buffer_append(out, members[i].text + members[i].key, members[i].value_length);
        if (left > 1) buffer_puts(out, ", ");
        members[i] = members[left - 1];
    }
    buffer_put(out, '}');
    buffer_free(&scratch);
}

static void test_any_order(void **state) {
    (void)state;
    struct property p = property_begin("any order and spacing");
    for (int i = 0; i < TRIALS; i++) {
        struct trial t = trial_begin(&p);
        struct record written = RECORD_INIT, read = RECORD_INIT;
        struct buffer other = BUFFER_INIT;
        random_record(&t, 4);
        encode(&t, &written);
        shuffle(&p, t.v, written.document.data, written.document.length, &other);
        assert_strict_json(other.data, other.length);
        decode(&t, other.data, other.length, &read);
        for (size_t slot = 0; slot < validator_shape(t.v)->columns; slot++) {
            assert_value(&read.values[slot], &written.values[slot]);
        }
        buffer_free(&other);
        record_free(&written);
        record_free(&read);
        trial_end(&t);
    }
}

/* Every slot's value, found alone or not at all, is what decoding the whole document gives. */
static void check_find(struct trial *t, const char *document, size_t length) {
    struct record r = RECORD_INIT;
    struct buffer scratch = BUFFER_INIT;
    decode(t, document, length, &r);
    for (size_t slot = 0; slot < validator_shape(t->v)->columns; slot++) {
        const struct compiled_column *c = validator_column(t->v, slot);
        const char *span;
        size_t span_length;
        flexdb_value expected, value = value_null();
        bool wanted[MAX_COLUMNS] = {false};
        wanted[slot] = true;
        struct record one = RECORD_INIT;
        assert_int_equal(codec_decode(t->v, document, length, wanted, &one, &t->err), 0);
        assert_value(&one.values[slot], &r.values[slot]);
        record_free(&one);

        int found = codec_find(document, length, c->member, c->member_length, &span, &span_length);
        assert_in_range(found, 0, 1);
        if (c->physical == PHYSICAL_NONE) {
            if (found == 1 && r.values[slot].tag == FLEXDB_JSON) {
                flexdb_value json = {.tag = FLEXDB_JSON, .length = span_length, .as.text = span};
                assert_value(&json, &r.values[slot]);
            } else {
                assert_int_equal(r.values[slot].tag, FLEXDB_ABSENT);
            }
            continue;
        }
        buffer_reset(&scratch);
        assert_true(buffer_reserve(&scratch, length + 4 * CODEC_PHYSICAL_SCRATCH));
        if (found == 0) {
            assert_value(&r.values[slot], &c->initial_default);
            continue;
        }
        assert_true(codec_span_physical(span, span_length, c->physical, c->column->rules.scale, &value, &scratch));
        assert_int_equal(codec_physical(t->v, slot, &r.values[slot], &expected, &scratch, &t->err), 0);
        assert_value(&value, &expected);
    }
    buffer_free(&scratch);
    record_free(&r);
}

static void test_find(void **state) {
    (void)state;
    struct property p = property_begin("find agrees with decode");
    for (int i = 0; i < TRIALS; i++) {
        struct trial t = trial_begin(&p);
        struct record written = RECORD_INIT;
        struct buffer other = BUFFER_INIT;
        random_record(&t, 3);
        encode(&t, &written);
        check_find(&t, written.document.data, written.document.length);
        shuffle(&p, t.v, written.document.data, written.document.length, &other);
        check_find(&t, other.data, other.length);
        buffer_free(&other);
        record_free(&written);
        trial_end(&t);
    }
}

/* A document of a wider definition, updated under one that knows fewer of its columns. */
static void test_merge_keeps(void **state) {
    (void)state;
    struct property p = property_begin("merge keeps what it does not set");
    for (int i = 0; i < TRIALS; i++) {
        struct trial wide = trial_begin(&p), narrow = {.p = &p, .err = FLEXDB_ERROR_INIT};
        struct record before = RECORD_INIT, after = RECORD_INIT, read = RECORD_INIT, expected = RECORD_INIT;
        random_record(&wide, 4);
        encode(&wide, &before);
        const struct definition *d = validator_definition(wide.v);
        cJSON *document = definition_document(d, PRINT_STORED), *columns = cJSON_GetObjectItem(document, "columns");
        for (size_t slot = d->count; slot-- > 0;) {
            if (coin(&p, 2)) cJSON_DeleteItemFromArray(columns, (int)slot);
        }
        char *text = cJSON_PrintUnformatted(document);
        cJSON_Delete(document);
        assert_int_equal(validator_parse(&narrow.v, text, strlen(text), DEFINITION_STORED, &narrow.err), 0);
        cJSON_free(text);
        assert_true(buffer_reserve(&narrow.texts, 1 << 20));
        random_record(&narrow, 2);
        assert_int_equal(
            codec_merge(narrow.v, before.document.data, before.document.length, narrow.given, &after, &narrow.err), 0);
        assert_strict_json(after.document.data, after.document.length);

        /* Read under both definitions: what was given is there, all else is as it was. */
        decode(&narrow, after.document.data, after.document.length, &read);
        for (size_t slot = 0; slot < validator_shape(narrow.v)->columns; slot++) {
            assert_value(&read.values[slot], &after.values[slot]);
            if (narrow.given[slot].tag == FLEXDB_NULL) assert_int_equal(read.values[slot].tag, FLEXDB_ABSENT);
        }
        decode(&wide, before.document.data, before.document.length, &expected);
        decode(&wide, after.document.data, after.document.length, &read);
        for (size_t slot = 0; slot < d->count; slot++) {
            const char *name = d->columns[slot].name;
            int64_t given = validator_slot(narrow.v, name, strlen(name));
            if (given != NAMES_NONE && narrow.given[given].tag != FLEXDB_ABSENT) continue;
            assert_value(&read.values[slot], &expected.values[slot]);
        }
        record_free(&before);
        record_free(&after);
        record_free(&read);
        record_free(&expected);
        trial_end(&wide);
        trial_end(&narrow);
    }
}

/* Bytes changed, cut and doubled: an answer or CORRUPT, never a byte too many. */
static void test_damage(void **state) {
    (void)state;
    struct property p = property_begin("damaged documents");
    static const char bytes[] = "\"\\{}[]:,0-e.tfnu \n\xff\0";
    for (int i = 0; i < TRIALS; i++) {
        struct trial t = trial_begin(&p);
        struct record written = RECORD_INIT, read = RECORD_INIT;
        random_record(&t, 4);
        encode(&t, &written);
        for (int round = 0; round < 20; round++) {
            size_t length = written.document.length;
            char *copy = exact_copy(written.document.data, length);
            for (size_t n = property_below(&p, 3); n > 0; n--)
                copy[property_below(&p, length)] = bytes[property_below(&p, sizeof bytes)];
            if (coin(&p, 2)) {
                length = property_below(&p, length);
                char *shorter = exact_copy(copy, length);
                free(copy);
                copy = shorter;
            }
            int rc = codec_decode(t.v, copy, length, NULL, &read, &t.err);
            assert_true(rc == 0 || rc == -FLEXDB_CORRUPT);
            error_clear(&t.err);
            memset(t.given, 0, sizeof t.given);
            rc = codec_merge(t.v, copy, length, t.given, &read, &t.err);
            assert_true(rc == 0 || rc == -FLEXDB_CORRUPT);
            error_clear(&t.err);
            const char *span;
            size_t span_length;
            flexdb_value value;
            if (codec_find(copy, length, "\"c1\":", 5, &span, &span_length) == 1) {
                assert_true(span >= copy && span + span_length <= copy + length);
                codec_span_physical(span, span_length, PHYSICAL_TEXT, 0, &value, &read.scratch);
                codec_span_physical(span, span_length, PHYSICAL_INTEGER, 3, &value, &read.scratch);
            }
            free(copy);
        }
        record_free(&written);
        record_free(&read);
        trial_end(&t);
    }
}

/* One pass says the same as the two that it stands for. */
static void test_emit_text(void **state) {
    (void)state;
    struct property p = property_begin("text in one pass");
    for (int i = 0; i < 50 * TRIALS; i++) {
        struct buffer text = BUFFER_INIT, expected = BUFFER_INIT;
        random_text(&p, &text);
        if (coin(&p, 3) && text.length > 0) text.data[property_below(&p, text.length)] = (char)property_next(&p);
        char *exact = exact_copy(text.data, text.length);
        char *out = malloc(codec_text_bound(exact, text.length));
        assert_non_null(out);
        struct utf8_facts facts, found;
        bool good = utf8_check(exact, text.length, &facts) && !facts.has_nul;
        char *end = codec_emit_text(out, exact, text.length, &found);
        assert_int_equal(end != NULL, good);
        if (good) {
            json_write_string(&expected, exact, text.length);
            assert_int_equal(end - out, expected.length - 2);
            if (end > out) assert_memory_equal(out, expected.data + 1, (size_t)(end - out));
            assert_int_equal(found.code_points, facts.code_points);
            assert_int_equal(found.ascii, facts.ascii);
        }
        free(exact);
        free(out);
        buffer_free(&text);
        buffer_free(&expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_any_order), cmocka_unit_test(test_find),
        cmocka_unit_test(test_merge_keeps), cmocka_unit_test(test_damage),    cmocka_unit_test(test_emit_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
