/* Lua's patterns, matched in steps that a sandbox counts: a pattern can take a time that grows with any power of the
 * text's length, and Lua's own functions cannot be stopped on the way. */
#ifndef FLEXDB_BIND_SANDBOX_MATCH_H
#define FLEXDB_BIND_SANDBOX_MATCH_H

#include "bind/sandbox.h"

enum { MATCH_CAPTURES = 32, MATCH_DEPTH = 180, MATCH_OPEN = -1, MATCH_POSITION = -2 };

struct match {
    lua_State *L;
    const unsigned char *subject, *end;
    const unsigned char *stop; /* the end of the pattern */
    unsigned work;
    int depth, count;
    struct {
        const unsigned char *at;
        ptrdiff_t length; /* or MATCH_OPEN, MATCH_POSITION */
    } captures[MATCH_CAPTURES];
};

/* Where a match of the pattern `p` at `at` ends, or NULL. Raises for a malformed pattern; may end the script. */
const unsigned char *match_at(struct match *m, const unsigned char *at, const unsigned char *p);

/* Where a text stands in another, or NULL. */
const unsigned char *match_plain(lua_State *L, const unsigned char *text, size_t length, const unsigned char *part,
                                 size_t part_length);

#endif
