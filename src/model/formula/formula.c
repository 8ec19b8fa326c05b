/* What is asked of a compiled expression. */
#include "model/formula.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "model/definition_parts.h"
#include "model/formula/compiler.h"

enum formula_type formula_type(const struct formula *f) { return f->type; }

const char *formula_type_name(enum formula_type type) {
    static const char *const names[] = {"unknown",
#define X(constant, name, words) name,
                                        FORMULA_TYPES(X)
#undef X
    };
    return names[type];
}

size_t formula_columns(const struct formula *f, const uint32_t **slots) {
    *slots = f->columns;
    return f->column_count;
}

/* Bits 1u << formula_type. */
static unsigned types_that_fit(enum column_type type) {
    switch (type) {
    case TYPE_STRING:
    case TYPE_TEXT: return 1u << FORMULA_TEXT;
    case TYPE_INTEGER: return 1u << FORMULA_INTEGER;
    case TYPE_DECIMAL: return 1u << FORMULA_INTEGER | 1u << FORMULA_DECIMAL;
    case TYPE_BOOLEAN: return 1u << FORMULA_BOOLEAN;
    case TYPE_DATE: return 1u << FORMULA_DATE;
    case TYPE_DATETIME: return 1u << FORMULA_DATETIME;
    default: return 0; /* json, and references, which are more than a text */
    }
}

bool formula_fits(const struct formula *f, enum column_type type, const char *path, flexdb_error *err) {
    char expected[32], got[32];
    if ((types_that_fit(type) & 1u << f->type) != 0) return true;
    snprintf(expected, sizeof expected, "\"%s\"", column_type_name(type));
    snprintf(got, sizeof got, "\"%s\"", formula_type_name(f->type));
    error_issue(err, path, "type", expected, got, "the expression gives %s, which is no value of type %s",
                type_words(f->type), column_type_name(type));
    return false;
}

/* ---- evaluating ---- */

/* Prints what the slot is by the formula's type. */
static enum formula_fault_kind print_result(struct evaluation *e, struct slot *s) {
    struct instruction print = {.op = OP_TO_TEXT, .operand = (uint32_t)e->f->type | (uint32_t)e->f->scale << 8};
    return formula_unary_text(e, &print, s);
}

static enum formula_fault_kind give(struct evaluation *e, struct slot *s, flexdb_value *out) {
    enum formula_fault_kind fault = FORMULA_NO_FAULT;
    *out = (flexdb_value){.tag = FLEXDB_ABSENT};
    if (s->kind == SLOT_NONE) return FORMULA_NO_FAULT;
    switch (e->f->type) {
    case FORMULA_BOOLEAN: *out = value_boolean(s->as.integer != 0); return FORMULA_NO_FAULT;
    case FORMULA_DECIMAL:
    case FORMULA_DATE:
    case FORMULA_DATETIME: fault = print_result(e, s); break;
    case FORMULA_TEXT: break;
    default: *out = value_integer(s->as.integer); return FORMULA_NO_FAULT;
    }
    if (fault == FORMULA_NO_FAULT) *out = value_text(slot_text(e, s), s->as.text.length);
    return fault;
}

bool formula_evaluate(const struct formula *f, const flexdb_value *values, struct buffer *scratch, flexdb_value *out,
                      struct formula_fault *fault) {
    *fault = (struct formula_fault){.kind = FORMULA_NO_FAULT};
    struct evaluation e = {.f = f, .values = values, .scratch = scratch, .base = scratch->length, .fault = fault};
    struct slot result;
    if (formula_run(&e, 0, f->count, &result) == FORMULA_NO_FAULT) {
        fault->kind = give(&e, &result, out);
        fault->place = 1;
        if (fault->kind == FORMULA_NO_FAULT) return true;
    }
    scratch->length = e.base;
    return false;
}

/* ---- faults ---- */

const char *formula_fault_message(const struct formula_fault *fault, char out[FORMULA_FAULT_SIZE]) {
    static const char *const messages[] = {"",
#define X(constant, message) message,
                                           FORMULA_FAULTS(X)
#undef X
    };
    char quoted[QUOTED_NAME_SIZE];
    if (fault->text == NULL) return messages[fault->kind];
    snprintf(out, FORMULA_FAULT_SIZE, "%s, got %s", messages[fault->kind],
             quote_name(quoted, fault->text, fault->length));
    return out;
}

void formula_issue(const struct formula *f, const struct formula_fault *fault, const char *path, const char *rule,
                   flexdb_error *err) {
    char quoted[QUOTED_NAME_SIZE], message[FORMULA_FAULT_SIZE];
    if (fault->kind == FORMULA_FAULT_NO_MEMORY) {
        error_no_memory(err);
        return;
    }
    quote_name(quoted, f->text, f->length);
    if (fault->kind == FORMULA_FAULT_VALUE) {
        error_set(err, FLEXDB_INTERNAL, "%s: %s at %zu of %s", path, formula_fault_message(fault, message),
                  fault->place, quoted);
        return;
    }
    struct buffer got = BUFFER_INIT;
    if (fault->text != NULL) {
        char text[QUOTED_NAME_SIZE];
        quote_name(text, fault->text, fault->length);
        json_write_string(&got, text + 1, strlen(text) - 2);
    }
    if (fault->text != NULL && buffer_text(&got) == NULL) {
        error_no_memory(err);
    } else {
        error_issue(err, path, rule, NULL, fault->text == NULL ? NULL : buffer_text(&got), "%s at %zu of %s",
                    formula_fault_message(fault, message), fault->place, quoted);
    }
    buffer_free(&got);
}
