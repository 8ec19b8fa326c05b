#include "base/wide.h"

struct wide wide_from(decimal_int value) {
    struct wide w = {{0}};
    for (int i = 0; i < WIDE_LIMBS / 2; i++, value >>= 32) w.limbs[i] = (uint32_t)(value & UINT32_MAX);
    return w;
}

bool wide_to(const struct wide *w, decimal_int *out) {
    struct wide limit = wide_from(decimal_power_of_ten(DECIMAL_MAX_PRECISION));
    if (wide_compare(w, &limit) >= 0) return false;
    decimal_int value = 0;
    for (int i = WIDE_LIMBS / 2 - 1; i >= 0; i--) value = value << 32 | (decimal_int)w->limbs[i];
    *out = value;
    return true;
}

bool wide_is_zero(const struct wide *w) {
    uint32_t bits = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) bits |= w->limbs[i];
    return bits == 0;
}

int wide_compare(const struct wide *a, const struct wide *b) {
    for (int i = WIDE_LIMBS - 1; i >= 0; i--) {
        if (a->limbs[i] != b->limbs[i]) return a->limbs[i] > b->limbs[i] ? 1 : -1;
    }
    return 0;
}

struct wide wide_product(decimal_int a, decimal_int b) {
    struct wide x = wide_from(a), y = wide_from(b), out = {{0}};
    for (int i = 0; i < WIDE_LIMBS / 2; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < WIDE_LIMBS / 2; j++) {
            carry += (uint64_t)x.limbs[i] * y.limbs[j] + out.limbs[i + j];
            out.limbs[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        out.limbs[i + WIDE_LIMBS / 2] = (uint32_t)carry;
    }
    return out;
}

void wide_multiply_small(struct wide *w, uint32_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (uint64_t)w->limbs[i] * factor;
        w->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

void wide_add_small(struct wide *w, uint32_t term) {
    uint64_t carry = term;
    for (int i = 0; i < WIDE_LIMBS && carry != 0; i++) {
        carry += w->limbs[i];
        w->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

void wide_add(struct wide *a, const struct wide *b) {
    uint64_t carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (uint64_t)a->limbs[i] + b->limbs[i];
        a->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

void wide_subtract(struct wide *a, const struct wide *b) {
    uint64_t borrow = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        uint64_t difference = (uint64_t)a->limbs[i] - b->limbs[i] - borrow;
        a->limbs[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
}

uint32_t wide_divide_small(struct wide *w, uint32_t divisor) {
    uint64_t rest = 0;
    for (int i = WIDE_LIMBS - 1; i >= 0; i--) {
        rest = rest << 32 | w->limbs[i];
        w->limbs[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

/* Shifts one bit in from the right; the bit that goes out at the left is lost. */
static void shift_in(struct wide *w, uint32_t bit) {
    for (int i = 0; i < WIDE_LIMBS; i++) {
        uint32_t out = w->limbs[i] >> 31;
        w->limbs[i] = w->limbs[i] << 1 | bit;
        bit = out;
    }
}

/* Bit by bit. The remainder is below the divisor before each step; doubled it still fits, for no divisor here passes
 * 10^76, which is less than 2^255. */
struct wide wide_divide(struct wide *w, const struct wide *divisor) {
    struct wide quotient = {{0}}, rest = {{0}};
    int limbs = WIDE_LIMBS;
    while (limbs > 0 && w->limbs[limbs - 1] == 0) limbs--;
    for (int i = limbs * 32 - 1; i >= 0; i--) {
        shift_in(&rest, w->limbs[i / 32] >> i % 32 & 1);
        bool fits = wide_compare(&rest, divisor) >= 0;
        if (fits) wide_subtract(&rest, divisor);
        shift_in(&quotient, fits);
    }
    *w = rest;
    return quotient;
}
