/* The table of conversions: one row for each pair of types. */
#include "model/convert_parts.h"

#define HALF_AWAY   "rounded half away from zero"
#define ID_FORM     "an id has (1 to 128 letters, digits and _ . : -); that the record exists is checked as ever"
#define NO_DAY      "A number is no day: what it counts, and since when, would be a guess."
#define NO_NUMBER   "A day is no number: what to count, and since when, would be a guess."
#define NO_ANSWER   "A day is neither true nor false."
#define NO_RECORD   "A day does not name a record."
#define NOT_A_DAY   "True and false are no days."
#define DATE_FORM   "the form YYYY-MM-DD, or a format of parse"
#define TIME_FORM   "the form of RFC 3339 with an offset or Z, or a format of parse, where no offset means UTC"
#define SHORT_TEXT  "longer than maxLength (255 unless said otherwise) fails and is never cut."
#define TEXT_NUMBER "an optional minus and digits within 64 bits, nothing else; leading zeros are lost."

/* A string and a text convert alike, except into each other. */
#define FROM_TEXT                                                                                                      \
    [TYPE_INTEGER] = {CONVERT_ROUNDS, "A text of " TEXT_NUMBER, convert_text_to_integer},                              \
    [TYPE_DECIMAL] =                                                                                                   \
        {CONVERT_ROUNDS,                                                                                               \
         "A text of an optional minus, at most 38 digits and perhaps a point among them, nothing else; digits "        \
         "beyond the scale are " HALF_AWAY ", leading zeros are lost, more digits before the point than "              \
         "the precision leaves room for fail.",                                                                        \
         convert_text_to_decimal},                                                                                     \
    [TYPE_BOOLEAN] = {CONVERT_MAY_FAIL, "\"true\" is true and \"false\" is false; anything else fails.",               \
                      convert_text_to_boolean},                                                                        \
    [TYPE_DATE] = {CONVERT_MAY_FAIL, "A day of the calendar in " DATE_FORM "; anything else fails.",                   \
                   convert_text_to_time},                                                                              \
    [TYPE_DATETIME] = {CONVERT_MAY_FAIL, "A day and a time that exist in " TIME_FORM "; anything else fails.",         \
                       convert_text_to_time},                                                                          \
    [TYPE_JSON] = {CONVERT_EXACT, "The JSON string of the text, which is not read as JSON.", convert_text_to_json},    \
    [TYPE_REFERENCE] = {CONVERT_MAY_FAIL, "A text of the form that " ID_FORM ".", convert_keep}

static const struct conversion_row rows[TYPE_COUNT][TYPE_COUNT] = {
    [TYPE_STRING] = {[TYPE_STRING] = {CONVERT_EXACT,
                                      "Not a conversion: the text stays; a shorter maxLength is a check, and nothing "
                                      "is ever cut.",
                                      convert_keep},
                     [TYPE_TEXT] = {CONVERT_EXACT, "The same text.", convert_keep},
                     FROM_TEXT},
    [TYPE_TEXT] = {[TYPE_STRING] = {CONVERT_MAY_FAIL, "The same text; one " SHORT_TEXT, convert_keep},
                   [TYPE_TEXT] = {CONVERT_EXACT,
                                  "Not a conversion: the text stays; a maxLength is a check, and nothing is ever cut.",
                                  convert_keep},
                   FROM_TEXT},
    [TYPE_INTEGER] =
        {
            [TYPE_STRING] = {CONVERT_EXACT, "The digits, behind a minus where it is negative.",
                             convert_integer_to_text},
            [TYPE_TEXT] = {CONVERT_EXACT, "The digits, behind a minus where it is negative.", convert_integer_to_text},
            [TYPE_INTEGER] = {CONVERT_EXACT, "Not a conversion: the number stays.", convert_keep},
            [TYPE_DECIMAL] = {CONVERT_MAY_FAIL,
                              "The same number; more digits than the precision leaves room for before the point fail.",
                              convert_integer_to_decimal},
            [TYPE_BOOLEAN] = {CONVERT_MAY_FAIL, "1 is true and 0 is false; anything else fails.",
                              convert_integer_to_boolean},
            [TYPE_DATE] = {CONVERT_REFUSED, NO_DAY, NULL},
            [TYPE_DATETIME] = {CONVERT_REFUSED, NO_DAY, NULL},
            [TYPE_JSON] = {CONVERT_EXACT, "The JSON number.", convert_keep},
            [TYPE_REFERENCE] = {CONVERT_EXACT, "The digits are the id; that the record exists is checked as ever.",
                                convert_integer_to_text},
        },
    [TYPE_DECIMAL] =
        {
            [TYPE_STRING] = {CONVERT_EXACT, "The number with all the digits of its scale, such as \"12.50\".",
                             convert_keep},
            [TYPE_TEXT] = {CONVERT_EXACT, "The number with all the digits of its scale, such as \"12.50\".",
                           convert_keep},
            [TYPE_INTEGER] = {CONVERT_ROUNDS,
                              "The same number where there is no fraction, else " HALF_AWAY
                              "; one beyond 64 bits fails.",
                              convert_decimal_to_integer},
            [TYPE_DECIMAL] = {CONVERT_ROUNDS,
                              "The same number; digits beyond the new scale are " HALF_AWAY
                              ", and more digits before the point than the new precision leaves room for fail.",
                              convert_text_to_decimal},
            [TYPE_BOOLEAN] = {CONVERT_REFUSED, "An amount is neither true nor false; integers 1 and 0 are.", NULL},
            [TYPE_DATE] = {CONVERT_REFUSED, NO_DAY, NULL},
            [TYPE_DATETIME] = {CONVERT_REFUSED, NO_DAY, NULL},
            [TYPE_JSON] =
                {CONVERT_EXACT, "The JSON string with all the digits of its scale, for JSON numbers may become floats.",
                 convert_text_to_json},
            [TYPE_REFERENCE] = {CONVERT_REFUSED, "An amount does not name a record.", NULL},
        },
    [TYPE_BOOLEAN] =
        {
            [TYPE_STRING] = {CONVERT_EXACT, "\"true\" or \"false\".", convert_boolean_to_text},
            [TYPE_TEXT] = {CONVERT_EXACT, "\"true\" or \"false\".", convert_boolean_to_text},
            [TYPE_INTEGER] = {CONVERT_EXACT, "1 for true and 0 for false.", convert_boolean_to_integer},
            [TYPE_DECIMAL] = {CONVERT_REFUSED, "True and false are no amounts; integers they can be.", NULL},
            [TYPE_BOOLEAN] = {CONVERT_EXACT, "Not a conversion: the value stays.", convert_keep},
            [TYPE_DATE] = {CONVERT_REFUSED, NOT_A_DAY, NULL},
            [TYPE_DATETIME] = {CONVERT_REFUSED, NOT_A_DAY, NULL},
            [TYPE_JSON] = {CONVERT_EXACT, "The JSON true or false.", convert_keep},
            [TYPE_REFERENCE] = {CONVERT_REFUSED, "True and false do not name records.", NULL},
        },
    [TYPE_DATE] =
        {
            [TYPE_STRING] = {CONVERT_EXACT, "The form YYYY-MM-DD.", convert_keep},
            [TYPE_TEXT] = {CONVERT_EXACT, "The form YYYY-MM-DD.", convert_keep},
            [TYPE_INTEGER] = {CONVERT_REFUSED, NO_NUMBER, NULL},
            [TYPE_DECIMAL] = {CONVERT_REFUSED, NO_NUMBER, NULL},
            [TYPE_BOOLEAN] = {CONVERT_REFUSED, NO_ANSWER, NULL},
            [TYPE_DATE] = {CONVERT_EXACT, "Not a conversion: the day stays.", convert_keep},
            [TYPE_DATETIME] = {CONVERT_EXACT, "Midnight of that day in UTC.", convert_date_to_datetime},
            [TYPE_JSON] = {CONVERT_EXACT, "The JSON string of the form YYYY-MM-DD.", convert_text_to_json},
            [TYPE_REFERENCE] = {CONVERT_REFUSED, NO_RECORD, NULL},
        },
    [TYPE_DATETIME] =
        {
            [TYPE_STRING] = {CONVERT_EXACT, "The form 2024-05-01T10:00:00.000000Z, in UTC.", convert_keep},
            [TYPE_TEXT] = {CONVERT_EXACT, "The form 2024-05-01T10:00:00.000000Z, in UTC.", convert_keep},
            [TYPE_INTEGER] = {CONVERT_REFUSED, NO_NUMBER, NULL},
            [TYPE_DECIMAL] = {CONVERT_REFUSED, NO_NUMBER, NULL},
            [TYPE_BOOLEAN] = {CONVERT_REFUSED, NO_ANSWER, NULL},
            [TYPE_DATE] = {CONVERT_ROUNDS, "The day in UTC; a time of day other than midnight is lost.",
                           convert_datetime_to_date},
            [TYPE_DATETIME] = {CONVERT_EXACT, "Not a conversion: the instant stays.", convert_keep},
            [TYPE_JSON] = {CONVERT_EXACT, "The JSON string of the form 2024-05-01T10:00:00.000000Z, in UTC.",
                           convert_text_to_json},
            [TYPE_REFERENCE] = {CONVERT_REFUSED, NO_RECORD, NULL},
        },
    [TYPE_JSON] =
        {
            [TYPE_STRING] = {CONVERT_MAY_FAIL, "The text of a JSON string; anything else, and one " SHORT_TEXT,
                             convert_json_to_text},
            [TYPE_TEXT] = {CONVERT_MAY_FAIL, "The text of a JSON string; anything else fails.", convert_json_to_text},
            [TYPE_INTEGER] =
                {CONVERT_MAY_FAIL,
                 "A JSON number with a whole value within 64 bits; anything else fails, the string "
                 "\"42\" too.",
                 convert_json_to_integer},
            [TYPE_DECIMAL] = {CONVERT_ROUNDS,
                              "A JSON number (a float as its shortest digits) or a JSON string that a text would "
                              "convert from, under the same rules; anything else fails.",
                              convert_json_to_decimal},
            [TYPE_BOOLEAN] = {CONVERT_MAY_FAIL, "The JSON true or false; anything else fails, 1 and \"true\" too.",
                              convert_json_to_boolean},
            [TYPE_DATE] = {CONVERT_MAY_FAIL,
                           "A JSON string that is a day of the calendar in " DATE_FORM "; anything else fails.",
                           convert_json_to_time},
            [TYPE_DATETIME] = {CONVERT_MAY_FAIL,
                               "A JSON string that is a day and a time that exist in " TIME_FORM
                               "; anything else fails.",
                               convert_json_to_time},
            [TYPE_JSON] = {CONVERT_EXACT, "Not a conversion: the value stays.", convert_keep},
            [TYPE_REFERENCE] = {CONVERT_MAY_FAIL, "A JSON string of the form that " ID_FORM ".", convert_json_to_text},
        },
    [TYPE_REFERENCE] =
        {
            [TYPE_STRING] = {CONVERT_EXACT, "The id.", convert_keep},
            [TYPE_TEXT] = {CONVERT_EXACT, "The id.", convert_keep},
            [TYPE_INTEGER] = {CONVERT_ROUNDS, "An id of " TEXT_NUMBER, convert_text_to_integer},
            [TYPE_DECIMAL] = {CONVERT_REFUSED, "An id is no amount.", NULL},
            [TYPE_BOOLEAN] = {CONVERT_REFUSED, "An id is neither true nor false.", NULL},
            [TYPE_DATE] = {CONVERT_REFUSED, "An id is no day.", NULL},
            [TYPE_DATETIME] = {CONVERT_REFUSED, "An id is no day.", NULL},
            [TYPE_JSON] = {CONVERT_EXACT, "The JSON string of the id.", convert_text_to_json},
            [TYPE_REFERENCE] = {CONVERT_EXACT,
                                "Not a conversion: the id stays; that the new target has the record is checked.",
                                convert_keep},
        },
};

const struct conversion_row *conversion_row(enum column_type from, enum column_type to) { return &rows[from][to]; }

const char *convert_class_name(enum convert_class class) {
    static const char *const names[CONVERT_CLASS_COUNT] = {
#define X(constant, name, meaning) name,
        CONVERT_CLASSES(X)
#undef X
    };
    return names[class];
}

const char *convert_class_meaning(enum convert_class class) {
    static const char *const meanings[CONVERT_CLASS_COUNT] = {
#define X(constant, name, meaning) meaning,
        CONVERT_CLASSES(X)
#undef X
    };
    return meanings[class];
}

const char *convert_loss(enum convert_reason reason) {
    static const char *const losses[CONVERT_REASON_COUNT] = {
#define X(constant, loss) loss,
        CONVERT_REASONS(X)
#undef X
    };
    return losses[reason];
}

/* ---- two columns ---- */

static int digits_before_point(const struct column *c) { return c->rules.precision - c->rules.scale; }

/* Texts of a string or text column cannot be longer than this. */
static int64_t longest(const struct column *c) {
    enum { STRING_LENGTH = 255 };
    if ((c->rules.given & 1u << RULE_MAX_LENGTH) != 0) return c->rules.max_length;
    return c->type == TYPE_STRING ? STRING_LENGTH : INT64_MAX;
}

enum convert_class conversion_class(const struct column *from, const struct column *to) {
    enum { INTEGER_DIGITS = 19 }; /* of an int64; with one less, every number fits */
    bool room;
    if (from->type == TYPE_DECIMAL && to->type == TYPE_DECIMAL) {
        if (to->rules.scale < from->rules.scale) return CONVERT_ROUNDS;
        room = digits_before_point(to) >= digits_before_point(from);
    } else if (from->type == TYPE_INTEGER && to->type == TYPE_DECIMAL) {
        room = digits_before_point(to) >= INTEGER_DIGITS;
    } else if (from->type == TYPE_DECIMAL && to->type == TYPE_INTEGER) {
        if (from->rules.scale > 0) return CONVERT_ROUNDS;
        room = from->rules.precision < INTEGER_DIGITS;
    } else if (from->type == TYPE_TEXT && to->type == TYPE_STRING) {
        room = longest(from) <= longest(to);
    } else {
        return conversion_row(from->type, to->type)->class;
    }
    return room ? CONVERT_EXACT : CONVERT_MAY_FAIL;
}
