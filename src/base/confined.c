#include "base/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_error(const char *path, flexdb_error *err) {
    int why = errno;
    if (why == ENOMEM) return error_no_memory(err);
    if (why == ENOENT || why == ENOTDIR) return error_set(err, FLEXDB_NOT_FOUND, "there is no file \"%s\"", path);
    return error_set(err, FLEXDB_INTERNAL, "the file \"%s\" cannot be read: %s", path, strerror(why));
}

static int outside(const char *path, flexdb_error *err) {
    return error_set(err, FLEXDB_INVALID_DOCUMENT, "the file \"%s\" lies outside of the folder of files", path);
}

/* Whether a path climbs out by its own words; such a one is refused before anything is looked at. */
static bool climbs(const char *path) {
    long depth = 0;
    if (*path == '/') return true;
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.')
            depth--;
        else if (length > 1 || (length == 1 && path[0] != '.'))
            depth++;
        if (depth < 0) return true;
        path += length;
        if (*path == '/') path++;
    }
    return false;
}

/* The real path of `path` below `root` (real itself); NULL and the error. The caller frees. */
static char *real_below(const char *root, const char *path, flexdb_error *err) {
    struct buffer joined = BUFFER_INIT;
    buffer_puts(&joined, root);
    buffer_put(&joined, '/');
    buffer_puts(&joined, path);
    const char *text = buffer_text(&joined);
    char *real = text != NULL ? realpath(text, NULL) : NULL;
    if (text == NULL)
        error_no_memory(err);
    else if (real == NULL)
        system_error(path, err);
    buffer_free(&joined);
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (real != NULL && (strncmp(real, root, length) != 0 || real[length] != '/')) {
        outside(path, err);
        free(real);
        return NULL;
    }
    return real;
}

/* Opens `below` (real, so without links) step by step from `folder`, which is closed: where a link has taken a place
 * since then, it is not followed. The descriptor, or -1 with errno. `below` is written into. */
static int open_below(int folder, char *below) {
    for (;;) {
        char *slash = strchr(below, '/');
        int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
        if (slash != NULL) *slash = '\0';
        int next = openat(folder, below, slash != NULL ? flags | O_DIRECTORY : flags | O_NONBLOCK | O_NOCTTY);
        int why = errno;
        if (slash != NULL) *slash = '/';
        close(folder);
        errno = why;
        if (next < 0 || slash == NULL) return next;
        folder = next;
        below = slash + 1;
    }
}

static int read_all(int file, const char *path, size_t max, struct buffer *text, flexdb_error *err) {
    struct stat about;
    size_t start = text->length;
    if (fstat(file, &about) != 0) return system_error(path, err);
    if (!S_ISREG(about.st_mode)) return error_set(err, FLEXDB_INVALID_DOCUMENT, "\"%s\" is not a regular file", path);
    for (;;) {
        if (!buffer_reserve(text, 1 << 14)) return error_no_memory(err);
        ssize_t got = read(file, text->data + text->length, 1 << 14);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(path, err);
        if (got == 0) return 0;
        text->length += (size_t)got;
        if (text->length - start > max)
            return error_set(err, FLEXDB_LIMIT, "the file \"%s\" has more than %zu bytes", path, max);
    }
}

int confined_read(const char *root, const char *path, size_t max, struct buffer *text, struct buffer *where,
                  flexdb_error *err) {
    char *base = NULL, *real = NULL;
    int rc, file = -1;
    if (climbs(path)) return outside(path, err);
    if ((base = realpath(root, NULL)) == NULL) return system_error(root, err);
    if ((real = real_below(base, path, err)) == NULL) {
        rc = -(int)err->code;
        goto out;
    }
    int folder = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        rc = system_error(root, err);
        goto out;
    }
    file = open_below(folder, real + (strcmp(base, "/") == 0 ? 0 : strlen(base)) + 1);
    if (file < 0) {
        rc = errno == ELOOP ? outside(path, err) : system_error(path, err);
        goto out;
    }
    rc = read_all(file, path, max, text, err);
    if (rc == 0) buffer_puts(where, real);
    if (rc == 0 && buffer_failed(where)) rc = error_no_memory(err);
out:
    if (file >= 0) close(file);
    free(base);
    free(real);
    return rc;
}
