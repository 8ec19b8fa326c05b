/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef FLEXDB_BASE_UTF8_H
#define FLEXDB_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

struct utf8_facts {
    size_t code_points;
    bool ascii;   /* every byte is below 0x80 */
    bool has_nul; /* there is a byte 0 */
};

/* True when the text is valid; the facts are set then. One pass, vectorised for runs of ASCII. */
bool utf8_check(const char *text, size_t length, struct utf8_facts *facts);

#endif
