/* A record that is taken is stored as a document that reads back as what was taken, and is taken again unchanged. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model/codec.h"

static void must_be_values(const struct validator *v, const flexdb_value *got, const flexdb_value *want) {
    for (size_t i = 0; i < validator_shape(v)->columns; i++) fuzz_must_be_value(&got[i], &want[i]);
}

/* Whole, or with a value for every column that has none and an initial default: a record that was read is given back
 * so. */
static void must_be_taken_again(const struct validator *v, const struct record *was) {
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value given[FUZZ_SLOTS] = {{0}};
    for (size_t i = 0; i < validator_shape(v)->columns; i++)
        given[i] = was->values[i].tag == FLEXDB_ABSENT ? value_null() : was->values[i];
    fuzz_done(codec_encode(v, given, &r, &err), &err);
    must_be_values(v, r.values, was->values);
    fuzz_must_be_text(r.document.data, r.document.length, was->document.data, was->document.length, "the document");
    record_free(&r);
}

static void must_read_back(const struct validator *v, const struct record *was) {
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    fuzz_must_be_json(was->document.data, was->document.length);
    fuzz_done(codec_decode(v, was->document.data, was->document.length, NULL, &r, &err), &err);
    must_be_values(v, r.values, was->values);

    struct buffer scratch = BUFFER_INIT;
    bool which[FUZZ_SLOTS];
    memset(which, true, sizeof which);
    FUZZ_MUST(codec_check(v, r.values, which, &scratch, &err) == 0, "%s", err.issues[0].message);
    FUZZ_MUST(codec_check_expressions(v, r.values, NULL, &scratch, &err) == 0, "%s", err.issues[0].message);
    fuzz_done(0, &err);
    buffer_free(&scratch);
    record_free(&r);
}

/* An update that sets what is there already, or what is given anew. */
static void must_merge(const struct validator *v, const struct record *was, const flexdb_value *given) {
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    flexdb_value nothing[FUZZ_SLOTS] = {{0}};
    fuzz_done(codec_merge(v, was->document.data, was->document.length, nothing, &r, &err), &err);
    must_be_values(v, r.values, was->values);
    fuzz_done(codec_merge(v, was->document.data, was->document.length, given, &r, &err), &err);
    must_be_values(v, r.values, was->values);
    record_free(&r);
}

void fuzz_record(const char *data, size_t length) {
    const struct validator *v = fuzz_table();
    struct fuzz_record given;
    struct record r = RECORD_INIT;
    flexdb_error err = FLEXDB_ERROR_INIT;
    if (!fuzz_lay_out(&given, v, data, length)) return;
    int rc = codec_encode(v, given.values, &r, &err);
    if (rc == 0) {
        must_read_back(v, &r);
        must_be_taken_again(v, &r);
        must_merge(v, &r, given.values);
    } else {
        FUZZ_MUST(rc == -FLEXDB_INVALID_RECORD && err.issue_count > 0, "%s: %s", error_code_name(err.code),
                  err.message);
        fuzz_refused(rc, &err);
        /* As a change of a record that is there. */
        static const char stored[] = "{\"code\":\"A\",\"count\":3}";
        rc = codec_merge(v, stored, sizeof stored - 1, given.values, &r, &err);
        if (rc != 0) fuzz_refused(rc, &err);
    }
    record_free(&r);
    fuzz_record_free(&given);
}
