/* An expression as a text: which columns it names, with other names, in one spelling. */
#include <string.h>

#include "base/number.h"
#include "model/definition_parts.h"
#include "model/formula.h"
#include "model/formula/token.h"

static bool is(const struct token *t, const char *name) {
    return strlen(name) == t->length && memcmp(name, t->text, t->length) == 0;
}

/* The next token, and whether it is the name of a column: one that no parenthesis follows. */
static struct token next(struct lexer *l, bool *column) {
    struct token t = token_next(l);
    struct lexer ahead = *l;
    *column = t.kind == TOKEN_NAME && token_next(&ahead).kind != TOKEN_OPEN;
    return t;
}

bool formula_reads(const char *text, size_t length, const char *name) {
    struct lexer l = {text, text + length};
    bool column;
    for (struct token t = next(&l, &column); t.kind != TOKEN_END && t.kind != TOKEN_FAULTY; t = next(&l, &column)) {
        if (column && is(&t, name)) return true;
    }
    return false;
}

/* ---- renaming ---- */

/* Whether the language takes the name for a column's. */
static bool is_usable(const char *name) {
    struct lexer l = {name, name + strlen(name)};
    struct token t = token_next(&l);
    return t.kind == TOKEN_NAME && l.at == l.end;
}

bool formula_rename(const char *text, size_t length, const char *from, const char *to, struct buffer *out,
                    const char *path, flexdb_error *err) {
    struct lexer l = {text, text + length};
    const char *copied = text;
    size_t begin = out->length;
    bool column, usable = is_usable(to);
    for (struct token t = next(&l, &column); t.kind != TOKEN_END && t.kind != TOKEN_FAULTY; t = next(&l, &column)) {
        if (!column || !is(&t, from)) continue;
        if (!usable) {
            char quoted[QUOTED_NAME_SIZE];
            error_issue(err, path, "name", NULL, NULL, "reads the column, which therefore cannot be called %s there",
                        quote_name(quoted, to, strlen(to)));
            return false;
        }
        buffer_append(out, copied, (size_t)(t.text - copied));
        buffer_puts(out, to);
        copied = t.text + t.length;
    }
    buffer_append(out, copied, (size_t)(text + length - copied));
    if (buffer_failed(out)) {
        error_no_memory(err);
        return false;
    }
    if (copied == text || out->length - begin <= FORMULA_MAX_LENGTH) return true;
    error_issue(err, path, "limit", "4096", NULL, "with the new name the expression has %zu bytes, %d are allowed",
                out->length - begin, (int)FORMULA_MAX_LENGTH);
    return false;
}

/* ---- one spelling ---- */

struct printer {
    const struct definition *definition;
    enum formula_names names;
    struct buffer *out;
};

/* Escapes what Lua would not take as it is, or what cannot be seen. */
static bool print_string(struct printer *p, const struct token *t) {
    struct buffer text = BUFFER_INIT;
    const char *why;
    size_t offset;
    bool good = token_string(t, &text, &why, &offset) && !buffer_failed(&text);
    buffer_put(p->out, '"');
    for (size_t i = 0; good && i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == 0x7f) {
            buffer_printf(p->out, "\\x%02x", c);
        } else {
            if (c == '"' || c == '\\') buffer_put(p->out, '\\');
            buffer_put(p->out, (char)c);
        }
    }
    buffer_put(p->out, '"');
    buffer_free(&text);
    return good;
}

static bool print_integer(struct printer *p, const struct token *t, bool negative) {
    char text[NUMBER_INTEGER_SIZE];
    int64_t value;
    if (!token_integer(t, negative, &value)) return false;
    number_print_integer(value, text);
    buffer_puts(p->out, negative && value != 0 ? text + 1 : text); /* its sign stands there already */
    return true;
}

/* With all its digits; without a fraction, with an exponent, so that it stays a decimal. */
static bool print_decimal(struct printer *p, const struct token *t) {
    char text[DECIMAL_TEXT_SIZE];
    struct decimal value;
    if (!token_decimal(t, &value)) return false;
    buffer_append(p->out, text, decimal_print(&value, text));
    if (value.scale == 0) buffer_puts(p->out, "e0");
    return true;
}

static void print_column(struct printer *p, const struct token *t) {
    const struct column *column = definition_find(p->definition, t->text, t->length);
    if (p->names == FORMULA_NAMES || column == NULL) {
        buffer_append(p->out, t->text, t->length);
    } else {
        buffer_printf(p->out, "`%s`", column->key);
    }
}

static bool ends_operand(enum token_kind kind) {
    return (kind >= TOKEN_NAME && kind <= TOKEN_FALSE) || kind == TOKEN_CLOSE;
}

/* A blank between any two tokens, but for what parentheses, commas and signs stand close to. */
static bool wants_blank(enum token_kind before, bool sign_before, enum token_kind now, bool call) {
    if (before == TOKEN_END || before == TOKEN_OPEN || now == TOKEN_CLOSE || now == TOKEN_COMMA) return false;
    if (sign_before) return now == TOKEN_MINUS; /* two of them would begin a comment */
    return !call;
}

bool formula_print(const struct definition *d, enum formula_names names, const char *text, size_t length,
                   struct buffer *out) {
    flexdb_error err = FLEXDB_ERROR_INIT;
    struct formula *f = NULL;
    struct printer p = {d, names, out};
    struct lexer l = {text, text + length};
    enum token_kind before = TOKEN_END;
    bool good = formula_compile(&f, d, text, length, "", &err), sign = false, call = false, column;
    for (struct token t = next(&l, &column); good && t.kind != TOKEN_END; t = next(&l, &column)) {
        if (wants_blank(before, sign, t.kind, call)) buffer_put(out, ' ');
        switch (t.kind) {
        case TOKEN_TEXT: good = print_string(&p, &t); break;
        case TOKEN_INTEGER: good = print_integer(&p, &t, sign); break;
        case TOKEN_DECIMAL: good = print_decimal(&p, &t); break;
        default:
            if (column)
                print_column(&p, &t);
            else
                buffer_append(out, t.text, t.length);
        }
        sign = t.kind == TOKEN_MINUS && !ends_operand(before);
        call = t.kind == TOKEN_NAME && !column;
        before = t.kind;
    }
    formula_free(f);
    error_clear(&err);
    return good && !buffer_failed(out);
}
