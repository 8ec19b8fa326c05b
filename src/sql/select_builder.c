#include <stdlib.h>
#include <string.h>

#include "model/codec.h"
#include "sql/ddl.h"
#include "sql/select_parts.h"

void sql_clear(struct sql *s) {
    buffer_free(&s->text);
    free(s->parameters);
    for (size_t i = 0; i < s->scratch_count; i++) buffer_free(&s->scratch_blocks[i]);
    free(s->scratch_blocks);
    *s = SQL_INIT;
}

void builder_put(struct builder *b, const char *text) { buffer_puts(&b->sql->text, text); }

void builder_put_column(struct builder *b, const char *name) { sql_name(&b->sql->text, name); }

void builder_bind(struct builder *b, flexdb_value value) {
    struct sql *s = b->sql;
    if (b->failed) return;
    if (s->count == s->capacity) {
        size_t capacity = s->capacity == 0 ? 16 : s->capacity * 2;
        flexdb_value *grown =
            capacity > SIZE_MAX / sizeof *grown ? NULL : realloc(s->parameters, capacity * sizeof *grown);
        if (grown == NULL) {
            b->failed = true;
            return;
        }
        s->parameters = grown;
        s->capacity = capacity;
    }
    s->parameters[s->count++] = value;
}

void builder_put_bound(struct builder *b, const char *text, flexdb_value value) {
    builder_put(b, text);
    builder_bind(b, value);
}

struct buffer *builder_scratch(struct builder *b, size_t size) {
    struct sql *s = b->sql;
    if (b->failed) return NULL;
    /* Grows by doubling at powers of two, so that the count alone says how much there is. */
    if ((s->scratch_count & (s->scratch_count - 1)) == 0) {
        size_t capacity = s->scratch_count == 0 ? 1 : s->scratch_count * 2;
        struct buffer *grown = realloc(s->scratch_blocks, capacity * sizeof *grown);
        if (grown == NULL) {
            b->failed = true;
            return NULL;
        }
        s->scratch_blocks = grown;
    }
    struct buffer *block = &s->scratch_blocks[s->scratch_count++];
    *block = BUFFER_INIT;
    if (buffer_reserve(block, size)) return block;
    b->failed = true;
    return NULL;
}

static struct operand system_operand(const struct builder *b, size_t slot) {
    static const char *const names[SYSTEM_SLOTS] = {"id", "created_at", "updated_at", "deleted_at", "version"};
    size_t which = slot - validator_shape(b->v)->columns;
    return (struct operand){
        .source = OPERAND_SYSTEM,
        .kind = which == SLOT_ID ? PHYSICAL_ID : PHYSICAL_INTEGER,
        .name = names[which],
    };
}

struct operand operand_of(const struct builder *b, size_t slot) {
    if (slot >= validator_shape(b->v)->columns) return system_operand(b, slot);
    const struct compiled_column *compiled = validator_column(b->v, slot);
    struct operand o = {.source = OPERAND_DOCUMENT, .kind = compiled->physical, .compiled = compiled};
    const struct layout_column *entry = layout_find(b->l, compiled->column->key);
    if (entry != NULL && entry->kind == compiled->physical && entry->kind != PHYSICAL_NONE) {
        o.source = OPERAND_ENTRY;
        o.entry = entry;
        o.name = entry->name;
        o.truncated = b->d->binary_entries && entry->long_text;
    }
    return o;
}

struct operand operand_in_document(const struct operand *o) {
    return (struct operand){.source = OPERAND_DOCUMENT, .kind = o->kind, .compiled = o->compiled};
}

bool may_be_long(const struct operand *o) {
    return o->truncated || (o->source == OPERAND_DOCUMENT && o->compiled->text_may_be_long);
}

void builder_put_operand(struct builder *b, const struct operand *o) {
    if (o->source == OPERAND_DOCUMENT)
        b->d->expressions->document(b, o);
    else
        builder_put_column(b, o->name);
}

static void put_entry_value(struct builder *b, const struct operand *o, const flexdb_value *value) {
    flexdb_value stored = *value;
    struct buffer *block = NULL;
    if (o->truncated && value->tag == FLEXDB_TEXT && value->length > DDL_TEXT_PREFIX) {
        block = builder_scratch(b, DDL_TEXT_ENTRY);
        if (block == NULL) return;
    }
    ddl_text_entry(b->d, o->entry, &stored, block);
    builder_put_bound(b, "?", stored);
}

void builder_put_value(struct builder *b, const struct operand *o, const flexdb_value *value) {
    if (o->source == OPERAND_DOCUMENT)
        b->d->expressions->value(b, o, value);
    else if (o->kind == PHYSICAL_ID)
        builder_put_bound(b, b->d->parameter_id, *value);
    else if (o->source == OPERAND_ENTRY)
        put_entry_value(b, o, value);
    else
        builder_put_bound(b, "?", *value);
}

bool initial_value(struct builder *b, const struct operand *o, flexdb_value *out) {
    const struct compiled_column *c = o->compiled;
    if (value_is_none(&c->initial_default) || o->kind == PHYSICAL_NONE) return false;
    struct buffer *block = builder_scratch(b, CODEC_PHYSICAL_SCRATCH);
    if (block == NULL) return false;
    if (!c->type->physical(c, &c->initial_default, out, block)) b->failed = true;
    return !b->failed;
}

/* A member is `"key":`, escaped as JSON has it, which is how both engines read a quoted step of a path. */
flexdb_value member_path(struct builder *b, const struct operand *o) {
    struct buffer *block = builder_scratch(b, o->compiled->member_length + 2);
    if (block == NULL) return value_null();
    buffer_puts(block, "$.");
    buffer_append(block, o->compiled->member, o->compiled->member_length - 1);
    return value_text(block->data, block->length);
}
