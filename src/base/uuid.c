#include "base/uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/random.h>
#endif

enum { COUNTER_BITS = 26 };

static int fill_from_device(unsigned char *out, size_t length) {
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    while (length > 0) {
        ssize_t n = read(fd, out, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        out += n, length -= (size_t)n;
    }
    close(fd);
    return length == 0 ? 0 : -1;
}

static int fill_random(unsigned char *out, size_t length) {
#ifdef __linux__
    while (length > 0) {
        ssize_t n = getrandom(out, length, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break; /* an old kernel, or forbidden: the device may still do */
        out += n, length -= (size_t)n;
    }
    if (length == 0) return 0;
#endif
    return fill_from_device(out, length);
}

/* `count` random bytes from the pool as one number. */
static int take_random(struct uuid_generator *g, size_t count, uint64_t *out) {
    if (g->pool_left < count) {
        if (fill_random(g->pool, sizeof g->pool) != 0) return -1;
        g->pool_left = sizeof g->pool;
    }
    *out = 0;
    while (count-- > 0) *out = *out << 8 | g->pool[--g->pool_left];
    return 0;
}

/* Moves to the next point in (millisecond, counter). A clock that stands or goes back leaves the time where it was; a
 * counter that is full takes the next millisecond early (RFC 9562, 6.2). */
static int advance(struct uuid_generator *g, uint64_t now_ms) {
    if (now_ms <= g->last_ms && g->counter + 1 < UINT32_C(1) << COUNTER_BITS) {
        g->counter++;
        return 0;
    }
    uint64_t seed;
    if (take_random(g, 4, &seed) != 0) return -1;
    g->last_ms = now_ms > g->last_ms ? now_ms : g->last_ms + 1;
    g->counter = (uint32_t)(seed & ((UINT32_C(1) << (COUNTER_BITS - 1)) - 1)); /* the top bit is left to count into */
    return 0;
}

static void print_hex(uint64_t value, int digits, char *out) {
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

int uuid_next(struct uuid_generator *g, int64_t now_micros, char out[UUID_TEXT_SIZE]) {
    uint64_t tail, now_ms = now_micros < 0 ? 0 : (uint64_t)now_micros / 1000;
    if (advance(g, now_ms) != 0 || take_random(g, 6, &tail) != 0) return -1;
    print_hex(g->last_ms >> 16, 8, out);
    out[8] = '-';
    print_hex(g->last_ms, 4, out + 9);
    out[13] = '-';
    print_hex(0x7000 | g->counter >> 14, 4, out + 14);
    out[18] = '-';
    print_hex(0x8000 | (g->counter & 0x3fff), 4, out + 19);
    out[23] = '-';
    print_hex(tail, 12, out + 24);
    out[36] = '\0';
    return 0;
}
