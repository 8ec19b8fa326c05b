/* Exact decimals of up to 38 digits: a 128-bit coefficient and a scale, 1250 and 2 for 12.50. */
#ifndef FLEXDB_BASE_DECIMAL_H
#define FLEXDB_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_MAX_PRECISION = 38, DECIMAL_MAX_SCALE = 30, DECIMAL_TEXT_SIZE = 48, DECIMAL_BYTES = 16 };

__extension__ typedef __int128 decimal_int;

struct decimal {
    decimal_int coefficient; /* |coefficient| < 10^38 */
    int scale;               /* 0..DECIMAL_MAX_PRECISION */
};

enum decimal_status {
    DECIMAL_OK = 0,
    DECIMAL_SYNTAX,    /* not `^-?[0-9]+(\.[0-9]+)?$` */
    DECIMAL_PRECISION, /* more digits than the precision allows */
    DECIMAL_SCALE      /* more non-zero fraction digits than the scale allows */
};

/* Reads text, dropping trailing zeros of the fraction that the value does not need; minus zero is zero. */
enum decimal_status decimal_parse(const char *text, size_t length, struct decimal *out);
void decimal_from_integer(int64_t value, struct decimal *out);
/* The shortest decimal that reads back as the same double (9.99, not 9.9900000000000002); SYNTAX for NaN, infinity. */
enum decimal_status decimal_from_double(double value, struct decimal *out);
/* Brings the value to exactly `scale` fraction digits and at most `precision` digits in all; never rounds. */
enum decimal_status decimal_rescale(struct decimal *value, int precision, int scale);
/* The same, but rounds where the value has more fraction digits: half away from zero, as SQL's DECIMAL does (0.5 is 1,
 * -0.5 is -1). `*rounded` tells whether digits other than zero went. PRECISION leaves the value as it was. */
enum decimal_status decimal_round(struct decimal *value, int precision, int scale, bool *rounded);
/* -1, 0, 1; the scales may differ. */
int decimal_compare(const struct decimal *a, const struct decimal *b);
/* Exactly `scale` fraction digits, `-` for a negative, at least one digit before the point. Returns the length. */
size_t decimal_print(const struct decimal *value, char out[DECIMAL_TEXT_SIZE]);
/* 16 bytes, big-endian two's complement with the sign bit flipped, so that bytewise order is numeric order. */
void decimal_to_bytes(const struct decimal *value, unsigned char out[DECIMAL_BYTES]);
/* 10^n for n in 0..38; 10^38 is the largest power that a decimal_int holds. */
decimal_int decimal_power_of_ten(int n);

#endif
