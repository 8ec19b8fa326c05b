/* Searching a text for another without regard to case: Unicode simple case mapping, one character for one, so that it
 * means the same on every engine (`ß` is not `ss`). */
#ifndef FLEXDB_BASE_FOLD_H
#define FLEXDB_BASE_FOLD_H

#include <stddef.h>

enum { FOLD_MAX_NEEDLE = 4096 /* bytes */ };

/* Keeps the last needle compiled, since the same one is looked for in many texts. Not shared between threads. */
struct fold {
    char *needle;
    size_t length;
    void *code, *match;
};

#define FOLD_INIT ((struct fold){0})

/* Whether the text holds the needle; both are UTF-8. 1 or 0; -1 when memory is out, the needle is longer than
 * FOLD_MAX_NEEDLE or either is not UTF-8. An empty needle is in every text. */
int fold_contains(struct fold *f, const char *text, size_t length, const char *needle, size_t needle_length);
void fold_free(struct fold *f);

#endif
