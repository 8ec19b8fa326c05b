/* Lua values → JSON text, for everything that goes into the core: flexdb.json, json columns, definitions, queries.
 *
 * Tables are read raw. A table with the keys 1 … n is an array, one with string keys an object; an empty one is an
 * object unless it carries the mark (flexdb.array, or read from the database). */
#ifndef FLEXDB_BIND_ENCODE_H
#define FLEXDB_BIND_ENCODE_H

#include "bind/state.h"

/* The limits of size stop a table that contains others again and again from filling the memory. */
enum {
    ENCODE_DEPTH = JSON_MAX_DEPTH,
    ENCODE_DOCUMENT_DEPTH = 64, /* what the core reads */
    ENCODE_COLUMN_BYTES = 8 << 20,
    ENCODE_DOCUMENT_BYTES = 16 << 20, /* a definition, changes, a query */
    ENCODE_TEXT_BYTES = 256 << 20     /* flexdb.json.encode */
};

/* Why a value cannot be JSON. */
struct encode_fault {
    const char *rule;
    const char *got; /* a JSON text or NULL */
    bool no_memory;
    char message[160]; /* the place is in s->path, see encode_options.dotted */
};

struct encode_options {
    int max_depth;
    size_t max_bytes;
    bool dotted;      /* places as a query writes them (`tags.0`), not as documents do (`columns[0].name`) */
    bool no_nul;      /* refuse U+0000, which no text of a definition can hold */
    const char *root; /* what the path begins with, or NULL */
    const char *skip; /* a key of the outermost table that is left out, or NULL */
};

extern const struct encode_options encode_column; /* of a json value in a record */

/* Appends the JSON of the value at `index`, an absolute one. On failure `fault` says why, s->path where, and `out` is
 * as it was. Does not raise, runs no Lua code and leaves the stack as it was. */
bool encode_value(lua_State *L, struct state *s, int index, struct buffer *out, const struct encode_options *options,
                  struct encode_fault *fault);

/* The same into s->text, emptied first: 0, or s->err set to `code` with one issue. `root` begins its path, `skip` is a
 * key of the outermost table that is left out; either may be NULL. */
int encode_document(lua_State *L, struct state *s, int index, flexdb_code code, const char *root, const char *skip);

/* Says in `fault` why the value at `index`, which no JSON has (a function, NaN), is none. */
void encode_say_unfit(lua_State *L, const struct state *s, int index, struct encode_fault *fault);

#endif
