/* What libFuzzer calls: the target that FUZZ names. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static fuzz_target target;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    const char *name = getenv("FUZZ");
    target = fuzz_find(name != NULL ? name : "");
    if (target != NULL) return 0;
    fprintf(stderr, "FUZZ names no target: it is one of\n");
#define X(name, meaning) fprintf(stderr, "  %-10s  %s\n", #name, meaning);
    FUZZ_TARGETS(X)
#undef X
    exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
    target((const char *)data, length);
    return 0;
}
