#include "file_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/buffer.h"

static char folder[256];
char file_path[300], file_url[320];
static char *kept;
static size_t kept_size;

bool file_make(void) {
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL) temporary = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/flexdb-file-XXXXXX", temporary);
    if (mkdtemp(folder) == NULL) return false;
    snprintf(file_path, sizeof file_path, "%s/a.db", folder);
    snprintf(file_url, sizeof file_url, "sqlite:%s", file_path);
    return true;
}

static void unlink_all(void) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[sizeof file_path + 8];
        snprintf(name, sizeof name, "%s%s", file_path, suffixes[i]);
        unlink(name);
    }
}

void file_keep(void) {
    FILE *file = fopen(file_path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    kept_size = (size_t)ftell(file);
    rewind(file);
    kept = malloc(kept_size);
    assert_int_equal(fread(kept, 1, kept_size, file), kept_size);
    fclose(file);
}

void file_restore(void) {
    unlink_all();
    FILE *file = fopen(file_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(kept, 1, kept_size, file), kept_size);
    fclose(file);
}

void file_remove(void) {
    unlink_all();
    rmdir(folder);
    free(kept);
}

static bool is_part(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; }

/* Writes # for what differs from run to run: ids and the names made of them, times. */
static void put_masked(const char *text, struct buffer *out) {
    while (*text != '\0') {
        const char *end = text;
        while (is_part(*end)) end++;
        if (end == text) {
            buffer_put(out, *text++);
        } else if (end - text >= 16 || (end - text == 10 && text[4] == '-' && text[7] == '-')) {
            buffer_put(out, '#');
            text = end + strspn(end, "T :.Z0123456789");
        } else {
            buffer_append(out, text, (size_t)(end - text));
            text = end;
        }
    }
}

/* A connection of its own. */
static struct {
    sqlite3 *db; /* NULL while it is not needed */
    struct buffer out;
} observer;

static int put_row(void *unused, int count, char **values, char **names) {
    (void)unused, (void)names;
    for (int i = 0; i < count; i++) {
        put_masked(values[i] == NULL ? "-" : values[i], &observer.out);
        buffer_put(&observer.out, i + 1 < count ? '|' : '\n');
    }
    return 0;
}

static void put_rows(const char *sql) {
    put_masked(sql, &observer.out);
    buffer_put(&observer.out, '\n');
    assert_int_equal(sqlite3_exec(observer.db, sql, put_row, NULL, NULL), SQLITE_OK);
}

static int put_table(void *unused, int count, char **values, char **names) {
    char sql[200];
    (void)unused, (void)count, (void)names;
    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", values[0]);
    put_rows(sql);
    return 0;
}

char *file_dump(void) {
    static const char tables[] = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    if (observer.db == NULL) assert_int_equal(sqlite3_open(file_path, &observer.db), SQLITE_OK);
    put_rows("SELECT sql FROM sqlite_schema");
    assert_int_equal(sqlite3_exec(observer.db, tables, put_table, NULL, NULL), SQLITE_OK);
    bool free_now = sqlite3_exec(observer.db, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL) == SQLITE_OK;
    if (!free_now) buffer_free(&observer.out);
    return free_now ? buffer_take(&observer.out) : NULL;
}

void file_leave(void) {
    sqlite3_close(observer.db);
    observer.db = NULL;
}
