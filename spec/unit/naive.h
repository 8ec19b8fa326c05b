/* Decimals as a child reckons them, digit by digit, against which the real ones are held. */
#ifndef FLEXDB_SPEC_NAIVE_H
#define FLEXDB_SPEC_NAIVE_H

#include <stdbool.h>
#include <stddef.h>

enum { NAIVE_DIGITS = 200, NAIVE_TEXT = NAIVE_DIGITS + 4 };

struct naive {
    bool negative;
    int scale;                /* digits behind the point */
    int digits[NAIVE_DIGITS]; /* the last first */
};

struct naive naive_parse(const char *text);
/* At least `scale` digits behind the point, no more than the value needs. */
void naive_print(const struct naive *n, int scale, char out[NAIVE_TEXT]);
bool naive_is_zero(const struct naive *n);
int naive_compare(const struct naive *a, const struct naive *b);
struct naive naive_negate(const struct naive *a);
struct naive naive_add(const struct naive *a, const struct naive *b);
struct naive naive_multiply(const struct naive *a, const struct naive *b);
/* Of the magnitudes, rounded down to `scale` digits; with the sign of the quotient. */
struct naive naive_divide_down(const struct naive *a, const struct naive *b, int scale);
/* The nearest, halves away from zero. */
struct naive naive_round(const struct naive *a, int scale);
struct naive naive_divide(const struct naive *a, const struct naive *b, int scale);
struct naive naive_floor(const struct naive *a);
struct naive naive_floor_divide(const struct naive *a, const struct naive *b);
struct naive naive_modulo(const struct naive *a, const struct naive *b);
/* How many digits it has in all, without zeros at the beginning of the whole and at the end of the fraction. */
int naive_length(const struct naive *a);

#endif
