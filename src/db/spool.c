#include "db/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spool {
    struct buffer memory; /* all of it, or nothing once there is a file */
    size_t at;            /* how far `memory` was read */
    FILE *file;
    bool reading;
    struct buffer room; /* texts of the record that was read from the file */
};

/* What stands before the two texts of each record. */
struct head {
    int64_t seq, version, created_at, updated_at, deleted_at, schema_version;
    size_t id_length, data_length;
    bool deleted;
};

int spool_new(struct spool **out, flexdb_error *err) {
    *out = calloc(1, sizeof **out);
    return *out != NULL ? 0 : error_no_memory(err);
}

void spool_free(struct spool *s) {
    if (s == NULL) return;
    if (s->file != NULL) fclose(s->file);
    buffer_free(&s->memory);
    buffer_free(&s->room);
    free(s);
}

static const char *folder_of_files(void) {
    const char *folder = getenv("TMPDIR");
    return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}

static int fail(const char *what, flexdb_error *err) {
    int why = errno;
    return error_set(err, why == ENOSPC ? FLEXDB_LIMIT : FLEXDB_INTERNAL, "a temporary file in %s could not be %s: %s",
                     folder_of_files(), what, strerror(why));
}

/* A program that the process starts meanwhile has no business with it; what would say so in one call is not in POSIX
 * before 2024. */
static int make_file(char *path) {
    int descriptor = mkstemp(path);
    if (descriptor < 0) return -1;
    unlink(path);
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0) return descriptor;
    close(descriptor);
    return -1;
}

static FILE *open_unlinked(void) {
    const char *folder = folder_of_files();
    struct buffer path = BUFFER_INIT;
    buffer_printf(&path, "%s/flexdb-XXXXXX", folder);
    FILE *file = NULL;
    if (buffer_text(&path) != NULL) {
        int descriptor = make_file(path.data);
        if (descriptor >= 0) file = fdopen(descriptor, "w+b");
        if (descriptor >= 0 && file == NULL) close(descriptor);
    } else {
        errno = ENOMEM;
    }
    buffer_free(&path);
    return file;
}

static int move_to_file(struct spool *s, flexdb_error *err) {
    s->file = open_unlinked();
    if (s->file == NULL) return fail("made", err);
    if (fwrite(s->memory.data, 1, s->memory.length, s->file) != s->memory.length) return fail("written", err);
    buffer_free(&s->memory);
    return 0;
}

static int put(struct spool *s, const void *bytes, size_t length, flexdb_error *err) {
    if (s->file != NULL) return fwrite(bytes, 1, length, s->file) == length ? 0 : fail("written", err);
    buffer_append(&s->memory, bytes, length);
    return buffer_failed(&s->memory) ? error_no_memory(err) : 0;
}

int spool_add(struct spool *s, const struct raw_record *raw, flexdb_error *err) {
    struct head head;
    memset(&head, 0, sizeof head);
    head.seq = raw->seq;
    head.version = raw->version;
    head.created_at = raw->created_at;
    head.updated_at = raw->updated_at;
    head.deleted_at = raw->deleted_at;
    head.schema_version = raw->schema_version;
    head.id_length = raw->id_length;
    head.data_length = raw->data_length;
    head.deleted = raw->deleted;
    if (s->file == NULL && s->memory.length + sizeof head + raw->id_length + raw->data_length > SPOOL_MEMORY) {
        int rc = move_to_file(s, err);
        if (rc != 0) return rc;
    }
    int rc = put(s, &head, sizeof head, err);
    if (rc == 0) rc = put(s, raw->id, raw->id_length, err);
    if (rc == 0) rc = put(s, raw->data, raw->data_length, err);
    return rc;
}

/* Takes `length` bytes: 1, or 0 at the end. */
static int take(struct spool *s, void *bytes, size_t length, flexdb_error *err) {
    if (s->file != NULL) {
        size_t got = fread(bytes, 1, length, s->file);
        if (got == length) return 1;
        return got == 0 && feof(s->file) ? 0 : fail("read", err);
    }
    if (s->memory.length == s->at) return 0;
    memcpy(bytes, s->memory.data + s->at, length);
    s->at += length;
    return 1;
}

static int begin_reading(struct spool *s, flexdb_error *err) {
    s->reading = true;
    if (s->file == NULL) return 0;
    if (fflush(s->file) != 0) return fail("written", err);
    rewind(s->file);
    return 0;
}

int spool_next(struct spool *s, struct raw_record *raw, flexdb_error *err) {
    if (!s->reading) {
        int rc = begin_reading(s, err);
        if (rc != 0) return rc;
    }
    struct head head;
    int rc = take(s, &head, sizeof head, err);
    if (rc != 1) return rc;
    size_t length = head.id_length + head.data_length;
    const char *texts;
    if (s->file == NULL) {
        texts = s->memory.data + s->at;
        s->at += length;
    } else {
        buffer_reset(&s->room);
        if (!buffer_reserve(&s->room, length)) return error_no_memory(err);
        rc = take(s, s->room.data, length, err);
        if (rc != 1) return rc < 0 ? rc : error_set(err, FLEXDB_INTERNAL, "a temporary file ended too early");
        texts = s->room.data;
    }
    *raw = (struct raw_record){
        .seq = head.seq,
        .version = head.version,
        .created_at = head.created_at,
        .updated_at = head.updated_at,
        .deleted_at = head.deleted_at,
        .schema_version = head.schema_version,
        .deleted = head.deleted,
        .id = texts,
        .id_length = head.id_length,
        .data = texts + head.id_length,
        .data_length = head.data_length,
    };
    return 1;
}
