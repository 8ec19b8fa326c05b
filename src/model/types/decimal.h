/* Decimals as they stand in documents, for the type and for what reads a document's spans. */
#ifndef FLEXDB_MODEL_TYPES_DECIMAL_H
#define FLEXDB_MODEL_TYPES_DECIMAL_H

#include "base/buffer.h"
#include "base/value.h"
#include "model/type.h"

enum { DECIMAL_SMALL_PRECISION = 18 }; /* up to here the coefficient is an int64 */

/* What was seen of a text that needs no more than 18 digits at `scale`. `canonical`: it is written as FlexDB writes it:
 * exactly `scale` fraction digits, no needless zero before the point, no minus zero. False where it needs more digits
 * or is no decimal at all; decimal_parse says which. */
bool decimal_small(const char *text, size_t length, int scale, int64_t *coefficient, bool *canonical);
/* The physical form of a decimal in its canonical text; false where it is not one. */
bool decimal_physical_text(const char *text, size_t length, enum physical_kind kind, int scale, flexdb_value *out,
                           struct buffer *scratch);

#endif
