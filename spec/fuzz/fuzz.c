#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/utf8.h"

fuzz_target fuzz_find(const char *name) {
    static const struct {
        const char *name;
        fuzz_target target;
    } targets[] = {
#define X(name, meaning) {#name, fuzz_##name},
        FUZZ_TARGETS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        if (strcmp(targets[i].name, name) == 0) return targets[i].target;
    }
    return NULL;
}

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

/* ---- errors ---- */

static void must_be_text(const char *text) {
    struct utf8_facts facts;
    FUZZ_MUST(text != NULL && utf8_check(text, strlen(text), &facts), "of an error: %s", text != NULL ? text : "none");
}

void fuzz_refused(int rc, flexdb_error *err) {
    FUZZ_MUST(rc == -(int)err->code && err->code != FLEXDB_OK, "%d, code %d", rc, (int)err->code);
    FUZZ_MUST(err->code != FLEXDB_INTERNAL && err->code != FLEXDB_MISUSE && err->code != FLEXDB_STALE, "%s: %s",
              error_code_name(err->code), err->message);
    must_be_text(err->message);
    FUZZ_MUST(*err->message != '\0', "%s", error_code_name(err->code));
    for (size_t i = 0; i < err->issue_count; i++) {
        const flexdb_issue *issue = &err->issues[i];
        must_be_text(issue->path);
        must_be_text(issue->rule);
        must_be_text(issue->message);
        if (issue->expected != NULL) fuzz_must_be_json(issue->expected, strlen(issue->expected));
        if (issue->got != NULL) fuzz_must_be_json(issue->got, strlen(issue->got));
    }
    error_clear(err);
}

void fuzz_done(int rc, const flexdb_error *err) {
    FUZZ_MUST(rc >= 0 && err->code == FLEXDB_OK && err->issue_count == 0, "%s",
              err->message != NULL ? err->message : "an issue");
}

/* ---- comparing ---- */

void fuzz_must_be_json(const char *text, size_t length) {
    struct json_reader r;
    enum json_event event;
    json_reader_init(&r, text, length, JSON_MAX_DEPTH, true);
    do event = json_reader_next(&r);
    while (event != JSON_ERROR && event != JSON_END);
    FUZZ_MUST(event == JSON_END, "%s at %zu of %.*s", r.message, r.offset, (int)length, text);
    json_reader_free(&r);
}

void fuzz_must_be_text(const char *got, size_t length, const char *want, size_t want_length, const char *what) {
    FUZZ_MUST(length == want_length && (length == 0 || memcmp(got, want, length) == 0),
              "%s\n  got:      %.*s\n  expected: %.*s", what, (int)length, got, (int)want_length, want);
}

void fuzz_must_be_value(const flexdb_value *got, const flexdb_value *want) {
    FUZZ_MUST(got->tag == want->tag, "tags %d and %d", (int)got->tag, (int)want->tag);
    switch (got->tag) {
    case FLEXDB_BOOLEAN: FUZZ_MUST(got->as.boolean == want->as.boolean, "of a boolean"); break;
    case FLEXDB_INTEGER:
        FUZZ_MUST(got->as.integer == want->as.integer, "%lld, %lld", (long long)got->as.integer,
                  (long long)want->as.integer);
        break;
    case FLEXDB_TEXT:
    case FLEXDB_BYTES:
    case FLEXDB_JSON: fuzz_must_be_text(got->as.text, got->length, want->as.text, want->length, "a value"); break;
    default: break;
    }
}

/* ---- records ---- */

char *fuzz_quoted(const char *text) {
    char *copy = strdup(text);
    FUZZ_MUST(copy != NULL, "memory");
    for (char *p = copy; *p != '\0'; p++) *p = *p == '\'' ? '"' : *p;
    return copy;
}

struct validator *fuzz_validator(const char *text, enum definition_source source) {
    struct validator *v = NULL;
    flexdb_error err = FLEXDB_ERROR_INIT;
    char *json = fuzz_quoted(text);
    fuzz_done(validator_parse(&v, json, strlen(json), source, &err), &err);
    free(json);
    FUZZ_MUST(validator_shape(v)->count <= FUZZ_SLOTS, "too many columns");
    return v;
}

static bool put_value(struct json_reader *r, enum json_event event, flexdb_value *out, char **copy) {
    const char *text = r->text;
    size_t length = r->length;
    switch (event) {
    case JSON_NULL: *out = value_null(); return true;
    case JSON_TRUE: *out = value_boolean(true); return true;
    case JSON_FALSE: *out = value_boolean(false); return true;
    case JSON_INTEGER: *out = value_integer(r->integer); return true;
    case JSON_NUMBER: *out = value_number(r->number); return true;
    case JSON_STRING: *out = value_text(NULL, length); break;
    case JSON_OBJECT:
    case JSON_ARRAY:
        if (!json_reader_skip(r, &text, &length)) return false;
        *out = (flexdb_value){.tag = FLEXDB_JSON, .length = length};
        break;
    default: return false;
    }
    /* Of exactly the length, so that a sanitizer sees a byte too many. */
    *copy = malloc(length != 0 ? length : 1);
    FUZZ_MUST(*copy != NULL, "memory");
    if (length != 0) memcpy(*copy, text, length);
    out->as.text = *copy;
    return true;
}

bool fuzz_lay_out(struct fuzz_record *out, const struct validator *v, const char *text, size_t length) {
    struct json_reader r;
    enum json_event event;
    *out = (struct fuzz_record){0};
    json_reader_init(&r, text, length, 50, true);
    bool good = json_reader_next(&r) == JSON_OBJECT;
    while (good && (event = json_reader_next(&r)) != JSON_END) {
        if (event == JSON_OBJECT_END) continue;
        if (!(good = event == JSON_KEY)) break;
        int64_t slot = validator_slot(v, r.text, r.length);
        flexdb_value ignored;
        char *copy = NULL;
        event = json_reader_next(&r);
        good = put_value(&r, event, slot == NAMES_NONE ? &ignored : &out->values[slot], &copy);
        if (slot != NAMES_NONE)
            out->texts[slot] = copy;
        else
            free(copy);
    }
    json_reader_free(&r);
    if (!good) fuzz_record_free(out);
    return good;
}

void fuzz_record_free(struct fuzz_record *r) {
    for (size_t i = 0; i < FUZZ_SLOTS; i++) free(r->texts[i]);
    *r = (struct fuzz_record){0};
}

const struct validator *fuzz_table(void) {
    static struct validator *v;
    if (v == NULL)
        v = fuzz_validator(
            "{'columns':["
            "{'name':'code','dataType':'string','required':true,'validation':{'pattern':'^[A-Z]','maxLength':12}},"
            "{'name':'mail','dataType':'string','validation':{'format':'email'}},"
            "{'name':'link','dataType':'string','validation':{'format':'uri'}},"
            "{'name':'address','dataType':'string','validation':{'format':'ipv6'}},"
            "{'name':'state','dataType':'string','defaultValue':'new','validation':{'enum':['new','old']}},"
            "{'name':'notes','dataType':'text','validation':{'minLength':2}},"
            "{'name':'age','dataType':'integer','initialDefault':7,'validation':{'min':-5,'max':150}},"
            "{'name':'count','dataType':'integer'},"
            "{'name':'price','dataType':'decimal','defaultValue':'1.50','validation':{'precision':12,'scale':2}},"
            "{'name':'wide','dataType':'decimal','validation':{'precision':38,'scale':30}},"
            "{'name':'active','dataType':'boolean','initialDefault':true},"
            "{'name':'born','dataType':'date','validation':{'min':'1800-01-01'}},"
            "{'name':'seen','dataType':'datetime'},"
            "{'name':'tags','dataType':'json'},"
            "{'name':'more','dataType':'json','initialDefault':{'a':[1,2.5]}},"
            "{'name':'company','dataType':'reference','validation':{'targetTable':'companies'}},"
            "{'name':'total','dataType':'decimal','validation':{'precision':30,'scale':2,'computed':'price * count'}},"
            "{'name':'label','dataType':'text','validation':{'computed':'upper(code) .. \\'/\\' .. coalesce(notes, "
            "\\'-\\')'}},"
            "{'name':'twice','dataType':'decimal','validation':{'precision':38,'scale':2,'computed':'total * 2'}}],"
            "'checks':[{'name':'cheap','expression':'price < 1000','message':'too dear'},"
            "{'name':'born_before_seen','expression':'born == nil or seen == nil or year(born) <= year(seen)'}]}",
            DEFINITION_STORED);
    return v;
}
