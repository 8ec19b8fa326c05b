/* Writing instructions, and working out at once what depends on no column. */
#include <string.h>

#include "model/formula/compiler.h"

/* Room for one more in an array of the formula's arena. */
static bool grow(struct compiler *c, void **array, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity) return true;
    size_t larger = *capacity == 0 ? 16 : *capacity * 2;
    void *memory = arena_alloc(&c->f->arena, larger, size);
    if (memory == NULL) {
        c->stopped = true;
        error_no_memory(c->err);
        return false;
    }
    if (count != 0) memcpy(memory, *array, count * size);
    *array = memory;
    *capacity = larger;
    return true;
}

static void count_stack(struct compiler *c, const char *at, int effect) {
    c->stack += effect;
    if (c->stack > FORMULA_MAX_STACK && !c->faulty) {
        compiler_stop(c, at, "limit", "the expression keeps more than %d values at one time", (int)FORMULA_MAX_STACK);
    }
}

size_t emit(struct compiler *c, enum op op, size_t operand, const char *at, int effect) {
    struct formula *f = c->f;
    void *code = f->code;
    if (!grow(c, &code, f->count, &c->code_capacity, sizeof *f->code)) return 0;
    f->code = code;
    f->code[f->count] =
        (struct instruction){.op = (uint8_t)op, .place = (uint16_t)compiler_place(c, at), .operand = (uint32_t)operand};
    count_stack(c, at, effect);
    return f->count++;
}

void emit_undo(struct compiler *c) {
    c->f->count--;
    c->stack--;
}

void emit_constant(struct compiler *c, const struct slot *value, const char *at) {
    struct formula *f = c->f;
    void *constants = f->constants;
    if (!grow(c, &constants, f->constant_count, &c->constant_capacity, sizeof *f->constants)) return;
    f->constants = constants;
    f->constants[f->constant_count] = *value;
    emit(c, OP_CONSTANT, f->constant_count++, at, 1);
}

const struct slot *emit_constant_of(const struct compiler *c, const struct operand *operand) {
    const struct formula *f = c->f;
    if (f->count != operand->first + 1 || f->code[operand->first].op != OP_CONSTANT) return NULL;
    return &f->constants[f->code[operand->first].operand];
}

bool emit_pattern(struct compiler *c, struct regex *pattern, size_t *out) {
    struct formula *f = c->f;
    void *patterns = f->patterns;
    if (!grow(c, &patterns, f->pattern_count, &c->pattern_capacity, sizeof(struct regex *))) return false;
    f->patterns = patterns;
    *out = f->pattern_count;
    f->patterns[f->pattern_count++] = pattern;
    return true;
}

void emit_land(struct compiler *c, size_t jump) {
    if (!c->stopped) c->f->code[jump].operand = (uint32_t)c->f->count;
}

/* ---- constants ---- */

/* A copy that outlives the buffer in which the text was made. */
static bool keep_text(struct compiler *c, struct slot *value) {
    if (value->kind != SLOT_TEXT || value->as.text.borrowed != NULL) return true;
    struct evaluation e = {.scratch = &c->scratch};
    const char *copy = arena_dup(&c->f->arena, slot_text(&e, value), value->as.text.length);
    if (copy == NULL) {
        c->stopped = true;
        error_no_memory(c->err);
        return false;
    }
    value->as.text.borrowed = copy;
    return true;
}

static void fold(struct compiler *c, size_t first, const char *at) {
    struct formula *f = c->f;
    struct formula_fault fault = {0};
    struct slot result;
    buffer_reset(&c->scratch);
    struct evaluation e = {.f = f, .scratch = &c->scratch, .fault = &fault};
    switch (formula_run(&e, first, f->count, &result)) {
    case FORMULA_NO_FAULT: break;
    case FORMULA_FAULT_NO_MEMORY:
        c->stopped = true;
        error_no_memory(c->err);
        return;
    default: {
        char message[FORMULA_FAULT_SIZE];
        compiler_issue(c, at, "value", NULL, NULL, "%s", formula_fault_message(&fault, message));
        return;
    }
    }
    if (!keep_text(c, &result)) return;
    f->constant_count = f->code[first].operand;
    f->count = first;
    c->stack--;
    emit_constant(c, &result, at);
}

void emit_operation(struct compiler *c, enum op op, size_t operand, const char *at, int operands, size_t first) {
    if (c->stopped) return;
    emit(c, op, operand, at, 1 - operands);
    if (c->faulty || c->stopped || c->f->count - first != (size_t)operands + 1) return;
    for (size_t i = first; i < c->f->count - 1; i++) {
        if (c->f->code[i].op != OP_CONSTANT) return;
    }
    fold(c, first, at);
}
