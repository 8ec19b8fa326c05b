/* A server's keys over several columns, and which index of a layout an engine has named. */
#include <string.h>

#include "sql/ddl.h"
#include "sql/ddl_parts.h"
#include "sql/engine.h"

/* ---- keys of a server ---- */

static const struct layout_column *column_of(const struct layout *l, const struct layout_index *index, size_t i) {
    return &l->columns[index->columns[i]];
}

bool ddl_is_digested(const struct layout *l, const struct layout_index *index) {
    return !index->retired && index->unique && layout_index_is_wide(l, index);
}

static void put_suffixed(const char *name, const char *suffix, struct buffer *out) {
    char whole[2 * PHYSICAL_NAME_SIZE];
    size_t length = strlen(name);
    memcpy(whole, name, length);
    memcpy(whole + length, suffix, strlen(suffix) + 1);
    sql_name(out, whole);
}

/* Hexadecimal digits and a hyphen between tell every two lists of values apart; a NULL makes the whole NULL. */
void ddl_put_digest(const struct layout *l, const struct layout_index *index, struct buffer *out) {
    put_suffixed(index->name, "_digest", out);
    buffer_puts(out, " BINARY(32) GENERATED ALWAYS AS (UNHEX(SHA2(CONCAT(");
    for (size_t i = 0; i < index->count; i++) {
        buffer_puts(out, i == 0 ? "HEX(" : ", '-', HEX(");
        sql_name(out, column_of(l, index, i)->name);
        buffer_puts(out, ")");
    }
    buffer_puts(out, "), 256))) STORED");
}

void ddl_put_digests(const struct layout *l, struct buffer *out) {
    for (size_t i = 0; i < l->index_count; i++) {
        if (!ddl_is_digested(l, &l->indexes[i])) continue;
        buffer_puts(out, ", ");
        ddl_put_digest(l, &l->indexes[i], out);
    }
}

/* How many bytes each text of a key that only finds may bring, so that all parts fit. */
static size_t text_bytes(const struct layout *l, const struct layout_index *index) {
    size_t texts = 0, others = 0;
    for (size_t i = 0; i < index->count; i++) {
        enum physical_kind kind = column_of(l, index, i)->kind;
        if (kind == PHYSICAL_TEXT)
            texts++;
        else
            others += layout_key_bytes(kind);
    }
    size_t each = texts == 0 ? LAYOUT_TEXT_BYTES : (LAYOUT_KEY_BYTES - others) / texts;
    return each < LAYOUT_TEXT_BYTES ? each : LAYOUT_TEXT_BYTES;
}

/* `c1, c2(1021), …` */
static void put_parts(const struct layout *l, const struct layout_index *index, size_t bytes, struct buffer *out) {
    for (size_t i = 0; i < index->count; i++) {
        if (i != 0) buffer_puts(out, ", ");
        sql_name(out, column_of(l, index, i)->name);
        if (column_of(l, index, i)->kind == PHYSICAL_TEXT && bytes < LAYOUT_TEXT_BYTES)
            buffer_printf(out, "(%zu)", bytes);
    }
}

void ddl_put_finding_parts(const struct layout *l, const struct layout_index *index, struct buffer *out) {
    put_parts(l, index, text_bytes(l, index), out);
}

static void put_key(const struct layout *l, const struct layout_index *index, const char *before, struct buffer *out) {
    if (ddl_is_digested(l, index)) {
        buffer_printf(out, "%sUNIQUE KEY ", before);
        sql_name(out, index->name);
        buffer_puts(out, " (");
        put_suffixed(index->name, "_digest", out);
        buffer_printf(out, ", live)%sKEY ", before);
        put_suffixed(index->name, "_parts", out);
    } else {
        buffer_printf(out, index->unique ? "%sUNIQUE KEY " : "%sKEY ", before);
        sql_name(out, index->name);
    }
    buffer_puts(out, " (");
    bool whole = index->unique && !ddl_is_digested(l, index);
    put_parts(l, index, whole ? LAYOUT_TEXT_BYTES : text_bytes(l, index), out);
    buffer_puts(out, whole ? ", live)" : ")");
}

void ddl_put_keys(const struct layout *l, const char *before, struct buffer *out) {
    for (size_t i = 0; i < l->index_count; i++)
        if (!l->indexes[i].retired) put_key(l, &l->indexes[i], before, out);
}

/* ---- which one was violated ---- */

/* Engines say `table.column` for each column of it, `table.index` or the index alone; an index is called by its own
 * name or its column's, with `table_` before it where names are the whole database's. A piece of that, up to a comma,
 * without its table; *next is behind it, NULL at the end. */
static const char *next_name(const struct layout *l, const char *detail, size_t *length, const char **next) {
    const char *end = detail + strcspn(detail, ","), *name = end;
    while (name > detail && name[-1] != '.' && name[-1] != ' ') name--;
    size_t table_length = strlen(l->table);
    *length = (size_t)(end - name);
    *next = *end == ',' ? end + 1 : NULL;
    if (*length <= table_length || strncmp(name, l->table, table_length) != 0 || name[table_length] != '_') return name;
    *length -= table_length + 1;
    return name + table_length + 1;
}

static bool is_name(const char *name, size_t length, const char *wanted) {
    return strlen(wanted) == length && memcmp(name, wanted, length) == 0;
}

/* The only name that `detail` holds, or NULL. */
static const char *only_name(const struct layout *l, const char *detail, size_t *length) {
    const char *next = NULL, *name = detail != NULL ? next_name(l, detail, length, &next) : NULL;
    return next == NULL ? name : NULL;
}

bool ddl_violated_id(const struct dialect *d, const struct layout *l, const char *detail) {
    (void)d;
    size_t length;
    const char *name = only_name(l, detail, &length);
    return name != NULL && is_name(name, length, "id");
}

const struct layout_column *ddl_violated(const struct dialect *d, const struct layout *l, const char *detail) {
    (void)d;
    size_t length;
    const char *name = only_name(l, detail, &length);
    for (size_t i = 0; name != NULL && i < l->count; i++)
        if (is_name(name, length, l->columns[i].name)) return &l->columns[i];
    return NULL;
}

/* Whether `detail` names the index, or its columns one by one. */
static bool names_index(const struct layout *l, const struct layout_index *index, const char *detail) {
    size_t length;
    const char *name = only_name(l, detail, &length);
    if (name != NULL && is_name(name, length, index->name)) return true;
    for (size_t i = 0; i < index->count; i++) {
        if (detail == NULL) return false;
        name = next_name(l, detail, &length, &detail);
        if (!is_name(name, length, column_of(l, index, i)->name)) return false;
    }
    return detail == NULL;
}

const struct layout_index *ddl_violated_index(const struct dialect *d, const struct layout *l, const char *detail) {
    const struct layout_column *column = ddl_violated(d, l, detail);
    if (detail == NULL || (column != NULL && column->unique)) return NULL;
    for (size_t i = 0; i < l->index_count; i++)
        if (l->indexes[i].unique && names_index(l, &l->indexes[i], detail)) return &l->indexes[i];
    return NULL;
}
