/* Crochemore and Perrin, "Two-way string-matching" (1991): the needle is cut where its right part begins nowhere in
 * itself too early; the right part is compared forwards, the left one backwards, and no byte of the text is read more
 * than a few times. Needs no memory. */
#include "base/find.h"

#include <string.h>

/* The length of the part before the greatest suffix, in one of the two orders of bytes, and that suffix's period. */
static size_t cut_by_suffix(const unsigned char *x, size_t length, bool reversed, size_t *period) {
    size_t cut = 0, candidate = 1,
           same = 0; /* the suffix at `candidate` agrees with the one at `cut` in `same` bytes */
    *period = 1;
    while (candidate + same < length) {
        unsigned char a = x[candidate + same], b = x[cut + same];
        if (a == b) {
            same++;
            if (same == *period) candidate += same, same = 0;
        } else if ((a < b) != reversed) {
            candidate += same + 1;
            same = 0;
            *period = candidate - cut;
        } else {
            cut = candidate++;
            same = 0;
            *period = 1;
        }
    }
    return cut;
}

static size_t critical_cut(const unsigned char *x, size_t length, size_t *period) {
    size_t other_period, cut = cut_by_suffix(x, length, false, period);
    size_t other = cut_by_suffix(x, length, true, &other_period);
    if (other > cut) {
        *period = other_period;
        return other;
    }
    return cut;
}

static bool two_way(const unsigned char *t, size_t length, const unsigned char *x, size_t n) {
    size_t period, cut = critical_cut(x, n, &period), known = 0; /* of the needle, matched by the step before */
    bool periodic = memcmp(x, x + period, cut) == 0;
    if (!periodic) period = (cut > n - cut ? cut : n - cut) + 1;
    for (size_t at = 0; at + n <= length;) {
        size_t i = cut > known ? cut : known;
        while (i < n && x[i] == t[at + i]) i++;
        if (i < n) {
            at += i - cut + 1;
            known = 0;
            continue;
        }
        i = cut;
        while (i > known && x[i - 1] == t[at + i - 1]) i--;
        if (i <= known) return true;
        at += period;
        known = periodic ? n - period : 0;
    }
    return false;
}

bool find_contains(const char *text, size_t length, const char *needle, size_t needle_length) {
    if (needle_length == 0) return true;
    if (needle_length > length) return false;
    if (needle_length == 1) return memchr(text, needle[0], length) != NULL;
    return two_way((const unsigned char *)text, length, (const unsigned char *)needle, needle_length);
}
