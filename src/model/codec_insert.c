/* Members that come new into a document as it stands. */
#include <string.h>

#include "model/codec_parts.h"

/* Where the members of each kind go: nested json stays behind everything else, and texts stay behind scalars where that
 * can be told without reading. */
enum place { PLACE_FRONT, PLACE_BACK };

static enum place place_of(enum member_form form, bool nested_last) {
    if (form == FORM_JSON) return PLACE_BACK;
    return form == FORM_TEXT && !nested_last ? PLACE_BACK : PLACE_FRONT;
}

static char *write_members(char *w, const struct validator *v, const flexdb_value *values, bool nested_last,
                           enum place place, struct buffer *scratch) {
    for (size_t i = 0; i < v->shape.columns; i++) {
        const struct member *m = &v->members[i];
        flexdb_value value = values[m->slot];
        if (value.tag == FLEXDB_ABSENT || place_of(m->form, nested_last) != place) continue;
        if (codec_is_none(&value)) {
            if (!m->keeps_null) continue;
            w = codec_write_member(w, m);
            memcpy(w, "null", 4);
            w += 4;
        } else {
            w = codec_write_member(w, m);
            w = codec_write_value(w, m, &value, true, scratch);
        }
        *w++ = ',';
    }
    return w;
}

/* The members between the braces. False where there are no braces. */
static bool find_body(const char *document, size_t length, const char **begin, const char **end) {
    if (length < 2 || document[0] != '{' || document[length - 1] != '}') return false;
    *begin = document + 1;
    *end = document + length - 1;
    while (*end > *begin && (*end)[-1] == ' ') --*end;
    return true;
}

static size_t room_for(const struct validator *v, const flexdb_value *values, size_t length) {
    size_t room = v->fixed_size + length;
    for (size_t i = 0; i < v->shape.columns; i++) {
        const flexdb_value *value = &values[i];
        if (value->tag == FLEXDB_JSON) room += value->length;
        if (value->tag == FLEXDB_TEXT) room += codec_text_bound(value->as.text, value->length);
    }
    return room;
}

int codec_insert(const struct validator *v, const char *document, size_t length, const flexdb_value *values,
                 struct record *out, flexdb_error *err) {
    const char *begin, *end;
    if (!find_body(document, length, &begin, &end)) return codec_put(v, document, length, values, out, err);
    buffer_reset(&out->document);
    if (!buffer_reserve(&out->document, room_for(v, values, length))) return error_no_memory(err);
    bool nested_last = end > begin && (end[-1] == '}' || end[-1] == ']');
    char *start = out->document.data, *w = start;
    *w++ = '{';
    w = write_members(w, v, values, nested_last, PLACE_FRONT, &out->scratch);
    memcpy(w, begin, (size_t)(end - begin));
    w += end - begin;
    if (end > begin) *w++ = ',';
    w = write_members(w, v, values, nested_last, PLACE_BACK, &out->scratch);
    if (w[-1] == ',') w--;
    *w++ = '}';
    out->document.length = (size_t)(w - start);
    return out->document.length > CODEC_MAX_DOCUMENT ? codec_too_long(out->document.length, err) : 0;
}
