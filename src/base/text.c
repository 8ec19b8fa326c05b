#include "base/text.h"

#include <stdlib.h>
#include <string.h>

char *text_dup(const char *text, size_t length) {
    char *copy = malloc(length + 1);
    if (copy == NULL) return NULL;
    if (length != 0) memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
