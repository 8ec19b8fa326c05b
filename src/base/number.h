/* Exact numbers in and out of text, independent of the locale. */
#ifndef FLEXDB_BASE_NUMBER_H
#define FLEXDB_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_INTEGER_SIZE = 21, NUMBER_DOUBLE_SIZE = 32 }; /* room for any, with the NUL */

/* `^-?[0-9]+$` that fits an int64; leading zeros are allowed. */
bool number_parse_integer(const char *text, size_t length, int64_t *out);
/* A double with an exact integer value inside int64. */
bool number_exact_integer(double d, int64_t *out);
/* Writes the digits and a NUL; returns the length without it. */
size_t number_print_integer(int64_t value, char out[NUMBER_INTEGER_SIZE]);
/* The shortest text that reads back as the same finite double; always with a `.`, or an exponent, so that it stays a
 * float (`3.0`, `1e+300`). */
size_t number_print_double(double value, char out[NUMBER_DOUBLE_SIZE]);
/* A JSON number (RFC 8259) as a double; false when it overflows to infinity. The text must be a valid JSON number. */
bool number_parse_double(const char *text, size_t length, double *out);
/* A JSON number whose exact value is an integer inside int64, however it is written (`3.0`, `1e2`). The text must be a
 * valid JSON number. */
bool number_parse_integral(const char *text, size_t length, int64_t *out);

#endif
