/* What a definition's expressions are once the columns that go are removed and the others have their new names: as
 * changes_apply makes them. */
#include <string.h>

#include "model/changes_entry.h"
#include "model/formula.h"

/* ---- removals ---- */

static bool reads(const char *text, const char *name) {
    return strstr(text, name) != NULL && formula_reads(text, strlen(text), name);
}

static bool reads_gone(const struct definition *d, const bool *gone, const char *text) {
    for (size_t i = 0; i < d->count; i++)
        if (gone[i] && reads(text, d->columns[i].name)) return true;
    return false;
}

static bool copy_expressions(struct renamed *r, const struct definition *from, const bool *gone) {
    r->computed = arena_alloc(&r->arena, from->count + 1, sizeof *r->computed);
    r->lost = arena_alloc(&r->arena, from->count + 1, sizeof *r->lost);
    r->checks = arena_alloc(&r->arena, from->check_count + 1, sizeof *r->checks);
    if (r->computed == NULL || r->lost == NULL || r->checks == NULL) return false;
    for (size_t i = 0; i < from->count; i++) {
        r->computed[i] = from->columns[i].computed;
        r->lost[i] = r->computed[i] != NULL && reads_gone(from, gone, r->computed[i]);
    }
    for (size_t i = 0; i < from->check_count; i++) {
        r->checks[i] = from->checks[i];
        if (reads_gone(from, gone, r->checks[i].expression)) r->checks_lost = true;
    }
    return true;
}

/* ---- renames ---- */

/* False when memory is out. One that cannot be renamed is as good as lost. */
static bool rename_one(struct renamed *r, const char **text, const char *from, const char *to, bool *lost) {
    if (*text == NULL || !reads(*text, from)) return true;
    struct buffer out = BUFFER_INIT;
    flexdb_error why = FLEXDB_ERROR_INIT;
    bool good = true;
    if (!formula_rename(*text, strlen(*text), from, to, &out, "", &why)) {
        *lost = true;
        good = why.code == FLEXDB_OK;
    } else {
        const char *copy = arena_dup(&r->arena, out.data, out.length);
        good = copy != NULL;
        if (good) *text = copy;
    }
    buffer_free(&out);
    error_clear(&why);
    return good;
}

static bool rename_all(struct renamed *r, const struct definition *d, const char *from, const char *to) {
    bool good = true;
    for (size_t i = 0; good && i < d->count; i++) good = rename_one(r, &r->computed[i], from, to, &r->lost[i]);
    for (size_t i = 0; good && i < d->check_count; i++)
        good = rename_one(r, &r->checks[i].expression, from, to, &r->checks_lost);
    return good;
}

static const char *text_of(const cJSON *entry, const char *key) {
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(entry, key);
    return cJSON_IsString(text) ? text->valuestring : "";
}

bool renamed_make(struct renamed *r, const struct entries *e, const struct definition *from, const bool *gone) {
    *r = (struct renamed){.arena = ARENA_INIT};
    bool good = copy_expressions(r, from, gone);
    for (const cJSON *entry = e->list->child; good && entry != NULL; entry = entry->next)
        if (strcmp(text_of(entry, "op"), "rename_column") == 0)
            good = rename_all(r, from, text_of(entry, "name"), text_of(entry, "to"));
    return good;
}

void renamed_clear(struct renamed *r) { arena_free(&r->arena); }
