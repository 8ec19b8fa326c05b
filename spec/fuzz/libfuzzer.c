/* What libFuzzer calls: the target that FUZZ names, and how its input is changed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "mutate.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t length, size_t room, unsigned seed);
/* libFuzzer's own. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t length, size_t room);

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

/* Bytes one time, trees two: bytes alone seldom get past the reader of JSON. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t length, size_t room, unsigned seed) {
    /* What fuzz_plan takes before its changes. */
    size_t prefix = length > 0 && (data[0] == 'n' || data[0] == 'i') ? 1 : 0;
    size_t written = seed % 3 == 0 ? 0 : mutate_json((char *)data + prefix, length - prefix, room - prefix, seed);
    return written != 0 ? written + prefix : LLVMFuzzerMutate(data, length, room);
}
