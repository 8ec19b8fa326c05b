/* Patterns: PCRE2 with UTF and UCP, no \C, at most 4 KiB, JIT where it can, a match limit, so that a hostile pattern
 * ends in an answer and never hangs: the limit is shared by all places where a match may begin, and is lower on texts
 * beyond 5,000 bytes, where one step may run over all of them. Each is compiled twice: for bytes, used when the text is
 * known to be ASCII and the pattern means the same there, and for UTF. Searched by one thread at a time. */
#ifndef FLEXDB_BASE_REGEX_H
#define FLEXDB_BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

enum { REGEX_MAX_PATTERN = 4096, REGEX_MATCH_LIMIT = 100000, REGEX_MESSAGE_SIZE = 256 };

struct regex;

enum regex_result { REGEX_NO_MATCH = 0, REGEX_MATCH = 1, REGEX_LIMIT = 2 /* the match limit was reached */ };

/* 0; or -1 with why, and the offset, in `message` (a bad pattern), -2 when memory is out. */
int regex_compile(struct regex **out, const char *pattern, size_t length, char message[REGEX_MESSAGE_SIZE]);
/* Searches anywhere in the text (valid UTF-8). Out of memory counts as REGEX_LIMIT. */
enum regex_result regex_search(const struct regex *r, const char *text, size_t length, bool ascii);
void regex_free(struct regex *r);

#endif
