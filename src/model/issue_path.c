#include "model/issue_path.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"

enum { KEY_SHOWN = 80, MESSAGE_SIZE = 512 };

static void append(struct issue_path *p, const char *text, size_t length) {
    size_t room = ISSUE_PATH_SIZE - 1 - p->length;
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--;
    }
    memcpy(p->text + p->length, text, length);
    p->length += length;
    p->text[p->length] = '\0';
}

size_t issue_path_key(struct issue_path *p, const char *key) {
    size_t mark = p->length, length = strlen(key);
    if (mark != 0) append(p, ".", 1);
    if (length > KEY_SHOWN) {
        length = KEY_SHOWN;
        while (length > 0 && ((unsigned char)key[length] & 0xc0) == 0x80) length--;
    }
    if (length == 0) key = "[\"\"]", length = 4; /* a name that is empty can be seen */
    append(p, key, length);
    return mark;
}

size_t issue_path_index(struct issue_path *p, size_t index) {
    size_t mark = p->length;
    char text[32];
    int length = snprintf(text, sizeof text, "[%zu]", index);
    append(p, text, (size_t)length);
    return mark;
}

void issue_path_pop(struct issue_path *p, size_t mark) {
    p->length = mark;
    p->text[mark] = '\0';
}

void issue_path_add(const struct issue_path *p, const char *rule, const char *expected, const cJSON *got,
                    flexdb_error *err, const char *format, ...) {
    char message[MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (got == NULL) {
        error_issue(err, p->text, rule, expected, NULL, "%s", message);
        return;
    }
    char *excerpt = document_excerpt(got);
    if (excerpt == NULL) {
        error_no_memory(err);
        return;
    }
    error_issue(err, p->text, rule, expected, excerpt, "%s, got %s", message, excerpt);
    free(excerpt);
}

size_t issue_count(const flexdb_error *err) { return err->issue_count + err->issues_dropped; }
