/* Between flat value vectors and stored JSON documents, in one pass and without a tree.
 *
 * A stored document is one object: field key → value; first scalars, then texts, json columns last. Decimals are JSON
 * strings, integers JSON integers. A key that is absent reads as the column's initial default; a key at null has no
 * value. A column without a value is left out, or written as null where it has an initial default.
 *
 * A computed column is stored as any other. A value may be given for it where it is the one that its expression gives,
 * or, in an update, the one that the record holds, so that a record that was read can be written back; any other is an
 * issue of the rule `computed`. An expression that cannot be worked out is an issue too: of the rule `computed` at the
 * column, of the rule `check` at the check's name. A check that is false is an issue at its name, whose message is the
 * check's own, or else its expression. */
#ifndef FLEXDB_MODEL_CODEC_H
#define FLEXDB_MODEL_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "model/validator.h"

/* Where a codec call puts its results; made once, used again and again. Values point into `document`, into `scratch`,
 * into `rooms`, into the validator or into what the caller gave, and hold until the next call with the same record. */
struct record {
    struct buffer document;
    struct buffer scratch; /* reserved ahead of use, so that it does not move while values point into it */
    flexdb_value *values;  /* one for each slot of the shape; ABSENT where there is no value */
    size_t capacity;
    struct buffer *rooms; /* one for each expression's evaluation: the text of a computed value stays in its own */
    size_t room_count;
};

#define RECORD_INIT ((struct record){0})
void record_free(struct record *r);

/* Validates a whole new record and writes its document: defaults for what is ABSENT (not for NULL), required, every
 * rule, computed columns, checks. `given` has shape.count slots; system slots are ignored but for id, which is checked
 * for its form
 * (`^[A-Za-z0-9_.:-]+$`, at most 128) and copied. record->values is the normalized record. Every problem is an issue;
 * closes with INVALID_RECORD. LIMIT for a document over 8 MiB. */
int codec_encode(const struct validator *v, const flexdb_value *given, struct record *out, flexdb_error *err);

/* Validates only the slots that are given (NULL clears; an issue for a required column) and writes `document` anew with
 * them set: keys that the definition does not know are kept verbatim. Computed columns that read a given slot, or one
 * that is computed anew because of that, are computed anew; so are the checks that read any of these. out->values is
 * the whole record after the change (columns only). `document` must not point into `out`. Nothing else is judged. */
int codec_merge(const struct validator *v, const char *document, size_t length, const flexdb_value *given,
                struct record *out, flexdb_error *err);

/* Judges the slots that are given as codec_merge does, without a record: neither computed columns nor checks are looked
 * at. out->values has what is given, normalized, and ABSENT elsewhere (columns only). */
int codec_judge(const struct validator *v, const flexdb_value *given, struct record *out, flexdb_error *err);

/* The same as codec_merge for values that are normalized already, and judged nowhere: whatever stands in them is
 * stored, in computed columns too (codec_compute). Their texts must not lie in `out`. */
int codec_put(const struct validator *v, const char *document, size_t length, const flexdb_value *values,
              struct record *out, flexdb_error *err);

/* The same for keys that the document is known not to have, whatever else is in it: they are put beside what stands
 * there, which is neither read nor moved. Only out->document is set. */
int codec_insert(const struct validator *v, const char *document, size_t length, const flexdb_value *values,
                 struct record *out, flexdb_error *err);

/* Reads a stored document: one value for each column slot (system slots are left alone). With `wanted` (a bool for each
 * slot) the others are left ABSENT. CORRUPT when it is not what the codec writes for this definition. Texts point into
 * `document` or `out->scratch`; a json value is its span (FLEXDB_JSON). */
int codec_decode(const struct validator *v, const char *document, size_t length, const bool *wanted, struct record *out,
                 flexdb_error *err);

/* Judges normalized values (of codec_decode) again under every rule, required included, of the columns for which
 * `which` is set: how a tighter definition is held against old records. Adds issues, does not close. Returns how many.
 */
size_t codec_check(const struct validator *v, const flexdb_value *values, const bool *which, struct buffer *scratch,
                   flexdb_error *err);

/* Holds a record's normalized values against the checks for which `which` is set (NULL: all). `scratch` is used and
 * left as long as it was; no value may lie in it. Adds issues, does not close. Returns how many. */
size_t codec_check_expressions(const struct validator *v, const flexdb_value *values, const bool *which,
                               struct buffer *scratch, flexdb_error *err);

/* What the expression of a computed column makes of a record's normalized values, held against the column's rules:
 * normalized, or ABSENT. Its text lies in `values` or in `room`, where it stays until `room` computes the same slot
 * again. Unless it is COMPUTED an issue is added (not closed; also `required`), or err is set when memory is out. */
enum computed_result {
    COMPUTED,
    COMPUTED_BREAKS_RULE, /* a value of the type, for on_invalid = "ignore" */
    COMPUTED_NOTHING      /* `*out` is ABSENT */
};
enum computed_result codec_compute(const struct validator *v, size_t slot, const flexdb_value *values,
                                   struct record *room, flexdb_value *out, flexdb_error *err);

/* Appends the document without the members whose keys are in `gone`: 1, and 0 with nothing appended where it has none
 * of them. The other members stay to the letter. `scratch` takes keys that hold escapes. CORRUPT when the text is not
 * an object. */
int codec_strip(const char *document, size_t length, const struct names *gone, struct buffer *out,
                struct buffer *scratch, flexdb_error *err);

/* Calls `meet` for each key at the document's top level, unescaped, until that answers other than 0, which is the
 * result. CORRUPT when the text is not an object. */
int codec_keys(const char *document, size_t length, struct buffer *scratch,
               int (*meet)(void *context, const char *key, size_t length, flexdb_error *err), void *context,
               flexdb_error *err);

/* The physical form of the normalized value of a column slot; NULL for no value. Text may be appended to `scratch`,
 * which must have at least CODEC_PHYSICAL_SCRATCH bytes of room for each value, so that it does not move. */
enum { CODEC_PHYSICAL_SCRATCH = 32 };
int codec_physical(const struct validator *v, size_t slot, const flexdb_value *value, flexdb_value *out,
                   struct buffer *scratch, flexdb_error *err);

/* Finds one member of a stored document's top level and stops there: what SQL calls for every record of an unindexed
 * filter. `member` is `"key":` (compiled_column.member). 1 and the span of the value, 0 when the key is absent, -1 when
 * the text is not a JSON object. */
int codec_find(const char *document, size_t length, const char *member, size_t member_length, const char **span,
               size_t *span_length);
/* The physical form of such a span (JSON `null` gives NULL): `kind` and `scale` say how. false when it does not fit. */
bool codec_span_physical(const char *span, size_t length, enum physical_kind kind, int scale, flexdb_value *out,
                         struct buffer *scratch);

#endif
