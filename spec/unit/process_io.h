/* How often this process asks the system for data, for tests of what a call costs. */
#ifndef FLEXDB_SPEC_PROCESS_IO_H
#define FLEXDB_SPEC_PROCESS_IO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The calls of a kind, "syscr" (reads) or "syscw" (writes), up to now. Skips the test where that is not told. */
static inline long process_io(const char *kind) {
    char line[80];
    long count = -1;
    FILE *file = fopen("/proc/self/io", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, kind, strlen(kind)) == 0) sscanf(line + strlen(kind), ": %ld", &count);
    }
    if (file != NULL) fclose(file);
    if (count < 0) {
        puts("skipped: the system does not tell how often a process reads and writes (/proc/self/io)");
        skip();
    }
    if (getenv("FLEXDB_TEST_VALGRIND") != NULL) {
        puts("skipped: valgrind reads and writes by itself, which counts as the process's");
        skip();
    }
    return count;
}

#endif
