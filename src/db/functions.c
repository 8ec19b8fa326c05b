#include "db/functions.h"

#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "db/record.h"
#include "model/codec.h"
#include "sql/select.h"

struct function_room {
    struct fold fold;
    struct buffer scratch;
};

static bool is_text(const flexdb_value *v) { return v->tag == FLEXDB_TEXT || v->tag == FLEXDB_BYTES; }

enum { FORM = 2 }; /* bytes behind the member: see sql/select.h */

/* flex_value(data, member[, default]) */
static int value_function(void *context, const flexdb_value *arguments, size_t count, flexdb_value *out) {
    struct function_room *room = context;
    const flexdb_value *data = &arguments[0], *member = &arguments[1];
    *out = value_null();
    if (!is_text(data) || !is_text(member) || member->length <= FORM) return -FLEXDB_CORRUPT;
    const char *form = member->as.text + member->length - FORM, *span;
    size_t length;
    int found = codec_find(data->as.text, data->length, member->as.text, member->length - FORM, &span, &length);
    if (found < 0) return -FLEXDB_CORRUPT;
    if (found == 0) {
        if (count > 2) *out = arguments[2];
        return 0;
    }
    buffer_reset(&room->scratch);
    if (*span == '"' && !buffer_reserve(&room->scratch, length + CODEC_PHYSICAL_SCRATCH)) return -FLEXDB_INTERNAL;
    return codec_span_physical(span, length, (enum physical_kind)(form[0] - '0'), form[1] - '0', out, &room->scratch)
               ? 0
               : -FLEXDB_CORRUPT;
}

/* flex_icontains(text, needle) */
static int icontains_function(void *context, const flexdb_value *arguments, size_t count, flexdb_value *out) {
    struct function_room *room = context;
    (void)count;
    *out = value_null();
    if (!is_text(&arguments[0]) || !is_text(&arguments[1])) return 0;
    int found = fold_contains(&room->fold, arguments[0].as.text, arguments[0].length, arguments[1].as.text,
                              arguments[1].length);
    if (found < 0) return -FLEXDB_INTERNAL;
    *out = value_integer(found);
    return 0;
}

int functions_register(struct engine *e, flexdb_error *err) {
    e->functions = calloc(1, sizeof *e->functions);
    if (e->functions == NULL) return error_no_memory(err);
    const struct driver *d = engine_driver(e);
    int rc = d->function(e->connection, SELECT_VALUE_FUNCTION, 2, value_function, e->functions, err);
    if (rc == 0) rc = d->function(e->connection, SELECT_VALUE_FUNCTION, 3, value_function, e->functions, err);
    if (rc == 0) rc = d->function(e->connection, SELECT_ICONTAINS_FUNCTION, 2, icontains_function, e->functions, err);
    return rc;
}

void functions_free(struct function_room *room) {
    if (room == NULL) return;
    fold_free(&room->fold);
    buffer_free(&room->scratch);
    free(room);
}
