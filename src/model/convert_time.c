/* Conversions of and into dates and datetimes, and the formats in which a text may hold them. */
#include <stdio.h>
#include <string.h>

#include "base/datetime.h"
#include "model/convert_parts.h"
#include "model/types/rules.h"

enum { DATE_LENGTH = DATE_TEXT_SIZE - 1, DATETIME_LENGTH = DATETIME_TEXT_SIZE - 1, PATH_ROOM = 32 };

static const char midnight[] = "T00:00:00.000000Z";
static const int64_t micros_per_day = INT64_C(86400) * 1000000;

CONVERSION(convert_date_to_datetime) {
    (void)c;
    char text[DATETIME_TEXT_SIZE];
    if (value->length != DATE_LENGTH) return convert_refuse(verdict, VERDICT_TYPE);
    memcpy(text, value->as.text, DATE_LENGTH);
    memcpy(text + DATE_LENGTH, midnight, sizeof midnight);
    return rules_scratch_text(value, text, DATETIME_LENGTH, scratch) ? CONVERT_WHOLE : CONVERT_NO_MEMORY;
}

CONVERSION(convert_datetime_to_date) {
    (void)c, (void)scratch;
    int64_t micros;
    const char *text = value->as.text;
    if (value->length != DATETIME_LENGTH || datetime_parse(text, value->length, &micros) != DATETIME_OK) {
        return convert_refuse(verdict, VERDICT_TYPE);
    }
    *value = value_text(text, DATE_LENGTH);
    return memcmp(text + DATE_LENGTH, midnight, sizeof midnight - 1) == 0 ? CONVERT_WHOLE : CONVERT_LOST_TIME;
}

/* ---- formats ---- */

static bool refuse_format(const struct conversion *c, const cJSON *item, const char *path, const char *words,
                          flexdb_error *err) {
    struct buffer quoted = BUFFER_INIT;
    flexdb_value given = value_null();
    if (cJSON_IsString(item)) given = value_text(item->valuestring, strlen(item->valuestring));
    rules_excerpt(&given, 80, &quoted);
    const char *got = buffer_text(&quoted);
    if (got == NULL) {
        error_no_memory(err);
    } else {
        error_issue(err, path, "parse", NULL, given.tag == FLEXDB_TEXT ? got : NULL, "the format %s for a %s %s", got,
                    column_type_name(c->to->column->type), words);
    }
    buffer_free(&quoted);
    return false;
}

static bool read_format(struct conversion *out, const cJSON *item, const char *path, flexdb_error *err) {
    char message[TIME_FORMAT_MESSAGE_SIZE];
    struct time_format *format = &out->formats[out->format_count];
    if (!cJSON_IsString(item)) {
        error_issue(err, path, "parse", "\"string\"", NULL, "must be a format such as \"%%b %%d %%Y\"");
        return false;
    }
    if (!time_format_compile(format, item->valuestring, message)) {
        return refuse_format(out, item, path, message, err);
    }
    if (out->to->column->type == TYPE_DATE && format->has_offset) {
        return refuse_format(out, item, path, "has an offset (%z), which could move the day: retype to datetime first",
                             err);
    }
    out->format_count++;
    return true;
}

static bool reads_texts(const struct conversion *c) {
    enum column_type from = c->from->column->type, to = c->to->column->type;
    return (from == TYPE_STRING || from == TYPE_TEXT || from == TYPE_JSON) && (to == TYPE_DATE || to == TYPE_DATETIME);
}

bool convert_read_formats(struct conversion *out, const char *path, flexdb_error *err) {
    struct buffer place = BUFFER_INIT;
    const cJSON *parse = out->parse;
    size_t before = err->issue_count + err->issues_dropped, i = 0;
    buffer_printf(&place, "%s.parse", path);
    size_t base = place.length;
    int count = cJSON_IsArray(parse) ? cJSON_GetArraySize(parse) : 1;
    const char *where = buffer_text(&place);
    if (where == NULL) {
        error_no_memory(err);
    } else if (!reads_texts(out)) {
        error_issue(err, where, "parse", NULL, NULL,
                    "formats are read where a string, text or json becomes a date or datetime, not where %s becomes %s",
                    column_type_name(out->from->column->type), column_type_name(out->to->column->type));
    } else if (!cJSON_IsArray(parse)) {
        read_format(out, parse, where, err);
    } else if (count < 1 || count > CONVERT_MAX_FORMATS) {
        error_issue(err, where, "parse", NULL, NULL, "must hold 1 to %d formats, holds %d", CONVERT_MAX_FORMATS, count);
    } else {
        const cJSON *item;
        cJSON_ArrayForEach(item, parse) {
            place.length = base;
            buffer_printf(&place, "[%zu]", i++);
            where = buffer_text(&place);
            if (where == NULL) break;
            read_format(out, item, where, err);
        }
        if (where == NULL) error_no_memory(err);
    }
    buffer_free(&place);
    return err->code == FLEXDB_OK && err->issue_count + err->issues_dropped == before;
}

/* ---- texts ---- */

bool convert_two_readings(const struct conversion *c, const char *text, size_t length, size_t places[2],
                          int64_t micros[2]) {
    size_t found = 0;
    for (size_t i = 0; i < c->format_count && found < 2; i++) {
        int64_t read;
        if (time_format_read(&c->formats[i], text, length, &read) != DATETIME_OK) continue;
        if (found == 1 && read == micros[0]) continue;
        places[found] = i;
        micros[found++] = read;
    }
    return found == 2;
}

/* The one instant that the formats read; a day that does not exist in one may exist in another. */
static enum convert_reason read_by_formats(const struct conversion *c, const flexdb_value *value, int64_t *micros) {
    bool impossible = false, found = false;
    for (size_t i = 0; i < c->format_count; i++) {
        int64_t read;
        enum datetime_status status = time_format_read(&c->formats[i], value->as.text, value->length, &read);
        if (status == DATETIME_SYNTAX) continue;
        if (status != DATETIME_OK) {
            impossible = true;
            continue;
        }
        if (found && read != *micros) return CONVERT_TWO_READINGS;
        *micros = read;
        found = true;
    }
    if (found) return CONVERT_WHOLE;
    return impossible ? CONVERT_NO_SUCH_DAY : CONVERT_NO_FORMAT;
}

CONVERSION(convert_text_to_time) {
    (void)verdict;
    char text[DATETIME_TEXT_SIZE];
    int64_t micros;
    if (c->format_count == 0) return CONVERT_WHOLE; /* the new type's check reads its own form */
    enum convert_reason reason = read_by_formats(c, value, &micros);
    if (reason != CONVERT_WHOLE) return reason;
    bool date = c->to->column->type == TYPE_DATE;
    if (date && micros % micros_per_day != 0) return CONVERT_HAS_TIME;
    datetime_print(micros, text);
    return rules_scratch_text(value, text, date ? DATE_LENGTH : DATETIME_LENGTH, scratch) ? CONVERT_WHOLE
                                                                                          : CONVERT_NO_MEMORY;
}
