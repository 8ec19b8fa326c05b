/* Parsing an expression by precedence, which drives its typing and the writing of its code. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "model/definition_parts.h"
#include "model/formula/compiler.h"

/* ---- issues ---- */

size_t compiler_place(const struct compiler *c, const char *at) {
    const char *p = c->f->text;
    if (c->ascii) return (size_t)(at - p) + 1;
    size_t place = 1;
    for (; p < at; p++) place += ((unsigned char)*p & 0xc0) != 0x80;
    return place;
}

static void add_issue(struct compiler *c, const char *at, const char *rule, const char *expected, const char *got,
                      const char *format, va_list args) {
    char message[512];
    vsnprintf(message, sizeof message, format, args);
    error_issue(c->err, c->path, rule, expected, got, "at %zu: %s", compiler_place(c, at), message);
    c->faulty = true;
}

void compiler_issue(struct compiler *c, const char *at, const char *rule, const char *expected, const char *got,
                    const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_issue(c, at, rule, expected, got, format, args);
    va_end(args);
}

bool compiler_stop(struct compiler *c, const char *at, const char *rule, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (!c->stopped) add_issue(c, at, rule, NULL, NULL, format, args);
    va_end(args);
    c->stopped = true;
    return false;
}

void compiler_refuse(struct compiler *c, const char *at, const struct operand *got, const char *expected,
                     const char *what, const char *needed) {
    char type[32];
    snprintf(type, sizeof type, "\"%s\"", formula_type_name(got->type));
    compiler_issue(c, at, "type", expected, type, "%s must be %s, got %s", what, needed, type_words(got->type));
}

void compiler_unknown(struct compiler *c, const struct token *name, const char *what) {
    char quoted[QUOTED_NAME_SIZE];
    compiler_issue(c, name->text, "exists", NULL, NULL, "there is no %s %s", what,
                   quote_name(quoted, name->text, name->length));
}

bool compiler_expect(struct compiler *c, const char *what) {
    char quoted[QUOTED_NAME_SIZE];
    const struct token *t = &c->token;
    const char *got = t->kind == TOKEN_END ? "the end" : quote_name(quoted, t->text, t->length);
    return compiler_stop(c, t->text, "syntax", "expected %s, got %s", what, got);
}

bool compiler_advance(struct compiler *c) {
    char quoted[QUOTED_NAME_SIZE];
    c->token = token_next(&c->lexer);
    const struct token *t = &c->token;
    if (t->kind != TOKEN_FAULTY) return true;
    if (t->why != NULL) return compiler_stop(c, t->text, "syntax", "%s", t->why);
    return compiler_stop(c, t->text, "syntax", "unexpected %s", quote_name(quoted, t->text, t->length));
}

bool compiler_enter(struct compiler *c, const char *at) {
    if (++c->depth <= FORMULA_MAX_DEPTH) return true;
    return compiler_stop(c, at, "limit", "the expression nests more than %d levels deep", (int)FORMULA_MAX_DEPTH);
}

/* ---- literals and columns ---- */

static bool no_memory(struct compiler *c) {
    c->stopped = true;
    error_no_memory(c->err);
    return false;
}

static bool put_constant(struct compiler *c, const char *at, const struct slot *value, enum formula_type type,
                         struct operand *out) {
    out->type = type;
    emit_constant(c, value, at);
    return !c->stopped && compiler_advance(c);
}

static bool put_integer(struct compiler *c, const char *at, bool negative, struct operand *out) {
    struct slot value = slot_integer(0);
    if (!token_integer(&c->token, negative, &value.as.integer)) {
        compiler_issue(c, at, "value", NULL, NULL,
                       "the number is outside the range of integers; with a point it is a decimal");
    }
    return put_constant(c, at, &value, FORMULA_INTEGER, out);
}

static bool put_decimal(struct compiler *c, const char *at, struct operand *out) {
    struct slot value = {.kind = SLOT_DECIMAL};
    if (!token_decimal(&c->token, &value.as.decimal)) {
        compiler_issue(c, at, "value", NULL, NULL, "the number has more than %d digits", (int)DECIMAL_MAX_PRECISION);
    }
    out->scale = value.as.decimal.scale;
    return put_constant(c, at, &value, FORMULA_DECIMAL, out);
}

static bool put_string(struct compiler *c, const char *at, struct operand *out) {
    const char *why = NULL, *copy = "";
    size_t offset = 0;
    buffer_reset(&c->scratch);
    if (!token_string(&c->token, &c->scratch, &why, &offset)) {
        compiler_issue(c, at + offset, "syntax", NULL, NULL, "%s", why);
    } else if (buffer_failed(&c->scratch)) {
        return no_memory(c);
    } else if (c->scratch.length != 0) {
        copy = arena_dup(&c->f->arena, c->scratch.data, c->scratch.length);
        if (copy == NULL) return no_memory(c);
    }
    struct slot value = {.kind = SLOT_TEXT, .as.text = {.borrowed = copy, .length = c->scratch.length}};
    return put_constant(c, at, &value, FORMULA_TEXT, out);
}

/* What a column's values are here, and how they come to the stack. */
static const struct {
    enum formula_type type;
    enum op load;
} column_types[TYPE_COUNT] = {
    [TYPE_STRING] = {FORMULA_TEXT, OP_LOAD_TEXT},           [TYPE_TEXT] = {FORMULA_TEXT, OP_LOAD_TEXT},
    [TYPE_INTEGER] = {FORMULA_INTEGER, OP_LOAD_INTEGER},    [TYPE_DECIMAL] = {FORMULA_DECIMAL, OP_LOAD_DECIMAL},
    [TYPE_BOOLEAN] = {FORMULA_BOOLEAN, OP_LOAD_BOOLEAN},    [TYPE_DATE] = {FORMULA_DATE, OP_LOAD_DATE},
    [TYPE_DATETIME] = {FORMULA_DATETIME, OP_LOAD_DATETIME}, [TYPE_JSON] = {FORMULA_JSON, OP_LOAD_PRESENCE},
    [TYPE_REFERENCE] = {FORMULA_TEXT, OP_LOAD_TEXT},
};

static void put_column(struct compiler *c, const struct token *name, struct operand *out) {
    const struct column *column = definition_find(c->definition, name->text, name->length);
    int system = system_name_find(name->text, name->length);
    if (column == NULL && system >= 0) {
        compiler_issue(c, name->text, "system", NULL, NULL, "\"%s\" is a system column, which expressions cannot read",
                       system_names[system]);
    } else if (column == NULL && function_exists(name->text, name->length)) {
        compiler_issue(c, name->text, "exists", NULL, NULL,
                       "there is no column \"%.*s\"; the function is called as %.*s(…)", (int)name->length, name->text,
                       (int)name->length, name->text);
    } else if (column == NULL) {
        compiler_unknown(c, name, "column");
    } else if (column->faulty) {
        c->faulty = true;
    } else {
        size_t slot = (size_t)(column - c->definition->columns);
        out->type = column_types[column->type].type;
        out->scale = column->type == TYPE_DECIMAL ? column->rules.scale : 0;
        c->read[slot] = true;
        emit(c, column_types[column->type].load, slot, name->text, 1);
    }
}

/* ---- the grammar ---- */

static bool parse_name(struct compiler *c, struct operand *out) {
    struct token name = c->token;
    if (!compiler_advance(c)) return false;
    if (c->token.kind == TOKEN_OPEN) return function_call(c, &name, out);
    put_column(c, &name, out);
    return !c->stopped;
}

static bool parse_parentheses(struct compiler *c, struct operand *out) {
    const char *at = c->token.text;
    if (!compiler_enter(c, at) || !compiler_advance(c) || !compiler_expression(c, out)) return false;
    c->depth--;
    out->at = at;
    return c->token.kind == TOKEN_CLOSE ? compiler_advance(c) : compiler_expect(c, "an operator or )");
}

static bool parse_primary(struct compiler *c, struct operand *out) {
    const char *at = c->token.text;
    struct slot truth = slot_integer(c->token.kind == TOKEN_TRUE);
    switch (c->token.kind) {
    case TOKEN_INTEGER: return put_integer(c, at, false, out);
    case TOKEN_DECIMAL: return put_decimal(c, at, out);
    case TOKEN_TEXT: return put_string(c, at, out);
    case TOKEN_TRUE:
    case TOKEN_FALSE: return put_constant(c, at, &truth, FORMULA_BOOLEAN, out);
    case TOKEN_NIL:
        out->type = FORMULA_NIL;
        emit(c, OP_NONE, 0, at, 1);
        return !c->stopped && compiler_advance(c);
    case TOKEN_NAME: return parse_name(c, out);
    case TOKEN_OPEN: return parse_parentheses(c, out);
    default: return compiler_expect(c, "a value");
    }
}

static bool parse_operators(struct compiler *c, int limit, struct operand *out);

/* The sign of a number is part of it: the least integer has no positive counterpart. */
static bool parse_unary(struct compiler *c, struct operand *out) {
    enum token_kind kind = c->token.kind;
    const char *at = c->token.text;
    *out = (struct operand){.type = FORMULA_UNKNOWN, .first = c->f->count, .at = at};
    if (kind != TOKEN_NOT && kind != TOKEN_MINUS) return parse_primary(c, out);
    if (!compiler_enter(c, at) || !compiler_advance(c)) return false;
    if (kind == TOKEN_MINUS && c->token.kind == TOKEN_INTEGER) {
        c->depth--;
        return put_integer(c, at, true, out);
    }
    if (!parse_operators(c, OPERATOR_UNARY_LEVEL, out)) return false;
    c->depth--;
    out->at = at;
    operator_unary(c, kind, at, out);
    return !c->stopped;
}

/* As far as the operators bind more tightly than `limit`; all of them from left to right. */
static bool parse_operators(struct compiler *c, int limit, struct operand *out) {
    if (!parse_unary(c, out)) return false;
    for (int level; (level = operator_level(c->token.kind)) > limit;) {
        enum token_kind kind = c->token.kind;
        const char *at = c->token.text;
        struct operand right;
        size_t between = operator_between(c, kind, at, out);
        if (c->stopped || !compiler_advance(c) || !parse_operators(c, level, &right)) return false;
        operator_binary(c, kind, at, between, out, &right);
    }
    return !c->stopped;
}

bool compiler_expression(struct compiler *c, struct operand *out) { return parse_operators(c, 0, out); }

/* ---- the whole ---- */

/* What is wrong with the text before it is looked at: its length and its characters. */
static bool judge_text(struct compiler *c, const char *text, size_t length) {
    struct utf8_facts facts = {0};
    if (length > FORMULA_MAX_LENGTH) {
        error_issue(c->err, c->path, "limit", "4096", NULL, "the expression has %zu bytes, %d are allowed", length,
                    (int)FORMULA_MAX_LENGTH);
    } else if (!utf8_check(text, length, &facts) || facts.has_nul) {
        error_issue(c->err, c->path, "utf8", NULL, NULL, "is not valid UTF-8 without U+0000");
    } else {
        c->ascii = facts.ascii;
        return true;
    }
    return false;
}

static bool compile(struct compiler *c) {
    struct formula *f = c->f;
    struct operand result;
    c->lexer = (struct lexer){f->text, f->text + f->length};
    if (!compiler_advance(c)) return false;
    if (c->token.kind == TOKEN_END) return compiler_stop(c, f->text, "syntax", "the expression is empty");
    if (!compiler_expression(c, &result)) return false;
    if (c->token.kind != TOKEN_END) return compiler_expect(c, "an operator or the end");
    f->type = result.type;
    f->scale = result.scale;
    return !c->faulty;
}

static bool collect_columns(struct compiler *c) {
    struct formula *f = c->f;
    size_t count = 0;
    for (size_t i = 0; i < c->definition->count; i++) count += c->read[i];
    f->columns = arena_alloc(&f->arena, count + 1, sizeof *f->columns);
    if (f->columns == NULL) return no_memory(c);
    for (size_t i = 0; i < c->definition->count; i++) {
        if (c->read[i]) f->columns[f->column_count++] = (uint32_t)i;
    }
    return true;
}

bool formula_compile(struct formula **out, const struct definition *d, const char *text, size_t length,
                     const char *path, flexdb_error *err) {
    struct compiler c = {.definition = d, .path = path, .err = err};
    bool good = false;
    *out = NULL;
    if (!judge_text(&c, text, length)) return false;
    c.f = calloc(1, sizeof *c.f);
    c.read = calloc(d->count + 1, sizeof *c.read);
    if (c.f != NULL) c.f->text = arena_dup(&c.f->arena, text, length);
    if (c.f == NULL || c.read == NULL || c.f->text == NULL) {
        error_no_memory(err);
    } else {
        c.f->length = length;
        good = compile(&c) && collect_columns(&c);
    }
    free(c.read);
    buffer_free(&c.scratch);
    if (good)
        *out = c.f;
    else
        formula_free(c.f);
    return good;
}

void formula_free(struct formula *f) {
    if (f == NULL) return;
    for (size_t i = 0; i < f->pattern_count; i++) regex_free(f->patterns[i]);
    arena_free(&f->arena);
    free(f);
}
