/* Unsigned integers of 256 bits: what two decimals make between them, a product or one brought to the other's scale.
 * Plain rather than fast: decimals of everyday size never come here (decimal_math.c). */
#ifndef FLEXDB_BASE_WIDE_H
#define FLEXDB_BASE_WIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/decimal.h"

enum { WIDE_LIMBS = 8 };

struct wide {
    uint32_t limbs[WIDE_LIMBS]; /* the lowest first */
};

/* `value` ≥ 0. */
struct wide wide_from(decimal_int value);
/* False when it is 10^38 or more. */
bool wide_to(const struct wide *w, decimal_int *out);
bool wide_is_zero(const struct wide *w);
/* -1, 0, 1. */
int wide_compare(const struct wide *a, const struct wide *b);
/* The caller knows that the result fits: a product of two decimal_int does, and so does one below 10^38 times 10^38. */
struct wide wide_product(decimal_int a, decimal_int b);
void wide_multiply_small(struct wide *w, uint32_t factor);
void wide_add_small(struct wide *w, uint32_t term);
void wide_add(struct wide *a, const struct wide *b);
/* a ≥ b. */
void wide_subtract(struct wide *a, const struct wide *b);
/* Leaves the quotient and returns the remainder; `divisor` is not 0. */
uint32_t wide_divide_small(struct wide *w, uint32_t divisor);
/* Leaves the remainder in `w` and returns the quotient; `divisor` is not 0. */
struct wide wide_divide(struct wide *w, const struct wide *divisor);

#endif
