/* The words of definitions: types, rules, and what a name may be. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "model/definition_parts.h"

#define NAME_PATTERN "^[a-z][a-z0-9_]*$"

static const char *const type_names[TYPE_COUNT] = {
#define X(constant, name) name,
    COLUMN_TYPES(X)
#undef X
};

const char *const rule_keys[RULE_KEY_COUNT] = {
#define X(constant, name) name,
    COLUMN_RULES(X)
#undef X
        "targetId",
    "computed",
};

const char *const column_keys[COLUMN_KEY_COUNT] = {
#define X(constant, name) name,
    COLUMN_KEYS(X)
#undef X
};

const char *const table_keys[TABLE_KEY_COUNT] = {
#define X(constant, name) name,
    TABLE_KEYS(X)
#undef X
};

const char *const system_names[SYSTEM_COLUMN_COUNT] = {"id", "created_at", "updated_at", "deleted_at"};

const char *column_type_name(enum column_type type) { return type_names[type]; }

bool column_type_find(const char *name, enum column_type *out) {
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(type_names[i], name) == 0) {
            *out = (enum column_type)i;
            return true;
        }
    }
    return false;
}

const char *column_rule_name(enum column_rule rule) { return rule_keys[rule]; }

bool column_rule_find(const char *name, enum column_rule *out) {
    for (int i = 0; i < RULE_COUNT; i++) {
        if (strcmp(rule_keys[i], name) == 0) {
            *out = (enum column_rule)i;
            return true;
        }
    }
    return false;
}

const char *on_delete_name(enum on_delete action) {
    static const char *const names[] = {"restrict", "cascade", "set-null"};
    return names[action];
}

int system_name_find(const char *name, size_t length) {
    for (int i = 0; i < SYSTEM_COLUMN_COUNT; i++) {
        if (strlen(system_names[i]) == length && memcmp(system_names[i], name, length) == 0) return i;
    }
    return -1;
}

const char *quote_name(char out[QUOTED_NAME_SIZE], const char *name, size_t length) {
    size_t shown = length, limit = QUOTED_NAME_SIZE - sizeof "\"…\"";
    struct utf8_facts facts;
    bool readable = utf8_check(name, length, &facts);
    if (length > limit) {
        shown = limit;
        while (readable && shown > 0 && ((unsigned char)name[shown] & 0xc0) == 0x80) shown--;
    }
    char *at = out;
    *at++ = '"';
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)name[i];
        *at++ = c < 0x20 || c == 0x7f || (c >= 0x80 && !readable) ? '?' : name[i];
    }
    strcpy(at, shown < length ? "…\"" : "\"");
    return out;
}

/* ---- names ---- */

static bool matches_pattern(const char *name, size_t length) {
    if (length == 0 || name[0] < 'a' || name[0] > 'z') return false;
    for (size_t i = 1; i < length; i++) {
        char c = name[i];
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_') return false;
    }
    return true;
}

__attribute__((format(printf, 6, 7))) static bool refuse(const char *name, size_t length, const char *path,
                                                         const char *expected, flexdb_error *err, const char *format,
                                                         ...) {
    char quoted[QUOTED_NAME_SIZE], message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct buffer got = BUFFER_INIT;
    quote_name(quoted, name, length);
    json_write_string(&got, quoted + 1, strlen(quoted) - 2);
    const char *text = buffer_text(&got);
    if (text == NULL) {
        error_no_memory(err);
    } else {
        error_issue(err, path, "name", expected, text, "%s", message);
    }
    buffer_free(&got);
    return false;
}

bool definition_check_table_name(const char *name, size_t length, const char *path, flexdb_error *err) {
    char quoted[QUOTED_NAME_SIZE];
    quote_name(quoted, name, length);
    if (length == 0) return refuse(name, length, path, "\"" NAME_PATTERN "\"", err, "the name is empty");
    if (!matches_pattern(name, length)) {
        return refuse(name, length, path, "\"" NAME_PATTERN "\"", err,
                      "the name %s must begin with a lower-case letter and go on with lower-case letters, digits and _",
                      quoted);
    }
    if (length > NAME_MAX_LENGTH) {
        return refuse(name, length, path, "64", err, "the name %s has %zu characters, %d are allowed", quoted, length,
                      NAME_MAX_LENGTH);
    }
    return true;
}

bool definition_check_name(const char *name, size_t length, const char *path, flexdb_error *err) {
    if (!definition_check_table_name(name, length, path, err)) return false;
    int system = system_name_find(name, length);
    if (system < 0) return true;
    return refuse(name, length, path, NULL, err, "the name \"%s\" is reserved for a system column",
                  system_names[system]);
}
