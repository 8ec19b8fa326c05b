/* What is said about a value that breaks a rule. Nothing here runs while records are good. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "model/format.h"
#include "model/type.h"
#include "model/types/json.h"
#include "model/types/rules.h"

enum { GOT_LIMIT = 200, TOLD_LIMIT = 80, LISTED_VALUES = 20 };

static const char ellipsis[] = "\xE2\x80\xA6", replacement[] = "\xEF\xBF\xBD";

/* The length of the valid UTF-8 sequence at `text`, or 0. */
static size_t sequence_length(const char *text, size_t length) {
    struct utf8_facts facts;
    unsigned char lead = (unsigned char)text[0];
    size_t needed = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return needed <= length && utf8_check(text, needed, &facts) && facts.code_points == 1 ? needed : 0;
}

/* A JSON string that takes `limit` bytes at most. */
static void quote(const char *text, size_t length, size_t limit, struct buffer *out) {
    size_t begin = out->length, room = limit - 1, cut = 0; /* room: without the closing quote */
    buffer_put(out, '"');
    for (size_t i = 0; i < length;) {
        size_t before = out->length - begin, step = sequence_length(text + i, length - i);
        if (before + strlen(ellipsis) <= room) cut = before;
        if (step == 0) {
            buffer_puts(out, replacement);
            step = 1;
        } else if (step > 1 || ((unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')) {
            buffer_append(out, text + i, step);
        } else if (text[i] == '"' || text[i] == '\\') {
            buffer_put(out, '\\');
            buffer_put(out, text[i]);
        } else {
            buffer_printf(out, "\\u%04x", (unsigned)(unsigned char)text[i]);
        }
        if (buffer_failed(out)) return;
        if (out->length - begin > room) {
            out->length = begin + cut;
            buffer_puts(out, ellipsis);
            break;
        }
        i += step;
    }
    buffer_put(out, '"');
}

void rules_excerpt(const flexdb_value *value, size_t limit, struct buffer *out) {
    struct utf8_facts facts;
    switch (value->tag) {
    case FLEXDB_ABSENT:
    case FLEXDB_NULL: buffer_puts(out, "null"); break;
    case FLEXDB_BOOLEAN: buffer_puts(out, value->as.boolean ? "true" : "false"); break;
    case FLEXDB_INTEGER: json_write_integer(out, value->as.integer); break;
    case FLEXDB_NUMBER:
        if (isfinite(value->as.number))
            json_write_number(out, value->as.number);
        else
            buffer_puts(out, isnan(value->as.number) ? "\"nan\"" : value->as.number > 0 ? "\"inf\"" : "\"-inf\"");
        break;
    case FLEXDB_JSON:
        if (value->length <= limit && utf8_check(value->as.text, value->length, &facts)) {
            buffer_append(out, value->as.text, value->length);
            break;
        }
        quote(value->as.text, value->length, limit, out);
        break;
    case FLEXDB_TEXT:
    case FLEXDB_BYTES: quote(value->as.text, value->length, limit, out); break;
    case FLEXDB_FAULT: buffer_puts(out, value->as.fault->got != NULL ? value->as.fault->got : "null"); break;
    }
}

/* The value in a sentence: `the string "12abc"`, `the integer 5`, `an object`. */
static void tell(const flexdb_value *value, struct buffer *out) {
    switch (value->tag) {
    case FLEXDB_TEXT: buffer_puts(out, "the string "); break;
    case FLEXDB_INTEGER: buffer_puts(out, "the integer "); break;
    case FLEXDB_BOOLEAN: buffer_puts(out, "the boolean "); break;
    case FLEXDB_BYTES: buffer_puts(out, "the bytes "); break;
    case FLEXDB_NUMBER:
        if (isfinite(value->as.number)) {
            buffer_puts(out, "the number ");
            break;
        }
        buffer_puts(out, isnan(value->as.number) ? "not a number"
                         : value->as.number > 0  ? "infinity"
                                                 : "minus infinity");
        return;
    case FLEXDB_JSON:
        if (value->length > 0 && (value->as.text[0] == '{' || value->as.text[0] == '[')) {
            buffer_puts(out, value->as.text[0] == '{' ? "an object" : "an array");
            return;
        }
        break;
    default: break;
    }
    rules_excerpt(value, TOLD_LIMIT, out);
}

/* The value bare, as a limit is told: digits and dates without quotes. */
static void tell_bare(const struct compiled_column *c, const flexdb_value *value, struct buffer *out) {
    if (value->tag == FLEXDB_TEXT && c->column->type != TYPE_STRING && c->column->type != TYPE_TEXT) {
        size_t begin = out->length;
        quote(value->as.text, value->length, TOLD_LIMIT, out);
        if (buffer_failed(out)) return;
        memmove(out->data + begin, out->data + begin + 1, out->length - begin - 2);
        out->length -= 2;
    } else {
        rules_excerpt(value, TOLD_LIMIT, out);
    }
}

/* A message under way: its text, and what stands in the issue beside it. */
struct statement {
    const char *rule;
    struct buffer message, expected, got;
};

static const char *type_phrase(enum column_type type) {
    switch (type) {
    case TYPE_STRING:
    case TYPE_TEXT: return "a string";
    case TYPE_INTEGER: return "an integer";
    case TYPE_DECIMAL: return "a decimal number";
    case TYPE_BOOLEAN: return "a boolean";
    case TYPE_DATE: return "a date of the form YYYY-MM-DD";
    case TYPE_DATETIME: return "a date and time of the form of RFC 3339, like 2024-05-01T10:00:00Z";
    case TYPE_REFERENCE: return "the id of a record";
    default: return "a JSON value";
    }
}

static void expect_type(const struct compiled_column *c, struct statement *s) {
    s->rule = "type";
    buffer_printf(&s->expected, "\"%s\"", column_type_name(c->column->type));
}

static void say_must_be(struct statement *s, const char *what, const flexdb_value *got) {
    buffer_printf(&s->message, "must be %s, is ", what);
    tell(got, &s->message);
}

static void say_type(const struct compiled_column *c, const flexdb_value *got, struct statement *s) {
    const char *what = type_phrase(c->column->type);
    int64_t micros;
    int32_t days;
    expect_type(c, s);
    if (got->tag == FLEXDB_TEXT && c->column->type == TYPE_DATETIME) {
        enum datetime_status status = datetime_parse(got->as.text, got->length, &micros);
        if (status == DATETIME_FRACTION) what = "a date and time with at most six fraction digits";
        if (status == DATETIME_RANGE) what = "within the years 0001 to 9999 in UTC";
    } else if (got->tag == FLEXDB_TEXT && c->column->type == TYPE_DATE) {
        if (date_parse(got->as.text, got->length, &days) == DATETIME_RANGE) what = "within the years 0001 to 9999";
    }
    say_must_be(s, what, got);
}

static void say_range(const struct compiled_column *c, const flexdb_value *got, struct statement *s) {
    expect_type(c, s);
    if (c->column->type == TYPE_JSON) {
        if (got->tag == FLEXDB_NUMBER)
            say_must_be(s, "a finite number", got);
        else
            buffer_puts(&s->message, "must not hold a number that is beyond a 64-bit float");
    } else if (got->tag == FLEXDB_NUMBER && !isfinite(got->as.number)) {
        say_must_be(s, type_phrase(c->column->type), got);
    } else if (got->tag == FLEXDB_NUMBER && floor(got->as.number) != got->as.number) {
        say_must_be(s, "a whole number", got);
    } else {
        say_must_be(s, "from -9223372036854775808 to 9223372036854775807", got);
    }
}

static size_t count_characters(const flexdb_value *value) {
    struct utf8_facts facts;
    return utf8_check(value->as.text, value->length, &facts) ? facts.code_points : 0;
}

static void say_length(const struct compiled_column *c, bool shortest, const flexdb_value *got, struct statement *s) {
    long long limit = (long long)(shortest ? c->min_length : c->max_length);
    s->rule = shortest ? "minLength" : "maxLength";
    buffer_printf(&s->expected, "%lld", limit);
    buffer_printf(&s->message, "must be at %s %lld character%s long, is %zu", shortest ? "least" : "most", limit,
                  limit == 1 ? "" : "s", count_characters(got));
}

/* A pattern as it was written, unless that would tear the sentence apart. */
static void tell_pattern(const char *pattern, struct buffer *out) {
    size_t length = strlen(pattern);
    bool plain = length <= TOLD_LIMIT;
    for (size_t i = 0; plain && i < length; i++) plain = (unsigned char)pattern[i] >= 0x20;
    if (plain)
        buffer_append(out, pattern, length);
    else
        quote(pattern, length, TOLD_LIMIT, out);
}

static void say_pattern(const struct compiled_column *c, bool limit, const flexdb_value *got, struct statement *s) {
    const char *pattern = c->column->rules.pattern;
    s->rule = "pattern";
    quote(pattern, strlen(pattern), GOT_LIMIT, &s->expected);
    buffer_puts(&s->message, limit ? "could not be matched against the pattern " : "must match the pattern ");
    tell_pattern(pattern, &s->message);
    if (limit) {
        buffer_printf(&s->message, " within the match limit of %d", (int)REGEX_MATCH_LIMIT);
    } else {
        buffer_puts(&s->message, ", is ");
        rules_excerpt(got, TOLD_LIMIT, &s->message);
    }
}

static void say_format(const struct compiled_column *c, const flexdb_value *got, struct statement *s) {
    s->rule = "format";
    buffer_printf(&s->expected, "\"%s\"", c->format->name);
    buffer_printf(&s->message, "must be %s, is ", c->format->phrase);
    rules_excerpt(got, TOLD_LIMIT, &s->message);
}

static void say_enum(const struct compiled_column *c, const flexdb_value *got, struct statement *s) {
    s->rule = "enum";
    buffer_put(&s->expected, '[');
    buffer_puts(&s->message, c->enum_count == 1 ? "must be " : "must be one of ");
    for (size_t i = 0; i < c->enum_count; i++) {
        if (i == LISTED_VALUES) {
            buffer_printf(&s->message, ", … (%zu in all)", c->enum_count);
            buffer_printf(&s->expected, ",\"…\"");
            break;
        }
        if (i > 0) buffer_put(&s->expected, ','), buffer_puts(&s->message, ", ");
        rules_excerpt(&c->enum_values[i], GOT_LIMIT, &s->expected);
        rules_excerpt(&c->enum_values[i], TOLD_LIMIT, &s->message);
    }
    buffer_put(&s->expected, ']');
    buffer_puts(&s->message, ", is ");
    rules_excerpt(got, TOLD_LIMIT, &s->message);
}

static void say_bound(const struct compiled_column *c, bool least, const flexdb_value *got, struct statement *s) {
    const flexdb_value *bound = least ? &c->min : &c->max;
    bool time = c->column->type == TYPE_DATE || c->column->type == TYPE_DATETIME;
    s->rule = least ? "min" : "max";
    rules_excerpt(bound, GOT_LIMIT, &s->expected);
    buffer_puts(&s->message, time ? (least ? "must not be before " : "must not be after ")
                                  : (least ? "must be at least " : "must be at most "));
    tell_bare(c, bound, &s->message);
    buffer_puts(&s->message, ", is ");
    tell_bare(c, got, &s->message);
}

static void say_digits(const struct compiled_column *c, bool fraction, const flexdb_value *got, struct statement *s) {
    const struct rules *rules = &c->column->rules;
    int whole = rules->precision - rules->scale;
    s->rule = fraction ? "scale" : "precision";
    buffer_printf(&s->expected, "%d", fraction ? rules->scale : rules->precision);
    if (fraction && rules->scale == 0)
        buffer_puts(&s->message, "must not have digits after the point, is ");
    else if (fraction)
        buffer_printf(&s->message, "must have at most %d digit%s after the point, is ", rules->scale,
                      rules->scale == 1 ? "" : "s");
    else
        buffer_printf(&s->message, "must have at most %d digit%s before the point, is ", whole, whole == 1 ? "" : "s");
    tell_bare(c, got, &s->message);
}

static void say_calendar(const struct compiled_column *c, enum verdict verdict, const flexdb_value *got,
                         struct statement *s) {
    expect_type(c, s);
    if (verdict == VERDICT_OFFSET)
        buffer_puts(&s->message, "must have an offset or Z, is ");
    else if (c->column->type == TYPE_DATE)
        buffer_puts(&s->message, "must be a day that exists, is ");
    else
        buffer_puts(&s->message, "must be a day and a time that exist, is ");
    rules_excerpt(got, TOLD_LIMIT, &s->message);
}

static void say_text(enum verdict verdict, const flexdb_value *got, struct statement *s) {
    s->rule = verdict == VERDICT_UTF8 ? "utf8" : "nul";
    buffer_puts(&s->message, verdict == VERDICT_UTF8 ? "must be valid UTF-8" : "must not hold U+0000");
    if (got->tag == FLEXDB_TEXT) {
        buffer_puts(&s->message, ", is ");
        rules_excerpt(got, TOLD_LIMIT, &s->message);
    }
}

static void say_depth(const flexdb_value *got, struct statement *s) {
    s->rule = "depth";
    buffer_printf(&s->expected, "%d", (int)FLEXDB_JSON_MAX_DEPTH);
    buffer_printf(&s->message, "must nest at most %d levels deep, nests %zu", (int)FLEXDB_JSON_MAX_DEPTH,
                  json_depth(got->as.text, got->length));
}

static void say(const struct compiled_column *c, enum verdict verdict, const flexdb_value *got, struct statement *s) {
    switch (verdict) {
    case VERDICT_TYPE: say_type(c, got, s); break;
    case VERDICT_RANGE: say_range(c, got, s); break;
    case VERDICT_UTF8:
    case VERDICT_NUL: say_text(verdict, got, s); break;
    case VERDICT_MIN_LENGTH:
    case VERDICT_MAX_LENGTH: say_length(c, verdict == VERDICT_MIN_LENGTH, got, s); break;
    case VERDICT_PATTERN:
    case VERDICT_PATTERN_LIMIT: say_pattern(c, verdict == VERDICT_PATTERN_LIMIT, got, s); break;
    case VERDICT_FORMAT: say_format(c, got, s); break;
    case VERDICT_ENUM: say_enum(c, got, s); break;
    case VERDICT_MIN:
    case VERDICT_MAX: say_bound(c, verdict == VERDICT_MIN, got, s); break;
    case VERDICT_PRECISION:
    case VERDICT_SCALE: say_digits(c, verdict == VERDICT_SCALE, got, s); break;
    case VERDICT_CALENDAR:
    case VERDICT_OFFSET: say_calendar(c, verdict, got, s); break;
    case VERDICT_DEPTH: say_depth(got, s); break;
    default: s->rule = "required", buffer_puts(&s->message, "is required"); break;
    }
}

/* The binding knew better than the type: its words stand, at the place that it names. */
static void fault_issue(const flexdb_fault *fault, const char *path, flexdb_error *err) {
    struct buffer place = BUFFER_INIT;
    buffer_puts(&place, path);
    if (fault->path != NULL && fault->path[0] != '\0') buffer_printf(&place, ".%s", fault->path);
    const char *text = buffer_text(&place);
    error_issue(err, text != NULL ? text : path, fault->rule, NULL, fault->got, "%s", fault->message);
    buffer_free(&place);
}

void type_issue(const struct compiled_column *c, enum verdict verdict, const flexdb_value *got, const char *path,
                flexdb_error *err) {
    struct statement s = {.rule = "type"};
    if (verdict == VERDICT_OK) return;
    if (verdict == VERDICT_NO_MEMORY) {
        error_no_memory(err);
        return;
    }
    if (got->tag == FLEXDB_FAULT && verdict != VERDICT_REQUIRED) {
        fault_issue(got->as.fault, path, err);
        return;
    }
    say(c, verdict, got, &s);
    if (got->tag != FLEXDB_ABSENT) rules_excerpt(got, GOT_LIMIT, &s.got);
    const char *message = buffer_text(&s.message);
    if (message == NULL || buffer_failed(&s.expected) || buffer_failed(&s.got)) {
        error_no_memory(err);
    } else {
        error_issue(err, path, s.rule, s.expected.length > 0 ? buffer_text(&s.expected) : NULL,
                    s.got.length > 0 ? buffer_text(&s.got) : NULL, "%s", message);
    }
    buffer_free(&s.message);
    buffer_free(&s.expected);
    buffer_free(&s.got);
}
