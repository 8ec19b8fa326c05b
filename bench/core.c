/* How fast the core judges, writes, reads and searches records, without Lua and without a database: the `contacts`
 * records of the speed targets, 12 columns, about 500 bytes a document. Prints the median and the
 * best of 25 short runs for each, in processor time: on a busy machine the best is what the code can do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/codec.h"

enum { RECORDS = 64, ROUNDS = 300, RUNS = 25, COLUMNS = 12 };

static const char definition[] =
    "{\"columns\":["
    "{\"name\":\"name\",\"dataType\":\"string\",\"required\":true,\"validation\":{\"maxLength\":80}},"
    "{\"name\":\"email\",\"dataType\":\"string\",\"required\":true,\"unique\":true,"
    "\"validation\":{\"pattern\":\"^[^@ ]+@[^@ ]+\\\\.[a-z]+$\"}},"
    "{\"name\":\"status\",\"dataType\":\"string\",\"indexed\":true,"
    "\"validation\":{\"enum\":[\"new\",\"active\",\"paused\",\"closed\",\"lost\"]}},"
    "{\"name\":\"age\",\"dataType\":\"integer\",\"indexed\":true,\"validation\":{\"min\":0,\"max\":150}},"
    "{\"name\":\"balance\",\"dataType\":\"decimal\",\"validation\":{\"precision\":12,\"scale\":2}},"
    "{\"name\":\"active\",\"dataType\":\"boolean\"},"
    "{\"name\":\"born\",\"dataType\":\"date\"},"
    "{\"name\":\"last_seen\",\"dataType\":\"datetime\"},"
    "{\"name\":\"company\",\"dataType\":\"reference\",\"validation\":{\"targetTable\":\"companies\"}},"
    "{\"name\":\"notes\",\"dataType\":\"text\"},"
    "{\"name\":\"tags\",\"dataType\":\"json\"},"
    "{\"name\":\"score\",\"dataType\":\"integer\"}]}";

struct contact {
    char name[80], email[80], balance[24], born[16], last_seen[40], company[40], notes[240], tags[64];
    flexdb_value values[COLUMNS + SYSTEM_SLOTS];
};

static void make_contact(struct contact *c, int i) {
    static const char *const states[] = {"new", "active", "paused", "closed", "lost"};
    static const char words[] =
        "met at the fair, wants a call back in spring; prefers mail to phone, pays on time, asks "
        "for samples twice a year and never sends them back, likes blue, and so on and so forth "
        "until the page is full of it";
    snprintf(c->name, sizeof c->name, "Contact Number %d", i);
    snprintf(c->email, sizeof c->email, "contact.%d@example.org", i);
    snprintf(c->balance, sizeof c->balance, "%d.%02d", i * 37, i % 100);
    snprintf(c->born, sizeof c->born, "19%02d-%02d-%02d", i % 100, i % 12 + 1, i % 28 + 1);
    snprintf(c->last_seen, sizeof c->last_seen, "2024-05-%02dT10:%02d:00Z", i % 28 + 1, i % 60);
    snprintf(c->company, sizeof c->company, "018f3c1e-7b2a-7c3d-8e4f-%012d", i);
    snprintf(c->notes, sizeof c->notes, "%.*s", 190 + i % 20, words);
    snprintf(c->tags, sizeof c->tags, "[\"red\",\"tag%d\",\"blue\"]", i);
    flexdb_value *v = c->values;
    memset(v, 0, sizeof c->values);
    v[0] = value_text(c->name, strlen(c->name));
    v[1] = value_text(c->email, strlen(c->email));
    v[2] = value_text(states[i % 5], strlen(states[i % 5]));
    v[3] = value_integer(i % 90);
    v[4] = value_text(c->balance, strlen(c->balance));
    v[5] = value_boolean(i % 2 == 0);
    v[6] = value_text(c->born, strlen(c->born));
    v[7] = value_text(c->last_seen, strlen(c->last_seen));
    v[8] = value_text(c->company, strlen(c->company));
    v[9] = value_text(c->notes, strlen(c->notes));
    v[10] = value_text(c->tags, strlen(c->tags));
    v[10].tag = FLEXDB_JSON;
    v[11] = value_integer(i * 1000);
}

struct bench {
    struct validator *v;
    struct contact *contacts;
    struct buffer documents[RECORDS];
    struct record record;
    const char *member;
    flexdb_error err;
};

static void fail(struct bench *b, const char *what) {
    fprintf(stderr, "%s: %s\n", what, b->err.message != NULL ? b->err.message : "failed");
    exit(1);
}

static void run_encode(struct bench *b, int i) {
    if (codec_encode(b->v, b->contacts[i].values, &b->record, &b->err) != 0) fail(b, "encode");
}

static void run_decode(struct bench *b, int i) {
    const struct buffer *d = &b->documents[i];
    if (codec_decode(b->v, d->data, d->length, NULL, &b->record, &b->err) != 0) fail(b, "decode");
}

static void run_decode_three(struct bench *b, int i) {
    static const bool wanted[COLUMNS] = {[0] = true, [3] = true, [6] = true};
    const struct buffer *d = &b->documents[i];
    if (codec_decode(b->v, d->data, d->length, wanted, &b->record, &b->err) != 0) fail(b, "decode");
}

static void run_merge(struct bench *b, int i) {
    flexdb_value given[COLUMNS + SYSTEM_SLOTS] = {[3] = value_integer(i)};
    const struct buffer *d = &b->documents[i];
    if (codec_merge(b->v, d->data, d->length, given, &b->record, &b->err) != 0) fail(b, "merge");
}

static void run_find(struct bench *b, int i) {
    const struct buffer *d = &b->documents[i];
    const char *span;
    size_t length;
    flexdb_value value;
    int found = codec_find(d->data, d->length, b->member, strlen(b->member), &span, &length);
    if (found < 0) fail(b, "find");
    if (found == 0 || *span == '[') return;
    enum physical_kind kind = *span == '"' ? PHYSICAL_TEXT : PHYSICAL_INTEGER;
    if (!codec_span_physical(span, length, kind, 0, &value, &b->record.scratch)) fail(b, "physical");
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(struct bench *b, const char *name, void (*run)(struct bench *, int)) {
    double times[RUNS];
    for (int r = 0; r < RUNS; r++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < RECORDS; i++) run(b, i);
        }
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        times[r] = (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
    }
    qsort(times, RUNS, sizeof times[0], compare);
    double calls = RECORDS * (double)ROUNDS, median = times[RUNS / 2] / calls, best = times[0] / calls;
    printf("%-28s %8.1f ns %7.2f M/s %12.1f ns %7.2f M/s\n", name, median, 1e3 / median, best, 1e3 / best);
}

int main(void) {
    struct bench b = {.err = FLEXDB_ERROR_INIT};
    if (validator_parse(&b.v, definition, sizeof definition - 1, DEFINITION_GIVEN, &b.err) != 0) fail(&b, "definition");
    b.contacts = calloc(RECORDS, sizeof *b.contacts);
    if (b.contacts == NULL) fail(&b, "memory");
    size_t bytes = 0;
    for (int i = 0; i < RECORDS; i++) {
        make_contact(&b.contacts[i], i);
        run_encode(&b, i);
        buffer_append(&b.documents[i], b.record.document.data, b.record.document.length);
        bytes += b.record.document.length;
    }
    printf("contacts: %d columns, %zu bytes a document\n%-28s %22s %27s\n", COLUMNS, bytes / RECORDS, "", "median",
           "best");
    measure(&b, "encode", run_encode);
    measure(&b, "decode", run_decode);
    measure(&b, "decode 3 of 12", run_decode_three);
    measure(&b, "merge one field", run_merge);
    b.member = "\"age\":", measure(&b, "find age (first)", run_find);
    b.member = "\"score\":", measure(&b, "find score (second)", run_find);
    b.member = "\"status\":", measure(&b, "find status (tenth)", run_find);
    b.member = "\"tags\":", measure(&b, "find tags (last)", run_find);
    b.member = "\"absent\":", measure(&b, "find a key that is not there", run_find);
    for (int i = 0; i < RECORDS; i++) buffer_free(&b.documents[i]);
    record_free(&b.record);
    free(b.contacts);
    validator_drop(b.v);
    return 0;
}
