#include "base/fold.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

void fold_free(struct fold *f) {
    free(f->needle);
    pcre2_code_free(f->code);
    pcre2_match_data_free(f->match);
    *f = FOLD_INIT;
}

static int fold_compile(struct fold *f, const char *needle, size_t length) {
    int error;
    size_t offset;
    fold_free(f);
    f->needle = malloc(length);
    f->code =
        pcre2_compile((PCRE2_SPTR)needle, length, PCRE2_LITERAL | PCRE2_CASELESS | PCRE2_UTF, &error, &offset, NULL);
    if (f->code != NULL) f->match = pcre2_match_data_create(1, NULL);
    if (f->needle == NULL || f->match == NULL) {
        fold_free(f);
        return -1;
    }
    pcre2_jit_compile(f->code, PCRE2_JIT_COMPLETE); /* without it the interpreter does the work */
    memcpy(f->needle, needle, length);
    f->length = length;
    return 0;
}

int fold_contains(struct fold *f, const char *text, size_t length, const char *needle, size_t needle_length) {
    if (needle_length == 0) return 1;
    if (needle_length > FOLD_MAX_NEEDLE) return -1;
    bool same = f->needle != NULL && f->length == needle_length && memcmp(f->needle, needle, needle_length) == 0;
    if (!same && fold_compile(f, needle, needle_length) != 0) return -1;
    int found = pcre2_match(f->code, (PCRE2_SPTR)(length == 0 ? "" : text), length, 0, 0, f->match, NULL);
    return found >= 0 ? 1 : found == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
