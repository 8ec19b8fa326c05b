/* Arithmetic on decimals. All of it is exact but decimal_divide, which rounds as decimal_round does: halves away from
 * zero.
 *
 * DECIMAL_PRECISION answers that a result needs more than 38 digits, those of the fraction included, zeros at its end
 * not. It depends on the values alone, not on the scales in which they come. `out` may be one of the operands, and is
 * unchanged then; its scale is large enough for the value and otherwise of no meaning. */
#ifndef FLEXDB_BASE_DECIMAL_MATH_H
#define FLEXDB_BASE_DECIMAL_MATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/decimal.h"

enum decimal_status decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *out);
enum decimal_status decimal_subtract(const struct decimal *a, const struct decimal *b, struct decimal *out);
enum decimal_status decimal_multiply(const struct decimal *a, const struct decimal *b, struct decimal *out);

/* Each of the following wants a `b` that is not 0. */

/* The quotient, rounded to `scale` (0..38) fraction digits, or to as many as 38 digits in all leave room for. */
enum decimal_status decimal_divide(const struct decimal *a, const struct decimal *b, int scale, struct decimal *out);
/* The greatest whole number that is not above a / b. */
enum decimal_status decimal_floor_divide(const struct decimal *a, const struct decimal *b, struct decimal *out);
/* What is left then: a - b * decimal_floor_divide(a, b), with the sign of b. */
enum decimal_status decimal_modulo(const struct decimal *a, const struct decimal *b, struct decimal *out);

/* The nearest whole number that is not above, or not below. */
struct decimal decimal_floor(const struct decimal *a);
struct decimal decimal_ceil(const struct decimal *a);
/* False when the value is not whole, or outside int64. */
bool decimal_to_integer(const struct decimal *a, int64_t *out);

#endif
