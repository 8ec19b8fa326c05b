/* What doctor has found. */
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "db/doctor.h"

static const char *const code_names[] = {
#define X(constant, name) name,
    DOCTOR_CODES(X)
#undef X
};

enum { TEXT_COUNT = 5 }; /* of a finding: the four of its place, and the message */

static struct finding *new_finding(struct report *r, flexdb_error *err) {
    if (r->kept_count == r->capacity) {
        size_t capacity = r->capacity == 0 ? 16 : r->capacity * 2;
        struct finding *more = realloc(r->kept, capacity * sizeof *more);
        if (more == NULL) {
            error_no_memory(err);
            return NULL;
        }
        r->kept = more;
        r->capacity = capacity;
    }
    return &r->kept[r->kept_count];
}

/* A text as JSON can hold it: what is none is shown with question marks. */
static void put_part(struct buffer *out, const char *text, size_t length) {
    struct utf8_facts facts;
    bool valid = utf8_check(text, length, &facts);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        buffer_put(out, c == '\0' || (c >= 0x80 && !valid) ? '?' : text[i]);
    }
    buffer_put(out, '\0');
}

static int keep(struct report *r, enum doctor_code code, const struct place *at, enum remedy remedy,
                const char *message, flexdb_error *err) {
    struct finding *f = new_finding(r, err);
    if (f == NULL) return -(int)err->code;
    struct buffer texts = BUFFER_INIT;
    const char *const parts[] = {at->application, at->table, at->record, at->column, message};
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const char *part = parts[i] != NULL ? parts[i] : "";
        put_part(&texts, part, i == 2 && at->record != NULL ? at->record_length : strlen(part));
    }
    *f = (struct finding){
        .code = code, .waits = remedy == REMEDY_WAITS, .repaired = remedy == REMEDY_DONE, .texts = buffer_take(&texts)};
    if (f->texts == NULL) return error_no_memory(err);
    r->kept_count++;
    return 0;
}

int report_add(struct report *r, enum doctor_code code, const struct place *at, enum remedy remedy, const char *message,
               flexdb_error *err) {
    r->found++;
    r->counts[code]++;
    r->waiting += remedy == REMEDY_WAITS;
    r->repaired += remedy == REMEDY_DONE;
    return r->kept_count < DOCTOR_MAX_KEPT ? keep(r, code, at, remedy, message, err) : 0;
}

void report_settle(struct report *r, bool repaired) {
    if (repaired) r->repaired += r->waiting;
    r->waiting = 0;
    for (; r->settled < r->kept_count; r->settled++) {
        struct finding *f = &r->kept[r->settled];
        if (f->waits) f->repaired = repaired;
    }
}

void report_go_back(struct report *r, const struct report *mark) {
    struct finding *kept = r->kept;
    size_t capacity = r->capacity;
    for (size_t i = mark->kept_count; i < r->kept_count; i++) free(kept[i].texts);
    *r = *mark;
    r->kept = kept;
    r->capacity = capacity;
}

void report_clear(struct report *r) {
    for (size_t i = 0; i < r->kept_count; i++) free(r->kept[i].texts);
    free(r->kept);
    *r = (struct report){0};
}

/* ---- as JSON ---- */

static void put_finding(struct buffer *out, const struct finding *f) {
    static const char *const names[] = {"application", "table", "record", "column", "message"};
    buffer_printf(out, "{\"code\":\"%s\",\"repaired\":%s", code_names[f->code], f->repaired ? "true" : "false");
    const char *text = f->texts;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        size_t length = strlen(text);
        if (length != 0) {
            buffer_printf(out, ",\"%s\":", names[i]);
            json_write_string(out, text, length);
        }
        text += length + 1;
    }
    buffer_put(out, '}');
}

static void put_counts(struct buffer *out, const struct report *r) {
    bool first = true;
    buffer_puts(out, ",\"counts\":{");
    for (size_t i = 0; i < DOCTOR_CODE_COUNT; i++) {
        if (r->counts[i] == 0) continue;
        buffer_printf(out, "%s\"%s\":%lld", first ? "" : ",", code_names[i], (long long)r->counts[i]);
        first = false;
    }
    buffer_put(out, '}');
}

int report_print(const struct report *r, bool repair, struct buffer *out, flexdb_error *err) {
    const struct {
        const char *name;
        int64_t value;
    } members[] = {
        {"problem_count", r->found},     {"repaired_count", r->repaired}, {"tables", r->tables},
        {"versions", r->versions},       {"records", r->records},         {"foreign", r->foreign},
        {"in_progress", r->in_progress},
    };
    buffer_printf(out, "{\"ok\":%s,\"repair\":%s", r->found == r->repaired ? "true" : "false",
                  repair ? "true" : "false");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        buffer_printf(out, ",\"%s\":%lld", members[i].name, (long long)members[i].value);
    put_counts(out, r);
    buffer_puts(out, ",\"problems\":[");
    for (size_t i = 0; i < r->kept_count; i++) {
        if (i != 0) buffer_put(out, ',');
        put_finding(out, &r->kept[i]);
    }
    buffer_puts(out, "]}");
    return buffer_failed(out) ? error_no_memory(err) : 0;
}
