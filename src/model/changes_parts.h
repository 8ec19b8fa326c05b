/* The parts of changes_apply. Private to the model. */
#ifndef FLEXDB_MODEL_CHANGES_PARTS_H
#define FLEXDB_MODEL_CHANGES_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/names.h"
#include "model/changes.h"
#include "model/definition_parts.h"

/* Everything that a change may say: X(constant, key). The last three are the stored face. */
#define CHANGE_WORDS(X)                                                                                                \
    X(OP, "op")                                                                                                        \
    X(NAME, "name")                                                                                                    \
    X(TO, "to")                                                                                                        \
    X(SET, "set")                                                                                                      \
    X(UNSET, "unset")                                                                                                  \
    X(AFTER, "after")                                                                                                  \
    X(FIRST, "first")                                                                                                  \
    X(PARSE, "parse")                                                                                                  \
    X(TYPE, "type")                                                                                                    \
    X(COLUMN, "column")                                                                                                \
    X(DETAILS, "details")

enum change_word {
#define X(constant, key) WORD_##constant,
    CHANGE_WORDS(X)
#undef X
        WORD_COUNT
};

struct draft_column {
    cJSON *tree;
    const char *name; /* in the tree */
};

/* A definition while changes are applied to it. */
struct draft {
    struct reader reader; /* its path stands at the change that is applied */
    cJSON *table;         /* the document without its columns */
    struct draft_column *columns;
    size_t count, capacity;
    struct names keys; /* every field key that was ever used */
    cJSON *new_keys;   /* those that the changes made: key → type */
    struct names gone; /* names that changes took away → an index of gone_by */
    size_t *gone_by;   /* which change it was, the last one */
    size_t change;     /* 0-based: the one that is applied */
    size_t unfit;      /* the last change that gave a column in an index a type that cannot be indexed */
    bool has_records;
    struct arena arena;
};

/* False with err set when memory is out; draft_close either way. */
bool draft_open(struct draft *d, const struct definition *from, const struct key_registry *keys, bool has_records,
                flexdb_error *err);
void draft_close(struct draft *d);
/* The document as it is now; the draft is empty afterwards. NULL when memory is out. */
cJSON *draft_take(struct draft *d);

/* The place of a column, or NAMES_NONE. */
int64_t draft_find(const struct draft *d, const char *name);
/* Puts a column, which is taken in every case, at `at` ≤ count. */
bool draft_insert(struct draft *d, size_t at, cJSON *column);
/* Hands the column over. */
cJSON *draft_remove(struct draft *d, size_t at);
/* Puts another tree in a column's place. */
void draft_replace(struct draft *d, size_t at, cJSON *column);
/* Remembers that the change took the name away. False when memory is out. */
bool draft_note_gone(struct draft *d, const char *name);
/* A key that no column of the table ever had: the name, or the name with a number. NULL when memory is out. */
const char *draft_fresh_key(struct draft *d, const char *name, enum column_type type);

/* Readers of a change's words; each adds the issue and answers false where they cannot be. */
bool draft_text(struct draft *d, const cJSON *const fields[], enum change_word word, const char **out);
/* The column that the change names. */
bool draft_resolve(struct draft *d, const cJSON *const fields[], size_t *at);
/* Where `after` and `first` put a column: a place in the list without the column `self` (NULL: a new one, which goes to
 * the end unless it is said). */
bool draft_place(struct draft *d, const cJSON *const fields[], const char *self, size_t *at);

/* The operations on what is there (changes_set.c). */
void change_modify_column(struct draft *d, const cJSON *const fields[]);
void change_modify_table(struct draft *d, const cJSON *const fields[]);

/* Gives a retyped column a fresh key, and converts its defaults, unless the change sets or unsets them
 * (changes_retype.c). `before` is the column as it was; `parse` (or NULL) the formats that dates are written in. */
void change_retype(struct draft *d, const cJSON *before, cJSON *column, const cJSON *parse, bool default_is_set);

/* Expressions of checks and computed columns (changes_expressions.c). Each sets the error when memory is out. */
/* Writes a column's new name into all of them; an issue where that cannot be. */
void change_rename_expressions(struct draft *d, const char *from, const char *to);
/* Marks those that read a column that is removed. */
void change_lose_column(struct draft *d, const char *name);
/* A column's rules, when their expression is set anew. */
void change_forget_lost(cJSON *rules);
/* Once all changes are made, the path standing at `changes`: an issue at each removal that left an expression behind.
 */
void changes_report_lost(struct draft *d);
/* The indexes of the table (changes_index.c). They stand in the draft's document by field key, as they are stored. */
void change_set_indexes(struct draft *d, const cJSON *field);
/* Drops those that hold a column which goes away. */
void draft_forget_indexes(struct draft *d, const cJSON *column);
/* Makes them follow a column, as it was, to its new key. False when memory is out. */
bool draft_rekey_indexes(struct draft *d, const cJSON *before, const char *key, enum column_type type);
/* Once all changes are applied: whether every column in them can be indexed; an issue at the retype of one that cannot.
 */
void draft_judge_indexes(struct draft *d);
/* The keys of a document that is stored become the names of its columns. False when memory is out. */
bool indexes_take_names(cJSON *tree);

/* Turns an entry of the stored shape into the words of the same change (changes_words.c). NULL with an issue, or with
 * the error set when memory is out. */
cJSON *changes_words(struct reader *r, const cJSON *entry);

#endif
