/* A writer beside an evolution: how long a write takes while nothing else happens, and how long while something does.
 *
 * It says "ready" once it writes, writes on with a pause between two writes, and is told by its standard input: the
 * first byte ends the calm, the end of the file ends it all. Then it says in one line, in milliseconds, the longest
 * write of the calm and the longest one since, and how many there were since. */
#ifndef FLEXDB_BENCH_STALL_H
#define FLEXDB_BENCH_STALL_H

#include <poll.h>
#include <unistd.h>

#include "contacts.h"

enum { STALL_PAUSE_MICROS = 2000 };

static inline int stall_measure(void (*write_one)(void *context, long i), void *context) {
    double longest[2] = {0, 0};
    long counts[2] = {0, 0};
    int phase = 0;
    struct pollfd input = {.fd = 0, .events = POLLIN};
    const struct timespec pause = {.tv_nsec = STALL_PAUSE_MICROS * 1000L};
    for (long i = 0;; i++) {
        double start = seconds();
        write_one(context, i);
        double took = seconds() - start;
        /* The first ones prepare statements and open tables. */
        if (i >= 10 && took > longest[phase]) longest[phase] = took;
        counts[phase]++;
        if (i == 10 && (puts("ready") < 0 || fflush(stdout) != 0)) return 1;
        nanosleep(&pause, NULL);
        if (poll(&input, 1, 0) <= 0) continue;
        char byte;
        if (read(0, &byte, 1) != 1) break;
        phase = 1;
    }
    printf("%.3f %.3f %ld\n", longest[0] * 1e3, longest[1] * 1e3, counts[1]);
    return 0;
}

#endif
