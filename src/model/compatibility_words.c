/* The table of changes, the modes, and how a difference is told. */
#include <string.h>
#include <strings.h>

#include "base/json_writer.h"
#include "model/compatibility.h"
#include "model/types/rules.h"

static const struct compatibility_row rows[COMPATIBILITY_CHANGE_COUNT] = {
#define X(constant, change, told, backward, forward, breaking, destructive)                                            \
    {change, told, backward, forward, breaking, destructive},
    COMPATIBILITY_CHANGES(X)
#undef X
};

const struct compatibility_row *compatibility_row(enum compatibility_change change) { return &rows[change]; }

/* ---- modes ---- */

static const char *const mode_names[] = {"none", "backward", "forward", "full"};
enum { MODE_COUNT = sizeof mode_names / sizeof *mode_names };

const char *compatibility_mode_name(enum compatibility_mode mode) { return mode_names[mode]; }

static bool is_transitive(const char *text) {
    for (size_t i = COMPATIBILITY_BACKWARD; i < MODE_COUNT; i++) {
        size_t length = strlen(mode_names[i]);
        if (strncasecmp(text, mode_names[i], length) == 0 && strcasecmp(text + length, "_transitive") == 0) return true;
    }
    return false;
}

bool compatibility_read(enum compatibility_mode *out, const char *text, const char *path, flexdb_error *err) {
    for (size_t i = 0; i < MODE_COUNT; i++) {
        if (strcmp(text, mode_names[i]) == 0) return *out = (enum compatibility_mode)i, true;
    }
    struct buffer quoted = BUFFER_INIT;
    const flexdb_value given = value_text(text, strlen(text));
    rules_excerpt(&given, 80, &quoted);
    const char *got = buffer_text(&quoted);
    if (got == NULL) {
        error_no_memory(err);
    } else {
        error_issue(err, path, "enum", "[\"none\",\"backward\",\"forward\",\"full\"]", got, "%s, is %s",
                    is_transitive(text) ? "must be one of none, backward, forward and full, which look at the version "
                                          "before and no further"
                                        : "must be one of none, backward, forward and full",
                    got);
    }
    buffer_free(&quoted);
    return false;
}

/* ---- differences ---- */

static void tell_type(const struct column *c, bool scaled, struct buffer *out) {
    buffer_puts(out, column_type_name(c->type));
    if (scaled) buffer_printf(out, "(%d,%d)", c->rules.precision, c->rules.scale);
}

static bool is_retype(enum compatibility_change change) {
    return change >= CHANGE_RETYPE_TEXT && change <= CHANGE_RETYPE_REFUSED;
}

/* The change as it is told behind a column's name. */
static void tell_change(const struct compatibility_difference *d, struct buffer *out) {
    buffer_puts(out, rows[d->change].told);
    if (d->change == CHANGE_RENAME) {
        buffer_puts(out, " to ");
        json_write_string(out, d->to->name, strlen(d->to->name));
    } else if (is_retype(d->change)) {
        bool scaled = d->from->type == d->to->type;
        buffer_put(out, ' ');
        tell_type(d->to, scaled, out);
        buffer_puts(out, " (was ");
        tell_type(d->from, scaled, out);
        buffer_put(out, ')');
    }
}

static void tell_text(const char *name, struct buffer *out) { json_write_string(out, name, strlen(name)); }

/* `the unique index over "tenant" and "email"`. */
static void tell_index(const struct compatibility_difference *d, struct buffer *out) {
    const struct definition_index *index = d->index;
    buffer_puts(out, index->unique ? "the unique index over " : "the index over ");
    for (size_t i = 0; i < index->count; i++) {
        if (i > 0) buffer_puts(out, i + 1 == index->count ? " and " : ", ");
        tell_text(d->owner->columns[index->columns[i]].name, out);
    }
}

void compatibility_tell(const struct compatibility_difference *d, struct buffer *out) {
    if (d->index != NULL) {
        tell_index(d, out);
    } else if (d->check != NULL) {
        buffer_puts(out, "check ");
        tell_text(d->check->name, out);
    } else {
        tell_text((d->from != NULL ? d->from : d->to)->name, out);
    }
    buffer_put(out, ' ');
    tell_change(d, out);
}

/* The column, or the check, that an issue stands at. */
static const char *path_of(const struct compatibility_difference *d) {
    if (d->check != NULL) return d->check->name;
    if (d->index != NULL) return d->owner->columns[d->index->columns[0]].name;
    return d->from != NULL ? d->from->name : d->to->name;
}

static void refuse(enum compatibility_mode mode, const struct compatibility_difference *d, const char *direction,
                   const char *reason, flexdb_error *err) {
    struct buffer told = BUFFER_INIT, expected = BUFFER_INIT;
    if (d->index != NULL)
        compatibility_tell(d, &told);
    else
        tell_change(d, &told);
    buffer_printf(&expected, "\"%s\"", mode_names[mode]);
    const char *words = buffer_text(&told), *wanted = buffer_text(&expected);
    if (words == NULL || wanted == NULL) {
        error_no_memory(err);
    } else {
        error_issue(err, path_of(d), "compatibility", wanted, NULL, "%s, which breaks %s compatibility: %s", words,
                    direction, reason);
    }
    buffer_free(&told);
    buffer_free(&expected);
}

int compatibility_enforce(enum compatibility_mode mode, const struct compatibility *c, flexdb_error *err) {
    bool backward = mode == COMPATIBILITY_BACKWARD || mode == COMPATIBILITY_FULL;
    bool forward = mode == COMPATIBILITY_FORWARD || mode == COMPATIBILITY_FULL;
    for (size_t i = 0; i < c->count; i++) {
        const struct compatibility_difference *d = &c->differences[i];
        const struct compatibility_row *row = &rows[d->change];
        if (backward && row->backward != NULL) refuse(mode, d, "backward", row->backward, err);
        if (forward && row->forward != NULL) refuse(mode, d, "forward", row->forward, err);
    }
    return error_close_issues(err, FLEXDB_CONFLICT);
}
