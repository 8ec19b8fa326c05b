/* Replays the cases of spec/fuzz/cases: a few of each kind, and every input that was ever found to go wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "../fuzz/fuzz.h"

#define CASES "spec/fuzz/cases"

/* Of exactly the length, so that a sanitizer sees a byte too many. */
static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("%s cannot be read", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    char *data = malloc(size > 0 ? (size_t)size : 1);
    assert_non_null(data);
    *length = fread(data, 1, (size_t)size, file);
    assert_int_equal(*length, size);
    fclose(file);
    return data;
}

static void replay(void **state) {
    const char *name = *state;
    fuzz_target target = fuzz_find(name);
    char folder[256], path[512 + sizeof folder];
    size_t count = 0;
    assert_non_null(target);
    snprintf(folder, sizeof folder, "%s/%s", CASES, name);
    DIR *cases = opendir(folder);
    if (cases == NULL) fail_msg("there is no %s", folder);
    for (struct dirent *entry; (entry = readdir(cases)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        size_t length;
        char *data = read_file(path, &length);
        /* A target that finds a fault ends the process: the last line tells of which case. */
        fprintf(stderr, "%s\n", path);
        target(data, length);
        target(data, 0);
        free(data);
        count++;
    }
    closedir(cases);
    assert_true(count > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define X(name, meaning) {#name ": " meaning, replay, NULL, NULL, #name},
        FUZZ_TARGETS(X)
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
