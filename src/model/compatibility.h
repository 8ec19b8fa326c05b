/* What one definition means to those who live by another: may the new one read what was written under the old
 * (backward), may the old one read what is written under the new (forward), in the terms of Confluent's schema
 * registry.
 *
 * A definition reads data when every record that the other allows is one that it allows too. A column that the reader
 * does not know is passed over; one that the writer does not know must be optional or have a default in Avro's sense,
 * one that is taken in reading: that is `initialDefault`, which a new column's defaultValue becomes, while defaultValue
 * alone is for writers. Field keys stand in for Avro's aliases: a renamed column reads what was written under its old
 * name, but not the other way round. Only the version before is looked at; there are no transitive modes.
 *
 * `breaking` and `destructive` are for plans. Breaking: a script that was written for the old definition is refused
 * when it writes or asks, or meets what it cannot expect. It is more than forward where writers are refused, and less
 * where rules are loosened, which a reader need not notice. Destructive: a value can be read again only after a
 * rollback. */
#ifndef FLEXDB_MODEL_COMPATIBILITY_H
#define FLEXDB_MODEL_COMPATIBILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/validator.h"

/* ---- modes ---- */

enum compatibility_mode { COMPATIBILITY_NONE, COMPATIBILITY_BACKWARD, COMPATIBILITY_FORWARD, COMPATIBILITY_FULL };

/* "none", "backward", "forward", "full". */
const char *compatibility_mode_name(enum compatibility_mode mode);
/* Reads the word of a definition. An issue (rule `enum`) at `path` and false for any other; for Confluent's transitive
 * modes it says that there are none. */
bool compatibility_read(enum compatibility_mode *out, const char *text, const char *path, flexdb_error *err);

/* ---- the table: which change breaks which ---- */

#define COMPATIBILITY_OLD_TYPE "records written from then on have no value of the old type"
#define COMPATIBILITY_TYPE_USE "scripts that write or read the old type fail"
#define COMPATIBILITY_NAME_USE "scripts that name it are refused"
#define COMPATIBILITY_GONE     "its values can be read again only after a rollback"
#define COMPATIBILITY_LIMITS   "a writer that keeps to the old rule may be refused"
#define COMPATIBILITY_CHECKED  "records written before may break it"
#define COMPATIBILITY_WRITERS  "a writer that does not know it may be refused"

/* X(constant, the change, as it is told behind a column's name, why it breaks backward, forward, why it is breaking,
 * destructive; NULL where it is not) */
#define COMPATIBILITY_CHANGES(X)                                                                                       \
    X(ADD_OPTIONAL, "a column is added that is optional or has a default", "is added", NULL, NULL, NULL, NULL)         \
    X(ADD_REQUIRED, "a required column is added without a default", "is added, required and without a default",        \
      "records written before have no value for it", NULL, "a writer that does not know it is refused", NULL)          \
    X(ADD_COMPUTED, "a computed column is added", "is added, computed", NULL, NULL, NULL, NULL)                        \
    X(REMOVE_OPTIONAL, "a column is removed that is optional or has an initialDefault", "is removed", NULL, NULL,      \
      COMPATIBILITY_NAME_USE, COMPATIBILITY_GONE)                                                                      \
    X(REMOVE_REQUIRED, "a required column without an initialDefault is removed", "is removed, which was required",     \
      NULL, "readers count on a value that new records do not have", COMPATIBILITY_NAME_USE, COMPATIBILITY_GONE)       \
    X(RENAME, "a column is renamed", "is renamed", NULL, "readers look for it under its old name",                     \
      "scripts that use the old name fail", NULL)                                                                      \
    X(RETYPE_TEXT, "a string becomes a text, or a text a string that is long enough", "becomes", NULL,                 \
      COMPATIBILITY_OLD_TYPE, NULL, NULL)                                                                              \
    X(RETYPE_EXACT, "a retype that is exact, under rules that refuse nothing", "becomes", NULL,                        \
      COMPATIBILITY_OLD_TYPE, COMPATIBILITY_TYPE_USE, NULL)                                                            \
    X(RETYPE_MAY_FAIL, "a retype that may fail, or whose rules may refuse a value", "becomes",                         \
      "values written before may have no counterpart", COMPATIBILITY_OLD_TYPE, COMPATIBILITY_TYPE_USE, NULL)           \
    X(RETYPE_ROUNDS, "a retype that rounds", "becomes", "values written before may lose something or fail",            \
      COMPATIBILITY_OLD_TYPE, COMPATIBILITY_TYPE_USE, "what a value loses can be read again only after a rollback")    \
    X(RETYPE_REFUSED, "a type into which nothing converts", "becomes", "no value written before has a counterpart",    \
      COMPATIBILITY_OLD_TYPE, COMPATIBILITY_TYPE_USE, COMPATIBILITY_GONE)                                              \
    X(COMPUTED_ON, "a column becomes computed", "becomes computed", NULL,                                              \
      "records written from then on have no value that was given", "scripts that write it are refused",                \
      COMPATIBILITY_GONE)                                                                                              \
    X(COMPUTED_OFF, "a column is no longer computed", "is no longer computed", NULL,                                   \
      "new values need not be what the expression gives", "a writer that gives no value leaves it without one", NULL)  \
    X(COMPUTED, "the expression of a computed column becomes another", "is computed otherwise", NULL,                  \
      "readers count on what the old expression gives", NULL, NULL)                                                    \
    X(REQUIRED_ON, "a column becomes required", "becomes required", "records written before may have no value", NULL,  \
      "a writer that gives no value may be refused", NULL)                                                             \
    X(REQUIRED_OFF, "a column is no longer required", "is no longer required", NULL,                                   \
      "readers count on a value that new records may not have", "a reader that counts on a value may meet none", NULL) \
    X(LENGTH_TIGHTER, "maxLength becomes smaller or minLength greater", "allows fewer lengths",                        \
      "texts written before may be too long or too short", NULL, COMPATIBILITY_LIMITS, NULL)                           \
    X(LENGTH_LOOSER, "maxLength becomes greater or minLength smaller", "allows more lengths", NULL,                    \
      "new texts may be too long or too short", NULL, NULL)                                                            \
    X(RANGE_TIGHTER, "min becomes greater or max smaller", "has a narrower range",                                     \
      "values written before may lie outside", NULL, COMPATIBILITY_LIMITS, NULL)                                       \
    X(RANGE_LOOSER, "min becomes smaller or max greater", "has a wider range", NULL, "new values may lie outside",     \
      NULL, NULL)                                                                                                      \
    X(ENUM_TIGHTER, "an enum is added, or loses a value", "allows fewer values",                                       \
      "values written before may not be among them", NULL, COMPATIBILITY_LIMITS, NULL)                                 \
    X(ENUM_LOOSER, "an enum gets a value, or is taken away", "allows more values", NULL,                               \
      "new values may not be among those that readers know", NULL, NULL)                                               \
    X(PATTERN_ADDED, "a pattern or a format is added", "gets a pattern or a format",                                   \
      "texts written before may not match", NULL, COMPATIBILITY_LIMITS, NULL)                                          \
    X(PATTERN_REMOVED, "a pattern or a format is taken away", "loses its pattern or format", NULL,                     \
      "new texts may not match", NULL, NULL)                                                                           \
    X(PATTERN_CHANGED, "a pattern or a format becomes another", "gets another pattern or format",                      \
      "texts written before may not match", "new texts may not match the old one", COMPATIBILITY_LIMITS, NULL)         \
    X(PRECISION_SMALLER, "a decimal's precision becomes smaller", "has a smaller precision",                           \
      "numbers written before may have too many digits", NULL, COMPATIBILITY_LIMITS, NULL)                             \
    X(PRECISION_GREATER, "a decimal's precision becomes greater", "has a greater precision", NULL,                     \
      "new numbers may have too many digits", NULL, NULL)                                                              \
    X(UNIQUE_ON, "a column becomes unique", "becomes unique", "values written before may stand there twice", NULL,     \
      "a writer that repeats a value is refused", NULL)                                                                \
    X(UNIQUE_OFF, "a column is no longer unique", "is no longer unique", NULL,                                         \
      "readers count on values that stand there once", "an upsert on it is refused", NULL)                             \
    X(TARGET, "a reference gets another target table", "refers to another table",                                      \
      "ids written before are those of another table", "new ids are those of another table",                           \
      "a writer that gives an id of the old table is refused", NULL)                                                   \
    X(DEFAULT_REMOVED, "a required column loses its default", "loses its default", NULL, NULL,                         \
      "a writer that leaves it out is refused", NULL)                                                                  \
    X(DEFAULT, "any other change of a default", "has another default", NULL, NULL, NULL, NULL)                         \
    X(ON_DELETE, "onDelete changes", "has another onDelete", NULL, NULL, NULL, NULL)                                   \
    X(INDEX, "indexed, filterable or searchable changes", "is indexed otherwise", NULL, NULL, NULL, NULL)              \
    X(UNIQUE_INDEX_ON, "a unique index over columns is added", "is added",                                             \
      "values written before may stand there twice", NULL, "a writer that repeats a value is refused", NULL)           \
    X(UNIQUE_INDEX_OFF, "a unique index over columns is taken away", "is taken away", NULL,                            \
      "readers count on values that stand there once", NULL, NULL)                                                     \
    X(INDEX_ON, "an index over columns is added", "is added", NULL, NULL, NULL, NULL)                                  \
    X(INDEX_OFF, "an index over columns is taken away", "is taken away", NULL, NULL, NULL, NULL)                       \
    X(CHECK_ADDED, "a check is added", "is added", COMPATIBILITY_CHECKED, NULL, COMPATIBILITY_WRITERS, NULL)           \
    X(CHECK_REMOVED, "a check is removed", "is removed", NULL, "new records may break it", NULL, NULL)                 \
    X(CHECK_CHANGED, "the expression of a check becomes another", "is another one", COMPATIBILITY_CHECKED,             \
      "new records may break the old one", COMPATIBILITY_WRITERS, NULL)                                                \
    X(CHECK_WORDS, "a check's name, message or spelling changes", "is said otherwise", NULL, NULL, NULL, NULL)         \
    X(WORDS, "a display name or a description changes", "is described otherwise", NULL, NULL, NULL, NULL)              \
    X(ORDER, "columns change their order", "stands elsewhere", NULL, NULL, NULL, NULL)

enum compatibility_change {
#define X(constant, change, told, backward, forward, breaking, destructive) CHANGE_##constant,
    COMPATIBILITY_CHANGES(X)
#undef X
        COMPATIBILITY_CHANGE_COUNT
};

struct compatibility_row {
    const char *change; /* what changes, for the docs */
    const char *told;   /* the same behind a column's name */
    const char *backward, *forward, *breaking, *destructive;
};

/* The row of a change below COMPATIBILITY_CHANGE_COUNT. */
const struct compatibility_row *compatibility_row(enum compatibility_change change);

/* ---- two definitions ---- */

struct compatibility_difference {
    enum compatibility_change change;
    const struct column *from, *to; /* one of them NULL where a column is added or removed */
    /* Where an index over columns is: the one that comes or goes, and whose it is; `from` and `to` are NULL then. */
    const struct definition_index *index;
    const struct definition *owner;
    const struct check *check; /* where a check is: the new one, or the old one where it is removed; the same */
};

struct compatibility {
    /* By the place in the new definition, then removed ones, indexes, checks. */
    struct compatibility_difference *differences;
    size_t count;
    bool breaks_backward, breaks_forward, breaking, destructive; /* whether any of them does */
};

/* Lists the differences of the columns, indexes and checks of two definitions, which must outlive `out`. Checks are
 * paired by name, else by what they say. `sources` says for each column of `to` which column of `from` it comes from
 * (-1: it is new); NULL pairs them by key, and where a key is new but a column of that name, whose key is gone, has
 * another type or scale, takes it for a retype. Free with
 * compatibility_clear. */
int compatibility_compare(struct compatibility *out, const struct validator *from, const struct validator *to,
                          const int64_t *sources, flexdb_error *err);
void compatibility_clear(struct compatibility *c);

/* The change in words: `"age" is renamed to "years"`, `"released" becomes date (was string)`, `check "stay" is added`.
 */
void compatibility_tell(const struct compatibility_difference *d, struct buffer *out);

/* Holds the differences against the mode that is in force. Each one that breaks it is an issue: path the column's name
 * (the old one where it goes or is renamed; of an index that of its first column) or the check's, rule `compatibility`,
 * expected the mode. Closes err with CONFLICT. */
int compatibility_enforce(enum compatibility_mode mode, const struct compatibility *c, flexdb_error *err);

#endif
