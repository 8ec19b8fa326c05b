/* date: YYYY-MM-DD, a day of the calendar; its bytes sort as the days do. */
#include <string.h>

#include "base/datetime.h"
#include "model/types/rules.h"

enum { DATE_LENGTH = DATE_TEXT_SIZE - 1 };

static bool date_compile(struct compiled_column *c, const char *path, flexdb_error *err) {
    c->physical = PHYSICAL_DATE;
    bool good = rules_enum(c, path, err);
    return rules_bounds(c, path, err) && good;
}

static enum verdict date_check(const struct compiled_column *c, flexdb_value *value, struct buffer *scratch) {
    (void)scratch;
    if (value->tag != FLEXDB_TEXT) return VERDICT_TYPE;
    if (!date_is_canonical(value->as.text, value->length)) {
        int32_t days;
        bool form = date_parse(value->as.text, value->length, &days) == DATETIME_CALENDAR;
        return form ? VERDICT_CALENDAR : VERDICT_TYPE;
    }
    if (c->has_min && memcmp(value->as.text, c->min.as.text, DATE_LENGTH) < 0) return VERDICT_MIN;
    if (c->has_max && memcmp(value->as.text, c->max.as.text, DATE_LENGTH) > 0) return VERDICT_MAX;
    return rules_in_enum(c, value->as.text, value->length) ? VERDICT_OK : VERDICT_ENUM;
}

static bool date_read(const struct compiled_column *c, const struct json_reader *r, enum json_event event,
                      flexdb_value *out, struct buffer *scratch) {
    (void)c;
    return event == JSON_STRING && date_is_canonical(r->text, r->length) && rules_keep_text(r, out, scratch);
}

const struct type type_date = {
    .id = TYPE_DATE,
    .rules = 1u << RULE_ENUM | 1u << RULE_MIN | 1u << RULE_MAX,
    .may_be_indexed = true,
    .compile = date_compile,
    .check = date_check,
    .write = rules_write_plain,
    .read = date_read,
    .physical = rules_physical_text,
};
