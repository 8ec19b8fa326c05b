/* datetime: an instant; RFC 3339 in, UTC with six fraction digits out, so that its bytes sort as the instants do. */
#include <string.h>

#include "base/datetime.h"
#include "model/types/rules.h"

enum { DATETIME_LENGTH = DATETIME_TEXT_SIZE - 1, SECONDS_LENGTH = 19 };

static bool datetime_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    c->physical = PHYSICAL_DATETIME;
    bool good = rules_enum(c, path, err);
    return rules_bounds(c, path, err) && good;
}

/* UTC needs no reckoning: the digits are those that were given. */
static void print_utc(const flexdb_value *value, char out[DATETIME_TEXT_SIZE]) {
    const size_t fraction = value->length > SECONDS_LENGTH + 1 ? value->length - SECONDS_LENGTH - 2 : 0;
    memcpy(out, value->as.text, SECONDS_LENGTH);
    memcpy(out + SECONDS_LENGTH, ".000000Z", sizeof ".000000Z");
    out[10] = 'T';
    for (size_t i = 0; i < fraction; i++) out[SECONDS_LENGTH + 1 + i] = value->as.text[SECONDS_LENGTH + 1 + i];
}

static enum verdict datetime_take(flexdb_value *value, struct buffer *scratch) {
    int64_t micros;
    if (datetime_is_canonical(value->as.text, value->length)) return VERDICT_OK;
    switch (datetime_parse(value->as.text, value->length, &micros)) {
    case DATETIME_OK: break;
    case DATETIME_CALENDAR: return VERDICT_CALENDAR;
    case DATETIME_OFFSET: return VERDICT_OFFSET;
    default: return VERDICT_TYPE;
    }
    char text[DATETIME_TEXT_SIZE];
    bool utc = (value->as.text[value->length - 1] | 0x20) == 'z' && memcmp(value->as.text + 17, "60", 2) != 0;
    if (utc)
        print_utc(value, text);
    else
        datetime_print(micros, text);
    return rules_scratch_text(value, text, DATETIME_LENGTH, scratch) ? VERDICT_OK : VERDICT_NO_MEMORY;
}

static enum verdict datetime_check(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch) {
    if (value->tag != FLEXDB_TEXT) return VERDICT_TYPE;
    enum verdict verdict = datetime_take(value, scratch);
    if (verdict != VERDICT_OK) return verdict;
    if (c->has_min && memcmp(value->as.text, c->min.as.text, DATETIME_LENGTH) < 0) return VERDICT_MIN;
    if (c->has_max && memcmp(value->as.text, c->max.as.text, DATETIME_LENGTH) > 0) return VERDICT_MAX;
    return rules_in_enum(c, value->as.text, value->length) ? VERDICT_OK : VERDICT_ENUM;
}

static bool datetime_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                          flexdb_value *out, struct buffer *scratch) {
    (void)c;
    return event == JSON_STRING && datetime_is_canonical(r->text, r->length) && rules_keep_text(r, out, scratch);
}

const struct type type_datetime = {
    .id = TYPE_DATETIME,
    .rules = 1u << RULE_ENUM | 1u << RULE_MIN | 1u << RULE_MAX,
    .may_be_indexed = true,
    .compile = datetime_compile,
    .check = datetime_check,
    .write = rules_write_plain,
    .read = datetime_read,
    .physical = rules_physical_text,
};
