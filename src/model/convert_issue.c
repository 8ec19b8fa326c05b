/* What is said about a value that does not convert. Nothing here runs while values convert. */
#include <string.h>

#include "base/datetime.h"
#include "base/json_writer.h"
#include "model/convert_parts.h"
#include "model/types/rules.h"

enum { GOT_LIMIT = 200, TOLD_LIMIT = 80 };

/* A message under way. */
struct words {
    const char *rule;
    struct buffer message, expected;
};

static const char *format_at(const struct conversion *c, size_t i) { return c->formats[i].text; }

static void tell_formats(const struct conversion *c, struct buffer *out) {
    for (size_t i = 0; i < c->format_count; i++) {
        if (i > 0) buffer_puts(out, i + 1 == c->format_count ? " or " : ", ");
        json_write_string(out, format_at(c, i), strlen(format_at(c, i)));
    }
}

static void say_no_format(const struct conversion *c, struct words *w) {
    w->rule = "parse";
    buffer_reset(&w->expected);
    buffer_put(&w->expected, '[');
    for (size_t i = 0; i < c->format_count; i++) {
        if (i > 0) buffer_put(&w->expected, ',');
        json_write_string(&w->expected, format_at(c, i), strlen(format_at(c, i)));
    }
    buffer_put(&w->expected, ']');
    buffer_puts(&w->message, "must be of the form ");
    tell_formats(c, &w->message);
    buffer_puts(&w->message, ", is ");
}

/* `"03/04/2024"` is a day in March or in April: both are shown, where the text stands without escapes. */
static void show_readings(const struct conversion *c, const flexdb_value *in, struct buffer *out) {
    size_t places[2], quote = in->tag == FLEXDB_JSON ? 1 : 0;
    int64_t micros[2];
    if (!convert_two_readings(c, in->as.text + quote, in->length - 2 * quote, places, micros)) return;
    for (int i = 0; i < 2; i++) {
        char reading[DATETIME_TEXT_SIZE];
        datetime_print(micros[i], reading);
        if (c->to->column->type == TYPE_DATE) reading[DATE_TEXT_SIZE - 1] = '\0';
        buffer_printf(out, "%s%s by ", i == 0 ? ": " : ", ", reading);
        json_write_string(out, format_at(c, places[i]), strlen(format_at(c, places[i])));
    }
}

static void say_precision(const struct conversion *c, struct words *w) {
    const struct rules *rules = &c->to->column->rules;
    int whole = rules->precision - rules->scale;
    w->rule = "precision";
    buffer_reset(&w->expected);
    buffer_printf(&w->expected, "%d", rules->precision);
    buffer_printf(&w->message, "must have at most %d digit%s before the point once it is rounded to %d behind it, is ",
                  whole, whole == 1 ? "" : "s", rules->scale);
}

static void say(const struct conversion *c, enum convert_reason reason, const flexdb_value *in, struct words *w) {
    buffer_printf(&w->expected, "\"%s\"", column_type_name(c->to->column->type));
    switch (reason) {
    case CONVERT_NOT_BOOLEAN:
        buffer_puts(&w->message,
                    in->tag == FLEXDB_INTEGER ? "must be 1 or 0, is " : "must be \"true\" or \"false\", is ");
        break;
    case CONVERT_TOO_MANY_DIGITS:
        buffer_printf(&w->message, "must have at most %d digits, is ", DECIMAL_MAX_PRECISION);
        break;
    case CONVERT_ROUNDED_BEYOND: say_precision(c, w); break;
    case CONVERT_NO_FORMAT: say_no_format(c, w); break;
    case CONVERT_TWO_READINGS: w->rule = "parse", buffer_puts(&w->message, "must have one reading, is "); break;
    case CONVERT_HAS_TIME: buffer_puts(&w->message, "must be a day without a time of day, is "); break;
    default:
        buffer_puts(&w->message, c->to->column->type == TYPE_DATE ? "must be a day that exists, is "
                                                                  : "must be a day and a time that exist, is ");
        break;
    }
    rules_excerpt(in, TOLD_LIMIT, &w->message);
    if (reason == CONVERT_TWO_READINGS) show_readings(c, in, &w->message);
}

static void say_no_record(const struct conversion *c, const flexdb_value *id, struct words *w) {
    const char *table = c->to->column->rules.target_table;
    w->rule = "reference";
    buffer_reset(&w->expected);
    buffer_puts(&w->message, "no record ");
    rules_excerpt(id, TOLD_LIMIT, &w->message);
    buffer_printf(&w->message, " is in table \"%s\"", table != NULL ? table : "");
}

void convert_issue(const struct conversion *c, struct convert_outcome outcome, const flexdb_value *in,
                   const flexdb_value *out, const char *path, flexdb_error *err) {
    struct words w = {.rule = "type"};
    struct buffer got = BUFFER_INIT;
    if (outcome.how != CONVERT_FAILED) return;
    if (outcome.reason == CONVERT_NO_MEMORY) {
        error_no_memory(err);
        return;
    }
    if (outcome.reason == CONVERT_VERDICT || outcome.reason == CONVERT_RULE) {
        type_issue(c->to, outcome.verdict, outcome.reason == CONVERT_RULE ? out : in, path, err);
        return;
    }
    bool no_record = outcome.reason == CONVERT_NO_RECORD;
    if (no_record)
        say_no_record(c, out, &w);
    else
        say(c, outcome.reason, in, &w);
    rules_excerpt(no_record ? out : in, GOT_LIMIT, &got);
    const char *message = buffer_text(&w.message), *expected = buffer_text(&w.expected), *given = buffer_text(&got);
    if (message == NULL || expected == NULL || given == NULL) {
        error_no_memory(err);
    } else {
        error_issue(err, path, w.rule, w.expected.length > 0 ? expected : NULL, given, "%s", message);
    }
    buffer_free(&w.message);
    buffer_free(&w.expected);
    buffer_free(&got);
}
