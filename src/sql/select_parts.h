/* What the files of a SELECT share: the statement that grows, and the operands of its conditions and its order. */
#ifndef FLEXDB_SQL_SELECT_PARTS_H
#define FLEXDB_SQL_SELECT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/engine.h"
#include "sql/select.h"

struct builder {
    struct sql *sql;
    const struct dialect *d;
    const struct layout *l;
    const struct validator *v;
    const struct query *q;
    bool failed; /* out of memory; what follows is harmless and useless */
};

/* Text and parameters go out in the same order, so that each `?` meets its value. */
void builder_put(struct builder *b, const char *text);
void builder_put_column(struct builder *b, const char *name);
/* Remembers a parameter; the `?` is written by the caller. */
void builder_bind(struct builder *b, flexdb_value value);
/* `text` with its one `?`, and the value. */
void builder_put_bound(struct builder *b, const char *text, flexdb_value value);
/* A buffer with room for `size` bytes; NULL (and failed) when memory is out. Its bytes live as long as the statement,
 * the pointer to it only until the next call. */
struct buffer *builder_scratch(struct builder *b, size_t size);

enum operand_source {
    OPERAND_SYSTEM,  /* a column that every physical table has */
    OPERAND_ENTRY,   /* a physical column */
    OPERAND_DOCUMENT /* a member of the document */
};

/* What a condition is about: one slot of the record, and where this statement reads it. */
struct operand {
    enum operand_source source;
    enum physical_kind kind;
    const char *name;                       /* SYSTEM, ENTRY: the column */
    const struct layout_column *entry;      /* ENTRY, else NULL */
    const struct compiled_column *compiled; /* NULL for SYSTEM */
    bool truncated;                         /* an entry that holds the beginning and the digest of a long text */
};

struct operand operand_of(const struct builder *b, size_t slot);
/* The same slot, read from the document. */
struct operand operand_in_document(const struct operand *o);
/* The expression, as it is compared. */
void builder_put_operand(struct builder *b, const struct operand *o);
/* A parameter that is compared with the operand. */
void builder_put_value(struct builder *b, const struct operand *o, const flexdb_value *value);

/* The physical value that records without the key read as; false when there is none. */
bool initial_value(struct builder *b, const struct operand *o, flexdb_value *out);
/* `$."key"`, the path of the operand's member. */
flexdb_value member_path(struct builder *b, const struct operand *o);

/* The filter as a condition that is TRUE exactly for the records it selects (else FALSE or NULL). */
void builder_put_filter(struct builder *b, const struct filter *f);

/* Whether the texts that stand there may be longer than an entry of an index. */
bool may_be_long(const struct operand *o);

/* `o1, o2 DESC, seq`. */
void builder_put_order(struct builder *b);
/* How many texts of the order have no bound that the engine knows, where one of them may be long and the engine has to
 * be told to compare it whole; else 0. */
size_t sorted_texts(const struct builder *b);

/* How the rows behind a cursor are found: all of them in one condition, or in up to three runs that follow each other,
 * each of which an index on the first order column can serve from its first row on. */
enum after_part {
    AFTER_ALL,
    AFTER_EQUAL,  /* equal in the first order column */
    AFTER_BEYOND, /* beyond it */
    AFTER_ABSENT  /* no value there, behind all others: descending only */
};
bool after_has(const struct builder *b, enum after_part part);
void builder_put_after(struct builder *b, enum after_part part);

/* The words of one engine. `value` is a text for the text searches; never an empty one. */
struct engine_expressions {
    void (*document)(struct builder *b, const struct operand *o);
    /* Of a json column: whether there is no value. */
    void (*document_is_null)(struct builder *b, const struct operand *o);
    void (*value)(struct builder *b, const struct operand *o, const flexdb_value *value);
    void (*contains)(struct builder *b, const struct operand *o, const flexdb_value *value);
    void (*starts_with)(struct builder *b, const struct operand *o,
                        const flexdb_value *value); /* not an index's range */
    void (*ends_with)(struct builder *b, const struct operand *o, const flexdb_value *value);
    void (*icontains)(struct builder *b, const struct operand *o, const flexdb_value *value);
    /* What an order compares: the whole value. */
    void (*order)(struct builder *b, const struct operand *o);
    /* `SELECT ` of a statement in whose order there are `texts` long ones; NULL: as any other. */
    void (*select_sorted)(struct builder *b, size_t texts);
    /* Such a statement asks for so many rows at least: where it asks for fewer, MariaDB keeps the first ones in keys of
     * the greatest length, and fills each to its end for each record that it reads. */
    int64_t least_sorted;
};

#endif
