/* A stored document that is read at all says the same whole, in parts, member by member, and written anew. */
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "fuzz.h"
#include "model/codec.h"

static void must_be_found_alone(const struct validator *v, const char *data, size_t length,
                                const struct record *whole) {
    struct buffer scratch = BUFFER_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    for (size_t slot = 0; slot < validator_shape(v)->columns; slot++) {
        bool wanted[FUZZ_SLOTS] = {false};
        struct record one = RECORD_INIT;
        wanted[slot] = true;
        fuzz_done(codec_decode(v, data, length, wanted, &one, &err), &err);
        fuzz_must_be_value(&one.values[slot], &whole->values[slot]);
        record_free(&one);
    }
    buffer_free(&scratch);
}

/* What stands under keys that the table does not know is neither read nor judged. */
static bool is_json(const char *data, size_t length) {
    struct json_reader r;
    enum json_event event;
    json_reader_init(&r, data, length, JSON_MAX_DEPTH, true);
    do event = json_reader_next(&r);
    while (event != JSON_ERROR && event != JSON_END);
    json_reader_free(&r);
    return event == JSON_END;
}

static void must_be_written(const struct validator *v, const char *data, size_t length, const struct record *was) {
    struct record put = RECORD_INIT, read = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fuzz_done(codec_put(v, data, length, was->values, &put, &err), &err);
    if (is_json(data, length)) fuzz_must_be_json(put.document.data, put.document.length);
    fuzz_done(codec_decode(v, put.document.data, put.document.length, NULL, &read, &err), &err);
    for (size_t i = 0; i < validator_shape(v)->columns; i++) fuzz_must_be_value(&read.values[i], &was->values[i]);
    record_free(&put);
    record_free(&read);
}

static void strip(const struct validator *v, const char *data, size_t length) {
    struct names gone = NAMES_INIT;
    struct buffer out = BUFFER_INIT, scratch = BUFFER_INIT;
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    FUZZ_MUST(names_add(&gone, "age", 3, 0) == 1 && names_add(&gone, "tags", 4, 1) == 1, "memory");
    int rc = codec_strip(data, length, &gone, &out, &scratch, &err);
    if (rc < 0)
        fuzz_refused(rc, &err);
    else if (rc == 1 && codec_decode(v, data, length, NULL, &r, &err) == 0)
        fuzz_done(codec_decode(v, out.data, out.length, NULL, &r, &err), &err);
    error_clear(&err);
    record_free(&r);
    names_free(&gone);
    buffer_free(&out);
    buffer_free(&scratch);
}

/* As SQL calls it, of whatever is stored. */
static void find(const struct validator *v, const char *data, size_t length) {
    struct buffer scratch = BUFFER_INIT;
    for (size_t slot = 0; slot < validator_shape(v)->columns; slot++) {
        const struct compiled_column *c = validator_column(v, slot);
        const char *span = NULL;
        size_t span_length = 0;
        flexdb_value value;
        if (codec_find(data, length, c->member, c->member_length, &span, &span_length) != 1) continue;
        FUZZ_MUST(span >= data && span_length <= length && span + span_length <= data + length, "a span outside");
        buffer_reset(&scratch);
        FUZZ_MUST(buffer_reserve(&scratch, length + CODEC_PHYSICAL_SCRATCH), "memory");
        codec_span_physical(span, span_length, c->physical, c->column->rules.scale, &value, &scratch);
    }
    buffer_free(&scratch);
}

void fuzz_document(const char *data, size_t length) {
    const struct validator *v = fuzz_table();
    struct record whole = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    find(v, data, length);
    strip(v, data, length);
    int rc = codec_decode(v, data, length, NULL, &whole, &err);
    if (rc == 0) {
        must_be_found_alone(v, data, length, &whole);
        must_be_written(v, data, length, &whole);
    } else {
        FUZZ_MUST(rc == -FLEXDB_CORRUPT, "%s", err.message);
        fuzz_refused(rc, &err);
    }
    record_free(&whole);
}
