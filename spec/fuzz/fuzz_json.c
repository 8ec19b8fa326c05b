/* What the strict reader takes it gives again: as events written anew, and as a document. */
#include <stdlib.h>

#include "base/document.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "fuzz.h"

/* Writes the events of a text; false when it is refused. */
static bool rewrite(const char *text, size_t length, struct buffer *out) {
    struct json_reader r;
    enum json_event event, before = JSON_OBJECT;
    json_reader_init(&r, text, length, JSON_MAX_DEPTH, true);
    while ((event = json_reader_next(&r)) != JSON_END && event != JSON_ERROR) {
        bool opens = before == JSON_OBJECT || before == JSON_ARRAY || before == JSON_KEY;
        if (!opens && event != JSON_OBJECT_END && event != JSON_ARRAY_END) buffer_put(out, ',');
        switch (event) {
        case JSON_OBJECT: buffer_put(out, '{'); break;
        case JSON_OBJECT_END: buffer_put(out, '}'); break;
        case JSON_ARRAY: buffer_put(out, '['); break;
        case JSON_ARRAY_END: buffer_put(out, ']'); break;
        case JSON_INTEGER: json_write_integer(out, r.integer); break;
        case JSON_NUMBER: json_write_number(out, r.number); break;
        case JSON_TRUE: buffer_puts(out, "true"); break;
        case JSON_FALSE: buffer_puts(out, "false"); break;
        case JSON_NULL: buffer_puts(out, "null"); break;
        default: json_write_string(out, r.text, r.length); break;
        }
        if (event == JSON_KEY) buffer_put(out, ':');
        before = event;
    }
    if (event == JSON_ERROR) FUZZ_MUST(r.offset <= length && r.message != NULL && !r.no_memory, "%zu", r.offset);
    json_reader_free(&r);
    return event == JSON_END;
}

static void as_events(const char *data, size_t length) {
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
    if (rewrite(data, length, &once)) {
        FUZZ_MUST(rewrite(once.data, once.length, &twice), "%s", buffer_text(&once));
        fuzz_must_be_text(twice.data, twice.length, once.data, once.length, "events");
    }
    buffer_free(&once);
    buffer_free(&twice);
}

void fuzz_json(const char *data, size_t length) {
    cJSON *tree = NULL, *again = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    as_events(data, length);
    int rc = document_parse(&tree, data, length, &err);
    if (rc != 0) {
        fuzz_refused(rc, &err);
        return;
    }
    struct buffer printed = BUFFER_INIT;
    document_print(tree, &printed);
    fuzz_done(document_parse(&again, printed.data, printed.length, &err), &err);
    FUZZ_MUST(document_equal(tree, again) && document_equal(again, tree), "%s", buffer_text(&printed));
    char *excerpt = document_excerpt(tree);
    fuzz_must_be_json(excerpt, strlen(excerpt));
    free(excerpt);
    cJSON_Delete(tree);
    cJSON_Delete(again);
    buffer_free(&printed);
}
