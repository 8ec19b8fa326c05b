/* An update: the old document with some of its members set anew. */
#include "model/codec_parts.h"
#include "model/codec_scan.h"

/* Judges what is given and leaves it normalized in out->values, CODEC_BAD where it is wrong; all problems are issues.
 * Computed columns are left as they are. */
static void judge_given(const struct validator *v, const flexdb_value *given, struct record *out, flexdb_error *err) {
    for (size_t slot = 0; slot < v->shape.columns; slot++) {
        const struct compiled_column *c = &v->columns[slot];
        flexdb_value value = given[slot];
        enum verdict verdict = VERDICT_OK;
        if (value.tag == FLEXDB_ABSENT || c->column->computed != NULL) continue;
        if (codec_is_none(&value)) {
            value.tag = FLEXDB_ABSENT;
            if (c->column->required) verdict = VERDICT_REQUIRED;
        } else {
            verdict = c->type->check(c, &value, &out->scratch);
        }
        if (verdict != VERDICT_OK) {
            type_issue(c, verdict, &given[slot], c->column->name, err);
            value.tag = CODEC_BAD;
        }
        out->values[slot] = value;
    }
}

static int close_issues(flexdb_error *err) {
    error_close_issues(err, FLEXDB_INVALID_RECORD);
    return err->code != FLEXDB_OK ? -(int)err->code : 0;
}

/* Room for all that judging and reading may put into scratch, before anything points into it. */
static bool reserve_scratch(const struct validator *v, const char *document, size_t length, const flexdb_value *given,
                            struct record *out) {
    size_t scratch = v->scratch_size;
    if (memchr(document, '\\', length) != NULL) scratch += 2 * length;
    for (size_t i = v->shape.columns; i-- > 0 && v->members[i].form == FORM_JSON;) {
        const flexdb_value *value = &given[v->members[i].slot];
        if (value->tag == FLEXDB_TEXT) scratch += codec_text_bound(value->as.text, value->length);
    }
    buffer_reset(&out->scratch);
    return buffer_reserve(&out->scratch, scratch);
}

/* Room for the worst case; LIMIT when what is certain is too long already. */
static int reserve_document(const struct validator *v, size_t length, const flexdb_value *given, struct record *out,
                            flexdb_error *err) {
    size_t texts = 0, document = v->fixed_size + length;
    for (size_t i = 0; i < v->shape.columns; i++) {
        if (given[i].tag == FLEXDB_TEXT || given[i].tag == FLEXDB_JSON) texts += given[i].length;
    }
    if (texts > CODEC_MAX_DOCUMENT) return codec_too_long(texts, err);
    for (size_t i = v->shape.columns; i-- > 0 && v->members[i].form >= FORM_TEXT;) {
        const flexdb_value *value = &given[v->members[i].slot];
        if (value_is_none(value)) continue;
        value = &out->values[v->members[i].slot];
        document += v->members[i].form == FORM_JSON ? value->length : codec_text_bound(value->as.text, value->length);
    }
    buffer_reset(&out->document);
    return buffer_reserve(&out->document, document) ? 0 : error_no_memory(err);
}

/* The members of one kind, nested json or not, that the definition does not know, as they stand in the old document,
 * which was found well formed. */
static char *copy_strangers(char *w, const struct validator *v, const char *document, size_t length, bool nested,
                            struct buffer *scratch) {
    struct scan s;
    scan_begin(&s, v, document, length);
    while (scan_next(&s, scratch) == SCAN_MEMBER) {
        const char *end = scan_value(s.value, s.end);
        if (end == NULL) break;
        s.at = end;
        if (s.member != NULL || (*s.value == '{' || *s.value == '[') != nested) continue;
        memcpy(w, s.key, (size_t)(end - s.key));
        w += end - s.key;
        *w++ = ',';
    }
    return w;
}

static char *write_member(char *w, const struct member *m, const flexdb_value *given, struct record *out,
                          const flexdb_value *span) {
    if (given->tag == FLEXDB_ABSENT) {
        if (span->tag == FLEXDB_ABSENT) return w;
        w = codec_write_member(w, m);
        memcpy(w, span->as.text, span->length);
        w += span->length;
    } else if (codec_is_none(given)) {
        if (!m->keeps_null) return w;
        w = codec_write_member(w, m);
        memcpy(w, "null", 4);
        w += 4;
    } else {
        w = codec_write_member(w, m);
        w = codec_write_value(w, m, &out->values[m->slot], true, &out->scratch);
    }
    *w++ = ',';
    return w;
}

static void write_document(const struct validator *v, const char *document, size_t length, const flexdb_value *given,
                           struct record *out, const flexdb_value *spans, bool strangers) {
    char *begin = out->document.data, *w = begin;
    size_t i = 0, count = v->shape.columns;
    *w++ = '{';
    for (; i < count && v->members[i].form != FORM_JSON; i++) {
        w = write_member(w, &v->members[i], &given[v->members[i].slot], out, &spans[v->members[i].slot]);
    }
    if (strangers) w = copy_strangers(w, v, document, length, false, &out->scratch);
    for (; i < count; i++) {
        w = write_member(w, &v->members[i], &given[v->members[i].slot], out, &spans[v->members[i].slot]);
    }
    if (strangers) w = copy_strangers(w, v, document, length, true, &out->scratch);
    if (w[-1] == ',') w--;
    *w++ = '}';
    out->document.length = (size_t)(w - begin);
}

/* What is given is normalized already. */
static void take_given(const struct validator *v, const flexdb_value *given, struct record *out) {
    for (size_t slot = 0; slot < v->shape.columns; slot++) {
        if (given[slot].tag == FLEXDB_ABSENT) continue;
        out->values[slot] = codec_is_none(&given[slot]) ? (flexdb_value){.tag = FLEXDB_ABSENT} : given[slot];
    }
}

static int merge(const struct validator *v, const char *document, size_t length, const flexdb_value *given, bool normal,
                 struct record *out, flexdb_error *err) {
    bool strangers = false;
    if (!codec_reserve_values(out, v) || !reserve_scratch(v, document, length, given, out)) return error_no_memory(err);
    flexdb_value *spans = out->values + v->shape.count;
    for (size_t slot = 0; slot < v->shape.columns; slot++) spans[slot].tag = FLEXDB_ABSENT;
    int rc = codec_read(v, document, length, NULL, out, spans, &strangers, err);
    if (rc == 0 && normal) take_given(v, given, out);
    if (rc == 0 && !normal) {
        judge_given(v, given, out, err);
        if (v->expressions.any && err->code == FLEXDB_OK) given = codec_merge_expressions(v, given, out, err);
        rc = close_issues(err);
    }
    if (rc == 0) rc = reserve_document(v, length, given, out, err);
    if (rc != 0) return rc;
    write_document(v, document, length, given, out, spans, strangers);
    return out->document.length > CODEC_MAX_DOCUMENT ? codec_too_long(out->document.length, err) : 0;
}

int codec_merge(const struct validator *v, const char *document, size_t length, const flexdb_value *given,
                struct record *out, flexdb_error *err) {
    return merge(v, document, length, given, false, out, err);
}

int codec_judge(const struct validator *v, const flexdb_value *given, struct record *out, flexdb_error *err) {
    if (!codec_reserve_values(out, v) || !reserve_scratch(v, "", 0, given, out)) return error_no_memory(err);
    for (size_t slot = 0; slot < v->shape.columns; slot++) out->values[slot].tag = FLEXDB_ABSENT;
    judge_given(v, given, out, err);
    return close_issues(err);
}

int codec_put(const struct validator *v, const char *document, size_t length, const flexdb_value *values,
              struct record *out, flexdb_error *err) {
    return merge(v, document, length, values, true, out, err);
}
